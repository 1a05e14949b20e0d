"""Loads a property of the demonstration through the HTTP API.

Settings, units, owners, staff, the shifts of two weeks, and a service guide.

Loading again changes nothing but the shifts, which are carried on; so every start of the demonstration may
load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from shared.clock import Clock, SystemClock
from tools.client import Client, Json
from tools.demo.desk import shift_times
from tools.demo.group import Estate, Staff
from tools.demo.guide import load_guide
from tools.session import Machine

DAYS_BACK, DAYS_AHEAD = 1, 14
LOAD_MAX = 60
BULK_MAX = 200


async def load_group(
    machine: Machine, estates: Iterable[Estate], say: Callable[[str], None], clock: Clock | None = None
) -> None:
    """Every property of the group."""
    for estate in estates:
        async with machine.of_property(estate.id, "administrator", sub="setup") as client:
            new = await load_estate(client, estate, clock or SystemClock())
        async with machine.of_property(estate.id, "office", sub="setup") as client:
            await load_guide(client, estate)
        what = "opened" if new else "was there"
        say(
            f"{estate.name_zh} {estate.name_en}: {what}, {len(estate.units)} units, {len(estate.staff)} staff"
        )


async def load_estate(client: Client, estate: Estate, clock: Clock) -> bool:
    """One property; whether it was new."""
    base = f"/v1/properties/{estate.id}"
    known = await client.find("intake", base)
    if known is None:
        await client.put("intake", base, settings_of(estate))
    if known is None or await client.find("intake", f"{base}/people/{estate.owners[-1].id}") is None:
        await load_directory(client, estate)
    await load_rosters(client, estate, clock.now())
    return known is None


def settings_of(estate: Estate) -> Json:
    """The body that opens the property."""
    return {
        "name_zh": estate.name_zh,
        "name_en": estate.name_en,
        "zone": estate.zone,
        "profile": estate.profile,
        "currency": estate.currency,
        "duty_chain": list(estate.duty_chain),
        "settings": {f"property.phones.{name}": phone for name, phone in estate.phones},
        "training": estate.training,
    }


async def load_directory(client: Client, estate: Estate) -> None:
    """Units and people."""
    base = f"/v1/properties/{estate.id}"
    kind = {"villa": "villa", "tower": "office"}.get(estate.profile, "flat")
    units = [{"unit_id": unit.id, "label": unit.shorthand, "kind": kind} for unit in estate.units]
    people: list[dict[str, Any]] = [
        {
            "person_id": owner.id,
            "name": owner.name,
            "phones": [owner.phone],
            "email": owner.email,
            "language": owner.language,
            "units": [{"unit_id": owner.unit_id, "role": "owner"}],
        }
        for owner in estate.owners
    ]
    for first in range(0, len(units), BULK_MAX):
        await client.post("intake", f"{base}/units/bulk", {"units": units[first : first + BULK_MAX]})
    for first in range(0, len(people), BULK_MAX):
        await client.post("intake", f"{base}/people/bulk", {"people": people[first : first + BULK_MAX]})


async def load_rosters(client: Client, estate: Estate, now: datetime) -> None:
    """Staff and their shifts."""
    base = f"/v1/properties/{estate.id}"

    def department(one: Staff) -> str:
        return one.department

    for name, people in groupby(sorted(estate.staff, key=department), key=department):
        staff = list(people)
        await client.post(
            "dispatch", f"{base}/staff", {"department": name, "staff": [_person(one) for one in staff]}
        )
        shifts = [shift for one in staff for shift in shifts_of(one, estate.zone, now)]
        await client.post("dispatch", f"{base}/shifts", {"department": name, "shifts": shifts})


def _person(one: Staff) -> Json:
    return {
        "staff_id": one.id,
        "name": one.name,
        "phone": one.phone,
        "email": one.email,
        "role": one.role,
        "language": one.language,
        "skills": list(one.skills),
        "load_max": LOAD_MAX,
    }


def shifts_of(one: Staff, zone: str, now: datetime) -> list[Json]:
    """The person's shifts from yesterday to two weeks ahead, in the property's wall time."""
    today = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (today + timedelta(days=offset) for offset in range(-DAYS_BACK, DAYS_AHEAD + 1))
    times = (shift_times(one, day) for day in days)
    return [
        {"staff_id": one.id, "starts_at": first.isoformat(), "ends_at": last.isoformat()}
        for first, last in times
    ]
