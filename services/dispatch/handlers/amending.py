"""What happens to a slip that is out.

It moves, becomes more or less urgent, or is cancelled (J5, J18, J25).
"""

from __future__ import annotations

from services.dispatch.domain import errand, withdrawal
from services.dispatch.domain.amend import Rules, amended, urgency_changed
from services.dispatch.domain.assignment import Reason, contact_of, given, not_done_yet, reassigned
from services.dispatch.domain.deadlines import due_at, more_urgent, unsigned_notice
from services.dispatch.domain.flow import Change
from services.dispatch.domain.model import DONE, PropertyCopy
from services.dispatch.handlers.calling import sent
from services.dispatch.handlers.issuing import Issuing
from services.dispatch.handlers.keeping import keep, payload
from services.dispatch.handlers.people import find
from services.dispatch.handlers.rules import latest, procedure_of, rules_of, zone_of
from shared.catalogue.load import Catalogue
from shared.events.intake import RequestAmended, RequestCancelled, UrgencyLowered, UrgencyRaised
from shared.kernel.unit import Unit

FINISHED = ("SIGNED", "CLOSED", "NOT_DONE")  # of a repair; what was cancelled or withdrawn is wanted no more


class Amending:
    """The handlers that change slips; they need the catalogue."""

    def __init__(self, catalogue: Catalogue, issuing: Issuing) -> None:
        self._catalogue = catalogue
        self._issuing = issuing

    async def amended(self, unit: Unit) -> None:
        """The request was corrected: place, category or start change, the slip keeps its number."""
        event = payload(unit, RequestAmended)
        order = await latest(unit, event.request_id)
        if order is None or not order.open:
            return
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        procedure = procedure_of(
            self._catalogue, order.procedure, order.catalogue_version, settings, emergency=True
        )
        rules = Rules(
            rules_of(self._catalogue, order, settings),
            procedure.billing if procedure is not None else None,
            zone_of(settings),
        )
        change = amended(order, event, rules, unit.now)
        if change.order.skill != order.skill:
            change = await self._called(unit, change, "amended")
        keep(unit, order, change)

    async def urgency_raised(self, unit: Unit) -> None:
        """An earlier deadline (J18).

        What waited for the supervisor goes straight to somebody who can do it. A slip that was finished while
        intake relied on it is followed by another, so that somebody is sent.
        """
        event = payload(unit, UrgencyRaised)
        order = await latest(unit, event.request_id)
        if order is None or not more_urgent(order, event.urgency):
            return
        before = order
        if event.urgency == "emergency" and order.status == "REPAIRED" and order.lane == "urgent":
            order = not_done_yet(order, unit.now)
        if order.status in DONE:
            if event.by_slip and event.urgency == "emergency" and order.status in FINISHED:
                await self._issuing.again(unit, order, event.raised_at, "emergency")
            return
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        rules = rules_of(self._catalogue, order, settings)
        due = due_at(rules, event.urgency, event.raised_at, zone_of(settings), order.appointment_at)
        assert order.due_at is not None
        change = urgency_changed(
            order, event.urgency, event.raised_at, min(due, order.due_at), "urgency_raised", unit.now
        )
        # On the routine lane a response of its own is sent, which waits for nothing.
        send = sent if change.order.emergency and order.lane == "urgent" else self._called
        keep(unit, before, await send(unit, change, "urgency_raised"))

    async def urgency_lowered(self, unit: Unit) -> None:
        """A supervisor found it less urgent (J18): the deadline counts from the report again."""
        event = payload(unit, UrgencyLowered)
        order = await latest(unit, event.request_id)
        if order is None or order.status in DONE or event.urgency == order.urgency:
            return
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        rules = rules_of(self._catalogue, order, settings)
        assert order.reported_at is not None
        due = due_at(rules, event.urgency, order.reported_at, zone_of(settings), order.appointment_at)
        keep(
            unit,
            order,
            urgency_changed(order, event.urgency, order.reported_at, due, "urgency_lowered", unit.now),
        )

    async def cancelled(self, unit: Unit) -> None:
        """The caller changed his mind (J5).

        A repair that has not begun is cancelled, a booking waits for the butler desk.
        """
        event = payload(unit, RequestCancelled)
        order = await latest(unit, event.request_id)
        if order is None:
            return
        cancel = errand.notice_received if order.kind == "errand" else withdrawal.cancelled
        keep(unit, order, cancel(order, unit.now, event.reason, event.notice_received_at))

    async def _called(self, unit: Unit, change: Change, reason: Reason) -> Change:
        """Call somebody else, if nobody has taken the slip up and another person fits better now."""
        order = change.order
        if order.status != "ISSUED" or unsigned_notice(order):
            return change
        choice = await find(unit, order)
        if choice.staff is None or choice.staff.id == order.assignee_id:
            return change
        after = given(order, choice, unit.now)
        return Change(after, (*change.events, reassigned(after, reason, unit.now, contact_of(choice.staff))))
