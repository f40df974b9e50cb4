"""The demonstration: its own database, an embedded GLPI that remembers, and a technician who takes tickets."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from data.records import Category
from engine.config import Config, data_folder
from engine.errors import ConfigError

if TYPE_CHECKING:
    from glpi.simulator import Simulator

_ROOMS = 9
"""So many demonstrations can run beside each other, each with its own GLPI."""
PULL_INTERVAL_S = 2


@contextmanager
def demonstration(config: Config) -> Iterator[Config]:
    """Start the embedded GLPI and give the configuration that uses it; everything ends with the block.

    Tickets of an earlier demonstration are still there, here and in its GLPI.

    Raises:
        ConfigError: There is nowhere to keep it.
    """
    from data.categories import load_categories
    from glpi.simulator import Simulator
    from glpi.simulator.technician import Technician

    with ExitStack() as stack:
        folder = stack.enter_context(_own_folder())
        tree = _completenames(load_categories())
        simulator = stack.enter_context(Simulator(categories=tree, state=folder / "glpi.db"))
        stack.enter_context(Technician(simulator))
        stack.enter_context(_tokens(simulator.app_token, simulator.user_token))
        yield replace(
            config,
            demo=True,
            glpi=replace(
                config.glpi,
                enabled=True,
                url=simulator.url,
                ca_file="",
                entity=None,
                source=None,
                escalation_group=None,
                pull_interval_s=PULL_INTERVAL_S,
                read_budget_per_hour=3600,
            ),
            kiosk=replace(config.kiosk, locked=False),
            database=replace(config.database, path=str(folder / "guichet.db"), group=""),
        )


@contextmanager
def simulator(
    config: Config, *, port: int, version: int, faults: Sequence[str] = (), state: str | None = None
) -> Iterator[Simulator]:
    """An embedded GLPI with the site's category tree, that forgets everything when it ends unless there is a state.

    Args:
        config: For the category tree.
        port: 0 takes a free one.
        version: 10 or 11.
        faults: In words, ``commit_then_drop POST /Ticket 1``.
        state: File that keeps its tickets and tokens.

    Raises:
        OSError: The port is taken.
        ValueError: One of the faults is none.
    """
    from engine.opening import categories_of
    from glpi.simulator import Simulator

    tree, kept = _completenames(categories_of(config)), Path(state) if state else None
    with Simulator(version=version, port=port, categories=tree, state=kept) as running:
        for fault in faults:
            running.faults.parse(fault)
        yield running


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder no other demonstration uses now, kept for the next time."""
    base = data_folder()
    if base is None:
        raise ConfigError("demo", "aucun dossier personnel", "Définissez HOME ou XDG_DATA_HOME.")
    for number in range(1, _ROOMS + 1):
        folder = base / ("demo" if number == 1 else f"demo-{number}")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        try:
            yield folder
        finally:
            os.close(descriptor)
        return
    raise ConfigError("demo", f"{_ROOMS} démonstrations tournent déjà", "Fermez-en une, puis recommencez.")


@contextmanager
def _tokens(app_token: str, user_token: str) -> Iterator[None]:
    """The embedded GLPI's tokens where tokens are looked for, for this process only."""
    names = {"GLPI_APP_TOKEN": app_token, "GLPI_USER_TOKEN": user_token}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _completenames(tree: Sequence[Category]) -> list[tuple[int, str]]:
    """(id, « Parent > Enfant ») for each category, ids in file order."""
    names: dict[str, str] = {}
    found: list[tuple[int, str]] = []
    for number, node in enumerate(tree, start=1):
        names[node.code] = f"{names[node.parent]} > {node.name}" if node.parent else node.name
        found.append((number, names[node.code]))
    return found
