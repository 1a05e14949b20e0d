"""`guanjia show` and `guanjia demo`.

The whole life of a request, of one that is there and of six that are played.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from tools.exits import Exit, Stop

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(show)
    app.command()(demo)


def show(
    request: Annotated[str, typer.Argument(help="A request's id, or its reference as told to the caller.")],
    of: Annotated[str, typer.Option("--property", "-p", help="The property it belongs to.")],
    json: AsJson = False,
) -> None:
    """Everything about one request: what was asked, its timeline, work orders, money and messages."""
    from tools.client import ApiError, UnreachableError
    from tools.life import print_life, whole_life
    from tools.output import print_json
    from tools.session import running_machine

    try:
        life = asyncio.run(whole_life(running_machine(), of, request))
    except UnreachableError as error:
        raise Stop(Exit.NOT_RUNNING, str(error)) from None
    except ApiError as error:
        raise Stop(Exit.PROBLEMS, error.said) from None
    if life is None:
        raise Stop(Exit.PROBLEMS, f"{of} has no request {request}")
    if json:
        print_json(life.document())
    else:
        print_life(life)


def demo(
    of: Annotated[
        str, typer.Option("--property", "-p", help="tower or villa; the garden's handbook knows no car hire.")
    ] = "tower",
    case: Annotated[
        list[int] | None,
        typer.Option(help="Only this case, 1 to 6; may be given several times.", min=1, max=6),
    ] = None,
    json: AsJson = False,
) -> None:
    """Tell six cases from ring to receipt, step by step, with what each service did. Needs `guanjia up`.

    1 an emergency at night from an anonymous caller; 2 an indoor repair with quote, signatures and payment;
    3 a car cancelled in time; 4 a car cancelled late; 5 a withdrawn repair; 6 a complaint that becomes a
    reopened repair. Exit code 1 when a case does not end as it should.
    """
    from tools.demo.cases import tell
    from tools.output import print_json
    from tools.session import running_machine

    told = asyncio.run(tell(running_machine(), of, tuple(case or ()), quiet=json))
    if json:
        print_json([case.document() for case in told])
    if not all(case.good for case in told):
        raise typer.Exit(int(Exit.PROBLEMS))
