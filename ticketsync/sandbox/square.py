"""
Square, played from its documents.

Two locations, items whose variations carry a date in their name, drinks, returns as
orders of their own, fees on payments, cursors that carry the query.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from ticketsync.sandbox.player import Asked, Reply, reply, seconds_of, utc
from ticketsync.sandbox.world import (
    ZONE,
    Habits,
    Performance,
    Purchase,
    Seat,
    World,
    tax_shares,
)

KEY = "EAAAsandboxsquaretoken0000000001"
MAIN, SECOND = "LMAIN00000001", "LSECOND000001"
DRINK = 1200
PAYMENTS_PAGE = 100
CATALOGUE_PAGE = 100


def kept(purchase: Purchase) -> int:
    """
    2.2 % of a card payment, half of it back with a refund; cash costs nothing.
    """
    return _fee(purchase) - _fee_back(purchase)


def _named(performance: Performance) -> str:
    return f"P{performance.id}"


HABITS = Habits(
    platform="square",
    works=(3001, 3003),
    extras=False,
    seat_fees=False,
    check_ins=False,
    imports=False,
    ways=("refund_seat", "refund_all", "cancel", "goodwill"),
    goodwill=False,
    tax_comes_back=True,
    kept=kept,
    named=_named,
)


def _is_cash(purchase: Purchase) -> bool:
    return purchase.channel in ("operator", "no_cost")


def _has_drink(purchase: Purchase) -> bool:
    """
    Guests who paid nothing for their tickets take a drink: money that is no show's.
    """
    return not purchase.total


def _fee(purchase: Purchase) -> int:
    return 0 if _is_cash(purchase) else (purchase.total * 22 + 500) // 1000


def _fee_back(purchase: Purchase) -> int:
    if not purchase.returned:
        return 0
    return _fee(purchase) * purchase.returned // purchase.total // 2


@dataclass
class Square:
    """
    Answers requests about one world. `late_fees` leaves the newest payments' fees out.
    """

    world: World
    key: str = KEY
    limit: int = 100_000
    limit_seconds: int = 60
    name: str = "square"
    prefix: str = "/square"
    merchant: str = "MLANTERN"
    late_fees: bool = False
    remembers: bool = False
    client_secret: str = "sq-client-secret"  # noqa: S105  # a played one
    refresh_token: str = "EQAAsandboxrefresh0"  # noqa: S105
    tokens_given: int = 0
    families_killed: int = 0
    hooks: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """
        Render everything anew at the next request; without `remembers` that is always
        so.
        """
        self._rendered: dict[str, list[dict[str, Any]]] = {}

    def too_many(self, seconds: str) -> Reply:
        return _error(429, "RATE_LIMIT_ERROR", "RATE_LIMITED")

    def respond(self, asked: Asked) -> Reply:
        if asked.method == "POST" and asked.steps == ["oauth2", "token"]:
            return self._give_tokens(asked.body)
        if asked.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        if not asked.headers.get("Square-Version"):
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST")
        match (asked.method, *asked.steps):
            case ("GET", "v2", "merchants", "me"):
                told = {"id": self.merchant, "business_name": "The Lantern Room"}
                return reply({"merchant": told | {"currency": "AUD"}})
            case ("GET", "v2", "locations"):
                places = [_location(id_, self.merchant) for id_ in (MAIN, SECOND)]
                return reply({"locations": places})
            case ("GET", "v2", "catalog", "list"):
                rows = [_item(p) for p in self.world.performances]
                return self._page(asked, "objects", [*rows, _drink()], CATALOGUE_PAGE)
            case ("POST", "v2", "webhooks", "subscriptions"):
                told = asked.body["subscription"]
                self.hooks[told["notification_url"]] = "sq-signature-key-1"
                key = {"id": "wbhk_1", "signature_key": "sq-signature-key-1"}
                return reply({"subscription": {**told, **key}})
            case ("POST", "v2", "orders", "search"):
                return self._search(asked.body)
            case ("POST", "v2", "orders", "batch-retrieve"):
                orders = {order["id"]: order for order in self._orders()}
                ids = asked.body["order_ids"]
                return reply({"orders": [orders[i] for i in ids if i in orders]})
            case ("GET", "v2", "payments"):
                return self._timed(asked, "payments", self._payments())
            case ("GET", "v2", "refunds"):
                return self._timed(asked, "refunds", self._refunds())
            case ("GET", "v2", "payments", id_):
                return self._one("payment", self._payments(), id_)
            case ("GET", "v2", "refunds", id_):
                return self._one("refund", self._refunds(), id_)
        return _error(404, "INVALID_REQUEST_ERROR", "NOT_FOUND")

    def _give_tokens(self, body: dict[str, Any]) -> Reply:
        """
        New tokens for a code or for the newest refresh token; one that was used
        before ends the whole family.
        """
        if body.get("client_secret") != self.client_secret:
            return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        if body["grant_type"] == "refresh_token":
            if body["refresh_token"] != self.refresh_token:
                self.families_killed += 1
                self.key = self.refresh_token = ""
                return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED")
        elif body.get("code") != "sandbox-code" or not body.get("code_verifier"):
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST")
        self.tokens_given += 1
        self.key = f"EAAAsandboxsquaretoken{self.tokens_given:010d}"
        self.refresh_token = f"EQAAsandboxrefresh{self.tokens_given}"
        return reply(
            {
                "access_token": self.key,
                "token_type": "bearer",
                "expires_at": utc(self.world.now + 30 * 86400),
                "merchant_id": self.merchant,
                "refresh_token": self.refresh_token,
            }
        )

    def _orders(self) -> list[dict[str, Any]]:
        if "orders" not in self._rendered or not self.remembers:
            self._rendered["orders"] = self._render_orders()
        return self._rendered["orders"]

    def _render_orders(self) -> list[dict[str, Any]]:
        found = []
        for purchase in self.world.purchases:
            found.append(_order(purchase))
            if any(seat.is_returned and seat.is_void for seat in purchase.seats):
                found.append(_return(purchase))
            if purchase.id % 11 == 0:
                found.append(_bar_order(purchase))
        return found

    def _payments(self) -> list[dict[str, Any]]:
        if "payments" not in self._rendered or not self.remembers:
            self._rendered["payments"] = [_payment(p) for p in self.world.purchases]
        found = [dict(payment) for payment in self._rendered["payments"]]
        if self.late_fees:
            for payment in found[-10:]:
                payment.pop("processing_fee", None)
        return found

    def _refunds(self) -> list[dict[str, Any]]:
        return [_refund(p) for p in self.world.purchases if p.returned]

    def _one(self, key: str, rows: list[dict[str, Any]], id_: str) -> Reply:
        for row in rows:
            if row["id"] == id_:
                return reply({key: row})
        return _error(404, "INVALID_REQUEST_ERROR", "NOT_FOUND")

    def _search(self, body: dict[str, Any]) -> Reply:
        if not 1 <= len(body["location_ids"]) <= 10 or body["limit"] > 1000:
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST")
        query = body["query"]
        ((field, window),) = query["filter"]["date_time_filter"].items()
        if query["sort"]["sort_field"] != field.upper():
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST")
        since = seconds_of(window["start_at"])
        rows = [
            order
            for order in self._orders()
            if order["location_id"] in body["location_ids"]
            and order["state"] in query["filter"]["state_filter"]["states"]
            and seconds_of(order[field]) >= since
        ]
        rows.sort(
            key=lambda order: (order[field], order["id"]),
            reverse=query["sort"]["sort_order"] == "DESC",
        )
        first = _place(body.get("cursor", ""))
        return _cut("orders", rows, first, body["limit"])

    def _timed(self, asked: Asked, key: str, rows: list[dict[str, Any]]) -> Reply:
        place = asked.one("location_id", MAIN)
        begins = seconds_of(asked.one("begin_time", utc(self.world.now - 365 * 86400)))
        rows = [
            row
            for row in rows
            if row["location_id"] == place and seconds_of(row["created_at"]) >= begins
        ]
        if told := asked.one("updated_at_begin_time"):
            rows = [r for r in rows if seconds_of(r["updated_at"]) >= seconds_of(told)]
        return self._page(asked, key, rows, PAYMENTS_PAGE)

    def _page(
        self, asked: Asked, key: str, rows: list[dict[str, Any]], size: int
    ) -> Reply:
        return _cut(key, rows, _place(asked.one("cursor")), size)


def _place(cursor: str) -> int:
    return int(base64.b64decode(cursor).decode().partition(":")[2]) if cursor else 0


def _cut(key: str, rows: list[dict[str, Any]], first: int, size: int) -> Reply:
    found: dict[str, Any] = {key: rows[first : first + size]}
    if first + size < len(rows):
        place = f"at:{first + size}".encode()
        found["cursor"] = base64.b64encode(place).decode()
    return reply(found)


def _error(status: int, category: str, code: str) -> Reply:
    told = {"category": category, "code": code, "detail": code.lower()}
    return reply({"errors": [told]}, status)


def _location(id_: str, merchant: str) -> dict[str, Any]:
    return {
        "id": id_,
        "merchant_id": merchant,
        "name": id_.title(),
        "timezone": ZONE,
        "currency": "AUD",
        "country": "AU",
        "status": "ACTIVE",
    }


def _place_of(purchase: Purchase) -> str:
    return SECOND if purchase.performance.id % 2 else MAIN


def _money(minor: int) -> dict[str, Any]:
    return {"amount": minor, "currency": "AUD"}


def _variation(performance: Performance, kind: Any) -> str:
    return f"V{performance.id}-{kind.id}"


def _date_name(performance: Performance, kind: Any) -> str:
    starts = performance.starts
    hour = starts.hour % 12 or 12
    half = "pm" if starts.hour >= 12 else "am"
    when = f"{starts.day} {starts:%b %Y} {hour}:{starts:%M}{half}"
    return f"{when} \N{EN DASH} {kind.name}"


def _item(performance: Performance) -> dict[str, Any]:
    return {
        "type": "ITEM",
        "id": f"I{performance.id}",
        "is_deleted": False,
        "item_data": {
            "name": performance.work.title,
            "product_type": "EVENT",
            "variations": [
                {
                    "type": "ITEM_VARIATION",
                    "id": _variation(performance, kind),
                    "is_deleted": False,
                    "item_variation_data": {
                        "item_id": f"I{performance.id}",
                        "name": _date_name(performance, kind),
                        "pricing_type": "FIXED_PRICING",
                        "price_money": _money(kind.price),
                    },
                }
                for kind in performance.work.kinds
            ],
        },
    }


def _drink() -> dict[str, Any]:
    data = {"item_id": "IBAR", "name": "Glass", "price_money": _money(DRINK)}
    glass = {"type": "ITEM_VARIATION", "id": "VBAR", "item_variation_data": data}
    item = {"name": "House wine", "product_type": "REGULAR", "variations": [glass]}
    return {"type": "ITEM", "id": "IBAR", "item_data": item}


def _groups(purchase: Purchase) -> list[list[int]]:
    """
    The seats of a purchase by line: same variation, same price.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for n, seat in enumerate(purchase.seats):
        found.setdefault((seat.kind.id, seat.paid), []).append(n)
    return list(found.values())


