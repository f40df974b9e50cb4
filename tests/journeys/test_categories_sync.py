"""``guichet categories`` and ``guichet users``: what GLPI has, proposed by name and searched without a network."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from data.categories import SHIPPED, load_categories
from glpi.simulator import Simulator
from tests.journeys.test_commands import Guichet, Result, connected, guichet

__all__ = ["connected", "guichet"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The configuration file of a site."""
    file = tmp_path / "site" / "kiosk.toml"
    file.parent.mkdir()
    file.write_text("[kiosk]\n", "utf-8")
    file.chmod(0o640)
    return file


def sync(guichet: Guichet, site: Path, *arguments: str) -> Result:
    """``guichet categories sync`` with this configuration."""
    return guichet("--config", str(site), "categories", "sync", *arguments)


# --- categories -------------------------------------------------------------------------------------------------------


def test_every_category_finds_its_equivalent_and_the_site_keeps_it(connected: Guichet, site: Path) -> None:
    done = sync(connected, site, "--json").json
    file = site.with_name("categories.toml")
    assert (done["written"], done["unmapped"], done["file"]) == (34, [], str(file))
    assert load_categories(file) != load_categories()
    assert [node.glpi_id for node in load_categories(file)] == list(range(1, 35))
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(path.name for path in site.parent.iterdir()) == ["categories.toml", "kiosk.toml"]
    again = sync(connected, site, "--json").json
    assert (again["kept"], again["written"], again["file"]) == (34, 0, None)
    listed = json.loads(connected("--config", str(site), "categories", "--json").out)
    assert all(node["mapped"] for node in listed)


def test_a_dry_run_writes_nothing(connected: Guichet, site: Path) -> None:
    shown = sync(connected, site, "--dry-run")
    assert shown.code == 0
    assert "04-04-printer  Problème d'imprimante -> " in shown.out
    assert "34 correspondance(s) à écrire" in shown.out
    assert [path.name for path in site.parent.iterdir()] == ["kiosk.toml"]


def test_a_site_keeps_its_words_and_gets_a_copy_of_what_was(connected: Guichet, site: Path) -> None:
    file = site.with_name("categories.toml")
    before = "# à nous\n" + SHIPPED.read_text("utf-8").replace("Problème d'imprimante", "Imprimantes (SAV)")
    file.write_text(before, "utf-8")
    file.chmod(0o600)
    done = sync(connected, site, "--json").json
    assert done["written"] == 33
    after = file.read_text("utf-8")
    assert after.startswith("# à nous\n")
    assert [line for line in after.splitlines() if not line.startswith("glpi_id")] == before.splitlines()
    assert file.with_name("categories.toml.bak").read_text("utf-8") == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (printer,) = [one for one in done["categories"] if one["code"] == "04-04-printer"]
    assert (printer["certainty"], printer["glpi_id"]) == ("probable", None)
    assert [one["name"] for one in printer["candidates"]] == ["Matériel > Problème d'imprimante"]


