"""Complaints, inquiries and messages: one outcome so far, told once, each clock fires once (P002 to P034)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tools.chaos.facts import Request, Violation
from tools.chaos.facts_work import Alarm, Case, Reported, Told
from tools.chaos.rules.deadlines import Deadline

# What the desk takes to its end itself, in the checker's own words: no slip goes out for these.
CASE_OF: Mapping[str, str] = {
    "complaint-owner": "complaint",
    "inquiry": "inquiry",
    "relay-message": "message",
}
ZONE = ZoneInfo("Asia/Shanghai")  # of every property of the load
ANSWER, PRESS = timedelta(hours=24), timedelta(hours=48)  # 004 篇3 §七, 篇2 §一.7
CLOSED, GRADED = "intake.request.closed.v1", "intake.complaint.graded.v1"
REPORTED, ANSWERED = "intake.complaint.reported.v1", "intake.complaint.answered.v1"
JUDGED, HANDLED = "intake.complaint.judged.v1", "intake.complaint.handled.v1"
VERIFIED = "intake.complaint.verified.v1"
LAST_WORD: Mapping[tuple[str, str], tuple[str, str]] = {
    ("complaint", "SATISFIED"): (VERIFIED, "SATISFIED"),
    ("inquiry", "ANSWERED"): ("intake.inquiry.answered.v1", ""),
    ("message", "ANSWERED"): ("intake.message.acknowledged.v1", ""),
}
Key = tuple[str, str]


def ended_once(
    requests: Iterable[Request], cases: Iterable[Case], told: Iterable[Told]
) -> Iterator[Violation]:
    """A case and its request stand at the same point, and what ended it was told exactly once."""
    records: dict[Key, list[Case]] = defaultdict(list)
    for case in cases:
        records[case.property_id, case.id].append(case)
    words = Counter((one.property_id, one.request_id, one.type, one.word) for one in told)
    for request in requests:
        key = (request.property_id, request.id)
        kind, own = CASE_OF.get(request.procedure, ""), records.pop(key, [])
        if [case.kind for case in own] != ([kind] if kind else []):
            yield Violation("case-count", _at(key), f"{request.procedure} has {[c.kind for c in own]}")
            continue
        if kind:
            yield from _split(request, own[0])
            yield from _last_word(request, own[0], words)
    for key in records:
        yield Violation("case-count", _at(key), "a case of a request that is not there")


def _split(request: Request, case: Case) -> Iterator[Violation]:
    over = request.status != "OPEN"
    agrees = case.kind != "complaint" or case.outcome == (request.status if over else "")
    if case.closed != over or not agrees:
        stands = f"closed as {case.outcome}" if case.closed else "open"
        what = f"the request is {request.status}, the {case.kind} is {stands}"
        yield Violation("case-split", _at((request.property_id, request.id)), what)


def _last_word(
    request: Request, case: Case, words: Counter[tuple[str, str, str, str]]
) -> Iterator[Violation]:
    key = (request.property_id, request.id)
    if case.kind == "complaint":
        again = words[*key, VERIFIED, "CONTINUE"]
        if case.round != again + 1:
            yield Violation("case-round", _at(key), f"round {case.round} after {again} times CONTINUE")
    for (kind, outcome), (type, word) in LAST_WORD.items():
        if kind == case.kind:
            count = sum(n for w, n in words.items() if w[:3] == (*key, type) and (not word or w[3] == word))
            if count != int(request.status == outcome):
                yield Violation("case-told", _at(key), f"{request.status}, and {type} was told {count} times")


def alarmed_once(alarms: Iterable[Alarm], told: Iterable[Told]) -> Iterator[Violation]:
    """No clock rings twice; a major complaint is told at once and once."""
    rung = Counter((one.property_id, one.request_id, one.kind, one.due_at) for one in alarms)
    for (property_id, request_id, kind, due_at), count in rung.items():
        if count > 1:
            what = f"{kind} due at {due_at:%H:%M:%S} was told {count} times"
            yield Violation("alarm-twice", _at((property_id, request_id)), what)
    major = Counter((one.property_id, one.request_id) for one in alarms if one.kind == "major")
    graded = Counter(
        (one.property_id, one.request_id) for one in told if (one.type, one.word) == (GRADED, "MAJOR")
    )
    for key in major.keys() | graded.keys():
        if major[key] != graded[key]:
            yield Violation("alarm-major", _at(key), f"graded {graded[key]} times, told {major[key]} times")


def clocks(reported: Iterable[Reported], told: Iterable[Told], alarms: Iterable[Alarm]) -> Iterator[Deadline]:
    """The clocks of every complaint, computed from what was told alone: report, first answer, pressing."""
    said: dict[Key, list[Told]] = defaultdict(list)
    for one in told:
        said[one.property_id, one.request_id].append(one)
    rung: dict[tuple[str, str, str], list[datetime]] = defaultdict(list)
    for alarm in alarms:
        rung[alarm.property_id, alarm.request_id, alarm.kind].append(alarm.at)
    for report in reported:
        if CASE_OF.get(report.procedure) == "complaint":
            own = sorted(said[report.property_id, report.request_id], key=lambda one: one.sequence)
            yield from _clocks(report, own, rung)


def _clocks(
    report: Reported, steps: Sequence[Told], rung: Mapping[tuple[str, str, str], Sequence[datetime]]
) -> Iterator[Deadline]:
    key = (report.property_id, report.request_id)
    rounds = [(report.reported_at, report.at, 0)]
    again = [one for one in steps if (one.type, one.word) == (VERIFIED, "CONTINUE")]
    rounds += [(one.at, one.at, one.sequence) for one in again]
    local = report.reported_at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    yield _clock(
        key, "report_late", local + timedelta(days=1), report.at, _first(steps, 0, (REPORTED,)), rung
    )
    for begins, known_at, since in rounds:
        answered = _first(steps, since, (ANSWERED, VERIFIED))
        yield _clock(key, "answer_late", begins + ANSWER, known_at, answered, rung)
        if begins + PRESS > known_at:
            settled = _first(steps, since, (HANDLED, JUDGED))
            yield _clock(key, "press_due", begins + PRESS, known_at, settled, rung)


def _clock(
    key: Key,
    kind: str,
    due: datetime,
    known_at: datetime,
    relieved_at: datetime | None,
    rung: Mapping[tuple[str, str, str], Sequence[datetime]],
) -> Deadline:
    due_at = max(due, known_at)
    # The journal keeps milliseconds, cut off: what is due and fires within one must not seem unfired.
    fired = [at for at in rung.get((*key, kind), ()) if at >= due_at - timedelta(milliseconds=1)]
    return Deadline(_at(key), kind, due_at, min(fired, default=None), relieved_at)


def _first(steps: Sequence[Told], after: int, types: Sequence[str]) -> datetime | None:
    """When the first such step came, or the end; a complaint that is found valid still has to be handled."""
    for one in steps:
        valid = one.type == JUDGED and one.word == "VALID"
        if one.sequence > after and not valid and one.type in (*types, CLOSED):
            return one.at
    return None


def _at(key: Key) -> str:
    return ":".join(key)
