"""Instructions inside a message: where the text speaks to the machine instead of describing a problem.

They are text to be classified and move nothing (spec section 3.3): the local engine reads the rest, and what it makes
of the rest bounds a remote result (``engine.triage.bounds``). So a clause wrongly taken for an instruction costs words
of a problem, and one that is overlooked is bounded by the local engine all the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from data.records import Turn
from engine.text import fold
from engine.triage.contract import READ_FIRST, READ_LAST

_CLAUSE = re.compile(r"[^,.;!?\n]+(?:[.,](?=\S)[^,.;!?\n]+)*")
"""A run between punctuation; a comma or full stop inside a word or number does not end it."""

_PART = re.compile(r":?(?:[^:]|:(?!\s))+|:")
"""A clause up to its next colon; what follows « Priorité haute : » may be the problem."""

_LADDER = re.compile(r"(?:(?<![^\n])|(?<=[.!?:;] ))[^\W_]+[.,:]?(?:\n[^\W_]+[.,:]?(?![^\n])){3,}")
"""Lines of one word each: read as one line."""

_SENTENCE_END = re.compile(r"[.!?;\n]")

_MACHINE = (
    r"(?:ia|i\.a|ai|assistant|intelligence artificielle|modele|classifieur|classificateur|chatbot|bot|robot|llm|gpt"
    r"|chatgpt|machine|algorithme|(?:systeme|agent|logiciel|moteur) de (?:tri|triage|classement|classification)"
    r"|(?:large )?language model|triage (?:bot|system|agent))"
)
_OURS = (
    r"(?:instruc\w*|istruzion\w*|anweisung\w*|consignes?|regles?|rules?|regeln|reglas|prompts?|directives?|guidelines?"
    r"|restrictions?|filtres?|programmation|programming)"
)
"""What a machine that obeys is told to forget."""
_FIELD = r"(?:priorite|priority|severity|criticite|gravite|urgence|urgency)"
_LABEL = r"(?:categor\w*|sous-categorie|subcategory|priorit[eya]\w*|confiance|confidence|severity|criticite)"
_TEAM = r"(?:securit\w*|security|access?\w*|email|network|reseau|hardware|software|phone|files|[0-9]{2}-[a-z])"
_LEVEL = r"(?:critiqu\w*|critical|prioritaire|maxim\w*|p ?[0-5]|priorit[eya]\w*)"
_MOST = r"(?:critiqu\w*|critical|max\w*|haut\w*|high\w*|elev\w*|total\w*|absol\w*|p ?[0-5]|[01][.,][0-9]|100|top)"
_ANSWER = (
    r"(?:repond(?:s|ez|re)|renvo(?:ie|ies|yez|yer)|retourne[rsz]?|gener(?:e|es|ez|er)|dis|dites|produis\w*"
    r"|repete[rsz]?|answer|reply|respond|return|output|print|say|says|write)"
)

_COMMANDS = (
    # to forget what it was told
    r"(?<!j')(?<!ai )(?<!as )(?<! a )(?<!ont )(?<!avons )(?<!avez )(?:ignor|oubli|disregard|forget|overrid"
    r"|fai[st] abstraction|tenir compte|tiens? pas compte|tenez pas compte|n'ecoute|ecoute plus"
    r"|(?:do not|don't) (?:follow|respect|obey))\w*\b.{0,60}\b(?:(?:instruc|istruz|anweis|consign|directiv|guidelin)"
    r"\w*|regles?|rules?|prompts?|previous|preced\w*|above|ci-dessus|everything|you were told|(?:t'|vous )(?:a|ont)"
    r" dit)",
    r"annule[sz]?\b.{0,30}\b(?:instructions|consignes)\b|(?<!j')ignore[rz]?\b\W*(?:tout|ceci|cela|this|that|it|all)\b",
    r"(?:ta|your) (?:nouvelle |new |seule |only )?(?:mission|tache|task|role|reponse|sortie|output|answer)\b"
    r"(?=\W*(?:est|is|:|doit|must|should|sera|will|=))",
    rf"(?:nouvel\w*|new|updated?|autres?) (?:system )?{_OURS}\b.{{0,40}}(?::|=|\b(?:est|is|are|pour toi)\b)",
    # what it is called, and made to be
    r"(?:note|message|mot|ps|attention|instructions?|consignes?|infos?|information|ordre)\b.{0,4}"
    rf"\b(?:pour|a|au|du|de|to|for)\b (?:l'|la |le |les |the |toi l'|your )?{_MACHINE}\b"
    r"(?!\s+(?:d'|de (?!langage)|du ))(?:[^:]{0,14}:)?",
    rf"(?:cher|chere|dear|hey|dis|ecoute)\W{{1,2}}(?:l'|petit |gentil )?{_MACHINE}\b(?:\W*:)?",
    r"(?:en tant qu(?:e |')|as an? |comme tu es |puisque tu es |si tu es |if you are )"
    rf"(?:une? |an? |l'|la |le |the )?{_MACHINE}\b",
    r"(?:tu (?:n'es plus|es|seras?)|t'es|vous etes|you (?:are|will be)(?: no longer)?|you're)\s+(?:maintenant|desormais"
    rf"|now|dan\b|(?:une? |an? |the |le |la |l')(?:agent de tri|admin\w*|{_MACHINE} (?:qui|sans|et|that|who)\b))",
    r"(?:act as|agis (?:comme|en)|fai(?:s|tes) comme si|comporte[-z ](?:toi|vous)|pretend (?:that|to be|you)"
    r"|imagin(?:e|ez|ons) (?:que (?:tu|vous)|you)|jou(?:e|ez|ons) (?:le role|a un jeu)|role-?play\w*"
    r"|let's play|jailbreak\w*|prompt system\w*|auto_validate|confirm_summary|system prompt)\b(?:\W*:)?",
    r"(?:passe|passez|active|activez|entre|bascule|enter|enable|switch to)\b.{0,12}"
    r"\bmode (?:admin\w*|debug|develop\w*|root|dieu|god)\b",
    r"(?:admin|god|override|dan) mode\b|debug mode on\b",
    r"(?:bonjour|bonsoir|salut|coucou|hello|hi) (?:l')?(?:ia|ai|robot|bot|chatgpt|assistant|intelligence"
    r" artificielle)\W*$",
    r"ne (?:lis|lisez|regarde|regardez) pas (?:ce qui|le reste|tout)\b",
    r"(?:end|begin|start|debut|fin) (?:of |de |du )?(?:user |system |the )?(?:input|prompt|system|instructions?)\b",
    r"(?:reponse|sortie|output|answer|resultat) (?:attendue?|expected|souhaitee?)\b(?:\W*:)?"
    r"|expected (?:output|answer)\b",
    r"(?:validez?|confirmez?|acceptez?|dis oui|reponds oui)\b.{0,12}\b(?:toi-meme|sans confirmation|a ma place"
    r"|a la question de confirmation)\b",
    r"(?:a partir de maintenant|desormais|dorenavant|from now on)\b.{0,60}"
    r"\b(?:tu|you|critiqu\w*|critical|tout ticket|every ticket|priorit\w*)\b",
    r"obei(?:s|r|ssez|sse)\b|obey\b|(?:repete[rz]? apres moi|repeat after me)\b(?:\W*:)?",
    r"test (?:autorise |interne )?du (?:systeme|modele|moteur) de tri\b",
    r"(?:sois|soyez|be|tu es|you are) (?:\w+ )?(?:sure? de toi|certaine?|confiante?|confident|certain)\b",
    # the answer it is to give
    r"[0-9]{2}-(?:[0-9]{2}-[a-z]|access|email|network|hardware|software|phone|files|security|non-cat)",
    rf"(?<!je )(?<!j'){_ANSWER}\b.{{0,40}}\b(?:json|uniquement|exactement|exactly|critical|critique|securit[ey]"
    rf"|security|rien d'autre|nothing else|{_LABEL})\b",
    r"(?:tout|toute) (?:ce que|ticket|demande|message|est)\b.{0,40}\bcritique\b|(?:every|all) (?:\w+ )?tickets?\b"
    r".{0,30}\bcritical\b",
    r"(?:(?:as|to) critical|classify this|assign (?:this|it)\b.{0,12}\bto (?:the )?\w+ team)\b",
    r"(?:saute|sautez|skip|passez? outre)\b.{0,6}\b(?:validation|confirmation|questions?)\b|auto-?valide[rz]?\b"
    r"|(?<!ne )validez?\b.{0,12}\b(?:automatiquement|d'office|sans me)\b",
    # what looks like its own messages
    r"(?:system|assistant|developer)\b\s*(?:prompt|message|override|>|:(?!\W*(?:windows|win|mac|linux|[0-9])))",
    r"(?:end of|fin du) (?:message|prompt|ticket)\b|base ?64\b|(?:[a-z0-9]\b ){9}",
)
"""Cues that begin with a word; nothing near them is a problem."""

_MARKS = (
    r"^\W*(?:plus|sans|no|aucune?) ?(?:aucune? )?(?:restriction|filtre|censure|limite)s?\W*$",
    r"^\W*(?:a partir de maintenant|from now on)\W*$|^\W*human\s*:",
    r"^\W*mode (?:admin\w*|debug|develop\w*|root|dieu|god)(?: active| actif| on)?\W*$",
    r"(?:^\W*|\b(?:et|puis|alors) )ne (?:me )?pose[sz]?\b.{0,12}\bquestions?\b",
    r"[\"'](?:category|subcategory|priority|confidence|categorie|priorite|confiance|role|auteur|tour|texte|symptoms"
    r"|extracted_info)[\"']\s*[:=]|[\"'](?:category|subcategory|priority|confidence)[\"']",
    r"<\|?(?:im_start|im_end|system|endoftext)|\[/?(?:inst|system)\]|</?(?:system|user|assistant|message|instructions?)>|<<<\w|\w>>>"
    r"|```|#{2,}\s*(?:instruct|consigne|system|response|reponse|input|output|human|assistant)",
    r"(?<![a-z0-9+/])[a-z0-9+/]{20,}={1,2}(?!\w)",
)
"""The same that do not."""

_LABELLING = (
    rf"(?:tes|ta|your) (?:\w+ )?{_OURS}\b|(?:ton|your) (?:system )?prompt\b|{_OURS} (?:que|qui) (?:tu|t')",
    rf"{_FIELD}\b\W{{0,3}}(?:(?:est|is|a|au|to|sur|niveau|level|=)\W+){{0,2}}"
    r"(?:max|critical|critique|haut|high|(?<!d'urgence )absol|elev|p?[0-9]|low|bass|medium|moyen|urgent)\w*",
    rf"(?:categor\w*|classif\w*)\b(?: \w+)?\W{{0,3}}(?:(?:est|is|en|a|comme|as|in|=|une?|incident|de)\W+){{0,4}}{_TEAM}"
    r"\b",
    r"(?<!la )(?<!ma )(?<!de )(?<!une )(?<!en )(?<!cette )(?<!notre )(?:classe[rzs]?|classement|range[rz]?|route[rz]?)"
    r"\b.{0,30}\b(?:en|dans|comme|sous|chez|vers|as|in|into|to|under)\b (?:la |le |l'|les |the |categorie |category )*"
    rf"{_TEAM}\b",
    r"(?<!je )(?<!nous )(?:classe(?:r|z|s)?|classify|considere[rz]?|traite[rz]?|marque[rz]?|mark|treat|flag|tag)\b"
    r".{0,40}\b(?:comme|en|as|que|with|a)\b.{0,40}"
    r"\b(?:critiqu\w*|critical|prioritaire|p[0-5]|priorit\w*|security|(?:incident|faille) de securit\w*)\b",
    r"(?<!ai )(?:confiance|confidence|certitude|score de confiance)\b.{0,12}?"
    r"(?:\bmax\w*|\btotal\w*|\b[01][.,][0-9]+|\b100|\b1\b|\b[0-9]{2} ?%|\b0?[.,]9+)",
    r"score\b\W{0,3}(?:(?:est|is|a|de|of|to|=)\W+)?(?:max|[01][.,][0-9])",
    r"(?:repond(?:s|ez)|answer|return|output)\b.{0,20}\b(?:seulement|only|juste|just)\b",
    r"(?:mets?|mett(?:ez|es|re)|passe[rsz]?|marque[rz]?|force[rz]?|set|fixe[rz]?|choisi\w*|modifie[rz]?|change[rz]?"
    r"|remplace[rz]?|augmente[rz]?|monte[rz]?|releve[rz]?|hausse[rz]?|eleve[rz]?|increase|raise|boost|ecri(?:s|vez)|debloque[rz]?)\b"
    rf".{{0,40}}\b(?:{_LABEL}\b.{{0,20}}\b(?:{_MOST}|{_TEAM})|confiance|confidence)\b",
    r"(?:mets|mett(?:ez|es|re)|classe[rz]?|set|fixe[rz]?|choisi(?:s|r|ssez))\b(?! a jour).{0,25}\b(?:en |to |sur |a )?"
    rf"{_LEVEL}(?=\W*$|\W+(?:stp|svp|sinon|ou|et|pour|please|merci|now|obligatoire\w*)\b)|mets [01][.,][0-9]+",
    rf"passe[rz]?(?:[ -](?:moi|le|la|ca|ce ticket|ma demande))\b.{{0,15}}\b{_LEVEL}\b",
    r"(?:je (?:te |t'|vous |l')?(?:demande|ordonne|veux)|j'exige|veut|il faut)\b.{0,12}\b(?:que|de)\b.{0,40}"
    r"\b(?:class\w*|mett\w*|pass\w*|not\w*|soit|choisi\w*)\b.{0,15}\b(?:critiqu\w*|critical|prioritaire|p[0-5])\b",
    r"(?:affecte[rz]?|assign\w*|attribue[rz]?|donne[rz]?|give|selectionne[rz]?|select)\b.{0,40}\b(?:categorie securite"
    r"|security team|critiqu\w*|critical|p[0-5]|(?:plus haute|niveau de) priorit\w*|priorit\w* (?:la plus|max\w*))\b",
    r"(?:champs?|field|valeur|value|label|parametre|variable)\b.{0,20}\b(?:category|priority|confidence|severity|label)\b",
    rf"{_LABEL}\b.{{0,25}}\b(?:must|should|shall|attendue?|expected|doit (?:valoir|etre))\b.{{0,15}}\b{_MOST}\b"
    r"|(?:champs?|valeur)\b.{0,20}\b(?:priorite|categorie|confiance)\b.{0,6}\b(?:doit|vaut)\b",
    rf"(?:bonne|vraie|seule) (?:categorie|priorite) (?:est|:).{{0,12}}\b(?:{_TEAM}|{_MOST})\b"
    r"|(?:correct|right|true) (?:label|category|priority)\b",
    r"(?:ceci|ce message|ce ticket|cette demande|this)\b.{0,12}\b(?:doit|must|should)\b.{0,40}"
    r"\b(?:critiqu\w*|critical|security|p[0-5]|prioritaire|(?:equipe|categorie) securite)\b",
    r"(?:est|soit) classe\w*\b.{0,8}\b(?:securite|critique)\b",
    r"(?:toujours|always)\b (?:critique|critical|securite|security)\b|high(?:est)? priority\b",
)
"""Cues that give the label; the clause around them may still describe a problem."""

_CUES = re.compile(rf"(?P<command>\b(?:{'|'.join(_COMMANDS)})|{'|'.join(_MARKS)})|\b(?:{'|'.join(_LABELLING)})")

_DESCRIBES = re.compile(
    r"\b(?:comment|impossible|marche\w*|fonctionn\w*|plante\w*|bloque\w*|bug\w*|grise\w*|erreurs?|arrive (?:pas|plus)"
    r"|peu[xt] (?:pas|plus)|panne|en rade|probleme|souci|suivi|selon|d'apres|voudrais|aimerais|besoin|refuse|disparu"
    r"|perdu|lente?|casse\w*|dans (?:glpi|outlook|sap|excel|teams|word)|broken|doesn't|not working|can't)\b|\bne s'"
)
"""What a clause says that describes a problem."""

_MERE_ANSWER = re.compile(
    r"\W*(?:(?:et|puis|and|then|niveau|level|urgence|statut|gravite|equipe|c'est|que|est|is|tout|json)\W+)*"
    r"(?:critiqu\w*|critical|max\w*|p?[0-5]|[01][.,]\d+|haute?|total\w*|securite|security|prioritaire|100 ?%|stp|svp)"
    r"(?:\W+(?:stp|svp|please|merci|maximum|absolue?|immediate\w*))*\W*"
)
"""A part that is an instruction only after one."""

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁɡһӏıΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαενιкмтАВЕКМНОРСТХІЈЅ", "aeopcyxijsdghliabezhikmnoptyxoaevikmtabekmhopctxijs"
)
"""Cyrillic and Greek letters that are drawn like Latin ones."""
_DRAWN_ALIKE = frozenset(map(chr, _LOOKALIKES))


_HEAD = re.compile(
    r"\W*(?:(?:override|ordres?|sortie|output|expected|attendue?|exemple|example|traduction|complete[rz]?|important"
    r"|systeme?|notice|rappel|note|attention|direction|administrateur|admin|chef|patron|developpeur|developer"
    r"|you have been updated|ne doute pas|ceci n'est pas un test|regle n° ?[0-9]|instructions? cachees?"
    r"|interne|traitement automatique|pour|valide|reponse|answer|de|la|le|l'|du|a|tri|r|q)\b\W*)+"
)
"""What stands before the colon of an instruction and says nothing else."""


_LEFTOVER = re.compile(
    r"(?<![^\w\n])(?P<front>[^\w\n]*+)\b(?P<word>categor\w*|subcategor\w*|priorit\w*|confidence|confiance|severity"
    r"|gravite|level|niveau|and|et|with|avec)\b(?=(?P<back>[^\w\n]*+))"
)
"""A word of the machine and all that is no word around it; tried where that begins, so that blanks are read once."""

_BLANK = "   "
"""What stands at least on both sides of a leftover."""


def without_instructions(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns with every clause that instructs replaced by as many spaces, so that positions stay true.

    A turn that has none is returned as it is, the same object.
    """
    return tuple(_rest(turn) if turn.author == "requester" else turn for turn in turns)


