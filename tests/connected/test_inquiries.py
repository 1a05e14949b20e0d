"""Inquiries, messages, help and visits (P002, P003, P010, P011), with our own clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.connected.desk_kit import alarms, asked, get, post
from tests.connected.intake_kit import ZONE, Estate

pytestmark = [
    pytest.mark.connected,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("absences"),
]
HOUR = timedelta(hours=1)
OFFICER, SUPERVISOR = "cs_officer", "cs_supervisor"
EMPLOYED = {"lin": OFFICER, "wu": OFFICER, "ma": SUPERVISOR, "zhao": "cashier", "he": "department_head"}
FEE = {
    "question_zh": "物业费怎么交?",
    "question_en": "How is the property fee paid?",
    "text_zh": "请到服务中心收款处,或扫码缴纳。",
    "text_en": "At the cashier of the service centre, or by QR code.",
    "keywords": ["缴费"],
}


async def approved(estate: Estate, **changed: Any) -> str:
    """An approved answer: drafted by Lin, approved by Ma."""
    draft = await post(estate, "/answers", OFFICER, **(FEE | changed))
    assert draft["code"] == 201, draft
    assert (await post(estate, f"/answers/{draft['id']}/approve", SUPERVISOR, sub="ma"))["code"] == 200
    return str(draft["id"])


async def test_p010_an_answer_is_drafted_by_one_and_approved_by_another(estate: Estate) -> None:
    draft = await post(estate, "/answers", SUPERVISOR, sub="ma", **FEE)
    id = draft["id"]
    own = await post(estate, f"/answers/{id}/approve", SUPERVISOR, sub="ma")
    assert (own["code"], own["type"].rsplit("/", 1)[1]) == (403, "own-draft")
    assert (await post(estate, f"/answers/{id}/approve", OFFICER, sub="wu"))["code"] == 403
    assert (await get(estate, "/answers", q="物业费"))["items"] == [], "a draft is not found while talking"
    assert (await post(estate, f"/answers/{id}/approve", SUPERVISOR, sub="sun"))["code"] == 200
    assert await estate.journal(f"answer:{id}") == ["intake.answer.approved.v1"]
    [found] = (await get(estate, "/answers", q="物业费"))["items"]
    assert (found["id"], found["number"], found["current"]["text_zh"]) == (id, 1, FEE["text_zh"])
    for words in ("缴费", "QR code", "property fee"):
        assert len((await get(estate, "/answers", q=words))["items"]) == 1
    assert (await get(estate, "/answers", q="停车"))["items"] == []


async def test_p010_the_answer_given_is_kept_by_version(estate: Estate) -> None:
    answer_id = await approved(estate)
    id = await asked(estate)
    after = await estate.act(id, "inquiry/answer", OFFICER, answer_id=answer_id, answer_number=1)
    assert (after["status"], after["stage"]) == ("ANSWERED", "CLOSED")
    assert await estate.journal(id) == [
        "intake.request.accepted.v1",
        "intake.inquiry.answered.v1",
        "intake.request.closed.v1",
    ]
    assert (await post(estate, f"/answers/{answer_id}/draft", OFFICER, **(FEE | {"text_zh": "改扫码"})))[
        "code"
    ] == 200
    assert (await get(estate, f"/answers/{answer_id}"))["number"] == 1, (
        "the old one is given until another approves"
    )
    assert (await post(estate, f"/answers/{answer_id}/approve", SUPERVISOR, sub="ma"))["code"] == 200
    given = await get(estate, f"/requests/{id}/inquiry")
    assert (given["answer_id"], given["answer_number"], given["answered_by"]) == (answer_id, 1, "lin")
    old = await get(estate, f"/answers/{answer_id}/versions/1")
    assert old["wording"]["text_zh"] == FEE["text_zh"]
    late = await asked(estate)
    problem = await estate.refused(late, "inquiry/answer", OFFICER, answer_id=answer_id, answer_number=1)
    assert (problem["status"], problem["field"], problem["accepted"]) == (
        422,
        "answer_number",
        "version 2 of it",
    )


async def test_p010_an_answer_of_ones_own_is_refused_and_a_superiors_is_named(estate: Estate) -> None:
    id = await asked(estate)
    alone = await estate.refused(id, "inquiry/answer", OFFICER, text="I think it is free")
    assert (alone["status"], alone["field"]) == (422, "superior_id")
    peer = await estate.refused(id, "inquiry/answer", OFFICER, text="Free", superior_id="wu")
    assert peer["kind"] == "not-a-superior"
    assert (await estate.refused(id, "inquiry/answer", OFFICER))["field"] == "answer_id"
    await estate.act(id, "inquiry/answer", OFFICER, text="It is free on Sundays", superior_id="ma")
    given = await get(estate, f"/requests/{id}/inquiry")
    assert (given["superior_id"], given["text"]) == ("ma", "It is free on Sundays")


async def test_p010_a_deferred_one_is_promised_and_answered_within_24_hours(estate: Estate) -> None:
    kept, late = await asked(estate), await asked(estate)
    for id in (kept, late):
        after = await estate.act(id, "inquiry/defer", OFFICER, reason="the department knows", owner_told=True)
        assert (after["status"], after["stage"]) == ("OPEN", "IN_WORK")
        assert (await estate.journal(id))[-1] == "intake.inquiry.deferred.v1"
    assert (await estate.refused(kept, "inquiry/defer", OFFICER, reason="x", owner_told=True))[
        "kind"
    ] == "deferred-already"
    answer_id = await approved(estate)
    assert (await estate.refused(kept, "inquiry/answer", OFFICER, answer_id=answer_id))[
        "kind"
    ] == "owner-not-told"
    contact = await estate.called(kept)
    await estate.act(kept, "inquiry/answer", OFFICER, answer_id=answer_id, contact_id=contact)
    await estate.passes(24 * HOUR + timedelta(minutes=1))
    assert (await alarms(estate, kept), await alarms(estate, late)) == ([], ["inquiry_late"])
    contact = await estate.called(late)
    await estate.act(late, "inquiry/answer", OFFICER, answer_id=answer_id, contact_id=contact)
    assert [(await get(estate, f"/requests/{id}/inquiry"))["late"] for id in (kept, late)] == [False, True]


async def test_p002_a_message_stays_open_until_the_colleague_acknowledges_it(estate: Estate) -> None:
    stranger = estate.repair(
        procedure="relay-message", category="", description="x", fields={"colleague_id": "nobody"}
    )
    problem = await post(estate, "/requests", OFFICER, **stranger)
    assert (problem["code"], problem["field"]) == (422, "fields.colleague_id")
    id = await asked(
        estate,
        procedure="relay-message",
        category="",
        description="Please call Mr Wang about his invoice",
        fields={"colleague_id": "zhao"},
    )
    assert (await estate.journal(id))[-1] == "intake.message.relayed.v1"
    other = await estate.refused(id, "message/acknowledge", OFFICER, sub="wu")
    assert (other["status"], other["kind"]) == (403, "not-for-you")
    assert (await estate.refused(id, "confirm", OFFICER))["status"] == 409
    assert (await get(estate, "/messages-for-me", "gate_guard", sub="guo"))["items"] == []
    [waiting] = (await get(estate, "/messages-for-me", "cashier", sub="zhao"))["items"]
    assert (waiting["request_id"], waiting["caller_phone"]) == (id, "+8613800138000")
    assert waiting["text"] == "Please call Mr Wang about his invoice"
    await estate.passes(HOUR + timedelta(minutes=1))
    assert await alarms(estate, id) == ["message_waits"]
    after = await estate.act(id, "message/acknowledge", "cashier", sub="zhao")
    assert after["status"] == "ANSWERED"
    assert (await get(estate, "/messages-for-me", "cashier", sub="zhao"))["items"] == []


async def test_p002_a_message_goes_to_another_when_the_first_has_left(estate: Estate) -> None:
    id = await asked(estate, procedure="relay-message", category="", fields={"colleague_id": "wu"})
    await estate.passes(timedelta(minutes=50))
    await estate.act(id, "message/redirect", OFFICER, colleague_id="zhao", reason="wu has gone off shift")
    row = await estate.runtime.db["relays"].find_one({"_id": f"{estate.property_id}:{id}"})
    assert row is not None
    assert row["due_at"] == estate.runtime.clock.now() + HOUR, "the new one has his whole hour"
    assert (await estate.refused(id, "message/acknowledge", OFFICER, sub="wu"))["kind"] == "not-for-you"
    assert (await estate.act(id, "message/acknowledge", "cashier", sub="zhao"))["status"] == "ANSWERED"


async def test_p011_general_help_is_work_without_a_price(estate: Estate) -> None:
    taken = await estate.accept(
        procedure="general-help", category="cleaning", description="Please sweep the hall", fields={}
    )
    read = await estate.read(taken["id"])
    assert (read["process"], read["stage"]) == ("", "RECEIVED")
    rules = estate.runtime.catalogue.at(read["catalogue_version"])
    assert rules.dispatch is not None
    assert rules.dispatch.departments["cleaning"] == "environment"
    assert rules.billing is not None
    assert rules.billing.payer == "none"


async def test_p003_an_unsettled_visit_reaches_the_head_the_same_day(estate: Estate) -> None:
    settled = await asked(estate, contact={"channel": "window"})
    open_ = await asked(estate, contact={"channel": "window"})
    by_phone = await asked(estate)
    await estate.act(settled, "inquiry/answer", OFFICER, text="x", superior_id="ma")
    today = estate.runtime.clock.now().astimezone(ZONE).date().isoformat()
    assert (await get(estate, f"/days/{today}"))["unsettled_visits"] == 1
    await estate.passes(7 * HOUR)
    assert await alarms(estate, open_) == []
    await estate.passes(HOUR)
    assert await alarms(estate, open_) == ["visit_unsettled"]
    assert (await alarms(estate, settled), await alarms(estate, by_phone)) == ([], [])
