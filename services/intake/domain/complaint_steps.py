"""Each step of a complaint as a function: the complaint before, what was said, the complaint after, or a
refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.domain.colleague import Colleague, check_colleague
from services.intake.domain.complaint import Complaint, about, out_of_order
from services.intake.domain.complaint_bodies import VerifyComplaintBody
from services.intake.domain.contact import Contact
from services.intake.domain.question import question_open
from shared.catalogue.desk_rules import ComplaintRules
from shared.errors import Conflict, Forbidden, Invalid, Rejected, demand
from shared.events.intake import Outcome
from shared.events.intake_complaints import AlarmKind, Grade, Validity
from shared.texts.say import say, word, words

CLOCKS: tuple[AlarmKind, ...] = ("report_late", "answer_late", "press_due", "department_late")
RANK: dict[str, int] = {"": 0, "GENERAL": 1, "IMPORTANT": 2, "MAJOR": 3}


def _supervisor_lowers() -> Forbidden:
    return Forbidden("supervisor-lowers", "Only a supervisor or above lowers the grade of a complaint.")


def only_lower(complaint: Complaint, *, superior: bool) -> Forbidden | None:
    """The highest grade can only be lowered, which a supervisor or above does."""
    return None if superior or complaint.grade != "MAJOR" else _supervisor_lowers()


def too_early(complaint: Complaint, now: datetime) -> Conflict | None:
    """The desk presses from the set time on (004 篇2 §一.7)."""
    if complaint.press_from is None or now >= complaint.press_from:
        return None
    return Conflict(
        "too-early-to-press",
        "It is too early to press for this complaint.",
        accepted=say("from {moment}", moment=complaint.press_from.isoformat(timespec="minutes")),
    )


def ungraded(complaint: Complaint) -> Conflict | None:
    """What has no grade is not handled."""
    if complaint.grade:
        return None
    return Conflict(
        "no-grade",
        "Nobody has said how weighty this complaint is.",
        accepted="grade it first: GENERAL, IMPORTANT or MAJOR",
    )


def handled_by(complaint: Complaint, by: str) -> Forbidden | None:
    """Who handled it does not ask the owner about it himself."""
    if by != complaint.responsible_id:
        return None
    return Forbidden("own-work", "Who handled the complaint does not ask the owner about it himself.")


def not_to_step(
    complaint: Complaint, step: str, by: str, now: datetime, *, superior: bool
) -> Rejected | None:
    """Why this person does not take the step now; the same for the command and for the list (J23)."""
    if refusal := about(complaint, by) or out_of_order(complaint, step):
        return refusal
    if step == "grade":
        return only_lower(complaint, superior=superior)
    if step == "press":
        return too_early(complaint, now)
    if step == "handle":
        return ungraded(complaint)
    if step == "verify":
        return handled_by(complaint, by)
    return question_open(complaint) if step == "ask-department" else None


def confirmed(
    complaint: Complaint, restated: str, about_ids: Sequence[str], about_department: str, now: datetime
) -> Complaint:
    """The owner said: yes, that is what I mean."""
    return replace(
        complaint,
        state="CONFIRMED",
        restated=restated,
        about_staff_ids=tuple(dict.fromkeys((*complaint.about_staff_ids, *about_ids))),
        about_department=about_department or complaint.about_department,
        confirmed_at=now,
    )


def corrected(complaint: Complaint, was: Mapping[str, object], said: Mapping[str, object]) -> Complaint:
    """It was about somebody else: the answers of the request before and after they were corrected (J25)."""
    others = (one for one in complaint.about_staff_ids if one != was.get("about_staff_id"))
    people = dict.fromkeys((*others, str(said.get("about_staff_id", ""))))
    return replace(
        complaint,
        about_staff_ids=tuple(one for one in people if one),
        about_department=str(said.get("about_department", "")),
    )


def reported(complaint: Complaint, to: str, now: datetime) -> Complaint:
    """A supervisor or above knows of it; only the first time counts."""
    if complaint.reported_at is not None:
        return complaint
    late = complaint.report_due_at is not None and now >= complaint.report_due_at
    return replace(complaint, reported_at=now, reported_to=to, report_late=late)


def assigned(complaint: Complaint, who: Colleague | None, rules: ComplaintRules, now: datetime) -> Complaint:
    """Somebody answers for it. Raises Invalid for a stranger, for who may not, and for who it is about."""
    person = check_colleague(who, "responsible_id")
    if person.id in complaint.about_staff_ids:
        raise Invalid(
            "complained-about",
            "The complaint is about this person; he may not handle it.",
            field="responsible_id",
            accepted="another supervisor, or the head of the department",
        )
    if person.role not in rules.responsible_roles:
        raise Invalid(
            "not-responsible",
            "This person cannot answer for a complaint.",
            field="responsible_id",
            accepted=say("somebody who is {choices}", choices=words(rules.responsible_roles)),
        )
    if person.id == complaint.responsible_id:
        raise Conflict("same-person", "This person has it already.", field="responsible_id")
    return replace(
        complaint,
        state="ASSIGNED" if complaint.state == "CONFIRMED" else complaint.state,
        responsible_id=person.id,
        department=person.department,
        assigned_at=now,
    )


def graded(complaint: Complaint, grade: Grade, *, superior: bool) -> Complaint:
    """How weighty it is. Anyone at the desk may raise it; only a supervisor or above lowers it."""
    if grade == complaint.grade:
        raise Conflict(
            "same-grade",
            say("It is {grade} already.", grade=word(grade)),
            field="grade",
            accepted="another grade",
        )
    if RANK[grade] < RANK[complaint.grade] and not superior:
        raise _supervisor_lowers()
    return replace(complaint, grade=grade)


def investigated(complaint: Complaint, findings: str, now: datetime) -> Complaint:
    """What happened is known."""
    return replace(complaint, state="INVESTIGATED", findings=findings, investigated_at=now)


def judged(complaint: Complaint, validity: Validity, explanation: str, now: datetime) -> Complaint:
    """Valid or not, with the explanation; who it is about has no say (see `about`)."""
    return replace(complaint, state=validity, validity=validity, explanation=explanation, judged_at=now)


def answered(complaint: Complaint, *, interim: bool, now: datetime) -> tuple[Complaint, bool]:
    """The owner got an answer, and whether it was late; the result can be told once there is one."""
    if not interim and complaint.state not in ("VALID", "INVALID", "HANDLED"):
        raise Conflict(
            "no-result-yet",
            "There is no result to tell yet.",
            field="interim",
            accepted="true: an interim answer",
        )
    first = complaint.answered_at is None
    late = first and complaint.answer_due_at is not None and now > complaint.answer_due_at
    after = replace(
        complaint,
        answered_at=complaint.answered_at or now,
        answers=complaint.answers + 1,
        answers_late=complaint.answers_late + late,
    )
    return after, late


def pressed(complaint: Complaint, now: datetime) -> Complaint:
    """The desk presses those who lead, which it may after the set time (004 篇2 §一.7)."""
    demand(too_early(complaint, now))
    return replace(complaint, presses=complaint.presses + 1)


def handled(complaint: Complaint, result: str, now: datetime) -> Complaint:
    """Done. Raises Conflict while it has no grade."""
    demand(ungraded(complaint))
    return replace(complaint, state="HANDLED", result=result, handled_at=now)


def check_told(contact: Contact | None, request_id: str, *, by_letter: bool) -> None:
    """The owner really heard it: in a contact about this request that reached him, or by letter."""
    if by_letter:
        return
    if contact is None or contact.about_request_id != request_id or contact.result == "no_answer":
        raise Conflict(
            "owner-not-told",
            "There is no recorded contact in which the owner heard this.",
            field="contact_id",
            accepted="a contact about this request that reached the owner, or by_letter",
        )


def verified(
    complaint: Complaint, body: VerifyComplaintBody, by: str, contact: Contact | None, now: datetime
) -> Complaint:
    """The owner was asked; never by who handled it. A telephone callback is proven once a second person has
    signed it himself (R18).
    """
    demand(handled_by(complaint, by))
    if body.how == "visit" and not body.owner_mark:
        raise Invalid(
            "missing-mark",
            "On a visit the owner signs.",
            field="owner_mark",
            accepted="his signature or mark",
        )
    if body.how == "phone":
        check_told(contact, complaint.id, by_letter=False)
    return replace(complaint, verified_at=now, verified_by=by, second_id="", proven=body.how != "phone")


def not_to_countersign(complaint: Complaint | None, by: str) -> Rejected | None:
    """A callback waits for the second signature of a person who had no part in it (R18)."""
    if complaint is None or complaint.verified_at is None or complaint.proven:
        return Conflict("nothing-to-sign", "No callback of this complaint waits for a second signature.")
    if by in (complaint.verified_by, complaint.responsible_id, *complaint.about_staff_ids):
        return Forbidden("second-person", "The second signature is somebody else's (R18).")
    return None


def countersigned(complaint: Complaint | None, by: str) -> Complaint:
    """The second person signs, also on the next shift (P127)."""
    demand(not_to_countersign(complaint, by))
    assert complaint is not None
    return replace(complaint, second_id=by, proven=True)


def continued(complaint: Complaint, rules: ComplaintRules, now: datetime) -> Complaint:
    """Not satisfied: a new round, whose clocks start now."""
    return replace(
        complaint,
        state="ASSIGNED",
        round=complaint.round + 1,
        validity="",
        answered_at=None,
        answer_due_at=now + timedelta(hours=rules.answer_within_hours),
        press_from=now + timedelta(hours=rules.press_after_hours),
        outcome="",
        closed_at=None,
        told=untold(complaint, "answer_late", "press_due"),
    )


def ended(complaint: Complaint, outcome: Outcome, now: datetime) -> Complaint:
    """It ends with its request."""
    return replace(complaint, state="CLOSED", outcome=outcome, closed_at=now, question=None)


def told(complaint: Complaint, kind: AlarmKind) -> Complaint:
    """The complaint after somebody was told that this is late."""
    return replace(complaint, told=(*untold(complaint, kind), kind))


def untold(complaint: Complaint, *kinds: AlarmKind) -> tuple[AlarmKind, ...]:
    """What was told, without these: they begin anew."""
    return tuple(kind for kind in complaint.told if kind not in kinds)


def awaited(complaint: Complaint) -> dict[AlarmKind, datetime]:
    """What will be told if nothing happens until then, and has not been told yet."""
    question = complaint.question.id if complaint.question is not None else ""
    due = {kind: overdue(complaint, kind, complaint.round, question) for kind in CLOCKS}
    return {kind: at for kind, at in due.items() if at is not None and kind not in complaint.told}


def overdue(complaint: Complaint, kind: AlarmKind, round: int, question_id: str) -> datetime | None:
    """When what a timer watches was due, if it has really not happened; None if it has."""
    if kind == "report_late":
        return complaint.report_due_at if complaint.reported_at is None else None
    if kind == "answer_late":
        due = complaint.answered_at is None and complaint.round == round
        return complaint.answer_due_at if due else None
    if kind == "press_due":
        due = complaint.round == round and complaint.state not in ("HANDLED", "INVALID", "CLOSED")
        return complaint.press_from if due else None
    question = complaint.question
    return question.due_at if question is not None and question.id == question_id else None
