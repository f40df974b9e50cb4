"""The answers of the High-Level API that we read, checked with pydantic; nothing else of them travels on.

Unknown keys are ignored: every version adds some. A field that a version does not have yet is None.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, StrictInt

from glpi.answers_lists import ProfileRights
from glpi.highlevel_fields import wall_clock
from glpi.models import Account, GlpiCategory, GlpiUser, Note, NoteKind, Requester, TicketState

KNOWN = ((2, 0), (2, 1), (2, 2), (2, 3), (3, 0))
"""Versions of the API that we speak. 2.0 to 2.2 are proven with GLPI 11.0.6; 2.3 and 3.0 are taken from the sources."""

Positive = Annotated[StrictInt, Field(gt=0)]
WallClock = Annotated[str, AfterValidator(wall_clock)]


def _text(value: object) -> object:
    return "" if value is None else value


def _listed(value: object) -> object:
    # PHP writes an array with the keys 0, 1, … as a list, one with gaps as an object.
    return list(value.values()) if isinstance(value, dict) else value or []


Text = Annotated[str, BeforeValidator(_text)]


class _Answer(BaseModel):
    # Errors must never show what the server sent.
    model_config = ConfigDict(hide_input_in_errors=True)


class Issued(_Answer):
    """``/token``."""

    access_token: str = Field(pattern=r"^[\x21-\x7e]{1,16384}$", repr=False)
    expires_in: int = Field(gt=0, le=366 * 86_400)
    refresh_token: str | None = Field(default=None, repr=False)


class _Version(_Answer):
    version: str = Field(pattern=r"^\d+\.\d+")

    @property
    def pair(self) -> tuple[int, int]:
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


class Versions(_Answer):
    """What ``/api.php/`` offers."""

    api_versions: list[_Version] = Field(min_length=1)

    @property
    def best(self) -> tuple[int, int] | None:
        """The highest of version 2 that we know, else 3.0; None where there is neither."""
        offered = {one.pair for one in self.api_versions}
        known = [pair for pair in KNOWN if pair in offered]
        return max((pair for pair in known if pair[0] == 2), default=max(known, default=None))

    @property
    def prefix(self) -> str:
        """Pins the version in a path; there must be one that we speak."""
        assert self.best is not None, "checked when it was asked"
        return f"/v{self.best[0]}.{self.best[1]}"

    @property
    def major(self) -> int:
        """GLPI's own: 12 offers version 3 of the API, 11 does not."""
        return 12 if any(one.pair[0] >= 3 for one in self.api_versions) else 11

    @property
    def tells_writer(self) -> bool:
        """Whether tickets have ``user_recipient``: not in 2.0."""
        return self.best is not None and self.best > (2, 0)


class Created(_Answer):
    """A successful POST."""

    id: Positive


class _Item(_Answer):
    id: StrictInt
    name: Text = ""


class Member(_Answer):
    """Somebody who has to do with a ticket."""

    id: StrictInt
    role: str | int
    type: str | None = None
    href: Text = ""

    @property
    def is_user(self) -> bool:
        """A person, not a group or a supplier. The type is in the link, until a version says it."""
        return self.type == "User" if self.type is not None else bool(re.search(r"/user\.form\.php\?", self.href))


class Team(RootModel[Annotated[list[Member], BeforeValidator(_listed)]]):
    """The people of a ticket.

    NOTE: an e-mail-only requester, added by another API, is not among them (11.0.6).
    """

    def requesters(self) -> tuple[Requester, ...]:
        """The people it is for."""
        return tuple(Requester(one.id, "") for one in self.root if one.role in ("requester", 1) and one.is_user)

    @property
    def is_assigned(self) -> bool:
        """Whether a person is to work on it."""
        return any(one.is_user for one in self._assigned)

    @property
    def is_only_dispatched(self) -> bool:
        """Whether a group is to work on it, and nobody of it does."""
        return bool(self._assigned) and not self.is_assigned

    def is_given_to(self, group_id: int) -> bool:
        """Whether this group is to work on it."""
        return any(one.id == group_id and not one.is_user for one in self._assigned)

    @property
    def _assigned(self) -> list[Member]:
        return [one for one in self.root if one.role in ("assigned", 2)]


class TicketRow(_Answer):
    """A ticket, in a list or by itself."""

    id: StrictInt
    name: Text = ""
    status: _Item
    priority: int
    urgency: int | None = None
    impact: int | None = None
    category: _Item | None = None
    is_deleted: bool
    date_mod: WallClock
    date_solve: WallClock | None = None
    date_close: WallClock | None = None
    external_id: str | None = None
    team: Team

    def state(self) -> TicketState:
        """As our model."""
        return TicketState(
            id=self.id,
            name=self.name,
            status=self.status.id,
            priority=self.priority,
            date_mod=self.date_mod,
            category_id=self.category.id if self.category is not None else 0,
            is_deleted=self.is_deleted,
            solvedate=self.date_solve,
            closedate=self.date_close,
            urgency=self.urgency,
            impact=self.impact,
            key=self.external_id or None,
            is_only_dispatched=self.team.is_only_dispatched,
        )


