"""
What the commands of the box office print, and how their options are read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ticketsync.cli import local_times, render, terminal

TIER_COLUMNS = (
    render.Column("tier", "TIER", most=30),
    render.Column("price", "PRICE", numeric=True),
    render.Column("currency", ""),
    render.Column("left", "LEFT", numeric=True),
    render.Column("note", ""),
)

MOST_DIGITS = 9  # of a number of pieces of cash, or of tickets

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.boxoffice.placed_orders import PlacedOrder
    from ticketsync.boxoffice.price_tiers import Tier
    from ticketsync.workflows.boxoffice.availability import Availability


def zone_of(connection: Connection, show_id: int) -> str:
    """
    The time zone of that show, or with `NO_SHOW` that of the business.

    Raises: `NotFound`.
    """
    from ticketsync.catalogue import shows
    from ticketsync.core.records import NO_SHOW
    from ticketsync.store.business_zone import get_business_zone

    if show_id == NO_SHOW:
        return get_business_zone(connection)
    return shows.get_show(connection, show_id).timezone


def amount_of(text: str, currency: str) -> int:
    """
    An amount in minor units.

    Raises: `UsageError` for what is none, and for less than nothing.
    """
    from ticketsync.core import errors, money
    from ticketsync.core.redact import safe

    try:
        amount = money.from_decimal_text(text.strip(), currency)
    except money.MoneyError as error:
        raise errors.UsageError(f"{error}.", hint="For example 55.00.") from None
    if amount < 0:
        raise errors.UsageError(
            f"{safe(text, longest=40)!r} is a negative amount.",
            hint="For example 55.00.",
        )
    return amount


def counted_cash(text: str, currency: str) -> int:
    """
    What was counted, in minor units: one sum, or pieces like `3x50 4x20 12.50`.

    Raises: `UsageError` for anything else, also for more than an amount can be.
    """
    from ticketsync.core import errors, money
    from ticketsync.core.redact import safe

    parts = text.replace("+", " ").replace("×", "x").split()
    total = 0
    for part in parts:
        number, sign, piece = part.lower().rpartition("x")
        if sign and not _is_count(number):
            parts = []
            break
        total += int(number or 1) * amount_of(piece, currency)
    if not parts:
        raise errors.UsageError(
            f"{safe(text, longest=60)!r} is not a sum of cash.",
            hint="For example 365.00, or 3x50 4x20 135.",
        )
    return amount_of(money.decimal_text(total, currency), currency)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def named_numbers(texts: Sequence[str]) -> dict[str, int]:
    """
    How many of which tier: `Adult=2`.

    Raises: `UsageError` for anything else.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    found: dict[str, int] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        if not name.strip() or not _is_count(number.strip()):
            raise errors.UsageError(
                f"{safe(text, longest=60)!r} does not say how many of which price.",
                hint='Use --tier "Adult=2", once for each price.',
            )
        found[name] = found.get(name, 0) + int(number)
    return found


