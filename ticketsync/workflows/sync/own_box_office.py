"""
The sync of our own box office is its housekeeping: nothing is fetched.

Holds whose time is over are marked, the listing follows our shows, and once a day all
orders and figures are compared with what the box office has. Nothing depends on it:
seats count by time, and a sale saves its order and its figures itself.
"""

from __future__ import annotations

from datetime import timedelta

from ticketsync.accounts import runs
from ticketsync.boxoffice import shows_on_sale
from ticketsync.catalogue import links
from ticketsync.core import clock
from ticketsync.core.plurals import number_of
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.boxoffice import cancel_and_refund, open_sale, save_own_orders
from ticketsync.workflows.boxoffice.box_office import BoxOffice
from ticketsync.workflows.sync.due import is_over
from ticketsync.workflows.sync.listing import ListingResult


def sync_box_office(run: AccountRun, *, is_full: bool = False) -> tuple[int, bool]:
    """
    Returns how many shows changed, and whether all orders were compared.
    """
    expired = cancel_and_refund.expire(BoxOffice(run.database, run.settings))
    run.counts.updated += len(expired)
    refresh_listing(run)
    with run.database.read() as connection:
        last = runs.last_sweep(connection, run.account.id)
    hours = timedelta(hours=run.settings.sync.sweep_hours)
    if not is_full and last is not None and not is_over(last, hours, clock.now()):
        return 0, False
    return _compare(run), True


def refresh_listing(run: AccountRun) -> ListingResult:
    """
    Bring the listing in line with our shows.
    """
    run.wait_for_turn()
    with run.transaction() as connection:
        number = open_sale.list_again(connection, run.account.id)
    run.turn.end()
    return ListingResult(unchanged=number)


def _compare(run: AccountRun) -> int:
    """
    Put right what is not as the box office has it, which a note says; returns how many
    shows have other figures.
    """
    with run.database.read() as connection:
        wrong = save_own_orders.find_differing(connection, run.account)
        on_sale = shows_on_sale.list_shows(connection)
    with run.transaction() as connection:
        now = clock.now()
        save_own_orders.put_right(connection, run.account, wrong, now)
        rows = [show.occurrence_id for show in on_sale]
        links.set_link_status(connection, rows, "synced")
        shows = links.get_show_ids(connection, rows)
        changed = recompute_figures.recompute(connection, run.settings, shows)
    run.counts.processed += len(wrong)
    run.counts.updated += len(wrong)
    if wrong or changed:
        run.note(
            f"{number_of(len(wrong), 'order')} and the figures of "
            f"{number_of(changed, 'show')} were not as your box office has them; they "
            "are now"
        )
    return changed
