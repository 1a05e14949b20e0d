"""Complaints and difficult issues over HTTP: one path a step (P034 to P038)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.intake.answers import RequestState
from services.intake.api.common import PREFIX, READ, PathId, act, answer, found, offered
from services.intake.case_answers import ComplaintAnswer, DifficultyAnswer
from services.intake.domain import complaint_bodies as b
from services.intake.domain import complaint_commands as c
from services.intake.domain.complaint import Complaint
from services.intake.domain.complaint_steps import not_to_countersign
from services.intake.domain.difficulty import Difficulty
from services.intake.domain.question import not_to_answer
from shared.http.actions import AllowedAction
from shared.http.call import CallDep

router = APIRouter(prefix=PREFIX + "/requests/{request_id}", tags=["complaints"])


@router.get("/complaint", response_model=ComplaintAnswer)
async def read_complaint(call: CallDep, request_id: PathId) -> Response:
    """What is known of a complaint besides its request."""
    call.authorise(READ)
    complaint = await found(call, Complaint, request_id)
    base = f"/v1/properties/{call.property_id}/requests/{request_id}/complaint"
    possible = []
    if not_to_answer(complaint, call.principal.sub) is None:
        name, body = c.AnswerDepartment.NAME, "AnswerDepartmentBody"
        possible.append(AllowedAction(action=name, path=f"{base}/answer-department", body=body))
    if not_to_countersign(complaint, call.principal.sub) is None:
        name, body = c.CountersignCallback.NAME, "CountersignBody"
        possible.append(AllowedAction(action=name, path=f"{base}/countersign", body=body))
    shown = ComplaintAnswer.model_validate(complaint)
    actions = offered(call, *possible)
    return answer(shown.model_copy(update={"allowed_actions": actions}), complaint.version)


@router.post("/complaint/confirm", response_model=RequestState)
async def confirm(call: CallDep, request_id: PathId, body: b.ConfirmComplaintBody) -> Response:
    """Restated, and confirmed by the owner (P034)."""
    return await act(call, request_id, c.ConfirmComplaint, body)


@router.post("/complaint/report", response_model=RequestState)
async def report(call: CallDep, request_id: PathId, body: b.ReportComplaintBody) -> Response:
    """Reported to a supervisor or above, on the same day (P034)."""
    return await act(call, request_id, c.ReportComplaint, body)


@router.post("/complaint/assign", response_model=RequestState)
async def assign(call: CallDep, request_id: PathId, body: b.AssignComplaintBody) -> Response:
    """Somebody answers for it, never the person complained about (P034)."""
    return await act(call, request_id, c.AssignComplaint, body)


@router.post("/complaint/grade", response_model=RequestState)
async def grade(call: CallDep, request_id: PathId, body: b.GradeComplaintBody) -> Response:
    """General, important or major (P034)."""
    return await act(call, request_id, c.GradeComplaint, body)


@router.post("/complaint/investigate", response_model=RequestState)
async def investigate(call: CallDep, request_id: PathId, body: b.InvestigateComplaintBody) -> Response:
    """What was found (P034)."""
    return await act(call, request_id, c.InvestigateComplaint, body)


@router.post("/complaint/judge", response_model=RequestState)
async def judge(call: CallDep, request_id: PathId, body: b.JudgeComplaintBody) -> Response:
    """Valid or not, with the explanation (P034)."""
    return await act(call, request_id, c.JudgeComplaint, body)


@router.post("/complaint/answer", response_model=RequestState)
async def answer_owner(call: CallDep, request_id: PathId, body: b.AnswerComplaintBody) -> Response:
    """The owner was given an answer; an interim one counts for the 24 hours (P034)."""
    return await act(call, request_id, c.AnswerComplaint, body)


@router.post("/complaint/press", response_model=RequestState)
async def press(call: CallDep, request_id: PathId, body: b.PressComplaintBody) -> Response:
    """Those who lead are pressed, from 48 hours on (P034); headquarters at any time (P035)."""
    return await act(call, request_id, c.PressComplaint, body)


@router.post("/complaint/ask-department", response_model=RequestState)
async def ask_department(call: CallDep, request_id: PathId, body: b.AskDepartmentBody) -> Response:
    """A question to the department in charge (P038)."""
    return await act(call, request_id, c.AskDepartment, body)


@router.post("/complaint/answer-department", response_model=RequestState)
async def answer_department(call: CallDep, request_id: PathId, body: b.AnswerDepartmentBody) -> Response:
    """What the department answered (P038)."""
    return await act(call, request_id, c.AnswerDepartment, body)


@router.post("/complaint/handle", response_model=RequestState)
async def handle(call: CallDep, request_id: PathId, body: b.HandleComplaintBody) -> Response:
    """What was to be done is done (P034)."""
    return await act(call, request_id, c.HandleComplaint, body)


@router.post("/complaint/verify", response_model=RequestState)
async def verify(call: CallDep, request_id: PathId, body: b.VerifyComplaintBody) -> Response:
    """The owner was asked: satisfied, or it goes on (P034)."""
    return await act(call, request_id, c.VerifyComplaint, body)


@router.post("/complaint/explain", response_model=RequestState)
async def explain(call: CallDep, request_id: PathId, body: b.ExplainComplaintBody) -> Response:
    """An invalid complaint was explained to the owner (P034)."""
    return await act(call, request_id, c.ExplainComplaint, body)


@router.post("/complaint/countersign", response_model=RequestState)
async def countersign(call: CallDep, request_id: PathId, body: b.CountersignBody) -> Response:
    """The second person of a telephone callback signs (R18)."""
    return await act(call, request_id, c.CountersignCallback, body)


@router.post("/report-difficult", response_model=RequestState)
async def report_difficult(call: CallDep, request_id: PathId, body: b.ReportDifficultBody) -> Response:
    """A case is difficult: a superior calls the owner himself within 24 hours (P037)."""
    return await act(call, request_id, c.ReportDifficult, body)


@router.post("/superior-call", response_model=RequestState)
async def superior_call(call: CallDep, request_id: PathId, body: b.SuperiorCalledBody) -> Response:
    """The superior called the owner himself (P037)."""
    return await act(call, request_id, c.RecordSuperiorCall, body)


@router.post("/chase-difficult", response_model=RequestState)
async def chase_difficult(call: CallDep, request_id: PathId, body: b.ChaseBody) -> Response:
    """The first contact asked the leader again (P037)."""
    return await act(call, request_id, c.ChaseDifficult, body)


@router.get("/difficulty", response_model=DifficultyAnswer)
async def read_difficulty(call: CallDep, request_id: PathId) -> Response:
    """How a difficult case stands (P037)."""
    call.authorise(READ)
    difficulty = await found(call, Difficulty, request_id)
    return answer(DifficultyAnswer.model_validate(difficulty), difficulty.version)
