"""A small clean world for the checker's own tests: recorded once from a real run without kills, then copied.

A test harms its copy through `Copy`; what it touched is put back afterwards.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection

from shared.settings import Settings
from tests.waiting import PATIENCE_SECONDS
from tools.chaos.checker import Evidence, Findings, check
from tools.chaos.journal import Journal
from tools.chaos.read import SERVICES, Stores, connect
from tools.chaos.read_files import BLOBS
from tools.chaos.run import Options, World, play, world
from tools.chaos.settle import Settling
from tools.chaos.visits import Visit

SETTLE_SECONDS = 2 * PATIENCE_SECONDS
DATABASES = (*SERVICES, BLOBS)
SEED = 11
KINDS: tuple[tuple[Literal["call", "life"], str], ...] = (
    ("life", "indoor"),
    ("life", "car_late"),
    ("life", "cancelled"),
    ("life", "withdrawn"),
    ("life", "refused_slip"),
    ("life", "not_satisfied"),
    ("life", "called_back"),
    ("life", "leak"),
    ("life", "joined"),
    ("life", "on_paper"),
    ("life", "complaint"),
    ("life", "complaint"),
    ("life", "unfounded"),
    ("life", "inquiry"),
    ("life", "message"),
    ("life", "files"),
    ("life", "files"),
    ("call", "complaint_overdue"),
    ("call", "raised"),
    ("call", "overdue"),
    ("call", "overdue"),
    ("call", "car"),
    ("call", "emergency"),
    *[("call", "urgent"), ("call", "general")] * 6,
)
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
Document = dict[str, Any]
Databases = dict[str, dict[str, list[RawBSONDocument]]]


@dataclass(frozen=True, slots=True)
class Recording:
    """A world at rest: its documents byte for byte, its journal and logs, and the moment it was checked."""

    databases: Databases
    folder: Path
    settings: Settings
    now: datetime
    findings: Findings


def record(folder: Path) -> Recording:
    """Run the small world, check it, and keep what is there."""
    return asyncio.run(_record(folder))


async def _record(folder: Path) -> Recording:
    lines: list[str] = []
    options = Options(
        data=folder / "run",
        visits=tuple(Visit(n, "tower", kind, what, n * 0.1) for n, (kind, what) in enumerate(KINDS)),
        kill_count=0,
        seed=SEED,
        gateway_faults=False,
        auditor=False,
    )
    async with world(options, lines.append) as there:
        await play(there, lines.append)
        settling = Settling(there.supervisor, there.stores, lines.append)
        assert await settling.run(SETTLE_SECONDS), (settling.missing, lines[-5:])
        evidence = there.evidence(settling)
        findings = await check(evidence)
        kept = folder / "kept"
        kept.mkdir()
        for path in (there.journal.path, evidence.sms_log, evidence.mail_log):
            shutil.copyfile(path, kept / path.name)
        databases = await asyncio.to_thread(_read, there)
        return Recording(databases, kept, evidence.settings, evidence.now, findings)


def _read(there: World) -> Databases:
    client: MongoClient[Document]
    with MongoClient(there.stack.mongodb_url) as client:
        prefix = evidence_prefix(there)
        found: Databases = {}
        for service in DATABASES:
            db = client[prefix + service].with_options(RAW)
            found[service] = {name: list(db[name].find()) for name in db.list_collection_names()}
        return found


def evidence_prefix(there: World) -> str:
    """The prefix of the databases of a world."""
    return there.supervisor.settings.database_prefix


@dataclass
class Copy:
    """The recorded world in a MongoDB of its own names; one test harms it, then it is put back."""

    recording: Recording
    settings: Settings
    folder: Path
    client: MongoClient[Document] = field(init=False)
    _touched: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.client = connect(self.settings.mongodb_url)
        for service, collections in self.recording.databases.items():
            for name in collections:
                self._fill(service, name)
        self._copy_files()

    def of(self, service: str, collection: str) -> Collection[Document]:
        """A collection to read and harm."""
        self._touched.add((service, collection))
        return self.client[self.settings.database(service)][collection]

    def one(self, service: str, collection: str, **query: Any) -> Document:
        """Some document that fits; the same in every run of the recording."""
        found = self.of(service, collection).find_one(query, sort=[("_id", 1)])
        assert found is not None, f"the small world has no {collection} with {query}"
        return found

    def rewrite(self, name: str, change: Callable[[list[Document]], list[Document]]) -> None:
        """Change the rows of the journal or of a gateway's log."""
        path = self.folder / name
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        text = "".join(json.dumps(row) + "\n" for row in change(rows))
        path.write_text(text, encoding="utf-8")

    def check(self) -> Findings:
        """What the checker says of it now."""
        evidence = Evidence(
            Stores(self.client, self.settings.database_prefix),
            Journal(self.folder / "journal.jsonl"),
            self.folder / "sms.jsonl",
            self.folder / "smtp.jsonl",
            now=self.recording.now,
            settings=self.settings,
        )
        return asyncio.run(check(evidence))

    def heal(self) -> None:
        """Put back what was touched."""
        for service, name in self._touched:
            self.client[self.settings.database(service)][name].delete_many({})
            self._fill(service, name)
        self._touched.clear()
        self._copy_files()

    def drop(self) -> None:
        """Leave nothing behind."""
        for service in DATABASES:
            self.client.drop_database(self.settings.database(service))
        self.client.close()

    def _fill(self, service: str, name: str) -> None:
        documents = self.recording.databases[service].get(name)
        if documents:
            collection = self.client[self.settings.database(service)][name]
            collection.with_options(RAW).insert_many(documents)

    def _copy_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.recording.folder.iterdir():
            shutil.copyfile(path, self.folder / path.name)
