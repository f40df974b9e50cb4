"""Sessions and tickets for the tests of the store, complete and valid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from data.records import (
    Action,
    Draft,
    Priority,
    Question,
    Session,
    Stage,
    Ticket,
    Turn,
    ValidationMethod,
)

START = datetime(2026, 11, 22, 14, 30, 0, 250_000, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **time: float) -> datetime:
        """``forward(minutes=31)``"""
        self.at += timedelta(**time)
        return self.at


def make_session(session_id: str = "s-1", **changes: Any) -> Session:
    """A session with a summary that waits for its confirmation."""
    session = Session(
        id=session_id,
        created_at=START,
        expires_at=START + timedelta(minutes=30),
        stage=Stage.VALIDATING,
        turns=(
            Turn("requester", "Mon imprimante HP du bureau 301 ne fonctionne plus", START),
            Turn("guichet", "Depuis quand ?", START + timedelta(seconds=2), "onset"),
        ),
        draft=Draft(
            category="04-hardware",
            subcategory="04-04-printer",
            confidence=0.95,
            priority=Priority.MEDIUM,
            title="Imprimante HP du bureau 301 en panne",
            symptoms=("ne fonctionne plus", "voyant rouge"),
            extracted_info={"device_type": "imprimante", "location": "bureau 301"},
            missing_info=("onset",),
            questions=(Question("onset", "Depuis quand ?", ("hier", "ce matin")),),
            other_problems=("l'écran clignote",),
            engine="local",
            engine_version="1",
            duration_ms=3.5,
        ),
        action=Action.AUTO_VALIDATE,
        device="K07",
        requester_email="jeanne.martin@example.org",
    )
    return replace(session, **changes)


def make_ticket(session: Session, **changes: Any) -> Ticket:
    """The ticket of a session, without its number."""
    assert session.draft is not None
    ticket = Ticket(
        ticket_number="",
        session_id=session.id,
        title=session.draft.title,
        description=f"Le demandeur a écrit : {session.message}",
        user_message=session.message,
        category=session.draft.category,
        subcategory=session.draft.subcategory,
        priority=session.draft.priority,
        status="open",
        requester=session.requester_email,
        confidence=session.draft.confidence,
        symptoms=session.draft.symptoms,
        extracted_info=session.draft.extracted_info,
        missing_info=session.draft.missing_info,
        validation_method=ValidationMethod.AUTO_VALIDATE,
        modified=False,
        engine=session.draft.engine,
        engine_version=session.draft.engine_version,
        ready_for_l1=True,
        identified_by="typed",
        created_at=START,
        updated_at=START,
    )
    return replace(ticket, **changes)
