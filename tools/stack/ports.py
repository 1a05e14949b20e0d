"""Ports on loopback: a free one, a free block, and a clear line when one is taken.

Free ports are taken below the range from which the system picks ports for clients: a server that is killed
and started again on its port must not find a client's connection there.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections import deque
from collections.abc import Iterable

from tools.exits import Exit, Stop

HOST = "127.0.0.1"
FIRST, LAST = 20_000, 32_000
_TRIES = 500
_lately: deque[int] = deque(maxlen=500)  # given out, and perhaps not yet listened on


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port nobody listens on at this moment."""
    return free_block([0])


def free_block(offsets: Iterable[int]) -> int:
    """A base port so that base + each offset is free; nobody else in this process was given them lately.

    Raises Stop (port) if there is none.
    """
    wanted = list(offsets)
    for _ in range(_TRIES):
        base = FIRST + secrets.randbelow(LAST - FIRST - max(wanted))
        ports = [base + offset for offset in wanted]
        if not any(port in _lately for port in ports) and all(map(is_free, ports)):
            _lately.extend(ports)
            return base
    raise Stop(Exit.PORT_IN_USE, "no free block of ports was found")


def require_free(port: int, purpose: str, variable: str) -> None:
    """Raises Stop (port) with one line that names the port, what it is for and how to choose another."""
    if not is_free(port):
        line = f"port {port} ({purpose}) is in use; stop what listens there or set {variable}"
        raise Stop(Exit.PORT_IN_USE, line)


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
