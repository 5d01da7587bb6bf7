"""
What the shows of a day or week earned, in words: for mails and telephones, where a
table would lose its layout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ticketsync.cli import render
from ticketsync.core import periods, tables
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.workflows.money_view import Played


def lines(played: Played) -> Iterator[str]:
    """
    Each show that played with what it earned, two lines or more.
    """
    named = None
    for row in tables.by_name(played.money.lines):
        if row["show_id"] != named:
            yield f"{render.day(row['starts_local'])}  {safe(row['production'])}"
        named = row["show_id"]
        yield f"   {_earned(row)}"
    for show in played.without_figures:
        yield f"{render.day(show.starts_local)}  {safe(show.production)}"
        yield "   no figures"


def totals(played: Played) -> Iterator[str]:
    """
    The totals of the shows.
    """
    for row in tables.by_name(played.money.totals):
        yield render.shows(row["shows"], row["currency"])
        yield f"   {_earned({**row, 'capacity': None})}"


def comparisons(played: Played) -> Iterator[str]:
    """
    How the totals compare with those of the time before, one line for each currency.
    """
    from ticketsync.workflows import money_view

    money = played.money
    if money.before is None or money.before_period is None:
        return
    when = periods.in_words(money.before_period)
    now = {row["currency"]: row for row in tables.by_name(money.totals)}
    before = {row["currency"]: row for row in tables.by_name(money.before)}
    gone = {row["currency"] for row in money_view.without_now(money)}
    for currency in sorted({*now, *gone}):
        if currency not in before:
            yield f"{currency}: no show earned anything in {when}"
            continue
        earlier = before[currency]
        amount = render.with_code(earlier["gross"])
        number = number_of(earlier["shows"], "show")
        if currency in gone:
            yield f"{currency}: nothing, after {amount} from {number} in {when}"
            continue
        if not (now[currency]["gross"].minor or earlier["gross"].minor):
            yield f"{currency}: nothing, as in {when}"
            continue
        change = money_view.change_in_words(now[currency]["gross"], earlier["gross"])
        yield f"{currency}: gross {change} {amount} from {number} in {when}"


def _earned(row: Mapping[str, Any]) -> str:
    """
    Sold, gross, refunded and net of a line; what is known of the net where not all is.
    """
    seats = f" of {row['capacity']:,}" if row["capacity"] else ""
    parts = [
        f"{row['tickets_sold']:,}{seats} sold",
        f"gross {render.with_code(row['gross'])}",
    ]
    if row["refunded"].minor:
        parts.append(f"refunded {render.with_code(row['refunded'])}")
    if row["net"] is not None:
        parts.append(f"net {render.with_code(row['net'])}")
        return ", ".join(parts)
    known = row["figures"] - row["fees_unknown"]
    parts.append("net unknown")
    if known:
        parts[-1] += (
            f" (known: {render.with_code(row['net_known'])}, {known:,} of "
            f"{row['figures']:,} account figures)"
        )
    return ", ".join(parts)
