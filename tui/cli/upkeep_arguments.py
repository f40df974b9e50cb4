"""Arguments of ``doctor``, ``categories`` and ``users``, and what contradicts itself among them."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def add_doctor(doctor: argparse.ArgumentParser) -> None:
    """``guichet doctor``."""
    doctor.add_argument("--model", action="store_true", help="essayer aussi le modèle de langage (un appel)")


def add_categories(categories: argparse.ArgumentParser) -> None:
    """``guichet categories``."""
    categories.add_argument(
        "verb", nargs="?", choices=("sync",), metavar="sync", help="proposer la correspondance avec GLPI, et l'écrire"
    )
    categories.add_argument("--dry-run", action="store_true", help="sync : montrer sans écrire")
    categories.add_argument(
        "--output", metavar="FICHIER", help="sync : écrire categories.toml ailleurs (- : sur la sortie)"
    )


def add_users(users: argparse.ArgumentParser) -> None:
    """``guichet users``."""
    users.add_argument(
        "verb", nargs="?", choices=("find", "sync"), metavar="find|sync",
        help="chercher quelqu'un, ou relire l'annuaire de GLPI ; sans mot : combien de personnes",
    )  # fmt: skip
    users.add_argument("letters", nargs="?", metavar="LETTRES", help="find : trois lettres du nom, ou plus")
    users.add_argument("--force", action="store_true", help="sync : au-delà du budget de lecture")


def check(arguments: argparse.Namespace) -> str | None:
    """What contradicts itself, None if nothing does."""
    checks: dict[str, Callable[[argparse.Namespace], str | None]] = {"categories": _categories, "users": _users}
    return checks[arguments.command](arguments) if arguments.command in checks else None


def _categories(arguments: argparse.Namespace) -> str | None:
    is_given = arguments.dry_run or arguments.output is not None
    if arguments.verb is None and is_given:
        return "--dry-run et --output vont avec categories sync"
    return "--dry-run et --output : un seul à la fois" if arguments.dry_run and arguments.output is not None else None


def _users(arguments: argparse.Namespace) -> str | None:
    if arguments.verb == "find" and len((arguments.letters or "").strip()) < 3:
        return "users find : il faut trois LETTRES au moins"
    if arguments.verb != "find" and arguments.letters is not None:
        return "LETTRES va avec users find"
    return "--force va avec users sync" if arguments.force and arguments.verb != "sync" else None
