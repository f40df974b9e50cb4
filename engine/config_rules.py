"""What each setting may be: types, ranges, choices and the rules between settings.

Messages are French: an administrator reads them, with the key, the value and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from engine.config import Config, KioskConfig
from engine.errors import ConfigError

RANGES: Mapping[str, tuple[float, float]] = {
    "kiosk.idle_timeout_s": (10, 3600),
    "kiosk.idle_typing_timeout_s": (10, 3600),
    "kiosk.human_calls_per_hour": (1, 1000),
    "triage.auto_validate": (0, 1),
    "triage.confirm_summary": (0, 1),
    "triage.ask_clarification": (0, 1),
    "triage.max_attempts": (1, 10),
    "triage.deadline_s": (1, 60),
    "triage.analyses_per_minute": (1, 1000),
    "openai.daily_budget": (0, 1_000_000),
    "openai.max_tokens": (100, 10_000),
    "glpi.entity": (0, 1_000_000),
    "glpi.source": (1, 1_000_000),
    "glpi.escalation_group": (1, 1_000_000),
    "glpi.pull_interval_s": (1, 86_400),
    "glpi.read_budget_per_hour": (10, 100_000),  # fewer leave nothing for notes and the sweep
    "privacy.retention_days": (1, 3650),
    "privacy.ticket_retention_days": (1, 36_500),
    "privacy.log_retention_days": (1, 3650),
}

CHOICES: Mapping[str, tuple[str, ...]] = {
    "kiosk.language": ("fr", "en"),
    "kiosk.service_days": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    "triage.engine": ("auto", "local", "openai"),
    "glpi.api": ("auto", "legacy", "highlevel"),
    "log.level": ("DEBUG", "INFO", "WARNING", "ERROR"),
}

PATTERNS: Mapping[str, tuple[str, str]] = {
    "kiosk.device_code": (r"([A-Z0-9]{1,8})?", 'Jusqu\'à 8 lettres majuscules ou chiffres, par exemple "K07".'),
    "kiosk.service_start": (r"([01]\d|2[0-3]):[0-5]\d", 'Écrivez une heure HH:MM, par exemple "08:00".'),
    "kiosk.service_end": (r"([01]\d|2[0-3]):[0-5]\d", 'Écrivez une heure HH:MM, par exemple "18:00".'),
    "kiosk.closed_dates": (
        r"(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
        'Écrivez des dates "2026-12-24", ou "12-25" pour chaque année.',
    ),
    "kiosk.timezone": (r".+", 'Écrivez un nom comme "Europe/Paris".'),
    "openai.base_url": (r".+", 'Écrivez une adresse, par exemple "http://localhost:11434/v1".'),
    "openai.model": (r"\S{1,200}", "Indiquez le nom du modèle, sans espace."),
}

KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "true ou false, sans guillemets"),
    "int": ((int,), "un nombre entier"),
    "float": ((int, float), "un nombre"),
    "str": ((str,), "un texte entre guillemets"),
    "tuple[str, ...]": ((tuple,), 'une liste de textes, ["a", "b"]'),
}
"""By annotation: the Python types accepted, and how to say so. ``int | None`` follows ``int``."""

WORDS: Mapping[str, bool] = {
    **dict.fromkeys(("1", "true", "yes", "on", "oui", "vrai"), True),
    **dict.fromkeys(("0", "false", "no", "off", "non", "faux"), False),
}
"""What says yes and no in an environment variable."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that no setting needs and a terminal could obey."""


def quoted(value: object) -> str:
    """A value as it stands in a French sentence, safe to print and not too long."""
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return f"«\u00a0{text[:80]}{'…' if len(text) > 80 else ''}\u00a0»"


