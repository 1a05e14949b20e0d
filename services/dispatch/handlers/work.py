"""The steps of a work order, as people take them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from services.dispatch.domain import bodies, commands, errand, repair, withdrawal
from services.dispatch.domain.actions import ACTIONS
from services.dispatch.domain.assignment import (
    FLOWS,
    assign,
    cannot,
    contact_of,
    given,
    hand_over,
    reassigned,
)
from services.dispatch.domain.evidence import drawn_mark
from services.dispatch.domain.flow import Action, Change, check, step
from services.dispatch.domain.model import PropertyCopy, WorkOrder
from services.dispatch.domain.permits import HEAD, Asked
from services.dispatch.domain.site import Used
from services.dispatch.domain.slip_commands import HandInSlip
from services.dispatch.domain.tariff import check_lines
from services.dispatch.handlers.answers import work_order_answer
from services.dispatch.handlers.callbacks import Callbacks
from services.dispatch.handlers.evidence import copies_of, files_of, with_files
from services.dispatch.handlers.keeping import Take, actor_of, alarm, body_of, keep, payload
from services.dispatch.handlers.onsite import ONSITE_STEPS, zone
from services.dispatch.handlers.people import find, head, person
from services.dispatch.handlers.rules import procedure_of, returned_by
from services.dispatch.handlers.side import side_steps
from services.dispatch.handlers.slips import hand_in
from shared.catalogue.load import Catalogue
from shared.errors import Conflict, NotFound
from shared.events.dispatch import QuoteLine, WorkCompleted
from shared.kernel.unit import Command, Handler, Unit
from shared.money import Money
from shared.policy import Policy


async def collect(order: WorkOrder, unit: Unit) -> Change:
    """See `repair.collect`."""
    actor, taken_by = actor_of(unit), body_of(unit, bodies.CollectBody).taken_by
    if taken_by:
        await person(unit, order, taken_by, "taken_by")
    return repair.collect(order, actor, unit.now, taken_by)


async def say_cannot(order: WorkOrder, unit: Unit) -> Change:
    """The next person is called in the same commit (J6); if nobody is left, the last resort (J21)."""
    reason = body_of(unit, bodies.ReasonBody).reason
    freed = cannot(order, unit.now)
    said = step(freed, "cannot", actor_of(unit).by, unit.now, reason)
    choice = await find(unit, freed)
    after = given(freed, choice, unit.now)
    if choice.last_resort:
        assert after.due_at is not None
        after = alarm(unit, after, "unassigned", choice.role, choice.staff, after.due_at)
    return Change(after, (said, reassigned(after, "cannot", unit.now, contact_of(choice.staff))))


async def assign_work(order: WorkOrder, unit: Unit) -> Change:
    """See `assignment.assign`."""
    staff = await person(unit, order, body_of(unit, bodies.AssignBody).staff_id)
    after = assign(order, actor_of(unit), staff, unit.now)
    return Change(after, (reassigned(after, "assigned", unit.now, contact_of(staff)),))


async def hand_over_work(order: WorkOrder, unit: Unit) -> Change:
    """A half-done job goes to somebody else, with the reason."""
    body = body_of(unit, bodies.HandOverBody)
    staff = await person(unit, order, body.staff_id)
    actor = actor_of(unit)
    after = hand_over(order, actor, staff, unit.now)
    said = step(after, "handed_over", actor.by, unit.now, body.reason)
    return Change(after, (said, reassigned(after, "hand_over", unit.now, contact_of(staff))))


async def record_call(order: WorkOrder, unit: Unit) -> Change:
    """See `repair.contact`."""
    body = body_of(unit, bodies.CallBody)
    actor = actor_of(unit)
    return repair.contact(order, actor, unit.now, body.appointment_at, body.note, body.ordered_by)


async def arrive(order: WorkOrder, unit: Unit) -> Change:
    """See `repair.arrive`."""
    return repair.arrive(order, actor_of(unit), unit.now, await zone(unit))


async def no_show(order: WorkOrder, unit: Unit) -> Change:
    """See `repair.no_show`."""
    return repair.no_show(order, actor_of(unit), unit.now, body_of(unit, bodies.ReasonBody).reason)


async def confirm_item(order: WorkOrder, unit: Unit) -> Change:
    """See `repair.confirm_item`."""
    body = body_of(unit, bodies.ItemBody)
    written = body.materials
    materials = None if written is None else tuple(Used(line.name, line.quantity) for line in written)
    found = repair.Found(body.item, body.differs, body.owner_material, body.warned, materials)
    return repair.confirm_item(order, actor_of(unit), unit.now, found)


async def quote_errand(order: WorkOrder, unit: Unit) -> Change:
    """See `errand.quote`; the price is the partner's."""
    return errand.quote(order, actor_of(unit), unit.now, unit.derived_id("quote"))


