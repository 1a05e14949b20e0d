"""HTTP of dispatch: calls become commands and queries; no rules."""

from services.dispatch.api import roster, slips, work_orders

ROUTERS = (work_orders.router, roster.router, slips.router)
