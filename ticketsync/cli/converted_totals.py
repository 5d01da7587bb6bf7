"""
Totals of several currencies in one, at the rates of a central bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import terminal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.core.periods import Period
    from ticketsync.core.tables import Table
    from ticketsync.financials.conversion import Conversion

In = Annotated[
    str,
    typer.Option(
        "--in", help="Also in this currency, by imported rates.", metavar="CURRENCY"
    ),
]
RateDay = Annotated[
    str,
    typer.Option(
        "--rate-day",
        help="The day of the rates for --in; by default the last one of the period, or "
        "today.",
        metavar="DAY",
    ),
]
RateSource = Annotated[
    str,
    typer.Option(
        "--rate-source", help="Whose rates: ECB, RBA or BoC.", metavar="SOURCE"
    ),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What a person wants converted; an empty `currency` means nothing.
    """

    currency: str
    day: str
    source: str

    def added_to(self, connection: Connection, report: Table, period: Period) -> Table:
        """
        A report of a period with its amounts in the other currency, too.

        Raises: `UsageError` for a wrong currency, day or source, `NotFound` without
        a rate.
        """
        from ticketsync.workflows import exchange_rates

        report = report.loaded()
        by = self._conversions(connection, report, period)
        return exchange_rates.with_converted(report, by)

    def print_totals(
        self, connection: Connection, totals: Table, period: Period
    ) -> None:
        """
        Print the totals of a period in the other currency, with the rates, and their
        sum. Raises as `added_to`.
        """
        from ticketsync.cli import money_tables, render
        from ticketsync.core import tables
        from ticketsync.workflows import exchange_rates

        by = self._conversions(connection, totals, period)
        found = exchange_rates.converted_totals(totals, by).loaded()
        own = (*found.columns[:4], *money_tables.AMOUNTS, found.columns[-1])
        table = found.shown(*own)
        terminal.echo()
        money_tables.echo_wrapped(
            f"In {self.currency.upper()}. A rate is what one unit of the other "
            "currency was worth; each amount is converted by itself."
        )
        terminal.echo()
        render.report(
            table,
            totals=tables.totals(table),
            label=lambda _: "all",
            optional=("tax",),
        )

    def _conversions(
        self, connection: Connection, report: Table, period: Period
    ) -> dict[str, Conversion]:
        from ticketsync.cli import report_options
        from ticketsync.financials import exchange_rate_files
        from ticketsync.workflows import exchange_rates, money_view

        known = {name.lower(): name for name in exchange_rate_files.SOURCES}
        if self.source:
            report_options.chosen("--rate-source", self.source.lower(), known)
        today = money_view.today(connection)
        day = exchange_rates.day_of(period, today)
        if self.day:
            chosen = money_view.parse_period(connection, self.day)
            day = exchange_rates.day_of(chosen, today)
        source = known.get(self.source.lower(), "")
        return exchange_rates.read_conversions(
            connection, report, self.currency, day, source
        )


def wanted(currency: str, day: str, source: str) -> Wanted | None:
    """
    What these options mean; `None` where nothing is to be converted.

    Raises: `UsageError` for a day or a source without a currency.
    """
    from ticketsync.core import errors

    if currency:
        return Wanted(currency, day, source)
    if day or source:
        raise errors.UsageError(
            "--rate-day and --rate-source are for --in.", hint="Add --in AUD."
        )
    return None
