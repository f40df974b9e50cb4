"""The configuration as an administrator meets it."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import Config, load
from engine.config_reader import known_keys
from engine.errors import ConfigError

SHIPPED = Path(__file__).parents[2] / "kiosk.toml"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a kiosk.toml, and no file of the system."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("engine.config_reader.SYSTEM_FILE", tmp_path / "etc" / "kiosk.toml")
    return folder


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "kiosk.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def refusal(**arguments: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(**arguments)  # type: ignore[arg-type]
    return caught.value


def test_no_file_is_needed() -> None:
    assert load() == Config()


def test_the_shipped_file_says_the_defaults_and_explains_every_key() -> None:
    text = SHIPPED.read_text("utf-8")
    shipped = {f"{s}.{k}": v for s, content in tomllib.loads(text).items() for k, v in content.items()}
    section, explained = "", set()
    for line in text.splitlines():
        if head := re.fullmatch(r"\[(\w+)]", line):
            section = head[1]
        if entry := re.match(r"(?:# )?(\w+) = .+?  ?# \S", line):
            explained.add(f"{section}.{entry[1]}")
    assert explained == set(known_keys())
    left_out = set(known_keys()) - set(shipped)
    assert left_out == {"glpi.enabled", "glpi.entity", "glpi.source", "glpi.escalation_group"}
    file = write(Path.cwd(), text)
    assert load() == replace(Config(), source=str(file.name))


def test_the_first_file_found_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [tmp_path / "etc", tmp_path / "home/.config/guichet", Path.cwd(), tmp_path / "named", tmp_path / "asked"]
    seen = []
    for number, place in enumerate(places, start=1):
        place.mkdir(parents=True, exist_ok=True)
        file = write(place, f"[kiosk]\nidle_timeout_s = {number * 10}\n")
        if place.name == "named":
            monkeypatch.setenv("GUICHET_CONFIG", str(file))
        seen.append(load(str(file) if place.name == "asked" else None).kiosk.idle_timeout_s)
    assert seen == [10, 20, 30, 40, 50]


def test_a_file_asked_for_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(path="absent.toml").source == "--config"
    monkeypatch.setenv("GUICHET_CONFIG", "absent.toml")
    error = refusal()
    assert error.source == "GUICHET_CONFIG"
    assert "absent.toml" in error.problem


def test_argument_then_long_name_then_short_name_then_file(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [load().openai.model]
    write(Path.cwd(), '[openai]\nmodel = "file"\n')
    seen.append(load().openai.model)
    monkeypatch.setenv("OPENAI_MODEL", "short")
    seen.append(load().openai.model)
    monkeypatch.setenv("GUICHET_OPENAI__MODEL", "long")
    seen.append(load().openai.model)
    seen.append(load(arguments={"openai.model": "argument"}).openai.model)
    assert seen == ["gpt-4o-mini", "file", "short", "long", "argument"]


def test_the_environment_sets_every_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {
        "GUICHET_KIOSK__LOCKED": "oui",
        "GUICHET_KIOSK__IDLE_TIMEOUT_S": "30",
        "GUICHET_KIOSK__SERVICE_DAYS": "mon, sat",
        "GUICHET_TRIAGE__DEADLINE_S": "2,5",
        "GUICHET_GLPI__ENTITY": "0",
        "GUICHET_GLPI__SOURCE": "",
        "GUICHET_DATABASE": "here.db",
        "OPENAI_BASE_URL": "http://localhost:11434/v1",
    }.items():
        monkeypatch.setenv(name, text)
    config = load()
    assert (config.kiosk.locked, config.kiosk.idle_timeout_s, config.kiosk.service_days) == (True, 30, ("mon", "sat"))
    assert (config.triage.deadline_s, config.glpi.entity, config.glpi.source) == (2.5, 0, None)
    assert config.openai.base_url == "http://localhost:11434/v1"
    assert config.database_path == Path.cwd() / "here.db"


def test_an_empty_short_name_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    monkeypatch.setenv("GLPI_ENABLED", "")
    assert load() == Config()


@pytest.mark.parametrize(
    ("text", "key", "in_problem", "in_fix"),
    [
        ("[kiosk]\nlangage = 'fr'", "kiosk.langage", "n'existe pas", "kiosk.language"),
        ("[kiosk]\nbase_url = 'http://x'", "kiosk.base_url", "n'existe pas", "openai.base_url"),
        ("[kiosc]\nlanguage = 'fr'", "kiosc", "n'existe pas", "[kiosk]"),
        ("[empty]", "empty", "n'existe pas", "kiosk, l1"),
        ("language = 'fr'", "language", "aucune section", "[kiosk]"),
        ("[kiosk]\nlanguage = 'de'", "kiosk.language", "de", '"fr", "en"'),
        ("[kiosk]\nidle_timeout_s = '60'", "kiosk.idle_timeout_s", "60", "nombre entier"),
        ("[kiosk]\nidle_timeout_s = true", "kiosk.idle_timeout_s", "true", "nombre entier"),
        ("[kiosk]\nidle_timeout_s = 5", "kiosk.idle_timeout_s", "5", "10 à 3600"),
        ("[kiosk]\nlocked = 'yes'", "kiosk.locked", "yes", "true ou false"),
        ("[kiosk]\nservice_days = ['lundi']", "kiosk.service_days", "lundi", '"mon"'),
        ("[kiosk]\nservice_days = [1]", "kiosk.service_days", "1", "liste de textes"),
        ("[kiosk]\nservice_start = '8h'", "kiosk.service_start", "8h", "HH:MM"),
        ("[kiosk]\nservice_end = '07:00'", "kiosk.service_end", "08:00 – 07:00", "tardive"),
        ("[kiosk]\nclosed_dates = ['25-12']", "kiosk.closed_dates", "25-12", "12-25"),
        ("[kiosk]\nclosed_dates = ['2026-02-30']", "kiosk.closed_dates", "2026-02-30", "12-25"),
        ("[kiosk]\nclosed_dates = ['02-29', '04-31']", "kiosk.closed_dates", "04-31", "12-25"),
        ("[kiosk]\ntimezone = 'Europe/Pari'", "kiosk.timezone", "Europe/Pari", "Europe/Paris"),
        ("[kiosk]\ndevice_code = 'k 07'", "kiosk.device_code", "k 07", "K07"),
        ('[kiosk]\nphone = "01\\u001b[2J"', "kiosk.phone", "caractère de commande", "Retirez"),
        ("[triage]\nauto_validate = 1.5", "triage.auto_validate", "1.5", "0 à 1"),
        ("[triage]\nauto_validate = nan", "triage.auto_validate", "nan", "0 à 1"),
        ("[triage]\nauto_validate = 0.5", "triage.auto_validate", "auto_validate = 0.5,", "0.85, 0.60"),
        ("[triage]\nask_clarification = 0.7", "triage.ask_clarification", "ask_clarification = 0.7", "0.85, 0.60"),
        ("[triage]\ndeadline_s = 0", "triage.deadline_s", "0", "1 à 60"),
        ("[glpi]\nurl = 'glpi.example.org'", "glpi.url", "glpi.example.org", "https://"),
        ("[glpi]\nurl = 'ftp://glpi.example.org'", "glpi.url", "ftp", "https://"),
        ("[glpi]\nurl = 'https://h:port/'", "glpi.url", "h:port", "https://"),
        ("[glpi]\nurl = 'https://h/?a=1'", "glpi.url", "a=1", "Retirez"),
        ("[glpi]\nurl = 'http://glpi.example.org'", "glpi.url", "http://glpi.example.org", "allow_plain_http"),
        ("[glpi]\nurl = 'http://127.0.0.1.example.org'", "glpi.url", "127.0.0.1.example.org", "allow_plain_http"),
        ("[glpi]\nenabled = true", "glpi.enabled", "sans adresse", "https://"),
        ("[glpi]\nca_file = 'absent.pem'", "glpi.ca_file", "absent.pem", "PEM"),
        ("[openai]\nbase_url = 'http://10.0.0.5:11434/v1'", "openai.base_url", "10.0.0.5", "[openai]"),
        ("[openai]\nbase_url = 'model'", "openai.base_url", "model", "11434"),
        ("[database]\ngroup = 'absent'", "database.group", "absent", "groupadd absent"),
        ("[l1]\ngroup = 'absent'", "l1.group", "absent", "groupadd absent"),
        ("[openai]\nbase_url = ''", "openai.base_url", "forme", "11434"),
        ("[kiosk]\nlanguage = fr", "kiosk.toml", "ligne 2, colonne 12", "Corrigez"),
        ("[kiosk]\nlanguage = ", "kiosk.toml", "à la fin", "Corrigez"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_fix(text: str, key: str, in_problem: str, in_fix: str) -> None:
    write(Path.cwd(), text)
    error = refusal()
    assert error.key == key
    assert in_problem in error.problem
    assert in_fix in error.fix
    assert error.source == "kiosk.toml"


@pytest.mark.parametrize(
    ("variable", "text", "key"),
    [
        ("GUICHET_KIOSK__IDLE_TIMEOUT", "30", "kiosk.idle_timeout"),
        ("GUICHET_NOWHERE__KEY", "30", "nowhere"),
        ("GUICHET_KIOSK__LOCKED", "peut-être", "kiosk.locked"),
        ("GUICHET_TRIAGE__MAX_ATTEMPTS", "trois", "triage.max_attempts"),
        ("GLPI_ENABLED", "2", "glpi.enabled"),
        ("GLPI_API_URL", "glpi", "glpi.url"),
        ("GUICHET_TRIAGE__CONFIRM_SUMMARY", "0.9", "triage.confirm_summary"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, text: str, key: str) -> None:
    monkeypatch.setenv(variable, text)
    error = refusal()
    assert (error.key, error.source) == (key, variable)


def test_of_several_settings_the_one_that_was_changed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path.cwd(), SHIPPED.read_text("utf-8"))
    monkeypatch.setenv("GUICHET_TRIAGE__CONFIRM_SUMMARY", "0.95")
    error = refusal()
    assert (error.key, error.source) == ("triage.confirm_summary", "GUICHET_TRIAGE__CONFIRM_SUMMARY")
    monkeypatch.delenv("GUICHET_TRIAGE__CONFIRM_SUMMARY")
    write(Path.cwd(), SHIPPED.read_text("utf-8").replace("ask_clarification = 0.30", "ask_clarification = 0.80"))
    assert refusal().key == "triage.ask_clarification"


def test_a_secret_in_the_file_is_refused_and_not_repeated() -> None:
    write(Path.cwd(), "[glpi]\nuser_token = 'abcdef0123456789'\n")
    error = refusal()
    assert error.key == "glpi.user_token"
    assert "secret" in error.fix
    write(Path.cwd(), "[glpi]\nurl = 'https://bob:abcdef0123456789@h/'\n")
    assert "abcdef" not in f"{error} {error.fix} {refusal()} {refusal().fix}"


def test_plain_http_is_accepted_on_this_machine_or_when_allowed() -> None:
    for url in ("http://127.0.0.1:8080/apirest.php", "http://[::1]/apirest.php", "http://localhost/glpi"):
        write(Path.cwd(), f"[glpi]\nurl = '{url}'\n")
        assert load().glpi.url == url
    write(Path.cwd(), "[glpi]\nurl = 'http://glpi.lan'\nallow_plain_http = true\n")
    assert load().glpi.url == "http://glpi.lan"


@pytest.mark.parametrize("mode", [0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(mode: int) -> None:
    write(Path.cwd(), "", mode)
    error = refusal()
    assert (error.key, error.source) == ("kiosk.toml", "kiosk.toml")
    assert "chmod go-w" in error.fix


def test_a_file_that_a_shared_group_may_write_is_refused() -> None:
    file = write(Path.cwd(), "")
    groups = [gid for gid in os.getgroups() if gid != os.getegid()]
    if os.geteuid() != 0 and not groups:
        pytest.skip("needs a second group")
    os.chown(file, -1, groups[0] if groups else 1)
    file.chmod(0o660)
    assert "chmod go-w" in refusal().fix


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_refused() -> None:
    os.chown(write(Path.cwd(), ""), 12345, -1)
    assert "quelqu'un d'autre" in refusal().problem


def test_what_is_no_file_is_refused_without_waiting() -> None:
    os.mkfifo("kiosk.toml", 0o600)
    assert refusal().problem == "ce n'est pas un fichier ordinaire"


def test_a_folder_is_not_a_file() -> None:
    os.mkdir("folder")
    with pytest.raises(ConfigError, match="ce n'est pas un fichier ordinaire"):
        load("folder")


def test_an_address_and_a_token_enable_glpi_unless_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLPI_API_URL", "https://glpi.example.org/apirest.php")
    assert not load().glpi.enabled
    monkeypatch.setenv("GLPI_USER_TOKEN", "t0ken")
    assert load().glpi.enabled
    write(Path.cwd(), "[glpi]\nenabled = false\n")
    assert not load().glpi.enabled


def test_paths_in_a_file_start_at_that_file(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    config = load(str(write(folder, "[database]\npath = 'g.db'\n[log]\nfile = '~/g.log'\n")))
    assert config.database_path == folder / "g.db"
    assert config.log_path == tmp_path / "home" / "g.log"


def test_the_database_is_in_the_data_folder_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().database_path == tmp_path / "home/.local/share/guichet/guichet.db"
    assert load().log_path == tmp_path / "home/.local/share/guichet/guichet.log"
    assert replace(load(), demo=True).database_path.name == "demo.db"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert load().database_path == Path("/data/guichet/guichet.db")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert load().database_path == tmp_path / "home/.local/share/guichet/guichet.db"


@pytest.mark.parametrize("home", ["", "relative"])
def test_without_a_home_the_database_needs_a_path(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    """A file at the root of the machine or wherever the command was started is found by nobody."""
    monkeypatch.setenv("HOME", home)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    with pytest.raises(ConfigError, match=r"database\.path"):
        _ = load().database_path
