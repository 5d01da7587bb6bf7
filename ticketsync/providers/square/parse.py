"""
Parses raw Square orders. Pure: uses nothing but the record it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ticketsync.core import money, records
from ticketsync.core.errors import CONTRADICTION, UnreadableRecord
from ticketsync.core.records import OrderStatus
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery, Hint
from ticketsync.providers import reading
from ticketsync.providers.base import Raw
from ticketsync.providers.square.lines import OrderLines, money_amount, occurrences_in
from ticketsync.providers.square.related_records import (
    GIFT_CARD,
    payment_ids_of,
    refund_ids,
)
from ticketsync.providers.square.spec import (
    ORDER_STATE,
    PAYMENT_STATUS,
    REFUND_STATUS,
    WEBHOOKS,
    WITHOUT_FEE,
)


def parse_hint(delivery: Delivery) -> Hint:
    """
    Which order or listing a webhook delivery is about. The object inside says so;
    `data.id` may be the id of something else.
    """
    payload = webhook_signatures.json_object(delivery.body)
    event = str(payload.get("type") or "")
    key = webhook_signatures.text(payload.get("event_id"), WEBHOOKS.delivery_id)
    data = payload.get("data")
    wrapper = data.get("object") if isinstance(data, dict) else None
    entity = next(iter(wrapper.values()), None) if isinstance(wrapper, dict) else None
    entity = entity if isinstance(entity, dict) else {}
    if event.startswith(("payment.", "refund.", "order.")):
        order_id = webhook_signatures.text(entity.get("order_id"), WEBHOOKS.order_id)
        return Hint(
            key,
            event,
            webhook_signatures.ORDER if order_id else webhook_signatures.ACCOUNT,
            order_id,
        )
    if event.startswith("catalog."):
        return Hint(key, event, webhook_signatures.LISTING)
    return Hint(key, event, webhook_signatures.NOTHING)


def provider_occurrence_id_of(raw: Raw) -> str:
    return next(iter(occurrences_in(raw)), "")


def with_earlier(raw: Raw, earlier: Sequence[Raw]) -> Raw:
    """
    The record with the ids of what its earlier versions had: none of that just
    disappears.
    """
    return {
        **raw,
        "earlier": {
            name: sorted(
                {
                    str(row["id"])
                    for version in earlier
                    for row in version.get(name) or ()
                    if row.get("status", "COMPLETED") == "COMPLETED"
                }
            )
            for name in ("payments", "refunds", "returns")
        },
    }


def parse_people(raw: Raw) -> records.People:
    """
    Only the e-mail address of a payment, where the buyer gave one.
    """
    emails = [p.get("buyer_email_address") for p in raw.get("payments") or ()]
    return reading.people(reading.person(email=next(filter(None, emails), None)), ())


def parse_order(raw: Raw) -> records.Order:
    """
    An order, from the record as `with_earlier` gives it. Raises `UnreadableRecord`.
    """
    if "unlinked" in raw:
        return _parse_unlinked_refund(raw)
    order = reading.mapping(raw, "order")
    currency = reading.text(reading.mapping(order, "total_money"), "currency")
    money.exponent(currency)
    for name in ("line_items", "tenders", "returns"):
        reading.rows({name: [], **order}, name)
    total = money_amount(order, "total_money", currency)
    refunds = tuple(_parse_refunds(raw, currency))
    paid = _parse_payments(raw, order, total, currency)
    lines = OrderLines(order, reading.rows(raw, "returns"), currency)
    tickets = tuple(lines.tickets())
    tip = money_amount(order, "total_tip_money", currency)
    allocated = sum(t.face + t.fee + t.tax_added for t in tickets) + tip
    has_tax = bool(order.get("total_tax_money"))
    rounded_down = _rounded_down(order, currency)
    expected = allocated + rounded_down
    return records.Order(
        id=reading.text(order, "id"),
        occurrence_id=next(iter(occurrences_in(raw)), None),
        status=paid.status,
        placed_at=reading.moment(order, "created_at"),
        currency=currency,
        total=total,
        charged=paid.charged,
        tickets=tickets,
        buyer_fees=max(rounded_down, total - allocated),
        tax=money_amount(order, "total_tax_money", currency) if has_tax else None,
        addons=tip,
        discounts=money_amount(order, "total_discount_money", currency),
        fees=paid.fees,
        refunds=refunds,
        channel=str((order.get("source") or {}).get("name") or "").lower(),
        payment_reference=paid.reference,
        doubt=paid.discrepancy
        or lines.discrepancy()
        or _discrepancy(paid, total, expected, refunds, currency),
        promo_code=_discount_names(order),
    )


def _discount_names(order: Raw) -> str:
    """
    The names of an order's discounts, each once. A name is not essential.
    """
    discounts = order.get("discounts")
    rows = discounts if isinstance(discounts, list) else ()
    names = [row.get("name") for row in rows if isinstance(row, dict)]
    texts = [name.strip() for name in names if isinstance(name, str)]
    return ", ".join(filter(None, dict.fromkeys(texts)))


class _Paid(msgspec.Struct, frozen=True):
    """
    What the payments of an order say of it; `fees` are `None` where they are unknown.
    """

    status: OrderStatus
    charged: int
    fees: tuple[records.Fee, ...] | None
    reference: str | None
    discrepancy: str | None


def _parse_payments(raw: Raw, order: Raw, total: int, currency: str) -> _Paid:
    payments = [
        payment
        for payment in reading.rows(raw, "payments")
        if reading.word(payment, "status", PAYMENT_STATUS) == "completed"
    ]
    _refuse_lost_parts(raw)
    _refuse_unlisted_refunds(raw, payments, currency)
    paid = sum(money_amount(p, "total_money", currency) for p in payments)
    status = reading.word(order, "state", ORDER_STATE)
    if status is OrderStatus.PENDING and _is_covered(order, payments, paid, total):
        status = OrderStatus.PAID
    is_paid = status is OrderStatus.PAID
    unknown = _unknown_payments(raw, order) if is_paid else []
    is_incomplete = is_paid and (bool(unknown) or not payments)
    charged = total if is_incomplete else paid
    return _Paid(
        status,
        charged,
        None if is_incomplete and charged else _fees(order, payments, raw, currency),
        str(payments[0]["id"]) if payments else None,
        _unknown_payment_discrepancy(unknown),
    )


def _parse_refunds(raw: Raw, currency: str) -> Iterator[records.Refund]:
    for refund in reading.rows(raw, "refunds"):
        if reading.word(refund, "status", REFUND_STATUS) == "completed":
            yield records.Refund(
                reading.text(refund, "id"),
                money_amount(refund, "amount_money", currency),
                reading.moment(refund, "created_at")
                if refund.get("created_at")
                else None,
            )


def _parse_unlinked_refund(raw: Raw) -> records.Order:
    """
    A refund without a sale, as an order: for the occurrence that the return names, or
    for one that stands for all of them.
    """
    unlinked = reading.mapping(raw, "unlinked")
    currency = reading.text(reading.mapping(unlinked, "amount_money"), "currency")
    refunds = tuple(_parse_refunds({"refunds": [unlinked]}, currency))
    placed_at = reading.moment(unlinked, "created_at")
    returned_fees = _fees_returned([unlinked], currency)
    amount = sum(refund.amount for refund in refunds)
    return records.Order(
        id=reading.text(raw, "id"),
        occurrence_id=next(iter(occurrences_in(raw))),
        status=OrderStatus.PAID if refunds else OrderStatus.PENDING,
        placed_at=placed_at,
        currency=currency,
        total=0,
        charged=0,
        tickets=(),
        tax=0,
        fees=(records.Fee("Square processing", returned_fees),)
        if returned_fees
        else (),
        refunds=refunds,
        doubt=f"{money.decimal_text(amount, currency)} {currency} went back without a "
        "sale"
        if refunds
        else None,
    )


def _refuse_lost_parts(raw: Raw) -> None:
    """
    Raises `UnreadableRecord` if a payment, refund or return that this order had before
    is missing.
    """
    for name, ids in (raw.get("earlier") or {}).items():
        present = {str(row["id"]) for row in reading.rows(raw, name)}
        for id_ in ids:
            if id_ not in present:
                raise UnreadableRecord(
                    f"Square no longer lists {id_} among its {name}",
                    word=CONTRADICTION,
                )


def _refuse_unlisted_refunds(raw: Raw, payments: Sequence[Raw], currency: str) -> None:
    """
    Raises `UnreadableRecord` if a payment names a refund, or an amount refunded, that
    the refunds do not have.
    """
    refunds = {str(row["id"]): row for row in reading.rows(raw, "refunds")}
    for payment in payments:
        for id_ in refund_ids(payment):
            if id_ not in refunds:
                raise UnreadableRecord(
                    f"its payment {payment['id']} names the refund {id_}, which Square "
                    "does not list",
                    word=CONTRADICTION,
                )
        listed = sum(
            money_amount(refund, "amount_money", currency)
            for refund in refunds.values()
            if refund.get("payment_id") == payment["id"]
            and reading.word(refund, "status", REFUND_STATUS)
            in ("completed", "pending")
        )
        claimed = money_amount(payment, "refunded_money", currency)
        if claimed > listed:
            raise UnreadableRecord(
                f"{money.decimal_text(claimed, currency)} {currency} of its payment "
                f"{payment['id']} was refunded, but its refunds come to "
                f"{money.decimal_text(listed, currency)} {currency}",
                word=CONTRADICTION,
            )


def _is_covered(order: Raw, payments: Sequence[Raw], paid: int, total: int) -> bool:
    """
    Whether an open order was paid: its payments come to its total. A free one needs no
    payments, but it must have lines.
    """
    return paid >= total if payments else not total and bool(order.get("line_items"))


def _unknown_payments(raw: Raw, order: Raw) -> list[str]:
    """
    The payments that an order names and Square does not know.
    """
    known = {str(payment["id"]) for payment in raw["payments"]}
    return [id_ for id_ in payment_ids_of(order) if id_ not in known]


def _unknown_payment_discrepancy(payment_ids: Sequence[str]) -> str | None:
    if not payment_ids:
        return None
    return f"Square does not know its payment {payment_ids[0]}; its fees are unknown"


def _fees(
    order: Raw, payments: Sequence[Raw], raw: Raw, currency: str
) -> tuple[records.Fee, ...] | None:
    """
    What Square keeps. Part of it is unknown until each card payment reports its fee.
    """
    gift_cards = {
        str(tender.get("payment_id") or tender.get("id"))
        for tender in order.get("tenders") or ()
        if tender.get("type") == GIFT_CARD
    }
    kept = 0
    is_complete = True
    for payment in payments:
        fees = payment.get("processing_fee")
        is_free = (
            str(payment.get("source_type")).upper() in WITHOUT_FEE
            or payment.get("card_brand") == GIFT_CARD
            or str(payment["id"]) in gift_cards
        )
        if not fees and not is_free:
            is_complete = False
        kept += sum(money_amount(fee, "amount_money", currency) for fee in fees or ())
    kept += _fees_returned(raw["refunds"], currency)
    known = (records.Fee("Square processing", kept),) if kept else ()
    if is_complete:
        return known
    rest = records.Fee("Square processing, not reported yet", None)
    return (*known, rest) if known else None


def _fees_returned(refunds: Iterable[Raw], currency: str) -> int:
    """
    The fees that Square returned with refunds, as a negative amount.
    """
    return sum(
        money_amount(fee, "amount_money", currency)
        for refund in refunds
        if reading.word(refund, "status", REFUND_STATUS) == "completed"
        for fee in refund.get("processing_fee") or ()
    )


def _rounded_down(order: Raw, currency: str) -> int:
    """
    What rounding took off the total of a cash sale, as a negative amount.
    """
    rounding = order.get("rounding_adjustment") or {}
    return min(0, money_amount(rounding, "amount_money", currency))


def _discrepancy(
    paid: _Paid,
    total: int,
    allocated: int,
    refunds: Sequence[records.Refund],
    currency: str,
) -> str | None:
    """
    Why the amounts do not add up, if they do not.
    """

    def shown(minor: int) -> str:
        return f"{money.decimal_text(minor, currency)} {currency}"

    refunded = sum(refund.amount for refund in refunds)
    if refunded > paid.charged:
        return f"refunded {shown(refunded)} of {shown(paid.charged)} paid"
    if allocated > total:
        return f"its lines come to {shown(allocated)}, the order to {shown(total)}"
    if paid.status is OrderStatus.PAID and paid.charged != total:
        return f"paid {shown(paid.charged)} of {shown(total)}"
    return None
