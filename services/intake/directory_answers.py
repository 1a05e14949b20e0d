"""What intake answers about properties, units, people and contacts."""

from __future__ import annotations

from datetime import datetime

from services.intake.answers import Answer
from shared.http.actions import AllowedAction
from shared.texts.rows import RefusedRow


class PropertyAnswer(Answer):
    """A property's settings. `unconfirmed`: what runs on our default until the client has confirmed it."""

    property_id: str
    version: int
    name_zh: str
    name_en: str
    zone: str
    profile: str
    currency: str
    settings: dict[str, str | int | bool]
    duty_chain: list[str]
    training: bool
    unconfirmed: list[str] = []
    allowed_actions: list[AllowedAction] = []


class UnitAnswer(Answer):
    """A unit. `delivered_on`: the day of its delivery, such as 2025-06-30; empty if not known."""

    id: str
    version: int
    label: str
    building: str
    floor: str
    room: str
    kind: str
    delivered_on: str
    allowed_actions: list[AllowedAction] = []


class HomeAnswer(Answer):
    """What a person is in a unit."""

    unit_id: str
    label: str
    building: str
    role: str


class PersonAnswer(Answer):
    """An owner, tenant or member of a household."""

    id: str
    version: int
    name: str
    phones: list[str]
    email: str
    language: str
    special: bool
    units: list[HomeAnswer]
    allowed_actions: list[AllowedAction] = []


class ContactAnswer(Answer):
    """A call, visit or message, as recorded."""

    id: str
    version: int
    channel: str
    medium: str
    direction: str
    caller_phone: str
    agent_id: str
    recorded_by: str
    person_id: str
    about_request_id: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    recorded_at: datetime
    answer_seconds: float | None
    result: str
    note: str
    request_ids: list[str] = []
    allowed_actions: list[AllowedAction] = []


class Recorded(Answer):
    """What was recorded, in the order it was sent. One thing: its id and version stand at the top too.

    `refused`: the lines of a file that were not taken over.
    """

    ids: list[str]
    refused: list[RefusedRow] = []
    id: str = ""
    version: int = 0
    allowed_actions: list[AllowedAction] = []
