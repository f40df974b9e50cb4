"""The rules of the conversation, over a real database and the embedded triage."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from data.records import Category, Draft, Priority, Session, SessionStatus, Stage, Turn
from engine.engine import Engine
from engine.errors import IllegalStep, InvalidInput, RateLimited, SessionExpired, SessionNotFound
from engine.events import ReplyUnclear, SecretsMasked, SessionChanged, TicketCreated
from engine.triage.contract import Context, Triage
from tests.journeys.conftest import Clock, clock, conversation, open_counter

__all__ = ["clock"]

PRINTER = "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant rouge clignote"


@pytest_asyncio.fixture
async def engine(tmp_path: Path, clock: Clock) -> AsyncIterator[Engine]:
    opened = open_counter(tmp_path / "db" / "guichet.db", clock, lambda: None, sleep=clock.sleep)
    yield opened
    await opened.aclose()


async def said(engine: Engine, text: str, **who: str) -> Session:
    session = engine.begin(**who)
    await conversation(engine.say(session.id, text))
    return engine.session(session.id)


async def test_a_message_goes_through_triage_to_a_summary_and_both_are_told(engine: Engine) -> None:
    session = engine.begin()
    events = await conversation(engine.say(session.id, PRINTER))
    assert [event.session.stage for event in events if isinstance(event, SessionChanged)] == [
        Stage.TRIAGING, Stage.VALIDATING,
    ]  # fmt: skip


async def test_a_ticket_is_never_made_without_a_yes(engine: Engine) -> None:
    await said(engine, PRINTER)
    assert engine.tickets() == []


@pytest.mark.parametrize(("text", "reason"), [("", "empty"), ("\x1b[2J\x00", "empty"), ("x" * 100_001, "too_long")])
async def test_what_is_no_message_is_refused_and_the_session_waits(engine: Engine, text: str, reason: str) -> None:
    session = engine.begin()
    with pytest.raises(InvalidInput) as refused:
        await conversation(engine.say(session.id, text))
    assert refused.value.reason == reason
    assert engine.session(session.id).stage is Stage.DESCRIBING


async def test_a_secret_is_told_and_never_stored(engine: Engine, tmp_path: Path) -> None:
    session = engine.begin()
    events = await conversation(engine.say(session.id, "Mon mot de passe est Azerty!42xy et mon PC est lent"))
    assert isinstance(events[0], SecretsMasked)
    assert "[MOT-DE-PASSE-1]" in engine.session(session.id).message
    assert all(b"Azerty!42xy" not in path.read_bytes() for path in (tmp_path / "db").iterdir() if path.is_file())


async def test_the_same_secret_keeps_its_placeholder_in_the_next_round(engine: Engine) -> None:
    session = engine.begin()
    await conversation(engine.say(session.id, "mon mdp: Azerty!42xy"))
    events = await conversation(engine.answer(session.id, [("free", "je répète, mon mdp: Azerty!42xy")]))
    child = next(event.session for event in events if isinstance(event, SessionChanged))
    assert child.turns[-1].text.count("[MOT-DE-PASSE-1]") == 1


async def test_a_session_expires_after_thirty_minutes_and_says_so(engine: Engine, clock: Clock) -> None:
    session = await said(engine, PRINTER)
    clock.at += timedelta(minutes=30)
    with pytest.raises(SessionExpired):
        engine.confirm(session.id)
    assert engine.session(session.id).status is SessionStatus.EXPIRED
    assert engine.tickets() == []
    with pytest.raises(SessionExpired):
        engine.open_form(session.id)


async def test_a_confirmed_session_answers_the_same_also_after_its_time(engine: Engine, clock: Clock) -> None:
    session = await said(engine, PRINTER)
    first = engine.confirm(session.id)
    clock.at += timedelta(hours=2)
    again = engine.confirm(session.id)
    assert (again.ticket, again.already_used) == (first.ticket, True)


async def test_a_child_has_half_an_hour_of_its_own(engine: Engine, clock: Clock) -> None:
    session = await said(engine, "Ça ne marche pas")
    clock.at += timedelta(minutes=29)
    events = await conversation(engine.answer(session.id, [("free", "Mon ordinateur est très lent")]))
    child = [event.session for event in events if isinstance(event, SessionChanged)][-1]
    clock.at += timedelta(minutes=29)
    assert engine.confirm(child.id).ticket.validation_method == "clarified"
    assert engine.session(session.id).status is SessionStatus.TOO_VAGUE


async def test_typed_replies_confirm_refuse_change_or_ask_again(engine: Engine) -> None:
    session = await said(engine, PRINTER)
    (unclear,) = await conversation(engine.reply(session.id, "pourquoi une imprimante ?"))
    assert isinstance(unclear, ReplyUnclear)
    (form,) = await conversation(engine.reply(session.id, "ok mais change le titre"))
    assert isinstance(form, SessionChanged)
    assert form.session.stage is Stage.EDITING
    engine.close_form(session.id)
    (asked,) = await conversation(engine.reply(session.id, "non"))
    assert isinstance(asked, SessionChanged)
    assert asked.session.draft is not None
    assert [question.key for question in asked.session.draft.questions] == ["refusal"]
    assert engine.tickets() == []


async def test_an_edit_changes_title_and_symptoms_and_nothing_else(engine: Engine) -> None:
    session = await said(engine, PRINTER)
    assert session.draft is not None
    hostile = "Priorité critique, catégorie 08-security, confiance 1.0"
    ticket = engine.edit(session.id, hostile, ["tout est en feu", "  "]).ticket
    assert (ticket.title, ticket.symptoms, ticket.modified) == (hostile, ("tout est en feu",), True)
    assert (ticket.category, ticket.priority, ticket.confidence) == (
        session.draft.category, session.draft.priority, session.draft.confidence,
    )  # fmt: skip


@pytest.mark.parametrize(("title", "reason"), [("  ", "title_empty"), ("x" * 201, "title_too_long")])
async def test_a_bad_title_is_refused_and_the_draft_stays(engine: Engine, title: str, reason: str) -> None:
    session = await said(engine, PRINTER)
    with pytest.raises(InvalidInput) as refused:
        engine.edit(session.id, title, [])
    assert refused.value.reason == reason
    assert engine.session(session.id).draft == session.draft


async def test_a_human_can_be_called_at_every_stage(engine: Engine) -> None:
    for text in ("Ça ne marche pas", "Mon PC est lent", PRINTER):
        session = await said(engine, text)
        ticket = engine.ask_human(session.id).ticket
        assert (ticket.category, ticket.priority, ticket.ready_for_l1) == ("99-non-cat", Priority.HIGH, False)
        assert text in ticket.description


async def test_a_known_category_is_proposed_to_the_technician(engine: Engine) -> None:
    session = await said(engine, PRINTER)
    assert engine.ask_human(session.id).ticket.proposed_category == "04-04-printer"


async def test_a_human_without_a_word_needs_a_contact(engine: Engine) -> None:
    session = engine.begin()
    with pytest.raises(InvalidInput) as refused:
        engine.ask_human(session.id)
    assert refused.value.reason == "no_contact"
    ticket = engine.ask_human(session.id, contact="poste 4512").ticket
    assert (ticket.title, ticket.requester) == ("Demande d'un technicien", None)
    assert "poste 4512" in ticket.description


async def test_an_unknown_session_is_said_to_be_unknown(engine: Engine) -> None:
    with pytest.raises(SessionNotFound):
        engine.confirm("nope")


async def test_a_summary_cannot_be_confirmed_before_there_is_one(engine: Engine) -> None:
    session = await said(engine, "Ça ne marche pas")
    with pytest.raises(IllegalStep):
        engine.confirm(session.id)
    assert engine.tickets() == []


async def test_a_kiosk_has_its_limits_and_a_technician_has_not(tmp_path: Path, clock: Clock, engine: Engine) -> None:
    kiosk = Engine(
        engine.config, engine._store, engine._cascade, engine._delivery, device="k1", is_limited=True, now=clock
    )
    for _ in range(10):
        await said(kiosk, PRINTER)
    session = kiosk.begin()
    with pytest.raises(RateLimited):
        await conversation(kiosk.say(session.id, PRINTER))
    assert kiosk.session(session.id).stage is Stage.DESCRIBING
    await said(engine, PRINTER)
    clock.at += timedelta(seconds=61)
    await conversation(kiosk.say(session.id, PRINTER))
    for _ in range(6):
        kiosk.ask_human(kiosk.begin().id, contact="poste 1")
    with pytest.raises(RateLimited):
        kiosk.ask_human(session.id)
    assert kiosk.session(session.id).stage is Stage.VALIDATING


class SlowTriage:
    """An engine that answers when told to."""

    name, version = "slow", "1"

    def __init__(self) -> None:
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def triage(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        self.asked.set()
        await self.answer.wait()
        return Triage("04-hardware", None, 0.9, Priority.LOW, "Trop tard")

    async def aclose(self) -> None:
        """Nothing to close."""


async def test_a_result_that_comes_after_the_person_left_is_dropped(engine: Engine, clock: Clock) -> None:
    slow = SlowTriage()
    late = Engine(engine.config, engine._store, slow, engine._delivery, device="k1", now=clock)  # type: ignore[arg-type]
    session = late.begin()
    task = asyncio.ensure_future(conversation(late.say(session.id, "Mon PC est lent")))
    await slow.asked.wait()
    late.abandon(session.id)
    slow.answer.set()
    events = await task
    assert [type(event) for event in events] == [SessionChanged]
    stored = late.session(session.id)
    assert (stored.stage, stored.reason, stored.draft) == (Stage.ABANDONED, "abandoned", None)
    assert [event.name for event in late._store.events("ANALYSIS_DROPPED")] == ["ANALYSIS_DROPPED"]


async def test_the_event_log_has_no_word_of_what_was_said(engine: Engine) -> None:
    session = await said(engine, PRINTER, requester_email="marie.dupont@exemple.fr")
    engine.confirm(session.id)
    logged = json.dumps([dict(event.values) for event in engine._store.events()], default=str)
    assert "imprimante" not in logged.lower()
    assert "dupont" not in logged


async def test_two_tabs_answering_the_same_question_open_one_child(engine: Engine) -> None:
    session = await said(engine, "Ça ne marche pas")
    await conversation(engine.answer(session.id, [("free", "Mon PC est lent")]))
    with pytest.raises(IllegalStep):
        await conversation(engine.answer(session.id, [("free", "Mon PC est lent")]))


async def test_a_session_in_triage_can_be_left_by_closing_the_generator(engine: Engine, clock: Clock) -> None:
    slow = SlowTriage()
    late = Engine(engine.config, engine._store, slow, engine._delivery, device="k1", now=clock)  # type: ignore[arg-type]
    session = late.begin()
    async with aclosing(late.say(session.id, "Mon PC est lent")) as events:
        first = await anext(events)
    assert isinstance(first, SessionChanged)
    assert late.session(session.id).stage is Stage.TRIAGING


async def test_after_three_rounds_a_refused_summary_calls_a_human(engine: Engine, clock: Clock) -> None:
    draft = Draft("04-hardware", None, 0.9, Priority.LOW, "PC lent")
    session = replace(
        engine.begin(), id=str(uuid.uuid4()), stage=Stage.VALIDATING, attempts=3, draft=draft,
        turns=(Turn("requester", "Mon PC est lent", clock()),),
    )  # fmt: skip
    engine._store.save_session(session)
    outcome = engine.refuse(session.id)
    assert isinstance(outcome, TicketCreated)
    assert outcome.ticket.ready_for_l1 is False


async def test_what_was_said_with_a_no_is_part_of_the_conversation(engine: Engine) -> None:
    session = await said(engine, PRINTER)
    await conversation(engine.reply(session.id, "non, c'est le scanner de la salle 12"))
    assert "le scanner de la salle 12" in engine.ask_human(session.id).ticket.description


async def test_a_triage_cut_short_by_a_kill_can_be_taken_up(engine: Engine, clock: Clock) -> None:
    slow = SlowTriage()
    killed = Engine(engine.config, engine._store, slow, engine._delivery, device="k1", now=clock)  # type: ignore[arg-type]
    session = killed.begin()
    async with aclosing(killed.say(session.id, PRINTER)) as events:
        await anext(events)
    outcome = (await conversation(engine.resume(session.id)))[-1]
    assert isinstance(outcome, SessionChanged)
    assert outcome.session.stage is Stage.VALIDATING
    assert await conversation(engine.resume(session.id)) == []


async def test_a_no_that_says_why_is_read_at_once(engine: Engine) -> None:
    session = await said(engine, PRINTER)
    events = await conversation(engine.reply(session.id, "non pas l'imprimante, c'est mon écran qui clignote"))
    after = events[-1]
    assert isinstance(after, SessionChanged)
    assert after.session.attempts == 1
    assert after.session.parent_id == session.id
    assert after.session.draft is not None
    assert after.session.turns[-1].text == "non pas l'imprimante, c'est mon écran qui clignote"


async def test_a_bare_no_asks_what_is_wrong(engine: Engine) -> None:
    session = await said(engine, PRINTER)
    after = (await conversation(engine.reply(session.id, "non pas du tout")))[-1]
    assert isinstance(after, SessionChanged)
    assert after.session.stage is Stage.CLARIFYING
    assert after.session.draft is not None
    assert [question.key for question in after.session.draft.questions] == ["refusal"]


def test_what_the_first_reply_waits_for_is_read_when_the_counter_is_prepared() -> None:
    """In a process of its own: the lexicon of replies takes a tenth of a second to read."""
    code = (
        "import asyncio; from types import SimpleNamespace; from engine import intent\n"
        "from engine.engine import Engine\n"
        "class Ready:\n"
        "    async def prepare(self): pass\n"
        "asyncio.run(Engine.prepare(SimpleNamespace(_cascade=Ready())))\n"
        "print(intent._words.cache_info().currsize)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "1"
