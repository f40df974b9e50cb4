"""Where tokens are found, and that nothing shows them."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import SecretService
from keyring.errors import NoKeyringError

from engine import secrets
from engine.errors import ConfigError
from engine.secrets import is_present, secret

HOST = "glpi.example.org"
Choose = Callable[[KeyringBackend], None]


class Vault(SecretService.Keyring):
    """An encrypted back end without a D-Bus: the real one's method, one password."""

    entries: tuple[tuple[str, str], ...] = (("glpi_user_token@glpi.example.org", "from-keyring"),)

    def get_password(self, service: str, username: str) -> str | None:
        return dict(self.entries).get(username) if service == "guichet" else None


Vault.__module__ = SecretService.__name__


class PlainVault(Vault):
    """The same, as a back end that is not on the list."""

    __module__ = "keyrings.alt.file"


class LockedVault(Vault):
    """Waits for a prompt that nobody answers."""

    __module__ = SecretService.__name__

    def __init__(self, release: threading.Event) -> None:
        super().__init__()
        self.release = release

    def get_password(self, service: str, username: str) -> str | None:
        self.release.wait(20)
        return "too late"


class NoVault(Vault):
    """No D-Bus."""

    __module__ = SecretService.__name__

    def get_password(self, service: str, username: str) -> str | None:
        raise NoKeyringError


@pytest.fixture
def use() -> Iterator[Choose]:
    """Choose the keyring's back end as keyring itself offers it."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture
def private_file(own_environment: Path) -> Path:
    folder = own_environment / ".config" / "guichet"
    folder.mkdir(parents=True)
    file = folder / "secrets.toml"
    file.write_text('["glpi.example.org"]\nglpi_user_token = "from-file"\n[""]\nstaff_pin = "hash"\n')
    file.chmod(0o600)
    return file


def test_nothing_is_found_where_nothing_is() -> None:
    assert secret("glpi_user_token", HOST) is None
    assert not is_present("glpi_user_token", HOST)


def test_systemd_then_environment_then_keyring_then_file(
    tmp_path: Path, private_file: Path, monkeypatch: pytest.MonkeyPatch, use: Choose
) -> None:
    def found() -> tuple[str, str]:
        answer = secret("glpi_user_token", HOST)
        assert answer is not None
        return answer.value, answer.where

    assert found() == ("from-file", "file")
    use(Vault())
    assert found() == ("from-keyring", "keyring")
    monkeypatch.setenv("GLPI_USER_TOKEN", "from-environment")
    assert found() == ("from-environment", "environment")
    (tmp_path / "glpi_user_token").write_text("from-systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert found() == ("from-systemd", "systemd")


def test_what_was_stored_for_one_host_is_not_handed_to_another(private_file: Path, use: Choose) -> None:
    use(Vault())
    assert secret("glpi_user_token", "glpi.example.com") is None
    assert secret("glpi_user_token") is None
    assert secret("staff_pin") is not None


def test_a_back_end_that_keeps_plain_text_is_not_asked(use: Choose) -> None:
    use(PlainVault())
    assert secret("glpi_user_token", HOST) is None


def test_a_chain_of_back_ends_is_asked_for_its_allowed_ones(use: Choose) -> None:
    from keyring.backends.chainer import ChainerBackend

    class Chain(ChainerBackend):
        backends: tuple[KeyringBackend, ...] = (PlainVault(), NoVault(), Vault())

    use(Chain())
    answer = secret("glpi_user_token", HOST)
    assert answer is not None
    assert answer.where == "keyring"


def test_a_locked_keyring_does_not_hold_anybody_up(
    private_file: Path, use: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(secrets, "KEYRING_TIMEOUT_S", 0.05)
    use(LockedVault(release))
    answer = secret("glpi_user_token", HOST)
    release.set()
    assert answer is not None
    assert answer.where == "file"


def test_asking_whether_it_is_there_leaves_the_keyring_alone(use: Choose) -> None:
    use(Vault())
    assert not is_present("glpi_user_token", HOST)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_file_that_others_may_read_is_refused(private_file: Path, mode: int) -> None:
    private_file.chmod(mode)
    with pytest.raises(ConfigError, match=r"secrets\.toml"):
        secret("glpi_user_token", HOST)


def test_a_link_is_refused(private_file: Path) -> None:
    private_file.rename(private_file.with_name("elsewhere"))
    private_file.symlink_to("elsewhere")
    with pytest.raises(ConfigError):
        secret("glpi_user_token", HOST)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_refused(private_file: Path) -> None:
    os.chown(private_file, 12345, -1)
    with pytest.raises(ConfigError):
        secret("glpi_user_token", HOST)


def test_a_damaged_file_is_named_without_a_word_of_it(private_file: Path) -> None:
    private_file.write_text('["glpi.example.org"]\nglpi_user_token = s3cr3t')
    with pytest.raises(ConfigError) as caught:
        secret("glpi_user_token", HOST)
    error = caught.value
    assert "s3cr3t" not in f"{error} {error.fix} {error.__cause__}"
    assert error.__suppress_context__


@pytest.mark.parametrize("value", ["a\nb", "a\x1bb", "x" * 5000])
def test_a_value_that_cannot_be_sent_is_refused_unseen(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("GLPI_USER_TOKEN", value)
    with pytest.raises(ConfigError) as caught:
        secret("glpi_user_token", HOST)
    assert caught.value.source == "GLPI_USER_TOKEN"
    assert value not in str(caught.value)


def test_a_password_may_have_spaces_and_accents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLPI_PASSWORD", "  été à la mer ")
    answer = secret("glpi_password", HOST)
    assert answer is not None
    assert answer.value == "été à la mer"


def test_no_text_form_shows_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "s3cr3t")
    answer = secret("openai_api_key")
    assert answer is not None
    assert "s3cr3t" not in f"{answer} {answer!r} {[answer]}"
    assert "environment" in repr(answer)
    assert pickle.loads(pickle.dumps(answer)) == answer


def test_an_unknown_name_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="glpi_tokn"):
        secret("glpi_tokn")
