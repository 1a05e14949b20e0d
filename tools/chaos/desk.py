"""The desk as chaos plays it: never gives up, uses ids of its own, and writes down what it was told."""

from __future__ import annotations

import asyncio
from typing import Any

from shared.clock import SystemClock
from shared.ids import new_id
from tools.chaos.facts import Violation
from tools.chaos.journal import Journal
from tools.client import Addresses, ApiError, Client, Json
from tools.demo.desk import Desk
from tools.demo.group import Estate
from tools.session import Machine

PATIENCE_SECONDS = 600.0
TRY_AGAIN_SECONDS = 1.0
MISTAKE = 500
ENDS = frozenset({"SATISFIED", "WITHDRAWN", "CANCELLED", "ANSWERED", "JOINED"})


class StubbornClient(Client):
    """Repeats each call, under its key, until it is answered; an answer of 5xx but 503 is a finding."""

    def __init__(self, addresses: Addresses, token: str, journal: Journal) -> None:
        super().__init__(addresses, token, patience_seconds=PATIENCE_SECONDS)
        self._journal = journal

    async def _call(self, service: str, method: str, path: str, **more: Any) -> Json:
        while True:
            try:
                return await super()._call(service, method, path, **more)
            except ApiError as error:
                if error.status < MISTAKE:
                    raise
                found = Violation("answer-5xx", f"{service} {method} {path}", str(error))
                self._journal.note_finding(found)
            await asyncio.sleep(TRY_AGAIN_SECONDS)


class ChaosDesk(Desk):
    """One property under chaos."""

    wait_seconds = PATIENCE_SECONDS
    look_every_seconds = 1.0  # many look at once, and what is measured is something else

    def __init__(self, machine: Machine, estate: Estate, connections: Client, journal: Journal) -> None:
        super().__init__(machine, estate, connections)
        self._journal = journal

    async def request(self, contact: Json, *, role: str = "cs_officer", key: str = "", **body: Any) -> Json:
        """Accept a request about a recorded contact."""
        return await self.accept({"contact_id": contact["id"], **body}, role=role)

    async def accept(self, body: Json, *, role: str = "cs_officer") -> Json:
        """Send a request under an id and a key of our own until it is accepted."""
        sent = {"request_id": new_id(), **body}
        answer = await self.as_role(role).post("intake", f"{self.base}/requests", sent, key=new_id())
        if answer["id"] != sent["request_id"]:
            found = Violation(
                "answer-foreign", f"{self.estate.id}:{sent['request_id']}", f"got {answer['id']}"
            )
            self._journal.note_finding(found)
        now = SystemClock().now()
        self._journal.note_accepted(self.estate.id, sent["request_id"], answer["reference"], now)
        return answer

    async def request_until(self, request_id: str, what: str, **wanted: Any) -> Json:
        """The request once it is as wanted; an end is written down."""
        found = await super().request_until(request_id, what, **wanted)
        if found["status"] in ENDS:
            self._journal.note_shown(self.estate.id, request_id, found["status"])
        return found

    async def pay(self, request_id: str, purpose: str, amount: Json, method: str = "cash") -> Json:
        """Pay, and keep the receipt."""
        paid = await super().pay(request_id, purpose, amount, method)
        minor = paid["amount"]["amount_minor"]
        self._journal.note_handed(self.estate.id, paid["payment_id"], paid["receipt"], minor)
        return paid

    # --- what was told besides, for the checker -----------------------------------------------------------

    def note(self, rule: str, where: str, what: str) -> None:
        """Something wrong was noticed."""
        self._journal.note_finding(Violation(rule, f"{self.estate.id}:{where}", what))

    def note_sheet(self, slip: str, request_id: str) -> None:
        """A number on paper was used by a request, or (empty) is void."""
        year, _, number = slip.partition("-")
        self._journal.note_sheet(self.estate.id, int(year), int(number), request_id)

    def note_sent(self, upload_id: str, sha256: str, size: int) -> None:
        """The last byte of an upload was taken."""
        self._journal.note_sent(self.estate.id, upload_id, sha256, size)

    def note_file(self, request_id: str, attachment_id: str, sha256: str, sent_sha256: str) -> None:
        """A file was added."""
        self._journal.note_file(self.estate.id, request_id, attachment_id, sha256, sent_sha256)

    def note_file_removed(self, attachment_id: str) -> None:
        """A file was taken away."""
        self._journal.note_file_removed(self.estate.id, attachment_id)
