"""What surrounds a run: its folder, its journal, its last line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.chaos.facts import Accepted, Handed, Outage, Shown, Violation
from tools.chaos.facts_files import Given, Sent
from tools.chaos.facts_work import Sheet
from tools.chaos.journal import Journal
from tools.chaos.report import last_line
from tools.chaos.run import JOURNAL
from tools.exits import Exit, Stop
from tools.stack.layout import make_empty

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_the_folder_of_an_earlier_run_is_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "chaos"
    make_empty(folder, JOURNAL)
    (folder / "data").mkdir()
    make_empty(folder, JOURNAL)
    assert [path.name for path in folder.iterdir()] == [JOURNAL]


def test_no_other_folder_is_ever_deleted(tmp_path: Path) -> None:
    kept = tmp_path / "letters.txt"
    kept.write_text("mine")
    with pytest.raises(Stop) as stopped:
        make_empty(tmp_path, JOURNAL)
    assert stopped.value.code == Exit.DATA_FOLDER
    assert kept.read_text() == "mine"


def test_the_journal_gives_back_what_was_noted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / JOURNAL)
    journal.note_accepted("tower", "r1", "100001", NOW)
    journal.note_shown("tower", "r1", "SATISFIED")
    journal.note_handed("tower", "p1", "R2026-000001", 6_000)
    journal.note_sheet("tower", 2026, 7, "r1")
    journal.note_sent("tower", "u1", "aa", 12)
    journal.note_file("tower", "r1", "f1", "bb", "aa")
    journal.note_file("tower", "r1", "f2", "cc", "dd")
    journal.note_file_removed("tower", "f2")
    journal.note_down("mongod", NOW, NOW)
    journal.note_finding(Violation("answer-5xx", "intake", "500"))
    journal.close()
    assert journal.accepted == 1
    assert list(journal.all_accepted()) == [Accepted("tower", "r1", "100001")]
    assert list(journal.all_shown()) == [Shown("tower", "r1", "SATISFIED")]
    assert list(journal.all_handed()) == [Handed("tower", "p1", "R2026-000001", 6_000)]
    assert list(journal.all_sheets()) == [Sheet("tower", 2026, 7, "r1")]
    assert list(journal.all_sent()) == [Sent("tower", "u1", "aa", 12)]
    kept = Given("tower", "r1", "f1", "bb", "aa", removed=False)
    assert list(journal.all_files()) == [kept, Given("tower", "r1", "f2", "cc", "dd", removed=True)]
    assert list(journal.all_down()) == [Outage("mongod", NOW, NOW)]
    assert list(journal.all_findings()) == [Violation("answer-5xx", "intake", "500")]


def test_the_last_line_is_what_others_read() -> None:
    line = json.loads(last_line(3_000, 32, 0))
    assert line == {"name": "chaos", "requests": 3_000, "kills": 32, "violations": 0}
