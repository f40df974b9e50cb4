"""``guichet webhook``: receives GLPI's webhooks, and keeps the exchange with GLPI going while it does.

What a delivery means is ``engine.webhooks``; this module is its HTTP side, one line of text or JSON a delivery.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import ipaddress
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine import Config, GuichetError, StoreUnavailable
from engine.engine import Engine
from engine.secrets import secret
from engine.webhooks import LONGEST_BODY, Outcome, Receipt, Webhooks
from tui.cli import output
from tui.cli.happenings import say
from tui.language import _

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

_SECRET = "glpi_webhook_secret"
_BODY_TIMEOUT_S = 10.0
_CONNECTIONS = 64
_STATUS: Mapping[str, int] = {"no_signature": 401, "wrong_signature": 401, "too_large": 413}
"""Of a refusal by its reason; 400 for all others. GLPI tries again after each of them."""


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Receive until SIGTERM or Ctrl-C."""
    problem = _missing(config)
    address = _address(arguments.listen)
    if address is None:
        message = _("{address} n'est pas une adresse d'écoute.").format(address=arguments.listen)
        problem = output.Problem("listen", message, _("Par exemple : --listen 127.0.0.1:8765."))
    if problem is not None or address is None:
        output.print_problem(problem or _no_port(arguments.listen), as_json=arguments.json)
        return output.USAGE
    try:
        with _opened(address) as opened:
            return asyncio.run(_serve(opened, arguments, config))
    except OSError:
        output.print_problem(_no_port(arguments.listen), as_json=arguments.json)
        return output.ERROR
    except GuichetError as error:
        output.print_problem(output.problem_of(error, config), as_json=arguments.json)
        return output.exit_code_of(error)


def _missing(config: Config) -> output.Problem | None:
    """What stands in the way before anything is opened."""
    if not all(importlib.util.find_spec(name) for name in ("starlette", "uvicorn")):
        message = _("La réception des webhooks n'est pas installée.")
        return output.Problem("webhook_extra", message, _("Installez-la : pip install 'guichet[webhook]'."))
    if secret(_SECRET, _host(config)) is None:
        message = _("Le secret des webhooks manque : sans lui, n'importe qui serait cru.")
        fix = _("Donnez-le dans GLPI_WEBHOOK_SECRET, le même que dans la fiche du webhook de GLPI.")
        return output.Problem("webhook_secret", message, fix)
    return None


def _host(config: Config) -> str:
    return urlsplit(config.glpi.url).hostname or ""


def _no_port(listen: str) -> output.Problem:
    message = _("L'adresse {address} ne peut pas être ouverte.").format(address=listen)
    return output.Problem("port_unavailable", message, _("Choisissez-en une autre avec --listen."))


def _address(text: str) -> tuple[str, int] | None:
    """(host, port) of ``127.0.0.1:8765`` or ``[::1]:8765``."""
    host, _colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65_535:
        return None
    return host, int(port)


@contextmanager
def _opened(address: tuple[str, int]) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.create_server(address, family=family) as opened:
        yield opened


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(opened: socket.socket, arguments: argparse.Namespace, config: Config) -> int:
    import uvicorn

    found = secret(_SECRET, _host(config))
    assert found is not None, "it was there a moment ago"
    engine = Engine.open(config, role="command")
    try:
        app = application(engine.webhooks(found.value), as_json=arguments.json)
        settings = uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
            proxy_headers=False, limit_concurrency=_CONNECTIONS, timeout_graceful_shutdown=3,
        )  # fmt: skip

        class Server(uvicorn.Server):
            """Leaves signals to us."""

            @contextmanager
            def capture_signals(self) -> Iterator[None]:
                """They are not captured."""
                yield

        server = Server(settings)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(name, _end, server)
        _announce(opened, as_json=arguments.json)
        await _beside(engine, server, opened, as_json=arguments.json)
    finally:
        await engine.aclose()
    return output.DONE


def _end(server: object) -> None:
    server.should_exit = True  # type: ignore[attr-defined]


