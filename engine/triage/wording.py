"""Title, symptoms and further problems in the requester's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from data.records import Turn
from engine.text import fold
from engine.triage import tidying
from engine.triage.contract import Found, Span
from engine.triage.patterns import acronyms
from engine.triage.reading import Clause, Hit, grammar

TITLE_AT_MOST = 80
"""Characters of a title that an engine writes."""

NO_TITLE = "Demande à préciser"
"""The title when no word of the message can be used."""

_SYMPTOMS_AT_MOST, _SYMPTOM_LENGTH = 6, 120
_STATEMENT_FROM = 4
_UNKNOWN_AT_MOST = 6
"""Clauses without a known word that a title may be made of."""
_LOOKED_AT, _READ_OF_A_CLAUSE = 24, 400
"""Clauses that are tried for a title, and characters of one clause that are read for it: more fits in no title."""
_PIECE_FROM = 4
"""Characters a piece of a title needs to be worth adding."""
_WORTH_CUTTING, _ROOM_FOR_A_CUT = 3, 30
_PREPOSITION = re.compile(
    r"(?:^|\s)(?:au|a la|a l'|dans le|dans la|dans l'|dans|en|a|du|de la|de l'|sur le|depuis le|situee? (?:au|en|dans)"
    r"|du site de|de|-|\()\s*$"
)
_GOES_ON = re.compile(
    r"[\s)]*(?:$|[,.;:!?(-]|(?:ne|n'|est|sont|a|ont|se|s'|fait|font|qui|reste|me|m'|et|mais|plus|pas|depuis|hs|ko"
    r"|toujours"
    r"|rame|clignote|plante|bloque|refuse|affiche|imprime|demande|sort|met|indique|dit|en panne|marche|fonctionne"
    r"|hors)\b)"
)
"""What may follow a place that is taken out of its clause."""
_BELONGS = re.compile(
    r"\b(?:adresse|site|page|dossier|boite|mail|compte|liste|agenda|calendrier|appli|portail|planning|fichier|serveur"
    r"|reseau"
    r"|wifi|application|session|base|partage|lecteur)s? (?:mail )?(?:du |de la |de l'|des )$"
)
"""What a place belongs to rather than saying where it is: « l'adresse de la bibliothèque »."""
_NO_PLACE = re.compile(r"chez (?!moi)|hotel|domicile|deplacement|site$")
_TRIED = re.compile(
    r"(?:j'ai|je l'ai|on a|nous avons|jai|g|j')(?: (?:deja|bien|tout|aussi|meme|pourtant))* ?(?:essaye|redemarre|eteint"
    r"|rallume|verifie|teste|tente|debranche|rebranche|regarde|cherche|relance|reessaye|reboot|reinstalle|nettoye"
    r"|appele)"
    r"|(?:deux|trois|plusieurs|2|3|quelques) (?:choses|problemes|soucis|demandes|questions)|j'espere|dans l'attente"
    r"|je reste|je vous remercie|bonne|bien a vous|en vous remerci|par avance|en attendant"
    r"|je tiens|je vous (?:joins|envoie|mets)|ci-joint|desole"
    r"|je suis (?!bloque|coince|dans l'incap)|je m'appelle|c'est (?:pas grave|moi)|merci|cordialement|pour info"
)
_ASIDE = re.compile(
    r"(?:quand|lorsqu|des qu|si |pendant|avant|apres|depuis|comme |pour |afin|alors|dans le cadre|suite)"
)
_CLOSING = re.compile(r"[^«»\n]{0,40}»")
_ITEM = re.compile(r"\s\d$")
_ABBREVIATED = re.compile(r"(?:^|\s)(?:M|Mr|Dr|Mme|Mlle|MM)$")
_NAME_AFTER_DOT = re.compile(r"\.\s?[A-ZÉÈ][^.!?,;:\n]{0,60}")
_NE = re.compile(r"\b(?:ne\s|n')")
_HELPERS = frozenset({
    "est", "sont", "a", "ont", "ete", "etait", "reste", "se", "s", "me", "m", "tres", "trop", "tout", "toute", "tous",
    "va", "completement", "toujours", "deja", "en", "encore", "devenu", "devient", "fait", "font", "parait", "semble",
    "presque", "totalement", "un", "peu", "super", "hyper", "vraiment", "bien",
})  # fmt: skip
"""Words in front of what is wrong that belong to the symptom: « est très lent »."""
_LACKS = frozenset(
    {"plus", "pas", "de", "d", "aucun", "aucune", "sans", "le", "la", "l", "les", "du", "tout", "n"}
)  # fmt: skip
"""Words in front of what is missing that belong to the symptom: « plus de son »."""


