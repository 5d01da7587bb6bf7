"""
What the stored orders say of periods today, as lines to be frozen: the same orders,
parts, fees and tax lines as in the worksheets and figures.
"""

from __future__ import annotations

import bisect
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.accounts.state import AccountState
from ticketsync.core import money, records
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.settings.config import Settings
from ticketsync.financials import frozen_fee_rates, frozen_lines, frozen_tax
from ticketsync.financials.fees import SCHEDULE
from ticketsync.financials.frozen_lines import (
    SALE,
    VOUCHER_SALE,
    FrozenLine,
    Taxed,
    Taxes,
)
from ticketsync.financials.taxing import TaxLine
from ticketsync.reporting import order_money, refund_money
from ticketsync.reporting.order_money import OrderMoney, ShowName
from ticketsync.reporting.refund_money import RefundMoney
from ticketsync.workflows.month_end import tax_worksheets
from ticketsync.workflows.month_end.tax_worksheets import OwnFees

UNKNOWN = "unknown"
REPORTED = "reported"
CANCELLED_SHOWS = "cancelled_shows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """
    A period in which lines belong; `origin_id` is our id of it, closed or about to be.
    """

    origin_id: int
    first: date
    last: date


def read_lines(
    connection: Connection,
    settings: Settings,
    spans: Sequence[Span],
    *,
    zone: str,
    basis: str,
) -> list[FrozenLine]:
    """
    The lines of periods that follow one another, as they are known now, each with the
    period that it belongs in. By `sale` a sale belongs to its day and a refund to its
    own, by `show` all of them to the day of the show.
    """
    if not spans:
        return []
    return _Reader(connection, settings, spans, zone, basis).lines()


class _Reader:
    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        spans: Sequence[Span],
        zone: str,
        basis: str,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._spans = spans
        self._zone = zone
        self._by_sale = basis == "sale"
        self._period = Period(spans[0].first, spans[-1].last)
        self._starts = [span.first.isoformat() for span in spans]
        self._end = spans[-1].last.isoformat()
        self._shows = order_money.list_show_names(connection)
        self._accounts = {a.name: a for a in state.list_accounts(connection)}

    def lines(self) -> list[FrozenLine]:
        sold = order_money.list_order_money(
            *(self._connection, self._zone, self._period),
            by="sale" if self._by_sale else "show",
        )
        own = tax_worksheets.read_own_fees(self._connection, self._settings)
        return [*self._sales(sold, own), *self._refunds()]

    def _sales(
        self, sold: Sequence[OrderMoney], own: Mapping[tuple[int, int], OwnFees]
    ) -> Iterator[FrozenLine]:
        for parts in tax_worksheets.by_order(sold).values():
            texts = ["[]"] * len(parts)
            if self._by_sale:
                texts = self._tax_texts(parts, own)
            for part, text in zip(parts, texts, strict=True):
                line = self._sale(part, own)
                if line is not None:
                    yield line._replace(tax_lines=text)

    def _tax_texts(
        self,
        parts: Sequence[OrderMoney],
        own: Mapping[tuple[int, int], OwnFees],
    ) -> list[str]:
        """
        The tax of each part of an order, whose parts these are.
        """
        lines = tax_worksheets.lines_of([*parts], self._settings)
        by_show = tax_worksheets.divide_by_show(lines, parts, self._settings)
        fees = tax_worksheets.divide_fees(parts, by_show, own, self._settings)
        found: list[str] = []
        for part, of_fees in zip(parts, fees, strict=True):
            of_sale = by_show[part.show_id]
            if found:  # what is nothing of this show stands with the first one
                of_sale, of_fees = map(_not_nothing, (of_sale, of_fees))
            taxes = _taxes("sale", of_sale) | _taxes("fee", of_fees)
            found.append(frozen_lines.tax_text(taxes))
        return found

    def _sale(
        self, part: OrderMoney, own: Mapping[tuple[int, int], OwnFees]
    ) -> FrozenLine | None:
        show = self._shows[part.show_id]
        day = part.day.isoformat() if self._by_sale else show.starts_local[:10]
        origin = self._origin(day)
        if origin is None:
            return None
        by_rate = own.get((part.order_row, part.show_id))
        amounts = frozen_lines.as_amounts(_amounts_of(part, by_rate, own))
        line = FrozenLine(
            origin_id=origin,
            kind=VOUCHER_SALE if part.show_id == records.NO_SHOW else SALE,
            effective_on=day,
            known_at=part.known_at,
            order_id=part.order_id,
            reference="",
            currency=part.currency,
            fees_source=_source_of(part, by_rate),
            content=part.content.hex(),
            **self._names(part.account, part.show_id, show),
        )
        return frozen_lines.with_amounts(line, amounts)

    def _refunds(self) -> Iterator[FrozenLine]:
        period = self._period if self._by_sale else ALWAYS
        movements = refund_money.list_refund_money(self._connection, self._zone, period)
        taken: Sequence[Sequence[TaxLine]] = [[] for _ in movements]
        if self._by_sale:
            taken = tax_worksheets.refund_tax_lines(
                self._connection, self._settings, self._zone, movements
            )
        for item, lines in zip(movements, taken, strict=True):
            line = self._refund(item, lines) if item.amount or lines else None
            if line is not None:
                yield line

    def _refund(self, item: RefundMoney, lines: Sequence[TaxLine]) -> FrozenLine | None:
        show = self._shows[item.show_id]
        day = item.day.isoformat() if self._by_sale else show.starts_local[:10]
        origin = self._origin(day)
        if origin is None:
            return None
        return FrozenLine(
            origin_id=origin,
            kind=item.kind,
            effective_on=day,
            known_at=item.known_at,
            order_id=item.order_id,
            reference=item.reference,
            currency=item.currency,
            refunded=item.amount,
            tax_lines=frozen_lines.tax_text(_taxes("refund", lines)),
            **self._names(item.account, item.show_id, show),
        )

    def _names(self, account: str, show_id: int, show: ShowName) -> dict[str, Any]:
        found: AccountState = self._accounts[account]
        return {
            "account_id": found.id,
            "account": account,
            "provider": found.provider,
            "show_id": show_id,
            "production": show.production,
            "venue": show.venue,
            "starts_local": show.starts_local,
        }

    def _origin(self, day: str) -> int | None:
        """
        The period that a day is in; `None` outside all of them.
        """
        place = bisect.bisect_right(self._starts, day) - 1
        if place < 0 or day > self._end:
            return None
        return self._spans[place].origin_id


def _not_nothing(lines: Iterable[TaxLine]) -> list[TaxLine]:
    return [line for line in lines if line.amount or line.tax]


def _amounts_of(
    part: OrderMoney,
    by_rate: OwnFees | None,
    own: Mapping[tuple[int, int], OwnFees],
) -> dict[str, int]:
    fees = tax_worksheets.fee_of(part, own)
    fee_tax = part.fee_tax
    if fees and part.fees is None and by_rate is not None:
        ppm = by_rate.tax_ppm
        fee_tax = None if ppm is None else money.tax_inside(fees, ppm)
    return {
        "tickets": part.tickets_sold,
        "comps": part.tickets_comp,
        "face": part.face + part.voucher_sold,
        "discount": part.discount,
        "buyer_fee": part.buyer_fee or 0,
        "addons": part.addons or 0,
        "donation": part.donation or 0,
        "voucher": part.voucher or 0,
        "tax_added": part.tax_added or 0,
        "unexplained": part.unexplained or 0,
        "parts_unknown": int(part.unexplained is None),
        "charged": part.charged,
        "tax": part.tax or 0,
        "tax_unknown": int(part.tax is None),
        "tax_remitted": part.tax_remitted,
        "fees": fees or 0,
        "fees_unknown": int(fees is None),
        "fee_tax": (fee_tax or 0) if fees else 0,
        "fee_tax_unknown": int(bool(fees) and fee_tax is None),
    }


def _source_of(part: OrderMoney, by_rate: OwnFees | None) -> str:
    if by_rate is not None:
        return SCHEDULE
    return UNKNOWN if part.fees is None else REPORTED


def _taxes(flow: str, lines: Iterable[TaxLine]) -> Taxes:
    """
    Tax lines as they are frozen: put together where they are treated alike.
    """
    found: Taxes = {}
    for line in lines:
        kinds = "+".join(line.kinds)
        bucket = (flow, kinds, line.state, line.words, line.code, line.rate_ppm)
        values: Taxed = (1, line.amount, line.tax, line.added)
        found = (
            frozen_lines.add_taxes(found, {bucket: values})
            if bucket in found
            else {**found, bucket: values}
        )
    return found


def rules_text(
    connection: Connection,
    settings: Settings,
    lines: Sequence[FrozenLine],
    last: date,
) -> str:
    """
    The tax rules that these lines were made with, all fee rates, and the shows (our
    ids) up to that day that are cancelled, so that they earned nothing; as JSON.
    """
    tax = settings.tax
    # Of an account and day one line says which rules there were.
    taxed = (it for it in lines if not it.cause and it.tax_lines != "[]")
    one_each = {(line.account, line.effective_on): line for line in taxed}
    adjusting_ones = [line for line in lines if line.cause]
    items = frozen_tax.order_lines([*one_each.values(), *adjusting_ones])
    found: dict[str, object] = {
        "legal_name": settings.business.legal_name,
        "tax_number": settings.business.tax_number,
        "country": settings.business.country,
        "attribution": settings.business.attribution,
        "registered_from": str(settings.business.registered_from or ""),
        "tax_codes": tax.code_words(),
        "tax_rules": tax_worksheets.rules_used(items, tax),
        frozen_fee_rates.FEE_RATES: {
            name: [frozen_fee_rates.rate_words(rate) for rate in account.fees]
            for name, account in sorted(settings.accounts.items())
            if account.fees
        },
        CANCELLED_SHOWS: [
            show_id
            for show_id, day, _, is_cancelled in order_money.list_show_days(connection)
            if is_cancelled and day <= last
        ],
    }
    return json.dumps(found, ensure_ascii=True)


def group_by_origin(lines: Iterable[FrozenLine]) -> dict[int, list[FrozenLine]]:
    found: dict[int, list[FrozenLine]] = defaultdict(list)
    for line in lines:
        found[line.origin_id].append(line)
    return found
