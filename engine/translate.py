"""The only place where our ticket and GLPI's ticket meet: texts, numbers, types, statuses.

People's text becomes HTML here: escaped, line breaks as ``<br>``, on every GLPI version.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import timedelta

from data.records import Category, Priority, Session, Ticket, TicketStatus
from glpi.addresses import is_taken
from glpi.models import INCIDENT, REQUEST, TicketInput

PRIORITY_TO_GLPI: Mapping[Priority, int] = {
    Priority.LOW: 2,
    Priority.MEDIUM: 3,
    Priority.HIGH: 4,
    Priority.CRITICAL: 5,
}
"""GLPI's priority numbers (spec section 3.2)."""

STATUS_FROM_GLPI: Mapping[int, TicketStatus] = {
    1: TicketStatus.OPEN,
    2: TicketStatus.IN_PROGRESS,
    3: TicketStatus.IN_PROGRESS,
    4: TicketStatus.PENDING,
    5: TicketStatus.RESOLVED,
    6: TicketStatus.CLOSED,
    10: TicketStatus.PENDING,
}
"""GLPI's status numbers (spec section 5)."""

STATUS_TO_GLPI: Mapping[str, int] = {
    TicketStatus.OPEN: 1,
    TicketStatus.IN_PROGRESS: 2,
    TicketStatus.PENDING: 4,
    TicketStatus.RESOLVED: 5,
    TicketStatus.CLOSED: 6,
}
"""The number GLPI gets for each of our statuses."""

_REQUEST_LEAVES = frozenset({"05-03-missing", "07-03-rights"})

INFO_LABELS: Mapping[str, str] = {
    "device_type": "Appareil",
    "brand": "Marque",
    "model": "Modèle",
    "location": "Lieu",
    "software": "Logiciel",
    "os": "Système",
    "error_message": "Message d'erreur",
    "onset": "Début",
    "frequency": "Fréquence",
    "recent_changes": "Modifications récentes",
    "affected": "Personnes touchées",
}
"""French labels of ``extracted_info`` in a description."""

MISSING_LABELS: Mapping[str, str] = {
    "device_type": "appareil",
    "problem_type": "problème exact",
    "onset": "début",
    "location": "lieu",
    "error_message": "message d'erreur",
    "os": "système",
    "frequency": "fréquence",
    "recent_changes": "modifications récentes",
}
"""French words for ``missing_info`` in the private follow-up."""


def status_from_glpi(status: int) -> str:
    """Our status for GLPI's number; an unknown number is kept as ``glpi:<n>``, never guessed."""
    known = STATUS_FROM_GLPI.get(status)
    return known.value if known else f"glpi:{status}"


def priority_from_glpi(priority: int) -> Priority:
    """Our priority for GLPI's number: 1 reads as low, 6 as critical."""
    for ours, theirs in PRIORITY_TO_GLPI.items():
        if theirs == priority:
            return ours
    return Priority.LOW if priority < 2 else Priority.CRITICAL


def acceptable_email(address: str | None) -> str | None:
    """The address if GLPI would take it, else None: an invalid one refuses the whole ticket there."""
    return address if address and is_taken(address) else None


def glpi_category(code: str, categories: Mapping[str, Category]) -> int | None:
    """GLPI's id for a code: its own, else its parent's, else None (to be reported, never replaced)."""
    seen: Category | None = categories.get(code)
    while seen is not None:
        if seen.glpi_id is not None:
            return seen.glpi_id
        seen = categories.get(seen.parent) if seen.parent else None
    return None


def ticket_type(ticket: Ticket) -> int:
    """GLPI's type: a request for what spec section 3.2 calls low, an installation or rights; else an incident."""
    asks = ticket.subcategory in _REQUEST_LEAVES or ticket.priority is Priority.LOW
    return REQUEST if asks and ticket.ready_for_l1 else INCIDENT


