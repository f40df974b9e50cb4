"""``guichet users``: the directory of people, mirrored from GLPI so that it can be searched without a network."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from engine import Config, GuichetError
from engine.engine import utc_now
from engine.upkeep import Upkeep
from tui.clean import one_line
from tui.cli import output
from tui.cli.upkeep_words import problem_of
from tui.language import _


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Count, find or refresh."""
    try:
        return asyncio.run(_run(arguments, config))
    except GuichetError as error:
        output.print_problem(problem_of(error, config), as_json=arguments.json)
        return output.exit_code_of(error)


async def _run(arguments: argparse.Namespace, config: Config) -> int:
    async with Upkeep.open(config, now=utc_now) as upkeep:
        match arguments.verb:
            case "find":
                return _find(arguments, upkeep)
            case "sync":
                return await _sync(arguments, upkeep)
            case _:
                return _count(arguments, upkeep)


def _count(arguments: argparse.Namespace, upkeep: Upkeep) -> int:
    state = upkeep.directory()
    counts = {
        "users": state.people,
        "refreshed_at": output.time_text(state.refreshed_at),
        "under_way": state.is_under_way,
    }
    if arguments.json:
        output.print_json(counts)
        return output.DONE
    when = counts["refreshed_at"] or _("jamais")
    lines = _("{users} personne(s) ; dernière mise à jour : {when}.").format(users=state.people, when=when) + "\n"
    if state.is_under_way:
        lines += _("Une mise à jour est en cours ; la prochaine la poursuivra.") + "\n"
    output.write(lines)
    return output.DONE


def _find(arguments: argparse.Namespace, upkeep: Upkeep) -> int:
    found = upkeep.find(arguments.letters)
    people: list[dict[str, Any]] = [
        {"name": person.name, "login": person.login, "emails": list(person.emails), "glpi_id": person.glpi_id}
        for person in found
    ]
    if arguments.json:
        output.print_json(people)
        return output.DONE
    lines = [one_line(f"{person.name}  {', '.join(person.emails) or person.login}") + "\n" for person in found]
    output.write("".join(lines) or _("Personne.") + "\n")
    return output.DONE


async def _sync(arguments: argparse.Namespace, upkeep: Upkeep) -> int:
    done = await upkeep.sync_people(is_forced=arguments.force)
    state = upkeep.directory()
    if arguments.json:
        counts = {"read": done.read, "removed": done.removed, "users": state.people, "complete": done.is_complete}
        output.print_json(counts | {"requests": done.requests})
        return output.DONE if done.is_complete else output.ERROR
    words = _("{read} personne(s) lue(s), {removed} retirée(s), {users} connue(s).")
    output.write(words.format(read=done.read, removed=done.removed, users=state.people) + "\n")
    if done.is_complete:
        return output.DONE
    message = _("Le budget de lecture de cette heure est épuisé ; la suite viendra avec la prochaine mise à jour.")
    fix = _("Pour continuer tout de suite : guichet users sync --force.")
    output.print_problem(output.Problem("read_budget", message, fix), as_json=False)
    return output.ERROR
