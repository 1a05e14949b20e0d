"""HTTP of intake: calls become commands and queries; no rules."""

from services.intake.api import (
    attachments,
    catalogue,
    complaints,
    contacts,
    days,
    directory,
    guide,
    imports,
    inquiries,
    requests,
    special,
    summary,
    uploads,
)

ROUTERS = (
    requests.router,
    complaints.router,
    special.router,
    inquiries.router,
    days.router,
    imports.router,
    contacts.router,
    directory.router,
    catalogue.router,
    guide.router,
    guide.public,
    summary.router,
    uploads.router,
    attachments.router,
)
