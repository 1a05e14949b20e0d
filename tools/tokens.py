"""Mints the bearer tokens of one machine: HS256 with its secret, the claims that shared/http reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import jwt

from shared.settings import Settings


def mint(settings: Settings, sub: str, grants: Iterable[tuple[str, str]], until: datetime) -> str:
    """A token for `sub` with (scope, role) grants that all end at `until`."""
    ends = int(until.timestamp())
    claims = {
        "sub": sub,
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "exp": ends,
        "grants": [{"scope": scope, "role": role, "until": ends} for scope, role in grants],
    }
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")
