"""Which rules, zone and work orders an event is about; shared by the handlers of intake's events."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.domain.issue import EMERGENCY_RULES
from services.dispatch.domain.model import PropertyCopy, WorkOrder
from shared.catalogue.load import Catalogue
from shared.catalogue.model import DispatchRules, Procedure
from shared.deadlines import add_calendar_days
from shared.errors import Invalid, Poison
from shared.ids import derived_id
from shared.kernel.unit import Unit
from shared.moments import to_ms
from shared.reports.weekly import WEEK_AT, WEEK_DAY, Week, week_due

# Only until a property's own zone is known: its settings travel on another stream and may come later.
ZONE_UNKNOWN = "Asia/Shanghai"
RETURN_DAYS, COLLECT_MINUTES = "slip.return_days", "dispatch.collect_minutes"


def first_order_id(property_id: str, request_id: str) -> str:
    """The id of the first work order of a request, known before it exists."""
    return derived_id("work_order", property_id, request_id)


def response_order_id(property_id: str, request_id: str) -> str:
    """The id of the response to a request that became an emergency."""
    return derived_id("work_order", property_id, request_id, "response")


def order_id_of_stream(property_id: str, stream: str) -> str:
    """The id of the work order a stream begins with; empty where a stream begins with none."""
    prefix, _, request_id = stream.rpartition(":")
    if not prefix:
        return first_order_id(property_id, request_id)
    return response_order_id(property_id, request_id) if prefix == "emergency" else ""


async def latest(unit: Unit, request_id: str) -> WorkOrder | None:
    """The last work order of a request on its own stream."""
    return await last_of(unit, first_order_id(unit.cause.property_id, request_id))


async def last_of(unit: Unit, order_id: str) -> WorkOrder | None:
    """The last of the work orders that follow one another from this one on; None if it was never issued."""
    order = await unit.load(WorkOrder, order_id)
    while order is not None and order.succeeded_by:
        order = await unit.load(WorkOrder, order.succeeded_by)
    return order


def zone_of(settings: PropertyCopy | None, told: str = "") -> str:
    """The zone as told, else the property's."""
    return told or (settings.zone if settings is not None else "") or ZONE_UNKNOWN


def procedure_of(
    catalogue: Catalogue, procedure_id: str, version: str, settings: PropertyCopy | None, emergency: bool
) -> Procedure | None:
    """The rules the request was opened under, with what the property decides itself. Lost ones hold a routine
    request.

    For an emergency, None (J17).
    """
    own = settings.settings if settings is not None and settings.settings is not None else {}
    try:
        return catalogue.chosen(catalogue.at(version), own)
    except Invalid:
        if not emergency:
            raise Poison(f"the rules {version} of {procedure_id} are not known here") from None
    try:
        profile = settings.profile if settings is not None else ""
        return catalogue.chosen(catalogue.procedure(procedure_id, profile), own)
    except Invalid:
        return None


def rules_of(catalogue: Catalogue, order: WorkOrder, settings: PropertyCopy | None) -> DispatchRules:
    """The rules of a work order that is there already; never none."""
    procedure = procedure_of(catalogue, order.procedure, order.catalogue_version, settings, emergency=True)
    found = procedure.dispatch if procedure is not None else None
    return found or EMERGENCY_RULES


def warranty_months(catalogue: Catalogue, order: WorkOrder, settings: PropertyCopy | None) -> int:
    """How long the developer answers for such work, from the unit's delivery; 0: not at all (P024)."""
    procedure = procedure_of(catalogue, order.procedure, order.catalogue_version, settings, emergency=True)
    if procedure is None or procedure.intake is None or order.area != "indoor":
        return 0
    otherwise = int(settings_with(catalogue, settings)["warranty.months"])
    return procedure.intake.months_of_warranty(order.category, otherwise)


def settings_with(catalogue: Catalogue, settings: PropertyCopy | None) -> dict[str, str | int | bool]:
    """The complete settings of a property: its own, else its profile's, else the defaults."""
    own = settings.settings if settings is not None and settings.settings is not None else {}
    profile = catalogue.profiles.get(settings.profile) if settings is not None else None
    if profile is not None:
        return profile.settings_with(own)
    return {**{name: setting.default for name, setting in catalogue.settings.items()}, **own}


def collect_minutes(catalogue: Catalogue, settings: PropertyCopy | None) -> int:
    """In how many minutes a slip is collected: `dispatch.collect_minutes` of the property (P027)."""
    return int(settings_with(catalogue, settings)[COLLECT_MINUTES])


def due_week(catalogue: Catalogue, settings: PropertyCopy | None, now: datetime) -> Week:
    """The week that has to be reported by now, in the property's zone (P032)."""
    known = settings_with(catalogue, settings)
    return week_due(now, zone_of(settings), int(known[WEEK_DAY]), str(known[WEEK_AT]))


def returned_by(catalogue: Catalogue, settings: PropertyCopy | None, collected_at: datetime) -> datetime:
    """When a slip collected then should be back: `slip.return_days` of the property, calendar days (P027)."""
    days = int(settings_with(catalogue, settings)[RETURN_DAYS])
    return to_ms(add_calendar_days(collected_at, days, zone_of(settings)))
