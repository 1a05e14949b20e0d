"""Complaints from receipt to the end (P034), with a clock of our own."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from tests.connected.complaint_kit import (
    OFFICER,
    PEOPLE,
    SUPERVISOR,
    actions,
    alarms,
    assigned,
    complain,
    complaint,
    confirmed,
    handled,
    judged,
)
from tests.connected.intake_kit import Estate, Json

pytestmark = [
    pytest.mark.connected,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("absences"),
]
EMPLOYED = PEOPLE
HOUR = timedelta(hours=1)


async def test_p034_from_receipt_to_a_satisfied_owner_each_step_an_event(estate: Estate) -> None:
    id = await handled(estate)
    read = await estate.read(id)
    assert (read["stage"], read["case_state"], read["slip"]) == ("TO_CONFIRM", "HANDLED", "")
    contact = await estate.called(id)
    after = await estate.act(
        id,
        "complaint/verify",
        OFFICER,
        outcome="SATISFIED",
        how="phone",
        contact_id=contact,
    )
    assert (after["status"], after["stage"]) == ("SATISFIED", "CLOSED")
    assert await estate.journal(id) == [
        "intake.request.accepted.v1",
        "intake.complaint.confirmed.v1",
        "intake.complaint.reported.v1",
        "intake.complaint.assigned.v1",
        "intake.complaint.investigated.v1",
        "intake.complaint.judged.v1",
        "intake.complaint.graded.v1",
        "intake.complaint.handled.v1",
        "intake.complaint.verified.v1",
        "intake.request.closed.v1",
    ]
    found = await complaint(estate, id)
    assert (found["outcome"], found["proven"]) == ("SATISFIED", False), "a second person has still to sign"
    assert (await estate.counts())["timers"] == 0
    assert [line["what"] for line in await estate.timeline(id)][2:5] == [
        "complaint.confirmed",
        "complaint.assigned",
        "complaint.investigated",
    ]


@pytest.mark.parametrize(
    ("step", "body", "missing"),
    [
        ("assign", {"responsible_id": "sun"}, "restate it and have the owner confirm it"),
        ("investigate", {"findings": "x"}, "restate it and have the owner confirm it"),
        ("judge", {"validity": "VALID", "explanation": "x"}, "restate it and have the owner confirm it"),
        ("handle", {"result": "x"}, "restate it and have the owner confirm it"),
        ("verify", {"outcome": "SATISFIED", "how": "letter"}, "restate it and have the owner confirm it"),
    ],
)
async def test_p034_a_step_out_of_order_is_refused_with_what_comes_next(
    estate: Estate, step: str, body: Json, missing: str
) -> None:
    id = await complain(estate)
    problem = await estate.refused(id, f"complaint/{step}", OFFICER, SUPERVISOR, **body)
    assert (problem["status"], problem["kind"], problem["accepted"]) == (409, "complaint-step", missing)


async def test_p034_the_generic_confirmation_does_not_end_a_complaint(estate: Estate) -> None:
    for id in (await complain(estate), await handled(estate)):
        assert (await estate.refused(id, "confirm", OFFICER))["status"] == 409
        assert (await estate.refused(id, "reopen", OFFICER, reason="x"))["status"] == 409
        assert "confirm_satisfaction" not in await actions(estate, id)


async def test_p034_allowed_actions_follow_the_state_and_the_role(estate: Estate) -> None:
    id = await complain(estate)
    assert {"confirm_complaint", "answer_complaint", "grade_complaint"} <= await actions(estate, id)
    assert "assign_complaint" not in await actions(estate, id)
    await estate.act(id, "complaint/confirm", OFFICER, restated="x", confirmed_by="family")
    assert "assign_complaint" in await actions(estate, id)
    async with estate.client(OFFICER) as client:
        read = (await client.get(f"/requests/{id}")).json()
    assert "intake.assign_complaint" not in {one["action"] for one in read["allowed_actions"]}


@pytest.mark.parametrize(
    ("who", "kind"),
    [("wang", "complained-about"), ("wu", "not-responsible"), ("nobody", "unknown-colleague")],
)
async def test_p034_only_a_supervisor_or_head_answers_for_it(estate: Estate, who: str, kind: str) -> None:
    id = await confirmed(estate)
    problem = await estate.refused(id, "complaint/assign", SUPERVISOR, sub="ma", responsible_id=who)
    assert (problem["status"], problem["kind"], problem["field"]) == (422, kind, "responsible_id")


async def test_what_a_rule_or_a_role_forbids_is_remembered(estate: Estate) -> None:
    id = await confirmed(estate)
    await estate.refused(id, "complaint/assign", SUPERVISOR, sub="ma", responsible_id="wang")
    await estate.refused(id, "complaint/assign", OFFICER, responsible_id="sun")
    await estate.runtime.denials.flush()
    rows = estate.runtime.db["denials"].find({"property_id": estate.property_id})
    found = {(row["sub"], row["kind"]) async for row in rows}
    assert {("ma", "complained-about"), ("lin", "not-allowed")} <= found


async def test_p034_an_officer_may_neither_assign_nor_judge(estate: Estate) -> None:
    id = await assigned(estate)
    for step, body in (("assign", {"responsible_id": "he"}), ("investigate", {"findings": "x"})):
        assert (await estate.refused(id, f"complaint/{step}", OFFICER, **body))["status"] == 403


@pytest.mark.parametrize("grade", ["GENERAL", "IMPORTANT", "MAJOR"])
async def test_p034_each_grade_goes_to_whom_it_belongs(estate: Estate, grade: str) -> None:
    id = await assigned(estate)
    await estate.act(id, "complaint/grade", OFFICER, grade=grade, reason="as told")
    assert (await estate.journal(id))[-1] == "intake.complaint.graded.v1"
    assert await alarms(estate, id) == (["major"] if grade == "MAJOR" else [])


async def test_p034_only_a_supervisor_lowers_the_grade(estate: Estate) -> None:
    id = await assigned(estate)
    await estate.act(id, "complaint/grade", OFFICER, grade="IMPORTANT", reason="x")
    problem = await estate.refused(id, "complaint/grade", OFFICER, grade="GENERAL", reason="x")
    assert (problem["status"], problem["kind"]) == (403, "supervisor-lowers")
    await estate.act(id, "complaint/grade", SUPERVISOR, sub="ma", grade="GENERAL", reason="x")


async def test_p034_it_is_not_handled_before_somebody_has_graded_it(estate: Estate) -> None:
    id = await judged(estate)
    problem = await estate.refused(id, "complaint/handle", "repair_supervisor", sub="sun", result="x")
    assert (problem["status"], problem["kind"]) == (409, "no-grade")


async def test_p034_an_invalid_one_ends_answered_after_the_explanation(estate: Estate) -> None:
    id = await judged(estate, "INVALID")
    assert (await estate.refused(id, "complaint/explain", OFFICER, outcome="ANSWERED"))[
        "kind"
    ] == "owner-not-told"
    contact = await estate.called(id)
    after = await estate.act(
        id, "complaint/explain", OFFICER, outcome="ANSWERED", contact_id=contact, note="told"
    )
    assert (after["status"], after["stage"]) == ("ANSWERED", "CLOSED")
    assert (await complaint(estate, id))["outcome"] == "ANSWERED"
    assert (await estate.counts())["timers"] == 0


async def test_p034_an_owner_who_insists_or_is_not_satisfied_starts_a_new_round(estate: Estate) -> None:
    invalid, valid = await judged(estate, "INVALID"), await handled(estate)
    contact = await estate.called(invalid)
    await estate.act(invalid, "complaint/explain", OFFICER, outcome="CONTINUE", contact_id=contact)
    await estate.act(valid, "complaint/verify", OFFICER, outcome="CONTINUE", how="visit", owner_mark="王")
    for id in (invalid, valid):
        found = await complaint(estate, id)
        assert (found["state"], found["round"], found["responsible_id"]) == ("ASSIGNED", 2, "sun")
        assert (await estate.journal(id))[-1] == "intake.complaint.verified.v1"
        await estate.passes(25 * HOUR)
        assert "answer_late" in await alarms(estate, id), "the clocks of the new round run from now"
        await estate.act(id, "complaint/investigate", "repair_supervisor", sub="sun", findings="again")


async def test_p034_who_handled_it_does_not_ask_the_owner_himself(estate: Estate) -> None:
    id = await handled(estate)
    body = {"outcome": "SATISFIED", "how": "letter", "on_behalf_reason": "x"}
    problem = await estate.refused(id, "complaint/verify", SUPERVISOR, sub="sun", **body)
    assert (problem["status"], problem["kind"]) == (403, "own-work")


async def test_p034_another_than_the_first_contact_verifies_with_a_reason(estate: Estate) -> None:
    id = await handled(estate)
    body = {"outcome": "SATISFIED", "how": "letter"}
    bare = await estate.refused(id, "complaint/verify", OFFICER, sub="wu", **body)
    assert (bare["status"], bare["field"]) == (422, "on_behalf_reason")
    await estate.act(id, "complaint/verify", OFFICER, sub="wu", **body, on_behalf_reason="lin is ill")
    last = (await estate.timeline(id))[-1]
    assert (last["who"], last["on_behalf_of"]) == ("wu", "lin")


async def test_r18_a_telephone_callback_is_proven_by_two_people(estate: Estate) -> None:
    id = await handled(estate)
    contact = await estate.called(id)
    phone = {"outcome": "SATISFIED", "how": "phone", "contact_id": contact}
    named = await estate.refused(id, "complaint/verify", OFFICER, **phone, second_id="wu")
    assert (named["status"], named["field"]) == (422, "second_id"), "nobody signs for somebody else"
    assert (await estate.refused(id, "complaint/verify", OFFICER, outcome="SATISFIED", how="visit"))[
        "field"
    ] == "owner_mark"
    await estate.act(id, "complaint/verify", OFFICER, **phone)
    assert (await complaint(estate, id))["proven"] is False
    async with estate.client(OFFICER, sub="wu") as client:
        offered = (await client.get(f"/requests/{id}/complaint")).json()["allowed_actions"]
    assert [one["action"] for one in offered] == ["intake.countersign_callback"]
    assert (await complaint(estate, id))["allowed_actions"] == [], "lin has signed already"
    assert (await estate.refused(id, "complaint/countersign", OFFICER))["kind"] == "second-person"
    await estate.act(id, "complaint/countersign", OFFICER, sub="wu")
    assert (await complaint(estate, id))["proven"] is True
    said = {"$regex": "^intake.complaint.(verified|countersigned)"}
    rows = estate.runtime.db["outbox"].find({"stream": id, "type": said})
    told = [orjson.loads(row["data"]) async for row in rows.sort("sequence", 1)]
    assert [(one.get("proven"), one.get("signers")) for one in told] == [(False, None), (None, ["lin", "wu"])]
    assert (await estate.refused(id, "complaint/countersign", OFFICER, sub="wu"))["kind"] == "nothing-to-sign"


async def test_p034_a_complaint_that_is_taken_back_is_watched_no_more(estate: Estate) -> None:
    id = await assigned(estate)
    after = await estate.act(id, "cancel", OFFICER, reason="it was settled among us")
    assert after["status"] == "CANCELLED"
    assert (await complaint(estate, id))["state"] == "CLOSED"
    assert await estate.passes(100 * HOUR) == 0
    problem = await estate.refused(id, "complaint/investigate", SUPERVISOR, sub="ma", findings="x")
    assert (problem["status"], problem["kind"]) == (409, "closed")


async def test_p034_an_owner_out_of_reach_ends_unreached_and_may_come_back(estate: Estate) -> None:
    id = await handled(estate)
    early = await estate.refused(id, "close-unreached", SUPERVISOR, sub="ma", reason="silence")
    assert early["status"] == 409
    for _ in range(3):
        await estate.called(id, result="no_answer")
    closed = await estate.act(id, "close-unreached", SUPERVISOR, sub="ma", reason="silence")
    assert closed["status"] == "UNREACHED"
    assert (await complaint(estate, id))["outcome"] == "UNREACHED"
    after = await estate.act(id, "reopen", OFFICER, reason="he called")
    assert (after["status"], after["stage"]) == ("OPEN", "IN_WORK")
    assert (await complaint(estate, id))["round"] == 2


async def test_j9_what_was_said_about_a_complaint_is_not_readable_in_the_journal(estate: Estate) -> None:
    await handled(estate)
    for name in ("outbox", "commands", "timeline"):
        rows = [str(row) async for row in estate.runtime.db[name].find({"property_id": estate.property_id})]
        for secret in ("water on the floor", "Photos show it", "As photographed", "Cleaned, apologised"):
            assert not [row for row in rows if secret in row]


async def test_j17_an_emergency_told_as_a_complaint_gets_people(estate: Estate) -> None:
    taken = await estate.accept(
        procedure="complaint-owner", urgency="emergency", description="water everywhere", fields={}
    )
    read = await estate.read(taken["id"])
    assert (read["procedure"], read["urgency"]) == ("repair-report", "emergency")
    assert "procedure: complaint-owner" in read["set_aside"]
