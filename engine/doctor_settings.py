"""The checks of what the configuration names in GLPI: entity, request source, group; and of its ticket templates."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

from engine.config import Config
from engine.doctor import NOT_CHECKED, Check
from engine.doctor_here import Secrets
from engine.errors import ConfigError
from engine.opening import categories_of
from glpi.errors import CallerRefused, GlpiError
from glpi.inspection import Inspection
from glpi.models import Account

_FILLED = frozenset({1, 3, 7, 9, 10, 11, 12, 14, 15, 21, 80})
"""Fields (search options) that every ticket of ours has: title, priority, category, source, urgency, impact, status,
type, opening date, description, entity. Not the requester (4), who may be unknown."""


async def settings(config: Config, secrets: Secrets, account: Account) -> AsyncGenerator[Check]:
    """Entity, source, group and templates; only the legacy API tells."""
    user_token = secrets.value("glpi_user_token")
    if user_token is None:
        for name in ("glpi_entity", "glpi_source", "glpi_group", "glpi_templates"):
            if name == "glpi_source" and config.glpi.source is None:
                continue
            if name == "glpi_group" and config.glpi.escalation_group is None:
                continue
            yield Check(name, None, "legacy_only")
        return
    async with AsyncExitStack() as stack:
        inspection = await stack.enter_async_context(
            Inspection(
                config.glpi.url,
                secrets.value("glpi_app_token"),
                user_token,
                ca_file=config.glpi.ca_file or None,
            )
        )
        yield await _entity(config, inspection)
        for name, itemtype, number in (
            ("glpi_source", "RequestType", config.glpi.source),
            ("glpi_group", "Group", config.glpi.escalation_group),
        ):
            if number is not None:
                yield await _known(name, itemtype, number, inspection)
        yield await _templates(config, inspection, account)


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
