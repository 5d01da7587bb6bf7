"""
`ticketsync financials …`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json

if TYPE_CHECKING:
    from ticketsync.financials.gaps import Gap, Known
    from ticketsync.reporting.numbers import Figures

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What each show earned, down to the ticket.",
)
Show = Annotated[str, typer.Argument(help="Number, reference or part of its name.")]


@app.command("list")
def list_financials(
    ctx: typer.Context, format: Format = "table", json: Json = False
) -> None:
    """
    Show what every show earned, per account.
    """
    from ticketsync.cli import render
    from ticketsync.reporting import numbers

    with context.of(ctx).database().read() as session:
        figures = numbers.figures(session)
    wanted = context.chosen_format(format, json)
    if wanted != "table":
        render.show([], [], wanted, machine=[item.as_json() for item in figures])
    elif not figures:
        typer.echo("No figures yet. Run `ticketsync sync`.")
    else:
        print_figures(figures)


def print_figures(figures: Sequence[Figures]) -> None:
    """
    The table of shows, with a total where there is one currency only.
    """
    from ticketsync.cli import render

    rows = [
        {
            "when": render.day(item.starts_local),
            "production": item.production,
            "via": item.account,
            "sold": item.tickets_sold,
            "comp": item.tickets_comp,
            "gross": render.amount(item.gross, item.currency),
            "refunded": render.amount(item.refunded, item.currency),
            "fees": render.amount(item.fees, item.currency),
            "net": render.amount(item.net, item.currency),
        }
        for item in figures
    ]
    accounts = {item.account for item in figures}
    columns = [
        render.Column("when", "SHOW", rigid=True),
        render.Column("production", "PRODUCTION", most=20),
        *([render.Column("via", "VIA", most=8)] if len(accounts) > 1 else []),
        render.Column("sold", "SOLD", numeric=True),
        render.Column("gross", "GROSS", numeric=True),
        render.Column("refunded", "REFUNDED", numeric=True),
        render.Column("fees", "FEES", numeric=True),
        render.Column("net", "NET", numeric=True),
    ]
    currencies = {item.currency for item in figures}
    total = _total(figures, *currencies) if len(currencies) == 1 else None
    render.table(rows, columns, total=total)
    if any(item.fees is None for item in figures):
        typer.echo(
            "– means unknown: this platform tells no fees. State yours under "
            "`accounts:`\nin the settings, and net is known too."
        )


def _total(figures: Sequence[Figures], currency: str) -> dict[str, Any]:
    from ticketsync.cli import render

    def summed(name: str) -> str:
        values = [getattr(item, name) for item in figures]
        return render.amount(None if None in values else sum(values), currency)

    return {
        "when": f"{len({item.show_id for item in figures})} shows, {currency}",
        "sold": sum(item.tickets_sold for item in figures),
        "gross": summed("gross"),
        "refunded": summed("refunded"),
        "fees": summed("fees"),
        "net": summed("net"),
    }


@app.command("show")
def show_financials(
    ctx: typer.Context, show: Show, format: Format = "table", json: Json = False
) -> None:
    """
    Show one show's figures: per account, per ticket type, per fee.
    """
    from ticketsync.catalogue import shows
    from ticketsync.cli import render
    from ticketsync.reporting import numbers

    with context.of(ctx).database().read() as session:
        found = shows.find(session, show)
        figures = numbers.figures(session, found.id)
        types = numbers.by_type(session, found.id)
        fees = numbers.fee_lines(session, found.id)
    if context.chosen_format(format, json) != "table":
        render.print_json(
            {
                "financials": [item.as_json() for item in figures],
                "ticket_types": [_with_texts(asdict(item)) for item in types],
                "fees": [_with_texts(asdict(item)) for item in fees],
            }
        )
        return
    typer.echo(f"{found.production}, {render.day(found.starts_local)}, {found.venue}")
    for item in figures:
        _print_card(item)
    rows = [
        {
            **asdict(item),
            "face": render.amount(item.face, item.currency),
            "gross": render.amount(item.gross, item.currency),
            "refunded": render.amount(item.refunded, item.currency),
        }
        for item in types
    ]
    columns = [
        render.Column("type_name", "TICKET TYPE"),
        render.Column("account", "VIA"),
        render.Column("tickets_sold", "SOLD", numeric=True),
        render.Column("tickets_comp", "COMP", numeric=True),
        render.Column("face", "FACE", numeric=True),
        render.Column("gross", "GROSS", numeric=True),
        render.Column("refunded", "REFUNDED", numeric=True),
    ]
    if rows:
        render.table(rows, columns)


def _print_card(item: Figures) -> None:
    from ticketsync.cli import render
    from ticketsync.core import clock

    def line(name: str, minor: int | None, note: str = "") -> None:
        shown = render.amount(minor, item.currency)
        typer.echo(f"  {name:<18}{shown:>12}  {note}".rstrip())

    typer.echo(
        f"\n{item.account} ({item.provider}), {item.currency}, synced "
        f"{clock.ago(item.last_synced_at)}"
    )
    typer.echo(
        f"  tickets: {item.tickets_sold} sold, {item.tickets_comp} of them free, "
        f"{item.tickets_refunded} refunded, {item.checked_in} checked in"
    )
    line("face value", item.face, "prices after discounts")
    line("discounts", item.discounts, "taken off by codes")
    line("gross", item.gross, "all that buyers were charged")
    line("refunded", item.refunded)
    line("fees", item.fees, f"({item.fees_source})")
    line("tax in gross", item.tax)
    line("net", item.net, "" if item.net is not None else "unknown while fees are")
    line("net before fees", item.net_before_fees)


def _with_texts(row: dict[str, Any]) -> dict[str, Any]:
    """
    Amounts of a row as decimal texts.
    """
    from ticketsync.core import money

    amounts = ("face", "discounts", "gross", "refunded", "amount")
    return {
        name: money.decimal_text(value, row["currency"]) if name in amounts else value
        for name, value in row.items()
    }


@app.command("explain")
def explain_financials(
    ctx: typer.Context, show: Show, format: Format = "table", json: Json = False
) -> None:
    """
    Walk a show's figures down to the orders and tickets they are made of.
    """
    from ticketsync.catalogue import shows
    from ticketsync.cli import render
    from ticketsync.core import money
    from ticketsync.financials import explain, gaps

    with context.of(ctx).database().read() as session:
        found = shows.find(session, show)
        parts = explain.parts(session, found.id)
        missing = gaps.gaps(session, found.id)
        known = gaps.known(session, found.id, missing)
    lacks = {(gap.account, gap.order_id): gap.words for gap in missing}
    amounts = ("face", "discount", "charged", "refunded", "tax", "tax_remitted", "fees")

    def texts(row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: money.decimal_text(value, row["currency"])
            if name in amounts and value is not None
            else value
            for name, value in row.items()
        }

    rows = [
        texts(asdict(part)) | {"lacks": lacks.get((part.account, part.order_id), "")}
        for part in parts
    ]
    columns = [
        render.Column("order_id", "ORDER"),
        render.Column("order_status", "STATUS"),
        render.Column("ticket_id", "TICKET"),
        render.Column("ticket_status", ""),
        render.Column("type_name", "TYPE", most=12),
        render.Column("face", "FACE", numeric=True),
        render.Column("charged", "CHARGED", numeric=True),
        render.Column("refunded", "BACK", numeric=True),
    ]
    wanted = context.chosen_format(format, json)
    if wanted == "table" and parts:
        currency = parts[0].currency
        total = {
            "order_id": f"{sum(part.is_sold for part in parts)} sold",
            **{
                name: render.amount(sum(getattr(p, name) for p in parts), currency)
                for name in ("face", "charged", "refunded")
            },
        }
        typer.echo(f"{found.production}, {render.day(found.starts_local)}")
        render.table(rows, columns, total=total)
        _print_gaps(missing, known)
        return
    render.show(rows, columns, wanted, empty="No orders count for this show.")


_NAMED = 5  # orders named of those that lack the same


def _print_gaps(missing: Sequence[Gap], known: Sequence[Known]) -> None:
    """
    How much of the fees and of the tax is known, and which orders lack what.
    """
    from ticketsync.core import money
    from ticketsync.core.redact import safe

    for item in known:
        amount = money.decimal_text(item.known, item.currency)
        orders = "1 order" if item.missing == 1 else f"{item.missing} orders"
        typer.echo(
            f"{item.account}: {item.what} {amount} {item.currency} known, "
            f"{orders} missing."
        )
    alike: dict[tuple[str, str], list[str]] = {}
    for gap in missing:
        alike.setdefault((gap.account, gap.words), []).append(gap.order_id)
    for (account, words), ids in alike.items():
        named = ", ".join(map(safe, ids[:_NAMED]))
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        typer.echo(f"  {account}, not reported: {safe(words)}: {named}{more}")


@app.command("rebuild")
def rebuild_financials(ctx: typer.Context) -> None:
    """
    Recompute every show from its stored orders, for instance after new fee rates.
    """
    from ticketsync.workflows import match

    here = context.of(ctx)
    everything, changed = match.rebuild(here.database(), here.settings())
    here.say(f"{everything} shows recomputed, {changed} changed.")
