"""The person who reads, and which actions stand open to him: by the policy, and by the catalogue (J23)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.deposit import Deposit, DepositAction, not_to_decide, same_person
from services.billing.domain.payment import DRAWER_ROLES, no_collector
from shared.catalogue.model import BillingRules
from shared.http.actions import AllowedAction
from shared.policy import Policy

NOBODY_PAYS = BillingRules(payer="none")


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who reads, with his roles here. `rules` are those of the request; none: nobody pays."""

    property_id: str
    sub: str
    roles: frozenset[str]
    policy: Policy
    now: datetime
    rules: BillingRules = NOBODY_PAYS

    @property
    def collects(self) -> bool:
        """Whether he may take or hand out money."""
        return no_collector(self.roles, self.rules) is None

    def hands_out(self, deposit: Deposit) -> bool:
        """Whether he may give the owner the refund that is due."""
        return self.collects and same_person(deposit, self.sub) is None

    @property
    def at_the_till(self) -> bool:
        """Whether what he takes is in finance's hands at once."""
        return bool(DRAWER_ROLES.intersection(self.roles))

    def decides(self, deposit: Deposit, action: DepositAction) -> bool:
        """Whether he may do that with the deposit now."""
        return not_to_decide(deposit, action, self.roles, self.rules) is None

    def action(self, name: str, path: str, body: str) -> list[AllowedAction]:
        """That action, if the policy lets the viewer do it."""
        if not self.policy.may(self.roles, name):
            return []
        return [AllowedAction(action=name, path=f"/v1/properties/{self.property_id}/{path}", body=body)]
