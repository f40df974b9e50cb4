"""How far a remote result may move what the local engine found (spec sections 3.3 and 3.5). Pure functions.

A model can be wrong, overconfident or obedient to the message it reads. So it fills in content, which evidence
checks, while category, priority and confidence move only within these bounds:

- where both agree on level 1, the local confidence counts; a model that is surer lifts it one band at most, and into
  ``auto_validate`` only with a calibration under its exact name;
- where they disagree and the local engine would show a summary, the local result stays and becomes a question;
- where they disagree and the local engine would ask anyway, the model's category counts, one band higher at most;
- where the message instructs, nothing rises: the local engine's view of the rest of the text is the limit;
- the same where the model cries critical and the local engine sees nothing of the kind: it may have been told so in
  words that ``engine.triage.instructions`` does not know;
- priority never rises; the local engine's default, medium, may become low, what it found as a fact stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from data.records import UNCATEGORISED, Priority, Turn
from engine.triage.contract import Found, Triage
from engine.triage.remote_prompt import NO_TITLE

UNCATEGORISED_CAP = 0.29
"""Most that an answer 99 can have: below 0.30 by definition."""

_BELOW = 0.01
"""How far below a threshold a capped confidence is put."""


@dataclass(frozen=True)
class Bands:
    """The thresholds, ascending."""

    ask: float
    confirm: float
    auto: float

    def cap_above(self, confidence: float) -> float:
        """The highest confidence one band above this one."""
        if confidence < self.ask:
            return self.confirm - _BELOW
        return self.auto - _BELOW if confidence < self.confirm else 1.0


def bounded(remote: Triage, local: Triage, allowed: Triage | None, bands: Bands, *, calibrated: float | None) -> Triage:
    """The remote triage within what the local engine allows, or the local one where they disagree.

    Args:
        remote: Its values already tied to the turns.
        local: The local engine on the same turns.
        allowed: The local engine on the turns without their instructions; None where there are none.
        bands: The thresholds.
        calibrated: The remote confidence as a measured probability; None for a model without a calibration.
    """
    instructed = allowed is not None or _cries(remote.priority, local.priority)
    allowed = allowed or local
    agrees = remote.category == allowed.category
    if not agrees and (instructed or allowed.confidence >= bands.confirm):
        doubt = allowed.confidence if instructed else min(allowed.confidence, bands.auto - _BELOW)
        return replace(
            local,
            category=allowed.category,
            subcategory=allowed.subcategory,
            confidence=doubt,
            priority=allowed.priority,
            fallback="disagreement",
        )
    confidence = _confidence(remote, allowed, bands, calibrated)
    if instructed:
        confidence = min(confidence, allowed.confidence)
    if remote.category == UNCATEGORISED:
        confidence = min(confidence, UNCATEGORISED_CAP, bands.ask - _BELOW)
    return replace(
        remote,
        subcategory=_subcategory(remote, allowed, agrees=agrees, instructed=instructed),
        confidence=confidence,
        priority=_priority(remote.priority, allowed.priority, instructed=instructed),
        title=allowed.title if instructed or remote.title == NO_TITLE else remote.title,
        symptoms=remote.symptoms or allowed.symptoms,
        extracted_info=MappingProxyType({**allowed.extracted_info, **remote.extracted_info}),
        other_problems=allowed.other_problems if instructed else remote.other_problems or allowed.other_problems,
    )


def _cries(remote: Priority, local: Priority) -> bool:
    """Whether the model sees a catastrophe where the local engine sees an ordinary matter."""
    return remote is Priority.CRITICAL and local in (Priority.LOW, Priority.MEDIUM)


def _confidence(remote: Triage, allowed: Triage, bands: Bands, calibrated: float | None) -> float:
    """Before the rules for instructions and for 99."""
    agrees = remote.category == allowed.category
    model = min(remote.confidence, bands.auto - _BELOW) if calibrated is None else calibrated
    model = min(model, bands.cap_above(allowed.confidence))
    return max(model, allowed.confidence) if agrees else model


def _subcategory(remote: Triage, allowed: Triage, *, agrees: bool, instructed: bool) -> str | None:
    """The model's leaf, or the local engine's where it has none or may have been told."""
    if agrees and (instructed or remote.subcategory is None):
        return allowed.subcategory
    return remote.subcategory


def _priority(remote: Priority, allowed: Priority, *, instructed: bool) -> Priority:
    """Never higher; lower only from the default."""
    if not instructed and (remote, allowed) == (Priority.LOW, Priority.MEDIUM):
        return Priority.LOW
    return allowed


def outside_instructions(triage: Triage, turns: Sequence[Turn], rest: Sequence[Turn]) -> Triage:
    """The triage without values that stand in an instruction.

    Args:
        triage: Its spans point into ``turns``.
        turns: As stored.
        rest: The same with the instructions blanked.
    """

    def stands(found: Found) -> bool:
        span = found.span
        return rest[span.turn].text[span.start : span.end] == turns[span.turn].text[span.start : span.end]

    kept = {key: found for key, found in triage.extracted_info.items() if stands(found)}
    return replace(triage, symptoms=tuple(filter(stands, triage.symptoms)), extracted_info=MappingProxyType(kept))
