"""Rows of the simulated GLPI with the columns of the real one, those that nothing here uses included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from glpi.simulator.storage import Row

UNUSED: Mapping[str, Any] = MappingProxyType(
    {
        "global_validation": 1,
        **dict.fromkeys(("slas_id_ttr", "slas_id_tto", "slalevels_id_ttr"), 0),
        **dict.fromkeys(("time_to_resolve", "time_to_own", "begin_waiting_date")),
        **dict.fromkeys(("sla_waiting_duration", "ola_waiting_duration", "olas_id_tto", "olas_id_ttr"), 0),
        "olalevels_id_ttr": 0,
        **dict.fromkeys(("ola_tto_begin_date", "ola_ttr_begin_date")),
        **dict.fromkeys(("internal_time_to_resolve", "internal_time_to_own")),
        **dict.fromkeys(("waiting_duration", "close_delay_stat", "solve_delay_stat"), 0),
        **dict.fromkeys(("takeintoaccount_delay_stat", "actiontime", "is_deleted"), 0),
    }
)
"""Columns of a ticket about agreements, waiting and statistics, as they are on creation."""


def user_row(number: int, login: str, realname: str, firstname: str, *, is_active: bool = True) -> Row:
    """A user."""
    row = {"id": number, "name": login, "realname": realname, "firstname": firstname}
    return {**row, "is_active": int(is_active), "is_deleted": 0, "entities_id": 0}


def category_row(number: int, name: str, tree: Sequence[tuple[int, str]], at: str) -> Row:
    """A category; ``tree``: (id, complete name) of those it may be below."""
    above, _, own = name.rpartition(" > ")
    parent = next((other for other, complete in tree if complete == above), 0) if above else 0
    return {
        "id": number,
        "entities_id": 0,
        "is_recursive": 1,
        "itilcategories_id": parent,
        "name": own,
        "completename": name,
        "comment": None,
        "level": name.count(" > ") + 1,
        "knowbaseitemcategories_id": 0,
        "users_id": 0,
        "groups_id": 0,
        "code": "",
        "ancestors_cache": "[]",
        "sons_cache": None,
        "is_helpdeskvisible": 1,
        "tickettemplates_id_incident": 0,
        "tickettemplates_id_demand": 0,
        "changetemplates_id": 0,
        "problemtemplates_id": 0,
        "is_incident": 1,
        "is_request": 1,
        "is_problem": 1,
        "is_change": 1,
        "date_mod": at,
        "date_creation": at,
    }


def group_row(number: int, name: str, at: str, version: int, *, is_assign: bool = True) -> Row:
    """A group of the root, of technicians or else of requesters."""
    row: Row = {"id": number, "entities_id": 0, "is_recursive": 1, "name": name.rpartition(" > ")[2]}
    if version > 10:
        row["code"] = None
    row |= dict.fromkeys(("comment", "ldap_field", "ldap_value", "ldap_group_dn"))
    row |= {"date_mod": at, "groups_id": 0, "completename": name, "level": name.count(" > ") + 1}
    row |= {"ancestors_cache": "[]", "sons_cache": None}
    row |= {"is_requester": int(not is_assign), "is_watcher": 1, "is_assign": int(is_assign)}
    row |= dict.fromkeys(("is_task", "is_notify", "is_itemgroup"), 1)
    row |= {"is_usergroup": 1, "is_manager": 1, "date_creation": at}
    return row if version < 11 else {**row, "recursive_membership": 0, "2fa_enforced": 0}


def location_row(number: int, name: str, tree: Sequence[tuple[int, str]], at: str, version: int) -> Row:
    """A place; ``tree`` as for categories."""
    above, _, own = name.rpartition(" > ")
    parent = next((other for other, complete in tree if complete == above), 0) if above else 0
    row: Row = {"id": number, "entities_id": 0, "is_recursive": 1, "name": own}
    if version > 10:
        row |= {"code": None, "alias": None}
    row |= {"locations_id": parent, "completename": name, "comment": None, "level": name.count(" > ") + 1}
    row |= {"ancestors_cache": "[]", "sons_cache": None}
    row |= dict.fromkeys(("address", "postcode", "town", "state", "country", "building", "room"))
    row |= dict.fromkeys(("latitude", "longitude", "altitude"))
    return {**row, "date_mod": at, "date_creation": at}


def entity_row(number: int, name: str) -> Row:
    """An entity; the root has the template that comes with GLPI, those below inherit (-2)."""
    template = {"tickettemplates_strategy": -2 if number else 0, "tickettemplates_id": -2 if number else 1}
    above = 0 if number else None
    return {"id": number, "name": name.rpartition(" > ")[2], "entities_id": above, "completename": name, **template}
