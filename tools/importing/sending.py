"""Sends converted calls to intake in bulk, each row with its own id, and reads the answer of each row."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime

from tools.client import Client, Json
from tools.importing.convert import Call, Mode
from tools.importing.engine import Sent
from tools.importing.shift import Shift

ROWS_MAX = 500
BYTES_MAX = 200 * 1024
BUSY_SECONDS = 1.0


class IntakeSender:
    """Sends the calls of one file into one property."""

    def __init__(self, client: Client, property_id: str, mode: Mode, source: str) -> None:
        self._client = client
        self._path = f"/v1/properties/{property_id}/requests/import"
        self._mode: Mode = mode
        self._source = source

    async def send(self, calls: Sequence[Call], shift: Shift | None) -> Sequence[Sent]:
        """Every call is answered; what finds intake busy is sent again until it is taken."""
        rows = [request_body(call, self._mode, self._source, shift) for call in calls]
        answers: dict[str, Sent] = {}
        while rows:
            part = _first_part(rows)
            document = await self._client.post("intake", self._path, {"requests": part})
            busy = {row["request_id"] for row in document["rows"] if row["outcome"] == "busy"}
            for row in document["rows"]:
                if row["request_id"] not in busy:
                    detail = f"{row['field']}: {row['detail']}" if row["field"] else row["detail"]
                    answers[row["request_id"]] = Sent(row["outcome"], detail)
            rows = [row for row in part if row["request_id"] in busy] + rows[len(part) :]
            if busy:
                await asyncio.sleep(BUSY_SECONDS)
        return [answers[call.request_id] for call in calls]


def request_body(call: Call, mode: Mode, source: str, shift: Shift | None) -> Json:
    """The body of one imported request: what the file says, and nothing else."""
    at = _at(call, mode, shift)
    body: Json = {
        "request_id": call.request_id,
        "origin": mode,
        "import_source": source,
        "procedure": call.rule.procedure,
        "category": call.rule.category,
        "area": call.rule.area,
        "hazard": call.rule.hazard,
        "unit_id": call.unit_id,
        "place": call.place,
        "description": call.description,
        "requester": {"name": call.name, "phone": call.phone},
        "fields": call.fields,
    }
    if call.rule.urgency:
        body["urgency"] = call.rule.urgency
    if call.language in ("zh", "en"):
        body["requester"]["language"] = call.language
    if at is not None:
        body["reported_at"] = at.isoformat()
    if call.appointment_at is not None and mode != "replay":
        body["appointment_at"] = call.appointment_at.isoformat()
    if call.outcome and call.closed_at is not None:
        body |= {"outcome": call.outcome, "closed_at": call.closed_at.isoformat()}
    if call.channel:
        contact: Json = {"contact_id": call.contact_id, "channel": call.channel, "caller_phone": call.phone}
        body["contact"] = contact | ({"started_at": at.isoformat()} if at is not None else {})
    return body


def _at(call: Call, mode: Mode, shift: Shift | None) -> datetime | None:
    """When it came: then, now (left to intake), or on the replay's clock."""
    if mode == "live":
        return None
    return call.reported_at if shift is None else shift.moved(call.reported_at)


def _first_part(rows: Sequence[Json]) -> list[Json]:
    """As many rows as one call may carry."""
    part: list[Json] = []
    size = 0
    for row in rows[:ROWS_MAX]:
        size += len(json.dumps(row, ensure_ascii=False).encode())
        if part and size > BYTES_MAX:
            break
        part.append(row)
    return part
