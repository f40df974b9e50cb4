"""Keys that come faster than the screen: nothing crashes, nothing is lost, nobody is stuck."""

from __future__ import annotations

import pytest
from textual import events

from tests.tui.conftest import Counter, at_the_counter, panel, reads, say, until
from tests.tui.reading import PRINTER


async def burst(pilot: object, text: str, keys: list[str]) -> None:
    """A text and keys, all in the queue before the first is looked at."""
    app = pilot.app  # type: ignore[attr-defined]
    app.screen.query_one("#prompt LineInput").insert(text, 0)
    for key in keys:
        app.post_message(events.Key(key, "\r" if key == "enter" else None))


@pytest.mark.parametrize(
    "keys",
    [["enter", "f9"], ["enter", "f9", "enter"], ["enter", "f8", "escape"], ["enter", "enter"], ["enter", "f3", "f9"],
     ["enter", "f8", "f9"], ["f8", "enter", "escape"], ["enter", "f4", "f8", "escape"]],
    ids="-".join,
)  # fmt: skip
async def test_whatever_comes_in_one_burst_the_next_person_can_start(counter: Counter, keys: list[str]) -> None:
    async with at_the_counter(counter) as pilot:
        await burst(pilot, PRINTER, keys)
        await pilot.pause()
        await pilot.press("f9")
        await panel(pilot, "greeting")
        await say(pilot, PRINTER)
        await until(pilot, lambda: pilot.app.screen.query("#slot > #summary") or pilot.app.screen.query("#receipt"))
        assert pilot.app.is_running


async def test_a_call_right_behind_the_message_can_be_cancelled_and_the_message_is_still_there(
    counter: Counter,
) -> None:
    counter.human_delay_s = 60.0
    async with at_the_counter(counter) as pilot:
        await burst(pilot, PRINTER, ["enter", "f8"])
        await panel(pilot, "human")
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.screen.query("#slot > #human"))
        await reads(pilot, "imprimante HP")
        assert counter.engine is not None
        assert counter.engine.tickets() == []
