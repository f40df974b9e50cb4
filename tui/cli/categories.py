"""``guichet categories``: our tree with GLPI's ids, and the synchronisation that proposes them by name."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import Category, Config, GuichetError
from engine.engine import utc_now
from engine.mapping import Certainty, Proposal, unmapped
from engine.opening import categories_of
from engine.upkeep import SiteFileUnusable, Upkeep, changed_text, site_file, write_site_file
from tui.clean import one_line
from tui.cli import output
from tui.cli.upkeep_words import problem_of
from tui.language import _

_CERTAINTIES: Mapping[Certainty, str] = {
    Certainty.KEPT: "gardée",
    Certainty.CODE: "même code",
    Certainty.CLEAR: "sûre",
    Certainty.PROBABLE: "probable, à vérifier",
    Certainty.AMBIGUOUS: "plusieurs possibles",
    Certainty.NONE: "rien de semblable",
}
_REMARKS: Mapping[str, str] = {
    "hidden": "invisible dans l'interface simplifiée",
    "no_incident": "refuse les incidents",
    "no_request": "refuse les demandes",
}


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Show the tree, or synchronise its mapping."""
    try:
        if arguments.verb == "sync":
            return asyncio.run(_sync(arguments, config))
        return _show(arguments, categories_of(config))
    except GuichetError as error:
        output.print_problem(problem_of(error, config), as_json=arguments.json)
        return output.exit_code_of(error)


def _show(arguments: argparse.Namespace, tree: Sequence[Category]) -> int:
    lost = {node.code for node in unmapped(tree)}
    rows = [
        {
            "code": node.code,
            "name": node.name,
            "parent": node.parent,
            "glpi_id": node.glpi_id,
            "active": node.active,
            "mapped": node.code not in lost,
        }
        for node in tree
    ]
    if arguments.json:
        output.print_json(rows)
        return output.DONE
    lines = [f"{_indented(node):<44} {_number(node, node.code in lost)}".rstrip() + "\n" for node in tree]
    if lost:
        lines.append("\n" + _("{n} catégorie(s) sans équivalent dans GLPI.").format(n=len(lost)) + "\n")
    output.write("".join(lines))
    return output.DONE


def _indented(node: Category) -> str:
    return one_line(f"{'  ' if node.parent else ''}{node.code}  {node.name}")


def _number(node: Category, is_lost: bool) -> str:
    if not node.active:
        return _("inactive")
    if node.glpi_id is not None:
        return f"GLPI {node.glpi_id}"
    return _("sans équivalent") if is_lost else _("celui de son parent")


async def _sync(arguments: argparse.Namespace, config: Config) -> int:
    async with Upkeep.open(config, now=utc_now) as upkeep:
        found = await upkeep.proposals()
    new = {p.code: p.chosen.id for p in found if p.certainty.is_written and p.chosen is not None}
    if arguments.output is not None:
        return _put_out(arguments, changed_text(config, new))
    written = None if arguments.dry_run or not new else str(write_site_file(config, changed_text(config, new)))
    lost = _lost(found)
    if arguments.json:
        output.print_json(
            {
                "categories": [_proposal_json(proposal) for proposal in found],
                "kept": sum(p.certainty is Certainty.KEPT for p in found),
                "written": len(new) if written else 0,
                "unmapped": [proposal.code for proposal in lost],
                "file": written,
                "dry_run": arguments.dry_run,
            }
        )
        return output.DONE
    output.write("".join(_line(proposal) for proposal in found) + "\n" + _summary(config, new, lost, written))
    return output.DONE


def _lost(found: Sequence[Proposal]) -> list[Proposal]:
    """Those without an equivalent, neither their own nor their parent's."""
    mapped = {proposal.code for proposal in found if proposal.chosen is not None}
    return [proposal for proposal in found if proposal.code not in mapped and proposal.parent not in mapped]


def _put_out(arguments: argparse.Namespace, text: str) -> int:
    """The whole file, to stdout or to a place of the caller's choice."""
    if arguments.output == "-":
        output.write(text)
        return output.DONE
    try:
        Path(arguments.output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SiteFileUnusable("permission", arguments.output) from error
    return output.DONE


def _proposal_json(proposal: Proposal) -> dict[str, Any]:
    return {
        "code": proposal.code,
        "name": proposal.name,
        "glpi_id": proposal.chosen.id if proposal.chosen else None,
        "glpi_name": proposal.chosen.completename if proposal.chosen else None,
        "certainty": proposal.certainty.value,
        "likeness": round(proposal.likeness, 2),
        "candidates": [{"id": one.id, "name": one.completename} for one in proposal.candidates],
        "gone": proposal.gone,
        "remarks": list(proposal.remarks),
    }


def _line(proposal: Proposal) -> str:
    """One category, what it would be and how sure that is; several candidates below it."""
    remarks = [_(_REMARKS[remark]) for remark in proposal.remarks]
    if proposal.gone is not None:
        remarks.insert(0, _("l'ancien numéro {id} n'existe plus ou n'est pas visible").format(id=proposal.gone))
    sure = ", ".join([_(_CERTAINTIES[proposal.certainty]), *remarks])
    head = f"{'  ' if proposal.parent else ''}{proposal.code}  {proposal.name}"
    if len(proposal.candidates) == 1:
        only = proposal.candidates[0]
        return one_line(f"{head} -> {only.id} {only.completename} ({sure})") + "\n"
    lines = [one_line(f"{head} ({sure})") + "\n"]
    lines += [one_line(f"      - {one.id} {one.completename}") + "\n" for one in proposal.candidates]
    return "".join(lines)


def _summary(config: Config, new: Mapping[str, int], lost: Sequence[Proposal], written: str | None) -> str:
    if written:
        said = _("{n} correspondance(s) écrite(s) dans {file}.").format(n=len(new), file=written)
    elif new:
        where = str(site_file(config) or "categories.toml")
        said = _("{n} correspondance(s) à écrire dans {file} ; rien n'a été écrit.").format(n=len(new), file=where)
    else:
        said = _("Rien de nouveau à écrire.")
    lines = [said]
    if lost:
        names = ", ".join(proposal.code for proposal in lost)
        lines.append(_("Sans équivalent : {names}.").format(names=names))
        lines.append(_("Pour celles-là, ajoutez vous-même glpi_id dans categories.toml."))
    return "\n".join(lines) + "\n"
