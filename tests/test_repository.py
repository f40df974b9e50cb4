"""The rules of the house that no linter knows, over every file of the repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
HEAVY = ("openai", "httpx", "httpx2", "keyring", "pydantic", "sqlite_utils", "starlette", "uvicorn")
ROOMS = ("tui", "engine", "glpi", "data", "bench")


def tracked(*suffixes: str) -> list[Path]:
    """Files that git knows, by the end of their name."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    files = [TOP / name for name in listed.split("\0") if name.endswith(suffixes)]
    return [file for file in files if file.is_file()]


def sources(*folders: str) -> list[tuple[Path, ast.Module]]:
    """Parsed Python files below some folders."""
    files = [file for file in tracked(".py") if file.relative_to(TOP).parts[0] in folders]
    return [(file, ast.parse(file.read_text("utf-8"))) for file in files]


def loaded_by(statement: str) -> set[str]:
    """Top-level modules in ``sys.modules`` of a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True).stdout
    return {name.partition(".")[0] for name in out.split()}


def test_the_engine_does_not_load_the_terminal() -> None:
    loaded = loaded_by("import engine, engine.engine, engine.opening, engine.delivery, engine.mirror")
    assert "engine" in loaded
    assert not loaded & {"textual", "rich", "tui"}


@pytest.mark.parametrize(
    "statement",
    [
        "import engine; from engine.config import load; load()",
        "import engine.secrets; engine.secrets.is_present('glpi_user_token')",
        "import engine.logs",
        "import glpi, data.records",
        "import tui.__main__",
        "import tui.kiosk",
    ],
)
def test_nothing_heavy_is_loaded_on_the_way_to_the_first_frame(statement: str) -> None:
    assert not loaded_by(statement) & set(HEAVY)


def test_every_locked_package_has_hashes_and_no_place_is_named() -> None:
    for name in ("run", "test"):
        text = (TOP / "requirements" / f"{name}.txt").read_text("utf-8")
        entries = re.split(r"\n(?=\S)", text.strip())
        assert len(entries) > 40
        for entry in entries:
            assert re.match(r"[a-z0-9-]+==[\w.]+", entry), entry
            assert "--hash=sha256:" in entry, entry
        assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host", text)


def test_the_lock_satisfies_what_the_project_asks_for() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    for name, wanted in (("run", asked), ("test", asked + project["dependency-groups"]["test"])):
        lines = (TOP / "requirements" / f"{name}.txt").read_text("utf-8").splitlines()
        locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", "\n".join(lines), re.MULTILINE))
        for requirement in map(Requirement, wanted):
            assert requirement.specifier.contains(locked[requirement.name]), requirement


def test_every_shipped_file_gets_into_the_package() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    shipped = [file for file in tracked("") if file.relative_to(TOP).parts[0] in ("tui", "engine", "glpi", "data")]
    assert [file for file in shipped if file.suffix != ".py" and not any(map(file.match, patterns))] == []


def test_no_file_names_a_place_on_one_machine() -> None:
    path = re.compile(r"(?<![\w.])/(?:work|root|tmp/bash_jobs|opt/pypi|home/(?!user\b))[\w-]*/")
    texts = tracked(".py", ".md", ".toml", ".txt", ".tcss", ".sh", ".json", "Makefile", ".ci/run")
    found = [file for file in texts if file != Path(__file__) and path.search(file.read_text("utf-8"))]
    assert len(texts) > 50
    assert found == []


def test_no_note_to_self_is_left() -> None:
    note = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
    assert [f for f in tracked(".py", ".toml", ".tcss") if f != Path(__file__) and note.search(f.read_text())] == []


def test_there_is_no_room_for_everything_else() -> None:
    names = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert [file for file in tracked(".py") if file.name in names] == []


def test_no_error_is_swallowed_wholesale() -> None:
    """Clean up and raise again is fine."""
    broad = []
    for file, tree in sources(*ROOMS, "tests"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and ast.unparse(node.body[-1]) != "raise":
                kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                if any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in kinds):
                    broad.append(f"{file.relative_to(TOP)}:{node.lineno}")
    assert broad == []


def test_every_test_asserts_something() -> None:
    """By itself, or through a helper that does; ``until`` raises when the screen never gets there."""
    proof = r"\bassert\b|\bAssertionError\b|\braises\(|snap_compare|\bwarns\(|\bcheck_|\bassert_|\bexpect"
    functions = [
        (f"{file.relative_to(TOP)}:{node.lineno}", node.name, ast.unparse(node))
        for file, tree in sources("tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for _ in range(2):  # helpers of helpers
        helpers = {name for _, name, text in functions if not name.startswith("test_") and re.search(proof, text)}
        proof = "|".join([proof, *(rf"\b{name}\(" for name in sorted(helpers) if rf"\b{name}\(" not in proof)])
    tests = [(where, name, text) for where, name, text in functions if name.startswith("test_")]
    assert [f"{where} {name}" for where, name, text in tests if not re.search(proof, text)] == []


def test_no_test_waits_for_a_time() -> None:
    waiting = []
    for file, tree in sources("tests"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep"):
                waiting.append(f"{file.relative_to(TOP)}:{node.lineno}")
    assert waiting == []


def test_french_sentences_have_no_break_spaces() -> None:
    """A plain space before ``: ; ! ?`` or inside « » may end a line there. What is said to a model is no typography."""
    plain = re.compile(r"\w [;!?](?:\s|$)|[\wé»)] : ?(?=[\w«]|$)|« |(?<=\S) »")
    french = re.compile(r"[éèêàçùœ«»]|\b(?:le|la|les|un|une|du|de|des|est|pas|vous|votre|quel|quelle)\b", re.IGNORECASE)
    wrong = []
    for file, tree in sources("tui", "engine"):
        if "triage" in file.parts:
            continue
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        for node in (text for text in texts if id(text) not in documentation):
            if plain.search(node.value) and french.search(node.value):
                wrong.append(f"{file.relative_to(TOP)}:{node.lineno} {node.value[:60]!r}")
    assert wrong == []


def test_the_version_is_the_newest_of_the_changelog() -> None:
    version = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", (TOP / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert version in headings[:2]


def test_the_readme_names_commands_that_exist() -> None:
    readme = (TOP / "README.md").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", readme))
    assert {"run", "test"} <= named <= targets


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for file in tracked(".md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (file.parent / target).exists():
                broken.append(f"{file.relative_to(TOP)} -> {target}")
    assert broken == []