class Quoting:
    """Quotes; a repair's lines are those of the tariff it was opened under, so they need the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def quote(self, order: WorkOrder, unit: Unit) -> Change:
        """See `repair.quote`. Raises Invalid for a line that has no price."""
        if order.kind == "errand":
            return await quote_errand(order, unit)
        lines = body_of(unit, bodies.QuoteBody).lines
        named = tuple(QuoteLine(code=line.code, quantity=line.quantity) for line in lines)
        change = repair.quote(order, actor_of(unit), unit.now, unit.derived_id("quote"), named)
        settings = await unit.look(PropertyCopy, order.property_id)
        procedure = procedure_of(
            self._catalogue, order.procedure, order.catalogue_version, settings, emergency=True
        )
        if procedure is not None and procedure.billing is not None:
            check_lines(lines, procedure.billing)
        return change


async def start(order: WorkOrder, unit: Unit) -> Change:
    """See `repair.start`."""
    return repair.start(order, actor_of(unit), unit.now)


async def complete(order: WorkOrder, unit: Unit) -> Change:
    """See `repair.complete`."""
    body = body_of(unit, bodies.CompleteBody)
    return repair.complete(order, actor_of(unit), unit.now, body.note, cleaned=body.cleaned)


async def sign(order: WorkOrder, unit: Unit) -> Change:
    """See `repair.sign`."""
    body = body_of(unit, bodies.SignBody)
    mark = body.mark or drawn_mark(files_of(body))
    return repair.sign(order, actor_of(unit), unit.now, body.signer, mark, body.rating)


async def withdraw(order: WorkOrder, unit: Unit) -> Change:
    """See `withdrawal.withdraw`."""
    body = body_of(unit, bodies.WithdrawBody)
    mark = body.owner_mark or drawn_mark(files_of(body))
    return withdrawal.withdraw(order, actor_of(unit), unit.now, body.cause, body.reason, mark)


async def confirm_car(order: WorkOrder, unit: Unit) -> Change:
    """See `errand.confirm_car`; the price is in the property's currency."""
    body = body_of(unit, bodies.CarBody)
    settings = await unit.look(PropertyCopy, order.property_id)
    if settings is None or not settings.currency:
        raise Conflict(
            "property-unknown", "The property's currency is not known here yet; try again shortly."
        )
    price = Money(body.price_minor, settings.currency)
    return errand.confirm_car(order, actor_of(unit), unit.now, body.partner, body.detail, price)


async def unavailable(order: WorkOrder, unit: Unit) -> Change:
    """See `errand.unavailable`."""
    return errand.unavailable(order, actor_of(unit), unit.now, body_of(unit, bodies.PartnerBody).partner)


async def taxi(order: WorkOrder, unit: Unit) -> Change:
    """See `errand.taxi`."""
    body = body_of(unit, bodies.TaxiBody)
    return errand.taxi(order, actor_of(unit), unit.now, body.consent, body.plate, body.departure_at)


async def form_signed(order: WorkOrder, unit: Unit) -> Change:
    """See `errand.form_signed`."""
    return errand.form_signed(order, actor_of(unit), unit.now)


async def used(order: WorkOrder, unit: Unit) -> Change:
    """See `errand.used`."""
    return errand.used(order, actor_of(unit), unit.now)


async def confirm_cancellation(order: WorkOrder, unit: Unit) -> Change:
    """See `errand.confirm_cancellation`."""
    return errand.confirm_cancellation(order, unit.now)


STEPS: Mapping[type[commands.WorkCommand], Take] = {
    commands.CollectSlip: collect,
    commands.SayCannot: say_cannot,
    commands.AssignWork: assign_work,
    commands.RecordCall: record_call,
    commands.RecordArrival: arrive,
    commands.RecordNoShow: no_show,
    commands.ConfirmItem: confirm_item,
    commands.StartWork: start,
    commands.CompleteWork: complete,
    commands.SignSlip: sign,
    commands.WithdrawRepair: withdraw,
    commands.HandOver: hand_over_work,
    commands.ConfirmCar: confirm_car,
    commands.RecordUnavailable: unavailable,
    commands.CallTaxi: taxi,
    commands.RecordForm: form_signed,
    commands.RecordUse: used,
    commands.ConfirmCancellation: confirm_cancellation,
    **ONSITE_STEPS,
}


def work_handlers(policy: Policy, catalogue: Catalogue) -> dict[type[Command], Handler]:
    """One handler for each step; they differ only in what the flow says."""
    steps: dict[type[commands.WorkCommand], Take] = {**STEPS, **side_steps(catalogue)}
    steps[HandInSlip] = hand_in
    steps[commands.QuoteWork] = Quoting(catalogue).quote
    callbacks = Callbacks(catalogue, policy)
    return {kind: _handler(kind, take, policy, catalogue, callbacks) for kind, take in steps.items()}


async def _clocked(order: WorkOrder, change: Change, unit: Unit, catalogue: Catalogue) -> Change:
    """The clock of the slip's return starts with its collection (P027, domain §8.3.12)."""
    after = change.order
    if after.collected_at is None or order.collected_at is not None:
        return change
    settings = await unit.look(PropertyCopy, order.property_id)
    due = returned_by(catalogue, settings, after.collected_at)
    return dataclasses.replace(change, order=dataclasses.replace(after, return_due_at=due))


ACTION_OF: Mapping[type[Command], Action] = {kind: action for action, kind in ACTIONS.items()}


def _handler(
    kind: type[Command], take: Take, policy: Policy, catalogue: Catalogue, callbacks: Callbacks
) -> Handler:
    async def handle(unit: Unit) -> None:
        command = payload(unit, commands.WorkCommand)
        order = await unit.load(WorkOrder, command.work_order_id)
        if order is None:
            raise NotFound(
                "work-order", "There is no such work order in this property.", field="work_order_id"
            )
        unit.require_match(order.version)
        check(FLOWS[order.kind], order, ACTION_OF[kind])
        change = await _clocked(order, await take(order, unit), unit, catalogue)
        change = await with_files(order, change, unit, catalogue)
        stored = keep(unit, order, change)
        if any(isinstance(event, WorkCompleted) for event in change.events):
            await callbacks.schedule(unit, stored)
        by = actor_of(unit)
        by = await head(unit) if HEAD in by.roles else by
        copies = await copies_of(unit, stored.attachments)
        unit.answer(work_order_answer(stored, Asked(by, unit.now), policy, copies))

    return handle
