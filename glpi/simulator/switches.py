"""What can be wrong with the simulated GLPI as a whole, until it is set back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rule:
    """A business rule for tickets: where all of ``when`` holds, ``then`` is set.

    Names are those of a ticket's fields, and ``_users_id_requester``, ``_groups_id_assign`` among ``then``.
    """

    when: dict[str, object]
    then: dict[str, object]
    on_update: bool = False
    """Whether it also runs when a ticket is changed; always on creation."""


@dataclass(eq=False)
class Switches:
    """Set any of them at any time."""

    maintenance: bool = False
    """Every request is answered 200 with a page."""
    api_disabled: bool = False
    """The API is switched off."""
    database_down: bool = False
    """GLPI cannot reach its own database."""
    address_refused: bool = False
    """No API client of the configuration takes our address."""
    app_token_required: bool = True
    """The API client of the configuration has an application token."""
    credentials_login: bool = True
    """A login with name and password is allowed, not only with a user token."""
    authorization_stripped: bool = False
    """The web server drops the Authorization header before PHP sees it."""
    create_right: bool = True
    """The service account's profile may create tickets."""
    delete_right: bool = True
    """The service account's profile may put tickets into the trash."""
    search_right: bool = True
    """The service account's profile may search users."""
    category_right: bool = True
    """The service account's profile may list categories."""
    private_right: bool = True
    """The service account's profile may see and add private follow-ups."""
    priority_right: bool = False
    """The service account's profile may choose a priority beside urgency and impact."""
    idle_timeout_s: float | None = None
    """Seconds without a request after which a session is gone; None never, as without the cleaning task."""
    list_limit: int = 15
    """Rows of a list without a range."""
    header_off_by_one: bool = True
    """Whether Content-Range of a list without a range shows one row too many."""
    auto_close: bool = False
    """The entity closes a ticket as soon as it is solved."""
    survey_on_close: bool = False
    """A satisfaction survey (TicketSatisfaction) exists from the moment a ticket is closed."""
    mandatory_fields: Sequence[str] = ()
    """Fields that the ticket template demands; only one that is given and empty refuses."""
    rules: list[Rule] = field(default_factory=list)
    """Business rules, applied in order."""
    priority_matrix: tuple[tuple[int, ...], ...] = (
        (1, 1, 2, 2, 2),
        (1, 2, 2, 3, 3),
        (2, 2, 3, 4, 4),
        (2, 3, 4, 4, 5),
        (2, 3, 4, 5, 5),
    )
    """Priority by urgency (rows, 1 to 5) and impact (columns, 1 to 5)."""
