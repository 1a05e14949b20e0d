"""HTTP of billing: calls become commands and queries; no rules."""

from services.billing.api import ledger, requests

ROUTERS = (requests.router, ledger.router)
