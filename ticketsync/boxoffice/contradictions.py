"""
Whether the rows of our own box office agree with one another. Most of what stands
there follows from something else: a state and its instant from the history, a total
from the payments, a line from the tickets, what was spent of a voucher from what it
paid. Whoever changes one cell by hand leaves the other as it was.

What follows from nothing is not here: the terms of a sale, notes and reasons, the code
and worth of a voucher that nobody bought, what somebody counted in a drawer.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Table, select

from ticketsync.boxoffice import placed_orders, tills, transitions
from ticketsync.boxoffice.orders import lines_of
from ticketsync.boxoffice.placed_orders import (
    CANCELLED,
    COMPLIMENTARY,
    EXPIRED,
    ISSUED,
    PAID,
    PENDING,
    REFUNDED,
    SUCCEEDED,
    VOID,
    PlacedOrder,
)
from ticketsync.boxoffice.tills import CLOSED, OPEN
from ticketsync.boxoffice.vouchers import GIFT
from ticketsync.core import clock, digest
from ticketsync.core.redact import safe
from ticketsync.store.boxoffice_states import (
    ORDER,
    REFUND,
    TICKET,
    TILL,
    VOUCHER,
)
from ticketsync.store.tables.boxoffice import (
    boxoffice_history,
    boxoffice_order_lines,
    boxoffice_orders,
    boxoffice_seats,
    boxoffice_tickets,
    payment_refunds,
    payments,
    price_tiers,
    till_sessions,
    vouchers,
)
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows

TABLES = (
    *(boxoffice_shows, price_tiers, boxoffice_orders, boxoffice_order_lines),
    *(boxoffice_seats, boxoffice_tickets, payments, payment_refunds, vouchers),
    *(till_sessions, boxoffice_history),
)
CODE = "code"
_DIGEST = re.compile(rf"{re.escape(digest.CODE)}[0-9a-f]{{32}}")
_NOT_WHOLE = "its history is not whole: a step of it is missing or was moved"
_BACKWARDS = (
    "its history goes back in time: a step of it was moved, or the clock of a machine "
    f"was wrong by more than {clock.SKEW // timedelta(minutes=1)} minutes"
)
_WAS_PAID = (PAID, REFUNDED)
_ENDED = (EXPIRED, CANCELLED, REFUNDED)

Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """
    A cell that another one contradicts; which of them is wrong, nobody can tell. `row`
    begins with the key of the row; the reference of its order follows.
    """

    table: str
    row: str
    column: str
    stored: Any
    what: str


def find_contradictions(connection: Connection) -> Iterator[Contradiction]:
    """
    Every one, given that no cell breaks a rule of its table.
    """
    books = _Books(connection)
    yield from _of_codes(books)
    yield from _of_histories(books)
    yield from _of_tickets(books)
    yield from _of_payments(books)
    yield from _of_sums(books)
    yield from _of_lines(books)
    yield from _of_seats(books)
    yield from _of_vouchers(books)
    yield from _of_tills(books)


class _Books:
    """
    The rows by table and id, and what the orders are by their ids.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._rows: dict[str, dict[int, Cells]] = {}

    def rows(self, table: Table) -> Mapping[int, Cells]:
        if table.name not in self._rows:
            self._rows[table.name] = {
                row["id"]: dict(row)
                for row in self.connection.execute(
                    select(table).order_by(table.c.id)
                ).mappings()
            }
        return self._rows[table.name]

    @cached_property
    def orders(self) -> Mapping[int, PlacedOrder]:
        found = placed_orders.read_orders(self.connection)
        return {order.id: order for order in found}

    @cached_property
    def steps(self) -> Mapping[tuple[str, int], Sequence[Cells]]:
        """
        The history of each row, in the order in which it was written.
        """
        found: dict[tuple[str, int], list[Cells]] = defaultdict(list)
        for step in self.rows(boxoffice_history).values():
            found[step["kind"], step["row_id"]].append(step)
        return found

    def name(self, table: Table, id_: int) -> str:
        row = self.rows(table)[id_]
        order_id = id_ if table is boxoffice_orders else row.get("order_id")
        if table is payment_refunds:
            payment = self.rows(payments).get(row["payment_id"])
            order_id = payment["order_id"] if payment else None
        order = self.rows(boxoffice_orders).get(order_id or 0)
        return f"{id_} of {order['reference']}" if order else str(id_)

    def differing(
        self, table: Table, id_: int, right: Cells, source: str
    ) -> Iterator[Contradiction]:
        """
        The cells of a row that are not as `source` has them.
        """
        row = self.rows(table)[id_]
        for column, value in right.items():
            if row[column] != value:
                what = f"is {_shown(row[column])}, {source} {_shown(value)}"
                yield Contradiction(
                    table.name, self.name(table, id_), column, row[column], what
                )


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "empty"
    return str(clock.iso(value) if hasattr(value, "tzinfo") else value)


