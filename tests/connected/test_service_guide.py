"""The service guide (P015): set, compiled, given out, told to every household, read by everybody."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from services.intake.guide_notices import GuideNotices
from tests.connected.guide_kit import CLUB, FIRE, OFFICE_HOURS, REPAIRS, given_out, offered, read, send
from tests.connected.intake_kit import Estate, Json
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


async def public(estate: Estate, language: str = "zh") -> httpx.Response:
    """The guide as somebody without any token reads it."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, verify=False) as client:
        headers = {"Accept-Language": language}
        return await client.get(f"{estate.url}/v1/guides/{estate.property_id}", headers=headers)


async def test_p015_every_service_of_the_handbooks_with_its_class_provider_and_price(estate: Estate) -> None:
    guide = await read(estate)
    by_id = {one["service"]: one for one in guide["services"]}
    assert len(by_id) == 114
    assert all(one["zh"] and one["en"] and one["source"] for one in by_id.values())
    assert {one["active"] for one in by_id.values()} == {False}, "nobody has said what is offered here"
    repair, hire, fire = (by_id[id] for id in ("indoor-repair", "car-hire", "pub-fire"))
    assert (repair["kind"], repair["provider"], repair["priced_by"]) == ("special", "own", "tariff")
    assert ("tap-replacement", 4_000) in [(row["code"], row["amount_minor"]) for row in repair["prices"]]
    assert (hire["provider"], hire["priced_by"]) == ("partner", "partner")
    assert (fire["kind"], fire["paid"], fire["priced_by"]) == ("public", "covered", "covered")
    await offered(estate, contents=[CLUB])
    set_ = await read(estate)
    [told] = [one for one in set_["services"] if one["service"] == "indoor-repair"]
    assert (told["active"], told["hours"], told["phone"]) == (True, OFFICE_HOURS, "+8613800138000")
    assert (told["set_by"], bool(told["set_at"]), set_["contents"][0]["kind"]) == ("lin", True, "club")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hours": []}, "services.0.hours"),
        ({"hours": [{**OFFICE_HOURS[0], "closes": "08:00"}]}, "services.0.hours.0.closes"),
        ({"hours": [{**OFFICE_HOURS[0], "opens": "half past"}]}, "services.0.hours.0.opens"),
        ({"hours": OFFICE_HOURS * 2}, "services.0.hours.1"),
        ({"phone": ""}, "services.0.phone"),
        ({"phone": "call us"}, "services.0.phone"),
        ({"service": "finance"}, "services.0.active"),
        ({"service": "teleport"}, "services.0.service"),
    ],
)
async def test_p015_what_has_no_hours_no_telephone_or_no_procedure_is_not_offered(
    estate: Estate, changes: Json, field: str
) -> None:
    for language in ("zh", "en"):
        body = {"services": [REPAIRS | changes]}
        headers: Any = {"Accept-Language": language}
        refused = await send(estate, "office", "PUT", "/guide", 422, body, **headers)
        assert refused["field"] == field
        assert refused["accepted"]
        assert (language == "zh") == any("一" <= letter <= "鿿" for letter in refused["detail"])
    assert (await read(estate))["version"] == 0


async def test_p015_who_may_not_does_not_set_compile_or_give_out(estate: Estate) -> None:
    await offered(estate)
    number = await given_out(estate)
    path = f"/guide/editions/{number}/distribute"
    for role in ("cs_officer", "technician", "cashier"):
        await send(estate, role, "PUT", "/guide", 403, {"services": [FIRE]})
        await send(estate, role, "POST", "/guide/editions", 403)
        await send(estate, role, "POST", path, 403, {"way": "web"})
        assert (await read(estate, role=role))["allowed_actions"] == []
        assert (await read(estate, f"/guide/editions/{number}", role))["allowed_actions"] == []
    offered_now = [one["action"] for one in (await read(estate, role="office"))["allowed_actions"]]
    assert offered_now == ["intake.set_guide", "intake.compile_guide"]


