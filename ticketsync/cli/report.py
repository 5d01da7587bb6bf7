"""
`ticketsync report …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json

if TYPE_CHECKING:
    from ticketsync.reporting.daily import OnSale

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Summaries for people."
)


@app.callback()
def report() -> None:
    """
    Summaries for people.
    """


@app.command("daily")
def daily(
    ctx: typer.Context,
    send: Annotated[
        bool, typer.Option("--send", help="Send it to everybody under `notify`.")
    ] = False,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Every show on sale: allocation, sold since yesterday morning, total, comps, gross.

    Yesterday begins at midnight in the zone of your house. For a mail each morning
    let cron run: ticketsync report daily --send
    """
    from datetime import timedelta

    from ticketsync.catalogue import shows
    from ticketsync.cli import render
    from ticketsync.core import clock
    from ticketsync.reporting import daily as reporting
    from ticketsync.workflows import watch

    wanted = context.chosen_format(format, json)
    here = context.of(ctx)
    now = clock.now()
    with here.database().read() as session:
        house = shows.house(session)
        yesterday = clock.local(now, house.timezone).date() - timedelta(days=1)
        since = clock.start_of(yesterday, house.timezone)
        found = reporting.on_sale(session, now=now, since=since)
    if send:
        title = f"{house.name}: {_recently(found)} tickets since {yesterday:%A}"
        watch.send(here.settings(), title, _as_text(found, f"{yesterday:%A}"))
        here.say(f"Sent: {title}")
        return
    render.show(
        [_row(item) for item in found],
        _columns(f"{yesterday:%a}"),
        wanted,
        machine=[_as_json(item) for item in found],
        empty="No show ahead is on sale.",
    )


def _row(item: OnSale) -> dict[str, Any]:
    from ticketsync.cli import render

    return {
        "show": render.day(item.starts_local),
        "production": item.production,
        "allocation": "–" if item.allocation is None else item.allocation,
        "recently": f"{item.recently:+d}" if item.recently else "–",
        "sold": item.sold,
        "comps": item.comps,
        "gross": " + ".join(
            f"{render.amount(minor, currency)} {currency}"
            for currency, minor in sorted(item.gross.items())
        )
        or "–",
    }


def _columns(yesterday: str) -> list[Any]:
    from ticketsync.cli import render

    return [
        render.Column("show", "SHOW", rigid=True),
        render.Column("production", "PRODUCTION", most=24),
        render.Column("allocation", "SEATS", numeric=True),
        render.Column("recently", f"SINCE {yesterday.upper()}", numeric=True),
        render.Column("sold", "SOLD", numeric=True),
        render.Column("comps", "COMPS", numeric=True),
        render.Column("gross", "GROSS", numeric=True),
    ]


def _as_json(item: OnSale) -> dict[str, Any]:
    from ticketsync.core import clock, money

    return {
        "show_id": item.show_id,
        "production": item.production,
        "starts_at": clock.iso(item.starts_at),
        "allocation": item.allocation,
        "sold_since_yesterday": item.recently,
        "tickets_sold": item.sold,
        "tickets_comp": item.comps,
        "gross": {
            currency: money.decimal_text(minor, currency)
            for currency, minor in sorted(item.gross.items())
        },
    }


def _as_text(found: list[OnSale], yesterday: str) -> str:
    """
    The same for a mail or a telephone, where no table would keep its shape.
    """
    from ticketsync.core.redact import safe

    lines = []
    for item in found:
        row = _row(item)
        seats = "" if item.allocation is None else f" of {item.allocation}"
        comps = f", {item.comps} of them comps" if item.comps else ""
        lines.append(f"{row['show']}  {safe(item.production)}")
        lines.append(
            f"   {row['recently']} since {yesterday}, {item.sold}{seats} sold{comps}, "
            f"{row['gross']}"
        )
    return "\n".join(lines) or "No show ahead is on sale."


def _recently(found: list[OnSale]) -> int:
    return sum(item.recently for item in found)
