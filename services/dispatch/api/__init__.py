"""HTTP of dispatch: calls become commands and queries; no rules."""

from services.dispatch.api import (
    callbacks,
    leave,
    parties,
    reports,
    roster,
    slip_book,
    slips,
    steps,
    summary,
    work_orders,
)

ROUTERS = (
    work_orders.router,
    steps.router,
    roster.router,
    slips.router,
    slip_book.router,
    summary.router,
    leave.router,
    parties.router,
    callbacks.router,
    reports.router,
)
