"""
Selling gift vouchers at our own box office. The money is received when a voucher is
sold, and owed until it pays: so its order is for no show, and in no figure of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from ticketsync.boxoffice import orders, payments, tills, vouchers
from ticketsync.boxoffice.payments import NewPayment
from ticketsync.boxoffice.placed_orders import CARD, CASH, PlacedOrder
from ticketsync.catalogue import occurrences, saved_listing, shows
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import clock, digest, errors, records
from ticketsync.workflows.boxoffice.box_office import BoxOffice, changes_of
from ticketsync.workflows.boxoffice.sell import TILL, Tender

_LISTED_AS: Final = "vouchers"  # the id in the listing of our account


@dataclass(frozen=True, slots=True)
class SoldVoucherOrder:
    """
    The order that sold a voucher, and the voucher's code, which is stored nowhere.
    """

    order: PlacedOrder
    code: str


def sell_voucher(
    office: BoxOffice,
    amount: int,
    currency: str,
    tender: Tender,
    valid_until: datetime | None = None,
    *,
    note: str = "",
) -> SoldVoucherOrder:
    """
    Sell a gift voucher of so much, in minor units, for money: in one transaction.

    Raises: `UsageError` for an amount or an end that cannot be, or without cash and
    card; `SaleRefused` (`not-on-sale`) where the box office has no account yet;
    `GuardRefused` (`till-closed`, `till-currency`).
    """
    if tender.method not in (CASH, CARD) or tender.vouchers:
        raise errors.UsageError(
            "A gift voucher is sold for money.", hint="Use --cash or --card."
        )
    vouchers.refuse_impossible(vouchers.GIFT, amount)
    with changes_of(office) as changes:
        connection, now = changes.connection, changes.now
        tills.lock_open(connection, tender.till_id, currency)
        occurrence_id = _listed(connection, changes.account.id)
        order_id = orders.create_for_voucher(
            *(connection, occurrence_id, amount, currency, now),
            channel=TILL,
            note=note,
        )
        code = vouchers.issue(
            *(connection, vouchers.GIFT, amount, currency, valid_until, now),
            order_id=order_id,
        )
        _pay(connection, changes.read(order_id), tender, now)
    return SoldVoucherOrder(changes.saved[order_id], code)


def _pay(
    connection: Connection, order: PlacedOrder, tender: Tender, now: datetime
) -> None:
    is_cash = tender.method == CASH
    received = NewPayment(
        tender.method,
        order.total,
        reference="" if is_cash else tender.reference,
        till_id=tender.till_id if is_cash else None,
    )
    payments.add(connection, order, [received], now)
    orders.mark_paid(connection, order, now, till_id=tender.till_id)


def _listed(connection: Connection, account_id: int) -> int:
    """
    Our id of what vouchers are listed as in the account, which is made with the first
    one: they are sold for no date.
    """
    zone = shows.get_venue(connection).timezone
    occurrence = records.Occurrence(
        id=_LISTED_AS,
        event_id=_LISTED_AS,
        name=records.VOUCHERS_SOLD,
        starts_at=clock.from_epoch(0),
        ends_at=None,
        timezone=zone,
        status=records.OccurrenceStatus.CLOSED,
        capacity=None,
        currency=None,
        venue=None,
        url=None,
        listed_at=None,
        issued=None,
        ordered=None,
        fingerprint="",
        is_dated=False,
    )
    event = records.Event(_LISTED_AS, records.VOUCHERS_SOLD, None, (occurrence,))
    listed = ListedEvent(event, digest.content(repr(event).encode()))
    saved_listing.save_listing(connection, account_id, [listed])
    return occurrences.get_occurrence_ids(connection, account_id)[_LISTED_AS]
