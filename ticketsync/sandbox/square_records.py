"""
Builds Square's records of a world: locations, catalogue, orders, payments, refunds.

Besides ordinary sales there are rare cases: failed payment attempts, refunds that did
not go through, gift cards, surcharges, lines without `uid` or with quantity 0, and
refunds without a sale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ticketsync.sandbox.fake_platform import iso_utc
from ticketsync.sandbox.season import Performance, Purchase, Seat
from ticketsync.sandbox.world import (
    DAY,
    ZONE,
    World,
    apply_states,
    leave_unpaid,
    tax_parts,
)

MERCHANT = {
    "id": "MLANTERN",
    "business_name": "The Lantern Room",
    "country": "AU",
    "language_code": "en-AU",
    "currency": "AUD",
    "status": "ACTIVE",
    "main_location_id": "LMAIN00000001",
}
MAIN, SECOND = "LMAIN00000001", "LSECOND000001"
DRINK = 1200
SURCHARGE = 150
UNLINKED_REFUND = 700  # the amount of a refund without a sale
FAILED_REFUND = 100  # the amount of a refund that does not go through

ATTEMPTS = ("PAYMENT_FAILED", "PAYMENT_CANCELED")
HELD = ("PAYMENT_APPROVED", "PAYMENT_PENDING")
REFUND_TRIES = ("REFUND_PENDING", "REFUND_FAILED", "REFUND_REJECTED")


def _keep_as_is(purchase: Purchase) -> None:
    """
    Leave the sale as it is; only its records differ.
    """


def _pay_by_gift_card(purchase: Purchase) -> None:
    purchase.channel = "gift_card"


def _add_surcharge(purchase: Purchase) -> None:
    purchase.order_fee = SURCHARGE


def apply_rare_states(world: World) -> None:
    apply_states(
        world,
        {
            "PAYMENT_FAILED": leave_unpaid,
            "GIFT_CARD": _pay_by_gift_card,
            "NO_UID": _keep_as_is,
            "REFUND_FAILED": _keep_as_is,
            "SURCHARGE": _add_surcharge,
            "PAYMENT_APPROVED": leave_unpaid,
            "QUANTITY_0": _keep_as_is,
            "REFUND_PENDING": _keep_as_is,
            "PAYMENT_PENDING": leave_unpaid,
            "FAILED_BEFORE": _keep_as_is,
            "REFUND_REJECTED": _keep_as_is,
            "PAYMENT_CANCELED": leave_unpaid,
        },
    )


def provider_occurrence_id(performance: Performance) -> str:
    return f"P{performance.id}"


def kept_fees(purchase: Purchase) -> int:
    """
    2.2 % of a card payment, half of it returned with a refund. Cash and gift cards
    cost nothing.
    """
    return fee(purchase) - fee_back(purchase)


def has_no_fee(purchase: Purchase) -> bool:
    return purchase.channel in ("operator", "no_cost", "gift_card")


def has_drink(purchase: Purchase) -> bool:
    """
    Guests with free tickets buy a drink: revenue that belongs to no show.
    """
    return not purchase.total


def fee(purchase: Purchase) -> int:
    return 0 if has_no_fee(purchase) else (purchase.total * 22 + 500) // 1000


def fee_back(purchase: Purchase) -> int:
    if not purchase.refunded:
        return 0
    return fee(purchase) * purchase.refunded // purchase.total // 2


def location_id_of(purchase: Purchase) -> str:
    return SECOND if purchase.performance.id % 2 else MAIN


def money(minor: int) -> dict[str, Any]:
    return {"amount": minor, "currency": "AUD"}


def location(id_: str, merchant: str) -> dict[str, Any]:
    return {
        "id": id_,
        "name": id_.title(),
        "timezone": ZONE,
        "currency": "AUD",
        "country": "AU",
        "status": "ACTIVE",
        "merchant_id": merchant,
    }


# The catalogue


def _variation_id(performance: Performance, ticket_type: Any) -> str:
    return f"V{performance.id}-{ticket_type.id}"


def _variation_name(performance: Performance, ticket_type: Any) -> str:
    starts_at = performance.starts_at
    hour = starts_at.hour % 12 or 12
    half = "pm" if starts_at.hour >= 12 else "am"
    when = f"{starts_at.day} {starts_at:%b %Y} {hour}:{starts_at:%M}{half}"
    return f"{when} \N{EN DASH} {ticket_type.name}"


def item(performance: Performance) -> dict[str, Any]:
    return {
        "type": "ITEM",
        "id": f"I{performance.id}",
        "updated_at": iso_utc(performance.updated_at),
        "is_deleted": False,
        "item_data": {
            "name": performance.production.title,
            "product_type": "EVENT",
            "variations": [
                {
                    "type": "ITEM_VARIATION",
                    "id": _variation_id(performance, ticket_type),
                    "is_deleted": False,
                    "item_variation_data": {
                        "item_id": f"I{performance.id}",
                        "name": _variation_name(performance, ticket_type),
                        "pricing_type": "FIXED_PRICING",
                        "price_money": money(ticket_type.price),
                    },
                }
                for ticket_type in performance.production.ticket_types
            ],
        },
    }


def drink() -> dict[str, Any]:
    data = {"item_id": "IBAR", "name": "Glass", "price_money": money(DRINK)}
    glass = {"type": "ITEM_VARIATION", "id": "VBAR", "item_variation_data": data}
    wine = {"name": "House wine", "product_type": "REGULAR", "variations": [glass]}
    return {"type": "ITEM", "id": "IBAR", "item_data": wine}


def catalogue(world: World) -> list[dict[str, Any]]:
    """
    Every object of the catalogue: each item, followed by its variations.
    """
    items = [*map(item, world.performances), drink()]
    return [
        catalogue_object
        for it in items
        for catalogue_object in (it, *it["item_data"].get("variations", ()))
    ]


# Orders


def _group_into_lines(purchase: Purchase) -> list[list[int]]:
    """
    Group the indexes of a purchase's seats into lines of one variation and price.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for n, seat in enumerate(purchase.seats):
        found.setdefault((seat.ticket_type.id, seat.paid), []).append(n)
    return list(found.values())


