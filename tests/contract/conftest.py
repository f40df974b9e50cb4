"""The server of the contract: the simulator in both versions, or a real GLPI named on the command line.

pytest tests/contract --glpi-url https://glpi.example/apirest.php --glpi-app-token … --glpi-user-token …
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from glpi.errors import GlpiError
from glpi.legacy import LegacyClient
from glpi.models import INCIDENT, TicketInput
from glpi.simulator import Simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("glpi", "a real GLPI for the contract tests")
    group.addoption("--glpi-url", help="address of GLPI or of its API")
    group.addoption("--glpi-app-token", help="token of the API client")
    group.addoption("--glpi-user-token", help="token of the service account")
    group.addoption("--glpi-version", type=int, choices=(10, 11, 12), help="major version, where it must be this one")
    group.addoption(
        "--glpi-user-emails",
        default="marie.dupont@exemple.fr,m.dupont@exemple.org",
        help="two addresses of one active user, the default one first",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        url = metafunc.config.getoption("--glpi-url", None)
        metafunc.parametrize("server", ["real"] if url else [10, 11], indirect=True, ids=str)


@dataclass
class Server:
    """Where the client under test connects to."""

    url: str
    app_token: str | None
    user_token: str
    version: int | None
    """The version it must turn out to be, None for any."""
    emails: tuple[str, str]
    created: list[int] = field(default_factory=list)

    def client(self, *, app_token: str | None = None, user_token: str | None = None) -> LegacyClient:
        """A new client, with other tokens than the right ones where given."""
        return LegacyClient(self.url, app_token or self.app_token, user_token or self.user_token)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    option = request.config.getoption
    first, second = str(option("--glpi-user-emails", "marie.dupont@exemple.fr,m.dupont@exemple.org")).split(",")
    if request.param == "real":
        tokens = option("--glpi-app-token"), option("--glpi-user-token")
        yield Server(option("--glpi-url"), *tokens, option("--glpi-version"), (first, second))
        return
    with Simulator(version=request.param) as simulator:
        tokens = simulator.app_token, simulator.user_token
        yield Server(simulator.url, *tokens, request.param, (first, second))


@pytest.fixture
async def client(server: Server) -> AsyncIterator[LegacyClient]:
    """A client; the tickets made by ``create`` are put into the trash at the end."""
    client = server.client()
    yield client
    for number in server.created:
        with suppress(GlpiError):
            await client.trash_ticket(number)
    await client.aclose()


@pytest.fixture
def create(server: Server, client: LegacyClient) -> Callable[..., object]:
    """``await create(key, name=…, …)`` makes a ticket and returns its id."""

    async def create(key: str, **fields: object) -> int:
        usual: dict[str, object] = {
            "name": "Essai du contrat",
            "content": f"<p>Essai automatique</p><p>Réf. {key}</p>",
            "type": INCIDENT,
            "urgency": 3,
            "impact": 3,
        }
        number = await client.create_ticket(TicketInput(key=key, **{**usual, **fields}))  # type: ignore[arg-type]
        server.created.append(number)
        return number

    return create
