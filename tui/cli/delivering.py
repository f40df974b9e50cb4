"""Every command that writes tries one delivery, for as long as ``--wait`` says."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing, suppress

from engine.engine import Engine


async def wait_for_glpi(engine: Engine, ticket_number: str, wait_s: float) -> None:
    """Try to send the ticket. A signal ends the waiting, not the answer: the ticket is there."""

    async def send() -> None:
        async with aclosing(engine.deliver(wait_s=wait_s, ticket_number=ticket_number)) as events:
            async for _event in events:
                pass

    sending = asyncio.ensure_future(send())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, sending.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await sending
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