def _line(purchase: Purchase, seats: list[Seat], tax: int) -> dict[str, Any]:
    ticket_type = seats[0].ticket_type
    gross = sum(seat.ticket_type.price for seat in seats)
    paid = sum(seat.paid for seat in seats)
    on_top = tax if purchase.performance.production.tax_on_top else 0
    return {
        "name": purchase.performance.production.title,
        "quantity": str(len(seats)),
        "item_type": "ITEM",
        "catalog_object_id": _variation_id(purchase.performance, ticket_type),
        "variation_name": _variation_name(purchase.performance, ticket_type),
        "base_price_money": money(ticket_type.price),
        "gross_sales_money": money(gross),
        "total_discount_money": money(gross - paid),
        "total_tax_money": money(tax),
        "total_money": money(paid + on_top),
    }


def _drink_line() -> dict[str, Any]:
    return {
        "uid": "bar",
        "name": "House wine",
        "variation_name": "Glass",
        "quantity": "1",
        "item_type": "ITEM",
        "catalog_object_id": "VBAR",
        "gross_sales_money": money(DRINK),
        "total_money": money(DRINK),
    }


def _lines(purchase: Purchase) -> list[dict[str, Any]]:
    taxes = tax_parts(purchase)
    lines = []
    for n, group in enumerate(_group_into_lines(purchase)):
        seats = [purchase.seats[index] for index in group]
        line = _line(purchase, seats, sum(taxes[index] for index in group))
        lines.append(
            line if purchase.rare_state == "NO_UID" else {"uid": f"l{n}", **line}
        )
    if purchase.rare_state == "QUANTITY_0":
        ticket_type = purchase.performance.production.ticket_types[0]
        none = _line(purchase, [Seat(0, ticket_type, 0, 0)], 0)
        nothing = {"gross_sales_money": money(0), "total_discount_money": money(0)}
        lines.insert(0, {"uid": "l_none", **none, **nothing, "quantity": "0"})
    if has_drink(purchase):
        lines.append(_drink_line())
    return lines


def _amounts(total: int, tax: int, discount: int, charge: int = 0) -> dict[str, Any]:
    return {
        "total_money": money(total),
        "tax_money": money(tax),
        "discount_money": money(discount),
        "tip_money": money(0),
        "service_charge_money": money(charge),
    }


