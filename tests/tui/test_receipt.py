"""The receipt and the badge follow what happens on the way to GLPI."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine import Deferred, Delivered, Idle, Paused, Ticket, TicketUpdated, Undeliverable
from tests.tui.conftest import Counter, at_the_counter, panel, reads, receipt, say, words
from tests.tui.reading import PRINTER
from tui.screens.receipt import ReceiptScreen
from tui.widgets.big_number import large
from tui.widgets.sync_badge import DeliveryState, badge_words


async def a_receipt(pilot: object) -> Ticket:
    await say(pilot, PRINTER)  # type: ignore[arg-type]
    await panel(pilot, "summary")  # type: ignore[arg-type]
    await pilot.press("enter")  # type: ignore[attr-defined]
    await receipt(pilot)  # type: ignore[arg-type]
    screen = pilot.app.screen  # type: ignore[attr-defined]
    assert isinstance(screen, ReceiptScreen) and screen.ticket is not None
    return screen.ticket


async def test_it_tells_where_the_ticket_is_as_it_goes(counter: Counter) -> None:
    counter.config = replace(counter.config, glpi=replace(counter.config.glpi, enabled=True))
    async with at_the_counter(counter) as pilot:
        ticket = await a_receipt(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, ReceiptScreen)
        await reads(pilot, "Enregistré sur cet appareil, sera transmis")
        screen.hear_delivery(Deferred(ticket.ticket_number, "CONNECT", 30.0))
        await reads(pilot, "sera transmis")
        screen.hear_delivery(Paused("ERROR_GLPI_LOGIN_USER_TOKEN"))
        await reads(pilot, "envoi suspendu\u00a0: jeton refusé")
        sent = replace(ticket, glpi_ticket_id=12, synced_to_glpi=True)
        screen.hear_delivery(Delivered(sent))
        await reads(pilot, "Transmis au support (GLPI n°\u00a012)")
        screen.hear_delivery(TicketUpdated(sent, taken=True))
        await reads(pilot, "Ticket pris en charge")


async def test_a_refused_ticket_says_what_to_do(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        ticket = await a_receipt(pilot)
        pilot.app.screen.hear_delivery(Undeliverable(ticket.ticket_number, "ERROR_GLPI_ADD"))  # type: ignore[attr-defined]
        await reads(pilot, "présentez ce numéro au support")


async def test_news_of_another_ticket_changes_nothing(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        ticket = await a_receipt(pilot)
        other = replace(ticket, ticket_number="TKT-2026-09999", glpi_ticket_id=99, synced_to_glpi=True)
        before = words(pilot)
        pilot.app.screen.hear_delivery(Delivered(other))  # type: ignore[attr-defined]
        await pilot.pause()
        assert words(pilot) == before


async def test_done_leads_to_a_fresh_counter(counter: Counter) -> None:
    async with at_the_counter(counter) as pilot:
        await a_receipt(pilot)
        await pilot.press("enter")
        await panel(pilot, "greeting")
        assert "TKT-" not in words(pilot)


async def test_a_second_enter_does_not_take_the_number_away(counter: Counter) -> None:
    counter.receipt_grace_s = 60.0
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await pilot.press("enter", "enter")
        await receipt(pilot)
        await pilot.press("enter")
        await reads(pilot, "TKT-2026-00001", "Terminé")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Idle(0, 0.0), "GLPI à jour"),
        (Idle(3, 26 * 3600.0), "3 en attente, le plus ancien\u00a0: 26\u00a0h"),
        (Idle(1, 40.0, "unreachable"), "GLPI injoignable, 1 en attente"),
        (Idle(0, 0.0, is_configured=False), "GLPI non configuré"),
        (Idle(2, 60.0, is_configured=False), "GLPI non configuré, 2 en attente"),
        (Idle(1, 60.0, "ERROR_WRONG_APP_TOKEN_PARAMETER"), "envoi suspendu\u00a0: jeton refusé"),
        (Paused("RIGHT_MISSING"), "envoi suspendu\u00a0: droits insuffisants"),
    ],
)
def test_the_badge_says_how_glpi_is_doing(event: Idle | Paused, said: str) -> None:
    assert badge_words(DeliveryState(enabled=True).after(event))[1] == said


@pytest.mark.parametrize(
    ("width", "said"), [(80, "3 en attente (26\u00a0h)"), (132, "le plus ancien\u00a0: 26\u00a0h")]
)
async def test_the_badge_fits_beside_the_label(counter: Counter, width: int, said: str) -> None:
    counter.config = replace(counter.config, demo=True)
    async with at_the_counter(counter, (width, 24)) as pilot:
        await reads(pilot, "GLPI non configuré")
        pilot.app.delivery = DeliveryState(enabled=True).after(Idle(3, 26 * 3600.0))  # type: ignore[attr-defined]
        await reads(pilot, said, "« démonstration »".replace(" ", "\u00a0"), "Recommencer")


async def test_a_delivery_that_crashes_is_said_by_the_badge(counter: Counter) -> None:
    def broken() -> None:
        raise RuntimeError("a bug")

    counter.config = replace(counter.config, glpi=replace(counter.config.glpi, enabled=True))
    counter.connect = broken
    async with at_the_counter(counter) as pilot:
        await reads(pilot, "envoi arrêté")
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await pilot.press("enter")
        await receipt(pilot)


def test_the_badge_of_a_recovered_glpi_is_calm_again() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    state = DeliveryState(enabled=True).after(Idle(1, 60.0, "unreachable"))
    assert at and badge_words(state.after(Idle(0, 0.0)))[1] == "GLPI à jour"


def test_a_large_number_is_five_rows_of_one_width() -> None:
    rows = large("TKT-2026-K07-00123", 1)
    assert len(rows) == 5 and {len(row) for row in rows} == {18 * 4 - 1}
    assert all(set(row) <= {"█", " "} for row in rows)
    assert large("8", 1) == ["███", "█ █", "███", "█ █", "███"]


async def test_what_happens_while_the_receipt_is_being_put_up_is_not_missed(counter: Counter) -> None:
    """The sender may be faster than the screen: the receipt reads the ticket again once it stands."""
    async with at_the_counter(counter) as pilot:
        await say(pilot, PRINTER)
        await panel(pilot, "summary")
        await pilot.press("enter")
        await receipt(pilot)
        assert counter.engine is not None
        screen = pilot.app.screen
        assert isinstance(screen, ReceiptScreen)
        counter.engine._store.update_ticket(
            "TKT-2026-00001", glpi_ticket_id=12, synced_to_glpi=True, status="in_progress"
        )
        screen.catch_up(DeliveryState(enabled=True, known=True, waiting=1, problem="unreachable"))
        await reads(pilot, "GLPI n°\u00a012", "pris en charge", "injoignable")