def _rest(turn: Turn) -> Turn:
    """The turn without its instructing clauses, as far as a triage reads it."""
    text, start = turn.text, max(READ_FIRST, len(turn.text) - READ_LAST)
    blank = _blanked(text[:READ_FIRST]) + text[READ_FIRST:start] + _blanked(text[start:])
    return turn if blank == text else replace(turn, text=blank)


def _blanked(text: str) -> str:
    """The text with as many spaces in the place of clauses that instruct."""
    parts, position = [], 0
    for start, end in _instructing(_skeleton(text)):
        parts += [text[position:start], " " * (end - start)]
        position = end
    blank = "".join([*parts, text[position:]])
    return _without_leftovers(blank) if parts else text


def _without_leftovers(blank: str) -> str:
    """The text without a lone « category » or « confiance » between what was blanked."""
    for left in _LEFTOVER.finditer(_skeleton(blank)):
        first, last = left["front"].find(_BLANK), left["back"].rfind(_BLANK)
        if first >= 0 and last >= 0:
            start, end = left.start() + first + len(_BLANK), left.end("word") + last
            blank = blank[:start] + " " * (end - start) + blank[end:]
    return blank


def _instructing(skeleton: str) -> Iterator[tuple[int, int]]:
    """Where the text instructs: parts of clauses, or only the words that do where the part describes a problem."""
    skeleton = _LADDER.sub(lambda ladder: ladder[0].replace("\n", " "), skeleton)
    before = -1
    """Where the last clause ended that instructs."""
    for clause in _CLAUSE.finditer(skeleton):
        follows = before >= 0 and not _SENTENCE_END.search(skeleton, before, clause.start())
        for start, end in _parts(clause[0], follows=follows):
            yield clause.start() + start, clause.start() + end
            before = clause.end()


