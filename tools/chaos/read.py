"""Reads the facts: plain PyMongo over the four databases, and the gateways' own files. No code of a service.

Every collection is read once, streamed, with only the fields a rule needs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database

from tools.chaos.facts import (
    Ending,
    Entry,
    Hop,
    Kept,
    Message,
    Money,
    Number,
    Order,
    Progress,
    Published,
    Request,
    Step,
    Taken,
    Timer,
    Use,
)
from tools.chaos.rules.deadlines import ALARM
from tools.chaos.rules.requests import EMERGENCY, REOPENED

Document = dict[str, Any]
Client = MongoClient[Document]
SERVICES = ("intake", "dispatch", "billing", "notify")
BATCH = 1_000
SWEPT = (0, 1)  # values of a timer's `urgency` that the sweeper looks at
AUDITOR_DOMAIN = "@auditor.guanjia"  # alarms of the auditor go by their own way, not through notify
ENDED, RAISED = "intake.request.closed.v1", "intake.emergency.raised.v1"
AGAIN = "intake.request.reopened.v1"
BOOKED = "dispatch.errand.booked.v1"
ERRAND = "errand"


class Stores:
    """The databases of one run. `prefix` is the setting DATABASE_PREFIX.

    Work goes on while they are read: `freeze` gives the same databases as they stood at one moment.
    """

    def __init__(self, client: Client, prefix: str, session: ClientSession | None = None) -> None:
        self._client = client
        self._prefix = prefix
        self._session = session

    def freeze(self) -> Stores:
        """All databases as they stand at its first read; to be thawed after use (MongoDB keeps 5 minutes)."""
        return Stores(self._client, self._prefix, self._client.start_session(snapshot=True))

    def thaw(self) -> None:
        """End what `freeze` began."""
        if self._session is not None:
            self._session.end_session()

    def db(self, service: str) -> Database[Document]:
        """The database of a service."""
        return self._client[self._prefix + service]

    def rows(self, service: str, collection: str, *fields: str, **where: Any) -> Iterator[Document]:
        """Documents of a collection, with only these fields."""
        shown = dict.fromkeys(fields, 1) or None
        yield from self.db(service)[collection].find(where, shown, batch_size=BATCH, session=self._session)

    def _groups(self, service: str, collection: str, pipeline: list[Document]) -> Iterator[Document]:
        found = self.db(service)[collection]
        yield from found.aggregate(pipeline, allowDiskUse=True, session=self._session)

    # --- requests and work --------------------------------------------------------------------------------

    def requests(self) -> Iterator[Request]:
        """Every request."""
        fields = ("property_id", "id", "reference", "status", "procedure", "joined_to")
        for row in self.rows("intake", "requests", *fields):
            yield Request(*(row[name] for name in fields))

    def endings(self) -> Iterator[Ending]:
        """Every event that ended a request, opened it again, or made it an emergency."""
        wanted = {"$in": [ENDED, RAISED, AGAIN]}
        for row in self.rows("intake", "outbox", "property_id", "type", "data", "sequence", type=wanted):
            body = json.loads(row["data"])
            outcome = {RAISED: EMERGENCY, AGAIN: REOPENED}.get(row["type"]) or body["outcome"]
            yield Ending(row["property_id"], body["request_id"], outcome, row["sequence"])

    def orders(self) -> Iterator[Order]:
        """Every work order."""
        booked = self._booked()
        for row in self.rows("dispatch", "work_orders"):
            ends = [row["done_at"], row["ended_at"], booked.get((row["property_id"], row["id"]))]
            yield Order(
                property_id=row["property_id"],
                id=row["id"],
                request_id=row["request_id"],
                stream=row["stream"],
                kind=row["kind"],
                status=row["status"],
                rework_of=row["rework_of"],
                succeeded_by=row["succeeded_by"],
                issued_at=row["issued_at"],
                clock_from=row["clock_from"],
                due_at=row["due_at"],
                done_at=min((at for at in ends if at is not None), default=None),
                percents=tuple(p["at_percent"] for p in row["terms"]["escalation"]) or (100,),
                answer_minutes=_answer_minutes(row),
                urgency=row["urgency"],
            )

    def _booked(self) -> dict[tuple[str, str], datetime]:
        rows = self.rows("dispatch", "outbox", "property_id", "subject", "time", type=BOOKED)
        return {(row["property_id"], row["subject"]): row["time"] for row in rows}

    def steps(self) -> dict[tuple[str, str], list[Step]]:
        """Every event of dispatch, by the work order it speaks of."""
        found: dict[tuple[str, str], list[Step]] = defaultdict(list)
        fields = ("property_id", "subject", "type", "time", "sequence", "data")
        for row in self.rows("dispatch", "outbox", *fields):
            body = json.loads(row["data"])
            due = body.get("due_at")
            step = Step(
                type=row["type"],
                at=row["time"],
                sequence=row["sequence"],
                kind=body.get("kind", "") if row["type"] == ALARM else body.get("step", ""),
                due_at=datetime.fromisoformat(due) if due else None,
                assignee=body.get("assignee_id", ""),
            )
            found[row["property_id"], row["subject"]].append(step)
        return found

    # --- numbers and money --------------------------------------------------------------------------------

    def numbers(self, service: str) -> Iterator[Number]:
        """Every number that was taken in a service."""
        fields = ("property_id", "series", "year", "number", "of", "state", "reason")
        for row in self.rows(service, "numbers", *fields):
            yield Number(*(row[name] for name in fields))

    def counters(self, service: str) -> dict[tuple[str, str, int], int]:
        """Where each series stands."""
        found = {}
        for row in self.rows(service, "counters"):
            property_id, series, year = row["_id"].rsplit(":", 2)
            found[property_id, series, int(year)] = int(row["last"])
        return found

    def slips(self) -> Iterator[Use]:
        """The number of every work order."""
        for row in self.rows("dispatch", "work_orders", "property_id", "id", "slip_year", "slip_number"):
            yield Use(row["property_id"], "slip", row["slip_year"], row["slip_number"], row["id"])

    def receipts(self) -> Iterator[Use]:
        """The number of every payment."""
        for row in self.rows("billing", "payments", "property_id", "id", "receipt_year", "receipt_number"):
            yield Use(row["property_id"], "receipt", row["receipt_year"], row["receipt_number"], row["id"])

    def entries(self) -> Iterator[Entry]:
        """Every ledger entry."""
        for row in self.rows("billing", "entries"):
            lines = [int(line["amount_minor"]) for line in row["lines"]]
            debit = sum(amount for amount in lines if amount > 0)
            own = (row["property_id"], row["id"], row["kind"], row["document_id"], row["currency"])
            yield Entry(*own, sum_minor=sum(lines), debit_minor=debit)

    def payments(self) -> Iterator[Money]:
        """Every payment, with the kind of entry that must book it."""
        for row in self.rows("billing", "payments", "property_id", "id", "amount", "purpose", "receipt"):
            amount, kind = int(row["amount"]["amount_minor"]), f"{row['purpose']}_payment"
            yield Money(row["property_id"], row["id"], amount, (kind,), row["receipt"])

    def charges(self) -> Iterator[Money]:
        """Every charge."""
        for row in self.rows("billing", "charges", "property_id", "id", "amount"):
            yield Money(row["property_id"], row["id"], int(row["amount"]["amount_minor"]), ("charge",))

    # --- messages -----------------------------------------------------------------------------------------

    def messages(self) -> Iterator[Message]:
        """Every message."""
        fields = ("property_id", "id", "stream", "audience", "template", "state", "reason", "channel")
        for row in self.rows("notify", "messages", *fields, "next_attempt_at", "plan"):
            plan = tuple(Hop(hop["channel"], hop["key"]) for hop in row["plan"])
            own = {name: row[name] for name in fields}
            yield Message(**own, next_attempt_at=row["next_attempt_at"], plan=plan)

    # --- what passes between services ---------------------------------------------------------------------

    def published(self, service: str) -> Iterator[Published]:
        """The journal of a producer, stream by stream."""
        group = {
            "_id": {"p": "$property_id", "s": "$stream"},
            "lowest": {"$min": "$sequence"},
            "highest": {"$max": "$sequence"},
            "count": {"$sum": 1},
            "different": {"$addToSet": "$sequence"},
        }
        pipeline: list[Document] = [
            {"$project": {"property_id": 1, "stream": 1, "sequence": 1}},
            {"$group": group},
        ]
        for row in self._groups(service, "outbox", pipeline):
            count = (row["lowest"], row["highest"], row["count"], len(row["different"]))
            yield Published(service, row["_id"]["p"], row["_id"]["s"], *count)

    def sealed(self, service: str) -> int:
        """How many events of a service stand in seals."""
        total = {"$group": {"_id": None, "count": {"$sum": {"$size": "$ids"}}}}
        return sum(row["count"] for row in self._groups(service, "seals", [total]))

    def progress(self, service: str) -> Iterator[Progress]:
        """How far a service has come, stream by stream."""
        fields = ("property_id", "stream", "own", "seen", "waiting", "parked")
        for row in self.rows(service, "progress", *fields):
            yield Progress(service, *(row[name] for name in fields))

    def waiting(self, service: str) -> Iterator[Kept]:
        """Early events that still wait for their cause."""
        for row in self.rows(service, "waiting", "since"):
            yield Kept(service, str(row["_id"]), row["since"], "")

    def parked(self, service: str) -> Iterator[Kept]:
        """What was set aside and not yet decided about; also rows that could never be published."""
        for row in self.rows(service, "parked", "parked_at", "reason", "type", state="parked"):
            yield Kept(service, str(row["_id"]), row["parked_at"], f"{row['type']}: {row['reason']}")
        for row in self.rows(service, "outbox_parked", "parked_at", "reason", state="parked"):
            yield Kept(service, str(row["_id"]), row["parked_at"], row["reason"])

    def timers(self, service: str) -> Iterator[Timer]:
        """Timers that have not fired."""
        for row in self.rows(service, "timers", "due_at", "urgency"):
            yield Timer(service, str(row["_id"]), row["due_at"], row["urgency"] in SWEPT)


def _answer_minutes(row: Mapping[str, Any]) -> int | None:
    """How long whoever is asked may be silent: an emergency for the time of its slip, an urgent order and any
    that is collected for the time of collection (P018, P027); an errand is not asked so."""
    terms = row["terms"]
    if row["kind"] == ERRAND:
        return None
    if row["urgency"] == "emergency":
        return int(terms["slip_within_minutes"])
    collected = row["urgency"] == "urgent" or terms["mode"] == "collect"
    return int(terms["collect_within_minutes"]) if collected else None


def log_of(path: Path) -> Iterator[Taken]:
    """A gateway's own log, the older files first. A torn last line was never answered."""
    older = sorted(path.parent.glob(f"{path.name}.*"), key=lambda p: -int(p.suffix[1:]))
    for file in (*older, path):
        if file.exists():
            yield from _lines(file)


def _lines(path: Path) -> Iterator[Taken]:
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                row = json.loads(line)
                if not row.get("message_id", "").rstrip(">").endswith(AUDITOR_DOMAIN):
                    yield Taken(
                        row["key"], row["outcome"], row["repeated"], datetime.fromisoformat(row["at"])
                    )


def connect(url: str) -> Client:
    """A client for the checker alone; times come aware."""
    return MongoClient(url, tz_aware=True, appname="guanjia-checker", serverSelectionTimeoutMS=10_000)
