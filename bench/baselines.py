"""``python -m bench.baselines [--write]``: what simple means reach on the public benchmark, beside our engines.

Prints a Markdown table; ``--write`` puts it into the datasheet too. Takes some minutes, for the linear models' sake.
None of them has seen the benchmark: the keywords are those of the category table, the linear models learn from
``data/training/seeds``. These need scikit-learn (``pip install --group train``) and are left out without it. A model
endpoint is asked where one is configured; that is a call for each message, within ``[openai] daily_budget``.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from data.categories import load_categories
from data.records import UNCATEGORISED, Draft, Priority
from engine import workflow
from engine.config import Config, OpenAIConfig, load
from engine.evaluation import Case, Evaluation, Share, measure
from engine.labels import BENCHMARK, Labelled, read_file
from engine.reading import Reader
from engine.secrets import is_present
from engine.triage.training.learned import learned

PARENTS = {category.code: category.parent or category.code for category in load_categories()}
"""The level-1 code of every code."""

KEYWORDS = (
    ("08-security", r"phishing|hame[cç]onnage|virus|ran[cç]on|fraude|pirat|suspect|arnaque|vol[ée]e?\b|certificat"),
    ("01-access", r"mot de passe|\bmdp\b|vpn|mfa|double authentification|identifiant|verrouill|compte"),
    ("07-files", r"dossier|partage|lecteur|onedrive|sharepoint|fichier|document"),
    ("07-files", r"supprim|effac|restaur"),
    ("03-network", r"wi-?fi|internet|r[ée]seau|pare-feu"),
    ("03-network", r"prise (?:murale|r[ée]seau)|connexion lente"),
    ("02-email", r"\be?-?mails?\b|messagerie|outlook|bo[iî]te|courriel"),
    ("02-email", r"calendrier|agenda|signature|liste de diffusion"),
    ("06-phone", r"t[ée]l[ée]phone|mobile|\bsim\b|smartphone|\bfax\b"),
    ("06-phone", r"r[ée]pondeur|renvoi|appels?\b|conf[ée]rence|visio"),
    ("04-hardware", r"imprim|copieur|scanner|[ée]cran|clavier|souris|batterie|dock|webcam|\bson\b"),
    ("04-hardware", r"ordinateur|\bpc\b|portable|\bordi\b|casque|mat[ée]riel"),
    ("05-software", r"logiciel|appli|install|licence|\berp\b|intranet"),
    ("05-software", r"excel|word|plant|ferme tout|bug|mise [àa] jour"),
    (UNCATEGORISED, r""),
)
"""Fifteen lines: the words of the category table; the first line that matches decides."""


DATASHEET = BENCHMARK / "README.md"
BEGIN, END = "<!-- baselines -->", "<!-- end of baselines -->"
"""Between these the datasheet has the table."""


@dataclass(frozen=True)
class Guess:
    """What a baseline says of a message; None where it says nothing."""

    code: str
    priority: Priority | None = None
    confidence: float | None = None


Baseline = Callable[[str], Guess]


def keywords(text: str) -> Guess:
    """The category of the first line with a word of the text."""
    return Guess(next(code for code, words in KEYWORDS if re.search(words, text.lower())))


def most_frequent() -> Baseline:
    """The label, and the priority, that most seeds have."""
    messages = learned()
    codes = [PARENTS[seed.category] for seed in messages]
    priorities = [seed.priority for seed in messages]
    guess = Guess(max(set(codes), key=codes.count), max(set(priorities), key=priorities.count))
    return lambda text: guess


def linear(analyzer: str, runs: tuple[int, int]) -> Baseline:
    """TF-IDF of words or letter runs, and logistic regression, learned from the seeds.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    messages = learned()
    vectors = TfidfVectorizer(strip_accents="unicode", analyzer=analyzer, ngram_range=runs, min_df=2, sublinear_tf=True)
    matrix = vectors.fit_transform([seed.text for seed in messages])
    codes = LogisticRegression(C=10.0, max_iter=1000).fit(matrix, [seed.category for seed in messages])
    priorities = LogisticRegression(C=10.0, max_iter=1000).fit(matrix, [str(seed.priority) for seed in messages])

    def guess(text: str) -> Guess:
        row = vectors.transform([text])
        chances = {
            str(code): float(chance) for code, chance in zip(codes.classes_, codes.predict_proba(row)[0], strict=True)
        }
        tops = {top: sum(chances[code] for code in chances if PARENTS[code] == top) for top in PARENTS.values()}
        best = max(sorted(tops), key=tops.__getitem__)
        leaf = max((code for code in chances if PARENTS[code] == best), key=chances.__getitem__)
        return Guess(leaf, Priority(priorities.predict(row)[0]), tops[best])

    return guess


