"""``guichet triage --evaluate FILE``: read labelled messages as ``triage`` would, and say how good the answers are.

Nothing is stored. What the figures mean is in ``engine.evaluation``, the report in words in ``evaluation_report``.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import Config, GuichetError, masking
from engine.evaluation import Case, Evaluation, LabelFigures, Share, measure
from engine.labels import BadLine, Labelled, files_of, read_file
from engine.opening import categories_of
from engine.reading import Reader
from engine.text import clean
from tui.cli import evaluation_report, output
from tui.language import _

_EVERY = 20
"""Messages between two signs of life on a terminal."""


@dataclass(frozen=True)
class _Trouble:
    """A line that was not measured."""

    file: str
    line: int
    id: str | float | None
    problem: output.Problem


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Measure the configured engines on the file or folder ``arguments.evaluate``."""
    try:
        lines, troubles = _lines(Path(arguments.evaluate), config)
    except OSError:
        said = _("« {name} » ne peut pas être lu.").format(name=arguments.evaluate)
        fix = _("Indiquez un fichier JSON Lines, ou un dossier de fichiers .jsonl.")
        output.print_problem(output.Problem("unreadable_file", said, fix), as_json=arguments.json)
        return output.USAGE
    cases = asyncio.run(_read(lines, troubles, config))
    found = measure(cases)
    troubles.sort(key=lambda trouble: (trouble.file, trouble.line))
    if arguments.json:
        output.print_json(_as_json(found, cases if arguments.mistakes else None, troubles))
    else:
        _complain(troubles)
        mistakes = _mistakes(cases) if arguments.mistakes else []
        output.write(evaluation_report.report(found, config.triage, mistakes))
    return output.ERROR if troubles or not cases else output.DONE


def _complain(troubles: Sequence[_Trouble]) -> None:
    """A line on stderr for each."""
    for trouble in troubles:
        where = _("{file}, ligne {line}").format(file=trouble.file, line=trouble.line)
        said = clean(f"guichet : {where} : {trouble.problem.message} {trouble.problem.fix}")
        sys.stderr.write(said.replace("\n", " ") + "\n")


def _lines(path: Path, config: Config) -> tuple[list[tuple[str, int, Labelled]], list[_Trouble]]:
    """What can be measured, with file and line, and what cannot. Raises OSError."""
    lines: list[tuple[str, int, Labelled]] = []
    troubles: list[_Trouble] = []
    tree, files = categories_of(config), files_of(path)
    if not files:
        raise FileNotFoundError(path)
    for file in files:
        for number, found in read_file(file, tree):
            if isinstance(found, BadLine):
                troubles.append(_Trouble(file.name, number, found.id, _problem(found)))
            else:
                lines.append((file.name, number, found))
    return lines, troubles


def _problem(bad: BadLine) -> output.Problem:
    """What is wrong with a line, and what to do."""
    kind, _between, key = bad.reason.partition("_")
    if kind == "unreadable":
        said = _("Cette ligne n'est pas lisible.")
    elif kind == "no":
        said = _('Il manque "{key}".').format(key=key)
    else:
        said = _('La valeur de "{key}" n\'est pas possible : {value}').format(key=key, value=bad.value)
    fix = _('Une ligne est un objet JSON avec "text", "category" et d\'autres étiquettes : voir docs/triage.md.')
    return output.Problem(f"invalid_input.{bad.reason}", said, fix)


async def _read(lines: Sequence[tuple[str, int, Labelled]], troubles: list[_Trouble], config: Config) -> list[Case]:
    """Each message with its summary; one that cannot be read joins the troubles."""
    reader = Reader(config)
    cases = []
    try:
        await reader.prepare()
        for done, (file, number, expected) in enumerate(lines):
            if done % _EVERY == 0 and sys.stderr.isatty():
                sys.stderr.write(f"\r{done} / {len(lines)}")
            try:
                draft, action = await reader.read(expected.text)
                cases.append(Case(expected, draft, action))
            except GuichetError as error:
                troubles.append(_Trouble(file, number, expected.id, output.problem_of(error, config)))
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        await reader.aclose()
    return cases


