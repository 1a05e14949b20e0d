"""Which callbacks a finished repair gets, and when each is due (P031; domain §8.1 rows 3-9). Pure.

The times are settings of the property, whose defaults are ours: the handbook's numbers are blank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Literal

from services.dispatch.domain.callback import Callback
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.onsite import workers
from shared.catalogue.callback_rules import CallbackRule
from shared.deadlines import add_calendar_days
from shared.events.dispatch_callbacks import CallbackKind, CallbackRound
from shared.ids import derived_id
from shared.moments import to_ms

Kind = Literal["leak", "safety", "other"]
ROUNDS: tuple[CallbackRound, ...] = ("first", "second", "rain")


@dataclass(frozen=True, slots=True)
class Times:
    """The settings of a property that say when it calls back."""

    urgent_hours: int
    urgent_second_days: int
    leak_days: int
    safety_days: int
    other_days: int
    rain_days: int
    rain_wait_days: int
    attempts_min: int
    phone_signatures: int
    problem_notice_hours: int

    @classmethod
    def of(cls, settings: Mapping[str, str | int | bool]) -> Times:
        """From the complete settings of a property."""
        return cls(**{f.name: int(settings[f"callback.{f.name}"]) for f in fields(cls)})


def kind_of(
    rules: Sequence[CallbackRule], hazard: str, category: str, told: Mapping[str, str | int | bool]
) -> Kind:
    """The kind of a report, as the catalogue says."""
    return next((rule.kind for rule in rules if rule.applies(hazard, category, told)), "other")


def callback_id(work_order_id: str, round: CallbackRound) -> str:
    """The id of a callback, known before it exists."""
    return derived_id("callback", work_order_id, round)


def planned(order: WorkOrder, times: Times, zone: str, now: datetime) -> tuple[Callback, ...]:
    """The callbacks of a finished repair: one, for urgent work two, for a leak one more after rain."""
    done = order.done_at or now
    urgent = order.urgency in ("urgent", "emergency")
    kind: CallbackKind = "urgent" if urgent else order.callback_kind or "other"
    if urgent:
        first = done + timedelta(hours=times.urgent_hours)
        second = add_calendar_days(done, times.urgent_second_days, zone)
        rounds: dict[CallbackRound, datetime] = {"first": first, "second": second}
    else:
        days = {"leak": times.leak_days, "safety": times.safety_days}.get(kind, times.other_days)
        rounds = {"first": add_calendar_days(done, days, zone)}
    if order.callback_kind == "leak":
        rounds["rain"] = add_calendar_days(done, times.rain_wait_days, zone)
    return tuple(_callback(order, times, kind, name, due, done, now) for name, due in rounds.items())


def _callback(
    order: WorkOrder,
    times: Times,
    kind: CallbackKind,
    round: CallbackRound,
    due: datetime,
    done: datetime,
    now: datetime,
) -> Callback:
    return Callback(
        property_id=order.property_id,
        id=callback_id(order.id, round),
        request_id=order.request_id,
        reference=order.reference,
        work_order_id=order.id,
        slip=order.slip,
        department=order.department,
        place=order.place,
        unit_id=order.unit_id,
        stream=order.stream,
        lane=order.lane,
        technician_id=order.assignee_id,
        worker_ids=workers(order),
        first_contact_id=order.first_contact_id,
        kind="leak" if round == "rain" else kind,
        round=round,
        status="AWAITING_RAIN" if round == "rain" else "DUE",
        repaired_at=done,
        scheduled_at=now,
        due_at=to_ms(due),
        signatures_needed=times.phone_signatures,
        attempts_min=times.attempts_min,
        notice_hours=times.problem_notice_hours,
    )


def due_after_rain(rained_at: datetime, times: Times, zone: str) -> datetime:
    """When the callback after rain is due."""
    return to_ms(add_calendar_days(rained_at, times.rain_days, zone))
