"""The commands of intake.

Each is an id or two and the body that was sent; policy.toml has one line for each `NAME`.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from services.intake.domain import bodies
from services.intake.domain.times import Instant
from shared.kernel.unit import Command
from shared.texts.rows import RefusedRow
from shared.texts.voices import Language


class ConfigureProperty(Command):
    """Open a property or change its settings."""

    NAME: ClassVar[str] = "intake.configure_property"
    body: bodies.PropertyBody


class RecordUnits(Command):
    """Record units, all or none; of a file (`lines` of the rows) each that fits.

    `refused`: lines that are no rows; `language`: of who sent the file.
    """

    NAME: ClassVar[str] = "intake.record_units"
    units: tuple[bodies.UnitBody, ...]
    lines: tuple[int, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    language: Language = "en"


class RecordPeople(Command):
    """Record people with their telephones and homes; one commit. Every `person_id` is filled in."""

    NAME: ClassVar[str] = "intake.record_people"
    people: tuple[bodies.PersonBody, ...]
    lines: tuple[int, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    language: Language = "en"


class RecordContact(Command):
    """Record a call, visit or message."""

    NAME: ClassVar[str] = "intake.record_contact"
    contact_id: str
    body: bodies.ContactBody


class AcceptRequest(Command):
    """Accept an owner's need.

    `reference` was drawn for this attempt; a repeated command is known without it.
    """

    NAME: ClassVar[str] = "intake.accept_request"
    request_id: str
    reference: str = Field(exclude=True)
    body: bodies.RequestBody


class ImportRequest(AcceptRequest):
    """Take over a request from another system (ruling J8): what the file does not give is recorded as not
    supplied.
    """

    NAME: ClassVar[str] = "intake.import_request"


class AmendRequest(Command):
    """Correct a request; the old value stays in the event."""

    NAME: ClassVar[str] = "intake.amend_request"
    request_id: str
    body: bodies.AmendBody


class RaiseUrgency(Command):
    """Make a request more urgent."""

    NAME: ClassVar[str] = "intake.raise_urgency"
    request_id: str
    body: bodies.RaiseBody


class LowerUrgency(Command):
    """Make a request less urgent."""

    NAME: ClassVar[str] = "intake.lower_urgency"
    request_id: str
    body: bodies.LowerBody


class CancelRequest(Command):
    """Cancel for the caller."""

    NAME: ClassVar[str] = "intake.cancel_request"
    request_id: str
    body: bodies.CancelBody


class AskTime(Command):
    """The customer demands a fixed time: put before a supervisor (P012)."""

    NAME: ClassVar[str] = "intake.ask_time"
    request_id: str
    body: bodies.AskTimeBody


class PromiseTime(Command):
    """Promise a time the office found."""

    NAME: ClassVar[str] = "intake.promise_time"
    request_id: str
    body: bodies.PromiseBody


class PromiseCustomerTime(PromiseTime):
    """Promise the time the customer named: for supervisors only (P012, R5)."""

    NAME: ClassVar[str] = "intake.promise_customer_time"


class ConfirmSatisfaction(Command):
    """Record that the owner is satisfied."""

    NAME: ClassVar[str] = "intake.confirm_satisfaction"
    request_id: str
    body: bodies.ConfirmBody


class ReopenRequest(Command):
    """Record that the owner is not satisfied."""

    NAME: ClassVar[str] = "intake.reopen_request"
    request_id: str
    body: bodies.ReopenBody


class CloseUnreached(Command):
    """Close a request whose owner cannot be reached."""

    NAME: ClassVar[str] = "intake.close_unreached"
    request_id: str
    body: bodies.UnreachedBody


class TakeRequest(Command):
    """Take over an item that came where nobody of ours was, and be its first contact (P009)."""

    NAME: ClassVar[str] = "intake.take_request"
    request_id: str
    body: bodies.TakeBody


class WatchFirstContact(Command):
    """Timer: a request should have a first contact by now (P009)."""

    NAME: ClassVar[str] = "intake.watch_first_contact"
    request_id: str


class RaiseWatch(Command):
    """The watch: an emergency is unanswered (J30). It says nothing if the answer came meanwhile."""

    NAME: ClassVar[str] = "intake.raise_watch"
    request_id: str
    due_at: Instant


class RaiseSlips(Command):
    """The watch: slips of the property are not out (J30)."""

    NAME: ClassVar[str] = "intake.raise_slips"
    count: int
    urgent: int
    oldest_at: Instant
    references: tuple[str, ...] = ()


class WatchPromise(Command):
    """Timer: a promised time comes near, or has passed (P013)."""

    NAME: ClassVar[str] = "intake.watch_promise"
    request_id: str
    promised_at: Instant
    passed: bool
