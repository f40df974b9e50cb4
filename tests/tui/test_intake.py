"""The counter as a person meets it: what they press, what they read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual import events
from textual.widgets import TextArea

from engine import Engine, Priority, Stage, StoreUnavailable, ValidationMethod
from engine.config import TriageConfig
from tests.tui.conftest import Counter, at_the_counter, panel, reads, receipt, say, text_of, until, words
from tests.tui.reading import PAYROLL, PRINTER, SLOW, UNSURE, VAGUE
from tui.kiosk import KioskApp
from tui.screens.intake import IntakeScreen


async def test_an_empty_counter_greets_explains_and_says_that_an_ai_reads(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        seen = words(pilot)
        assert "Bonjour" in seen
        assert "Mon imprimante HP au bureau 301 ne fonctionne plus" in seen
        assert "Cet échange est analysé par une IA" in seen
        assert "F8" in seen and "Parler à un technicien" in seen
        assert "Ctrl-Q" in seen


async def test_a_sure_summary_is_confirmed_by_enter(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await reads(pilot, "sûr à 95\u00a0%", "Moyenne", "• voyant rouge clignote", "Analysé sur cet appareil")
        await pilot.press("enter")
        await receipt(pilot)
        await reads(pilot, "TKT-2026-00001")
        assert counter.engine is not None
        assert counter.engine.ticket("TKT-2026-00001").validation_method is ValidationMethod.AUTO_VALIDATE


async def test_enter_alone_does_not_confirm_a_summary_to_review(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, SLOW)
        await panel(pilot, "summary")
        await reads(pilot, "Est-ce bien un ordinateur très lent\u00a0?")
        await pilot.press("enter")
        await reads(pilot, "Choisissez")
        assert counter.engine is not None and counter.engine.tickets() == []
        await pilot.press("f2")
        await receipt(pilot)
        assert len(counter.engine.tickets()) == 1


async def test_an_arrow_then_enter_chooses_an_action(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, SLOW)
        await panel(pilot, "summary")
        await pilot.press("right", "enter")
        await receipt(pilot)


async def test_a_yes_in_words_confirms(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, SLOW)
        await panel(pilot, "summary")
        await say(pilot, "oui, c'est ça")
        await receipt(pilot)


async def test_a_doubt_in_words_asks_again_and_creates_nothing(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await say(pilot, "combien de temps ça prend ?")
        await reads(pilot, "Est-ce oui ou non")
        assert counter.engine is not None and counter.engine.tickets() == []
        await pilot.press(*"non", "enter")
        await panel(pilot, "clarification")
        await reads(pilot, "Qu'est-ce qui ne va pas")


async def test_the_form_changes_title_and_symptoms_and_shows_what_is_locked(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, SLOW)
        await panel(pilot, "summary")
        await pilot.press("f3")
        await panel(pilot, "form")
        await reads(pilot, "déterminées automatiquement et ne peuvent", "Haute")
        await pilot.press("end", *" depuis ce matin", "tab")
        assert isinstance(pilot.app.focused, TextArea)
        await pilot.press("end", "enter", *"bruyant", "f2")
        await receipt(pilot)
        assert counter.engine is not None
        (ticket,) = counter.engine.tickets()
        assert ticket.title == "PC lent depuis ce matin"
        assert ticket.symptoms == ("lent", "bruyant")
        assert ticket.modified and ticket.priority is Priority.HIGH


async def test_an_empty_title_is_said_and_the_form_stays(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, SLOW)
        await panel(pilot, "summary")
        await pilot.press("f3")
        await panel(pilot, "form")
        await pilot.press("ctrl+u", "f2")
        await reads(pilot, "Le titre est vide")
        await pilot.press("escape")
        await panel(pilot, "summary")
        assert counter.engine is not None and counter.engine.tickets() == []


async def test_questions_come_one_after_another_and_a_digit_answers(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, VAGUE)
        await panel(pilot, "clarification")
        await reads(pilot, "Tentative 1/3", "Question 1 sur 3", "trop vague")
        await pilot.press("1")
        await reads(pilot, "Question 2 sur 3")
        await say(pilot, "il est très lent")
        await reads(pilot, "Question 3 sur 3")
        await pilot.press("down", "down", "enter")
        await panel(pilot, "summary")
        assert counter.engine is not None
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen) and screen.session is not None
        said = [(turn.key, turn.text) for turn in screen.session.turns if turn.author == "requester"]
        assert said == [
            (None, VAGUE),
            ("device_type", "Ordinateur"),
            ("problem_type", "il est très lent"),
            ("onset", "Depuis hier"),
        ]


async def test_that_is_all_ends_the_round_early_but_not_before_an_answer(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, UNSURE)
        await panel(pilot, "clarification")
        await pilot.press("f5")
        await reads(pilot, "Répondez d'abord")
        await pilot.press("2", "f5")
        await panel(pilot, "summary")


async def test_an_answer_can_be_taken_back(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, UNSURE)
        await panel(pilot, "clarification")
        await pilot.press("1")
        await reads(pilot, "Question 2 sur 3")
        await pilot.press("escape")
        await reads(pilot, "Question 1 sur 3")


async def test_after_three_rounds_a_technician_takes_over(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, VAGUE)
        for attempt in (1, 2, 3):
            await panel(pilot, "clarification")
            await reads(pilot, f"Tentative {attempt}/3")
            await say(pilot, "Je ne sais pas")
            await reads(pilot, "Question 2")
            await pilot.press("f5")
        await receipt(pilot)
        assert counter.engine is not None
        (ticket,) = counter.engine.tickets()
        assert ticket.category == "99-non-cat" and ticket.priority is Priority.HIGH and not ticket.ready_for_l1
        await reads(pilot, "pas encore transmis", "01 23 45 67 89")


async def test_a_human_is_called_after_time_to_think_again(counter: Counter) -> None:
    counter.human_delay_s = 60.0
    async with at_the_counter(counter) as pilot:
        await say(pilot, SLOW)
        await panel(pilot, "summary")
        await pilot.press("f8")
        await panel(pilot, "human")
        await reads(pilot, "dans 60\u00a0s")
        await pilot.press("escape")
        await panel(pilot, "summary")
        assert counter.engine is not None and counter.engine.tickets() == []


async def test_a_call_taken_back_leaves_the_panel_as_it_was(counter: Counter) -> None:
    counter.human_delay_s = 60.0
    async with at_the_counter(counter) as pilot:
        await pilot.press(*"PC", "f8")
        await panel(pilot, "human")
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.screen.query("#human"))
        await reads(pilot, "Bonjour", "▶ PC")
        await pilot.press("backspace", "backspace")
        await say(pilot, UNSURE)
        await panel(pilot, "clarification")
        await pilot.press("1")
        await reads(pilot, "Question 2 sur 3")
        await pilot.press("f8")
        await panel(pilot, "human")
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.screen.query("#human"))
        await reads(pilot, "Question 2 sur 3", "C'est tout")


async def test_a_human_called_amid_questions_gets_the_answers(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, UNSURE)
        await panel(pilot, "clarification")
        await pilot.press("1")
        await reads(pilot, "Question 2 sur 3")
        await pilot.press("f8")
        await receipt(pilot)
        assert counter.engine is not None
        (ticket,) = counter.engine.tickets()
        assert "Ordinateur" in ticket.description and UNSURE in ticket.description


async def test_a_human_called_with_words_not_sent_yet_gets_them(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await pilot.press(*"Je suis perdu", "f8")
        await receipt(pilot)
        assert counter.engine is not None
        (ticket,) = counter.engine.tickets()
        assert ticket.validation_method is ValidationMethod.ESCALATED
        assert ticket.user_message == "Je suis perdu"


async def test_a_human_called_without_a_word_asks_for_a_contact(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await pilot.press("f8")
        await panel(pilot, "human")
        await pilot.press("enter")
        await reads(pilot, "Laissez un e-mail")
        await say(pilot, "06 11 22 33 44")
        await receipt(pilot)
        assert counter.engine is not None
        (ticket,) = counter.engine.tickets()
        assert "06 11 22 33 44" in ticket.description


async def test_too_many_calls_for_a_human_show_the_telephone(counter: Counter) -> None:
    counter.config = replace(counter.config, kiosk=replace(counter.config.kiosk, human_calls_per_hour=0))
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await pilot.press("f8")
        await reads(pilot, "Trop de demandes", "01 23 45 67 89")
        await panel(pilot, "summary")
        assert counter.engine is not None and counter.engine.tickets() == []


async def test_a_refused_call_with_words_not_sent_goes_on_with_them(counter: Counter) -> None:
    counter.config = replace(counter.config, kiosk=replace(counter.config.kiosk, human_calls_per_hour=0))
    async with at_the_counter(counter) as pilot:
        await pilot.press(*"PC lent", "f8")
        await panel(pilot, "summary")
        await reads(pilot, "Trop de demandes", "Est-ce bien un ordinateur très lent")
        assert counter.engine is not None and counter.engine.tickets() == []


async def test_a_bug_is_said_plainly_and_the_counter_goes_on(counter: Counter) -> None:
    counter.reader.bug = RuntimeError("words of a person")
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await reads(pilot, "Quelque chose s'est mal passé")
        assert "words of a person" not in words(pilot)
        counter.reader.bug = None
        await pilot.press("f9")
        await panel(pilot, "greeting")
        await say(pilot, PRINTER)
        await panel(pilot, "summary")


async def test_starting_over_leaves_nothing_of_the_last_person(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen) and screen.session is not None
        await pilot.press(*"attendez", "f9")
        await until(pilot, lambda: pilot.app.screen is not screen and "Bonjour" in words(pilot))
        assert "301" not in words(pilot).replace("bureau 301 ne fonctionne plus\u00a0»", "")
        assert "attendez" not in words(pilot)
        assert counter.engine is not None
        assert counter.engine.session(screen.session.id).stage is Stage.ABANDONED


async def test_a_secret_is_masked_and_the_person_is_told(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, "PC lent, mon mot de passe est Soleil123!")
        await panel(pilot, "summary")
        pilot.app.screen.action_leaf(-1)  # type: ignore[attr-defined]
        await reads(pilot, "[MOT-DE-PASSE-1]")
        chat = pilot.app.screen.query("Bubble Static")
        assert any("masqué un mot de passe" in str(bubble.content) for bubble in chat)  # type: ignore[attr-defined]
        assert "Soleil123" not in words(pilot)


async def test_markup_and_escape_sequences_are_shown_as_text(counter: Counter) -> None:
    hostile = "PC lent [bold]x[/] [@click=app.quit]ici[/] \x1b[31mrouge\x1b[0m \u202egauche"
    async with at_the_counter(counter) as pilot:
        await say(pilot, hostile)
        await panel(pilot, "summary")
        await reads(pilot, "[@click=app.quit]ici[/]")
        assert "\x1b" not in words(pilot) and "\u202e" not in words(pilot)
        assert "[bold]x[/]" in words(pilot)


async def test_a_message_of_a_hundred_thousand_characters_is_taken_whole(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        text = "PC lent " + "é" * 99_992
        await say(pilot, text)
        await panel(pilot, "summary")
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen) and screen.session is not None
        assert screen.session.message == text
        await reads(pilot, "98\u00a0800 caractères de plus")


async def test_a_message_too_long_is_said_and_kept(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, "a" * 100_001)
        await reads(pilot, "dépasse 100")
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen)
        assert len(screen.prompt.text) == 100_001


async def test_an_empty_message_is_asked_for(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await pilot.press("enter")
        await reads(pilot, "écrivez ce qui ne va pas")


async def test_an_expired_summary_says_so_and_keeps_the_text(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        counter.later(minutes=31)
        await pilot.press("enter")
        await reads(pilot, "expiré")
        await panel(pilot, "greeting")
        await pilot.press("enter")
        await panel(pilot, "summary")
        assert counter.engine is not None and counter.engine.tickets() == []


async def test_too_many_messages_are_refused_with_the_text_kept(counter: Counter) -> None:
    counter.config = replace(counter.config, triage=TriageConfig(engine="local", analyses_per_minute=1))
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await pilot.press("f9")
        await panel(pilot, "greeting")
        await say(pilot, PRINTER)
        await reads(pilot, "Trop de demandes")
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen) and screen.prompt.text == PRINTER


async def test_a_result_for_a_screen_that_is_gone_is_ignored(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        counter.reader.gate.clear()
        await say(pilot, PRINTER)
        await panel(pilot, "working")
        await pilot.press("f9")
        await panel(pilot, "greeting")
        counter.reader.gate.set()
        await say(pilot, SLOW)
        await panel(pilot, "summary")
        assert "imprimante" not in words(pilot)


@pytest.mark.parametrize("pauses", [2, 4])
async def test_starting_over_while_the_answer_appears_is_no_crash(counter: Counter, pauses: int) -> None:
    """Enter and F9 in one burst: the panel arrives on a screen that is being taken away."""
    async with at_the_counter(counter) as pilot:
        await pilot.press(*PRINTER[:20])
        first = pilot.app.screen
        pilot.app.post_message(events.Key("enter", "\r"))
        for _ in range(pauses):
            await asyncio.sleep(0)
        pilot.app.post_message(events.Key("f9", None))
        await until(pilot, lambda: pilot.app.screen is not first and pilot.app.screen.query("#greeting, Greeting"))
        await pilot.press("x")
        assert "Bonjour" in words(pilot)


async def test_a_refused_round_of_answers_keeps_them(counter: Counter) -> None:
    counter.config = replace(counter.config, triage=TriageConfig(engine="local", analyses_per_minute=1))
    async with at_the_counter(counter) as pilot:
        await say(pilot, UNSURE)
        await panel(pilot, "clarification")
        await pilot.press("2")
        await reads(pilot, "Question 2 sur 3")
        await pilot.press("f5")
        await reads(pilot, "Trop de demandes")
        counter.later(minutes=2)
        await pilot.press("f5")
        await panel(pilot, "summary")


async def test_an_expired_form_gives_its_words_back(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, SLOW)
        await panel(pilot, "summary")
        await pilot.press("f3")
        await panel(pilot, "form")
        await pilot.press("end", *" et chaud")
        counter.later(minutes=31)
        await pilot.press("f2")
        await reads(pilot, "expiré")
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen)
        assert screen.prompt.text == "Mon PC est lent. PC lent et chaud. lent"


async def test_a_long_card_keeps_its_actions_in_view(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, "PC lent" + ", et lent" * 30)
        await panel(pilot, "summary")
        await reads(pilot, "la suite", "Oui, créer le ticket", "Votre réponse")
        assert "symptôme 29" not in words(pilot)
        await pilot.press("pagedown", "pagedown", "pagedown")
        await reads(pilot, "symptôme 29")


async def test_typing_goes_on_after_a_click_anywhere(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await pilot.click("#greeting")
        await pilot.press(*"abc")
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen)
        await until(pilot, lambda: screen.prompt.text == "abc")


async def test_a_database_that_cannot_be_opened_is_said_and_tried_again(counter: Counter) -> None:
    broken = [True]

    def open_engine() -> Engine:
        if broken[0]:
            raise StoreUnavailable("permission", "x")
        return counter.open_engine()

    app = KioskApp(counter.config, open_engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await reads(pilot, "ne peut pas écrire sa base de données", "01 23 45 67 89")
        await say(pilot, PRINTER)
        await reads(pilot, "ne peut pas écrire")
        broken[0] = False
        await pilot.press("enter")
        await panel(pilot, "summary")


async def test_every_action_works_with_the_mouse(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, VAGUE)
        await panel(pilot, "clarification")
        await pilot.click("Choice")
        await reads(pilot, "Question 2 sur 3")
        await say(pilot, "très lent")
        await reads(pilot, "Question 3 sur 3")
        await pilot.click("#do-enough")
        await panel(pilot, "summary")
        await pilot.click("#do-modify")
        await panel(pilot, "form")
        await pilot.click("#form #do-back")
        await panel(pilot, "summary")
        await pilot.click("#do-yes")
        await receipt(pilot)
        await pilot.click("#do-done")
        await panel(pilot, "greeting")


async def test_several_problems_and_a_critical_priority_are_worded(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, PAYROLL)
        await panel(pilot, "summary")
        await reads(pilot, "!! Critique", "un autre ticket après celui-ci")


async def test_the_card_says_when_the_remote_model_did_not_answer(counter: Counter) -> None:
    counter.reader._fallback = "timeout"
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await reads(pilot, "le modèle distant n'a pas répondu à temps")


async def test_a_paste_of_several_lines_loses_none(counter: Counter) -> None:
    from textual.events import Paste

    async with at_the_counter(counter) as pilot:
        pilot.app.screen.post_message(Paste("PC lent\ndepuis hier\x07\nvraiment"))
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen)
        await until(pilot, lambda: screen.prompt.text == "PC lent depuis hier vraiment")


async def test_ctrl_c_neither_quits_nor_copies(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await pilot.press(*"abc", "shift+home", "ctrl+c")
        assert pilot.app.is_running
        assert pilot.app.clipboard == ""
        assert text_of(pilot, "#error") == ""
