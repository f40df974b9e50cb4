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

from glpi.client import GlpiClient
from glpi.errors import GlpiError, NotFound
from glpi.exchange import Timeouts
from glpi.highlevel import HighLevelClient
from glpi.highlevel_session import Credentials
from glpi.legacy import LegacyClient
from glpi.legacy_session import LegacySession
from glpi.models import INCIDENT, GlpiCategory, TicketChanges, TicketInput
from glpi.simulator import Simulator
from tests.contract import loans
from tests.contract.differences import LEGACY_ONLY

_CLOSED = 6
LEFT = pytest.StashKey[dict[int, str]]()
"""Tickets that the account could not delete at the end, each with what became of it."""


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
        help="two addresses of one active user, the default one first; a user is made, else looked for, without it",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--glpi-url", None) and not config.getoption("--glpi-user-token"):
        raise pytest.UsageError("--glpi-url needs --glpi-user-token")
    config.stash[LEFT] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left = config.stash.get(LEFT, {})
    if left and config.getoption("--glpi-url", None):
        terminalreporter.section("left in GLPI: this account may not purge tickets")
        for fate in sorted(set(left.values())):
            numbers = sorted(number for number, its in left.items() if its == fate)
            terminalreporter.write_line(f"{len(numbers)} {fate}: {' '.join(map(str, numbers))}")


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
    emails: tuple[str, str] | None
    """Of one user, where known beforehand."""
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
    kind, _, variant = str(request.param).partition("-")
    if kind == "real":
        tokens = option("--glpi-app-token"), option("--glpi-user-token")
        names = ("--glpi-client-id", "--glpi-client-secret", "--glpi-username", "--glpi-password")
        oauth = Credentials(*(option(name) for name in names)) if variant else None
        named = option("--glpi-user-emails")
        emails = tuple(address.strip() for address in named.split(",", 1)) if named else None
        yield Server(option("--glpi-url"), *tokens, option("--glpi-version"), emails, oauth)
        return
    with Simulator(version=int(kind)) as simulator:
        tokens = simulator.app_token, simulator.user_token
        known, login = simulator.highlevel.oauth, "svc-borne"
        oauth = Credentials(known.client_id, known.client_secret, login, simulator.passwords[login])
        emails = "marie.dupont@exemple.fr", "m.dupont@exemple.org"
        yield Server(simulator.url, *tokens, int(kind), emails, oauth if variant else None)


@pytest.fixture
async def session(server: Server) -> AsyncIterator[LegacySession]:
    """For what a technician or an administrator does, which no client of ours can do."""
    session = LegacySession(server.url, server.app_token, server.user_token, ca_file=None, timeouts=Timeouts())
    yield session
    await session.aclose()


@pytest.fixture
async def client(
    server: Server, session: LegacySession, request: pytest.FixtureRequest
) -> AsyncIterator[LegacyClient | HighLevelClient]:
    """A client; the tickets made by ``create`` are deleted at the end, or said to be left."""
    client = server.client()
    yield client
    for number in server.created:
        if not await loans.purge(session, "Ticket", number) and (fate := await put_away(client, number)):
            request.config.stash[LEFT][number] = fate
    await client.aclose()


async def put_away(client: GlpiClient, number: int) -> str | None:
    """The best that can be done with a ticket that cannot be purged, in words; None where it is gone already."""
    try:
        if (await client.get_ticket(number)).is_deleted:
            return "in the trash"
    except NotFound:
        return None
    with suppress(GlpiError):
        await client.trash_ticket(number)
        return "in the trash"
    with suppress(GlpiError):
        await client.update_ticket(number, TicketChanges(status=_CLOSED))
        return "closed"
    return "as they are"


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
async def emails(
    server: Server, client: LegacyClient | HighLevelClient, session: LegacySession
) -> AsyncIterator[tuple[str, str]]:
    """Two addresses of one active user, the default one first."""
    if server.emails is not None:
        yield server.emails
        return
    await needs(client, "read_users")
    number, mine = await loans.make_user(session)
    try:
        is_mine = number is not None and await loans.belong_together(client, mine)
        found = mine if is_mine else await loans.find_user(client)
        if found is None:
            pytest.skip("no user with two addresses is to be seen here, and this account may not make one")
        yield found
    finally:
        if number is not None:
            await loans.purge(session, "User", number)


@pytest.fixture
async def group_id(session: LegacySession) -> AsyncIterator[int]:
    """A group that tickets can be given to."""
    found, made = await loans.find_group(session), None
    if found is None:
        found = made = await loans.make(session, "Group", name="Essai du contrat", is_assign=1)
    if found is None:
        pytest.skip("no group is to be seen here, and this account may not make one")
    yield found
    if made is not None:
        await loans.purge(session, "Group", made)


@pytest.fixture
async def categories(
    client: LegacyClient | HighLevelClient, session: LegacySession
) -> AsyncIterator[tuple[GlpiCategory, ...]]:
    """The category tree, with at least one category."""
    await needs(client, "read_categories")
    found, made = await client.categories(), None
    if not found and (made := await loans.make(session, "ITILCategory", name="Essai du contrat")) is not None:
        found = await client.categories()
    if not found:
        pytest.skip("this GLPI has no category, and this account may not make one")
    yield found
    if made is not None:
        await loans.purge(session, "ITILCategory", made)


async def needs(client: GlpiClient, *rights: str) -> None:
    """Skip the test where the account lacks one of these rights, and say which."""
    mine = (await client.account()).rights
    missing = [] if mine is None else sorted(set(rights) - mine)
    if missing:
        pytest.skip(f"this account lacks {', '.join(missing)}")
