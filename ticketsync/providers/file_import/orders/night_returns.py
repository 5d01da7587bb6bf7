"""
Divides what went back of an order over several nights. What a row says of one night
stays there and counts first; any other row is divided by what each night has left. It
never depends on the sequence of the rows. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ticketsync.core import money
from ticketsync.providers.file_import.orders.dated_refunds import ReturnedPart


@dataclass(frozen=True, slots=True)
class Charged:
    """
    What each ticket was charged, in minor units, and its night. `inside` is the tax
    that is part of the price.
    """

    nights: Sequence[str]
    prices: Sequence[int]
    fees: Sequence[int]
    on_top: Sequence[int]
    inside: Sequence[int]


@dataclass(frozen=True, slots=True)
class ReturnedMoney:
    """
    What one row says went back, in minor units, and the places of the tickets that it
    is about. What is not counted is money that a sale says went back, too. `of_order`
    are its parts that are amounts of the whole order, of which a night bears no more
    than it was charged.
    """

    places: Sequence[int]
    placed: str = ""
    price: int = 0
    fee: int = 0
    on_top: int = 0
    inside: int = 0
    is_counted: bool = True
    of_order: Collection[str] = ()

    @property
    def amount(self) -> int:
        return self.price + self.fee + self.on_top


@dataclass(frozen=True, slots=True)
class _Shares:
    """
    The parts of each ticket in what a row takes back, in minor units: all of it, and of
    that the fee and the tax.
    """

    amount: Sequence[int]
    fee: Sequence[int]
    on_top: Sequence[int]
    tax: Sequence[int]


class NightReturns:
    """
    What each of the rows takes back of each ticket. `sold` are those of the sales.
    """

    def __init__(
        self,
        charged: Charged,
        sold: Sequence[ReturnedMoney],
        rows: Sequence[ReturnedMoney],
    ) -> None:
        self._nights = charged.nights
        self._rows = rows
        weights = [*map(sum, zip(charged.prices, charged.fees, strict=True))]
        paid = {"price": charged.prices, "fee": charged.fees, "on_top": charged.on_top}
        self._left = _Left(self._nights, weights, paid)
        self._inside = _Left(self._nights, weights, {"tax": charged.inside})
        counted = {n: row for n, row in enumerate((*rows, *sold)) if row.is_counted}
        shares = {n: self._counted(counted[n]) for n in self._in_turn(counted)}
        # What a sale says, too, is divided as it is there.
        first = len(rows)
        stated = added(
            len(weights), (it.amount for n, it in shares.items() if n >= first)
        )
        self._stated = _Left(self._nights, weights, {"price": stated})
        again = {n: row for n, row in enumerate(rows) if not row.is_counted}
        self._again = {n: self._repeated(again[n]) for n in self._in_turn(again)}
        self._shares = shares

    @property
    def refunded(self) -> list[int]:
        """
        All that went back of each ticket.
        """
        shares = self._shares.values()
        return added(len(self._nights), (it.amount for it in shares))

    @property
    def fees_back(self) -> list[int]:
        """
        Of that, the buyers' fees.
        """
        return added(len(self._nights), (it.fee for it in self._shares.values()))

    def by_night(self, parts: Sequence[ReturnedPart]) -> list[ReturnedPart]:
        """
        What each row takes back, by night; `parts` are those of the first rows.
        """
        shares = {**self._shares, **self._again}
        return [
            found
            for n, part in enumerate(parts)
            for found in self._of_nights(part, self._rows[n].places, shares[n])
        ]

    def _in_turn(self, rows: Mapping[int, ReturnedMoney]) -> list[int]:
        """
        Those of one night first, then those that are about fewer tickets.
        """

        def turn(n: int) -> tuple[int, int, str, int, int, int]:
            row = rows[n]
            nights = len({self._nights[place] for place in row.places})
            amounts = (row.price, row.fee, row.on_top)
            return nights, len(row.places), row.placed, *amounts

        return sorted(rows, key=turn)

    def _counted(self, row: ReturnedMoney) -> _Shares:
        price, fee, on_top = (
            self._taken(row, name) for name in ("price", "fee", "on_top")
        )
        amount = added(len(price), (price, fee, on_top))
        if row.inside and not row.amount:
            return _Shares(
                amount, fee, on_top, self._inside.take("tax", row.inside, row.places)
            )
        tax = on_top if row.on_top else money.split(row.inside, amount)
        return _Shares(amount, fee, on_top, tax)

    def _taken(self, row: ReturnedMoney, name: str) -> list[int]:
        amount: int = getattr(row, name)
        nights = {self._nights[n] for n in row.places}
        others = [n for n, night in enumerate(self._nights) if night not in nights]
        if name not in row.of_order or not others:
            return self._left.take(name, amount, row.places)
        own = min(amount, sum(self._left.of_night(night, name) for night in nights))
        return added(
            len(self._nights),
            (
                self._left.take(name, own, row.places),
                self._left.take(name, amount - own, others),
            ),
        )

    def _repeated(self, row: ReturnedMoney) -> _Shares:
        amount = self._stated.take("price", row.amount, row.places)
        fee, on_top, inside = (
            money.split(it, amount) for it in (row.fee, row.on_top, row.inside)
        )
        return _Shares(amount, fee, on_top, on_top if row.on_top else inside)

    def _of_nights(
        self, part: ReturnedPart, places: Sequence[int], shares: _Shares
    ) -> Iterator[ReturnedPart]:
        bearing = (n for n, amount in enumerate(shares.amount) if amount)
        nights = dict.fromkeys(self._nights[n] for n in (*places, *bearing))
        if len(nights) == 1:
            yield replace(part, occurrence_id=next(iter(nights)))
            return
        for night in nights:
            own = [n for n, it in enumerate(self._nights) if it == night]
            amount, fee, on_top, tax = (
                sum(of[n] for n in own)
                for of in (shares.amount, shares.fee, shares.on_top, shares.tax)
            )
            if not (amount or tax):
                continue
            yield ReturnedPart(
                part.placed,
                amount,
                None if part.face is None else amount - fee - on_top,
                None if part.buyer_fee is None else fee,
                None if part.tax is None else tax,
                night,
            )


class _Left:
    """
    What each ticket has left of each part that was charged for it, in minor units.
    """

    def __init__(
        self,
        nights: Sequence[str],
        weights: Sequence[int],
        charged: Mapping[str, Sequence[int]],
    ) -> None:
        self._nights = nights
        self._weights = weights
        self._parts = {name: list(amounts) for name, amounts in charged.items()}

    def take(self, name: str, amount: int, places: Sequence[int]) -> list[int]:
        """
        The shares of all tickets in an amount that goes back of these: first by what
        they have left of this part, then by what they and their nights have left of
        all, and by price where nothing is left.
        """
        found = [0] * len(self._nights)
        if not amount:
            return found
        by_night: dict[str, list[int]] = {}
        for n in sorted(places, key=self._nights.__getitem__):
            by_night.setdefault(self._nights[n], []).append(n)
        whole = [self.of_night(night) for night in by_night]
        limits = [
            [self._of_tickets(own, night, name) for night, own in by_night.items()],
            [self._of_tickets(own, night) for night, own in by_night.items()],
            whole,
        ]
        shares = _divide(
            amount,
            [[*map(min, limit, whole)] for limit in limits],
            [sum(self._weights[n] for n in own) for own in by_night.values()],
        )
        for own, share in zip(by_night.values(), shares, strict=True):
            parts = _divide(
                share,
                [
                    [self._of_ticket(n, name) for n in own],
                    [self._of_ticket(n) for n in own],
                ],
                [self._weights[n] for n in own],
            )
            for n, part in zip(own, parts, strict=True):
                self._parts[name][n] -= part
                found[n] += part
        return found

    def of_night(self, night: str, name: str | None = None) -> int:
        """
        What a night has left of all, and of one part where that is named.
        """
        own = [n for n, it in enumerate(self._nights) if it == night]
        left = sum(part[n] for part in self._parts.values() for n in own)
        part = left if name is None else sum(self._parts[name][n] for n in own)
        return max(0, min(left, part))

    def _of_tickets(
        self, places: Sequence[int], night: str, name: str | None = None
    ) -> int:
        """
        What these tickets of a night have left, but no more than the night has.
        """
        most = self.of_night(night, name)
        return min(most, sum(self._of_ticket(n, name) for n in places))

    def _of_ticket(self, n: int, name: str | None = None) -> int:
        """
        What a ticket has left of all, and of one part where that is named.
        """
        left = sum(part[n] for part in self._parts.values())
        return max(0, left if name is None else min(left, self._parts[name][n]))


def _divide(
    amount: int, limits: Iterable[Sequence[int]], weights: Sequence[int]
) -> list[int]:
    """
    The parts of an amount: by the first of these limits as far as they reach, then by
    the next, and the rest by weights.
    """
    found = [0] * len(weights)
    for limit in limits:
        room = [max(0, most - part) for most, part in zip(limit, found, strict=True)]
        step = max(0, min(amount - sum(found), sum(room)))
        found = added(len(found), (found, money.split(step, room)))
    rest = money.split(amount - sum(found), weights)
    return added(len(found), (found, rest))


def added(length: int, parts: Iterable[Sequence[int]]) -> list[int]:
    """
    The sums by place of lists of this length.
    """
    return [sum(amounts) for amounts in zip([0] * length, *parts, strict=True)]