def order(purchase: Purchase) -> dict[str, Any]:
    total = total_of(purchase)
    off = sum(seat.ticket_type.price - seat.paid for seat in purchase.seats)
    is_open = not purchase.was_paid or (purchase.id % 5 == 0 and total > 0)
    found = {
        "id": f"O{purchase.id}",
        "location_id": location_id_of(purchase),
        "source": {"name": "Square Online"},
        "state": "OPEN" if is_open else "COMPLETED",
        "version": 3,
        "customer_id": f"C{purchase.buyer}",
        "created_at": iso_utc(purchase.placed_at),
        "updated_at": iso_utc(paid_at(purchase)),
        "line_items": _lines(purchase),
        "total_money": money(total),
        "total_tax_money": money(purchase.tax),
        "total_discount_money": money(off),
        "total_tip_money": money(0),
        "total_service_charge_money": money(purchase.order_fee),
        "net_amounts": _amounts(total, purchase.tax, off, purchase.order_fee),
        "net_amount_due_money": money(0 if purchase.was_paid else total),
    }
    if purchase.code:
        found["discounts"] = [
            {
                "uid": "d0",
                "name": purchase.code,
                "scope": "ORDER",
                "applied_money": money(off),
            }
        ]
    if not is_open:
        found["closed_at"] = iso_utc(paid_at(purchase))
    if purchase.order_fee:
        charge = money(purchase.order_fee)
        found["service_charges"] = [
            {
                "uid": "s0",
                "name": "Booking surcharge",
                "amount_money": charge,
                "applied_money": charge,
                "total_money": charge,
                "calculation_phase": "TOTAL_PHASE",
                "taxable": False,
                "type": "CUSTOM",
            }
        ]
    is_named = purchase.was_paid or purchase.rare_state == "PAYMENT_APPROVED"
    if has_drink(purchase):
        details = {"schedule_type": "ASAP", "note": "At the bar"}
        found["fulfillments"] = [
            {"uid": "f0", "type": "PICKUP", "state": "COMPLETED"}
            | {"pickup_details": details}
        ]
    if total and is_named:
        found["tenders"] = [_tender(purchase, total)]
    return found


def paid_at(purchase: Purchase) -> int:
    """
    When the order was paid. A late payment updates the order, a refund does not.
    """
    was_late = purchase.was_paid and purchase.rare_state in (*ATTEMPTS, *HELD)
    return purchase.changed_at if was_late else purchase.placed_at


def total_of(purchase: Purchase) -> int:
    return purchase.total + (DRINK if has_drink(purchase) else 0)


def _tender(purchase: Purchase, total: int) -> dict[str, Any]:
    tender_types = {
        "gift_card": "SQUARE_GIFT_CARD",
        "operator": "CASH",
        "no_cost": "CASH",
    }
    found: dict[str, Any] = {
        "id": f"PAY{purchase.id}",
        "payment_id": f"PAY{purchase.id}",
        "type": tender_types.get(purchase.channel, "CARD"),
        "amount_money": money(total),
    }
    if found["type"] == "CARD":
        found["card_details"] = {
            "status": "CAPTURED" if purchase.was_paid else "AUTHORIZED"
        }
    return found


def has_return(purchase: Purchase) -> bool:
    return any(seat.is_refunded and seat.is_void for seat in purchase.seats)


def return_order(purchase: Purchase) -> dict[str, Any]:
    taxes = tax_parts(purchase)
    on_top = purchase.performance.production.tax_on_top
    lines = []
    whole = tax_back = 0
    for n, group in enumerate(_group_into_lines(purchase)):
        back = [index for index in group if purchase.seats[index].is_void]
        if not back:
            continue
        seats = [purchase.seats[index] for index in back]
        gross = sum(seat.ticket_type.price for seat in seats)
        paid = sum(seat.paid for seat in seats)
        tax = sum(taxes[index] for index in back)
        line = {
            "uid": f"r{n}",
            "name": purchase.performance.production.title,
            "quantity": str(len(back)),
            "catalog_object_id": _variation_id(
                purchase.performance, seats[0].ticket_type
            ),
            "gross_return_money": money(gross),
            "total_discount_money": money(gross - paid),
            "total_tax_money": money(tax),
            "total_money": money(paid + (tax if on_top else 0)),
        }
        if purchase.rare_state != "NO_UID":
            line["source_line_item_uid"] = f"l{n}"
        lines.append(line)
        whole += paid + (tax if on_top else 0)
        tax_back += tax
    part: dict[str, Any] = {"uid": "r", "source_order_id": f"O{purchase.id}"}
    part |= {"return_line_items": lines, "return_amounts": _amounts(whole, tax_back, 0)}
    return {
        "id": f"R{purchase.id}",
        "location_id": location_id_of(purchase),
        "state": "COMPLETED",
        "version": 1,
        "created_at": iso_utc(purchase.changed_at),
        "updated_at": iso_utc(purchase.changed_at),
        "closed_at": iso_utc(purchase.changed_at),
        "returns": [part],
        "total_money": money(0),
        "return_amounts": _amounts(whole, tax_back, 0),
        "net_amounts": _amounts(-whole, -tax_back, 0),
    }


