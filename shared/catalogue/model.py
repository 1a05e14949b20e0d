"""The shape of a catalogue entry: one procedure of the handbooks, with a section per service.

Strict: an unknown key or a wrong type is an error when the files are read, never when an owner calls. Durations carry their unit in
their name. What most procedures have in common is a flow written in Python; an entry chooses one and fills in its parameters.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FieldType = Literal["text", "integer", "boolean", "moment", "choice"]
Flow = Literal["repair", "errand"]


class Section(BaseModel):
    """Base of all sections: frozen, nothing extra."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AskedField(Section):
    """One question of the form. `personal` answers are sealed; `required_for_emergency` stays false but for place and what (P020, J17)."""

    name: str
    type: FieldType
    label_zh: str
    label_en: str
    required: bool = True
    personal: bool = False
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    length_max: int = 500


class HazardItem(Section):
    """One item of the emergency list or of the urgent list (domain §4.3; the lists are kept apart)."""

    id: str
    zh: str
    en: str
    source: str


class IntakeRules(Section):
    """What intake must ask. `areas`: where the work may be; `categories`: what it may be about (empty: any of the trade)."""

    fields: tuple[AskedField, ...] = ()
    areas: tuple[Literal["indoor", "public"], ...] = ("indoor", "public")
    categories: tuple[str, ...]
    channels_refused: tuple[str, ...] = ()
    duplicate_window_hours: int = 24
    emergency_list: tuple[HazardItem, ...] = ()
    urgent_list: tuple[HazardItem, ...] = ()
    unit_required: bool = False


class EscalationStep(Section):
    """Who is told, counted in percent of the time between the report and the deadline: 75 is before, 100 at the breach, 150 after."""

    at_percent: int = Field(ge=1, le=1000)
    to_role: str


class DispatchRules(Section):
    """Who does the work and by when. Deadlines count from the report (domain §8.3.12), days are calendar days of the property's zone."""

    flow: Flow
    department: str
    kind: Literal["repair", "errand"]
    skills: dict[str, str] = {}  # category -> skill; "default" for the rest
    slip_within_minutes: int = 5
    emergency_due_minutes: int = 60
    urgent_due_hours: int = 24
    general_due_days: int = 3
    escalation: tuple[EscalationStep, ...] = ()
    signatures: tuple[str, ...] = ()  # who signs before the work counts as done
    supervisor_dispatches: bool = True  # general repairs go through the repair supervisor
    withdrawal_signature: str = "repair_supervisor"
    partner_required: bool = False
    cancel_notice_hours: int = 0
    modes: Literal["push", "collect", "radio"] = "push"


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
    quote_valid_hours: int = 72
    forfeiture_decide_days: int = 7
    forfeiture_approver: tuple[str, ...] = ("director", "property_manager")
    forfeited_to: Literal["property", "partner"] = "property"


class Notice(Section):
    """Who hears which wording when an event of that type happens."""

    audience: Literal["owner", "staff"]
    template: str


class NotifyRules(Section):
    """What the owner and the staff hear: event type -> notices. Texts are in `shared/catalogue/wordings.toml`."""

    notices: dict[str, tuple[Notice, ...]] = {}


class Procedure(Section):
    """One procedure, as resolved for one profile. `version` is the hash of its content and is remembered by every request."""

    id: str
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
    version: str = ""


class Profile(Section):
    """The variants one handbook binds a property to: overlays per procedure and property-wide settings (ruling J29).

    `settings` holds the blanks of domain §8.1; `unconfirmed` names those that run on our default.
    """

    id: str
    title_zh: str
    title_en: str
    source: tuple[str, ...]
    settings: dict[str, str | int | bool] = {}
    unconfirmed: tuple[str, ...] = ()
    quiet_from: str = "22:00"
    quiet_until: str = "08:00"
    procedures: tuple[str, ...]
    overlay: dict[str, dict[str, object]] = {}
