"""The search engine of the simulated GLPI: columns and conditions of tickets, users and trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from glpi.simulator.actors import ASSIGNED, OBSERVER, REQUESTER
from glpi.simulator.criteria import (
    BadCriterion,
    Cell,
    Criterion,
    Test,
    combined,
    compared,
    like,
    moment,
)
from glpi.simulator.seeds import ENTITIES, SERVICE_ACCOUNT
from glpi.simulator.storage import Row
from glpi.simulator.world import World

SEARCHABLE = ("Ticket", "User", "ITILCategory", "Location", "Group")
"""What can be searched here."""

_STATUS_SETS = {
    "notold": {1, 2, 3, 4, 10},
    "notclosed": {1, 2, 3, 4, 5, 10},
    "old": {5, 6},
    "process": {2, 3},
    "waiting": {4},
    "all": {1, 2, 3, 4, 5, 6, 10},
}
_DATES = frozenset({15, 16, 17, 18, 19, 155})
_IDS = 2
_ALWAYS: Mapping[str, tuple[int, ...]] = MappingProxyType({"Ticket": (2, 1, 80), "User": (1,)})
_SHOWN: Mapping[str, tuple[int, ...]] = MappingProxyType({"Ticket": (12, 19, 15, 3, 4, 5, 7, 18)})


class Search:
    """One kind of item and its search options, for one caller."""

    def __init__(self, world: World, itemtype: str, user_id: int = SERVICE_ACCOUNT) -> None:
        """``itemtype``: one of ``SEARCHABLE``; ``user_id``: who "myself" is."""
        self._world, self._itemtype, self._user_id = world, itemtype, user_id
        makers = {"Ticket": self._ticket, "User": self._user}
        self.options: dict[int, Callable[[Row], Cell]] = makers.get(itemtype, self._tree)()

    def chosen(self, rows: Iterable[Row], criteria: Sequence[Criterion]) -> list[Row]:
        """The rows that meet the conditions. Raises BadCriterion."""
        if not criteria:
            return list(rows)
        if all(criterion.link == "AND" and not criterion.group for criterion in criteria):
            # One after the other, those that cost least first.
            for criterion in sorted(criteria, key=_cost):
                test = self._test(criterion)
                rows = [row for row in rows if test(row)]
            return list(rows)
        return list(filter(combined(criteria, self._test), rows))

    def columns(self, row: Row, shown: Sequence[int], criteria: Sequence[Criterion]) -> dict[str, Cell]:
        """The cells of a row: those always there, those asked for, those searched in. Raises BadCriterion."""
        searched = [option for criterion in criteria for option in criterion.options]
        usual = () if shown else _SHOWN.get(self._itemtype, ())
        options = dict.fromkeys((*_ALWAYS.get(self._itemtype, (1, 80)), *usual, *shown, *searched))
        cells = {str(option): self.option(option)(row) for option in options}
        for criterion in criteria:
            # NOTE: a column with several values shows those that met the condition.
            cell = cells.get(str(criterion.option))
            if isinstance(cell, list) and criterion.searchtype == "contains":
                wanted = like(criterion.value)
                cells[str(criterion.option)] = [one for one in cell if wanted(one)]
        return {option: _cell(value) for option, value in cells.items()}

    def option(self, option: int) -> Callable[[Row], Cell]:
        """What an option shows of a row. Raises BadCriterion."""
        if option not in self.options:
            raise BadCriterion
        return self.options[option]

    # --- conditions -------------------------------------------------------------------------------------------------

    def _test(self, criterion: Criterion) -> Test:
        cell_of, value, kind = self.option(criterion.option), criterion.value, criterion.searchtype
        match kind:
            case "contains" | "notcontains":
                is_positive = kind == "contains"
                wanted = (compared(value) if criterion.option == _IDS else None) or like(value)
                return lambda row: _any(wanted, cell_of(row)) is is_positive
            case "equals" | "notequals":
                equals, is_positive = self._equals(criterion.option, value, cell_of), kind == "equals"
                return lambda row: equals(row) is is_positive
            case "empty":
                return lambda row: cell_of(row) in (None, "", [], 0)
            case "under" | "notunder":
                is_positive, below = kind == "under", self._below(criterion.option, value)
                return lambda row: below(row) is is_positive
            case "morethan" | "lessthan":
                return self._ordered(criterion, cell_of)
        raise BadCriterion

    def _ordered(self, criterion: Criterion, cell_of: Callable[[Row], Cell]) -> Test:
        value = criterion.value
        if criterion.option == _IDS:
            return lambda row: str(cell_of(row)) == value
        if criterion.option in _DATES:
            value = moment(value, self._world.utc_now(), self._world.local)
        if criterion.searchtype == "morethan":
            return lambda row: (cell := cell_of(row)) is not None and str(cell) > value
        return lambda row: (cell := cell_of(row)) is not None and str(cell) < value

    def _equals(self, option: int, value: str, cell_of: Callable[[Row], Cell]) -> Test:
        if self._itemtype == "Ticket":
            if option == 12 and value in _STATUS_SETS:
                statuses = _STATUS_SETS[value]
                return lambda row: row["status"] in statuses
            if option in (4, 5, 22, 66) and value == "myself":
                value = str(self._user_id)
            keys = {22: "users_id_recipient", 7: "itilcategories_id", 80: "entities_id", 83: "locations_id"}
            if option in keys:
                key = keys[option]
                return lambda row: str(row[key]) == value
            if option == 8:
                return lambda row: value in [str(number) for number in self._group_ids(row)]
        return lambda row: _any(lambda one: str(one) == value, cell_of(row))

    def _below(self, option: int, value: str) -> Test:
        if option == 7 and value.isdigit():
            rows = self._world.storage.rows("ITILCategory")
            top = rows.get(int(value), {}).get("completename")
            wanted = {
                number
                for number, row in rows.items()
                if top is not None and (row["completename"] == top or row["completename"].startswith(f"{top} > "))
            }
            return lambda row: row["itilcategories_id"] in wanted
        if option == 80:
            return lambda row: value == "0" or str(row["entities_id"]) == value
        raise BadCriterion

    # --- options ----------------------------------------------------------------------------------------------------

    def _ticket(self) -> dict[int, Callable[[Row], Cell]]:
        plain_columns = {1: "name", 2: "id", 3: "priority", 10: "urgency", 11: "impact", 12: "status", 14: "type"}
        plain_columns |= {15: "date", 16: "closedate", 17: "solvedate", 18: "time_to_resolve", 19: "date_mod"}
        plain_columns |= {21: "content", 155: "time_to_own"} | ({} if self._world.version < 11 else {87: "externalid"})
        options: dict[int, Callable[[Row], Cell]] = {number: _column(name) for number, name in plain_columns.items()}
        for option, role in ((4, REQUESTER), (5, ASSIGNED), (66, OBSERVER)):
            options[option] = self._users_in(role)
        options[7] = self._name_of("ITILCategory", "itilcategories_id", "completename")
        options[8] = self._groups
        options[22] = self._name_of("User", "users_id_recipient", "name")
        options[64] = self._name_of("User", "users_id_lastupdater", "name")
        options[83] = self._name_of("Location", "locations_id", "completename")
        options[34] = lambda row: [email for _, email in self._people(row, REQUESTER) if email]
        options[80] = lambda row: ENTITIES[row["entities_id"]]
        return options

    def _user(self) -> dict[int, Callable[[Row], Cell]]:
        plain_columns = {1: "name", 2: "id", 8: "is_active", 9: "firstname", 34: "realname"}
        options: dict[int, Callable[[Row], Cell]] = {number: _column(name) for number, name in plain_columns.items()}
        options[5] = lambda row: [
            mail["email"] for mail in self._world.storage.where("UserEmail", "users_id", row["id"])
        ]
        options[6] = lambda row: None
        options[80] = lambda row: ENTITIES[row["entities_id"]]
        return options

    def _tree(self) -> dict[int, Callable[[Row], Cell]]:
        plain_columns = {1: "completename", 2: "id", 14: "name", 16: "comment", 19: "date_mod", 121: "date_creation"}
        if self._itemtype == "ITILCategory":
            plain_columns |= {3: "is_helpdeskvisible", 74: "is_incident", 75: "is_request", 99: "code"}
        options: dict[int, Callable[[Row], Cell]] = {number: _column(name) for number, name in plain_columns.items()}
        parents = {"ITILCategory": "itilcategories_id", "Location": "locations_id", "Group": "groups_id"}
        options[13] = self._name_of(self._itemtype, parents[self._itemtype], "completename")
        options[80] = lambda row: ENTITIES[row["entities_id"]]
        return options

    def _people(self, row: Row, role: int) -> list[tuple[int, str]]:
        actors = self._world.storage.where("Ticket_User", "tickets_id", row["id"])
        return [(actor["users_id"], actor["alternative_email"]) for actor in actors if actor["type"] == role]

    def _users_in(self, role: int) -> Callable[[Row], Cell]:
        return lambda row: [str(user_id) for user_id, _ in self._people(row, role) if user_id]

    def _group_ids(self, row: Row) -> list[int]:
        actors = self._world.storage.where("Group_Ticket", "tickets_id", row["id"])
        return [actor["groups_id"] for actor in actors if actor["type"] == ASSIGNED]

    def _groups(self, row: Row) -> list[str]:
        groups = self._world.storage.rows("Group")
        return [groups[number]["completename"] for number in self._group_ids(row) if number in groups]

    def _name_of(self, kind: str, key: str, name: str) -> Callable[[Row], Cell]:
        return lambda row: self._world.storage.rows(kind).get(row[key], {}).get(name)


def _column(name: str) -> Callable[[Row], Cell]:
    return lambda row: row[name]


def _any(test: Callable[[Cell], bool], cell: Cell) -> bool:
    return any(test(one) for one in cell) if isinstance(cell, list) else test(cell)


def _cost(criterion: Criterion) -> int:
    return 0 if criterion.option in (_IDS, 19) else 1 if criterion.option in (12, 15, 22, 87) else 2


def _cell(value: Cell) -> Cell:
    if not isinstance(value, list):
        return value
    return None if not value else value[0] if len(value) == 1 else value


def wanted_id(criteria: Sequence[Criterion]) -> int | None:
    """The one id that can meet the conditions, where an id is asked for; None where every row must be seen."""
    if any(criterion.link != "AND" or criterion.group for criterion in criteria):
        return None
    ids = [
        int(one.value) for one in criteria if one.option == _IDS and one.searchtype == "equals" and one.value.isdigit()
    ]
    return ids[0] if ids else None
