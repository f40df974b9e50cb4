"""Reads glpi/exchange.py: whom an https address is believed."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from glpi.errors import NotSent
from glpi.legacy import LegacyClient

x509 = pytest.importorskip("cryptography.x509")


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "glpi.test")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(secret)
    return folder / "certificate.pem", folder / "key.pem"


class Greeting(BaseHTTPRequestHandler):
    """Answers a probe as GLPI does."""

    def do_GET(self) -> None:
        body = b'["ERROR_LOGIN_PARAMETERS_MISSING",""]'
        self.send_response(400)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path)[0]


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    """An https address with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeting) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def test_a_private_authority_is_believed_where_it_is_configured(url: str, certificate: Path) -> None:
    client = LegacyClient(url, "a" * 40, "b" * 40, ca_file=str(certificate))
    await client.probe()
    assert client.requests == 1
    await client.aclose()


async def test_an_unknown_authority_is_not_believed(url: str) -> None:
    client = LegacyClient(url, "a" * 40, "b" * 40)
    with pytest.raises(NotSent) as error:
        await client.probe()
    assert error.value.code == "TLS_CERTIFICATE"
    await client.aclose()
