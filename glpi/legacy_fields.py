"""Our models as the fields of the legacy API, and back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from glpi.answers import KeyRow
from glpi.encoding import found_text, sent_html, sent_title
from glpi.models import TicketInput, TicketState

EXTERNAL_ID, CONTENT = 87, 21
"""Search options that a key can be in: the first from GLPI 11 on."""

NOTIFY = 1


def ticket_fields(ticket: TicketInput, version: int) -> dict[str, object]:
    """The ``input`` of a creation; a title is clipped to what this version keeps."""
    fields: dict[str, object] = {
        "name": sent_title(ticket.name, version),
        "content": sent_html(ticket.content, version),
        "type": ticket.type,
        "urgency": ticket.urgency,
        "impact": ticket.impact,
        "itilcategories_id": ticket.itilcategories_id,
    }
    optional = {
        "externalid": ticket.key if version >= 11 else None,
        "entities_id": ticket.entities_id,
        "requesttypes_id": ticket.requesttypes_id,
        "_groups_id_assign": ticket.assigned_group_id,
        "date": ticket.date,
        "status": ticket.status,
    }
    fields |= {name: value for name, value in optional.items() if value is not None}
    if ticket.assigned_group_id is not None:
        # NOTE: otherwise a group alone makes the ticket "in progress" (10.0.19, 11.0.6) before anybody took it.
        fields["_do_not_compute_status"] = True
    if ticket.requester_id:
        fields["_users_id_requester"] = ticket.requester_id
    elif ticket.requester_email:
        fields["_users_id_requester"] = 0
        fields["_users_id_requester_notif"] = {
            "use_notification": [NOTIFY],
            "alternative_email": [ticket.requester_email],
        }
    return fields


def found_state(state: TicketState, version: int) -> TicketState:
    """A ticket out of a search with its texts as they were written."""
    category = state.category_name
    return replace(
        state,
        name=found_text(state.name, version),
        category_name=found_text(category, version) if category is not None else None,
    )


def naive(when: datetime) -> str:
    """A date as GLPI writes it, without its zone."""
    return when.strftime("%Y-%m-%d %H:%M:%S")


def carries(row: KeyRow, option: int, key: str) -> bool:
    """Whether a row that a search for ``key`` found has exactly this key."""
    if option == EXTERNAL_ID:
        return row.externalid == key
    # The text is what GLPI found the key in; only a longer key around ours does not count.
    return row.content is None or re.search(f"(?<![A-Za-z0-9-]){key}(?![A-Za-z0-9-])", row.content) is not None
