"""
What an order's rows take back: which tickets, and how much money in all.

A row takes back tickets of its own date and type, and of its own seat where it names
one. A refund that takes back no ticket keeps them all (F45). Money that both a sale and
a row of its own say went back is counted once where it cannot be more, and never added
where it may be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import Ticket, TicketStatus
from ticketsync.core.redact import safe

Key = tuple[str, str, str]  # of what a row is: occurrence, type, seat or line

OF_ANOTHER_ORDER = (
    ": if they are those of another order, as in an exchange, map the column with that "
    "order's number to `refund_of`"
)


@dataclass(frozen=True, slots=True)
class SoldRow:
    """
    What a row of an order sold, and says itself of what went back.

    paid          for it, with its fee and the tax on top, in minor units
    stated        what went back of it by its status or its column `refunded`
    is_cancelled  whether it was never charged by its status
    """

    key: Key
    paid: int
    stated: int
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """
    A row that takes something back.

    price     in minor units, above zero
    amount    with the fee and the tax that went back
    fee       of that, the buyer's fee
    tax       what it says of the tax that went back; `None` for nothing
    quantity  of tickets; `None` in a report with one ticket on each row
    key       `""` for what the row does not name
    placed    when, as plain text; `""` where it does not say
    """

    price: int
    amount: int
    fee: int
    tax: int | None
    quantity: int | None
    key: Key
    placed: str = ""


def repeating_rows(
    sold: Sequence[SoldRow],
    returned: Sequence[ReturnedRow],
    shown: Callable[[int], str],
) -> frozenset[int]:
    """
    The places of the rows that take back what a sale says itself went back: the same
    money, which counts once. `shown` writes an amount for a message.

    Raises: `UnreadableRecord` where it may be the same money or more of it.
    """
    parts = _parts_of_key([row.key for row in sold], [row.key for row in returned])
    found: set[int] = set()
    for key in {row.key[:parts] for row in returned}:
        own = [row for row in sold if row.key[:parts] == key]
        places = [n for n, row in enumerate(returned) if row.key[:parts] == key]
        back = sum(returned[n].amount for n in places)
        charged = [row for row in own if not row.is_cancelled]
        if back and charged and len(charged) < len(own):
            raise UnreadableRecord(
                f"a row takes back {shown(back)}, and of what it may be for, a part "
                "was cancelled and a part was not: give the rows of one of them "
                "another type or `line`, or remove what was never charged",
                word="unclear-return",
            )
        paid = sum(row.paid for row in charged)
        stated = sum(row.stated for row in own)
        if counted_once(stated, back, paid, shown) < stated + back:
            found.update(places)
    return frozenset(found)


def counted_once(
    stated: int, by_rows: int, paid: int, shown: Callable[[int], str]
) -> int:
    """
    What went back of something that cost `paid`, as its own row and rows that take
    something back say, in minor units.

    Raises: `UnreadableRecord` where it may be the same money or more of it.
    """
    if not stated or not by_rows:
        return stated + by_rows
    if stated == by_rows and stated + by_rows > paid:
        return stated
    raise UnreadableRecord(
        f"the status or `refunded` of a sale says that {shown(stated)} went back, and "
        f"rows that take something back {shown(by_rows)}, which may be the same money: "
        "if it is, map the word of the status to `void`, or no column to `refunded`",
        word="refund-twice",
    )


def _parts_of_key(sold: Collection[Key], returned: Collection[Key]) -> int:
    """
    How many parts of their keys tell all rows that take something back apart.
    """
    for parts in (3, 2, 1):
        known = {key[:parts] for key in sold}
        if all(key[:parts] in known for key in returned):
            return parts
    return 0


def find_all_returned(
    tickets: Sequence[Ticket], rows: Sequence[ReturnedRow], is_open: Sequence[bool]
) -> list[set[int]]:
    """
    The places of the tickets that each of these rows takes back; `is_open` says of each
    ticket whether it can be. Rows that name more of what they take back choose first.
    Raises `UnreadableRecord` as `find_returned` does.
    """
    open_places = {n for n, may_return in enumerate(is_open) if may_return}
    found: list[set[int]] = [set() for _ in rows]
    for n in sorted(range(len(rows)), key=lambda n: [not it for it in rows[n].key]):
        found[n] = find_returned(tickets, rows[n], open_places)
        open_places -= found[n]
    return found


def find_returned(
    tickets: Sequence[Ticket], row: ReturnedRow, open_places: Collection[int]
) -> set[int]:
    """
    The places of the tickets that a row takes back, of those that no other row did;
    the last of several that are alike, and void ones first: what made them void is what
    the row is for.

    Raises: `UnreadableRecord` where the order does not have so many.
    """
    if row.quantity == 0:
        return set()
    occurrence_id, type_name, label = row.key
    places = [
        n
        for n in sorted(open_places)
        if occurrence_id in ("", tickets[n].occurrence_id)
        and type_name in ("", tickets[n].type_name)
    ]
    places = _of_label(tickets, places, label)
    places.sort(key=lambda n: (tickets[n].status is not TicketStatus.VALID, n))
    if row.quantity is None:
        return _one_ticket(tickets, places, row)
    if len(places) < row.quantity:
        what = safe(type_name, longest=40) or "tickets"
        raise UnreadableRecord(
            f"a row takes back {row.quantity} {what}, and the order has {len(places)} "
            f"of that date and type left{OF_ANOTHER_ORDER}",
            word="too-many-returned",
        )
    each = row.price // row.quantity
    # Of several, those with the price that went back, and of those the last.
    by_price = sorted(
        places,
        key=lambda n: (
            tickets[n].status is not TicketStatus.VALID,
            tickets[n].face == each,
            n,
        ),
    )
    return set(by_price[len(by_price) - row.quantity :])


def _of_label(tickets: Sequence[Ticket], places: list[int], label: str) -> list[int]:
    """
    The tickets of a seat or line, in the same letters or else in others; all of them
    where the order has none of that name.
    """
    if not label:
        return places
    part = f"/{label}/"
    return (
        [n for n in places if part in tickets[n].id]
        or [n for n in places if part.casefold() in tickets[n].id.casefold()]
        or places
    )


def _one_ticket(
    tickets: Sequence[Ticket], places: Sequence[int], row: ReturnedRow
) -> set[int]:
    """
    The one ticket that went back with its whole price; none for a part of a price.
    """
    if not places:
        raise UnreadableRecord(
            "a row takes back a ticket, and the order has none of that date and type "
            f"left{OF_ANOTHER_ORDER}",
            word="too-many-returned",
        )
    prices = {tickets[n].face for n in places}
    exact = [
        n
        for n in places
        if row.price in (tickets[n].face, tickets[n].face + tickets[n].fee)
    ]
    if exact:
        return {exact[-1]}
    if row.price < min(prices - {0} or {0}):
        return set()
    if len(prices) > 1:
        raise UnreadableRecord(
            "a row takes back an amount that is the price of none of the order's "
            f"{len(places)} tickets",
            word="unclear-return",
        )
    return {places[-1]}
