"""``guichet sync`` and ``guichet simulator``: talking to GLPI, the real one and the embedded one."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from types import MappingProxyType

from engine import Config, GuichetError
from engine.engine import Engine
from tui.cli import output
from tui.cli.happenings import say
from tui.language import _
from tui.reasons import reason


def run_sync(arguments: argparse.Namespace, config: Config) -> int:
    """One exchange, or the worker that stays."""
    try:
        return asyncio.run(_once(arguments, config) if arguments.once else _worker(arguments, config))
    except GuichetError as error:
        output.print_problem(output.problem_of(error, config), as_json=arguments.json)
        return output.exit_code_of(error)


async def _once(arguments: argparse.Namespace, config: Config) -> int:
    engine = Engine.open(config, role="command")
    try:
        counts = await engine.sync(arguments.direction)
    finally:
        await engine.aclose()
    if arguments.json:
        output.print_json(counts)
    else:
        words = _(
            "{pushed} envoyé(s), {pulled} reçu(s), {pending} en attente, {failed} en échec, {conflicts} en conflit."
        )
        output.write(words.format(**counts) + "\n")
    if hint := engine.sync_hint():
        print(_(_HINTS[hint]), file=sys.stderr)
    if not config.glpi.enabled:
        return output.DONE
    if not (counts["pending"] or counts["failed"]):
        return _nothing_left(engine.sync_problem())
    return output.REFUSED if counts["failed"] and not counts["pending"] else output.NOT_IN_GLPI


_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "elsewhere": "Un autre guichet de cette base fait déjà les échanges avec GLPI : il vient d'être prévenu.",
        "read_budget": (
            "Les lectures de cette heure sont épuisées ([glpi] read_budget_per_hour) : "
            "les autres nouvelles de GLPI viendront plus tard."
        ),
    }
)


def _nothing_left(cause: str | None) -> int:
    """Nothing waits to be sent; but did GLPI answer when it was asked for news?"""
    if cause is None:
        return output.DONE
    message = _("Les nouvelles de GLPI manquent : {why}").format(why=reason(cause)[0])
    fix = _("Recommencez plus tard, ou lancez « guichet doctor ».")
    output.print_problem(output.Problem("glpi_unavailable", message, fix), as_json=False)
    return output.ERROR


async def _worker(arguments: argparse.Namespace, config: Config) -> int:
    """Send and pull until SIGTERM or Ctrl-C; one line an outcome."""
    engine = Engine.open(config, role="command")
    task = asyncio.ensure_future(_follow(engine, arguments.json))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return output.DONE
    finally:
        await engine.aclose()
    return output.DONE


async def _follow(engine: Engine, as_json: bool) -> None:
    async with aclosing(engine.deliveries()) as events:
        async for event in events:
            say(event, as_json=as_json)


def run_simulator(arguments: argparse.Namespace, config: Config) -> int:
    """An embedded GLPI on loopback until Ctrl-C; prints its address and tokens."""
    from engine.demo import simulator

    if arguments.state and not Path(arguments.state).absolute().parent.is_dir():
        message = _("Le dossier de {file} n'existe pas.").format(file=arguments.state)
        output.print_problem(output.Problem("state", message, _("Créez-le d'abord.")), as_json=arguments.json)
        return output.USAGE
    try:
        with simulator(
            config, port=arguments.port, version=arguments.glpi, faults=arguments.fault, state=arguments.state
        ) as running:
            access = {"url": running.url, "app_token": running.app_token, "user_token": running.user_token}
            if arguments.json:
                output.print_json(access)
            else:
                output.write("".join(f"{name}: {value}\n" for name, value in access.items()))
            _until_signal()
    except ValueError as error:
        fix = _("Par exemple : --fault 'commit_then_drop POST /Ticket 1'.")
        message = _("Cette panne n'existe pas : {fault}.").format(fault=error)
        output.print_problem(output.Problem("unknown_fault", message, fix), as_json=arguments.json)
        return output.USAGE
    except OSError:
        message = _("Le port {port} ne peut pas être ouvert.").format(port=arguments.port)
        output.print_problem(
            output.Problem("port_unavailable", message, _("Choisissez-en un autre avec --port.")),
            as_json=arguments.json,
        )
        return output.ERROR
    return output.DONE


def _until_signal() -> None:
    """Wait for Ctrl-C, SIGTERM or SIGHUP."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_ignored: stop.set())
    stop.wait()
