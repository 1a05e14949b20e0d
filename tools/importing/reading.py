"""Reads a CSV export record by record: nothing is lost silently, and one bad record never stops the file.

Line numbers are those of the file as an editor shows them; a record may span several lines. Undecodable
bytes, a wrong number of columns and an oversized field make that record bad, with its reason.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shared.texts.say import say
from tools.importing.mapping import Mapping

FIELD_CHARACTERS_MAX = 20_000


class FileError(Exception):
    """The file as a whole cannot be read: missing, empty, or without a column the mapping needs."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its first line, its values by column, and why it cannot be used (empty if it can)."""

    line: int
    values: dict[str, str]
    fault: str = ""


def read_records(path: Path, mapping: Mapping) -> Iterator[Record]:
    """Every record of the file, in the file's order; wholly empty lines are not records."""
    try:
        stream = path.open(encoding=mapping.encoding, errors="surrogateescape", newline="")
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    with stream:
        yield from _records(stream, path, mapping)


def _records(stream: IO[str], path: Path, mapping: Mapping) -> Iterator[Record]:
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    reader = csv.reader(stream, delimiter=mapping.delimiter, strict=False)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise FileError(f"{path}: the first line is no header: {error}") from None
    _check_header(header, path, mapping)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Record(line, {}, _oversized(line, reader.line_num))
            continue
        if cells:
            yield _record(line, header, cells)


def _oversized(first: int, last: int) -> str:
    if last <= first:
        return say(
            "a field is longer than {most} characters; is a quote never closed?", most=FIELD_CHARACTERS_MAX
        )
    return say(
        "up to line {last}: a field is longer than {most} characters; is a quote never closed?",
        last=last,
        most=FIELD_CHARACTERS_MAX,
    )


def _check_header(header: list[str], path: Path, mapping: Mapping) -> None:
    if not header:
        raise FileError(f"{path}: the file is empty")
    if any("\udc80" <= letter <= "\udcff" for letter in "".join(header)):
        raise FileError(f"{path}: the header is not {mapping.encoding}; state the encoding in the mapping")
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise FileError(f"{path}: column {min(twice)} is there twice")
    missing = mapping.columns_needed() - set(header)
    if missing:
        raise FileError(f"{path}: no column {', '.join(sorted(missing))}; the file has {', '.join(header)}")


def _record(line: int, header: list[str], cells: list[str]) -> Record:
    if len(cells) != len(header):
        detail = say("{count} columns instead of {wanted}", count=len(cells), wanted=len(header))
        return Record(line, {}, detail)
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    broken = [name for name, cell in values.items() if any("\udc80" <= letter <= "\udcff" for letter in cell)]
    if broken:
        detail = say("bytes in column {column} that the stated encoding does not have", column=broken[0])
        return Record(line, {}, detail)
    return Record(line, values)


def file_hash(path: Path) -> str:
    """SHA-256 of the file's bytes."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