def parse(key: str, text: str, kind: str, source: str) -> Any:
    """A value from an environment variable or an argument, as the type of its setting.

    Args:
        key: Dotted name, for the message.
        text: What was given. An empty one is None where that is allowed; items of a list stand between commas.
        kind: The annotation in ``engine.config``.
        source: Variable or argument, for the message.

    Raises:
        ConfigError: It cannot be read as that type.
    """
    text = text.strip() if kind != "str" else text
    if kind == "tuple[str, ...]":
        return tuple(item.strip() for item in text.split(",") if item.strip())
    if kind == "int | None" and not text:
        return None
    try:
        if kind == "bool":
            return WORDS[text.lower()]
        if kind == "float":
            return float(text.replace(",", "."))
        return int(text) if kind.startswith("int") else text
    except (KeyError, ValueError) as error:
        expected = KINDS[kind.removesuffix(" | None")][1].removesuffix(", sans guillemets")
        raise _wrong(key, text, f"il faut {expected}", f"Donnez {expected}.", source) from error


def check_value(key: str, value: Any, kind: str, source: str) -> Any:
    """One value, whole: type, range, choice, form.

    Returns:
        The value, an integer made a float where the setting is one.

    Raises:
        ConfigError: It is not allowed.
    """
    if value is None and kind.endswith("None"):
        return None
    types, expected = KINDS[kind.removesuffix(" | None")]
    items: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
    if type(value) not in types:
        raise _wrong(key, value, f"il faut {expected}", f"Écrivez {expected}.", source)
    if kind.startswith("tuple") and not all(isinstance(item, str) for item in items):
        raise _wrong(key, list(items), f"il faut {expected}", f"Écrivez {expected}.", source)
    if key in RANGES:
        low, high = RANGES[key]
        if not low <= value <= high:
            raise _wrong(key, value, "hors limites", f"Choisissez un nombre de {low:g} à {high:g}.", source)
    for text in (item for item in items if isinstance(item, str)):
        _check_text(key, text, source)
    return float(value) if kind == "float" else value


def _check_text(key: str, text: str, source: str) -> None:
    if CONTROL.search(text):
        raise _wrong(key, text, "caractère de commande interdit", "Retirez ce caractère.", source)
    if key in CHOICES and text not in CHOICES[key]:
        choices = ", ".join(f'"{choice}"' for choice in CHOICES[key])
        raise _wrong(key, text, "valeur inconnue", f"Valeurs possibles : {choices}.", source)
    if key in PATTERNS and not re.fullmatch(PATTERNS[key][0], text):
        raise _wrong(key, text, "forme inattendue", PATTERNS[key][1], source)
    check = _SPECIAL.get(key)
    if check and text:
        check(key, text, source)


def check_together(config: Config, sources: Mapping[str, str]) -> None:
    """The rules between settings.

    Args:
        config: All values, each allowed by itself.
        sources: Where each given setting came from, for the message.

    Raises:
        ConfigError: Two settings contradict each other.
    """
    triage, kiosk, glpi = config.triage, config.kiosk, config.glpi
    if not triage.auto_validate > triage.confirm_summary > triage.ask_clarification:
        names = ("auto_validate", "confirm_summary", "ask_clarification")
        values = ", ".join(f"{name} = {getattr(triage, name):g}" for name in names)
        key = _culprit([f"triage.{name}" for name in names], config, sources)
        fix = "Il faut auto_validate > confirm_summary > ask_clarification, par exemple 0.85, 0.60, 0.30."
        raise _wrong(key, values, "les seuils ne sont pas décroissants", fix, sources.get(key, ""))
    if kiosk.service_start >= kiosk.service_end:
        key = _culprit(["kiosk.service_start", "kiosk.service_end"], config, sources)
        value = f"{kiosk.service_start} – {kiosk.service_end}"
        raise _wrong(key, value, "la fin précède le début", "Donnez une fin plus tardive.", sources.get(key, ""))
    if glpi.enabled and not glpi.url:
        fix = 'Indiquez l\'adresse, par exemple url = "https://glpi.example.org/apirest.php", ou enabled = false.'
        raise _wrong("glpi.enabled", "true", "GLPI est activé sans adresse", fix, sources.get("glpi.enabled", ""))
    _check_plain_http("glpi.url", glpi.url, glpi.allow_plain_http, sources)
    _check_plain_http("openai.base_url", config.openai.base_url, config.openai.allow_plain_http, sources)


