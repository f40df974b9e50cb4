"""Putting the real parts together: database, triage, GLPI client. Nothing here is imported before the first frame."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from data.categories import load_categories
from data.database import open_database
from data.errors import DatabaseError
from data.outbox import Outbox
from data.records import Category
from data.store import Store
from engine import owner
from engine.config import Config, GlpiConfig
from engine.delivery import Delivery
from engine.errors import ConfigError, StoreUnavailable
from engine.logs import LogFile, open_log
from engine.secrets import secret
from engine.triage.cascade import Cascade, open_cascade
from glpi.client import GlpiClient

if TYPE_CHECKING:
    from glpi.exchange import Timeouts

_Part = TypeVar("_Part")


@dataclass(frozen=True)
class Parts:
    """What ``Engine.open`` hands to the engine."""

    store: Store
    cascade: Cascade
    delivery: Delivery
    device: str
    is_limited: bool
    log: LogFile


def open_parts(config: Config, *, now: Callable[[], datetime], role: str) -> Parts:
    """Open everything an engine needs; what was opened is closed again when a later part fails.

    Raises:
        StoreUnavailable, ConfigError.
    """
    try:
        db = open_database(config.database_path, config.database.group)
    except DatabaseError as error:
        raise StoreUnavailable(error.reason, error.path) from error
    with ExitStack() as opened:
        opened.callback(db.close)
        store = guarded(Store(db, now=now, device_code=config.kiosk.device_code))
        outbox = guarded(Outbox(db, now=now))
        device = device_of(config, role)
        store.expire_sessions()
        if role == "kiosk":
            store.abandon_open_sessions(device)
        _refresh_tree(store, config)
        connect_later = partial(asyncio.to_thread, connect, config.glpi)
        mine = owner.this_process()
        delivery = Delivery(config, store, outbox, connect_later, owner=mine, is_dead=owner.is_dead, now=now)
        is_limited = role == "kiosk" or not is_technician(config)
        parts = Parts(store, triage_of(config), delivery, device, is_limited, open_log(config))
        opened.pop_all()
    return parts


def triage_of(config: Config) -> Cascade:
    """The triage as configured; the key is looked up only when a model is about to be asked."""
    host = urlsplit(config.openai.base_url).hostname or ""

    def api_key() -> str | None:
        found = secret("openai_api_key", host)
        return found.value if found else None

    return open_cascade(config, api_key=api_key)


def connect(config: GlpiConfig, timeouts: Timeouts | None = None) -> GlpiClient | None:
    """A client for the configured GLPI, None when there is none. Secrets are looked up anew each time.

    To be called in a thread: with ``api = "auto"`` and the credentials for both APIs GLPI is asked which to speak.
    ``timeouts``: limits other than the usual ones.

    Raises:
        ConfigError: The address is none.
    """
    if not config.enabled or not config.url:
        return None
    try:
        return _client(config, urlsplit(config.url).hostname or "", timeouts)
    except ValueError as error:
        raise ConfigError(
            "glpi.url", f"{config.url!r} n'est pas l'adresse d'un GLPI", "Indiquez https://…/apirest.php."
        ) from error


def _client(config: GlpiConfig, host: str, timeouts: Timeouts | None) -> GlpiClient:
    # Each API brings its own models: the one that is not spoken is not loaded.
    from glpi.legacy import LegacyClient
    from glpi.roots import legacy_address

    def found(name: str) -> str:
        it = secret(name, host)
        return it.value if it else ""

    ca_file = config.ca_file or None
    app, user = "", ""
    if config.api != "highlevel":
        app, user = found("glpi_app_token"), found("glpi_user_token")
    # The keyring may take its time for each: the others are looked for where the first was found.
    if config.api == "highlevel" or (config.api == "auto" and found("glpi_client_id")):
        from glpi.detection import Api, detect
        from glpi.highlevel import HighLevelClient
        from glpi.highlevel_session import Credentials

        mine = Credentials(*map(found, ("glpi_client_id", "glpi_client_secret", "glpi_username", "glpi_password")))
        is_preferred = config.api == "highlevel" or (mine.is_complete and not user)
        if mine.is_complete and user:
            # Without an answer it stays the legacy API; the next connection asks again.
            asked = detect(config.url, app_token=app or None, user_token=user, credentials=mine, ca_file=ca_file)
            is_preferred = asyncio.run(asked).api == Api.HIGHLEVEL
        if is_preferred:
            return HighLevelClient(
                config.url, mine.client_id, mine.client_secret, mine.username, mine.password,
                ca_file=ca_file, timeouts=timeouts,
            )  # fmt: skip
    return LegacyClient(legacy_address(config.url), app or None, user, ca_file=ca_file, timeouts=timeouts)


def categories_of(config: Config) -> tuple[Category, ...]:
    """The site's tree: ``categories.toml`` beside its configuration file, else the shipped one.

    Raises:
        ConfigError: The site's file cannot be used.
    """
    if config.source:
        from pathlib import Path

        beside = Path(config.source).with_name("categories.toml")
        if beside.is_file():
            try:
                return load_categories(beside)
            except (OSError, ValueError) as error:
                fix = "Corrigez ce fichier, ou retirez-le pour reprendre les catégories d'origine."
                raise ConfigError("categories.toml", f"fichier inutilisable ({error})", fix, str(beside)) from error
    return load_categories()


def _refresh_tree(store: Store, config: Config) -> None:
    """The database follows the file; the demo's own numbers are GLPI ids in file order."""
    tree = categories_of(config)
    if config.demo:
        tree = tuple(replace(node, glpi_id=number) for number, node in enumerate(tree, start=1))
    if [_stored(node) for node in store.categories()] != [_stored(node) for node in tree]:
        store.save_categories(tree)


def _stored(node: Category) -> tuple[object, ...]:
    return node.code, node.name, node.parent, node.glpi_id, node.active


def device_of(config: Config, role: str) -> str:
    """Which terminal this is: a restart abandons the unfinished sessions of the same one only."""
    try:
        terminal = os.ttyname(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):
        terminal = "-"
    return f"{role}:{config.kiosk.device_code or socket.gethostname()}:{terminal}"


def is_technician(config: Config) -> bool:
    """Whether who runs this is a technician: ``[l1] users`` or ``group``, by default the database's owner (spec 7)."""
    if not hasattr(os, "geteuid"):
        return False
    if config.l1.users or config.l1.group:
        return getpass.getuser() in config.l1.users or _in_group(config.l1.group)
    path = config.database_path
    return path.exists() and path.stat().st_uid == os.geteuid()


def _in_group(name: str) -> bool:
    if not name:
        return False
    import grp

    try:
        return grp.getgrnam(name).gr_gid in (os.getegid(), *os.getgroups())
    except KeyError:
        return False


def guarded(part: _Part) -> _Part:
    """The same store or outbox, whose database errors arrive as StoreUnavailable."""
    return cast(_Part, _Guard(part))


class _Guard:
    """Turns the data room's errors into ours, in one place."""

    def __init__(self, part: object) -> None:
        self._part = part

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not callable(found):
            return found

        @wraps(found)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return found(*args, **kwargs)
            except DatabaseError as error:
                raise StoreUnavailable(error.reason, error.path) from error

        return call
