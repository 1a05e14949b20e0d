"""The journal of a run: what clients were told, and which process was killed when. One JSON object a line.

It is the checker's only knowledge of what was promised; services never see it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from tools.chaos.facts import Accepted, Handed, Outage, Shown, Violation
from tools.chaos.facts_files import Given, Sent
from tools.chaos.facts_work import Sheet

Row = dict[str, Any]
ACCEPTED, SHOWN, HANDED, DOWN, FINDING = "accepted", "shown", "handed", "down", "finding"
SHEET, SENT, FILE, FILE_REMOVED = "sheet", "sent", "file", "file_removed"


class Journal:
    """Appends rows to its file and reads them back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.accepted = 0
        self._file: TextIO | None = None

    def note_accepted(self, property_id: str, request_id: str, reference: str, at: datetime) -> None:
        """A request got its 2xx."""
        self.accepted += 1
        self._write(ACCEPTED, property_id, request_id=request_id, reference=reference, at=at.isoformat())

    def note_shown(self, property_id: str, request_id: str, status: str) -> None:
        """A client saw the end of a request."""
        self._write(SHOWN, property_id, request_id=request_id, status=status)

    def note_handed(self, property_id: str, payment_id: str, receipt: str, amount_minor: int) -> None:
        """A receipt was handed out."""
        own = {"payment_id": payment_id, "receipt": receipt}
        self._write(HANDED, property_id, amount_minor=amount_minor, **own)

    def note_sheet(self, property_id: str, year: int, number: int, request_id: str) -> None:
        """A number on paper was used by a request; empty: it was made void."""
        self._write(SHEET, property_id, year=year, number=number, request_id=request_id)

    def note_sent(self, property_id: str, upload_id: str, sha256: str, size: int) -> None:
        """The last byte of an upload was taken."""
        self._write(SENT, property_id, upload_id=upload_id, sha256=sha256, size=size)

    def note_file(
        self, property_id: str, request_id: str, attachment_id: str, sha256: str, sent_sha256: str
    ) -> None:
        """A file was added to a request."""
        own = {"request_id": request_id, "attachment_id": attachment_id}
        self._write(FILE, property_id, **own, sha256=sha256, sent_sha256=sent_sha256)

    def note_file_removed(self, property_id: str, attachment_id: str) -> None:
        """A file was taken away again."""
        self._write(FILE_REMOVED, property_id, attachment_id=attachment_id)

    def note_down(self, process: str, since: datetime, until: datetime) -> None:
        """A process was down."""
        self._write(DOWN, "", process=process, since=since.isoformat(), until=until.isoformat())

    def note_finding(self, found: Violation) -> None:
        """Something wrong was noticed while the load ran: an answer that must not be, a process not back."""
        self._write(FINDING, "", rule=found.rule, where=found.where, what=found.what)

    def close(self) -> None:
        """Write to the end."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def all_accepted(self) -> Iterator[Accepted]:
        """Every accepted request."""
        for row in self._rows(ACCEPTED):
            yield Accepted(row["property_id"], row["request_id"], row["reference"])

    def all_shown(self) -> Iterator[Shown]:
        """Every end that was shown."""
        for row in self._rows(SHOWN):
            yield Shown(row["property_id"], row["request_id"], row["status"])

    def all_handed(self) -> Iterator[Handed]:
        """Every receipt that was handed out."""
        for row in self._rows(HANDED):
            own = (row["property_id"], row["payment_id"], row["receipt"])
            yield Handed(*own, amount_minor=row["amount_minor"])

    def all_sheets(self) -> Iterator[Sheet]:
        """Every number on paper that was settled."""
        for row in self._rows(SHEET):
            yield Sheet(row["property_id"], row["year"], row["number"], row["request_id"])

    def all_sent(self) -> Iterator[Sent]:
        """Every upload that was complete."""
        for row in self._rows(SENT):
            yield Sent(row["property_id"], row["upload_id"], row["sha256"], row["size"])

    def all_files(self) -> Iterator[Given]:
        """Every file that was added, and whether it was taken away."""
        gone = {(row["property_id"], row["attachment_id"]) for row in self._rows(FILE_REMOVED)}
        names = ("property_id", "request_id", "attachment_id", "sha256", "sent_sha256")
        for row in self._rows(FILE):
            removed = (row["property_id"], row["attachment_id"]) in gone
            yield Given(**{name: row[name] for name in names}, removed=removed)

    def all_down(self) -> Iterator[Outage]:
        """Every outage."""
        for row in self._rows(DOWN):
            since, until = (datetime.fromisoformat(row[name]) for name in ("since", "until"))
            yield Outage(row["process"], since, until)

    def all_findings(self) -> Iterator[Violation]:
        """Everything noticed while the load ran."""
        for row in self._rows(FINDING):
            yield Violation(row["rule"], row["where"], row["what"])

    def _write(self, kind: str, property_id: str, **more: str | int) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8")
        row = {"kind": kind, "property_id": property_id, **more}
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._file.flush()

    def _rows(self, kind: str) -> Iterator[Row]:
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["kind"] == kind:
                    yield row
