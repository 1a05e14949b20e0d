"""The commands of the service guide (P015) and the bodies that are sent with them."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from services.intake.domain.bodies import Body, Long, Name, Phone, Text
from services.intake.domain.opening import OPENINGS_MAX, OpeningBody
from shared.kernel.unit import Command

SERVICES_MAX, CONTENTS_MAX = 200, 20


class OfferBody(Body):
    """Whether the property offers a service, when, and at which telephone; without one, at its hotline."""

    service: Name
    active: bool
    hours: Annotated[tuple[OpeningBody, ...], Field(max_length=OPENINGS_MAX)] = ()
    phone: Phone = ""


class ContentBody(Body):
    """What else stands in the guide, in both languages; empty texts take it out."""

    kind: Name
    text_zh: Long = ""
    text_en: Long = ""


class GuideBody(Body):
    """Changes to the guide: those named are set as they are here, all others stay."""

    services: Annotated[tuple[OfferBody, ...], Field(max_length=SERVICES_MAX)] = ()
    contents: Annotated[tuple[ContentBody, ...], Field(max_length=CONTENTS_MAX)] = ()


class DistributeBody(Body):
    """How an edition is given out; `place`: where it hangs or lies."""

    way: Name
    place: Text = ""


class SetGuide(Command):
    """Say what the property offers."""

    NAME: ClassVar[str] = "intake.set_guide"
    body: GuideBody


class CompileGuide(Command):
    """Compile the next edition of the guide from what is set now."""

    NAME: ClassVar[str] = "intake.compile_guide"


class DistributeGuide(Command):
    """Give out an edition in one way."""

    NAME: ClassVar[str] = "intake.distribute_guide"
    number: int
    body: DistributeBody


class TellGuide(Command):
    """Tell the next households of an edition; caused by a loop of ours.

    `after`: the last person of the page before; `people`: those of this one, in the order of their ids.
    """

    NAME: ClassVar[str] = "intake.tell_guide"
    number: int
    after: str
    people: tuple[str, ...]
    last: bool
