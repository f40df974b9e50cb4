"""``GET /session`` of the High-Level API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glpi.simulator.seeds import ENTITIES
from glpi.simulator.sessions import Caller
from glpi.simulator.world import World


def session(world: World, caller: Caller, zoned: Callable[[str], str | None]) -> dict[str, Any]:
    """Who asks, with which profile, where."""
    user = world.storage.rows("User")[caller.user_id]
    entities = [{"id": 0, "name": "Entité racine", "is_recursive": 1}]
    mine = sorted(world.profiles_of(caller.user_id), key=lambda profile: -profile.id)
    names = [part for part in (user.get("realname"), user.get("firstname")) if part]
    where = ENTITIES[caller.entity]
    # NOTE: PHP writes a list whose keys do not begin at 0 as an object.
    active = list(caller.entities) if 0 in caller.entities else {str(one): one for one in caller.entities}
    is_recursive = len(caller.entities) > 1
    suffix = " (Arborescence)" if is_recursive else ""
    return {
        "current_time": zoned(world.local_now()),
        "user_id": caller.user_id,
        "use_mode": 0,
        "friendly_name": " ".join(names) or user["name"],
        "name": user["name"],
        "real_name": user.get("realname") or "",
        "first_name": user.get("firstname") or "",
        "default_entity": 0,
        "profiles": {str(profile.id): {"name": profile.name, "entities": entities} for profile in mine},
        "active_entities": active,
        "active_profile": {
            "id": caller.profile.id,
            "name": caller.profile.name,
            "interface": caller.profile.interface,
            "rights": dict(caller.profile.rights),
        },
        "active_entity": {
            "id": caller.entity,
            "short_name": where.rpartition(" > ")[2] + suffix,
            "complete_name": where + suffix,
            "recursive": 1 if is_recursive else False,
        },
    }