def measured(baseline: Baseline, messages: Sequence[Labelled]) -> Evaluation:
    """The figures of a baseline; a confidence it does not have counts as none at all."""
    cases = []
    for message in messages:
        start = time.perf_counter()
        guess = baseline(message.text)
        ms = (time.perf_counter() - start) * 1000
        top = PARENTS[guess.code]
        confidence = min(guess.confidence or 0.0, 0.29 if top == UNCATEGORISED else 1.0)
        leaf = None if top == guess.code else guess.code
        draft = Draft(top, leaf, confidence, guess.priority or Priority.MEDIUM, "", engine="baseline", duration_ms=ms)
        cases.append(Case(message, draft, workflow.action_for(confidence, 0, workflow.Rules())[0]))
    return measure(cases)


async def read(config: Config, messages: Sequence[Labelled]) -> Evaluation:
    """The figures of our own engines, read as ``guichet triage`` does."""
    reader = Reader(config)
    try:
        await reader.prepare()
        return measure([Case(message, *(await reader.read(message.text))) for message in messages])
    finally:
        await reader.aclose()


def rows(messages: Sequence[Labelled]) -> Iterator[str]:
    """A line of the table for each."""
    yield row("most frequent label", measured(most_frequent(), messages), says="p")
    yield row("fifteen lines of keywords", measured(keywords, messages), says="")
    try:
        yield row("TF-IDF of words + logistic regression", measured(linear("word", (1, 2)), messages))
        yield row("TF-IDF of letter runs + logistic regression", measured(linear("char_wb", (2, 5)), messages))
    except ModuleNotFoundError:
        print("Without scikit-learn no linear baselines: pip install --group train", file=sys.stderr)
    config = load(None)
    local = replace(config, triage=replace(config.triage, engine="local"))
    found = asyncio.run(read(local, messages))
    ((_, version),) = found.engines
    yield row(f"**Guichet, local engine** {version}", found)
    if is_remote(config):
        remote = replace(config, triage=replace(config.triage, engine="openai"))
        found = asyncio.run(read(remote, messages))
        answered = sum(count for (engine, _), count in found.engines.items() if engine == "openai")
        yield row(f"Guichet, {config.openai.model} ({answered} of {found.measured} answered by it)", found)


def is_remote(config: Config) -> bool:
    """Whether a model endpoint is configured: a key, or an address other than OpenAI's."""
    host = urlsplit(config.openai.base_url).hostname or ""
    is_elsewhere = config.openai.base_url.rstrip("/") != OpenAIConfig.base_url
    return config.openai.enabled and (is_elsewhere or is_present("openai_api_key", host))


def row(name: str, found: Evaluation, *, says: str = "plc") -> str:
    """One line; ``says``: priority, leaf, confidence, where the baseline has them."""
    auto = found.bands[0]
    cells = [
        name,
        percent(found.category),
        number(found.macro_f1),
        percent(found.subcategory) if "l" in says else "–",
        percent(found.priority) if "p" in says else "–",
        number(found.ece) if "c" in says else "–",
        percent(auto.precision) if "c" in says else "–",
        percent(auto.coverage) if "c" in says else "–",
        percent(found.band) if "c" in says else "–",
        f"{found.latency.median:.1f}" if found.latency else "–",
    ]
    return "| " + " | ".join(cells) + " |"


def percent(share: Share) -> str:
    """``91.3 %``."""
    return "–" if share.value is None else f"{share.value:.1%}".replace("%", " %")


def number(value: float | None) -> str:
    """Three digits."""
    return "–" if value is None else f"{value:.3f}"


def table() -> Iterator[str]:
    """The lines of the table, as they come."""
    tree = load_categories()
    found = [message for file in sorted(BENCHMARK.glob("*.jsonl")) for _, message in read_file(file, tree)]
    head = ("", "level 1", "macro-F1", "level 2", "priority", "ECE", "≥ 0.85: right", "coverage", "bands", "ms")
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    yield from rows([message for message in found if isinstance(message, Labelled)])
    yield ""
    yield f"Learned from {len(learned()):,} messages."


def main(words: Sequence[str]) -> None:
    """Print the table; with ``--write`` put it into the datasheet too."""
    lines = []
    for line in table():
        print(line, flush=True)
        lines.append(line)
    if "--write" in words:
        text = DATASHEET.read_text("utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        DATASHEET.write_text("\n".join([before + BEGIN, "", *lines, "", END + after]), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
