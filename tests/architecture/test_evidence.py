"""What the documents quote is there: each `pytest ...` selects something, each `guanjia ...` can be given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tools.cli import app

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
}
COMMANDS = sorted(
    {(name, command) for name, text in DOCUMENTS.items() for command in re.findall(r"`pytest ([^`]+)`", text)}
)


def names_in(place: Path) -> set[str]:
    """The names of tests, and of their files, in a file or folder."""
    files = [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    found = {path.stem for path in files}
    for path in files:
        found |= set(re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")))
    return found


def test_the_documents_name_tests() -> None:
    assert len(COMMANDS) > 20


@pytest.mark.parametrize(("document", "command"), COMMANDS)
def test_what_a_document_names_is_there(document: str, command: str) -> None:
    places = [ROOT / word for word in command.split() if word.startswith("tests")]
    assert places, document
    missing = [place.name for place in places if not place.exists()]
    assert not missing, document
    names = set().union(*(names_in(place) for place in places))
    chosen = re.search(r'-k ("[^"]+"|\S+)', command)
    for word in re.findall(r"\w+", chosen[1] if chosen else ""):
        assert word in ("or", "and", "not") or any(word.lower() in name for name in names), (document, word)


PROCEDURES = {f"P{n:03}" for n in (*range(1, 4), *range(8, 39), 127)}
RULES = {f"R{n}" for n in (1, 2, 5, 6, 7, 8, 9, 18, 19, 20)}
ROWS = re.findall(
    r"^\| ([PR]\d[PR\d, ]*) \|.*\| (.*) \|$", (ROOT / "docs/procedures.md").read_text("utf-8"), re.M
)


def test_every_procedure_and_rule_of_separation_has_its_evidence() -> None:
    named = {number for numbers, _ in ROWS for number in numbers.split(", ")}
    assert named == PROCEDURES | RULES


@pytest.mark.parametrize(("numbers", "shown"), ROWS)
def test_the_evidence_of_a_rule_is_a_test_on_real_stores_named_by_it(numbers: str, shown: str) -> None:
    tests, cases = re.findall(r"`(\w+)`", shown), re.findall(r'"([^"]+)"', shown)
    assert tests or cases
    assert set(tests) <= names_in(ROOT / "tests" / "connected"), numbers
    refused = (ROOT / "tests" / "connected" / "test_bad_input.py").read_text(encoding="utf-8")
    assert [case for case in cases if f'"{case}":' not in refused] == [], numbers
    for number in numbers.split(", "):
        assert any(number.lower() in name.lower() for name in (*tests, *cases)), number


TOLD = [
    (name, words)
    for name, text in DOCUMENTS.items()
    for said in re.findall(r"(?:`|^\$ |^)(guanjia [a-z][^`\n]*)", text, re.MULTILINE)
    if (words := shlex.split(re.split("# | > ", said)[0]))
]


@pytest.mark.parametrize(("document", "words"), TOLD)
def test_a_command_a_document_quotes_can_be_given_so(document: str, words: list[str]) -> None:
    command: Any = get_command(app)
    words = words[1:]
    while hasattr(command, "commands") and words:
        name = words.pop(0).rstrip(":")
        assert name in command.commands, (document, name)
        command = command.commands[name]
    options = {flag: one for one in command.params for flag in one.opts if flag.startswith("-")}
    given = iter(words)
    places = 0
    for word in given:
        if not word.startswith("-"):
            places += 1
            continue
        assert word in options, (document, word)
        if not options[word].is_flag:
            next(given)
    wanted = [one for one in command.params if one.param_type_name == "argument"]
    assert places in (0, len(wanted)), (document, words)
