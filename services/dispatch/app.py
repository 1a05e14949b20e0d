"""Composition root of dispatch: `service` is what a process of it runs."""

from __future__ import annotations

from services.dispatch.api import ROUTERS
from services.dispatch.audit import AUDIT
from services.dispatch.consumers import READS, commands, events
from services.dispatch.rain import RainRounds
from services.dispatch.repository import INDEXES, KINDS
from services.dispatch.rollup import LoadRollUp
from services.dispatch.slipwatch import SlipWatch
from services.dispatch.weekly import WeeklyReports
from shared.catalogue.load import Catalogue
from shared.kernel.runtime import Service
from shared.kernel.unit import Wiring
from shared.policy import Policy

WIRING = Wiring(
    service="dispatch",
    reads=READS,
    kinds=KINDS,
    commands=commands(Policy.shipped(), Catalogue.shipped()),
    events=events(Catalogue.shipped()),
    indexes=INDEXES,
    timers=AUDIT.commands,
)
service = Service(wiring=WIRING, routers=ROUTERS, loops=(LoadRollUp, RainRounds, SlipWatch, WeeklyReports))
