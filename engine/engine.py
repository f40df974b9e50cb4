"""Engine: all that a person can do, and the delivery beside it; ``Engine.open`` puts the real parts together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from data.records import Category, OutboxEntry, Ticket
from engine.config import Config
from engine.conversation import Conversation
from engine.desk import Desk
from engine.events import DeliveryEvent
from engine.service_hours import Promise, promise

if TYPE_CHECKING:
    from data.store import Store
    from engine.delivery import Delivery
    from engine.logs import LogFile
    from engine.triage.cascade import Cascade
    from engine.webhooks import Webhooks


def utc_now() -> datetime:
    """The clock of everything that is not handed another one."""
    return datetime.now(UTC)


class Engine(Conversation):
    """What a person can do, in the order things happen. Create it in the thread that uses it.

    Close it with ``aclose``.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        cascade: Cascade,
        delivery: Delivery,
        *,
        device: str = "",
        is_limited: bool = True,
        now: Callable[[], datetime] = utc_now,
        log: LogFile | None = None,
    ) -> None:
        """Put the parts together; ``Engine.open`` does it for the real program.

        Args:
            config: What the site set.
            store: The database.
            cascade: The triage.
            delivery: The sender to GLPI.
            device: Which terminal this is; its unfinished sessions can be abandoned at start.
            is_limited: Whether the rate limits of a kiosk apply (not for a technician).
            now: Clock, aware UTC.
            log: The log file to close at the end.
        """
        super().__init__(config, store, cascade, device=device, is_limited=is_limited, now=now, filed=delivery.wake)
        self._delivery, self._log = delivery, log
        self.desk = Desk(store, delivery.outbox, now, delivery.wake)
        """What a technician does to tickets and outbox entries."""

    @classmethod
    def open(cls, config: Config, *, now: Callable[[], datetime] = utc_now, role: str = "kiosk") -> Self:
        """Open the real store; clients are made when first needed.

        Args:
            config: As ``engine.config.load`` gives it.
            now: Clock, aware UTC.
            role: ``kiosk`` (its own unfinished sessions of an earlier run are abandoned) or ``command``.

        Raises:
            StoreUnavailable: The database cannot be used.
            ConfigError: The log cannot be written, or an address is none.
        """
        from engine.opening import open_parts

        parts = open_parts(config, now=now, role=role)
        return cls(
            config,
            parts.store,
            parts.cascade,
            parts.delivery,
            device=parts.device,
            is_limited=parts.is_limited,
            now=now,
            log=parts.log,
        )

    # --- what is known -------------------------------------------------------------------------------------

    def tickets(self, *, status: str | None = None, search: str | None = None, limit: int = 100) -> list[Ticket]:
        """Tickets, newest first; ``search`` looks for words in number, title, description and message."""
        return self._store.tickets(status=status, search=search, limit=limit)

    def outbox(self) -> list[OutboxEntry]:
        """Everything that is not done, oldest first."""
        return self._delivery.outbox.entries()

    def waiting(self) -> tuple[int, datetime | None]:
        """How many tickets GLPI does not have yet, and since when the oldest waits."""
        return self._delivery.outbox.waiting()

    def categories(self) -> list[Category]:
        """The tree."""
        return list(self._store.categories())

    def promise(self, ticket: Ticket) -> Promise:
        """What may honestly be said after an escalation."""
        return promise(ticket, self._now(), self.config.kiosk)

    async def prepare(self) -> None:
        """Load what the first message, and the first reply, would wait for; call it when the screen stands."""
        from engine.intent import intent

        await self._cascade.prepare()
        await asyncio.to_thread(intent, "oui")

    # --- delivery ---------------------------------------------------------------------------------------------

    def deliveries(self) -> AsyncGenerator[DeliveryEvent]:
        """Send what is due and pull what changed, for ever; ends when closed."""
        return self._delivery.run()

    async def deliver(self, *, wait_s: float, ticket_number: str | None = None) -> AsyncGenerator[DeliveryEvent]:
        """Send what is due until nothing is (or this ticket is in GLPI), at most ``wait_s`` seconds."""
        async with aclosing(self._delivery.run_until_quiet(wait_s=wait_s, ticket_number=ticket_number)) as events:
            async for event in events:
                yield event

    async def sync(self, direction: str = "both") -> dict[str, int | float]:
        """One full exchange with GLPI; the counts of spec section 8 (``sync --once``)."""
        return await self._delivery.sync_once(direction)

    def ask_sync(self, ticket_number: str | None = None) -> None:
        """Ask for GLPI's news now, of one ticket or of all; whichever process delivers reads them at once.

        A ticket is read at most once in 10 s, however often it is asked for. Raises TicketNotFound.
        """
        ticket = self.ticket(ticket_number) if ticket_number is not None else None
        if ticket is None or ticket.glpi_ticket_id is not None:
            self._delivery.ask(ticket.glpi_ticket_id or 0 if ticket else 0)

    def watch(self, ticket_number: str | None) -> None:
        """This ticket is on screen: what is new of it is read before all else. None: nobody looks at one."""
        self._delivery.watch(ticket_number)

    def webhooks(self, secret: str) -> Webhooks:
        """What receives GLPI's webhooks; ``secret`` is what GLPI signs them with, not empty."""
        from engine.webhooks import Webhooks

        return Webhooks(self._store, secret, ask=self._delivery.ask, now=self._now)

    def sync_refusal(self) -> str | None:
        """Why GLPI refuses this installation (token, address, profile), as a code; None if it does not."""
        return self._delivery.refusal

    def sync_problem(self) -> str | None:
        """Why the last exchange with GLPI failed, as a code (``NO_CONNECTION``, ``HTTP_502``); None if it did not."""
        return self._delivery.problem

    def sync_hint(self) -> str | None:
        """What the last ``sync`` left to others: ``elsewhere`` (another process exchanges with GLPI, and was asked to
        pull), ``read_budget`` (this hour's reads are spent); None if it did all it was asked for.
        """
        return self._delivery.hint

    async def aclose(self) -> None:
        """Release the lease, end the GLPI session, close the database."""
        await self._delivery.aclose()
        await self._cascade.aclose()
        self._store.close()
        if self._log is not None:
            self._log.close()