def title(turns: Sequence[Turn], main: Sequence[Clause], info: Mapping[str, Found]) -> str:
    """A title of at most 80 characters in the message's words: what is concerned, what is wrong, where."""
    where = info.get("location")
    place = _place(turns, where) if where else ""
    pieces, taken_out = _pieces(turns, main, where if place else None, info.get("onset"))
    told = fold(" ".join(pieces))
    if place and not taken_out and fold(place) in told:
        place = ""
    room = TITLE_AT_MOST - len(place) - 2 if place and len(place) <= TITLE_AT_MOST // 2 else TITLE_AT_MOST
    text = tidying.shortened(_joined(pieces, room), room)
    if place and text and room < TITLE_AT_MOST:
        text = f"{text}, {tidying.continued(place)}"
    text = tidying.calm(text, acronyms())[:TITLE_AT_MOST]
    return tidying.begun(text, acronyms()) if _usable(text) else NO_TITLE


def symptoms(turns: Sequence[Turn], clauses: Sequence[Clause]) -> tuple[Found, ...]:
    """What is wrong, clause by clause, each as it stands in its turn."""
    found: list[Found] = []
    for clause in clauses:
        if len(found) >= _SYMPTOMS_AT_MOST:
            break
        wrong = [hit for hit in clause.hits if _is_wrong(hit)]
        asks = any(hit.concept.kind == "request" and hit.sense != "0" for hit in clause.hits)
        if not wrong or asks or all(_is_bare(clause, hit.start, hit.end) for hit in wrong):
            continue
        text = turns[clause.turn].text
        start = _predicate(text, clause, min(wrong, key=lambda hit: hit.start))
        _add(found, text, clause.turn, start, _end(text, clause))
    if not found:
        for clause in filter(_states, clauses):
            _add(found, turns[clause.turn].text, clause.turn, clause.start, clause.end)
    return tuple(found[:_SYMPTOMS_AT_MOST])


def words(turns: Sequence[Turn], clauses: Sequence[Clause]) -> str:
    """The clauses of one problem as text, for « other problems »."""
    pieces = []
    for clause in ([clause for clause in clauses if clause.hits] or list(clauses))[:_LOOKED_AT]:
        text = tidying.unmarked(turns[clause.turn].text)[clause.start : clause.end]
        pieces.append(tidying.ended(tidying.plain(text[tidying.opening(text) :])))
    return tidying.shortened(", ".join(dict.fromkeys(filter(None, pieces))), 2 * TITLE_AT_MOST)


def _pieces(turns: Sequence[Turn], main: Sequence[Clause], where: Found | None,
            onset: Found | None) -> tuple[list[str], bool]:  # fmt: skip
    """What the most telling clauses say, in their order, and whether the place was taken out of one of them."""
    telling = _telling(main)
    plain = {turn: tidying.unmarked(turns[turn].text) for turn in {clause.turn for clause in telling}}
    told = any(_is_wrong(hit) and hit.concept.kind != "trouble" for clause in telling for hit in clause.hits)
    worth = [_worth(plain[clause.turn], clause) for clause in telling]
    floor = 0 if max(worth, default=0) > 0 else -1
    ranked = sorted(range(len(telling)), key=lambda at: (-worth[at], at))
    room = TITLE_AT_MOST
    chosen: dict[int, str] = {}
    taken_out = False
    for at in ranked[:_LOOKED_AT]:
        clause = telling[at]
        text, cut = _without_place(plain[clause.turn], _without_onset(clause, onset), where)
        piece = _tidied(text, alone=not told)
        if chosen and len(piece) + 2 > room and worth[at] >= _WORTH_CUTTING and room >= _ROOM_FOR_A_CUT:
            piece = tidying.shortened(piece, room - 2)
        if not piece or (chosen and (len(piece) + 2 > room or len(piece) < _PIECE_FROM or worth[at] <= floor)):
            continue
        if any(fold(piece) in fold(other) for other in chosen.values()):
            continue
        for part in [other for other, said in chosen.items() if fold(said) in fold(piece)]:
            room += len(chosen.pop(part)) + 2
        chosen[at] = piece
        taken_out |= cut
        room -= len(piece) + 2
        if room < _PIECE_FROM:
            break
    subject = _subject(telling, chosen)
    if subject is not None:
        piece = _tidied(plain[telling[subject].turn][telling[subject].start : telling[subject].end], alone=False)
        if _PIECE_FROM - 2 <= len(piece) <= room - 2:
            chosen[subject] = piece
    return [chosen[at] for at in sorted(chosen)], taken_out