def _line(purchase: Purchase, uid: str, seats: list[Seat], tax: int) -> dict[str, Any]:
    kind = seats[0].kind
    gross = sum(seat.kind.price for seat in seats)
    paid = sum(seat.paid for seat in seats)
    on_top = tax if purchase.performance.work.tax_on_top else 0
    return {
        "uid": uid,
        "name": purchase.performance.work.title,
        "quantity": str(len(seats)),
        "item_type": "ITEM",
        "catalog_object_id": _variation(purchase.performance, kind),
        "variation_name": _date_name(purchase.performance, kind),
        "base_price_money": _money(kind.price),
        "gross_sales_money": _money(gross),
        "total_discount_money": _money(gross - paid),
        "total_tax_money": _money(tax),
        "total_money": _money(paid + on_top),
    }


def _drink_line() -> dict[str, Any]:
    return {
        "uid": "bar",
        "name": "House wine",
        "variation_name": "Glass",
        "quantity": "1",
        "item_type": "ITEM",
        "catalog_object_id": "VBAR",
        "gross_sales_money": _money(DRINK),
        "total_money": _money(DRINK),
    }


def _order(purchase: Purchase) -> dict[str, Any]:
    taxes = tax_shares(purchase)
    lines = [
        _line(
            purchase,
            f"l{n}",
            [purchase.seats[s] for s in group],
            sum(taxes[s] for s in group),
        )
        for n, group in enumerate(_groups(purchase))
    ]
    total = purchase.total
    if _has_drink(purchase):
        lines.append(_drink_line())
        total += DRINK
    off = sum(seat.kind.price - seat.paid for seat in purchase.seats)
    found = {
        "id": f"O{purchase.id}",
        "location_id": _place_of(purchase),
        "source": {"name": "Square Online"},
        "state": "OPEN" if purchase.id % 5 == 0 and total else "COMPLETED",
        "version": 3,
        "customer_id": f"C{purchase.buyer}",
        "created_at": utc(purchase.placed),
        "updated_at": utc(purchase.placed),
        "line_items": lines,
        "total_money": _money(total),
        "total_tax_money": _money(purchase.tax),
        "total_discount_money": _money(off),
        "total_tip_money": _money(0),
    }
    if total:
        found["tenders"] = [
            {
                "id": f"T{purchase.id}",
                "payment_id": f"PAY{purchase.id}",
                "type": "CASH" if _is_cash(purchase) else "CARD",
                "amount_money": _money(total),
            }
        ]
    return found


