"""HTTP of intake: calls become commands and queries; no rules."""

from services.intake.api import catalogue, contacts, directory, requests

ROUTERS = (requests.router, contacts.router, directory.router, catalogue.router)
