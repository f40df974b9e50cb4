"""Arguments in French: help, what is wrong with them, and the values that need more than a type."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

_IN_FRENCH = (
    (r"argument (.+?): invalid choice: (.+?) \(choose from (.+)\)", r"{0} : {1} n'est pas possible (choix : {2})"),
    (r"argument (.+?): invalid int value: (.+)", r"{0} : {1} n'est pas un nombre entier"),
    (r"argument (.+?): expected (?:one|at least one) argument", r"{0} : il manque une valeur"),
    (r"argument (.+?): ignored explicit argument (.+)", r"{0} ne prend pas de valeur ({1})"),
    (r"argument (.+?): (.+)", r"{0} : {1}"),
    (r"unrecognized arguments: (.+)", r"argument inconnu : {0}"),
    (r"the following arguments are required: (.+)", r"il manque {0}"),
)
"""What argparse says, and how we say it; the first that fits."""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help that says « utilisation »."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        """As argparse does, with our word."""
        super().add_usage(usage, actions, groups, "utilisation : " if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """Usage errors as JSON too, when ``--json`` was asked for; exit code 2."""

    def __init__(self, **options: Any) -> None:
        """As ``ArgumentParser``."""
        has_help = options.pop("add_help", True)
        super().__init__(**{"formatter_class": Formatter, **options}, add_help=False, allow_abbrev=False)
        self._positionals.title, self._optionals.title = "arguments", "options"
        self._is_sorting = False
        if has_help:
            self.add_argument("-h", "--help", action="help", help="afficher cette aide")

    def parse_known_args(  # type: ignore[override] # argparse's overloads say no more
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As ``ArgumentParser``; in a command, words may also stand after options (``tickets show --json NUMBER``)."""
        if self._subparsers is not None or self._is_sorting:
            return super().parse_known_args(args, namespace)
        self._is_sorting = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_sorting = False

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments."""
        said = _french(message)
        if "--json" in sys.argv:
            from tui.cli.output import Problem, print_json

            print_json({"error": Problem("usage", said, f"{self.prog} --help").as_json()})
        else:
            self.print_usage(sys.stderr)
            sys.stderr.write(f"guichet : {said}\n")
        raise SystemExit(2)


def _french(message: str) -> str:
    for english, french in _IN_FRENCH:
        found = re.fullmatch(english, message, re.DOTALL)
        if found is not None:
            return french.format(*found.groups())
    return message


def number(low: int, high: int | None = None) -> Callable[[str], int]:
    """A type for ``add_argument``: a whole number from ``low`` to ``high``."""
    limits = f"à partir de {low}" if high is None else f"de {low} à {high}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"« {text} » n'est pas un nombre entier {limits}")
        return value

    return read


def seconds(text: str) -> float:
    """A type for ``add_argument``: seconds, 0 or more."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"« {text} » n'est pas un nombre de secondes")
    return value


def check(arguments: argparse.Namespace) -> str | None:
    """What contradicts itself among the arguments of one command, None if nothing does."""
    if arguments.command == "tickets":
        return _check_tickets(arguments)
    if arguments.command == "outbox":
        return _check_outbox(arguments)
    if arguments.command == "triage":
        return _check_triage(arguments)
    if arguments.command in ("categories", "users"):
        from tui.cli.upkeep_arguments import check as check_upkeep

        return check_upkeep(arguments)
    if arguments.command != "new":
        return None
    if arguments.session is not None and arguments.text is not None:
        return "TEXTE ouvre une demande, --session en poursuit une : pour lui répondre, --answer"
    steps = {
        "--answer": arguments.answer is not None,
        "--confirm": arguments.confirm,
        "--title ou --symptom": arguments.title is not None or arguments.symptom is not None,
        "--human": arguments.human,
    }
    chosen = [name for name, is_given in steps.items() if is_given]
    return f"{' et '.join(chosen)} : un seul à la fois" if len(chosen) > 1 else None


def _check_triage(arguments: argparse.Namespace) -> str | None:
    if arguments.evaluate is not None and (arguments.text is not None or arguments.jsonl):
        return "--evaluate lit son fichier : ni TEXTE ni --jsonl"
    return "--mistakes va avec --evaluate" if arguments.mistakes and arguments.evaluate is None else None


def _check_tickets(arguments: argparse.Namespace) -> str | None:
    if arguments.verb is not None and arguments.number is None:
        return f"tickets {arguments.verb} : il manque NUMÉRO"
    changed = (arguments.priority, arguments.category)
    if arguments.verb == "change" and not any((*changed, arguments.status)):
        return "tickets change : il manque --status, --priority ou --category"
    if arguments.verb != "change" and any(value is not None for value in changed):
        return "--priority et --category vont avec tickets change"
    if arguments.verb != "comment" and (arguments.text is not None or arguments.private):
        return "TEXTE et --private vont avec tickets comment"
    return None


def _check_outbox(arguments: argparse.Namespace) -> str | None:
    if arguments.verb is not None and arguments.entry is None:
        return f"outbox {arguments.verb} : il manque ID, le numéro de l'envoi"
    given = [value for value in (arguments.title, arguments.requester, arguments.category, arguments.text) if value]
    is_given = bool(given) or arguments.requester is not None
    if arguments.verb == "edit" and not is_given:
        return "outbox edit : il manque --title, --requester, --category ou --text"
    return None if arguments.verb == "edit" or not is_given else "--title et les autres vont avec outbox edit"
