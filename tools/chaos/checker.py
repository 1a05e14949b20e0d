"""The independent checker: reads what is there and applies every rule. Run it when all has come to rest.

It shares no code with the services; only seals are opened by the kernel's own `verify`, which is what an
auditor of the journal would run (seals.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from shared.settings import Settings
from tools.chaos.facts import Outage, Violation
from tools.chaos.journal import Journal
from tools.chaos.read import SERVICES, Stores, log_of
from tools.chaos.read_files import Files
from tools.chaos.read_work import Work
from tools.chaos.rules import (
    callbacks,
    cases,
    deadlines,
    files,
    followed,
    ledger,
    messages,
    numbers,
    requests,
    slips,
    streams,
)
from tools.chaos.seals import unsound

GRACE = timedelta(seconds=30)
# A deadline waits for nothing else: timers and their commits are the front process's and mongod's.
FIRES_DEADLINES = frozenset({"dispatch-front", "mongod"})
FIRES_CASES = frozenset({"intake-front", "mongod"})
NUMBERED = ("dispatch", "billing")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where everything lies that is judged.

    `now` is just before the moment whose state `stores` show; logs and seals may have gone on since.
    """

    stores: Stores
    journal: Journal
    sms_log: Path
    mail_log: Path
    now: datetime
    settings: Settings
    grace: timedelta = GRACE


@dataclass(frozen=True, slots=True)
class Findings:
    """What the checker says: everything that is wrong, and how much was looked at."""

    violations: list[Violation]
    looked_at: dict[str, int]

    def by_rule(self) -> Counter[str]:
        """How many of each."""
        return Counter(violation.rule for violation in self.violations)


async def check(evidence: Evidence) -> Findings:
    """Every rule, over everything."""
    findings = await asyncio.to_thread(_judge, evidence)
    findings.violations.extend(await unsound(evidence.settings, evidence.now))
    return findings


def _judge(evidence: Evidence) -> Findings:
    looked_at: Counter[str] = Counter()
    work = (_requests, _followed, _cases, _numbers, _slips, _callbacks, _files)
    parts = (*work, _ledger, _messages, _deadlines, _streams)
    found = chain(evidence.journal.all_findings(), *(part(evidence, looked_at) for part in parts))
    return Findings(list(found), dict(looked_at))


