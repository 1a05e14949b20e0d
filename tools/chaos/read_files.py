"""Reads the files: rows and uploads of intake, and the bytes themselves, chunk by chunk, from the store."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256

from tools.chaos.facts_files import Arrived, Blob, File
from tools.chaos.read import Stores

ADDED = "intake.attachment.added.v1"
BLOBS, BUCKET = "blobs", "blobs"


class Files:
    """The facts of one run, from the same stores at the same moment."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def files(self) -> Iterator[File]:
        """Every row of an attachment, with the hashes under which it was told."""
        told: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in self._stores.rows("intake", "outbox", "property_id", "data", type=ADDED):
            body = json.loads(row["data"])
            told[row["property_id"], body["attachment_id"]].append(body["sha256"])
        for row in self._stores.rows("intake", "attachments"):
            own = (row["property_id"], row["id"], row["request_id"], row["status"], row["bytes"])
            yield File(
                *own,
                sha256=row["sha256"],
                sent_sha256=row["received_sha256"],
                size=row["size_bytes"],
                told=tuple(told[row["property_id"], row["id"]]),
            )

    def arrived(self) -> Iterator[Arrived]:
        """Uploads that no request has taken yet."""
        fields = ("property_id", "id", "offset", "length")
        for row in self._stores.rows("intake", "uploads", *fields):
            yield Arrived(*(row[name] for name in fields))

    def blobs(self) -> Iterator[Blob]:
        """Everything in the store: the hash of the bytes that are really there, in their order."""
        for row in self._stores.rows(BLOBS, f"{BUCKET}.files", "length"):
            digest, size = sha256(), 0
            chunks = self._stores.rows(BLOBS, f"{BUCKET}.chunks", "n", "data", files_id=row["_id"])
            for chunk in sorted(chunks, key=lambda one: int(one["n"])):
                digest.update(chunk["data"])
                size += len(chunk["data"])
            yield Blob(str(row["_id"]), digest.hexdigest(), size, int(row["length"]))
