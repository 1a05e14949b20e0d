"""Short ways to speak to the desk: an inquiry, a call, what is read, what was an alarm."""

from __future__ import annotations

from typing import Any

from services.intake.guide_notices import GuideNotices
from services.intake.keeper import AttachmentKeeper
from services.intake.watch import Watch
from tests.connected.intake_kit import Estate, Json


async def asked(estate: Estate, **changed: Any) -> str:
    """An inquiry that was accepted; its id."""
    taken = await estate.accept(
        **{
            "procedure": "inquiry",
            "category": "fees",
            "description": "How do I pay the fee?",
            "fields": {},
            **changed,
        }
    )
    return str(taken["id"])


async def post(estate: Estate, path: str, *roles: str, sub: str = "lin", **body: Any) -> Json:
    """One call; the answer with its status as `code`."""
    async with estate.client(*roles, sub=sub) as client:
        answer = await client.post(path, json=body)
    found: Json = answer.json()
    return found | {"code": answer.status_code}


async def get(estate: Estate, path: str, *roles: str, sub: str = "lin", **query: Any) -> Json:
    """What somebody reads."""
    async with estate.client(*roles, sub=sub) as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def alarms(estate: Estate, id: str) -> list[str]:
    """What was told to be late about a request."""
    return [one["what"][6:] for one in await estate.timeline(id) if one["what"].startswith("alarm.")]


async def works(estate: Estate) -> None:
    """Everything that is due is done: timers, the watch, the keeper, the notices."""
    while await estate.sweep(estate.runtime.clock.now()):
        pass
    watch = Watch(estate.runtime)
    await watch.emergencies()
    await watch.slips()
    await AttachmentKeeper(estate.runtime).sweep()
    await GuideNotices(estate.runtime).look()
