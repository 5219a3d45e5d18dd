"""The documents against the code: copies exact, links alive, names real, promises and their proofs together."""

import argparse
import os
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from mediafetcher.cli import parser
from mediafetcher.core.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
_PATH = re.compile(r"`((?:mediafetcher|scripts|tests|docs|web)/[\w./-]*\w/?)[`\s]")
_COMMAND = re.compile(r"`(?:mediafetcher|scripts/run) ([a-z-]+)[`\s]")
_ROW = re.compile(r"^\| P(\d+) \|[^|]*\| ([^|]*) \|$", re.MULTILINE)
_MARK = re.compile(r"mark\.promise\((\d+)\)")

each = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@each
def test_every_link_leads_somewhere(document: Path) -> None:
    local = [link for link in _LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


@each
def test_every_path_named_exists(document: Path) -> None:
    assert [path for path in _PATH.findall(document.read_text()) if not (ROOT / path).exists()] == []


@each
def test_every_setting_named_exists(document: Path) -> None:
    known = {field.name.upper() for field in fields(Settings)}
    assert set(re.findall(rf"{PREFIX}([A-Z_]*[A-Z])", document.read_text())) - known == set()


@each
def test_every_command_named_exists(document: Path) -> None:
    assert set(_COMMAND.findall(document.read_text())) - set(_choices(parser.parser())) == set()


def test_every_command_is_in_the_list_and_nothing_else() -> None:
    """With its actions, and with the flags that belong to it alone (those of `get` stand in options.md)."""
    typed = {}
    for name, command in _choices(parser.parser()).items():
        typed |= {f"{name} {action}": one for action, one in _choices(command).items()} or {name: command}
    text = (ROOT / "docs/commands.md").read_text()
    rows = {
        row: line for line, row in re.findall(r"^(\| `mediafetcher ([a-z-]+(?: [a-z-]+)?)[ `].*)$", text, re.MULTILINE)
    }
    assert set(rows) == set(typed)
    everywhere = {"--help", *re.findall(r"--[a-z0-9-]+", text.partition("| Command")[0]), parser.HERE}
    for name, command in typed.items():
        flags = {flag for action in command._actions for flag in action.option_strings if flag.startswith("--")}
        missing = flags - everywhere - set(re.findall(r"--[a-z0-9-]+", rows[name]))
        assert name == "get" or missing == set(), name


def _choices(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [action for action in command._actions if isinstance(action, argparse._SubParsersAction)]
    return found[0].choices if found else {}


def test_the_copy_for_assistants_is_exact() -> None:
    assert (ROOT / "GEMINI.md").read_bytes() == (ROOT / "docs/CONTEXT_AI.md").read_bytes()


@pytest.mark.parametrize("name", ["README.md", "README.fr.md"])
def test_the_two_commands_of_the_readme_are_there(name: str) -> None:
    text = (ROOT / name).read_text()
    for script in ("scripts/run", "scripts/test"):
        assert re.search(rf"^{script}\b", text, re.MULTILINE)
        assert os.access(ROOT / script, os.X_OK)


def test_the_summary_to_paste_has_ten_lines_and_the_words_that_count() -> None:
    text = (ROOT / "docs/CONTEXT_AI.md").read_text()
    summary = text.partition("## Summary")[2].partition("\n## ")[0]
    assert re.findall(r"^(\d+)\.", summary, re.MULTILINE) == [str(number) for number in range(1, 11)]
    for word in ("self-hosted", "Alpine", "NAS", "MP4", "Reference counting"):
        assert word in summary


def test_both_readmes_name_the_same_commands_and_settings() -> None:
    english, french = ((ROOT / name).read_text() for name in ("README.md", "README.fr.md"))
    named = re.compile(r"`scripts/run[^`]*`|MEDIAFETCHER_\w+|--[a-z-]+")
    assert set(named.findall(english)) == set(named.findall(french))


def test_the_notice_names_everything_that_is_depended_on() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    notice = (ROOT / "NOTICE.md").read_text().lower()
    names = [re.match(r"[\w-]+", one)[0].lower() for one in wanted]  # type: ignore[index]
    assert [name for name in names if name not in notice] == []


def test_module_list_names_every_module_and_no_other() -> None:
    """Both ways: each module is in the list, and each name in the list is a module."""
    picture = (ROOT / "docs/architecture.md").read_text().partition("```\nmediafetcher/")[2].partition("```")[0]
    modules = {path.name for path in (ROOT / "mediafetcher").rglob("*.py") if "migrations" not in path.parts}
    named = set(re.findall(r"\b[a-z_]+\.py\b", picture))
    assert modules - {"__init__.py", "__main__.py", "piccolo_app.py", "piccolo_conf.py"} == named


def test_files_named_in_comments_exist() -> None:
    """A comment that names a module by a part of its path names an existing one."""
    package = ROOT / "mediafetcher"
    known = {
        f"/{path.relative_to(ROOT)}"
        for top in ("mediafetcher", "tests", "scripts", "build")
        for path in (ROOT / top).rglob("*.py")
    }
    found = [
        (str(path.relative_to(ROOT)), name)
        for path in package.rglob("*.py")
        for name in re.findall(r"(?<![\w/.-])[a-z_]+(?:/\w+)+\.py\b", path.read_text())
        if not any(one.endswith(f"/{name}") for one in known)
    ]
    assert found == []


def test_promises_and_their_proofs_stand_together() -> None:
    rows = {int(number): proof for number, proof in _ROW.findall((ROOT / "docs/promises.md").read_text())}
    assert list(rows) == sorted(rows) and set(range(1, 22)) <= rows.keys()
    marked: dict[int, set[str]] = {number: set() for number in rows}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for number in _MARK.findall(path.read_text()):
            marked[int(number)].add(str(path.relative_to(ROOT)))
    named = {number: set(re.findall(r"`(tests/[\w/.-]+)`", proof)) for number, proof in rows.items()}
    assert named == marked
    assert [number for number, proof in rows.items() if bool(marked[number]) == (proof == "not yet")] == []


def test_every_control_has_its_tests() -> None:
    """The rows are whole, and each test that they name is there (a test, not only its file)."""
    rows = re.findall(r"^\| S(\d+) \| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs/security.md").read_text(), re.MULTILINE)
    numbers = [int(number) for number, _, _ in rows]
    assert numbers == sorted(set(numbers))
    for number, _, proof in rows:
        named = re.findall(r"`((?:tests|extension)/[\w./-]+)(?:::(\w+))?`", proof)
        assert named, f"S{number}"
        assert re.sub(r"`[^`]+`", "", proof).strip(" ,") == "", f"S{number} says more than its tests"
        for path, test in named:
            assert (ROOT / path).is_file(), (number, path)
            if test:
                assert re.search(rf"^(async )?def {test}\(", (ROOT / path).read_text(), re.MULTILINE), (
                    number,
                    path,
                    test,
                )
