"""Small windows: the panel gives way before the place to write; below that, one sentence and no key that confirms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data.records import Question
from tests.tui import reading
from tests.tui.conftest import Counter, at_the_counter, panel, reads, receipt, say, until, words
from tests.tui.reading import PRINTER, UNSURE
from tui.screens.intake import IntakeScreen
from tui.widgets.sync_badge import DeliveryState

ENLARGE = "Agrandissez cette fenêtre"
KEYS = ("F8  Parler à un technicien", "Ctrl-Q  Quitter")


async def test_the_smallest_window_holds_a_summary_its_keys_and_the_place_to_write(counter: Counter) -> None:
    async with at_the_counter(counter, (60, 16)) as pilot:
        await say(pilot, "PC lent" + ", et lent" * 30)
        await panel(pilot, "summary")
        await reads(pilot, "PC lent", "la suite", "F2  Oui, créer le ticket", "F3  Modifier", "F4  Non", *KEYS)
        await pilot.press("enter")
        await reads(pilot, "Choisissez", "▶ ou répondez avec vos mots", "F4  Non", *KEYS)
        assert "symptôme 29" not in words(pilot)
        for _ in range(8):
            await pilot.press("pagedown")
        await reads(pilot, "symptôme 29")
        await pilot.press("f3")
        await panel(pilot, "form")
        await reads(pilot, "Titre", "F2  Créer le ticket", "Échap  Annuler", "Tab  Champ suivant", *KEYS)


async def test_the_smallest_window_holds_questions_and_every_key(counter: Counter) -> None:
    async with at_the_counter(counter, (60, 16)) as pilot:
        await say(pilot, UNSURE)
        await panel(pilot, "clarification")
        await reads(pilot, "3    Je ne sais pas", "Un chiffre de 1 à 3, ou votre réponse", *KEYS)
        await pilot.press("1")
        await reads(pilot, "Question 2 sur 3", "F5  C'est tout", "Échap  Revenir", *KEYS)


async def test_ready_answers_that_do_not_fit_are_reached_with_the_arrows(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tuple(f"Réponse {n}" for n in range(1, 8))
    monkeypatch.setattr(reading, "QUESTIONS", (Question("problem_type", "Laquelle\u00a0?", answers),))
    async with at_the_counter(counter, (60, 16)) as pilot:
        await say(pilot, UNSURE)
        await panel(pilot, "clarification")
        await pilot.press("9", "enter")
        await reads(pilot, "Choisissez un chiffre de 1 à 7", "Laquelle", "la suite")
        assert "Réponse 7" not in words(pilot)
        await pilot.press("up")
        await reads(pilot, "7  ▶ Réponse 7")


async def test_a_window_made_larger_again_has_everything_in_its_place(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await reads(pilot, "bureau 301", "Analysé sur cet appareil")
        before = words(pilot)
        await pilot.resize_terminal(60, 16)
        await reads(pilot, "la suite")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: words(pilot) == before)


@pytest.mark.parametrize("size", [(59, 24), (80, 15)])
async def test_too_small_a_window_says_so_and_confirms_nothing(counter: Counter, size: tuple[int, int]) -> None:
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await pilot.press(*"oui")
        await pilot.resize_terminal(*size)
        await reads(pilot, "Agrandissez")
        assert "GUICHET" not in words(pilot) and "Entrée" not in words(pilot)
        await pilot.press("enter", "f2", "f3", "f4", "f8", "f9", "escape")
        screen = pilot.app.screen
        assert isinstance(screen, IntakeScreen) and screen.query("#slot > #summary")
        assert counter.engine is not None and counter.engine.tickets() == []
        await pilot.resize_terminal(80, 24)
        await reads(pilot, "▶ oui", "Oui, créer le ticket", *KEYS)
        await pilot.press("enter")
        await receipt(pilot)


async def test_too_small_a_window_is_left_with_the_key_of_always(counter: Counter) -> None:
    async with at_the_counter(counter, (40, 10)) as pilot:
        await reads(pilot, ENLARGE, "60 colonnes", "16 lignes")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_the_header_is_never_cut(counter: Counter) -> None:
    counter.config = replace(counter.config, demo=True)
    async with at_the_counter(counter, (60, 16)) as pilot:
        await reads(pilot, "«\u00a0démo\u00a0»", "F9  Recommencer", "■ GLPI non configuré")
        pilot.app.delivery = DeliveryState(True, True, waiting=12, oldest_s=720.0)  # type: ignore[attr-defined]
        await until(pilot, lambda: words(pilot).splitlines()[0].endswith("▲ 12 en attente "))


async def test_a_receipt_on_a_small_window_shows_number_and_state_once(counter: Counter) -> None:
    async with at_the_counter(counter, size=(60, 16)) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await pilot.press("enter")
        await receipt(pilot)
        await reads(pilot, "Votre ticket est créé", "Enregistré sur cet appareil", "Terminé", "Quitter")
        await pilot.resize_terminal(40, 10)
        await reads(pilot, "Agrandissez")
        await pilot.press("enter")
        await pilot.resize_terminal(80, 24)
        await reads(pilot, "TKT-2026-00001")
