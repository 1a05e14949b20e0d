"""What the caller may do next with the thing he has just read (ruling J23)."""

from __future__ import annotations

from pydantic import BaseModel


class AllowedAction(BaseModel):
    """One action: how to call it, and the name of the body's schema in the OpenAPI document (empty.

    No body).
    """

    action: str
    method: str = "POST"
    path: str
    body: str = ""
