"""The parts of the stack that decide: backoff, health, logs, ports, secrets, counting, finding programs."""

from __future__ import annotations

import random
import socket
import stat
import struct
from pathlib import Path

import pytest

from tools.exits import Exit, Stop
from tools.stack import health
from tools.stack.backoff import FIRST_SECONDS, LONGEST_SECONDS, STEADY_SECONDS, Backoff
from tools.stack.health import Patient
from tools.stack.keys import MAKERS, machine_keys
from tools.stack.layout import Layout
from tools.stack.logfile import LogFile
from tools.stack.ports import FIRST, HOST, LAST, free_block, is_free, require_free
from tools.stack.processes import port_offsets, require_ports
from tools.stack.recycle import count_batches
from tools.stack.stack import StackOptions, settings_of


def test_waits_grow_to_a_limit_and_a_steady_run_resets_them() -> None:
    backoff, now, waits = Backoff(), 100.0, []
    for _ in range(10):
        backoff.started(now)
        waits.append(backoff.ended(now + 1))
    assert waits[0] == FIRST_SECONDS
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_SECONDS
    backoff.started(now)
    assert backoff.ended(now + STEADY_SECONDS) == FIRST_SECONDS
    assert backoff.ends == 11


def test_a_process_that_answers_nothing_for_long_is_stuck() -> None:
    patient = Patient()
    assert patient.seen(1, live=False, ready=False, now=0.0) == "well", "it is starting"
    assert patient.seen(1, live=False, ready=False, now=health.SILENT_SECONDS_MAX) == "unready"
    assert patient.seen(1, live=False, ready=False, now=health.SILENT_SECONDS_MAX + 1) == "stuck"
    assert patient.seen(2, live=False, ready=False, now=health.SILENT_SECONDS_MAX + 2) == "well", (
        "a new start"
    )


def test_a_process_that_is_not_ready_is_reported_once_and_never_killed() -> None:
    patient, verdicts = Patient(), []
    for now in range(0, 600, 5):
        verdicts.append(patient.seen(1, live=True, ready=False, now=float(now)))
    assert verdicts.count("unready") == 1
    assert "stuck" not in verdicts
    assert patient.seen(1, live=True, ready=True, now=600.0) == "ready again"
    assert patient.seen(1, live=True, ready=True, now=601.0) == "well"


def test_an_auditor_that_is_long_not_ready_is_stuck() -> None:
    patient = Patient(must_be_ready=True)
    assert patient.seen(1, live=True, ready=True, now=0.0) == "well"
    limit = health.AUDITOR_UNREADY_SECONDS_MAX
    assert patient.seen(1, live=True, ready=False, now=limit) != "stuck"
    assert patient.seen(1, live=True, ready=False, now=limit + 1) == "stuck"


def test_a_log_never_grows_beyond_its_limit_and_a_writer_goes_on(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log", bytes_max=100, keep=2)
    with log.open() as writer:
        for number in range(50):
            writer.write(f"line {number:02} {'x' * 20}\n".encode())
            writer.flush()
            log.rotate_if_large()
        assert log.tail(1)[0].startswith("line 49") or not log.tail(1)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"x.log", "x.log.1", "x.log.2"}
    assert all(size < 200 for size in sizes.values()), sizes


def test_the_tail_of_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert LogFile(tmp_path / "none.log").tail() == []


def test_a_taken_port_is_not_free_and_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(
            Stop, match=f"port {port} \\(MongoDB\\) is in use; .* set MONGODB_PORT"
        ) as stopped:
            require_free(port, "MongoDB", "MONGODB_PORT")
    assert stopped.value.code == Exit.PORT_IN_USE
    assert is_free(port)


def test_a_free_block_has_every_port_free_outside_the_range_of_clients() -> None:
    base = free_block(port_offsets())
    ports = [base + offset for offset in port_offsets()]
    assert len(set(ports)) == 9, "four services with two roles each, and the auditor"
    assert all(is_free(port) and FIRST <= port <= LAST for port in ports)


