"""The command line: arguments to the engine, answers to text or JSON. One module a group of commands in ``tui.cli``.

Only what a command needs is imported: the counter's first frame comes before anything heavy.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from tui.cli import upkeep_arguments
from tui.cli.usage import Parser, check, number, seconds

if TYPE_CHECKING:
    from engine.config import Config

_EPILOG = """\
codes de sortie : 0 fait · 1 erreur · 2 usage ou configuration · 3 attend une réponse ·
                  4 refusé par GLPI (conservé ici) · 5 enregistré, pas encore dans GLPI
"""


def _parser(words: Collection[str]) -> Parser:
    common = Parser(add_help=False)
    common.add_argument("--config", metavar="FICHIER", default=argparse.SUPPRESS, help="configuration à lire")
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="répondre en JSON")
    parser = Parser(
        prog="guichet",
        description="Le guichet du support informatique, dans un terminal. Sans commande : ouvre le guichet.",
        epilog=_EPILOG,
        parents=[common],
    )
    commands = parser.add_subparsers(title="commandes", dest="command", metavar="COMMANDE")
    for name, help_text, fill in _COMMANDS:
        command = commands.add_parser(name, parents=[common], help=help_text)
        if name in words:  # the options of all the others would cost the counter's first frame
            fill(command)
    return parser


def _add_triage(triage: argparse.ArgumentParser) -> None:
    _add_lines(triage)
    triage.add_argument("--engine", choices=("local", "openai", "auto"))
    triage.add_argument(
        "--evaluate",
        metavar="FICHIER",
        help="mesurer sur des messages étiquetés : un fichier JSON Lines, ou un dossier",
    )
    triage.add_argument("--mistakes", action="store_true", help="evaluate : aussi les messages mal compris, avec texte")


def _add_lines(command: argparse.ArgumentParser) -> None:
    command.add_argument("text", nargs="?", metavar="TEXTE")
    command.add_argument("--jsonl", action="store_true", help='lire des lignes {"id","text"} (par défaut sans TEXTE)')


def _add_sync(sync: argparse.ArgumentParser) -> None:
    sync.add_argument("direction", nargs="?", choices=("both", "pull", "push"), default="both")
    sync.add_argument("--once", action="store_true", help="une seule fois ; sinon reste en service")


def _add_webhook(webhook: argparse.ArgumentParser) -> None:
    webhook.add_argument(
        "--listen", metavar="ADRESSE:PORT", default="127.0.0.1:8765", help="127.0.0.1:8765 ; port 0 : libre"
    )


def _add_simulator(simulator: argparse.ArgumentParser) -> None:
    simulator.add_argument("--port", type=number(0, 65535), metavar="N", default=0, help="0 : un port libre")
    simulator.add_argument("--state", metavar="FICHIER", help="garder tickets et jetons d'une fois à l'autre")
    simulator.add_argument("--glpi", type=int, choices=(10, 11), default=11, help="version simulée")
    simulator.add_argument(
        "--fault", action="append", default=[], metavar="PANNE", help="« commit_then_drop POST /Ticket 1 »"
    )


def _add_tickets(tickets: argparse.ArgumentParser) -> None:
    tickets.add_argument(
        "verb", nargs="?", choices=("show", "change", "comment", "refresh"), metavar="show|change|comment|refresh",
        help="voir, modifier, commenter un ticket, ou demander de ses nouvelles à GLPI ; sans mot : la liste",
    )  # fmt: skip
    tickets.add_argument("number", nargs="?", metavar="NUMÉRO")
    tickets.add_argument("text", nargs="?", metavar="TEXTE", help="le commentaire ; sinon lu sur l'entrée standard")
    tickets.add_argument(
        "--status", metavar="ÉTAT", help="open, in_progress, pending, resolved ou closed : filtre, ou nouvel état"
    )
    tickets.add_argument("--priority", metavar="P", help="change : low, medium, high ou critical")
    tickets.add_argument("--category", metavar="CODE", help="change : code d'une catégorie, comme 04-04-printer")
    tickets.add_argument("--private", action="store_true", help="comment : pour les techniciens seulement")
    tickets.add_argument("--search", metavar="MOTS", help="seulement ceux qui contiennent ces mots")
    tickets.add_argument("--limit", metavar="N", type=number(1), default=100, help="au plus tant de tickets (100)")
    tickets.add_argument("--wait", type=seconds, default=10.0, metavar="S", help="secondes d'attente de GLPI (10)")


def _add_outbox(outbox: argparse.ArgumentParser) -> None:
    outbox.add_argument(
        "verb", nargs="?", choices=("retry", "edit", "discard"), metavar="retry|edit|discard",
        help="renvoyer, corriger ou abandonner un envoi ; sans mot : la liste",
    )  # fmt: skip
    outbox.add_argument("entry", nargs="?", type=number(1), metavar="ID", help="numéro de l'envoi")
    outbox.add_argument("--title", metavar="T", help="edit : titre du ticket")
    outbox.add_argument("--requester", metavar="ADRESSE", help="edit : adresse du demandeur, vide pour aucune")
    outbox.add_argument("--category", metavar="CODE", help="edit : code de la catégorie")
    outbox.add_argument("--text", metavar="TEXTE", help="edit : texte du commentaire")
    outbox.add_argument("--wait", type=seconds, default=10.0, metavar="S", help="secondes d'attente de GLPI (10)")


def _add_conversation(new: argparse.ArgumentParser) -> None:
    new.add_argument("text", nargs="?", metavar="TEXTE", help="le message ; sinon lu sur l'entrée standard")
    new.add_argument("--session", metavar="ID", help="poursuivre cette demande")
    new.add_argument("--answer", action="append", metavar="TEXTE", help="répondre aux questions ou au récapitulatif")
    new.add_argument("--confirm", action="store_true", help="confirmer le récapitulatif")
    new.add_argument("--title", metavar="T", help="confirmer avec ce titre")
    new.add_argument("--symptom", action="append", metavar="S", help="confirmer avec ces symptômes")
    new.add_argument("--human", action="store_true", help="demander un technicien")
    new.add_argument("--yes", action="store_true", help="confirmer le récapitulatif, s'il y en a un")
    new.add_argument("--requester", metavar="ADRESSE", help="adresse e-mail du demandeur")
    new.add_argument("--wait", type=seconds, default=10.0, metavar="S", help="secondes d'attente de GLPI (10)")


_COMMANDS: tuple[tuple[str, str, Callable[[argparse.ArgumentParser], None]], ...] = (
    ("demo", "le guichet avec un GLPI embarqué, sans rien configurer", lambda demo: None),
    ("new", "ouvrir ou poursuivre une demande", _add_conversation),
    ("triage", "comprendre des messages, sans rien enregistrer", _add_triage),
    ("intent", "oui, non, modifier ou ambigu ?", _add_lines),
    ("tickets", "les tickets de cet appareil", _add_tickets),
    ("outbox", "ce qui attend d'être envoyé à GLPI", _add_outbox),
    ("sync", "échanger avec GLPI", _add_sync),
    ("categories", "les catégories, et leur équivalent dans GLPI", upkeep_arguments.add_categories),
    ("users", "l'annuaire, relu de GLPI", upkeep_arguments.add_users),
    ("doctor", "vérifier tout, et dire quoi faire", upkeep_arguments.add_doctor),
    ("webhook", "recevoir les webhooks de GLPI", _add_webhook),
    ("simulator", "un GLPI embarqué sur 127.0.0.1", _add_simulator),
)
"""Each command with its help, and what adds its options."""


def _open_streams() -> None:
    """Make the standard streams usable: there even when the caller closed them, silent about a poor encoding."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open until the end
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _readable(text: str) -> str:
    """An argument as UTF-8 text whatever the locale; bytes that are none are replaced."""
    try:
        return os.fsencode(text).decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code (spec section 8)."""
    _open_streams()
    words = [_readable(text) for text in (sys.argv[1:] if argv is None else argv)]
    parser = _parser(words)
    arguments = parser.parse_args(words)
    contradiction = check(arguments)
    if contradiction is not None:
        parser.error(contradiction)
    arguments.config = getattr(arguments, "config", None)
    arguments.json = getattr(arguments, "json", False)
    from engine.config import load
    from engine.errors import ConfigError

    try:
        config = load(arguments.config)
        return _run(arguments, config)
    except ConfigError as error:
        from tui.cli.output import USAGE, print_problem, problem_of

        print_problem(problem_of(error), as_json=arguments.json)
        return USAGE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is lost.
        sys.stderr.close()
        return 1


def _run(arguments: argparse.Namespace, config: Config) -> int:
    match arguments.command:
        case None | "demo":
            from tui.cli.counter import run_counter

            return run_counter(config, is_demo=arguments.command == "demo", as_json=arguments.json)
        case "new":
            from tui.cli.conversation import run

            return run(arguments, config)
        case "triage" | "intent":
            from tui.cli import understanding

            run_lines = understanding.run_triage if arguments.command == "triage" else understanding.run_intent
            return run_lines(arguments, config)
        case "tickets":
            from tui.cli import records

            return records.run_tickets(arguments, config)
        case "outbox":
            from tui.cli import outbox

            return outbox.run(arguments, config)
        case "categories" | "users" | "doctor" | "webhook":
            from importlib import import_module

            code: int = import_module(f"tui.cli.{arguments.command}").run(arguments, config)
            return code
        case _:
            from tui.cli import exchange

            return (exchange.run_sync if arguments.command == "sync" else exchange.run_simulator)(arguments, config)


if __name__ == "__main__":
    raise SystemExit(main())
