"""Our categories and GLPI's: which of theirs each of ours would be, by name, and how sure that is.

Matching is pure. Only a clear match is ever written; what is doubtful is shown, never chosen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from data.records import Category, MirroredCategory
from engine.text import fold
from engine.translate import glpi_category

if TYPE_CHECKING:
    from data.store import Store
    from glpi.client import GlpiClient
    from glpi.models import GlpiCategory

REQUEST_LEAVES = frozenset({"05-03-missing", "07-03-rights"})
"""Leaves whose tickets are requests, whatever their priority; see ``engine.translate.ticket_type``."""

PROBABLE = 0.5
"""From this likeness on, a candidate is worth showing."""

_JOINED = re.compile(r"\b(e|wi)[-\u2010\u2011 ](?=mails?\b|fi\b)")
_WORD = re.compile(r"[a-z0-9]+")
_STOP = frozenset(
    (
        "a", "au", "aux", "avec", "ce", "ces", "d", "dans", "de", "des", "du", "en", "est", "et", "l", "la", "le",
        "les", "leur", "ma", "mes", "mon", "ou", "par", "pour", "qui", "s", "sa", "se", "ses", "son", "sur", "un",
        "une",
    )
)  # fmt: skip
_WEAK = frozenset(("demande", "incident", "panne", "probleme"))
"""Words that say nothing about the subject where another word does."""


class Certainty(StrEnum):
    """How sure a proposal is."""

    KEPT = "kept"
    """The mapping that is there; GLPI has that category."""
    CODE = "code"
    """GLPI's category carries our code."""
    CLEAR = "clear"
    """The same words, and only one category has them."""
    PROBABLE = "probable"
    """One category resembles it most: to be looked at."""
    AMBIGUOUS = "ambiguous"
    """Several are equally good."""
    NONE = "none"
    """Nothing resembles it."""

    @property
    def is_written(self) -> bool:
        """Whether the synchronisation writes it into the site's file."""
        return self in (Certainty.CODE, Certainty.CLEAR)


@dataclass(frozen=True)
class Proposal:
    """One of our categories, and what it would be in GLPI."""

    code: str
    name: str
    parent: str | None
    certainty: Certainty
    candidates: tuple[GlpiCategory, ...] = ()
    """The best first; exactly one where the certainty is kept, code, clear or probable."""
    likeness: float = 0.0
    """0 to 1: how many of the words of both names agree."""
    gone: int | None = None
    """The id it was mapped to, which GLPI does not have any more (or does not show to this account)."""
    remarks: tuple[str, ...] = ()
    """What to know about the chosen one: ``hidden``, ``no_incident``, ``no_request``."""

    @property
    def chosen(self) -> GlpiCategory | None:
        """What it is mapped to, now or once written; None otherwise."""
        is_sure = self.certainty is Certainty.KEPT or self.certainty.is_written
        return self.candidates[0] if is_sure else None


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared: no case, accents, punctuation, plural or empty words."""
    folded = _JOINED.sub(r"\1", fold(name))
    words = [_singular(word) for word in _WORD.findall(folded) if word not in _STOP]
    telling = [word for word in words if word not in _WEAK]
    return tuple(telling or words)


def likeness(ours: str, theirs: str) -> float:
    """1.0 for the same words in any order, else the share of words that both names have."""
    left, right = words_of(ours), words_of(theirs)
    if not left or not right:
        return 0.0
    if set(left) == set(right) or "".join(left) == "".join(right):
        return 1.0
    return len(set(left) & set(right)) / len(set(left) | set(right))


def propose(ours: Sequence[Category], theirs: Sequence[GlpiCategory]) -> tuple[Proposal, ...]:
    """A proposal for each active category of ours, in our order.

    A parent's match narrows its children: a category elsewhere in GLPI's tree is then at most probable.
    """
    found: dict[str, Proposal] = {}
    for node in sorted((node for node in ours if node.active), key=lambda node: node.parent is not None):
        parent = found.get(node.parent or "")
        found[node.code] = _proposal(node, theirs, parent.chosen if parent else None)
    settled = _without_sharing(found)
    return tuple(settled[node.code] for node in ours if node.active)


def unmapped(tree: Iterable[Category]) -> tuple[Category, ...]:
    """Active categories for which GLPI has no id: neither their own nor their parent's."""
    by_code = {node.code: node for node in tree}
    return tuple(node for node in by_code.values() if node.active and glpi_category(node.code, by_code) is None)


def remarks_on(node: Category, theirs: GlpiCategory) -> tuple[str, ...]:
    """What does not fit between one of ours and the category of GLPI that it is mapped to."""
    asks = node.code in REQUEST_LEAVES
    wrong = {
        "hidden": theirs.is_visible is False,
        "no_request": theirs.is_request is False and asks,
        "no_incident": theirs.is_incident is False and not asks,
    }
    return tuple(remark for remark, applies in wrong.items() if applies)


def rewritten(text: str, ids: Mapping[str, int]) -> str:
    """A categories file with other ``glpi_id`` lines; every other character stays as it is.

    Args:
        text: The file, ``[[category]]`` tables as Guichet ships them.
        ids: GLPI's id for each code to be changed.
    """
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if re.match(r"\s*\[", line)]
    for start, end in reversed(list(zip(starts, [*starts[1:], len(lines)], strict=False))):
        code = _value_of("code", lines[start:end])
        if code is not None and code in ids and re.match(r"\s*\[\[\s*category\s*\]\]", lines[start]):
            lines[start:end] = _with_id(lines[start:end], ids[code])
    return "".join(lines)


