"""How a test session chooses its stores."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from tests.stack import VARIABLE, docker_answers, session_stack
from tools.exits import Exit, Stop


def answer(listener: socket.socket, status: str) -> None:
    """One answer of an engine."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(200)
        connection.sendall(f"HTTP/1.1 {status}\r\n\r\nOK".encode())


@pytest.mark.parametrize(
    ("status", "answers"), [("200 OK", True), ("503 Service Unavailable", False), ("", False)]
)
def test_an_engine_is_one_that_answers_its_ping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, answers: bool
) -> None:
    path = tmp_path / "s"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    assert not docker_answers(), "there is no socket yet"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        engine = threading.Thread(target=answer, args=(listener, status))
        engine.start()
        assert docker_answers() is answers
        engine.join()


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:x", "npipe://somewhere", ""])
def test_an_address_that_is_none_is_no_engine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host or "unix:///nowhere/docker.sock")
    assert not docker_answers()


def test_an_unknown_broker_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "rabbit")
    with pytest.raises(Stop, match="must be embedded or apache") as stopped, session_stack():
        pass
    assert stopped.value.code == Exit.USAGE
