"""Values that no list knows: names of applications and places by what stands around them, errors after a colon.

All of it is weak evidence: what the lists of ``engine.triage.patterns`` find counts more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from engine.triage import lexicon
from engine.triage.patterns import Candidate, trimmed
from engine.triage.reading import Hit

CONCEPT_RANK = 2
"""Rank of a name that the reading knows, or that looks like one."""
_ERROR_RANK, _GUESS_RANK = 3, 6
_COINED_AT_MOST, _NAMES_AT_MOST = 12, 60
_TOWN_FRONT = 40
"""Characters in front of a name that say whether it is a town."""
_NAMES = frozenset({"device_type", "brand", "model", "software", "os"})
_IN_SOMETHING = re.compile(
    r"\bdans (?:le |la |l')(?!(?:meme|nuit|journee|matinee|semaine|mois|temps|cas|cadre|but|champ|liste|barre|menu"
    r"|titre"
    r"|corps|poche|sac|voiture|train|fenetre|coin|sens|tableau|doute|urgence|panique|ordre|historique|corbeille|cloud"
    r"|foulee|minute|heure|vide|texte|colonne|case|cellule|bac|lot|calendrier|rue|systeme|navigateur|onglet|lien|suite"
    r"|limite|mesure|mail|message|dossier|fichier|document|classeur|programme|groupe|boite)\b)([a-z-]{4,18})\b"
)
_AT_SOMETHING = re.compile(
    r"\b(?:au |a la |a l'|aux )(?!(?:bout|conte|fur|dela|pire|mieux|gout|moins|sein|fil|feu|cas|bord|jour|point)\b)"
    r"([a-z-]{3,18})\b"
)
_CAMEL = re.compile(
    r"\b(?!Wi-?Fi|McA)[A-Z][a-z]{2,10}[A-Z][A-Za-z]{1,12}\b|(?<![\w-])(?!E-[Mm]ail|X-|USB)[A-Za-z]-[A-Z][a-z]{2,12}\b"
)
_NAME = re.compile(r"(?<![\w'’-])[A-ZÉ][A-Za-z0-9éèêëïôç+]{3,15}(?= )")
_DOES = re.compile(
    r" (?:ne |n')?"
    r"(?:s'(?:ouvr|affich|execut|install)"
    r"|se (?:lanc|ferm|charg|connect|synchron)|plant|ram(?:e|ait)\b|bug|beug|crash|freez|demarr|lag|synchronis|tourne\b"
    r"|(?:est |toujours )?(?:inaccessible|indisponible)|(?:ne )?(?:marche|fonctionne|repond|charge) (?:plus|pas))",
)
"""What does as an application does."""
_TOWN = re.compile(
    r"(?<![\w'’-])(?:[àÀ]|a|[Ss]ur|[Dd]epuis|[Vv]ers) ([A-ZÉ][a-zéèêëïôç]{2,}(?:-[A-Za-zéèêëïôç]{2,}){0,4})(?![\w'’@])"
)
_TO_SOMEBODY = re.compile(
    r"(?:acces|merci|mail|envoy\w*|donn\w*|dit|parl\w*|demand\w*|transm\w*|connect\w*|grace|suite|pret\w*|bonjour"
    r"|appartien\w*|repon\w*|transfer\w*|migr\w*|pass\w*|bascul\w*|clique\w*|clic|ecrit|ecrire|lie|liee|mot de passe"
    r"|inscri\w*|conte|abonne\w*|attribu\w*|affect\w*|fourni\w*|confi\w*|appuie|travaill\w*)(?: \w+){0,4} $"
)
"""What goes to somebody or something rather than being in a town: « accès à Sage », « donné à Karim »."""
_AFTER_COLON = re.compile(
    r" ?: ?(?P<value>(?=[^\n.!?;«\"(]{0,60}\b(?:non (?:re|au|va|tr|in|di|pr)\w+"
    r"|erreur|error|refus\w*|invalide|introuvable|expire\w*"
    r"|insuffisant\w*|incorrecte?|inconnue?|echoue|echec|failed|denied|depassee?|verrouille\w*|impossible de|manquante?"
    r"|illisible|ouvert|bourrage|plein|vide|remplacer|timeout|not)\b)(?!(?:je|j|mon|ma|il|elle|on|les|mes|impossible)\b)[^\n.!?;«\"(,]{6,70})"
)
"""« Access : format non reconnu »: what a named thing says."""


def guesses(text: str, folded: str, hits: Sequence[Hit], found: Sequence[Candidate]) -> list[Candidate]:
    """What may be names of applications, places and errors, besides what was found.

    Args:
        text: The turn as it stands; capitals make names.
        folded: The same folded, as long.
        hits: What the reading knows in it.
        found: What the lists found in it.
    """
    more = [*_coined(text, folded, found), *_after_colon(folded, found)]
    known = [*found, *more]
    return [*more, *_somewhere(folded, hits, known), *_towns(text, folded, known)]


def _coined(text: str, folded: str, found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Unknown names that look like those of applications (« SketchUp ») or do as they do (« Planisware plante »)."""
    taken = names(found, len(text))
    for match in islice(_CAMEL.finditer(text), _COINED_AT_MOST):
        if not any(taken[match.start() : match.end()]):
            yield Candidate("software", CONCEPT_RANK, *match.span())
    known = lexicon.shipped().known
    for match in islice(_NAME.finditer(text), _NAMES_AT_MOST):
        start, end = match.span()
        if _DOES.match(folded, end) and folded[start:end] not in known and not any(taken[start:end]):
            yield Candidate("software", CONCEPT_RANK, start, end)


