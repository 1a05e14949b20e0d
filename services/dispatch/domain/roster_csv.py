"""Rosters from CSV files. A line that is not understood is reported with its number and skipped.

The others are taken over. Pure.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Generic, TypeVar

from pydantic import ValidationError

from services.dispatch.domain.bodies import (
    BULK_SHIFTS_MAX,
    BULK_STAFF_MAX,
    Body,
    NamedStaff,
    ShiftRow,
)
from shared.deadlines import zone_of
from shared.errors import Invalid
from shared.phones import to_e164
from shared.texts.rows import RefusedRow, Tell, misread_row, refused_row
from shared.texts.say import listed, say

REFUSED_SHOWN_MAX = 200
STAFF_COLUMNS = (
    "staff_id",
    "name",
    "phone",
    "email",
    "role",
    "rank",
    "language",
    "skills",
    "areas",
    "load_max",
    "active",
    "households",
    "covered_by",
)
SHIFT_COLUMNS = ("staff_id", "date", "from", "to", "on_call")
STAFF_NEEDED = ("staff_id", "name", "phone", "role")
SHIFT_NEEDED = ("staff_id", "date", "from", "to")
YES, NO = frozenset({"1", "true", "yes", "y", "是"}), frozenset({"0", "false", "no", "n", "否"})

R = TypeVar("R", bound=Body)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[R]):
    """The lines that were understood, with their numbers, and those that were not."""

    rows: tuple[R, ...]
    refused: tuple[RefusedRow, ...]
    lines: tuple[int, ...]


def staff_of(text: str, tell: Tell = str) -> Parsed[NamedStaff]:
    """People: lists (`skills`, `areas`) have `;` between their items.

    Raises Invalid for a file without its columns.
    """
    return parsed(text, STAFF_COLUMNS, STAFF_NEEDED, BULK_STAFF_MAX, _person, tell)


def shifts_of(text: str, zone: str, tell: Tell = str) -> Parsed[ShiftRow]:
    """Shifts in the property's wall time; one that ends at or before its beginning ends on the next day.

    Raises Invalid.
    """
    return parsed(text, SHIFT_COLUMNS, SHIFT_NEEDED, BULK_SHIFTS_MAX, lambda line: _shift(line, zone), tell)


def parsed(
    text: str,
    columns: tuple[str, ...],
    needed: tuple[str, ...],
    rows_max: int,
    read: Callable[[Mapping[str, str]], R],
    tell: Tell,
) -> Parsed[R]:
    """The lines of a file with these columns. Raises Invalid for one without those that are needed."""
    rows: list[R] = []
    lines: list[int] = []
    refused: list[RefusedRow] = []
    for number, line in _lines(text, columns, needed):
        try:
            rows.append(read(line))
            lines.append(number)
        except ValidationError as error:
            refused.append(misread_row(number, error, tell))
        except Invalid as error:
            refused.append(refused_row(number, error, tell))
        if len(rows) > rows_max:
            raise Invalid(
                "too-many-lines",
                "The file is too long.",
                field="body",
                accepted=say("at most {rows_max} lines", rows_max=rows_max),
            )
    return Parsed(tuple(rows), tuple(refused[:REFUSED_SHOWN_MAX]), tuple(lines))


def _lines(
    text: str, columns: tuple[str, ...], needed: tuple[str, ...]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(io.StringIO(text), restkey="", restval="")
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        if not set(needed) <= set(header) or not set(header) <= set(columns):
            accepted = say(
                "{needed}; also {others}",
                needed=listed(needed),
                others=listed(c for c in columns if c not in needed),
            )
            raise Invalid(
                "csv-columns", "The first line does not name the columns.", field="body", accepted=accepted
            )
        for row in reader:
            yield (
                reader.line_num,
                {k: v.strip() for k, v in row.items() if k and isinstance(v, str) and v.strip()},
            )
    except csv.Error:
        raise Invalid(
            "csv-broken", "The file is not CSV.", field="body", accepted="comma separated values"
        ) from None


def _person(line: Mapping[str, str]) -> NamedStaff:
    values: dict[str, object] = dict(line)
    for name in ("skills", "areas", "households"):
        if name in line:
            values[name] = tuple(item.strip() for item in line[name].split(";") if item.strip())
    if "active" in line:
        values["active"] = yes_or_no(line["active"], "active")
    if "phone" in line:
        values["phone"] = to_e164(line["phone"])
    return NamedStaff.model_validate(values)


def _shift(line: Mapping[str, str], zone: str) -> ShiftRow:
    missing = [name for name in SHIFT_NEEDED if name not in line]
    if missing:
        raise Invalid("csv-empty", "must not be empty", field=missing[0])
    day = _read(line["date"], "date", date.fromisoformat, say("a day such as 2026-03-01"))
    starts_at = _wall(day, line["from"], "from", zone)
    ends_at = _wall(day, line["to"], "to", zone)
    if ends_at <= starts_at:
        ends_at = _wall(day + timedelta(days=1), line["to"], "to", zone)
    return ShiftRow.model_validate(
        {
            "staff_id": line["staff_id"],
            "starts_at": starts_at,
            "ends_at": ends_at,
            "on_call": yes_or_no(line.get("on_call", "no"), "on_call"),
        }
    )


def _wall(day: date, text: str, field: str, zone: str) -> datetime:
    """The moment of a wall time; 24:00 is midnight at the day's end."""
    if text == "24:00":
        day, text = day + timedelta(days=1), "00:00"
    clock = _read(text, field, time.fromisoformat, say("a time such as 08:00 or 24:00"))
    return datetime.combine(day, clock.replace(tzinfo=None), tzinfo=zone_of(zone)).astimezone(UTC)


T = TypeVar("T")


def _read(text: str, field: str, read: Callable[[str], T], accepted: str) -> T:
    try:
        return read(text)
    except (ValueError, OverflowError):
        raise Invalid(
            "csv-value", say("must be {accepted}", accepted=accepted), field=field, accepted=accepted
        ) from None


def yes_or_no(text: str, field: str) -> bool:
    """A cell that says yes or no. Raises Invalid."""
    lowered = text.lower()
    if lowered not in YES | NO:
        raise Invalid("csv-value", "must be yes or no", field=field, accepted="yes or no")
    return lowered in YES
