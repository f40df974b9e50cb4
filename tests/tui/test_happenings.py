"""What a worker prints: a French sentence or a line of JSON for each outcome."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine import Deferred, Delivered, DeliveryEvent, Idle, Paused, Pushed, TicketUpdated, Undeliverable
from tests.data.samples import make_session, make_ticket
from tui.cli.happenings import say

TICKET = replace(make_ticket(make_session()), ticket_number="TKT-2026-00007", glpi_ticket_id=12, status="in_progress")


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        (Delivered(TICKET), "delivered", "TKT-2026-00007 est dans GLPI (n° 12)."),
        (Pushed(TICKET, "comment"), "pushed", "TKT-2026-00007\xa0: commentaire transmis."),
        (TicketUpdated(TICKET, taken=True), "updated", "(pris en charge)"),
        (TicketUpdated(TICKET), "updated", "(en cours)"),
        (Deferred("TKT-2026-00007", "NO_CONNECTION", 30.0), "deferred", "GLPI est injoignable. Prochain essai dans"),
        (Undeliverable("TKT-2026-00007", "CATEGORY_UNMAPPED"), "refused", "pas d'équivalent dans GLPI"),
        (Paused("ERROR_GLPI_LOGIN_USER_TOKEN"), "paused", "Envoi suspendu\xa0: jeton refusé."),
    ],
)
def test_each_outcome_is_a_sentence_and_a_document(
    event: DeliveryEvent, kind: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say(event, as_json=False)
    assert words in capsys.readouterr().out
    say(event, as_json=True)
    assert json.loads(capsys.readouterr().out)["event"] == kind


def test_an_idle_turn_is_not_worth_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    say(Idle(0, 0.0), as_json=False)
    assert capsys.readouterr().out == ""