def _return(purchase: Purchase) -> dict[str, Any]:
    lines = []
    for n, group in enumerate(_groups(purchase)):
        back = [s for s in group if purchase.seats[s].is_void]
        if back:
            lines.append(
                {
                    "uid": f"r{n}",
                    "source_line_item_uid": f"l{n}",
                    "quantity": str(len(back)),
                    "total_money": _money(sum(purchase.seats[s].paid for s in back)),
                }
            )
    return {
        "id": f"R{purchase.id}",
        "location_id": _place_of(purchase),
        "state": "COMPLETED",
        "created_at": utc(purchase.touched),
        "updated_at": utc(purchase.touched),
        "returns": [{"source_order_id": f"O{purchase.id}", "return_line_items": lines}],
        "total_money": _money(0),
    }


def _bar_order(purchase: Purchase) -> dict[str, Any]:
    """
    A drink sold by itself, and a custom amount: no show's business.
    """
    custom = {
        "uid": "c",
        "name": "Cloak room",
        "quantity": "1",
        "item_type": "CUSTOM_AMOUNT",
        "gross_sales_money": _money(300),
        "total_money": _money(300),
    }
    return {
        "id": f"B{purchase.id}",
        "location_id": MAIN,
        "state": "COMPLETED",
        "created_at": utc(purchase.placed),
        "updated_at": utc(purchase.placed),
        "line_items": [_drink_line(), custom],
        "total_money": _money(DRINK + 300),
    }


