"""Tokens and passwords: found when they are needed, never shown, never kept in the configuration.

Looked for in this order: a systemd credential, the environment, the keyring (allow-listed back ends only, with a
time limit), a private file. ``is_present`` leaves the keyring out and is cheap enough to run before the first frame.
"""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import dataclass, field
from pathlib import Path

from engine.config import config_folder
from engine.errors import ConfigError

NAMES = (
    "openai_api_key", "glpi_app_token", "glpi_user_token", "glpi_client_id", "glpi_client_secret",
    "glpi_username", "glpi_password", "glpi_webhook_secret", "staff_pin",
)  # fmt: skip
"""Every secret there is. The environment has them in capitals; a systemd credential has the name as it is."""

SERVICE = "guichet"
"""Name of the service in the keyring; the user name there is ``name@host``."""

FILE_NAME = "secrets.toml"
"""File in the configuration folder: one table a host, ``["glpi.example.org"]``; ``[""]`` for what has none."""

ALLOWED_BACKENDS = (
    "keyring.backends.SecretService", "keyring.backends.libsecret", "keyring.backends.kwallet",
    "keyring.backends.macOS", "keyring.backends.Windows",
)  # fmt: skip
"""Back ends that encrypt; others keep plain text in a file or ask for a password on the terminal."""

KEYRING_TIMEOUT_S = 2.0
"""A locked keyring can wait for ever for somebody to unlock it."""

FREE_TEXT = ("glpi_username", "glpi_password")
"""Secrets that people choose; the others are tokens and go into HTTP headers: ASCII."""


@dataclass(frozen=True)
class Secret:
    """A secret and where it was found. No text form of it has the value."""

    name: str
    value: str = field(repr=False)
    where: str
    """``systemd``, ``environment``, ``keyring`` or ``file``."""


def secret(name: str, host: str = "") -> Secret | None:
    """Find a secret; may take up to 2 s (the keyring).

    Args:
        name: One of ``NAMES``.
        host: The host it is for. What the keyring or the file holds for another host is not handed out.

    Raises:
        ConfigError: A place that holds it is not private, or the value cannot be sent; the value is not named.
    """
    return _without_keyring(name, host) or _from_keyring(name, host) or _from_file(name, host)


def is_present(name: str, host: str = "") -> bool:
    """Whether a systemd credential, the environment or the private file holds a secret; the keyring is not asked.

    Raises:
        ConfigError: As ``secret``.
    """
    return (_without_keyring(name, host) or _from_file(name, host)) is not None


def _without_keyring(name: str, host: str) -> Secret | None:
    if name not in NAMES:
        raise ValueError(name)
    return _from_systemd(name) or _from_environment(name)


def _checked(name: str, value: str, where: str, source: str) -> Secret | None:
    """The secret without white space around it; None when nothing is left."""
    value = value.strip()
    if not value:
        return None
    if len(value) > 4096 or not value.isprintable() or not (value.isascii() or name in FREE_TEXT):
        problem = "ce secret contient un caractère interdit ou est trop long"
        raise ConfigError(name, problem, "Copiez-le de nouveau, sans retour à la ligne.", source)
    return Secret(name, value, where)


def _from_systemd(name: str) -> Secret | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    file = Path(folder) / name
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        fix = "Vérifiez LoadCredential= dans l'unité systemd."
        raise ConfigError(name, "cette « credential » systemd ne peut pas être lue", fix, str(file)) from error
    return _checked(name, text, "systemd", str(file))


def _from_environment(name: str) -> Secret | None:
    return _checked(name, os.environ.get(name.upper(), ""), "environment", name.upper())


def _from_file(name: str, host: str) -> Secret | None:
    folder = config_folder()
    if folder is None:
        return None
    file = folder / FILE_NAME
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        fix = f"Faites-en un fichier ordinaire à vous : chmod 600 {file}"
        raise ConfigError(FILE_NAME, "ce fichier ne peut pas être lu", fix, str(file)) from error
    with open(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            fix = f"Rendez-le privé, puis changez ces secrets : chmod 600 {file}"
            raise ConfigError(FILE_NAME, "d'autres personnes peuvent lire ce fichier", fix, str(file))
        content = opened.read()
    return _checked(name, _entry(content, name, host, file), "file", str(file))


def _entry(content: bytes, name: str, host: str, file: Path) -> str:
    import tomllib

    try:
        table = tomllib.loads(content.decode("utf-8-sig")).get(host, {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The cause would quote a line of this file: it is left out on purpose.
        fix = 'Écrivez une table par hôte : ["glpi.example.org"], puis nom = "valeur".'
        raise ConfigError(FILE_NAME, "ce fichier n'est pas du TOML valide", fix, str(file)) from None
    value = table.get(name, "") if isinstance(table, dict) else ""
    return value if isinstance(value, str) else ""


def _from_keyring(name: str, host: str) -> Secret | None:
    """Ask the keyring in a thread of its own: a daemon, so that a prompt nobody answers cannot hold up the exit."""
    answers: list[str] = []
    thread = threading.Thread(target=_ask_keyring, args=(f"{name}@{host}", answers), daemon=True, name="keyring")
    thread.start()
    thread.join(KEYRING_TIMEOUT_S)
    return _checked(name, answers[0], "keyring", "keyring") if answers else None


def _ask_keyring(user: str, answers: list[str]) -> None:
    """Put the password into ``answers``, if an allowed back end has it."""
    import keyring
    from keyring.errors import KeyringError

    backend = keyring.get_keyring()
    for candidate in getattr(backend, "backends", [backend]):
        if type(candidate).__module__ not in ALLOWED_BACKENDS:
            continue
        try:
            password = candidate.get_password(SERVICE, user)
        except (KeyringError, OSError, RuntimeError):
            # Locked, no D-Bus, no session: the next place is asked; ``doctor`` says which one answered.
            continue
        if password:
            answers.append(password)
            return
