"""Instructions inside a message: where the text speaks to the machine instead of describing a problem.

They are text to be classified and move nothing (spec section 3.3). Finding them is a second line of defence: what the
local engine makes of the rest bounds a remote result (``engine.triage.bounds``). A clause wrongly taken for an
instruction costs a remote model's opinion, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from data.records import Turn
from engine.text import fold
from engine.triage.contract import READ_FIRST, READ_LAST

_CLAUSE = re.compile(r"[^,.;!?\n]+(?:[.,](?=\S)[^,.;!?\n]+)*")
"""A run between punctuation; a comma or full stop inside a word or number does not end it."""

_CUES = re.compile(
    r"\b(?:ignor|oubli|disregard|forget|overrid|outrepass|contourn|bypass|fai[st] abstraction|ne tiens pas compte"
    r"|n'ecoute)\w*\b"
    r".{0,60}\b(?:instruct|consigne|regle|rule|prompt|previous|preced|above|ci-dessus|directive)"
    r"|\b(?:priorite|priority|severity|criticite|gravite|urgence|urgency)\b\W{0,3}"
    r"(?:(?:est|is|a|au|to|sur|niveau|level|=)\W+){0,2}"
    r"(?:max|critical|critique|haut|high|absol|elev|p?[0-9]|low|bass|medium|moyen|urgent)"
    r"|\b(?:categor\w*|classe\w*|classif\w*|range|affecte\w*|route\w*)\b.{0,40}"
    r"\b(?:securit\w*|security|access?\w*|email|network|reseau|hardware|software|phone|files|[0-9]{2}-[a-z])"
    r"|\b(?:confiance|confidence|certitude|score)\b\W{0,3}(?:(?:est|is|a|de|of|to|=)\W+)?(?:max|total|[0-9])"
    r"|\b[0-9]{2}-(?:access|email|network|hardware|software|phone|files|security|non-cat)\b"
    r"|\b(?:system|assistant|developer)\b\s*(?:prompt|message|override|:|>)"
    r"|\b(?:tu es|vous etes|you are)\s+(?:maintenant|desormais|now|un[e]? (?:ia|modele|assistant|robot))\b"
    r"|\b(?:act as|agis comme|fais comme si|comporte-toi|pretend|jailbreak|prompt|auto_validate|confirm_summary)\b"
    r"|\b(?:repond\w*|renvoi\w*|retourn\w*|gener\w*|answer|respond|return|output|print)\b.{0,40}"
    r"\b(?:json|uniquement|seulement|only|exactement|exactly|categor\w*|priorit\w*|confi\w*|critical|critique)\b"
    r"|\b(?:met[sz]?|mettez|passe[rz]?|marque[rz]?|force[rz]?|set|fixe[rz]?|choisi\w*)\b.{0,40}"
    r"\b(?:priorit\w*|categor\w*|confiance|confidence|critical|critique)\b"
    r"|\bmode (?:admin\w*|debug|develop\w*|maintenance|test|root|dieu|god)\b"
    r"|[\"'](?:category|subcategory|priority|confidence|categorie|priorite|confiance)[\"']"
    r"|<\|?(?:im_start|im_end|system|endoftext)|\[/?inst\]|</?(?:system|user|assistant|instructions?)>"
)


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
    folded = fold(text)
    parts, position = [], 0
    for clause in filter(lambda clause: _CUES.search(clause[0]), _CLAUSE.finditer(folded)):
        parts += [text[position : clause.start()], " " * len(clause[0])]
        position = clause.end()
    return "".join([*parts, text[position:]])