def named_prices(texts: Sequence[str], currency: str) -> list[tuple[str, int]]:
    """
    Which tier at which price: `Adult=55.00`.

    Raises: `UsageError` for anything else.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    found = []
    for text in texts:
        name, sign, price = text.rpartition("=")
        if not sign or not name.strip():
            raise errors.UsageError(
                f"{safe(text, longest=60)!r} does not say which price.",
                hint='Use --tier "Adult=55.00", once for each price.',
            )
        found.append((name.strip(), amount_of(price, currency)))
    return found


def order_as_json(
    order: PlacedOrder, zone: str, codes: Mapping[int, str] | None = None
) -> dict[str, Any]:
    """
    The stable JSON shape of an order; `zone` is that of its show or of the business,
    `codes` are there where its tickets were issued just now.
    """
    from ticketsync.core import money

    def shown(minor: int) -> str:
        return money.decimal_text(minor, order.currency)

    return {
        "reference": order.reference,
        "show_id": order.show_id or None,
        "state": order.word,
        "channel": order.channel,
        "total": shown(order.total),
        "received": shown(order.received),
        "returned": shown(order.returned),
        "to_return": shown(sum(payment.planned for payment in order.payments)),
        "currency": order.currency,
        "held_until": order.held_until if order.state == "pending" else None,
        "created_at": order.created_at,
        "paid_at": order.paid_at,
        "ended_at": order.ended_at,
        "reason": order.end_reason,
        "note": order.note,
        "tickets": [
            {
                "number": ticket.number,
                "ticket_id": f"{order.reference}-{ticket.number}",
                "tier": ticket.tier.name,
                "price": shown(ticket.price),
                "discount": shown(ticket.discount),
                "state": ticket.state,
                "code": (codes or {}).get(ticket.number),
            }
            for ticket in order.basket
        ],
        "voucher": None
        if order.voucher is None
        else {
            "number": order.voucher.id,
            "amount": shown(order.voucher.amount),
            "left": shown(order.voucher.left),
            "valid_until": order.voucher.valid_until,
            "last_day": local_times.last_day(order.voucher.valid_until, zone),
        },
        "payments": [
            {
                "method": payment.method,
                "amount": shown(payment.amount),
                "returned": shown(payment.returned),
                "to_return": shown(payment.planned),
                "reference": payment.reference,
            }
            for payment in order.payments
        ],
    }


def state_of(order: PlacedOrder) -> str:
    """
    The word for an order where people read it: the seats of a pending one sell again
    after its hold, whether `expire` or `sync` marked it yet or not.
    """
    from ticketsync.boxoffice.placed_orders import PENDING
    from ticketsync.core import clock

    is_over = order.state == PENDING and not order.is_held(clock.now())
    return "hold over" if is_over else order.word


def print_order(
    order: PlacedOrder,
    zone: str,
    *,
    json: bool,
    codes: Mapping[int, str] | None = None,
) -> None:
    """
    Print an order: what is in it, what was paid, and the codes of new tickets.
    """
    from ticketsync.core import clock, moments
    from ticketsync.core.redact import safe

    if json:
        render.print_json(order_as_json(order, zone, codes))
        return
    total = f"{render.amount(order.total, order.currency)} {order.currency}"
    until = ""
    if order.state == "pending":
        is_held = order.is_held(clock.now())
        words = "held until" if is_held else "its seats sell again since"
        until = f", {words} {moments.written(order.held_until, zone)}"
    reason = f" ({safe(order.end_reason)})" if order.end_reason else ""
    terminal.echo(f"{order.reference}: {state_of(order)}{reason}, {total}{until}")
    for ticket in order.basket:
        price = render.amount(ticket.price, order.currency)
        if ticket.discount:
            price += f" ({render.amount(ticket.discount, order.currency)} off)"
        code = (codes or {}).get(ticket.number, "")
        state = "" if ticket.state in ("reserved", "issued") else f"  {ticket.state}"
        line = f"  {ticket.number}  {safe(ticket.tier.name)}  {price}{state}  {code}"
        terminal.echo(line.rstrip())
    if order.voucher is not None:
        left = render.amount(order.voucher.left, order.currency)
        worth = render.amount(order.voucher.amount, order.currency)
        terminal.echo(f"  gift voucher {order.voucher.id}  {worth}  ({left} left)")
    for payment in order.payments:
        terminal.echo(
            f"  {payment.method}  {render.amount(payment.amount, order.currency)}"
            + _returned(payment.returned, payment.planned, order.currency)
        )


def guests_in_words(admitted: int, number: int) -> str:
    """
    `1 of 3 guests is already in.`
    """
    from ticketsync.core.plurals import number_of

    are = "is" if admitted == 1 else "are"
    return f"{admitted:,} of {number_of(number, 'guest')} {are} already in."


def print_command(reference: str) -> str:
    """
    The command that prints an order, to be typed.
    """
    return f"`ticketsync boxoffice print {reference}`"


def print_refunded(
    before: PlacedOrder,
    after: PlacedOrder,
    admitted: Collection[int],
    zone: str,
    *,
    json: bool,
) -> None:
    """
    Print an order of which something went back, and who of its guests is in with a
    ticket that is void by it; `admitted` are the tickets whose guests are in, by their
    numbers.
    """
    valid = {it.number for it in before.tickets if it.state == "issued"}
    void = [it.number for it in after.tickets if it.state == "void"]
    void = [number for number in void if number in valid]
    within = sorted(number for number in void if number in admitted)
    if json:
        render.print_json({**order_as_json(after, zone), "admitted": within})
        return
    print_order(after, zone, json=False)
    if within:
        numbers = ", ".join(f"{after.reference}-{number}" for number in within)
        text = guests_in_words(len(within), len(void)).rstrip(".")
        terminal.echo(f"{text}, with a ticket that is void now: {numbers}.", err=True)


def _returned(returned: int, planned: int, currency: str) -> str:

    parts = []
    if returned:
        parts.append(f"{render.amount(returned, currency)} went back")
    if planned:
        parts.append(f"{render.amount(planned, currency)} is to go back")
    return f" ({', '.join(parts)})" if parts else ""


def availability_as_json(found: Availability) -> dict[str, Any]:
    """
    The stable JSON shape of what is left of a show.
    """
    show, taken = found.show, found.taken
    return {
        "show_id": show.show_id,
        "production": show.production,
        "starts_local": show.starts_local,
        "is_open": found.is_open,
        "capacity": show.capacity,
        "held_back": show.held_back,
        "sold": sum(taken.sold.values()),
        "held": sum(taken.held.values()),
        "elsewhere": taken.elsewhere,
        "left": found.left,
        "tiers": [
            {
                **tier_as_json(item.tier),
                "left": item.left,
                "is_open": item.is_open,
                "sold": taken.sold.get(item.tier.id, 0),
                "held": taken.held.get(item.tier.id, 0),
            }
            for item in found.tiers
        ],
        "platforms": [
            {"account": item.account, "last_read_at": item.last_read_at}
            for item in found.platforms
        ],
    }


def tier_as_json(tier: Tier) -> dict[str, Any]:
    """
    The stable JSON shape of a tier.
    """
    from ticketsync.core import clock, money

    return {
        "tier": tier.name,
        "price": money.decimal_text(tier.price, tier.currency),
        "buyer_fee": money.decimal_text(tier.buyer_fee, tier.currency),
        "currency": tier.currency,
        "capacity": tier.capacity,
        "min_quantity": tier.min_quantity,
        "max_quantity": tier.max_quantity,
        "opens_at": clock.iso(tier.opens_at),
        "closes_at": clock.iso(tier.closes_at),
        "members_only": tier.members_only,
        "tax_rate_ppm": tier.tax_rate_ppm,
        "tax_inclusive": tier.tax_inclusive,
    }


def print_availability(found: Availability) -> None:
    """
    Print what is left of a show.
    """
    from ticketsync.core import clock
    from ticketsync.core.plurals import number_of
    from ticketsync.core.redact import safe

    show, taken = found.show, found.taken
    terminal.echo(f"{safe(show.production)}, {render.day(show.starts_local)}")
    seats = "seats unknown"
    if show.capacity is not None:
        seats = number_of(show.capacity, "seat")
    parts = [f"{sum(taken.sold.values()):,} sold", f"{sum(taken.held.values()):,} held"]
    if taken.elsewhere:
        parts.append(f"{taken.elsewhere:,} sold by platforms")
    if show.held_back:
        parts.append(f"{show.held_back:,} in reserve")
    left = "–" if found.left is None else f"{found.left:,}"
    terminal.echo(f"{seats}: {', '.join(parts)}, {left} left")
    if not found.is_open:
        terminal.echo("The sale is not open now.")
    rows = [
        {
            "tier": item.tier.name,
            "price": render.amount(item.tier.price, item.tier.currency),
            "currency": item.tier.currency,
            "left": "–" if item.left is None else item.left,
            "note": _note(item.tier.members_only, item.left, is_open=item.is_open),
        }
        for item in found.tiers
    ]
    render.show(rows, TIER_COLUMNS, "table")
    for platform in found.platforms:
        terminal.echo(
            f"{safe(platform.account)} read {clock.ago(platform.last_read_at)}"
        )


def _note(members_only: bool, left: int | None, *, is_open: bool) -> str:
    if not is_open:
        return "not open"
    if left == 0:
        return "sold out"
    return "members only" if members_only else ""
