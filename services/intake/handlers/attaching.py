"""Handlers of attachments: added to a request, linked to, removed. The bytes are none of their business."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.attachment_answers import (
    AttachmentState,
    LinkAnswer,
    attachment_actions,
    attachment_state,
)
from services.intake.domain import attachment as rules
from services.intake.domain import attachment_commands as commands
from services.intake.domain.attachment import Attachment
from services.intake.domain.property import setting_number
from services.intake.domain.refusals import no_room
from services.intake.domain.request import Request, personal_key
from services.intake.handlers.base import Handlers, payload
from shared.errors import Bug, Forbidden, NotFound, demand
from shared.events import intake as events
from shared.events.intake import AttachmentKind
from shared.kernel.unit import Unit

OPEN_AGAIN_AFTER = timedelta(days=1)
"""How often the file of a request that is still open is looked at once its shortest term is over."""


class Attaching(Handlers):
    """Units of work on the attachments of a request."""

    async def add_attachment(self, unit: Unit) -> None:
        """Add a file: its bytes are kept, from now on they belong to the request."""
        command = payload(unit, commands.AddAttachment)
        before = await self.request(unit, command.request_id)
        found = await unit.load(Attachment, command.attachment_id)
        if found is not None and found.status == "ATTACHED" and found.request_id == before.id:
            unit.answer(self._state(unit, found, found.version))
            return
        taking = rules.Taking(
            before.id,
            personal_key(before),
            unit.cause.principal.sub,
            await self._keep_until(unit, found.kind if found is not None else "photo", unit.now),
        )
        after = rules.attached(found, taking, unit.now)
        if commands.adding(after.kind) is not type(command):
            raise Bug("the class of an attachment decides the command")
        demand(no_room(before.attachments_added, self.limits.attachments_per_request_max))
        unit.save(after)
        unit.save(replace(before, attachments_added=before.attachments_added + 1))
        unit.emit(
            events.AttachmentAdded(
                request_id=before.id,
                attachment_id=after.id,
                kind=after.kind,
                sha256=after.sha256,
                media_type=after.media_type,
                size_bytes=after.size_bytes,
                width=after.width,
                height=after.height,
                pages=after.pages,
                added_by=after.added_by,
                added_at=unit.now,
            )
        )
        self.note(unit, before, "attachment.added", kind=after.kind, attachment_id=after.id)
        unit.answer(self._state(unit, after, after.version + 1))

    async def link_attachment(self, unit: Unit) -> None:
        """Give the link; that of a copy of an identity document is written down."""
        command = payload(unit, commands.LinkAttachment)
        found = await self._found(unit, command.attachment_id)
        rules.check_bytes(found)
        if commands.LINKS[found.kind] is not type(command):
            raise Forbidden("not-allowed", "Your role does not allow to see this attachment.")
        if found.sensitive:
            request = await self._request(unit, found)
            self.note(unit, request, "attachment.linked", kind=found.kind, attachment_id=found.id)
        unit.answer(LinkAnswer(url=command.url, expires_at=command.expires_at))

    async def remove_attachment(self, unit: Unit) -> None:
        """Take it away: the record stays, the keeper deletes the bytes after the commit."""
        command = payload(unit, commands.RemoveAttachment)
        before = await self._found(unit, command.attachment_id)
        unit.require_match(before.version)
        after = rules.removed(before, command.body.reason, unit.cause.principal.sub, unit.now)
        request = await self._request(unit, after)
        await self.check_not_about(unit, request)
        unit.save(after)
        unit.emit(
            events.AttachmentRemoved(
                request_id=request.id,
                attachment_id=after.id,
                kind=after.kind,
                sha256=after.sha256,
                reason=after.remove_reason,
                removed_by=after.removed_by,
                removed_at=unit.now,
            )
        )
        self.note(unit, request, "attachment.removed", kind=after.kind, attachment_id=after.id)
        unit.answer(self._state(unit, after, after.version + 1))

    async def erase_attachment(self, unit: Unit) -> None:
        """The keeper asks: the term is over or the person was erased, and the bytes go; or it is kept on."""
        command = payload(unit, commands.EraseAttachment)
        before = await unit.load(Attachment, command.attachment_id)
        if before is None or before.status != "ATTACHED":
            return
        request = await self._request(unit, before)
        until = await self._look_again(unit, request, before) if command.reason == "retention" else unit.now
        if until > unit.now:
            unit.save(replace(before, sweep_at=until))
            return
        after = rules.erased(before, command.reason, unit.now)
        unit.save(after)
        unit.emit(
            events.AttachmentErased(
                request_id=request.id,
                attachment_id=after.id,
                kind=after.kind,
                sha256=after.sha256,
                reason=command.reason,
                erased_at=unit.now,
            )
        )
        self.note(unit, request, "attachment.erased", kind=after.kind, attachment_id=after.id)

    async def _look_again(self, unit: Unit, request: Request, attachment: Attachment) -> datetime:
        """When its term is over, as the property has set it now; while its request is open, no term runs."""
        if request.closed_at is None or attachment.added_at is None:
            return unit.now + OPEN_AGAIN_AFTER
        return await self._keep_until(unit, attachment.kind, max(request.closed_at, attachment.added_at))

    async def _keep_until(self, unit: Unit, kind: AttachmentKind, ended_at: datetime) -> datetime:
        settled = await self.settled(unit)
        profile = self.catalogue.profile(settled.profile)
        years = setting_number(profile, settled, f"attachment.{kind}_years")
        return rules.keep_until(ended_at, years, settled.zone)

    async def _request(self, unit: Unit, attachment: Attachment) -> Request:
        request = await unit.load(Request, attachment.request_id)
        if request is None:
            raise Bug("an attachment belongs to a request that is not there")
        return request

    async def _found(self, unit: Unit, attachment_id: str) -> Attachment:
        found = await unit.load(Attachment, attachment_id)
        if found is None or not found.request_id:
            raise NotFound("no-such-attachment", "There is no such attachment in this property.")
        return found

    def _state(self, unit: Unit, attachment: Attachment, version: int) -> AttachmentState:
        roles = unit.cause.principal.roles_in(attachment.property_id, unit.now)
        offered = attachment_actions(attachment)
        allowed = self.policy.allowed(roles, [action.action for action in offered])
        return attachment_state(
            replace(attachment, version=version), [action for action in offered if action.action in allowed]
        )
