"""
Orders of our own box office on paper: their tickets and their receipt, made when they
are asked for and stored nowhere; to a printer, or by mail to the buyer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ticketsync.boxoffice import placed_orders, refusals, tills
from ticketsync.boxoffice.placed_orders import (
    CARD,
    CASH,
    COMPLIMENTARY,
    PAID,
    REFUNDED,
    VOUCHER,
    OrderedTicket,
    Payment,
    PlacedOrder,
)
from ticketsync.catalogue import shows
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock, errors, moments
from ticketsync.core.money import Money
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.settings import config
from ticketsync.core.written import written_rates
from ticketsync.gateways import mail, printer
from ticketsync.gateways.mail import Attachment
from ticketsync.reporting import ticket_printing
from ticketsync.reporting.ticket_printing import (
    Paper,
    PrintedTicket,
    Receipt,
    ReceiptLine,
)
from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.box_office import BoxOffice

_METHODS = {CASH: "Cash", CARD: "Card", COMPLIMENTARY: "Free"}
_WAYS_BACK = {CASH: "in cash", CARD: "to the card", VOUCHER: "to the voucher"}


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """
    An order that was paid, with what its tickets and its receipt say about the show:
    `None` where it sold a voucher. `till` is the till that sold it, if one did.
    """

    order: PlacedOrder
    venue: str
    zone: str
    show: ShowInfo | None
    till: str = ""

    @property
    def what(self) -> str:
        """
        The show, or the voucher, in words.
        """
        if self.show is not None:
            return self.show.production
        assert self.order.voucher is not None
        return f"Gift voucher {self.order.voucher.id}"


def find(office: BoxOffice, reference: str) -> PaidOrder:
    """
    Raises: `SaleRefused` (`wrong-state`) where it was not paid, `NotFound`.
    """
    with office.database.read() as connection:
        order = placed_orders.get_order(connection, reference)
        show = None
        if order.voucher is None:
            show = shows.get_show(connection, order.show_id)
        first = shows.get_venue(connection)
        till = (
            tills.get_session(connection, order.till_id).till if order.till_id else ""
        )
    if order.state not in (PAID, REFUNDED):
        raise refusals.refused(
            refusals.WRONG_STATE,
            f"Order {order.reference} is {order.state}: it was not paid.",
            hint=f"Run `ticketsync boxoffice pay {order.reference}` first.",
        )
    venue, zone = (first.name, first.timezone)
    if show is not None:
        venue, zone = show.venue, show.timezone
    return PaidOrder(order, venue, zone, show, till)


def paper_of(text: str, *, is_receipt: bool) -> Paper:
    """
    What to print on: as somebody says, else a roll for receipts and A6 for tickets.

    Raises: `UsageError` for another paper.
    """
    if not text:
        return Paper.ROLL if is_receipt else Paper.A6
    try:
        return Paper(text.strip().lower())
    except ValueError:
        raise errors.UsageError(
            f"There is no paper {safe(text, longest=40)!r}.", hint="Use a6 or roll."
        ) from None


def tickets_as_pdf(office: BoxOffice, found: PaidOrder, paper: Paper) -> bytes:
    """
    The valid tickets of an order, each on a page of its own.

    Raises: `SaleRefused` (`wrong-state`) where it has none; what
    `read_confirmed_secret` and `print_tickets` raise.
    """
    order = found.order
    codes = sell.codes_of(office, order)
    if not codes:
        raise refusals.refused(
            refusals.WRONG_STATE,
            f"Order {order.reference} has no valid ticket.",
            hint="Its receipt can be printed: --receipt.",
        )
    printed = [
        _ticket(found, ticket, number, len(codes), codes[ticket.number])
        for number, ticket in enumerate(
            (it for it in order.tickets if it.number in codes), 1
        )
    ]
    return ticket_printing.print_tickets(printed, paper)


def _ticket(
    found: PaidOrder, ticket: OrderedTicket, number: int, count: int, code: str
) -> PrintedTicket:
    assert found.show is not None, "only shows have tickets"
    return PrintedTicket(
        venue=found.venue,
        show=found.show.production,
        starts_at=clock.parse_local(found.show.starts_local),
        tier=ticket.tier.name,
        price=Money(ticket.due, found.order.currency),
        number=number,
        count=count,
        reference=found.order.reference,
        code=code,
    )


def receipt_as_pdf(
    found: PaidOrder, paper: Paper, *, cash_given: int | None = None
) -> bytes:
    """
    The receipt of an order as it was sold; what went back since is said below.
    `cash_given` is what the buyer handed over, in minor units, if that is known.

    Raises: what `print_receipt` raises.
    """
    return ticket_printing.print_receipt(receipt_of(found, cash_given), paper)


def receipt_of(found: PaidOrder, cash_given: int | None = None) -> Receipt:
    """
    The values of an order's receipt.
    """
    order, zone = found.order, found.zone
    assert order.paid_at is not None, "it was paid"
    cash = sum(it.amount for it in order.payments if it.method == CASH)
    given = cash if cash_given is None else max(cash, cash_given)
    return Receipt(
        venue=found.venue,
        show=found.what,
        starts_at=None
        if found.show is None
        else clock.parse_local(found.show.starts_local),
        sold_at=clock.local(order.paid_at, zone),
        reference=order.reference,
        lines=_lines(order),
        taxes=_taxes(order),
        tenders=[
            _tender(payment, order.currency, given - cash)
            for payment in order.payments
            if payment.is_received
        ],
        change=Money(given - cash, order.currency),
        notes=[
            *([f"Till {found.till}"] if found.till else []),
            *_validity(order, zone),
            *_returns(order, zone),
        ],
    )


def _lines(order: PlacedOrder) -> list[ReceiptLine]:
    """
    A line for each price, then what is taken off and what comes on top.
    """
    if order.voucher is not None:
        price = Money(order.voucher.amount, order.currency)
        return [ReceiptLine("Gift voucher", price, 1)]
    basket = order.basket
    groups: dict[tuple[int, int], list[OrderedTicket]] = {}
    for ticket in basket:
        key = (ticket.tier.id, ticket.price + ticket.discount)
        groups.setdefault(key, []).append(ticket)
    lines = [
        ReceiptLine(
            tickets[0].tier.name,
            Money(price * len(tickets), order.currency),
            len(tickets),
        )
        for (_, price), tickets in groups.items()
    ]
    others = {
        "Discount": -sum(ticket.discount for ticket in basket),
        "Booking fee": sum(ticket.buyer_fee for ticket in basket),
        "Tax": sum(ticket.tax_added for ticket in basket),
    }
    return lines + [
        ReceiptLine(title, Money(amount, order.currency))
        for title, amount in others.items()
        if amount
    ]


def _taxes(order: PlacedOrder) -> list[ReceiptLine]:
    """
    The tax inside the total, by rate; nothing where a rate is not known.
    """
    by_rate: dict[int, int] = {}
    for ticket in order.basket:
        rate = ticket.tier.tax_rate_ppm
        if rate is None or ticket.tax is None:
            return []
        by_rate[rate] = by_rate.get(rate, 0) + ticket.tax
    return [
        ReceiptLine(
            f"Tax in it ({written_rates.per_cent(rate)}%)", Money(tax, order.currency)
        )
        for rate, tax in sorted(by_rate.items())
    ]


def _tender(payment: Payment, currency: str, change: int) -> ReceiptLine:
    given = payment.amount + (change if payment.method == CASH else 0)
    return ReceiptLine(_METHODS.get(payment.method, "Voucher"), Money(given, currency))


def _validity(order: PlacedOrder, zone: str) -> list[str]:
    if order.voucher is None or order.voucher.valid_until is None:
        return []
    end = order.voucher.valid_until
    if moments.ends_with_day(end, zone):
        return [f"Valid until {clock.last_day(end, zone):%a %d %b %Y}."]
    return [f"Valid until {clock.format_moment(clock.local(end, zone))}."]


def _returns(order: PlacedOrder, zone: str) -> list[str]:
    """
    What went back, each time and by each way of paying.
    """
    found: list[tuple[datetime, int, str]] = [
        (it.settled_at, it.amount, _WAYS_BACK[payment.method])
        for payment in order.payments
        for it in payment.refunds
        if it.settled_at is not None
    ]
    return [
        f"{Money(amount, order.currency)} went back {way} on "
        f"{clock.local(moment, zone):%a %d %b %Y}."
        for moment, amount, way in sorted(found)
    ]


def send_to_printer(command: str, document: bytes, reference: str) -> None:
    """
    Give a PDF of an order to a command that prints it.

    Raises: what `printer.send` raises; a `ProviderUnavailable` (`not-printed`) says
    what is to be done for that order.
    """
    try:
        printer.send(command, document)
    except errors.ProviderUnavailable as failed:
        raise errors.ProviderUnavailable(
            f"{failed.message} The sale stands.",
            hint="Look at the printer, then run `ticketsync boxoffice print "
            f"{reference}` again; without --print-command it makes a file.",
            word=failed.word,
        ) from None


def print_sale(
    office: BoxOffice, reference: str, command: str, cash_given: int | None = None
) -> None:
    """
    Print the tickets of an order and its receipt on a roll.

    Raises: what `find`, `tickets_as_pdf` and `send_to_printer` raise.
    """
    found = find(office, reference)
    send_to_printer(command, tickets_as_pdf(office, found, Paper.ROLL), reference)
    receipt = receipt_as_pdf(found, Paper.ROLL, cash_given=cash_given)
    send_to_printer(command, receipt, reference)


def send_by_mail(
    office: BoxOffice,
    found: PaidOrder,
    address: str,
    documents: Mapping[str, bytes],
    *,
    is_receipt: bool = False,
) -> None:
    """
    Mail PDFs of an order, by their file names, to somebody: its tickets, or its
    receipt.

    Raises: `ConfigurationError` where the settings have no mail server; what
    `mail.send` raises.
    """
    url = office.settings.notify.mail
    if not url:
        raise errors.ConfigurationError(
            "Tickets go out by the mail server of the settings, and there is none.",
            hint="Set `notify: mail`, and try it with `ticketsync notify test`.",
        )
    subject, text = receipt_text(found) if is_receipt else mail_text(found)
    mail.send(
        *(config.address(url), subject, text),
        recipients=[address],
        attachments=[Attachment(*document) for document in documents.items()],
    )


def mail_text(found: PaidOrder) -> tuple[str, str]:
    """
    Subject and text of a mail with tickets.
    """
    order, show = found.order, found.show
    assert show is not None, "only shows have tickets"
    valid = number_of(sum(order.wanted.values()), "ticket")
    when = clock.format_local(show.starts_local)
    production, venue = safe(show.production), safe(show.venue)
    text = (
        f"Hello,\n\nthank you for your order {order.reference}: {valid} for "
        f"{production} at {venue}, {when}.\n\n"
        "Please show the code of each ticket at the entrance, printed or on your "
        f"telephone.\nEach code admits one person once.\n\n{venue}\n"
    )
    return f"Your tickets for {production}, {when}", text


def receipt_text(found: PaidOrder) -> tuple[str, str]:
    """
    Subject and text of a mail with a receipt, which admits nobody.
    """
    what, venue = safe(found.what), safe(found.venue)
    of = what
    if found.show is not None:
        when = clock.format_local(found.show.starts_local)
        what, of = f"{what}, {when}", f"{what} at {venue}, {when}"
    text = (
        f"Hello,\n\nattached is the receipt of your order {found.order.reference} for "
        f"{of}.\n\n{venue}\n"
    )
    return f"Your receipt for {what}", text
