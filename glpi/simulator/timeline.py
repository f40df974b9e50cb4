"""What is added to a ticket of the simulated GLPI: follow-ups, tasks, solutions, documents, and the survey at the end.

Every method runs within ``storage.transaction``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glpi.simulator.actors import ASSIGNED, REQUESTER
from glpi.simulator.given import Refused, integer
from glpi.simulator.storage import Row

if TYPE_CHECKING:
    from glpi.simulator.world import World

WAITING, ACCEPTED, REFUSED = 2, 3, 4
"""States of a solution."""


class Timeline:
    """The timelines of the tickets of one world."""

    def __init__(self, world: World) -> None:
        """``world``: where the tickets are."""
        self._world, self._storage = world, world.storage

    def _ticket(self, given: Row, column: str) -> Row:
        row = self._storage.rows("Ticket").get(integer(given.get(column), 0))
        if row is None or given.get("itemtype", "Ticket") != "Ticket" or row["id"] in self._world.hidden:
            raise Refused(None, "ERROR_RIGHT_MISSING")
        return row

    def add_followup(self, given: Row, author: int) -> int:
        """``POST /ITILFollowup``. Raises Refused."""
        ticket = self._ticket({"itemtype": "", **given}, "items_id")
        content = str(given.get("content") or "")
        if not content and not given.get("add_close"):
            raise Refused("Vous ne pouvez pas ajouter de suivi sans une description")
        at = self._world.local_now()
        writer = integer(given.get("users_id"), author)
        self._world.touch(ticket["id"], author)
        self._world.tickets.noticed(ticket["id"])
        number = self._storage.add(
            "ITILFollowup",
            {
                "itemtype": "Ticket",
                "items_id": ticket["id"],
                "date": at,
                "users_id": writer,
                "users_id_editor": 0,
                "content": self._world.text(content),
                "is_private": integer(given.get("is_private"), 0),
                "requesttypes_id": integer(given.get("requesttypes_id"), 0),
                "date_mod": at,
                "date_creation": at,
                "timeline_position": 1,
                "sourceitems_id": 0,
                "sourceof_items_id": 0,
            },
        )
        self._answer_of_requester(ticket, given, writer)
        return number

    def _answer_of_requester(self, ticket: Row, given: Row, author: int) -> None:
        """A solution is approved or refused; a requester's word wakes a ticket that waits for it."""
        actors = self._storage.where("Ticket_User", "tickets_id", ticket["id"])
        is_requester = any(actor["type"] == REQUESTER and actor["users_id"] == author for actor in actors)
        status = None
        if given.get("add_close") and ticket["status"] == 5:
            status = 6
        elif (given.get("add_reopen") and ticket["status"] in (5, 6)) or (ticket["status"] == 4 and is_requester):
            groups = self._storage.where("Group_Ticket", "tickets_id", ticket["id"])
            status = 2 if any(actor["type"] == ASSIGNED for actor in (*actors, *groups)) else 1
        if status is not None:
            self._world.update_ticket(ticket["id"], {"status": status}, author)

    def add_task(self, given: Row, author: int) -> int:
        """``POST /TicketTask``. Raises Refused."""
        ticket = self._ticket(given, "tickets_id")
        at = self._world.local_now()
        self._world.touch(ticket["id"], author)
        self._world.tickets.noticed(ticket["id"])
        names = ("taskcategories_id", "is_private", "actiontime", "users_id_tech", "groups_id_tech")
        numbers = {name: integer(given.get(name), 0) for name in names}
        row = self._storage.rows("Ticket")[ticket["id"]]
        self._storage.put("Ticket", {**row, "actiontime": row["actiontime"] + numbers["actiontime"]})
        return self._storage.add(
            "TicketTask",
            {
                "uuid": f"{ticket['id']}-{at}",
                "tickets_id": ticket["id"],
                "date": at,
                "users_id": integer(given.get("users_id"), author),
                "users_id_editor": 0,
                "content": self._world.text(given.get("content")),
                **numbers,
                "begin": given.get("begin"),
                "end": given.get("end"),
                "state": integer(given.get("state"), 1),
                "date_mod": at,
                "date_creation": at,
                "tasktemplates_id": 0,
                "timeline_position": 1,
                "sourceitems_id": 0,
                "sourceof_items_id": 0,
            },
        )

    def add_solution(self, given: Row, author: int) -> int:
        """``POST /ITILSolution``: solves the ticket, or closes it where the entity wants that. Raises Refused."""
        ticket = self._ticket({"itemtype": "", **given}, "items_id")
        if ticket["status"] in (5, 6):
            apostrophe = "'" if self._world.version < 11 else "&#039;"
            raise Refused(f"Cet item est déjà résolu, quelqu{apostrophe}un a-t-il publié une solution avant vous ?")
        at = self._world.local_now()
        closes = self._world.switches.auto_close
        number = self._storage.add(
            "ITILSolution",
            {
                "itemtype": "Ticket",
                "items_id": ticket["id"],
                "solutiontypes_id": integer(given.get("solutiontypes_id"), 0),
                "solutiontype_name": None,
                "content": self._world.text(given.get("content")),
                "date_creation": at,
                "date_mod": at,
                "date_approval": None,
                "users_id": author,
                "user_name": None,
                "users_id_editor": 0,
                "users_id_approval": 0,
                "user_name_approval": None,
                "status": WAITING,
                "itilfollowups_id": None,
            },
        )
        self._world.tickets.noticed(ticket["id"])
        self._world.update_ticket(ticket["id"], {"status": 6 if closes else 5}, author)
        return number

    def close(self, ticket_id: int) -> None:
        """A ticket was closed: its solution is accepted, and its survey begins where there is one."""
        self._judge(ticket_id, ACCEPTED)
        if not self._world.switches.survey_on_close or self._storage.where(
            "TicketSatisfaction", "tickets_id", ticket_id
        ):
            return
        empty: Row = dict.fromkeys(("date_answered", "satisfaction", "satisfaction_scaled_to_5", "comment"))
        if self._world.version < 11:
            del empty["satisfaction_scaled_to_5"]
        begun = {"tickets_id": ticket_id, "type": 1, "date_begin": self._world.local_now()}
        self._storage.add("TicketSatisfaction", {**begun, **empty})

    def reopen(self, ticket_id: int) -> None:
        """A ticket is open again: its solution is refused and its survey is gone."""
        self._judge(ticket_id, REFUSED)
        for row in self._storage.where("TicketSatisfaction", "tickets_id", ticket_id):
            self._storage.remove("TicketSatisfaction", row["id"])

    def _judge(self, ticket_id: int, status: int) -> None:
        for row in self._storage.where("ITILSolution", "items_id", ticket_id)[-1:]:
            if row["status"] == WAITING or status == REFUSED:
                self._storage.put("ITILSolution", {**row, "status": status, "date_mod": self._world.local_now()})

    def answer_survey(self, ticket_id: int, given: Row, author: int) -> None:
        """``PUT /TicketSatisfaction/{ticket}``: the ticket's own date stays. Raises Refused."""
        rows = self._storage.where("TicketSatisfaction", "tickets_id", ticket_id)
        if not rows:
            raise Refused(None)
        actors = self._storage.where("Ticket_User", "tickets_id", ticket_id)
        known = {actor["users_id"] for actor in actors if actor["type"] == REQUESTER}
        known.add(self._storage.rows("Ticket")[ticket_id]["users_id_recipient"])
        if author not in known:
            raise Refused(None, "ERROR_RIGHT_MISSING")
        fields: Row = {name: given[name] for name in ("satisfaction", "comment") if name in given}
        self._storage.put("TicketSatisfaction", {**rows[0], **fields, "date_answered": self._world.local_now()})
