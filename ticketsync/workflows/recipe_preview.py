"""
Report files before they are connected: which recipes there are, and what one of them
makes of a report.
"""

from __future__ import annotations

from pathlib import Path

from ticketsync.core import money
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe
from ticketsync.providers import reading
from ticketsync.providers.base import Options
from ticketsync.providers.file_import import fetch, listing, parse, recipe


def recipes() -> list[dict[str, str]]:
    """
    The recipes that come with ticketsync: name, platform, where they are known from.
    """
    return [
        {"recipe": name, "platform": found.platform, "established": found.established}
        for name in recipe.builtin_names()
        for found in (recipe.load_builtin(name),)
    ]


def preview(
    options: Options, report: str
) -> tuple[list[dict[str, str]], list[str], tuple[str, ...]]:
    """
    What a recipe makes of a report: its orders, what could not be read with its place,
    and the headings it does not use.
    """
    reports = fetch.read_report(options, Path(report))
    rows: list[dict[str, str]] = []
    troubles: list[str] = []
    for raw in reports.orders:
        try:
            order = reading.parsed(parse.parse_order, raw)
        except UnreadableRecord as wrong:
            troubles.append(f"{reports.locations[raw['id']]}: {wrong.reason}")
            continue
        date = listing.first_occurrence(raw)
        rows.append(
            {
                "order": safe(order.id),
                "event": safe(date["name"]),
                "starts_at": date["starts_at"],
                "tickets": str(len(order.tickets)),
                "charged": money.decimal_text(order.charged, order.currency),
                "refunded": money.decimal_text(
                    sum(refund.amount for refund in order.refunds), order.currency
                ),
                "currency": order.currency,
            }
        )
    return rows, troubles, reports.unmapped
