"""A small tree, turns and a scripted local engine for tests of the remote engine and the cascade.

The scripted engine stands where the cascade's behaviour depends on what the local engine thinks; tests of the whole
chain use the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from data.records import Category, Priority, Turn
from engine.triage.contract import Context, Triage

MESSAGE = "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant  rouge\nclignote"
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

TREE = (
    Category("01-access", "Accès et authentification", None),
    Category("01-01-pwd", "Mot de passe oublié", "01-access"),
    Category("04-hardware", "Matériel", None),
    Category("04-04-printer", "Problème imprimante", "04-hardware"),
    Category("05-software", "Logiciels", None),
    Category("05-03-missing", "Installation d'un logiciel", "05-software"),
    Category("08-security", "Sécurité", None),
    Category("08-09-closed", "Fermée", "08-security", active=False),
    Category("99-non-cat", "Non catégorisé", None),
)


def turns(*texts: str) -> tuple[Turn, ...]:
    """The requester's turns."""
    return tuple(Turn("requester", text, AT) for text in texts or (MESSAGE,))


def triage(category: str = "04-hardware", confidence: float = 0.7, **changes: object) -> Triage:
    """A local triage, with changes."""
    given: dict[str, object] = {
        "subcategory": None,
        "priority": Priority.MEDIUM,
        "title": "Titre local",
        "engine": "local",
        "engine_version": "1",
    }
    return Triage(category, confidence=confidence, **(given | changes))  # type: ignore[arg-type]


class ScriptedLocal:
    """Says what a test tells it to; with a function, by the text of the turns."""

    name, version = "local", "1"

    def __init__(self, answer: Triage | Callable[[str], Triage]) -> None:
        self._answer = answer

    def load(self) -> None:
        """Knows its lines already."""

    async def triage(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        if isinstance(self._answer, Triage):
            return self._answer
        return self._answer("\n".join(turn.text for turn in turns))
