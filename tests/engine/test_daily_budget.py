"""The calls of the day, counted by all processes of one device."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.triage.daily_budget import DailyBudget

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def budget(limit: int, path: Path | None, *, day: int = 22) -> DailyBudget:
    return DailyBudget(limit, lambda: NOON.replace(day=day), path)


def test_the_budget_is_new_at_midnight_utc(tmp_path: Path) -> None:
    for path in (None, tmp_path / "guichet.calls"):
        days = iter([NOON, NOON, NOON.replace(day=23), NOON.replace(day=23)])
        counted = DailyBudget(1, lambda days=days: next(days), path)  # type: ignore[misc]
        assert [counted.take() for _ in range(4)] == [True, False, True, False]


def test_two_of_them_share_what_one_day_allows(tmp_path: Path) -> None:
    one, other = (budget(3, tmp_path / "guichet.calls") for _ in range(2))
    assert [counted.take() for counted in (one, other, one, other, one)] == [True, True, True, False, False]


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    assert budget(1, tmp_path / "guichet.calls").take()
    assert not budget(1, tmp_path / "guichet.calls").take()
    assert budget(1, tmp_path / "guichet.calls", day=23).take()


def test_a_budget_of_none_calls_nobody(tmp_path: Path) -> None:
    assert not budget(0, tmp_path / "guichet.calls").take()


def test_many_processes_at_once_take_exactly_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "guichet.calls"
    code = (
        "import sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from engine.triage.daily_budget import DailyBudget\n"
        "counted = DailyBudget(500, lambda: datetime(2026, 11, 22, tzinfo=UTC), Path(sys.argv[1]))\n"
        "print(sum(counted.take() for _ in range(200)))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert sum(int(process.communicate()[0]) for process in running) == 500
    assert path.read_text() == "2026-11-22 500\n"


def test_the_file_is_private_and_says_how_many(tmp_path: Path) -> None:
    path = tmp_path / "guichet.calls"
    assert budget(5, path).take()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "2026-11-22 1\n"


def test_with_a_group_it_counts_too(tmp_path: Path) -> None:
    path = tmp_path / "guichet.calls"
    before = os.umask(0o077)
    try:
        assert DailyBudget(5, lambda: NOON, path, is_shared=True).take()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.parametrize("text", ["", "hello", "2026-11-22 many\n", "2026-11-22 9", "2027-01-01 9\n", "\0" * 100])
def test_a_line_that_says_nothing_of_today_is_written_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "guichet.calls"
    path.write_text(text)
    counted = budget(2, path)
    assert [counted.take() for _ in range(3)] == [True, True, False]
    assert path.read_text() == "2026-11-22 2\n"


@pytest.mark.parametrize("kind", ["missing_folder", "link", "folder", "pipe", "everybody's"])
def test_where_it_cannot_be_trusted_the_process_counts_for_itself(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "guichet.calls"
    match kind:
        case "missing_folder":
            path = tmp_path / "nowhere" / "guichet.calls"
        case "link":
            path.symlink_to(tmp_path / "elsewhere")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.write_text("2026-11-22 0\n")
            path.chmod(0o666)
    counted = budget(2, path)
    assert [counted.take() for _ in range(3)] == [True, True, False]
    assert not (tmp_path / "elsewhere").exists()
    assert not (tmp_path / "nowhere").exists()