def _mistakes(cases: Sequence[Case]) -> list[tuple[Case, list[str]]]:
    """The cases that are not as labelled, with what is not."""
    found = []
    for case in cases:
        checks = {
            "category": case.has_category,
            "subcategory": case.has_subcategory,
            "priority": case.has_priority,
            "action": case.has_band,
        }
        wrong = [name for name, is_right in checks.items() if is_right is False]
        if wrong:
            found.append((case, wrong))
    return found


def _as_json(found: Evaluation, cases: Sequence[Case] | None, troubles: Sequence[_Trouble]) -> dict[str, Any]:
    """The document of ``--json``; ``cases`` where the mistakes are wanted."""
    latency = found.latency
    return {
        "measured": found.measured,
        "errors": [{"file": t.file, "line": t.line, "id": t.id, "error": t.problem.as_json()} for t in troubles],
        "engines": [{"engine": name, "version": v, "lines": n} for (name, v), n in found.engines.items()],
        "fallbacks": dict(found.fallbacks),
        "category": _share(found.category),
        "subcategory": _share(found.subcategory),
        "macro_f1": _rounded(found.macro_f1),
        "priority": _share(found.priority),
        "critical_underrated": _share(found.critical_underrated),
        "ece": {"value": _rounded(found.ece), "of": found.ece_of},
        "ece_category": {"value": _rounded(found.ece_category), "of": found.ece_category_of},
        "bands": [
            {
                "action": band.action.value,
                "coverage": _share(band.coverage),
                "precision": _share(band.precision),
                "category": _share(band.category),
            }
            for band in found.bands
        ],
        "band": _share(found.band),
        "vague_auto_validated": _share(found.vague_auto_validated),
        "wrong_auto_validated": _share(found.wrong_auto_validated),
        "info": _figures(found.info),
        "info_keys": {key: _figures(figures) for key, figures in found.info_keys.items()},
        "ms": {
            "median": _rounded(latency.median if latency else None, 2),
            "p95": _rounded(latency.p95 if latency else None, 2),
            "max": _rounded(latency.max if latency else None, 2),
        },
        "labels": {code: _figures(figures) for code, figures in found.labels.items()},
        "confusion": found.confusion,
        "tags": {tag: _share(figures) for tag, figures in found.tags.items()},
        "mistakes": None if cases is None else [_mistake_json(*mistake) for mistake in _mistakes(cases)],
    }


def _mistake_json(case: Case, wrong: Sequence[str]) -> Mapping[str, Any]:
    """A case that is not as labelled; the text masked as ever."""
    expected, draft = case.expected, case.draft
    return {
        "id": expected.id,
        "text": masking.store(clean(expected.text)).text,
        "wrong": wrong,
        "expected": {
            "category": expected.category,
            "subcategory": expected.subcategory,
            "priority": expected.priority.value if expected.priority else None,
            "clarity": expected.clarity,
        },
        "found": {
            "category": draft.category,
            "subcategory": draft.subcategory,
            "priority": draft.priority.value,
            "action": case.action.value,
            "confidence": round(draft.confidence, 4),
        },
    }


def _share(share: Share) -> dict[str, float | None]:
    """``{"count", "of", "share"}``."""
    return {"count": share.count, "of": share.of, "share": _rounded(share.value)}


def _figures(figures: LabelFigures) -> dict[str, Any]:
    """``{"recall", "precision", "f1"}``."""
    is_known = figures.recall.of or figures.precision.of
    return {
        "recall": _share(figures.recall),
        "precision": _share(figures.precision),
        "f1": _rounded(figures.f1) if is_known else None,
    }


def _rounded(value: float | None, digits: int = 4) -> float | None:
    """A figure without noise; None stays."""
    return None if value is None else round(value, digits)
