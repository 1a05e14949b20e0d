"""HTTP of billing: calls become commands and queries; no rules."""

from services.billing.api import charges, ledger, requests

ROUTERS = (requests.router, charges.router, ledger.router)
