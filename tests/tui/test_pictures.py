"""One picture for each state worth looking at. Look at the report before accepting a new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Counter, panel, reads, receipt, say, words
from tests.tui.reading import PAYROLL, PRINTER, SLOW, VAGUE, FixedReader

Journey = Callable[[Pilot[Any]], Awaitable[None]]

CONSOLE = (
    {chr(code) for code in range(0x20, 0x7F)}
    | {chr(code) for code in range(0xA0, 0x100)}
    | set("ŒœŸ€…–—’“”•")
    | set("─│┌┐└┘├┤┬┴┼═║╔╗╚╝╭╮╰╯━┃")
    | set("█░▒▲▼◀▶←↑→↓●■")
)
"""What Debian's console fonts can show."""


async def greeting(pilot: Pilot[Any]) -> None:
    await reads(pilot, "Bonjour")


async def sure(pilot: Pilot[Any]) -> None:
    await say(pilot, PRINTER)
    await panel(pilot, "summary")
    await reads(pilot, "Entrée  Oui, créer le ticket", "bureau 301", "Vous")


async def review(pilot: Pilot[Any]) -> None:
    await say(pilot, SLOW)
    await panel(pilot, "summary")
    await pilot.press("enter")
    await reads(pilot, "Choisissez", "Est-ce bien")


async def critical(pilot: Pilot[Any]) -> None:
    await say(pilot, PAYROLL)
    await panel(pilot, "summary")
    await reads(pilot, "!! Critique", "Aussi")


async def questions(pilot: Pilot[Any]) -> None:
    await say(pilot, VAGUE)
    await panel(pilot, "clarification")
    await pilot.press("down", "down")
    await reads(pilot, "2  ▶ Imprimante", "Tentative 1/3")


async def next_question(pilot: Pilot[Any]) -> None:
    await questions(pilot)
    await pilot.press("1")
    await reads(pilot, "Quel est le problème exact", "C'est tout")


async def form(pilot: Pilot[Any]) -> None:
    await sure(pilot)
    await pilot.press("f3")
    await panel(pilot, "form")
    await reads(pilot, "Symptômes, un par ligne", "Annuler")


async def refused(pilot: Pilot[Any]) -> None:
    await sure(pilot)
    await pilot.press("f4")
    await panel(pilot, "clarification")
    await reads(pilot, "Qu'est-ce qui ne va pas")


async def contact(pilot: Pilot[Any]) -> None:
    await pilot.press("f8")
    await panel(pilot, "human")
    await reads(pilot, "vous joindre", "Annuler")


async def filed(pilot: Pilot[Any]) -> None:
    await sure(pilot)
    await pilot.press("enter")
    await receipt(pilot)
    await reads(pilot, "Terminé", "1 en attente", "TKT-2026-00001")


async def escalated(pilot: Pilot[Any]) -> None:
    await sure(pilot)
    await pilot.press("f8")
    await receipt(pilot)
    await reads(pilot, "pas encore transmis", "1 en attente", "TKT-2026-00001")


SMALL = (greeting, sure, review, critical, questions, next_question, form, refused, contact, filed, escalated)
LARGE = (greeting, sure, filed)


def picture(counter: Counter, journey: Journey, seen: list[str]) -> dict[str, Any]:
    counter.config = replace(counter.config, kiosk=replace(counter.config.kiosk, location="Hall B"))

    async def go(pilot: Pilot[Any]) -> None:
        await reads(pilot, "GLPI non configuré")
        await journey(pilot)
        seen.append(words(pilot))

    return {"app": counter.app(), "run_before": go}


@pytest.mark.parametrize("journey", SMALL, ids=lambda journey: journey.__name__)
def test_at_80_by_24(snap_compare: Any, counter: Counter, journey: Journey) -> None:
    if journey is critical:
        counter.reader = FixedReader("timeout")
    seen: list[str] = []
    assert snap_compare(**picture(counter, journey, seen), terminal_size=(80, 24))
    assert set("".join(seen)) - CONSOLE - {"\n"} == set()


@pytest.mark.parametrize("journey", LARGE, ids=lambda journey: journey.__name__)
def test_at_132_by_43(snap_compare: Any, counter: Counter, journey: Journey) -> None:
    assert snap_compare(**picture(counter, journey, []), terminal_size=(132, 43))