def _subject(telling: Sequence[Clause], chosen: Mapping[int, str]) -> int | None:
    """The clause that names the thing, right before the first chosen one, when none of these names any."""
    first = min(chosen, default=0)
    if not first or any(map(_names_a_thing, (telling[at] for at in chosen))):
        return None
    before = telling[first - 1]
    return (
        first - 1 if before.turn == telling[first].turn and _names_a_thing(before) and not _says_too(before) else None
    )


def _says_too(clause: Clause) -> bool:
    """Whether a clause adds a thing that is well, too: « les dossiers aussi »."""
    return any(word.text in ("aussi", "egalement") for word in clause.words)


def _names_a_thing(clause: Clause) -> bool:
    """Whether a clause names a thing that it does not deny."""
    return any(hit.sense != "0" and hit.concept.kind == "thing" for hit in clause.hits)


def _telling(clauses: Sequence[Clause]) -> list[Clause]:
    """Clauses that name something or say what is wrong, else those with words that are no greeting."""
    said = [clause for clause in clauses if any(hit.sense != "0" for hit in clause.hits)]
    telling = [clause for clause in said if any(map(_is_telling, clause.hits))]
    if any(_is_whole(clause) for clause in telling):
        telling = [clause for clause in telling if any(hit.concept.kind in ("thing", "state") for hit in clause.hits)]
    if said:
        return telling or said
    greetings = grammar().greetings
    return [clause for clause in clauses if tuple(word.text for word in clause.words) not in greetings][
        :_UNKNOWN_AT_MOST
    ]


def _worth(text: str, clause: Clause) -> int:
    """How much a clause says of the problem."""
    hits = [hit for hit in clause.hits if hit.sense != "0"]
    wrong = any(map(_is_wrong, hits))
    asks = any(hit.concept.kind == "request" for hit in hits)
    things = [hit for hit in hits if hit.concept.kind == "thing"]
    worth = (3 if wrong else 0) + (2 if asks else 0) + (2 if things else 0)
    worth += 1 if any(not hit.concept.vague for hit in things) else 0
    start = fold(text[clause.start : clause.start + 60])
    if _TRIED.match(start):
        worth -= 4
    if _ASIDE.match(start) and not (wrong and things):
        worth -= 2
    if not wrong and not asks and any(hit.concept.kind == "act" for hit in hits):
        worth -= 2
    return worth


def _is_wrong(hit: Hit) -> bool:
    """Whether a hit says that something is wrong."""
    return hit.sense != "0" and (hit.sense in ("-", "~") or hit.concept.kind in ("state", "trouble"))


def _is_telling(hit: Hit) -> bool:
    """Whether a hit says more than that somebody does something."""
    return hit.sense != "0" and (hit.concept.kind != "act" or hit.sense == "-")


def _is_whole(clause: Clause) -> bool:
    """Whether a clause names a thing and says what is wrong with it, so that « ça ne marche pas » adds nothing."""
    hits = [hit for hit in clause.hits if hit.sense != "0"]
    wrong = any(_is_wrong(hit) and hit.concept.kind != "trouble" for hit in hits)
    return wrong and any(hit.concept.kind == "thing" for hit in hits)


def _place(turns: Sequence[Turn], where: Found) -> str:
    """The place as it ends a title; nothing when it would say little there."""
    text = tidying.plain(turns[where.span.turn].text[where.span.start : where.span.end])
    return "" if _NO_PLACE.match(fold(text)) else text


def _without_place(text: str, clause: Clause, where: Found | None) -> tuple[str, bool]:
    """The words of a clause without the place, where the rest can do without it, and whether it could."""
    start, end = clause.start, _end(text, clause)
    if where is None or where.span.turn != clause.turn or not (start <= where.span.start and where.span.end <= end):
        return text[start:end], False
    before, after = text[start : where.span.start], text[where.span.end : end]
    preposition = _PREPOSITION.search(fold(before))
    if preposition is not None and _BELONGS.search(fold(before)):
        return text[start:end], False
    stands_alone = not before.strip() and not after[:1].isspace()
    opens = preposition is not None and not before[: preposition.start()].strip()
    if (preposition is None and not stands_alone) or not (opens or _GOES_ON.match(fold(after))):
        return text[start:end], False
    rest = f"{before[: preposition.start()] if preposition else before} {after}"
    return (rest, True) if _usable(rest) else (text[start:end], False)