async def _beside(engine: Engine, server: object, opened: socket.socket, *, as_json: bool) -> None:
    """The server until its end, and the exchange with GLPI beside it."""
    following = asyncio.create_task(_follow(engine, as_json=as_json))
    serving = asyncio.create_task(server.serve(sockets=[opened]))  # type: ignore[attr-defined]
    try:
        await asyncio.wait({following, serving}, return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            _end(server)
        await serving
    finally:
        following.cancel()
        await asyncio.wait({following})
    if not following.cancelled():
        following.result()


async def _follow(engine: Engine, *, as_json: bool) -> None:
    """Send and pull, and say what happened."""
    async with aclosing(engine.deliveries()) as events:
        async for event in events:
            say(event, as_json=as_json)


def _announce(opened: socket.socket, *, as_json: bool) -> None:
    host, port = opened.getsockname()[:2]
    url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    _say({"event": "listening", "url": url}, _("À l'écoute sur {url}").format(url=url), as_json=as_json)
    if not _is_loopback(host):
        message = _("Tout le réseau peut joindre cette adresse, sans chiffrement.")
        fix = _("Préférez 127.0.0.1, derrière un serveur web en HTTPS.")
        output.print_problem(output.Problem("not_loopback", message, fix), as_json=False)


def application(webhooks: Webhooks, *, as_json: bool) -> Starlette:
    """The HTTP side: POST takes a delivery on any path, ``GET ?crc_token=`` answers the challenge."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect
    from starlette.responses import JSONResponse, PlainTextResponse
    from starlette.routing import Route

    def told(receipt: Receipt) -> Response:
        _tell(receipt, as_json=as_json)
        if receipt.reason is None:
            return JSONResponse({"ok": True, "outcome": receipt.outcome.value})
        return JSONResponse({"ok": False, "error": receipt.reason.value}, _STATUS.get(receipt.reason.value, 400))

    async def hear(request: Request) -> Response:
        if request.method == "GET":
            answer = webhooks.challenge(request.query_params.get("crc_token", ""))
            if answer is not None:
                return PlainTextResponse(answer)
            _tell(Receipt(Outcome.REFUSED), as_json=as_json, otherwise="wrong_challenge")
            return JSONResponse({"ok": False, "error": "wrong_challenge"}, 401)
        try:
            async with asyncio.timeout(_BODY_TIMEOUT_S):
                body = await _body(request)
            return told(webhooks.refuse_size() if body is None else webhooks.receive(body, dict(request.headers)))
        except StoreUnavailable:
            return JSONResponse({"ok": False, "error": "store_unavailable"}, 503)
        except (TimeoutError, ClientDisconnect):
            return JSONResponse({"ok": False, "error": "too_slow"}, 408)

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        return JSONResponse({"ok": False, "error": f"http_{status}"}, status, headers)

    route = Route("/{path:path}", hear, methods=["GET", "POST"])
    return Starlette(routes=[route], exception_handlers={HTTPException: refuse})


async def _body(request: Request) -> bytes | None:
    """The whole body; None when it is too long, the rest being left unread."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_BODY:
            return None
    return bytes(body)


def _tell(receipt: Receipt, *, as_json: bool, otherwise: str | None = None) -> None:
    """One line a delivery; ``otherwise``: the reason of what was refused before it was one."""
    said = {
        "event": "delivery",
        "outcome": receipt.outcome.value,
        "ticket_number": receipt.ticket_number,
        "glpi": receipt.glpi_ticket_id,
        "kind": receipt.kind,
        "reason": receipt.reason.value if receipt.reason is not None else otherwise,
    }
    _say(said, _sentence(receipt), as_json=as_json)


def _say(said: Mapping[str, object], words: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json(said)
    else:
        output.write(f"{words}\n")


def _sentence(receipt: Receipt) -> str:
    match receipt.outcome:
        case Outcome.ACCEPTED:
            return _("Accepté : {number} sera relu.").format(number=receipt.ticket_number)
        case Outcome.REPEATED:
            return _("Déjà reçu : ticket GLPI n° {glpi}.").format(glpi=receipt.glpi_ticket_id)
        case Outcome.IGNORED:
            return _("Ignoré : le ticket GLPI n° {glpi} n'est pas d'ici.").format(glpi=receipt.glpi_ticket_id)
        case Outcome.REFUSED:
            return _("Refusé : {why}.").format(why=_(_WHY[receipt.reason.value if receipt.reason else "challenge"]))


_WHY: Mapping[str, str] = {
    "no_signature": "sans signature",
    "wrong_signature": "mauvaise signature (le secret est-il le même des deux côtés ?)",
    "stale": "trop ancien (plus de trois jours)",
    "future": "daté de l'avenir (vérifiez les horloges)",
    "too_large": "plus d'un mégaoctet",
    "not_json": "ce n'est pas du JSON",
    "no_ticket": "aucun ticket n'y est nommé",
    "challenge": "défi fait avec un autre secret",
}
