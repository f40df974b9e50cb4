"""Reads engine/opening.py: which client the configuration and the secrets that there are make."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from engine.config import GlpiConfig
from engine.opening import connect
from glpi.highlevel import HighLevelClient
from glpi.legacy import LegacyClient
from glpi.simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def given(monkeypatch: pytest.MonkeyPatch, simulator: Simulator, *, oauth: bool, token: str | None) -> None:
    oauth_client = simulator.highlevel.oauth
    secrets = {
        "GLPI_APP_TOKEN": simulator.app_token if token else "",
        "GLPI_USER_TOKEN": token or "",
        "GLPI_CLIENT_ID": oauth_client.client_id if oauth else "",
        "GLPI_CLIENT_SECRET": oauth_client.client_secret if oauth else "",
        "GLPI_USERNAME": "svc-borne" if oauth else "",
        "GLPI_PASSWORD": simulator.passwords["svc-borne"] if oauth else "",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("api", "oauth", "token", "kind"),
    [
        ("auto", True, "good", LegacyClient),
        ("auto", True, "x" * 40, HighLevelClient),
        ("auto", True, None, HighLevelClient),
        ("auto", False, "good", LegacyClient),
        ("highlevel", True, "good", HighLevelClient),
        ("legacy", True, "x" * 40, LegacyClient),
    ],
)
async def test_the_client_is_the_one_that_glpi_takes(
    monkeypatch: pytest.MonkeyPatch, simulator: Simulator, api: str, oauth: bool, token: str | None, kind: type
) -> None:
    given(monkeypatch, simulator, oauth=oauth, token=simulator.user_token if token == "good" else token)
    config = GlpiConfig(enabled=True, url=simulator.url, api=api)
    client = await asyncio.to_thread(connect, config)
    assert client is not None
    await client.aclose()
    assert type(client) is kind


def test_the_api_that_is_not_spoken_is_not_loaded() -> None:
    """Its models are five megabytes of a kiosk's memory."""
    code = """
import sys
from engine.config import GlpiConfig
from engine.opening import connect
assert connect(GlpiConfig(enabled=True, url="http://127.0.0.1:9/apirest.php")) is not None
print([name for name in sys.modules if "highlevel" in name])
"""
    environment = os.environ | {"GLPI_USER_TOKEN": "x" * 40, "GLPI_CLIENT_ID": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "[]\n"
