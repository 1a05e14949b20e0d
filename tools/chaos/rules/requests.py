"""Every accepted request is there once, has one work order, and one outcome so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from tools.chaos.facts import Accepted, Ending, Order, Request, Shown, Violation
from tools.chaos.rules.cases import CASE_OF

Key = tuple[str, str]
EMERGENCY, REOPENED, OPEN = "EMERGENCY", "REOPENED", "OPEN"
RESPONSE = "response"
# What a work order must say of a request that has ended so, and the other way round.
ENDED_AS: Mapping[str, frozenset[str]] = {
    "SATISFIED": frozenset({"CLOSED", "TAXI_CALLED", "NOT_DONE"}),
    "WITHDRAWN": frozenset({"WITHDRAWN"}),
    "CANCELLED": frozenset({"CANCELLED", "CANCELLED_IN_TIME", "CANCELLED_LATE"}),
    "JOINED": frozenset({"CANCELLED"}),
}
ENDS_REQUEST: Mapping[str, str] = {
    status: outcome for outcome in ("WITHDRAWN", "CANCELLED") for status in ENDED_AS[outcome]
}


def kept(accepted: Iterable[Accepted], requests: Iterable[Request]) -> Iterator[Violation]:
    """What was accepted is there under its reference, and nothing that nobody sent."""
    stored = {(r.property_id, r.id): r for r in requests}
    sent: set[Key] = set()
    for one in accepted:
        key = (one.property_id, one.request_id)
        sent.add(key)
        found = stored.get(key)
        if found is None:
            yield Violation("request-lost", _at(key), "it was accepted and is not there")
        elif found.reference != one.reference:
            what = f"its caller was told {one.reference}, stored is {found.reference}"
            yield Violation("request-changed", _at(key), what)
    for key in stored.keys() - sent:
        yield Violation("request-unknown", _at(key), "nobody was told that it was accepted")
    references = Counter((r.property_id, r.reference) for r in stored.values())
    for (property_id, reference), count in references.items():
        if count > 1:
            yield Violation("reference-twice", f"{property_id}:{reference}", f"{count} requests have it")


def worked(
    requests: Iterable[Request], orders: Iterable[Order], endings: Iterable[Ending]
) -> Iterator[Violation]:
    """One work order a request; one more only for a rework, and one response for an emergency raised."""
    orders_of: dict[Key, list[Order]] = defaultdict(list)
    for order in orders:
        orders_of[order.property_id, order.request_id].append(order)
    raised = Counter((e.property_id, e.request_id) for e in endings if e.outcome == EMERGENCY)
    for request in requests:
        key = (request.property_id, request.id)
        own = orders_of.pop(key, [])
        first = [o for o in own if o.kind != RESPONSE and not o.rework_of]
        responses = [o for o in own if o.kind == RESPONSE]
        if request.procedure in CASE_OF:
            if own:
                what = f"{request.procedure} needs no work, and has {len(own)} work orders"
                yield Violation("work-order-twice", _at(key), what)
            continue
        if not first:
            yield Violation("work-order-missing", _at(key), f"request {request.reference} has no work order")
        if len(first) > 1:
            ids = ", ".join(o.id for o in first)
            yield Violation("work-order-twice", _at(key), f"request {request.reference} has {ids}")
        if len(responses) != raised[key]:
            what = f"{len(responses)} responses for {raised[key]} emergencies raised"
            yield Violation("response-count", _at(key), what)
        yield from _reworked(own)
    for key, left in orders_of.items():
        what = f"{len(left)} work orders of a request that is not there"
        yield Violation("work-order-alone", _at(key), what)


def _reworked(orders: Sequence[Order]) -> Iterator[Violation]:
    successors = {o.succeeded_by for o in orders if o.succeeded_by}
    for order in orders:
        if order.rework_of and order.id not in successors:
            where = f"{order.property_id}:{order.id}"
            yield Violation("work-order-twice", where, "a rework that no work order names as its successor")


def ended(
    requests: Iterable[Request], endings: Iterable[Ending], orders: Iterable[Order], shown: Iterable[Shown]
) -> Iterator[Violation]:
    """One outcome so far: what intake keeps, what it told, what dispatch did and what clients saw agree."""
    told: dict[Key, list[str]] = defaultdict(list)
    for ending in sorted(endings, key=lambda one: one.sequence):
        if ending.outcome != EMERGENCY:
            told[ending.property_id, ending.request_id].append(ending.outcome)
    last = {
        (o.property_id, o.request_id): o.status for o in orders if o.kind != RESPONSE and not o.succeeded_by
    }
    seen = {(s.property_id, s.request_id): s.status for s in shown}
    for request in requests:
        key = (request.property_id, request.id)
        outcomes = told[key]
        twice = [one for one, after in pairwise(outcomes) if REOPENED not in (one, after)]
        if twice:
            yield Violation("outcome-twice", _at(key), f"it ended as {' and as '.join(outcomes)}")
        expected = outcomes[-1] if outcomes and outcomes[-1] != REOPENED else OPEN
        if request.status != expected:
            what = f"intake keeps {request.status}, and told {expected}"
            yield Violation("outcome-untold", _at(key), what)
        # Shown once, it stands, unless the owner had it opened again.
        if key in seen and seen[key] not in ([request.status] if REOPENED not in outcomes else outcomes):
            yield Violation("outcome-changed", _at(key), f"shown as {seen[key]}, now {request.status}")
        if request.procedure not in CASE_OF:
            yield from _split(request, last.get(key, ""))


def _split(request: Request, work: str) -> Iterator[Violation]:
    """What dispatch did and what intake says agree."""
    where = _at((request.property_id, request.id))
    joined = work == "CANCELLED" and (request.joined_to or request.status == "JOINED")
    if request.status in ENDED_AS and work not in ENDED_AS[request.status]:
        yield Violation("outcome-split", where, f"the request is {request.status}, its work {work}")
    elif not joined and ENDS_REQUEST.get(work, request.status) != request.status:
        yield Violation("outcome-split", where, f"the work is {work}, its request {request.status}")


def _at(key: Key) -> str:
    return ":".join(key)
