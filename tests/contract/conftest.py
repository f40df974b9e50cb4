"""The server of the contract: the simulator in both versions, or a real GLPI named on the command line.

pytest tests/contract --glpi-url https://glpi.example/apirest.php --glpi-app-token … --glpi-user-token …
With --glpi-client-id … --glpi-client-secret … --glpi-username … --glpi-password … as well, all of it is also done by
the High-Level API (GLPI 11 and 12).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from glpi.errors import GlpiError
from glpi.exchange import Timeouts
from glpi.highlevel import HighLevelClient
from glpi.highlevel_session import Credentials
from glpi.legacy import LegacyClient
from glpi.legacy_session import LegacySession
from glpi.models import INCIDENT, TicketInput
from glpi.simulator import Simulator
from tests.contract.differences import LEGACY_ONLY


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("glpi", "a real GLPI for the contract tests")
    group.addoption("--glpi-url", help="address of GLPI or of its API")
    group.addoption("--glpi-app-token", help="token of the API client")
    group.addoption("--glpi-user-token", help="token of the service account")
    group.addoption("--glpi-client-id", help="OAuth client with the password grant, for the High-Level API")
    group.addoption("--glpi-client-secret", help="its secret")
    group.addoption("--glpi-username", help="login of the service account, for the High-Level API")
    group.addoption("--glpi-password", help="its password")
    group.addoption("--glpi-version", type=int, choices=(10, 11, 12), help="major version, where it must be this one")
    group.addoption(
        "--glpi-user-emails",
        default="marie.dupont@exemple.fr,m.dupont@exemple.org",
        help="two addresses of one active user, the default one first",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        option = metafunc.config.getoption
        real = ["real", "real-hl"] if option("--glpi-client-id", None) else ["real"]
        servers = real if option("--glpi-url", None) else ["10", "11", "11-hl"]
        if metafunc.module.__name__.endswith(".test_highlevel_contract"):
            servers = [one for one in servers if one.endswith("-hl")]
        elif metafunc.function.__name__ in LEGACY_ONLY:
            servers = [one for one in servers if not one.endswith("-hl")]
        metafunc.parametrize("server", servers, indirect=True)


@dataclass
class Server:
    """Where the client under test connects to."""

    url: str
    app_token: str | None
    user_token: str
    version: int | None
    """The version it must turn out to be, None for any."""
    emails: tuple[str, str]
    oauth: Credentials | None = None
    """For the High-Level API; None where the legacy API is tested."""
    created: list[int] = field(default_factory=list)

    def client(self, *, app_token: str | None = None, user_token: str | None = None) -> LegacyClient | HighLevelClient:
        """A new client, with other tokens than the right ones where given."""
        if self.oauth is not None:
            mine = self.oauth
            return HighLevelClient(self.url, mine.client_id, mine.client_secret, mine.username, mine.password)
        return LegacyClient(self.url, app_token or self.app_token, user_token or self.user_token)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    option = request.config.getoption
    first, second = str(option("--glpi-user-emails", "marie.dupont@exemple.fr,m.dupont@exemple.org")).split(",")
    kind, _, variant = str(request.param).partition("-")
    if kind == "real":
        tokens = option("--glpi-app-token"), option("--glpi-user-token")
        names = ("--glpi-client-id", "--glpi-client-secret", "--glpi-username", "--glpi-password")
        oauth = Credentials(*(option(name) for name in names)) if variant else None
        yield Server(option("--glpi-url"), *tokens, option("--glpi-version"), (first, second), oauth)
        return
    with Simulator(version=int(kind)) as simulator:
        tokens = simulator.app_token, simulator.user_token
        known, login = simulator.highlevel.oauth, "svc-borne"
        oauth = Credentials(known.client_id, known.client_secret, login, simulator.passwords[login])
        yield Server(simulator.url, *tokens, int(kind), (first, second), oauth if variant else None)


@pytest.fixture
async def client(server: Server) -> AsyncIterator[LegacyClient | HighLevelClient]:
    """A client; the tickets made by ``create`` are put into the trash at the end."""
    client = server.client()
    yield client
    for number in server.created:
        with suppress(GlpiError):
            await client.trash_ticket(number)
    await client.aclose()


@pytest.fixture
def create(server: Server, client: LegacyClient | HighLevelClient) -> Callable[..., object]:
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


@pytest.fixture
async def session(server: Server) -> AsyncIterator[LegacySession]:
    """For what a technician or an administrator does, which no client of ours can do."""
    session = LegacySession(server.url, server.app_token, server.user_token, ca_file=None, timeouts=Timeouts())
    yield session
    await session.aclose()


async def needs(client: LegacyClient | HighLevelClient, *rights: str) -> None:
    """Skip the test where the account lacks one of these rights, and say which."""
    missing = sorted(set(rights) - ((await client.account()).rights or set(rights)))
    if missing:
        pytest.skip(f"this account lacks {', '.join(missing)}")
