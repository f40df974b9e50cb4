"""Every code the engine can say has a sentence, with what to do next, spaced as French is."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import tui
from data.categories import load_categories
from engine import (
    Config,
    ConfigError,
    Draft,
    GuichetError,
    IllegalStep,
    InvalidInput,
    Priority,
    Promise,
    RateLimited,
    SessionExpired,
    SessionNotFound,
    StoreUnavailable,
    TicketNotFound,
)
from engine.config import KioskConfig
from tui import language, words

CONFIG = Config(kiosk=KioskConfig(phone="3000"))


@pytest.mark.parametrize(
    "error",
    [
        *(InvalidInput(reason) for reason in ("empty", "too_long", "no_text", "title_empty", "title_too_long")),
        InvalidInput("no_contact"),
        InvalidInput("something new"),
        RateLimited(42),
        RateLimited(3600),
        SessionExpired(),
        SessionNotFound(),
        IllegalStep(),
        TicketNotFound(),
        ConfigError("glpi.url", "n'est pas une adresse", "Indiquez https://…"),
        *(StoreUnavailable(r, "x") for r in ("permission", "disk_full", "locked", "damaged", "newer_schema", "mode")),
        GuichetError(),
    ],
    ids=lambda error: f"{type(error).__name__}-{error}",
)
def test_every_error_is_one_plain_sentence_and_what_to_do(error: GuichetError) -> None:
    sentence = words.error_sentence(error, CONFIG)
    assert sentence[0].isupper() or isinstance(error, ConfigError)
    assert sentence.endswith((".", "…"))
    assert len(sentence) <= 150
    assert type(error).__name__ not in sentence


def test_a_waiting_time_is_said_in_a_human_unit() -> None:
    assert "42\u00a0s" in words.error_sentence(RateLimited(42), CONFIG)
    assert "1\u00a0h" in words.error_sentence(RateLimited(3600), CONFIG)
    assert "3000" in words.error_sentence(RateLimited(3600), CONFIG)
    assert words.age_words(26 * 3600) == "26\u00a0h"
    assert words.age_words(50 * 3600) == "2\u00a0jours"


def draft(code: str, confidence: float = 0.7) -> Draft:
    parent = code[: code.index("-")]
    category = next(node.code for node in load_categories() if node.parent is None and node.code.startswith(parent))
    leaf = code if code != category else None
    return Draft(category, leaf, confidence, Priority.MEDIUM, "Titre")


@pytest.mark.parametrize("code", [node.code for node in load_categories() if node.code != "99-non-cat"])
def test_every_category_can_be_put_as_a_question(code: str) -> None:
    question = words.category_question(draft(code), load_categories())
    assert re.fullmatch(r"Est-ce bien (un|une) [a-zA-Zàâéèêëîïôûç' -]+\u00a0\?", question)


def test_a_category_of_the_site_is_asked_by_its_name() -> None:
    own = Draft("10-robots", None, 0.7, Priority.LOW, "Titre")
    assert words.category_question(own, ()) == "Est-ce bien pour «\u00a010-robots\u00a0»\u00a0?"


@pytest.mark.parametrize(
    ("confidence", "said"),
    [(0.92, "sûr à 92\u00a0%"), (0.999, "sûr à 99\u00a0%"), (0.85, "sûr à 85\u00a0%"), (0.6, "assez sûr, à 60\u00a0%"),
     (0.29, "peu sûr, à 29\u00a0%")],
)  # fmt: skip
def test_confidence_is_said_in_words_and_as_a_figure(confidence: float, said: str) -> None:
    assert words.confidence_words(draft("04-hardware", confidence), CONFIG) == said


def test_who_read_the_message_is_said() -> None:
    local = draft("04-hardware")
    assert words.made_by(local) == "Analysé sur cet appareil."
    assert "à temps" in words.made_by(Draft(**{**vars(local), "fallback": "timeout"}))
    assert "utilisable" in words.made_by(Draft(**{**vars(local), "fallback": "invalid_json"}))
    assert "gpt-x" in words.made_by(Draft(**{**vars(local), "engine": "openai", "engine_version": "gpt-x"}))


@pytest.mark.parametrize(
    ("promise", "reachable", "said"),
    [
        (Promise("within_30_min", None, "3000", True), True, "vous contactera sous 30 minutes"),
        (Promise("within_30_min", None, "3000", False), False, "présentez ce numéro"),
        (Promise("from", None, "3000", True), True, "Le support est fermé"),
        (Promise("not_sent", None, "3000", True), True, "pas encore transmis\u00a0; appelez le 3000"),
        (Promise("not_sent", None, "", False), False, "pas encore transmis\u00a0: présentez ce numéro"),
        (
            Promise("from", datetime(2026, 11, 23, 8, 30, tzinfo=ZoneInfo("Europe/Paris")), "", True),
            True,
            "lundi 23 novembre à 8\u00a0h\u00a030",
        ),
    ],
)
def test_a_promise_says_no_more_than_can_be_kept(promise: Promise, reachable: bool, said: str) -> None:
    assert said in words.promise_words(promise, reachable=reachable)


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("ERROR_WRONG_APP_TOKEN_PARAMETER", "jeton refusé"),
        ("ERROR_GLPI_LOGIN_USER_TOKEN", "jeton refusé"),
        ("RIGHT_MISSING", "droits insuffisants"),
        ("NO_API_HERE", "API fermée"),
        ("SOMETHING", "accès refusé"),
    ],
)
def test_a_pause_says_why_in_two_words(cause: str, said: str) -> None:
    assert words.pause_words(cause) == said


def test_french_spacing_everywhere() -> None:
    """A no-break space before the double marks and inside the quotes, in every sentence of the screens."""
    folder = Path(tui.__file__).parent
    for path in [folder / "words.py", *folder.glob("screens/*.py"), *folder.glob("widgets/*.py")]:
        code = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for sentence in re.findall(r'"([^"\n]*)"', code):
            assert not re.search(r"[\w»)}] [:;!?»](?:\s|$)|« ", sentence), (path.name, sentence)


def test_a_language_without_a_catalogue_stays_french() -> None:
    assert language.speak("tlh") is False
    assert language._("Réessayer") == "Réessayer"
    assert language.speak("fr") is True
