"""``guichet`` and ``guichet demo``: the counter itself."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from engine import Config
from tui.cli.output import USAGE, Problem, print_problem
from tui.language import _

if TYPE_CHECKING:
    from engine.engine import Engine


def run_counter(config: Config, *, is_demo: bool, as_json: bool) -> int:
    """Open the counter and stay until it is left."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        message = _("Le guichet s'ouvre dans un terminal, et il n'y en a pas ici.")
        print_problem(Problem("no_terminal", message, _("Utilisez « guichet new » à la place.")), as_json=as_json)
        return USAGE
    gc.disable()  # until the first frame stands; the app switches it on again
    from tui.kiosk import KioskApp

    shown = replace(config, demo=True, glpi=replace(config.glpi, enabled=True)) if is_demo else config
    with ExitStack() as stack:
        app = KioskApp(shown, _demo_opener(config, stack) if is_demo else _opener(config))
        app.run()
        return app.return_code or 0


def _opener(config: Config) -> Callable[[], Engine]:
    def open_engine() -> Engine:
        from engine.engine import Engine

        return Engine.open(config)

    return open_engine


def _demo_opener(config: Config, stack: ExitStack) -> Callable[[], Engine]:
    """The embedded GLPI starts after the first frame, and ends when the counter is left."""

    def open_engine() -> Engine:
        from engine.demo import demonstration
        from engine.engine import Engine

        return Engine.open(stack.enter_context(demonstration(config)))

    return open_engine
