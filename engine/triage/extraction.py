"""What a message says besides its category: device, brand, place, error message, since when ...

Every value is cut out of the turn it stands in, so its evidence is its own position; the normalisation table may
name it otherwise (``engine.triage.evidence.normal``). What values look like is data (``engine.triage.patterns``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from data.records import Turn
from engine.triage.contract import INFO_KEYS, Found, Span
from engine.triage.evidence import normal
from engine.triage.guesses import CONCEPT_RANK, guesses, names
from engine.triage.patterns import Candidate, candidates, trimmed
from engine.triage.reading import Clause, Hit, Reading, is_none, is_unknown

_ANSWER_AT_MOST = 60
_NEAR = 12
"""Candidates on either side among which one that holds another is looked for."""
_NORMALISED = frozenset({"os", "brand"})
_ABOUT_THINGS = frozenset({"device_type", "brand", "model", "software", "error_message"})
"""Keys whose values belong to one problem; of the others any clause may speak."""
_ELSEWHERE = 2
"""Where a value of these keys is none: in a clause that speaks of another problem."""
_QUOTE_RANK, _BARE_QUOTE_RANK = 0, 4
_NAMED_PLACE_RANK = 1
_BOTH_RANKS = frozenset({0, 5})
"""Ranks of places that are a device with its number."""
_BEFORE_A_VERB = re.compile(
    r"(?:impossible de|moyen de|pour|peux|peut|peuvent|pouvons|pouvez|plus|pas|arrive(?:nt)? a|veux|faut)\s$"
)
_QUOTED = re.compile(r"«\s?([^»\n]{2,160}?)\s?»|[\"“]([^\"”“\n]{2,160}?)[\"”]")
_MESSAGE_CUE = re.compile(
    r"erreur|error|message|msg|code|affich|\bdit\b|disant|indique|marque|ecrit|alerte|ecran|apparai|popup|pop-up"
    r"|fenetre"
    r"|\bmet\b|mention|notification|texte|avec|\bvoi[st]\b|\blis\b|repond|renvoie|annonce|\bsort\b|bloque|fige|reste"
    r"|refuse"
    r"|:\s?$|plante|fait"
)
_NO_MESSAGE_CUE = re.compile(
    r"(?:mail|objet|dossier|fichier|intitule|nomme|appele|bouton|touche|option|menu|onglet|groupe|liste|repertoire"
    r"|partage|site|logiciel|appli|application|salle|reseau|wifi|colonne|champ|cliqu\w{1,4} sur|clic sur|appuie sur"
    r"|vais sur|va sur)\w{0,3} ?:? ?$"
)


def extract(turns: Sequence[Turn], reading: Reading) -> dict[str, Found]:
    """The information found, by key of ``INFO_KEYS``; an answer to a question counts more than a passing word."""
    best: dict[str, tuple[tuple[int, int, int, int], int, Candidate]] = {}
    answers: dict[str, Found] = {}
    for index, folded in sorted(reading.folded.items()):
        own = [clause for clause in reading.clauses if clause.turn == index]
        found = _found_in(turns[index].text, folded, own)
        zones = [(clause.start, clause.end, 0 if _is_wrong(clause) else 1) for clause in own]
        for candidate in found:
            order = _order(candidate, index, zones)
            if order[1] == _ELSEWHERE:
                continue
            if candidate.key not in best or order < best[candidate.key][0]:
                best[candidate.key] = (order, index, candidate)
        asked = turns[index].key
        answer = _answer(asked, turns[index], index, folded, found, own) if asked in INFO_KEYS else None
        if asked and answer is not None:
            answers[asked] = answer
    values = {key: _found(key, turns[index].text, index, found) for key, (_, index, found) in best.items()} | answers
    if "os" in values and "software" in values and values["os"].span == values["software"].span:
        del values["software"]
    return {key: values[key] for key in INFO_KEYS if key in values}


def _order(candidate: Candidate, turn: int, zones: Sequence[tuple[int, int, int]]) -> tuple[int, int, int, int]:
    """How telling a candidate is, the smallest first: its rank, whether it stands where the trouble is, its place.

    Args:
        candidate: A value of some key.
        turn: Index of its turn.
        zones: Start and end of the clauses that count, and 0 for those in which something is wrong, else 1.
    """
    if candidate.key not in _ABOUT_THINGS:
        return candidate.rank, 0, turn, candidate.start
    zone = next((zone for start, end, zone in zones if start <= candidate.start < end), _ELSEWHERE)
    return candidate.rank, zone, turn, candidate.start


def _found_in(text: str, folded: str, own: Sequence[Clause]) -> list[Candidate]:
    """The candidates of one turn that are not denied and not part of something longer."""
    found = candidates(text, folded, _mended(folded, own))
    found += _quoted(folded)
    found = [one for one in found if not (one.key == "device_type" and _does_it(folded, one))]
    denied = [hit for clause in own for hit in clause.hits if hit.sense == "0"]
    found += _named(text, folded, own, found)
    found += guesses(text, folded, [hit for clause in own for hit in clause.hits], found)
    found = [_without_the_rest(one, found, own) for one in found]
    kept = [one for one in found if one.key not in _ABOUT_THINGS or not any(_meet(one, hit) for hit in denied)]
    kept.sort(key=lambda one: (one.start, -one.end))
    return [one for at, one in enumerate(kept) if not any(_is_part(one, other) for other in _around(kept, at))]


def _does_it(folded: str, one: Candidate) -> bool:
    """Whether a device is something somebody does: « impossible de scanner »."""
    is_verb = folded[one.start : one.end] == "scanner"
    return is_verb and _BEFORE_A_VERB.search(folded, max(0, one.start - 24), one.start) is not None


def _around(found: Sequence[Candidate], at: int) -> Iterator[Candidate]:
    """The candidates, sorted by place, that a candidate may be a part of."""
    start, end = found[at].start, found[at].end
    for other in reversed(found[max(0, at - _NEAR) : at]):
        if other.end >= end:
            yield other
    for other in found[at + 1 : at + _NEAR]:
        if other.start > start:
            break
        yield other


def _meet(one: Candidate, hit: Hit) -> bool:
    """Whether a candidate and a hit have a word in common."""
    return hit.start < one.end and one.start < hit.end


def _is_part(one: Candidate, other: Candidate) -> bool:
    """Whether a candidate is part of another: « portable » in « pc portable », « serveur » in « salle serveur »."""
    if not (other.start <= one.start and one.end <= other.end):
        return False
    longer = other.end - other.start > one.end - one.start
    if one.key == other.key:
        return longer and other.rank <= one.rank + 1
    if one.start == other.start and one.key == "device_type" and other.key == "location" and other.rank in _BOTH_RANKS:
        return False  # « poste 14 » is both
    if not longer and (one.key, other.key) == ("location", "software") and other.rank == 0:
        return True  # « Hopital Manager » is no hospital
    return longer and (one.key, other.key) in _SWALLOWS


_SWALLOWS = frozenset(
    {
        ("device_type", "location"), ("software", "location"), ("device_type", "software"), ("location", "software"),
        ("software", "os"), ("os", "software"), ("brand", "software"), ("software", "model"),
        ("location", "device_type"),
        ("device_type", "error_message"), ("onset", "error_message"), ("location", "error_message"),
        ("os", "error_message"), ("software", "error_message"),
    }
)  # fmt: skip
"""A value of the first key inside a longer one of the second is none."""


def _mended(folded: str, own: Sequence[Clause]) -> dict[int, tuple[str, int]]:
    """The words that the reading mended, by their place: what is meant, and where it begins in a glued word."""
    mended: dict[int, tuple[str, int]] = {}
    for clause in own:
        for word in clause.words:
            raw = folded[word.start : word.end]
            if raw != word.text and len(word.text) > 2:
                begins = word.end - len(word.text) if raw.endswith(word.text) else word.start
                mended[word.start] = (word.text, begins)
    return mended


def _named(text: str, folded: str, own: Sequence[Clause], found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Devices and applications that the reading knows and the lists do not."""
    taken = names(found, max((clause.end for clause in own), default=0))
    for clause in own:
        for hit in clause.hits:
            key = "device_type" if hit.concept.device else "software" if hit.concept.software else None
            if key is None or hit.concept.kind != "thing" or hit.sense == "0":
                continue
            meant = {word.text for word in clause.words if word.start == hit.start}
            mended = text[hit.start].isupper() and not any(folded.startswith(word, hit.start) for word in meant)
            if not any(taken[hit.start : hit.end]) and not mended:  # a name is no slip of a word
                yield Candidate(key, CONCEPT_RANK, hit.start, hit.end)


