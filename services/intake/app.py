"""Composition root of intake: `service` is what a process of it runs."""

from __future__ import annotations

from services.intake.api import ROUTERS
from services.intake.audit import AUDIT
from services.intake.consumers import READS, commands, events
from services.intake.days import DayChecks
from services.intake.domain.times import Limits
from services.intake.guide_notices import GuideNotices
from services.intake.keeper import AttachmentKeeper
from services.intake.repository import INDEXES, KINDS
from services.intake.watch import Watch
from shared.catalogue.load import Catalogue
from shared.kernel.runtime import Service
from shared.kernel.unit import Wiring
from shared.policy import Policy
from shared.settings import settings

CATALOGUE = Catalogue.shipped()
POLICY = Policy.shipped()
LIMITS = Limits(
    future_minutes_max=settings().intake_future_minutes_max,
    past_days_max=settings().intake_past_days_max,
    ahead_days_max=settings().intake_ahead_days_max,
    attachments_per_request_max=settings().attachments_per_request_max,
)
WIRING = Wiring(
    service="intake",
    reads=READS,
    kinds=KINDS,
    commands=commands(CATALOGUE, POLICY, LIMITS),
    events=events(CATALOGUE, POLICY, LIMITS),
    indexes=INDEXES,
    timers=AUDIT.commands,
)
service = Service(wiring=WIRING, routers=ROUTERS, loops=(AttachmentKeeper, Watch, DayChecks, GuideNotices))
