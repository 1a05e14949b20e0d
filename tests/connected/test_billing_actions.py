"""What billing lists as allowed is exactly what it allows (J23)."""

from __future__ import annotations

import pytest

from tests.connected.billing_kit import Billing, body, pay

pytestmark = [pytest.mark.connected, pytest.mark.usefixtures("absences")]
READERS = ("cs_officer", "butler", "cashier", "finance", "director", "property_manager")
STEPS = {
    "billing.consent_quote": ("quotes/q-r1/consent", {}),
    "billing.refuse_quote": ("quotes/q-r1/refuse", {}),
    "billing.receive_payment": ("payments", {"request_id": "r1", "purpose": "deposit", "method": "cash"}),
    "billing.refund_deposit": ("refund", {"reason": "goodwill"}),
    "billing.approve_forfeiture": ("approve-forfeiture", {"reason": "no call"}),
    "billing.waive_forfeiture": ("waive-forfeiture", {"reason": "illness"}),
}


async def _unlisted_is_refused(till: Billing) -> dict[str, set[str]]:
    """In this state whatever a role does not see listed is refused to it; what each role sees."""
    seen: dict[str, set[str]] = {}
    for role in READERS:
        quote = await till.get("quotes/q-r1", role)
        deposits = (await till.get("deposits", role, request_id="r1"))["items"]
        for deposit in deposits:
            alone = await till.get(f"deposits/{deposit['deposit_id']}", role)
            assert deposit["allowed_actions"] == alone["allowed_actions"], "a list says the same as one alone"
        things = [quote, *deposits]
        listed = seen[role] = {one["action"] for thing in things for one in thing["allowed_actions"]}
        for name in STEPS.keys() - listed:
            path, given = STEPS[name]
            if not path.startswith(("quotes", "payments")):
                if not deposits:
                    continue
                path = f"deposits/{deposits[0]['deposit_id']}/{path}"
            more = {"amount": body(8_000)} if path == "payments" else {}
            answer = await till.post(path, {**given, **more}, role)
            assert answer.status_code in (403, 409), (role, name, answer.status_code, answer.text)
    return seen


async def test_j23_deposits_and_quotes_list_exactly_what_each_role_may_do(till: Billing) -> None:
    await till.accept("r1", "car-hire", area="public")
    await till.applied(till.hired("r1"), "r1")
    seen = await _unlisted_is_refused(till)
    assert seen["butler"] == {"billing.consent_quote", "billing.refuse_quote"}
    assert seen["finance"] == set()
    assert (await till.post("quotes/q-r1/consent", {}, "butler")).status_code == 200
    seen = await _unlisted_is_refused(till)
    assert [role for role, names in seen.items() if names] == ["cashier"], "who collects by the catalogue"
    assert (await pay(till, 8_000, purpose="deposit")).status_code == 201
    seen = await _unlisted_is_refused(till)
    assert seen["director"] == {"billing.refund_deposit"}
    assert seen["cashier"] == set(), "what is held is released by who decides"
    await till.applied(till.cancelled("r1", in_time=False), "r1")
    seen = await _unlisted_is_refused(till)
    assert seen["property_manager"] == {"billing.approve_forfeiture", "billing.waive_forfeiture"}
    [deposit] = (await till.get("deposits", request_id="r1"))["items"]
    path = f"deposits/{deposit['deposit_id']}"
    assert (await till.post(f"{path}/waive-forfeiture", {"reason": "ill"}, "director")).status_code == 200
    seen = await _unlisted_is_refused(till)
    assert {role for role, names in seen.items() if names} == {"cashier"}
    assert (await till.post(f"{path}/refund", {}, "cashier")).status_code == 200
    assert not any((await _unlisted_is_refused(till)).values())