def test_secrets_are_made_once_and_only_for_this_user(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in MAKERS:
        monkeypatch.delenv(name, raising=False)
    first = machine_keys(layout)
    assert set(first) == set(MAKERS)
    assert all(first.values())
    assert machine_keys(layout) == first
    path = layout.secrets / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(layout.secrets.stat().st_mode) == 0o700
    monkeypatch.setenv("JWT_SECRET", "given")
    assert machine_keys(layout) == first | {"JWT_SECRET": "given"}
    monkeypatch.delenv("JWT_SECRET")
    assert machine_keys(layout) == first, "a given secret is not kept"


def test_secrets_that_cannot_be_read_are_never_replaced(layout: Layout) -> None:
    path = layout.secrets / "keys.json"
    path.write_text("{ torn")
    with pytest.raises(Stop, match="restore the file from its backup") as stopped:
        machine_keys(layout)
    assert stopped.value.code == Exit.DATA_FOLDER
    assert path.read_text() == "{ torn"


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Stop, match="cannot be used") as stopped:
        Layout(tmp_path / "file" / "var").create()
    assert stopped.value.code == Exit.DATA_FOLDER


def test_a_half_written_status_counts_as_none(layout: Layout) -> None:
    layout.write_run("stack.json", {"a": 1})
    assert layout.read_run("stack.json") == {"a": 1}
    (layout.run / "stack.json").write_text('{"a"')
    assert layout.read_run("stack.json") is None


def test_a_wrong_setting_is_one_line_that_names_it() -> None:
    with pytest.raises(Stop, match="KAFKA_ASSIGNMENT=some") as stopped:
        settings_of({"KAFKA_ASSIGNMENT": "some"})
    assert stopped.value.code == Exit.USAGE


@pytest.mark.parametrize("text", ["99999", "x", "-1"])
def test_a_wrong_port_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MONGODB_PORT", text)
    with pytest.raises(Stop, match=f"MONGODB_PORT={text} is not a port") as stopped:
        StackOptions.from_environment()
    assert stopped.value.code == Exit.USAGE


def test_a_wrong_setting_of_a_service_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMIT_TIMEOUT_SECONDS", "soon")
    with pytest.raises(Stop, match="COMMIT_TIMEOUT_SECONDS=soon") as stopped:
        StackOptions.from_environment()
    assert stopped.value.code == Exit.USAGE


@pytest.mark.parametrize(("offset", "name"), [(1, "dispatch-front"), (10, "intake-bulk"), (20, "auditor")])
def test_a_taken_port_of_any_process_is_told_before_anything_starts(offset: int, name: str) -> None:
    base = free_block(port_offsets())
    require_ports(base)
    with socket.socket() as taken:
        taken.bind((HOST, base + offset))
        taken.listen()
        with pytest.raises(Stop, match=f"port {base + offset} \\({name}\\) is in use"):
            require_ports(base)


def batch(offset: int, records: int, size: int) -> bytes:
    """The bytes of a record batch as far as counting looks at them."""
    body = bytearray(max(49, size))
    struct.pack_into(">i", body, 23 - 12, records - 1)
    return struct.pack(">qi", offset, len(body)) + bytes(body)


def test_batches_are_counted_whole_and_a_cut_one_is_left(seed: int) -> None:
    dice, data, offset, sizes = random.Random(seed), b"", 0, []
    for _ in range(dice.randint(1, 30)):
        records = dice.randint(1, 50)
        data += batch(offset, records, dice.randint(49, 300))
        offset += records
        sizes.append(len(data))
    assert count_batches(data, 0) == (len(sizes), offset)
    cut = dice.randint(0, len(data))
    assert count_batches(data[:cut], 0)[0] == sum(size <= cut for size in sizes)
    assert count_batches(b"", 7) == (0, 7)
