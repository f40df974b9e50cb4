"""``guichet doctor`` against every fault that can be arranged: each is named with its remedy, and hides no other."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from data.categories import SHIPPED, load_categories
from data.database import open_database
from data.outbox import Outbox
from data.records import EntryState
from data.store import Store
from engine.mapping import rewritten
from glpi.simulator import Simulator
from glpi.simulator.faults import reply
from tests.glpi.test_tls import Greeting
from tests.journeys.test_commands import PRINTER, Guichet, connected, guichet

__all__ = ["connected", "guichet"]


class Doctor:
    """Runs the command and finds a check by its title."""

    def __init__(self, guichet: Guichet, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.guichet, self.monkeypatch, self.folder = guichet, monkeypatch, folder
        self.code = -1
        self.out = ""

    def __call__(self, **environment: str) -> dict[str, dict[str, Any]]:
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        ran = self.guichet("--config", str(self.folder / "kiosk.toml"), "doctor", "--json")
        self.code, self.out = ran.code, ran.out
        return {check["name"]: check for check in json.loads(ran.out)}

    def faults(self, **environment: str) -> dict[str, str]:
        """Title to cause of what is wrong."""
        found = self(**environment)
        assert self.code == (1 if any(check["ok"] is False for check in found.values()) else 0)
        for check in found.values():
            assert set(check) == {"name", "ok", "cause", "fix"}
            assert check["ok"] is not False or check["fix"], check
        return {name: f"{check['cause']} {check['fix']}" for name, check in found.items() if check["ok"] is False}


@pytest.fixture
def doctor(guichet: Guichet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """A well kept device: every category mapped, a code of its own."""
    ids = {node.code: number for number, node in enumerate(load_categories(), start=1)}
    (tmp_path / "kiosk.toml").write_text('[kiosk]\ndevice_code = "K07"\n', "utf-8")
    (tmp_path / "categories.toml").write_text(rewritten(SHIPPED.read_text("utf-8"), ids), "utf-8")
    return Doctor(guichet, tmp_path, monkeypatch)


@pytest.fixture
def healthy(doctor: Doctor, glpi: Simulator) -> Doctor:
    """The same with a GLPI, and nothing wrong."""
    doctor.guichet.reach(glpi)
    glpi.add_ticket(name="déjà là")
    return doctor


# --- nothing wrong ----------------------------------------------------------------------------------------------------


def test_nothing_is_wrong_and_nothing_is_created(healthy: Doctor, glpi: Simulator) -> None:
    found = healthy()
    assert {name: check for name, check in found.items() if check["ok"] is not True} == {}
    assert healthy.code == 0
    assert len(found) > 25
    assert found["Horloge de GLPI"]["fix"] is None
    assert "UTC+0" in found["Fuseau horaire de GLPI"]["cause"]
    assert {request.method for request in glpi.requests} == {"GET"}
    assert len(glpi.tickets) == 1
    assert not (healthy.folder / "db" / "guichet.db").exists()
    assert glpi.open_sessions == 0


def test_no_secret_is_shown(healthy: Doctor, glpi: Simulator) -> None:
    healthy(GLPI_WEBHOOK_SECRET="un-secret-de-webhook")
    assert "glpi_user_token (environnement)" in healthy.out
    for secret in (glpi.user_token, glpi.app_token, "un-secret-de-webhook"):
        assert secret not in healthy.out


def test_without_a_glpi_the_rest_is_examined(doctor: Doctor) -> None:
    found = doctor()
    assert doctor.code == 0
    assert found["GLPI"]["ok"] is True
    assert "Adresse de GLPI" not in found
    assert "désactivé" in doctor(GLPI_API_URL="https://glpi.test", GLPI_ENABLED="false")["GLPI"]["cause"].casefold()


def test_people_get_words_and_a_remedy_on_any_terminal(healthy: Doctor, glpi: Simulator) -> None:
    glpi.category_right = False
    healthy.monkeypatch.setenv("TERM", "linux")
    healthy.monkeypatch.setenv("COLUMNS", "80")
    ran = healthy.guichet("--config", str(healthy.folder / "kiosk.toml"), "doctor")
    assert ran.code == 1
    assert not set(ran.out) & set("✔✘→")
    assert "FAUTE       Droit de lire les catégories" in ran.out
    assert "            -> Dans GLPI" in ran.out
    assert ran.out.endswith("\n1 faute(s).\n")
    assert max(len(line) for line in ran.out.splitlines() if str(healthy.folder) not in line) <= 80
    healthy.monkeypatch.setenv("TERM", "xterm")
    assert "✘ FAUTE" in healthy.guichet("--config", str(healthy.folder / "kiosk.toml"), "doctor").out


# --- address, network, TLS --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "check", "words"),
    [
        ("http://127.0.0.1:1", "Réseau vers GLPI", "Aucun service n'écoute"),
        ("https://glpi.invalid", "Réseau vers GLPI", "est inconnu"),
        ("https://127.0.0.1:1/x", "Réseau vers GLPI", "Aucun service n'écoute"),
    ],
)
def test_a_server_that_is_not_there_is_named(healthy: Doctor, address: str, check: str, words: str) -> None:
    faults = healthy.faults(GLPI_API_URL=address)
    assert set(faults) == {check}
    assert words in faults[check]


def test_what_a_fault_makes_meaningless_is_not_called_wrong(healthy: Doctor, glpi: Simulator) -> None:
    found = healthy(GLPI_API_URL="http://127.0.0.1:1")
    assert found["Connexion du compte"]["ok"] is None
    assert found["Droit de créer un ticket"]["ok"] is None
    assert found["Base de données"]["ok"] is True


@pytest.mark.parametrize("version", [10, 11])
def test_a_wrong_path_is_named(doctor: Doctor, version: int) -> None:
    with Simulator(version=version) as glpi:
        doctor.guichet.reach(glpi)
        wrong = glpi.url.replace("/apirest.php", "/ailleurs/apirest.php")
        faults = doctor.faults(GLPI_API_URL=wrong)
    assert set(faults) == {"Adresse de GLPI"}
    assert "Il n'y a pas d'API de GLPI" in faults["Adresse de GLPI"]


def test_a_server_without_tls_is_named(healthy: Doctor, glpi: Simulator) -> None:
    faults = healthy.faults(GLPI_API_URL=glpi.url.replace("http:", "https:"))
    assert set(faults) == {"Certificat TLS"}
    assert "ne parle pas TLS" in faults["Certificat TLS"]


@contextmanager
def secured(folder: Path, *, days: tuple[int, int] = (-1, 1), address: str = "127.0.0.1") -> Iterator[tuple[str, Path]]:
    """An https address whose certificate is valid between these days, for this address."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "glpi.test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = (
        builder.not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file, key_file = folder / "authority.pem", folder / "authority.key"
    file.write_bytes(certificate.public_bytes(pem))
    key_file.write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    with served(Greeting, context) as server:
        yield f"https://127.0.0.1:{server.server_address[1]}", file


@contextmanager
def served(handler: type[Greeting], context: ssl.SSLContext | None = None) -> Iterator[ThreadingHTTPServer]:
    """A server on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_unknown_authority_wants_a_ca_file(healthy: Doctor, tmp_path: Path) -> None:
    with secured(tmp_path) as (url, authority):
        faults = healthy.faults(GLPI_API_URL=url)
        assert set(faults) == {"Certificat TLS"}
        assert "ca_file" in faults["Certificat TLS"]
        found = healthy(GUICHET_GLPI__CA_FILE=str(authority))
        assert found["Certificat TLS"]["ok"] is True
        assert found["API de GLPI"]["ok"] is True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"days": (-30, -1)}, "périmé"),
        ({"days": (1, 30)}, "pas encore valable"),
        ({"address": "192.0.2.1"}, "autre nom"),
    ],
)
def test_a_bad_certificate_is_named(healthy: Doctor, tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with secured(tmp_path, **options) as (url, authority):
        faults = healthy.faults(GLPI_API_URL=url, GUICHET_GLPI__CA_FILE=str(authority))
    assert set(faults) == {"Certificat TLS"}
    assert words in faults["Certificat TLS"]


def test_a_ca_file_that_is_none_is_named(healthy: Doctor, tmp_path: Path) -> None:
    with secured(tmp_path) as (url, _authority):
        faults = healthy.faults(GLPI_API_URL=url, GUICHET_GLPI__CA_FILE=str(tmp_path / "kiosk.toml"))
    assert "ne peut pas être lu" in faults["Certificat TLS"]


# --- the API and its doors --------------------------------------------------------------------------------------------


def _off(glpi: Simulator) -> None:
    glpi.api_disabled = True


def _refused(glpi: Simulator) -> None:
    glpi.address_refused = True


def _maintenance(glpi: Simulator) -> None:
    glpi.maintenance = True


def _database(glpi: Simulator) -> None:
    glpi.database_down = True


def _gateway(glpi: Simulator) -> None:
    glpi.faults.add("status_502", method="*", path=".*", times=None)


def _redirect(glpi: Simulator) -> None:
    glpi.faults.add("redirect", method="*", path=".*", times=None)


def _stripped(glpi: Simulator) -> None:
    glpi.authorization_stripped = True


@pytest.mark.parametrize("version", [10, 11])
@pytest.mark.parametrize(
    ("break_it", "check", "words"),
    [
        (_off, "API de GLPI", "L'API est désactivée"),
        (_refused, "API de GLPI", "refuse l'adresse de cette machine"),
        (_maintenance, "API de GLPI", "en maintenance"),
        (_database, "API de GLPI", "base de données"),
        (_gateway, "API de GLPI", "pas GLPI derrière lui"),
        (_redirect, "Adresse de GLPI", "renvoie ailleurs"),
        (_stripped, "Connexion du compte", 'SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1'),
    ],
)
def test_each_closed_door_is_named(
    doctor: Doctor, version: int, break_it: Callable[[Simulator], None], check: str, words: str
) -> None:
    with Simulator(version=version) as glpi:
        doctor.guichet.reach(glpi)
        break_it(glpi)
        faults = doctor.faults()
    assert set(faults) == {check}
    assert words in faults[check]


@pytest.mark.parametrize(
    ("environment", "check", "words"),
    [
        ({"GLPI_APP_TOKEN": "faux"}, "Jeton d'application", "ne connaît pas ce jeton"),
        ({"GLPI_APP_TOKEN": ""}, "Jeton d'application", "attend un jeton d'application"),
        ({"GLPI_USER_TOKEN": "faux"}, "Connexion du compte", "compte est inactif"),
        ({"GLPI_USER_TOKEN": "copié collé".replace("é", "e")}, "Connexion du compte", "contient une espace"),
        ({"GLPI_APP_TOKEN": "deux mots"}, "Jeton d'application", "contient une espace"),
        ({"GLPI_USER_TOKEN": "", "GLPI_ENABLED": "true"}, "Connexion du compte", "ni jeton utilisateur"),
    ],
)
def test_each_wrong_token_is_named(healthy: Doctor, environment: dict[str, str], check: str, words: str) -> None:
    faults = healthy.faults(**environment)
    assert set(faults) == {check}
    assert words in faults[check]


def test_two_wrong_tokens_are_both_named(healthy: Doctor) -> None:
    faults = healthy.faults(GLPI_APP_TOKEN="un mot", GLPI_USER_TOKEN="deux mots")
    assert set(faults) == {"Jeton d'application", "Connexion du compte"}


def test_a_token_that_cannot_be_read_is_not_the_address(healthy: Doctor) -> None:
    faults = healthy.faults(GLPI_APP_TOKEN="une clé\nen deux lignes")
    assert set(faults) == {"Secrets", "Jeton d'application"}


def test_what_could_not_be_checked_is_told_in_one_go(healthy: Doctor) -> None:
    """Fourteen times the same sentence would hide the one that matters."""
    healthy.monkeypatch.setenv("GLPI_APP_TOKEN", "faux")
    out = " ".join(healthy.guichet("--config", str(healthy.folder / "kiosk.toml"), "doctor").out.split())
    assert out.count("Une autre faute empêche") == 1
    assert "Connexion du compte, API utilisée, Version de GLPI" in out
    assert "À l'heure" in out, "GLPI answered, so its clock is known"


# --- rights and settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "check"),
    [
        ("create_right", "Droit de créer un ticket"),
        ("search_right", "Droit de rechercher un utilisateur"),
        ("category_right", "Droit de lire les catégories"),
        ("private_right", "Droit d'ajouter un suivi privé"),
    ],
)
def test_each_missing_right_is_named_alone(healthy: Doctor, glpi: Simulator, switch: str, check: str) -> None:
    setattr(glpi, switch, False)
    faults = healthy.faults()
    assert set(faults) == {check}
    assert "Administration > Profils" in faults[check]


def test_a_profile_that_may_not_delete_is_no_fault(healthy: Doctor, glpi: Simulator) -> None:
    glpi.delete_right = False
    found = healthy()
    assert healthy.code == 0
    assert "lié à l'original" in found["Droit de mettre à la corbeille"]["cause"]


def test_settings_that_name_nothing_in_glpi_are_named(healthy: Doctor) -> None:
    faults = healthy.faults(GUICHET_GLPI__ENTITY="99", GUICHET_GLPI__ESCALATION_GROUP="99")
    assert {"Entité", "Groupe d'escalade"} <= set(faults)
    assert "L'entité 99 n'existe pas" in faults["Entité"]


def test_settings_that_exist_are_good(healthy: Doctor) -> None:
    found = healthy(GUICHET_GLPI__ENTITY="1", GUICHET_GLPI__ESCALATION_GROUP="1")
    assert found["Entité"]["ok"] is True
    assert found["Groupe d'escalade"]["ok"] is True


def test_fields_that_a_template_demands_and_nobody_fills_are_named(healthy: Doctor, glpi: Simulator) -> None:
    glpi.mandatory_fields = ("name", "locations_id", "actiontime")
    fields = healthy()["Champs obligatoires du gabarit"]
    assert (healthy.code, fields["ok"]) == (0, True)
    assert "champ n°\u00a045, lieu" in fields["cause"]
    assert fields["fix"]


def test_a_profile_that_may_not_read_templates_is_said(healthy: Doctor, glpi: Simulator) -> None:
    glpi.faults.clear()
    refused = reply(403, b'["ERROR_RIGHT_MISSING",""]')
    glpi.faults.add(refused, method="GET", path="/TicketTemplateMandatoryField", times=None)
    fields = healthy()["Champs obligatoires du gabarit"]
    assert (fields["ok"], "ne peut pas lire les gabarits" in fields["cause"]) == (None, True)


def test_categories_that_glpi_does_not_have_are_named(healthy: Doctor) -> None:
    text = (healthy.folder / "categories.toml").read_text("utf-8")
    (healthy.folder / "categories.toml").write_text(rewritten(text, {"04-04-printer": 4711}), "utf-8")
    faults = healthy.faults()
    assert set(faults) == {"Catégories dans GLPI"}
    assert "04-04-printer (4711)" in faults["Catégories dans GLPI"]


def test_categories_without_an_equivalent_are_named(healthy: Doctor) -> None:
    text = (healthy.folder / "categories.toml").read_text("utf-8")
    numbers = {node.code: node.glpi_id for node in load_categories(healthy.folder / "categories.toml")}
    text = text.replace(f"glpi_id = {numbers['08-security']}\n", "")
    (healthy.folder / "categories.toml").write_text(text, "utf-8")
    faults = healthy.faults()
    assert "08-security (Sécurité)" in faults["Correspondance des catégories"]
    assert "guichet categories sync" in faults["Correspondance des catégories"]


def test_a_missing_device_code_is_a_warning(healthy: Doctor) -> None:
    found = healthy(GUICHET_KIOSK__DEVICE_CODE="")
    (healthy.folder / "kiosk.toml").write_text("[kiosk]\n", "utf-8")
    found = healthy()
    assert healthy.code == 0
    assert (found["Code de l'appareil"]["ok"], bool(found["Code de l'appareil"]["fix"])) == (True, True)


# --- clock, outbox, database ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "ok", "has_fix"), [(0, True, False), (2, True, True), (-2, True, True), (9, False, True)]
)
def test_a_clock_that_differs_is_said_and_then_a_fault(doctor: Doctor, minutes: int, ok: bool, has_fix: bool) -> None:
    class Elsewhen(Greeting):
        """Its clock differs from ours."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string((timestamp or time.time()) + 60 * minutes)

    with served(Elsewhen) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        clock = doctor(GLPI_API_URL=url, GLPI_USER_TOKEN="b" * 40)["Horloge de GLPI"]
    assert (clock["ok"], bool(clock["fix"])) == (ok, has_fix)


def _stored(doctor: Doctor, now: datetime) -> tuple[Store, Outbox]:
    db = open_database(doctor.folder / "db" / "guichet.db")
    return Store(db, now=lambda: now), Outbox(db, now=lambda: now)


def test_a_ticket_that_waits_too_long_is_a_fault(healthy: Doctor, glpi: Simulator) -> None:
    glpi.stop()
    healthy.guichet("new", "--yes", "--wait", "0", stdin=PRINTER)
    found = healthy()
    assert "1 ticket(s) en attente" in found["Envois en attente"]["cause"]
    assert found["Envois en attente"]["ok"] is True
    db = open_database(healthy.folder / "db" / "guichet.db")
    db.execute(
        "UPDATE outbox SET created_at = ?", [f"{datetime.now(UTC) - timedelta(hours=26):%Y-%m-%dT%H:%M:%S.000Z}"]
    )
    db.close()
    assert "Envois en attente" in healthy.faults()


def test_a_refused_entry_is_a_fault(healthy: Doctor, glpi: Simulator) -> None:
    glpi.stop()
    healthy.guichet("new", "--yes", "--wait", "0", stdin=PRINTER)
    store, outbox = _stored(healthy, datetime.now(UTC))
    (entry, *_rest) = outbox.entries()
    outbox.settle(entry.id, EntryState.FAILED, error="ERROR_GLPI_ADD")
    store.close()
    assert "guichet outbox" in healthy.faults()["Envois en attente"]


def test_a_spent_budget_is_a_warning(healthy: Doctor) -> None:
    store, _outbox = _stored(healthy, datetime.now(UTC))
    store.add_reads(100)
    store.close()
    budget = healthy()["Budget de lecture"]
    assert (budget["ok"], "100 lecture(s) sur 100" in budget["cause"], bool(budget["fix"])) == (True, True, True)


def test_a_database_that_others_can_read_is_named_and_the_rest_examined(healthy: Doctor) -> None:
    store, _outbox = _stored(healthy, datetime.now(UTC))
    store.close()
    (healthy.folder / "db" / "guichet.db").chmod(0o644)
    faults = healthy.faults()
    assert set(faults) == {"Base de données"}
    assert "chmod" in faults["Base de données"]
    assert healthy()["Envois en attente"]["ok"] is None


def test_a_file_that_is_no_database_is_named(healthy: Doctor) -> None:
    (healthy.folder / "db").mkdir(0o700)
    (healthy.folder / "db" / "guichet.db").write_bytes(b"x" * 8192)
    (healthy.folder / "db" / "guichet.db").chmod(0o600)
    assert set(healthy.faults()) == {"Base de données"}


def test_a_model_that_does_not_answer_is_named_only_when_asked(doctor: Doctor) -> None:
    doctor.monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert doctor()["Modèle de langage"]["ok"] is True
    ran = doctor.guichet("--config", str(doctor.folder / "kiosk.toml"), "doctor", "--model", "--json")
    (model,) = [check for check in json.loads(ran.out) if check["name"] == "Modèle de langage"]
    assert (ran.code, model["ok"]) == (1, False)
    assert "http://127.0.0.1:1/v1" in model["cause"]
