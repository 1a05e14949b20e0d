"""The service guide of a property of the demonstration (P015): set, compiled and put on the web.

Anybody may read it without a token: `/v1/guides/tower` of intake, in Chinese or English.
"""

from __future__ import annotations

from tools.client import Client, Json
from tools.demo.group import Estate

EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = (EVERY_DAY, "00:00", "24:00")
OFFICE = (EVERY_DAY[:5], "08:30", "18:00")
DAILY = (EVERY_DAY, "08:00", "20:00")
SERVICES = {
    "pub-equipment": ALWAYS,
    "pub-security": ALWAYS,
    "pub-fire": ALWAYS,
    "pub-hygiene": DAILY,
    "pub-greening": OFFICE,
    "indoor-repair": ALWAYS,
    "first-aid-kit": ALWAYS,
    "mail-proxy": DAILY,
    "fax-type-copy": OFFICE,
}
NOTICE = {
    "kind": "notice",
    "text_zh": "紧急情况请随时拨打服务热线,任何时候都有人接听。",
    "text_en": "In an emergency call the service hotline at any hour: somebody always answers.",
}


async def load_guide(client: Client, estate: Estate) -> None:
    """The first edition, unless one was given out before."""
    if await client.find("intake", f"/v1/guides/{estate.id}") is not None:
        return
    base = f"/v1/properties/{estate.id}/guide"
    services = [_offer(service, *hours) for service, hours in SERVICES.items()]
    await client.put("intake", base, {"services": services, "contents": [NOTICE]})
    edition = await client.post("intake", f"{base}/editions", {})
    await client.post("intake", f"{base}/editions/{edition['id']}/distribute", {"way": "web"})


def _offer(service: str, days: tuple[str, ...], opens: str, closes: str) -> Json:
    hours = [{"days": list(days), "opens": opens, "closes": closes}]
    return {"service": service, "active": True, "hours": hours}
