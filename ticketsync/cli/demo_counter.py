"""
What `ticketsync demo` sells at the venue's own counter. The sandbox knows nothing
of it: `demo_output.COUNTER_SALES` is what it has to come to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ticketsync.cli import boxoffice_output, demo_output, show_tables, terminal

if TYPE_CHECKING:
    from ticketsync.core.settings.config import Settings
    from ticketsync.reporting.figures_of_shows import Figures
    from ticketsync.store.engine import Database

_PRICES: Final = {"Adult": 3900, "Child": 2000}
_BASKET: Final = {"Adult": 2, "Child": 1}


def sell_three_tickets(database: Database, settings: Settings) -> None:
    """
    Put the last coming show of a production on sale and sell three tickets for cash.
    """
    from ticketsync.boxoffice.price_tiers import NewTier
    from ticketsync.boxoffice.shows_on_sale import Terms
    from ticketsync.workflows.accounts.connect import SecretSource
    from ticketsync.workflows.boxoffice import availability, open_sale, sell
    from ticketsync.workflows.boxoffice.box_office import BoxOffice
    from ticketsync.workflows.boxoffice.sell import Tender

    show = _choose_show(database)
    basket = " ".join(f"--tier {name}={number}" for name, number in _BASKET.items())
    demo_output.print_command(
        f"ticketsync boxoffice sell {show.show_id} {basket} --cash"
    )
    tiers = [NewTier(name, price) for name, price in _PRICES.items()]
    key = SecretSource("file", "")
    open_sale.open_show(database, settings, show.show_id, Terms(), tiers, key)
    office = BoxOffice(database, settings)
    sold = sell.sell(office, show.show_id, _BASKET, Tender("cash"))
    with database.read() as connection:
        left = availability.get_availability(connection, show.show_id)
    zone = left.show.timezone
    boxoffice_output.print_order(sold.order, zone, json=False, codes=sold.codes)
    terminal.echo("")
    boxoffice_output.print_availability(left)
    terminal.echo("")
    terminal.echo("The sale is in the show's figures at once, without a sync:")
    figures = demo_output.load_figures(database)
    show_tables.print_sources([f for f in figures if f.show_id == show.show_id])


def _choose_show(database: Database) -> Figures:
    figures = demo_output.load_figures(database)
    return max(
        (item for item in figures if item.production == "Late Laughs"),
        key=lambda item: item.starts_at,
    )
