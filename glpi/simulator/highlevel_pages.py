"""Lists of the High-Level API: filter, sort, page, and the headers that go with it."""

from __future__ import annotations

from typing import Any

from glpi.simulator.highlevel_messages import Call, HighLevelError, answer
from glpi.simulator.highlevel_rsql import OPERATORS, BadFilter, Group, conditions, holds, parse
from glpi.simulator.highlevel_schema import Date, Many, Ref, Schema, Schemas
from glpi.simulator.messages import Response
from glpi.simulator.storage import Row

DEFAULT_LIMIT = 100
"""Rows of a page that asks for no other number."""


class Pages:
    """Answers lists of one world."""

    def __init__(self, schemas: Schemas) -> None:
        """``schemas`` shows the rows."""
        self._schemas = schemas

    def answer(self, call: Call, schema: Schema, rows: list[Row], *, hides_parents: bool) -> Response:
        """A page of rows.

        Args:
            call: With ``filter``, ``sort``, ``start`` and ``limit`` in its query.
            schema: The items.
            rows: All that the caller may see.
            hides_parents: NOTE: 11.0.6 shows less of a row that another row of the same page has as its parent.

        Raises:
            HighLevelError: The filter or the sort order is none.
        """
        rows = sorted(rows, key=lambda row: int(row["id"]))
        found = self._filtered(call.request.query.get("filter", ""), schema, rows)
        found = _sorted(call.request.query.get("sort", ""), schema, found)
        start, limit = _window(call.request.query)
        total = len(found)
        chosen = found[start : start + max(limit, 1)]
        items = [self._schemas.shape(schema, row, many) for row, many in chosen]
        if hides_parents:
            items = _without_known_parents(items)
        end = max(0, start + limit - 1)
        if end > total:
            end = total - 1
        status = 206 if start + limit < total else 200
        return answer(status, items, {"Content-Range": f"{start}-{end}/{total}"})

    def _filtered(self, text: str, schema: Schema, rows: list[Row]) -> list[tuple[Row, list[Row] | None]]:
        """The rows that fit, with the e-mails that fit where the filter asks for some: it joins them."""
        try:
            tree = parse(text)
        except BadFilter as error:
            raise HighLevelError(400, "ERROR_INVALID_PARAMETER", error.title, error.detail) from None
        _check(tree, schema)
        many = next((one for c in conditions(tree) if isinstance(one := schema[c.path.partition(".")[0]], Many)), None)
        if many is None:
            return [(row, None) for row in rows if _fits(tree, schema, row)]
        pairs = [(row, [one for one in many.rows(row) if _fits(tree, schema, row, one)]) for row in rows]
        return [(row, fits) for row, fits in pairs if fits]


def _fits(tree: Group, schema: Schema, row: Row, one: Row | None = None) -> bool:
    return holds(tree, lambda path: _value(schema, row, path, one))


def _check(tree: Group, schema: Schema) -> None:
    wrong: dict[str, str] = {}
    for condition in conditions(tree):
        name, _, below = condition.path.partition(".")
        if name == "team" and below:
            # NOTE: 11.0.6 knows the property and fails on it.
            raise HighLevelError(500, "ERROR", "Une erreur est survenue durant le traitement de votre requête.")
        if not _is_known(schema, name, below):
            wrong[condition.path] = "Unknown property"
        elif condition.operator not in OPERATORS:
            wrong[condition.path] = "Unknown operator"
    if wrong:
        raise HighLevelError(400, "ERROR_INVALID_PARAMETER", "RSQL query has invalid filters", wrong)


def _is_known(schema: Schema, name: str, below: str) -> bool:
    match schema.get(name):
        case None:
            return False
        case Ref(_, fields):
            return below == "id" or below in fields
        case Many(_, fields):
            return below in fields
        case _:
            return not below and name != "team"


def _value(schema: Schema, row: Row, path: str, one: Row | None = None) -> Any:
    """A property as it is stored."""
    name, _, below = path.partition(".")
    match schema[name]:
        case Date(column):
            return row.get(column)
        case Ref(number, fields):
            found = number(row)
            return found if below == "id" or found is None else fields[below](found)
        case Many():
            return None if one is None else one[below]
        case getter:
            return getter(row)


def _sorted(text: str, schema: Schema, rows: list[tuple[Row, list[Row] | None]]) -> list[tuple[Row, list[Row] | None]]:
    for part in reversed([part for part in text.split(",") if part]):
        path, _, order = part.strip().partition(":")
        name, _, below = path.partition(".")
        if not _is_known(schema, name, below):
            raise HighLevelError(400, "ERROR", f"Invalid property for sorting: {path}")
        rows = sorted(rows, key=lambda pair: _rank(_value(schema, pair[0], path)), reverse=order.lower() == "desc")
    return rows


def _rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, value.casefold() if isinstance(value, str) else value)


def _window(query: Any) -> tuple[int, int]:
    start = query.get("start", "0")
    limit = query.get("limit", str(DEFAULT_LIMIT))
    # NOTE: 11.0.6 takes a word for "all"; less than one is shown as none and answered as one.
    number = max(int(limit), 0) if limit.lstrip("-").isdigit() else 2**31
    return (max(int(start), 0) if start.lstrip("-").isdigit() else 0), number


def _without_known_parents(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    parents = {item["parent"]["id"] for item in items if item.get("parent")}
    return [
        {key: value for key, value in item.items() if key in ("id", "name") or key in _JOINED}
        if item["id"] in parents
        else item
        for item in items
    ]


_JOINED = frozenset(
    {
        *("entity", "parent", "user", "group", "ticket_incident_template", "ticket_request_template"),
        *("change_template", "problem_template", "knowbase_category"),
    }
)
