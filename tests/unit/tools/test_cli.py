"""The command: help everywhere, quick, planned ends with their exit codes, tokens the services accept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.clock import SystemClock
from shared.http.auth import Verifier
from tests.unit.tools.exports import GOOD, write_export, write_mapping
from tools.cli import app
from tools.exits import Exit
from tools.session import machine

COMMANDS = (
    *("up", "run", "demo", "import", "replay-calls", "show"),
    *("replay", "verify", "parked", "token", "bench", "chaos"),
)
runner = CliRunner()


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUANJIA_DATA", str(tmp_path / "var"))
    return tmp_path / "var"


def test_help_names_every_command_and_code() -> None:
    answer = runner.invoke(app, ["--help"])
    assert answer.exit_code == 0
    for name in COMMANDS:
        assert f" {name} " in answer.output
    assert "3 not running" in answer.output


@pytest.mark.parametrize("command", [*COMMANDS, "parked list", "parked show", "parked retry", "parked drop"])
def test_every_command_explains_itself(command: str) -> None:
    answer = runner.invoke(app, [*command.split(), "--help"])
    assert answer.exit_code == 0
    assert "Usage:" in answer.output


def test_help_is_quick_as_it_loads_little() -> None:
    """Nothing heavy is imported for it: no HTTP client, no database, no broker, no catalogue."""
    code = (
        "import sys; from tools.cli import app\n"
        "heavy = {'httpx', 'pymongo', 'aiokafka', 'fastapi', 'pydantic', 'rich.live'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["import", "calls.csv"],
        ["token", "--sub", "li", "--grant", "property:tower=emperor"],
        ["token", "--sub", "li", "--grant", "estate:tower=butler"],
        ["token", "--sub", " ", "--grant", "property:tower=butler"],
        ["replay", "intake", "--lacking", "intake"],
        ["import", "calls.csv", "-m", "no-such-mapping", "-p", "tower", "--mode", "history"],
        ["import", "no-such-file.csv", "-m", "nyc311", "-p", "tower", "--mode", "history"],
    ],
)
def test_a_wrong_command_line_ends_with_2_and_no_trace(arguments: list[str]) -> None:
    answer = runner.invoke(app, arguments)
    assert answer.exit_code == Exit.USAGE
    assert "Traceback" not in answer.output


@pytest.mark.parametrize(
    "arguments", [["parked", "list"], ["show", "r1", "-p", "tower"], ["demo"], ["verify"]], ids=" ".join
)
def test_without_a_running_platform_it_ends_with_3(arguments: list[str]) -> None:
    answer = runner.invoke(app, arguments)
    assert answer.exit_code == Exit.NOT_RUNNING
    assert "guanjia up" in answer.output


@pytest.mark.parametrize("content", ["{", "[]", '"x"', '{"JWT_SECRET": 5}', '{"JWT_SECRET": ""}'])
def test_secrets_that_cannot_be_read_end_with_5_and_stay_as_they_are(
    own_data_folder: Path, content: str
) -> None:
    machine()
    keys = own_data_folder / "secrets" / "keys.json"
    keys.write_text(content)
    answer = runner.invoke(app, ["token", "--sub", "li", "--grant", "property:tower=butler"])
    assert answer.exit_code == Exit.DATA_FOLDER
    assert "restore" in answer.output
    assert keys.read_text() == content


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"supervisor_pid": "x"}', '{"supervisor_pid": 1, "settings": 5}']
)
def test_what_does_not_say_who_runs_means_that_nobody_does(own_data_folder: Path, content: str) -> None:
    machine()
    (own_data_folder / "run" / "stack.json").write_text(content)
    answer = runner.invoke(app, ["verify"])
    assert answer.exit_code == Exit.NOT_RUNNING
    assert "guanjia up" in answer.output


def test_what_the_disk_refuses_is_one_line(own_data_folder: Path) -> None:
    (own_data_folder / "secrets" / "keys.part").mkdir(parents=True)
    answer = runner.invoke(app, ["token", "--sub", "li", "--grant", "property:tower=butler"])
    assert answer.exit_code == Exit.FAILED
    assert "keys.part: Is a directory" in answer.output
    assert "Traceback" not in answer.output


def test_started_twice_it_says_that_it_runs_already(own_data_folder: Path) -> None:
    machine()
    running = {"supervisor_pid": os.getpid(), "settings": {}}
    (own_data_folder / "run" / "stack.json").write_text(json.dumps(running))
    answer = runner.invoke(app, ["up"])
    assert answer.exit_code == Exit.DATA_FOLDER
    assert f"it runs already, on the data folder {own_data_folder}" in answer.output


def test_a_bench_deletes_no_folder_but_that_of_an_earlier_one(tmp_path: Path) -> None:
    kept = tmp_path / "letters.txt"
    kept.write_text("mine")
    answer = runner.invoke(app, ["bench", "--quick", "--data", str(tmp_path)])
    assert answer.exit_code == Exit.DATA_FOLDER
    assert kept.read_text() == "mine"


async def test_a_token_is_accepted_with_its_grants() -> None:
    arguments = [
        "token",
        "--sub",
        "li",
        "--grant",
        "property:tower=cs_officer",
        "--grant",
        "property:villa=director",
    ]
    answer = runner.invoke(app, [*arguments, "--json"])
    assert answer.exit_code == 0
    document = json.loads(answer.output)
    clock = SystemClock()
    principal = await Verifier(machine().settings, clock).principal(f"Bearer {document['token']}")
    assert principal.sub == "li"
    assert principal.roles_in("tower", clock.now()) == {"cs_officer"}
    assert principal.roles_in("villa", clock.now()) == {"director"}
    assert principal.roles_in("garden", clock.now()) == frozenset()


def importing(folder: Path, *rows: str) -> list[str]:
    """The arguments that import these rows as history."""
    calls, mapping = write_export(folder, *rows), write_mapping(folder)
    return ["import", str(calls), "-m", str(mapping), "-p", "garden", "--mode", "history"]


def test_a_dry_run_accounts_for_every_row_and_keeps_nothing(tmp_path: Path, own_data_folder: Path) -> None:
    arguments = importing(tmp_path, GOOD, GOOD.replace("水,漏水", "电,停电").replace("1,", "2,", 1))
    answer = runner.invoke(app, [*arguments, "--dry-run", "--json"])
    assert answer.exit_code == 0
    document = json.loads(answer.stdout)
    assert (document["imported"], document["skipped"], document["records"]) == (1, {"unknown category": 1}, 2)
    assert not (own_data_folder / "data" / "import").exists()


def test_bad_rows_end_with_1_and_a_table(tmp_path: Path) -> None:
    arguments = importing(tmp_path, GOOD, GOOD)
    answer = runner.invoke(app, [*arguments, "--dry-run"])
    assert answer.exit_code == Exit.PROBLEMS
    assert "1 stands in line 2 too" in answer.output
    assert "records in the file" in answer.output
    chinese = runner.invoke(app, [*arguments, "--dry-run", "--language", "zh"])
    assert "编号 1 在第 2 行已出现" in chinese.output
    assert "编号重复" in chinese.output
