"""``guichet doctor``: what works, what does not, and where the fault is; as codes, the words are tui's.

Looks and asks only: nothing is created, neither here nor in GLPI. No secret is ever part of a finding.
One fault does not hide behind another: what depends on it is "not checked" (None), never "wrong".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.config import Config
from engine.engine import utc_now
from engine.errors import ConfigError, StoreUnavailable

if TYPE_CHECKING:
    from data.outbox import Outbox
    from data.store import Store

NOT_CHECKED = "not_checked"
"""Cause of a check that an earlier fault made meaningless."""


@dataclass(frozen=True)
class Check:
    """One finding."""

    name: str
    """What was looked at, as a code (``glpi_clock``)."""
    ok: bool | None
    """None: it could not be tested."""
    cause: str
    """What was found, as a code; ``tui.doctor_words`` has the sentence, and what to do where there is something."""
    values: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))
    """What the sentence names: ids, paths, counts; never a secret, never text of a server."""


@dataclass(frozen=True)
class Books:
    """The database, opened for looking."""

    store: Store
    outbox: Outbox


async def examine(
    config: Config, *, now: Callable[[], datetime] = utc_now, asks_model: bool = False
) -> AsyncGenerator[Check]:
    """Every check, the local ones first.

    Args:
        config: As ``engine.config.load`` gives it.
        now: Clock, aware UTC.
        asks_model: Whether the configured model is asked to read a sentence.
    """
    from engine.doctor import here, there

    yield here.configuration(config)
    with ExitStack() as stack:
        books, opened = _open(config, now, stack)
        yield opened
        secrets = await here.find_secrets(config)
        yield secrets.check()
        yield await here.model(config, secrets, asks_model=asks_model)
        for check in here.counter(config, secrets):
            yield check
        for check in here.sending(config, books, now, is_new=opened.ok is True):
            yield check
        if config.glpi.enabled:
            async with aclosing(there.checks(config, secrets)) as found:
                async for check in found:
                    yield check
        else:
            yield Check("glpi", True, "off_on_purpose" if config.glpi.url else "not_configured")


def _open(config: Config, now: Callable[[], datetime], stack: ExitStack) -> tuple[Books | None, Check]:
    """The database and the check of it. One that is not there is not made: it would belong to who looks."""
    from engine.doctor import here
    from engine.opening import guarded

    try:
        path = config.database_path
        if not path.exists():
            return None, here.missing_database(path)
        from data.database import open_database
        from data.errors import DatabaseError
        from data.outbox import Outbox
        from data.store import Store

        try:
            db = open_database(path, config.database.group)
        except DatabaseError as error:
            return None, Check("database", False, error.reason, {"path": error.path})
    except ConfigError:
        return None, Check("database", False, "no_home")
    stack.callback(db.close)
    store = guarded(Store(db, now=now, device_code=config.kiosk.device_code))
    try:
        store.get_state("doctor")
    except StoreUnavailable as error:
        return None, Check("database", False, error.reason, {"path": error.path})
    return Books(store, guarded(Outbox(db, now=now))), here.database(path)
