"""The commands of dispatch: steps of a work order, changes of a roster, and what timers ask for.

policy.toml has one line for each `NAME` that people may send; those of timers come from the timers alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from services.dispatch.domain import bodies
from services.dispatch.domain.flow import Action
from shared.kernel.unit import Command
from shared.texts.rows import RefusedRow
from shared.texts.voices import Language


class WorkCommand(Command):
    """Base of the steps of a work order."""

    work_order_id: str
    body: bodies.Body


class CollectSlip(WorkCommand):
    """The department has taken the slip."""

    NAME: ClassVar[str] = "dispatch.collect_slip"
    body: bodies.CollectBody


class SayCannot(WorkCommand):
    """The assignee cannot; the next person is called."""

    NAME: ClassVar[str] = "dispatch.say_cannot"
    body: bodies.ReasonBody


class AssignWork(WorkCommand):
    """Give the work order to somebody."""

    NAME: ClassVar[str] = "dispatch.assign_work"
    body: bodies.AssignBody


class RecordCall(WorkCommand):
    """The owner has been called."""

    NAME: ClassVar[str] = "dispatch.record_call"
    body: bodies.CallBody


class RecordArrival(WorkCommand):
    """The technician is there."""

    NAME: ClassVar[str] = "dispatch.record_arrival"
    body: bodies.NoteBody


class RecordNoShow(WorkCommand):
    """Nobody was at home."""

    NAME: ClassVar[str] = "dispatch.record_no_show"
    body: bodies.ReasonBody


class ConfirmItem(WorkCommand):
    """The fault as it really is."""

    NAME: ClassVar[str] = "dispatch.confirm_item"
    body: bodies.ItemBody


class QuoteWork(WorkCommand):
    """What the work needs, before it begins."""

    NAME: ClassVar[str] = "dispatch.quote_work"
    body: bodies.QuoteBody


class StartWork(WorkCommand):
    """The work begins."""

    NAME: ClassVar[str] = "dispatch.start_work"
    body: bodies.NoteBody


class CompleteWork(WorkCommand):
    """The work is done."""

    NAME: ClassVar[str] = "dispatch.complete_work"
    body: bodies.CompleteBody


class SignSlip(WorkCommand):
    """One signature on the slip."""

    NAME: ClassVar[str] = "dispatch.sign_slip"
    body: bodies.SignBody


class WithdrawRepair(WorkCommand):
    """The owner withdraws on site."""

    NAME: ClassVar[str] = "dispatch.withdraw_repair"
    body: bodies.WithdrawBody


class HandOver(WorkCommand):
    """Somebody else goes on."""

    NAME: ClassVar[str] = "dispatch.hand_over"
    body: bodies.HandOverBody


class ConfirmCar(WorkCommand):
    """The partner has a car."""

    NAME: ClassVar[str] = "dispatch.confirm_car"
    body: bodies.CarBody


class RecordUnavailable(WorkCommand):
    """The partner has no car."""

    NAME: ClassVar[str] = "dispatch.record_unavailable"
    body: bodies.PartnerBody


class CallTaxi(WorkCommand):
    """A taxi instead, with the owner's consent."""

    NAME: ClassVar[str] = "dispatch.call_taxi"
    body: bodies.TaxiBody


class RecordForm(WorkCommand):
    """The guest car form is signed."""

    NAME: ClassVar[str] = "dispatch.record_form"
    body: bodies.NoteBody


class RecordUse(WorkCommand):
    """The car was used."""

    NAME: ClassVar[str] = "dispatch.record_use"
    body: bodies.NoteBody


class ConfirmCancellation(WorkCommand):
    """The butler desk confirms a cancellation."""

    NAME: ClassVar[str] = "dispatch.confirm_cancellation"
    body: bodies.NoteBody


BASIC_ACTIONS: Mapping[Action, type[WorkCommand]] = {
    "collect": CollectSlip,
    "cannot": SayCannot,
    "assign": AssignWork,
    "contact": RecordCall,
    "arrive": RecordArrival,
    "no-show": RecordNoShow,
    "confirm-item": ConfirmItem,
    "quote": QuoteWork,
    "start": StartWork,
    "complete": CompleteWork,
    "sign": SignSlip,
    "withdraw": WithdrawRepair,
    "hand-over": HandOver,
    "confirm-car": ConfirmCar,
    "unavailable": RecordUnavailable,
    "taxi": CallTaxi,
    "form-signed": RecordForm,
    "used": RecordUse,
    "confirm-cancellation": ConfirmCancellation,
}


class PutStaff(Command):
    """People of a department, added or replaced; all of them or none.

    From a file, `lines` are those of the rows, and one that does not fit is refused by itself; `refused` are
    the lines that were not understood, in the `language` of who sent them.
    """

    NAME: ClassVar[str] = "dispatch.put_staff"
    department: str
    staff: tuple[bodies.NamedStaff, ...]
    lines: tuple[int, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    language: Language = "en"


class PutShifts(Command):
    """Shifts of a department, added or replaced; `lines` and `refused` as of people."""

    NAME: ClassVar[str] = "dispatch.put_shifts"
    department: str
    shifts: tuple[bodies.ShiftRow, ...]
    lines: tuple[int, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    language: Language = "en"


class CancelShift(Command):
    """A shift falls out."""

    NAME: ClassVar[str] = "dispatch.cancel_shift"
    department: str
    shift_id: str
    reason: str


class SwapShift(Command):
    """Somebody else takes a shift."""

    NAME: ClassVar[str] = "dispatch.swap_shift"
    department: str
    shift_id: str
    staff_id: str


class Escalate(Command):
    """Timer: a step of the deadline's chain. It says nothing if the deadline has moved meanwhile."""

    NAME: ClassVar[str] = "dispatch.escalate"
    work_order_id: str
    number: int
    due_at: datetime


class CheckAnswer(Command):
    """Timer.

    Has whoever was called taken the slip up? It says nothing if somebody else was called meanwhile.
    """

    NAME: ClassVar[str] = "dispatch.check_answer"
    work_order_id: str
    due_at: datetime


class FindSomebody(Command):
    """Timer: nobody had it; look again."""

    NAME: ClassVar[str] = "dispatch.find_somebody"
    work_order_id: str


class CheckPaperwork(Command):
    """Timer: is an emergency's slip complete?"""

    NAME: ClassVar[str] = "dispatch.check_paperwork"
    work_order_id: str


class CheckCancellation(Command):
    """Timer: has the butler desk confirmed the cancellation?"""

    NAME: ClassVar[str] = "dispatch.check_cancellation"
    work_order_id: str


TIMERS = (Escalate, CheckAnswer, FindSomebody, CheckPaperwork, CheckCancellation)
