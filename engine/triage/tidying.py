"""Words as a technician would write them: without greeting, politeness, markup and dangling words.

Pure text, position by position; which clauses are worth a title is the business of ``engine.triage.wording``.
"""

from __future__ import annotations

import re

from engine.text import fold

PLACEHOLDER = re.compile(r"\[[A-Z-]{3,13}-\d+\]")
"""What stands for a masked secret."""

_GREETING = (
    r"(?:bonjour|bonsoir|salut|hello|coucou|bjr|slt|cc|hi|hey|yo|rebonjour|re-bonjour|madame|monsieur|messieurs"
    r"|mesdames"
    r"|a tous|a toutes|wesh"
    r"|tout le monde(?! (?!je |j'|mon |ma |mes |le |la |l'|les |on |nous |il |impossible|plus |pas |un |une ))"
    r"|(?:chere?s? )?(?:collegues|equipe)|l'equipe(?= *[,!:.])|svp|stp|s'il (?:vous"
    r"|te) plait"
    r"|urgent|urgence|tres urgent|help|au secours|alors|voila|euh|heu|ben|bah|bon|en fait|et|mais|donc|puis|ensuite|or"
    r"|aussi|car|parce que|du coup|par contre|en plus|desole|excusez-moi|pardon|ok|oui|non|re|tr|fw|fwd|rv|dsl"
    r"|merci(?! d[e'])(?: beaucoup| bien| d'avance| bcp)?"
    r"|objet|sujet|toutes et tous|a toutes et tous|apparemment|cordialement|voici|petite question|pour info|bref"
    r"|c'est-a-dire|franchement|sinon|effectivement|dear(?: \w+)?|a l'aide|aidez[- ]moi)"
)
_OPENING = re.compile(rf"(?:{_GREETING}(?![\w'-])[\s!:,;.…?-]*)+")
_NAME = re.compile(
    r"[A-ZÉÈ][a-zéèëïô-]{2,14}[ ,]+(?=(?:mon|ma|mes|le|la|les|l'|j'|j'|je|on|il|un|une|impossible|notre|nos|plus|c')\b)"
)
_ME = r"(?:(?:me|nous|lui|bien|vous|svp|stp|juste|aussi|s'il vous plait|avoir la gentillesse de) |m'|n'(?=est))*"
_LEADING = re.compile(
    r"(?:(?:non )?(?:ce n'est|c'est|c|ce sont) (?:pas|plus) [^.!?;]{2,50}? (?:mais )?(?:c'est|ce sont) )?"
    r"(?:"
    r"je (?:me permets de |tiens a |viens |reviens |souhaite |voulais |voudrais )?(?:vous |t'|te )?"
    r"(?:contacte|ecris|appelle|signale|informe|sollicite|previens|contacter|ecrire|solliciter|signaler|informer"
    r"|vers vous)"
    r"(?: (?:car|parce que|pour (?:vous )?(?:signaler|dire|informer|prevenir)(?: que| qu'| d'| de)?|pour|que|concernant"
    r"|a propos (?:de|du)|au sujet (?:de|du)|suite a))* ?"
    r"|c'est (?:juste )?pour (?:vous )?(?:dire|signaler|savoir) (?:que |qu'|si )?"
    r"|il y a (?:(?:un |des )?(?:probleme|souci)s? (?:avec|sur|de) )?|y a |il y'a |ya "
    r"|(?:il )?n'y a que (?=\S+ qui )"
    r"|c'est (?:bien |plutot |en fait |juste )?(?:(?=l'|le |la |les |mon |ma |mes |un |une )|(?=\S+ qui ))"
    r"|voici (?:mon|le) probleme ?:? ?"
    r"|(?:le |mon |notre )?(?:petit |gros )?(?:probleme|souci|pb) (?:c'est|est) (?:que |qu')?(?:maintenant )?"
    r"|(?:j'ai|jai|j ai|g|nous avons|on a) (?=(?:un |une |des |mon |ma |mes |notre |nos |l'|le |la |toujours un "
    r"|encore un ))|(?:j'ai|j'aurai|j'aurais|nous avons|nous aurions|on a|on aurait)"
    r" (?:aussi |vraiment |egalement )?(?=besoin)"
    r"|(?:(?:je |nous |on )(?:voudrais|souhaite|souhaiterais|souhaiterai|aimerais|aimerai|veux|voudrai|souhaitons"
    r"|voudrions|souhaiterions|aimerions|aimerait|voudrait|demande|sollicite)|j'aimerais|j'aimerai"
    r"|il (?:me |nous |m'en |m')?(?:faudrait|faut)|faudrait) (?:bien |aussi |vraiment |svp )?"
    r"(?:avoir |obtenir |recevoir )?"
    r"(?=(?:un |une |des |d'|l'|le |la |les |mon |ma |mes |notre |nos |deux |trois |\d))"
    r")?"
)
_WISH = re.compile(
    rf"(?:(?:je |nous |on )(?:voudrais|souhaite|souhaiterais|souhaiterai|aimerais|aimerai|veux|voudrai|souhaitons"
    rf"|voudrions|souhaiterions|aimerions|aimerait|voudrait|souhaiterait)|j'aimerais|j'aimerai|il (?:faudrait|faut)"
    rf"|faudrait|pouvez[- ]vous|pourriez[- ]vous|peux[- ]tu|pourrais[- ]tu|(?:tu|vous) (?:peux|pourrais|pouvez"
    rf"|pourriez)"
    rf"|est[- ]ce que (?:vous (?:pouvez|pourriez)|c'est possible de|tu peux)"
    rf"|(?:est-il|serait-il|ce serait|c'est|il est|est-ce|serait-ce|ca serait)? ?possible (?:de |d'|que )"
    rf"|merci de (?:bien vouloir )?|merci d'|priere de|veuillez|je (?:vous )?(?:prie|demande|sollicite) ?(?:de |d')?"
    rf"|could you|can you|please|besoin que (?:vous |l'on )?) ?{_ME}(?=(?:re)?[a-z]{{2,14}}(?:er|ir|re|oir)\b)"
)
_HAVING = re.compile(
    r"(?:avoir|obtenir|recevoir|disposer d'?e?) (?=(?:un|une|des|d'|l'|le|la|les|mon|ma|mes|notre|nos|\d)\b)"
)
_TROUBLE = re.compile(
    r"(?:(?:un |des |encore un |toujours un |de )?(?:petits? |gros |enormes? |leger )?(?:problemes?|soucis?|pbs?|pbms?)"
    r" (?:avec|sur|au niveau de|au niveau du|concernant) )?"
)
_ARTICLE = re.compile(
    r"(?:(?:mon|ma|mes|notre|nos|le|la|les|un|une|du|ce|cette|cet)\b ?"
    r"(?!(?:n'|ne |sont |qui |que |qu')|(?:a|matin|soir|midi|nuit|apres|week)\b)|l')"
    r"(?=\S{2})"
)
_TRAILING = re.compile(
    r"(?:[\s,;:.!?…(\[{/-]"
    r"|\b(?:merci(?: (?:d'avance|beaucoup|bien|bcp|de votre aide|de votre retour))?|svp|s'il (?:vous|te) plait|stp"
    r"|cordialement|cdlt|cdt|urgent|bonne journee|please|thanks|help|merki"
    r"|je (?:crois|pense|suppose)|il (?:me )?(?:semble|parait)"
    r"|apparemment|visiblement|a priori|du coup"
    r"|voila|on dirait|si possible|des que possible|quand vous pourrez|asap)\b)+$"
)
_DANGLING = re.compile(
    r"(?:^|[\s,;:.!?(/'-]+)(?:et|mais|ou|car|donc|or|ni|puis|que|qu|qui|quand|lorsque|dont|si|de|du|des|d|l|la|le|les"
    r"|a|au|aux"
    r"|un|une|mon|ma|mes|notre|nos|votre|vos|dans|sur|pour|par|avec|en|ce|cette|je|j|il|elle|on|se|s|sans|chez|vers"
    r"|depuis"
    r"|n|ne|m|me|c|c'est|en plus|et que|alors que|ainsi que|parce que|son|sa|ses|leur|and|the|&)$"
)
_SUBORDINATE = re.compile(
    r"(?: -)? (?:des que|lorsque?|lorsqu|quand|qd|alors que|pendant que|parce que|puisque|car|comme|afin|or|bien que"
    r"|sachant"
    r"|sans que|jusqu'a|avant|apres|depuis|qui|dont|pour que|donc|et|mais|, |; |en |alors qu|a chaque fois)\b"
)
_MARKUP = re.compile(r"</?[a-zA-Z!][^<>\n]{0,120}(?:>|$)|&(?:#\d{1,6}|[a-zA-Z]{2,8});|[<>{}|*`]{1,40}|[_=#~^\\-]{3,80}")
_SMALL_START = re.compile(
    r"(?:Il|Elle|Ils|Elles|Je|J['’]|On|Nous|Vous|Le|La|Les|L['’]|Un|Une|Des|Mon|Ma|Mes|Ça|Ca|C['’]|Et|Plus|Pas"
    r"|Impossible"
    r"|Ce|Cette|Tout|Toutes?|Tous|Rien|Quand|Depuis|Même|Aucune?|Son|Sa|Ses|Leur|Notre|Nos|Voyant|Message|Erreur"
    r"|Bureau|Salle|Bâtiment|Batiment|Bat|Bât|Accueil|Atelier|Local|Agence|Site|Service|Magasin|Hall|Quai|Chambre"
    r"|Secrétariat|Pouvez|Pourriez|Peut|Qui|Que|Comment|Plusieurs|Certaine?s|Deux|Trois|Quatre|Celui|Celle|Seule?|Sans|Avec"
    r"|Dans|Sur|Par|Pour|Si|Problème|Souci|Accès|Écran|Ecran|Connexion|Demande|Besoin|Aussi|Merci)(?![^\W\d_])"
)
_MAY_BE_MARKUP = re.compile(r"[<>{}|*`&]|[_=#~^\\-]{3}")
_QUOTES = re.compile(r"[«»\"“”„]")
_PRONOUN = re.compile(
    r"(?:et )?(?:il|elle|ils|elles|ca|cela|qui|celui-ci|celle-ci) (?=ne |n'|est |sont |se |s'|reste|fait |me |m'"
    r"|affiche"
    r"|clignote|rame|plante|bloque|refuse|demande|indique|dit |sort |imprime)"
)
_SHOUTED = re.compile(r"[^\W\d_]{2,}")
_SHOUT = re.compile(r"[^\W\d_]{2,}|[^\W\d_](?=['’])|(?<=\s)[A-ZÀÔ](?=\s)")


