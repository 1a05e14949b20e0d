"""First contact, promise and extension, sentence by sentence (P009, P012, P013), with a clock of our own."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shared.events.dispatch import WorkCancelled, WorkCompleted, WorkPaidOff, WorkStepTaken
from tests.connected.intake_kit import Estate
from tests.connected.promise_kit import arranged, at

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("channel", "agent", "first"),
    [("hotline", "zhou", "zhou"), ("window", "zhou", "zhou"), ("letter", "", "lin"), ("radio", "", "lin")],
)
async def test_p009_the_first_contact_is_who_answered_or_stood_there(
    estate: Estate, channel: str, agent: str, first: str
) -> None:
    taken = await estate.accept(contact={"channel": channel, "agent_id": agent})
    assert taken["first_contact_id"] == first
    assert (await estate.counts())["timers"] == 0


@pytest.mark.parametrize("channel", ["web", "email", "app"])
async def test_p009_what_comes_where_nobody_was_has_none_until_somebody_takes_it(
    estate: Estate, channel: str
) -> None:
    taken = await estate.accept(contact={"channel": channel})
    assert taken["first_contact_id"] == ""
    assert "intake.take_request" in {one["action"] for one in taken["allowed_actions"]}
    after = await estate.act(taken["id"], "take", "cs_officer", sub="zhou")
    assert after["first_contact_id"] == "zhou"
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.first_contact_taken.v1"
    again = await estate.refused(taken["id"], "take", "cs_officer", sub="wu")
    assert (again["status"], again["kind"]) == (409, "has-first-contact")
    assert await estate.passes(HOUR) == 0


async def test_p009_nobody_takes_it_within_the_set_time_and_it_is_alarmed_once(estate: Estate) -> None:
    taken = await estate.accept(contact={"channel": "web"})
    assert await estate.passes(timedelta(minutes=29)) == 0
    assert await estate.passes(timedelta(minutes=2)) == 1
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.first_contact_missing.v1"
    assert await estate.passes(24 * HOUR) == 0
    assert (await estate.act(taken["id"], "take", sub="zhou"))["first_contact_id"] == "zhou"


async def test_p009_whoever_does_the_first_step_takes_it_over(estate: Estate) -> None:
    request_id = await arranged(estate, contact={"channel": "app"})
    after = await estate.act(request_id, "promise", "cs_officer", sub="zhou", promised_at=at(estate, 3))
    assert after["first_contact_id"] == "zhou"
    assert (await estate.journal(request_id))[-2:] == [
        "intake.request.first_contact_taken.v1",
        "intake.request.time_promised.v1",
    ]


async def test_p009_another_acts_for_the_first_contact_with_a_reason_and_both_are_named(
    estate: Estate,
) -> None:
    request_id = await arranged(estate)
    bare = await estate.refused(request_id, "promise", "cs_officer", sub="zhou", promised_at=at(estate, 3))
    assert (bare["status"], bare["field"]) == (422, "on_behalf_reason")
    await estate.act(
        request_id, "promise", "cs_officer", sub="zhou", promised_at=at(estate, 3), on_behalf_reason="day off"
    )
    last = (await estate.timeline(request_id))[-1]
    assert (last["who"], last["on_behalf_of"], last["detail"]["on_behalf_reason"]) == (
        "zhou",
        "lin",
        "day off",
    )
    assert (await estate.read(request_id))["first_contact_id"] == "lin"


async def test_p012_no_time_is_promised_before_the_work_is_arranged(estate: Estate) -> None:
    taken = await estate.accept()
    early = await estate.refused(taken["id"], "promise", "cs_officer", promised_at=at(estate, 3))
    assert (early["status"], early["kind"]) == (409, "not-arranged")


async def test_p012_a_time_the_customer_named_is_a_supervisors_word(estate: Estate) -> None:
    request_id = await arranged(estate)
    body = {"promised_at": at(estate, 3), "customer_named": True}
    officer = await estate.refused(request_id, "promise", "cs_officer", **body)
    assert officer["status"] == 403
    await estate.act(request_id, "promise", "cs_supervisor", sub="ma", **body)
    promise = (await estate.read(request_id))["promise"]
    assert (promise["customer_named"], promise["made_by"]) == (True, "ma")


async def test_p012_a_demanded_time_goes_to_the_supervisor_and_is_no_promise(estate: Estate) -> None:
    request_id = await arranged(estate)
    past = await estate.refused(request_id, "ask-time", "cs_officer", wanted_at=at(estate, -1))
    assert (past["status"], past["field"]) == (422, "wanted_at")
    await estate.act(request_id, "ask-time", "cs_officer", wanted_at=at(estate, 2))
    promise = (await estate.read(request_id))["promise"]
    assert promise["promised_at"] is None
    assert promise["wanted_at"] is not None
    assert (await estate.journal(request_id))[-1] == "intake.request.time_asked.v1"
    agreed = await estate.refused(request_id, "promise", "cs_officer", promised_at=at(estate, 2))
    assert (agreed["status"], agreed["kind"]) == (403, "supervisor-decides"), "never on the spot"
    feasible = {"promised_at": at(estate, 4), "customer_named": True}
    await estate.act(request_id, "promise", "cs_supervisor", sub="ma", **feasible)
    promise = (await estate.read(request_id))["promise"]
    assert (promise["wanted_at"], promise["made_by"]) == (None, "ma")


async def test_p013_an_extension_the_customer_objects_to_is_a_supervisors(estate: Estate) -> None:
    request_id = await arranged(estate)
    await estate.act(request_id, "promise", "cs_officer", promised_at=at(estate, 3))
    later = {"promised_at": at(estate, 5), "reason": "no part", "reaction": "objected"}
    contact = await estate.called(request_id)
    officer = await estate.refused(request_id, "promise", "cs_officer", **later, contact_id=contact)
    assert (officer["status"], officer["kind"]) == (403, "supervisor-decides")
    await estate.act(
        request_id,
        "promise",
        "cs_supervisor",
        sub="ma",
        **later,
        contact_id=contact,
        on_behalf_reason="he insists",
    )
    line = (await estate.timeline(request_id))[-1]
    assert (line["what"], line["detail"]["reaction"]) == ("time.promised", "objected")


async def test_p012_the_promise_is_kept_apart_from_the_deadline(estate: Estate) -> None:
    request_id = await arranged(estate)
    due = (await estate.read(request_id))["due_at"]
    await estate.act(request_id, "promise", "cs_officer", promised_at=at(estate, 3))
    read = await estate.read(request_id)
    assert read["due_at"] == due != read["promised_at"]


async def test_p013_the_extension_timer_fires_before_and_a_late_promise_is_counted(estate: Estate) -> None:
    since = estate.runtime.clock.now().isoformat()
    request_id = await arranged(estate)
    await estate.act(request_id, "promise", "cs_officer", promised_at=at(estate, 3))
    assert await estate.passes(2 * HOUR - timedelta(minutes=1)) == 0
    assert await estate.passes(timedelta(minutes=2)) == 1
    assert (await estate.journal(request_id))[-1] == "intake.request.extension_needed.v1"
    assert await estate.passes(HOUR) == 1
    assert (await estate.journal(request_id))[-1] == "intake.request.promise_missed.v1"
    assert (await estate.read(request_id))["promise"]["missed"] == 1
    async with estate.client() as client:
        summary = (await client.get("/summary", params={"since": since})).json()
    assert summary["promises_missed"] == 1


async def test_p013_it_moves_only_after_a_recorded_contact_with_the_owner(estate: Estate) -> None:
    request_id = await arranged(estate)
    await estate.act(request_id, "promise", "cs_officer", promised_at=at(estate, 3))
    later = {"promised_at": at(estate, 6), "reason": "the part is late"}
    alone = await estate.refused(request_id, "promise", "cs_officer", **later)
    assert alone["kind"] == "promise-not-discussed"
    silent = await estate.called(request_id, result="no_answer")
    assert (await estate.refused(request_id, "promise", "cs_officer", **later, contact_id=silent))[
        "kind"
    ] == "promise-not-discussed"
    told = await estate.called(request_id)
    mute = await estate.refused(
        request_id, "promise", "cs_officer", promised_at=later["promised_at"], contact_id=told
    )
    assert (mute["status"], mute["field"]) == (422, "reason")
    await estate.act(request_id, "promise", "cs_officer", **later, contact_id=told)
    promise = (await estate.read(request_id))["promise"]
    assert (promise["moved"], promise["missed"]) == (1, 0)


async def test_p013_a_promise_that_passed_does_not_move_any_more(estate: Estate) -> None:
    request_id = await arranged(estate)
    made = estate.runtime.clock.now()
    await estate.act(request_id, "promise", "cs_officer", promised_at=at(estate, 3))
    await estate.passes(4 * HOUR)
    later = {"promised_at": at(estate, 6), "reason": "the part is late"}
    afterwards = await estate.called(request_id)
    backdated = await estate.called(request_id, started_at=(made + HOUR).isoformat())
    for contact_id in (afterwards, backdated):
        late = await estate.refused(request_id, "promise", "cs_officer", **later, contact_id=contact_id)
        assert (late["status"], late["kind"]) == (409, "promise-not-discussed")


async def test_p013_work_done_in_time_leaves_no_late_promise(estate: Estate) -> None:
    request_id = await arranged(estate)
    await estate.act(request_id, "promise", "cs_officer", promised_at=at(estate, 3))
    done = WorkCompleted(
        work_order_id="wo-" + request_id,
        request_id=request_id,
        kind="repair",
        completed_at=estate.runtime.clock.now(),
    )
    await estate.told(done, stream=request_id)
    await estate.passes(4 * HOUR)
    assert (await estate.read(request_id))["promise"]["missed"] == 0


async def cancelled_as_joined(estate: Estate, request_id: str) -> None:
    """Dispatch gives the slip back."""
    now = estate.runtime.clock.now()
    event = WorkCancelled(
        work_order_id="wo-" + request_id,
        request_id=request_id,
        slip="2026-000001",
        reason="joined",
        notice_received_at=now,
        confirmed_at=now,
    )
    await estate.told(event, stream=request_id)


async def ended(estate: Estate, request_id: str) -> None:
    """The work of the other request is done and its owner satisfied."""
    ids = {"work_order_id": "wo-" + request_id, "request_id": request_id}
    now = estate.runtime.clock.now()
    done = WorkCompleted(**ids, kind="repair", completed_at=now)
    await estate.told(done, WorkPaidOff(**ids, closed_at=now), stream=request_id)
    await estate.confirm(request_id)


async def test_j7_a_joined_request_gives_its_slip_back_and_ends_with_the_other(estate: Estate) -> None:
    incident, same = await arranged(estate), await arranged(estate)
    for wrong in (same, "nobody"):
        problem = await estate.refused(same, "join", "cs_officer", incident_id=wrong, reason="the same tap")
        assert (problem["status"], problem["field"]) == (422, "incident_id")
    after = await estate.act(same, "join", "cs_officer", incident_id=incident, reason="the same tap")
    assert (after["status"], after["stage"]) == ("OPEN", "JOINED")
    assert (await estate.journal(same))[-2:] == ["intake.request.joined.v1", "intake.request.cancelled.v1"]
    await cancelled_as_joined(estate, same)
    assert (await estate.read(same))["status"] == "OPEN"
    assert (await estate.refused(same, "confirm", "cs_officer"))["status"] == 409
    chained = await estate.refused(incident, "join", "cs_officer", incident_id=same, reason="x")
    assert chained["field"] == "incident_id"
    await estate.passes(timedelta(minutes=6))
    assert (await estate.read(same))["status"] == "OPEN"
    await ended(estate, incident)
    await estate.passes(timedelta(minutes=6))
    read = await estate.read(same)
    assert (read["status"], read["stage"], read["slips"]) == ("JOINED", "CLOSED", ["2026-000001"])
    assert (await estate.journal(same))[-1] == "intake.request.closed.v1"


async def test_j7_two_desks_never_join_two_requests_to_each_other(estate: Estate) -> None:
    one, two = await arranged(estate), await arranged(estate)
    async with estate.client("cs_officer") as client:
        answers = await asyncio.gather(
            client.post(f"/requests/{one}/join", json={"incident_id": two, "reason": "the same tap"}),
            client.post(f"/requests/{two}/join", json={"incident_id": one, "reason": "the same tap"}),
        )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    stages = {(await estate.read(one))["stage"], (await estate.read(two))["stage"]}
    assert stages == {"JOINED", "ARRANGED"}


async def test_j7_a_request_goes_on_by_itself_where_its_work_cannot_be_given_back_or_the_other_is_cancelled(
    estate: Estate,
) -> None:
    incident, begun, waiting = await arranged(estate), await arranged(estate), await arranged(estate)
    for id in (begun, waiting):
        await estate.act(id, "join", "cs_officer", incident_id=incident, reason="the same tap")
    late = WorkStepTaken(
        work_order_id="wo-" + begun,
        request_id=begun,
        step="cancellation_too_late",
        status="STARTED",
        by="system",
        taken_at=estate.runtime.clock.now(),
    )
    await estate.told(late, stream=begun)
    assert (await estate.read(begun))["stage"] == "IN_WORK"
    await cancelled_as_joined(estate, waiting)
    await estate.act(incident, "cancel", "cs_officer", reason="a mistake")
    await cancelled_as_joined(estate, incident)
    await estate.passes(timedelta(minutes=6))
    assert (await estate.journal(waiting))[-1] == "intake.request.reopened.v1"
    assert (await estate.read(waiting))["stage"] == "RECEIVED"
    row = await estate.runtime.db["requests"].find_one({"_id": f"{estate.property_id}:{waiting}"})
    assert row is not None
    assert (row["watch_for"], row["watch_at"] is not None) == ("slip", True), (
        "its new slip is waited for (J30)"
    )
