"""What only ``guichet doctor`` asks of a GLPI, by the legacy API: entity, request source, group, templates. Reads only.

A call of its own, so that the transports stay what the counter needs.
Source: exchanges recorded with GLPI 10.0.19 and 11.0.6; which template applies is in GLPI's
``CommonITILObject::getITILTemplateToUse``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, RootModel

from glpi.errors import CallerRefused, Hidden, NotFound
from glpi.exchange import Timeouts
from glpi.legacy_session import LegacySession, checked
from glpi.refusals import Asked

_ROWS = 500
_DEEPEST = 20
_INHERITED = -2
_COMPACT = {"get_hateoas": "false"}


class _Answer(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)


class _Id(_Answer):
    id: int


class _Active(_Answer):
    id: int
    active_entity_recursive: bool = False
    active_entities: list[_Id]


class _ActiveEntities(_Answer):
    active_entity: _Active


class _MandatoryField(_Answer):
    tickettemplates_id: int
    num: int


class _MandatoryFields(RootModel[list[_MandatoryField]]):
    pass


class _Profile(_Answer):
    tickettemplates_id: int | None = 0


class _ActiveProfile(_Answer):
    active_profile: _Profile


class _CategoryTemplates(_Answer):
    id: int
    tickettemplates_id_incident: int | None = 0
    tickettemplates_id_demand: int | None = 0


class _Categories(RootModel[list[_CategoryTemplates]]):
    pass


class _Entity(_Answer):
    entities_id: int | None = None
    tickettemplates_strategy: int | None = None
    tickettemplates_id: int | None = None


@dataclass(frozen=True)
class Sight:
    """Where the account works."""

    entity: int
    """Where its tickets are created unless said otherwise."""
    is_recursive: bool
    """Whether it sees what is below."""
    visible: frozenset[int]
    """Ids of the entities whose tickets it sees."""


class Inspection:
    """A session of its own with the legacy API; ``async with Inspection(...) as inspection``."""

    def __init__(
        self, url: str, app_token: str | None, user_token: str, *, ca_file: str | None, timeouts: Timeouts | None = None
    ) -> None:
        """As ``LegacyClient``. Raises ValueError for an unusable address."""
        self._session = LegacySession(url, app_token, user_token, ca_file=ca_file, timeouts=timeouts or Timeouts())

    async def __aenter__(self) -> Self:
        """Ready; the login comes with the first question."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """End the GLPI session."""
        await self._session.aclose()

    async def sight(self) -> Sight:
        """The entities of the account; every profile may ask."""
        found = checked(_ActiveEntities, await self._session.read("/getActiveEntities")).active_entity
        visible = frozenset(entity.id for entity in found.active_entities)
        return Sight(found.id, found.active_entity_recursive, visible)

    async def exists(self, itemtype: str, number: int) -> bool:
        """Whether an item exists; GLPI tells so to those too who may not read it (403, not 404)."""
        try:
            await self._session.read(f"/{itemtype}/{number}", _COMPACT, asked=Asked.ITEM)
        except Hidden:
            return True
        except NotFound:
            return False
        return True

    async def mandatory_fields(self, categories: Collection[int], entity: int) -> frozenset[int]:
        """Numbers of the fields (search options) that a template of our tickets makes mandatory.

        Args:
            categories: GLPI's categories of our tickets.
            entity: GLPI's entity of our tickets.

        Raises:
            CallerRefused: The profile may not read templates.
        """
        answer = await self._session.read("/TicketTemplateMandatoryField", {**_COMPACT, "range": f"0-{_ROWS - 1}"})
        rows = checked(_MandatoryFields, answer).root
        used = await self._templates(categories, entity) if rows else frozenset()
        return frozenset(row.num for row in rows if row.tickettemplates_id in used)

    async def _templates(self, categories: Collection[int], entity: int) -> frozenset[int]:
        """A category's own template, else the profile's, else the entity's."""
        profile = checked(_ActiveProfile, await self._session.read("/getActiveProfile")).active_profile
        otherwise = profile.tickettemplates_id or await self._template_of(entity)
        try:
            answer = await self._session.read("/ITILCategory", {**_COMPACT, "range": f"0-{_ROWS - 1}"})
        except CallerRefused:
            # Who may not read categories is told so elsewhere; theirs are rare.
            return frozenset({otherwise})
        mine = [row for row in checked(_Categories, answer).root if row.id in categories]
        used = {row.tickettemplates_id_incident or otherwise for row in mine}
        used |= {row.tickettemplates_id_demand or otherwise for row in mine}
        return frozenset({otherwise, *used})

    async def _template_of(self, entity: int) -> int:
        """The template of an entity, or of the nearest above that says one."""
        for _ in range(_DEEPEST):
            found = checked(_Entity, await self._session.read(f"/Entity/{entity}", _COMPACT, asked=Asked.ITEM))
            is_inherited = _INHERITED in (found.tickettemplates_strategy, found.tickettemplates_id)
            if not is_inherited or found.entities_id is None:
                return found.tickettemplates_id or 0
            entity = found.entities_id
        return 0
