"""From a record of the file to a call, or to the reason why it is none.

Pure: the same record always gives the same call.

Ids are derived from property, source and the file's own key, so that importing twice makes nothing twice
(ruling J8). A value that the file does not give stays empty and is named in `not_supplied`; nothing is
guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import Invalid
from shared.ids import derived_id
from shared.phones import to_e164
from shared.texts.say import as_is, say
from shared.texts.voices import Language, voice
from tools.importing.mapping import Mapping, Rule
from tools.importing.reading import Record

Mode = Literal["history", "live", "replay"]
Reason = Literal[
    "unknown category",
    "unreadable record",
    "no key",
    "key used before",
    "unreadable time",
    "closed before reported",
    "closed without time",
    "closed already",
    "not played",
    "unknown unit",
    "refused",
]


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the file tells it. Times are aware; empty text means: the file does not say."""

    line: int
    key: str
    contact_id: str
    request_id: str
    reported_at: datetime
    closed_at: datetime | None
    outcome: str
    appointment_at: datetime | None
    channel: str
    rule: Rule
    unit_id: str
    place: str
    description: str
    name: str
    phone: str
    language: str
    fields: dict[str, str]
    not_supplied: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skip:
    """A record that is not imported, and why.

    `detail` is what a person needs to correct the file or the mapping, in the language he asked for.
    """

    line: int
    key: str
    reason: Reason
    detail: str


class _RefusedError(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


class Converter:
    """Converts the records of one file for one property; remembers the keys it has seen.

    `take` names a repetition: another take of the same file makes other ids. `language`: of what is wrong.
    """

    def __init__(
        self, mapping: Mapping, property_id: str, mode: Mode, take: str = "", language: Language = "en"
    ) -> None:
        self._mapping = mapping
        self._property_id = property_id
        self._part = mapping.of(property_id)
        self._mode = mode
        self._take = (take,) if take else ()
        self._tell = voice(language).tell
        self._seen: dict[str, int] = {}

    def convert(self, record: Record) -> Call | Skip:
        """The call of a record, or why there is none."""
        key = record.values.get(self._mapping.columns.key, "")
        try:
            if record.fault:
                raise _RefusedError("unreadable record", record.fault)
            self._check_key(key, record.line)
            return self._call(key, record)
        except _RefusedError as refused:
            return Skip(record.line, key, refused.reason, self._tell(refused.detail))

    def _check_key(self, key: str, line: int) -> None:
        if not key:
            raise _RefusedError("no key", say("column {column} is empty", column=self._mapping.columns.key))
        first = self._seen.setdefault(key, line)
        if first != line:
            raise _RefusedError(
                "key used before", say("{key} stands in line {line} too", key=key, line=first)
            )

    def _call(self, key: str, record: Record) -> Call:
        values, columns = record.values, self._mapping.columns
        rule = self._rule(values)
        reported_at = self._time(values, columns.reported_at)
        if reported_at is None:
            raise _RefusedError(
                "unreadable time", say("column {column} is empty", column=columns.reported_at)
            )
        outcome, closed_at = self._end(values, reported_at)
        notes: list[str] = []
        unit_id, place = self._where(values, notes)
        texts = {
            "channel": self._channel(values, notes),
            "description": self._joined(values, columns.description),
            "name": values.get(columns.name, ""),
            "phone": self._phone(values, notes),
        }
        missing = [name for name, text in texts.items() if not text] + ([] if unit_id or place else ["place"])
        fields = {name: values[column] for name, column in columns.fields.items() if values[column]}
        return Call(
            line=record.line,
            key=key,
            contact_id=self._id("contact", key),
            request_id=self._id("request", key),
            reported_at=reported_at,
            closed_at=closed_at,
            outcome=outcome,
            appointment_at=self._time(values, columns.appointment_at) if columns.appointment_at else None,
            rule=rule,
            unit_id=unit_id,
            place=place,
            language=values.get(columns.language, ""),
            fields=fields,
            not_supplied=tuple(missing),
            notes=tuple(notes),
            **texts,
        )

    def _id(self, what: str, key: str) -> str:
        return derived_id("import", what, self._property_id, self._mapping.source, key, *self._take)

    def _rule(self, values: dict[str, str]) -> Rule:
        for rule in self._mapping.rules:
            if rule.fits(values):
                return rule
        category = " / ".join(values[column] for column in self._mapping.columns.category)
        raise _RefusedError("unknown category", as_is(category))

    def _time(self, values: dict[str, str], column: str) -> datetime | None:
        text = values[column]
        if not text:
            return None
        moment = self._mapping.times.read(text)
        if moment is None:
            detail = say("{column}: {text} has none of the stated formats", column=column, text=text)
            raise _RefusedError("unreadable time", detail)
        return moment

    def _end(self, values: dict[str, str], reported_at: datetime) -> tuple[str, datetime | None]:
        columns = self._mapping.columns
        outcome = self._mapping.ends.get(values.get(columns.status, ""), "")
        if not outcome:
            return "", None
        if self._mode == "live":
            raise _RefusedError("closed already", _is(columns.status, values))
        closed_at = self._time(values, columns.closed_at) if columns.closed_at else None
        if self._mode == "replay":
            return "", None
        if closed_at is None:
            raise _RefusedError("closed without time", _is(columns.status, values))
        if closed_at < reported_at:
            first, last = values[columns.closed_at], values[columns.reported_at]
            detail = say("{first} is before {last}", first=first, last=last)
            raise _RefusedError("closed before reported", detail)
        return outcome, closed_at

    def _where(self, values: dict[str, str], notes: list[str]) -> tuple[str, str]:
        columns = self._mapping.columns
        place = self._joined(values, columns.place) or self._part.place
        shorthand = self._mapping.unit_join.join(filter(None, (values[column] for column in columns.unit)))
        if not shorthand:
            return "", place
        unit_id = self._part.units.get(shorthand, "" if self._part.units else shorthand)
        if not unit_id:
            facts = {"unit": shorthand, "property_id": self._property_id}
            detail = say("{unit} is not among the units of {property_id}", **facts)
            raise _RefusedError("unknown unit", detail)
        return unit_id, place

    def _channel(self, values: dict[str, str], notes: list[str]) -> str:
        written = values.get(self._mapping.columns.channel, "")
        if written and written not in self._mapping.channels:
            notes.append(self._tell(say("channel {channel} is not in the mapping", channel=written)))
        return self._mapping.channels.get(written, "")

    def _phone(self, values: dict[str, str], notes: list[str]) -> str:
        written = values.get(self._mapping.columns.phone, "")
        if not written:
            return ""
        try:
            return to_e164(written, region=self._mapping.phone_region)
        except Invalid:
            notes.append(self._tell(say("a telephone number that is none")))
            return ""

    def _joined(self, values: dict[str, str], columns: tuple[str, ...]) -> str:
        return self._mapping.join.join(filter(None, (values[column] for column in columns)))


def _is(column: str, values: dict[str, str]) -> str:
    return say("{column} is {value}", column=column, value=values[column])
