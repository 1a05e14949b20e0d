"""What intake answers about attachments."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.intake.domain import attachment_commands as commands
from services.intake.domain.attachment import Attachment
from shared.events.intake import AttachmentKind
from shared.http.actions import AllowedAction


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AttachmentItem(_Answer):
    """An attachment in a list.

    `kind` is its class. Removed and erased ones stay listed; `bytes` says whether the file itself is still
    there, and `gone_at` since when it is not.
    """

    id: str
    version: int
    kind: AttachmentKind
    status: str
    bytes: str
    sha256: str
    media_type: str
    size_bytes: int
    width: int
    height: int
    pages: int
    added_by: str
    added_at: datetime
    removed_by: str
    removed_at: datetime | None
    remove_reason: str
    erased_at: datetime | None
    erase_reason: str
    gone_at: datetime | None


class AttachmentState(AttachmentItem):
    """One attachment.

    `received_sha256` is of the file as it was sent, `sha256` of the one that is kept, without metadata.
    """

    request_id: str
    received_sha256: str
    allowed_actions: list[AllowedAction] = []


class LinkAnswer(_Answer):
    """A link to the bytes: for this person's token only, until then."""

    url: str
    expires_at: datetime


def attachment_state(attachment: Attachment, actions: list[AllowedAction]) -> AttachmentState:
    """One attachment with what its reader may do."""
    return AttachmentState.model_validate(attachment).model_copy(update={"allowed_actions": actions})


def attachment_actions(attachment: Attachment) -> list[AllowedAction]:
    """What the state of an attachment offers, whoever asks."""
    if attachment.status != "ATTACHED":
        return []
    base = f"/v1/properties/{attachment.property_id}/attachments/{attachment.id}"
    link = commands.LINKS[attachment.kind]
    return [
        AllowedAction(action=link.NAME, path=f"{base}/link"),
        AllowedAction(
            action=commands.RemoveAttachment.NAME, path=f"{base}/remove", body="RemoveAttachmentBody"
        ),
    ]
