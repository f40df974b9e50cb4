"""What a counter costs that nobody uses: the real one, connected to an embedded GLPI in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.programs import REAL, Row, table
from bench.terminal import Terminal

IDLE_S = 10.0


def measure(seconds: float = IDLE_S) -> list[Row]:
    """Open it, wait until it has loaded everything and asked GLPI once, then count."""
    with tempfile.TemporaryDirectory() as home, _glpi(Path(home)) as settings, REAL.start(Path(home), settings) as ours:
        ours.wait(lambda text: "jour" in text)
        ours.settle(1.0, 5.0)
        written, used = ours.written, _cpu_s(ours.pid)
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            ours.settle(left, left)
        share = 100 * (_cpu_s(ours.pid) - used) / seconds
        return [
            Row(f"bytes in {seconds:g} s idle", f"{ours.written - written} B", "", None, "0 B"),
            Row("processor idle", f"{share:.1f} %", "", None, "<= 1 %"),
            Row("memory idle, GLPI on", _memory(ours), "", None, "<= 60 MB"),
        ]


@contextmanager
def _glpi(home: Path) -> Iterator[dict[str, str]]:
    """``guichet simulator``, and the variables that lead to it."""
    command = [sys.executable, "-m", "tui", "simulator", "--json"]
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        access = json.loads(process.stdout.readline())
        try:
            yield {
                "GLPI_API_URL": access["url"],
                "GLPI_APP_TOKEN": access["app_token"],
                "GLPI_USER_TOKEN": access["user_token"],
            }
        finally:
            process.terminate()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(terminal: Terminal) -> str:
    lines = Path(f"/proc/{terminal.pid}/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return f"{kilobytes / 1024:.0f} MB"


if __name__ == "__main__":
    print(table(measure()))
