"""
Report files before they are connected: which recipes there are, and what one of them
makes of a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ticketsync.core import money
from ticketsync.core.redact import safe
from ticketsync.providers.base import Options, Page
from ticketsync.providers.file_import import fetch, listing, recipe
from ticketsync.sales.allocation import AllocatedOrder
from ticketsync.workflows.sync import parse
from ticketsync.workflows.sync.parse import KnownOrders


def recipes() -> list[dict[str, str]]:
    """
    The recipes that come with ticketsync: name, platform, where they are known from.
    """
    return [
        {"recipe": name, "platform": found.platform, "established": found.established}
        for name in recipe.builtin_names()
        for found in (recipe.load_builtin(name),)
    ]


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What a recipe makes of a report.

    rows            its orders as `sync` would save them
    troubles        what could not be read, with its place
    notes           what was left out or decided by evidence
    unused_columns  the headings that the recipe does not use
    """

    rows: list[dict[str, str]]
    troubles: list[str]
    notes: tuple[str, ...]
    unused_columns: tuple[str, ...]


def preview(options: Options, report: str) -> Preview:
    """
    Read a report as `sync` does, from the file to the orders that it would save; saves
    nothing.

    Raises: `BadFile` for a report that cannot be read, `ConfigurationError` for the
    recipe.
    """
    reports = fetch.read_report(options, Path(report))
    provider = parse.offline_provider("file", options)
    raws = list(reports.orders)
    named = {
        str(found["id"]): found
        for raw in raws
        for line in raw["lines"]
        if (found := listing.occurrence_of(line, raw["rules"])) is not None
    }
    page = parse.parse_page(provider, Page("order", raws), KnownOrders({}, named))
    rows = [_row(item, named) for item in page.orders]
    troubles = [
        item.reason
        if item.reason.startswith(f"{Path(report).name}, ")
        else f"{reports.locations[item.provider_id]}: {item.reason}"
        for item in page.unreadable
    ]
    return Preview(rows, troubles, reports.notes, reports.unmapped)


def _row(
    item: AllocatedOrder, named: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """
    An order as it would be saved: its tickets are those with an id of their own.
    """
    order = item.order
    show = named[order.occurrence_id or ""]

    def text(minor: int) -> str:
        return money.decimal_text(minor, order.currency)

    admitted = {share.id for share in item.shares if share.kind == "admission"}
    return {
        "order": safe(order.id),
        "event": safe(show["name"]),
        "starts_at": show["starts_at"],
        "tickets": str(len(admitted)),
        "charged": text(order.charged),
        "refunded": text(sum(refund.amount for refund in order.refunds)),
        "currency": order.currency,
        "sold": str(sum(share.is_sold for share in item.shares)),
        "fees": "" if order.total_fees is None else text(order.total_fees),
        "timezone": show["timezone"],
    }