def _requests(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    stores = evidence.stores
    stored, orders = list(stores.requests()), list(stores.orders())
    endings = list(stores.endings())
    looked_at.update({"requests": len(stored), "work orders": len(orders)})
    yield from requests.kept(evidence.journal.all_accepted(), stored)
    yield from requests.worked(stored, orders, endings)
    yield from requests.ended(stored, endings, orders, evidence.journal.all_shown())


def _followed(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    stores, told = evidence.stores, list(Work(evidence.stores).told())
    stored = list(stores.requests())
    looked_at["requests joined"] += sum(1 for one in stored if one.status == followed.JOINED)
    looked_at["requests opened again"] += sum(1 for one in told if one.type == followed.REOPENED)
    yield from followed.succeeded(stored, stores.orders(), told)
    outages = list(_outages(evidence.journal.all_down(), FIRES_CASES))
    yield from followed.joined(stored, told, outages, evidence.now, evidence.grace)


def _cases(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    work = Work(evidence.stores)
    told, alarms, records = list(work.told()), list(work.alarms()), list(work.cases())
    looked_at.update(Counter(f"cases of the desk: {case.kind}" for case in records))
    looked_at["alarms about cases"] += len(alarms)
    yield from cases.ended_once(evidence.stores.requests(), records, told)
    yield from cases.alarmed_once(alarms, told)
    outages = list(_outages(evidence.journal.all_down(), FIRES_CASES))
    clocks = list(cases.clocks(work.reported(), told, alarms))
    yield from deadlines.kept(clocks, outages, evidence.now, evidence.grace, "clock")


def _slips(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    work, stores = Work(evidence.stores), evidence.stores
    paper, refused = list(work.on_paper()), list(work.refused())
    looked_at.update({"numbers on paper": len(paper), "slips refused": len(refused)})
    yield from slips.sheets_hold(evidence.journal.all_sheets(), paper, work.slips())
    yield from slips.refusals_complete(refused)
    yield from slips.consented(work.completed(), work.quotes(), work.charges(), stores.orders())


def _callbacks(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    work = Work(evidence.stores)
    every, rain = list(work.callbacks()), list(work.rain())
    looked_at.update({"callbacks": len(every), "rain": len(rain)})
    looked_at["callbacks that found a problem"] += sum(1 for one in every if one.result == "problem")
    yield from callbacks.scheduled(work.completed(), evidence.stores.orders(), work.reported(), every)
    yield from callbacks.proven(every)
    yield from callbacks.heard(every, work.told())
    yield from callbacks.rained(every, rain)
    yield from callbacks.left(every, evidence.stores.requests())


def _files(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    read, journal = Files(evidence.stores), evidence.journal
    rows, blobs = list(read.files()), list(read.blobs())
    looked_at.update({"attachments": len(rows), "files in the store": len(blobs)})
    yield from files.promised(journal.all_sent(), journal.all_files(), rows, read.arrived())
    yield from files.kept(rows, blobs)


def _numbers(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    uses = {"dispatch": evidence.stores.slips, "billing": evidence.stores.receipts}
    for service in NUMBERED:
        taken = list(evidence.stores.numbers(service))
        looked_at["numbers"] += len(taken)
        paper = Work(evidence.stores).on_paper() if service == "dispatch" else ()
        yield from numbers.gapless(taken, uses[service](), evidence.stores.counters(service), paper)


def _ledger(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    entries, payments = list(evidence.stores.entries()), list(evidence.stores.payments())
    looked_at.update({"ledger entries": len(entries), "payments": len(payments)})
    yield from ledger.balanced(entries, chain(payments, evidence.stores.charges()))
    yield from ledger.receipts_hold(evidence.journal.all_handed(), payments)


def _messages(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    every = list(evidence.stores.messages())
    sms, mail = list(log_of(evidence.sms_log)), list(log_of(evidence.mail_log))
    unknown = sum(1 for message in every if message.state == "unknown")
    looked_at.update({"messages": len(every), "text messages taken": len(sms), "mails taken": len(mail)})
    looked_at["messages listed unknown"] += unknown
    yield from messages.by_gateway(every, sms, evidence.now)
    yield from messages.by_mail(every, mail, evidence.now)
    yield from messages.under_way(every, evidence.now)
    yield from messages.called(every, evidence.stores.orders())


def _deadlines(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    every = list(deadlines.deadlines(evidence.stores.orders(), evidence.stores.steps()))
    looked_at["deadlines fired"] += sum(1 for one in every if one.fired_at is not None)
    outages = list(_outages(evidence.journal.all_down(), FIRES_DEADLINES))
    yield from deadlines.kept(every, outages, evidence.now, evidence.grace)


def _outages(every: Iterable[Outage], of: frozenset[str]) -> Iterator[Outage]:
    return (outage for outage in every if outage.process in of)


def _streams(evidence: Evidence, looked_at: Counter[str]) -> Iterator[Violation]:
    stores = evidence.stores
    published = [one for service in SERVICES for one in stores.published(service)]
    progress = [one for service in SERVICES for one in stores.progress(service)]
    looked_at["events"] += sum(one.count for one in published)
    yield from streams.gapless(published, progress)
    yield from streams.caught_up(published, progress)
    yield from streams.nothing_left(
        chain.from_iterable(map(stores.waiting, SERVICES)),
        chain.from_iterable(map(stores.parked, SERVICES)),
        progress,
    )
    timers = [one for service in SERVICES for one in stores.timers(service)]
    looked_at["timers pending"] += len(timers)
    yield from streams.no_timer_left(timers, evidence.now, evidence.grace)