_SAYS_MORE = 5
"""Words after « problème avec » from which on they say what is wrong."""
_CUT_OFF = re.compile(
    r"(?: (?:n'|ne |s'|se |m'|me |il |elle |qu'il |on )?(?:ai|a|ont|est|sont|etait|peut|peuvent|va|vont|veut|veulent"
    r"|soit|pas|plus|ne|n'|tres|trop|toujours|encore|deja|tout|toute|tous|aux|dois|doit|fait|faut|ou))+$"
)
"""Helping words where a clause was cut, whose main word is gone."""


_FIRST_WORD = re.compile(r"[a-z]{2,4}(?![\w'’-])")
_NO_NAMES = frozenset({"it", "ok", "ide", "ups", "led", "hs", "ko", "ent"})
"""Abbreviations that are words as well, or no names of things."""


def opening(text: str) -> int:
    """How much of the beginning is a greeting or a filler: « Bonjour Kevin, », « RE: », « et en plus »."""
    match = _OPENING.match(fold(text[:200]))
    if match is None:
        return 0
    name = _NAME.match(text, match.end())
    return name.end() if name else match.end()


def leading(text: str, *, alone: bool = True) -> int:
    """How much of the beginning only introduces: « j'ai un problème avec mon », « pourriez-vous m' ».

    Args:
        text: A clause without its greeting.
        alone: Whether nothing else will say what is wrong, so that « problème » has to stay.
    """
    folded = fold(text[:200])
    introduced = _WISH.match(folded) or _LEADING.match(folded)
    start = introduced.end() if introduced else 0
    having = _HAVING.match(folded, start) if start else None
    start = having.end() if having else start
    trouble = _TROUBLE.match(folded, start)
    end = (
        trouble.end() if trouble and (not alone or len(_SHOUTED.findall(folded, trouble.end())) > _SAYS_MORE) else start
    )
    if end == start:
        end += len(re.match(r"(?:un |des |une )?", folded[start:])[0])  # type: ignore[index]
    article = _ARTICLE.match(folded, end)
    end = article.end() if article else end
    return end if _SHOUTED.search(folded, end) else 0


