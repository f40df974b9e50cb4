"""The whole table: every stage with every event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from data.records import UNCATEGORISED, Action, Draft, Priority, Question, Session, SessionStatus, Stage
from engine import workflow as w

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RULES = w.Rules()


def draft(confidence: float = 0.9, category: str = "04-hardware") -> Draft:
    return Draft(category, None, confidence, Priority.MEDIUM, "PC lent", symptoms=("lent",), questions=(ASKED,))


ASKED = Question("onset", "Depuis quand ?", ("Ce matin",))
EVENTS = [
    w.Said("mon pc", NOW),
    w.Triaged(draft(), NOW),
    w.Answered((("onset", "hier"),), "child", NOW),
    w.Confirmed(NOW),
    w.EditOpened(NOW),
    w.Edited("Titre", ("a",), NOW),
    w.EditCancelled(NOW),
    w.Refused(Question("refusal", "Qu'est-ce qui ne va pas ?"), NOW),
    w.HumanAsked(NOW),
    w.Abandoned(NOW),
    w.Expired(NOW),
]
LEGAL = {
    Stage.DESCRIBING: {"Said": Stage.TRIAGING},
    Stage.TRIAGING: {"Triaged": Stage.VALIDATING},
    Stage.CLARIFYING: {"Answered": Stage.REPLACED},
    Stage.VALIDATING: {"Confirmed": Stage.CONFIRMED, "EditOpened": Stage.EDITING, "Refused": Stage.CLARIFYING},
    Stage.REVIEWING: {"Confirmed": Stage.CONFIRMED, "EditOpened": Stage.EDITING, "Refused": Stage.CLARIFYING},
    Stage.EDITING: {"Edited": Stage.CONFIRMED, "EditCancelled": Stage.VALIDATING},
}
EVERYWHERE = {"HumanAsked": Stage.ESCALATED, "Abandoned": Stage.ABANDONED, "Expired": Stage.EXPIRED}


def session(stage: Stage, **changes: object) -> Session:
    base = Session("s1", NOW, NOW + w.LIFETIME, stage, draft=draft(), action=Action.AUTO_VALIDATE)
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_each_stage_with_each_event_leads_where_the_table_says_or_is_refused(stage: Stage, event: w.Event) -> None:
    expected = {**LEGAL.get(stage, {}), **(EVERYWHERE if not stage.is_final else {})}.get(type(event).__name__)
    before = session(stage)
    if expected is None:
        with pytest.raises(w.IllegalEvent):
            w.step(before, event, RULES)
    else:
        assert w.step(before, event, RULES).session.stage is expected
    assert before == session(stage)


@pytest.mark.parametrize(
    ("confidence", "action", "stage"),
    [
        (1.0, Action.AUTO_VALIDATE, Stage.VALIDATING),
        (0.85, Action.AUTO_VALIDATE, Stage.VALIDATING),
        (0.8499, Action.CONFIRM_SUMMARY, Stage.REVIEWING),
        (0.60, Action.CONFIRM_SUMMARY, Stage.REVIEWING),
        (0.5999, Action.ASK_CLARIFICATION, Stage.CLARIFYING),
        (0.30, Action.ASK_CLARIFICATION, Stage.CLARIFYING),
        (0.2999, Action.TOO_VAGUE, Stage.CLARIFYING),
        (0.0, Action.TOO_VAGUE, Stage.CLARIFYING),
    ],
)
def test_the_confidence_chooses_the_action(confidence: float, action: Action, stage: Stage) -> None:
    after = w.step(session(Stage.TRIAGING), w.Triaged(draft(confidence), NOW), RULES).session
    assert (after.action, after.stage) == (action, stage)


def test_after_the_third_round_a_weak_triage_escalates_and_a_good_one_does_not() -> None:
    third = session(Stage.TRIAGING, attempts=3)
    weak = w.step(third, w.Triaged(draft(0.59), NOW), RULES).session
    assert (weak.stage, weak.action, weak.status) == (Stage.ESCALATED, Action.ESCALATE, SessionStatus.CONVERTED)
    assert w.step(third, w.Triaged(draft(0.60), NOW), RULES).session.stage is Stage.REVIEWING


def test_99_is_never_a_confident_answer() -> None:
    after = w.step(session(Stage.TRIAGING), w.Triaged(draft(0.95, UNCATEGORISED), NOW), RULES).session
    assert after.draft is not None
    assert after.draft.confidence < RULES.ask_clarification
    assert after.action is Action.TOO_VAGUE


def test_a_round_of_answers_opens_a_child_with_its_own_half_hour() -> None:
    later = NOW + timedelta(minutes=29)
    parent = session(Stage.CLARIFYING, action=Action.ASK_CLARIFICATION)
    taken = w.step(parent, w.Answered((("onset", "hier"),), "child", later), RULES)
    assert (taken.session.status, taken.session.reason) == (SessionStatus.INVALIDATED, "replaced")
    child = taken.child
    assert child is not None
    assert (child.id, child.parent_id, child.attempts) == ("child", "s1", 1)
    assert (child.stage, child.expires_at, child.status) == (Stage.TRIAGING, later + w.LIFETIME, SessionStatus.PENDING)
    assert [(turn.author, turn.text) for turn in child.turns] == [("guichet", "Depuis quand ?"), ("requester", "hier")]


def test_a_too_vague_session_keeps_that_word_when_its_child_opens() -> None:
    parent = session(Stage.CLARIFYING, action=Action.TOO_VAGUE)
    assert w.step(parent, w.Answered((("x", "y"),), "c", NOW), RULES).session.status is SessionStatus.TOO_VAGUE


def test_an_edit_changes_title_and_symptoms_and_nothing_else() -> None:
    before = session(Stage.EDITING)
    after = w.step(before, w.Edited("PC très lent depuis ce matin", ("lent",), NOW), RULES).session
    assert after.modified
    assert before.draft is not None
    assert after.draft == replace(before.draft, title="PC très lent depuis ce matin")


def test_an_unchanged_form_is_not_a_modification() -> None:
    assert not w.step(session(Stage.EDITING), w.Edited("PC lent", ("lent",), NOW), RULES).session.modified


def test_closing_the_form_goes_back_to_where_it_was_opened() -> None:
    reviewing = session(Stage.EDITING, action=Action.CONFIRM_SUMMARY)
    assert w.step(reviewing, w.EditCancelled(NOW), RULES).session.stage is Stage.REVIEWING


def test_a_refusal_asks_what_is_wrong_and_after_three_rounds_calls_a_human() -> None:
    refused = w.Refused(Question("refusal", "Qu'est-ce qui ne va pas ?"), NOW)
    asked = w.step(session(Stage.VALIDATING), refused, RULES).session
    assert asked.draft is not None
    assert [question.key for question in asked.draft.questions] == ["refusal"]
    assert w.step(session(Stage.VALIDATING, attempts=3), refused, RULES).session.stage is Stage.ESCALATED


@pytest.mark.parametrize("event", [w.Confirmed(NOW + w.LIFETIME), w.HumanAsked(NOW + w.LIFETIME)])
def test_a_late_event_expires_the_session_instead(event: w.Event) -> None:
    after = w.step(session(Stage.VALIDATING), event, RULES).session
    assert (after.stage, after.status) == (Stage.EXPIRED, SessionStatus.EXPIRED)
