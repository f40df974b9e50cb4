"""The checks that ask GLPI: address, network, TLS, API, tokens, rights, entity, templates, clock, categories."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.config import Config, GlpiConfig
from engine.doctor.examination import NOT_CHECKED, Check
from engine.doctor.faults import fault_of
from engine.errors import ConfigError
from engine.mapping import remarks_on
from engine.opening import categories_of, connect
from glpi.errors import CallerRefused, GlpiError
from glpi.exchange import Timeouts
from glpi.models import RIGHTS

if TYPE_CHECKING:
    from engine.doctor.here import Secrets
    from glpi.client import GlpiClient
    from glpi.models import Account, GlpiCategory

NAMES = (
    "glpi_address", "glpi_network", "glpi_tls", "glpi_api", "glpi_app_token", "glpi_clock", "glpi_login",
    "glpi_transport", "glpi_version", "glpi_zone", *(f"right_{right}" for right in RIGHTS), "glpi_entity",
    "glpi_source", "glpi_group", "glpi_templates", "glpi_categories",
)  # fmt: skip
"""Every check there is, in the order they are told."""

SKEW_SAID, SKEW_WRONG = timedelta(seconds=60), timedelta(minutes=5)
"""Difference of the two clocks from which it is said, and from which it is a fault."""

PATIENCE = Timeouts(connect_s=3.0, read_s=10.0, write_s=10.0, goodbye_s=1.0)
"""Limits of a question: somebody waits before the screen."""

PROVEN = (10, 11)
"""Major versions of GLPI tried against real servers."""
NEWEST = 12


async def checks(config: Config, secrets: Secrets) -> AsyncGenerator[Check]:
    """Every check of ``NAMES`` that applies; those that a fault made meaningless are not checked."""
    told: set[str] = set()
    async with aclosing(_until_meaningless(config, secrets)) as found:
        async for check in found:
            told.add(check.name)
            yield check
    for name in NAMES:
        if name not in told and _applies(name, config.glpi):
            yield Check(name, None, NOT_CHECKED)


def _applies(name: str, glpi: GlpiConfig) -> bool:
    unset = {
        "glpi_source": glpi.source is None,
        "glpi_group": glpi.escalation_group is None,
        "glpi_tls": not glpi.url.startswith("https:"),
    }
    return not unset.get(name, False)


async def _until_meaningless(config: Config, secrets: Secrets) -> AsyncGenerator[Check]:
    """Checks until one fault makes the rest meaningless."""
    malformed = list(_malformed(secrets))
    for check in malformed:
        yield check
    try:
        client = await asyncio.to_thread(connect, config.glpi, PATIENCE)
    except ConfigError:
        if secrets.unusable:
            return  # said already: a secret is the reason, not the address
        yield Check("glpi_address", False, "not_an_address", {"url": config.glpi.url})
        return
    if client is None:
        yield Check("glpi_address", False, "no_address")
        return
    try:
        async with aclosing(_connected(config, secrets, client, is_refused=bool(malformed))) as found:
            async for check in found:
                yield check
    finally:
        await client.aclose()


def _malformed(secrets: Secrets) -> Iterator[Check]:
    """Tokens that no request can carry."""
    for name, check in (("glpi_app_token", "glpi_app_token"), ("glpi_user_token", "glpi_login")):
        if secrets.is_malformed(name):
            yield Check(check, False, "malformed", {"name": name.upper()})


async def _connected(
    config: Config, secrets: Secrets, client: GlpiClient, *, is_refused: bool
) -> AsyncGenerator[Check]:
    try:
        await client.probe()
    except GlpiError as error:
        has_app_token = "glpi_app_token" in secrets.found
        for check in await fault_of(error, config.glpi, is_probe=True, has_app_token=has_app_token):
            if not (is_refused and check.cause == "malformed"):
                yield check
        if error.code.startswith("ERROR_"):
            yield _clock(client.skew)  # GLPI itself answered
        return
    for name in ("glpi_address", "glpi_network", "glpi_tls", "glpi_api"):
        if _applies(name, config.glpi):
            yield Check(name, True, "works", {"url": config.glpi.url})
    if not any(check.name == "glpi_app_token" for check in _malformed(secrets)):
        # GLPI looks at it before anything else, the login included.
        yield Check("glpi_app_token", True, "taken" if "glpi_app_token" in secrets.found else "none_needed")
    yield _clock(client.skew)
    if is_refused:
        return
    try:
        account = await client.account()
    except GlpiError as error:
        for check in await fault_of(error, config.glpi, is_probe=False, has_token=_has_login(secrets)):
            yield check
        return
    async with aclosing(_logged_in(config, secrets, client, account)) as found:
        async for check in found:
            yield check


def _has_login(secrets: Secrets) -> bool:
    return "glpi_user_token" in secrets.found or "glpi_username" in secrets.found


async def _logged_in(config: Config, secrets: Secrets, client: GlpiClient, account: Account) -> AsyncGenerator[Check]:
    """What only somebody with a session can ask."""
    from engine.doctor.settings import settings

    yield Check("glpi_login", True, "works", {"login": account.login, "profile": account.profile})
    # At once: on a slow line each of them would take its seconds.
    transport, version, zone, (tree, can_read), chosen = await asyncio.gather(
        _transport(config.glpi, secrets, client),
        _version(client, account),
        _zone(client),
        _read(client),
        settings(config, secrets, account),
    )
    for check in (transport, version, zone, *rights(account, can_read), *chosen, mapped(config, tree)):
        yield check


async def _read(client: GlpiClient) -> tuple[tuple[GlpiCategory, ...] | None, dict[str, bool]]:
    """GLPI's categories, where they can be read, and which of the reading rights the account has, by trying."""
    tree: tuple[GlpiCategory, ...] | None = None
    can_read: dict[str, bool] = {}
    try:
        tree = await client.categories()
        can_read["read_categories"] = True
    except CallerRefused:
        can_read["read_categories"] = False
    except GlpiError:
        tree = None  # no answer this time: the profile's own word counts
    try:
        await client.users(0)
    except GlpiError as error:
        if isinstance(error, CallerRefused):
            can_read["read_users"] = False
    else:
        can_read["read_users"] = True
    return tree, can_read