def plain(text: str) -> str:
    """The text without quotation marks and what stands for secrets, white space as one space."""
    return " ".join(_QUOTES.sub(" ", PLACEHOLDER.sub(" ", text)).replace(" ,", ",").split())


def ended(text: str) -> str:
    """The text without politeness, punctuation and dangling words at its end."""
    while True:
        tail = text[-60:]
        folded = fold(tail)
        match = _TRAILING.search(folded) or (None if tail.endswith("là") else _DANGLING.search(folded))
        if match is None:
            return text
        text = text[: len(text) - len(tail) + match.start()]


def shortened(text: str, room: int) -> str:
    """Cut where a subordinate clause begins, else at a word, so that it fits and nothing dangles."""
    if len(text) <= room:
        return ended(text)
    cuts = [match.start() for match in _SUBORDINATE.finditer(fold(text[: room + 1])) if match.start() >= room // 3]
    cuts = [cut for cut in cuts if cut <= room]
    if cuts and cuts[-1] >= room // 2:
        return ended(text[: cuts[-1]])
    text = ended(text[: room + 1].rsplit(" ", 1)[0] if " " in text[: room + 1] else text[:room])
    helping = _CUT_OFF.search(fold(text))
    return ended(text[: helping.start()]) if helping and helping.start() >= room // 2 else text


def calm(text: str, acronyms: frozenset[str]) -> str:
    """A shouted text in small letters; abbreviations stay as they are."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) < 6 or sum(char.isupper() for char in letters) < 0.8 * len(letters):
        return text
    return _SHOUT.sub(lambda match: match[0] if fold(match[0]) in acronyms else match[0].lower(), text)


def begun(text: str, acronyms: frozenset[str]) -> str:
    """The title with a capital at its beginning; an abbreviation there is written in capitals: « PC »."""
    first = _FIRST_WORD.match(text)
    if first and first[0] in acronyms - _NO_NAMES:
        return first[0].upper() + text[first.end() :]
    capital = text[:1].upper()
    return (capital if len(capital) == 1 else text[:1]) + text[1:]


def continued(text: str) -> str:
    """A clause that follows another: no « elle » at its beginning, no capital for a small word."""
    pronoun = _PRONOUN.match(fold(text[:40]))
    text = text[pronoun.end() :] if pronoun else text
    return text[:1].lower() + text[1:] if _SMALL_START.match(text) else text


def unmarked(text: str) -> str:
    """The text with spaces where markup stood, as long as before."""
    return _MARKUP.sub(lambda match: " " * len(match[0]), text) if _MAY_BE_MARKUP.search(text) else text


def markup(text: str) -> int:
    """Where the first markup begins; the length when there is none."""
    match = _MARKUP.search(text) if _MAY_BE_MARKUP.search(text) else None
    return match.start() if match else len(text)
