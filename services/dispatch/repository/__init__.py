"""The collections of dispatch, their indexes and their queries; the only place that knows them."""

from services.dispatch.repository.auditing import (
    beat,
    have_slips,
    held_reports,
    note_raised,
    raised_since,
    watched,
)
from services.dispatch.repository.names import INDEXES, KINDS, WORK_ORDERS, Database
from services.dispatch.repository.orders import (
    Search,
    loads,
    properties_with_work,
    roll_up_loads,
    roster,
    rosters,
    settings_of,
    work_order,
    work_orders,
)
from services.dispatch.repository.parties import parties, party
from services.dispatch.repository.slips import Slips, VoidSlip, slips, void_slips
from services.dispatch.repository.summary import OpenWork, last_number, open_work

__all__ = [
    "INDEXES",
    "KINDS",
    "WORK_ORDERS",
    "Database",
    "OpenWork",
    "Search",
    "Slips",
    "VoidSlip",
    "beat",
    "have_slips",
    "held_reports",
    "last_number",
    "loads",
    "note_raised",
    "open_work",
    "parties",
    "party",
    "properties_with_work",
    "raised_since",
    "roll_up_loads",
    "roster",
    "rosters",
    "settings_of",
    "slips",
    "void_slips",
    "watched",
    "work_order",
    "work_orders",
]
