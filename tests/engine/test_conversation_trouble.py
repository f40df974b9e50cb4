"""The conversation after a restart, an expiry, a wrong clock: over a real database and the embedded triage."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from data.records import Draft, Priority, SessionStatus, Stage, Turn
from engine.engine import Engine
from engine.errors import SessionExpired
from engine.events import SessionChanged
from tests.engine.test_conversation import PRINTER, engine, said
from tests.journeys.conftest import Clock, clock, conversation, open_counter

__all__ = ["clock", "engine"]

FIRST, SECOND = "Azerty!42xy", "Qwerty!43zz"


async def test_after_a_restart_another_secret_gets_another_placeholder(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    session = await said(engine, f"mon mdp: {FIRST}")
    again = open_counter(tmp_path / "db" / "guichet.db", clock, lambda: None, sleep=clock.sleep)
    events = await conversation(again.answer(session.id, [("free", f"non, mon mdp: {SECOND}")]))
    child = next(event.session for event in events if isinstance(event, SessionChanged))
    assert [turn.text.count("[MOT-DE-PASSE-1]") for turn in child.turns if turn.author == "requester"] == [1, 0]
    assert "[MOT-DE-PASSE-2]" in child.turns[-1].text
    await again.aclose()


async def test_the_secrets_of_a_conversation_that_is_over_are_forgotten(engine: Engine, clock: Clock) -> None:
    for end in ("abandoned", "confirmed", "expired"):
        session = await said(engine, f"{PRINTER}, mon mdp: {FIRST}")
        assert FIRST in engine._masks[session.id].map.values()
        if end == "abandoned":
            engine.abandon(session.id)
        elif end == "confirmed":
            engine.confirm(session.id)
        else:
            clock.at += timedelta(minutes=31)
            with pytest.raises(SessionExpired):
                engine.confirm(session.id)
    with pytest.raises(SessionExpired):
        await conversation(engine.reply(session.id, f"oui, mon mdp: {SECOND}"))
    assert engine._masks == {}


async def test_a_secret_in_how_to_reach_somebody_is_not_stored(engine: Engine, tmp_path: Path) -> None:
    ticket = engine.ask_human(engine.begin().id, contact=f"poste 4512, mon mdp: {FIRST}").ticket
    assert "poste 4512" in ticket.description
    assert all(FIRST.encode() not in path.read_bytes() for path in (tmp_path / "db").iterdir() if path.is_file())


async def test_an_address_brings_no_escape_sequence_along(engine: Engine) -> None:
    assert engine.begin(requester_email="\x1b[2Jmarie@exemple.fr\n").requester_email == "marie@exemple.fr"
    nobody = engine.begin(requester_email="\x1b[2J ", identified_by="typed")
    assert (nobody.requester_email, nobody.identified_by) == (None, "none")


async def test_how_a_conversation_ended_is_in_the_event_log(engine: Engine, clock: Clock) -> None:
    left, late = await said(engine, PRINTER), await said(engine, PRINTER)
    engine.abandon(left.id)
    clock.at += timedelta(minutes=31)
    with pytest.raises(SessionExpired):
        engine.confirm(late.id)
    ended = [(event.name, event.session_id) for event in engine._store.events() if event.name.startswith("SESSION_")]
    assert ended == [("SESSION_ABANDONED", left.id), ("SESSION_EXPIRED", late.id)]
    assert PRINTER not in json.dumps([dict(event.values) for event in engine._store.events()])


async def test_an_escalation_does_not_forget_that_a_triage_said_critical(engine: Engine, clock: Clock) -> None:
    """The first round said so, the last one, which reads « je ne sais pas », does not."""
    draft = Draft("08-security", None, 0.5, Priority.CRITICAL, "Rançongiciel")
    turns = (Turn("requester", "Tous nos fichiers sont chiffrés", clock()),)
    begun = engine.begin()
    parent = replace(
        begun, id=str(uuid.uuid4()), stage=Stage.REPLACED, status=SessionStatus.INVALIDATED, turns=turns, draft=draft
    )
    child = replace(
        begun, id=str(uuid.uuid4()), stage=Stage.CLARIFYING, turns=turns, parent_id=parent.id,
        draft=replace(draft, priority=Priority.LOW),
    )  # fmt: skip
    for session in (parent, child):
        engine._store.save_session(session)
    assert engine.ask_human(child.id).ticket.priority is Priority.CRITICAL


async def test_a_clock_that_ran_ahead_refuses_nobody_afterwards(engine: Engine, clock: Clock) -> None:
    kiosk = Engine(
        engine.config, engine._store, engine._cascade, engine._delivery, device="k1", is_limited=True, now=clock
    )
    clock.at += timedelta(days=400)
    for _ in range(10):
        await said(kiosk, PRINTER)
    clock.at -= timedelta(days=400)
    assert (await said(kiosk, PRINTER)).stage is Stage.VALIDATING
