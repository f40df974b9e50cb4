"""Who has to do with a ticket of the simulated GLPI: requesters, technicians, groups; and which tickets go together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glpi.simulator.given import Refused, database_error, integer, numbers
from glpi.simulator.seeds import SERVICE_ACCOUNT
from glpi.simulator.storage import Row

if TYPE_CHECKING:
    from glpi.simulator.world import World

REQUESTER, ASSIGNED, OBSERVER = 1, 2, 3

_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[^\W_](?:(?:[^\W_]|-)*[^\W_])?"
# NOTE: 10 checks the address after encoding it, so that an ampersand refuses it; 11 takes any letter.
_EMAIL_10 = re.compile(rf"(?=.{{1,64}}@){_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*".replace("&", ""), re.ASCII)
_EMAIL_11 = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*")


class Actors:
    """The people of the tickets of one world."""

    def __init__(self, world: World) -> None:
        """``world``: where the tickets are."""
        self._world = world

    def requesters(self, given: Row) -> list[tuple[int, str]]:
        """(user id, e-mail) of those a new ticket is for; people nobody knows are left out. Raises Refused."""
        if isinstance(form := given.get("_actors"), dict):
            return self._form(form.get("requester"))
        notif = given.get("_users_id_requester_notif")
        emails = notif.get("alternative_email", []) if isinstance(notif, dict) else []
        found = []
        for position, user_id in enumerate(numbers(given.get("_users_id_requester"))):
            email = str(emails[position]) if position < len(emails) else ""
            self._check_email(email)
            if user_id in self._world.storage.rows("User") or (user_id == 0 and email):
                found.append((user_id, email))
        return found

    def _form(self, listed: object) -> list[tuple[int, str]]:
        """The requesters as GLPI's own form sends them."""
        found = []
        for actor in listed if isinstance(listed, list) else []:
            user_id, email = integer(actor.get("items_id"), 0), str(actor.get("alternative_email") or "")
            self._check_email(email)
            if actor.get("itemtype") == "User" and (user_id in self._world.storage.rows("User") or email):
                found.append((user_id, email))
        return found

    def join(self, number: int, requesters: list[tuple[int, str]], given: Row) -> None:
        """Everybody that a new ticket names."""
        for user_id, email in requesters:
            self._add(number, user_id, REQUESTER, email)
        technicians, groups = (numbers(given.get(f"_{kind}_id_assign")) for kind in ("users", "groups"))
        for user_id in technicians:
            self._add(number, user_id, ASSIGNED, "")
        for user_id in numbers(given.get("_users_id_observer")):
            self._add(number, user_id, OBSERVER, "")
        for group_id in groups:
            row = {"tickets_id": number, "groups_id": group_id, "type": ASSIGNED}
            self._world.storage.add("Group_Ticket", row)
        if technicians or groups:
            self._world.assigned(number, keeps_status=bool(given.get("_do_not_compute_status")))

    def _check_email(self, email: str) -> None:
        if email and not (_EMAIL_10 if self._world.version < 11 else _EMAIL_11).fullmatch(email):
            raise Refused(f"Adresse {'courriel' if self._world.version < 11 else 'e-mail'} {email} invalide")

    def _add(self, ticket_id: int, user_id: int, role: int, email: str) -> int:
        row = {"tickets_id": ticket_id, "users_id": user_id, "type": role, "use_notification": 1}
        return self._world.storage.add("Ticket_User", {**row, "alternative_email": email})

    def add(self, given: Row, author: int = SERVICE_ACCOUNT) -> int:
        """``POST /Ticket_User``. Raises Refused."""
        ticket_id, user_id = integer(given.get("tickets_id"), 0), integer(given.get("users_id"), 0)
        email = str(given.get("alternative_email") or "")
        is_known = user_id in self._world.storage.rows("User") if user_id else bool(email)
        if ticket_id not in self._world.storage.rows("Ticket") or not is_known:
            raise Refused(None, "ERROR_RIGHT_MISSING")
        self._check_email(email)
        role = integer(given.get("type"), REQUESTER)
        self._refuse_twin(ticket_id, user_id, role, email)
        number = self._add(ticket_id, user_id, role, email)
        self._world.touch(ticket_id, author)
        if role == ASSIGNED:
            self._world.assigned(ticket_id)
        return number

    def _refuse_twin(self, ticket_id: int, user_id: int, role: int, email: str) -> None:
        wanted = {"tickets_id": ticket_id, "users_id": user_id, "type": role}
        for actor in self._world.storage.where("Ticket_User", "tickets_id", ticket_id):
            if wanted.items() <= actor.items() and (user_id or actor["alternative_email"] == email):
                if user_id:
                    raise Refused("")
                entry = f"Duplicate entry '{ticket_id}-{role}-0-{email}' for key 'unicity'"
                raise database_error(entry, 1062, self._world.version)

    def add_group(self, given: Row, author: int = SERVICE_ACCOUNT) -> int:
        """``POST /Group_Ticket``. Raises Refused."""
        ticket_id, role = integer(given.get("tickets_id"), 0), integer(given.get("type"), REQUESTER)
        if ticket_id not in self._world.storage.rows("Ticket"):
            raise Refused(None, "ERROR_RIGHT_MISSING")
        row = {"tickets_id": ticket_id, "groups_id": integer(given.get("groups_id"), 0), "type": role}
        number = self._world.storage.add("Group_Ticket", row)
        self._world.touch(ticket_id, author)
        if role == ASSIGNED:
            self._world.assigned(ticket_id)
        return number

    def link(self, given: Row, author: int = SERVICE_ACCOUNT) -> int:
        """``POST /Ticket_Ticket``. Raises Refused."""
        one, other = (integer(given.get(f"tickets_id_{position}"), 0) for position in (1, 2))
        if one == other or not {one, other} <= self._world.storage.rows("Ticket").keys():
            raise Refused(None, "ERROR_RIGHT_MISSING")
        links = [
            *self._world.storage.where("Ticket_Ticket", "tickets_id_1", one),
            *self._world.storage.where("Ticket_Ticket", "tickets_id_2", one),
        ]
        if any({row["tickets_id_1"], row["tickets_id_2"]} == {one, other} for row in links):
            raise Refused("")
        row = {"tickets_id_1": one, "tickets_id_2": other, "link": integer(given.get("link"), 1)}
        number = self._world.storage.add("Ticket_Ticket", row)
        for ticket_id in (one, other):
            self._world.touch(ticket_id, author)
        return number