def test_without_a_configuration_file_it_is_said_and_can_be_printed(
    connected: Guichet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = connected("categories", "sync", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "no_site_file")
    printed = connected("categories", "sync", "--output", "-")
    assert printed.code == 0
    (tmp_path / "printed.toml").write_text(printed.out, "utf-8")
    assert [node.glpi_id for node in load_categories(tmp_path / "printed.toml")] == list(range(1, 35))


def test_a_folder_that_cannot_be_written_is_said(connected: Guichet, site: Path) -> None:
    (site.parent / "categories.toml.bak").mkdir()
    site.with_name("categories.toml").write_bytes(SHIPPED.read_bytes())
    refused = sync(connected, site, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "site_file")
    assert site.with_name("categories.toml").read_bytes() == SHIPPED.read_bytes()
    assert len(list(site.parent.iterdir())) == 3


def test_a_file_written_another_way_is_left_alone(connected: Guichet, site: Path) -> None:
    text = 'category = [{code = "04-hardware", name = "Matériel"}]\n'
    site.with_name("categories.toml").write_text(text, "utf-8")
    refused = sync(connected, site, "--json")
    assert refused.json["error"]["code"] == "site_file"
    assert "--dry-run" in refused.json["error"]["fix"]
    assert site.with_name("categories.toml").read_text("utf-8") == text


def test_a_profile_that_may_not_list_categories_is_named(connected: Guichet, glpi: Simulator, site: Path) -> None:
    glpi.category_right = False
    refused = sync(connected, site, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "glpi_unavailable")
    assert "guichet doctor" in refused.json["error"]["fix"]


def test_a_tree_with_other_names_shows_what_is_left(guichet: Guichet, site: Path) -> None:
    names = [(1, "Matériel"), (2, "Matériel > Imprimantes"), (3, "Matériel > IMPRIMANTE"), (4, "Messageries")]
    with Simulator(categories=names) as glpi:
        guichet.reach(glpi)
        done = sync(guichet, site, "--json").json
        shown = sync(guichet, site, "--dry-run")
    assert done["written"] == 2
    assert "01-access" in done["unmapped"]
    assert "04-04-printer" not in done["unmapped"], "its parent has one"
    assert "plusieurs possibles" in shown.out
    assert "      - 3 Matériel > IMPRIMANTE" in shown.out
    assert "ajoutez vous-même glpi_id" in shown.out


def test_without_a_glpi_the_tree_is_shown_and_a_synchronisation_refused(guichet: Guichet, site: Path) -> None:
    shown = guichet("--config", str(site), "categories")
    assert shown.code == 0
    assert "sans équivalent" in shown.out
    refused = sync(guichet, site, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "glpi_not_enabled")


# --- people -----------------------------------------------------------------------------------------------------------


def test_people_are_counted_refreshed_and_found_without_a_network(connected: Guichet, glpi: Simulator) -> None:
    assert connected("users", "--json").json == {"users": 0, "refreshed_at": None, "under_way": False}
    glpi.add_user("zboulanger", ["zoe.boulanger@exemple.fr"], realname="Boulanger", firstname="Zoé")
    done = connected("users", "sync", "--json").json
    assert (done["complete"], done["removed"], done["read"]) == (True, 0, done["users"])
    glpi.stop()
    (found,) = json.loads(connected("users", "find", "zoe", "--json").out)
    assert (found["name"], found["emails"]) == ("Zoé Boulanger", ["zoe.boulanger@exemple.fr"])
    assert "Zoé Boulanger  zoe.boulanger@exemple.fr" in connected("users", "find", "BOULANGER").out
    assert connected("users", "find", "personne-de-ce-nom").out == "Personne.\n"
    assert connected("users", "--json").json["refreshed_at"] is not None
    assert "personne(s)" in connected("users").out


def test_who_left_glpi_leaves_the_directory(connected: Guichet, glpi: Simulator) -> None:
    connected("users", "sync")
    glpi.faults.add("status_502", method="GET", path="/search/User")
    failed = connected("users", "sync", "--json")
    assert (failed.code, failed.json["error"]["code"]) == (1, "glpi_unavailable")
    assert connected("users", "--json").json["users"] > 0


def test_the_read_budget_is_kept_unless_forced(
    connected: Guichet, glpi: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_GLPI__READ_BUDGET_PER_HOUR", "10")
    for number in range(2100):
        glpi.add_user(f"p{number}", realname=f"Nom{number}")
    assert connected("users", "sync").code == 1
    again = connected("users", "sync", "--json")
    assert (again.code, again.json["complete"], again.json["requests"]) == (1, False, 0)
    forced = connected("users", "sync", "--force", "--json")
    assert (forced.code, forced.json["complete"]) == (0, True)
    assert forced.json["users"] > 2100


def test_the_directory_lists_people_to_nobody_else(connected: Guichet, monkeypatch: pytest.MonkeyPatch) -> None:
    connected("users", "sync")
    monkeypatch.setenv("GUICHET_L1__USERS", "quelqu-un-d-autre")
    for arguments in (("find", "dupont"), ("sync",)):
        refused = connected("users", *arguments, "--json")
        assert (refused.code, refused.json["error"]["code"]) == (1, "not_authorised")
    assert connected("users", "--json").json["users"] > 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("users", "find", "ab"),
        ("users", "find"),
        ("users", "sync", "dupont"),
        ("users", "--force"),
        ("categories", "--dry-run"),
        ("categories", "sync", "--dry-run", "--output", "-"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(guichet: Guichet, arguments: tuple[str, ...]) -> None:
    ran = guichet(*arguments, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")
