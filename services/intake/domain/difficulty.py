"""A difficult issue (P037), a step of any case: a superior calls the owner himself, the first contact
keeps chasing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.domain.colleague import Colleague, check_colleague
from services.intake.domain.contact import Contact
from services.intake.domain.refusals import not_open
from services.intake.domain.request import Request
from shared.catalogue.desk_rules import DifficultRules
from shared.errors import Conflict, Forbidden, Invalid, Rejected, demand
from shared.texts.say import say, words


@dataclass(frozen=True, slots=True)
class Difficulty:
    """The difficulty of one case; `id` is the request's. `number` counts the times it was reported anew."""

    property_id: str
    id: str
    version: int = 0
    number: int = 1
    difficulty: str = ""
    reported_by: str = ""
    superior_id: str = ""
    reported_at: datetime | None = None
    due_at: datetime | None = None
    called_at: datetime | None = None
    called_late: bool = False
    late_told: bool = False  # that the call is late, while it waits
    contact_id: str = ""
    answer: str = ""
    chases: int = 0
    last_answer: str = ""


def not_to_report(request: Request) -> Conflict | None:
    """It is reported again only after the superior has called."""
    if not request.difficult:
        return not_open(request)
    return not_open(request) or Conflict(
        "difficult-already",
        "It has been reported as difficult; the superior has not called yet.",
        accepted="chase-difficult",
    )


def not_to_call(request: Request, roles: Collection[str], superiors: Collection[str]) -> Rejected | None:
    """A supervisor or above calls the owner in person, once it was reported (P037)."""
    if refusal := not_open(request):
        return refusal
    if not request.difficult:
        return Conflict("no-call-due", "No call of a superior is due.", accepted="report-difficult first")
    if set(roles) & set(superiors):
        return None
    return Forbidden("superior-calls", "A supervisor or above calls the owner in person (P037).")


def not_to_chase(request: Request) -> Conflict | None:
    """Answers are chased once it was reported as difficult; the superior's call does not end that."""
    if request.difficult or request.chased:
        return not_open(request)
    return not_open(request) or Conflict(
        "not-difficult",
        "This case has not been reported as difficult.",
        accepted="report-difficult first",
    )


def reported(
    old: Difficulty | None,
    request: Request,
    difficulty: str,
    superior: Colleague | None,
    rules: DifficultRules,
    by: str,
    now: datetime,
) -> Difficulty:
    """It is difficult, and this superior calls the owner in person.

    Raises Conflict while one waits for its call, Invalid for somebody who is no supervisor or above.
    """
    demand(not_to_report(request))
    person = check_colleague(superior, "superior_id")
    if person.role not in rules.superior_roles:
        raise Invalid(
            "not-a-superior",
            "This person is no supervisor or above.",
            field="superior_id",
            accepted=say("somebody who is {choices}", choices=words(rules.superior_roles)),
        )
    return Difficulty(
        request.property_id,
        request.id,
        version=old.version if old else 0,
        number=old.number + 1 if old else 1,
        difficulty=difficulty,
        reported_by=by,
        superior_id=person.id,
        reported_at=now,
        due_at=now + timedelta(hours=rules.call_within_hours),
        chases=old.chases if old else 0,
    )


def called(
    found: Difficulty,
    contact: Contact | None,
    answer: str,
    by: str,
    now: datetime,
) -> Difficulty:
    """The superior called the owner himself (another superior may, in his stead)."""
    personal = contact is not None and contact.agent_id == by and contact.direction == "out"
    about = contact is not None and contact.about_request_id == found.id and contact.result == "reached"
    when = contact.started_at if contact is not None else None
    if not personal or not about or when is None or found.reported_at is None or when < found.reported_at:
        raise Conflict(
            "not-called-in-person",
            "This is no call of yours that reached the owner about this case.",
            field="contact_id",
            accepted="your own outgoing contact about this request, after it was reported, that reached him",
        )
    late = found.due_at is not None and when > found.due_at
    return replace(
        found, called_at=when, called_late=late, contact_id=contact.id if contact else "", answer=answer
    )


def chased(found: Difficulty, answer: str) -> Difficulty:
    """The first contact asked the leader again and wrote down what he said; a call does not relieve him."""
    return replace(found, chases=found.chases + 1, last_answer=answer)
