"""What the caller may do next with the thing he has just read (ruling J23)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedAction:
    """One action: how to call it, and the name of the body's schema in the OpenAPI document; empty: no body.

    A dataclass, because an accepted request offers a dozen of them and a model costs ten times as much.
    """

    action: str
    method: str = "POST"
    path: str
    body: str = ""
