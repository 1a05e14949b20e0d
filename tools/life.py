"""The whole life of one request, gathered from the four services: what was asked, done, paid and said."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tools.client import Client, Json
from tools.demo.story import yuan
from tools.output import print_table
from tools.session import Machine, require_property

ROLES = ("director", "cs_supervisor")
DETAIL_LEFT_OUT = ("contact_id", "department", "urgency", "due_at", "expires_at", "last_resort", "status")


@dataclass(frozen=True, slots=True)
class Life:
    """One request as each service knows it."""

    zone: str
    request: Json
    timeline: list[Json]
    work_orders: list[Json]
    account: Json | None
    messages: list[Json]

    def document(self) -> Json:
        """As JSON."""
        return asdict(self)


async def whole_life(machine: Machine, property_id: str, request: str) -> Life | None:
    """Everything about a request, by id or reference; None if there is none in the property.

    Raises Stop (usage) if there is no such property.
    """
    async with machine.of_property(property_id, *ROLES) as client:
        zone = (await require_property(client, property_id))["zone"]
        base = f"/v1/properties/{property_id}"
        found = await _find(client, base, request)
        if found is None:
            return None
        request_id = found["id"]
        return Life(
            zone=zone,
            request=found,
            timeline=[item async for item in client.all("intake", f"{base}/requests/{request_id}/timeline")],
            work_orders=[
                o async for o in client.all("dispatch", f"{base}/work-orders", request_id=request_id)
            ],
            account=await client.find("billing", f"{base}/requests/{request_id}/account"),
            messages=[m async for m in client.all("notify", f"{base}/messages", request_id=request_id)][::-1],
        )


async def _find(client: Client, base: str, request: str) -> Json | None:
    if request.replace("-", "").replace(" ", "").isdecimal():
        page = await client.get("intake", f"{base}/requests", reference=request)
        if not page["items"]:
            return None
        request = page["items"][0]["id"]
    return await client.find("intake", f"{base}/requests/{request}")


def print_life(life: Life) -> None:
    """Tables for a person; times are those on the wall of the property."""
    r = life.request

    def at(moment: str | None) -> str:
        return _wall_time(moment, life.zone)

    facts = [
        ("reference", r["reference"]),
        ("id", r["id"]),
        ("procedure", f"{r['procedure']} ({r['category']})"),
        ("status", f"{r['status']} / {r['stage']}"),
        ("urgency", f"{r['urgency']} ({r['urgency_by']})"),
        ("place", " ".join(dict.fromkeys(filter(None, (r["unit_id"], r["place"]))))),
        ("description", r["description"]),
        ("reported at", at(r["reported_at"])),
        ("first contact", r["first_contact_id"]),
        ("not supplied", ", ".join(r["not_supplied"])),
    ]
    print_table(f"Request 报事 (times in {life.zone})", ("", ""), facts)
    lines = [(at(i["at"]), i["source"], i["what"], i["who"], _detail(i["detail"])) for i in life.timeline]
    print_table("Timeline 时间线", ("at", "service", "what", "who", "detail"), lines)
    print_table(
        "Work orders 派工单",
        ("slip", "status", "department", "assignee", "issued at", "due at"),
        [
            (o["slip"], o["status"], o["department"], o["assignee_id"], at(o["issued_at"]), at(o["due_at"]))
            for o in life.work_orders
        ],
    )
    if life.account is not None:
        _print_account(life.account)
    print_table(
        "Messages 通知",
        ("at", "to", "template", "channel", "state", "attempts"),
        [
            (at(m["created_at"]), m["audience"], m["template"], m["channel"], m["state"], len(m["attempts"]))
            for m in life.messages
        ],
    )


def _print_account(account: Json) -> None:
    rows = [("quote", yuan(one["total"]), one["status"], "") for one in account["quotes"]]
    rows += [("charge", yuan(one["amount"]), one.get("status", ""), "") for one in account["charges"]]
    rows += [("deposit", yuan(one["amount"]), one["status"], one["refund"]) for one in account["deposits"]]
    rows += [("payment", yuan(one["amount"]), one["method"], one["receipt"]) for one in account["payments"]]
    rows.append(("owed", yuan(account["owed"]), "settled" if account["settled"] else "", ""))
    print_table("Money 款项", ("what", "amount", "state", "receipt"), rows)


def _wall_time(moment: str | None, zone: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)):%m-%d %H:%M:%S}" if moment else ""


def _detail(detail: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in detail.items() if name not in DETAIL_LEFT_OUT)
