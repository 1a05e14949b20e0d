"""What the documents name as shown by a test exists: each `pytest ...` of theirs selects something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(
    {
        (path.relative_to(ROOT).as_posix(), command)
        for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for command in re.findall(r"`pytest ([^`]+)`", path.read_text(encoding="utf-8"))
    }
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
        assert word in ("or", "and", "not") or any(word in name for name in names), (document, word)
