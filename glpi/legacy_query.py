"""How lists are asked for in the legacy API: searches by option number, and lists of items page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from glpi.answers import Found
from glpi.errors import CallerRefused, Unclear
from glpi.exchange import Answer
from glpi.legacy_session import LegacySession, checked
from glpi.refusals import Asked

PAGE = 200
"""Rows asked for at once; more cost GLPI memory."""

MOST_PAGES = 100
"""Pages of one list that are read at most; a longer one is no list for a counter."""

Criterion = tuple[int, str, str]
"""Search option, search type, value."""


def shown(*options: int) -> dict[str, str]:
    """The parameters that ask a search for these columns."""
    return {f"forcedisplay[{position}]": str(option) for position, option in enumerate(options)}


async def search(
    session: LegacySession,
    itemtype: str,
    criteria: Sequence[Criterion],
    show: Mapping[str, str],
    *,
    rows: int = PAGE,
) -> Found:
    """The first rows of a search; all conditions hold together.

    Raises:
        Unclear: Also for an answer that contradicts itself, so that no rows really mean "none".
    """
    params = dict(show)
    for number, (option, searchtype, value) in enumerate(criteria):
        prefix = f"criteria[{number}]"
        params |= {f"{prefix}[link]": "AND"} if number else {}
        params |= {f"{prefix}[field]": str(option), f"{prefix}[searchtype]": searchtype, f"{prefix}[value]": value}
    answer = await session.read(f"/search/{itemtype}", {**params, "range": f"0-{rows - 1}"})
    found = checked(Found, answer)
    if not found.is_consistent:
        raise Unclear("BAD_SHAPE", answer.status)
    return found


async def listed(
    session: LegacySession, path: str, *, sort: str, order: str, start: int = 0, asked: Asked = Asked.LIST
) -> Answer | None:
    """One page of a list of items, from its row ``start``; None when the list ends before it."""
    params = {"range": f"{start}-{start + PAGE - 1}", "sort": sort, "order": order, "get_hateoas": "false"}
    try:
        return await session.read(path, params, asked=asked)
    except CallerRefused as error:
        # NOTE: a range past the end is refused; it ends the list, unless it was the first page.
        if error.code != "ERROR_RANGE_EXCEED_TOTAL" or start == 0:
            raise
    return None


def is_last(answer: Answer) -> bool:
    """Whether a page of a list ends it.

    NOTE: the last page answers 206 too, unless it is the first (10.0.19, 11.0.6).
    """
    return answer.status == 200 or (isinstance(answer.body, list) and len(answer.body) < PAGE)


async def all_pages(session: LegacySession, path: str, *, asked: Asked = Asked.LIST) -> AsyncIterator[Answer]:
    """Every page of a list, by ascending id: new items can only appear at the end.

    Raises:
        Unclear: ``TOO_LONG`` for a list of more than ``MOST_PAGES`` pages.
    """
    for start in range(0, MOST_PAGES * PAGE, PAGE):
        answer = await listed(session, path, sort="id", order="ASC", start=start, asked=asked)
        if answer is None:
            return
        yield answer
        if is_last(answer):
            return
    raise Unclear("TOO_LONG", 206)
