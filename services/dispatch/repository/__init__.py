"""The collections of dispatch, their indexes and their queries; the only place that knows them."""

from services.dispatch.repository.auditing import (
    beside_the_deadline,
    first_issued_at,
    have_slips,
    held_reports,
    watched,
)
from services.dispatch.repository.book import (
    MonthLine,
    altered,
    book,
    checked,
    month_lines,
    not_handed_in,
    paper_blocks,
    to_hand_in,
)
from services.dispatch.repository.callbacks import (
    callback,
    callbacks,
    overdue_callbacks,
    rain_events,
    rain_left_over,
    rain_to_spread,
    waiting_for_rain,
)
from services.dispatch.repository.evidence import attachment_copies
from services.dispatch.repository.names import INDEXES, KINDS, RAIN, WORK_ORDERS, Database
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
from services.dispatch.repository.reports import callback_rows, slip_rows, week_reported, worked_before
from services.dispatch.repository.slips import Slips, VoidSlip, slips, void_slips
from services.dispatch.repository.summary import OpenWork, last_number, open_work

__all__ = [
    "INDEXES",
    "KINDS",
    "RAIN",
    "WORK_ORDERS",
    "Database",
    "MonthLine",
    "OpenWork",
    "Search",
    "Slips",
    "VoidSlip",
    "altered",
    "attachment_copies",
    "beside_the_deadline",
    "book",
    "callback",
    "callback_rows",
    "callbacks",
    "checked",
    "first_issued_at",
    "have_slips",
    "held_reports",
    "last_number",
    "loads",
    "month_lines",
    "not_handed_in",
    "open_work",
    "overdue_callbacks",
    "paper_blocks",
    "parties",
    "party",
    "properties_with_work",
    "rain_events",
    "rain_left_over",
    "rain_to_spread",
    "roll_up_loads",
    "roster",
    "rosters",
    "settings_of",
    "slip_rows",
    "slips",
    "to_hand_in",
    "void_slips",
    "waiting_for_rain",
    "watched",
    "week_reported",
    "work_order",
    "work_orders",
    "worked_before",
]
