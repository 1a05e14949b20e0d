"""Difficult issues and inquiries to a department: a superior calls, a department answers (P037, P038)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.connected.complaint_kit import OFFICER, PEOPLE, alarms, assigned, complain, complaint
from tests.connected.intake_kit import Estate

pytestmark = [
    pytest.mark.connected,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("absences"),
]
EMPLOYED = PEOPLE
HOUR = timedelta(hours=1)


async def test_p038_a_department_answers_within_three_days_or_is_late(estate: Estate) -> None:
    id, late = await assigned(estate), await assigned(estate)
    for one in (id, late):
        written = await estate.refused(
            one,
            "complaint/ask-department",
            OFFICER,
            department="engineering",
            severity="serious",
            problem="pump",
        )
        assert (written["status"], written["field"]) == (422, "written_report")
        await estate.act(
            one,
            "complaint/ask-department",
            OFFICER,
            department="engineering",
            severity="general",
            problem="pump",
        )
    twice = await estate.refused(
        id, "complaint/ask-department", OFFICER, department="security", severity="general", problem="x"
    )
    assert twice["kind"] == "question-open"
    found = await complaint(estate, id)
    assert [one["action"] for one in found["allowed_actions"]] == ["intake.answer_department"]
    about = await estate.refused(
        id, "complaint/answer-department", OFFICER, sub="wang", answer="not my fault"
    )
    assert (about["status"], about["kind"]) == (403, "complained-about")
    asked = found["question"]
    due = datetime.fromisoformat(asked["due_at"])
    assert timedelta(0) <= timedelta(days=3) - (due - estate.runtime.clock.now()) < timedelta(seconds=1)
    await estate.passes(timedelta(days=2))
    await estate.act(id, "complaint/answer-department", OFFICER, answer="It is ordered")
    await estate.passes(timedelta(days=1, minutes=1))
    assert "department_late" not in await alarms(estate, id)
    assert "department_late" in await alarms(estate, late)
    await estate.act(late, "complaint/answer-department", OFFICER, answer="at last")
    assert [(await complaint(estate, one))["questions_late"] for one in (id, late)] == [0, 1]


async def test_p037_a_superior_calls_in_person_within_24_hours_and_the_first_contact_chases(
    estate: Estate,
) -> None:
    taken = await estate.accept()  # any case: here a repair
    id = str(taken["id"])
    low = await estate.refused(id, "report-difficult", OFFICER, difficulty="x", superior_id="wu")
    assert (low["status"], low["field"]) == (422, "superior_id")
    assert (await estate.refused(id, "chase-difficult", OFFICER, answer="x"))["kind"] == "not-difficult"
    await estate.act(
        id, "report-difficult", OFFICER, difficulty="The wall is the developer's", superior_id="he"
    )
    assert (await estate.read(id))["difficult"] is True
    own = await estate.called(id)
    for sub, roles in (("lin", (OFFICER,)), ("he", ("department_head",))):
        problem = await estate.refused(id, "superior-call", *roles, sub=sub, contact_id=own, answer="x")
        assert problem["kind"] in ("not-allowed", "not-called-in-person")
    assert await estate.passes(23 * HOUR) == 0
    his = await estate.called(id, agent_id="he")
    await estate.act(
        id, "superior-call", "department_head", sub="he", contact_id=his, answer="We press the developer"
    )
    await estate.act(id, "chase-difficult", OFFICER, answer="He wrote to the developer")
    other = await estate.refused(id, "chase-difficult", OFFICER, sub="wu", answer="x")
    assert other["field"] == "on_behalf_reason"
    await estate.passes(2 * HOUR)
    assert await alarms(estate, id) == []
    assert (await estate.journal(id))[-3:] == [
        "intake.difficulty.reported.v1",
        "intake.difficulty.superior_called.v1",
        "intake.difficulty.chased.v1",
    ]


async def test_p037_a_superior_who_has_not_called_in_24_hours_is_an_alarm(estate: Estate) -> None:
    id = await complain(estate)
    await estate.act(id, "report-difficult", OFFICER, difficulty="x", superior_id="zhang")
    again = await estate.refused(id, "report-difficult", OFFICER, difficulty="x", superior_id="zhang")
    assert again["kind"] == "difficult-already"
    await estate.passes(24 * HOUR + timedelta(minutes=1))
    assert "superior_late" in await alarms(estate, id)
    his = await estate.called(id, agent_id="zhang")
    await estate.act(id, "superior-call", "director", sub="zhang", contact_id=his, answer="x")
    async with estate.client() as client:
        found = (await client.get(f"/requests/{id}/difficulty")).json()
    assert found["called_late"] is True
