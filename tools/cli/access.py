"""`guanjia token`: a bearer token for one machine, signed with the machine's own secret."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer

from tools.exits import Exit, Stop

HOURS_MAX = 24 * 31
SUB_CHARS_MAX = 200


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(token)


def token(
    sub: Annotated[str, typer.Option(help="Whom the token speaks for: a staff id or a system's name.")],
    grant: Annotated[
        list[str],
        typer.Option(help="`property:<id>=<role>`; may be given several times.", metavar="SCOPE=ROLE"),
    ],
    hours: Annotated[
        float, typer.Option(help="How long token and grants hold.", min=0.01, max=HOURS_MAX)
    ] = 12.0,
    json: Annotated[
        bool, typer.Option("--json", help="Print a JSON document with token, claims and end.")
    ] = False,
) -> None:
    """Mint a token (HS256) with grants.

    Example: `guanjia token --sub li --grant property:tower=cs_officer --grant property:villa=director`
    """
    from shared.clock import SystemClock
    from tools.output import print_json
    from tools.session import machine
    from tools.tokens import mint

    if not 0 < len(sub.strip()) <= SUB_CHARS_MAX:
        raise Stop(Exit.USAGE, f"--sub: 1 to {SUB_CHARS_MAX} characters are accepted")
    until = SystemClock().now() + timedelta(hours=hours)
    grants = [_grant(text) for text in grant]
    minted = mint(machine().settings, sub, grants, until)
    if json:
        shown = [{"scope": scope, "role": role, "until": _iso(until)} for scope, role in grants]
        print_json({"token": minted, "sub": sub, "grants": shown, "until": _iso(until)})
    else:
        typer.echo(minted)


def _grant(text: str) -> tuple[str, str]:
    from shared.ids import is_id
    from shared.policy import Policy

    scope, equals, role = text.partition("=")
    kind, _, name = scope.partition(":")
    known = sorted(Policy.shipped().roles)
    if not equals or role not in known:
        raise Stop(Exit.USAGE, f"--grant {text}: must be SCOPE=ROLE with a role out of: {', '.join(known)}")
    if scope != "group" and (kind not in ("property", "branch") or not is_id(name)):
        raise Stop(Exit.USAGE, f"--grant {text}: the scope must be property:<id>, branch:<id> or group")
    return scope, role


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
