"""The load: makes the planned requests at their time, and sees the lives among them through to the end."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from shared.catalogue.load import Catalogue
from shared.clock import SystemClock
from shared.ids import new_id
from tools.chaos.calls import body_of
from tools.chaos.desk import ChaosDesk, StubbornClient
from tools.chaos.facts import Violation
from tools.chaos.journal import Journal
from tools.chaos.lives.files import RefusedError
from tools.chaos.lives.script import Deeper
from tools.chaos.visits import Visit, plan
from tools.client import ApiError, Client, NotYetError, UnreachableError
from tools.demo.group import TRADES, Estate, Staff
from tools.demo.load import load_estate, settings_of
from tools.session import Machine

log = logging.getLogger(__name__)
CALLS_AT_ONCE_MAX = 64
LIVES_AT_ONCE_MAX = 48
EXTRA_EVERY_SECONDS = 0.5
PAUSE_SECONDS = (0.1, 1.0)  # between two steps of a life
MORE_TECHNICIANS, MORE_BUTLERS = 12, 3
OFFICES = (
    ("head", "engineering", "department_head"),
    ("office", "management", "office"),
    ("cs-second", "customer_service", "cs_officer"),
)
SETTINGS = {"quiet.from": "00:00", "quiet.until": "00:00", "join.look_every_minutes": 1}
CAR_HIRE = "car-hire"


def with_more_staff(estate: Estate) -> Estate:
    """The estate with enough people for the load."""
    technician = ("tech", "engineering", "technician", TRADES)
    butler = ("butler", "butler", "butler", ("concierge",))
    more: list[tuple[str, str, str, tuple[str, ...]]] = [technician] * MORE_TECHNICIANS
    more += [butler] * MORE_BUTLERS
    more += [(*office, ()) for office in OFFICES]
    staff = [
        Staff(
            id=f"{estate.id}-{name}-{number}",
            name=f"帮工{number}",
            phone=f"+8618{ord(estate.id[0]) % 10}{number:08d}",
            email=f"{name}{number}@{estate.id}.example",
            language="zh",
            department=department,
            role=role,
            skills=skills,
            starts="00:00",
            ends="24:00",
        )
        for number, (name, department, role, skills) in enumerate(more)
    ]
    return replace(estate, staff=(*estate.staff, *staff))


async def open_estate(client: Client, estate: Estate) -> None:
    """The property with its people; nobody is spared at night, so that every message is sent at once, and
    what is joined is looked at as often as may be set.
    """
    body = settings_of(estate) | {"settings": SETTINGS}
    await client.put("intake", f"/v1/properties/{estate.id}", body)
    await load_estate(client, estate, SystemClock())


class Load:
    """One run of the load: how many visits were `begun`, which are `under_way`, and which have `lived`."""

    def __init__(self, machine: Machine, estates: Sequence[Estate], journal: Journal, seed: int) -> None:
        self._machine = machine
        self._estates = {estate.id: estate for estate in estates}
        self._journal = journal
        self._seed = seed
        self._cars = frozenset(e.id for e in estates if _hires_cars(e))
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE_MAX)
        self._lives = asyncio.Semaphore(LIVES_AT_ONCE_MAX)
        self.lived: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.begun = 0

    def plan(self, count: int, seconds: float) -> list[Visit]:
        """So many visits over the time, by the seed."""
        return plan(Random(self._seed), sorted(self._estates), self._cars, count, seconds)

    async def run(self, visits: Sequence[Visit], killing: Callable[[], bool]) -> None:
        """The planned visits, then a trickle of calls as long as `killing`; returns when all have ended."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        client = StubbornClient(self._machine.addresses, self._machine.token("chaos", []), self._journal)
        async with client, asyncio.TaskGroup() as tasks:
            for visit in visits:
                await asyncio.sleep(max(0.0, began + visit.at_seconds - loop.time()))
                tasks.create_task(self._make(client, visit))
            for number in itertools.count(len(visits)):
                if not killing():
                    break
                property_id = sorted(self._estates)[number % len(self._estates)]
                what = ("urgent", "general")[number % 2]  # so that work flows in both lanes
                tasks.create_task(self._make(client, Visit(number, property_id, "call", what, 0)))
                await asyncio.sleep(EXTRA_EVERY_SECONDS)

    async def _make(self, client: Client, visit: Visit) -> None:
        async with self._lives if visit.kind == "life" else self._calls:
            self.begun += 1
            self.under_way[visit.what] += 1
            await self._try(client, visit)
            self.under_way[visit.what] -= 1

    async def _try(self, client: Client, visit: Visit) -> None:
        desk = ChaosDesk(self._machine, self._estates[visit.property_id], client, self._journal)
        random = Random(f"{self._seed}:{visit.number}:{visit.what}")
        work = self._live if visit.kind == "life" else self._call
        try:
            await work(desk, visit.what, random)
            self.lived[visit.what] += 1
        except (ApiError, NotYetError, UnreachableError) as error:
            where = f"{visit.property_id}: {visit.kind} {visit.what} {visit.number}"
            self._journal.note_finding(Violation("load-refused", where, str(error)))
        except RefusedError:
            log.info("a file was refused")  # noted where it happened

    async def _live(self, desk: ChaosDesk, what: str, random: Random) -> None:
        await Deeper(desk, random, PAUSE_SECONDS).named(what)()

    async def _call(self, desk: ChaosDesk, what: str, random: Random) -> None:
        body = body_of(what, random, desk.estate, SystemClock().now())
        accepted = await desk.accept(body)
        if what == "raised":
            path = f"{desk.base}/requests/{accepted['id']}/raise-urgency"
            raised = {"urgency": "emergency", "reason": "水漫到楼下了", "hazard": "flooding"}
            await desk.as_role("cs_officer").post("intake", path, raised, key=new_id())


def _hires_cars(estate: Estate) -> bool:
    return CAR_HIRE in Catalogue.shipped().profile(estate.profile).procedures
