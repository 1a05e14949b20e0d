"""HTTP of intake: calls become commands and queries; no rules."""

from services.intake.api import catalogue, contacts, directory, imports, requests, summary

ROUTERS = (
    requests.router,
    imports.router,
    contacts.router,
    directory.router,
    catalogue.router,
    summary.router,
)
