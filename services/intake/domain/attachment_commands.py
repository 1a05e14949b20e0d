"""What is asked of attachments: the bodies of their HTTP calls, and the commands made of them.

Who may do which is in policy.toml: the class of an attachment decides which command is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from services.intake.domain.attachment import SENSITIVE, EraseReason
from services.intake.domain.bodies import Body, Id, Reason
from services.intake.domain.times import Instant
from shared.events.intake import AttachmentKind
from shared.kernel.unit import Command


class AttachBody(Body):
    """Add a finished upload to a request."""

    upload_id: Id


class RemoveAttachmentBody(Body):
    """Take an attachment away."""

    reason: Reason


class AddAttachment(Command):
    """Add a file whose bytes are kept already."""

    NAME: ClassVar[str] = "intake.add_attachment"
    request_id: str
    attachment_id: str


class AddSensitiveAttachment(AddAttachment):
    """The same for a copy of an identity document."""

    NAME: ClassVar[str] = "intake.add_sensitive_attachment"


class LinkAttachment(Command):
    """Give somebody a link to a scan or a signature. `url` was signed for this attempt."""

    NAME: ClassVar[str] = "intake.link_attachment"
    request_id: str
    attachment_id: str
    expires_at: Instant = Field(exclude=True)
    url: str = Field(exclude=True)


class LinkPhoto(LinkAttachment):
    """The same for a photo, which shows no owner's telephone and so may be seen by who does the work (R8)."""

    NAME: ClassVar[str] = "intake.link_photo"


class LinkSensitiveAttachment(LinkAttachment):
    """The same for a copy of an identity document; who asked for it stands in the timeline."""

    NAME: ClassVar[str] = "intake.link_sensitive_attachment"


class RemoveAttachment(Command):
    """Take an attachment away: a supervisor, with a reason."""

    NAME: ClassVar[str] = "intake.remove_attachment"
    request_id: str
    attachment_id: str
    body: RemoveAttachmentBody


class EraseAttachment(Command):
    """The keeper: a term may be over, or a person was erased."""

    NAME: ClassVar[str] = "intake.erase_attachment"
    request_id: str
    attachment_id: str
    reason: EraseReason


LINKS: Mapping[AttachmentKind, type[LinkAttachment]] = {
    "photo": LinkPhoto,
    "scan": LinkAttachment,
    "signature": LinkAttachment,
    "id_copy": LinkSensitiveAttachment,
}


def adding(kind: AttachmentKind) -> type[AddAttachment]:
    """The command that adds an attachment of this class."""
    return AddSensitiveAttachment if kind in SENSITIVE else AddAttachment
