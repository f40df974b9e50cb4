"""Answers and what stands in the field: nothing is taken for an answer that is none, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.events import Paste

from data.records import Question
from tests.tui import reading
from tests.tui.conftest import Counter, at_the_counter, panel, reads, receipt, say, until, words
from tests.tui.reading import PRINTER, UNSURE, VAGUE
from tui.screens.intake import IntakeScreen
from tui.widgets.sync_badge import DeliveryState, badge_words


async def test_a_digit_that_stands_before_no_answer_is_none(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, VAGUE)
        await panel(pilot, "clarification")
        await pilot.press("9", "enter")
        await reads(pilot, "Choisissez un chiffre de 1 à 3, ou répondez", "Question 1 sur 3", "▶ Un chiffre de 1 à 3")
        await pilot.press("2")
        await reads(pilot, "Question 2 sur 3")
        await pilot.press("9", "enter")
        await reads(pilot, "Question 3 sur 3")
        await say(pilot, " 2")
        await panel(pilot, "summary")
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen) and screen.session is not None
        said = [turn.text for turn in screen.session.turns if turn.author == "requester"]
        assert said == [VAGUE, "Imprimante", "9", "Depuis hier"]


async def test_a_single_ready_answer_is_not_called_a_range(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "QUESTIONS", (Question("location", "Où se situe-t-il\u00a0?", ("Je ne sais pas",)),))
    async with at_the_counter(counter) as pilot:
        await say(pilot, UNSURE)
        await panel(pilot, "clarification")
        await reads(pilot, "Le chiffre 1, ou votre réponse puis Entrée")
        await pilot.press("4", "enter")
        await reads(pilot, "Tapez 1, ou répondez avec vos mots.")


async def test_a_human_called_at_the_last_question_gets_all_answers(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, VAGUE)
        await panel(pilot, "clarification")
        await pilot.press("2")
        await reads(pilot, "Question 2 sur 3")
        await say(pilot, "le bac est coincé")
        await reads(pilot, "Question 3 sur 3")
        await pilot.press(*"lundi", "f8")
        await receipt(pilot)
        assert counter.engine is not None
        (ticket,) = counter.engine.tickets()
        for said in (VAGUE, "Imprimante", "le bac est coincé", "lundi"):
            assert said in ticket.description


async def test_the_end_of_a_long_paste_is_in_sight(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        pilot.app.screen.post_message(Paste("début " + "x" * 200 + " fin"))
        await reads(pilot, "xx fin")
        assert "début" not in words(pilot)


async def test_spaces_alone_do_not_hide_what_to_write(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await pilot.press("space", "space", "space", "enter")
        await reads(pilot, "écrivez ce qui ne va pas", "Écrivez ici, puis Entrée")


async def test_every_way_out_works_with_the_mouse(counter: Counter) -> None:
    counter.human_delay_s = 60.0
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await pilot.click("#do-human")
        await panel(pilot, "human")
        await pilot.click("#keys #do-back")
        await until(pilot, lambda: not pilot.app.screen.query("#human"))
        await pilot.click("#do-modify")
        await panel(pilot, "form")
        await pilot.click("#form #do-back")
        await panel(pilot, "summary")
        await pilot.click("#do-refuse")
        await panel(pilot, "clarification")
        await pilot.click("#do-reset")
        await panel(pilot, "greeting")
        await pilot.click("#do-quit")
        await until(pilot, lambda: not pilot.app.is_running)
        assert pilot.app.return_code == 0


def test_a_young_age_is_said_without_a_number() -> None:
    waiting = DeliveryState(enabled=True, known=True, waiting=1)
    assert badge_words(waiting)[1] == "1 en attente, depuis un instant"
    assert badge_words(replace(waiting, oldest_s=59.0))[1] == "1 en attente, depuis un instant"
    assert badge_words(replace(waiting, oldest_s=60.0))[1] == "1 en attente, le plus ancien\u00a0: 1\u00a0min"
