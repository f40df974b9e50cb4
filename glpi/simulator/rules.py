"""Business rules and ticket templates of the simulated GLPI: what changes or refuses a ticket on its way in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glpi.simulator.storage import Row
from glpi.simulator.switches import Rule

_OPTIONS = {
    "name": 1, "itilcategories_id": 7, "urgency": 10, "impact": 11, "content": 21, "actiontime": 45, "locations_id": 83,
}  # fmt: skip
_NAMES = {"itilcategories_id": "Catégorie", "locations_id": "Lieu", "content": "Description", "name": "Titre"}


def applied(given: Row, rules: Sequence[Rule], before: Row | None = None) -> Row:
    """What was given, after the rules.

    Args:
        given: Fields of the input.
        rules: In the order in which they run; each sees what those before it made.
        before: The ticket as it is, for an update; only rules that run on updates are used then.
    """
    for rule in rules:
        if before is not None and not rule.on_update:
            continue
        seen = {**(before or {}), **given}
        if all(_same(seen.get(name), value) for name, value in rule.when.items()):
            given = {**given, **rule.then}
    return given


def _same(one: Any, other: Any) -> bool:
    """Numbers may come as text; a field that is not there is 0."""
    return one == other or str(one if one is not None else 0) == str(other)


def mandatory_missing(given: Row, fields: Sequence[str]) -> str:
    """What GLPI says where a demanded field is given and empty, "" where nothing is wrong.

    A field that is not given at all is not looked at.
    """
    empty = [name for name in fields if name in given and str(given[name] or "") in ("", "0")]
    if not empty:
        return ""
    names = ", ".join(_NAMES.get(name, name) for name in empty)
    return f"Des champs obligatoires ne sont pas remplis. Corrigez s'il vous plaît : {names}"


def mandatory_rows(fields: Sequence[str]) -> dict[int, Row]:
    """``TicketTemplateMandatoryField`` of the template that comes with GLPI, which demands the description itself."""
    numbers = dict.fromkeys((_OPTIONS["content"], *(_OPTIONS[name] for name in fields)))
    return {n: {"id": n, "tickettemplates_id": 1, "num": option} for n, option in enumerate(numbers, start=1)}
