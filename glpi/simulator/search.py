"""The search engine of the simulated GLPI: ``criteria``, anchors, columns, for tickets and users."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glpi.simulator.actors import ASSIGNED, REQUESTER
from glpi.simulator.seeds import ENTITIES, GROUPS, SERVICE_ACCOUNT
from glpi.simulator.storage import Row
from glpi.simulator.world import World

Cell = Any
"""What a column shows: a scalar, a list where there are several values, None where there is none."""

_STATUS_SETS = {
    "notold": {1, 2, 3, 4, 10},
    "notclosed": {1, 2, 3, 4, 5, 10},
    "old": {5, 6},
    "process": {2, 3},
    "all": {1, 2, 3, 4, 5, 6, 10},
}


class BadCriterion(Exception):
    """A criterion with an unknown option or without its parts."""


@dataclass(frozen=True)
class Criterion:
    """One condition."""

    link: str
    option: int
    searchtype: str
    value: str


def parse_criteria(query: Mapping[str, str]) -> list[Criterion]:
    """The conditions of a query string, in order. Raises BadCriterion."""
    numbers = sorted({int(found[1]) for key in query if (found := re.match(r"criteria\[(\d+)\]\[", key))})
    criteria = []
    for number in numbers:
        parts = [query.get(f"criteria[{number}][{part}]") for part in ("field", "searchtype", "value")]
        field, searchtype, value = parts
        if field is None or not field.isdigit() or searchtype is None or value is None:
            raise BadCriterion
        criteria.append(Criterion(query.get(f"criteria[{number}][link]", "AND"), int(field), searchtype, value))
    return criteria


class Search:
    """One kind of item and its search options."""

    def __init__(self, world: World, itemtype: str) -> None:
        """``itemtype``: ``Ticket`` or ``User``."""
        self._world = world
        self.always: Sequence[int] = (2, 1, 80) if itemtype == "Ticket" else (1,)
        self.options: dict[int, Callable[[Row], Cell]] = self._ticket() if itemtype == "Ticket" else self._user()

    def matches(self, row: Row, criteria: Sequence[Criterion]) -> bool:
        """Whether a row meets the conditions; AND binds stronger than OR, as in SQL. Raises BadCriterion."""
        groups: list[list[bool]] = [[]]
        for criterion in criteria:
            if criterion.link.startswith("OR"):
                groups.append([])
            groups[-1].append(self._meets(row, criterion) is not criterion.link.endswith("NOT"))
        return any(all(group) for group in groups)

    def columns(self, row: Row, shown: Sequence[int], criteria: Sequence[Criterion]) -> dict[str, Cell]:
        """The cells of a row: those always there, those asked for, those searched in. Raises BadCriterion."""
        options = dict.fromkeys((*self.always, *shown, *(criterion.option for criterion in criteria)))
        cells = {str(option): self._option(option)(row) for option in options}
        for criterion in criteria:
            # NOTE: a column with several values shows those that met the condition.
            cell = cells[str(criterion.option)]
            if isinstance(cell, list) and criterion.searchtype == "contains":
                cells[str(criterion.option)] = [one for one in cell if _like(one, criterion.value)]
        return {option: _cell(value) for option, value in cells.items()}

    def _option(self, option: int) -> Callable[[Row], Cell]:
        if option not in self.options:
            raise BadCriterion
        return self.options[option]

    def _meets(self, row: Row, criterion: Criterion) -> bool:
        cell = self._option(criterion.option)(row)
        value = criterion.value
        match criterion.searchtype:
            case "contains" | "notcontains":
                found = any(_like(one, value) for one in (cell if isinstance(cell, list) else [cell]))
                return found is (criterion.searchtype == "contains")
            case "equals" | "notequals":
                return self._equals(row, criterion.option, cell, value) is (criterion.searchtype == "equals")
            case "morethan":
                return cell is not None and str(cell) > value
            case "lessthan":
                return cell is not None and str(cell) < value
        raise BadCriterion

    def _equals(self, row: Row, option: int, cell: Cell, value: str) -> bool:
        if option == 12 and value in _STATUS_SETS:
            return cell in _STATUS_SETS[value]
        if option == 22:
            return str(row["users_id_recipient"]) == (str(SERVICE_ACCOUNT) if value == "myself" else value)
        if option == 7:
            return str(row["itilcategories_id"]) == value
        return any(str(one) == value for one in (cell if isinstance(cell, list) else [cell]))

    def _ticket(self) -> dict[int, Callable[[Row], Cell]]:
        plain = {1: "name", 2: "id", 3: "priority", 10: "urgency", 11: "impact", 12: "status", 14: "type", 15: "date"}
        plain |= {16: "closedate", 17: "solvedate", 19: "date_mod", 21: "content"}
        plain |= {} if self._world.version < 11 else {87: "externalid"}
        options: dict[int, Callable[[Row], Cell]] = {number: _column(name) for number, name in plain.items()}
        options[4] = lambda row: [str(user_id) for user_id, _ in self._people(row, REQUESTER) if user_id]
        options[5] = lambda row: [str(user_id) for user_id, _ in self._people(row, ASSIGNED)]
        options[7] = self._category
        options[8] = self._groups
        options[22] = lambda row: self._world.storage.rows("User").get(row["users_id_recipient"], {}).get("name")
        options[34] = lambda row: [email for _, email in self._people(row, REQUESTER) if email]
        options[80] = lambda row: ENTITIES[row["entities_id"]]
        return options

    def _user(self) -> dict[int, Callable[[Row], Cell]]:
        plain = {1: "name", 2: "id", 8: "is_active", 9: "firstname", 34: "realname"}
        options: dict[int, Callable[[Row], Cell]] = {number: _column(name) for number, name in plain.items()}
        options[5] = self._emails
        options[80] = lambda row: ENTITIES[row["entities_id"]]
        return options

    def _people(self, row: Row, role: int) -> list[tuple[int, str]]:
        actors = self._world.storage.rows("Ticket_User").values()
        mine = [actor for actor in actors if actor["tickets_id"] == row["id"] and actor["type"] == role]
        return [(actor["users_id"], actor["alternative_email"]) for actor in mine]

    def _groups(self, row: Row) -> list[str]:
        actors = self._world.storage.rows("Group_Ticket").values()
        mine = [actor for actor in actors if actor["tickets_id"] == row["id"] and actor["type"] == ASSIGNED]
        return [GROUPS[actor["groups_id"]] for actor in mine if actor["groups_id"] in GROUPS]

    def _category(self, row: Row) -> str | None:
        found = self._world.storage.rows("ITILCategory").get(row["itilcategories_id"])
        return found["completename"] if found else None

    def _emails(self, row: Row) -> list[str]:
        return [
            mail["email"] for mail in self._world.storage.rows("UserEmail").values() if mail["users_id"] == row["id"]
        ]


def _column(name: str) -> Callable[[Row], Cell]:
    return lambda row: row[name]


def _cell(value: Cell) -> Cell:
    if not isinstance(value, list):
        return value
    return None if not value else value[0] if len(value) == 1 else value


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def _like(cell: Cell, value: str) -> bool:
    """SQL LIKE without case and accents; ``^`` and ``$`` anchor, ``%`` matches anything, ``_`` itself only."""
    if cell is None:
        return False
    wanted = _plain(value)
    start, end = wanted.startswith("^"), wanted.endswith("$")
    wanted = wanted[1 if start else 0 : -1 if end else None]
    pattern = "".join(".*" if letter == "%" else re.escape(letter) for letter in wanted)
    pattern = ("" if start else ".*") + pattern + ("" if end else ".*")
    return re.fullmatch(pattern, _plain(str(cell)), re.DOTALL) is not None
