"""What the engine yields: facts, as values. The screen says them in words."""

from __future__ import annotations

from dataclasses import dataclass

from data.records import Session, Ticket


@dataclass(frozen=True)
class SessionChanged:
    """The session as it is now; its id may be new (a round of answers opens a child)."""

    session: Session


@dataclass(frozen=True)
class ReplyUnclear:
    """A typed reply to a summary was neither yes, no nor change: ask again. Nothing changed."""

    session: Session


@dataclass(frozen=True)
class TicketCreated:
    """A ticket is safe on this device (or was already: ``already_used``)."""

    session: Session
    ticket: Ticket
    already_used: bool = False


@dataclass(frozen=True)
class SecretsMasked:
    """What was masked in what the person just typed: kinds (``MOT-DE-PASSE``, ``CARTE``, ``IBAN``, ``NIR``)."""

    kinds: tuple[str, ...]


ConversationEvent = SessionChanged | ReplyUnclear | TicketCreated | SecretsMasked


@dataclass(frozen=True)
class Delivered:
    """The ticket is in GLPI."""

    ticket: Ticket


@dataclass(frozen=True)
class Pushed:
    """A technician's change or comment is in GLPI."""

    ticket: Ticket
    kind: str
    """``update`` or ``comment``."""


@dataclass(frozen=True)
class Deferred:
    """Not sent yet; it will be tried again by itself."""

    ticket_number: str
    cause: str
    retry_in_s: float


@dataclass(frozen=True)
class Undeliverable:
    """GLPI refused the content; a person has to look at it."""

    ticket_number: str
    cause: str


@dataclass(frozen=True)
class Paused:
    """GLPI refuses this installation, not a ticket: delivery waits, entries stay pending."""

    cause: str


@dataclass(frozen=True)
class TicketUpdated:
    """GLPI told us something new about a ticket; ``taken`` when a technician just took it."""

    ticket: Ticket
    taken: bool = False


@dataclass(frozen=True)
class Idle:
    """Nothing is due now; what waits and since when (for the badge)."""

    waiting: int
    """Tickets that GLPI does not have yet."""
    oldest_s: float
    """Age of the oldest of them, in seconds, to the minute."""
    problem: str | None = None
    """``unreachable``, or the cause of a pause (``ERROR_GLPI_LOGIN_USER_TOKEN`` ...); None when all is well."""
    is_configured: bool = True
    """Whether there is a GLPI to send to."""


DeliveryEvent = Delivered | Pushed | Deferred | Undeliverable | Paused | TicketUpdated | Idle
