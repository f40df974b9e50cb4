"""Title, symptoms and further problems in the requester's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from data.records import Turn
from engine.text import fold
from engine.triage.contract import Found, Span
from engine.triage.reading import Clause, Hit, grammar

TITLE_AT_MOST = 80
"""Characters of a title that an engine writes."""

NO_TITLE = "Demande à préciser"
"""The title when no word of the message can be used."""

_SYMPTOMS_AT_MOST, _SYMPTOM_LENGTH = 6, 120
_STATEMENT_FROM = 4
_PLACEHOLDER = re.compile(r"\[[A-Z-]{3,13}-\d+\]")
_OPENING = re.compile(
    r"(?:(?:bonjour|bonsoir|salut|hello|coucou|bjr|slt|hi|madame|monsieur|a tous|tout le monde|l'equipe|svp|stp"
    r"|s'il vous plait|urgent|urgence|tres urgent|help|au secours|alors|voila|euh|ben|bah|en fait|et|mais|donc|puis"
    r"|aussi|car|du coup|desole|excusez-moi|pardon|ok|oui|non|re|dsl|merci|toutes et tous|a toutes et tous"
    r"|je me permets de vous (?:ecrire|contacter|solliciter)(?: car| parce que| pour)?)\b[\s!:,;.…-]*)+"
)
_LEADING = re.compile(
    r"(?:j'ai (?:un |des |encore un |toujours un |toujours |encore )?(?:petit |gros |enorme )?"
    r"(?:problemes?|soucis?|pbs?)"
    r" (?:avec|sur|de|d'|a|au niveau de) ?"
    r"|je (?:vous |t')?(?:contacte|ecris|appelle|signale|informe)"
    r" (?:car|parce que|pour|que|concernant|au sujet de) ?"
    r"|il y a (?:un |des )?(?:probleme|souci)s? (?:avec|sur|de) "
    r"|c'est (?=l'|le |la |les |mon |ma |mes )|voici (?:mon|le) probleme ?:?"
    r")?(?:mon|ma|mes|notre|nos|le|la|les|l'|un|une|du|ce|cette|cet)?\b[ ']?"
)
_TRAILING = re.compile(
    r"(?:[\s,;:.!?…-]"
    r"|\b(?:merci(?: d'avance| beaucoup)?|svp|s'il vous plait|stp|cordialement|urgent|bonne journee)\b)+$"
)
_PREPOSITION = re.compile(
    r"(?:\s*\b(?:au|a la|a l'|dans le|dans la|dans l'|dans|en|du|de la|de l'|sur le|depuis le|le|la)\s*)?$"
)
_NE = re.compile(r"\b(?:ne\s|n')")


def title(turns: Sequence[Turn], main: Sequence[Clause], info: Mapping[str, Found]) -> str:
    """A title of at most 80 characters in the message's words: what is concerned, what is wrong, where."""
    telling = _telling(main)
    where = info.get("location")
    pieces: list[str] = []
    for clause in telling:
        cut = where.span if where is not None and where.span.turn == clause.turn else None
        piece = _tidied(turns[clause.turn].text, clause, cut)
        if piece and fold(piece) not in (fold(other) for other in pieces):
            pieces.append(piece)
    if where is not None and pieces:
        place = turns[where.span.turn].text[where.span.start : where.span.end]
        room = TITLE_AT_MOST - len(place) - 2
        text = f"{_shortened(_joined(pieces, room), room)}, {place}" if room > 20 else _joined(pieces, TITLE_AT_MOST)
    else:
        text = _joined(pieces, TITLE_AT_MOST)
    text = _shortened(" ".join(text.split()), TITLE_AT_MOST)
    return text[:1].upper() + text[1:] if _usable(text) else NO_TITLE


def symptoms(turns: Sequence[Turn], clauses: Sequence[Clause]) -> tuple[Found, ...]:
    """What is wrong, clause by clause, each as it stands in its turn."""
    found: list[Found] = []
    for clause in clauses:
        wrong = [hit for hit in clause.hits if hit.sense in ("-", "~") or hit.concept.kind in ("state", "trouble")]
        wrong = [hit for hit in wrong if hit.sense != "0"]
        if not wrong or all(_is_bare(clause, hit.start, hit.end) for hit in wrong):
            continue
        text = turns[clause.turn].text
        start, end = _predicate(fold(text[: clause.end]), clause, min(hit.start for hit in wrong)), clause.end
        value = " ".join(text[start:end].split())
        said = fold(value) in {fold(other.value) for other in found}
        if value and not said and len(value) <= _SYMPTOM_LENGTH and not _PLACEHOLDER.search(value):
            found.append(Found(value, Span(clause.turn, start, end)))
    if not found:
        found = [said_of for clause in clauses if (said_of := _statement(turns, clause)) is not None]
    return tuple(found[:_SYMPTOMS_AT_MOST])


