"""Missing material, undone slips, others' matters and notices, as people record them (P024-P029)."""

from __future__ import annotations

from services.dispatch.domain import bodies, material, notice, outside, side_bodies, side_commands, undone
from services.dispatch.domain.assignment import contact_of, given, reassigned
from services.dispatch.domain.commands import WorkCommand
from services.dispatch.domain.flow import Change
from services.dispatch.domain.model import PropertyCopy, WorkOrder
from services.dispatch.domain.parties import Party
from services.dispatch.handlers.calling import call
from services.dispatch.handlers.keeping import Take, actor_of, alarm, body_of
from services.dispatch.handlers.onsite import zone
from services.dispatch.handlers.people import find, head, person
from services.dispatch.handlers.rules import rules_of, warranty_months, zone_of
from shared.catalogue.load import Catalogue
from shared.catalogue.model import DispatchRules
from shared.deadlines import local_year
from shared.errors import NotFound
from shared.kernel.unit import Unit
from shared.texts.say import say

OFFICE, BUYER, HEAD, DESK, DESK_HEAD = "office", "buyer", "department_head", "cs_officer", "cs_supervisor"


def _note(unit: Unit) -> str:
    return body_of(unit, bodies.NoteBody).note


def _reason(unit: Unit) -> str:
    return body_of(unit, bodies.ReasonBody).reason


async def report_material(order: WorkOrder, unit: Unit) -> Change:
    """See `material.reported`; the office files the purchase slip."""
    change = material.reported(order, await head(unit), unit.now)
    await call(unit, change.order, "material_reported", OFFICE)
    return change


async def file_purchase(order: WorkOrder, unit: Unit) -> Change:
    """See `material.ordered`; the buyer gets it."""
    actor, year = actor_of(unit), local_year(unit.now, await zone(unit))
    material.ordered(order, actor, unit.now, 0, year)  # refused before a number is taken
    number = await unit.number(material.PURCHASE_SERIES, material.purchase_of(order), year)
    change = material.ordered(order, actor, unit.now, number, year)
    await call(unit, change.order, "purchase_filed", BUYER)
    return change


async def bought(order: WorkOrder, unit: Unit) -> Change:
    """See `material.bought`."""
    return material.bought(order, actor_of(unit), unit.now)


async def unobtainable(order: WorkOrder, unit: Unit) -> Change:
    """See `material.unobtainable`; the office and the department head are told."""
    words = body_of(unit, side_bodies.UnobtainableBody).explanation
    change = material.unobtainable(order, actor_of(unit), unit.now, words)
    for role in (OFFICE, HEAD):
        await call(unit, change.order, "material_unobtainable", role)
    return change


async def return_undone(order: WorkOrder, unit: Unit) -> Change:
    """See `undone.returned`; the head of the department signs."""
    change = undone.returned(order, actor_of(unit), unit.now, _reason(unit))
    await call(unit, change.order, "undone_to_sign", HEAD)
    return change


async def sign_undone(order: WorkOrder, unit: Unit) -> Change:
    """See `undone.signed`; the office passes it on."""
    change = undone.signed(order, await head(unit), unit.now)
    await call(unit, change.order, "undone_to_pass", OFFICE)
    return change


async def carry_on(order: WorkOrder, unit: Unit) -> Change:
    """See `undone.carry_on`."""
    return undone.carry_on(order, actor_of(unit), unit.now, _reason(unit))


async def pass_undone(order: WorkOrder, unit: Unit) -> Change:
    """See `undone.passed`; customer service tells the owner."""
    change = undone.passed(order, actor_of(unit), unit.now)
    await call(unit, change.order, "undone_to_tell", DESK)
    return change


async def tell_undone(order: WorkOrder, unit: Unit) -> Change:
    """See `undone.told`."""
    return undone.told(order, actor_of(unit), unit.now, _reason(unit))


async def report_outside(order: WorkOrder, unit: Unit) -> Change:
    """See `outside.reported`; the supervisor hears of it at once."""
    words = body_of(unit, side_bodies.OutsideBody).reason
    change = outside.reported(order, actor_of(unit), unit.now, words)
    await call(unit, change.order, "outside_problem", DESK_HEAD)
    return change


