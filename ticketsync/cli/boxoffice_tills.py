"""
`ticketsync boxoffice tills …`: cash drawers from their opening to their count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import boxoffice_output, context, render, terminal
from ticketsync.cli.context import Format, Json, Limit

if TYPE_CHECKING:
    from ticketsync.boxoffice.tills import Drawer, TillSession

tills = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The cash drawers of your tills."
)
Till = Annotated[str, typer.Argument(help="Its number or name.")]


@tills.command("open")
def open_till(
    ctx: typer.Context,
    till: Till,
    opening_float: Annotated[
        str, typer.Option("--float", help="The cash in it at the beginning.")
    ] = "",
    person: Annotated[str, typer.Option(help="Who sells there.")] = "",
    currency: Annotated[str, typer.Option(help="If not your first venue's.")] = "",
    json: Json = False,
) -> None:
    """
    Open a till: cash that is sold with --till is in its drawer until it is counted.

    Example: ticketsync boxoffice tills open 1 --float 200.00
    """
    from ticketsync.boxoffice import tills as drawers
    from ticketsync.catalogue import shows
    from ticketsync.core import clock

    database = context.get_context(ctx).database()
    with database.read() as connection:
        code = currency.upper() or shows.get_venue(connection).currency
    amount = boxoffice_output.amount_of(opening_float or "0", code)
    with database.write() as connection:
        opened = drawers.open_till(
            *(connection, till, code, clock.now()),
            person=person,
            opening_float=amount,
        )
        drawer = drawers.get_drawer(connection, opened)
    _print_session(opened, drawer, json=json)


@tills.command("close")
def close_till(
    ctx: typer.Context,
    till: Till,
    counted: Annotated[
        str,
        typer.Option(help='The cash in it: "365.00", or by pieces "3x50 4x20 135".'),
    ],
    json: Json = False,
) -> None:
    """
    Close a till with the cash that was counted in its drawer.

    Example: ticketsync boxoffice tills close 1 --counted 365.00
    """
    from ticketsync.boxoffice import tills as drawers
    from ticketsync.core import clock

    database = context.get_context(ctx).database()
    with database.read() as connection:
        session = drawers.get_open(connection, till)
    amount = boxoffice_output.counted_cash(counted, session.currency)
    with database.write() as connection:
        closed = drawers.close_till(connection, session.id, amount, clock.now())
        drawer = drawers.get_drawer(connection, closed)
    _print_session(closed, drawer, json=json)


@tills.command("list")
def list_tills(
    ctx: typer.Context,
    till: Annotated[str, typer.Option(help="Only of this till.")] = "",
    limit: Limit = 50,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List the sessions of tills, the newest first: what had to be in the drawer, what was
    counted, and what was over or short.

    Example: ticketsync boxoffice tills list
    """
    from ticketsync.boxoffice import tills as drawers
    from ticketsync.catalogue import shows
    from ticketsync.core import moments

    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        zone = shows.get_venue(connection).timezone
        found = drawers.list_sessions(connection, till, limit + 1)
        listed = [(it, drawers.get_drawer(connection, it)) for it in found]
        openers = drawers.list_openers(connection, found)
    listed = app_context.say_limited(listed, limit)
    machine = [
        {**session_as_json(session, drawer), "opened_by": openers[session.id]}
        for session, drawer in listed
    ]
    rows = [
        {
            "till": session.till,
            "person": openers[session.id],
            "opened": moments.written(session.opened_at, zone),
            "state": session.state,
            "expected": _amount(session, session.expected, drawer.expected),
            "counted": _amount(session, session.counted),
            "difference": _amount(session, session.difference),
            "currency": session.currency,
        }
        for session, drawer in listed
    ]
    columns = (
        render.Column("till", "TILL", is_id=True),
        render.Column("person", "WHO", most=20),
        render.Column("opened", "OPENED"),
        render.Column("state", "STATE"),
        render.Column("expected", "EXPECTED", numeric=True),
        render.Column("counted", "COUNTED", numeric=True),
        render.Column("difference", "OVER/SHORT", numeric=True),
        render.Column("currency", ""),
    )
    render.show(
        rows,
        columns,
        context.chosen_format(format, json),
        machine=machine,
        empty="No till has been opened yet.",
    )


def _amount(session: TillSession, *found: int | None) -> str:
    """
    The first amount that is known.
    """
    for minor in found:
        if minor is not None:
            return render.amount(minor, session.currency)
    return "–"


def session_as_json(session: TillSession, drawer: Drawer) -> dict[str, Any]:
    """
    The stable JSON shape of a till session.
    """
    from ticketsync.core import money

    def shown(minor: int | None) -> str | None:
        return None if minor is None else money.decimal_text(minor, session.currency)

    expected = session.expected if session.expected is not None else drawer.expected
    return {
        "till": session.till,
        "state": session.state,
        "person": session.person,
        "show_id": session.show_id,
        "opened_at": session.opened_at,
        "closed_at": session.closed_at,
        "opening_float": shown(drawer.opening_float),
        "received": shown(drawer.received),
        "returned": shown(drawer.returned),
        "expected": shown(expected),
        "counted": shown(session.counted),
        "difference": shown(session.difference),
        "currency": session.currency,
    }


def _print_session(session: TillSession, drawer: Drawer, *, json: bool) -> None:
    if json:
        render.print_json(session_as_json(session, drawer))
    else:
        for line in closing_lines(session, drawer):
            terminal.echo(line)


def closing_lines(session: TillSession, drawer: Drawer) -> list[str]:
    """
    What is said about a drawer: what must be in it, and what was.
    """
    from ticketsync.core.redact import safe

    code = session.currency
    lines = [
        f"Till {safe(session.till)} is {session.state}.",
        f"  float            {render.amount(drawer.opening_float, code):>12} {code}",
        f"  cash received    {render.amount(drawer.received, code):>12} {code}",
        f"  cash returned    {render.amount(-drawer.returned, code):>12} {code}",
        f"  expected         {render.amount(drawer.expected, code):>12} {code}",
    ]
    if session.counted is None or session.difference is None:
        return lines
    difference = render.amount(abs(session.difference), code)
    words = "over" if session.difference > 0 else "short"
    return [
        *lines,
        f"  counted          {render.amount(session.counted, code):>12} {code}",
        f"  {words if session.difference else 'difference':<17}{difference:>12} {code}",
    ]
