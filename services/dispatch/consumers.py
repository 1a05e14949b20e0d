"""The message flow of dispatch as data: which command, event and timer goes to which handler."""

from __future__ import annotations

from functools import partial

from services.dispatch.domain.commands import (
    CancelShift,
    CheckAnswer,
    CheckCancellation,
    CheckPaperwork,
    Escalate,
    FindSomebody,
    PutShifts,
    PutStaff,
    SwapShift,
)
from services.dispatch.domain.people_commands import PutParties
from services.dispatch.domain.relay import HandMessageOver
from services.dispatch.domain.side_commands import CheckFiles, CheckMaterial, CheckParty, CheckReturn
from services.dispatch.domain.slip_commands import IssuePaperBlock, RecordSlipCheck, VoidPaperNumber
from services.dispatch.domain.week import RecordWeek
from services.dispatch.handlers import billing, evidence, relays, side_timers, timers
from services.dispatch.handlers.amending import Amending
from services.dispatch.handlers.callback_keeping import request_closed
from services.dispatch.handlers.callbacks import Callbacks
from services.dispatch.handlers.issuing import Issuing
from services.dispatch.handlers.leave import LEAVE
from services.dispatch.handlers.parties import put_parties
from services.dispatch.handlers.roster import RosterHandlers
from services.dispatch.handlers.slips import Paper, record_check
from services.dispatch.handlers.weekly import record_week
from services.dispatch.handlers.work import work_handlers
from shared.catalogue.load import Catalogue
from shared.events.billing import (
    DepositHeld,
    DepositRefunded,
    DepositRequested,
    QuoteConsented,
    QuoteOffered,
    QuoteRefused,
    RequestSettled,
)
from shared.events.envelope import Event
from shared.events.intake import (
    AttachmentAdded,
    AttachmentErased,
    AttachmentRemoved,
    EmergencyRaised,
    PropertyConfigured,
    RequestAccepted,
    RequestAmended,
    RequestCancelled,
    RequestClosed,
    RequestReopened,
    UrgencyLowered,
    UrgencyRaised,
)
from shared.events.intake_cases import MessageRelayed
from shared.kernel.unit import Command, Handler
from shared.policy import Policy

READS = ("intake", "billing")


def events(catalogue: Catalogue) -> dict[type[Event], Handler]:
    """What each event sets in motion; a type that is not here only counts as seen."""
    issuing = Issuing(catalogue)
    amending = Amending(catalogue, issuing)
    return {
        PropertyConfigured: issuing.configured,
        RequestAccepted: issuing.accepted,
        RequestAmended: amending.amended,
        RequestCancelled: amending.cancelled,
        RequestReopened: issuing.reopened,
        RequestClosed: request_closed,
        MessageRelayed: partial(relays.relayed, catalogue),
        UrgencyRaised: amending.urgency_raised,
        UrgencyLowered: amending.urgency_lowered,
        EmergencyRaised: issuing.emergency_raised,
        AttachmentAdded: evidence.added,
        AttachmentErased: evidence.erased,
        AttachmentRemoved: evidence.removed,
        QuoteOffered: billing.quote_offered,
        QuoteConsented: billing.quote_consented,
        QuoteRefused: billing.quote_refused,
        DepositRequested: billing.deposit_requested,
        DepositHeld: billing.deposit_held,
        DepositRefunded: billing.deposit_refunded,
        RequestSettled: billing.request_settled,
    }


def commands(policy: Policy, catalogue: Catalogue) -> dict[type[Command], Handler]:
    """What people and timers may ask for."""
    roster, paper = RosterHandlers(policy), Paper(catalogue)
    return {
        **work_handlers(policy, catalogue),
        PutStaff: roster.put_staff,
        PutShifts: roster.put_shifts,
        CancelShift: roster.cancel_shift,
        SwapShift: roster.swap_shift,
        PutParties: put_parties,
        **LEAVE,
        **Callbacks(catalogue, policy).commands(),
        Escalate: timers.escalate,
        CheckAnswer: timers.check_answer,
        FindSomebody: timers.find_somebody,
        CheckPaperwork: timers.check_paperwork,
        CheckCancellation: timers.check_cancellation,
        CheckMaterial: side_timers.check_material,
        CheckReturn: side_timers.check_return,
        CheckParty: side_timers.check_party,
        CheckFiles: side_timers.check_files,
        IssuePaperBlock: paper.issue,
        VoidPaperNumber: paper.void,
        RecordSlipCheck: record_check,
        RecordWeek: record_week,
        HandMessageOver: partial(relays.hand_over, catalogue),
    }
