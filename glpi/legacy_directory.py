"""Categories and users in the legacy API, for the local copies of both."""

from __future__ import annotations

from dataclasses import replace

from glpi.answers_lists import Categories, PersonRows
from glpi.encoding import found_text
from glpi.legacy_query import PAGE, all_pages, search, shown
from glpi.legacy_session import LegacySession, checked, shaped
from glpi.models import GlpiCategory, GlpiUser, UsersPage

_LOGIN, _ID, _FIRSTNAME, _REALNAME, _EMAIL, _IS_ACTIVE = 1, 2, 9, 34, 5, 8


async def all_categories(session: LegacySession) -> tuple[GlpiCategory, ...]:
    """The whole category tree that this account sees, by ascending id.

    Raises:
        CallerRefused: ``ERROR_RIGHT_MISSING``: the profile may not read categories, as GLPI's own Technician.
    """
    found: dict[int, GlpiCategory] = {}
    async for answer in all_pages(session, "/ITILCategory"):
        found.update((category.id, category) for category in checked(Categories, answer).models())
    return tuple(found[number] for number in sorted(found))


async def users_after(session: LegacySession, after_id: int, version: int) -> UsersPage:
    """One request: active users with an id above this one, by ascending id; deleted ones are not among them.

    NOTE: ``contains >8`` compares numbers; ``morethan`` on an id means "equals" (10.0.19, 11.0.6).
    """
    criteria = [(_IS_ACTIVE, "equals", "1"), (_ID, "contains", f">{after_id}")]
    show = {**shown(_LOGIN, _ID, _FIRSTNAME, _REALNAME, _EMAIL), "sort": str(_ID), "order": "ASC"}
    found = await search(session, "User", criteria, show, rows=PAGE)
    users = [_decoded(row.user(), version) for row in shaped(PersonRows, found.data).root]
    ascending = sorted((user for user in users if user.id > after_id), key=lambda user: user.id)
    return UsersPage(tuple(ascending), complete=found.count == found.totalcount)


def _decoded(user: GlpiUser, version: int) -> GlpiUser:
    return replace(
        user,
        login=found_text(user.login, version),
        realname=found_text(user.realname, version),
        firstname=found_text(user.firstname, version),
    )
