"""``guichet doctor``: what works and what does not, each fault with its cause and its remedy."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import textwrap
from contextlib import aclosing

from engine import Config
from engine.doctor.examination import examine
from tui.cli import output
from tui.doctor_words import NOT_CHECKED, Finding, in_words
from tui.language import _

_MARKS = {True: "✔", False: "✘", None: "?"}
_NARROWEST, _WIDEST = 40, 120


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Examine everything; exit code 1 when something is wrong."""
    return asyncio.run(_examine(arguments, config))


async def _examine(arguments: argparse.Namespace, config: Config) -> int:
    findings: list[Finding] = []
    async with aclosing(examine(config, asks_model=arguments.model)) as checks:
        async for check in checks:
            finding = in_words(check)
            findings.append(finding)
            if not arguments.json and not finding.is_spared:
                output.write(_lines(finding))
    if arguments.json:
        output.print_json([{"name": f.name, "ok": f.ok, "cause": f.cause, "fix": f.fix} for f in findings])
    elif spared := [finding.name for finding in findings if finding.is_spared]:
        output.write(_lines(Finding(", ".join(spared), None, _(NOT_CHECKED), None)))
    wrong = sum(finding.ok is False for finding in findings)
    if not arguments.json:
        output.write("\n" + (_("{n} faute(s).").format(n=wrong) if wrong else _("Aucune faute.")) + "\n")
    return output.ERROR if wrong else output.DONE


def _lines(finding: Finding) -> str:
    """One paragraph: mark, title and cause; the remedy below it."""
    width = min(max(shutil.get_terminal_size((80, 24)).columns, _NARROWEST), _WIDEST)
    mark = f"{'!' if finding.ok and finding.fix else _MARKS[finding.ok]} " if _shows_marks() else ""
    head = f"{mark}{finding.mark:<11} {finding.name} : {finding.cause}"
    text = _folded(head, width, "", " " * (len(mark) + 12))
    if finding.fix:
        text += _folded(finding.fix, width, " " * (len(mark) + 12) + "→ " if _shows_marks() else " " * 12 + "-> ", None)
    return text


def _folded(text: str, width: int, first: str, rest: str | None) -> str:
    indent = rest if rest is not None else " " * len(first)
    # A no-break space must not be broken at, and a path not be cut in two.
    lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=indent, break_long_words=False,
                          break_on_hyphens=False)  # fmt: skip
    return "\n".join(lines) + "\n"


def _shows_marks() -> bool:
    """Whether the terminal has these signs: the console of Linux and an ASCII pipe do not."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return encoding == "utf8" and os.environ.get("TERM", "") not in ("linux", "dumb")
