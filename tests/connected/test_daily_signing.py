"""What is looked at every day and every week: the daily signing (P003), the weekly complaints (P036)."""

from __future__ import annotations

import itertools
from datetime import timedelta

import orjson
import pytest

from services.intake.days import DayChecks
from shared.clock import ManualClock
from tests.connected.desk_kit import asked, get, post
from tests.connected.intake_kit import ZONE, Estate

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
HOUR = timedelta(hours=1)
OFFICER, SUPERVISOR = "cs_officer", "cs_supervisor"
EMPLOYED = {"lin": OFFICER, "ma": SUPERVISOR}


async def test_p003_a_property_opened_before_gets_its_daily_look_by_itself(estate: Estate) -> None:
    db = estate.runtime.db
    mine = {"property_id": estate.property_id, "command": "intake.watch_day"}
    assert await db["timers"].count_documents(mine) == 0, "as if it had been opened by an earlier release"
    checks = DayChecks(estate.runtime)
    assert await checks.look() >= 1
    [timer] = await db["timers"].find(mine).to_list(2)
    await checks.look()
    assert await db["timers"].find(mine).to_list(2) == [timer], "the one that runs is left alone"
    await estate.passes(48 * HOUR)
    days = await db["outbox"].distinct("stream", {"property_id": estate.property_id})
    assert [one for one in days if one.startswith("escalation:day.")]


async def test_p003_a_supervisor_signs_each_days_records_and_again_only_for_more(estate: Estate) -> None:
    await estate.accept()
    await asked(estate)
    today = estate.runtime.clock.now().astimezone(ZONE).date().isoformat()
    before = {one["kind"]: one for one in (await get(estate, f"/days/{today}"))["sheets"]}
    assert {kind: one["counted"] for kind, one in before.items()} == {
        "repair": 1,
        "inquiry": 1,
        "complaint": 0,
    }
    assert before["repair"]["allowed_actions"][0]["action"] == "intake.sign_day"
    assert (await post(estate, f"/days/{today}/repair/sign", OFFICER))["code"] == 403
    assert (await post(estate, f"/days/{today}/repair/sign", SUPERVISOR, sub="ma", remark="read"))[
        "code"
    ] == 200
    again = await post(estate, f"/days/{today}/repair/sign", SUPERVISOR, sub="ma")
    assert (again["code"], again["type"].rsplit("/", 1)[1]) == (409, "signed-already")
    await estate.accept()
    assert (await post(estate, f"/days/{today}/repair/sign", SUPERVISOR, sub="ma"))["code"] == 200
    sheet = {one["kind"]: one for one in (await get(estate, f"/days/{today}"))["sheets"]}["repair"]
    assert (sheet["counted"], sheet["signed_counted"], sheet["signed_by"]) == (2, 2, "ma")
    assert await estate.journal(f"day:{today}") == ["intake.day.signed.v1"] * 2
    tomorrow = (estate.runtime.clock.now().astimezone(ZONE) + timedelta(days=1)).date().isoformat()
    early = await post(estate, f"/days/{tomorrow}/repair/sign", SUPERVISOR, sub="ma")
    assert (early["code"], early["field"]) == (422, "day")
    to_come = (await get(estate, f"/days/{tomorrow}"))["sheets"]
    assert [one["allowed_actions"] for one in to_come] == [[], [], []], "what would be refused is not offered"
    assert (await post(estate, "/days/yesterday/repair/sign", SUPERVISOR, sub="ma"))["code"] == 422


async def test_p003_an_unsigned_day_is_an_alarm_every_morning(estate: Estate) -> None:
    await estate.open(days=True)
    first = estate.runtime.clock.now().astimezone(ZONE).date()
    for kind in ("repair", "inquiry"):
        assert (await post(estate, f"/days/{first}/{kind}/sign", SUPERVISOR, sub="ma"))["code"] in (200, 409)
    await estate.passes(24 * HOUR)
    assert await estate.journal(f"escalation:day.{first}") == ["intake.day.unsigned.v1"]
    second = first + timedelta(days=1)
    await estate.accept()
    for kind in ("repair", "inquiry", "complaint"):
        assert (await post(estate, f"/days/{second}/{kind}/sign", SUPERVISOR, sub="ma"))["code"] == 200
    await estate.passes(24 * HOUR)
    assert await estate.journal(f"escalation:day.{second}") == []
    assert (await estate.counts())["timers"] == 2, "the next morning is watched, and the next week"


