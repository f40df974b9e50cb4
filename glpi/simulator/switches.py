"""What can be wrong with the simulated GLPI as a whole, until it is set back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Switches:
    """Set any of them at any time."""

    maintenance: bool = False
    """Every request is answered 200 with a page."""
    api_disabled: bool = False
    """The API is switched off."""
    database_down: bool = False
    """GLPI cannot reach its own database."""
    create_right: bool = True
    """The account's profile may create tickets."""
    delete_right: bool = True
    """The account's profile may put tickets into the trash."""
    search_right: bool = True
    """The account's profile may search users."""