def bar_order(purchase: Purchase) -> dict[str, Any]:
    """
    A drink and a custom amount sold on their own, unrelated to any show. The order
    names no payment.
    """
    custom = {
        "uid": "c",
        "name": "Cloak room",
        "quantity": "1",
        "item_type": "CUSTOM_AMOUNT",
        "gross_sales_money": money(300),
        "total_money": money(300),
    }
    return {
        "id": f"B{purchase.id}",
        "location_id": MAIN,
        "state": "COMPLETED",
        "version": 1,
        "created_at": iso_utc(purchase.placed_at),
        "updated_at": iso_utc(purchase.placed_at),
        "closed_at": iso_utc(purchase.placed_at),
        "line_items": [_drink_line(), custom],
        "total_money": money(DRINK + 300),
    }


def orders(world: World) -> Iterator[dict[str, Any]]:
    for purchase in world.purchases:
        yield order(purchase)
        if has_return(purchase):
            yield return_order(purchase)
        if purchase.id % 11 == 0:
            yield bar_order(purchase)
    for unlinked in unlinked_refunds(world):
        yield {
            "id": unlinked.order_id,
            "location_id": SECOND,
            "state": "COMPLETED",
            "version": 1,
            "created_at": iso_utc(unlinked.moment),
            "updated_at": iso_utc(unlinked.moment),
            "closed_at": iso_utc(unlinked.moment),
            "returns": [
                {"uid": "r", "return_amounts": _amounts(UNLINKED_REFUND, 0, 0)}
            ],
            "total_money": money(0),
        }


# Payments and refunds


def _payment(purchase: Purchase, id_: str, status: str) -> dict[str, Any]:
    total = total_of(purchase)
    is_card = purchase.channel not in ("operator", "no_cost")
    found: dict[str, Any] = {
        "id": id_,
        "order_id": f"O{purchase.id}",
        "location_id": location_id_of(purchase),
        "status": status,
        "source_type": "CARD" if is_card else "CASH",
        "amount_money": money(total),
        "total_money": money(total),
        "buyer_email_address": f"guest{purchase.buyer}@example.com",
        "customer_id": f"C{purchase.buyer}",
        "created_at": iso_utc(purchase.placed_at),
        "updated_at": iso_utc(purchase.placed_at),
    }
    if is_card:
        brand = "SQUARE_GIFT_CARD" if purchase.channel == "gift_card" else "VISA"
        found["card_details"] = {
            "status": {"COMPLETED": "CAPTURED", "APPROVED": "AUTHORIZED"}.get(
                status, status
            ),
            "card": {"card_brand": brand, "last_4": f"{purchase.buyer % 10000:04d}"},
        }
    return found


def payments_of(purchase: Purchase) -> Iterator[dict[str, Any]]:
    """
    The payment of a purchase, and failed attempts before it.
    """
    attempt = {"FAILED_BEFORE": "FAILED"}.get(purchase.rare_state, "")
    if purchase.rare_state in ATTEMPTS:
        attempt = purchase.rare_state.removeprefix("PAYMENT_")
    if attempt:
        yield _payment(purchase, f"PAY{purchase.id}_0", attempt)
    if not purchase.was_paid:
        if purchase.rare_state in HELD:
            status = purchase.rare_state.removeprefix("PAYMENT_")
            yield _payment(purchase, f"PAY{purchase.id}", status)
        return
    found = _payment(purchase, f"PAY{purchase.id}", "COMPLETED")
    found["updated_at"] = iso_utc(purchase.changed_at)
    found["approved_money"] = found["amount_money"]
    if not has_no_fee(purchase):
        moment = iso_utc(purchase.placed_at + 7200)
        processing_fee = {"type": "INITIAL", "effective_at": moment}
        found["processing_fee"] = [
            {**processing_fee, "amount_money": money(fee(purchase))}
        ]
    back = purchase.refunded + (
        FAILED_REFUND if purchase.rare_state == "REFUND_PENDING" else 0
    )
    if back:
        found["refunded_money"] = money(back)
    if ids := [refund["id"] for refund in refunds_of(purchase)]:
        found["refund_ids"] = ids
    yield found