def rights(account: Account, tried: dict[str, bool]) -> Iterator[Check]:
    """Each right by itself: as tried where reading shows it, else as the profile says it."""
    for right in RIGHTS:
        has = tried.get(right, None if account.rights is None else right in account.rights)
        values = {"profile": account.profile, "others": ", ".join(p for p in account.profiles if p != account.profile)}
        if has is None:
            yield Check(f"right_{right}", None, "not_told", values)
        elif right == "delete_ticket" and not has:
            # Without it a duplicate is linked to its original instead of being trashed.
            yield Check(f"right_{right}", True, "spared", values)
        else:
            yield Check(f"right_{right}", has, "given" if has else "missing", values)


def mapped(config: Config, tree: tuple[GlpiCategory, ...] | None) -> Check:
    """Whether what our categories are mapped to is there, and fits."""
    try:
        ours = [node for node in categories_of(config) if node.active and node.glpi_id is not None]
    except ConfigError:
        return Check("glpi_categories", None, NOT_CHECKED)
    if tree is None or not ours:
        return Check("glpi_categories", None, "unreadable" if tree is None else "nothing_mapped")
    theirs = {node.id: node for node in tree}
    gone = [f"{node.code} ({node.glpi_id})" for node in ours if node.glpi_id not in theirs]
    if gone:
        return Check("glpi_categories", False, "gone", {"names": ", ".join(gone)})
    wrong: dict[str, list[str]] = {}
    for node in ours:
        for remark in remarks_on(node, theirs[node.glpi_id or 0]):
            wrong.setdefault(remark, []).append(node.code)
    for remark in ("no_incident", "no_request"):
        if remark in wrong:
            return Check("glpi_categories", False, remark, {"names": ", ".join(wrong[remark])})
    if "hidden" in wrong:
        return Check("glpi_categories", True, "hidden", {"names": ", ".join(wrong["hidden"])})
    return Check("glpi_categories", True, "fit", {"count": len(ours)})


async def _transport(glpi: GlpiConfig, secrets: Secrets, client: GlpiClient) -> Check:
    """Which API is spoken and why, and what the other one answers."""
    from glpi.detection import detect
    from glpi.highlevel import HighLevelClient
    from glpi.highlevel_session import Credentials

    names = ("glpi_client_id", "glpi_client_secret", "glpi_username", "glpi_password")
    mine = Credentials(*(secrets.value(name) or "" for name in names))
    values = {"api": "highlevel" if isinstance(client, HighLevelClient) else "legacy"}
    if glpi.api != "auto":
        return Check("glpi_transport", True, "configured", values)
    found = await detect(
        glpi.url,
        app_token=secrets.value("glpi_app_token"),
        user_token=secrets.value("glpi_user_token"),
        credentials=mine,
        ca_file=glpi.ca_file or None,
    )
    return Check("glpi_transport", True, found.reason.value, values)


async def _version(client: GlpiClient, account: Account) -> Check:
    try:
        major = await client.version()
    except GlpiError:
        return Check("glpi_version", None, NOT_CHECKED)
    values: dict[str, str | int] = {"version": account.version or str(major)}
    if major < min(PROVEN):
        return Check("glpi_version", False, "too_old", values)
    if major in PROVEN:
        return Check("glpi_version", True, "proven", values)
    return Check("glpi_version", True, "unproven" if major <= NEWEST else "unknown", values)


def _clock(skew: timedelta | None) -> Check:
    if skew is None:
        return Check("glpi_clock", None, "not_told")
    values: dict[str, str | int] = {"seconds": round(abs(skew).total_seconds()), "ahead": int(skew > timedelta())}
    if abs(skew) > SKEW_WRONG:
        return Check("glpi_clock", False, "wrong", values)
    return Check("glpi_clock", True, "differs" if abs(skew) > SKEW_SAID else "agrees", values)


async def _zone(client: GlpiClient) -> Check:
    try:
        offset = await client.clock_offset()
    except GlpiError:
        offset = None
    if offset is None:
        return Check("glpi_zone", None, "no_ticket_yet")
    return Check("glpi_zone", True, "found", {"minutes": round(offset.total_seconds() / 60)})
