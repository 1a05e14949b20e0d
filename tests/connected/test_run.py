"""What `make run` starts: from nothing to work, money and messages, a clean stop, a start that goes on."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS
from tools.exits import Exit
from tools.stack.child import start_ticks
from tools.stack.ports import free_block, free_port
from tools.stack.processes import port_offsets

pytestmark = [pytest.mark.connected, pytest.mark.timeout(1_200)]
ROOT = Path(__file__).parents[2]
WORK = re.compile(r"calls=(\d+) slips=(\d+) .* received=([\d,.]+) CNY.* messages=(\d+) \| all ready")
SECONDS = 2 * PATIENCE_SECONDS  # eleven processes start


class Running:
    """The command as a process, and the lines it has said."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from tools.cli import app; app()", "run", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def until(self, said: re.Pattern[str], calls: int = 0) -> re.Match[str]:
        """The first line that fits and counts more calls."""
        end = time.monotonic() + SECONDS
        while True:
            for text in list(self.lines):
                found = said.search(text)
                if found is not None and int(found[1]) > calls:
                    return found
            assert self.process.poll() is None, "".join(self.lines)
            assert time.monotonic() < end, "".join(self.lines)
            time.sleep(0.1)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(SECONDS)
        self._reader.join(10)
        return code


@contextmanager
def running(environment: dict[str, str], *arguments: str) -> Iterator[Running]:
    """Never left behind."""
    command = Running(environment, *arguments)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.process.terminate()
            command.process.wait(SECONDS)
        assert command.process.stdout is not None
        command._reader.join(10)
        command.process.stdout.close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine of its own: data folder and ports that nobody uses."""
    given = ("MONGODB_URL", "KAFKA_BOOTSTRAP_SERVERS", "SMTP_HOST", "GATEWAY_URL")
    plain = {name: value for name, value in os.environ.items() if name not in given}
    ports = ("MONGODB_PORT", "KAFKA_PORT", "SMTP_PORT", "GATEWAY_PORT")
    own = {name: str(free_port()) for name in ports}
    base = str(free_block(port_offsets()))
    return plain | own | {"GUANJIA_DATA": str(tmp_path / "var"), "BASE_PORT": base, "PYTHONUNBUFFERED": "1"}


def test_a_newcomer_sees_work_money_and_messages_and_a_second_start_goes_on(
    environment: dict[str, str],
) -> None:
    with running(environment, "--rate", "40") as first:
        seen = first.until(WORK, calls=5)
        assert int(seen[2]) > 0
        assert int(seen[4]) > 0
        pids = [int(p.read_text().split('"pid": ')[1].split(",")[0]) for p in pid_files(environment)]
        assert len(pids) == 11
        assert first.stop() == Exit.OK, "".join(first.lines)
    assert not any(start_ticks(pid) for pid in pids)
    assert "Traceback" not in "".join(first.lines)
    with running(environment, "--rate", "40") as second:
        found = second.until(WORK, calls=int(seen[1]))
        assert int(found[2]) >= int(seen[2])
        assert "was there" in "".join(second.lines)
        assert second.stop() == Exit.OK


def pid_files(environment: dict[str, str]) -> list[Path]:
    """One a process: mongod, broker, four services twice, the auditor."""
    found = (Path(environment["GUANJIA_DATA"]) / "run").glob("*.json")
    return [path for path in found if path.name != "stack.json"]


@pytest.mark.parametrize("variable", ["MONGODB_PORT", "GATEWAY_PORT", "BASE_PORT"])
def test_a_port_in_use_is_one_line_and_its_code(environment: dict[str, str], variable: str) -> None:
    with socket.create_server(("127.0.0.1", int(environment[variable]))), running(environment) as command:
        code = command.process.wait(SECONDS)
    said = "".join(command.lines)
    assert code == Exit.PORT_IN_USE, said
    assert f"set {variable}" in said
    assert "Traceback" not in said


def test_a_data_folder_that_cannot_be_used_is_one_line_and_its_code(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    environment["GUANJIA_DATA"] = str(tmp_path / "file" / "var")
    with running(environment) as command:
        code = command.process.wait(SECONDS)
    assert code == Exit.DATA_FOLDER
    assert len(command.lines) == 1
