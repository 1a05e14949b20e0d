"""The service guide in a test: what is offered, compiled and given out over HTTP (P015)."""

from __future__ import annotations

from tests.connected.intake_kit import Estate, Json

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OFFICE_HOURS = [{"days": EVERY_DAY[:5], "opens": "08:30", "closes": "18:00"}]
ALWAYS = [{"days": EVERY_DAY, "opens": "00:00", "closes": "24:00"}]
REPAIRS: Json = {"service": "indoor-repair", "active": True, "hours": OFFICE_HOURS, "phone": "13800138000"}
FIRE: Json = {"service": "pub-fire", "active": True, "hours": ALWAYS, "phone": "13800138001"}
CLUB: Json = {"kind": "club", "text_zh": "会所周一闭馆", "text_en": "The club is closed on Mondays"}


async def send(
    estate: Estate, role: str, method: str, path: str, status: int, body: Json | None = None, **headers: str
) -> Json:
    """A call that has to be answered so."""
    async with estate.client(role) as client:
        answer = await client.request(method, path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    said: Json = answer.json()
    return said


async def read(estate: Estate, path: str = "/guide", role: str = "technician") -> Json:
    """The guide, or what stands below it."""
    return await send(estate, role, "GET", path, 200)


async def offered(estate: Estate, *services: Json, contents: list[Json] | None = None) -> Json:
    """These services are offered now."""
    body = {"services": services or (REPAIRS, FIRE), "contents": contents or []}
    return await send(estate, "office", "PUT", "/guide", 200, body)


async def given_out(estate: Estate, *ways: str) -> int:
    """A new edition, given out so; its number."""
    number = int((await send(estate, "office", "POST", "/guide/editions", 201))["id"])
    for way in ways:
        path = f"/guide/editions/{number}/distribute"
        await send(estate, "cs_supervisor", "POST", path, 200, {"way": way, "place": "3号楼大堂"})
    return number
