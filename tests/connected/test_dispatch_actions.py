"""The list of allowed actions of work orders and callbacks says exactly what the caller may do now (J23)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from services.dispatch.domain import callback_commands
from services.dispatch.domain.actions import ACTIONS
from shared.policy import Policy
from shared.settings import Settings
from tests.connected.actions_walk import Caller, Json, Walk
from tests.connected.dispatch_desk import Desk, open_desk

pytestmark = [pytest.mark.connected, pytest.mark.usefixtures("absences")]
POLICY = Policy.shipped()
SERVICE = [Caller("cs-1", "cs_officer"), Caller("cs-2", "cs_officer"), Caller("cs-boss", "cs_supervisor")]
TRADE = [
    Caller("tech-1", "technician"),
    Caller("tech-2", "technician"),
    Caller("boss-1", "repair_supervisor"),
    Caller("head-1", "department_head"),
    Caller("head-2", "department_head"),  # of another department
]
OTHERS = [
    Caller("office-1", "office"),
    Caller("buyer-1", "buyer"),
    Caller("butler-1", "butler"),
    Caller("boss-2", "butler_supervisor"),
    Caller("director-1", "director"),
    Caller("cashier-1", "cashier"),
]
CALLBACKS = {
    "attempt": callback_commands.RecordAttempt,
    "opinion": callback_commands.RecordOpinion,
    "sign": callback_commands.SignCallback,
    "close-unreached": callback_commands.CloseCallbackUnreached,
    "read-notice": callback_commands.ReadNotice,
}


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with everybody a slip may need."""
    async with open_desk(settings) as made:
        await made.staff("engineering", *[(c.sub, c.role) for c in TRADE[:4]], hours=20)
        await made.staff("gardens", ("head-2", "department_head"), hours=20)
        await made.staff("service", *[(c.sub, c.role) for c in SERVICE], hours=20)
        await made.staff("butler", ("butler-1", "butler"), ("boss-2", "butler_supervisor"), hours=20)
        await made.staff("management", ("office-1", "office"), ("buyer-1", "buyer"), hours=20)
        party = {
            "kind": "outside_unit",
            "name": "Power",
            "contacts": [{"name": "Zhao", "phone": "13800138055"}],
        }
        assert (await made.call("cs_supervisor", "PUT", "parties/power", party)).status_code == 200
        yield made


def order_bodies(desk: Desk, action: str, order: Json) -> list[Json]:
    """What fits the action and the order as it stands; several where it depends on who sends it."""
    later = (desk.clock.now() + timedelta(hours=6)).isoformat()
    other = "tech-2" if order["assignee_id"] == "tech-1" else "tech-1"
    if order["kind"] == "errand":
        other = "boss-2" if order["assignee_id"] == "butler-1" else "butler-1"
    spare = next(t for t in ("tech-1", "tech-2", "boss-1", "head-1") if t not in _on(order))
    fitting: dict[str, list[Json]] = {
        "collect": [{"taken_by": "tech-1"}],
        "assign": [{"staff_id": other}],
        "hand-over": [{"staff_id": other, "reason": "shift ends"}],
        "contact": [{"appointment_at": later, "ordered_by": "Mrs Wang"}],
        "late": [{"reason": "traffic", "appointment_at": later}],
        "show-form": [{"confirmed": True}],
        "enter": [{"companion_id": "cs-1"}],
        "add-helper": [{"staff_id": spare}],
        "confirm-item": [{"item": "tap", "materials": []}],
        "quote": [{"lines": [{"code": "tap-replacement"}] if order["kind"] != "errand" else []}],
        "complete": [{"cleaned": True}],
        "sign": [{"signer": s, "mark": "Wang", "rating": 5} for s in _signers(order)],
        "withdraw": [{"reason": "too dear", "owner_mark": "Wang"}],
        "confirm-car": [{"partner": "Fast Cars", "price_minor": 60_000}],
        "unavailable": [{"partner": "Fast Cars"}],
        "taxi": [{"consent": True, "plate": "A12345"}],
        "lack-material": [{"material": "valve", "quantity": "1"}],
        "unobtainable": [{"explanation": "the maker is closed"}],
        "transfer": [{"kind": "outside", "party_id": "power", "item": "meter"}],
        "set-solution": [{"solution": "a new meter", "due_at": later}],
        "follow-up": [{"note": "on its way"}],
        "sign-notice": [{}],
    }
    reasons = (
        "cannot",
        "no-show",
        "leave",
        "wait-owner",
        "redo",
        "return-undone",
        "carry-on",
        "report-outside",
    )
    return fitting.get(action) or ([{"reason": "as told"}] if action in (*reasons, "tell-undone") else [{}])


def _on(order: Json) -> set[str]:
    return {order["assignee_id"], *order["site"]["helpers"]}


def _signers(order: Json) -> list[str]:
    if order["status"] == "WITHDRAWAL_MARKED":
        return ["repair_supervisor"]
    return order["signatures_missing"] or ["owner"]


async def told(desk: Desk, walk: Walk, order: Json) -> None:
    """What other services say meanwhile, and time, which passes."""
    if order["status"] == "QUOTED":
        await (desk.consent(order, 4000) if walk.random.random() < 0.7 else desk.object_to(order))
    elif order["kind"] == "errand" and order["status"] == "FORM_SIGNED":
        await desk.hold_deposit(order, 400)
    desk.clock.advance(timedelta(minutes=walk.random.choice((0, 1, 4, 4, 20, 400))))


async def test_j23_every_listed_step_of_a_slip_succeeds_and_every_other_is_refused(desk: Desk) -> None:
    async def read(caller: Caller, order_id: str) -> httpx.Response:
        return await desk.call(caller.role, "GET", f"work-orders/{order_id}", sub=caller.sub)

    async def post(caller: Caller, order_id: str, action: str, body: Json) -> httpx.Response:
        return await desk.call(caller.role, "POST", f"work-orders/{order_id}/{action}", body, sub=caller.sub)

    walk = Walk(
        [*SERVICE, *TRADE, *OTHERS],
        list(ACTIONS),
        read,
        post,
        lambda caller, action: POLICY.may([caller.role], ACTIONS[action].NAME),
        lambda action, order: order_bodies(desk, action, order),
        refused_per_state=6,
    )
    kinds: list[Json] = [
        {},
        {"procedure": "repair-report"},
        {"procedure": "repair-report", "area": "public", "urgency": "urgent"},
        {"procedure": "repair-report", "urgency": "emergency"},
        {"procedure": "repair-me-dispatch", "profile": "garden", "area": "public"},
        {"procedure": "car-hire"},
    ]
    for number in range(8):
        kind = dict(kinds[number % len(kinds)])
        if kind.get("procedure") == "car-hire":
            kind["fields"] = {"start_at": (desk.clock.now() + timedelta(days=9)).isoformat()}
        order_id = await desk.report(f"r{number}", first_contact_id="cs-1", **kind)
        for _ in range(9):
            if not await walk.step(order_id):
                break
            await told(desk, walk, await desk.read(order_id))
    missed = set(ACTIONS) - set(walk.taken)
    assert len(walk.taken) > 20, f"seed {walk.seed}: too few steps were ever taken; missed {missed}"
    assert sum(walk.refused.values()) > 100, walk.refused