def _without_the_rest(one: Candidate, found: Iterable[Candidate], own: Sequence[Clause]) -> Candidate:
    """A place without what follows it: « au magasin Brother HL » is the shop, « du labo bourre » the laboratory."""
    if one.key != "location" or one.rank != _NAMED_PLACE_RANK:
        return one
    hits = (hit for clause in own for hit in clause.hits if hit.concept.kind in ("state", "trouble"))
    starts = [two.start for two in found if two.key == "brand"] + [hit.start for hit in hits]
    cut = min((start for start in starts if one.start < start < one.end), default=one.end + 1)
    return one._replace(end=min(one.end, cut - 1))


def _quoted(folded: str) -> Iterator[Candidate]:
    """What stands in quotation marks and is no name of a thing."""
    if '"' not in folded and "«" not in folded and "“" not in folded:
        return
    for match in _QUOTED.finditer(folded):
        front = folded[max(0, match.start() - 60) : match.start()]
        start, end = trimmed(folded, *match.span(1 if match[1] is not None else 2))
        if start >= end or _NO_MESSAGE_CUE.search(front):
            continue
        cued = _MESSAGE_CUE.search(front) is not None
        if cued or " " in folded[start:end]:
            yield Candidate("error_message", _QUOTE_RANK if cued else _BARE_QUOTE_RANK, start, end)


def _answer(key: str, turn: Turn, index: int, folded: str, found: Sequence[Candidate],
            own: Sequence[Clause]) -> Found | None:  # fmt: skip
    """The answer to a question about this key: what is found in it, else all of a short answer."""
    if is_unknown(turn.text) or is_none(turn.text):
        return None
    fitting = sorted((one for one in found if one.key == key), key=lambda one: (one.rank, one.start))
    if fitting:
        return _found(key, turn.text, index, fitting[0])
    start, end = trimmed(folded, 0, len(folded))
    if end - start > _ANSWER_AT_MOST or start >= end or (any(map(_is_wrong, own)) and key != "error_message"):
        return None
    return _found(key, turn.text, index, Candidate(key, 0, start, end))


def _is_wrong(clause: Clause) -> bool:
    """Whether a clause says that something is wrong."""
    return any(hit.sense == "-" or hit.concept.kind in ("state", "trouble") for hit in clause.hits)


def _found(key: str, text: str, turn: int, found: Candidate) -> Found:
    """The words of a candidate as a value, by the name the normalisation table has for them."""
    words = text[found.start : found.end]
    value = normal(words) if key in _NORMALISED else words
    return Found(" ".join(value.split()), Span(turn, found.start, found.end))
