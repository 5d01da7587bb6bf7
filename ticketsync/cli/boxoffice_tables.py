"""
`ticketsync boxoffice tiers …` and `ticketsync boxoffice orders …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import (
    boxoffice_output,
    boxoffice_sales,
    context,
    local_times,
    render,
    terminal,
)
from ticketsync.cli.boxoffice_sales import Reference
from ticketsync.cli.context import Format, Json, Limit, Reason, Show

if TYPE_CHECKING:
    from ticketsync.boxoffice.placed_orders import PlacedOrder

tiers = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The prices of a show."
)
orders = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The orders of your box office."
)


@tiers.command("add")
def add_tier(
    ctx: typer.Context,
    show: Show,
    name: Annotated[str, typer.Argument(help="As buyers see it: Adult.")],
    price: Annotated[str, typer.Argument(help="55.00, in the show's currency.")],
    capacity: Annotated[
        int | None, typer.Option(help="Seats at this price.", min=0)
    ] = None,
    least: Annotated[int, typer.Option(help="Fewest in one order.", min=1)] = 1,
    most: Annotated[int, typer.Option(help="Most in one order.", min=1)] = 20,
    members_only: Annotated[
        bool,
        typer.Option("--members-only", help="Only for members; --most is for each."),
    ] = False,
    fee: Annotated[str, typer.Option(help="A fee for each ticket.")] = "",
    tax: Annotated[str, typer.Option(help="The tax rate: 10%.")] = "",
    tax_on_top: Annotated[
        bool, typer.Option("--tax-on-top", help="Add the tax to the price.")
    ] = False,
    opens: Annotated[str, typer.Option(help="Local: 2026-11-27 19:30.")] = "",
    closes: Annotated[
        str, typer.Option(help="Local: 2026-11-27 19:30, or a day: at its end.")
    ] = "",
) -> None:
    """
    Add a price to a show that you sell, or change one that nobody has ordered yet.

    Example: ticketsync boxoffice tiers add 12 Concession 40.00 --capacity 60
    """
    from ticketsync.boxoffice.price_tiers import NewTier
    from ticketsync.catalogue import selection
    from ticketsync.core import errors
    from ticketsync.core.redact import safe
    from ticketsync.core.written import written_rates
    from ticketsync.workflows.boxoffice import open_sale

    app_context = context.get_context(ctx)
    database = app_context.database()
    with database.read() as connection:
        found = selection.find_show(connection, show)
    rate = written_rates.ppm(tax.strip()) if tax else None
    if tax and rate is None:
        raise errors.UsageError(f"{tax!r} is not a rate.", hint="For example 10%.")
    new = NewTier(
        name.strip(),
        boxoffice_output.amount_of(price, found.currency),
        capacity=capacity,
        min_quantity=least,
        max_quantity=most,
        members_only=members_only,
        buyer_fee=boxoffice_output.amount_of(fee, found.currency) if fee else 0,
        tax_rate_ppm=rate,
        tax_inclusive=not tax_on_top,
        opens_at=local_times.local_instant(opens, found.timezone),
        closes_at=local_times.local_end(closes, found.timezone),
    )
    with database.write() as connection:
        open_sale.add_tiers(connection, found.id, [new])
    app_context.say(f"{safe(new.name)} is on sale for {safe(found.production)}.")


@tiers.command("list")
def list_tiers(
    ctx: typer.Context, show: Show, format: Format = "table", json: Json = False
) -> None:
    """
    List the prices of a show.

    Example: ticketsync boxoffice tiers list 12
    """
    from ticketsync.boxoffice import price_tiers
    from ticketsync.catalogue import selection

    with context.get_context(ctx).database().read() as connection:
        found = selection.find_show(connection, show)
        listed = price_tiers.list_tiers(connection, found.id)
    rows = [
        {
            "tier": tier.name,
            "price": render.amount(tier.price, tier.currency),
            "currency": tier.currency,
            "capacity": "–" if tier.capacity is None else tier.capacity,
            "numbers": f"{tier.min_quantity}–{tier.max_quantity}",
            "note": "members only" if tier.members_only else "",
        }
        for tier in listed
    ]
    columns = (
        render.Column("tier", "TIER", most=30),
        render.Column("price", "PRICE", numeric=True),
        render.Column("currency", ""),
        render.Column("capacity", "SEATS", numeric=True),
        render.Column("numbers", "PER ORDER"),
        render.Column("note", ""),
    )
    render.show(
        rows,
        columns,
        context.chosen_format(format, json),
        machine=[boxoffice_output.tier_as_json(tier) for tier in listed],
        empty="Your box office has no prices for that show.",
    )


@orders.command("list")
def list_orders(
    ctx: typer.Context,
    show: Annotated[str, typer.Option(help="Only of this show.")] = "",
    buyer: Annotated[
        str, typer.Option(help="Part of the buyer's name or e-mail address.")
    ] = "",
    limit: Limit = 50,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List the orders of your box office, the newest first: the tickets and the total that
    were ordered, and what went back of it. Of a hold that ended nothing was sold.

    Example: ticketsync boxoffice orders list --buyer chen
    """
    from ticketsync.boxoffice import placed_orders
    from ticketsync.catalogue import selection, shows
    from ticketsync.core import moments, records

    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        show_id = selection.find_show(connection, show).id if show else None
        found = placed_orders.search(
            connection, show_id=show_id, buyer=buyer, limit=limit + 1
        )
        of_shows = {order.show_id for order in found} - {records.NO_SHOW}
        named = {id_: shows.get_show(connection, id_) for id_ in of_shows}
        zone = boxoffice_output.zone_of(connection, records.NO_SHOW)
    found = app_context.say_limited(found, limit)
    rows = [
        {
            "reference": order.reference,
            "placed": moments.written(
                order.created_at,
                named[order.show_id].timezone if order.show_id in named else zone,
            ),
            "show": named[order.show_id].production
            if order.show_id in named
            else _sold_voucher(order),
            "state": boxoffice_output.state_of(order),
            **_sums(order),
            "currency": order.currency,
        }
        for order in found
    ]
    columns = (
        render.Column("reference", "ORDER", is_id=True),
        render.Column("placed", "PLACED"),
        render.Column("show", "SHOW", most=24),
        render.Column("state", "STATE"),
        render.Column("tickets", "TICKETS", numeric=True),
        render.Column("total", "TOTAL", numeric=True),
        render.Column("returned", "REFUNDED", numeric=True),
        render.Column("currency", ""),
    )
    render.show(
        rows,
        columns,
        context.chosen_format(format, json),
        machine=[_flat(boxoffice_output.order_as_json(it, zone)) for it in found],
        empty="Your box office has no such orders.",
    )


