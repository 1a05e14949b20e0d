"""Who may do what, as `policy.toml` says: deny by default. The only reader of that file."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("policy.toml")


class PolicyError(ValueError):
    """The policy file is wrong; names the action and what is wrong. The process must not start."""


class Policy:
    """Roles, and for each action the roles that may do it."""

    def __init__(self, roles: Mapping[str, str], actions: Mapping[str, frozenset[str]]) -> None:
        self.roles = roles
        self.actions = actions

    @classmethod
    def shipped(cls) -> Policy:
        """The policy that is part of this release; read once per process."""
        return _shipped()

    @classmethod
    def read(cls, text: str) -> Policy:
        """From the text of a policy file. Raises PolicyError on an unknown role or a malformed line."""
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"policy: cannot be read: {error}") from error
        roles = tables.pop("roles", {})
        actions: dict[str, frozenset[str]] = {}
        for service, lines in tables.items():
            for name, listed in lines.items():
                actions[f"{service}.{name}"] = _line(f"{service}.{name}", listed, roles)
        return cls(roles, actions)

    def may(self, roles: Iterable[str], action: str) -> bool:
        """Whether one of these roles may do the action; an action without a line may nobody."""
        return not self.actions.get(action, frozenset()).isdisjoint(roles)

    def allowed(self, roles: Collection[str], actions: Iterable[str]) -> list[str]:
        """Those of the actions that these roles may do, in the order given."""
        return [action for action in actions if self.may(roles, action)]


def _line(action: str, listed: object, roles: Mapping[str, str]) -> frozenset[str]:
    if not isinstance(listed, list):
        raise PolicyError(f"policy: {action}: must be a list of roles")
    if strange := [role for role in listed if role not in roles]:
        raise PolicyError(f"policy: {action}: unknown role {', '.join(map(str, strange))}")
    return frozenset(listed)


@cache
def _shipped() -> Policy:
    return Policy.read(FILE.read_text(encoding="utf-8"))
