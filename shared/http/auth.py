"""Who calls: bearer tokens become principals with grants (ruling J2).

HS256 with a shared secret on one machine; the keys of an identity provider (JWKS) elsewhere. Claims: `sub`,
and `grants`, a list of `{"scope": "property:<id>", "role": "...", "until": <epoch seconds>}`. Verified tokens
are kept in a small bounded cache.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

import jwt

from shared.clock import Clock
from shared.errors import Transient, Unauthorised
from shared.settings import Settings
from shared.tenancy import Grant, Principal
from shared.texts.say import as_is, say

TOKENS_KEPT_MAX = 2_000
TOKEN_CHARS_MAX = 8_192
GRANTS_MAX = 200


class Verifier:
    """Checks bearer tokens."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._jwks = (
            jwt.PyJWKClient(settings.jwt_jwks_url, cache_keys=True) if settings.jwt_jwks_url else None
        )
        self._kept: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    async def principal(self, authorization: str | None) -> Principal:
        """The principal of an Authorization header.

        Raises Unauthorised, or Transient if the keys cannot be fetched.
        """
        if not authorization or not authorization.lower().startswith("bearer "):
            raise Unauthorised(
                "no-token",
                "send an Authorization header",
                field="Authorization",
                accepted=as_is("Bearer <token>"),
            )
        token = authorization[7:].strip()
        kept = self._kept.get(token)
        if kept is not None and kept[0] > self._clock.now().timestamp():
            return kept[1]
        claims = await self._claims(token)
        principal = Principal(str(claims["sub"]), _grants(claims))
        self._kept[token] = (float(claims["exp"]), principal)
        while len(self._kept) > TOKENS_KEPT_MAX:
            self._kept.popitem(last=False)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > TOKEN_CHARS_MAX:
            raise Unauthorised(
                "invalid-token", say("a token has at most {most} characters", most=TOKEN_CHARS_MAX)
            )
        try:
            key = await self._key(token)
            return jwt.decode(
                token,
                key,
                algorithms=list(self._settings.jwt_algorithms),
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                leeway=self._settings.jwt_leeway_seconds,
                options={"require": ["exp", "sub"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise Transient("the identity provider does not answer") from error
        except jwt.ExpiredSignatureError as error:
            raise Unauthorised("expired-token", "the token has expired; sign in again") from error
        except jwt.PyJWTError as error:
            raise Unauthorised("invalid-token", "the token is not valid here") from error

    async def _key(self, token: str) -> Any:
        if self._jwks is None:
            return self._settings.jwt_secret.get_secret_value()
        return (await asyncio.to_thread(self._jwks.get_signing_key_from_jwt, token)).key


def _grants(claims: dict[str, Any]) -> tuple[Grant, ...]:
    try:
        raw = claims.get("grants", [])
        if not isinstance(raw, list) or len(raw) > GRANTS_MAX:
            raise ValueError("grants")
        return tuple(
            Grant(str(g["scope"]), str(g["role"]), datetime.fromtimestamp(int(g["until"]), UTC)) for g in raw
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise Unauthorised(
            "invalid-token", "the grants of the token cannot be read", field="grants"
        ) from error
