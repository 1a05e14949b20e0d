"""The sentences of a refusal: what a status means and what an action does, as said at a reception desk."""

from __future__ import annotations

from collections.abc import Mapping

STATUS: Mapping[str, str] = {
    "ISSUED": "the slip is out and nobody has collected it yet",
    "COLLECTED": "the department has the slip and has not called the owner yet",
    "CONTACTED": "the owner has been called and the technician is not there yet",
    "ON_SITE": "the technician is there and has not confirmed the fault yet",
    "ITEM_CONFIRMED": "the fault is confirmed and the work has not begun",
    "QUOTED": "the owner has the quote and has not answered yet",
    "CONSENTED": "the owner has agreed to the price",
    "OBJECTED": "the owner did not agree to the price",
    "STARTED": "the work has begun",
    "REPAIRED": "the work is done and not all have signed yet",
    "SIGNED": "all have signed and the payment is outstanding",
    "CLOSED": "it is finished and paid",
    "WITHDRAWAL_MARKED": "the owner has withdrawn and the supervisor has not signed yet",
    "WITHDRAWN": "the owner has withdrawn it",
    "CANCELLED": "it was cancelled",
    "ASKED": "the partner has not said yet whether there is a car",
    "AVAILABLE": "the partner has a car and the owner has no quote yet",
    "UNAVAILABLE": "the partner has no car",
    "TAXI_CALLED": "a taxi was called instead",
    "FORM_SIGNED": "the form is signed and the deposit is not paid yet",
    "DEPOSIT_PAID": "the deposit is paid",
    "BOOKED": "the car is booked",
    "USED": "the car was used and the payment is outstanding",
    "CANCELLED_IN_TIME": "it was cancelled in time",
    "CANCELLED_LATE": "it was cancelled too late",
}

ACTION: Mapping[str, str] = {
    "collect": "collect the slip",
    "cannot": "say that this person cannot",
    "assign": "give it to somebody",
    "contact": "record the call to the owner",
    "arrive": "record the arrival",
    "no-show": "record that nobody was at home",
    "confirm-item": "confirm the fault",
    "quote": "quote a price",
    "start": "begin the work",
    "complete": "say that the work is done",
    "sign": "sign",
    "withdraw": "record a withdrawal by the owner",
    "hand-over": "hand it over to somebody else",
    "confirm-car": "record the partner's confirmation",
    "unavailable": "record that the partner has no car",
    "taxi": "call a taxi instead",
    "form-signed": "record that the form is signed",
    "used": "record that the car was used",
    "confirm-cancellation": "confirm the cancellation",
}
