"""Who a complaint is about takes no part in it (P034, P035)."""

from __future__ import annotations

import pytest

from tests.connected.complaint_kit import OFFICER, PEOPLE, SUPERVISOR, complain, complaint
from tests.connected.intake_kit import Estate

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
EMPLOYED = PEOPLE


async def test_p034_it_is_never_assigned_to_the_person_complained_about(estate: Estate) -> None:
    id = await complain(estate, fields={"about_staff_id": "sun"})
    await estate.act(
        id, "complaint/confirm", OFFICER, restated="x", confirmed_by="owner", about_staff_ids=["he"]
    )
    for about in ("sun", "he"):
        problem = await estate.refused(id, "complaint/assign", SUPERVISOR, sub="ma", responsible_id=about)
        assert (problem["status"], problem["kind"]) == (422, "complained-about")
        assert problem["field"] == "responsible_id"
    assert (await estate.act(id, "complaint/assign", SUPERVISOR, sub="ma", responsible_id="zhang"))[
        "id"
    ] == id


async def test_p034_the_person_complained_about_takes_no_step_on_it(estate: Estate) -> None:
    id = await complain(estate, fields={"about_staff_id": "ma"})
    for step, body in (
        ("confirm", {"restated": "x", "confirmed_by": "owner"}),
        ("grade", {"grade": "GENERAL", "reason": "x"}),
        ("answer", {"interim": True, "text": "x", "by_letter": True, "on_behalf_reason": "x"}),
    ):
        problem = await estate.refused(id, f"complaint/{step}", SUPERVISOR, sub="ma", **body)
        assert (problem["status"], problem["kind"]) == (403, "complained-about")


async def test_p034_nor_does_he_end_change_or_take_it_over(estate: Estate) -> None:
    id = await complain(estate, fields={"about_staff_id": "wu"})
    for step, body in (
        ("cancel", {"reason": "it was settled among us"}),
        ("amend", {"reason": "x", "fields": {"about_staff_id": None}}),
        ("lower-urgency", {"urgency": "general", "reason": "x"}),
        ("close-unreached", {"reason": "x"}),
        ("report-difficult", {"difficulty": "x", "superior_id": "ma"}),
    ):
        problem = await estate.refused(id, step, OFFICER, SUPERVISOR, sub="wu", **body)
        assert (problem["status"], problem["kind"]) == (403, "complained-about"), step
    async with estate.client(OFFICER, SUPERVISOR, sub="wu") as client:
        offered = (await client.get(f"/requests/{id}")).json()["allowed_actions"]
    may = {"intake.raise_urgency", "intake.add_attachment", "intake.add_sensitive_attachment"}
    assert {one["action"] for one in offered} == may, "he may call for help and add to the record"


async def test_p034_a_correction_of_whom_it_is_about_holds_for_every_step(estate: Estate) -> None:
    id = await complain(estate, fields={"about_staff_id": "wang"})
    await estate.act(id, "amend", OFFICER, reason="it was Sun", fields={"about_staff_id": "sun"})
    assert (await complaint(estate, id))["about_staff_ids"] == ["sun"]
    await estate.act(id, "complaint/confirm", OFFICER, restated="x", confirmed_by="owner")
    problem = await estate.refused(id, "complaint/assign", SUPERVISOR, sub="ma", responsible_id="sun")
    assert problem["kind"] == "complained-about"
