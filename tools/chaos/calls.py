"""What a caller says: the bodies of requests, and how long ago the fault was reported. Seeded and pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from tools.client import Json
from tools.demo.faults import EMERGENCIES, INDOOR, PUBLIC, URGENT, Fault
from tools.demo.group import Estate, Owner

CHANNELS = ("hotline", "window", "app", "duty_line", "web")
ANONYMOUS_SHARE, BY_MAIL_SHARE = 0.1, 0.2
# An overdue fault: its urgency, and from report to the moments at which somebody is told (75, 100, 150 %).
OVERDUE: dict[str, tuple[timedelta, ...]] = {
    "emergency": tuple(timedelta(minutes=m) for m in (45, 60, 90)),
    "urgent": tuple(timedelta(hours=h) for h in (18, 24, 36)),
    "general": tuple(timedelta(hours=h) for h in (54, 72, 108)),
}
COMPLAINT_TIMERS = (timedelta(hours=24), timedelta(hours=48))  # first answer, and from when it is pressed
SOON_SECONDS = (5.0, 150.0)
CAR_STARTS_HOURS = (30, 200)


def body_of(what: str, random: Random, estate: Estate, now: datetime) -> Json:
    """A request with the contact that brings it."""
    owner = random.choice(estate.owners)
    if what == "car":
        return _car(random, owner, now)
    if what == "overdue":
        urgency = random.choice(sorted(OVERDUE))
        return _repair(random, owner, urgency) | _so_long_ago(random, OVERDUE[urgency], now)
    if what == "complaint_overdue":
        return _case(random, owner, "complaint-owner", "repair") | _so_long_ago(random, COMPLAINT_TIMERS, now)
    if what == "complaint_left":
        return _case(random, owner, "complaint-owner", "noise")
    if what == "inquiry_left":
        return _case(random, owner, "inquiry", "fees")
    return _repair(random, owner, "general" if what == "raised" else what)


def _so_long_ago(random: Random, steps: tuple[timedelta, ...], now: datetime) -> Json:
    """Reported when one of the steps after it falls due while the run lasts."""
    ago = random.choice(steps) - timedelta(seconds=random.uniform(*SOON_SECONDS))
    return {"reported_at": (now - ago).replace(microsecond=0).isoformat()}


def _case(random: Random, owner: Owner, procedure: str, category: str) -> Json:
    body = {"procedure": procedure, "category": category, "description": "请尽快处理"}
    return body | {"unit_id": owner.unit_id} | _who(random, owner)


def _repair(random: Random, owner: Owner, urgency: str) -> Json:
    fault = random.choice(_faults(random, urgency))
    body: Json = {
        "procedure": "repair-report",
        "category": fault.category,
        "area": fault.area,
        "hazard": fault.hazard,
        "description": fault.zh,
        "fields": {"part": fault.part, "tariff_told": True},
        **({"unit_id": owner.unit_id} if fault.area == "indoor" else {"place": fault.place}),
    }
    return body | _who(random, owner)


def _faults(random: Random, urgency: str) -> tuple[Fault, ...]:
    if urgency == "general":
        return random.choice((INDOOR, PUBLIC))
    return EMERGENCIES if urgency == "emergency" else URGENT


def _who(random: Random, owner: Owner) -> Json:
    """Somebody who is told by text message, by mail, or not at all."""
    chance, channel = random.random(), random.choice(CHANNELS)
    if chance < ANONYMOUS_SHARE:
        return {"contact": {"channel": channel}}
    if chance < ANONYMOUS_SHARE + BY_MAIL_SHARE:
        said = {"name": owner.name, "email": owner.email, "language": owner.language}
        return {"contact": {"channel": "email"}, "requester": said}
    return {"contact": {"channel": channel, "caller_phone": owner.phone}, "person_id": owner.id}


def _car(random: Random, owner: Owner, now: datetime) -> Json:
    start = (now + timedelta(hours=random.randint(*CAR_STARTS_HOURS))).replace(microsecond=0)
    return {
        "procedure": "car-hire",
        "unit_id": owner.unit_id,
        "person_id": owner.id,
        "description": "租车",
        "contact": {"channel": "window", "person_id": owner.id},
        "fields": {
            "start_at": start.isoformat(),
            "pickup_place": "大堂门口",
            "vehicle_type": random.choice(("sedan", "suv", "mpv")),
            "duration_hours": random.randint(1, 9),
            "people": random.randint(1, 4),
        },
    }
