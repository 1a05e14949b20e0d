"""The people of one property as the demonstration plays them.

Each with a token of his own, taking the steps of his role.

Owners have no account; what an owner says or signs is recorded by the member of staff who hears or sees it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.clock import Clock, SystemClock
from tools.client import Client, Json, until
from tools.demo.group import Estate, Owner, Staff
from tools.session import Machine

WAIT_SECONDS = 45.0
LOOK_EVERY_SECONDS = 0.1


class Desk:
    """One property, its staff, and what they can do."""

    wait_seconds = WAIT_SECONDS
    look_every_seconds = LOOK_EVERY_SECONDS

    def __init__(
        self, machine: Machine, estate: Estate, connections: Client, clock: Clock | None = None
    ) -> None:
        self.estate = estate
        self.clock = clock or SystemClock()
        self._machine = machine
        self._connections = connections
        self._clients: dict[str, Client] = {}

    @property
    def base(self) -> str:
        """Where everything of this property lies."""
        return f"/v1/properties/{self.estate.id}"

    def on_duty(self, role: str) -> Staff:
        """Somebody with that role whose hours are now; else the first with the role."""
        local = self.clock.now().astimezone(ZoneInfo(self.estate.zone))
        people = [one for one in self.estate.staff if one.role == role]
        return next((one for one in people if is_on(one, local)), people[0])

    def person(self, staff_id: str) -> Staff | None:
        """A member of staff by id."""
        return next((one for one in self.estate.staff if one.id == staff_id), None)

    def speaks(self, staff: Staff) -> Client:
        """The client that carries this person's token."""
        if staff.id not in self._clients:
            token = self._machine.token(staff.id, [(f"property:{self.estate.id}", staff.role)])
            self._clients[staff.id] = self._connections.speaking_for(token)
        return self._clients[staff.id]

    def as_role(self, role: str) -> Client:
        """The client of somebody on duty with that role."""
        return self.speaks(self.on_duty(role))

    async def _until(self, look: Callable[[], Awaitable[Json | None]], what: str) -> Json:
        """Look again and again until it is there. NotYetError, naming `what`, when it takes too long."""
        return await until(look, seconds=self.wait_seconds, what=what, every_seconds=self.look_every_seconds)

    # --- intake -------------------------------------------------------------------------------

    async def contact(
        self, channel: str, *, owner: Owner | None = None, role: str = "cs_officer", **more: Any
    ) -> Json:
        """A call or visit is taken down by whoever answers."""
        body: Json = {"channel": channel, **more}
        if owner is not None:
            body |= {"caller_phone": owner.phone, "person_id": owner.id}
        return await self.as_role(role).post("intake", f"{self.base}/contacts", body)

    async def request(self, contact: Json, *, role: str = "cs_officer", key: str = "", **body: Any) -> Json:
        """The need is accepted."""
        return await self.as_role(role).post(
            "intake", f"{self.base}/requests", {"contact_id": contact["id"], **body}, key=key
        )

    async def read_request(self, request_id: str) -> Json:
        """The request as customer service sees it."""
        return await self.as_role("cs_officer").get("intake", f"{self.base}/requests/{request_id}")

    async def on_request(self, request: Json, action: str, **body: Any) -> Json:
        """A step on a request by its first contact, who answers for it (P009): cancel, confirm."""
        staff = self.person(request["first_contact_id"]) or self.on_duty("cs_officer")
        path = f"{self.base}/requests/{request['id']}/{action}"
        return await self.speaks(staff).post("intake", path, body)

    async def on_complaint(self, request: Json, step: str, role: str, **body: Any) -> Json:
        """A step of a complaint: by its first contact if he has that role, else by somebody on duty with
        it.
        """
        first = self.person(request["first_contact_id"])
        actor = first if first is not None and first.role == role else self.on_duty(role)
        path = f"{self.base}/requests/{request['id']}/complaint/{step}"
        return await self.speaks(actor).post("intake", path, body)

    async def wait_for(self, look: Callable[[], Awaitable[Json | None]], what: str) -> Json:
        """Look again and again until it is there."""
        return await self._until(look, what)

    async def request_until(self, request_id: str, what: str, **wanted: Any) -> Json:
        """The request once it is as wanted."""

        async def look() -> Json | None:
            found = await self.read_request(request_id)
            return found if matches(found, wanted) else None

        return await self._until(look, what)

    # --- dispatch -----------------------------------------------------------------------------

    async def work_order(self, request_id: str) -> Json:
        """The work order of a request, once dispatch has issued it."""

        async def look() -> Json | None:
            path = f"{self.base}/work-orders"
            page = await self.as_role("cs_officer").get("dispatch", path, request_id=request_id)
            return page["items"][0] if page["items"] else None

        return await self._until(look, "a slip for the request")

    async def order_until(self, work_order_id: str, what: str, **wanted: Any) -> Json:
        """The work order once it is as wanted."""

        async def look() -> Json | None:
            found = await self.as_role("cs_officer").get(
                "dispatch", f"{self.base}/work-orders/{work_order_id}"
            )
            return found if matches(found, wanted) else None

        return await self._until(look, what)

    async def step(self, order: Json, action: str, role: str, **body: Any) -> Json:
        """A step on a work order, by its assignee if he has that role, else by somebody on duty with it."""
        assignee = self.person(order.get("assignee_id", ""))
        actor = assignee if assignee is not None and assignee.role == role else self.on_duty(role)
        path = f"{self.base}/work-orders/{order['work_order_id']}/{action}"
        return await self.speaks(actor).post("dispatch", path, body)

    # --- billing and notify -------------------------------------------------------------------

    async def account(self, request_id: str) -> Json | None:
        """The money of a request; None while billing has not heard of it."""
        return await self.as_role("cashier").find("billing", f"{self.base}/requests/{request_id}/account")

    async def account_until(self, request_id: str, what: str, **wanted: Any) -> Json:
        """The account once it is as wanted; values may be predicates."""

        async def look() -> Json | None:
            found = await self.account(request_id)
            return found if found is not None and matches(found, wanted) else None

        return await self._until(look, what)

    async def money(self, path: str, role: str, **body: Any) -> Json:
        """A step of billing: consent, payment, refund, decision."""
        return await self.as_role(role).post("billing", f"{self.base}/{path}", body)

    async def pay(self, request_id: str, purpose: str, amount: Json, method: str = "cash") -> Json:
        """The cashier takes money and gives the receipt."""
        return await self.money(
            "payments", "cashier", request_id=request_id, purpose=purpose, amount=amount, method=method
        )

    async def messages(self, request_id: str) -> list[Json]:
        """What was sent about a request, oldest first."""
        path = f"{self.base}/messages"
        found = [m async for m in self.as_role("cs_officer").all("notify", path, request_id=request_id)]
        return found[::-1]


def matches(found: Json, wanted: dict[str, Any]) -> bool:
    """Whether every wanted value is there; a callable is asked, a tuple names alternatives."""
    return all(_fits(found.get(name), value) for name, value in wanted.items())


def _fits(value: Any, wanted: Any) -> bool:
    if callable(wanted):
        return bool(wanted(value))
    return value in wanted if isinstance(wanted, tuple) else bool(value == wanted)


def is_on(staff: Staff, local: datetime) -> bool:
    """Whether that time of day lies in the person's hours, also over midnight."""
    clock = f"{local:%H:%M}"
    if staff.starts < staff.ends:
        return staff.starts <= clock < staff.ends
    return clock >= staff.starts or clock < staff.ends


def shift_times(staff: Staff, day: datetime) -> tuple[datetime, datetime]:
    """The shift that begins on a day; `day` is local midnight."""
    first, last = (
        timedelta(hours=int(text[:2]), minutes=int(text[3:])) for text in (staff.starts, staff.ends)
    )
    return day + first, day + (last if last > first else last + timedelta(days=1))
