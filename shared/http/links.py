"""Links that are good for one person and some minutes: signed, so that nothing of them is stored."""

from __future__ import annotations

import hmac
from hashlib import sha256

from shared.errors import Bug
from shared.settings import Settings

KEY_BYTES_MIN = 16
_PURPOSE = b"guanjia link v1"


class Links:
    """Signs what a link is about, and checks it."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.link_hmac_key.get_secret_value().encode()

    def require(self) -> None:
        """Stop a process that could not sign: an empty key would let everybody make links."""
        if len(self._key) < KEY_BYTES_MIN:
            raise SystemExit(
                f"LINK_HMAC_KEY must be a secret of at least {KEY_BYTES_MIN} characters; "
                "`guanjia up` makes one in var/secrets"
            )

    def sign(self, *parts: str | int) -> str:
        """The signature of these parts, in their order, as hexadecimal text."""
        if len(self._key) < KEY_BYTES_MIN:
            raise Bug("no key to sign links with")
        lengths = b"".join(b"%d:%s," % (len(p), p) for p in (str(part).encode() for part in parts))
        return hmac.new(self._key, _PURPOSE + lengths, sha256).hexdigest()

    def genuine(self, mac: str, *parts: str | int) -> bool:
        """Whether the signature is that of these parts."""
        return hmac.compare_digest(mac.encode(), self.sign(*parts).encode())
