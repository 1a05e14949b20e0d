"""The answer that tells of one thing."""

from __future__ import annotations

from fastapi import Response
from pydantic import BaseModel


def answer(body: BaseModel, version: int) -> Response:
    """One thing, with its version as ETag."""
    return Response(body.model_dump_json(), media_type="application/json", headers={"ETag": f'"{version}"'})
