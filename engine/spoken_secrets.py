"""Where people give a password or a name in words: recognised by the cue before it, not by its shape.

Finders only, like ``engine.sensitive``. « mot de passe oublié » and « mon mot de passe ne marche pas » give nothing
away and stay; a word after « mon mdp c'est » is masked unless it is one of the words that usually stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import data
from engine.sensitive import Hit
from engine.text import fold

_NAMES_OF_IT = (
    r"mots? (?:de|2) ?passes?|motdepasse|mot d passe|mdp|m\.d\.p\.?|password|passwd|pwd|passphrase|pass|passe"
    r"|phrase (?:de |secrete)?passe|cle (?:wifi|wi-fi|wpa2?|de securite)|wpa2?"
)
_CODES = (
    r"code (?:pin|puk|secret|confidentiel|perso(?:nnel)?|d'acces|acces|wifi|wi-fi|windows|session|de session"
    r"|de deverrouillage|deverrouillage|de verrouillage|d'alarme|de la porte|de l'alarme|badge|du badge|de badge"
    r"|du telephone|du portable|de mon telephone|messagerie|vocal|de la messagerie|authenticator|mfa|2fa|sms"
    r"|de verification|de connexion|otp|de securite)|pin|puk|otp"
)
_DETAIL = r"(?:[ \t]{1,3}(?!est\b|c'est\b|cest\b|ne\b|n'|pas\b|oublie|et\b|ou\b|que\b|qui\b)[a-z'’0-9-]{1,20}){0,4}"
_LINK = (
    r"[ \t]{0,3}(?:(?:[:=]|->|=>|→)[ \t]{0,3}(?:c'est[ \t]{1,3})?"
    r"|(?:c'est|c est|cest|ces|c'etait|est|is|etait|sera|serait|devient|a|c)"
    r"(?:[ \t]{0,2}:)?[ \t]{1,3}(?:donc[ \t]{1,3})?)"
)
_VALUE = r"(?P<value>«[^»\n]{1,60}»|\"[^\"\n]{1,60}\"|“[^”\n]{1,60}”|`[^`\n]{1,60}`|'[^'\n]{1,60}'|[^\s]{1,80})"

_PASSWORD = re.compile(rf"(?<![\w-])(?:{_NAMES_OF_IT})\b")
_GIVEN = re.compile(rf"(?<![\w-])(?:{_NAMES_OF_IT}|{_CODES})\b{_DETAIL},?{_LINK}{_VALUE}")
_BARE = re.compile(rf"(?<![\w-])(?:{_NAMES_OF_IT}|{_CODES}),?[ \t]{{1,3}}{_VALUE}")
_PLAIN_CODE = re.compile(rf"(?<![\w-])code\b{_DETAIL},?{_LINK}{_VALUE}")
_OTHER = re.compile(
    rf"(?<![\w-])(?:l'ancien|ancien|le nouveau|nouveau|le precedent|precedent|l'actuel|actuel|l'autre){_LINK}{_VALUE}"
)
_WITH_LOGIN = re.compile(
    rf"(?<![\w-])(?:login|identifiant|user|utilisateur|id)[ \t]{{0,2}}[:=]?[ \t]{{0,2}}[\w.@\\-]{{1,40}}[ \t,;/]{{1,4}}"
    rf"(?:et |puis )?(?:{_NAMES_OF_IT})[ \t]{{1,3}}{_VALUE}"
)
_BEFORE = re.compile(
    rf"(?<!\S){_VALUE}[ \t]{{1,3}}(?:comme|en tant que|pour|est mon|c'est mon|est le|c'est le)[ \t]{{1,3}}"
    rf"(?:mon |le |ma )?(?:{_NAMES_OF_IT})\b"
)
_PAIR = re.compile(
    r"(?<![\w-])(?:login|identifiants?|user|connecter? avec)[^\n:=]{0,15}[:=]?[ \t]{0,3}"
    r"[\w.@\\-]{2,40}[ \t]?[/|][ \t]?(?P<value>[^\s]{3,80})"
)
_URL = re.compile(r"(?<!\w)[a-z]{2,10}://[^\s/:@]{1,64}:(?P<value>[^\s/@]{1,64})@")
_NEXT = re.compile(
    r"[ \t]{0,2}(?:,|;|/)?[ \t]{0,2}(?:ou|et|puis|ou alors|or|/|,)[ \t]{1,3}(?:meme |aussi |avec )?"
    r"(?P<value>[^\s]{4,80})"
)

_TAIL = ".,;:)]}»\"”'"
_ERROR = re.compile(
    r"(?:0x[0-9a-f]{2,16}|(?:err|error|erreur|bsod|stop|http|hr|e|x)[-_]?[0-9a-z_]{2,}|[a-z]{2,}(?:_[a-z]+)+)$"
)
_NOT_A_SECRET_CODE = re.compile(
    r"\b(?:erreur|error|postal|produit|article|barres?|imprimante|client|projet|analytique|fournisseur|comptable|naf|ape"
    r"|pays|insee|source|promo|qr|couleur|agence|banque|guichet|retour|http|bug)\b"
)
_ERROR_BEFORE = re.compile(r"(?:erreur|error|err|message|bug|ecran bleu|arret)\W{0,3}(?:\w{1,12}\W{1,3}){0,4}$")
_REACH = 40

_PERSON = re.compile(
    r"(?<!\w)(?:[Mm]onsieur|[Mm]adame|[Mm]ademoiselle|M\.|Mr\.?|Mme|Mlle|MME|MR|Dr\.?|Docteur|[Mm]e nomme"
    r"|[Mm]on nom est"
    r"|[Mm]on nom c'est|[Mm]on prénom est|[Jj]e m'appelle|[Jj]e m’appelle|[Jj]e suis|[Ii]ci|[Cc]ordialement,?|[Cc]dt,?"
    r"|(?:[Mm]on|[Mm]a|[Ll]e|[Ll]a) (?:collègue|collegue|cheffe?|responsable|directeur|directrice"
    r"|assistante?|binôme))"
    r"[ \t]{0,2}[,:\n]?\s{1,2}(?P<name>[A-ZÀ-Ý][\w'’-]{1,30}"
    r"(?:[ \t]{1,2}(?:(?:de|du|des|le|la|van|von|el|ben|d')[ \t]?)?"
    r"[A-ZÀ-Ý][\w'’-]{1,30}){0,2})"
)
_CALLED = re.compile(
    r"(?<!\w)(?:je m'appelle|je me nomme|mon nom est|mon nom c'est)[ \t]{1,2}(?P<name>[\w-]{2,30}(?:[ \t][\w-]{2,30})?)"
)
_NOT_A_NAME = frozenset(
    (
        "administrateur", "au", "bonjour", "chef", "directeur", "directrice", "elle", "en", "et", "excel", "il",
        "informatique", "it", "j", "je", "l", "la", "le", "les", "ma", "mac", "merci", "mon", "outlook", "pc",
        "rh", "sap", "service", "teams", "un", "une", "vpn", "wifi", "windows", "word",
    )
)  # fmt: skip


@cache
def _plain_words() -> frozenset[str]:
    """Words that stand after a cue without being the password (``data/lexicon/not_passwords.txt``)."""
    text = (Path(data.__file__).parent / "lexicon" / "not_passwords.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def passwords(text: str) -> Iterator[Hit]:
    """Passwords and secret codes introduced by a cue, in the ways people give them."""
    folded = fold(text)
    finders = ((_GIVEN, True), (_BARE, False), (_WITH_LOGIN, True), (_BEFORE, False), (_PAIR, False), (_URL, True))
    for pattern, explicit in finders:
        for match in pattern.finditer(folded):
            hit = _secret(text, folded, match, explicit)
            if hit is not None:
                yield hit
                yield from _further(text, folded, hit.end)
    for match in _PLAIN_CODE.finditer(folded):
        said = folded[max(0, match.start() - _REACH) : match.start("value")]
        hit = _secret(text, folded, match, explicit=False)
        if hit and not _NOT_A_SECRET_CODE.search(said) and not _ERROR.match(folded[hit.start : hit.end]):
            yield hit
    for match in _OTHER.finditer(folded):
        if _PASSWORD.search(folded, max(0, match.start() - 2 * _REACH), match.start()):
            hit = _secret(text, folded, match, explicit=False)
            if hit is not None:
                yield hit


def _secret(text: str, folded: str, match: re.Match[str], explicit: bool) -> Hit | None:
    """The value of a match without quotes and closing punctuation, if it is a secret."""
    start, end = match.span("value")
    quoted = folded[start] in "«\"“`'" and end - start > 2 and folded[end - 1] in "»\"”`'"
    if quoted:
        start, end = start + 1, end - 1
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
    else:
        while end > start + 1 and text[end - 1] in _TAIL:
            end -= 1
        while end > start + 1 and text[start] in '(«"“':
            start += 1
    value = text[start:end]
    if len(value) < 2 or (value.startswith("[") and "]" in text[start : end + 1]):
        return None
    if _ERROR.match(folded[start:end]) and _ERROR_BEFORE.search(folded[max(0, match.start() - _REACH) : match.start()]):
        return None
    last_word = re.findall(r"[^\W_]+", folded[start:end])[-1:]
    if _looks_secret(value) or (quoted and (explicit or not _plain_words().issuperset(last_word))):
        return Hit(start, end, "MOT-DE-PASSE")
    return Hit(start, end, "MOT-DE-PASSE") if explicit and _odd_word(folded, start, end) else None


def _looks_secret(value: str) -> bool:
    """Whether a value looks like a password whatever stands before it: digits, signs or capitals inside."""
    core = value.rstrip("!?.…")
    if len(value) < 4 or not core:
        return False
    if any(char.isdigit() for char in core):
        return not re.fullmatch(
            r"\d{1,2}(?:h|/|:|e|eme|ème)\d{0,4}(?:/\d{2,4})?|\d{1,3}(?:fois|jours?|ans?|mois|min|%)", core.lower()
        )
    if any(char in "@#$%&*+_!?=€£§<>~^|" for char in core):
        return True
    return any(char.isupper() for char in core[1:]) and any(char.islower() for char in core)


def _odd_word(folded: str, start: int, end: int) -> bool:
    """Whether a plain word after an explicit cue is the secret: not a usual word, and the clause ends with it."""
    words = re.split(r"['’-]", folded[start:end].rstrip("!?…"))
    if not words[0] or any(word in _plain_words() for word in words):
        return False
    if re.search(r"(?:ment|able|ible|ee|ees)$", words[-1]):
        return False
    following = re.match(
        r"[!?…]*[ \t]{0,2}(?:$|[\n.,;:()!?]|(?:mais|et|merci|pour|ou|svp|il|ca|je|j'|c'est|depuis)\b)",
        folded[end : end + 30],
    )
    return following is not None


def _further(text: str, folded: str, position: int) -> Iterator[Hit]:
    """Second and third tries: « mon mdp c'est Toto12 ou Toto13 »."""
    for _ in range(4):
        match = _NEXT.match(folded, position)
        if match is None:
            return
        value = text[match.start("value") : match.end("value")].rstrip(_TAIL)
        if not _looks_secret(value) or value.startswith("["):
            return
        position = match.start("value") + len(value)
        yield Hit(match.start("value"), position, "MOT-DE-PASSE")


def names(text: str) -> Iterator[Hit]:
    """Names that a title or « je m'appelle » introduces; a name alone is not recognised."""
    for match in _PERSON.finditer(text):
        if fold(match["name"]).split()[0] not in _NOT_A_NAME:
            yield Hit(*match.span("name"), "NOM")
    folded = fold(text)
    for match in _CALLED.finditer(folded):
        first = match["name"].split()
        if first[0] not in _NOT_A_NAME:
            keep = (
                match["name"]
                if len(first) > 1 and text[match.start("name") + len(first[0]) + 1].isupper()
                else first[0]
            )
            yield Hit(match.start("name"), match.start("name") + len(keep), "NOM")