def _of_codes(books: _Books) -> Iterator[Contradiction]:
    """
    A ticket's code is a digest, and it has one once it was issued.
    """
    for id_, row in books.rows(boxoffice_tickets).items():
        was_issued = any(
            step["to_state"] == ISSUED for step in books.steps.get((TICKET, id_), ())
        )
        is_right = bool(_DIGEST.fullmatch(row[CODE])) if row[CODE] else not was_issued
        if not is_right:
            yield Contradiction(
                boxoffice_tickets.name,
                books.name(boxoffice_tickets, id_),
                CODE,
                row[CODE],
                "is no digest of a code",
            )


# What the history says


def _of_histories(books: _Books) -> Iterator[Contradiction]:
    for kind, table in transitions.TABLES.items():
        for id_, row in books.rows(table).items():
            steps = books.steps.get((kind, id_), ())
            states = [(step["from_state"], step["to_state"]) for step in steps]
            times = [step["at"] for step in steps]
            is_backwards = any(
                earlier - at > clock.SKEW for earlier, at in pairwise(times)
            )
            follows = [("", "")] * (not states) + [
                (old, new)
                for (_, old), (new, _) in pairwise([("", ""), *states])
                if old != new
            ]
            if follows or is_backwards:
                name = books.name(table, id_)
                what = _NOT_WHOLE if follows else _BACKWARDS
                yield Contradiction(table.name, name, "", None, what)
                continue
            right = _from_history(kind, row, steps)
            yield from books.differing(table, id_, right, "its history says")
    for (kind, row_id), steps in books.steps.items():
        if row_id not in books.rows(transitions.TABLES[kind]):
            for step in steps:
                what = f"is of {kind} {row_id}, which does not exist"
                yield Contradiction(
                    boxoffice_history.name, str(step["id"]), "row_id", row_id, what
                )


def _from_history(kind: str, row: Cells, steps: Sequence[Cells]) -> Cells:
    """
    What a row must say, by its history.
    """
    first, last = steps[0], steps[-1]
    reached = {step["to_state"]: step["at"] for step in steps}
    if kind == VOUCHER:
        return {"created_at": first["at"], "kind": first["reason"]}
    if kind == TILL:
        return {"opened_at": first["at"], "closed_at": reached.get(CLOSED)}
    if kind == TICKET:
        again = [step for step in steps if step["from_state"] == ISSUED]
        number = 1 + sum(step["to_state"] == ISSUED for step in again)
        voided_at = reached.get(VOID)
        return {
            "state": last["to_state"],
            "voided_at": voided_at,
            "issue_number": number,
        }
    if kind == ORDER:
        is_over = last["to_state"] in _ENDED
        reason = last["reason"] if is_over else ""
        return {
            "state": last["to_state"],
            "created_at": first["at"],
            "paid_at": reached.get(PAID),
            "ended_at": last["at"] if is_over else None,
            **_as_recorded("end_reason", row, reason),
        }
    right = {"state": last["to_state"], "settled_at": reached.get(SUCCEEDED)}
    if kind == REFUND:
        right |= _as_recorded("reason", row, first["reason"])
    return right


def _as_recorded(column: str, row: Cells, reason: str) -> Cells:
    """
    A reason as the row has it, if the history has the same: it is cut there.
    """
    is_same = safe(row[column], longest=300) == reason
    return {column: row[column] if is_same else reason}


def _of_tickets(books: _Books) -> Iterator[Contradiction]:
    """
    A ticket is reserved after its order was placed, and issued when that was paid.
    """
    for id_, row in books.rows(boxoffice_tickets).items():
        order = books.rows(boxoffice_orders)[row["order_id"]]
        for step in books.steps.get((TICKET, id_), ()):
            is_first_issue = (step["from_state"], step["to_state"]) == (
                "reserved",
                ISSUED,
            )
            is_early = not step["from_state"] and (
                order["created_at"] - step["at"] > clock.SKEW
            )
            if is_early or (is_first_issue and step["at"] != order["paid_at"]):
                what = f"was {step['to_state']} at another time than its order says"
                name = books.name(boxoffice_tickets, id_)
                yield Contradiction(boxoffice_tickets.name, name, "", step["at"], what)


# What is paid


def _of_payments(books: _Books) -> Iterator[Contradiction]:
    attempts: Counter[int] = Counter()
    for id_, row in sorted(
        books.rows(payments).items(), key=lambda it: (it[1]["order_id"], it[0])
    ):
        order = books.rows(boxoffice_orders)[row["order_id"]]
        attempts[row["order_id"]] += 1
        attempt = attempts[row["order_id"]]
        is_free = row["amount"] == 0
        right = {
            "attempt": attempt,
            "idempotency_key": f"{order['reference']}/{attempt}",
            "currency": order["currency"],
        }
        if is_free is not (row["method"] == COMPLIMENTARY):
            right["method"] = COMPLIMENTARY if is_free else "cash, card or voucher"
        if row["till_id"] is not None:
            right["till_id"] = order["till_id"] if row["method"] == "cash" else None
        yield from books.differing(payments, id_, right, "its order says")
    numbers: Counter[int] = Counter()
    for id_, row in books.rows(payment_refunds).items():
        payment = books.rows(payments)[row["payment_id"]]
        order = books.rows(boxoffice_orders)[payment["order_id"]]
        numbers[row["payment_id"]] += 1
        number = numbers[row["payment_id"]]
        key = f"{order['reference']}/{payment['attempt']}/{number}"
        right = {"number": number, "idempotency_key": key}
        yield from books.differing(payment_refunds, id_, right, "its payment says")


