"""Whatever people, dispatch and the clock do, in whatever order: the books hold.

Commands that break a rule are refused, events that do are parked; both leave no trace. After every step
every entry and the whole balance, no balance is on the wrong side, receipts have no gap, and every deposit
that was paid in is somewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.billing.domain.account import Account
from services.billing.domain.charge import Charge
from services.billing.domain.commands import (
    ApproveForfeiture,
    ClearDoorCash,
    ConsentQuote,
    NoteCharge,
    ReceivePayment,
    RefundDeposit,
    RefuseQuote,
    WaiveForfeiture,
)
from services.billing.domain.deposit import Deposit
from services.billing.domain.ledger import Entry
from services.billing.domain.payment import Payment
from services.billing.domain.quote import Quote
from shared.errors import Poison, Rejected
from shared.events.billing import RequestSettled
from tests.unit.billing.desk import Desk, cny, person

REQUESTS = [f"{what}{n}" for what in ("car", "repair", "flood") for n in range(3)]
ANY = st.sampled_from(REQUESTS)
FATES = ["", "", "in_time", "our_delay", "late", "late"]
CASHIER, OFFICER, DIRECTOR = person("cashier"), person("cs_officer"), person("director")
PEOPLE = st.sampled_from(
    [
        CASHIER,
        OFFICER,
        DIRECTOR,
        person("technician"),
        person("finance"),
        person("repair_supervisor", "cashier"),
    ]
)
SMALL = st.integers(1, 40_000)


class Books(RuleBasedStateMachine):
    """Some requests of one property: hired cars, repairs in homes, emergencies."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        for request in REQUESTS:
            self.desk.request = request
            procedure = "car-hire" if request.startswith("car") else "repair-indoor"
            urgency = "emergency" if request.startswith("flood") else "general"
            self.desk.accept(procedure, urgency=urgency)
        self.count = 0

    @initialize(
        steps=st.lists(st.integers(0, 5), min_size=len(REQUESTS), max_size=len(REQUESTS)),
        fates=st.lists(st.sampled_from(FATES), min_size=len(REQUESTS), max_size=len(REQUESTS)),
    )
    def begin(self, steps: list[int], fates: list[str]) -> None:
        """Some have got a long way already, and some deposits were held when the owner cancelled."""
        for request, count, fate in zip(REQUESTS, steps, fates, strict=True):
            held = fate and request.startswith("car")
            for _ in range(3 if held else count):
                self.go_on(request, price=30_000 + count, cash=True, times=1)
            if held:
                self.desk.cancel(in_time=fate == "in_time", our_delay=fate == "our_delay")

    def attempt(self, act: Callable[[], object]) -> bool:
        """Do it; a refusal must leave no trace."""
        before = (dict(self.desk.rows), len(self.desk.events), dict(self.desk.timers))
        try:
            act()
        except (Rejected, Poison):
            assert (self.desk.rows, len(self.desk.events), self.desk.timers) == before
            return False
        return True

    def next_id(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def of_request(self, kind: type[Any], request: str) -> list[Any]:
        return [x for x in self.desk.all(kind) if x.request_id == request]

    @rule(request=ANY, price=SMALL, cash=st.booleans(), times=st.integers(1, 4))
    def go_on(self, request: str, price: int, cash: bool, times: int) -> None:
        """The next sensible steps, by the right people: the way most requests go."""
        for _ in range(times):
            self._go_on(request, price, cash)

    def _go_on(self, request: str, price: int, cash: bool) -> None:
        self.desk.request = request
        work = self.desk.rows[Account, request].work(self.desk.work)
        quote = self.desk.rows.get((Quote, work.quote_id))
        asked = [d for d in self.of_request(Deposit, request) if d.status == "REQUESTED"]
        owed = sum(c.owed.amount_minor for c in self.of_request(Charge, request))
        method = "cash" if cash or asked else "card"
        if quote is None and work.state == "open":
            self.quote(request, price, 2)
        elif quote is not None and quote.status == "OFFERED":
            self.attempt(lambda: self.desk.run(ConsentQuote(quote_id=quote.id), OFFICER))
        elif asked:
            self.pay_as(request, CASHIER, "deposit", asked[0].amount.amount_minor, method)
        elif quote is not None and quote.status == "CONSENTED" and work.state == "open":
            assert self.attempt(lambda: self.desk.complete(quote.total.amount_minor, quote.id))
        elif owed:
            by = CASHIER if request.startswith("car") or price % 2 else OFFICER
            if by is OFFICER:
                self.note(request)
            assert self.pay_as(request, by, "charge", owed, method)

    @rule(request=ANY)
    def note(self, request: str) -> None:
        self.desk.request = request
        for charge in self.of_request(Charge, request):
            if charge.hands == "finance":
                self.desk.run(NoteCharge(charge_id=charge.id), person("finance"))

    def pay_as(self, request: str, by: Any, purpose: str, minor: int, method: str) -> bool:
        command = ReceivePayment(
            payment_id=self.next_id("p"),
            request_id=request,
            purpose=purpose,
            amount=cny(minor),
            method=method,
        )
        return self.attempt(lambda: self.desk.run(command, by))

    @rule(request=ANY, price=SMALL, hours=st.integers(1, 4))
    def quote(self, request: str, price: int, hours: int) -> None:
        self.desk.request = request
        quote_id = self.next_id("q")
        if request.startswith("car"):
            self.attempt(lambda: self.desk.hire(price, quote_id))
        else:
            self.attempt(lambda: self.desk.quote(("labour-half-hour", hours, None), quote_id=quote_id))

    @precondition(lambda self: self.desk.all(Quote))
    @rule(data=st.data(), agrees=st.booleans(), by=PEOPLE)
    def answer(self, data: st.DataObject, agrees: bool, by: Any) -> None:
        quote = data.draw(st.sampled_from(self.desk.all(Quote)))
        self.desk.request = quote.request_id
        command = ConsentQuote(quote_id=quote.id) if agrees else RefuseQuote(quote_id=quote.id)
        self.attempt(lambda: self.desk.run(command, by))

    @rule(request=ANY, honest=st.booleans(), wrong=SMALL)
    def complete(self, request: str, honest: bool, wrong: int) -> None:
        self.desk.request = request
        consented = [q for q in self.of_request(Quote, request) if q.status == "CONSENTED"]
        quote_id = consented[-1].id if consented else ""
        right = consented[-1].total.amount_minor if consented else None
        done = self.attempt(lambda: self.desk.complete(right if honest else wrong, quote_id))
        if done and not honest and consented:
            assert wrong == right, "another amount than the consented one was charged"

    @precondition(lambda self: any(d.is_kept for d in self.desk.all(Deposit)))
    @rule(data=st.data(), in_time=st.booleans(), our_delay=st.booleans())
    def cancel(self, data: st.DataObject, in_time: bool, our_delay: bool) -> None:
        held = {d.request_id for d in self.desk.all(Deposit) if d.is_kept}
        self.desk.request = data.draw(st.sampled_from([*sorted(held), "car0", "repair0"]))
        self.attempt(lambda: self.desk.cancel(in_time=in_time, our_delay=our_delay))

    @rule(request=st.sampled_from(["repair1", "flood1"]))
    def withdraw(self, request: str) -> None:
        self.desk.request = request
        self.attempt(self.desk.withdraw)

    @rule(request=ANY, by=PEOPLE, purpose=st.sampled_from(["charge", "deposit"]), data=st.data())
    def pay(self, request: str, by: Any, purpose: str, data: st.DataObject) -> None:
        self.desk.request = request
        owed = sum(c.owed.amount_minor for c in self.of_request(Charge, request))
        asked = [d.amount.amount_minor for d in self.of_request(Deposit, request)]
        minor = data.draw(st.sampled_from([owed, max(1, owed // 2), owed + 1, *asked]))
        method = data.draw(st.sampled_from(["cash", "cash", "card", "qr"]))
        waiting = all(c.hands == "finance" for c in self.of_request(Charge, request))
        paid = self.pay_as(request, by, purpose, minor, method)
        assert not (paid and purpose == "charge" and waiting and by is OFFICER), "finance notes it first"
        assert not (paid and by.sub in ("technician", "repair_supervisor", "director", "finance"))
        assert not (paid and purpose == "charge" and minor > owed)

    @precondition(lambda self: self.desk.all(Deposit))
    @rule(
        data=st.data(), kind=st.sampled_from([RefundDeposit, ApproveForfeiture, WaiveForfeiture]), by=PEOPLE
    )
    def decide(self, data: st.DataObject, kind: Any, by: Any) -> None:
        deposits = self.desk.all(Deposit)
        open_ones = [d for d in deposits if d.is_kept or d.refund == "due"]
        deposit = data.draw(st.sampled_from(open_ones or deposits))
        self.desk.request = deposit.request_id
        likely = CASHIER if deposit.refund == "due" else DIRECTOR
        command = kind(deposit_id=deposit.id, reason="drawn")
        self.attempt(lambda: self.desk.run(command, data.draw(st.sampled_from([likely, by]))))

    @rule(by=PEOPLE)
    def clear(self, by: Any) -> None:
        carried = [p for p in self.desk.all(Payment) if p.in_hands_of == "cs_officer"]
        if carried:
            total = cny(sum(p.amount.amount_minor for p in carried))
            command = ClearDoorCash(
                staff_id="cs_officer", payment_ids=tuple(p.id for p in carried), counted=total
            )
            self.attempt(lambda: self.desk.run(command, by, stream="person:cs_officer"))

    @rule(hours=st.integers(1, 200))
    def wait(self, hours: int) -> None:
        self.desk.now += timedelta(hours=hours)
        forfeited = [d.id for d in self.desk.all(Deposit) if d.status == "FORFEITED"]
        self.desk.fire()
        assert forfeited == [d.id for d in self.desk.all(Deposit) if d.status == "FORFEITED"]

    @invariant()
    def the_books_hold(self) -> None:
        self.desk.check()

    @invariant()
    def charges_are_consented_quotes(self) -> None:
        quotes = {q.id: q for q in self.desk.all(Quote)}
        for charge in self.desk.all(Charge):
            assert quotes[charge.quote_id].status == "CONSENTED"
            assert charge.amount == quotes[charge.quote_id].total
            assert 0 <= charge.paid.amount_minor <= charge.amount.amount_minor

    @invariant()
    def what_is_owed_is_what_the_ledger_says(self) -> None:
        for request in REQUESTS:
            owed = sum(c.owed.amount_minor for c in self.of_request(Charge, request))
            lines = [line for e in self.desk.all(Entry) for line in e.lines]
            booked = sum(x.amount_minor for x in lines if x.account == "receivable" and x.party == request)
            assert owed == booked

    @invariant()
    def settled_means_settled(self) -> None:
        for account in self.desk.all(Account):
            for work in account.works:
                if work.settled:
                    charges = self.of_request(Charge, account.request_id)
                    assert work.state != "open"
                    assert all(c.owed.amount_minor == 0 for c in charges)
                    assert not any(d.is_kept for d in self.of_request(Deposit, account.request_id))
        told = {e.work_order_id for e in self.desk.told(RequestSettled)}
        assert told >= {w.work_order_id for a in self.desk.all(Account) for w in a.works if w.settled}


# A failure is shown as it was found: shrinking it takes minutes.
Books.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=50,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
)
TestBooks = Books.TestCase
