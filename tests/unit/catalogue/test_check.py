"""The files fit together, and each kind of misfit is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import pytest

from services.notify.app import WIRING
from shared.catalogue.check import problems
from shared.catalogue.load import FOLDER, Catalogue
from shared.catalogue.model import AskedField, EscalationStep, Notice, NotifyRules, Procedure
from shared.catalogue.wordings import Wordings
from shared.events.billing import PaymentReceived, QuoteOffered
from shared.events.dispatch import DeadlineRaised
from shared.events.envelope import Amount
from shared.events.registry import EVENTS
from shared.policy import Policy

NOW = datetime.fromisoformat("2026-03-01T08:00:00+08:00")


def test_the_shipped_catalogue_has_no_problems() -> None:
    assert problems(Catalogue.shipped(), Wordings.shipped(), Policy.shipped()) == []


def test_every_kind_of_escalation_has_its_wording() -> None:
    kinds = get_args(DeadlineRaised.model_fields["kind"].annotation)
    told = [n.when.get("kind") for n in Catalogue.shipped().default_notices[DeadlineRaised.TYPE]]
    assert sorted(kinds) == sorted(str(kind) for kind in told)


def test_every_notice_is_of_an_event_that_notify_announces() -> None:
    for procedure in Catalogue.shipped().procedures.values():
        for type_name in procedure.notify.notices if procedure.notify else ():
            assert EVENTS[type_name] in WIRING.events, type_name


def with_dispatch(**changes: Any) -> Callable[[Procedure], Procedure]:
    return lambda p: p.model_copy(update={"dispatch": p.dispatch.model_copy(update=changes)})  # type: ignore[union-attr]


def with_intake(**changes: Any) -> Callable[[Procedure], Procedure]:
    return lambda p: p.model_copy(update={"intake": p.intake.model_copy(update=changes)})  # type: ignore[union-attr]


def with_notice(event: str, **notice: Any) -> Callable[[Procedure], Procedure]:
    rules = NotifyRules(notices={event: (Notice(**notice),)})
    return lambda p: p.model_copy(update={"notify": rules})


def asked(**changes: Any) -> AskedField:
    return AskedField(**{"name": "f", "type": "text", "label_zh": "甲", "label_en": "a", **changes})


ACCEPTED = "intake.request.accepted.v1"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda p: p.model_copy(update={"source": ()}), "names no source"),
        (lambda p: p.model_copy(update={"record_category": 30}), "none of the 29"),
        (with_dispatch(escalation=()), "escalation steps must exist"),
        (with_dispatch(escalation=(EscalationStep(at_percent=100, to_role="king"),)), "no role king"),
        (with_dispatch(signatures=("owner", "ghost")), "no role ghost"),
        (with_dispatch(skills={}), "no skill for"),
        (lambda p: with_intake(urgent_list=p.intake.emergency_list)(p), "stands twice"),
        (with_intake(fields=(asked(), asked())), "asked twice"),
        (with_intake(warranty_months={"moat": 60}), "there is no category moat"),
        (with_intake(fields=(asked(type="choice"),)), "choices belong to"),
        (with_intake(fields=(asked(minimum=1),)), "minimum and maximum belong to"),
        (with_notice("intake.request.dreamt.v1", audience="owner", template="request_accepted"), "no event"),
        (with_notice(ACCEPTED, audience="owner", template="nothing"), "no wording nothing"),
        (with_notice(ACCEPTED, audience="staff", template="request_accepted"), "another event or audience"),
        (
            with_notice(ACCEPTED, audience="owner", template="request_accepted", when={"hue": "red"}),
            "no field hue",
        ),
        (
            with_notice(ACCEPTED, audience="owner", template="request_accepted", unless={"area.x": 1}),
            "no field area.x",
        ),
    ],
)
def test_a_misfit_is_found(
    change: Callable[[Procedure], Procedure], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = Catalogue.read(FOLDER)
    entry = catalogue.procedure("repair-report", "tower")
    spoilt = change(entry)
    monkeypatch.setitem(catalogue._resolved, ("repair-report", "tower"), spoilt)
    found = problems(catalogue, Wordings.shipped(), Policy.shipped())
    assert [line for line in found if line.startswith("repair-report in tower") and sentence in line], found


def test_a_technician_who_collects_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = Catalogue.read(FOLDER)
    entry = catalogue.procedure("repair-report", "tower")
    billing = entry.billing.model_copy(update={"collected_by": ("cashier", "technician")})  # type: ignore[union-attr]
    spoilt = entry.model_copy(update={"billing": billing})
    monkeypatch.setitem(catalogue._resolved, ("repair-report", "tower"), spoilt)
    found = problems(catalogue, Wordings.shipped(), Policy.shipped())
    assert "repair-report in tower: a technician never takes money (R1)" in found


def test_when_and_unless_look_at_the_event() -> None:
    payment = PaymentReceived(
        payment_id="p",
        request_id="r",
        purpose="deposit",
        amount=Amount(amount_minor=100, currency="CNY"),
        method="cash",
        receipt="2026-000001",
        receipt_number=1,
        collected_by="c",
        received_at=NOW,
    )
    assert Notice(audience="owner", template="t", when={"purpose": "deposit"}).applies(payment)
    assert not Notice(audience="owner", template="t", when={"purpose": "charge"}).applies(payment)
    assert not Notice(audience="owner", template="t", unless={"purpose": "deposit"}).applies(payment)
    free = QuoteOffered(
        quote_id="q",
        request_id="r",
        work_order_id="w",
        total=Amount(amount_minor=0, currency="CNY"),
        offered_at=NOW,
    )
    assert not Notice(audience="owner", template="t", unless={"total.amount_minor": 0}).applies(free)
    assert Notice(audience="owner", template="t", unless={"deposit.amount_minor": 0}).applies(free)
