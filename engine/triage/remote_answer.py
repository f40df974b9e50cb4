"""From what a remote model wrote to a ``Triage``: checked, tied to the requester's words, or refused.

Loaded with the first remote triage: pydantic is too heavy for the way to the first frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from data.records import Category, Priority, Turn
from engine.text import clean, fold
from engine.triage.contract import INFO_KEYS, MISSING_KEYS, READ_FIRST, READ_LAST, Found, Span, Triage, TriageFailed
from engine.triage.evidence import checked, normal
from engine.triage.remote_prompt import LONGEST_QUOTE, LONGEST_TITLE, MOST_PROBLEMS, MOST_SYMPTOMS, NO_TITLE

_EDGES = " \t\n.,;:!?…\"'«»“”()"
_WORD = re.compile(r"[^\W_]+")
_SHORT = 4
"""Words below this length have no other endings."""
_FREE = frozenset(
    [
        "a", "au", "aux", "c", "ce", "d", "dans", "de", "des", "du", "en", "est", "et", "l", "la", "le", "les", "n",
        "ne", "ou", "par", "pour", "s", "se", "sous", "sur", "un", "une",
    ]
)  # fmt: skip
"""Words that a title may have though the message does not: they say nothing. A number is none of them."""

_Model = TypeVar("_Model", bound=BaseModel)


def _null_text(value: Any) -> Any:
    """Weak models write an empty text or the word where null is meant."""
    return None if isinstance(value, str) and value.strip().lower() in ("", "null", "none") else value


Quote = Annotated[str, Field(max_length=LONGEST_QUOTE)]
Level = Annotated[Priority, BeforeValidator(lambda value: value.strip().lower() if isinstance(value, str) else value)]
Maybe = Annotated[Annotated[str, Field(max_length=LONGEST_QUOTE)] | None, BeforeValidator(_null_text)]


class Answer(BaseModel):
    """The JSON that a model writes; what it says more than this is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    category: Quote
    subcategory: Maybe = None
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    priority: Level
    title: Quote
    symptoms: Annotated[tuple[Quote, ...], Field(max_length=MOST_SYMPTOMS)] = ()
    extracted_info: Annotated[dict[str, Maybe], Field(max_length=2 * len(INFO_KEYS))] = {}
    missing_info: Annotated[tuple[Quote, ...], Field(max_length=len(MISSING_KEYS))] = ()
    other_problems: Annotated[tuple[Quote, ...], Field(max_length=MOST_PROBLEMS)] = ()


class _Message(BaseModel):
    """What the model says."""

    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    """One alternative; we ask for one."""

    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """A chat completion, as far as we read it."""

    choices: Annotated[list[_Choice], Field(min_length=1)]


def content(body: bytes) -> str:
    """The text that the model wrote, out of the body of a chat completion.

    Raises:
        TriageFailed: ``invalid_json``, ``wrong_schema`` (not a completion), ``refusal``, ``empty``, ``truncated``.
    """
    choice = _valid(_Completion, body).choices[0]
    text = (choice.message.content or "").strip()
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise TriageFailed("refusal")
    if choice.finish_reason == "length" and not text.endswith(("}", "```")):
        raise TriageFailed("truncated")
    if not text:
        raise TriageFailed("empty")
    return text


def answer(text: str) -> Answer:
    """The answer in the model's text, also when a weak model put words or a code fence around the object.

    Raises:
        TriageFailed: ``invalid_json`` or ``wrong_schema``.
    """
    text = text.rpartition("</think>")[2]
    start, end = text.find("{"), text.rfind("}") + 1
    if start < 0 or end <= start:
        raise TriageFailed("invalid_json")
    return _valid(Answer, text[start:end])


def restored(given: Answer, put_back: Callable[[str], str]) -> Answer:
    """The answer with what was masked towards the model put back into each of its texts."""
    return given.model_copy(
        update={
            "title": put_back(given.title),
            "symptoms": tuple(map(put_back, given.symptoms)),
            "extracted_info": {key: value and put_back(value) for key, value in given.extracted_info.items()},
            "other_problems": tuple(map(put_back, given.other_problems)),
        }
    )


