"""Every timer of intake is held, and the deadline auditor finds what it should have done (guarantee 10).

Each of `SCENES` sets something going and says when it is due. Its timer is held: the alarm comes when the
grace is over. Then it fires after all, and its mark ends the alarm.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

import orjson
import pytest
import pytest_asyncio

from services.intake.audit import AUDIT, PAGE_TAKES, SWEEP_TAKES, WATCH_TAKES
from services.intake.domain.attachment import Attachment
from services.intake.repository import KINDS
from shared.clock import ManualClock
from shared.events.dispatch import WorkWithdrawn
from shared.kernel.kinds import Kinds
from shared.kernel.runtime import Runtime
from shared.settings import Settings
from tests.connected.audit_kit import GRACE, SECOND, overdue
from tests.connected.desk_kit import asked, works
from tests.connected.guide_kit import given_out, offered
from tests.connected.intake_kit import ZONE, Estate, new_property, own_settings
from tests.events import issued
from tests.stack import SessionStack

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OFFICER, SUPERVISOR = "cs_officer", "cs_supervisor"
Scene = Callable[[Estate], Awaitable[tuple[str, datetime]]]
SCENES: dict[tuple[str, str], Scene] = {}


@pytest.fixture(scope="module")
def intake_settings(stack: SessionStack) -> Iterator[Settings]:
    """Databases of this file alone: the auditor looks at every property there is."""
    with own_settings(stack) as settings:
        yield settings


@pytest_asyncio.fixture(loop_scope="module")
async def estate(intake: tuple[Runtime, str]) -> Estate:
    """An open property with its staff, at ten in the morning."""
    estate = Estate(*intake, new_property())
    estate.next_day()
    await estate.open(days=True)
    await estate.employ(lin=OFFICER, ma=SUPERVISOR, sun="repair_supervisor", wang="technician")
    await estate.employ(he="department_head", zhao="cashier")
    return estate


def now(estate: Estate) -> datetime:
    return estate.runtime.clock.now()


async def to(estate: Estate, moment: datetime) -> None:
    """The clock stands at that moment."""
    clock = estate.runtime.clock
    assert isinstance(clock, ManualClock)
    clock.advance(moment - clock.now())


def scene(kind: str, name: str) -> Callable[[Scene], Scene]:
    """How that finding comes about; `name` begins with the number of the procedure."""

    def add(made: Scene) -> Scene:
        SCENES[kind, name] = made
        return made

    return add


@scene("first_contact_missing", "p009")
async def _(estate: Estate) -> tuple[str, datetime]:
    taken = await estate.accept(contact={"channel": "web"})
    return taken["id"], now(estate) + 30 * MINUTE


async def arranged(estate: Estate) -> str:
    """A repair somebody has."""
    request_id = str((await estate.accept())["id"])
    await estate.told(issued(request_id, now(estate)), stream=request_id)
    return request_id


@scene("promise_not_told", "p013-comes-near")
async def _(estate: Estate) -> tuple[str, datetime]:
    request_id, at = await arranged(estate), now(estate) + 3 * HOUR
    await estate.act(request_id, "promise", OFFICER, promised_at=at.isoformat())
    return request_id, at - HOUR


@scene("promise_not_told", "p012-passed")
async def _(estate: Estate) -> tuple[str, datetime]:
    request_id, at = await arranged(estate), now(estate) + 30 * MINUTE
    await estate.act(request_id, "promise", OFFICER, promised_at=at.isoformat())
    return request_id, at


async def complain(estate: Estate) -> str:
    """A complaint about the technician."""
    taken = await estate.accept(
        procedure="complaint-owner",
        category="repair",
        description="The technician left the kitchen dirty",
        fields={"about_staff_id": "wang"},
    )
    return str(taken["id"])


@scene("complaint_report_late", "p034-same-day")
async def _(estate: Estate) -> tuple[str, datetime]:
    return await complain(estate), now(estate) + 14 * HOUR


@scene("complaint_answer_late", "p035-first-answer")
async def _(estate: Estate) -> tuple[str, datetime]:
    return await complain(estate), now(estate) + 24 * HOUR


@scene("complaint_press_due", "p036-press")
async def _(estate: Estate) -> tuple[str, datetime]:
    return await complain(estate), now(estate) + 48 * HOUR


@scene("complaint_department_late", "p038-department")
async def _(estate: Estate) -> tuple[str, datetime]:
    id = await complain(estate)
    await estate.act(id, "complaint/confirm", OFFICER, restated="Water on the floor", confirmed_by="owner")
    body = {"department": "engineering", "severity": "general", "problem": "pump"}
    await estate.act(id, "complaint/ask-department", OFFICER, **body)
    row = await estate.runtime.db["complaints"].find_one({"_id": f"{estate.property_id}:{id}"})
    assert row is not None
    return id, row["question"]["due_at"]


@scene("superior_late", "p037")
async def _(estate: Estate) -> tuple[str, datetime]:
    id = await complain(estate)
    await estate.act(id, "report-difficult", OFFICER, difficulty="the developer's wall", superior_id="he")
    return id, now(estate) + 24 * HOUR


@scene("director_talk_late", "p009-director")
async def _(estate: Estate) -> tuple[str, datetime]:
    await estate.employ(ma="cs_supervisor")
    async with estate.client() as desk:
        await desk.post("/people", json={"person_id": "vip", "name": "Ms Gu", "phones": [], "special": True})
    id = await asked(estate, person_id="vip")
    answer = {"text": "at nine", "superior_id": "ma"}
    await estate.act(id, "inquiry/answer", "cs_officer", "cs_supervisor", **answer)
    return id, now(estate) + 48 * HOUR


@scene("visit_not_referred", "p003-visit")
async def _(estate: Estate) -> tuple[str, datetime]:
    return await asked(estate, contact={"channel": "window"}), now(estate) + 7 * HOUR + 30 * MINUTE


@scene("inquiry_late", "p010")
async def _(estate: Estate) -> tuple[str, datetime]:
    id = await asked(estate)
    await estate.act(id, "inquiry/defer", OFFICER, reason="ask the bank", owner_told=True)
    return id, now(estate) + 24 * HOUR


@scene("message_waits", "p011")
async def _(estate: Estate) -> tuple[str, datetime]:
    id = await asked(estate, procedure="relay-message", category="", fields={"colleague_id": "zhao"})
    row = await estate.runtime.db["relays"].find_one({"_id": f"{estate.property_id}:{id}"})
    assert row is not None
    return id, row["due_at"]


@scene("joined_not_followed", "j7")
async def _(estate: Estate) -> tuple[str, datetime]:
    one, same = await arranged(estate), str((await estate.accept())["id"])
    await estate.act(same, "join", OFFICER, incident_id=one, reason="the same tap")
    ended = WorkWithdrawn(
        work_order_id="wo-" + one,
        request_id=one,
        slip="2026-000001",
        reason="other",
        owner_mark="signed",
        supervisor_id="sun",
        withdrawn_at=now(estate),
    )
    await estate.told(ended, stream=one)
    return same, now(estate) + 5 * MINUTE


@scene("day_not_checked", "p003-signed")
async def _(estate: Estate) -> tuple[str, datetime]:
    return now(estate).astimezone(ZONE).date().isoformat(), now(estate) + 24 * HOUR


@scene("complaint_week_not_told", "p036-week")
async def _(estate: Estate) -> tuple[str, datetime]:
    timers = estate.runtime.db["timers"]
    timer = await timers.find_one({"property_id": estate.property_id, "command": "intake.watch_week"})
    assert timer is not None
    return str(orjson.loads(timer["body"])["week"]), timer["due_at"]


@scene("emergency_not_told", "j30-emergency")
async def _(estate: Estate) -> tuple[str, datetime]:
    id = str((await estate.accept(urgency="emergency"))["id"])
    row = await estate.runtime.db["requests"].find_one({"_id": f"{estate.property_id}:{id}"})
    assert row is not None
    return id, row["watch_at"]


@scene("slips_not_told", "j30-slips")
async def _(estate: Estate) -> tuple[str, datetime]:
    await estate.accept()
    return estate.property_id, now(estate) + 5 * MINUTE + WATCH_TAKES


@scene("attachment_not_deleted", "p064-attachment")
async def _(estate: Estate) -> tuple[str, datetime]:
    row = Attachment(estate.property_id, "photo-1", 1, status="REMOVED", bytes="stored", sweep_at=now(estate))
    await estate.runtime.db["attachments"].insert_one(Kinds(KINDS).document(row))
    return row.id, now(estate) + SWEEP_TAKES


@scene("guide_not_told", "p015-guide")
async def _(estate: Estate) -> tuple[str, datetime]:
    await offered(estate)
    return str(await given_out(estate, "notice")), now(estate) + PAGE_TAKES


@pytest.mark.parametrize(("kind", "name"), SCENES, ids=[name for _, name in SCENES])
async def test_a_timer_that_is_held_is_found_and_leaves_its_mark_when_it_fires(
    estate: Estate, kind: str, name: str
) -> None:
    subject, due = await SCENES[kind, name](estate)
    db, mine = estate.runtime.db, {"property_id": estate.property_id}
    held = await db["timers"].find(mine).to_list()
    await db["timers"].delete_many(mine)
    await to(estate, due + GRACE)
    assert (kind, subject) not in await overdue(AUDIT, db, now(estate), estate.property_id)
    await to(estate, due + GRACE + SECOND)
    assert (kind, subject) in await overdue(AUDIT, db, now(estate), estate.property_id)
    if held:
        await db["timers"].insert_many(held)
    await works(estate)
    assert await overdue(AUDIT, db, now(estate), estate.property_id) == set(), "it was told, and all else too"


async def test_every_finding_of_intake_has_its_scene() -> None:
    named = {kind for kinds in AUDIT.audited.values() for kind in kinds}
    assert named <= {kind for kind, _ in SCENES}


async def test_p034_a_new_round_of_a_complaint_is_watched_anew(estate: Estate) -> None:
    id = await complain(estate)
    await estate.passes(25 * HOUR)  # told that the first answer is late
    row = await estate.runtime.db["complaints"].find_one({"_id": f"{estate.property_id}:{id}"})
    assert row is not None
    assert set(row["told"]) == {"report_late", "answer_late"}
    step, sun = "repair_supervisor", "sun"
    await estate.act(id, "complaint/confirm", OFFICER, restated="Water on the floor", confirmed_by="owner")
    await estate.act(id, "complaint/assign", SUPERVISOR, sub="ma", responsible_id="sun")
    await estate.act(id, "complaint/investigate", step, sub=sun, findings="Photos show it")
    await estate.act(id, "complaint/judge", step, sub=sun, validity="INVALID", explanation="It was there")
    contact = await estate.called(id)
    await estate.act(id, "complaint/explain", OFFICER, outcome="CONTINUE", contact_id=contact)
    due = now(estate) + 24 * HOUR
    await estate.runtime.db["timers"].delete_many({"property_id": estate.property_id})
    await to(estate, due + GRACE + SECOND)
    late = await overdue(AUDIT, estate.runtime.db, now(estate), estate.property_id)
    assert ("complaint_answer_late", id) in late


async def test_p012_a_promise_that_was_kept_or_moved_is_not_found(estate: Estate) -> None:
    request_id = await arranged(estate)
    await estate.act(request_id, "promise", OFFICER, promised_at=(now(estate) + 3 * HOUR).isoformat())
    contact = await estate.called(request_id)
    moved = {"promised_at": (now(estate) + 9 * HOUR).isoformat(), "contact_id": contact, "reason": "rain"}
    await estate.act(request_id, "promise", OFFICER, **moved)
    await to(estate, now(estate) + 4 * HOUR)
    db = estate.runtime.db
    late = await overdue(AUDIT, db, now(estate), estate.property_id)
    assert ("promise_not_told", request_id) not in late
    async with estate.client() as client:
        answer = await client.post(f"/requests/{request_id}/cancel", json={"reason": "moved away"})
    assert answer.status_code == 200, answer.text
