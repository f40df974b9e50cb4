"""``guichet triage`` and ``guichet intent``: lines of JSON in, lines of JSON out, nothing stored."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine import Action, Config, Draft, GuichetError, InvalidInput
from tui.cli import output
from tui.language import _

_LONGEST_LINE = 2_000_000
"""Characters of one input line; the text itself is limited to 100,000."""


def run_triage(arguments: argparse.Namespace, config: Config) -> int:
    """Read each line's text into a summary, or measure on labelled ones."""
    if arguments.engine:
        config = replace(config, triage=replace(config.triage, engine=arguments.engine))
    if arguments.evaluate is not None:
        from tui.cli import evaluation

        return evaluation.run(arguments, config)
    return asyncio.run(_triage_lines(arguments, config))


async def _triage_lines(arguments: argparse.Namespace, config: Config) -> int:
    from engine.reading import Reader

    reader = Reader(config)
    worst = output.DONE
    try:
        for identifier, text, problem in _lines(arguments.text):
            if problem is None:
                try:
                    draft, action = await reader.read(text)
                    output.print_json({"id": identifier, **_draft_json(draft, action)})
                    continue
                except GuichetError as error:
                    problem = output.problem_of(error, config)
            output.print_json({"id": identifier, "error": problem.as_json()})
            worst = output.ERROR
    finally:
        await reader.aclose()
    return worst


def _draft_json(draft: Draft, action: Action) -> dict[str, Any]:
    return {
        "category": draft.category,
        "subcategory": draft.subcategory,
        "confidence": round(draft.confidence, 4),
        "action": action.value,
        "priority": draft.priority.value,
        "title": draft.title,
        "symptoms": list(draft.symptoms),
        "extracted_info": dict(draft.extracted_info),
        "missing_info": list(draft.missing_info),
        "questions": [{"key": q.key, "text": q.text, "answers": list(q.answers)} for q in draft.questions],
        "engine": draft.engine,
        "ms": round(draft.duration_ms, 2),
    }


def run_intent(arguments: argparse.Namespace, config: Config) -> int:
    """Say of each line's text whether it is yes, no, modify or ambiguous."""
    from engine.intent import intent

    worst = output.DONE
    for identifier, text, problem in _lines(arguments.text):
        if problem is None:
            output.print_json({"id": identifier, "label": intent(text)})
        else:
            output.print_json({"id": identifier, "error": problem.as_json()})
            worst = output.ERROR
    return worst


def _lines(text: str | None) -> Iterator[tuple[Any, str, output.Problem | None]]:
    """(id, text, problem) for the argument, or for each line of standard input."""
    if text is not None:
        yield None, text, None
        return
    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8", "replace").strip("\ufeff \r\n\t")
        if line:
            yield _parsed(line)


def _parsed(line: str) -> tuple[Any, str, output.Problem | None]:
    try:
        found = json.loads(line, parse_constant=_refuse) if len(line) <= _LONGEST_LINE else None
    except (ValueError, RecursionError):
        found = None
    identifier = found.get("id") if isinstance(found, dict) else None
    if not isinstance(identifier, (str, int, float, type(None))) or identifier in (math.inf, -math.inf):
        identifier = None
    text = found.get("text") if isinstance(found, dict) else None
    if isinstance(text, str):
        return identifier, text, None
    fix = _('Une ligne est un objet JSON avec "id" et "text".')
    if isinstance(found, dict) and "text" not in found:
        return identifier, "", output.Problem("invalid_input", _('Il manque "text".'), fix)
    return identifier, "", output.Problem("invalid_input", _("Cette ligne n'est pas lisible."), fix)


def _refuse(name: str) -> None:
    """NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


__all__ = ["InvalidInput", "run_intent", "run_triage"]
