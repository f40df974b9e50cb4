"""A local engine that understands a few fixed sentences, so that a picture shows the same summary every day.

Everything around it is real: cascade, workflow, database, delivery. The whole chain with the shipped engine is in
``test_scenarios.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from data.records import UNCATEGORISED, Category, Priority, Question, Turn
from engine.triage.contract import Context, Found, Span, Triage

PRINTER = "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant rouge clignote"
SLOW = "Mon PC est lent"
PAYROLL = "Le logiciel de paie est arrêté pour tout le monde, et mon écran clignote"
VAGUE = "Ça ne marche pas"
UNSURE = "J'ai un souci avec une application"

QUESTIONS = (
    Question("device_type", "Quel appareil est concerné\u00a0?", ("Ordinateur", "Imprimante", "Je ne sais pas")),
    Question("problem_type", "Quel est le problème exact\u00a0?"),
    Question("onset", "Depuis quand\u00a0?", ("Depuis ce matin", "Depuis hier", "Je ne sais pas")),
)


def _found(value: str) -> Found:
    return Found(value, Span(0, 0, len(value)))


def read(text: str, fallback: str | None = None) -> Triage:
    """The fixed summary of a text: by the first of a few words that occurs in it."""
    said = text.lower()
    if "imprimante" in said:
        return Triage(
            "04-hardware", "04-04-printer", 0.95, Priority.MEDIUM, "Imprimante HP au bureau 301 ne fonctionne plus",
            (_found("ne fonctionne plus"), _found("voyant rouge clignote")),
            {"device_type": _found("imprimante"), "brand": _found("HP"), "location": _found("bureau 301")},
            engine_version="1", fallback=fallback,
        )  # fmt: skip
    if "paie" in said:
        return Triage(
            "05-software", None, 0.91, Priority.CRITICAL, "Logiciel de paie arrêté pour tout le monde",
            (_found("arrêté"),), {"software": _found("paie"), "affected": _found("tout le monde")},
            other_problems=("mon écran clignote",), engine_version="1", fallback=fallback,
        )  # fmt: skip
    if "lent" in said:
        more = tuple(_found(f"symptôme {n}") for n in range(1, said.count("et lent")))
        return Triage(
            "04-hardware", "04-02-slow", 0.72, Priority.HIGH, "PC lent", (_found("lent"), *more),
            {"device_type": _found("PC")}, engine_version="1", fallback=fallback,
        )  # fmt: skip
    confidence = 0.45 if "application" in said else 0.2
    category = "05-software" if "application" in said else UNCATEGORISED
    return Triage(
        category, None, confidence, Priority.MEDIUM, "Demande à préciser", missing_info=("device_type",),
        questions=QUESTIONS, engine_version="1", fallback=fallback,
    )  # fmt: skip


class FixedReader:
    """The local engine of these tests; it can be made to wait."""

    name, version = "local", "1"

    def __init__(self, fallback: str | None = None) -> None:
        """``fallback``: why a remote model, were there one, did not answer."""
        self._fallback = fallback
        self.bug: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def triage(self, turns: Sequence[Turn], categories: Sequence[Category], context: Context) -> Triage:
        """Read all turns as one text."""
        await self.gate.wait()
        if self.bug is not None:
            raise self.bug
        return read("\n".join(turn.text for turn in turns), self._fallback)