def _end(text: str, clause: Clause) -> int:
    """Where a clause ends, without the « 2 » of the next item of « 1) ... 2) ... », with the name after « M. »."""
    if text[clause.end : clause.end + 1] == "." and _ABBREVIATED.search(text, clause.start, clause.end):
        name = _NAME_AFTER_DOT.match(text, clause.end)
        return name.end() if name else clause.end
    item = _ITEM.search(text, clause.start, clause.end) if text[clause.end : clause.end + 1] == ")" else None
    return item.start() if item else clause.end


def _without_onset(clause: Clause, onset: Found | None) -> Clause:
    """The clause without « depuis vendredi » at its beginning."""
    if onset is None or onset.span.turn != clause.turn or onset.span.start != clause.start:
        return clause
    rest = [word for word in clause.words if word.start >= onset.span.end]
    return replace(clause, start=rest[0].start) if len(rest) > 1 else clause


def _tidied(text: str, *, alone: bool) -> str:
    """The words of a clause as a technician would note them."""
    text = text.strip()
    text = text[tidying.opening(text) :][:_READ_OF_A_CLAUSE]
    return tidying.ended(tidying.plain(text[tidying.leading(text, alone=alone) :]))


def _joined(pieces: Sequence[str], room: int) -> str:
    """As many whole pieces as there is room for, at least the first."""
    text = ""
    for piece in pieces:
        longer = f"{text}, {tidying.continued(piece)}" if text else piece
        if text and len(longer) > room:
            break
        text = longer
    return text


def _add(found: list[Found], text: str, turn: int, start: int, end: int) -> None:
    """One more symptom, without its greeting and what dangles, unless it says nothing new or far too much."""
    start += tidying.opening(text[start:end])
    end = start + tidying.markup(text[start : min(end, start + _READ_OF_A_CLAUSE)])
    words = tidying.shortened(text[start:end], _SYMPTOM_LENGTH)
    if "«" in words and "»" not in words:
        closed = _CLOSING.match(text, start + len(words))
        words = text[start : closed.end()] if closed else tidying.ended(words[: words.index("«")])
    value = " ".join(words.split())
    if not _usable(value) or tidying.PLACEHOLDER.search(value):
        return
    if not any(value in other.value or fold(value) in fold(other.value) for other in found):
        found.append(Found(value, Span(turn, start, start + len(words))))


def _predicate(text: str, clause: Clause, wrong: Hit) -> int:
    """Where the symptom begins: « ne » before what is wrong, its helping words, or the clause when that says little."""
    folded = fold(text[clause.start : clause.end])
    denials = [clause.start + match.start() for match in _NE.finditer(folded, 0, wrong.start - clause.start)]
    if denials and wrong.start - denials[-1] < 25:
        return denials[-1]
    if not any(hit.concept.kind == "thing" and hit.end <= wrong.start for hit in clause.hits):
        return clause.start
    small = _HELPERS | _LACKS if wrong.sense == "~" else _HELPERS
    at = next((i for i, word in enumerate(clause.words) if word.start >= wrong.start), 0)
    while at > 0 and clause.words[at - 1].text in small:
        at -= 1
    rest = clause.words[at:]
    return clause.words[at].start if len({word.start for word in rest}) > 1 else clause.start


def _states(clause: Clause) -> bool:
    """Whether a clause says something of a thing without a word of trouble: « le combiné est muet »."""
    hits = [hit for hit in clause.hits if hit.sense != "0"]
    asks = any(hit.concept.kind == "request" for hit in hits)
    return not asks and any(hit.concept.kind == "thing" for hit in hits) and len(clause.words) >= _STATEMENT_FROM


def _is_bare(clause: Clause, start: int, end: int) -> bool:
    """Whether a hit is the only thing its clause says, and says nothing (« problème »)."""
    return (
        len(clause.words) == 1
        and clause.words[0].start == start
        and clause.words[0].end == end
        and any(hit.start == start and hit.concept.kind == "trouble" for hit in clause.hits)
    )


def _usable(text: str) -> bool:
    """Whether there is at least one word in it."""
    return bool(re.search(r"[^\W\d_]{2,}", text))
