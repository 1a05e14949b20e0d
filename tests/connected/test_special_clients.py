"""Special clients: the director's own conversation after handling (P009); the daily look (P003)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.events.dispatch import WorkCompleted, WorkPaidOff
from tests.connected.intake_kit import Estate, Json
from tests.events import issued

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
HOUR = timedelta(hours=1)


async def client(estate: Estate, *, special: bool, person_id: str = "vip") -> str:
    """An owner in the directory."""
    body = {"person_id": person_id, "name": "Ms Gu", "phones": ["13900139077"], "special": special}
    async with estate.client() as desk:
        answer = await desk.post("/people", json=body)
    assert answer.status_code == 201, answer.text
    return person_id


async def repaired(estate: Estate, **asked: Any) -> str:
    """A repair of that client's that was done, and confirmed by the first contact."""
    id = str((await estate.accept(**{"person_id": "vip", **asked}))["id"])
    now = estate.runtime.clock.now()
    slip = issued(id, now)
    work = {"request_id": id, "work_order_id": slip.work_order_id}
    done = WorkCompleted(**work, kind="repair", completed_at=now)
    await estate.told(slip, done, WorkPaidOff(**work, closed_at=now), stream=id)
    await estate.confirm(id)
    return id


async def due(estate: Estate) -> list[Json]:
    """The conversations the director has still to hold."""
    async with estate.client("director", sub="fang") as desk:
        answer = await desk.get("/director-talks")
    items: list[Json] = answer.json()["items"]
    return items


async def talked(estate: Estate, id: str, sub: str = "fang", **changed: Any) -> str:
    """The director has called the client about the request; the id of the contact."""
    estate.runtime.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
    body = {"channel": "callback", "direction": "out", "result": "reached", "about_request_id": id, **changed}
    async with estate.client("director", "cs_officer", sub=sub) as desk:
        answer = await desk.post("/contacts", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_p009_after_handling_the_director_talks_to_a_special_client_himself(estate: Estate) -> None:
    await client(estate, special=True)
    id = await repaired(estate)
    [waiting] = await due(estate)
    read = await estate.read(id)
    assert (waiting["request_id"], waiting["late"], read["status"]) == (id, False, "SATISFIED")
    assert (await estate.journal(id))[-1] == "intake.director_talk.due.v1"
    before = await estate.called(id)
    body = {"contact_id": before, "outcome": "SATISFIED"}
    assert (await estate.refused(id, "director-talk", "cs_supervisor", **body))["status"] == 403
    other = await estate.refused(id, "director-talk", "director", sub="fang", **body)
    assert (other["status"], other["kind"], other["field"]) == (409, "not-talked-in-person", "contact_id")
    missed = await talked(estate, id, result="no_answer")
    again = await estate.refused(
        id, "director-talk", "director", sub="fang", contact_id=missed, outcome="SATISFIED"
    )
    assert again["kind"] == "not-talked-in-person"
    contact = await talked(estate, id)
    after = await estate.act(
        id, "director-talk", "director", sub="fang", contact_id=contact, outcome="SATISFIED"
    )
    assert after["status"] == "SATISFIED"
    talk = (await estate.read(id))["talk"]
    assert (talk["held_by"], talk["late"], talk["outcome"]) == ("fang", False, "SATISFIED")
    assert await due(estate) == []
    await estate.passes(200 * HOUR)
    assert await estate.journal(f"escalation:{id}") == []
    twice = await estate.refused(
        id, "director-talk", "director", sub="fang", contact_id=contact, outcome="SATISFIED"
    )
    assert twice["kind"] == "no-talk-due"


async def test_p009_a_special_client_who_is_not_satisfied_goes_on_and_is_talked_to_again(
    estate: Estate,
) -> None:
    await client(estate, special=True)
    id = await repaired(estate)
    contact = await talked(estate, id)
    after = await estate.act(
        id, "director-talk", "director", sub="fang", contact_id=contact, outcome="CONTINUE", note="drips"
    )
    assert (after["status"], after["stage"]) == ("OPEN", "REOPENED")
    assert "intake.request.reopened.v1" in await estate.journal(id)
    now = estate.runtime.clock.now()
    work = {"request_id": id, "work_order_id": "again"}
    slip = issued(id, now).model_copy(update={"work_order_id": "again", "slip": "2026-000777"})
    done = WorkCompleted(**work, kind="repair", completed_at=now)
    await estate.told(slip, done, WorkPaidOff(**work, closed_at=now), stream=id)
    await estate.confirm(id)
    assert [one["request_id"] for one in await due(estate)] == [id]


async def test_p009_the_directors_conversation_has_a_clock_of_its_own(estate: Estate) -> None:
    await client(estate, special=True)
    id = await repaired(estate)
    await estate.passes(48 * HOUR - timedelta(minutes=1))
    assert await estate.journal(f"escalation:{id}") == []
    await estate.passes(timedelta(minutes=2))
    assert await estate.journal(f"escalation:{id}") == ["intake.director_talk.late.v1"]
    assert (await due(estate))[0]["late"]
    contact = await talked(estate, id)
    await estate.act(id, "director-talk", "director", sub="fang", contact_id=contact, outcome="SATISFIED")
    assert (await estate.read(id))["talk"]["late"]


async def test_p009_other_clients_and_what_was_taken_back_need_no_director(estate: Estate) -> None:
    await client(estate, special=False)
    await repaired(estate)
    assert await due(estate) == []
    await client(estate, special=True)
    asked = await estate.accept(person_id="vip", procedure="inquiry", category="services", fields={})
    await estate.act(asked["id"], "cancel", reason="found it myself")
    assert await due(estate) == []


async def test_p009_a_client_who_is_known_later_counts_as_special_too(estate: Estate) -> None:
    await client(estate, special=True)
    asked = await estate.accept(person_id="", procedure="inquiry", category="services", fields={})
    await estate.employ(ma="cs_supervisor")
    await estate.act(asked["id"], "amend", reason="it was Ms Gu", person_id="vip")
    await estate.act(
        asked["id"], "inquiry/answer", "cs_officer", "cs_supervisor", text="at nine", superior_id="ma"
    )
    assert [one["request_id"] for one in await due(estate)] == [asked["id"]]
