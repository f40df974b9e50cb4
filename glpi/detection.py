"""Which of GLPI's two APIs to speak: found out by asking both, for ``api = "auto"``, ``setup`` and ``doctor``.

The legacy API is preferred where it takes us: it records visitors by e-mail and lists notes across tickets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from glpi.errors import CallerRefused, GlpiError
from glpi.exchange import Timeouts
from glpi.highlevel_session import Credentials, HighLevelSession
from glpi.legacy import LegacyClient
from glpi.roots import legacy_address

QUICK = Timeouts(connect_s=3.0, read_s=5.0, write_s=5.0, goodbye_s=1.0)
"""Limits of a detection: it stands between a start and the first ticket sent."""


class Api(StrEnum):
    """The two transports."""

    LEGACY = "legacy"
    HIGHLEVEL = "highlevel"


class State(StrEnum):
    """What became of asking one API."""

    TAKES_US = "takes_us"
    ANSWERS = "answers"
    """It is there; no credentials were tried."""
    REFUSES_US = "refuses_us"
    OFF = "off"
    ABSENT = "absent"
    """Something answers there that is not this API."""
    SILENT = "silent"
    """No answer, or none that says anything."""


class Reason(StrEnum):
    """Why this transport, or none."""

    BOTH = "both"
    """Both would do: the legacy API can do more."""
    HIGHLEVEL_OFF = "highlevel_off"
    """Only the legacy API is there."""
    HIGHLEVEL_UNSURE = "highlevel_unsure"
    """The legacy API takes us; the other one gave no clear answer."""
    LEGACY_OFF = "legacy_off"
    """The legacy API is switched off or not there; the other one takes us."""
    LEGACY_REFUSES = "legacy_refuses"
    """The legacy API refuses our tokens; the other one takes us."""
    LEGACY_SILENT = "legacy_silent"
    """The legacy API gave no clear answer; the other one takes us."""
    NO_USER_TOKEN = "no_user_token"
    """There are credentials for the High-Level API only, and it takes us."""
    NO_CREDENTIALS = "no_credentials"
    """Neither a user token nor OAuth credentials: nobody can take us."""
    WRONG_ADDRESS = "wrong_address"
    """Neither API is at this address."""
    UNREACHABLE = "unreachable"
    """Neither gave a clear answer."""
    NEITHER = "neither"
    """Something is there, and none of it takes us: see the findings."""


@dataclass(frozen=True)
class Finding:
    """What one API answered."""

    state: State
    code: str | None = None
    """Of the error, where there was one: GLPI's or ours."""


@dataclass(frozen=True)
class Detection:
    """Which transport to use, and why."""

    api: Api | None
    reason: Reason
    legacy: Finding
    highlevel: Finding


async def detect(
    url: str,
    *,
    app_token: str | None = None,
    user_token: str | None = None,
    credentials: Credentials | None = None,
    ca_file: str | None = None,
    timeouts: Timeouts = QUICK,
) -> Detection:
    """Ask both APIs, at the same time, with the credentials that there are. At most four requests, the farewell apart.

    Args:
        url: Address of GLPI or of any of its APIs.
        app_token: Of the legacy API's client.
        user_token: Of the service account; without it the legacy API is only asked whether it is there.
        credentials: For the High-Level API; without them (or with incomplete ones) it is only asked the same.
        ca_file: PEM file of a private authority.
        timeouts: Limits other than the quick ones.

    Raises:
        ValueError: Not an address that can be asked.
    """
    mine = credentials or Credentials("", "", "", "")
    has_oauth = mine.is_complete
    old = LegacyClient(legacy_address(url), app_token, user_token or "", ca_file=ca_file, timeouts=timeouts)
    new = HighLevelSession(url, mine, ca_file=ca_file, timeouts=timeouts)
    try:
        legacy, highlevel = await asyncio.gather(
            _ask(old.version if user_token else old.probe, tried=bool(user_token)),
            _ask(new.log_in if has_oauth else new.ask_versions, tried=has_oauth),
        )
    finally:
        await asyncio.gather(old.aclose(), new.aclose())
    return chosen(legacy, highlevel, has_user_token=bool(user_token), has_oauth=has_oauth)


async def _ask(question: Callable[[], Awaitable[object]], *, tried: bool) -> Finding:
    """``tried``: whether the question has credentials in it."""
    try:
        await question()
    except CallerRefused as error:
        known = {"NO_API_HERE": State.ABSENT, "ERROR_API_DISABLED": State.OFF, "API_VERSION_UNKNOWN": State.ABSENT}
        return Finding(known.get(error.code, State.REFUSES_US), error.code)
    except GlpiError as error:
        return Finding(State.SILENT, error.code)
    return Finding(State.TAKES_US if tried else State.ANSWERS)


def chosen(legacy: Finding, highlevel: Finding, *, has_user_token: bool, has_oauth: bool) -> Detection:
    """The transport for what both APIs answered."""
    api, reason = _choice(legacy.state, highlevel.state, has_user_token=has_user_token, has_oauth=has_oauth)
    return Detection(api, reason, legacy, highlevel)


def _choice(legacy: State, highlevel: State, *, has_user_token: bool, has_oauth: bool) -> tuple[Api | None, Reason]:
    if legacy is State.TAKES_US:
        return Api.LEGACY, _beside_legacy(highlevel)
    if highlevel is State.TAKES_US:
        return Api.HIGHLEVEL, _instead_of_legacy(legacy, has_user_token=has_user_token)
    states = {legacy, highlevel}
    if states == {State.ABSENT}:
        return None, Reason.WRONG_ADDRESS
    if states <= {State.SILENT, State.ABSENT}:
        return None, Reason.UNREACHABLE
    if not has_user_token and not has_oauth:
        return None, Reason.NO_CREDENTIALS
    return None, Reason.NEITHER


def _beside_legacy(highlevel: State) -> Reason:
    if highlevel in (State.TAKES_US, State.ANSWERS):
        return Reason.BOTH
    return Reason.HIGHLEVEL_OFF if highlevel in (State.OFF, State.ABSENT) else Reason.HIGHLEVEL_UNSURE


def _instead_of_legacy(legacy: State, *, has_user_token: bool) -> Reason:
    if not has_user_token:
        return Reason.NO_USER_TOKEN
    if legacy is State.REFUSES_US:
        return Reason.LEGACY_REFUSES
    return Reason.LEGACY_SILENT if legacy is State.SILENT else Reason.LEGACY_OFF
