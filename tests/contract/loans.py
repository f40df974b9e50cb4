"""What the tests borrow of a GLPI they have never seen: a user with two addresses, a group, a category.

Made by the account where it may and deleted at the end; looked for where it may not. None of it is anybody's real
address, so that no test writes to a person.
"""

from __future__ import annotations

import secrets
from contextlib import suppress

from pydantic import BaseModel

from glpi.client import GlpiClient
from glpi.errors import CallerRefused, ContentRefused, GlpiError
from glpi.legacy_session import LegacySession, shaped

_PAGES = 5
"""Requests at most to find a user among those who are there."""


class _Made(BaseModel):
    id: int


class _Group(BaseModel):
    id: int
    is_assign: bool


async def make(session: LegacySession, itemtype: str, **fields: object) -> int | None:
    """The id of a new item; None where the account may not make one."""
    try:
        answer = await session.write("POST", f"/{itemtype}", fields, expected=201)
    except (CallerRefused, ContentRefused):
        return None
    return shaped(_Made, answer.body).id


async def purge(session: LegacySession, itemtype: str, number: int) -> bool:
    """Delete an item for good; whether it is gone."""
    with suppress(GlpiError):
        await session.write("DELETE", f"/{itemtype}/{number}?force_purge=true", None, expected=200)
        return True
    return False


async def make_user(session: LegacySession) -> tuple[int | None, tuple[str, str]]:
    """A user with two addresses that no mail can reach, the default one first."""
    name = f"guichet-contrat-{secrets.token_hex(6)}"
    emails = f"{name}@contrat.invalid", f"{name}@autre.contrat.invalid"
    return await make(session, "User", name=name, _useremails={"-1": emails[0], "-2": emails[1]}), emails


async def belong_together(client: GlpiClient, emails: tuple[str, str]) -> bool:
    """Whether both addresses lead to the same user, and so can be tested with."""
    first = await client.find_user(emails[0])
    return first is not None and await client.find_user(emails[1]) == first


async def find_user(client: GlpiClient) -> tuple[str, str] | None:
    """Two addresses of a user who is there already."""
    after = 0
    for _ in range(_PAGES):
        page = await client.users(after)
        for user in page.users:
            emails = tuple(user.emails[:2])
            if len(emails) == 2 and await belong_together(client, emails):
                return emails
        if not page.users:
            break
        after = page.users[-1].id
    return None


async def find_group(session: LegacySession) -> int | None:
    """A group that tickets can be given to; None where there is none or the account may not know."""
    try:
        answer = await session.read("/Group", {"range": "0-99", "get_hateoas": "false"})
    except CallerRefused:
        return None
    groups = [_Group.model_validate(row) for row in answer.body] if isinstance(answer.body, list) else []
    return next((group.id for group in groups if group.is_assign), None)
