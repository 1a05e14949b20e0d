"""Callbacks: each finished repair has exactly its own, told once, signed by two, and heard (P031, P127)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from tools.chaos.facts import Order, Request, Violation
from tools.chaos.facts_work import Callback, Completed, Rain, Reported, Told

# The handbook's rules in the checker's own words: what is called back, and as what.
REPAIRS = frozenset({"repair-report", "repair-indoor"})
LEAKS = frozenset({"flooding", "tap-leaking-badly", "outer-wall-seepage"})
TWICE = frozenset({"urgent", "emergency"})
BY_TELEPHONE, SIGNATURES = "phone", 2
DUE, WAITING, CLOSED = "DUE", "AWAITING_RAIN", "CLOSED"
REOPENED = "intake.request.reopened.v1"
Key = tuple[str, str]


def scheduled(
    completed: Iterable[Completed],
    orders: Iterable[Order],
    reported: Iterable[Reported],
    callbacks: Iterable[Callback],
) -> Iterator[Violation]:
    """One callback after a finished repair; two after an urgent one; one more, after rain, after a leak."""
    urgency = {(order.property_id, order.id): order.urgency for order in orders}
    asked = {(one.property_id, one.request_id): one for one in reported}
    rounds: dict[Key, list[str]] = defaultdict(list)
    for callback in callbacks:
        rounds[callback.property_id, callback.order_id].append(callback.round)
    for done in completed:
        key = (done.property_id, done.order_id)
        report = asked.get((done.property_id, done.request_id))
        expected: set[str] = set()
        if done.kind == "repair" and report is not None and report.procedure in REPAIRS:
            expected = {"first"} | ({"second"} if urgency.get(key) in TWICE else set())
            expected |= {"rain"} if report.leak or report.hazard in LEAKS else set()
        found = rounds.pop(key, [])
        if sorted(found) != sorted(expected):
            what = f"{', '.join(sorted(found)) or 'none'}, expected {', '.join(sorted(expected)) or 'none'}"
            yield Violation("callback-count", ":".join(key), what)
    for key, left in rounds.items():
        yield Violation("callback-alone", ":".join(key), f"{len(left)} callbacks of work that is not done")


def proven(callbacks: Iterable[Callback]) -> Iterator[Violation]:
    """Signed as its way of asking needs, by different people, never by who did it; told as it stands."""
    for one in callbacks:
        where = f"{one.property_id}:{one.id}"
        if one.status == CLOSED and one.result in ("satisfied", "problem"):
            needed = SIGNATURES if one.method == BY_TELEPHONE else 1
            if len(set(one.signers)) != len(one.signers) or len(one.signers) != needed:
                yield Violation("callback-unsigned", where, f"{one.method}, signed by {one.signers}")
        if one.technician_id in one.signers:
            yield Violation("callback-unsigned", where, "signed by who did the work")
        told = Counter(one.told)
        due = 2 if one.rain_id else 1  # told again when it has rained
        expected = {"scheduled": due, "answered": int(bool(one.opinion)), "closed": int(one.status == CLOSED)}
        if any(told[name] != count for name, count in expected.items()):
            yield Violation("callback-untold", where, f"{one.status}, told {dict(told)}")


def heard(callbacks: Iterable[Callback], told: Iterable[Told]) -> Iterator[Violation]:
    """Every owner who was not satisfied had his request opened again, once."""
    again = Counter(
        (one.property_id, one.request_id)
        for one in told
        if one.type == REOPENED and one.word.startswith("callback: ")
    )
    unhappy = Counter(
        (one.property_id, one.request_id) for one in callbacks if one.opinion == "not_satisfied"
    )
    for key in again.keys() | unhappy.keys():
        if again[key] != unhappy[key]:
            what = f"{unhappy[key]} callbacks found a problem, opened again {again[key]} times"
            yield Violation("callback-unheard", ":".join(key), what)


def rained(callbacks: Iterable[Callback], rain: Iterable[Rain]) -> Iterator[Violation]:
    """No leak repaired before a rain still waits for it."""
    last: dict[str, Rain] = {}
    for one in rain:
        if not one.spread:
            yield Violation("rain-missed", f"{one.property_id}:{one.id}", "it was never worked off")
        if one.property_id not in last or one.rained_at > last[one.property_id].rained_at:
            last[one.property_id] = one
    for callback in callbacks:
        fell = last.get(callback.property_id)
        if callback.status == WAITING and fell is not None and callback.repaired_at < fell.rained_at:
            where = f"{callback.property_id}:{callback.id}"
            yield Violation("rain-missed", where, f"repaired before the rain of {fell.rained_at:%H:%M:%S}")


def left(callbacks: Iterable[Callback], requests: Iterable[Request]) -> Iterator[Violation]:
    """Nobody is called back any more about a request that has ended, but a satisfied owner after rain."""
    status = {(one.property_id, one.id): one.status for one in requests}
    for one in callbacks:
        ended = status.get((one.property_id, one.request_id), "")
        rain = one.round == "rain" and ended == "SATISFIED"
        where = f"{one.property_id}:{one.id}"
        if one.status in (DUE, WAITING) and ended != "OPEN" and not rain:
            yield Violation("callback-left", where, f"it is {one.status}, its request {ended or 'not there'}")
        if rain and one.result == "ended":
            yield Violation("rain-missed", where, "the owner is satisfied, and was not asked after the rain")
