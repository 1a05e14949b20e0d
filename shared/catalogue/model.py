"""The shape of a catalogue entry: one procedure of the handbooks, with a section per service.

Strict: an unknown key or a wrong type is an error when the files are read, never when an owner calls.
Durations carry their unit in their name. What most procedures have in common is a flow written in Python; an
entry chooses one and fills in its parameters.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.catalogue.callback_rules import CallbackRule
from shared.catalogue.desk_rules import DeskRules
from shared.catalogue.section import Section

FieldType = Literal["text", "integer", "boolean", "moment", "choice"]
Flow = Literal["repair", "errand"]
Area = Literal["indoor", "public"]
# What `Notice.to` may be besides a role; POST: the role or person that the event itself names.
FIRST_CONTACT, RESPONSIBLE, POST = "first_contact", "responsible", "post"
HQ_DUTY = "hq_duty"  # end of the duty chain (J21): somebody of headquarters, who has no role in the property


class AskedField(Section):
    """One question of the form.

    `required_in`: where an answer is required; elsewhere it may be left out. `personal` answers are sealed.
    An emergency needs place and what, whatever is `required` here (P020, J17).
    """

    name: str
    type: FieldType
    label_zh: str
    label_en: str
    required: bool = True
    required_in: tuple[Area, ...] = ("indoor", "public")
    personal: bool = False
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    length_max: int = 500

    def needed_in(self, area: str) -> bool:
        """Whether work in that area needs an answer."""
        return self.required and area in self.required_in


class HazardItem(Section):
    """One item of the emergency list or of the urgent list (domain §4.3; the lists are kept apart)."""

    id: str
    zh: str
    en: str
    source: str


class IntakeRules(Section):
    """What intake must ask.

    `areas`: where the work may be; `categories`: what it may be about (empty: any of the trade).
    `warranty_months`: how long the developer answers for a category, from the unit's delivery (P024); the
    categories not named there have the setting `warranty.months`; empty: the procedure knows no warranty.
    """

    fields: tuple[AskedField, ...] = ()
    areas: tuple[Area, ...] = ("indoor", "public")
    categories: tuple[str, ...]
    channels_refused: tuple[str, ...] = ()
    channels_only: tuple[str, ...] = ()  # if any: no other channel opens it
    duplicate_window_hours: int = 24
    emergency_list: tuple[HazardItem, ...] = ()
    urgent_list: tuple[HazardItem, ...] = ()
    unit_required: bool = False
    warranty_months: dict[str, Annotated[int, Field(ge=0, le=600)]] = {}

    def months_of_warranty(self, category: str, otherwise: int) -> int:
        """How long the developer answers for a category; 0 where the procedure knows no warranty (P024)."""
        return self.warranty_months.get(category, otherwise) if self.warranty_months else 0


class EscalationStep(Section):
    """Who is told, counted in percent of the time between the report and the deadline.

    75 is before, 100 at the breach, 150 after. `urgent_also`: who hears of it besides where the work is
    urgent or an emergency (P019).
    """

    at_percent: int = Field(ge=1, le=1000)
    to_role: str
    urgent_also: tuple[str, ...] = ()


class Fallback(Section):
    """What is offered instead when the partner cannot (P067).

    Only with the owner's recorded consent, if `consent_required`.
    """

    id: str
    zh: str
    en: str
    consent_required: bool = True
    fields: tuple[AskedField, ...] = ()


class DispatchRules(Section):
    """Who does the work and by when.

    Deadlines count from the report (domain §8.3.12); days are calendar days of the property's zone.
    `signatures`: who signs before the work counts as done; `public_signatures`: who signs instead when the
    area is public (P021), where it differs. `quote_before_start`: work in a home waits for the consented
    quote (P014). Shipped procedures state their numbers in their files; the defaults here are only what an
    emergency runs under where its rules are lost.
    """

    flow: Flow
    department: str
    kind: Literal["repair", "errand"]
    departments: dict[str, str] = {}  # category -> department, where it is another one
    skills: dict[str, str] = {}  # category -> skill; "default" for the rest
    slip_within_minutes: int = 5
    slip_late_days: int = 2  # slips of so many last days of a month are counted in the next (P029)
    emergency_due_minutes: int = 60
    urgent_due_hours: int = 24
    general_due_days: int = 3
    emergency_answer_within_seconds: int = 15  # intake tells the duty chain that nobody has answered (J30)
    escalation: tuple[EscalationStep, ...] = ()
    collect_within_minutes: int | None = None  # of rules of an earlier release; now dispatch.collect_minutes
    paperwork_within_hours: int = 24  # after an emergency: its slip is completed and signed (P020)
    signatures: tuple[str, ...] = ()
    public_signatures: tuple[str, ...] = ()
    quote_before_start: bool = False
    supervisor_dispatches: bool = True  # general repairs go through the repair supervisor
    withdrawal_signature: str = "repair_supervisor"
    partner_required: bool = False
    fallback: Fallback | None = None
    cancel_notice_hours: int = 0
    cancel_confirm_minutes: int = 60  # a notice that nobody has confirmed by then is told to somebody (P066)
    general_assigned_by: tuple[
        str, ...
    ] = ()  # who gives out general repairs where the supervisor does; none: anybody
    bells: Annotated[int, Field(ge=1, le=10)] = 2  # so often is rung at a home, then nobody counts as there
    bell_wait_minutes: int = 3  # between two rings (P016)
    late_after_minutes: int = 10  # after the appointment: from then on the owner is called first
    companion: str = ""  # who goes in with the worker and stays beside him; empty: nobody has to
    notice_signature: str = ""  # who signs the notice before anybody is told (P026); empty: nobody
    material_report_days: int = 3  # the head's report of missing material, from collection (P028)
    warranty_due_days: int = 7  # the developer's time for a warranty item (P024)
    outside_due_days: int = 7  # an outside unit's time (P025)
    modes: Literal["push", "collect", "radio"] = "push"
    callback: bool = False  # whether the owner is called back when it is done (P031)
    callback_rules: tuple[CallbackRule, ...] = ()  # the first that applies names the kind; else "other"


class TariffRow(Section):
    """One price: told before service, charged as consented."""

    code: str
    zh: str
    en: str
    amount_minor: int = Field(ge=0)
    unit: str = "item"


class BillingRules(Section):
    """What it costs and what happens to the deposit."""

    payer: Literal["owner", "property", "none"]
    public_area_free: bool = True
    tariff: tuple[TariffRow, ...] = ()
    partner_price: bool = False  # the amount is the partner's, quoted per case
    deposit_percent: int = Field(default=0, ge=0, le=100)
    deposit_methods: tuple[str, ...] = ("cash",)
    payment_methods: tuple[str, ...] = ("cash", "card", "qr", "transfer")
    collected_by: tuple[str, ...] = ("cashier",)  # roles that may take the money; never engineering (R1)
    noted_first: bool = False  # finance notes a charge before anybody else collects it (P030)
    quote_valid_hours: int = 72
    forfeiture_decide_days: int = 7
    forfeiture_remind_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24  # after that, until one decides
    forfeiture_approver: tuple[str, ...] = ("director", "property_manager")
    forfeited_to: Literal["property", "partner"] = "property"


class Notice(Section):
    """Who hears which wording when an event of that type happens.

    `to`: which of the staff. Empty: whom the event names, else who has the work; `first_contact`;
    `responsible`: the event's `responsible_id`; else a role, and all who hold it.
    `when` and `unless` compare fields of the event: `when = { purpose = "deposit" }`; a dotted name reaches
    inside an amount.
    """

    audience: Literal["owner", "staff"]
    template: str
    to: str = ""
    when: dict[str, str | int | bool] = {}
    unless: dict[str, str | int | bool] = {}

    def applies(self, event: BaseModel) -> bool:
        """Whether this event is one that the notice is for: all of `when` hold, none of `unless`."""
        if any(_field(event, name) != wanted for name, wanted in self.when.items()):
            return False
        return not any(_field(event, name) == refused for name, refused in self.unless.items())


def _field(event: BaseModel, dotted: str) -> object:
    value: object = event
    for name in dotted.split("."):
        value = getattr(value, name, None)
    return value


class NotifyRules(Section):
    """What the owner and the staff hear: event type -> notices. The texts are in `wordings.toml`."""

    notices: dict[str, tuple[Notice, ...]] = {}


class Procedure(Section):
    """One procedure, as resolved for one profile.

    `version` is the hash of its content and is remembered by every request. `extends` names the procedure
    whose file this one starts from; what the profile changes there holds here too.
    """

    id: str
    extends: str = ""
    number: str  # P018
    title_zh: str
    title_en: str
    kind: Literal["case", "duty", "rule", "norm", "report"]
    source: tuple[str, ...]
    opens: bool = True  # whether a request can be opened with it (a withdrawal cannot)
    record_category: int
    intake: IntakeRules | None = None
    dispatch: DispatchRules | None = None
    billing: BillingRules | None = None
    notify: NotifyRules | None = None
    desk: DeskRules | None = None
    version: str = ""
