"""What reaches the log, and what never does."""

from __future__ import annotations

import logging
import os
import resource
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.config import Config, DatabaseConfig, LogConfig
from engine.errors import ConfigError
from engine.logs import LogFile, log_event, open_log, short_email


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A log in use."""
    config = Config(database=DatabaseConfig(path=str(tmp_path / "new" / "guichet.db")))
    handler = open_log(config)
    yield config.log_path
    handler.close()


def lines(file: Path) -> list[str]:
    """What stands after the time."""
    return [line.partition(" | ")[2] for line in file.read_text("utf-8").splitlines()]


def record(at: str, message: str = "TICKET_CREATED") -> logging.LogRecord:
    made = logging.LogRecord("guichet", logging.INFO, __file__, 1, message, None, None)
    made.created = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    return made


def test_a_line_has_time_level_name_and_values(tmp_path: Path) -> None:
    handler = LogFile(tmp_path / "g.log", retention_days=1)
    handler.emit(record("2026-01-30T14:23:45", "TICKET_CREATED | ticket_number=TKT-2026-00123 | session_id=5f-0a"))
    handler.close()
    expected = "2026-01-30 14:23:45 | INFO | guichet | TICKET_CREATED | ticket_number=TKT-2026-00123 | session_id=5f-0a"
    assert (tmp_path / "g.log").read_text("utf-8") == f"{expected}\n"


def test_codes_numbers_and_shortened_addresses_pass(log: Path) -> None:
    mail = short_email("Jean.Dupont@Company.com")
    log_event("ANALYSIS_COMPLETED", ms=4.567, ok=True, cause=None, engine="openai/gpt-4o-mini:2024", requester=mail)
    passed = "ms=4.57 | ok=true | cause=- | engine=openai/gpt-4o-mini:2024 | requester=j…@company.com"
    assert lines(log) == [f"INFO | guichet | ANALYSIS_COMPLETED | {passed}".replace("=j…", "=J…")]


@pytest.mark.parametrize(
    "text", ["mon imprimante", "jean@company.com", "a | b=c", "é", "a\nb", "\x1b[2J", "[bold]x", "<b>", "x" * 121]
)
def test_what_a_person_may_have_written_is_withheld(log: Path, text: str) -> None:
    log_event("ANALYSIS_STARTED", session_id="5f-0a", text=text)
    (line,) = lines(log)
    assert line.startswith("INFO | guichet | ANALYSIS_STARTED | session_id=5f-0a | text=[withheld]")
    assert text not in line.replace("text=[withheld]", "")


def test_any_room_may_log_and_no_library(log: Path) -> None:
    logging.getLogger("tui.screens.intake").warning("RESULT_IGNORED | session_id=%s", "5f-0a")
    logging.getLogger("engine.delivery").info("could not send Mon imprimante")
    logging.getLogger("httpx").warning("HTTP Request: GET http://glpi/?session_token=1")
    logging.getLogger("guichet").debug("TOO_DETAILED")
    first, second = lines(log)
    assert first == "WARNING | guichet | RESULT_IGNORED | session_id=5f-0a"
    assert second.startswith("INFO | guichet | UNNAMED_EVENT | at=engine.delivery:")


def test_an_exception_leaves_no_text(log: Path) -> None:
    try:
        raise ValueError("Mon imprimante")
    except ValueError:
        logging.getLogger("guichet").exception("GLPI_SYNC_ERROR | cause=refused")
    assert lines(log) == ["ERROR | guichet | GLPI_SYNC_ERROR | cause=refused"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("jean.dupont@company.com", "j…@company.com"),
        ("a@b", "a…@b"),
        ("Jean Dupont", "…"),
        ("@company.com", "…"),
        ("jean@", "…"),
        ("jean@ex ample", "…"),
        ("", "…"),
    ],
)
def test_an_address_is_shortened(address: str, shown: str) -> None:
    assert short_email(address) == shown


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_file_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        LogFile(tmp_path / "new" / "g.log", retention_days=1).close()
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "g.log").stat().st_mode & 0o777 == 0o600


def test_a_file_left_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "g.log"
    file.touch()
    file.chmod(0o644)
    LogFile(file, retention_days=1).close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    config = replace(Config(), log=LogConfig(file=str(tmp_path)))
    with pytest.raises(ConfigError) as caught:
        open_log(config)
    assert (caught.value.key, caught.value.source) == ("log.file", str(tmp_path))


def test_each_day_has_its_file_and_old_ones_go(tmp_path: Path) -> None:
    file = tmp_path / "g.log"
    handler, other = LogFile(file, retention_days=2), LogFile(file, retention_days=2)
    for day in ("2026-01-28", "2026-01-29", "2026-01-30", "2026-01-31"):
        for process in (handler, other):
            process.emit(record(f"{day}T12:00:00"))
            moment = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
            os.utime(file, (moment, moment))
    handler.close()
    other.close()
    kept = sorted(path.name for path in tmp_path.glob("g.log*"))
    assert kept == ["g.log", "g.log.2026-01-29", "g.log.2026-01-30"]
    for path in tmp_path.glob("g.log*"):
        assert len(path.read_text().splitlines()) == 2
        assert path.stat().st_mode & 0o777 == 0o600
    assert (handler.lost, other.lost) == (0, 0)


def test_a_full_disk_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    handler = LogFile(tmp_path / "g.log", retention_days=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        handler.emit(record("2026-01-30T12:00:00"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    handler.emit(record("2026-01-30T12:00:01"))
    handler.close()
    assert handler.lost == 1
    assert len((tmp_path / "g.log").read_text().splitlines()) == 1
