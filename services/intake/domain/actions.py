"""What may be done next with a request in its present state (ruling J23). Who may do it is in policy.toml."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.domain import attachment_commands as a
from services.intake.domain import commands as c
from services.intake.domain.changes import may_confirm, may_reopen
from services.intake.domain.request import Request
from shared.kernel.unit import Command


@dataclass(frozen=True, slots=True)
class Action:
    """The command, the last part of its path, and the name of its body's schema."""

    command: type[Command]
    path: str
    body: str


AMEND = Action(c.AmendRequest, "amend", "AmendBody")
RAISE = Action(c.RaiseUrgency, "raise-urgency", "RaiseBody")
LOWER = Action(c.LowerUrgency, "lower-urgency", "LowerBody")
CANCEL = Action(c.CancelRequest, "cancel", "CancelBody")
PROMISE = Action(c.PromiseTime, "promise", "PromiseBody")
PROMISE_CUSTOMER = Action(c.PromiseCustomerTime, "promise", "PromiseBody")
CONFIRM = Action(c.ConfirmSatisfaction, "confirm", "ConfirmBody")
REOPEN = Action(c.ReopenRequest, "reopen", "ReopenBody")
UNREACHED = Action(c.CloseUnreached, "close-unreached", "UnreachedBody")
ATTACH = Action(a.AddAttachment, "attachments", "AttachBody")
ATTACH_SENSITIVE = Action(a.AddSensitiveAttachment, "attachments", "AttachBody")


def possible_actions(request: Request) -> list[Action]:
    """The actions that the state allows, whoever asks."""
    found = [AMEND]
    if request.open:
        if request.urgency != "emergency":
            found.append(RAISE)
        if request.urgency != "general":
            found.append(LOWER)
        if request.notice_received_at is None and request.stage not in {"DONE", "TO_CONFIRM"}:
            found.append(CANCEL)
        if _may_promise(request):
            found += [PROMISE, PROMISE_CUSTOMER]
        if may_confirm(request):
            found += [CONFIRM, UNREACHED]
    if may_reopen(request):
        found.append(REOPEN)
    return [*found, ATTACH, ATTACH_SENSITIVE]


def _may_promise(request: Request) -> bool:
    work = request.work
    arranged = work is not None and work.arranged_at is not None and work.completed_at is None
    return arranged and request.notice_received_at is None
