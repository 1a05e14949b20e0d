"""What follows from another: a request that was opened again has one more slip, a joined one ends with its
incident (J7).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from tools.chaos.facts import Order, Outage, Request, Violation
from tools.chaos.facts_work import Told
from tools.chaos.rules.cases import CASE_OF
from tools.chaos.rules.deadlines import recovered

CLOSED, REOPENED = "intake.request.closed.v1", "intake.request.reopened.v1"
JOINED_TO, JOINED = "intake.request.joined.v1", "JOINED"
LOOK = timedelta(minutes=1)  # the setting join.look_every_minutes of the load
WITHOUT_RESULT = frozenset({"CANCELLED", "WITHDRAWN"})
Key = tuple[str, str]


def succeeded(
    requests: Iterable[Request], orders: Iterable[Order], told: Iterable[Told]
) -> Iterator[Violation]:
    """As many slips follow one another as the request was opened again; each follows exactly one."""
    again = Counter((one.property_id, one.request_id) for one in told if one.type == REOPENED)
    reworks: dict[Key, list[Order]] = defaultdict(list)
    for order in orders:
        if order.rework_of:
            reworks[order.property_id, order.request_id].append(order)
    for request in requests:
        key = (request.property_id, request.id)
        own = reworks[key]
        if request.procedure not in CASE_OF and len(own) != again[key]:
            what = f"opened again {again[key]} times, {len(own)} slips follow"
            yield Violation("successor-count", ":".join(key), what)
        for before, count in Counter(order.rework_of for order in own).items():
            if count > 1:
                yield Violation("successor-count", ":".join(key), f"{count} slips follow {before}")


def joined(
    requests: Iterable[Request],
    told: Iterable[Told],
    outages: Sequence[Outage],
    now: datetime,
    grace: timedelta,
) -> Iterator[Violation]:
    """A joined request ends JOINED soon after its incident, and not before."""
    every = list(told)
    incidents = _last(one for one in every if one.type == JOINED_TO)
    ends: dict[Key, list[Told]] = defaultdict(list)
    for one in every:
        if one.type == CLOSED:
            ends[one.property_id, one.request_id].append(one)
    for request in requests:
        key = (request.property_id, request.id)
        incident = incidents.get(key)
        if incident is None:
            if request.status == JOINED or request.joined_to:
                yield Violation("joined-alone", ":".join(key), "nobody was told to what it was joined")
            continue
        own = min((one.at for one in ends[key]), default=None)
        over = ends[request.property_id, incident.word]
        result = min((one.at for one in over if one.word not in WITHOUT_RESULT), default=None)
        if request.status == JOINED and (result is None or (own is not None and own < result)):
            yield Violation("joined-early", ":".join(key), f"it ended before {incident.word}")
        waits = request.status == "OPEN" and request.joined_to != "" and result is not None
        if waits and result and recovered(result + LOOK, outages, grace) + grace < now:
            yield Violation("joined-left", ":".join(key), f"{incident.word} ended at {result:%H:%M:%S}")


def _last(events: Iterable[Told]) -> Mapping[Key, Told]:
    found: dict[Key, Told] = {}
    for one in sorted(events, key=lambda e: e.sequence):
        found[one.property_id, one.request_id] = one
    return found