async def refresh_categories(store: Store, client: GlpiClient) -> tuple[GlpiCategory, ...]:
    """Read GLPI's tree and keep it in the mirror; returns it with what the mirror does not keep.

    Raises:
        GlpiError: As the client; the mirror stays as it was.
    """
    found = await client.categories()
    store.save_glpi_categories(
        [
            MirroredCategory(
                glpi_id=node.id,
                name=node.name,
                completename=node.completename,
                parent_id=node.parent_id,
                is_incident=node.is_incident,
                is_request=node.is_request,
                is_visible=node.is_visible,
            )
            for node in found
        ]
    )
    return found


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def _proposal(node: Category, theirs: Sequence[GlpiCategory], above: GlpiCategory | None) -> Proposal:
    start = Proposal(node.code, node.name, node.parent, Certainty.NONE)
    mapped = next((one for one in theirs if one.id == node.glpi_id), None)
    if mapped is not None:
        likely = likeness(node.name, mapped.name)
        return _chosen(replace(start, certainty=Certainty.KEPT, likeness=likely), node, mapped)
    start = replace(start, gone=node.glpi_id)
    coded = [one for one in theirs if one.code and one.code.casefold() == node.code.casefold()]
    if len(coded) == 1:
        return _chosen(replace(start, certainty=Certainty.CODE, likeness=1.0), node, coded[0])
    return _by_name(start, node, coded or theirs, above)


def _by_name(start: Proposal, node: Category, theirs: Sequence[GlpiCategory], above: GlpiCategory | None) -> Proposal:
    below = _descendants(above.id, theirs) if above is not None else frozenset(one.id for one in theirs)
    near = [one for one in theirs if one.id in below]
    best = _best(node, near)
    elsewhere = _best(node, [one for one in theirs if one.id not in below])
    if best and likeness(node.name, best[0].name) == 1.0:
        certainty = Certainty.CLEAR if len(best) == 1 else Certainty.AMBIGUOUS
    else:
        likely = likeness(node.name, best[0].name) if best else 0.0
        best = best if not elsewhere or likely >= likeness(node.name, elsewhere[0].name) else elsewhere
        certainty = Certainty.PROBABLE if len(best) == 1 else Certainty.AMBIGUOUS
    if not best:
        return start
    likely = likeness(node.name, best[0].name)
    if len(best) == 1:
        return _chosen(replace(start, certainty=certainty, likeness=likely), node, best[0])
    return replace(start, certainty=certainty, likeness=likely, candidates=tuple(best))


def _best(node: Category, theirs: Sequence[GlpiCategory]) -> list[GlpiCategory]:
    """The most alike; for a category without a parent, of these the highest in GLPI's tree."""
    rated = [(likeness(node.name, one.name), one) for one in theirs]
    top = max((likely for likely, _ in rated), default=0.0)
    if top < PROBABLE:
        return []
    best = [one for likely, one in rated if likely == top]
    if node.parent is None:
        parents = {one.id: one.parent_id for one in theirs}
        highest = min(_depth(one.id, parents) for one in best)
        best = [one for one in best if _depth(one.id, parents) == highest]
    return best


def _depth(number: int, parents: Mapping[int, int]) -> int:
    depth, seen = 0, {number}
    while (number := parents.get(number, 0)) and number not in seen:
        seen.add(number)
        depth += 1
    return depth


def _descendants(top: int, theirs: Sequence[GlpiCategory]) -> frozenset[int]:
    """Ids below a category, itself left out."""
    found: set[int] = set()
    grown = {top}
    while grown:
        grown = {one.id for one in theirs if one.parent_id in grown} - found - {top}
        found |= grown
    return frozenset(found)


def _chosen(proposal: Proposal, node: Category, theirs: GlpiCategory) -> Proposal:
    return replace(proposal, candidates=(theirs,), remarks=remarks_on(node, theirs))


def _without_sharing(found: Mapping[str, Proposal]) -> dict[str, Proposal]:
    """Two of ours with one new match: neither is clear."""
    chosen = Counter(p.chosen.id for p in found.values() if p.chosen is not None)
    return {
        code: replace(proposal, certainty=Certainty.PROBABLE)
        if proposal.certainty is Certainty.CLEAR and proposal.chosen is not None and chosen[proposal.chosen.id] > 1
        else proposal
        for code, proposal in found.items()
    }


def _value_of(key: str, lines: Sequence[str]) -> str | None:
    for line in lines:
        found = re.match(rf"""\s*{key}\s*=\s*(?:"([^"]*)"|'([^']*)')""", line)
        if found is not None:
            return found[1] if found[1] is not None else found[2]
    return None


def _with_id(table: list[str], number: int) -> list[str]:
    """One table with its ``glpi_id`` changed in its line, or on a new line after the name, parent and code."""
    for position, line in enumerate(table):
        found = re.match(r"(\s*glpi_id\s*=\s*)\d+", line)
        if found is not None:
            return [*table[:position], f"{found[1]}{number}{line[found.end() :]}", *table[position + 1 :]]
    last = max(n for n, line in enumerate(table) if re.match(r"\s*(?:code|name|parent)\s*=", line))
    ending = "\r\n" if table[0].endswith("\r\n") else "\n"
    before = table[last] if table[last].endswith("\n") else table[last] + ending
    return [*table[:last], before, f"glpi_id = {number}{ending}", *table[last + 1 :]]
