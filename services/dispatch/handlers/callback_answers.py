"""What a caller gets to see of a callback, with what may be done next (J23)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from services.dispatch.domain import callback as rules
from services.dispatch.domain import callback_commands as commands
from services.dispatch.domain.callback import Callback
from services.dispatch.domain.callback_notice import not_to_read
from services.dispatch.domain.evidence import Copies
from services.dispatch.domain.flow import Actor
from services.dispatch.handlers.views import GivenView, given_views
from shared.errors import Rejected
from shared.http.actions import AllowedAction
from shared.kernel.unit import Command
from shared.policy import Policy


class AttemptView(BaseModel):
    """One try."""

    model_config = ConfigDict(from_attributes=True)
    method: str
    result: str
    counted: bool
    by: str
    at: datetime


class SignedView(BaseModel):
    """One signature."""

    model_config = ConfigDict(from_attributes=True)
    by: str
    at: datetime


class CallbackAnswer(BaseModel):
    """A callback as read. What the owner said is left out: it is kept for repeated commands."""

    model_config = ConfigDict(from_attributes=True)
    version: int
    id: str
    request_id: str
    reference: str
    work_order_id: str
    slip: str
    department: str
    place: str
    unit_id: str
    technician_id: str
    first_contact_id: str
    kind: str
    round: str
    status: str
    repaired_at: datetime
    due_at: datetime | None
    attempts: list[AttemptView]
    tried: int
    unreached: int
    attempts_min: int
    method: str
    opinion: str
    problem: str
    answered_at: datetime | None
    answered_by: str
    signatures: list[SignedView]
    signatures_missing: int
    result: str
    ended_with: str
    closed_at: datetime | None
    notice_due_at: datetime | None
    notice_read_at: datetime | None
    late: bool = False
    attachments: list[GivenView] = []
    allowed_actions: list[AllowedAction] = []


class CallbackDetail(CallbackAnswer):
    """A callback with what the owner said, for those who may read it."""

    words: str
    on_behalf_reason: str


V = TypeVar("V", bound=CallbackAnswer)


def state_of(
    callback: Callback, actor: Actor, policy: Policy, now: datetime, copies: Copies
) -> CallbackAnswer:
    """The callback after a step."""
    return _seen(_read(CallbackAnswer, callback, copies), callback, actor, policy, now)


def detail_of(
    callback: Callback, actor: Actor, policy: Policy, now: datetime, copies: Copies
) -> CallbackDetail:
    """The callback as read."""
    found = _read(CallbackDetail, callback, copies)
    _seen(found, callback, actor, policy, now)
    return found


def _read(kind: type[V], callback: Callback, copies: Copies) -> V:
    shown = given_views(callback.attachments, callback.request_id, copies)
    plain = dataclasses.replace(callback, attachments=())
    return kind.model_validate(plain).model_copy(update={"attachments": shown})


def _seen(
    view: CallbackAnswer, callback: Callback, actor: Actor, policy: Policy, now: datetime
) -> CallbackAnswer:
    base = f"/v1/properties/{callback.property_id}/callbacks/{callback.id}"
    view.late = callback.status == "DUE" and callback.due_at is not None and callback.due_at <= now
    view.allowed_actions = [
        AllowedAction(action=name, path=f"{base}/{name}", body=body)
        for name, command, body, refusal in _possible(callback, actor)
        if refusal is None and policy.may(actor.roles, command.NAME)
    ]
    return view


def _possible(callback: Callback, actor: Actor) -> Iterator[tuple[str, type[Command], str, Rejected | None]]:
    """Every action, with what the command itself would answer this person now."""
    call = rules.not_to_call(callback, actor)
    yield "attempt", commands.RecordAttempt, "AttemptBody", call
    yield "opinion", commands.RecordOpinion, "OpinionBody", call
    yield "close-unreached", commands.CloseCallbackUnreached, "RemarkBody", rules.not_to_give_up(callback)
    yield "sign", commands.SignCallback, "NoteBody", rules.not_to_sign(callback, actor)
    yield "read-notice", commands.ReadNotice, "RemarkBody", not_to_read(callback, actor)
