"""
`ticketsync boxoffice voucher` and `ticketsync boxoffice vouchers …`.

A code is on standard output once and stored nowhere; the database has its digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import boxoffice_output, boxoffice_sales, context, render, terminal
from ticketsync.cli.context import Format, Json

if TYPE_CHECKING:
    from datetime import datetime

    from ticketsync.boxoffice.vouchers import Voucher

vouchers = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The vouchers that you made."
)


def issue_voucher(
    ctx: typer.Context,
    amount: Annotated[str, typer.Argument(help="What it is worth: 50.00.")],
    kind: Annotated[
        str,
        typer.Option(
            help="gift is money; discount and comp are taken off the price.",
            metavar="gift|discount|comp",
        ),
    ] = "gift",
    currency: Annotated[str, typer.Option(help="If not your first venue's.")] = "",
    until: Annotated[
        str,
        typer.Option(help="Valid until then. Local date and time: 2026-11-27 19:30."),
    ] = "",
    json: Json = False,
) -> None:
    """
    Make a voucher and print its code, which is stored nowhere. The money that is taken
    for it is in no drawer and in no figure: keep it apart from the tills.

    Example: ticketsync boxoffice voucher 50.00
    """
    from ticketsync.boxoffice import vouchers as issued
    from ticketsync.catalogue import shows
    from ticketsync.core import money
    from ticketsync.workflows import sell

    office = boxoffice_sales.get_office(ctx)
    with office.database.read() as connection:
        venue = shows.get_venue(connection)
    code_of = currency.upper() or venue.currency
    worth = boxoffice_output.amount_of(amount, code_of)
    valid_until = boxoffice_output.local_instant(until, venue.timezone)
    code = sell.issue_voucher(office, kind, worth, code_of, valid_until)
    with office.database.read() as connection:
        number = issued.find_number(connection, code)
    if json:
        shown = money.decimal_text(worth, code_of)
        render.print_json(
            {
                "number": number,
                "code": code,
                "kind": kind,
                "amount": shown,
                "currency": code_of,
            }
        )
    else:
        terminal.echo(code)
    app_context = context.get_context(ctx)
    for text in _notes(number, kind, f"{render.amount(worth, code_of)} {code_of}"):
        for line in render.wrapped(text):
            app_context.say(line)


def _notes(number: int, kind: str, worth: str) -> list[str]:
    """
    What somebody has to know who made a voucher.
    """
    from ticketsync.boxoffice.vouchers import GIFT

    written = (
        f"This is the code of voucher {number}, of {worth}. Write it down or print it: "
        "it is stored nowhere, and nothing can show it again."
    )
    if kind != GIFT:
        return [written]
    return [
        written,
        f"The {worth} that you take for it are in no drawer: no command records money "
        "that was taken for a voucher. Keep them apart from the till, or its drawer is "
        "over by them when it is counted, and enter the sale in your books.",
    ]


@vouchers.command("list")
def list_vouchers(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=10**9)] = 50,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List vouchers, the newest first: what each was worth, what is left of it, and what
    you owe to the holders of all gift vouchers. Their codes are stored nowhere.

    Example: ticketsync boxoffice vouchers list
    """
    from ticketsync.boxoffice import vouchers as issued
    from ticketsync.catalogue import shows
    from ticketsync.core import clock

    app_context = context.get_context(ctx)
    now = clock.now()
    with app_context.database().read() as connection:
        zone = shows.get_venue(connection).timezone
        found = issued.list_all(connection, limit + 1)
        owed = issued.sum_owed(connection, now)
    found = app_context.say_limited(found, limit)
    columns = (
        render.Column("number", "NO", is_id=True),
        render.Column("kind", "KIND"),
        render.Column("made", "MADE", spare=1),
        render.Column("until", "VALID UNTIL"),
        render.Column("state", "STATE"),
        render.Column("amount", "VALUE", numeric=True),
        render.Column("left", "LEFT", numeric=True),
        render.Column("currency", ""),
    )
    render.show(
        [_row(voucher, now, zone) for voucher in found],
        columns,
        context.chosen_format(format, json),
        machine=[_as_json(voucher, now) for voucher in found],
        empty="Your box office has made no voucher yet.",
    )
    if found:
        sums = ", ".join(map(str, owed)) or "nothing"
        app_context.say(f"Owed to the holders of gift vouchers: {sums}.")


def _row(voucher: Voucher, now: datetime, zone: str) -> dict[str, Any]:
    from ticketsync.core import moments

    until = voucher.valid_until
    return {
        "number": voucher.id,
        "kind": voucher.kind,
        "made": moments.written(voucher.created_at, zone),
        "until": "–" if until is None else moments.written(until, zone),
        "state": voucher.state(now),
        "amount": render.amount(voucher.amount, voucher.currency),
        "left": render.amount(voucher.left, voucher.currency),
        "currency": voucher.currency,
    }


def _as_json(voucher: Voucher, now: datetime) -> dict[str, Any]:
    """
    The stable JSON shape of a voucher.
    """
    from ticketsync.core import money

    def shown(minor: int) -> str:
        return money.decimal_text(minor, voucher.currency)

    return {
        "number": voucher.id,
        "kind": voucher.kind,
        "state": voucher.state(now),
        "amount": shown(voucher.amount),
        "spent": shown(voucher.spent),
        "left": shown(voucher.left),
        "owed": shown(voucher.owed(now)),
        "currency": voucher.currency,
        "valid_until": voucher.valid_until,
        "created_at": voucher.created_at,
    }
