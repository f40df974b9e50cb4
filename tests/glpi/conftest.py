"""A simulated GLPI 11 and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from glpi.exchange import Timeouts
from glpi.legacy import LegacyClient
from glpi.models import INCIDENT, TicketInput
from glpi.simulator import Simulator

KEY = "GUI-0123456789ABCDEF"


def a_ticket(key: str = KEY, **fields: object) -> TicketInput:
    """A ticket that GLPI takes."""
    usual = {"name": "Écran noir", "content": f"<p>x</p><p>Réf. {key}</p>", "type": INCIDENT, "urgency": 3, "impact": 3}
    return TicketInput(key=key, **{**usual, **fields})  # type: ignore[arg-type]


class Clock:
    """The server's clock, which moves when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[LegacyClient]:
    """Logged in, and knows the version, so that a test sees the one request it is about."""
    client = LegacyClient(
        simulator.url,
        simulator.app_token,
        simulator.user_token,
        timeouts=Timeouts(connect_s=1.0, read_s=5.0, write_s=5.0),
        version=11,
    )
    await client.get_ticket(simulator.add_ticket(name="déjà là"))
    simulator.requests.clear()
    yield client
    await client.aclose()
