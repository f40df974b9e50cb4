"""Pull and drain beside the plain loop that a user of an existing client would write, on the same simulated GLPI.

    pip install glpi-api glpi-utils
    python -m bench.glpi_peers

The loop of the pull asks for every known ticket and its follow-ups; the loop of the drain posts every ticket and its
private note, and neither looks whether it arrived, who asks, or what is there already. Both packages are only called
(GPL-3.0 and AGPL-3.0); neither is a dependency.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bench.counter import confirmed, knows
from bench.programs import Row, table
from bench.sync import CHANGED, MAIL, change, site
from glpi.simulator import Simulator

KNOWN, TICKETS = 1000, 100


@dataclass(frozen=True)
class Peer:
    """Another client: how it reads a ticket with its follow-ups, and how it creates one with a note."""

    name: str
    module: str
    connect: Callable[[Any, Simulator], Any]
    read: Callable[[Any, int], object]
    create: Callable[[Any, dict[str, object], str], object]


def _glpi_api(module: Any, glpi: Simulator) -> Any:
    return module.GLPI(glpi.url, glpi.app_token, glpi.user_token)


def _glpi_api_read(api: Any, number: int) -> object:
    return api.get_item("Ticket", number), api.get_sub_items("Ticket", number, "ITILFollowup")


def _glpi_api_create(api: Any, ticket: dict[str, object], note: str) -> object:
    (made,) = api.add("Ticket", ticket)
    given = {"itemtype": "Ticket", "items_id": made["id"], "content": note, "is_private": 1}
    return api.add("ITILFollowup", given)


def _glpi_utils(module: Any, glpi: Simulator) -> Any:
    api = module.GlpiAPI(url=glpi.url.removesuffix("/apirest.php"), app_token=glpi.app_token)
    api.login(user_token=glpi.user_token)
    return api


def _glpi_utils_read(api: Any, number: int) -> object:
    return api.get_item("Ticket", number), api.get_sub_items("Ticket", number, "ITILFollowup")


def _glpi_utils_create(api: Any, ticket: dict[str, object], note: str) -> object:
    made = api.create_item("Ticket", ticket)
    given = {"itemtype": "Ticket", "items_id": made["id"], "content": note, "is_private": 1}
    return api.create_item("ITILFollowup", given)


PEERS = (
    Peer("glpi-api", "glpi_api", _glpi_api, _glpi_api_read, _glpi_api_create),
    Peer("glpi-utils", "glpi_utils", _glpi_utils, _glpi_utils_read, _glpi_utils_create),
)


def _timed(glpi: Simulator, work: Callable[[], object]) -> tuple[float, int]:
    glpi.requests.clear()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun, len(glpi.requests)


async def _pulls(peers: list[Peer]) -> dict[str, tuple[float, int]]:
    with site() as (engine, glpi, clock, path):
        ids = knows(engine, glpi, path, KNOWN)
        clock.at += timedelta(hours=1)
        glpi.take(ids[-1])
        await engine.sync("pull")
        clock.at += timedelta(hours=1)
        change(glpi, ids)
        glpi.requests.clear()
        begun = time.perf_counter()
        counts = await engine.sync("pull")
        found = {"guichet": (time.perf_counter() - begun, len(glpi.requests))}
        if counts["pulled"] != CHANGED:
            raise RuntimeError(f"{counts['pulled']} pulled")
        for peer in peers:
            api = peer.connect(importlib.import_module(peer.module), glpi)
            found[peer.name] = _timed(glpi, lambda api=api, read=peer.read: [read(api, number) for number in ids])  # type: ignore[misc]
        await engine._delivery.aclose()
    return found


async def _drains(peers: list[Peer]) -> dict[str, tuple[float, int]]:
    with site() as (engine, glpi, clock, _):
        for number in range(TICKETS):
            confirmed(engine, clock(), number, requester=MAIL.format(number))
        begun = time.perf_counter()
        await engine.sync("push")
        found = {"guichet": (time.perf_counter() - begun, len(glpi.requests))}
        rows = list(glpi.tickets.values())
        if engine.outbox() or len(rows) != TICKETS:
            raise RuntimeError("not everything arrived")
        given = [{name: row[name] for name in ("name", "content", "urgency", "impact", "type")} for row in rows]
        for peer in peers:
            api = peer.connect(importlib.import_module(peer.module), glpi)

            def loop(api: Any = api, peer: Peer = peer) -> None:
                for ticket in given:
                    peer.create(api, ticket, "Analyse IA")

            found[peer.name] = _timed(glpi, loop)
        await engine._delivery.aclose()
    return found


def measure() -> list[Row]:
    """Each of ours beside each of theirs; a sentence for who is not installed."""
    logging.getLogger("guichet").setLevel(logging.CRITICAL)
    peers = [peer for peer in PEERS if importlib.util.find_spec(peer.module)]
    for peer in PEERS:
        if peer not in peers:
            print(f"{peer.name} is not installed and is left out: pip install {peer.name}", file=sys.stderr)
    rows = []
    for what, found in (
        (f"pull of {CHANGED} changes among {KNOWN}", asyncio.run(_pulls(peers))),
        (f"drain of {TICKETS} tickets", asyncio.run(_drains(peers))),
    ):
        seconds, requests = found.pop("guichet")
        ours = f"{seconds:.2f} s, {requests} requests"
        rows += [Row(what, ours)] if not found else []
        for name, (theirs_s, asked) in found.items():
            rows.append(Row(f"{what}, {name}", ours, f"{theirs_s:.2f} s, {asked} requests", seconds / theirs_s))
    return rows


if __name__ == "__main__":
    print(table(measure()))
