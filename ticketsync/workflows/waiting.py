"""
Everything that waits for a person, in one list: accounts, shows, dates, orders,
deliveries. Whoever says what waits asks here, so that all say the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from ticketsync.accounts import bookmarks, dismissals, health, pins, streams
from ticketsync.accounts.dismissals import Dismissed
from ticketsync.accounts.health import Health
from ticketsync.core import actor, clock, errors
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import outstanding_replays, waiting
from ticketsync.reporting.waiting_kinds import (
    ACCOUNT,
    KINDS,
    QUARANTINE,
    REPLAY,
    REPORT,
    UNCONFIRMED,
    Waiting,
)
from ticketsync.store.engine import Database
from ticketsync.workflows import counted_twice, quarantined_sales
from ticketsync.workflows.accounts import confirm_accounts
from ticketsync.workflows.accounts.confirm_accounts import Unconfirmed


def everything(
    connection: Connection,
    settings: Settings,
    now: datetime,
    accounts: Sequence[Health] | None = None,
    listed: Sequence[Waiting] | None = None,
) -> list[Waiting]:
    """
    All that waits and was not dismissed, the worst first. Who has looked at the
    accounts already, or has what `list_listed` gives, hands it in.
    """
    if accounts is None:
        accounts = health.assess_all(connection, settings, now)
    if listed is None:
        listed = list_listed(connection, settings, now)
    return [
        *(_of_account(item) for item in accounts if _is_entry(item)),
        *map(_of_unconfirmed, confirm_accounts.list_unconfirmed(connection)),
        *map(_of_replay, outstanding_replays.list_outstanding(connection)),
        *undismissed(
            connection,
            [
                *counted_twice.list_waiting(connection, settings),
                *listed,
                *_of_reports(connection),
            ],
        ),
    ]


def list_listed(
    connection: Connection, settings: Settings, now: datetime
) -> list[Waiting]:
    """
    The part of it that one look at the database lists, dismissed or not.
    """
    until = settings.unsold_until(now)
    return waiting.list_waiting(
        connection, now, until, sales_of=quarantined_sales.sales_of
    )


def orders_counted_twice(connection: Connection, settings: Settings) -> list[Waiting]:
    """
    The part of it that makes figures wrong although each order is right.
    """
    found = counted_twice.list_waiting(connection, settings)
    return undismissed(connection, found)


def undismissed(connection: Connection, items: Sequence[Waiting]) -> list[Waiting]:
    """
    Those of them that nobody dismissed as they are now.
    """
    gone = {
        (item.kind, item.key): item.version
        for item in dismissals.list_dismissals(connection)
    }
    return [it for it in items if not it.is_known_from(gone.get((it.kind, it.key)))]


def by_kind(items: Sequence[Waiting]) -> dict[str, list[Waiting]]:
    """
    The same in groups, the worst kind first.
    """
    found: dict[str, list[Waiting]] = {}
    for kind in KINDS:
        of_kind = [item for item in items if item.kind == kind]
        if of_kind:
            found[kind] = of_kind
    return found


def details(
    items: Sequence[Waiting], unread: Sequence[tuple[str, str, str]]
) -> dict[str, tuple[str, ...]]:
    """
    What an item stands for, a line for each record, by the id of the item: each record
    in quarantine, of those that are `unread`. Items that stand for themselves have
    none.
    """
    wanted = {item.key: item.id for item in items if item.kind == QUARANTINE}
    found: dict[str, tuple[str, ...]] = {}
    for account, record, why in unread:
        if account in wanted:
            line = f"{account} {record}: {why}"
            found[wanted[account]] = (*found.get(wanted[account], ()), line)
    return found


def summary(items: Sequence[Waiting]) -> list[tuple[str, str, str]]:
    """
    How much of each kind waits, in words, with the page to do it on and the command.
    """
    return [
        (
            KINDS[kind].counted(sum(item.count for item in of_kind)),
            KINDS[kind].page,
            of_kind[0].action if len(of_kind) == 1 else KINDS[kind].to_do,
        )
        for kind, of_kind in by_kind(items).items()
    ]


def dismiss(
    database: Database,
    settings: Settings,
    ids: Sequence[str],
    *,
    reason: str = "",
) -> list[Waiting]:
    """
    Let these wait no more: `oversold:12`, or `oversold` for all of that kind. Each
    waits again when it is no longer as it is now.
    """
    now = clock.now()
    with database.write() as connection:
        items = everything(connection, settings, now)
        chosen = list(dict.fromkeys(_chosen(items, wanted) for wanted in ids))
        found = [item for group in chosen for item in group]
        dismissals.save_dismissals(
            connection,
            [
                Dismissed(
                    *(item.kind, item.key, item.version),
                    *(actor.current(), reason, now),
                )
                for item in found
            ],
        )
    return found


def restore(database: Database, ids: Sequence[str]) -> int:
    """
    Let what was dismissed wait again; returns how many of these were dismissed.
    """
    with database.write() as connection:
        return dismissals.restore(connection, [_name(wanted) for wanted in ids])


def _is_entry(account: Health) -> bool:
    """
    Unreadable records are an entry of their own, which says how many.
    """
    return account.waits and account.word != health.PARTIAL


def _of_account(account: Health) -> Waiting:
    return Waiting(
        ACCOUNT,
        account.account,
        f"{account.account} {account.state}. {account.text}",
        version=account.word,
        to_do=account.to_do,
    )


def _of_unconfirmed(item: Unconfirmed) -> Waiting:
    return Waiting(
        UNCONFIRMED,
        item.account,
        f"{item.text}, and {pins.NOBODY}",
        version=" ".join(item.places),
        to_do=f"ticketsync accounts confirm {item.account}",
    )


def _of_replay(account: str) -> Waiting:
    return Waiting(
        REPLAY,
        account,
        f"{account}: since the upgrade its stored records were not read again, and its "
        "figures may be those of the version before",
        to_do=f"ticketsync sync replay {account}",
    )


def _of_reports(connection: Connection) -> list[Waiting]:
    """
    Reports of folders that a person should look at, though they were read.
    """
    return [
        Waiting(
            REPORT,
            f"{account}/{file}",
            f"{account}: {text}",
            version=text,
            to_do="ticketsync waiting dismiss "
            + shlex.quote(f"{REPORT}:{account}/{file}"),
        )
        for account, file, text in bookmarks.list_bookmarks(
            connection, streams.REPORT_NOTES
        )
    ]


def _chosen(items: Sequence[Waiting], wanted: str) -> tuple[Waiting, ...]:
    kind = wanted.partition(":")[0]
    if kind not in KINDS:
        raise errors.UsageError(
            f"{safe(wanted)!r} is not the id of anything that can wait.",
            hint="See `ticketsync waiting list`.",
        )
    if not KINDS[kind].can_be_dismissed:
        raise errors.UsageError(
            "An account cannot be dismissed.",
            hint="Run `ticketsync accounts pause ACCOUNT`; a paused one does not wait.",
        )
    found = tuple(item for item in items if wanted in (item.id, item.kind))
    if not found:
        raise errors.NotFound(
            f"Nothing waits under {safe(wanted)!r}.",
            hint="See `ticketsync waiting list`.",
        )
    return found


def _name(wanted: str) -> dismissals.Name:
    kind, _, key = wanted.partition(":")
    return kind, key
