"""
`ticketsync sales …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Format, Json

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The orders behind the figures."
)


@app.callback()
def sales() -> None:
    """
    The orders behind the figures.
    """


@app.command("list")
def list_sales(
    ctx: typer.Context,
    show: Annotated[str, typer.Option(help="Only this show.")] = "",
    account: Annotated[str, typer.Option(help="Only this account.")] = "",
    limit: Annotated[int, typer.Option(help="How many.", min=1)] = 50,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show orders, the newest first.
    """
    from ticketsync.catalogue import shows
    from ticketsync.cli import render
    from ticketsync.cli.export import sale_row
    from ticketsync.reporting import sales as orders

    with context.of(ctx).database().read() as session:
        show_id = shows.find(session, show).id if show else None
        found = list(
            orders.sales(session, show_id=show_id, account=account or None, limit=limit)
        )
    rows = [
        {
            "placed": f"{sale.placed_at:%d %b %H:%M}",
            "order": sale.order_id,
            "status": sale.status,
            "production": sale.production or "–",
            "tickets": sale.tickets,
            "charged": render.amount(sale.charged, sale.currency),
            "refunded": render.amount(sale.refunded, sale.currency),
        }
        for sale in found
    ]
    columns = [
        render.Column("placed", "PLACED (UTC)", rigid=True),
        render.Column("order", "ORDER"),
        render.Column("status", "STATUS"),
        render.Column("production", "PRODUCTION", most=18),
        render.Column("tickets", "TICKETS", numeric=True),
        render.Column("charged", "CHARGED", numeric=True),
        render.Column("refunded", "BACK", numeric=True),
    ]
    machine = [{k: _text(v) for k, v in sale_row(sale).items()} for sale in found]
    render.show(rows, columns, context.chosen_format(format, json), machine=machine)


def _text(value: object) -> object:
    from ticketsync.reporting.exports import Amount

    return str(value) if isinstance(value, Amount) else value
