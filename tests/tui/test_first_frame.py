"""What the first frame needs, and how the kiosk is left. In processes of their own."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("openai", "httpx", "httpx2", "keyring", "pydantic", "sqlite_utils", "data.store", "engine.engine")

PROBE = """
import sys
from engine.config import Config
from tui.kiosk import KioskApp

class Probe(KioskApp):
    CSS_PATH = {css!r}

    def load_the_rest(self):
        self.loaded = sorted(set({heavy!r}) & set(sys.modules))
        self.exit()

app = Probe(Config(), lambda: None)
app.run(headless=True, size=(80, 24))
print("LOADED", app.loaded)
"""

KIOSK = """
import sys
from dataclasses import replace
from engine.config import Config, DatabaseConfig, TriageConfig
from tui.kiosk import KioskApp

config = Config(database=DatabaseConfig(path=sys.argv[1]), triage=TriageConfig(engine="local"))

def opened():
    from engine.engine import Engine
    engine = Engine.open(config)
    return engine

app = KioskApp(config, opened)
app.run()
sys.exit(app.return_code)
"""


def test_the_first_frame_loads_nothing_heavy() -> None:
    code = PROBE.format(css=str(ROOT / "tui" / "kiosk.tcss"), heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert "LOADED []" in done.stdout


def test_a_bug_is_told_by_its_place_without_the_words_of_a_person() -> None:
    crash = "raise ValueError(secret)"
    code = PROBE.format(css=str(ROOT / "tui" / "kiosk.tcss"), heavy=HEAVY).replace("self.exit()", crash)
    code = code.replace("self.loaded =", "secret = 'Soleil123'; self.loaded =")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "ValueError" in done.stderr and "Ce qui était confirmé est enregistré" in done.stderr
    assert "Soleil123" not in done.stderr + done.stdout


@contextmanager
def kiosk_in_a_terminal(database: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The kiosk as a process with a terminal of its own."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "linux", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", KIOSK, str(database)],
        cwd=ROOT, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        yield master, process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)


def read_until(master: int, wanted: bytes | None, limit_s: float = 30.0) -> bytes:
    """Everything written until ``wanted`` is there, or until the terminal is closed."""
    seen = b""
    end = time.monotonic() + limit_s
    while time.monotonic() < end and (wanted is None or wanted not in seen):
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other side is gone
                return seen
            if not chunk:
                return seen
            seen += chunk
    assert wanted is None or wanted in seen, seen[-500:]
    return seen


@pytest.mark.parametrize("way", ["ctrl-q", "SIGTERM", "SIGHUP"])
def test_it_leaves_the_terminal_as_it_was(tmp_path: Path, way: str) -> None:
    with kiosk_in_a_terminal(tmp_path / "db" / "guichet.db") as (master, process):
        read_until(master, b"GLPI non configur")
        if way == "ctrl-q":
            os.write(master, b"\x11")
        else:
            process.send_signal(getattr(signal, way))
        rest = read_until(master, None, 15.0)
        assert process.wait(15) == 0
        assert b"\x1b[?1049l" in rest and b"\x1b[?25h" in rest
        assert b"Traceback" not in rest


def test_what_is_typed_before_the_counter_is_open_is_not_lost(tmp_path: Path) -> None:
    with kiosk_in_a_terminal(tmp_path / "db" / "guichet.db") as (master, process):
        os.write(master, b"Mon imprimante ne marche plus\r")
        read_until(master, b"Vous ")
        os.write(master, b"\x11")
        read_until(master, None, 15.0)
        assert process.wait(15) == 0
