"""
When an account begins to keep people, or other answers of theirs: the orders of shows
still to come are read again once, because unchanged orders are not saved again: their
people would be missing.

It is noted in the database, not taken from the command that switched it: the settings
can switch it, too.
"""

from __future__ import annotations

from sqlalchemy import Connection

from ticketsync.accounts import bookmarks, state, streams
from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.providers.base import ReportsPeople, has_change_feed
from ticketsync.sales import stored_orders
from ticketsync.workflows.accounts.account_run import AccountRun

READ = "people-read"  # "" → one of these; nothing while no people are kept
YES = "yes"  # everything still to come is read with people
AGAIN = "again"  # it was, and is to be read again: other answers are kept


def request_answers(connection: Connection, account_id: int) -> None:
    """
    Have the next run read the orders still to come again, because other answers are
    kept from now on. Nothing to do where they have not been read with people yet.
    """
    if bookmarks.get_bookmarks(connection, account_id, READ):
        bookmarks.save_bookmarks(connection, account_id, READ, {"": AGAIN})


def follow(run: AccountRun) -> None:
    """
    Take away the marks of what was read without people, if they are kept since the
    last run; what is taken away sends this run, or a later one, to the platform.
    """
    account = run.account
    wanted = _is_wanted(run)
    with run.database.read() as connection:
        noted = _noted(connection, account.id)
        if _is_done(noted, wanted):
            return
        dates = [
            occurrence.provider_occurrence_id
            for occurrence in occurrences.list_occurrences(connection, account.id)
            if not occurrence.is_dated or occurrence.starts_at >= clock.now()
        ]
        held = stored_orders.count_future_orders(connection, account.id, clock.now())
    with run.transaction() as connection:
        if not wanted:
            bookmarks.delete_bookmarks(connection, account.id, [READ])
            return
        bookmarks.delete_event_bookmarks(connection, account.id, streams.READ, dates)
        newest = [streams.NEWEST] if has_change_feed(run.provider) else []
        unfinished = [streams.UNFINISHED, streams.BEGUN, streams.SWEPT, *newest]
        bookmarks.delete_bookmarks(connection, account.id, unfinished)
        bookmarks.save_bookmarks(connection, account.id, READ, {"": YES})
    if held:
        what = "other answers" if noted == AGAIN else "names and addresses"
        run.note(
            f"from now on {what} are kept; the orders of its shows still to come are "
            "read again"
        )


def is_pending(run: AccountRun) -> bool:
    """
    Whether the account's people are to be kept, or not any more, or other answers of
    theirs, since the last run.
    """
    with run.database.read() as connection:
        return not _is_done(_noted(connection, run.account.id), _is_wanted(run))


def _noted(connection: Connection, account_id: int) -> str | None:
    return bookmarks.get_bookmarks(connection, account_id, READ).get("")


def _is_done(noted: str | None, wanted: bool) -> bool:
    """
    Whether what was read is with people and their answers as it is wanted.
    """
    return noted == (YES if wanted else None)


def _is_wanted(run: AccountRun) -> bool:
    account, provider = run.account, run.provider
    return (
        isinstance(provider, ReportsPeople)
        and provider.spec.names_people(account.options)
        and state.keeps_people(account, run.settings.account(account.name))
    )