def _parts(clause: str, *, follows: bool) -> Iterator[tuple[int, int]]:
    """The same in one clause. ``follows``: after one that instructs, in the same sentence."""
    cues, head = list(_CUES.finditer(clause)), 0
    for part in _PART.finditer(clause):
        here = [cue for cue in cues if cue.start() < part.end() and cue.end() > part.start()]
        if _instructs(here, part[0]) or (not here and follows and _MERE_ANSWER.fullmatch(part[0])):
            yield (head if _HEAD.fullmatch(clause, head, part.start()) else part.start()), part.end()
            head, follows = part.end(), True
        elif here:
            yield from ((max(cue.start(), part.start()), min(cue.end(), part.end())) for cue in here)
            head = part.end()


def _instructs(cues: Sequence[re.Match[str]], part: str) -> bool:
    """Whether nothing of a part with these cues describes a problem."""
    return any(cue["command"] for cue in cues) or (bool(cues) and not _DESCRIBES.search(part))


def _skeleton(text: str) -> str:
    """The text folded, and letters that only look like Latin ones made Latin; one code point for each."""
    if not text.isascii():
        chars = set(text)
        compatible = {ord(char): unicodedata.normalize("NFKC", char) for char in chars if char > "\u024f"}
        if compatible:
            text = text.translate({code: new for code, new in compatible.items() if len(new) == 1})
        if compatible or not chars.isdisjoint(_DRAWN_ALIKE):
            text = text.translate(_LOOKALIKES)
    return fold(text)
