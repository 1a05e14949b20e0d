"""Units and people from CSV files, as an office keeps them; a line that does not fit is named, the others are
taken.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from services.intake.domain.bodies import BULK_MAX, PersonBody, Residence, UnitBody
from shared.errors import Invalid, TooLarge
from shared.texts.rows import RefusedRow, Tell, misread_row
from shared.texts.say import listed, say

UNIT_COLUMNS = ("label", "kind", "unit_id", "delivered_on")
PEOPLE_COLUMNS = ("name", "phones", "units", "email", "language", "person_id")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sheet(Generic[T]):
    """The lines that were understood, with their numbers, and those that were not."""

    rows: tuple[T, ...]
    lines: tuple[int, ...]
    refused: tuple[RefusedRow, ...]


def units_of(data: bytes, tell: Tell = str) -> Sheet[UnitBody]:
    """Columns `label`, and if wanted `kind`, `unit_id`, `delivered_on`. Raises Invalid for no such file."""
    return _each(data, UNIT_COLUMNS, "label", UnitBody.model_validate, tell)


def people_of(data: bytes, tell: Tell = str) -> Sheet[PersonBody]:
    """Columns `name`, and if wanted `phones` (`;` between), `units` (`3-2-1801:owner;…`), `email`,
    `language`, `person_id`.
    """
    return _each(data, PEOPLE_COLUMNS, "name", _person, tell)


def _person(row: dict[str, str]) -> PersonBody:
    phones = [part for part in row.pop("phones", "").split(";") if part.strip()]
    homes = [_home(part) for part in row.pop("units", "").split(";") if part.strip()]
    return PersonBody.model_validate({**row, "phones": phones, "units": homes})


def _home(text: str) -> Residence:
    unit_id, _, role = text.strip().partition(":")
    return Residence.model_validate({"unit_id": unit_id, "role": role or "owner"})


def _each(
    data: bytes, columns: tuple[str, ...], needed: str, make: Callable[[dict[str, str]], T], tell: Tell
) -> Sheet[T]:
    made: dict[int, T] = {}
    refused: list[RefusedRow] = []
    for line, row in _rows(data, columns, needed):
        if row is None:
            detail = tell(say("This line has another number of columns than the first."))
            refused.append(RefusedRow(line=line, field="", detail=detail))
        else:
            try:
                made[line] = make(row)
            except ValidationError as error:
                refused.append(misread_row(line, error, tell))
        if len(made) + len(refused) > BULK_MAX:
            raise TooLarge(
                "too-many-lines",
                "The file is too long.",
                field="body",
                accepted=say("at most {most} lines", most=BULK_MAX),
            )
    if not made and not refused:
        raise Invalid(
            "csv-empty", "The file has no lines.", field="body", accepted="a header and at least one line"
        )
    return Sheet(tuple(made.values()), tuple(made), tuple(refused))


def _rows(data: bytes, columns: tuple[str, ...], needed: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Each line with its cells; None for one of another number of columns."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            "csv-encoding", "The file is not UTF-8.", field="body", accepted="CSV in UTF-8"
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = reader.fieldnames or []
        strange = [name for name in header if name not in columns]
        if strange or needed not in header or len(set(header)) != len(header):
            raise Invalid(
                "csv-header",
                "The first line is not the header.",
                field="line 1",
                accepted=say("columns {columns}", columns=listed(columns)),
            )
        for row in reader:
            if None in row or None in row.values():
                yield reader.line_num, None
                continue
            yield reader.line_num, {name: value.strip() for name, value in row.items() if value.strip()}
    except csv.Error as error:
        raise Invalid(
            "csv-line", "The file is not CSV.", field=f"line {reader.line_num}", accepted="CSV in UTF-8"
        ) from error
