"""Who hears what of complaints, lost slips and the week, from the deed to the message: P032 to P038, R18."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.dispatch.slipwatch import SlipWatch
from services.dispatch.weekly import WeeklyReports
from shared.settings import Settings
from tests.connected.intake_kit import ZONE, Json
from tests.connected.town import Town, town

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(desk_settings: Settings) -> AsyncIterator[Town]:
    """A villa estate with everybody of its management."""
    async with town(desk_settings) as made:
        await made.open()
        await made.employ("customer_service", "cs_officer", "cs_supervisor", "duty_officer")
        await made.employ("engineering", "technician", "repair_supervisor", "department_head")
        await made.employ("management", "director", "property_manager")
        yield made


async def complain(world: Town) -> str:
    """A complaint taken at the hotline."""
    said = {"procedure": "complaint-owner", "category": "repair", "description": "The kitchen is dirty"}
    return str((await world.accept(**said, fields={}))["id"])


async def assigned(world: Town) -> str:
    """A complaint the repair supervisor answers for."""
    id = await complain(world)
    await world.act(id, "cs_officer", "complaint/confirm", restated="He left dirt", confirmed_by="owner")
    await world.act(id, "cs_supervisor", "complaint/assign", responsible_id="repair_supervisor")
    return id


async def heard(world: Town, id: str, template: str) -> set[str]:
    """The staff who got that message about a request."""
    return {who.removeprefix("staff:") for who, what in await world.messages(id) if what == template}


async def heard_all(world: Town, template: str) -> set[str]:
    """The staff who got that message about no single request."""
    query = {"property_id": world.property_id, "template": template}
    rows = await world.runtimes["notify"].db["messages"].find(query).to_list()
    return {row["recipient"].removeprefix("staff:") for row in rows}


async def test_p034_a_complaint_has_two_copies_and_is_in_the_supervisors_hands_the_same_minute(
    world: Town,
) -> None:
    id = await complain(world)
    assert await heard(world, id, "complaint_copy") == {"property_manager"}
    assert await heard(world, id, "complaint_reported") == {"cs_supervisor"}
    assert ("owner:owner", "complaint_received") in await world.messages(id)
    assert await world.orders(id) == [], "a complaint is no slip"


@pytest.mark.parametrize(
    ("grade", "template", "who"),
    [
        ("GENERAL", "complaint_general", "repair_supervisor"),
        ("IMPORTANT", "complaint_important", "director"),
        ("MAJOR", "alarm_major", "property_manager"),
    ],
)
async def test_p034_a_general_one_stays_an_important_one_goes_to_the_director_a_major_one_to_the_manager(
    world: Town, grade: str, template: str, who: str
) -> None:
    id = await assigned(world)
    await world.act(id, "cs_officer", "complaint/grade", grade=grade, reason="as told")
    others = {"complaint_general", "complaint_important", "alarm_major"} - {template}
    assert await heard(world, id, template) == {who}
    assert [await heard(world, id, other) for other in others] == [set(), set()]


async def test_p034_after_24_and_48_hours_of_silence_those_who_can_end_it_are_told(world: Town) -> None:
    id = await assigned(world)
    await world.pass_time(hours=23, minutes=59)
    assert await heard(world, id, "alarm_answer_late") == set()
    await world.pass_time(minutes=1)
    late = {"cs_officer", "repair_supervisor", "cs_supervisor"}
    assert await heard(world, id, "alarm_answer_late") == late
    await world.pass_time(hours=23, minutes=59)
    assert await heard(world, id, "alarm_press_due") == set()
    await world.pass_time(minutes=1)
    assert await heard(world, id, "alarm_press_due") == {"cs_officer"}
    await world.act(id, "cs_officer", "complaint/press", reason="no word")
    assert await heard(world, id, "complaint_pressed") == {"repair_supervisor", "director"}


async def test_p034_a_complaint_no_supervisor_has_at_midnight_is_the_directors(world: Town) -> None:
    held, unreported = await assigned(world), await complain(world)
    await world.pass_time(hours=15)
    assert await heard(world, unreported, "alarm_report_late") == {"cs_supervisor", "director"}
    assert await heard(world, held, "alarm_report_late") == set(), "who answers for it is a supervisor"


async def test_p038_the_department_is_asked_at_once_and_its_silence_of_three_days_is_the_directors(
    world: Town,
) -> None:
    id = await assigned(world)
    asked = {"department": "engineering", "severity": "general", "problem": "pump"}
    await world.act(id, "cs_officer", "complaint/ask-department", **asked)
    assert await heard(world, id, "issue_asked") == {"department_head"}
    await world.pass_time(days=2, hours=23, minutes=59)
    assert await heard(world, id, "alarm_department_late") == set()
    await world.pass_time(minutes=1)
    assert await heard(world, id, "alarm_department_late") == {"department_head", "director"}


async def test_p037_the_superior_is_told_at_once_and_his_silence_of_24_hours_is_the_directors(
    world: Town,
) -> None:
    id = await complain(world)
    difficult = {"difficulty": "the wall is the developer's", "superior_id": "cs_supervisor"}
    await world.act(id, "cs_officer", "report-difficult", **difficult)
    assert await heard(world, id, "difficult_to_superior") == {"cs_supervisor"}
    await world.pass_time(hours=23, minutes=59)
    assert await heard(world, id, "alarm_superior_late") == set()
    await world.pass_time(minutes=1)
    assert await heard(world, id, "alarm_superior_late") == {"cs_supervisor", "director"}


async def lamp(world: Town) -> Json:
    """A repair; its slip."""
    told = {"procedure": "repair-report", "category": "other", "description": "a lamp"}
    [order] = await world.orders(
        (await world.accept(**told, fields={"part": "lamp", "tariff_told": True}))["id"]
    )
    return order


async def test_p033_a_lost_slip_is_the_directors_the_next_morning_though_it_was_the_only_one(
    world: Town,
) -> None:
    order = await lamp(world)
    dispatch = world.runtimes["dispatch"]
    await dispatch.db["work_orders"].delete_one({"id": order["work_order_id"]})
    assert await heard_all(world, "slip_missing") == set()
    await world.pass_time(hours=26 - world.clock.now().astimezone(ZONE).hour)  # past two in the night
    await SlipWatch(dispatch).look()
    await world.tell()
    assert await heard_all(world, "slip_missing") == {"director", "cs_supervisor"}


async def test_p032_p036_the_figures_of_the_week_reach_the_director(world: Town) -> None:
    await lamp(world)
    await world.pass_time(days=7)
    await WeeklyReports(world.runtimes["dispatch"]).look()
    await world.tell()
    assert await heard_all(world, "week_reported") == {"director", "repair_supervisor", "cs_supervisor"}
    assert await heard_all(world, "complaint_week") == {"director", "cs_supervisor", "property_manager"}
