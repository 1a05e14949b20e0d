"""The message flow of billing as data: which command and which event goes to which handler."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from services.billing.domain.commands import (
    ApproveForfeiture,
    ClearDoorCash,
    ConsentQuote,
    NoteCharge,
    ReceivePayment,
    RefundDeposit,
    RefuseQuote,
    RemindForfeiture,
    WaiveForfeiture,
)
from services.billing.handlers import charging, deciding, opening, paying, quoting, working
from services.billing.handlers.common import Kit, KitHandler
from shared.events.dispatch import WorkCancelled, WorkCompleted, WorkNotDone, WorkQuoted, WorkWithdrawn
from shared.events.envelope import Event
from shared.events.intake import (
    EmergencyRaised,
    PropertyConfigured,
    RequestAccepted,
    RequestAmended,
    UrgencyRaised,
)
from shared.kernel.unit import Command, Handler

READS = ("intake", "dispatch")

EVENTS: Mapping[type[Event], KitHandler] = {
    PropertyConfigured: opening.property_configured,
    RequestAccepted: opening.request_accepted,
    EmergencyRaised: opening.emergency_raised,
    UrgencyRaised: opening.urgency_raised,
    RequestAmended: opening.request_amended,
    WorkQuoted: quoting.work_quoted,
    WorkCompleted: working.work_completed,
    WorkWithdrawn: working.work_withdrawn,
    WorkCancelled: working.work_cancelled,
    WorkNotDone: working.work_not_done,
}

COMMANDS: Mapping[type[Command], KitHandler] = {
    ConsentQuote: quoting.consent_quote,
    RefuseQuote: quoting.refuse_quote,
    ReceivePayment: paying.receive_payment,
    NoteCharge: charging.note_charge,
    ClearDoorCash: paying.clear_door_cash,
    RefundDeposit: deciding.refund_deposit,
    ApproveForfeiture: deciding.approve_forfeiture,
    WaiveForfeiture: deciding.waive_forfeiture,
    RemindForfeiture: deciding.remind_forfeiture,
}


def events(kit: Kit) -> dict[type[Event], Handler]:
    """The event handlers with what they need."""
    return {kind: partial(handler, kit) for kind, handler in EVENTS.items()}


def commands(kit: Kit) -> dict[type[Command], Handler]:
    """The command handlers with what they need."""
    return {kind: partial(handler, kit) for kind, handler in COMMANDS.items()}
