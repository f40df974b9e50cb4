"""What an administrator does now and then: GLPI's categories and people, without the rest of the engine."""

from __future__ import annotations

import asyncio
import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from data.categories import SHIPPED
from engine.config import Config
from engine.directory import DirectoryState, RefreshOutcome, directory_state, refresh_users
from engine.errors import GuichetError, NotAuthorised, StoreUnavailable
from engine.mapping import Proposal, propose, refresh_categories, rewritten
from engine.opening import categories_of, connect, guarded, is_technician
from glpi.errors import GlpiError

if TYPE_CHECKING:
    from data.records import Category, Person
    from data.store import Store
    from glpi.client import GlpiClient


class GlpiFailed(GuichetError):
    """GLPI did not do what was asked of it; ``cause`` is GLPI's code or ours."""

    code = "glpi_unavailable"
    __match_args__ = ("cause",)

    def __init__(self, cause: str) -> None:
        """``cause``: as ``glpi.errors.GlpiError.code``."""
        super().__init__(cause)
        self.cause = cause


class NotConnected(GuichetError):
    """There is no GLPI to ask: not configured, switched off, or the demonstration."""

    code = "glpi_not_enabled"


class NoSiteFile(GuichetError):
    """There is no configuration file that the site's categories could be beside."""

    code = "no_site_file"


class SiteFileUnusable(GuichetError):
    """The site's categories cannot be changed; ``reason`` is ``written_by_hand`` or ``permission``."""

    code = "site_file"
    __match_args__ = ("reason",)

    def __init__(self, reason: str, path: str) -> None:
        """``path``: the file."""
        super().__init__(reason)
        self.reason, self.path = reason, path


class Upkeep:
    """A database, and a GLPI where one is needed; ``async with Upkeep.open(config, now=…) as upkeep``."""

    def __init__(self, config: Config, store: Store, now: Callable[[], datetime]) -> None:
        """``now``: clock, aware UTC."""
        self._config, self._store, self._now = config, store, now

    @classmethod
    @asynccontextmanager
    async def open(cls, config: Config, *, now: Callable[[], datetime]) -> AsyncIterator[Upkeep]:
        """Open the database.

        Raises:
            StoreUnavailable, ConfigError.
        """
        from data.database import open_database
        from data.errors import DatabaseError
        from data.store import Store

        try:
            db = open_database(config.database_path, config.database.group)
        except DatabaseError as error:
            raise StoreUnavailable(error.reason, error.path) from error
        try:
            yield cls(config, guarded(Store(db, now=now, device_code=config.kiosk.device_code)), now)
        finally:
            db.close()

    # --- people -----------------------------------------------------------------------------------------------

    def directory(self) -> DirectoryState:
        """How many people are known, and since when."""
        return directory_state(self._store)

    def find(self, letters: str) -> list[Person]:
        """People by three letters of their name, login or address.

        Raises:
            NotAuthorised: The directory lists people to nobody else.
        """
        if not is_technician(self._config):
            raise NotAuthorised
        return self._store.find_people(letters)

    async def sync_people(self, *, is_forced: bool = False) -> RefreshOutcome:
        """Refresh the directory now; ``is_forced`` goes on past the read budget.

        Raises:
            NotConnected, GlpiFailed, NotAuthorised, ConfigError.
        """
        from engine.budget import ReadBudget

        if not is_technician(self._config):
            raise NotAuthorised
        async with self._glpi() as client:
            budget = ReadBudget(self._store, self._config.glpi.read_budget_per_hour, self._now, client)
            return await refresh_users(self._store, client, self._now, budget, is_forced=is_forced)

    # --- categories -------------------------------------------------------------------------------------------

    def tree(self) -> tuple[Category, ...]:
        """Our categories, as the site's file has them."""
        return categories_of(self._config)

    async def proposals(self) -> tuple[Proposal, ...]:
        """Which category of GLPI each of ours would be; GLPI's tree is read and kept.

        Raises:
            NotConnected, GlpiFailed, ConfigError.
        """
        async with self._glpi() as client:
            theirs = await refresh_categories(self._store, client)
        return propose(self.tree(), theirs)

    @asynccontextmanager
    async def _glpi(self) -> AsyncIterator[GlpiClient]:
        client = await asyncio.to_thread(connect, self._config.glpi)
        if client is None or self._config.demo:
            raise NotConnected
        try:
            yield client
        except GlpiError as error:
            raise GlpiFailed(error.code) from error
        finally:
            await client.aclose()


def site_file(config: Config) -> Path | None:
    """Where the site's categories are, or would be: beside the configuration file in use."""
    return Path(config.source).with_name("categories.toml") if config.source else None


def changed_text(config: Config, ids: Mapping[str, int]) -> str:
    """The site's categories file (else the shipped one) with other GLPI ids.

    Raises:
        SiteFileUnusable: It is written in a way that cannot be changed line by line.
    """
    beside = site_file(config)
    source = beside if beside is not None and beside.is_file() else SHIPPED
    text = rewritten(source.read_bytes().decode("utf-8"), ids)
    _prove(text, source, ids)
    return text


def write_site_file(config: Config, text: str) -> Path:
    """Put the text in the place of the site's file; what was there is kept as ``categories.toml.bak``.

    Raises:
        NoSiteFile, SiteFileUnusable.
    """
    file = site_file(config)
    if file is None:
        raise NoSiteFile
    mode = stat.S_IMODE(os.stat(config.source).st_mode) & 0o644
    try:
        if file.is_file():
            mode = stat.S_IMODE(file.stat().st_mode)
            _put(file.with_name("categories.toml.bak"), file.read_bytes(), mode)
        _put(file, text.encode("utf-8"), mode)
    except OSError as error:
        raise SiteFileUnusable("permission", str(file)) from error
    return file


def _prove(text: str, source: Path, ids: Mapping[str, int]) -> None:
    """Read the changed text as Guichet will: the wanted ids, and nothing else different."""
    import tomllib

    try:
        after = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteFileUnusable("written_by_hand", str(source)) from error
    expected = tomllib.loads(source.read_text("utf-8"))
    for entry in expected.get("category", ()):
        if entry.get("code") in ids:
            entry["glpi_id"] = ids[entry["code"]]
    if after != expected:
        raise SiteFileUnusable("written_by_hand", str(source))


def _put(file: Path, content: bytes, mode: int) -> None:
    """Write under another name, then rename: nobody ever reads half a file."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        draft.rename(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
