"""
What a second list of a platform says of its list of orders: one that lacks most of what
the other names is not believed, unless a person accepts that it is so.

What was accepted is remembered, and shrinks with the gap: a list that loses more, or
loses it again after it was whole, is refused.
"""

from __future__ import annotations

from ticketsync.accounts import bookmarks, streams
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.core.shrunken_lists import is_mostly_missing
from ticketsync.providers.base import CrossCheck, Page
from ticketsync.workflows.accounts.account_run import AccountRun


def judge(run: AccountRun, page: Page, *, accept_shrink: bool) -> None:
    """
    Raises `GuardRefused` if the page's checks say that a list is not whole.
    """
    for check in page.cross_checks:
        _judge(run, check, accept_shrink=accept_shrink)


def read_everything_next(run: AccountRun) -> None:
    """
    Let the next run read all orders, whether that is due or not.
    """
    with run.transaction() as connection:
        bookmarks.save_bookmarks(
            connection, run.account.id, streams.READ_ALL, {"": "1"}
        )


def _judge(run: AccountRun, check: CrossCheck, *, accept_shrink: bool) -> None:
    with run.database.read() as connection:
        values = bookmarks.get_bookmarks(
            connection, run.account.id, streams.CHECKS_ACCEPTED
        )
    accepted = int(values.get(check.key, 0))
    is_refused = is_mostly_missing(
        check.missing - accepted, max(check.expected - accepted, 0)
    )
    if is_refused and not accept_shrink:
        read_everything_next(run)
        raise _refusal(run, check)
    allowed = check.missing if is_refused else min(accepted, max(check.missing, 0))
    if allowed != accepted:
        with run.transaction() as connection:
            bookmarks.save_bookmarks(
                connection,
                run.account.id,
                streams.CHECKS_ACCEPTED,
                {check.key: str(allowed)},
            )


def _refusal(run: AccountRun, check: CrossCheck) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"Account {run.account.name!r}: of {check.expected} {safe(check.rows)}, "
        f"{safe(check.lacking)} lacks {check.missing}; the figures stay as they were.",
        hint="Look at the platform. If it is right, run "
        f"`ticketsync sync {run.account.name} --accept-shrink` once.",
        word="guard-shrink",
    )