async def follow_up(order: WorkOrder, unit: Unit) -> Change:
    """See `outside.followed`."""
    body = body_of(unit, side_bodies.FollowBody)
    return outside.followed(order, actor_of(unit), unit.now, body.note, body.answered, body.due_at)


async def set_solution(order: WorkOrder, unit: Unit) -> Change:
    """See `outside.solved`; customer service tells the owner."""
    body = body_of(unit, side_bodies.SolutionBody)
    change = outside.solved(order, actor_of(unit), unit.now, body.solution, body.due_at)
    await call(unit, change.order, "solution_to_tell", DESK)
    return change


async def tell_solution(order: WorkOrder, unit: Unit) -> Change:
    """See `outside.told`."""
    return outside.told(order, actor_of(unit), unit.now, _note(unit))


async def finish_outside(order: WorkOrder, unit: Unit) -> Change:
    """See `outside.finished`."""
    return outside.finished(order, actor_of(unit), unit.now, _note(unit))


async def sign_notice(order: WorkOrder, unit: Unit) -> Change:
    """See `notice.signed`; now somebody of the trade is told."""
    follower_id = body_of(unit, side_bodies.NoticeBody).follower_id
    follower = await person(unit, order, follower_id, "follower_id") if follower_id else None
    change = notice.signed(order, actor_of(unit), unit.now, follower)
    choice = await find(unit, change.order)
    after = given(change.order, choice, unit.now)
    if choice.last_resort:
        assert after.due_at is not None
        after = alarm(unit, after, "unassigned", choice.role, choice.staff, after.due_at)
    told = reassigned(after, "notice_signed", unit.now, contact_of(choice.staff))
    return Change(after, (*change.events, told))


class Timed:
    """The steps that need numbers of the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def lack_material(self, order: WorkOrder, unit: Unit) -> Change:
        """See `material.missing`; the head's days count from the collection."""
        body = body_of(unit, side_bodies.MissingBody)
        days = (await self._rules(order, unit)).material_report_days
        since = order.collected_at or unit.now
        due = material.report_due_at(since, days, await zone(unit))
        change = material.missing(order, actor_of(unit), unit.now, body.material, body.quantity, due)
        await call(unit, change.order, "material_to_report", HEAD, due)
        return change

    async def transfer(self, order: WorkOrder, unit: Unit) -> Change:
        """See `outside.transferred`."""
        body = body_of(unit, side_bodies.TransferBody)
        settings = await unit.look(PropertyCopy, order.property_id)
        rules = rules_of(self._catalogue, order, settings)
        days = rules.warranty_due_days if body.kind == "warranty" else rules.outside_due_days
        months = warranty_months(self._catalogue, order, settings)
        to = await unit.look(Party, body.party_id)
        if to is None:
            detail = say("There is no party {party_id} in this property.", party_id=body.party_id)
            raise NotFound("party", detail, field="party_id")
        given_to = outside.Handover(body.kind, body.item, body.reason, body.delivered_on, body.due_at)
        term = outside.Term(days, months, zone_of(settings))
        return outside.transferred(order, actor_of(unit), unit.now, to, given_to, term)

    async def _rules(self, order: WorkOrder, unit: Unit) -> DispatchRules:
        return rules_of(self._catalogue, order, await unit.look(PropertyCopy, order.property_id))


SIDE_STEPS: dict[type[WorkCommand], Take] = {
    side_commands.ReportMaterial: report_material,
    side_commands.FilePurchase: file_purchase,
    side_commands.RecordBought: bought,
    side_commands.RecordUnobtainable: unobtainable,
    side_commands.ReturnUndone: return_undone,
    side_commands.SignUndone: sign_undone,
    side_commands.CarryOn: carry_on,
    side_commands.PassUndone: pass_undone,
    side_commands.TellUndone: tell_undone,
    side_commands.ReportOutside: report_outside,
    side_commands.FollowUp: follow_up,
    side_commands.SetSolution: set_solution,
    side_commands.TellSolution: tell_solution,
    side_commands.FinishOutside: finish_outside,
    side_commands.SignNotice: sign_notice,
}


def side_steps(catalogue: Catalogue) -> dict[type[WorkCommand], Take]:
    """All of them."""
    timed = Timed(catalogue)
    return {
        **SIDE_STEPS,
        side_commands.LackMaterial: timed.lack_material,
        side_commands.TransferWork: timed.transfer,
    }
