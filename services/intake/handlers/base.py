"""What all handlers of intake need: the catalogue, the policy, the limits, and the property they work in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from services.intake.answers import RequestState, state_of
from services.intake.domain.actions import OPEN_TO_ALL, House
from services.intake.domain.changes import taken_over
from services.intake.domain.complaint import Complaint, about
from services.intake.domain.contact import Contact
from services.intake.domain.property import Property, setting_number
from services.intake.domain.request import Request, Talk
from services.intake.domain.special import WatchTalk
from services.intake.domain.timeline import Entry, entry_id
from services.intake.domain.times import Limits
from services.intake.domain.watch import LOST_RULES
from services.intake.rulebook import RECORDS, Rulebook, offered_actions
from shared.catalogue.desk_rules import ComplaintRules, DifficultRules
from shared.catalogue.load import Catalogue
from shared.catalogue.model import DispatchRules, IntakeRules
from shared.errors import Bug, Conflict, Invalid, NotFound, demand
from shared.events.intake import FirstContactTaken, RequestClosed
from shared.events.intake_special import DirectorTalkDue
from shared.kernel.unit import Command, Unit
from shared.policy import Policy

C = TypeVar("C", bound=Command)
PROMISE_NOTICE, PROMISE_PASSED, PROMISE_CHAIN = "promise-notice", "promise-passed", "promise"
FIRST_CONTACT = "first-contact"
DIRECTOR_TALK = "director-talk"


@dataclass(frozen=True, slots=True)
class Handlers:
    """Base of the handler classes; made once per process in `app.py`."""

    catalogue: Catalogue
    policy: Policy
    limits: Limits

    async def settled(self, unit: Unit) -> Property:
        """The property. Raises Conflict if it was never opened."""
        found = await unit.look(Property, unit.cause.property_id)
        if found is None:
            raise Conflict(
                "property-not-open",
                "This property has not been opened yet.",
                accepted="PUT the property first",
            )
        return found

    def current_rules(self, settled: Property, request: Request) -> IntakeRules:
        """See `Rulebook.current`."""
        return self.rulebook.current(settled, request)

    def rules_of(self, request: Request, settled: Property) -> IntakeRules:
        """See `Rulebook.opened`."""
        return self.rulebook.opened(request, settled)

    def talk(self, settled: Property) -> Talk:
        """The director's conversation that a special client's request is followed by (P009)."""
        profile = self.catalogue.profile(settled.profile)
        return Talk(setting_number(profile, settled, "special.talk_within_hours"))

    def dispatch_rules(self, request: Request) -> DispatchRules | None:
        """What dispatch does about the request; the defaults where its rules are lost."""
        try:
            return self.catalogue.at(request.catalogue_version).dispatch
        except Invalid:
            return LOST_RULES

    async def request(self, unit: Unit, request_id: str) -> Request:
        """The request a command speaks of, in the version its If-Match names.

        Raises NotFound, Stale, and Forbidden for a complaint about who sends the command.
        """
        found = await unit.load(Request, request_id)
        if found is None:
            raise NotFound("no-such-request", "There is no such request in this property.")
        unit.require_match(found.version)
        if not isinstance(unit.cause.payload, OPEN_TO_ALL):
            await self.check_not_about(unit, found)
        return found

    async def check_not_about(self, unit: Unit, request: Request) -> None:
        """Nobody takes part in a complaint about himself. Raises Forbidden."""
        complaint = await unit.load(Complaint, request.id) if request.process == "complaint" else None
        demand(about(complaint, unit.cause.principal.sub) if complaint is not None else None)

    async def contact(self, unit: Unit, contact_id: str) -> Contact | None:
        """The contact a body names, if it names one. Raises Invalid."""
        if not contact_id:
            return None
        found = await unit.look(Contact, contact_id)
        if found is None:
            raise Invalid(
                "unknown-contact",
                "There is no such contact.",
                field="contact_id",
                accepted="a recorded contact",
            )
        return found

    async def state(self, unit: Unit, request: Request) -> RequestState:
        """The answer to a command on a request that was just saved."""
        principal, kind = unit.cause.principal, RECORDS.get(request.process)
        standing = self.rulebook.standing(
            request,
            await self.settled(unit),
            await unit.load(kind, request.id) if kind else None,
            by=principal.sub,
            roles=principal.roles_in(request.property_id, unit.now),
            now=unit.now,
            policy=self.policy,
        )
        return state_of(request, offered_actions(standing))

    @property
    def rulebook(self) -> Rulebook:
        """What the catalogue says of the actions."""
        return Rulebook(self.catalogue, self.limits.attachments_per_request_max)

    def house(self, settled: Property) -> House:
        """What the property's settings and the catalogue say about the steps."""
        return self.rulebook.house(settled)

    def difficult_rules(self, settled: Property) -> DifficultRules:
        """The numbers of difficult issues."""
        return self.rulebook.difficult(settled)

    def rules_for(self, request: Request) -> ComplaintRules:
        """The numbers the complaint was opened under."""
        return self.rulebook.complaint(request)

    def close(self, unit: Unit, request: Request) -> None:
        """Tell that the request reached its end state, and forget what was still to be watched."""
        if request.status == "OPEN" or request.closed_at is None:
            raise Bug("only an ended request is closed")
        unit.emit(RequestClosed(request_id=request.id, outcome=request.status, closed_at=request.closed_at))
        if request.promise.promised_at is not None:
            unit.cancel_timer(PROMISE_NOTICE)
            unit.cancel_timer(PROMISE_PASSED)
        if not request.first_contact_id:
            unit.cancel_timer(FIRST_CONTACT)
        if request.talk.waiting and request.talk.due_at is not None:
            unit.emit(
                DirectorTalkDue(
                    request_id=request.id,
                    reference=request.reference,
                    place=request.place,
                    due_at=request.talk.due_at,
                    handled_at=request.closed_at,
                )
            )
            unit.start_timer(DIRECTOR_TALK, request.talk.due_at, WatchTalk(request_id=request.id))

    def note(self, unit: Unit, request: Request, what: str, *, on_behalf_of: str = "", **detail: str) -> None:
        """One line of the request's timeline, told by intake itself."""
        unit.save(
            Entry(
                request.property_id,
                entry_id("intake", 0, unit.derived_id(f"timeline:{what}")),
                request_id=request.id,
                at=unit.now,
                who=unit.cause.principal.sub,
                what=what,
                device=unit.cause.device,
                on_behalf_of=on_behalf_of,
                detail={name: text for name, text in detail.items() if text},
            )
        )


class OnBehalf(Protocol):
    """A body whose sender says why he acts for the first contact."""

    @property
    def on_behalf_reason(self) -> str: ...


def by_whom(behalf: str, body: OnBehalf) -> dict[str, str]:
    """For a line of the timeline: the first contact somebody acted for, and why (P009)."""
    return {"on_behalf_of": behalf, "on_behalf_reason": body.on_behalf_reason} if behalf else {}


def taken(unit: Unit, request: Request) -> Request:
    """The request with a first contact: who does the first step on one that has none takes it over (P009)."""
    if request.first_contact_id:
        return request
    after = taken_over(request, unit.cause.principal.sub)
    unit.emit(
        FirstContactTaken(request_id=after.id, first_contact_id=after.first_contact_id, taken_at=unit.now)
    )
    unit.cancel_timer(FIRST_CONTACT)
    return after


def payload(unit: Unit, kind: type[C]) -> C:
    """The command of a unit."""
    command = unit.cause.payload
    if not isinstance(command, kind):
        raise Bug(f"{kind.__name__} expected")
    return command
