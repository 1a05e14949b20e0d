"""The deadlines of a complaint: reported the same day, answered in a day, pressed after two (P034, P035)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.connected.complaint_kit import (
    OFFICER,
    PEOPLE,
    alarms,
    assigned,
    complain,
    complaint,
    confirmed,
    handled,
)
from tests.connected.intake_kit import ZONE, Estate

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
EMPLOYED = PEOPLE
HOUR = timedelta(hours=1)


async def test_p034_it_is_reported_to_a_supervisor_the_same_day(estate: Estate) -> None:
    id = await complain(estate)
    problem = await estate.refused(id, "complaint/report", OFFICER, reported_to="wu")
    assert (problem["status"], problem["field"]) == (422, "reported_to")
    await estate.passes(3 * HOUR)
    await estate.act(id, "complaint/report", OFFICER, reported_to="ma")
    found = await complaint(estate, id)
    assert (found["reported_to"], found["report_late"]) == ("ma", False)
    await estate.passes(11 * HOUR)
    assert "report_late" not in await alarms(estate, id)


async def test_p034_not_reported_on_its_day_is_an_alarm_and_counted_late(estate: Estate) -> None:
    id = await complain(estate)
    local = datetime.fromisoformat((await complaint(estate, id))["report_due_at"]).astimezone(ZONE)
    assert (local.hour, local.minute) == (0, 0), "the local day is over"
    await estate.passes(14 * HOUR - timedelta(minutes=1))
    assert await alarms(estate, id) == []
    await estate.passes(timedelta(minutes=1))
    assert await alarms(estate, id) == ["report_late"]
    await estate.act(id, "complaint/report", OFFICER, reported_to="ma")
    assert (await complaint(estate, id))["report_late"] is True


async def test_p034_no_answer_in_24_hours_is_an_alarm_and_an_interim_answer_counts(estate: Estate) -> None:
    late, kept = await confirmed(estate), await confirmed(estate)
    await estate.passes(23 * HOUR)
    contact = await estate.called(kept)
    await estate.act(
        kept, "complaint/answer", OFFICER, interim=True, text="We look into it", contact_id=contact
    )
    await estate.passes(HOUR + timedelta(minutes=1))
    assert "answer_late" in await alarms(estate, late)
    assert "answer_late" not in await alarms(estate, kept)
    contact = await estate.called(late)
    await estate.act(late, "complaint/answer", OFFICER, interim=True, text="Sorry", contact_id=contact)
    assert [(await complaint(estate, id))["answers_late"] for id in (late, kept)] == [1, 0]


async def test_p034_an_answer_needs_a_contact_that_reached_the_owner_or_a_letter(estate: Estate) -> None:
    id = await confirmed(estate)
    silent = await estate.called(id, result="no_answer")
    for contact in ("", silent):
        problem = await estate.refused(
            id, "complaint/answer", OFFICER, interim=True, text="x", contact_id=contact
        )
        assert (problem["status"], problem["kind"]) == (409, "owner-not-told")
    early = await estate.refused(id, "complaint/answer", OFFICER, interim=False, text="x", by_letter=True)
    assert early["kind"] == "no-result-yet"
    await estate.act(id, "complaint/answer", OFFICER, interim=True, text="x", by_letter=True)


async def test_p034_after_48_hours_and_not_before_the_desk_may_press(estate: Estate) -> None:
    id = await assigned(estate)
    await estate.passes(47 * HOUR)
    problem = await estate.refused(id, "complaint/press", OFFICER, reason="no word")
    assert (problem["status"], problem["kind"]) == (409, "too-early-to-press")
    await estate.passes(HOUR + timedelta(minutes=1))
    assert "press_due" in await alarms(estate, id)
    for count in (1, 2):
        await estate.act(id, "complaint/press", OFFICER, reason="no word")
        assert (await complaint(estate, id))["presses"] == count


async def test_p034_a_complaint_settled_in_time_is_not_pressed(estate: Estate) -> None:
    id = await handled(estate)
    contact = await estate.called(id)
    await estate.act(id, "complaint/answer", OFFICER, interim=False, text="Cleaned", contact_id=contact)
    await estate.passes(72 * HOUR)
    assert await alarms(estate, id) == []
    assert (await estate.refused(id, "complaint/press", OFFICER, reason="x"))["status"] == 409


async def test_p035_a_complaint_through_headquarters_is_pressed_from_the_first_hour(estate: Estate) -> None:
    async with estate.client() as client:
        body = estate.repair(procedure="complaint-hq", category="fees", description="x", fields={})
        wrong = await client.post("/requests", json=body)
        assert (wrong.status_code, wrong.json()["field"]) == (422, "contact.channel")
    id = await complain(estate, procedure="complaint-hq", contact={"channel": "headquarters"})
    await estate.act(id, "complaint/press", "director", sub="zhang", reason="the company asks")
    assert (await estate.journal(id))[-1] == "intake.complaint.pressed.v1"
    assert (await complaint(estate, id))["presses"] == 1
