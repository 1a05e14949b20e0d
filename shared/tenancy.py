"""Who is asking, and for which property: principals and their grants (ruling J2).

Nobody has a flat role. A token carries grants: a scope (`property:<id>`, `branch:<id>` or `group`), a role of
domain.md §2, and the time it ends. Group scope means figures and lists without personal data, never the right
to act in a property.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in one scope until a moment."""

    scope: str
    role: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """The person (or system) a token speaks for."""

    sub: str
    grants: tuple[Grant, ...] = ()

    def roles_in(self, property_id: str, now: datetime) -> frozenset[str]:
        """The roles held in one property at that moment.

        Empty means: this property does not exist for them.
        """
        scope = f"property:{property_id}"
        return frozenset(g.role for g in self.grants if g.scope == scope and g.until > now)


SYSTEM = Principal(sub="system")
