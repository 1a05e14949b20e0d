"""The collections of dispatch and their indexes, each with the query it serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from services.dispatch.domain.callback import Callback
from services.dispatch.domain.evidence import AttachmentCopy
from services.dispatch.domain.handin import SlipCheck
from services.dispatch.domain.model import Loads, PropertyCopy, WorkOrder
from services.dispatch.domain.paper import PaperBlock
from services.dispatch.domain.parties import Party
from services.dispatch.domain.rain import RainEvent
from services.dispatch.domain.relay import RelayCopy
from services.dispatch.domain.roster import Roster
from services.dispatch.domain.week import WeekReport
from shared.kernel.kinds import Kinds
from shared.kernel.unit import Index

WORK_ORDERS, ROSTERS, PROPERTIES, LOADS = "work_orders", "rosters", "properties", "loads"
PARTIES, CALLBACKS, RAIN = "parties", "callbacks", "rain_events"
ATTACHMENT_COPIES, RELAY_COPIES = "attachment_copies", "relay_copies"
NUMBERS, COUNTERS = "numbers", "counters"  # the kernel's: which slip numbers were taken, and for what
PAPER_BLOCKS, SLIP_CHECKS, WEEK_REPORTS = "paper_blocks", "slip_checks", "week_reports"
WAITING, PARKED = "waiting", "parked"  # the kernel's: reports that have no slip yet

KINDS: Mapping[type, str] = {
    WorkOrder: WORK_ORDERS,
    Roster: ROSTERS,
    PropertyCopy: PROPERTIES,
    Loads: LOADS,
    Party: PARTIES,
    Callback: CALLBACKS,
    RainEvent: RAIN,
    PaperBlock: PAPER_BLOCKS,
    SlipCheck: SLIP_CHECKS,
    WeekReport: WEEK_REPORTS,
    AttachmentCopy: ATTACHMENT_COPIES,
    RelayCopy: RELAY_COPIES,
}

OPEN = {"open": True}
NEWEST = (("reported_at", -1), ("id", -1))
# A list is served by the first of these that it filters by; what is left is looked at along that index.
FILTERS = ("request_id", "unit_id", "assignee_id", "status", "department", "urgency", "procedure")
INDEXES: tuple[Index, ...] = (
    Index(WORK_ORDERS, (("property_id", 1), *NEWEST), serves="work orders by time of report, newest first"),
    *(
        Index(
            WORK_ORDERS,
            (("property_id", 1), (name, 1), *NEWEST),
            serves=f"work orders by {name}, newest first",
        )
        for name in FILTERS
    ),
    Index(
        WORK_ORDERS,
        (("property_id", 1), ("due_at", 1), ("id", 1)),
        serves="open work orders by deadline; the auditor's reading",
        partial=OPEN,
    ),
    Index(
        WORK_ORDERS,
        (("property_id", 1), ("open", 1), ("assignee_id", 1)),
        serves="the roll-up of loads, from the index alone",
        partial=OPEN,
    ),
    Index(
        WORK_ORDERS,
        (("property_id", 1), ("slip_year", 1), ("slip_number", 1)),
        serves="the gap check of slips, from the index alone",
    ),
    Index(
        WORK_ORDERS,
        (("property_id", 1), ("cancel_notice.received_at", 1)),
        serves="cancellations that wait; the auditor's reading",
        partial={"open": True, "cancel_notice.received_at": {"$type": "date"}},
    ),
    Index(
        WORK_ORDERS,
        (("property_id", 1), ("return_due_at", 1)),
        serves="slips that are not back; the auditor's reading",
        partial={"open": True, "return_late_told": False},
    ),
    *(
        Index(
            collection,
            (("property_id", 1), ("files_due_at", 1)),
            serves="files that intake has not told of; the auditor's reading",
            partial={"files_due_at": {"$type": "date"}},
        )
        for collection in (WORK_ORDERS, CALLBACKS)
    ),
    Index(PAPER_BLOCKS, (("property_id", 1), ("state", 1)), serves="blocks with open numbers"),
    Index(PAPER_BLOCKS, (("property_id", 1), ("year", 1), ("issued_at", -1)), serves="the blocks of a year"),
    Index(ROSTERS, (("property_id", 1),), serves="all departments of a property"),
    Index(PARTIES, (("property_id", 1), ("id", 1)), serves="all parties of a property"),
    Index(PARTIES, (("property_id", 1), ("kind", 1), ("id", 1)), serves="parties of a kind"),
    Index(
        CALLBACKS,
        (("property_id", 1), ("due_at", 1), ("id", 1)),
        serves="the due list: open callbacks, most pressing first; the auditor's reading",
        partial=OPEN,
    ),
    *(
        Index(
            CALLBACKS,
            (("property_id", 1), (name, 1), ("due_at", 1), ("id", 1)),
            serves=f"callbacks by {name}, most pressing first",
        )
        for name in ("status", "first_contact_id", "work_order_id")
    ),
    Index(
        CALLBACKS,
        (("property_id", 1), ("notice_due_at", 1)),
        serves="notices that were not read; the auditor's reading",
        partial={"notice_open": True},
    ),
    Index(
        CALLBACKS,
        (("property_id", 1), ("repaired_at", 1)),
        serves="callbacks of the repairs of a week, for the reports",
    ),
    Index(
        RELAY_COPIES,
        (("look_at", 1),),
        serves="messages to be handed over, of all properties; the auditor's reading",
        partial=OPEN,
    ),
    Index(RAIN, (("property_id", 1), ("rained_at", -1), ("id", -1)), serves="rain, latest first"),
    Index(RAIN, (("rained_at", 1),), serves="rain that is not worked off", partial={"spread": False}),
)

CODEC = Kinds(KINDS)
Database = AsyncDatabase[dict[str, Any]]
