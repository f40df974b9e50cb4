"""A lease whose owner is provably dead is free."""

from __future__ import annotations

import subprocess
import sys

from engine.owner import is_dead, this_process

PRINT = "from engine.owner import this_process; print(this_process(), flush=True); input()"


def test_a_live_process_is_not_dead_and_a_killed_one_is() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PRINT], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        owner = other.stdout.readline().strip()
        assert not is_dead(owner)
        other.kill()
        other.wait()
        assert is_dead(owner)


def test_this_process_is_alive_and_one_before_the_last_boot_is_not() -> None:
    mine = this_process()
    assert not is_dead(mine)
    parts = mine.split("/")
    assert is_dead("/".join([parts[0], "00000000-0000-0000-0000-000000000000", *parts[2:]]))


def test_what_cannot_be_proven_is_not_dead() -> None:
    parts = this_process().split("/")
    assert not is_dead("kiosk")
    assert not is_dead("/".join([*parts[:2], "pid:[1]", *parts[3:]]))
