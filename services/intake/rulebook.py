"""What the catalogue and a property's settings say about the steps on a request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.intake.domain.actions import House, Standing, possible_actions
from services.intake.domain.property import Property
from services.intake.domain.request import Request
from services.intake.domain.urgency import by_lists
from shared.catalogue.desk_rules import ComplaintRules, DifficultRules
from shared.catalogue.load import Catalogue
from shared.catalogue.model import IntakeRules
from shared.errors import Bug, Invalid
from shared.http.actions import AllowedAction

NO_RULES = IntakeRules(categories=())


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

    def applied(self, standing: Standing, settled: Property) -> Standing:
        """The standing with the rules that hold for it; what needs none is not looked up."""
        request, house = standing.request, self.house(settled)
        if request.difficult:
            house = replace(house, superior_roles=self.difficult(settled).superior_roles)
        superior = False
        if standing.complaint is not None:
            superior = not standing.roles.isdisjoint(self.complaint(request).superior_roles)
        floor = standing.floor
        if request.hazard and request.urgency != "general":
            floor = by_lists(self._lists(settled, request), request.hazard)
        return replace(standing, house=house, floor=floor, superior=superior)

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
        AllowedAction.model_construct(
            action=action.command.NAME, method="POST", path=f"{base}/{action.path}", body=action.body
        )
        for action in possible_actions(standing)
        if standing.policy.may(standing.roles, action.command.NAME)
    ]
