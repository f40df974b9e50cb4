"""Finding, reading and putting together the configuration (spec section 8, "Configuration").

Order: argument, ``GUICHET_SECTION__KEY``, short name, file, default. What a value may be is in
``engine.config_rules``. Runs before the first frame: nothing heavy is imported here.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from engine.config import Config, config_folder
from engine.config_rules import check_together, check_value, parse, quoted
from engine.errors import ConfigError

SHORT_NAMES = {
    "OPENAI_BASE_URL": "openai.base_url",
    "OPENAI_MODEL": "openai.model",
    "GLPI_ENABLED": "glpi.enabled",
    "GLPI_API_URL": "glpi.url",
    "GUICHET_DATABASE": "database.path",
}
"""Environment variables honoured beside ``GUICHET_SECTION__KEY``; an empty one counts as not set."""

PATHS = frozenset({"database.path", "log.file", "glpi.ca_file"})
"""Settings that are paths: ``~`` is expanded; a relative one in a file starts at the folder of that file."""

COMMAND_LINE = "ligne de commande"

SYSTEM_FILE = Path("/etc/guichet/kiosk.toml")

SECRET_NAMES = re.compile(r"token|secret|password|api_?key|(^|_)pin$", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """A value somebody gave, and where."""

    value: Any
    source: str


def read(path: str | None, arguments: Mapping[str, str]) -> Config:
    """The configuration as it stands for this process.

    Raises:
        ConfigError: The first thing that is wrong.
    """
    types = known_keys()
    found = find(path)
    given: dict[str, Setting] = {}
    if found is not None:
        given |= _from_file(found, types)
    given |= _from_environment(types)
    given |= {key: Setting(_parsed(key, text, types, COMMAND_LINE), COMMAND_LINE) for key, text in arguments.items()}
    values = {key: check_value(key, setting.value, types[key], setting.source) for key, setting in given.items()}
    config = _assemble(values, str(found or ""))
    check_together(config, {key: setting.source for key, setting in given.items()})
    return config if "glpi.enabled" in given else _enabled_by_token(config)


def known_keys() -> dict[str, str]:
    """Every setting by its dotted name, with its type as written in ``engine.config``."""
    config = Config()
    sections = [f.name for f in fields(config) if f.name not in ("source", "demo")]
    return {f"{s}.{f.name}": str(f.type) for s in sections for f in fields(getattr(config, s))}


def find(path: str | None) -> Path | None:
    """The file to read: the one asked for, or the first of the usual places that exists.

    Raises:
        ConfigError: The file asked for does not exist.
    """
    asked, source = (path, "--config") if path else (os.environ.get("GUICHET_CONFIG"), "GUICHET_CONFIG")
    if asked:
        file = Path(asked).expanduser()
        if not file.exists():
            raise ConfigError(source, f"le fichier {quoted(asked)} n'existe pas", "Corrigez le chemin.", source)
        return file
    folder = config_folder()
    places = [Path("kiosk.toml"), *([folder / "kiosk.toml"] if folder else []), SYSTEM_FILE]
    return next((place for place in places if place.exists()), None)


def read_trusted(file: Path) -> bytes:
    """The bytes of a file that nobody else could have written.

    The open file is checked, not its name, so that it cannot be exchanged in between.

    Raises:
        ConfigError: It cannot be read, is no file, or others may write it.
    """
    name = str(file)
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        problem = "ce fichier ne peut pas être lu"
        raise ConfigError(file.name, problem, f"Donnez le droit de lecture : chmod u+r {name}", name) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise ConfigError(file.name, "ce n'est pas un fichier ordinaire", "Indiquez un fichier.", name)
    with open(descriptor, "rb") as opened:
        if status.st_uid not in (0, os.geteuid()):
            fix = f"Faites-en un fichier à vous ou à root : sudo chown root {name}"
            raise ConfigError(file.name, "ce fichier appartient à quelqu'un d'autre", fix, name)
        if status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid)):
            fix = f"Retirez-leur ce droit : chmod go-w {name}"
            raise ConfigError(file.name, "d'autres personnes peuvent modifier ce fichier", fix, name)
        return opened.read()


def _is_own_group(gid: int) -> bool:
    """Whether a group is the user's private one (same name, nobody else in it), as umask 002 systems make them."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return user.pw_gid == gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _from_file(file: Path, types: Mapping[str, str]) -> dict[str, Setting]:
    name = str(file)
    try:
        document = tomllib.loads(read_trusted(file).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        problem = "ce fichier n'est pas en UTF-8"
        raise ConfigError(file.name, problem, "Enregistrez-le en UTF-8.", name) from error
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        where = f"ligne {place[1]}, colonne {place[2]}" if place else "à la fin"
        fix = "Corrigez cette ligne : une section [nom], ou une clé = valeur (un texte est entre guillemets)."
        raise ConfigError(file.name, f"ce fichier n'est pas du TOML valide ({where})", fix, name) from error
    given = {}
    for section, content in document.items():
        if not isinstance(content, dict):
            fix = "Placez cette clé sous sa section, par exemple [kiosk]."
            raise ConfigError(section, "cette clé n'est dans aucune section", fix, name)
        for key, value in content.items():
            dotted = f"{section}.{key}"
            _refuse_unknown(dotted, types, name)
            value = tuple(value) if isinstance(value, list) else value
            given[dotted] = Setting(_located(dotted, value, file.parent), name)
        if not content:
            _refuse_unknown(f"{section}.", types, name)
    return given


def _from_environment(types: Mapping[str, str]) -> dict[str, Setting]:
    given = {}
    for variable, key in SHORT_NAMES.items():
        if text := os.environ.get(variable, ""):
            given[key] = Setting(_parsed(key, text, types, variable), variable)
    for variable, text in os.environ.items():
        match = re.fullmatch(r"GUICHET_([A-Z0-9]+)__([A-Z0-9_]+)", variable)
        if match:
            key = f"{match[1]}.{match[2]}".lower()
            given[key] = Setting(_parsed(key, text, types, variable), variable)
    return given


def _parsed(key: str, text: str, types: Mapping[str, str], source: str) -> Any:
    _refuse_unknown(key, types, source)
    return _located(key, parse(key, text, types[key], source), Path.cwd())


def _located(key: str, value: Any, folder: Path) -> Any:
    """Make a relative path absolute; anything else stays as it is."""
    if key not in PATHS or not isinstance(value, str) or not value:
        return value
    try:
        return str(folder.absolute() / Path(value).expanduser())
    except RuntimeError:
        return value


def _refuse_unknown(key: str, types: Mapping[str, str], source: str) -> None:
    """Raise for a name that is no setting; the value is not shown, it may be a secret in the wrong place."""
    if key in types:
        return
    section, _, name = key.partition(".")
    if SECRET_NAMES.search(name):
        fix = f"Un secret ne se met pas ici : utilisez la variable {name.upper()} ou une « credential » systemd."
        raise ConfigError(key, "cette clé n'existe pas", fix, source)
    from difflib import get_close_matches

    sections = sorted({known.partition(".")[0] for known in types})
    if section not in sections:
        near = get_close_matches(section, sections, 1)
        fix = f"Vouliez-vous dire [{near[0]}] ?" if near else f"Sections possibles : {', '.join(sections)}."
        raise ConfigError(section, f"la section [{section}] n'existe pas", fix, source)
    if not name:
        return
    near = get_close_matches(key, types, 1, 0.75) or [k for k in types if k.endswith(f".{name}")]
    names = ", ".join(sorted(k.partition(".")[2] for k in types if k.startswith(f"{section}.")))
    fix = f"Vouliez-vous dire {quoted(near[0])} ?" if near else f"Clés possibles dans [{section}] : {names}."
    raise ConfigError(key, "cette clé n'existe pas", fix, source)


def _assemble(values: Mapping[str, Any], source: str) -> Config:
    config = Config(source=source)
    for section in sorted({key.partition(".")[0] for key in values}):
        changes = {k.partition(".")[2]: v for k, v in values.items() if k.startswith(f"{section}.")}
        config = replace(config, **{section: replace(getattr(config, section), **changes)})
    return config


def _enabled_by_token(config: Config) -> Config:
    """Without a word about it, an address and a token, or OAuth credentials, enable GLPI."""
    from engine.secrets import is_present

    host = url_host(config.glpi.url)
    names = ("glpi_user_token", "glpi_app_token", "glpi_client_id")
    if host and any(is_present(name, host) for name in names):
        return replace(config, glpi=replace(config.glpi, enabled=True))
    return config


def url_host(url: str) -> str:
    """The host of an address, lower case; empty when there is none. Secrets are stored under it."""
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""
