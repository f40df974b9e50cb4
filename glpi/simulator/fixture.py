"""Fixtures for pytest: ``pytest_plugins = ["glpi.simulator.fixture"]`` in a conftest.py.

Source: docs/simulator.md says what can be done with them. The only module of the simulator that needs pytest.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from glpi.simulator.server import Simulator


@pytest.fixture
def glpi10() -> Iterator[Simulator]:
    """An empty GLPI 10 that listens on 127.0.0.1 during one test."""
    with Simulator(version=10) as simulator:
        yield simulator


@pytest.fixture
def glpi11() -> Iterator[Simulator]:
    """An empty GLPI 11 that listens on 127.0.0.1 during one test."""
    with Simulator(version=11) as simulator:
        yield simulator
