"""A complaint about the technician Wang, brought to each of its states by the people of the property."""

from __future__ import annotations

from typing import Any

from tests.connected.intake_kit import Estate, Json

OFFICER, SUPERVISOR = "cs_officer", "cs_supervisor"
PEOPLE = {
    "lin": OFFICER,
    "wu": OFFICER,
    "ma": SUPERVISOR,
    "sun": "repair_supervisor",
    "wang": "technician",
    "he": "department_head",
    "zhang": "director",
    "gu": "property_manager",
}
"""Who works at the property, by id."""


async def complain(estate: Estate, **changed: Any) -> str:
    """A complaint about the technician, taken by Lin at the hotline."""
    taken = await estate.accept(
        **{
            "procedure": "complaint-owner",
            "category": "repair",
            "description": "The technician left the kitchen dirty",
            "fields": {"about_staff_id": "wang"},
            **changed,
        }
    )
    return str(taken["id"])


async def confirmed(estate: Estate, **changed: Any) -> str:
    """A complaint the owner has confirmed."""
    id = await complain(estate, **changed)
    await estate.act(
        id, "complaint/confirm", OFFICER, restated="He left water on the floor", confirmed_by="owner"
    )
    return id


async def assigned(estate: Estate) -> str:
    """A complaint the repair supervisor answers for."""
    id = await confirmed(estate)
    await estate.act(id, "complaint/assign", SUPERVISOR, sub="ma", responsible_id="sun")
    return id


async def judged(estate: Estate, validity: str = "VALID") -> str:
    """A complaint that was looked into."""
    id = await assigned(estate)
    await estate.act(id, "complaint/investigate", "repair_supervisor", sub="sun", findings="Photos show it")
    await estate.act(
        id,
        "complaint/judge",
        "repair_supervisor",
        sub="sun",
        validity=validity,
        explanation="As photographed",
    )
    return id


async def handled(estate: Estate, grade: str = "GENERAL") -> str:
    """A valid complaint that was handled."""
    id = await judged(estate)
    await estate.act(id, "complaint/grade", SUPERVISOR, sub="ma", grade=grade, reason="first time")
    await estate.act(id, "complaint/handle", "repair_supervisor", sub="sun", result="Cleaned, apologised")
    return id


async def complaint(estate: Estate, id: str) -> Json:
    async with estate.client() as client:
        answer = await client.get(f"/requests/{id}/complaint")
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def alarms(estate: Estate, id: str) -> list[str]:
    """The kinds of the alarms raised about a case, in their order."""
    rows = estate.runtime.db["timeline"].find({"property_id": estate.property_id, "request_id": id})
    found = [row["what"] async for row in rows.sort("at", 1) if row["what"].startswith("alarm.")]
    told = await estate.journal(f"escalation:{id}")
    assert told == ["intake.case.alarmed.v1"] * len(found)
    return [what.removeprefix("alarm.") for what in found]


async def actions(estate: Estate, id: str) -> set[str]:
    read = await estate.read(id)
    return {one["action"].removeprefix("intake.") for one in read["allowed_actions"]}
