"""What must not be stored, and what must not leave the machine: pure functions over text.

``store`` replaces passwords introduced by a cue, card numbers, IBAN and French social-security numbers; ``remote``
also phones, e-mails and names. How each is recognised is in ``engine.sensitive`` (by a check sum or a shape),
``engine.spoken_secrets`` and ``engine.spoken_names`` (by the words beside it). Precision matters: error codes, serial,
room and ticket numbers stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from engine import sensitive
from engine.text import clean as clean

STORE_KINDS = ("MOT-DE-PASSE", "CARTE", "IBAN", "NIR")
"""Kinds that are masked everywhere and never put back."""

REMOTE_KINDS = ("EMAIL", "TEL", "NOM")
"""Kinds that are masked towards a remote model only, and put back in its answer."""

_PLACEHOLDER = re.compile(rf"\[({'|'.join(STORE_KINDS + REMOTE_KINDS)})-(\d{{1,6}})\]")
_ROUNDS = 20
_REPEATED = 50

Finder = Callable[[str], Iterable[sensitive.Hit]]


@dataclass(frozen=True)
class Masked:
    """A text with its secrets replaced."""

    text: str
    kinds: tuple[str, ...] = ()
    """Kinds replaced in this text, each once, in order of appearance."""
    map: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Placeholder to secret for the whole conversation. Memory only: never stored, logged or shown."""


class Masks:
    """What a conversation has masked so far. Memory only: ``store`` adds to it."""

    def __init__(self, map: Mapping[str, str] | None = None) -> None:
        """``map``: placeholder to secret."""
        self.map = dict(map or {})

    def __repr__(self) -> str:
        return f"Masks({', '.join(self.map)})"


def store(text: str, masks: Masks | None = None) -> Masked:
    """Mask what must never be stored. Idempotent, linear in the length of the text.

    Args:
        text: What was typed, after ``engine.text.clean``.
        masks: What the conversation has masked so far, so that numbers go on and the same secret keeps its name;
            what is found now is added to it.
    """
    from engine import spoken_secrets  # its patterns take 0.1 s to compile: not on the way to the first frame

    masks = Masks() if masks is None else masks
    return _mask(text, masks, (sensitive.ibans, sensitive.social_security, sensitive.cards, spoken_secrets.passwords))


def remote(text: str, masks: Masks | None = None) -> Masked:
    """Mask what must not reach a remote model: all of ``store``, and phones, e-mails and recognisable names."""
    from engine import spoken_names

    masks = Masks() if masks is None else masks
    stored = store(text, masks)
    further = _mask(stored.text, masks, (sensitive.emails, sensitive.phones, spoken_names.names))
    return Masked(further.text, tuple(dict.fromkeys(stored.kinds + further.kinds)), further.map)


def restore(text: str, map: Mapping[str, str]) -> str:
    """Put phones, e-mails and names back into a remote model's answer (``Masked.map``); the other four stay masked."""
    return _PLACEHOLDER.sub(lambda m: map.get(m[0]) or m[0] if m[1] in REMOTE_KINDS else m[0], text)


def already_used(texts: Iterable[str]) -> Masks:
    """Placeholders that stored texts already contain, for a conversation whose map is gone (a restart)."""
    return Masks({match[0]: "" for text in texts for match in _PLACEHOLDER.finditer(text)})


def _mask(text: str, masks: Masks, finders: Sequence[Finder]) -> Masked:
    """Replace until nothing more is found: what one replacement uncovers is masked too."""
    names = masks.map
    for name in already_used([text]).map:
        names.setdefault(name, "")
    known = {(name[1 : name.rindex("-")], secret): name for name, secret in names.items() if secret}
    counts: dict[str, int] = {}
    for match in map(_PLACEHOLDER.fullmatch, names):
        if match is not None:
            counts[match[1]] = max(counts.get(match[1], 0), int(match[2]))
    kinds: list[str] = []
    for _ in range(_ROUNDS):
        found = [hit for finder in (*finders, _again(known)) for hit in finder(text)]
        hits = _without_overlaps(_outside_placeholders(text, found))
        if not hits:
            break
        parts, position = [], 0
        for hit in hits:
            secret = text[hit.start : hit.end]
            name = known.get((hit.kind, secret), "")
            if not name:
                counts[hit.kind] = counts.get(hit.kind, 0) + 1
                name = f"[{hit.kind}-{counts[hit.kind]}]"
            names[name] = secret
            known[hit.kind, secret] = name
            kinds.append(hit.kind)
            parts += [text[position : hit.start], name]
            position = hit.end
        text = "".join([*parts, text[position:]])
    return Masked(text, tuple(dict.fromkeys(kinds)), MappingProxyType(dict(names)))


def _again(known: Mapping[tuple[str, str], str]) -> Finder:
    """A finder for passwords already given in this conversation, said again without a cue."""
    said = [secret for kind, secret in known if kind == "MOT-DE-PASSE" and len(secret) >= 5][:_REPEATED]
    if not said:
        return lambda text: ()
    pattern = re.compile(
        "|".join(rf"(?<!\w){re.escape(secret)}(?!\w)" for secret in sorted(said, key=len, reverse=True))
    )
    return lambda text: (sensitive.Hit(*match.span(), "MOT-DE-PASSE") for match in pattern.finditer(text))


def _outside_placeholders(text: str, hits: list[sensitive.Hit]) -> list[sensitive.Hit]:
    """The hits that do not touch a placeholder."""
    if not hits or "[" not in text:
        return hits
    taken = bytearray(len(text))
    for match in _PLACEHOLDER.finditer(text):
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    return [hit for hit in hits if not any(taken[hit.start : hit.end])]


def _without_overlaps(hits: Iterable[sensitive.Hit]) -> list[sensitive.Hit]:
    """From left to right; where two overlap, the one that begins first, then the longer."""
    kept: list[sensitive.Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
        elif hit.end > kept[-1].end:
            kept[-1] = sensitive.Hit(kept[-1].start, hit.end, kept[-1].kind)
    return kept
