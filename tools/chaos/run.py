"""One run: stores, gateways and services in their own folder; load and kills; rest; the checker's word."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from rich.console import Console

from tools.chaos import kills, report
from tools.chaos.checker import Evidence, Findings, check
from tools.chaos.facts import Violation
from tools.chaos.journal import Journal
from tools.chaos.killer import Felt, Killer
from tools.chaos.load import Load, open_estate, with_more_staff
from tools.chaos.read import Stores, connect
from tools.chaos.settle import Settling
from tools.chaos.visits import Visit
from tools.chaos.watch import Watch
from tools.demo.group import demonstration_group
from tools.gateway.faults import Fault
from tools.gateway.server import Running, gateway
from tools.session import Machine
from tools.stack.broker import BrokerKind
from tools.stack.layout import make_empty
from tools.stack.processes import AUDITOR
from tools.stack.stack import Stack, StackOptions
from tools.stack.supervisor import Supervisor

PROGRESS_SECONDS = 10.0
JOURNAL = "journal.jsonl"
LEASE_SECONDS = (
    20  # a sender that was killed: its messages are taken up after this, above the channels' timeouts
)
FAULT_EVERY_SECONDS = 15.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """A run. `kill_count` 0 kills nothing; `gateway_faults`: the gateways fail now and then as well."""

    data: Path
    broker: BrokerKind = "embedded"
    requests: int = 3_000
    load_seconds: float = 300.0
    kill_count: int = 32
    seed: int = 1
    settle_seconds: float = 180.0
    gateway_faults: bool = True
    auditor: bool = True
    visits: tuple[Visit, ...] = ()  # instead of a seeded plan


@dataclass(slots=True)
class Result:
    """What came of a run."""

    requests: int
    kills: int
    failpoints: int
    felt: list[Felt]
    findings: Findings
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """Everything of one run while it stands."""

    options: Options
    stack: Stack
    gateway: Running
    supervisor: Supervisor
    journal: Journal
    stores: Stores

    def evidence(self, settled: Settling) -> Evidence:
        """What the checker gets to see: the last moment that was looked at."""
        logs = (self.gateway.sms_receipts.path, self.gateway.mail_receipts.path)
        settings = self.supervisor.settings
        return Evidence(settled.frozen, self.journal, *logs, now=settled.moment, settings=settings)


@asynccontextmanager
async def world(options: Options, say: Say) -> AsyncIterator[World]:
    """A fresh world with the demonstration group in it; what an earlier run left in the folder is deleted."""
    await asyncio.to_thread(make_empty, options.data, JOURNAL)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    async with (
        Stack(StackOptions(data=options.data, broker=options.broker), say) as stack,
        gateway(secret, options.data / "gateway") as running,
    ):
        environment = {
            "GATEWAY_URL": running.url,
            "GATEWAY_SECRET": secret,
            "SMTP_PORT": str(running.smtp_port),
            "MESSAGE_LEASE_SECONDS": str(LEASE_SECONDS),
        }
        supervisor = Supervisor(stack, auditor=options.auditor, environment=environment, report=say)
        journal = Journal(options.data / JOURNAL)
        client = await asyncio.to_thread(connect, stack.mongodb_url)
        try:
            async with supervisor:
                stores = Stores(client, supervisor.settings.database_prefix)
                yield World(options, stack, running, supervisor, journal, stores)
        finally:
            journal.close()
            client.close()


async def run(options: Options, console: Console) -> Result:
    """A whole run, told on the console."""
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[{time.monotonic() - began:6.1f} s] {line}", markup=False)

    logging.getLogger("httpx").setLevel(logging.WARNING)
    what = f"{options.requests} requests, {options.kill_count} kills, {options.broker} broker"
    say(f"seed {options.seed}: {what}")
    async with world(options, say) as there:
        marks = {"started": time.monotonic() - began}
        killer = await play(there, say)
        marks["loaded"] = time.monotonic() - began
        settling = Settling(there.supervisor, there.stores, say)
        if not await settling.run(options.settle_seconds):
            what = ", ".join(settling.missing)
            there.journal.note_finding(Violation("not-at-rest", "all", what))
        marks["settled"] = time.monotonic() - began
        say("at rest; the checker reads databases and logs")
        findings = await check(there.evidence(settling))
        settling.frozen.thaw()
        marks["checked"] = time.monotonic() - began
    write_findings(options.data / "findings.jsonl", findings)
    return Result(there.journal.accepted, killer.kills, killer.by_failpoint, killer.felt, findings, marks)


async def play(there: World, say: Say) -> Killer:
    """Load and kills side by side, until both have ended."""
    options = there.options
    machine = Machine(there.stack.layout, there.supervisor.settings)
    estates = [with_more_staff(estate) for estate in demonstration_group()]
    grants = [(f"property:{estate.id}", "administrator") for estate in estates]
    async with machine.client("setup", grants) as client:
        for estate in estates:
            await open_estate(client, estate)
    say("the demonstration group is loaded")
    watch = Watch(there.supervisor)
    killer = Killer(there.supervisor, watch, there.journal, say)
    load = Load(machine, estates, there.journal, options.seed)
    others = ["broker", "mongod", *([AUDITOR] if options.auditor else [])]
    services = [name for name in there.supervisor.services if name != AUDITOR]
    visits = options.visits or load.plan(options.requests, options.load_seconds)
    plan = kills.plan(Random(options.seed), services, others, options.kill_count)
    background = [asyncio.create_task(_tell(there, load, killer, say))]
    if options.gateway_faults:
        background.append(asyncio.create_task(_faults(there.gateway, Random(options.seed))))
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(killer.run(plan, options.load_seconds * 0.95))
            tasks.create_task(load.run(visits, lambda: not killer.ended))
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        there.gateway.sms_faults.clear()
        there.gateway.mail_faults.clear()
        await watch.close()
    say(
        f"the load has ended: {there.journal.accepted} requests accepted, lives and calls: {dict(load.lived)}"
    )
    return killer


async def _tell(there: World, load: Load, killer: Killer, say: Say) -> None:
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        say(f"{load.begun} requests begun, {there.journal.accepted} accepted, {killer.kills} kills")
        if load.begun >= there.options.requests:
            say(f"still under way: {dict(+load.under_way)}")


async def _faults(running: Running, random: Random) -> None:
    """Now and then an answer is lost, a call is cut, or a gateway asks to come again."""
    while True:
        await asyncio.sleep(random.expovariate(1 / FAULT_EVERY_SECONDS))
        faults = random.choice((running.sms_faults, running.mail_faults))
        faults.plan(Fault(random.choice(("answer_lost", "drop", "error"))), random.randint(1, 3))


def write_findings(path: Path, findings: Findings) -> None:
    """Every violation as JSON, one a line."""
    lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in findings.violations]
    path.write_text("".join(lines), encoding="utf-8")


def print_result(console: Console, result: Result) -> None:
    """Tables for people; the JSON line is the caller's."""
    if result.felt:
        report.print_outages(console, result.felt)
    marks = ", ".join(f"{name} after {seconds:.0f} s" for name, seconds in result.seconds.items())
    console.print(
        f"{result.kills} kills, {result.failpoints} of them between first write and commit; {marks}"
    )
    report.print_findings(console, result.findings)
