"""Units and people from CSV files, as an office keeps them; a line that does not fit is named and nothing
is taken.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import TypeVar

from pydantic import ValidationError

from services.intake.domain.bodies import BULK_MAX, PersonBody, Residence, UnitBody
from shared.errors import Invalid, TooLarge

UNIT_COLUMNS = ("label", "kind", "unit_id", "delivered_on")
PEOPLE_COLUMNS = ("name", "phones", "units", "email", "language", "person_id")
T = TypeVar("T")


def units_of(data: bytes) -> tuple[UnitBody, ...]:
    """Columns `label`, and if wanted `kind`, `unit_id`, `delivered_on`.

    Raises Invalid naming line and column.
    """
    return _each(data, UNIT_COLUMNS, "label", UnitBody.model_validate)


def people_of(data: bytes) -> tuple[PersonBody, ...]:
    """Columns `name`, and if wanted `phones` (`;` between), `units` (`3-2-1801:owner;…`), `email`,
    `language`, `person_id`.
    """
    return _each(data, PEOPLE_COLUMNS, "name", _person)


def _person(row: dict[str, str]) -> PersonBody:
    phones = [part for part in row.pop("phones", "").split(";") if part.strip()]
    homes = [_home(part) for part in row.pop("units", "").split(";") if part.strip()]
    return PersonBody.model_validate({**row, "phones": phones, "units": homes})


def _home(text: str) -> Residence:
    unit_id, _, role = text.strip().partition(":")
    return Residence.model_validate({"unit_id": unit_id, "role": role or "owner"})


def _each(
    data: bytes, columns: tuple[str, ...], needed: str, make: Callable[[dict[str, str]], T]
) -> tuple[T, ...]:
    made = []
    for line, row in _rows(data, columns, needed):
        try:
            made.append(make(row))
        except ValidationError as error:
            first = error.errors()[0]
            column = ".".join(map(str, first["loc"]))
            raise Invalid(
                "csv-line",
                f"Line {line} cannot be used.",
                field=f"line {line}: {column}",
                accepted=first["msg"],
            ) from error
        if len(made) > BULK_MAX:
            raise TooLarge(
                "too-many-lines", "The file is too long.", field="body", accepted=f"at most {BULK_MAX} lines"
            )
    if not made:
        raise Invalid(
            "csv-empty", "The file has no lines.", field="body", accepted="a header and at least one line"
        )
    return tuple(made)


def _rows(data: bytes, columns: tuple[str, ...], needed: str) -> Iterator[tuple[int, dict[str, str]]]:
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
                accepted="columns " + ", ".join(columns),
            )
        for row in reader:
            if None in row or None in row.values():
                raise Invalid(
                    "csv-line",
                    f"Line {reader.line_num} has another number of columns.",
                    field=f"line {reader.line_num}",
                    accepted=f"{len(header)} columns",
                )
            yield reader.line_num, {name: value.strip() for name, value in row.items() if value.strip()}
    except csv.Error as error:
        raise Invalid(
            "csv-line", "The file is not CSV.", field=f"line {reader.line_num}", accepted="CSV in UTF-8"
        ) from error
