"""What begins with a request that the desk takes to its end itself: its own record, and its clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.domain import complaint_steps as steps
from services.intake.domain.case_commands import WatchCase
from services.intake.domain.colleague import Colleague, check_colleague
from services.intake.domain.complaint import Complaint, received
from services.intake.domain.complaint_commands import WatchComplaint
from services.intake.domain.day import refer_at
from services.intake.domain.inquiry import Inquiry
from services.intake.domain.property import Property
from services.intake.domain.relay import Relay
from services.intake.domain.request import Request, staged
from shared.catalogue.channels import channel
from shared.catalogue.desk_rules import RelayRules
from shared.catalogue.load import Catalogue
from shared.catalogue.model import Procedure
from shared.events.intake_cases import MessageRelayed
from shared.events.intake_complaints import AlarmKind
from shared.ids import is_id
from shared.kernel.unit import Unit

CASE_WAITS, VISIT_WAITS = "case-waits", "visit-waits"
COMPLAINT_CLOCKS: dict[AlarmKind, str] = {
    "report_late": "complaint-report",
    "answer_late": "complaint-answer",
    "press_due": "complaint-press",
    "department_late": "complaint-department",
}


async def begin(
    unit: Unit, request: Request, procedure: Procedure, settled: Property, catalogue: Catalogue
) -> Request:
    """The request with its process begun; the record is saved, the clocks run."""
    desk = procedure.desk
    if desk is None or request.reported_at is None:
        return request
    if desk.complaint is not None:
        complaint = received(
            request.property_id,
            request.id,
            request.procedure,
            request.category,
            request.reported_at,
            settled.zone,
            desk.complaint,
            (str(request.fields.get("about_staff_id", "")),),
            str(request.fields.get("about_department", "")),
        )
        if complaint.press_from is not None and complaint.press_from <= unit.now:
            complaint = steps.told(complaint, "press_due")  # it may be pressed from the beginning
        unit.save(complaint)
        watch(unit, complaint, "report_late", complaint.report_due_at)
        clocks(unit, complaint)
        request = replace(request, case_state=complaint.state)
    elif desk.inquiry is not None:
        unit.save(Inquiry(request.property_id, request.id, asked_at=request.reported_at))
        request = replace(request, case_state="ASKED")
    elif desk.relay is not None:
        await _relay(unit, request, desk.relay)
        request = replace(request, case_state="TAKEN")
    if request.channel and channel(request.channel).medium == "visit" and not desk.relay:
        wall = str(catalogue.profile(settled.profile).settings_with(settled.settings)["visit.refer_at"])
        due_at = refer_at(unit.now, wall, settled.zone)
        unit.start_timer(VISIT_WAITS, due_at, WatchCase(request_id=request.id, kind="visit_unsettled"))
        request = replace(request, refer_at=due_at)
    return request


async def _relay(unit: Unit, request: Request, rules: RelayRules) -> None:
    """A message for a colleague waits, and he is told."""
    wanted = str(request.fields.get("colleague_id", ""))
    known = await unit.look(Colleague, wanted) if is_id(wanted) else None
    to = check_colleague(known, "fields.colleague_id")
    remind(unit, Relay(request.property_id, request.id, to_id=to.id, taken_at=unit.now), rules)
    unit.emit(MessageRelayed(request_id=request.id, responsible_id=to.id, relayed_at=unit.now))


def remind(unit: Unit, relay: Relay, rules: RelayRules) -> None:
    """Keep the message with the next look at whether the colleague has acknowledged it: again until he has
    (P002).
    """
    due_at = unit.now + timedelta(minutes=rules.remind_after_minutes)
    unit.save(replace(relay, due_at=due_at))
    unit.start_timer(CASE_WAITS, due_at, WatchCase(request_id=relay.id, kind="message_waits"))


def clocks(unit: Unit, complaint: Complaint) -> None:
    """The clocks of a round: the first answer, and from when it may be pressed."""
    watch(unit, complaint, "answer_late", complaint.answer_due_at)
    if complaint.press_from is not None and complaint.press_from > unit.now:
        watch(unit, complaint, "press_due", complaint.press_from)


def watch(unit: Unit, complaint: Complaint, kind: AlarmKind, due_at: datetime | None) -> None:
    """One clock."""
    if due_at is None:
        return
    question = complaint.question.id if complaint.question is not None and kind == "department_late" else ""
    command = WatchComplaint(request_id=complaint.id, kind=kind, round=complaint.round, question_id=question)
    unit.start_timer(COMPLAINT_CLOCKS[kind], due_at, command)


async def end_case(unit: Unit, request: Request) -> None:
    """The request ends otherwise: taken back, or nobody was reached. Its record ends with it."""
    unit.cancel_timer(VISIT_WAITS)
    if request.process == "complaint":
        found = await unit.load(Complaint, request.id)
        if found is not None and request.status != "OPEN":
            unit.save(steps.ended(found, request.status, unit.now))
        stop_clocks(unit)
    elif request.process:
        unit.cancel_timer(CASE_WAITS)
        if (inquiry := await unit.load(Inquiry, request.id)) is not None:
            unit.save(replace(inquiry, state="CLOSED"))
        if (relay := await unit.load(Relay, request.id)) is not None:
            unit.save(replace(relay, state="CLOSED"))


async def resume_case(unit: Unit, request: Request, procedure: Procedure) -> Request:
    """An owner who could not be reached is there again: his complaint goes on in a new round."""
    rules = procedure.desk.complaint if procedure.desk is not None else None
    inquiry = await unit.load(Inquiry, request.id) if request.process == "inquiry" else None
    if inquiry is not None:
        unit.save(replace(inquiry, state="ASKED"))
        return staged(replace(request, case_state="ASKED"))
    found = await unit.load(Complaint, request.id) if request.process == "complaint" else None
    if found is None or rules is None:
        return request
    after = steps.continued(found, rules, unit.now)
    unit.save(after)
    clocks(unit, after)
    return staged(replace(request, case_state=after.state))


def stop_clocks(unit: Unit) -> None:
    """Nothing about the complaint is watched any more."""
    unit.cancel_timer(VISIT_WAITS)
    for key in COMPLAINT_CLOCKS.values():
        unit.cancel_timer(key)
