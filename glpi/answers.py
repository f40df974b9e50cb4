"""The answers of the legacy API that we read, checked with pydantic; nothing else of them travels on.

Unknown keys are ignored: every version and plug-in adds some.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, StrictInt

from glpi.models import Requester, TicketState


def _blank(value: object) -> object:
    # A cell of a search is [] where there is no value.
    return None if value == [] else value


Text = Annotated[str | None, BeforeValidator(_blank)]
OptionalInt = Annotated[int | None, BeforeValidator(_blank)]


class Answered(BaseModel):
    """A part of an answer."""

    # Errors must never show what the server sent.
    model_config = ConfigDict(hide_input_in_errors=True)


class SessionOpened(Answered):
    """``initSession``."""

    session_token: str = Field(pattern=r"^[A-Za-z0-9,-]{1,256}$")


class _Config(Answered):
    version: str = Field(pattern=r"^\d+\.\d+")


class GlpiConfig(Answered):
    """``getGlpiConfig``."""

    cfg_glpi: _Config

    @property
    def version(self) -> str:
        """``11.0.6``"""
        return self.cfg_glpi.version

    @property
    def major(self) -> int:
        """10, 11, 12 …"""
        return int(self.version.partition(".")[0])


class _Profile(Answered):
    ticket: int = 0


class ActiveProfile(Answered):
    """``getActiveProfile``."""

    active_profile: _Profile

    @property
    def may_create_tickets(self) -> bool:
        """Bit 4 (CREATE) of the right on tickets."""
        return bool(self.active_profile.ticket & 4)


class Added(Answered):
    """A successful POST."""

    id: Annotated[StrictInt, Field(gt=0)]


class Written(RootModel[list[dict[str, Any]]]):
    """A successful PUT or DELETE: ``[{"15": true, "message": ""}]``."""

    def confirms(self, item_id: int) -> bool:
        """Whether the answer says that this item was written."""
        return any(row.get(str(item_id)) is True for row in self.root)


class TicketItem(Answered):
    """One ticket read by its id."""

    id: StrictInt
    name: str | None = None
    status: int
    priority: int
    urgency: int | None = None
    impact: int | None = None
    date_mod: str = Field(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
    itilcategories_id: int | None = None
    is_deleted: bool = False
    solvedate: str | None = None
    closedate: str | None = None

    def state(self) -> TicketState:
        """As our model."""
        return TicketState(
            id=self.id,
            name=self.name or "",
            status=self.status,
            priority=self.priority,
            date_mod=self.date_mod,
            category_id=self.itilcategories_id,
            is_deleted=self.is_deleted,
            solvedate=self.solvedate,
            closedate=self.closedate,
            urgency=self.urgency,
            impact=self.impact,
        )


class TicketRow(Answered):
    """One row of a search for tickets, with the columns of ``COLUMNS``."""

    id: int = Field(alias="2")
    name: Text = Field(alias="1", default=None)
    status: int = Field(alias="12")
    priority: int = Field(alias="3")
    category: Text = Field(alias="7", default=None)
    date_mod: str = Field(alias="19", pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
    solvedate: Text = Field(alias="17", default=None)
    closedate: Text = Field(alias="16", default=None)
    urgency: OptionalInt = Field(alias="10", default=None)
    impact: OptionalInt = Field(alias="11", default=None)
    technicians: object = Field(alias="5", default=None)
    groups: object = Field(alias="8", default=None)
    key: Text = Field(alias="87", default=None)

    def state(self, *, is_deleted: bool = False) -> TicketState:
        """As our model; a search gives the category's name, not its id."""
        return TicketState(
            id=self.id,
            name=self.name or "",
            status=self.status,
            priority=self.priority,
            date_mod=self.date_mod,
            category_id=None,
            category_name=self.category or None,
            is_deleted=is_deleted,
            solvedate=self.solvedate,
            closedate=self.closedate,
            urgency=self.urgency,
            impact=self.impact,
            key=self.key or None,
            is_only_dispatched=bool(self.groups) and not self.technicians,
        )


class Found(Answered):
    """A search; ``data`` is absent when nothing matches."""

    totalcount: int
    count: int
    data: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def is_consistent(self) -> bool:
        """Whether the rows are as many as said, so that an empty page really means "none"."""
        return len(self.data) == self.count <= self.totalcount and (self.count > 0 or self.totalcount == 0)


class TicketRows(RootModel[list[TicketRow]]):
    """The rows of a search for tickets."""


class KeyRow(Answered):
    """One row of a search by key: the id, and the column that was searched."""

    id: int = Field(alias="2")
    externalid: str | None = Field(alias="87", default=None)
    content: str | None = Field(alias="21", default=None)


class KeyRows(RootModel[list[KeyRow]]):
    """The rows of a search by key."""


class UserRow(Answered):
    """One row of a search for users."""

    id: int = Field(alias="2")
    emails: str | list[str] | None = Field(alias="5", default=None)

    def has(self, email: str) -> bool:
        """Whether one of the addresses shown is this one, whatever the case."""
        shown = [self.emails] if isinstance(self.emails, str) else self.emails or []
        return any(address.strip().casefold() == email.casefold() for address in shown)


class UserRows(RootModel[list[UserRow]]):
    """The rows of a search for users."""


class _Id(Answered):
    id: StrictInt


class Ids(RootModel[list[_Id]]):
    """A list of which only the ids matter."""


class _Actor(Answered):
    users_id: int
    type: int
    alternative_email: str | None = None


class Actors(RootModel[list[_Actor]]):
    """The people of a ticket."""

    def requesters(self) -> tuple[Requester, ...]:
        """Those of type 1."""
        return tuple(Requester(row.users_id, row.alternative_email or "") for row in self.root if row.type == 1)

    def is_assigned(self) -> bool:
        """Whether a person is of type 2."""
        return any(row.type == 2 and row.users_id for row in self.root)


class _GroupRow(Answered):
    groups_id: int
    type: int


class Groups(RootModel[list[_GroupRow]]):
    """The groups of a ticket."""

    def has_assigned(self, group_id: int) -> bool:
        """Whether this group is of type 2."""
        return any(row.type == 2 and row.groups_id == group_id for row in self.root)
