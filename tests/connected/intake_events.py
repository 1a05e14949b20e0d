"""What the other services tell intake of a request, now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.events import billing, dispatch, notify
from shared.events.envelope import Amount
from shared.ids import new_id
from tests import events

CNY = Amount(amount_minor=4_000, currency="CNY")
_last = datetime.min.replace(tzinfo=UTC)


def now() -> datetime:
    """The present; each answer a millisecond later at least, so that lines of a timeline have an order."""
    global _last
    _last = max(datetime.now(UTC), _last + timedelta(milliseconds=1))
    return _last


def issued(request_id: str, **changed: Any) -> dispatch.WorkOrderIssued:
    """The slip is out, now."""
    return events.issued(request_id, now(), **changed)


def worked(request_id: str) -> list[Any]:
    """What dispatch, billing and notify tell of a paid repair."""
    ids = {"work_order_id": "wo-" + request_id, "request_id": request_id}
    return [
        issued(request_id),
        notify.MessageSent(
            message_id=new_id(),
            request_id=request_id,
            audience="owner",
            template="work_order_issued",
            channel="sms",
            attempts=1,
            sent_at=now(),
        ),
        dispatch.WorkStepTaken(**ids, step="arrived", status="ON_SITE", by="wang", taken_at=now()),
        dispatch.WorkCompleted(**ids, kind="repair", quote_id="q", amount=CNY, completed_at=now()),
        billing.ChargePosted(**ids, charge_id="c", quote_id="q", amount=CNY, posted_at=now()),
        billing.PaymentReceived(
            payment_id="p",
            request_id=request_id,
            purpose="charge",
            amount=CNY,
            method="cash",
            receipt="R2026-1",
            receipt_number=1,
            collected_by="zhao",
            received_at=now(),
        ),
        billing.RequestSettled(**ids, settled_at=now()),
        dispatch.WorkPaidOff(**ids, closed_at=now()),
    ]
