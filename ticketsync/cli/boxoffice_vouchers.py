"""
`ticketsync boxoffice voucher` and `ticketsync boxoffice vouchers …`.

A code is on standard output once and stored nowhere; the database has its digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import (
    boxoffice_output,
    boxoffice_sales,
    context,
    local_times,
    render,
    terminal,
)
from ticketsync.cli.context import Format, Json, Limit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ticketsync.boxoffice.placed_orders import PlacedOrder
    from ticketsync.boxoffice.vouchers import Voucher
    from ticketsync.workflows.boxoffice.box_office import BoxOffice

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
        typer.Option(
            help="Valid through that day, 2027-12-31, or until a local date and time, "
            "2026-11-27 19:30."
        ),
    ] = "",
    cash: boxoffice_sales.Cash = False,
    card: boxoffice_sales.Card = False,
    slip: boxoffice_sales.Slip = "",
    till: boxoffice_sales.Till = "",
    note: boxoffice_sales.Note = "",
    no_input: boxoffice_sales.NoInput = False,
    json: Json = False,
) -> None:
    """
    Make a voucher and print its code, which is stored nowhere. A gift voucher is sold
    with --cash or --card: its money is owed until the voucher pays. Without them the
    money that is taken for it is in no drawer and in no figure.

    Example: ticketsync boxoffice voucher 50.00 --cash --till 1
    """
    from ticketsync.catalogue import shows

    office = boxoffice_sales.get_office(ctx)
    method = boxoffice_sales.method_of(cash, card)
    with office.database.read() as connection:
        venue = shows.get_venue(connection)
    wanted = _WantedVoucher(
        office,
        kind,
        boxoffice_output.amount_of(amount, currency.upper() or venue.currency),
        currency.upper() or venue.currency,
        local_times.local_end(until, venue.timezone),
        venue.timezone,
    )
    if method:
        _sell(ctx, wanted, method, slip, till, note, json=json)
    else:
        _refuse_without_tender(slip, till, note)
        _make(ctx, wanted, json=json)


@dataclass(frozen=True, slots=True)
class _WantedVoucher:
    """
    The voucher that somebody wants; `amount` in minor units, `zone` of the business.
    """

    office: BoxOffice
    kind: str
    amount: int
    currency: str
    valid_until: datetime | None
    zone: str

    @property
    def worth(self) -> str:
        return f"{render.amount(self.amount, self.currency)} {self.currency}"


def _make(ctx: typer.Context, wanted: _WantedVoucher, *, json: bool) -> None:
    """
    Make a voucher without a record of what was paid for it.
    """
    from ticketsync.boxoffice import vouchers as issued
    from ticketsync.workflows.boxoffice import sell

    code = sell.issue_voucher(
        *(wanted.office, wanted.kind, wanted.amount, wanted.currency),
        wanted.valid_until,
    )
    with wanted.office.database.read() as connection:
        number = issued.find_number(connection, code)
    _print_code(wanted, number, code, None, json=json)
    notes = [_shown_once(wanted, number)]
    if wanted.kind == issued.GIFT:
        notes.append(
            f"Nothing says that money was taken for it: {wanted.worth} that you take "
            "for it are in no drawer and in no entry. Keep them apart from the till, "
            "or its drawer is over by them when it is counted, and enter the sale in "
            "your books; with --cash or --card all that is done with the sale."
        )
    _say(ctx, notes)


def _sell(
    ctx: typer.Context,
    wanted: _WantedVoucher,
    method: str,
    slip: str,
    till: str,
    note: str,
    *,
    json: bool,
) -> None:
    from ticketsync.boxoffice import vouchers as issued
    from ticketsync.core import errors
    from ticketsync.core.redact import safe
    from ticketsync.workflows.boxoffice import sell_vouchers
    from ticketsync.workflows.boxoffice.sell import Tender

    issued.refuse_impossible(wanted.kind, wanted.amount)
    if wanted.kind != issued.GIFT:
        raise errors.UsageError(
            f"A {wanted.kind} voucher is taken off a price; only a gift voucher is "
            "sold.",
            hint="Leave --cash and --card out, or use --kind gift.",
        )
    with wanted.office.database.read() as connection:
        till_id = boxoffice_sales.session_id(connection, till)
    tender = Tender(method, reference=slip, till_id=till_id)
    sold = sell_vouchers.sell_voucher(
        *(wanted.office, wanted.amount, wanted.currency, tender, wanted.valid_until),
        note=note,
    )
    order = sold.order
    assert order.voucher is not None
    _print_code(wanted, order.voucher.id, sold.code, order, json=json)
    paid = "in cash" if method == "cash" else "by card"
    in_drawer = till and method == "cash"
    drawer = f" In the drawer of till {safe(till)}." if in_drawer else ""
    _say(
        ctx,
        [
            _shown_once(wanted, order.voucher.id),
            f"Sold as order {order.reference}: {wanted.worth} {paid}.{drawer} You owe "
            "it until the voucher pays.",
        ],
    )
    boxoffice_sales.say_no_drawer(ctx, wanted.office, order)


def _refuse_without_tender(slip: str, till: str, note: str) -> None:
    """
    Raises: `UsageError` for what belongs to a sale, where nobody says how it is paid.
    """
    from ticketsync.core import errors

    if slip or till or note:
        raise errors.UsageError(
            "Nothing says how the voucher is paid.", hint="Use --cash or --card."
        )


def _print_code(
    wanted: _WantedVoucher,
    number: int,
    code: str,
    order: PlacedOrder | None,
    *,
    json: bool,
) -> None:
    from ticketsync.core import money

    if not json:
        terminal.echo(code)
        return
    render.print_json(
        {
            "number": number,
            "code": code,
            "kind": wanted.kind,
            "amount": money.decimal_text(wanted.amount, wanted.currency),
            "currency": wanted.currency,
            "order": None if order is None else order.reference,
            "method": None if order is None else order.payments[0].method,
            "valid_until": wanted.valid_until,
            "last_day": local_times.last_day(wanted.valid_until, wanted.zone),
        }
    )


def _shown_once(wanted: _WantedVoucher, number: int) -> str:
    return (
        f"This is the code of voucher {number}, of {wanted.worth}. Write it down or "
        "print it: it is stored nowhere, and nothing can show it again."
    )


def _say(ctx: typer.Context, notes: list[str]) -> None:
    app_context = context.get_context(ctx)
    for text in notes:
        for line in render.wrapped(text):
            app_context.say(line)


@vouchers.command("list")
def list_vouchers(
    ctx: typer.Context,
    limit: Limit = 50,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List vouchers, the newest first: what each was worth, what is left of it, by which
    order it was sold, and what you owe to the holders of all gift vouchers. Their codes
    are stored nowhere.

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
        sold_by = issued.list_references(connection, found)
    found = app_context.say_limited(found, limit)
    columns = (
        render.Column("number", "NO", is_id=True),
        render.Column("kind", "KIND"),
        render.Column("made", "MADE", spare=1),
        render.Column("until", "VALID UNTIL"),
        render.Column("order", "SOLD BY", spare=2),
        render.Column("state", "STATE"),
        render.Column("amount", "VALUE", numeric=True),
        render.Column("left", "LEFT", numeric=True),
        render.Column("currency", ""),
    )
    render.show(
        [_row(voucher, now, zone, sold_by) for voucher in found],
        columns,
        context.chosen_format(format, json),
        machine=[_as_json(voucher, now, zone, sold_by) for voucher in found],
        empty="Your box office has made no voucher yet.",
    )
    if found:
        sums = ", ".join(map(str, owed)) or "nothing"
        app_context.say(f"Owed to the holders of gift vouchers: {sums}.")


def _row(
    voucher: Voucher, now: datetime, zone: str, sold_by: Mapping[int, str]
) -> dict[str, Any]:
    from ticketsync.core import moments

    until = voucher.valid_until
    return {
        "number": voucher.id,
        "kind": voucher.kind,
        "made": moments.written(voucher.created_at, zone),
        "until": "–" if until is None else moments.written_end(until, zone),
        "state": voucher.state(now),
        "amount": render.amount(voucher.amount, voucher.currency),
        "left": render.amount(voucher.left, voucher.currency),
        "currency": voucher.currency,
        "order": "–" if voucher.order_id is None else sold_by[voucher.order_id],
    }


def _as_json(
    voucher: Voucher, now: datetime, zone: str, sold_by: Mapping[int, str]
) -> dict[str, Any]:
    """
    The stable JSON shape of a voucher; `zone` is that of the business, `sold_by` are
    references of orders by our ids.
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
        "returned": shown(voucher.returned),
        "left": shown(voucher.left),
        "owed": shown(voucher.owed(now)),
        "currency": voucher.currency,
        "valid_until": voucher.valid_until,
        "created_at": voucher.created_at,
        "order": None if voucher.order_id is None else sold_by[voucher.order_id],
        "last_day": local_times.last_day(voucher.valid_until, zone),
    }
