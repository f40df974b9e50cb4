"""Understanding without a conversation: one text in, one summary out, nothing stored (``guichet triage``)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from data.records import UNCATEGORISED, Action, Draft, Turn
from engine import masking, workflow
from engine.config import Config
from engine.conversation import MESSAGE_LIMIT
from engine.errors import InvalidInput
from engine.opening import categories_of, triage_of
from engine.triage.contract import Context


class Reader:
    """Reads texts with the configured engines; for one event loop."""

    def __init__(self, config: Config) -> None:
        """Load the tree and the engines."""
        t = config.triage
        self._rules = workflow.Rules(t.auto_validate, t.confirm_summary, t.ask_clarification, t.max_attempts)
        self._tree, self._cascade = categories_of(config), triage_of(config)

    async def prepare(self) -> None:
        """Load what the first text would wait for. Never fails."""
        await self._cascade.prepare()

    async def read(self, text: str) -> tuple[Draft, Action]:
        """The summary of one text (masked first) and the action its confidence asks for.

        Raises:
            InvalidInput: ``empty`` or ``too_long``.
        """
        if len(text) > MESSAGE_LIMIT:
            raise InvalidInput("too_long", limit=MESSAGE_LIMIT, length=len(text))
        cleaned = masking.clean(text).strip()
        if not cleaned:
            raise InvalidInput("empty")
        turn = Turn("requester", masking.store(cleaned).text, datetime.now(UTC))
        draft = (await self._cascade.triage((turn,), self._tree, Context())).draft()
        if draft.category == UNCATEGORISED:
            floor = self._rules.ask_clarification
            draft = replace(draft, confidence=min(draft.confidence, max(0.0, floor - 0.01)))
        return draft, workflow.action_for(draft.confidence, 0, self._rules)[0]

    async def aclose(self) -> None:
        """Close what the engines opened."""
        await self._cascade.aclose()
