"""The answers of the legacy API about everything but tickets: notes, categories, users, ourselves.

As in ``glpi.answers``: checked with pydantic, unknown keys ignored, nothing else travels on.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, RootModel, StrictInt

from glpi.answers import Answered, Text
from glpi.models import Account, GlpiCategory, GlpiUser, Note, NoteKind

DATE = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"

_READ, _UPDATE, _CREATE, _DELETE, _READ_ALL = 1, 2, 4, 8, 1024
_ADD_TO_MINE, _ADD_TO_ALL, _SEE_PRIVATE = 4, 4096, 8192


class _NoteItem(Answered):
    id: StrictInt
    itemtype: str = "Ticket"
    items_id: int
    content: str | None = None
    is_private: bool = False
    date_mod: str = Field(pattern=DATE)
    date: str | None = None
    date_creation: str | None = None
    users_id: int | None = None

    def note(self, kind: NoteKind) -> Note:
        """As our model."""
        return Note(
            id=self.id,
            ticket_id=self.items_id,
            content=self.content or "",
            is_private=self.is_private,
            date_mod=self.date_mod,
            kind=kind,
            author_id=self.users_id or 0,
            date=self.date or self.date_creation,
        )


class Notes(RootModel[list[_NoteItem]]):
    """A page of follow-ups or solutions."""

    def models(self, kind: NoteKind) -> tuple[Note, ...]:
        """Those of tickets, as our models."""
        return tuple(row.note(kind) for row in self.root if row.itemtype == "Ticket")


class _CategoryItem(Answered):
    id: StrictInt
    name: str
    completename: str
    itilcategories_id: int = 0
    is_incident: bool | None = None
    is_request: bool | None = None
    is_helpdeskvisible: bool | None = None
    code: str | None = None


class Categories(RootModel[list[_CategoryItem]]):
    """A page of categories."""

    def models(self) -> tuple[GlpiCategory, ...]:
        """As our models."""
        return tuple(
            GlpiCategory(
                id=row.id,
                name=row.name,
                completename=row.completename,
                parent_id=row.itilcategories_id,
                is_incident=row.is_incident,
                is_request=row.is_request,
                is_visible=row.is_helpdeskvisible,
                code=row.code or "",
            )
            for row in self.root
        )


class PersonRow(Answered):
    """One row of a search for users, with names and addresses."""

    id: int = Field(alias="2")
    login: Text = Field(alias="1", default=None)
    realname: Text = Field(alias="34", default=None)
    firstname: Text = Field(alias="9", default=None)
    emails: str | list[str] | None = Field(alias="5", default=None)

    def user(self) -> GlpiUser:
        """As our model, texts as the search shows them; it does not tell which address is the default one."""
        emails = [self.emails] if isinstance(self.emails, str) else self.emails or []
        return GlpiUser(
            id=self.id,
            login=self.login or "",
            realname=self.realname or "",
            firstname=self.firstname or "",
            emails=tuple(email.strip() for email in emails if email.strip()),
        )


class PersonRows(RootModel[list[PersonRow]]):
    """The rows of a search for users."""


class IdRow(Answered):
    """One row of a search of which only the id matters."""

    id: int = Field(alias="2")


class IdRows(RootModel[list[IdRow]]):
    """The rows of a search of which only the ids matter."""


def _bits(value: object) -> object:
    # A right that nobody ever gave is null.
    return 0 if value is None or value == "" else value


def _values(value: object) -> object:
    # PHP writes an array with the keys 0, 1, … as a list.
    return list(value.values()) if isinstance(value, dict) else value


Bits = Annotated[int, BeforeValidator(_bits)]


class _Named(Answered):
    name: str = ""


class ProfileRights(_Named):
    """The rights of a profile, as bits by GLPI's names."""

    interface: str = "central"
    ticket: Bits = 0
    followup: Bits = 0
    itilcategory: Bits = 0
    user: Bits = 0

    @property
    def rights(self) -> frozenset[str]:
        """Of ``models.RIGHTS``, those that these bits give.

        NOTE: a simplified interface changes and trashes its own untouched tickets only, whatever the bits. A private
        follow-up is accepted from anybody who may add one, but only who sees private ones can check that it is there
        (10.0.19, 11.0.6).

        Source: ``Ticket``, ``ITILFollowup`` of GLPI 10 and 11; tried with Self-Service, Technician and Super-Admin.
        """
        is_central = self.interface == "central"
        has = {
            "create_ticket": self.ticket & _CREATE,
            "update_ticket": is_central and self.ticket & _UPDATE,
            "delete_ticket": is_central and self.ticket & _DELETE,
            "see_all_tickets": self.ticket & _READ_ALL,
            "private_followup": self.followup & (_ADD_TO_MINE | _ADD_TO_ALL) and self.followup & _SEE_PRIVATE,
            "read_categories": self.itilcategory & _READ,
            "read_users": self.user & _READ,
        }
        return frozenset(right for right, bits in has.items() if bits)


class _Session(Answered):
    user_id: int = Field(alias="glpiID", gt=0)
    login: str = Field(alias="glpiname", default="")
    profile: ProfileRights = Field(alias="glpiactiveprofile")
    profiles: Annotated[list[_Named], BeforeValidator(_values)] = Field(alias="glpiprofiles", default_factory=list)
    entity_id: int | None = Field(alias="glpiactive_entity", default=None)
    entity: str | None = Field(alias="glpiactive_entity_name", default=None)
    is_recursive: bool = Field(alias="glpiactive_entity_recursive", default=False)


class FullSession(Answered):
    """``getFullSession``."""

    session: _Session

    def account(self, version: str) -> Account:
        """As our model."""
        mine = self.session
        entity = mine.entity or ""
        if mine.is_recursive:
            # NOTE: GLPI adds " (tree structure)" in the language of the account.
            entity = re.sub(r" \([^()]*\)\Z", "", entity)
        return Account(
            user_id=mine.user_id,
            login=mine.login,
            profile=mine.profile.name,
            entity_id=mine.entity_id,
            entity=entity,
            rights=mine.profile.rights,
            version=version,
            profiles=tuple(profile.name for profile in mine.profiles),
        )
