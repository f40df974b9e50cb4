"""The priority: what the model finds likely, what a mistake costs, and what facts leave no choice about.

The rules are those of spec section 3.2. A critical message that is taken for an ordinary one costs far more than the
other way round, so a fair chance of it is enough.
"""

from __future__ import annotations

from collections.abc import Mapping

from data.records import Priority

_MISSED = 15.0
"""What a critical message rated low or medium costs, where any other mistake costs one."""
_INCIDENT = "08-03-incident"
_SOFT = frozenset({"low", "way_round"})
_BLOCKING = frozenset({"deadline", "hour", "blocked"})
_STOPPED_FOR = frozenset({"everyone", "crowd"})


def rated(
    priorities: Mapping[str, float], subcategory: str | None = None, facts: frozenset[str] = frozenset()
) -> Priority:
    """The priority that costs least to be wrong about, among those that the facts allow.

    Args:
        priorities: Probability of each.
        subcategory: An incident of security is at least a suspected compromise, hence high.
        facts: What was said, by the names of ``engine.triage.facts.said``.
    """
    is_high = subcategory == _INCIDENT or _is_at_least_high(facts)
    choices = [Priority.HIGH, Priority.CRITICAL] if is_high else list(Priority)
    cost = {
        choice: sum(share * _cost(choice, truth) for truth, share in priorities.items() if truth != choice)
        for choice in choices
    }
    return min(choices, key=lambda choice: cost[choice])


def _is_at_least_high(facts: frozenset[str]) -> bool:
    """Whether something is wrong, and someone is blocked, a whole service stopped, or there is a deadline today.

    On the training messages nine of ten with such facts are high or critical.
    """
    if not facts.isdisjoint(_SOFT) or "wrong" not in facts:
        return False
    return not facts.isdisjoint(_BLOCKING) or ("stopped" in facts and not facts.isdisjoint(_STOPPED_FOR))


def _cost(choice: Priority, truth: str) -> float:
    """What a mistake costs; taking high for critical is an ordinary one."""
    missed = truth == Priority.CRITICAL and choice in (Priority.LOW, Priority.MEDIUM)
    return _MISSED if missed else 1.0
