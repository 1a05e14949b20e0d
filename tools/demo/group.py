"""The demonstration group.

Three properties bound to the handbooks (ruling J29), with units, owners, staff and shifts.

Made from a seed: the same seed gives the same group on every machine. Everything is invented; telephone
numbers have the form of Chinese mobile numbers and belong to nobody we know, mail addresses end in
`.example`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from shared.ids import derived_id
from tools.demo.names import chinese_name, english_name

SEED = 20_260_301
ENGLISH_SHARE = 0.15
PHONE_PREFIX = "+86199"


@dataclass(frozen=True, slots=True)
class Unit:
    """A flat, a villa or an office. `shorthand` is how people say it: 3-2-1801."""

    id: str
    building: str
    shorthand: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who lives there or owns it."""

    id: str
    name: str
    phone: str
    email: str
    language: Literal["zh", "en"]
    unit_id: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works there: one role, the skills, and the hours of each day (local, `24:00` is midnight.

    End before start: overnight).
    """

    id: str
    name: str
    phone: str
    email: str
    language: Literal["zh", "en"]
    department: str
    role: str
    skills: tuple[str, ...]
    starts: str
    ends: str


@dataclass(frozen=True, slots=True)
class Estate:
    """One property of the group with all that belongs to it."""

    id: str
    name_zh: str
    name_en: str
    zone: str
    profile: str
    currency: str
    units: tuple[Unit, ...]
    owners: tuple[Owner, ...]
    staff: tuple[Staff, ...]
    duty_chain: tuple[str, ...]
    phones: tuple[tuple[str, str], ...]
    training: bool = False


@dataclass(frozen=True, slots=True)
class _Post:
    """A post of the roster, the same in every property."""

    name: str
    department: str
    role: str
    skills: tuple[str, ...]
    starts: str
    ends: str


TRADES = ("plumber", "electrician", "carpenter", "mason", "hvac", "low-voltage", "lift", "general")
POSTS = (
    _Post("tech-night", "engineering", "technician", TRADES, "00:00", "08:00"),
    _Post("tech-day", "engineering", "technician", TRADES, "08:00", "16:00"),
    _Post("tech-late", "engineering", "technician", TRADES, "16:00", "24:00"),
    _Post("repair-supervisor", "engineering", "repair_supervisor", TRADES, "00:00", "24:00"),
    _Post("butler-day", "butler", "butler", ("concierge",), "08:00", "20:00"),
    _Post("butler-night", "butler", "butler", ("concierge",), "20:00", "08:00"),
    _Post("cs-day", "customer_service", "cs_officer", (), "08:00", "20:00"),
    _Post("cs-night", "customer_service", "cs_officer", (), "20:00", "08:00"),
    _Post("cs-supervisor", "customer_service", "cs_supervisor", (), "09:00", "18:00"),
    _Post("cashier", "finance", "cashier", (), "08:00", "20:00"),
    _Post("guard-day", "security", "gate_guard", (), "07:00", "19:00"),
    _Post("guard-night", "security", "gate_guard", (), "19:00", "07:00"),
    _Post("director", "management", "director", (), "00:00", "24:00"),
    _Post("property-manager", "management", "property_manager", (), "00:00", "24:00"),
)
DUTY_CHAIN = ("cs-supervisor", "director")
HEADQUARTERS = "hq_duty"  # the last of every chain (J21): nobody of the roster, only a telephone
DUTY_PHONES = ("duty_officer", "director", "property_manager", HEADQUARTERS)
LINES = ("hotline", "complaint_day", "complaint_night")


def demonstration_group(seed: int = SEED) -> tuple[Estate, ...]:
    """The three properties."""
    return (
        _estate(seed, 1, "tower", "云栖中心大厦", "Yunqi Tower", list(_tower_units())),
        _estate(seed, 2, "villa", "松湖别墅", "Pine Lake Villas", list(_villa_units())),
        _estate(seed, 3, "garden", "阳光花园", "Sunshine Garden", list(_garden_units())),
    )


def training_estate(seed: int = SEED) -> Estate:
    """The property where people practise and files are replayed; its messages never leave the machine."""
    return _estate(
        seed,
        4,
        "training",
        "培训小区",
        "Training Estate",
        list(_garden_units()),
        profile="garden",
        training=True,
    )


def _tower_units() -> Iterator[tuple[str, str]]:
    return (("A", f"A-{floor}{room:02d}") for floor in range(8, 20) for room in range(1, 5))


def _villa_units() -> Iterator[tuple[str, str]]:
    return ((lane, f"{lane}-{house}") for lane in ("L1", "L2", "L3", "L4") for house in range(1, 11))


def _garden_units() -> Iterator[tuple[str, str]]:
    return (
        (building, f"{building}-{stair}-{floor}{door:02d}")
        for building in ("1", "2", "3")
        for stair in (1, 2)
        for floor in (3, 6, 9, 12, 18)
        for door in (1, 2)
    )


def _estate(
    seed: int,
    digit: int,
    id: str,
    name_zh: str,
    name_en: str,
    units: list[tuple[str, str]],
    *,
    profile: str = "",
    training: bool = False,
) -> Estate:
    random = Random(f"{seed}:{id}")
    made = tuple(Unit(shorthand, building, shorthand) for building, shorthand in units)
    staff = tuple(_staff(random, id, digit, number, post) for number, post in enumerate(POSTS))
    return Estate(
        id=id,
        name_zh=name_zh,
        name_en=name_en,
        zone="Asia/Shanghai",
        profile=profile or id,
        currency="CNY",
        units=made,
        owners=tuple(_owner(random, id, digit, number, unit) for number, unit in enumerate(made)),
        staff=staff,
        duty_chain=(*(f"{id}-{post}" for post in DUTY_CHAIN), HEADQUARTERS),
        phones=tuple((name, _phone(digit, 9, n)) for n, name in enumerate((*DUTY_PHONES, *LINES))),
        training=training,
    )


def _owner(random: Random, property_id: str, digit: int, number: int, unit: Unit) -> Owner:
    english = random.random() < ENGLISH_SHARE
    return Owner(
        id=derived_id("demo", property_id, "owner", number),
        name=english_name(random) if english else chinese_name(random),
        phone=_phone(digit, 1, number),
        email=f"owner{number:02d}@{property_id}.example",
        language="en" if english else "zh",
        unit_id=unit.id,
    )


def _staff(random: Random, property_id: str, digit: int, number: int, post: _Post) -> Staff:
    return Staff(
        id=f"{property_id}-{post.name}",
        name=chinese_name(random),
        phone=_phone(digit, 2, number),
        email=f"{post.name}@{property_id}.example",
        language="zh",
        department=post.department,
        role=post.role,
        skills=post.skills,
        starts=post.starts,
        ends=post.ends,
    )


def _phone(digit: int, kind: int, number: int) -> str:
    return f"{PHONE_PREFIX}{digit}{kind}{number * 37:06d}"
