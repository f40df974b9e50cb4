"""The configuration: where it is found, what it may say, and its defaults.

Read before the first frame, so only ``tomllib`` and dataclasses. No secret is here (see ``engine.secrets``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class KioskConfig:
    """``[kiosk]``"""

    language: str = "fr"
    """``fr`` or ``en``."""
    device_code: str = ""
    """Short code in the ticket numbers of this device, ``K07``."""
    location: str = ""
    locked: bool = False
    idle_timeout_s: int = 60
    idle_typing_timeout_s: int = 90
    service_days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    service_start: str = "08:00"
    service_end: str = "18:00"
    timezone: str = "Europe/Paris"
    phone: str = ""
    """Telephone of the helpdesk, shown when nothing else works."""


@dataclass(frozen=True)
class TriageConfig:
    """``[triage]``"""

    engine: str = "auto"
    """``auto``, ``local`` or ``openai``."""
    auto_validate: float = 0.85
    confirm_summary: float = 0.60
    ask_clarification: float = 0.30
    max_attempts: int = 3
    deadline_s: float = 5.0
    analyses_per_minute: int = 10


@dataclass(frozen=True)
class OpenAIConfig:
    """``[openai]``"""

    enabled: bool = True
    """The kill switch: false keeps the settings and never calls."""
    base_url: str = "https://api.openai.com/v1"
    model: str = "gpt-4o-mini"
    daily_budget: int = 2000
    """Calls a day."""
    max_tokens: int = 700


@dataclass(frozen=True)
class GlpiConfig:
    """``[glpi]``"""

    enabled: bool = False
    url: str = ""
    api: str = "auto"
    entity: int | None = None
    source: int | None = None
    escalation_group: int | None = None
    ca_file: str = ""
    pull_interval_s: int = 900
    read_budget_per_hour: int = 100
    allow_plain_http: bool = False


@dataclass(frozen=True)
class L1Config:
    """``[l1]``"""

    users: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class PrivacyConfig:
    """``[privacy]``"""

    retention_days: int = 365
    log_retention_days: int = 90


@dataclass(frozen=True)
class LogConfig:
    """``[log]``"""

    level: str = "INFO"
    file: str = ""
    """Empty: ``guichet.log`` beside the database."""


@dataclass(frozen=True)
class DatabaseConfig:
    """``[database]``"""

    path: str = ""
    """Empty: ``guichet.db`` in the platform's data folder."""
    group: str = ""
    """OS group that shares the database; empty: private to its owner."""


@dataclass(frozen=True)
class Config:
    """All of it."""

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
        """Where the database is; the platform's data folder unless configured."""
        raise NotImplementedError


def load(path: str | None = None) -> Config:
    """Find, read and validate the configuration.

    Args:
        path: ``--config FILE``; None searches the places of spec section 8.

    Raises:
        ConfigError: names key, value, file and fix.
    """
    raise NotImplementedError
