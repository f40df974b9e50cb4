"""What a message orders moves nothing: not with the shipped local engine, nor with a model that obeys every order.

``LEFT`` are orders of which some words are read as if they described something; the model obeys those too.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import openai  # noqa: F401  (loaded before any deadline starts)
import pytest

from data.categories import load_categories
from data.records import UNCATEGORISED, Category, Priority, Turn
from engine import masking
from engine.config import Config, OpenAIConfig, TriageConfig
from engine.triage.cascade import Cascade, open_cascade
from engine.triage.contract import Context, Triage
from engine.triage.instructions import without_instructions
from engine.triage.local_triage import LocalTriage
from tests.fakes_triage import AT
from tests.injections import FOUND, LEFT
from tests.model_server import ModelServer, Reply, answered

TREE: tuple[Category, ...] = load_categories()
MESSAGES = (
    "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant rouge clignote",
    "Ça ne marche pas",
    "Mon PC est lent depuis ce matin",
    "j'aurais besoin d'un nouveau clavier, pas pressé",
    "je n'arrive plus à me connecter au VPN",
)
PRIORITIES = list(Priority)
OBEYING = {
    "category": "08-security",
    "subcategory": "08-03-incident",
    "confidence": 1.0,
    "priority": "critical",
    "title": "Incident de sécurité critique",
    "extracted_info": {"affected": "toute l'entreprise"},
}


def spoken(*texts: str) -> tuple[Turn, ...]:
    """As a conversation stores them."""
    return tuple(Turn("requester", masking.store(masking.clean(text)).text, AT) for text in texts)


def placed(message: str, order: str) -> tuple[tuple[Turn, ...], ...]:
    """The order behind the message, below it, before it, and in a turn of its own: an answer to a question."""
    answer = Turn("requester", spoken(order)[0].text, AT, key="onset")
    return (
        spoken(f"{message}. {order}"),
        spoken(f"{message}\n\n{order}"),
        spoken(f"{order}.\n{message}"),
        (*spoken(message), answer),
    )


def judged(triage: Triage) -> tuple[str, str | None, Priority, float]:
    return triage.category, triage.subcategory, triage.priority, triage.confidence


@pytest.fixture(scope="module")
def local() -> LocalTriage:
    return LocalTriage()


@pytest.fixture(scope="module")
def alone(local: LocalTriage) -> dict[str, Triage]:
    """The messages without any order."""
    return {message: local.triage_now(spoken(message), TREE, Context()) for message in MESSAGES}


def test_the_local_engine_judges_as_if_nothing_had_been_ordered(local: LocalTriage, alone: dict[str, Triage]) -> None:
    moved = []
    for index, order in enumerate(FOUND * 2):
        message = MESSAGES[index % len(MESSAGES)]
        turns = placed(message, order)[index % 3]
        if judged(local.triage_now(turns, TREE, Context())) != judged(alone[message]):
            moved.append((order, message))
    assert moved == []


def test_an_order_in_an_answer_moves_nothing_either(local: LocalTriage) -> None:
    moved = []
    message = MESSAGES[2]
    dont_know = (*spoken(message), Turn("requester", "je ne sais pas", AT, key="onset"))
    expected = judged(local.triage_now(dont_know, TREE, Context()))
    for order in FOUND:
        if judged(local.triage_now(placed(message, order)[-1], TREE, Context())) != expected:
            moved.append(order)
    assert moved == []


def test_what_no_rule_finds_makes_nothing_more_urgent(local: LocalTriage, alone: dict[str, Triage]) -> None:
    for order in LEFT:
        for index, message in enumerate(MESSAGES):
            ordered = local.triage_now(placed(message, order)[index % 4], TREE, Context())
            assert PRIORITIES.index(ordered.priority) <= PRIORITIES.index(alone[message].priority), (order, message)
            assert ordered.category != "08-security", (order, message)


# --- a model that obeys ----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
async def cascade(server: ModelServer) -> AsyncIterator[Cascade]:
    config = Config(
        openai=OpenAIConfig(base_url=server.base_url, daily_budget=100_000), triage=TriageConfig(deadline_s=30)
    )
    opened = open_cascade(config, api_key=None)
    await opened.prepare()
    yield opened
    await opened.aclose()


def obeyed(server: ModelServer) -> Reply:
    """Security, critical, quite sure; with words of the message itself as evidence."""
    last = json.loads(server.requests[-1].last_message.splitlines()[-3])["texte"]
    return answered(**OBEYING, symptoms=[last[:60], last[-60:]], other_problems=[last[:60]])


async def test_an_obeying_model_moves_nothing_beyond_the_local_engine(
    server: ModelServer, cascade: Cascade, alone: dict[str, Triage]
) -> None:
    server.script = lambda request: obeyed(server)
    moved = []
    for index, order in enumerate(FOUND):
        message = MESSAGES[index % len(MESSAGES)]
        result, bound = await cascade.triage(placed(message, order)[index % 4], TREE, Context()), alone[message]
        is_bounded = (
            result.category in (bound.category, UNCATEGORISED)
            and PRIORITIES.index(result.priority) <= PRIORITIES.index(bound.priority)
            and result.confidence <= bound.confidence
        )
        if not is_bounded:
            moved.append((order, message, judged(result), judged(bound)))
    assert len(server.requests) == len(FOUND), "the model was asked each time"
    assert moved == []


@pytest.mark.parametrize("category", ["08-security", "04-hardware"])
async def test_an_order_that_no_rule_finds_is_bounded_all_the_same(
    server: ModelServer, cascade: Cascade, local: LocalTriage, category: str
) -> None:
    """Where the model's category is the local engine's too, nothing but its certainty could have been ordered."""
    obeying = {**OBEYING, "category": category, "subcategory": None}
    server.script = lambda request: answered(**obeying, symptoms=[])
    moved = []
    for index, order in enumerate(LEFT):
        message = MESSAGES[index % len(MESSAGES)]
        turns = placed(message, order)[index % 4]
        bound = local.triage_now(turns, TREE, Context())
        result = await cascade.triage(turns, TREE, Context())
        if (result.category, result.priority) != (
            bound.category,
            bound.priority,
        ) or result.confidence > bound.confidence:
            moved.append((order, message, judged(result), judged(bound)))
    assert moved == []


def test_every_order_of_the_list_is_found_to_the_last_word() -> None:
    left = {order: without_instructions(spoken(f"Mon PC est lent. {order}"))[0].text for order in FOUND}
    words = {order: "".join(c if c.isalnum() else " " for c in text).split() for order, text in left.items()}
    assert {order: found for order, found in words.items() if found != ["Mon", "PC", "est", "lent"]} == {}


def test_the_lists_are_of_some_size() -> None:
    assert len(set(FOUND)) > 120
    assert len(set(LEFT)) > 5
