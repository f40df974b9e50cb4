"""The checks of what the configuration names in GLPI: entity, request source, group; and of its ticket templates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator

from engine.config import Config
from engine.doctor.examination import NOT_CHECKED, Check
from engine.doctor.here import Secrets
from engine.errors import ConfigError
from engine.opening import categories_of
from glpi.errors import CallerRefused, GlpiError
from glpi.inspection import Inspection
from glpi.models import Account
from glpi.roots import legacy_address

_FILLED = frozenset({1, 3, 7, 9, 10, 11, 12, 14, 15, 21, 80})
"""Fields (search options) that every ticket of ours has: title, priority, category, source, urgency, impact, status,
type, opening date, description, entity. Not the requester (4), who may be unknown."""


async def settings(config: Config, secrets: Secrets, account: Account) -> list[Check]:
    """Entity, source, group and templates, asked at once; only the legacy API tells."""
    named = list(_named(config))
    user_token = secrets.value("glpi_user_token")
    if user_token is None:
        names = ("glpi_entity", *(name for name, _itemtype, _number in named), "glpi_templates")
        return [Check(name, None, "legacy_only") for name in names]
    app_token, ca_file = secrets.value("glpi_app_token"), config.glpi.ca_file or None
    async with Inspection(legacy_address(config.glpi.url), app_token, user_token, ca_file=ca_file) as inspection:
        asked: list[Awaitable[Check]] = [_entity(config, inspection)]
        asked += [_known(name, itemtype, number, inspection) for name, itemtype, number in named]
        return await asyncio.gather(*asked, _templates(config, inspection, account))


def _named(config: Config) -> Iterator[tuple[str, str, int]]:
    """(check, type, id) of what the configuration names."""
    if config.glpi.source is not None:
        yield "glpi_source", "RequestType", config.glpi.source
    if config.glpi.escalation_group is not None:
        yield "glpi_group", "Group", config.glpi.escalation_group


async def _entity(config: Config, inspection: Inspection) -> Check:
    wanted = config.glpi.entity
    try:
        sight = await inspection.sight()
        values: dict[str, str | int] = {"entity": sight.entity if wanted is None else wanted}
        if wanted is not None and wanted not in sight.visible:
            is_there = await inspection.exists("Entity", wanted)
            return Check("glpi_entity", False, "hidden" if is_there else "unknown", values)
    except GlpiError:
        return Check("glpi_entity", None, NOT_CHECKED)
    if not sight.is_recursive:
        # A rule of GLPI may move a ticket to an entity below, out of sight.
        return Check("glpi_entity", True, "not_recursive", values)
    return Check("glpi_entity", True, "visible", values | {"count": len(sight.visible)})


async def _known(name: str, itemtype: str, number: int, inspection: Inspection) -> Check:
    try:
        is_there = await inspection.exists(itemtype, number)
    except GlpiError:
        return Check(name, None, NOT_CHECKED, {"id": number})
    return Check(name, is_there, "known" if is_there else "unknown", {"id": number})


async def _templates(config: Config, inspection: Inspection, account: Account) -> Check:
    """Which fields the template of our tickets makes mandatory and a ticket of ours does not have.

    NOTE: 10.0.19 and 11.0.6 do not refuse a creation by the API for them (a template is applied to a form only);
    a technician who changes the ticket in GLPI is asked to fill them, and a plug-in may refuse.
    """
    entity = config.glpi.entity if config.glpi.entity is not None else account.entity_id or 0
    try:
        mapped = {node.glpi_id for node in categories_of(config) if node.glpi_id is not None}
        wanted = await inspection.mandatory_fields(mapped, entity)
    except CallerRefused as error:
        cause = "no_right" if error.code == "ERROR_RIGHT_MISSING" else NOT_CHECKED
        return Check("glpi_templates", None, cause, {"profile": account.profile})
    except (GlpiError, ConfigError):
        return Check("glpi_templates", None, NOT_CHECKED)
    lacking = sorted(wanted - _FILLED)
    if lacking:
        return Check("glpi_templates", True, "lacking", {"fields": ",".join(map(str, lacking))})
    return Check("glpi_templates", True, "fit")
