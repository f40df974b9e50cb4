"""What extracted information looks like: word lists and rules of ``extract.toml``, found in one pass over the words.

A rule is tried only where one of its first words stands, which keeps a long mail cheap. What is found is a candidate;
choosing among candidates is the business of ``engine.triage.extraction``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from engine.triage.lexicon import FOLDER

_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"<([a-z]+)>")
_TRIES_AT_MOST = 60
"""Places in one turn where a rule is tried, lest a flood of one word takes long."""
_LOOK_BACK = 48
"""Characters in front of a candidate that its conditions may look at."""
_JOINS = frozenset({"", " ", "'", "-", "\u00a0", " -", "- ", " - ", "' ", "/", "+", "@", "."})
"""What may stand between the words of one expression."""
_NOTHING = "nothing"
_HEXADECIMAL = "<hexadecimal>"
"""What ``at`` of a rule says for any word like 0x80070005."""
_ROOM_CODE = "<roomcode>"
"""What ``at`` of a rule says for any word like B204."""
_IS_ROOM_CODE = re.compile(r"[a-g]\d{3}[a-z]?")
_DANGLING = re.compile(
    r"(?:(?<!\d)[\s,;:.'-]+(?:au|aux|a|la|le|les|l|de|du|des|d|et|ou|mon|ma|mes|un|une|en|sur|dans|que|qui|pour|par"
    r"|avec|ce"
    r"|se|ne|n"
    r"|j|je|on|il|elle|est|qu|notre|nos|votre|mais|donc|avant|quand|lorsque|car|si|tout))+$"
)
_MORE_OF_A_NAME = re.compile(
    r"(?: (?!(?:Je|J|Il|Elle|On|Le|La|Les|Mon|Ma|Mes|Et|Mais|Bonjour|Merci|HS|KO|OK|Plus|Pas|Impossible|Erreur"
    r"|Windows|Mac"
    r"|Depuis|Code|Message|Bureau|Salle|PC|Svp|SVP|URGENT|Urgent|Error|En|Sur|Dans|Ne|Est|A)\b)"
    r"(?:[A-ZÉ][A-Za-zéèêëïôç-]{1,14}|\d{3,4}|X\d)\b(?! ?(?:h|min|fois|jours|Go|Mo|mails)\b)){1,2}"
)
"""Words with a capital after the name of an application: « Sage 1000 », « Ciel Paye »."""
_MORE_OF_A_PLACE = re.compile(
    r" (?:nord|sud|ouest|(?:central|principal|municipal|medical|scolaire|universitaire|administrati|technique"
    r"|commercial"
    r"|general|annexe|mecanique|visiteur|haut|bas|arriere)(?:e|f|ve)?s?|de (?:physique|chimie|langues|nuit|jour"
    r"|direction))\b"
    r"| (?:n°|numero )?\d{1,3}[a-z]?\b(?= *(?:$|[,.;:!?\n)]|-|(?:est|sont|ne|n'|a|ont|se|s'|qui|hs|ko|depuis|et|pas"
    r"|plus|marche|fait|imprime|bourre|bip|affiche|reste|en panne|hors|impossible)))"
)
"""What may follow the word of a place: « parking nord », « cuisine centrale »."""
_CUT = frozenset({"onset", "recent_changes", "affected", "error_message"})
"""Keys whose rules may catch a small word too many at the end."""


class Candidate(NamedTuple):
    """A value that the words from ``start`` to ``end`` may be for ``key``; the smaller rank is the better one."""

    key: str
    rank: int
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class _Rule:
    """One rule or word list: where it holds, and what it needs around it; compiled when it is first needed."""

    key: str
    rank: int
    capital: bool
    source: Mapping[str, str]
    """The patterns as written: ``says``, ``before``, ``unless``."""

    @cached_property
    def says(self) -> re.Pattern[str]:
        """The rule itself, from its first word on; for a word list nothing is ever asked."""
        return re.compile(self.source["says"])

    @cached_property
    def before(self) -> re.Pattern[str] | None:
        """What must end the text in front."""
        return re.compile(self.source["before"]) if "before" in self.source else None

    @cached_property
    def unless(self) -> re.Pattern[str] | None:
        """What must not end the text in front."""
        return re.compile(self.source["unless"]) if "unless" in self.source else None


@dataclass(frozen=True)
class _Patterns:
    """Everything of ``extract.toml`` by the first word."""

    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], _Rule]]]
    rules: Mapping[str, Sequence[_Rule]]
    acronyms: frozenset[str]


def candidates(text: str, folded: str, mended: Mapping[int, tuple[str, int]]) -> list[Candidate]:
    """Everything the words may say, from left to right.

    Args:
        text: The turn as it stands; capitals matter to some rules.
        folded: The same folded, as long.
        mended: Words that were mended: where the word stands, to what it is meant to be and where that begins.
    """
    shipped = _shipped()
    found: list[Candidate] = []
    words = [(match[0], match.start(), match.end()) for match in _WORD.finditer(folded)]
    singular = [_singular(word) for word, _, _ in words]
    shouts = text.isupper()
    tried: dict[_Rule, int] = {}
    swallowed = 0
    for index, (word, start, end) in enumerate(words):
        if start < swallowed:
            continue
        for rule in shipped.rules.get(_kind(word), ()):
            tried[rule] = tried.get(rule, 0) + 1
            if tried[rule] > _TRIES_AT_MOST:
                continue
            found += _by_rule(rule, text, folded, start, shouts)
        for size, rule in (
            _listed(shipped, folded, words, singular, index) if singular[index] in shipped.phrases else ()
        ):
            last = words[index + size - 1][2]
            if rule.key == _NOTHING:
                swallowed = last
            elif _holds(rule, folded, start) and (not rule.capital or shouts or text[start].isupper()):
                longer = _MORE_OF_A_NAME.match(text, last) if rule.key == "software" and not shouts else None
                longer = _MORE_OF_A_PLACE.match(folded, last) if rule.key == "location" else longer
                found.append(Candidate(rule.key, rule.rank, start, longer.end() if longer else last))
        if start not in mended:
            continue
        meant, begins = mended[start]
        for phrase, rule in shipped.phrases.get(_singular(meant), ()):
            if len(phrase) == 1 and _holds(rule, folded, begins) and not rule.capital:
                found.append(Candidate(rule.key, rule.rank, begins, end))
    return [candidate for candidate in found if candidate.start < candidate.end]


def _kind(word: str) -> str:
    """What the rules of a word are listed under: the word itself, unless it is one of a kind."""
    if word.startswith("0x"):
        return _HEXADECIMAL
    return _ROOM_CODE if _IS_ROOM_CODE.fullmatch(word) else word


def acronyms() -> frozenset[str]:
    """Abbreviations that keep their capitals in a shouted message, folded."""
    return _shipped().acronyms


def _listed(shipped: _Patterns, folded: str, words: Sequence[tuple[str, int, int]], singular: Sequence[str],
            index: int) -> Iterator[tuple[int, _Rule]]:  # fmt: skip
    """The expressions of the lists that begin at a word, the longest of each list."""
    seen: dict[_Rule, int] = {}
    longest = 0
    for phrase, rule in shipped.phrases.get(singular[index], ()):
        size = len(phrase)
        if rule in seen or size < longest or tuple(singular[index : index + size]) != phrase:
            continue
        around = zip(words[index : index + size], words[index + 1 : index + size], strict=False)
        if all(folded[left[2] : right[1]] in _JOINS for left, right in around):
            seen[rule] = size
            longest = size if rule.key == _NOTHING else longest
            yield size, rule


def _by_rule(rule: _Rule, text: str, folded: str, start: int, shouts: bool) -> Iterator[Candidate]:
    """What a rule finds at a word."""
    match = rule.says.match(folded, start)
    if match is None or not _holds(rule, folded, start):
        return
    first, last = match.span("value" if match.groupdict().get("value") else 0)
    if "name" in rule.says.groupindex and match["name"]:
        begins = match.start("name") + len(match["name"]) - len(match["name"].lstrip())
        named = text[begins : begins + 1].isupper() and not shouts
        if not named and rule.capital:
            return
        last = _whole_name(text, match.end("name"), last) if named else min(last, match.start("name"))
    dangling = _DANGLING.search(folded[first:last]) if rule.key in _CUT else None
    yield Candidate(rule.key, rule.rank, *trimmed(folded, first, first + dangling.start() if dangling else last))


def _whole_name(text: str, name_ends: int, last: int) -> int:
    """Where a name ends that goes on with capitals: « salle Jean Moulin », « Mme Le Goff »."""
    more = _MORE_OF_A_NAME.match(text, name_ends) if name_ends == last else None
    return more.end() if more else last


def _holds(rule: _Rule, folded: str, start: int) -> bool:
    """Whether what stands in front of a place is as the rule wants it."""
    if rule.before is None and rule.unless is None:
        return True
    front = folded[max(0, start - _LOOK_BACK) : start]
    return (rule.before is None or rule.before.search(front) is not None) and (
        rule.unless is None or rule.unless.search(front) is None
    )


def trimmed(folded: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space, quotation marks and closing punctuation."""
    while start < end and folded[start] in " \t\n\u00a0\u202f,;:«\"“'":
        start += 1
    while end > start and folded[end - 1] in " \t\n\u00a0\u202f.,;:!?»\"”'-":
        end -= 1
    return start, end


