"""Money at the desk and at the door: who takes it, how, how much, and where it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.domain.charge import Charge
from services.billing.domain.commands import ClearDoorCash, ConsentQuote, NoteCharge, ReceivePayment
from services.billing.domain.ledger import Entry
from services.billing.domain.payment import Payment
from services.billing.domain.postings import earned
from services.billing.handlers.common import post
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.events.billing import ChargeNoted, DepositHeld, PaymentReceived, RequestSettled
from shared.events.envelope import Amount
from shared.kernel.unit import Cause
from shared.tenancy import Principal
from tests.unit.billing.desk import PROPERTY, Desk, cny, kinds, person
from tests.unit.billing.memory_unit import MemoryUnit

CASHIER, OFFICER, FINANCE = person("cashier"), person("cs_officer"), person("finance")


def owing(profile: str = "villa") -> Desk:
    """A desk at which 130.00 is owed for a repair."""
    desk = Desk(profile)
    desk.accept()
    desk.quote(("tap-replacement", 1, None), ("labour-half-hour", 3, None))
    desk.run(ConsentQuote(quote_id="q1"), OFFICER)
    desk.complete(13000)
    if desk.only(Charge).hands == "finance":
        desk.run(NoteCharge(charge_id=desk.only(Charge).id), FINANCE)
    desk.check()
    return desk


def pay(desk: Desk, minor: int, by: Principal = CASHIER, **more: Any) -> Any:
    fields = {
        "payment_id": "p1",
        "request_id": "r1",
        "purpose": "charge",
        "amount": cny(minor),
        "method": "cash",
    }
    answer = desk.run(ReceivePayment(**{**fields, **more}), by)
    desk.check()
    return answer


def test_paid_in_full_it_is_settled() -> None:
    desk = owing()
    answer = pay(desk, 13000)
    assert (answer.receipt, answer.holder, answer.version) == ("R2026-000001", "drawer", 1)
    assert kinds(desk.events)[-2:] == ["PaymentReceived", "RequestSettled"]
    assert desk.told(PaymentReceived)[0].receipt_number == 1
    assert (desk.balance("receivable"), desk.balance("cash_drawer")) == (0, 13000)


def test_in_parts_it_is_settled_with_the_last() -> None:
    desk = owing()
    for number, (minor, method) in enumerate([(3000, "cash"), (9999, "card"), (1, "qr")], start=1):
        pay(desk, minor, payment_id=f"p{number}", method=method)
        assert bool(desk.told(RequestSettled)) is (number == 3)
    assert [p.receipt_number for p in desk.all(Payment)] == [1, 2, 3]
    assert (desk.balance("cash_drawer"), desk.balance("bank")) == (3000, 10000)
    assert desk.only(Charge).owed.amount_minor == 0


@pytest.mark.parametrize("minor", [13001, 0, -1])
def test_more_than_is_owed_is_refused_with_what_is_owed(minor: int) -> None:
    desk = owing()
    before = dict(desk.rows)
    with pytest.raises(Conflict, match=r"130\.00 CNY is owed") as refused:
        pay(desk, minor)
    assert refused.value.field == "amount"
    assert (desk.rows, desk.numbers) == (before, {})


def test_nothing_is_taken_when_nothing_is_owed() -> None:
    desk = Desk()
    desk.accept()
    with pytest.raises(Conflict, match="nothing is owed"):
        pay(desk, 100)
    with pytest.raises(Conflict, match="no deposit is asked for"):
        pay(desk, 100, purpose="deposit")
    with pytest.raises(NotFound):
        desk.run(
            ReceivePayment(payment_id="p1", request_id="r9", purpose="charge", amount=cny(1), method="cash"),
            CASHIER,
            stream="r9",
        )


def test_the_same_payment_again_is_one_payment() -> None:
    desk = owing()
    first = pay(desk, 3000)
    assert pay(desk, 3000) == first
    assert len(desk.all(Payment)) == 1
    with pytest.raises(Conflict, match="another payment"):
        pay(desk, 3001)


# --- who ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "roles", "holder"),
    [
        ("villa", ("cashier",), "drawer"),
        ("villa", ("cs_officer",), "hands"),  # 004: customer service collects at the door
        ("villa", ("cs_supervisor",), "hands"),
        ("villa", ("technician",), None),
        ("villa", ("repair_supervisor", "cashier"), None),  # nobody in engineering, whatever else he is
        ("villa", ("technician", "cs_officer"), None),
        ("villa", ("butler",), None),
        ("villa", ("finance",), None),
        ("garden", ("cashier",), "drawer"),  # 002: at the desk
        ("garden", ("cs_officer",), None),
        ("garden", ("technician",), None),
    ],
)
def test_who_takes_money(profile: str, roles: tuple[str, ...], holder: str | None) -> None:
    desk = owing(profile)
    if holder is None:
        before = dict(desk.rows)
        with pytest.raises(Forbidden):
            pay(desk, 13000, person(*roles))
        assert (desk.rows, desk.numbers) == (before, {})
        return
    answer = pay(desk, 13000, person(*roles))
    assert answer.holder == holder
    assert answer.in_hands_of == (roles[0] if holder == "hands" else "")
    assert desk.balance("cash_in_hands" if holder == "hands" else "cash_drawer") == 13000


def test_a_grant_that_has_ended_takes_no_money() -> None:
    desk = owing()
    desk.now = datetime(2040, 1, 1, tzinfo=UTC)
    with pytest.raises(Forbidden):
        pay(desk, 13000)


def test_how_it_is_paid() -> None:
    desk = owing()
    with pytest.raises(Invalid, match="in CNY"):
        pay(desk, 1, amount=Amount(amount_minor=1, currency="USD"))
    desk = Desk()
    desk.accept("car-hire", area="public")
    desk.hire(80_000)
    desk.run(ConsentQuote(quote_id="q1"), OFFICER)
    with pytest.raises(Invalid, match="not paid by card") as refused:
        pay(desk, 8000, purpose="deposit", method="card")
    assert refused.value.accepted == "cash"
    with pytest.raises(Conflict, match=r"80\.00 CNY is owed"):
        pay(desk, 7999, purpose="deposit")
    with pytest.raises(Conflict, match=r"80\.00 CNY is owed"):
        pay(desk, 8001, purpose="deposit")
    pay(desk, 8000, purpose="deposit")
    assert desk.told(DepositHeld)
    with pytest.raises(Conflict, match="no deposit is asked for"):
        pay(desk, 8000, purpose="deposit", payment_id="p2")


# --- noted by finance first ---------------------------------------------------------------------------------


def test_p030_nobody_collects_at_a_door_what_finance_has_not_noted() -> None:
    desk = Desk("villa")
    desk.accept()
    desk.quote(("tap-replacement", 1, None))
    desk.run(ConsentQuote(quote_id="q1"), OFFICER)
    desk.complete(4000)
    charge = desk.only(Charge)
    assert (charge.hands, charge.hands_since, charge.slip) == ("finance", desk.now, "2026-000001")
    with pytest.raises(Conflict) as refused:
        pay(desk, 1000, OFFICER)
    assert (refused.value.kind, refused.value.field) == ("not-noted", "request_id")
    assert pay(desk, 1000).holder == "drawer", "the cashier is finance's own"
    desk.run(NoteCharge(charge_id=charge.id), FINANCE)
    assert (desk.only(Charge).hands, desk.only(Charge).noted_by) == ("customer_service", "finance")
    assert [e.amount for e in desk.told(ChargeNoted)] == [cny(3000)]
    with pytest.raises(Conflict, match="does not wait"):
        desk.run(NoteCharge(charge_id=charge.id), FINANCE)
    assert pay(desk, 3000, OFFICER, payment_id="p2").holder == "hands"
    assert desk.only(Charge).hands == "", "nobody has to collect any more"


def test_p030_what_is_paid_at_the_desk_waits_for_no_note() -> None:
    desk = owing("garden")
    assert desk.only(Charge).hands == ""


# --- receipts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "receipt"),
    [
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), "R2026-000001"),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "R2027-000001"),  # midnight in Shanghai
    ],
)
def test_the_year_of_a_receipt_turns_in_the_zone_of_the_property(now: datetime, receipt: str) -> None:
    desk = owing()
    desk.now = now
    assert pay(desk, 13000).receipt == receipt


# --- cash from doors ----------------------------------------------------------------------------------------


def clear(desk: Desk, minor: int, *ids: str) -> Any:
    command = ClearDoorCash(staff_id="cs_officer", payment_ids=ids, counted=cny(minor))
    answer = desk.run(command, FINANCE, stream="person:cs_officer")
    desk.check()
    return answer


def test_what_is_booked_cannot_be_booked_again_by_another_cause() -> None:
    desk = owing()
    charge = desk.only(Charge)
    again = Cause(id="other", kind="event", property_id=PROPERTY, stream="r1", lane="routine", payload=None)
    move = earned("r1", charge.amount, "repair-indoor", "")
    with pytest.raises(AssertionError, match="was not loaded"):  # the insert meets the entry that is there
        post(MemoryUnit(desk, again), "charge", "r1", charge.id, move)


def test_r3_nobody_counts_the_cash_he_carries_himself() -> None:
    desk, both = owing(), person("cs_officer", "finance")
    pay(desk, 3000, OFFICER)
    command = ClearDoorCash(staff_id="cs_officer", payment_ids=("p1",), counted=cny(3000))
    with pytest.raises(Forbidden, match="somebody else"):
        desk.run(command, both, stream="person:cs_officer")
    clear(desk, 3000, "p1")


def test_finance_clears_what_was_collected_at_doors() -> None:
    desk = owing()
    pay(desk, 3000, OFFICER)
    pay(desk, 2000, OFFICER, payment_id="p2")
    pay(desk, 1000, payment_id="p3")  # in the drawer already
    before = dict(desk.rows)
    for minor, ids, why in [
        (4999, ("p1", "p2"), r"make 50\.00"),
        (6000, ("p1", "p2", "p3"), "not in the hands"),
    ]:
        with pytest.raises(Conflict, match=why):
            clear(desk, minor, *ids)
    with pytest.raises(NotFound, match="p9"):
        clear(desk, 5000, "p1", "p9")
    assert desk.rows == before
    assert clear(desk, 5000, "p1", "p2", "p1").payment_ids == ("p1", "p2")
    assert (desk.balance("cash_in_hands"), desk.balance("cash_drawer")) == (0, 6000)
    assert desk.all(Payment)[0].cleared_by == "finance"
    assert [e.kind for e in desk.all(Entry)][-1] == "cash_cleared"
    with pytest.raises(Conflict, match="not in the hands"):
        clear(desk, 3000, "p1")