async def test_p036_a_week_of_complaints_is_told_on_its_day_and_hour_once(estate: Estate) -> None:
    await estate.open(days=True, settings={"report.week_day": 3, "report.week_at": "09:30"})
    now = estate.runtime.clock.now().astimezone(ZONE)
    wednesday = (now - timedelta(days=now.weekday() - 2)).replace(hour=9, minute=30, second=0, microsecond=0)
    due = wednesday if now < wednesday else wednesday + timedelta(days=7)
    stream = f"property:{estate.property_id}"
    await estate.passes(due - now - timedelta(minutes=1))
    assert "intake.complaints.week_over.v1" not in await estate.journal(stream)
    await estate.passes(timedelta(minutes=1))
    assert (await estate.journal(stream)).count("intake.complaints.week_over.v1") == 1
    await estate.passes(timedelta(days=6, hours=23))
    assert (await estate.journal(stream)).count("intake.complaints.week_over.v1") == 1
    await estate.passes(timedelta(hours=1))
    assert (await estate.journal(stream)).count("intake.complaints.week_over.v1") == 2


async def test_p036_a_property_opened_before_gets_its_weekly_telling_by_itself(estate: Estate) -> None:
    db, over = estate.runtime.db, "intake.complaints.week_over.v1"
    mine = {"property_id": estate.property_id, "command": "intake.watch_week"}
    stream, checks = f"property:{estate.property_id}", DayChecks(estate.runtime)
    assert await db["timers"].count_documents(mine) == 0, "as if it had been opened by an earlier release"
    await checks.look()
    [timer] = await db["timers"].find(mine).to_list(2)
    await checks.look()
    assert await db["timers"].find(mine).to_list(2) == [timer], "the one that runs is left alone"
    await db["timers"].delete_many(mine)
    await estate.passes(timedelta(days=14))
    assert over not in await estate.journal(stream)
    await checks.look()
    await estate.passes(timedelta(0))
    assert (await estate.journal(stream)).count(over) == 1, "the last week was told to nobody"
    await db["timers"].delete_many(mine)
    await checks.look()
    await estate.passes(timedelta(0))
    assert (await estate.journal(stream)).count(over) == 1, "a week is told once"


async def test_p036_no_week_is_left_out_after_an_outage(estate: Estate) -> None:
    await estate.open(days=True)
    await estate.passes(timedelta(days=28))
    query = {"property_id": estate.property_id, "type": "intake.complaints.week_over.v1"}
    rows = await estate.runtime.db["outbox"].find(query).sort("sequence", 1).to_list(10)
    weeks = [orjson.loads(row["data"]) for row in rows]
    assert len(weeks) == len({week["week"] for week in weeks}) == 4
    assert all(a["until"] == b["since"] for a, b in itertools.pairwise(weeks))


async def test_p003_a_change_of_settings_passes_over_no_day(estate: Estate) -> None:
    await estate.open(days=True)
    first = estate.runtime.clock.now().astimezone(ZONE).date()
    clock = estate.runtime.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(days=3))  # nothing fired meanwhile
    await estate.open(days=True, settings={"property.phones.hotline": "+8657400000000"})
    await estate.passes(timedelta(0))
    for day in range(3):
        assert await estate.journal(f"escalation:day.{first + timedelta(days=day)}") != []


async def test_p036_the_weekly_report_has_its_rates_with_numerator_and_denominator(estate: Estate) -> None:
    await estate.accept(procedure="complaint-owner", category="noise", description="x", fields={})
    year, number, _ = estate.runtime.clock.now().astimezone(ZONE).isocalendar()
    report = await get(estate, "/reports/complaints", week=f"{year}-W{number:02d}")
    assert (report["received"], report["undecided"], report["by_category"]) == (1, 1, {"noise": 1})
    assert await get(estate, "/reports/complaints") == report, "this week, where none is named"
    assert report["valid_per_household"] == {"numerator": 0, "denominator": 2, "permille": 0}
    assert report["over_ceiling"] is False
    async with estate.client() as client:
        sheet = await client.get(
            "/reports/complaints", params={"week": f"{year}-W{number:02d}", "format": "csv", "language": "en"}
        )
        assert "Valid complaints" in sheet.content.decode("utf-8-sig")
        wrong = await client.get("/reports/complaints", params={"week": "2026-99"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "week")