@cache
def _shipped() -> _Patterns:
    """The shipped lists and rules, read once."""
    raw: dict[str, Any] = tomllib.loads((FOLDER / "extract.toml").read_text(encoding="utf-8"))
    pieces: dict[str, str] = {}
    for name, piece in raw["pieces"].items():
        pieces[name] = _PIECE.sub(lambda match: pieces[match[1]], piece)
    phrases: dict[str, list[tuple[tuple[str, ...], _Rule]]] = {}
    lists = [{"key": _NOTHING, **raw[_NOTHING]}, *raw["words"]]
    for entry in lists:
        rule = _rule(entry, pieces)
        for phrase in dict.fromkeys(entry["phrases"]):
            words = tuple(map(_singular, _WORD.findall(phrase)))
            phrases.setdefault(words[0], []).append((words, rule))
    for entries in phrases.values():
        entries.sort(key=lambda found: (-len(found[0]), found[1].key != _NOTHING))
    rules: dict[str, list[_Rule]] = {}
    for entry in raw["rule"]:
        rule = _rule(entry, pieces)
        for word in dict.fromkeys(entry["at"].split()):
            rules.setdefault(word, []).append(rule)
    return _Patterns(phrases, rules, frozenset(raw["acronyms"]["words"]))


def _rule(entry: Mapping[str, Any], pieces: Mapping[str, str]) -> _Rule:
    """One entry of the file, its pieces put in."""
    source = {name: entry[name] for name in ("says", "before", "unless") if name in entry}
    source = {name: _PIECE.sub(lambda match: pieces.get(match[1], match[0]), text) for name, text in source.items()}
    return _Rule(entry["key"], entry.get("rank", 0), bool(entry.get("capital")), source)


def _singular(word: str) -> str:
    """The word without the ending of its plural."""
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word
