"""The person who reads, and which actions stand open to him: by the policy, and by the catalogue (J23)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.payment import ENGINEERING
from shared.catalogue.model import BillingRules
from shared.http.actions import AllowedAction
from shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who reads, with his roles here. `rules` are those of the request, where they are at hand."""

    property_id: str
    roles: frozenset[str]
    policy: Policy
    now: datetime
    rules: BillingRules | None = None

    @property
    def collects(self) -> bool:
        """Whether the catalogue lets him take or hand out money; true where the rules are not at hand."""
        allowed = self.rules is None or bool(self.roles & set(self.rules.collected_by))
        return allowed and not self.roles & ENGINEERING

    @property
    def decides(self) -> bool:
        """Whether the catalogue lets him decide over deposits; true where the rules are not at hand."""
        return self.rules is None or bool(self.roles & set(self.rules.forfeiture_approver))

    def action(self, name: str, path: str, body: str) -> list[AllowedAction]:
        """That action, if the policy lets the viewer do it."""
        if not self.policy.may(self.roles, name):
            return []
        return [AllowedAction(action=name, path=f"/v1/properties/{self.property_id}/{path}", body=body)]
