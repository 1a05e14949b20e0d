"""Reads the facts of the deeper flows: cases, callbacks, paper, refusals, consent; plain documents."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tools.chaos.facts_work import (
    Alarm,
    Callback,
    Case,
    Charge,
    Completed,
    OnPaper,
    Quote,
    Rain,
    Refused,
    Reported,
    Told,
)
from tools.chaos.read import Stores

ACCEPTED, ALARMED = "intake.request.accepted.v1", "intake.case.alarmed.v1"
NOT_DONE, COMPLETED = "dispatch.work_order.not_done.v1", "dispatch.work_order.completed.v1"
OF_CALLBACK = "dispatch.callback."
WORDS: Mapping[str, str] = {
    "intake.request.closed.v1": "outcome",
    "intake.request.reopened.v1": "reason",
    "intake.request.joined.v1": "incident_id",
    "intake.complaint.confirmed.v1": "confirmed_by",
    "intake.complaint.reported.v1": "reported_to",
    "intake.complaint.graded.v1": "grade",
    "intake.complaint.judged.v1": "validity",
    "intake.complaint.answered.v1": "",
    "intake.complaint.handled.v1": "",
    "intake.complaint.verified.v1": "outcome",
    "intake.inquiry.answered.v1": "answered_by",
    "intake.message.acknowledged.v1": "acknowledged_by",
}
"""Events about a request that the rules look at, and the field that says what they say."""
RAIN = "rain_events"
CASES: Mapping[str, str] = {"complaint": "complaints", "inquiry": "inquiries", "message": "relays"}


class Work:
    """The facts of one run, from the same stores at the same moment."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def _events(self, service: str, **where: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        fields = ("property_id", "stream", "subject", "type", "time", "sequence", "data")
        for row in self._stores.rows(service, "outbox", *fields, **where):
            yield row, json.loads(row["data"])

    # --- intake -------------------------------------------------------------------------------------------

    def reported(self) -> Iterator[Reported]:
        """Every request as it was accepted."""
        for row, body in self._events("intake", type=ACCEPTED):
            yield Reported(
                row["property_id"],
                body["request_id"],
                body["procedure"],
                body.get("hazard", ""),
                body.get("fields", {}).get("leak") is True,
                datetime.fromisoformat(body["reported_at"]),
                row["time"],
            )

    def told(self) -> Iterator[Told]:
        """What intake told about its requests, in no order."""
        for row, body in self._events("intake", type={"$in": list(WORDS)}):
            word = str(body.get(WORDS[row["type"]], ""))
            own = (row["property_id"], body["request_id"], row["type"], word)
            yield Told(*own, at=row["time"], sequence=row["sequence"])

    def cases(self) -> Iterator[Case]:
        """The records of what the desk takes to its end itself."""
        for kind, collection in CASES.items():
            for row in self._stores.rows("intake", collection):
                closed = row["state"] == "CLOSED"
                own = (row["property_id"], row["id"], kind, closed)
                yield Case(*own, outcome=row.get("outcome", ""), round=row.get("round", 1))

    def alarms(self) -> Iterator[Alarm]:
        """Every alarm about a case."""
        for row, body in self._events("intake", type=ALARMED):
            due_at = datetime.fromisoformat(body["due_at"])
            yield Alarm(row["property_id"], body["request_id"], body["kind"], due_at, row["time"])

    # --- dispatch -----------------------------------------------------------------------------------------

    def on_paper(self) -> Iterator[OnPaper]:
        """Every number that went out on paper."""
        for row in self._stores.rows("dispatch", "paper_blocks", "property_id", "year", "numbers"):
            for one in row["numbers"]:
                own = (one["number"], one["state"], one["request_id"], one["reason"])
                yield OnPaper(row["property_id"], row["year"], *own)

    def slips(self) -> Iterator[tuple[str, int, int, str]]:
        """Property, year, number and request of every slip."""
        fields = ("property_id", "slip_year", "slip_number", "request_id")
        for row in self._stores.rows("dispatch", "work_orders", *fields):
            yield row["property_id"], row["slip_year"], row["slip_number"], row["request_id"]

    def refused(self) -> Iterator[Refused]:
        """Every slip that went back."""
        ends = Counter(
            (row["property_id"], row["subject"]) for row, _ in self._events("dispatch", type=NOT_DONE)
        )
        fields = ("property_id", "id", "status", "undone")
        for row in self._stores.rows("dispatch", "work_orders", *fields, undone={"$ne": None}):
            hands = tuple(row["undone"][f"{who}_by"] for who in ("returned", "signed", "passed", "told"))
            key = (row["property_id"], row["id"])
            yield Refused(*key, row["status"], hands, ends.pop(key, 0))
        for (property_id, order_id), count in ends.items():
            yield Refused(property_id, order_id, "", (), count)

    def completed(self) -> Iterator[Completed]:
        """Every work that is done."""
        for row, body in self._events("dispatch", type=COMPLETED):
            amount = int((body.get("amount") or {}).get("amount_minor", 0))
            own = (body["work_order_id"], body["request_id"], body["kind"], body.get("quote_id", ""))
            yield Completed(row["property_id"], *own, amount_minor=amount)

    def callbacks(self) -> Iterator[Callback]:
        """Every callback, with what was told of it."""
        told: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row, body in self._events("dispatch", type={"$regex": f"^{OF_CALLBACK}"}):
            if row["stream"].startswith("escalation:"):
                continue
            what = row["type"].removeprefix(OF_CALLBACK).split(".")[0]
            told[row["property_id"], body["callback_id"]].append(what)
        for row in self._stores.rows("dispatch", "callbacks"):
            yield Callback(
                property_id=row["property_id"],
                id=row["id"],
                request_id=row["request_id"],
                order_id=row["work_order_id"],
                technician_id=row["technician_id"],
                round=row["round"],
                status=row["status"],
                result=row["result"],
                method=row["method"],
                opinion=row["opinion"],
                signers=tuple(one["by"] for one in row["signatures"]),
                repaired_at=row["repaired_at"],
                rain_id=row["rain_id"],
                told=tuple(told[row["property_id"], row["id"]]),
            )

    def rain(self) -> Iterator[Rain]:
        """All rain."""
        for row in self._stores.rows("dispatch", RAIN, "property_id", "id", "rained_at", "spread"):
            yield Rain(row["property_id"], row["id"], row["rained_at"], row["spread"])

    # --- billing ------------------------------------------------------------------------------------------

    def quotes(self) -> Iterator[Quote]:
        """Every price that was offered."""
        for row in self._stores.rows("billing", "quotes"):
            total = int(row["total"]["amount_minor"])
            own = (row["property_id"], row["id"], row["work_order_id"], row["status"])
            yield Quote(*own, total_minor=total, agreed=row["consent"] is not None)

    def charges(self) -> Iterator[Charge]:
        """Everything that is owed for work."""
        for row in self._stores.rows("billing", "charges"):
            own = (row["property_id"], row["id"], row["work_order_id"], row["quote_id"])
            yield Charge(*own, amount_minor=int(row["amount"]["amount_minor"]))
