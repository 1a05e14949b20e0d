"""What a process of intake keeps in memory for its HTTP calls: settings of properties, references, look-
up rates.

A request's lane is decided before its command is queued, with the rules of `domain.urgency`; the handler
decides again with what is committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from services.intake import repository
from services.intake.domain.bodies import RequestBody
from services.intake.domain.property import Property
from services.intake.domain.urgency import decide, lane_of
from services.intake.references import References
from services.intake.rulebook import NO_RULES, opening
from shared.errors import Invalid, NotFound, TooMany
from shared.events.envelope import Lane
from shared.http.call import Call
from shared.ids import is_id
from shared.kernel.runtime import Runtime
from shared.texts.say import say

log = logging.getLogger(__name__)
SETTINGS_KEPT_SECONDS = 2
PROPERTIES_KEPT_MAX = 1_000
CALLERS_KEPT_MAX = 2_000
NO_LANE: Lane = "routine"


class Desk:
    """One per process."""

    def __init__(self, runtime: Runtime) -> None:
        self._db = runtime.db
        self._catalogue = runtime.catalogue
        self._lookups_max = runtime.settings.people_lookups_per_minute_max
        self._settled: OrderedDict[str, tuple[datetime, Property]] = OrderedDict()
        self._reading: dict[str, asyncio.Future[Property | None]] = {}
        self._lookups: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()
        self.references = References(runtime.db)

    async def settled(self, property_id: str, now: datetime) -> Property | None:
        """The settings of a property, at most two seconds old; None if it was never opened."""
        kept = self._settled.get(property_id)
        if kept is not None and now < kept[0]:
            return kept[1]
        reading = self._reading.get(property_id)
        if reading is None:
            reading = asyncio.ensure_future(self._read(property_id, now))
            self._reading[property_id] = reading
        return await asyncio.shield(reading)

    async def _read(self, property_id: str, now: datetime) -> Property | None:
        """One read for all calls that wait for it."""
        try:
            found = await repository.one(self._db, Property, property_id, property_id)
        finally:
            self._reading.pop(property_id, None)
        if found is not None:
            self._settled[property_id] = (now + timedelta(seconds=SETTINGS_KEPT_SECONDS), found)
            while len(self._settled) > PROPERTIES_KEPT_MAX:
                self._settled.popitem(last=False)
        return found

    def forget(self, property_id: str) -> None:
        """The settings have just been changed here."""
        self._settled.pop(property_id, None)

    async def lane_for(self, property_id: str, body: RequestBody, now: datetime) -> tuple[Lane, bool]:
        """The lane of a new request, and whether it is an emergency that no full queue may refuse.

        What cannot be decided here the handler refuses, with the reason.
        """
        settled = await self.settled(property_id, now)
        if settled is None:
            return NO_LANE, False
        try:
            rules = opening(self._catalogue, settled.profile, body).intake or NO_RULES
            urgency = decide(rules, body.hazard, body.urgency).urgency
        except Invalid:
            urgency = "general"
        return lane_of(urgency, body.origin), urgency == "emergency" and body.origin != "history"

    async def lane_of_request(self, property_id: str, request_id: str) -> Lane:
        """The lane a request was accepted in. Raises NotFound."""
        lane = await repository.lane_of(self._db, property_id, request_id) if is_id(request_id) else None
        if lane is None:
            raise NotFound("no-such-request", "There is no such request in this property.")
        return "urgent" if lane == "urgent" else "routine"

    def count_lookup(self, property_id: str, sub: str, now: datetime) -> None:
        """Count a look-up of people by telephone (ruling J22). Raises TooMany over the stated rate."""
        recent = self._lookups.setdefault((property_id, sub), deque())
        self._lookups.move_to_end((property_id, sub))
        while len(self._lookups) > CALLERS_KEPT_MAX:
            self._lookups.popitem(last=False)
        while recent and recent[0] <= now - timedelta(minutes=1):
            recent.popleft()
        if len(recent) >= self._lookups_max:
            log.warning("people are looked up too often", extra={"sub": sub, "property_id": property_id})
            raise TooMany(
                "too-many-look-ups",
                "People are looked up too often.",
                field="phone",
                accepted=say("at most {lookups_max} look-ups a minute", lookups_max=self._lookups_max),
            )
        recent.append(now)


def desk_of(call: Call) -> Desk:
    """The desk of the process that serves this call."""
    state = call.request.app.state
    desk: Desk | None = getattr(state, "intake_desk", None)
    if desk is None:
        desk = state.intake_desk = Desk(call.runtime)
    return desk
