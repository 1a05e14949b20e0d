"""The secrets of one machine: made at the first start, kept with mode 0600, handed on by environment."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping

from tools.exits import Exit, Stop
from tools.stack.layout import Layout

FILE = "keys.json"


def _text() -> str:
    return secrets.token_urlsafe(48)


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _webhook() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


MAKERS: Mapping[str, Callable[[], str]] = {
    "JWT_SECRET": _text,
    "SEAL_HMAC_KEY": _text,
    "VAULT_MASTER_KEY": _key,
    "GATEWAY_SECRET": _webhook,
    "LINK_HMAC_KEY": _text,
}


def machine_keys(layout: Layout) -> dict[str, str]:
    """Every secret by its variable; what is missing is made and kept. One given by environment goes first.

    Raises Stop (data folder) when the file cannot be read: new keys could not open what the old ones sealed.
    """
    path = layout.secrets / FILE
    try:
        kept = _kept(json.loads(path.read_text())) if path.exists() else {}
    except (OSError, ValueError) as error:
        line = f"the secrets in {path} cannot be read; restore the file from its backup"
        raise Stop(Exit.DATA_FOLDER, line) from error
    missing = [name for name in MAKERS if name not in kept]
    if missing:
        kept |= {name: MAKERS[name]() for name in missing}
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(kept, indent=2) + "\n")
        part.replace(path)
    return {name: os.environ.get(name) or kept[name] for name in MAKERS}


def _kept(content: object) -> dict[str, str]:
    if not isinstance(content, dict) or not all(isinstance(v, str) and v for v in content.values()):
        raise ValueError("not one text for each variable")
    return content


def main() -> None:
    """Print fresh secrets as an environment file: `python -m tools.stack.keys > guanjia.env`."""
    for name, make in MAKERS.items():
        sys.stdout.write(f"{name}={make()}\n")


if __name__ == "__main__":
    main()
