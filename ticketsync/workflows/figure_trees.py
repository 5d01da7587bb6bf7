"""
The trees of a show's figure, one for each currency: read from the stored figures and
the rows that `financials explain` lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.core.money import Money
from ticketsync.core.settings.config import Settings
from ticketsync.core.tables import Kind
from ticketsync.financials import explain, figure_tree, gaps
from ticketsync.financials.applied_fee_rates import read_applied_rates
from ticketsync.financials.explain import TicketContribution
from ticketsync.financials.figure_tree import (
    FigureRows,
    Node,
    RefundPart,
    UnearnedPart,
)
from ticketsync.ledger.projection import REFUND
from ticketsync.providers import registry
from ticketsync.reporting import figures_of_shows, refund_report
from ticketsync.reporting.figures_of_shows import Figures
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.month_end import ledger_export

UNEARNED: Final = "unearned"
FIGURES: Final = ("net", "gross", "fees", "refunded", "tax", UNEARNED)
_STORED: Final = [c.name for c in figures_of_shows.FIGURES if c.kind is Kind.MONEY]


@dataclass(frozen=True, slots=True)
class FigureTrees:
    """
    A tree for each currency, by its code, and whether the fee rates in the settings
    have changed since the figures were computed; of unearned money the number of
    orders that no tax rule covers.
    """

    by_currency: dict[str, Node]
    rates_have_changed: bool = False
    without_rule: int = 0


def read_trees(
    connection: Connection,
    settings: Settings,
    show_id: int,
    figure: str,
    *,
    has_tickets: bool,
    now: datetime,
) -> FigureTrees:
    """
    The trees of one of `FIGURES` of a show. `now` is the instant up to which money is
    unearned.
    """
    tickets = explain.list_contributions(connection, show_id)
    if figure == UNEARNED:
        found = _unearned(connection, settings, show_id, tickets, now)
    else:
        found = _stored(
            connection, settings, show_id, figure, tickets, has_tickets=has_tickets
        )
    platforms = {a.name: a.provider for a in state.list_accounts(connection)}
    linked = {
        currency: _with_links(tree, platforms)
        for currency, tree in found.by_currency.items()
    }
    return replace(found, by_currency=linked)


def _stored(
    connection: Connection,
    settings: Settings,
    show_id: int,
    figure: str,
    tickets: Sequence[TicketContribution],
    *,
    has_tickets: bool,
) -> FigureTrees:
    figures = figures_of_shows.figures(connection, show_id)
    rates = recompute_figures.fee_schedules(connection, settings)
    applied = read_applied_rates(connection, show_id, rates)
    bills = explain.list_bills(connection, show_id, applied.schedules)
    missing = gaps.list_gaps(connection, show_id, applied.schedules)
    refunds = refund_report.list_show_refunds(connection, show_id)
    trees = {}
    for code in _currencies([*figures, *tickets]):
        of_figures = [item for item in figures if item.currency == code]
        rows = FigureRows(
            tickets=[item for item in tickets if item.currency == code],
            refunds=[
                RefundPart(
                    account=item.account,
                    order_id=item.order_id,
                    amount=item.amount.minor,
                    day=item.on_day,
                    basis=item.basis,
                    seen_at=item.first_seen_at,
                )
                for item in refunds
                if item.currency == code
            ],
            gaps={
                (gap.account, gap.order_id): gap
                for gap in missing
                if gap.currency == code
            },
            bills={
                (account, order_id): amount
                for (account, order_id, currency), amount in bills.items()
                if currency == code
            },
            amounts={name: _amounts(of_figures, name) for name in _STORED},
            sources={item.account: item.fees_source for item in of_figures},
        )
        trees[code] = figure_tree.build(figure, rows, has_tickets=has_tickets)
    return FigureTrees(trees, applied.have_changed)


def _currencies(items: Iterable[Figures | TicketContribution]) -> list[str]:
    return sorted({item.currency for item in items})


def _amounts(figures: Iterable[Figures], name: str) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for item in figures:
        amount: Money | None = getattr(item, name)
        found[item.account] = None if amount is None else amount.minor
    return found


def _unearned(
    connection: Connection,
    settings: Settings,
    show_id: int,
    tickets: Sequence[TicketContribution],
    now: datetime,
) -> FigureTrees:
    found = ledger_export.read_unearned_show(connection, settings, show_id, now)
    trees = {
        line.currency: figure_tree.build_unearned(
            {
                "sold": line.sold,
                "returned": line.returned,
                "earned": line.earned,
                "closing": line.closing,
            },
            [
                UnearnedPart(
                    account=item.account,
                    order_id=item.order_id,
                    amount=amount,
                    is_return=item.kind == REFUND,
                )
                for item, amount in found.moved
                if item.currency == line.currency
            ],
            [item for item in tickets if item.currency == line.currency],
        )
        for line in found.lines
    }
    return FigureTrees(trees, without_rule=found.without_rule)


def _with_links(node: Node, platforms: dict[str, str]) -> Node:
    children = tuple(_with_links(child, platforms) for child in node.children)
    link = ""
    if node.order_id and node.order_id != explain.NO_ORDER:
        link = registry.order_url(platforms.get(node.account, ""), node.order_id)
    return replace(node, children=children, link=link)
