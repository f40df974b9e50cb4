"""Where people give a password or a secret code in words: recognised by the cue beside it, not by its shape alone.

Finders only, like ``engine.sensitive``. A cue (« mdp », « code wifi ») and a link (« : », « c'est ») announce a value
(``engine.secret_cues``); how surely they do decides what the value must look like. After « mdp : » any word is masked
that does not usually stand there (``data/lexicon/not_passwords.txt``); after « mdp » alone it must look like a
password. So « mot de passe oublié » and « mon mot de passe ne marche pas » give nothing away and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import data
from engine.secret_cues import ANNOUNCED, CUE, DESCRIBED, FORMS, LATER, LOGIN, NEXT, PLAIN_CODE, Sure
from engine.sensitive import Hit
from engine.text import fold

_PLACEHOLDER = re.compile(r"\W{0,2}\[?[a-z-]{3,12}-\d{1,6}\]")
_TAIL = ".,;:)]}»\"”'"
_QUOTES = "«\"“`'"
_ERROR = re.compile(
    r"(?:0x[0-9a-f]{2,16}|(?:err|error|erreur|bsod|stop|http|hr)[-_]?[0-9a-z_]{2,}|[efx]-?\d{1,4}|[a-z]{2,}(?:_[a-z]+)+)$"
)
_NOT_A_SECRET_CODE = re.compile(
    r"\b(?:erreur|error|postal|produit|article|barres?|imprimante|client|projet|analytique|fournisseur|comptable|naf|ape"
    r"|pays|insee|source|promo|qr|couleurs?|agence|banque|guichet|retour|sortie|http|bug|salle|bureau|etage|batiment"
    r"|site|service|local|panne|defaut|arret|statut|affaire|dossier|commande|matricule|etablissement|iban|bic|swift"
    r"|ticket|incident|employe|affiche|copieur|fonction|tva|siret|modele|serie|lot|machine|vba|python|html|exit|stop)\b"
)
_ERROR_BEFORE = re.compile(
    r"(?:erreur|error|err|message|bug|ecran bleu|arret|bsod|plante|affiche)\W{0,3}(?:\w{1,12}\W{1,3}){0,4}$"
)
_A_THING = re.compile(
    r"(?:(?:office|outlook|exchange|excel|word|access|server|windows|win|visio|autocad|sage|sql)[-_]?(?:xp|7|8|8\.1|10|11"
    r"|365|20[012]\d)|[om]365|(?:pc|srv|serveur|nas|prt|imp|lap|port|poste|vm|ws|nb|dc)[-_]?\w{0,12}\d+|tkt-[\w-]+|kb\d{6,}"
    r"|\d{1,3}(?:\.\d{1,3}){3}|v?\d{1,2}\.\d{1,2}(?:\.\d+)*|(?:iphone|ipad|galaxy|s|a)-?\d{1,2}|[\w.+-]+@[\w-]+\.\w[\w.]*)$"
)
_A_TIME = re.compile(
    r"\d{1,2}(?:h|/|:|e|eme|er)\d{0,4}(?:/\d{2,4})?|\d{1,3}(?:fois|jours?|j|ans?|mois|mn|min|%|go|caracteres)|(?:19|20)\d\d-\d\d-\d\d"
)
_A_YEAR = re.compile(r"(?:19|20)\d\d$")
_OTHER_THING = re.compile(
    rf"\b(?:{LOGIN}|poste|bureau|salle|numero|num|n|tel\w*|gsm|portable|mobile|badge|ticket|pc|serie|ip|erreur|code|mail"
    r"|matricule|ref\w*|dossier|message|le|au|a)\W*$"
)
_SIGNS = "@#$%&*+_!?=€£§<>~^|"
_WELL_KNOWN = re.compile(
    r"(?:azert|qwert|qsdf|wxcv|abcd|abc|toto|titi|tata|tutu|soleil|doudou|loulou|chouchou|coucou|iloveyou|letmein|welcome"
    r"|motdepasse|password)\w{0,3}$"
)
_STATE = re.compile(r"(?:ment|able|ible|ee|ees)$")
_CLAUSE_END = re.compile(r"[!?…]*\s{0,2}(?:$|[\n.,;:()!?/])")
_LINE = re.compile(r"[^.,;:()!?\n]{3,60}(?=$|[.,;:()!?\n])")
_MOST_WORDS, _ACRONYM = 5, 4
_WORD = re.compile(r"[^\s.,;:()!?/«»\"]+")
_DESCRIBING = frozenset(
    ["celui", "date", "naissance", "prenom", "suivant", "toujours", "anniversaire", "annee", "code"]
)
_DETERMINERS = frozenset(["mon", "ma", "mes", "le", "la", "les", "un", "une", "notre", "nos"])
_PARTICIPLE = ("é", "ée", "és", "ées")
_REACH, _FAR = 40, 90


@cache
def _usual_words() -> frozenset[str]:
    """Words that stand after a cue without being the password (``data/lexicon/not_passwords.txt``)."""
    text = (Path(data.__file__).parent / "lexicon" / "not_passwords.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def passwords(text: str) -> Iterator[Hit]:
    """Passwords and secret codes introduced by a cue, in the ways people give them."""
    folded = fold(text).replace("\u00a0", " ").replace("\u202f", " ").replace("\t", " ")
    for pattern, sure in FORMS:
        for match in pattern.finditer(folded):
            hit = _secret(text, folded, match, sure)
            if hit is not None:
                yield hit
                yield from _further(text, folded, hit.end)
    yield from _plain_codes(text, folded)
    for pattern in (LATER, ANNOUNCED, DESCRIBED):
        for match in pattern.finditer(folded):
            hit = _secret(text, folded, match, Sure.LIKELY)
            if hit is not None and _is_about_a_password(folded, match):
                yield hit
                yield from _further(text, folded, hit.end)


def _plain_codes(text: str, folded: str) -> Iterator[Hit]:
    """« code : 4512 », « mon code est 739 », but not the codes of errors, rooms, articles."""
    for match in PLAIN_CODE.finditer(folded):
        said = folded[max(0, match.start() - _REACH) : match.start("value")]
        if _NOT_A_SECRET_CODE.search(said):
            continue
        hit = _secret(text, folded, match, Sure.TOLD)
        if hit is None or _ERROR.match(folded[hit.start : hit.end]):
            continue
        short = hit.end - hit.start < 4 and folded[hit.start : hit.end].isdigit()
        if not short or match["whose"]:
            yield hit


def _is_about_a_password(folded: str, match: re.Match[str]) -> bool:
    """For a value told later or described: whether a password is what the sentences speak of."""
    if "between" in match.re.groupindex:
        return not any(_is_state(word) for word in match["between"].replace(",", " ").split())
    if "meanwhile" in match.re.groupindex:
        return not _OTHER_THING.search(match["meanwhile"])
    before = folded[max(0, match.start() - _FAR) : match.start()]
    return bool(CUE.search(before)) and not _OTHER_THING.search(before)


def _is_state(word: str) -> bool:
    """Whether a word tells what is the matter with a password (« expiré »), not what it is."""
    return len(word) > 3 and word not in _DESCRIBING and _is_usual(word, word)


def _secret(text: str, folded: str, match: re.Match[str], sure: Sure) -> Hit | None:
    """The value of a match without quotes and closing punctuation, if it is a secret."""
    start, end, quoted = _bare_value(text, folded, *match.span("value"))
    value, plain = text[start:end], folded[start:end]
    if len(value) < 2 or not any(char.isalnum() for char in value) or _PLACEHOLDER.match(match["value"]):
        return None
    if _A_THING.match(plain) or (
        _ERROR.match(plain) and _ERROR_BEFORE.search(folded[max(0, match.start() - _REACH) : start])
    ):
        return None
    if sure is Sure.CERTAIN:
        return Hit(start, end, "MOT-DE-PASSE")
    if sure is Sure.DIGITS:
        good = any(char.isdigit() for char in value) and _looks_secret(value)
    elif quoted:
        words = [word for word in re.findall(r"[^\W_]+", plain) if len(word) > 3 or word == plain]
        good = _looks_secret(value) or not all(_is_usual(word, word) for word in words)
    else:
        good = (_looks_secret(value) and not (sure is Sure.LIKELY and _A_YEAR.match(value))) or (
            sure in (Sure.LIKELY, Sure.SAID) and bool(_WELL_KNOWN.match(plain))
        )
    if good or sure in (Sure.LIKELY, Sure.DIGITS) or quoted:
        return Hit(start, end, "MOT-DE-PASSE") if good else None
    last = _end_of_words(text, folded, start, end, several=sure is Sure.SAID)
    return Hit(start, last, "MOT-DE-PASSE") if last else None


def _bare_value(text: str, folded: str, start: int, end: int) -> tuple[int, int, bool]:
    """The span without quotes or closing punctuation, and whether its limits are certain (quotes, several words)."""
    if folded[start] in _QUOTES and end - start > 2 and folded[end - 1] in "»\"”`'":
        start, end = start + 1, end - 1
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        return start, end, True
    while end > start + 1 and text[end - 1] in _TAIL:
        end -= 1
    while end > start + 1 and text[start] in '[(«"“:':
        start += 1
    return start, end, " " in text[start:end]


def _looks_secret(value: str) -> bool:
    """Whether a value looks like a password whatever stands before it: digits, signs or capitals inside."""
    core = value.rstrip("!?.…")
    if len(value) < 4 or not core:
        return False
    if any(char.isdigit() for char in core):
        return not _A_TIME.fullmatch(core.lower())
    if any(char in _SIGNS for char in core):
        return True
    mixed = any(char.isupper() for char in core[1:]) and any(char.islower() for char in core)
    return mixed and not all(_is_usual(fold(part), part) for part in re.split("[/'’-]", core) if part)


def _end_of_words(text: str, folded: str, start: int, end: int, several: bool) -> int | None:
    """Where a secret of plain words ends that begins at ``start``, or None if these words tell something else."""
    plain = folded[start:end]
    if not several and text[start:end].isupper() and end - start <= _ACRONYM:
        return None
    if plain.isdigit():
        return end if _CLAUSE_END.match(folded, end) else None
    if plain in _DETERMINERS and several:
        return _phrase_end(text, folded, start)
    if any(_is_usual(part, text[start:end]) for part in re.split(r"['’-]", plain.rstrip("!?…")) if part):
        return None
    for _ in range(_MOST_WORDS):
        if _CLAUSE_END.match(folded, end):
            return end
        following = _WORD.match(folded, end + 1)
        if following is None or _is_usual(re.split("['’-]", following[0])[0], text[slice(*following.span())]):
            return end
        if not several:
            return None
        end = following.end()
    return None


def _phrase_end(text: str, folded: str, start: int) -> int | None:
    """The end of a phrase said as a password (« mon chat est bleu »): a short line without a word of trouble."""
    line = _LINE.match(folded, start)
    if line is None:
        return None
    words = line[0].split()
    told = [
        word for word in words if word not in _DETERMINERS and word not in ("est", "de", "du", "et", "dans", "vite")
    ]
    if not 2 <= len(words) <= _MOST_WORDS + 1 or len(told) < 2:
        return None
    spelt = text[start : line.end()].split()
    return None if any(_is_usual(fold(word), word) for word in spelt if fold(word) in told) else line.end()


def _is_usual(plain: str, spelt: str) -> bool:
    """Whether a word is one that stands after a cue without being the secret; ``spelt`` with its accents."""
    known = _usual_words()
    return (
        plain in known
        or plain.removesuffix("s") in known
        or bool(_STATE.search(plain))
        or spelt.lower().endswith(_PARTICIPLE)
    )


def _further(text: str, folded: str, position: int) -> Iterator[Hit]:
    """Second and third tries: « mon mdp c'est Toto12 ou Toto13 »."""
    for _ in range(4):
        match = NEXT.match(folded, position)
        if match is None:
            return
        value = text[match.start("value") : match.end("value")].rstrip(_TAIL)
        if not _looks_secret(value) or value.startswith("[") or _A_THING.match(fold(value)):
            return
        position = match.start("value") + len(value)
        yield Hit(match.start("value"), position, "MOT-DE-PASSE")
