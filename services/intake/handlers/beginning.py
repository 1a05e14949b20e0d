"""What begins with a request that the desk takes to its end itself: its own record, and its clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.intake.domain import complaint_steps as steps
from services.intake.domain.complaint import Complaint, received
from services.intake.domain.complaint_commands import WatchComplaint
from services.intake.domain.request import Request, staged
from shared.catalogue.model import Procedure
from shared.events.intake_complaints import AlarmKind
from shared.kernel.unit import Unit

COMPLAINT_CLOCKS: dict[AlarmKind, str] = {
    "report_late": "complaint-report",
    "answer_late": "complaint-answer",
    "press_due": "complaint-press",
    "department_late": "complaint-department",
}


def begin(unit: Unit, request: Request, procedure: Procedure, zone: str) -> Request:
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
            zone,
            desk.complaint,
            (str(request.fields.get("about_staff_id", "")),),
            str(request.fields.get("about_department", "")),
        )
        unit.save(complaint)
        watch(unit, complaint, "report_late", complaint.report_due_at)
        clocks(unit, complaint)
        return replace(request, case_state=complaint.state)
    return request


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
    if request.process != "complaint":
        return
    found = await unit.load(Complaint, request.id)
    if found is not None and request.status != "OPEN":
        unit.save(steps.ended(found, request.status, unit.now))
    stop_clocks(unit)


async def resume_case(unit: Unit, request: Request, procedure: Procedure) -> Request:
    """An owner who could not be reached is there again: his complaint goes on in a new round."""
    rules = procedure.desk.complaint if procedure.desk is not None else None
    found = await unit.load(Complaint, request.id) if request.process == "complaint" else None
    if found is None or rules is None:
        return request
    after = steps.continued(found, rules, unit.now)
    unit.save(after)
    clocks(unit, after)
    return staged(replace(request, case_state=after.state))


def stop_clocks(unit: Unit) -> None:
    """Nothing about the complaint is watched any more."""
    for key in COMPLAINT_CLOCKS.values():
        unit.cancel_timer(key)
