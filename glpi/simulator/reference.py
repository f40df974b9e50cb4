"""Long answers of a GLPI as it is after installation: configuration, preferences, search options, empty columns.

Source: the recorded exchanges with 10.0.19 and 11.0.6; what is an account's own is null and filled in by whoever asks.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def reference(version: int) -> dict[str, Any]:
    """``config``, ``session``, ``profile``, ``user`` and ``ticket_options`` of a version; not to be changed."""
    # Of 12 nothing was recorded: what its sources say of these answers is what 11 says.
    text = files("glpi.simulator").joinpath(f"reference_{min(version, 11)}.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
