"""The embedded MongoDB: a replica set of one on loopback, with real transactions and change streams."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tools.exits import Exit, Stop
from tools.stack.child import Child
from tools.stack.layout import Layout
from tools.stack.mongod_binary import Binary, find_mongod
from tools.stack.ports import HOST, answers, free_port, require_free
from tools.stack.server import Server, clean_environment, failed, until_ready

REPLICA_SET = "guanjia"
# MongoDB does not end a transaction when its client dies: its rows stay locked for this time (default: 60 s).
TRANSACTION_LIFETIME_SECONDS = 5
CACHE_GIB = 1.0
OPLOG_MIB = 1024
START_SECONDS = 120.0
_EXIT_PORT = 48
_NOT_INITIATED = 94
_TIMEOUT_MS = 2_000


class Mongod(Server):
    """`port` 0 takes a free one at the first start and keeps it."""

    def __init__(self, layout: Layout, port: int = 0, cache_gib: float = CACHE_GIB) -> None:
        super().__init__(Child("mongod", layout, port=port))
        self._layout = layout
        self._folder = layout.data / "mongod"
        self._cache_gib = cache_gib
        self._binary: Binary | None = None

    @property
    def url(self) -> str:
        """For MONGODB_URL."""
        return f"mongodb://{HOST}:{self.child.port}/?replicaSet={REPLICA_SET}"

    async def start(self) -> None:
        """Start, make it a replica set of one, and wait until it takes writes."""
        self._binary = self._binary or find_mongod(self._layout)
        self.child.port = self.child.port or free_port()
        require_free(self.child.port, "MongoDB", "MONGODB_PORT")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Stop(
                Exit.DATA_FOLDER, f"the data folder {self._folder} cannot be used: {error.strerror}"
            ) from error
        self.child.spawn(self._command(self._binary), clean_environment() | self._binary.environment)
        await until_ready(self, self._writable, START_SECONDS, self._diagnosis)

    def _command(self, binary: Binary) -> list[str]:
        return [
            *(
                str(binary.path),
                "--dbpath",
                str(self._folder),
                "--port",
                str(self.child.port),
                "--bind_ip",
                HOST,
            ),
            *("--replSet", REPLICA_SET, "--oplogSize", str(OPLOG_MIB), "--nounixsocket", "--quiet"),
            *("--wiredTigerCacheSizeGB", str(self._cache_gib)),
            *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_LIFETIME_SECONDS}"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ]

    async def _writable(self) -> bool:
        # In a thread: a driver that is cancelled while it connects leaves its socket behind.
        return answers(self.child.port) and await asyncio.to_thread(self._is_primary)

    def _is_primary(self) -> bool:
        """Whether it takes writes; initiates the set, or renames its member when the port has changed."""
        direct = f"mongodb://{HOST}:{self.child.port}/?directConnection=true"
        client: MongoClient[dict[str, Any]]
        with MongoClient(direct, serverSelectionTimeoutMS=_TIMEOUT_MS, socketTimeoutMS=_TIMEOUT_MS) as client:
            try:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return True
                self._configure(client)
            except PyMongoError:
                return False
        return False

    def _configure(self, client: MongoClient[dict[str, Any]]) -> None:
        member = {"_id": 0, "host": f"{HOST}:{self.child.port}"}
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != _NOT_INITIATED:
                raise
            settings = {"electionTimeoutMillis": 1_000}
            new = {"_id": REPLICA_SET, "members": [member], "settings": settings}
            client.admin.command("replSetInitiate", new)
            return
        if config["members"][0]["host"] != member["host"]:
            config["members"][0]["host"] = member["host"]
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)

    def _diagnosis(self) -> Stop:
        code = self.child.exit_code
        if code is None:
            return failed(self, f"did not become ready in {START_SECONDS:.0f} s")
        if code == _EXIT_PORT:
            return Stop(Exit.PORT_IN_USE, f"port {self.child.port} (MongoDB) is in use")
        why = _first_error(self.child.log.tail(200))
        if code < 0 and not (code == -signal.SIGABRT and why):  # it aborts itself when its files are broken
            return failed(self, f"was ended by signal {-code}")
        kept = self._layout.log / "mongod.broken.log"
        shutil.copyfile(self.child.log.path, kept)
        line = f"MongoDB cannot use its data in {self._folder} ({why or f'mongod ended with {code}'}); "
        return Stop(Exit.DATA_FOLDER, f"{line}restore it from a backup or move it away; the log is {kept}")


def _first_error(lines: list[str]) -> str:
    """The most telling message of mongod's JSON log."""
    found = ""
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry.get("s") in ("E", "F") and not found:
            attr = entry.get("attr", {})
            detail = attr.get("error") or attr.get("message") or ""
            found = (
                f"{entry.get('msg', '')} {detail if isinstance(detail, str) else json.dumps(detail)}".strip()
            )
    return found[:300]