def _statement(turns: Sequence[Turn], clause: Clause) -> Found | None:
    """A clause that says something of a thing without a word of trouble: « le combiné est muet »."""
    hits = [hit for hit in clause.hits if hit.sense != "0"]
    asks = any(hit.concept.kind == "request" for hit in hits)
    named = any(hit.concept.kind == "thing" for hit in hits)
    value = " ".join(turns[clause.turn].text[clause.start : clause.end].split())
    if asks or not named or len(clause.words) < _STATEMENT_FROM or len(value) > _SYMPTOM_LENGTH:
        return None
    return None if _PLACEHOLDER.search(value) else Found(value, Span(clause.turn, clause.start, clause.end))


def words(turns: Sequence[Turn], clauses: Sequence[Clause]) -> str:
    """The clauses of one problem as text, for « other problems »."""
    pieces = [_tidied(turns[clause.turn].text, clause, None, opening_only=True) for clause in clauses]
    return _shortened(" ".join(", ".join(piece for piece in pieces if piece).split()), 2 * TITLE_AT_MOST)


def _telling(clauses: Sequence[Clause]) -> list[Clause]:
    """Clauses that name something or say what is wrong, else those with words that are no greeting."""
    said = [clause for clause in clauses if any(hit.sense != "0" for hit in clause.hits)]
    telling = [clause for clause in said if any(map(_is_telling, clause.hits))]
    if any(_is_whole(clause) for clause in telling):
        telling = [clause for clause in telling if any(hit.concept.to for hit in clause.hits)]
    if said:
        return telling or said
    greetings = grammar().greetings
    return [clause for clause in clauses if tuple(word.text for word in clause.words) not in greetings][:2]


def _is_telling(hit: Hit) -> bool:
    """Whether a hit says more than that somebody does something."""
    return hit.sense != "0" and (hit.concept.kind != "act" or hit.sense == "-")


def _is_whole(clause: Clause) -> bool:
    """Whether a clause names a thing and says what is wrong with it, so that « ça ne marche pas » adds nothing."""
    hits = [hit for hit in clause.hits if hit.sense != "0"]
    return any(hit.concept.kind == "thing" for hit in hits) and any(
        hit.sense or hit.concept.kind in ("state", "trouble") for hit in hits
    )


def _predicate(folded: str, clause: Clause, wrong: int) -> int:
    """Where the symptom begins: « ne » or « n' » before the first wrong word, or that word, or its clause."""
    starts = [clause.start + match.start() for match in _NE.finditer(folded[clause.start : wrong])]
    if starts and wrong - starts[-1] < 25:
        return starts[-1]
    return wrong if any(hit.concept.kind == "thing" and hit.end <= wrong for hit in clause.hits) else clause.start


def _is_bare(clause: Clause, start: int, end: int) -> bool:
    """Whether a hit is the only thing its clause says, and says nothing (« problème »)."""
    return (
        len(clause.words) == 1
        and clause.words[0].start == start
        and clause.words[0].end == end
        and any(hit.start == start and hit.concept.kind == "trouble" for hit in clause.hits)
    )


def _tidied(text: str, clause: Clause, cut: Span | None, *, opening_only: bool = False) -> str:
    """A clause without greeting, article, placeholder and the place, which goes to the end of the title."""
    start, end = clause.start, clause.end
    for pattern in (_OPENING,) if opening_only else (_OPENING, _LEADING):
        match = pattern.match(fold(text[start:end]))
        start += match.end() if match else 0
    piece = text[start:end]
    if cut is not None and start <= cut.start and cut.end <= end:
        before = text[start : cut.start]
        preposition = _PREPOSITION.search(fold(before))
        piece = f"{before[: preposition.start()] if preposition else before} {text[cut.end : end]}"
    piece = " ".join(_PLACEHOLDER.sub(" ", piece).split())
    tail = piece[-60:]
    trailing = _TRAILING.search(fold(tail))
    return (piece[: len(piece) - len(tail) + trailing.start()] if trailing else piece).strip(" ,")


def _joined(pieces: Sequence[str], room: int) -> str:
    """As many whole pieces as there is room for, at least the first."""
    text = ""
    for piece in pieces:
        longer = f"{text}, {piece}" if text else piece
        if text and len(longer) > room:
            break
        text = longer
    return text


def _shortened(text: str, room: int) -> str:
    """Cut at a word."""
    if len(text) <= room:
        return text.rstrip(" ,;:-")
    cut = text[: room + 1].rsplit(" ", 1)[0] if " " in text[: room + 1] else text[:room]
    return cut.rstrip(" ,;:-")


def _usable(text: str) -> bool:
    """Whether there is at least one word in it."""
    return bool(re.search(r"[^\W\d_]{2,}", text))