def _culprit(keys: list[str], config: Config, sources: Mapping[str, str]) -> str:
    """The one of several settings to name: given outside the file, else changed from its default, else the first."""

    def is_changed(key: str) -> bool:
        section, _, name = key.partition(".")
        return bool(getattr(getattr(config, section), name) != getattr(getattr(Config(), section), name))

    outside = [key for key in keys if sources.get(key, config.source) != config.source]
    return next((key for key in outside or keys if is_changed(key)), keys[0])


def _check_plain_http(key: str, url: str, allowed: bool, sources: Mapping[str, str]) -> None:
    if allowed or not url.lower().startswith("http:"):
        return
    from urllib.parse import urlsplit

    if is_loopback(urlsplit(url).hostname or ""):
        return
    section = key.partition(".")[0]
    fix = f"Utilisez https://, ou écrivez allow_plain_http = true dans [{section}] si ce réseau est sûr."
    raise _wrong(key, url, "http:// laisserait passer les jetons en clair", fix, sources.get(key, ""))


def is_loopback(host: str) -> bool:
    """Whether a host of an address is this machine itself, by name or number; no look-up is made."""
    import ipaddress

    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_url(key: str, text: str, source: str) -> None:
    from urllib.parse import urlsplit

    example = "https://glpi.example.org/apirest.php" if key == "glpi.url" else "http://localhost:11434/v1"
    fix = f'Écrivez une adresse complète, par exemple "{example}".'
    try:
        parts = urlsplit(text)
        host, user, _ = parts.hostname, parts.username, parts.port
    except ValueError as error:
        raise _wrong(key, text, "adresse impossible", fix, source) from error
    if user is not None:
        problem = "l'adresse contient un nom d'utilisateur ou un mot de passe"
        raise ConfigError(key, problem, "Retirez-les ; un secret se range ailleurs.", source)
    if parts.scheme.lower() not in ("http", "https") or not host or re.search(r"\s", text):
        raise _wrong(key, text, "ce n'est pas une adresse http(s)", fix, source)
    if parts.query or parts.fragment:
        raise _wrong(key, text, "l'adresse contient « ? » ou « # »", "Retirez ce qui suit.", source)


def _check_zone(key: str, text: str, source: str) -> None:
    if text == KioskConfig.timezone:
        return  # shipped with our dependencies; zoneinfo alone takes 5 ms on the way to the first frame
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        fix = 'Écrivez un nom comme "Europe/Paris", "Indian/Reunion" ou "UTC".'
        raise _wrong(key, text, "fuseau horaire inconnu de cette machine", fix, source) from error


def _check_date(key: str, text: str, source: str) -> None:
    from datetime import date

    try:
        # A day of every year may be 29 February: any leap year will do.
        date.fromisoformat(text if len(text) > 5 else f"2024-{text}")
    except ValueError as error:
        raise _wrong(key, text, "ce jour n'existe pas", PATTERNS[key][1], source) from error


def _check_group(key: str, text: str, source: str) -> None:
    import grp

    try:
        grp.getgrnam(text)
    except KeyError as error:
        fix = f"Créez-le (sudo groupadd {text}), ou corrigez son nom."
        raise _wrong(key, text, "ce groupe n'existe pas sur cette machine", fix, source) from error


def _check_ca_file(key: str, text: str, source: str) -> None:
    import os

    if not (os.path.isfile(text) and os.access(text, os.R_OK)):
        raise _wrong(key, text, "ce fichier ne peut pas être lu", "Indiquez un fichier PEM lisible.", source)


_SPECIAL: Mapping[str, Callable[[str, str, str], None]] = {
    "glpi.url": _check_url,
    "openai.base_url": _check_url,
    "kiosk.timezone": _check_zone,
    "glpi.ca_file": _check_ca_file,
    "kiosk.closed_dates": _check_date,
    "database.group": _check_group,
    "l1.group": _check_group,
}


def _wrong(key: str, value: object, problem: str, fix: str, source: str) -> ConfigError:
    shown = str(value).lower() if isinstance(value, bool) else value
    return ConfigError(key, f"{problem} ({quoted(shown)})", fix, source)