def description(session: Session, contact: str | None = None) -> str:
    """The ticket's description as plain text: the message, the answers, what was understood."""
    parts = [_conversation(session)]
    if session.draft and session.draft.symptoms:
        parts.append("Symptômes :\n" + "\n".join(f"- {symptom}" for symptom in session.draft.symptoms))
    if session.draft and session.draft.extracted_info:
        found = session.draft.extracted_info
        lines = [f"- {label} : {found[key]}" for key, label in INFO_LABELS.items() if key in found]
        parts.append("Informations relevées :\n" + "\n".join(lines))
    if session.draft and session.draft.other_problems:
        parts.append("Autres problèmes signalés :\n" + "\n".join(f"- {text}" for text in session.draft.other_problems))
    if contact:
        parts.append(f"À contacter : {contact}")
    return "\n\n".join(part for part in parts if part)


def _conversation(session: Session) -> str:
    lines: list[str] = []
    for turn in session.turns:
        mark = "" if not lines else ("Question : " if turn.author == "guichet" else "Réponse : ")
        lines.append(mark + turn.text)
    return "\n".join(lines)


def to_html(text: str) -> str:
    """People's text as HTML that shows exactly that text."""
    return html.escape(text, quote=True).replace("\r\n", "\n").replace("\n", "<br>")


def reference(key: str) -> str:
    """The line that carries the unique key; survives GLPI 10's encoding and HTML editing."""
    return f"<br><br>Réf. {key}"


def ticket_input(
    ticket: Ticket,
    *,
    key: str,
    category_id: int | None,
    requester_id: int | None,
    requester_email: str | None,
    entity: int | None = None,
    source: int | None = None,
    group: int | None = None,
    zone_offset: timedelta | None = None,
) -> TicketInput:
    """Our ticket as GLPI wants it.

    Args:
        ticket: Ours.
        key: The outbox entry's unique key.
        category_id: GLPI's category, None when unmapped.
        requester_id: GLPI's user, None when the address is not known there.
        requester_email: For an e-mail-only requester.
        entity: GLPI's entity id.
        source: GLPI's request source id.
        group: Group to assign, for an escalation.
        zone_offset: Server zone's offset from UTC; when given, the ticket keeps its own opening time.
    """
    glpi_priority = PRIORITY_TO_GLPI[ticket.priority]
    text = f"{ticket.description}\n\nTicket {ticket.ticket_number}"
    if ticket.requester and requester_id is None and requester_email is None:
        text += f"\nDemandeur (adresse non reconnue) : {ticket.requester}"
    opened = (ticket.created_at + zone_offset).strftime("%Y-%m-%d %H:%M:%S") if zone_offset is not None else None
    return TicketInput(
        name=" ".join(ticket.title.split()),
        content=to_html(text) + reference(key),
        type=ticket_type(ticket),
        # NOTE: equal urgency and impact give that priority in GLPI's default matrix (10, 11).
        urgency=glpi_priority,
        impact=glpi_priority,
        key=key,
        itilcategories_id=category_id or 0,
        entities_id=entity,
        requesttypes_id=source,
        requester_id=requester_id,
        requester_email=requester_email,
        assigned_group_id=group,
        date=opened,
    )


def ai_followup(ticket: Ticket, categories: Mapping[str, Category], key: str) -> str:
    """The private follow-up « Analyse IA » as HTML."""
    lines = [
        f"Analyse IA : confiance {round(ticket.confidence * 100)} %, moteur {ticket.engine} {ticket.engine_version}"
    ]
    if ticket.proposed_category:
        node = categories.get(ticket.proposed_category)
        lines.append(f"Catégorie proposée : {ticket.proposed_category} {node.name if node else ''}".rstrip())
    else:
        lines.append(f"Catégorie : {ticket.subcategory or ticket.category} · validation : {ticket.validation_method}")
    if ticket.symptoms:
        lines.append("Symptômes : " + " ; ".join(ticket.symptoms))
    found = [f"{label} : {ticket.extracted_info[k]}" for k, label in INFO_LABELS.items() if k in ticket.extracted_info]
    if found:
        lines.append("Informations extraites : " + " ; ".join(found))
    if ticket.missing_info:
        lines.append("Informations manquantes : " + ", ".join(MISSING_LABELS.get(k, k) for k in ticket.missing_info))
    return to_html("\n".join(lines)) + reference(key)