def refunds_of(purchase: Purchase) -> Iterator[dict[str, Any]]:
    """
    The refunds of a purchase, including those that did not go through.
    """

    def refund_record(id_: str, status: str, amount: int) -> dict[str, Any]:
        return {
            "id": id_,
            "payment_id": f"PAY{purchase.id}",
            "location_id": location_id_of(purchase),
            "status": status,
            "amount_money": money(amount),
            "created_at": iso_utc(purchase.changed_at),
            "updated_at": iso_utc(purchase.changed_at),
        }

    if purchase.rare_state in REFUND_TRIES:
        status = purchase.rare_state.removeprefix("REFUND_")
        yield refund_record(f"PAY{purchase.id}_T", status, FAILED_REFUND)
    if not purchase.refunded:
        return
    found = refund_record(f"PAY{purchase.id}_R", "COMPLETED", purchase.refunded)
    if has_return(purchase):
        found["order_id"] = f"R{purchase.id}"
    if back := fee_back(purchase):
        processing_fee = {
            "type": "INITIAL",
            "effective_at": iso_utc(purchase.changed_at + 7200),
        }
        found["processing_fee"] = [{**processing_fee, "amount_money": money(-back)}]
    yield found


@dataclass(frozen=True)
class UnlinkedRefund:
    """
    A refund at the till that is not linked to a sale.
    """

    number: int
    moment: int

    @property
    def order_id(self) -> str:
        return f"RSTRAY{self.number}"

    def refund(self) -> dict[str, Any]:
        return {
            "id": f"STRAY{self.number}",
            "unlinked": True,
            "order_id": self.order_id,
            "location_id": SECOND,
            "status": "COMPLETED",
            "destination_type": "CARD",
            "amount_money": money(UNLINKED_REFUND),
            "created_at": iso_utc(self.moment),
            "updated_at": iso_utc(self.moment),
        }


def unlinked_refunds(world: World) -> list[UnlinkedRefund]:
    """
    One unlinked refund per twenty performances, on the days after the first sale.
    """
    if not world.purchases:
        return []
    first = min(purchase.placed_at for purchase in world.purchases)
    return [
        UnlinkedRefund(number, first + number * DAY)
        for number in range(1, 2 + len(world.performances) // 20)
    ]


def payments(world: World) -> Iterator[dict[str, Any]]:
    for purchase in world.purchases:
        if total_of(purchase):
            yield from payments_of(purchase)


def refunds(world: World) -> Iterator[dict[str, Any]]:
    for purchase in world.purchases:
        yield from refunds_of(purchase)
    for unlinked in unlinked_refunds(world):
        yield unlinked.refund()


def customer(purchase: Purchase) -> dict[str, Any]:
    return {
        "id": f"C{purchase.buyer}",
        "given_name": "Guest",
        "family_name": str(purchase.buyer),
        "email_address": f"guest{purchase.buyer}@example.com",
        "created_at": iso_utc(purchase.placed_at),
        "updated_at": iso_utc(purchase.placed_at),
    }


# The bank


def payouts(world: World) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """
    The payouts with their entries, one payout per location and day.
    """
    entries: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for purchase in world.purchases:
        if not purchase.was_paid or purchase.channel in ("operator", "no_cost"):
            continue
        location_id = location_id_of(purchase)
        charge = _entry(f"PAY{purchase.id}", "CHARGE", purchase.total, fee(purchase))
        entries.setdefault((location_id, purchase.placed_at // DAY), []).append(charge)
        if purchase.refunded:
            refund = _entry(
                f"PAY{purchase.id}_R",
                "REFUND",
                -purchase.refunded,
                -fee_back(purchase),
            )
            entries.setdefault((location_id, purchase.changed_at // DAY), []).append(
                refund
            )
    found = {}
    for (location_id, day), rows in sorted(entries.items()):
        id_ = f"po_{location_id}_{day}"
        moment = iso_utc((day + 1) * DAY)
        payout = {
            "id": id_,
            "status": "PAID",
            "location_id": location_id,
            "type": "BATCH",
            "created_at": moment,
            "updated_at": moment,
            "amount_money": money(
                sum(row["net_amount_money"]["amount"] for row in rows)
            ),
        }
        found[id_] = payout, [{**row, "payout_id": id_} for row in rows]
    return found


def _entry(id_: str, entry_type: str, gross: int, cost: int) -> dict[str, Any]:
    name = "payment_id" if entry_type == "CHARGE" else "refund_id"
    return {
        "id": f"poe_{id_}",
        "type": entry_type,
        "gross_amount_money": money(gross),
        "fee_amount_money": money(cost),
        "net_amount_money": money(gross - cost),
        f"type_{entry_type.lower()}_details": {name: id_},
    }
