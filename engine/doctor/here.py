"""The checks that need no GLPI: configuration, database, secrets, model, categories, outbox, read budget."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from data.migrations import MIGRATIONS
from data.records import EntryState
from engine.config import Config, OpenAIConfig
from engine.config_reader import url_host
from engine.doctor.examination import NOT_CHECKED, Books, Check
from engine.errors import ConfigError
from engine.mapping import unmapped
from engine.opening import categories_of
from engine.secrets import Secret, secret

LOW_SPACE, NO_SPACE = 500_000_000, 20_000_000
"""Bytes free beside the database: below the first it is said, below the second it is a fault."""

LATE = timedelta(hours=1)
"""A ticket that waits longer for GLPI is a fault."""

_HOST_SECRETS = (
    "glpi_app_token", "glpi_user_token", "glpi_client_id", "glpi_client_secret", "glpi_username", "glpi_password",
    "glpi_webhook_secret",
)  # fmt: skip
_HEADER_SECRETS = ("glpi_app_token", "glpi_user_token")
_SENDABLE = re.compile(r"[\x21-\x7e]{1,256}")
_SENTENCE = "Mon imprimante ne fonctionne plus depuis ce matin."


@dataclass(frozen=True)
class Secrets:
    """Which secrets there are, and which cannot be used; their values stay inside."""

    found: Mapping[str, Secret] = field(repr=False)
    unusable: Mapping[str, str]
    """Name to where it was found."""

    def value(self, name: str) -> str | None:
        """A secret for a client; None without one."""
        return self.found[name].value if name in self.found else None

    def is_malformed(self, name: str) -> bool:
        """Whether a token was found that no header can carry: pasted with a space or a line break."""
        value = self.value(name)
        broken = value is not None and name in _HEADER_SECRETS and not _SENDABLE.fullmatch(value)
        return broken or name in self.unusable

    def check(self) -> Check:
        """Where each secret came from."""
        if self.unusable:
            names = ", ".join(f"{name} ({where})" for name, where in sorted(self.unusable.items()))
            return Check("secrets", False, "unusable", {"names": names})
        places = ", ".join(f"{name} ({found.where})" for name, found in sorted(self.found.items()))
        return Check("secrets", True, "found" if places else "none", {"names": places})


async def find_secrets(config: Config) -> Secrets:
    """Look for every secret at once: a locked keyring takes two seconds for each."""
    hosts = dict.fromkeys(_HOST_SECRETS, url_host(config.glpi.url))
    hosts |= {"openai_api_key": url_host(config.openai.base_url), "staff_pin": ""}
    found: dict[str, Secret] = {}
    unusable: dict[str, str] = {}

    async def look(name: str, host: str) -> None:
        try:
            one = await asyncio.to_thread(secret, name, host)
        except ConfigError as error:
            unusable[name] = error.source
            return
        if one is not None:
            found[name] = one

    await asyncio.gather(*(look(name, host) for name, host in hosts.items()))
    return Secrets(found, unusable)


def configuration(config: Config) -> Check:
    """Which file it came from; a wrong one would have ended the command."""
    return Check("configuration", True, "file" if config.source else "defaults", {"path": config.source})


def missing_database(path: Path) -> Check:
    """A database that the first ticket will make, if its folder can be made or written."""
    folder = next(parent for parent in (path.parent, *path.parents) if parent.exists())
    if os.access(folder, os.W_OK | os.X_OK):
        return Check("database", True, "not_yet", {"path": str(path)})
    return Check("database", False, "permission", {"path": str(folder)})


def database(path: Path) -> Check:
    """An open database: its rights were checked on opening; the room beside it."""
    free = shutil.disk_usage(path.parent).free
    values: dict[str, str | int] = {
        "path": str(path),
        "mode": f"{stat.S_IMODE(path.stat().st_mode):04o}",
        "schema": len(MIGRATIONS),
        "free_mb": free // 1_000_000,
    }
    if free < NO_SPACE:
        return Check("database", False, "disk_full", values)
    return Check("database", True, "little_room" if free < LOW_SPACE else "open", values)


async def model(config: Config, secrets: Secrets, *, asks_model: bool) -> Check:
    """Whether a model is configured; with ``asks_model`` also whether it answers."""
    values = {"url": config.openai.base_url, "model": config.openai.model}
    is_default = config.openai.base_url == OpenAIConfig().base_url
    if config.triage.engine == "local" or not config.openai.enabled:
        return Check("model", True, "local_only")
    if is_default and "openai_api_key" not in secrets.found:
        is_missing = config.triage.engine == "openai"
        return Check("model", not is_missing, "no_key" if is_missing else "not_configured")
    if not asks_model:
        return Check("model", True, "configured", values)
    from engine.reading import Reader

    reader = Reader(config)
    try:
        draft, _action = await reader.read(_SENTENCE)
    finally:
        await reader.aclose()
    values |= {"ms": str(round(draft.duration_ms)), "why": draft.fallback or ""}
    return Check("model", draft.engine == "openai", "answers" if draft.engine == "openai" else "silent", values)


def counter(config: Config, secrets: Secrets) -> Iterator[Check]:
    """Device code, webhook secret and category file."""
    if config.glpi.enabled:
        code = config.kiosk.device_code
        yield Check("device_code", True, "set" if code else "missing", {"code": code})
        has_webhook = "glpi_webhook_secret" in secrets.found
        minutes = config.glpi.pull_interval_s // 60
        yield Check("webhook_secret", True, "set" if has_webhook else "missing", {"minutes": minutes})
    try:
        tree = categories_of(config)
    except ConfigError as error:
        yield Check("categories", False, "unusable", {"path": error.source, "problem": error.problem})
        return
    lost = [f"{node.code} ({node.name})" for node in unmapped(tree)]
    active = sum(node.active for node in tree)
    values: dict[str, str | int] = {"count": len(lost), "of": active, "names": ", ".join(lost)}
    if not config.glpi.enabled or not lost:
        yield Check("categories", True, "mapped" if config.glpi.enabled else "valid", values)
    else:
        yield Check("categories", False, "none_mapped" if len(lost) == active else "unmapped", values)


def sending(config: Config, books: Books | None, now: Callable[[], datetime], *, is_new: bool) -> Iterator[Check]:
    """The outbox and the read budget; ``is_new``: there is no database yet, so nothing waits in it."""
    if books is None:
        names = ("outbox", "read_budget") if config.glpi.enabled else ("outbox",)
        yield from (Check(name, True, "no_database") if is_new else Check(name, None, NOT_CHECKED) for name in names)
        return
    entries = books.outbox.entries()
    stopped = sum(entry.state in (EntryState.FAILED, EntryState.CONFLICT) for entry in entries)
    count, oldest = books.outbox.waiting()
    age = now() - oldest if oldest else timedelta()
    values = {"count": count, "stopped": stopped, "minutes": max(round(age.total_seconds() / 60), 0)}
    if stopped:
        yield Check("outbox", False, "stopped", values)
    elif not config.glpi.enabled or age <= LATE:
        yield Check("outbox", True, "waiting" if count else "empty", values)
    else:
        yield Check("outbox", False, "late", values)
    if config.glpi.enabled:
        used, allowed = books.store.reads_since(now() - timedelta(hours=1)), config.glpi.read_budget_per_hour
        yield Check("read_budget", True, "spent" if used >= allowed else "left", {"used": used, "of": allowed})
