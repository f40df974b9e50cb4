"""Answers combined with what was said: a message and its answers, read as the message one might have written at once.

An answer replaces what is known of its key, or completes it. Where it names the thing, « mon truc » is that thing;
where it says what is wrong, « un problème » is that; where it contradicts the message, the later word counts. « Je ne
sais pas » changes nothing. A ready-made answer also says which categories it speaks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from data.records import Priority, Turn
from engine.triage import questions
from engine.triage.gain import likelihood
from engine.triage.lexicon import Concept, Lexicon, stem, words_of
from engine.triage.questions import Answer, chosen
from engine.triage.reading import Clause, Hit, Reading
from engine.triage.scoring import Score

_CONTENT = frozenset({"thing", "state", "act", "request"})
_SHORT = 6
"""Words up to which a clause without a thing or a trouble of its own says nothing once an answer does."""
_DECIDES = 0.6
"""Probability of a category from which a ready-made answer that speaks for it has settled what one would have asked."""
_SCOPE = "whole building"
"""Stands for how many are concerned, which no concept of a message says."""
_NO_ANSWER = frozenset({None, "refusal", "reply"})
"""Keys of turns that are messages."""


@dataclass(frozen=True)
class Combined:
    """What was said and answered, for the score only: positions are of no use here."""

    clauses: tuple[Clause, ...]
    """As one message."""
    message: tuple[Clause, ...]
    """What was said unasked, as it stands."""
    answers: tuple[Clause, ...]
    """What was answered, as it stands."""
    chosen: tuple[Answer, ...] = ()
    """The ready-made answers among the answers."""
    devices: tuple[Clause, ...] = ()
    """Those of the answers that name what is concerned."""
    unnamed: frozenset[int] = frozenset()
    """Turns that are ready-made answers which name no device and no application, but a field."""

    def speaks_for(self, code: str) -> float:
        """How likely the ready-made answers are for somebody whose category this is, 0 to 1."""
        whole = 1.0
        for answer in self.chosen:
            whole *= likelihood(answer.codes, code)
        return whole

    def settled(self, score: Score) -> Score:
        """The score without the doubt of a colleague who would have asked, where a ready-made answer was just that."""
        fitting = [one for one in self.chosen if one.teams == {score.category[:2]}]
        if not fitting or score.probability < _DECIDES:
            return score
        clarities = dict(score.clarities)
        unasked = clarities["vague"] + clarities["hopeless"]
        clarities |= {"vague": 0.0, "hopeless": 0.0, "partial": clarities["partial"] + unasked}
        if any(len(one.codes) == 1 for one in fitting):
            clarities |= {"clear": clarities["clear"] + clarities["partial"], "partial": 0.0}
        return replace(score, clarities=clarities)

    def titled(self, clauses: Sequence[Clause]) -> Sequence[Clause]:
        """Clauses as a title has them: first what is concerned, and « marche pas » of « mon truc marche pas »."""
        if not self.devices:
            return clauses
        others = [clause for clause in clauses if clause not in self.devices]
        return (*self.devices, *(_begun_later(clause, self.devices) for clause in others))

    @property
    def priority(self) -> Priority | None:
        """What a ready-made answer says the priority is at least."""
        said = [answer.priority for answer in self.chosen if answer.priority is not None]
        return max(said, key=list(Priority).index, default=None)


def combine(turns: Sequence[Turn], reading: Reading) -> Combined:
    """Put the answers among the turns to what was said.

    Args:
        turns: As they were read.
        reading: What they say.
    """
    message = tuple(clause for clause in reading.clauses if turns[clause.turn].key in _NO_ANSWER)
    latest = _latest(turns, reading)
    answers = tuple(clause for clause in reading.clauses if clause.turn in latest)
    taken = {index: answer for index in sorted(latest) if (answer := chosen(turns[index].key, turns[index].text))}
    ready = tuple(taken.values())
    if not answers:
        return Combined(message, message, (), ready)
    devices = tuple(clause for clause in answers if turns[clause.turn].key == "device_type")
    kept = [_completed(clause, answers, devices) for clause in message]
    together = [clause for clause in kept if _still_says(clause, answers)]
    unnamed = frozenset(index for index, answer in taken.items() if not answer.is_device)
    return Combined(tuple(_one_sentence(together, answers)), message, answers, ready, devices, unnamed)


def meanings(lexicon: Lexicon) -> dict[str, frozenset[str]]:
    """The names of the concepts in each ready-made answer, by what it says."""
    found: dict[str, frozenset[str]] = {}
    for answer in questions.catalogue().answers.values():
        forms = [form for word in words_of(answer.say) for form in lexicon.words(word, mend=False)]
        concepts = [match.concept for match in lexicon.find([stem(form) for form in forms])]
        names = {concept.name for concept in concepts if _tells(concept)}
        found[answer.say] = frozenset(names if answer.priority is None else {*names, _SCOPE})
    return found


def repeated(reading: Reading, meant: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The ready-made answers that would say nothing new: what was said, and what was said not to be wrong.

    Where several things were said, which of them it is remains a good question.

    Args:
        reading: What was said.
        meant: As ``meanings`` has it.
    """
    told, denied = _told(reading.clauses, ("", "-", "~")), _told(reading.clauses, ("0",))
    every = [answer for answer in questions.catalogue().answers.values() if meant[answer.say]]
    same = [answer for answer in every if meant[answer.say] <= told]
    rivals = {
        one.say for one in same if len(one.teams) == 1 and any(one.codes.isdisjoint(other.codes) for other in same)
    }
    excluded = {answer.say for answer in every if meant[answer.say] & (denied - told)}
    return frozenset(excluded | ({answer.say for answer in same} - rivals))