class TicketRows(RootModel[list[TicketRow]]):
    """A page of tickets."""


class _NoteItem(_Answer):
    id: StrictInt
    items_id: int
    content: Text = ""
    is_private: bool = False
    date: WallClock | None = None
    date_creation: WallClock | None = None
    date_mod: WallClock
    user: _Item | None = None


class _Entry(_Answer):
    type: str
    item: _NoteItem


class Timeline(RootModel[list[_Entry]]):
    """The follow-ups or the solutions of a ticket.

    NOTE: where GLPI fails to read them it answers 200 with the texts of its error as entries; they do not fit here.
    """

    def notes(self, kind: NoteKind) -> tuple[Note, ...]:
        """As our models, in GLPI's order."""
        return tuple(
            Note(
                id=entry.item.id,
                ticket_id=entry.item.items_id,
                content=entry.item.content,
                is_private=entry.item.is_private,
                date_mod=entry.item.date_mod,
                kind=kind,
                author_id=entry.item.user.id if entry.item.user is not None else 0,
                date=entry.item.date or entry.item.date_creation,
            )
            for entry in self.root
        )


class CategoryRow(_Item):
    """A category."""

    completename: Text
    code: Text = ""
    parent: _Item | None = None
    is_incident_visible: bool | None = None
    is_request_visible: bool | None = None
    is_helpdesk_visible: bool | None = None

    def category(self) -> GlpiCategory:
        """As our model."""
        return GlpiCategory(
            id=self.id,
            name=self.name,
            completename=self.completename,
            parent_id=self.parent.id if self.parent is not None else 0,
            is_incident=self.is_incident_visible,
            is_request=self.is_request_visible,
            is_visible=self.is_helpdesk_visible,
            code=self.code,
        )


class CategoryRows(RootModel[list[CategoryRow]]):
    """A page of categories."""


class _Email(_Answer):
    email: Text = ""
    is_default: bool = False


class UserRow(_Answer):
    """A person."""

    id: StrictInt
    username: Text = ""
    realname: Text = ""
    firstname: Text = ""
    is_active: bool
    is_deleted: bool = False
    emails: Annotated[list[_Email], BeforeValidator(_listed)] = Field(default_factory=list)

    def has(self, email: str) -> bool:
        """Whether one of the addresses shown is this one, whatever the case."""
        return any(one.email.strip().casefold() == email.casefold() for one in self.emails)

    def user(self) -> GlpiUser:
        """As our model, the default address first."""
        emails = sorted(self.emails, key=lambda one: not one.is_default)
        return GlpiUser(
            id=self.id,
            login=self.username,
            realname=self.realname,
            firstname=self.firstname,
            emails=tuple(one.email.strip() for one in emails if one.email.strip()),
            is_active=self.is_active,
        )


class UserRows(RootModel[list[UserRow]]):
    """A page of users."""


class _Profile(_Item):
    interface: str = "central"
    rights: dict[str, Any] = Field(default_factory=dict)


class _Entity(_Answer):
    id: int
    complete_name: Text = ""
    recursive: bool = False


class Me(_Answer):
    """``/session``: who we are, and the server's clock."""

    current_time: str
    user_id: Positive
    name: Text = ""
    profiles: Annotated[list[dict[str, Any]], BeforeValidator(_listed)] = Field(default_factory=list)
    active_profile: _Profile
    active_entity: _Entity | None = None

    def account(self, version: str) -> Account:
        """As our model."""
        entity = self.active_entity
        place = entity.complete_name if entity is not None else ""
        if entity is not None and entity.recursive:
            # NOTE: GLPI adds " (tree structure)" in the language of the account.
            place = re.sub(r" \([^()]*\)\Z", "", place)
        rights = {**self.active_profile.rights, "name": "", "interface": self.active_profile.interface}
        return Account(
            user_id=self.user_id,
            login=self.name,
            profile=self.active_profile.name,
            entity_id=entity.id if entity is not None else None,
            entity=place,
            rights=ProfileRights.model_validate(rights).rights if self.active_profile.rights else None,
            version=version,
            profiles=tuple(str(one.get("name", "")) for one in self.profiles),
        )


class ConfigValue(_Answer):
    """One value of GLPI's configuration."""

    value: str = Field(pattern=r"^\d+\.\d+")
