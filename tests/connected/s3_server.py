"""An S3-compatible server as a process of its own, on a free port of loopback."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from shared.settings import Settings
from tests.waiting import PATIENCE_SECONDS
from tools.stack.ports import free_port

BUCKET = "guanjia-test"


@dataclass(slots=True)
class S3Server:
    """Keeps everything in memory: after a restart it has forgotten."""

    port: int
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it with an empty bucket."""
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                assert httpx.put(f"{self.url}/{BUCKET}", timeout=PATIENCE_SECONDS).status_code == 200
                return
            time.sleep(0.05)
        raise TimeoutError(f"nothing listens on {self.port}")

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def on_s3(settings: Settings, server: S3Server) -> Settings:
    """The same with an S3-compatible store: nothing but settings."""
    return settings.model_copy(
        update={
            "blob_store": "s3",
            "s3_endpoint_url": server.url,
            "s3_bucket": BUCKET,
            "s3_access_key_id": SecretStr("test"),
            "s3_secret_access_key": SecretStr("test"),
            "s3_timeout_seconds": PATIENCE_SECONDS,
        }
    )


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server for one module."""
    server = S3Server(free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
