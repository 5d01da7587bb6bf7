"""
Does the platform still show every organisation or location that we read before? One
that is missing is read no more, while the bookmark moves on with the others.
"""

from __future__ import annotations

from ticketsync.accounts import bookmarks, streams
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.providers.base import ReadsInParts
from ticketsync.workflows.accounts.account_run import AccountRun


def refuse_missing_parts(run: AccountRun, *, accept_shrink: bool) -> None:
    """
    Remember the parts of the account; `GuardRefused` if one of them is missing now.
    """
    if not isinstance(run.provider, ReadsInParts):
        return
    shown = frozenset(run.provider.parts())
    with run.database.read() as connection:
        known = frozenset(
            bookmarks.get_bookmarks(connection, run.account.id, streams.PARTS)
        )
    missing = sorted(known - shown)
    if missing and not accept_shrink:
        raise errors.GuardRefused(
            f"Account {run.account.name!r}: {len(missing)} of {len(known)} "
            "organisations or locations are no longer shown, "
            f"{safe(missing[0])!r} for one; no orders were read.",
            hint="Look at the platform. If it is right, run "
            f"`ticketsync sync {run.account.name} --accept-shrink` once.",
            word="guard-shrink",
        )
    if shown != known:
        with run.database.write() as connection:
            bookmarks.delete_bookmarks(connection, run.account.id, [streams.PARTS])
            bookmarks.save_bookmarks(
                connection, run.account.id, streams.PARTS, dict.fromkeys(shown, "")
            )
