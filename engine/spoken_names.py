"""Where a text names a person: recognised by what introduces a name, never by the name itself.

A finder only, like ``engine.sensitive``; used towards a remote model (``engine.masking.remote``). A name alone, in the
middle of a sentence, is not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import data
from engine.sensitive import Hit
from engine.text import fold

_PARTICLES = frozenset(
    ["de", "du", "des", "le", "la", "el", "al", "ben", "van", "von", "der", "den", "da", "di", "dos"]
)
_PARTICLE = rf"(?:(?:(?:{'|'.join(sorted(_PARTICLES))})[ \t]|[dDlL]['’])?)"
_CAPITAL = r"(?:[A-ZÀ-ÖØ-Þ]\.[ \t]?)?[A-ZÀ-ÖØ-Þ](?:[^\W\d_]|['’-](?=[^\W\d_])){1,30}(?![\w'’])"
_NAME = rf"(?P<name>{_PARTICLE}{_CAPITAL}(?:[ \t]{{1,2}}{_PARTICLE}{_PARTICLE}{_CAPITAL}){{0,2}})"
_FULL = rf"(?P<name>{_CAPITAL}(?:[ \t]{{1,2}}{_PARTICLE}{_PARTICLE}{_CAPITAL}){{1,2}})"

_TITLE = (
    r"(?:[Mm]onsieur|[Mm]adame|[Mm]ademoiselle|MONSIEUR|MADAME|M\.|Mr\.?|Mrs\.?|Ms\.?|Mmes?|mme|mr|Mlle|MME|MR|MM\."
    r"|Dr\.?|DR|[Dd]octeur|Pr\.?|Me|Maître)"
)
_CALLED_CASED = (
    r"(?:[Jj]e m['’ ]?appelle|[Jj]e me nomme|[Mm]on (?:nom|prénom|prenom)(?: complet)? (?:est|c['’]est) ?:?"
    r"|[Mm]y name is|[Mm]oi,? c['’]est)"
)
_RELATION = (
    r"(?:[Mm]on|[Mm]a|[Ll]e|[Ll]a|[Nn]otre|[Vv]otre) (?:coll[èe]gue|chef|cheffe|responsable|directeur|directrice"
    r"|assistante?|binôme|manager|stagiaire|patron|patronne|adjointe?|secr[ée]taire|alternante?|apprentie?"
    r"|technicien(?:ne)?|voisine?|copain|copine)"
)
_I_AM = r"(?:[Jj]e suis|[Jj]['’]suis|[Ii]ci|[Cc]['’]est|[Ii] am|[Ii]['’]m|[Tt]his is)"
_ABOUT = (
    r"(?:[Dd]e la part de|[Dd]emande de|[Cc]ontacte[rz]|[Rr]?[Aa]ppele[rz]|[Vv]oir avec|[Dd]emandez|[Ss]ign[ée]"
    r"|[Ss]ignature|[Dd]emandeur|[Ee]xpéditeur|[Uu]tilisateur|[Uu]tilisatrice) ?:?"
)
_FIELD = r"(?:[Nn]om|[Pp]r[ée]nom|NOM|PRENOM|PRÉNOM|[Nn]om et pr[ée]nom|[Nn]om complet)[ \t]{0,2}:"
_REGARDS = r"(?:(?:[Bb]ien )?[Cc]ordialement|CORDIALEMENT|[Cc]dt|[Cc]dlt|[Bb]ien [àa] vous|[Ss]alutations)"
_CLOSING = (
    rf"(?:{_REGARDS}|[Rr]espectueusement|[Bb]onne (?:journ[ée]e|réception|soirée)|[Mm]erci(?: d'avance| beaucoup"
    r"| par avance)?|[Aa]mitiés|[Bb]est regards|[Rr]egards|[Tt]hanks)"
)
_SPEAKING = r"(?:[àa] l['’]appareil|au téléphone|du service|de la compta|de l['’]accueil)"

_INTRODUCED: tuple[tuple[re.Pattern[str], bool], ...] = (
    (re.compile(rf"(?<!\w){_TITLE}[ \t]{{1,2}}{_NAME}"), False),
    (re.compile(rf"(?<!\w){_CALLED_CASED}[ \t]{{1,2}}{_NAME}"), False),
    (re.compile(rf"(?<!\w){_RELATION},?[ \t]{{1,2}}{_NAME}"), False),
    (re.compile(rf"(?<!\w){_I_AM}[ \t]{{1,2}}{_NAME}"), True),
    (re.compile(rf"(?<!\w){_ABOUT}[ \t]{{1,2}}{_NAME}"), True),
    (re.compile(rf"(?<!\w){_FIELD}[ \t]{{0,2}}{_NAME}"), False),
    (re.compile(rf"(?<![^\n]){_CLOSING} ?[,.!]? {{0,2}}\n\s{{0,4}}{_NAME}(?=[ \t]{{0,2}}[,.\n]|\s{{0,9}}$)"), False),
    (re.compile(rf"(?<!\w){_REGARDS}[ \t]{{0,2}},?[ \t]{{1,2}}{_NAME}"), False),
    (re.compile(rf"{_FULL}(?= {_SPEAKING})"), True),
    (re.compile(rf"[,.!?\n][ \t]{{0,2}}\n\s{{0,4}}{_FULL}\s{{0,9}}$"), True),
)  # fmt: skip
"""What introduces a name; and whether what follows is often something else, so that it takes two words."""

_CALLED = re.compile(
    r"(?<!\w)(?:je m'appelle|je me nomme|mon nom est|mon nom c'est)[ \t]{1,2}"
    r"(?P<name>[\w-]{2,30}(?:[ \t][\w-]{2,30})?)"
)


@cache
def _not_names() -> frozenset[str]:
    """Words that stand where a name could (``data/lexicon/not_names.txt``)."""
    text = (Path(data.__file__).parent / "lexicon" / "not_names.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def names(text: str) -> Iterator[Hit]:
    """Names that a title, a greeting, a closing or « je m'appelle » introduces."""
    for pattern, doubtful in _INTRODUCED:
        for match in pattern.finditer(text):
            length = _name_length(match["name"], doubtful)
            if length:
                yield Hit(match.start("name"), match.start("name") + length, "NOM")
    folded = fold(text)
    for match in _CALLED.finditer(folded):
        words = match["name"].split()
        if words[0] in _not_names():
            continue
        second = len(words) > 1 and text[match.start("name") + len(words[0]) + 1].isupper()
        yield Hit(match.start("name"), match.start("name") + len(match["name"] if second else words[0]), "NOM")


def _name_length(found: str, doubtful: bool) -> int:
    """How many characters of what was found are a name: up to the first known thing or place, 0 for none."""
    end, count = 0, 0
    for word in re.finditer(r"\S+", found):
        plain = fold(word[0])
        if plain in _not_names() and not (plain in _PARTICLES and word.end() < len(found)):
            break
        end, count = word.end(), count + 1
    return end if count > 1 or (count and not doubtful) else 0
