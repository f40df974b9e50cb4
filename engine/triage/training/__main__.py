"""``python -m engine.triage.training``: the corpus in; compiled lexicon, model, calibration and report out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import data
from engine.triage import lexicon, model
from engine.triage.training import calibrate, corpus, fit, report
from engine.triage.training.learned import learned

_DATA = Path(data.__file__).parent


def main() -> None:
    """Train, measure, write."""
    messages = learned()
    written = lexicon.written()
    lexicon.COMPILED.parent.mkdir(exist_ok=True)
    lexicon.COMPILED.write_text(lexicon.compiled(written, corpus.common_words(messages, written)), encoding="utf-8")
    outcomes: list[calibrate.Outcome] = []
    for hands, others, mine in fit.folds(messages):
        say(f"{', '.join(hands)}: learning from {len(others)}, reading {len(mine)}")
        read = model.load(fit.quantised(fit.fit(others), {}))
        outcomes += [calibrate.outcome(message, read) for message in mine]
    say("the model itself")
    content = fit.quantised(fit.fit(messages), calibrate.weights(outcomes))
    version = model.load(content).version
    unseen = calibrate.unseen(outcomes)
    error = report.ece(outcomes, unseen)
    model.PATH.write_bytes(content)
    (_DATA / "calibration.toml").write_text(
        _calibration(version, len(outcomes), error, calibrate.table_of(outcomes)), encoding="utf-8"
    )
    page = report.page(outcomes, unseen, version, len(messages))
    (_DATA / "training" / "REPORT.md").write_text(page, encoding="utf-8")
    print(page)


def say(what: str) -> None:
    """Progress, on the side."""
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", file=sys.stderr, flush=True)


def _calibration(version: str, size: int, error: float, table: Sequence[tuple[float, float]]) -> str:
    """The content of ``calibration.toml``."""
    points = ", ".join(f"[{raw}, {probability}]" for raw, probability in table)
    return f"""\
# What the raw score of an engine is worth as a probability (spec section 3.5), by engine and exact version. Written by
# `make train`; a remote model's entry is added by hand after `guichet triage --evaluate FILE --engine openai`.
# size: messages it was fitted on; ece: expected calibration error over answers other than 99, on unseen hands.

[[calibration]]
engine = "local"
version = "{version}"
method = "isotonic, on hands the model had not seen"
date = {datetime.now(UTC):%Y-%m-%d}
size = {size}
ece = {error:.4f}
# raw score -> probability, straight lines in between
table = [{points}]
"""


if __name__ == "__main__":
    main()