def as_triage(given: Answer, turns: Sequence[Turn], categories: Sequence[Category]) -> Triage:
    """The answer as a triage of these turns; whatever the turns do not say is dropped.

    Args:
        given: With masked data put back.
        turns: The stored turns; only the requester's are evidence.
        categories: The tree.

    Raises:
        TriageFailed: ``unknown_category``, also for a sub-category of another parent.
    """
    parents = {category.code: category.parent for category in categories if category.active}
    if parents.get(given.category, "") is not None:
        raise TriageFailed("unknown_category")
    if given.subcategory is not None and parents.get(given.subcategory) != given.category:
        raise TriageFailed("unknown_category")
    heard = Heard(turns)
    symptoms = heard.find_all(given.symptoms)
    info = {key: found for key in INFO_KEYS if (found := heard.find(given.extracted_info.get(key) or ""))}
    info = {key: replace(found, value=normal(found.value)) for key, found in info.items()}
    triage = Triage(
        category=given.category,
        subcategory=given.subcategory,
        confidence=given.confidence,
        priority=given.priority,
        title=_title(given.title, heard, symptoms),
        symptoms=symptoms,
        extracted_info=MappingProxyType(info),
        missing_info=tuple(key for key in dict.fromkeys(given.missing_info) if key in MISSING_KEYS and key not in info),
        other_problems=tuple(found.value for found in heard.find_all(given.other_problems)),
        engine="openai",
    )
    return checked(triage, turns)


class Heard:
    """What the requester said, ready for looking up quotes; of a long turn what a triage reads of it."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._windows: list[tuple[int, int, str]] = []
        """(turn, offset in it, folded text)"""
        for number, turn in enumerate(turns):
            if turn.author == "requester":
                self._listen(number, turn.text)
        self.words = frozenset(word for window in self._windows for word in _WORD.findall(window[2]))

    def _listen(self, number: int, text: str) -> None:
        if len(text) <= READ_FIRST + READ_LAST:
            self._windows.append((number, 0, fold(text)))
        else:
            start = len(text) - READ_LAST
            self._windows += [(number, 0, fold(text[:READ_FIRST])), (number, start, fold(text[start:]))]

    def find(self, quote: str) -> Found | None:
        """Where this was said, whatever its case, accents and white space; None if it was not."""
        words = fold(clean(quote)).strip(_EDGES).split()
        if not words:
            return None
        pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)")
        for number, offset, text in self._windows:
            if match := pattern.search(text):
                span = Span(number, offset + match.start(), offset + match.end())
                return Found(self._turns[number].text[span.start : span.end], span)
        return None

    def find_all(self, quotes: Iterable[str]) -> tuple[Found, ...]:
        """Those that were said, each once."""
        found = (self.find(quote) for quote in quotes)
        return tuple({each.span: each for each in found if each is not None}.values())


def _title(proposed: str, heard: Heard, symptoms: Sequence[Found]) -> str:
    """The model's title if it is in the requester's words; else one made of the symptoms."""
    title = _cut(clean(proposed).strip(_EDGES))
    words = [word for word in _WORD.findall(fold(title)) if word not in _FREE]
    if not words or not all(_is_said(word, heard) for word in words):
        title = _cut(", ".join(found.value for found in symptoms))
    return title[:1].upper() + title[1:] if title else NO_TITLE


def _is_said(word: str, heard: Heard) -> bool:
    """Whether the requester used the word, in this or another ending."""
    if len(word) < _SHORT or not word.isalpha():
        return word in heard.words
    stem = word[: max(_SHORT, len(word) - 2)]
    return any(each.startswith(stem) for each in heard.words)


def _cut(text: str) -> str:
    """At most the length of a title, on one line, not in the middle of a word."""
    text = " ".join(text.split())
    if len(text) <= LONGEST_TITLE:
        return text
    return text[: LONGEST_TITLE + 1].rpartition(" ")[0].rstrip(" ,;:") or text[:LONGEST_TITLE]


def _valid(model: type[_Model], text: str | bytes) -> _Model:
    """The text as this model.

    Raises:
        TriageFailed: ``invalid_json`` or ``wrong_schema``; without pydantic's words, which quote the text.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        kinds = {problem["type"] for problem in error.errors(include_url=False, include_input=False)}
        raise TriageFailed("invalid_json" if "json_invalid" in kinds else "wrong_schema") from None
