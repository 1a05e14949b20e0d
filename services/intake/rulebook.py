"""What the catalogue and a property's settings say about the steps on a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain.actions import House, Standing, possible_actions
from services.intake.domain.bodies import RequestBody
from services.intake.domain.complaint import Complaint
from services.intake.domain.property import Property
from services.intake.domain.relay import Relay
from services.intake.domain.request import Request
from services.intake.domain.urgency import by_lists
from shared.catalogue.desk_rules import ComplaintRules, DifficultRules
from shared.catalogue.load import Catalogue
from shared.catalogue.model import IntakeRules, Procedure
from shared.errors import Bug, Invalid
from shared.events.intake import Urgency
from shared.http.actions import AllowedAction
from shared.policy import Policy

NO_RULES = IntakeRules(categories=())
GENERAL: Urgency = "general"
RECORDS: Mapping[str, type[Complaint | Relay]] = {"complaint": Complaint, "relay": Relay}
"""The processes whose record says who may take a step."""


EMERGENCY_PROCEDURE = "repair-report"


def opening(catalogue: Catalogue, profile: str, body: RequestBody) -> Procedure:
    """The procedure a request is opened with.

    An emergency goes by the general repair where its own is unknown, would send nobody, or does not know what
    has happened (ruling J17). Raises Invalid for an unknown one otherwise.
    """
    general = catalogue.procedure(EMERGENCY_PROCEDURE, profile)
    asked = body.urgency == "emergency" or by_lists(general.intake or NO_RULES, body.hazard) == "emergency"
    try:
        found = catalogue.procedure(body.procedure, profile)
    except Invalid:
        if not asked:
            raise
        return general
    if not asked or body.origin == "history":
        return found
    knows = not body.hazard or by_lists(found.intake or NO_RULES, body.hazard) != "general"
    return found if found.dispatch is not None and (knows or body.urgency == "emergency") else general


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The catalogue, and the stated limit of attachments."""

    catalogue: Catalogue
    attachments_max: int

    def current(self, settled: Property, request: Request) -> IntakeRules:
        """The procedure's rules as the profile has them now: the lists apply at once (ruling J14)."""
        known = self.catalogue.profile(settled.profile).procedures
        if request.procedure not in known:
            return self.opened(request, settled)
        return self.catalogue.procedure(request.procedure, settled.profile).intake or NO_RULES

    def opened(self, request: Request, settled: Property) -> IntakeRules:
        """The rules the request was opened under. Unknown ones hold a routine request.

        An emergency goes on under today's (ruling J17).
        """
        try:
            return self.catalogue.at(request.catalogue_version).intake or NO_RULES
        except Invalid:
            if request.urgency != "emergency":
                raise
        if request.procedure not in self.catalogue.profile(settled.profile).procedures:
            return NO_RULES
        return self.catalogue.procedure(request.procedure, settled.profile).intake or NO_RULES

    def complaint(self, request: Request) -> ComplaintRules:
        """The numbers the complaint was opened under."""
        desk = self.catalogue.at(request.catalogue_version).desk
        if desk is None or desk.complaint is None:
            raise Bug("a complaint opened under rules that are none of a complaint")
        return desk.complaint

    def difficult(self, settled: Property) -> DifficultRules:
        """The numbers of difficult issues."""
        desk = self.catalogue.procedure("difficult-issue", settled.profile).desk
        if desk is None or desk.difficult is None:
            raise Bug("the procedure of difficult issues has no numbers")
        return desk.difficult

    def house(self, settled: Property) -> House:
        """What the property's settings and the catalogue say about the steps."""
        settings = self.catalogue.profile(settled.profile).settings_with(settled.settings)
        return House(
            attempts_min=int(settings["callback.attempts_min"]),
            attachments_max=self.attachments_max,
            promises=str(settings["promise.policy"]),
        )

    def standing(
        self,
        request: Request,
        settled: Property,
        record: object,
        *,
        by: str,
        roles: frozenset[str],
        now: datetime,
        policy: Policy,
    ) -> Standing:
        """The request with the rules that hold for it; `record`: that of its process, if it has one."""
        house, superior, floor = self.house(settled), False, GENERAL
        if request.difficult:
            house = replace(house, superior_roles=self.difficult(settled).superior_roles)
        complaint = record if isinstance(record, Complaint) else None
        if complaint is not None:
            superior = not roles.isdisjoint(self.complaint(request).superior_roles)
        if request.hazard and request.urgency != GENERAL:
            floor = by_lists(self._lists(settled, request), request.hazard)
        relay = record if isinstance(record, Relay) else None
        return Standing(request, by, roles, now, policy, house, floor, complaint, superior, relay)

    def _lists(self, settled: Property, request: Request) -> IntakeRules:
        """The lists that hold now. A request whose rules are lost can still be read."""
        try:
            return self.current(settled, request)
        except Invalid:
            return NO_RULES


def offered_actions(standing: Standing) -> list[AllowedAction]:
    """What this person may do now, in the order of the actions."""
    request = standing.request
    base = f"/v1/properties/{request.property_id}/requests/{request.id}"
    return [
        AllowedAction(action=action.command.NAME, path=f"{base}/{action.path}", body=action.body)
        for action in possible_actions(standing)
    ]
