"""The local triage: loading it in a fresh process, then reading messages; nothing bare to compare with."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import data
from bench.programs import Row, table
from data.categories import load_categories
from data.records import Turn
from engine.triage.contract import Context
from engine.triage.local_triage import LocalTriage

MESSAGES = (
    "Mon imprimante HP au bureau 301 ne fonctionne plus, voyant rouge clignote",
    "Mon ordinateur est très lent depuis ce matin",
    "Je n'arrive pas à me connecter au WiFi",
    "ce n'est pas l'imprimante, c'est le wifi de la salle 204 qui coupe depuis hier, et ma boîte mail est pleine",
    "Ça ne marche pas",
    "jai cliquer sur un lien bizare ds un mail de la banque et rentré mon mdp, URGENT!!!",
    "Bonjour, pourriez-vous installer Visio sur mon poste ? Pas pressé, merci. " + "Cordialement. " * 200,
)
ROUNDS = 40
LOAD = """
import time
from engine.triage.local_triage import LocalTriage
start = time.perf_counter()
LocalTriage().load()
print(time.perf_counter() - start)
"""


def measure() -> list[Row]:
    """Load in fresh processes, then read every message ``ROUNDS`` times."""
    loads = [float(subprocess.check_output([sys.executable, "-c", LOAD])) for _ in range(5)]
    engine, tree, context = LocalTriage(), load_categories(), Context()
    engine.load()
    times = []
    for _ in range(ROUNDS):
        for message in MESSAGES:
            turns = (Turn("requester", message, datetime.now(UTC)),)
            start = time.perf_counter()
            engine.triage_now(turns, tree, context)
            times.append(time.perf_counter() - start)
    room = Path(data.__file__).parent
    files = [file for folder in ("lexicon", "model") for file in (room / folder).rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files) / 1e6
    p95 = sorted(times)[int(0.95 * len(times))]
    spread = f"{statistics.median(times) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms"
    return [
        Row("local triage of a message", spread, "", None, "<= 5 ms"),
        Row("local triage, load", f"{statistics.median(loads) * 1000:.0f} ms", "", None, "<= 150 ms"),
        Row("local triage, size", f"{size:.1f} MB", "", None, "<= 5 MB"),
    ]


if __name__ == "__main__":
    print(table(measure()))