def _payment(purchase: Purchase) -> dict[str, Any]:
    total = purchase.total + (DRINK if _has_drink(purchase) else 0)
    found: dict[str, Any] = {
        "id": f"PAY{purchase.id}",
        "order_id": f"O{purchase.id}",
        "location_id": _place_of(purchase),
        "status": "COMPLETED",
        "source_type": "CASH" if _is_cash(purchase) else "CARD",
        "amount_money": _money(total),
        "total_money": _money(total),
        "buyer_email_address": f"guest{purchase.buyer}@example.com",
        "created_at": utc(purchase.placed),
        "updated_at": utc(purchase.touched),
    }
    if not _is_cash(purchase):
        fee = {"type": "INITIAL", "amount_money": _money(_fee(purchase))}
        found["processing_fee"] = [fee]
    if purchase.returned:
        found["refunded_money"] = _money(purchase.returned)
        found["refund_ids"] = [f"PAY{purchase.id}_R"]
    return found


def _refund(purchase: Purchase) -> dict[str, Any]:
    has_return = any(seat.is_returned and seat.is_void for seat in purchase.seats)
    found: dict[str, Any] = {
        "id": f"PAY{purchase.id}_R",
        "payment_id": f"PAY{purchase.id}",
        "location_id": _place_of(purchase),
        "status": "COMPLETED",
        "amount_money": _money(purchase.returned),
        "created_at": utc(purchase.touched),
        "updated_at": utc(purchase.touched),
    }
    if has_return:
        found["order_id"] = f"R{purchase.id}"
    if back := _fee_back(purchase):
        fee = {"type": "INITIAL", "amount_money": _money(-back)}
        found["processing_fee"] = [fee]
    return found
