"""The configuration: what it may say, and its defaults.

Read before the first frame, so only ``tomllib`` and dataclasses. No secret is here (see ``engine.secrets``);
finding, reading and checking a file is the business of ``engine.config_reader``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import ConfigError


@dataclass(frozen=True)
class KioskConfig:
    """The terminal itself, and the service behind it."""

    language: str = "fr"
    """``fr`` or ``en``."""
    device_code: str = ""
    """Short code in the ticket numbers of this device, ``K07``."""
    location: str = ""
    """Where the terminal stands, in words."""
    locked: bool = False
    """No way out without the staff PIN."""
    idle_timeout_s: int = 60
    """Seconds without a key before everything personal is wiped."""
    idle_typing_timeout_s: int = 90
    """The same while a sentence is being typed."""
    service_days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    """Days with a technician: ``mon`` ... ``sun``."""
    service_start: str = "08:00"
    """Local time ``HH:MM``."""
    service_end: str = "18:00"
    """Local time ``HH:MM``, later than the start."""
    closed_dates: tuple[str, ...] = ()
    """Days without service, ``YYYY-MM-DD`` or, every year, ``MM-DD``."""
    timezone: str = "Europe/Paris"
    """Zone of the service hours and of the times on screen."""
    phone: str = ""
    """Telephone of the helpdesk, shown when nothing else works."""
    human_calls_per_hour: int = 6
    """Requests for a technician an hour; past it the telephone number is shown instead."""


@dataclass(frozen=True)
class TriageConfig:
    """How messages are understood."""

    engine: str = "auto"
    """``auto``, ``local`` or ``openai``."""
    auto_validate: float = 0.85
    """From this confidence on, yes is preselected."""
    confirm_summary: float = 0.60
    """From this confidence on, the category is put as a question."""
    ask_clarification: float = 0.30
    """From this confidence on, targeted questions; below, generic ones."""
    max_attempts: int = 3
    """Rounds of answers before a technician takes over."""
    deadline_s: float = 5.0
    """Seconds from Enter to the summary; past it the local result is used."""
    analyses_per_minute: int = 10
    """Analyses a minute and kiosk."""


@dataclass(frozen=True)
class OpenAIConfig:
    """The remote model, at any OpenAI-compatible address."""

    enabled: bool = True
    """The kill switch: false keeps the settings and never calls."""
    base_url: str = "https://api.openai.com/v1"
    """Where the model is; a local server (Ollama, vLLM, llama.cpp) is as good."""
    model: str = "gpt-4o-mini"
    """Name of the model."""
    daily_budget: int = 2000
    """Calls a day."""
    max_tokens: int = 700
    """Length of an answer, in tokens."""
    allow_plain_http: bool = False
    """Whether ``http://`` is accepted beyond this machine."""


@dataclass(frozen=True)
class GlpiConfig:
    """The system of record."""

    enabled: bool = False
    """Whether tickets are sent; without a word about it, an address and a token say yes."""
    url: str = ""
    """Address of GLPI or of its API."""
    api: str = "auto"
    """``auto``, ``legacy`` or ``highlevel``."""
    entity: int | None = None
    """Entity of the tickets; None: the account's own."""
    source: int | None = None
    """Request source of the tickets; None: GLPI's default."""
    escalation_group: int | None = None
    """Group that escalations are assigned to."""
    ca_file: str = ""
    """Certificates to trust, PEM; empty: the usual ones."""
    pull_interval_s: int = 900
    """Seconds between two looks at what changed in GLPI."""
    read_budget_per_hour: int = 100
    """Reading requests an hour."""
    allow_plain_http: bool = False
    """Whether ``http://`` is accepted beyond this machine."""


@dataclass(frozen=True)
class L1Config:
    """Who is a technician on this machine."""

    users: tuple[str, ...] = ()
    """OS user names; with no user and no group, the owner of the database."""
    group: str = ""
    """OS group name."""


@dataclass(frozen=True)
class PrivacyConfig:
    """How long things are kept."""

    retention_days: int = 365
    """Days that what people wrote is kept."""
    ticket_retention_days: int = 1825
    """Days that the rest of a closed ticket is kept."""
    log_retention_days: int = 90
    """Days that log files are kept."""


@dataclass(frozen=True)
class LogConfig:
    """The log."""

    level: str = "INFO"
    """``DEBUG``, ``INFO``, ``WARNING`` or ``ERROR``."""
    file: str = ""
    """Empty: beside the database."""


@dataclass(frozen=True)
class DatabaseConfig:
    """The database."""

    path: str = ""
    """Empty: ``guichet.db`` in the platform's data folder."""
    group: str = ""
    """OS group that shares the database; empty: private to its owner."""


@dataclass(frozen=True)
class Config:
    """All of it. Field names are the section names of ``kiosk.toml``."""

    kiosk: KioskConfig = field(default_factory=KioskConfig)
    triage: TriageConfig = field(default_factory=TriageConfig)
    openai: OpenAIConfig = field(default_factory=OpenAIConfig)
    glpi: GlpiConfig = field(default_factory=GlpiConfig)
    l1: L1Config = field(default_factory=L1Config)
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig)
    log: LogConfig = field(default_factory=LogConfig)
    database: DatabaseConfig = field(default_factory=DatabaseConfig)
    source: str = ""
    """The file it came from; empty when none was found."""
    demo: bool = False
    """Set by ``guichet demo`` only: labelled on screen, embedded GLPI."""

    @property
    def database_path(self) -> Path:
        """Where the database is; the platform's data folder unless configured.

        Raises:
            ConfigError: There is no home folder to put it in.
        """
        if self.database.path:
            return Path(self.database.path)
        folder = data_folder()
        if folder is None:
            raise ConfigError(
                "database.path",
                "aucun dossier personnel où ranger la base de données",
                "Indiquez son chemin, par exemple GUICHET_DATABASE=/var/lib/guichet/guichet.db.",
            )
        return folder / ("demo.db" if self.demo else "guichet.db")

    @property
    def log_path(self) -> Path:
        """Where the log is: beside the database unless configured."""
        return Path(self.log.file) if self.log.file else self.database_path.with_suffix(".log")


def config_folder() -> Path | None:
    """``guichet`` in the platform's configuration folder (XDG), or None for somebody without a home."""
    return _platform_folder("XDG_CONFIG_HOME", ".config")


def data_folder() -> Path | None:
    """``guichet`` in the platform's data folder (XDG), or None for somebody without a home."""
    return _platform_folder("XDG_DATA_HOME", ".local/share")


def _platform_folder(variable: str, below_home: str) -> Path | None:
    """The XDG base directory specification: a relative value of the variable is to be ignored."""
    base = Path(os.environ.get(variable, ""))
    if not base.is_absolute():
        try:
            home = Path.home()
        except RuntimeError:
            return None
        # HOME may be empty or relative where a service has no home: its root is nobody's folder.
        if not home.is_absolute() or home == Path(home.root):
            return None
        base = home / below_home
    return base / "guichet"


def load(path: str | None = None, *, arguments: Mapping[str, str] | None = None) -> Config:
    """Find, read and validate the configuration.

    Args:
        path: ``--config FILE``; None searches the places of spec section 8.
        arguments: Settings given on the command line, by dotted name (``{"triage.engine": "local"}``); they win.

    Raises:
        ConfigError: names key, value, file and fix.
    """
    from engine.config_reader import read

    return read(path, arguments or {})