def _towns(text: str, folded: str, found: Iterable[Candidate]) -> Iterator[Candidate]:
    """An unknown name after « à »: « plus d'internet à Plouzané »."""
    taken = names(found, len(text))
    known = lexicon.shipped().known
    for match in islice(_TOWN.finditer(text), _COINED_AT_MOST):
        start, end = match.span(1)
        front = folded[max(0, match.start() - _TOWN_FRONT) : match.start()]
        if folded[start:end] not in known and not any(taken[start:end]) and not _TO_SOMEBODY.search(front):
            yield Candidate("location", _GUESS_RANK, start, end)


def _after_colon(folded: str, found: Iterable[Candidate]) -> Iterator[Candidate]:
    """What stands after the name of a device or an application and a colon, when it reads like an error."""
    for one in found:
        if one.key in _NAMES and (match := _AFTER_COLON.match(folded, one.end)):
            yield Candidate("error_message", _ERROR_RANK, *trimmed(folded, *match.span("value")))


def _somewhere(folded: str, hits: Iterable[Hit], found: Iterable[Candidate]) -> Iterator[Candidate]:
    """A word that nothing else knows, after « dans le » or « au »: « plus de son dans l'auditorium »."""
    known = bytearray(len(folded))
    spans = [(one.start, one.end) for one in found] + [(hit.start, hit.end) for hit in hits]
    for start, end in spans:
        known[start:end] = b"\1" * (end - start)
    for match in islice(_IN_SOMETHING.finditer(folded), _COINED_AT_MOST):
        if not any(known[match.start(1) : match.end(1)]):
            yield Candidate("location", _GUESS_RANK, *match.span(1))
    words = lexicon.shipped().known
    for match in islice(_AT_SOMETHING.finditer(folded), _COINED_AT_MOST):
        if match[1] not in words and not any(known[match.start(1) : match.end(1)]):
            front = folded[max(0, match.start() - _TOWN_FRONT) : match.start()]
            if not _TO_SOMEBODY.search(front):
                yield Candidate("location", _GUESS_RANK, *match.span(1))


def names(found: Iterable[Candidate], size: int) -> bytearray:
    """For each character of a turn, whether it belongs to a name."""
    taken = bytearray(size)
    for one in found:
        if one.key in _NAMES and one.end <= size:
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
    return taken
