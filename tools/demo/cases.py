"""`guanjia demo`: six named cases from ring to receipt, told as they happen, each checked at its end.

The cases need a property whose handbook knows car hire (tower, villa). Each uses an owner of its own, so
that they can be told again and again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from rich.console import Console
from rich.markup import escape

from shared.ids import new_id
from tools.client import ApiError, Client, Json, NotYetError, UnreachableError, until
from tools.demo.cars import Cars
from tools.demo.complaints import Complaints
from tools.demo.desk import Desk
from tools.demo.faults import EMERGENCIES, INDOOR, PUBLIC
from tools.demo.group import Estate, Owner, demonstration_group
from tools.demo.load import load_group
from tools.demo.repairs import Repairs
from tools.demo.story import SERVICES, Line, Teller, yuan
from tools.exits import Exit, Stop
from tools.session import Machine

MESSAGES_SECONDS = 45.0
ON_ITS_WAY = ("queued", "sending")
STATES = {
    "sent": ("已发出", "sent"),
    "held": ("免扰时段, 天亮后发出", "held back until the quiet hours end"),
    "failed": ("未能发出, 列入人工清单", "not delivered, on a person's list"),
    "unknown": ("结果不明, 列入人工清单", "left open, on a person's list"),
}
CAR_PRICE_MINOR = 68_000


class CaseError(Exception):
    """A case did not end as it should."""


@dataclass(slots=True)
class Told:
    """A case that was told: how it went, and its lines."""

    number: int
    title: str
    good: bool = False
    reason: str = ""
    request_id: str = ""
    lines: list[Line] = field(default_factory=list)

    def document(self) -> Json:
        """As JSON."""
        lines = [{"service": line.service, "zh": line.zh, "en": line.en} for line in self.lines]
        return {
            "case": self.number,
            "title": self.title,
            "good": self.good,
            "reason": self.reason,
            "request_id": self.request_id,
            "lines": lines,
        }


class Cases:
    """The six cases of one property. Each returns the id of its request, or raises CaseError."""

    def __init__(self, desk: Desk, teller: Teller, random: Random) -> None:
        self._desk = desk
        self._teller = teller
        self._random = random
        self._repairs = Repairs(desk, teller)
        self._cars = Cars(desk, teller)
        self._complaints = Complaints(desk, teller)

    def owner(self) -> Owner:
        """Somebody of the property."""
        return self._random.choice(self._desk.estate.owners)

    async def emergency(self) -> str:
        """Nobody gives a name; place and a word are enough, and somebody goes at once."""
        fault = EMERGENCIES[0]
        request = await self._repairs.emergency(fault, None, "duty_line")
        check(request["urgency"] == "emergency", "it is an emergency")
        check(
            request["caller"]["name"] == "" and request["caller"]["phone"] == "", "the caller stays anonymous"
        )
        ended = await self._repairs.satisfied(request, None)
        await self._free(ended)
        return await self._ended(ended, "SATISFIED")

    async def indoor(self) -> str:
        """Quote, consent, three signatures, payment, receipt, callback."""
        owner = self.owner()
        request = await self._repairs.indoor_repair(INDOOR[0], owner, "hotline")
        order = await self._desk.work_order(request["id"])
        check(
            {one["signer"] for one in order["signatures"]} == {"owner", "technician", "repair_supervisor"},
            "the slip bears three signatures",
        )
        account = await self._desk.account_until(request["id"], "the account settled", settled=True)
        paid = sum(one["amount"]["amount_minor"] for one in account["payments"])
        check(paid == account["quotes"][-1]["total"]["amount_minor"] > 0, "what was paid is what was agreed")
        return await self._ended(await self._repairs.satisfied(request, owner), "SATISFIED")

    async def car_in_time(self) -> str:
        """Cancelled more than 24 hours ahead: the deposit goes back."""
        request, order = await self._cars.book_car(self.owner(), "window", timedelta(days=5), CAR_PRICE_MINOR)
        order = await self._cars.cancel_car(request, order)
        check(order["status"] == "CANCELLED_IN_TIME", "the cancellation is in time")
        account = await self._cars.refund(request)
        check(account["deposits"][0]["status"] == "REFUNDED", "the deposit was refunded")
        return await self._ended(request, "CANCELLED")

    async def car_late(self) -> str:
        """Cancelled less than 24 hours ahead: the director decides that the deposit is kept."""
        request, order = await self._cars.book_car(
            self.owner(), "window", timedelta(hours=6), CAR_PRICE_MINOR
        )
        order = await self._cars.cancel_car(request, order)
        check(order["status"] == "CANCELLED_LATE", "the cancellation is late")
        account = await self._cars.forfeit(request)
        check(account["deposits"][0]["status"] == "FORFEITED", "the deposit is kept")
        return await self._ended(request, "CANCELLED")

    async def withdrawn(self) -> str:
        """The owner finds it too expensive; the slip keeps its number."""
        request = await self._repairs.withdrawn_repair(INDOOR[3], self.owner(), "hotline")
        await self._free(request)
        return await self._ended(request, "WITHDRAWN")

    async def complained(self) -> str:
        """A complaint about a repair is found valid; the repair is opened again and done to the end."""
        repair, complaint = await self._complaints.complained_repair(PUBLIC[0], self.owner(), "hotline")
        check(complaint["status"] == "SATISFIED", "the complaint was verified")
        ended = await self._desk.read_request(repair["id"])
        check(
            ended["reopened"] == 1 and len(ended["slips"]) == 2, "the repair was opened again, on a new slip"
        )
        return await self._ended(repair, "SATISFIED")

    async def _free(self, request: Json) -> None:
        account = await self._desk.account(request["id"])
        charged = account["charges"] if account else []
        check(not any(one["amount"]["amount_minor"] for one in charged), "nothing is charged")
        self._teller.tell("billing", "不收费", "nothing is charged")

    async def _ended(self, request: Json, status: str) -> str:
        """The request's end state, its slip, what was said about it, and books that balance."""
        request_id: str = request["id"]
        ended = await self._desk.request_until(request_id, f"the request {status}", status=status)
        check(bool(ended["slips"]), "it has a slip number")
        await self._messages(request_id)
        path = f"{self._desk.base}/ledger/trial-balance"
        balance = await self._desk.as_role("cashier").get("billing", path)
        check(balance["sum_minor"] == 0, "the trial balance is zero")
        total = sum(one["debit_minor"] for one in balance["accounts"])
        amount = yuan({"amount_minor": total, "currency": balance["currency"]})
        self._teller.tell(
            "billing", f"试算平衡为零 (借方合计 {amount})", f"trial balance is zero (debits {amount})"
        )
        return request_id

    async def _messages(self, request_id: str) -> None:
        async def look() -> list[Json] | None:
            found = await self._desk.messages(request_id)
            waiting = [one for one in found if one["state"] in ON_ITS_WAY]
            return found if found and not waiting else None

        found = await until(look, seconds=MESSAGES_SECONDS, what="the messages on their way")
        for one in found:
            to_zh, to_en = ("业主", "owner") if one["audience"] == "owner" else ("员工", "staff")
            state_zh, state_en = STATES[one["state"]]
            self._teller.tell(
                "notify",
                f"致{to_zh} {one['template']}: {one['channel'] or '无地址'} {state_zh}",
                f"to the {to_en}: {state_en}",
            )
        lost = [one["template"] for one in found if one["state"] in ("failed", "unknown") and one["channel"]]
        check(not lost, f"every message reached its channel ({', '.join(lost)})")


