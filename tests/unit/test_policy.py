"""Who may do what: every command has a line, every line a command, and what may not be mixed is not mixed."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import services
from shared.kernel.unit import Command
from shared.policy import Policy, PolicyError

POLICY = Policy.shipped()
SERVICES = ("intake", "dispatch", "billing", "notify")
MONEY = {
    "billing.receive_payment",
    "billing.refund_deposit",
    "billing.approve_forfeiture",
    "billing.waive_forfeiture",
    "billing.clear_door_cash",
}
COPIES = {f"dispatch.read_{copy}_copy" for copy in ("owner", "finance", "service", "engineering")}
ENGINEERING = {"technician", "repair_supervisor", "department_head"}
SUPERVISORS = {"cs_supervisor", "repair_supervisor", "butler_supervisor", "director", "property_manager"}


def commands() -> set[str]:
    """The names of all commands, from every module of every service."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if ".commands" in module.name or ".domain" in module.name:
            importlib.import_module(module.name)
    found, open_classes = set(), [Command]
    while open_classes:
        for kind in open_classes.pop().__subclasses__():
            open_classes.append(kind)
            if kind.__module__.startswith("services.") and "NAME" in vars(kind):
                found.add(kind.NAME)
    return found


def may(action: str) -> set[str]:
    return {role for role in POLICY.roles if POLICY.may([role], action)}


def test_every_command_has_a_line_and_every_line_is_a_command_or_a_read() -> None:
    lines = set(POLICY.actions)
    reads = {line for line in lines if line.split(".")[1].split("_")[0] == "read"} - commands()
    assert lines - reads == commands()
    everywhere = {f"{service}.{name}" for service in SERVICES for name in ("read", "read_refusals")}
    assert reads == everywhere | COPIES | {"intake.read_guide"}
    assert {f"{service}.read" for service in SERVICES} <= lines


def test_what_has_no_line_nobody_may() -> None:
    for action in ("billing.take_gift", "dispatch.refuse_slip", "", "billing", "read"):
        assert may(action) == set()
    assert not POLICY.may([], "intake.read")
    assert not POLICY.may(["emperor"], "intake.read")


@pytest.mark.parametrize("role", sorted(POLICY.roles))
@pytest.mark.parametrize("action", sorted(POLICY.actions))
def test_each_role_and_action_keeps_the_separation_of_duties(role: str, action: str) -> None:
    if not POLICY.may([role], action):
        return
    assert not (role in ENGINEERING and action in MONEY), "R1: engineering never touches money"
    assert not (action == "intake.lower_urgency" and role not in SUPERVISORS), "J18: only a supervisor lowers"
    assert not (action == "intake.promise_customer_time" and role not in SUPERVISORS), "R5, P012"
    assert not (action == "intake.close_unreached" and role not in SUPERVISORS), "J7: closed by a supervisor"
    assert not (action == "intake.read" and role in {"technician", "gate_guard"}), "R8: owners' telephones"
    assert not (role == "administrator" and action in MONEY), "an administrator sets up, and no more"
    assert not (role == "gate_guard" and action.split(".")[0] in {"billing", "dispatch", "notify"})
    assert not (role == "call_centre" and action.split(".")[1].startswith(("assign", "sign", "waive")))


def test_everybody_who_works_here_may_report_and_raise() -> None:
    working = set(POLICY.roles) - {"administrator"}
    for action in ("intake.record_contact", "intake.accept_request", "intake.raise_urgency"):
        assert may(action) == working, action


def test_who_takes_money_does_not_decide_about_a_forfeited_deposit() -> None:
    deciders = may("billing.approve_forfeiture")
    assert deciders == may("billing.waive_forfeiture") == {"director", "property_manager"}
    assert not deciders & may("billing.receive_payment")


def test_who_collects_at_the_door_does_not_clear_his_own_cash() -> None:
    assert may("billing.clear_door_cash") == {"finance"}
    assert not may("billing.clear_door_cash") & may("billing.receive_payment")


def test_no_role_may_refuse_a_slip() -> None:
    assert not [action for action in POLICY.actions if "refuse" in action and action.startswith("dispatch.")]


def test_timers_only_means_nobody() -> None:
    for action in ("intake.watch_promise", "billing.remind_forfeiture", "notify.record_attempts"):
        assert action in POLICY.actions
        assert may(action) == set()


def test_every_role_is_explained_and_may_do_something() -> None:
    for role, explanation in POLICY.roles.items():
        assert ": " in explanation, role
        assert any(POLICY.may([role], action) for action in POLICY.actions), role


def test_allowed_keeps_the_order_asked() -> None:
    asked = ["billing.approve_forfeiture", "billing.read", "billing.receive_payment", "billing.nonsense"]
    assert POLICY.allowed(["cashier"], asked) == ["billing.read", "billing.receive_payment"]
    assert POLICY.allowed(["cashier", "director"], asked) == asked[:3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[roles]\na = "A"\n[x]\ny = ["b"]\n', r"x\.y: unknown role b"),
        ('[roles]\na = "A"\n[x]\ny = "a"\n', r"x\.y: must be a list of roles"),
        ("[roles\n", "cannot be read"),
    ],
)
def test_a_wrong_policy_is_refused(text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        Policy.read(text)
