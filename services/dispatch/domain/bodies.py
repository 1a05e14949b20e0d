"""What a caller sends with a step, a person or a shift: every field bounded, nothing extra."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.domain.site import MATERIALS_MAX
from shared.events.files import GivenFile
from shared.ids import ID_PATTERN
from shared.moments import Instant
from shared.money import AMOUNT_MINOR_MAX

BULK_STAFF_MAX = 500
BULK_SHIFTS_MAX = 2_000
QUOTE_LINES_MAX = 50
STEP_FILES_MAX = 10

Id = Annotated[str, Field(pattern=ID_PATTERN, max_length=64)]
Text = Annotated[str, Field(max_length=500)]
Words = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Body(BaseModel):
    """Base of all bodies."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileBody(Body, GivenFile):
    """A file that was added to the request: its id, SHA-256 and class, as intake answered them."""


class StepBody(Body):
    """A step with which photographs, scans and drawn signatures may be given."""

    attachments: Annotated[tuple[FileBody, ...], Field(max_length=STEP_FILES_MAX)] = ()


class RemarkBody(Body):
    """Nothing but, if wanted, a remark."""

    note: Text = ""


class NoteBody(StepBody):
    """A step that needs nothing but, if wanted, a remark."""

    note: Text = ""


class ReasonBody(StepBody):
    """A step that needs a reason."""

    reason: Words


class CollectBody(StepBody):
    """Who took the slip for the department, if not the person who records it (P027)."""

    taken_by: Annotated[str, Field(pattern=rf"^$|{ID_PATTERN}", max_length=64)] = ""
    note: Text = ""


class AssignBody(Body):
    """Who shall do it."""

    staff_id: Id
    reason: Text = ""


class HandOverBody(StepBody):
    """Who goes on with a half-done job, and why."""

    staff_id: Id
    reason: Words


class CallBody(StepBody):
    """The owner was called: the time that was agreed; none means at once.

    `ordered_by`: who of the household orders the work, where nobody has yet (R9).
    """

    appointment_at: Instant | None = None
    ordered_by: Annotated[str, Field(max_length=100)] = ""
    note: Text = ""


class MaterialLine(Body):
    """Material and how much of it, as one writes it: "pipe 20 mm", "2 m"."""

    name: Name
    quantity: Annotated[str, Field(max_length=40)] = ""


class ItemBody(StepBody):
    """The fault as found. `owner_material` is the verdict on material the owner supplies (P022).

    `warned`: the owner knows what unsuitable material may lead to. `materials`: what is needed (P021).
    """

    item: Annotated[str, Field(min_length=1, max_length=300)]
    differs: bool = False
    owner_material: Literal["none", "qualified", "not_qualified", "poor_quality"] = "none"
    warned: bool = False
    materials: Annotated[tuple[MaterialLine, ...], Field(max_length=MATERIALS_MAX)] | None = None


class CompleteBody(StepBody):
    """The work is done. `cleaned`: so is the place (P017)."""

    cleaned: bool = False
    note: Text = ""


class LineBody(Body):
    """One line of a quote: a code of the tariff and how many."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1


class QuoteBody(StepBody):
    """What the work needs. A repair names tariff lines; an errand none, its price is the partner's."""

    lines: Annotated[tuple[LineBody, ...], Field(max_length=QUOTE_LINES_MAX)] = ()


class SignBody(StepBody):
    """One signature. `mark` is what stands on the form.

    The owner's name or seal; it may be empty where a drawn signature is among the attachments. `rating`: the
    owner's, 1 to 5, or 0 if he gives none (P017).
    """

    signer: Annotated[str, Field(min_length=1, max_length=40)]
    mark: Annotated[str, Field(max_length=200)] = ""
    rating: Annotated[int, Field(ge=0, le=5)] | None = None


class WithdrawBody(StepBody):
    """The owner withdraws on site: in his words, with his mark or drawn signature (P023)."""

    reason: Words
    owner_mark: Annotated[str, Field(max_length=200)] = ""
    cause: Literal["price", "time", "material", "own_arrangement", "other"] = "other"


class CarBody(StepBody):
    """The partner's confirmation: which car, at what price in minor units of the property's currency."""

    partner: Name
    price_minor: Annotated[int, Field(ge=1, le=AMOUNT_MINOR_MAX)]
    detail: Annotated[str, Field(max_length=200)] = ""


class PartnerBody(Body):
    """The partner that has no car."""

    partner: Name


class TaxiBody(StepBody):
    """The owner's consent to a taxi, and its plate (P067)."""

    consent: bool
    plate: Annotated[str, Field(min_length=1, max_length=20)]
    departure_at: Instant | None = None


class StaffRow(Body):
    """One person of a department. `areas` are building names; none means everywhere."""

    name: Name
    phone: Annotated[str, Field(min_length=1, max_length=32)]
    email: Annotated[str, Field(max_length=200, pattern=r"^$|^[^@\s]+@[^@\s]+$")] = ""
    role: Annotated[str, Field(min_length=1, max_length=40)]
    rank: Annotated[int, Field(ge=0, le=100)] = 0
    language: Literal["zh", "en"] = "zh"
    skills: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=40)], ...], Field(max_length=30)
    ] = ()
    areas: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=60)], ...], Field(max_length=50)
    ] = ()
    load_max: Annotated[int, Field(ge=1, le=200)] = 8
    active: bool = True
    households: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=200)
    ] = ()
    covered_by: Annotated[str, Field(max_length=64)] = ""


class StaffBody(StaffRow):
    """One person, with the department."""

    department: Id


class NamedStaff(StaffRow):
    """One person of a list."""

    staff_id: Id


class StaffListBody(Body):
    """People of one department: added, or replaced by id."""

    department: Id
    staff: Annotated[tuple[NamedStaff, ...], Field(min_length=1, max_length=BULK_STAFF_MAX)]


class ShiftRow(Body):
    """One shift."""

    staff_id: Id
    starts_at: Instant
    ends_at: Instant
    on_call: bool = False


class ShiftListBody(Body):
    """Shifts of one department: added, or replaced by person and beginning."""

    department: Id
    shifts: Annotated[tuple[ShiftRow, ...], Field(min_length=1, max_length=BULK_SHIFTS_MAX)]


class LeaveBody(Body):
    """A shift falls out, and why."""

    department: Id
    reason: Words


class SwapBody(Body):
    """Somebody else takes a shift."""

    department: Id
    staff_id: Id