CASES: tuple[tuple[str, str], ...] = (
    ("emergency", "匿名来电: 夜间紧急 An emergency at night from an anonymous caller"),
    ("indoor", "室内维修: 报价、三方签名、付款 An indoor repair with quote, three signatures and payment"),
    ("car_in_time", "租车及时取消: 退还定金 A car cancelled in time: the deposit goes back"),
    ("car_late", "租车逾时取消: 没收定金 A car cancelled late: the deposit is kept"),
    ("withdrawn", "业主撤消报修 A withdrawn repair: the slip keeps its number"),
    ("complained", "投诉成立, 重新维修 A complaint that becomes a reopened repair"),
)


async def tell(
    machine: Machine, property_id: str, numbers: Sequence[int] = (), *, quiet: bool = False
) -> list[Told]:
    """Tell the cases (all, or those numbered) in the property; load it first where it is not there."""
    estate = _estate(property_id)
    console = Console(highlight=False, quiet=quiet)
    try:
        await load_group(machine, (estate,), lambda line: console.print(line, style="dim"))
        async with machine.client("demo", []) as connections:
            return [
                await _tell(machine, estate, connections, number, console)
                for number in range(1, len(CASES) + 1)
                if not numbers or number in numbers
            ]
    except UnreachableError as error:
        raise Stop(Exit.NOT_RUNNING, f"{error}; start it with `guanjia up`") from None


async def _tell(machine: Machine, estate: Estate, connections: Client, number: int, console: Console) -> Told:
    name, title = CASES[number - 1]
    told = Told(number, title)
    console.print(f"\n[bold]{number}. {title}[/bold]")
    teller = Teller(lambda line: _say(console, line), told.lines)
    cases = Cases(Desk(machine, estate, connections), teller, Random(new_id()))
    play: Callable[[], Awaitable[str]] = getattr(cases, name)
    try:
        told.request_id = await play()
        told.good = True
        console.print(f"  [green]✓[/green] guanjia show {told.request_id} -p {estate.id}")
    except (CaseError, NotYetError, ApiError) as error:
        told.reason = str(error)
        console.print(f"  [bold red]✗ {told.reason}[/bold red]")
    return told


def check(held: bool, what: str) -> None:
    """CaseError naming what should have been."""
    if not held:
        raise CaseError(f"should be: {what}")


def _say(console: Console, line: Line) -> None:
    text = f"  {SERVICES[line.service]:<14} {escape(line.zh)}  [dim]{escape(line.en)}[/dim]"
    console.print(text, soft_wrap=True)


def _estate(property_id: str) -> Estate:
    for estate in demonstration_group():
        if estate.id == property_id and estate.profile != "garden":
            return estate
    raise Stop(Exit.USAGE, f"--property {property_id}: the cases are told in tower or villa")