def _of_sums(books: _Books) -> Iterator[Contradiction]:
    """
    An order that was paid comes to what its payments come to.
    """
    for order in books.orders.values():
        if order.state in _WAS_PAID:
            ids = ", ".join(str(payment.id) for payment in order.payments)
            right = {"total": order.received}
            source = f"its payments ({ids}) come to"
            yield from books.differing(boxoffice_orders, order.id, right, source)


# What is in an order


def _of_lines(books: _Books) -> Iterator[Contradiction]:
    """
    The lines of an order are the sums of its tickets. One that ended unpaid has none
    any more that count.
    """
    found: dict[tuple[int, int], Cells] = {
        (row["order_id"], row["tier_id"]): dict(row)
        for row in books.connection.execute(select(boxoffice_order_lines)).mappings()
    }
    for order in books.orders.values():
        if order.state not in (PENDING, *_WAS_PAID):
            continue
        right = {(it["order_id"], it["tier_id"]): it for it in lines_of(order)}
        mine = {key for key in found if key[0] == order.id}
        for key in sorted(mine | right.keys()):
            stored, wanted = found.get(key), right.get(key)
            row = f"{key[0]} {key[1]} of {order.reference}"
            if stored is None or wanted is None:
                what = "is missing" if stored is None else "is of no ticket"
                yield Contradiction(boxoffice_order_lines.name, row, "", None, what)
                continue
            for column, value in wanted.items():
                if stored[column] != value:
                    what = (
                        f"is {_shown(stored[column])}, its tickets say {_shown(value)}"
                    )
                    yield Contradiction(
                        *(boxoffice_order_lines.name, row, column),
                        *(stored[column], what),
                    )


def _of_seats(books: _Books) -> Iterator[Contradiction]:
    """
    An order that was paid has a seat for each ticket that is not void, for good; one
    that is pending has its seats for as long as it is held, and may have lost them.
    """
    taken: dict[int, list[Cells]] = defaultdict(list)
    for row in books.connection.execute(select(boxoffice_seats)).mappings():
        taken[row["order_id"]].append(dict(row))
    for order in books.orders.values():
        mine = taken.get(order.id, [])
        held_until = order.held_until if order.state == PENDING else None
        for seat in mine:
            if (seat["show_id"], seat["held_until"]) != (order.show_id, held_until):
                yield Contradiction(
                    *(boxoffice_seats.name, _seat_name(seat, order), "held_until"),
                    *(seat["held_until"], "is not held as its order is"),
                )
        number = Counter(seat["tier_id"] for seat in mine)
        wanted = Counter(order.wanted) if order.state in (PENDING, *_WAS_PAID) else {}
        is_right = number == wanted or (order.state == PENDING and not mine)
        if not is_right:
            names = ", ".join(_seat_name(seat, order) for seat in mine) or "none"
            what = (
                f"has {sum(number.values())} seats ({names}), its tickets of each "
                "price need others"
            )
            name = books.name(boxoffice_orders, order.id)
            yield Contradiction(boxoffice_seats.name, name, "order_id", None, what)


def _seat_name(seat: Cells, order: PlacedOrder) -> str:
    return f"{seat['show_id']} {seat['seat_number']} of {order.reference}"


# Vouchers and drawers


def _of_vouchers(books: _Books) -> Iterator[Contradiction]:
    """
    Of a gift voucher was spent what it paid, and one that was sold is worth its price.
    """
    spent: Counter[int] = Counter()
    for order in books.orders.values():
        for payment in order.payments:
            if payment.voucher_id is not None and payment.is_received:
                spent[payment.voucher_id] += payment.amount - payment.returned
    for id_, row in books.rows(vouchers).items():
        right: dict[str, Any] = {}
        if row["kind"] == GIFT:
            right["spent"] = spent[id_]
        sold_by = books.orders.get(row["order_id"] or 0)
        if sold_by is not None:
            back = sum(it.returned + it.planned for it in sold_by.payments)
            right |= {"amount": sold_by.total, "returned": back}
        yield from books.differing(vouchers, id_, right, "the payments say")


def _of_tills(books: _Books) -> Iterator[Contradiction]:
    for session in tills.list_sessions(books.connection):
        if session.state != OPEN:
            drawer = tills.get_drawer(books.connection, session)
            right = {"expected": drawer.expected}
            source = "its float and cash come to"
            yield from books.differing(till_sessions, session.id, right, source)
