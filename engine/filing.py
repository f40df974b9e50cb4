"""A session at its end becomes a ticket: pure functions, nothing is stored here."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from data.records import UNCATEGORISED, Priority, Session, Stage, Ticket, TicketStatus, ValidationMethod
from engine.translate import description

NO_WORDS_TITLE = "Demande d'un technicien"
PROPOSAL_FLOOR = 0.60
"""From this confidence on, an escalation proposes the category it would have had (spec section 1)."""


def new_key() -> str:
    """A key no other entry has: ``KSK-`` and 26 characters, which GLPI 10's encoding leaves alone."""
    return "KSK-" + base64.b32encode(secrets.token_bytes(20)).decode()[:26]


def ticket_from(session: Session, now: datetime, contact: str | None = None) -> Ticket:
    """The ticket of a confirmed or escalated session; its number is given by the store.

    Args:
        session: In stage CONFIRMED or ESCALATED.
        now: Creation time, UTC.
        contact: How to reach the requester, when it is not an e-mail address.
    """
    escalated = session.stage is Stage.ESCALATED
    draft = session.draft
    sure = draft is not None and draft.confidence >= PROPOSAL_FLOOR and draft.category != UNCATEGORISED
    return Ticket(
        ticket_number="",
        session_id=session.id,
        title=_title(session),
        description=description(session, contact),
        user_message=session.message,
        category=UNCATEGORISED if escalated or draft is None else draft.category,
        subcategory=None if escalated or draft is None else draft.subcategory,
        priority=_escalated_priority(session) if escalated or draft is None else draft.priority,
        status=TicketStatus.OPEN.value,
        requester=session.requester_email,
        confidence=draft.confidence if draft else 0.0,
        symptoms=draft.symptoms if draft else (),
        extracted_info=draft.extracted_info if draft else {},
        missing_info=draft.missing_info if draft else (),
        validation_method=_method(session),
        modified=session.modified,
        engine=draft.engine if draft else "none",
        engine_version=draft.engine_version if draft else "",
        ready_for_l1=not escalated,
        identified_by=session.identified_by,
        created_at=now,
        updated_at=now,
        proposed_category=(draft.subcategory or draft.category) if escalated and draft and sure else None,
    )


def _title(session: Session) -> str:
    return session.draft.title if session.draft and session.draft.title else NO_WORDS_TITLE


def _escalated_priority(session: Session) -> Priority:
    critical = session.draft is not None and session.draft.priority is Priority.CRITICAL
    return Priority.CRITICAL if critical else Priority.HIGH


def _method(session: Session) -> ValidationMethod:
    if session.stage is Stage.ESCALATED:
        return ValidationMethod.ESCALATED
    if session.attempts > 0:
        return ValidationMethod.CLARIFIED
    return ValidationMethod(str(session.action))
