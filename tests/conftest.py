"""What every test gets: an environment of its own, so that no setting of the machine reaches a test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

OURS = ("GUICHET_", "GLPI_", "OPENAI_", "XDG_", "CREDENTIALS_DIRECTORY", "NO_COLOR")


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable of ours is set, and the folders of the user are below ``tmp_path / "home"``."""
    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return home