def _sold_voucher(order: PlacedOrder) -> str:
    """
    What stands in place of a show where an order sold a voucher.
    """
    return "–" if order.voucher is None else f"gift voucher {order.voucher.id}"


def _sums(order: PlacedOrder) -> dict[str, str | int]:
    """
    What was ordered, and what went back of it; nothing of a hold that ended.
    """
    if order.paid_at is None and order.state != "pending":
        return dict.fromkeys(("tickets", "total", "returned"), "–")
    return {
        "tickets": len(order.basket),
        "total": render.amount(order.total, order.currency),
        "returned": render.amount(order.returned, order.currency),
    }


def _flat(order: dict[str, object]) -> dict[str, object]:
    """
    An order as one row: its tickets, its voucher and its payments are those of
    `orders show`.
    """
    tickets, voucher = order.pop("tickets"), order.pop("voucher")
    order.pop("payments")
    assert isinstance(tickets, list)
    number = voucher["number"] if isinstance(voucher, dict) else None
    return {**order, "tickets": len(tickets), "voucher": number}


@orders.command("show")
def show_order(ctx: typer.Context, reference: Reference, json: Json = False) -> None:
    """
    Show an order: its tickets, what was paid and what went back.

    Example: ticketsync boxoffice orders show TS-7K4P-2Q
    """
    from ticketsync.boxoffice import placed_orders

    with context.get_context(ctx).database().read() as connection:
        order = placed_orders.get_order(connection, reference)
        zone = boxoffice_output.zone_of(connection, order.show_id)
    boxoffice_output.print_order(order, zone, json=json)


@orders.command("cancel")
def cancel_show(
    ctx: typer.Context,
    show: Annotated[str, typer.Option(help="The show that does not play.")],
    reason: Reason = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """
    Cancel all orders of a night that does not play: held seats are given up, tickets
    are void, and each refund waits to be handed over with `boxoffice refund`.

    Example: ticketsync boxoffice orders cancel --show 12 --reason "no power" --yes
    """
    from ticketsync.catalogue import selection
    from ticketsync.core import money
    from ticketsync.core.plurals import number_of
    from ticketsync.core.redact import safe
    from ticketsync.workflows.boxoffice import cancel_and_refund

    office = boxoffice_sales.get_office(ctx)
    with office.database.read() as connection:
        found = selection.find_show(connection, show)
    question = f"Void all tickets of {safe(found.production)} {found.starts_local}?"
    admitted = cancel_and_refund.count_admitted(office, found.id)
    if admitted:
        are = "is" if admitted == 1 else "are"
        question = f"{number_of(admitted, 'guest')} {are} already in. {question}"
    if not context.confirm(question, yes):
        raise typer.Abort
    done = cancel_and_refund.cancel_show(office, found.id, reason)
    if json:
        render.print_json(
            {
                "show_id": done.show.show_id,
                "held": done.held,
                "paid": done.paid,
                "to_return": money.decimal_text(done.planned, found.currency),
                "currency": found.currency,
                "admitted": done.admitted,
            }
        )
        return
    due = f"{render.amount(done.planned, found.currency)} {found.currency}"
    terminal.echo(
        f"{number_of(done.paid, 'order')} cancelled, {due} is to go back; "
        f"{number_of(done.held, 'hold')} given up."
    )
    if done.admitted:
        are = "is" if done.admitted == 1 else "are"
        terminal.echo(
            f"{number_of(done.admitted, 'guest')} {are} in, with a ticket that is void "
            "now.",
            err=True,
        )