async def test_p015_an_edition_never_changes_and_is_given_out_by_whom_and_when(estate: Estate) -> None:
    empty = await send(estate, "office", "POST", "/guide/editions", 409)
    assert empty["type"].endswith("/empty-guide")
    assert "intake.compile_guide" not in str((await read(estate, role="office"))["allowed_actions"])
    await send(estate, "office", "POST", "/guide/editions/1/distribute", 404, {"way": "web"})
    version = (await offered(estate))["version"]
    await send(estate, "office", "POST", "/guide/editions", 412, **{"If-Match": f'"{version - 1}"'})
    number = await given_out(estate)
    path = f"/guide/editions/{number}"
    first = await read(estate, path)
    assert (number, first["state"], first["distributions"]) == (1, "COMPILED", [])
    strange = await send(estate, "office", "POST", f"{path}/distribute", 422, {"way": "drone"})
    assert (strange["field"], strange["accepted"]) == ("way", "board, handbook, notice, web")
    for way in ("notice", "web", "board", "board", "handbook"):
        await send(estate, "office", "POST", f"{path}/distribute", 200, {"way": way, "place": "大堂"})
    again = await send(estate, "office", "POST", f"{path}/distribute", 409, {"way": "web"})
    assert again["field"] == "way"
    await offered(estate, REPAIRS | {"phone": "13900139000"})
    second = await given_out(estate, "web")
    given = await read(estate, path)
    assert (second, given["state"], given["services"]) == (2, "DISTRIBUTED", first["services"])
    assert {(one["by"], one["place"], bool(one["at"])) for one in given["distributions"]} == {
        ("lin", "大堂", True)
    }
    old = await send(estate, "office", "POST", f"{path}/distribute", 409, {"way": "board"})
    assert old["type"].endswith("/older-edition")
    async with estate.client("office") as client:
        pages = [(await client.get("/guide/editions", params={"limit": 1})).json()]
        cursor = {"limit": 1, "cursor": pages[0]["next"]}
        pages.append((await client.get("/guide/editions", params=cursor)).json())
        bad = await client.get("/guide/editions", params={"cursor": "eHg="})
    assert [page["items"][0]["number"] for page in pages] == [2, 1]
    assert [len(page["items"][0]["allowed_actions"]) for page in pages] == [1, 0]
    assert (pages[1]["next"], bad.status_code) == (None, 422)
    told = await estate.journal(f"guide:{estate.property_id}")
    assert told.count("intake.guide.compiled.v1") == 2
    assert told.count("intake.guide.distributed.v1") == 6


async def test_p015_everybody_reads_the_newest_that_was_given_out_in_his_language(estate: Estate) -> None:
    assert (await public(estate)).status_code == 404
    await offered(estate, contents=[CLUB])
    await given_out(estate)
    assert (await public(estate)).status_code == 404, "compiled, but not given out"
    await given_out(estate, "board")
    zh, en = await public(estate, "zh-CN"), await public(estate, "en-GB")
    assert (zh.headers["Content-Language"], en.headers["Content-Language"]) == ("zh", "en")
    assert zh.headers["ETag"] != en.headers["ETag"]
    [repair, fire] = zh.json()["services"]
    assert (repair["name"], repair["hours_text"]) == ("室内维修、维护服务", "周一至周五 08:30-18:00")
    assert (fire["kind_name"], fire["hours_text"], fire["price"]) == (
        "常规性公共服务",
        "每天 24 小时",
        "已含在物业管理费内",
    )
    body = en.json()
    assert (body["number"], body["property_name"], body["currency"]) == (2, "Villa", "CNY")
    assert body["services"][0]["hours_text"] == "Mon to Fri 08:30-18:00"
    assert body["services"][0]["phone"] == "+8613800138000"
    for answered, name in ((zh, "更换水龙头(人工)"), (en, "Replacing a tap (labour)")):
        [tap] = [row for row in answered.json()["services"][0]["prices"] if row["name"] == name]
        assert tap["amount_minor"] == 4_000
    assert body["contents"] == [{"kind": "club", "name": "Club information", "text": CLUB["text_en"]}]
    assert "set_by" not in en.text


async def test_p015_by_the_notice_every_owner_and_tenant_is_told_once_page_by_page(estate: Estate) -> None:
    await estate.open(settings={"guide.notices_at_once": 2})
    roles = ("owner", "tenant", "family", "owner", "owner")
    people = [
        {
            "person_id": f"p{n}",
            "name": f"王{n}",
            "phones": [f"1380013800{n}"],
            "units": [{"unit_id": "3-2-1801", "role": role}],
        }
        for n, role in enumerate(roles)
    ]
    async with estate.client() as client:
        assert (await client.post("/people/bulk", json={"people": people})).status_code == 201
    await offered(estate)
    number = await given_out(estate, "notice")
    loop = GuideNotices(estate.runtime)
    looks = 0
    while (await read(estate))["telling"]:
        await loop.look()
        looks += 1
        second = await send(estate, "office", "POST", "/guide/editions", 201) if looks == 1 else None
        if second is not None:
            path = f"/guide/editions/{second['id']}/distribute"
            waits = await send(estate, "office", "POST", path, 409, {"way": "notice"})
            assert waits["type"].endswith("/still-telling")
    assert looks == 3, "five people, two at a time"
    await loop.look()
    rows = estate.runtime.db["outbox"].find(
        {"property_id": estate.property_id, "type": "intake.guide.announced.v1"}
    )
    facts = [(row["lane"], orjson.loads(row["data"])) async for row in rows.sort("sequence", 1)]
    assert [(lane, fact["number"], fact["person_id"]) for lane, fact in facts] == [
        ("routine", number, f"p{n}") for n in (0, 1, 3, 4)
    ]
    assert b"1380013" not in orjson.dumps([fact for _, fact in facts]), "names and numbers are sealed (J9)"
    [notice] = (await read(estate, f"/guide/editions/{number}"))["distributions"]
    assert (notice["told"], bool(notice["told_at"])) == (4, True)
