"""The declarative mapping.

How one kind of call-centre export is read. A TOML file, checked when it is loaded.

A rule says which rows are a matter of the property and what they become; the first that fits wins, and a
row that fits none is reported as an unknown category. What the file does not give stays out and is counted
as not supplied. docs/commands.md has the format with an example.
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shared.events.intake import Outcome, Urgency

RULES_MAX = 2_000
BUILT_IN = Path(__file__).parent / "mappings"


class MappingError(Exception):
    """The mapping file cannot be used; the text names the place and what would be accepted."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Part):
    """Which column of the file gives what. Several columns are joined."""

    key: str
    reported_at: str
    category: tuple[str, ...] = Field(min_length=1)
    closed_at: str = ""
    appointment_at: str = ""
    status: str = ""
    channel: str = ""
    unit: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    description: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    language: str = ""
    fields: dict[str, str] = {}

    def named(self) -> frozenset[str]:
        """Every column that has to be in the file."""
        single = (self.key, self.reported_at, self.closed_at, self.appointment_at, self.status, self.channel)
        person = (self.name, self.phone, self.language)
        joined = (*self.category, *self.unit, *self.place, *self.description)
        return frozenset(filter(None, (*single, *person, *joined, *self.fields.values())))


class Times(_Part):
    """How times are written, and where the clock hung that wrote them."""

    formats: tuple[str, ...] = Field(min_length=1)
    zone: str

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("must be an IANA time zone such as Asia/Shanghai") from None
        return zone

    def read(self, text: str) -> datetime | None:
        """An aware moment, or None if no format fits. A time without offset is that of the zone."""
        for form in self.formats:
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
            except ValueError:
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))
        return None


class Rule(_Part):
    """Rows whose columns have these values become this. An empty urgency leaves it to intake."""

    when: dict[str, str | tuple[str, ...]] = Field(min_length=1)
    procedure: str
    category: str
    area: Literal["indoor", "public"]
    urgency: Urgency | Literal[""] = ""
    hazard: str = ""

    def fits(self, row: dict[str, str]) -> bool:
        """Whether every named column has one of its accepted values; letter case does not count."""
        return all(_same(row[column], accepted) for column, accepted in self.when.items())


class PropertyPart(_Part):
    """What one property does differently.

    Its units as the file writes them, and a place for rows without one.
    """

    units: dict[str, str] = {}
    place: str = ""


class Mapping(_Part):
    """One kind of export. `source` is part of every id made from it and must never change."""

    source: str = Field(pattern=r"^[a-z][a-z0-9-]{1,31}$")
    title: str
    encoding: Literal["utf-8-sig", "gb18030"] = "utf-8-sig"
    delimiter: str = Field(",", min_length=1, max_length=1)
    join: str = " "
    unit_join: str = "-"
    phone_region: str = Field("CN", pattern=r"^[A-Z]{2}$")
    columns: Columns
    times: Times
    channels: dict[str, str] = {}
    ends: dict[str, Outcome] = {}
    rules: tuple[Rule, ...] = Field(min_length=1, max_length=RULES_MAX)
    properties: dict[str, PropertyPart] = {}

    def hash(self) -> str:
        """Changes whenever anything in the mapping changes."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def columns_needed(self) -> frozenset[str]:
        """Every column the mapping speaks of."""
        return self.columns.named() | {column for rule in self.rules for column in rule.when}

    def of(self, property_id: str) -> PropertyPart:
        """The part of one property; an empty one if nothing was said."""
        return self.properties.get(property_id, PropertyPart())


def load_mapping(name: str) -> Mapping:
    """A mapping by path, or by the name of one that comes with the project (`nyc311`)."""
    path = Path(name)
    if not path.suffix and not path.exists():
        path = BUILT_IN / f"{name}.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        shipped = ", ".join(sorted(found.stem for found in BUILT_IN.glob("*.toml")))
        raise MappingError(f"no mapping {name}; give a TOML file or one of: {shipped}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path.name}: {error}") from None
    try:
        return Mapping.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise MappingError(f"{path.name}: {where}: {first['msg']} ({error.error_count()} in all)") from None


def _same(value: str, accepted: str | tuple[str, ...]) -> bool:
    wanted = (accepted,) if isinstance(accepted, str) else accepted
    return value.casefold() in {one.casefold() for one in wanted}
