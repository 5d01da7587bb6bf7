"""
`ticketsync boxoffice …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import (
    boxoffice_output,
    boxoffice_printing,
    boxoffice_sales,
    boxoffice_tables,
    boxoffice_tills,
    boxoffice_vouchers,
    context,
    local_times,
    secret_options,
    terminal,
    till_screen,
)
from ticketsync.cli.context import Json, Show

if TYPE_CHECKING:
    from ticketsync.workflows.accounts.connect import SecretSource

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Sell at your own counter: prices, seats, orders.",
)
Local = "Local date and time: 2026-11-27 19:30."


@app.command("open")
def open_sale(
    ctx: typer.Context,
    show: Show,
    tier: Annotated[
        list[str] | None,
        typer.Option(help='A price: "Adult=55.00"; once for each.'),
    ] = None,
    capacity: Annotated[
        int | None, typer.Option(help="Seats, if not the show's own.", min=0)
    ] = None,
    held_back: Annotated[
        int | None, typer.Option(help="Seats in reserve, not to be sold.", min=0)
    ] = None,
    hold_minutes: Annotated[
        int | None, typer.Option(help="How long seats are held.", min=1, max=1440)
    ] = None,
    max_per_order: Annotated[
        int | None, typer.Option(help="Most tickets in one order.", min=1)
    ] = None,
    opens: Annotated[str, typer.Option(help=f"When the sale begins. {Local}")] = "",
    closes: Annotated[
        str, typer.Option(help=f"When the sale ends. {Local} A day alone: at its end.")
    ] = "",
    only_own: Annotated[
        bool,
        typer.Option("--only-own", help="Tickets of platforms take no seats of these."),
    ] = False,
    env: secret_options.Env = "",
    command: secret_options.Command = "",
    credential: secret_options.Credential = "",
    insecure: secret_options.Insecure = False,
    json: Json = False,
) -> None:
    """
    Put a show on sale, or change how it is sold. The first one makes the account of
    your box office and the key that signs its tickets: in the keyring, or where the
    --secret options say.

    Example: ticketsync boxoffice open 12 --tier "Adult=55.00" --tier "Child=20.00"
    """
    from ticketsync.boxoffice.price_tiers import NewTier
    from ticketsync.boxoffice.shows_on_sale import Terms
    from ticketsync.catalogue import selection
    from ticketsync.cli import render
    from ticketsync.core.redact import safe
    from ticketsync.workflows.boxoffice import availability
    from ticketsync.workflows.boxoffice import open_sale as sale

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        found = selection.find_show(connection, show)
    prices = boxoffice_output.named_prices(tier or [], found.currency)
    opened = sale.open_show(
        database,
        app_context.settings(),
        found.id,
        Terms(
            capacity=capacity,
            held_back=held_back,
            counts_other_platforms=False if only_own else None,
            opens_at=local_times.local_instant(opens, found.timezone),
            closes_at=local_times.local_end(closes, found.timezone),
            hold_minutes=hold_minutes,
            max_per_order=max_per_order,
        ),
        [NewTier(name, price) for name, price in prices],
        _key_source(env, command, credential, insecure=insecure),
    )
    if opened.is_new:
        app_context.say(
            f"Account {opened.account!r} was made. Names that you type in at the "
            "counter are kept until the usual days after the show."
        )
    with database.read() as connection:
        left = availability.get_availability(connection, found.id)
    if json:
        render.print_json(boxoffice_output.availability_as_json(left))
        return
    app_context.say(f"{safe(opened.show.name)} is on sale.")
    boxoffice_output.print_availability(left)


def _key_source(
    env: str, command: str, credential: str, *, insecure: bool
) -> SecretSource:
    """
    Where the signing key is; one of ours is made and stored.
    """
    from ticketsync.cli.secret_options import SecretOptions
    from ticketsync.workflows.accounts.connect import SecretSource

    options = SecretOptions(env, command, credential, insecure=insecure)
    if env or command or credential:
        return options.get_source("")
    return SecretSource(options.storage, "")


@app.command("close")
def close_sale(ctx: typer.Context, show: Show) -> None:
    """
    Stop selling a show. What was sold stays, held seats may still be paid.

    Example: ticketsync boxoffice close 12
    """
    from ticketsync.catalogue import selection
    from ticketsync.core.redact import safe
    from ticketsync.workflows.boxoffice import open_sale as sale

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        found = selection.find_show(connection, show)
    closed = sale.close_show(database, found.id)
    app_context.say(f"The sale of {safe(closed.name)} is closed.")


@app.command("availability")
def show_availability(ctx: typer.Context, show: Show, json: Json = False) -> None:
    """
    Show what is left of each price, and how fresh the sales of platforms are.

    Example: ticketsync boxoffice availability 12
    """
    from ticketsync.catalogue import selection
    from ticketsync.cli import render
    from ticketsync.workflows.boxoffice import availability

    with context.get_context(ctx).database().read() as connection:
        found = selection.find_show(connection, show)
        left = availability.get_availability(connection, found.id)
    if json:
        render.print_json(boxoffice_output.availability_as_json(left))
    else:
        boxoffice_output.print_availability(left)


@app.command("expire")
def expire_holds(
    ctx: typer.Context,
    show: Annotated[str, typer.Option(help="Only of this show.")] = "",
    json: Json = False,
) -> None:
    """
    Mark the orders whose hold is over. Their seats were free since; every sync does it.

    Example: ticketsync boxoffice expire
    """
    from ticketsync.catalogue import selection
    from ticketsync.cli import render
    from ticketsync.core.plurals import number_of
    from ticketsync.workflows.boxoffice import cancel_and_refund

    office = boxoffice_sales.get_office(ctx)
    show_id = None
    if show:
        with office.database.read() as connection:
            show_id = selection.find_show(connection, show).id
    found = cancel_and_refund.expire(office, show_id)
    if json:
        render.print_json({"expired": found})
    else:
        terminal.echo(f"{number_of(len(found), 'order')} expired.")


app.command("hold")(boxoffice_sales.hold_seats)
app.command("extend")(boxoffice_sales.extend_hold)
app.command("sell")(boxoffice_sales.sell_tickets)
app.command("pay")(boxoffice_sales.pay_order)
app.command("comp")(boxoffice_sales.give_tickets)
app.command("till")(till_screen.run_till)
app.command("print")(boxoffice_printing.print_order)
app.command("cancel")(boxoffice_sales.cancel_order)
app.command("refund")(boxoffice_sales.refund_order)
app.add_typer(boxoffice_tables.tiers, name="tiers")
app.add_typer(boxoffice_tables.orders, name="orders")
app.add_typer(boxoffice_tills.tills, name="tills")
app.command("voucher")(boxoffice_vouchers.issue_voucher)
app.add_typer(boxoffice_vouchers.vouchers, name="vouchers")
