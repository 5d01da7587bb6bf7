"""
The commands of `ticketsync boxoffice` that sell and take back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import boxoffice_output, context, render, terminal
from ticketsync.cli.context import Json, Reason, Show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.boxoffice.placed_orders import PlacedOrder
    from ticketsync.catalogue.shows import ShowInfo
    from ticketsync.core.records import Person
    from ticketsync.workflows.boxoffice.box_office import BoxOffice
    from ticketsync.workflows.boxoffice.sell import Sold, Tender

Reference = Annotated[str, typer.Argument(help="Of the order: TS-7K4P-2Q.")]
Tiers = Annotated[
    list[str], typer.Option("--tier", help='"Adult=2"; once for each price.')
]
Name = Annotated[str, typer.Option(help="The buyer's name.")]
Email = Annotated[str, typer.Option(help="The buyer's e-mail address.")]
MemberNumber = Annotated[str, typer.Option("--member", help="A member's number.")]
Note = Annotated[str, typer.Option(help="For your colleagues.")]
Cash = Annotated[bool, typer.Option("--cash", help="Cash was received.")]
Card = Annotated[
    bool, typer.Option("--card", help="A card terminal received the money.")
]
Slip = Annotated[str, typer.Option(help="What the card terminal printed.")]
Amount = Annotated[
    str, typer.Option(help="What was received; refused if it is not what is due.")
]
Vouchers = Annotated[
    list[str] | None, typer.Option("--voucher", help="The code of a voucher.")
]
Till = Annotated[
    str, typer.Option("--till", help="Of an open till; cash is in its drawer.")
]
NoInput = Annotated[
    bool, typer.Option("--no-input", help="For scripts; it never prompts.")
]


def get_office(ctx: typer.Context) -> BoxOffice:
    """
    The box office of the command's database.
    """
    from ticketsync.workflows.boxoffice.box_office import BoxOffice

    app_context = context.get_context(ctx)
    return BoxOffice(app_context.database(), app_context.settings())


def hold_seats(
    ctx: typer.Context,
    show: Show,
    tier: Tiers,
    name: Name = "",
    email: Email = "",
    member: MemberNumber = "",
    note: Note = "",
    json: Json = False,
) -> None:
    """
    Hold seats until they are paid, all of them or none.

    Example: ticketsync boxoffice hold 12 --tier Adult=2 --name "Mia Chen"
    """
    from ticketsync.workflows.boxoffice import sell

    office = get_office(ctx)
    found = _find_show(office, show)
    held = sell.hold(
        office,
        found.id,
        boxoffice_output.named_numbers(tier),
        buyer=_person(name, email),
        member=member,
        note=note,
    )
    boxoffice_output.print_order(held, found.timezone, json=json)


def extend_hold(ctx: typer.Context, reference: Reference, json: Json = False) -> None:
    """
    Hold seats longer, up to four times the usual minutes altogether.

    Example: ticketsync boxoffice extend TS-7K4P-2Q
    """
    from ticketsync.workflows.boxoffice import sell

    office = get_office(ctx)
    held = sell.extend(office, reference)
    boxoffice_output.print_order(held, _zone_of(office, held.show_id), json=json)


def sell_tickets(
    ctx: typer.Context,
    show: Show,
    tier: Tiers,
    cash: Cash = False,
    card: Card = False,
    voucher: Vouchers = None,
    amount: Amount = "",
    slip: Slip = "",
    name: Name = "",
    email: Email = "",
    member: MemberNumber = "",
    note: Note = "",
    till: Till = "",
    no_input: NoInput = False,
    json: Json = False,
) -> None:
    """
    Sell tickets that are paid now, all of them or none.

    Example: ticketsync boxoffice sell 12 --tier Adult=2 --tier Child=1 --cash
    """
    from ticketsync.workflows.boxoffice import sell

    office = get_office(ctx)
    found = _find_show(office, show)
    tender = _tender(office, found.currency, cash, card, voucher, amount, slip, till)
    sold = sell.sell(
        office,
        found.id,
        boxoffice_output.named_numbers(tier),
        tender,
        buyer=_person(name, email),
        member=member,
        note=note,
    )
    _print_sold(sold, found.timezone, json=json)
    say_no_drawer(ctx, office, sold.order)


def pay_order(
    ctx: typer.Context,
    reference: Reference,
    cash: Cash = False,
    card: Card = False,
    voucher: Vouchers = None,
    amount: Amount = "",
    slip: Slip = "",
    till: Till = "",
    no_input: NoInput = False,
    json: Json = False,
) -> None:
    """
    Take the money for held seats and issue the tickets.

    Example: ticketsync boxoffice pay TS-7K4P-2Q --cash
    """
    from ticketsync.boxoffice import placed_orders
    from ticketsync.workflows.boxoffice import sell

    office = get_office(ctx)
    with office.database.read() as connection:
        order = placed_orders.get_order(connection, reference)
    tender = _tender(office, order.currency, cash, card, voucher, amount, slip, till)
    sold = sell.pay(office, reference, tender)
    _print_sold(sold, _zone_of(office, order.show_id), json=json)
    say_no_drawer(ctx, office, sold.order)


def give_tickets(
    ctx: typer.Context,
    show: Show,
    tier: Tiers,
    name: Name = "",
    email: Email = "",
    note: Note = "",
    json: Json = False,
) -> None:
    """
    Give tickets away: they take seats and cost nothing.

    Example: ticketsync boxoffice comp 12 --tier Adult=2 --name "The Gazette"
    """
    from ticketsync.workflows.boxoffice import sell

    office = get_office(ctx)
    found = _find_show(office, show)
    numbers = boxoffice_output.named_numbers(tier)
    given = sell.comp(office, found.id, numbers, buyer=_person(name, email), note=note)
    _print_sold(given, found.timezone, json=json)


def cancel_order(
    ctx: typer.Context, reference: Reference, reason: Reason = "", json: Json = False
) -> None:
    """
    Give up held seats.

    Example: ticketsync boxoffice cancel TS-7K4P-2Q --reason "changed their mind"
    """
    from ticketsync.workflows.boxoffice import cancel_and_refund

    office = get_office(ctx)
    order = cancel_and_refund.cancel(office, reference, reason)
    boxoffice_output.print_order(order, _zone_of(office, order.show_id), json=json)


def refund_order(
    ctx: typer.Context,
    reference: Reference,
    ticket: Annotated[
        list[int] | None,
        typer.Option(help="The number of a ticket; all without it."),
    ] = None,
    amount: Annotated[
        str,
        typer.Option(
            help="How much goes back; without it what the tickets cost. Less than was "
            "paid names its tickets, or keeps them.",
        ),
    ] = "",
    keep_tickets: Annotated[
        bool, typer.Option("--keep-tickets", help="Only money goes back.")
    ] = False,
    later: Annotated[
        bool,
        typer.Option("--later", help="The money was not handed over yet."),
    ] = False,
    reason: Reason = "",
    till: Till = "",
    json: Json = False,
) -> None:
    """
    Void tickets of a paid order and return their money; also what was to go back since
    a night was cancelled. Gift vouchers get back what they paid; what other vouchers
    took off the price is used up. Says which guests with a void ticket are already in.
    Of an order that sold a gift voucher, what is left of the voucher goes back.

    Example: ticketsync boxoffice refund TS-7K4P-2Q --ticket 2 --reason ill
    """
    from ticketsync.boxoffice import placed_orders
    from ticketsync.workflows.boxoffice import cancel_and_refund
    from ticketsync.workflows.boxoffice.cancel_and_refund import Refund

    office = get_office(ctx)
    with office.database.read() as connection:
        order = placed_orders.get_order(connection, reference)
        till_id = session_id(connection, till)
    minor = boxoffice_output.amount_of(amount, order.currency) if amount else None
    wanted = Refund(
        tickets=ticket or None,
        amount=minor,
        keeps_tickets=keep_tickets,
        is_paid_out=not later,
        till_id=till_id,
    )
    after = cancel_and_refund.refund(office, reference, wanted, reason)
    with office.database.read() as connection:
        admitted = cancel_and_refund.admitted_of(
            connection, [after], placed_orders.VOID
        )
    boxoffice_output.print_refunded(
        *(order, after, admitted.get(after.reference, ())),
        _zone_of(office, after.show_id),
        json=json,
    )
    say_no_drawer(ctx, office, after, before=order)


def _find_show(office: BoxOffice, text: str) -> ShowInfo:
    from ticketsync.catalogue import selection

    with office.database.read() as connection:
        return selection.find_show(connection, text)


def _zone_of(office: BoxOffice, show_id: int) -> str:
    with office.database.read() as connection:
        return boxoffice_output.zone_of(connection, show_id)


def _person(name: str, email: str) -> Person:
    from ticketsync.core.records import Person

    return Person(name.strip(), email.strip())


def _tender(
    office: BoxOffice,
    currency: str,
    cash: bool,
    card: bool,
    voucher: list[str] | None,
    amount: str,
    slip: str,
    till: str,
) -> Tender:
    """
    How somebody pays.

    Raises: `UsageError` for cash and card at once, `GuardRefused` (`till-closed`).
    """
    from ticketsync.workflows.boxoffice.sell import Tender

    with office.database.read() as connection:
        till_id = session_id(connection, till)
    return Tender(
        method=method_of(cash, card),
        amount=boxoffice_output.amount_of(amount, currency) if amount else None,
        vouchers=voucher or (),
        reference=slip,
        till_id=till_id,
    )


def method_of(cash: bool, card: bool) -> str:
    """
    How money is paid; `""` where nobody says it.

    Raises: `UsageError` for cash and card at once.
    """
    from ticketsync.core import errors

    if cash and card:
        raise errors.UsageError(
            "An order is paid in cash or by card.", hint="Use --cash or --card."
        )
    return "cash" if cash else "card" if card else ""


def session_id(connection: Connection, till: str) -> int | None:
    from ticketsync.boxoffice import tills

    return tills.get_open(connection, till).id if till else None


def _print_sold(sold: Sold, zone: str, *, json: bool) -> None:
    boxoffice_output.print_order(sold.order, zone, json=json, codes=sold.codes)
    if not json:
        terminal.echo(
            "These codes admit whoever has them; they are stored nowhere.", err=True
        )


def say_no_drawer(
    ctx: typer.Context,
    office: BoxOffice,
    order: PlacedOrder,
    before: PlacedOrder | None = None,
) -> None:
    """
    Say it where cash of an order, since `before`, is in no drawer although a till is
    open: the count at its close would be over or short.
    """
    from ticketsync.boxoffice import tills
    from ticketsync.core.plurals import joined
    from ticketsync.core.redact import safe

    cash = order.cash_without_till - (before.cash_without_till if before else 0)
    if not cash:
        return
    with office.database.read() as connection:
        found = tills.list_open(connection, order.currency)
    if found:
        moved = f"{render.amount(abs(cash), order.currency)} {order.currency}"
        names = joined(safe(session.till) for session in found)
        are_open = f"till {names} is" if len(found) == 1 else f"tills {names} are"
        context.get_context(ctx).say(
            f"No drawer has these {moved} in its count, and {are_open} open: give "
            f"--till {safe(found[0].till)} next time."
        )