def _told(clauses: Iterable[Clause], senses: Collection[str]) -> frozenset[str]:
    """The names of what clauses speak of in these senses."""
    return frozenset(
        hit.concept.name for clause in clauses for hit in clause.hits if hit.sense in senses and _tells(hit.concept)
    )


def _tells(concept: Concept) -> bool:
    """Whether a concept says something of what is wrong with what."""
    return concept.kind in _CONTENT


def _latest(turns: Sequence[Turn], reading: Reading) -> set[int]:
    """The turns whose answers count: of a key of its own the last that says something, of free words all."""
    found: dict[str, int] = {}
    for clause in reading.clauses:
        key = turns[clause.turn].key
        if key not in _NO_ANSWER:
            found[str(clause.turn) if key in ("generic", "free") else str(key)] = clause.turn
    return set(found.values())


def _completed(clause: Clause, answers: Sequence[Clause], devices: Sequence[Clause]) -> Clause:
    """A clause without what the answers say better or otherwise."""
    given = [hit for answer in answers for hit in answer.hits if hit.sense != "0"]
    names = any(hit.concept.kind == "thing" and not hit.concept.vague for hit in given)
    wrong = any(hit.concept.kind in ("state", "request") or (hit.sense and hit.concept.kind == "act") for hit in given)
    concerned = {
        hit.concept.name for answer in devices for hit in answer.hits
        if hit.sense != "0" and hit.concept.kind == "thing" and not hit.concept.vague
    }  # fmt: skip
    return _without(clause, [hit for hit in clause.hits if _is_superseded(hit, names, wrong, concerned)])


def _is_superseded(hit: Hit, names: bool, wrong: bool, concerned: set[str]) -> bool:
    """Whether an answer says this better (a thing for « mon truc »), or says the contrary."""
    if hit.concept.kind == "thing" and hit.concept.vague:
        return names
    if hit.concept.kind == "trouble":
        return wrong
    if concerned and hit.concept.kind == "thing":
        return hit.name not in concerned if hit.concept.device else hit.concept.name in concerned and hit.sense == "0"
    return False


def _without(clause: Clause, gone: Iterable[Hit]) -> Clause:
    """A clause without some of its hits and their words."""
    spans = [(hit.start, hit.end) for hit in gone]
    if not spans:
        return clause
    return replace(
        clause,
        words=tuple(w for w in clause.words if not any(start <= w.start and w.end <= end for start, end in spans)),
        hits=tuple(hit for hit in clause.hits if (hit.start, hit.end) not in spans),
    )


def _begun_later(clause: Clause, devices: Sequence[Clause]) -> Clause:
    """A clause after the vague thing it begins with, where an answer names the thing."""
    left = _completed(clause, devices, devices)
    gone = [hit for hit in clause.hits if hit not in left.hits]
    if not gone or not left.hits or sum(word.start < gone[0].start for word in clause.words) > 1:
        return clause
    words = tuple(word for word in left.words if word.start >= gone[0].end)
    return replace(left, start=words[0].start, words=words) if words else clause


def _still_says(clause: Clause, answers: Sequence[Clause]) -> bool:
    """Whether a clause still says something beside answers that do: not « bonjour », not « j'ai besoin d'aide »."""
    if not clause.words or not any(hit.concept.kind in _CONTENT for answer in answers for hit in answer.hits):
        return bool(clause.words)
    return len(clause.words) > _SHORT or any(hit.concept.kind in (*_CONTENT, "trouble") for hit in clause.hits)


def _one_sentence(message: Sequence[Clause], answers: Sequence[Clause]) -> list[Clause]:
    """The clauses with the answers as the end of the last sentence."""
    turn = message[-1].turn if message else answers[0].turn
    joined = [replace(clause, turn=turn, opens_sentence=False) for clause in answers]
    return [*message, *joined]


def at_least(priorities: Mapping[str, float], floor: Priority | None) -> Mapping[str, float]:
    """The probabilities of the priorities when the lower ones are out of the question."""
    if floor is None:
        return priorities
    order = [level.value for level in Priority]
    lower = order[: order.index(floor.value)]
    raised = {name: 0.0 if name in lower else p for name, p in priorities.items()}
    raised[floor.value] += sum(priorities.get(name, 0.0) for name in lower)
    return raised
