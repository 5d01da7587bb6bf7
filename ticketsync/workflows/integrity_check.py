"""
Looking after the books: whether the database is sound, and whether what stands in it is
what it must be: the figures what the stored orders come to and, looking deep, the
orders what the stored raw records come to.

Reads, and writes nothing. Whatever stands in a column, the check goes on: it is run
when someone has edited what no one should.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from ticketsync.accounts import runs, state
from ticketsync.accounts.state import AccountState
from ticketsync.boxoffice import contradictions, transitions
from ticketsync.core import clock, errors
from ticketsync.core.money import MoneyError
from ticketsync.core.settings.config import Settings
from ticketsync.financials import comparing, verifying
from ticketsync.financials.comparing import Comparison
from ticketsync.reporting import figures_of_shows
from ticketsync.reporting.changes import Change
from ticketsync.reporting.compared_databases import RowDifference
from ticketsync.reporting.figures_of_shows import Figures
from ticketsync.sales import past_flaws, quarantine, raw_records
from ticketsync.store import (
    backup,
    database_copies,
    integrity,
    row_digests,
    schema,
)
from ticketsync.store.database_copies import dry_run_of
from ticketsync.store.engine import Database
from ticketsync.store.integrity import Violation
from ticketsync.workflows import recompute_figures, waiting
from ticketsync.workflows.accounts import confirm_accounts
from ticketsync.workflows.boxoffice import save_own_orders
from ticketsync.workflows.sync import reparse

# What everything else is read through: nonsense in there would only lead to more.
READ_FIRST = {
    *("venues", "productions", "shows", "accounts", "events", "occurrences"),
    *("production_links", "show_links", "sync_runs", "raw_blocks", "raw_records"),
}
NOT_AS_WRITTEN = "is not as it was written"
AHEAD = timedelta(minutes=5)  # of another machine's clock


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that is not as it must be: where it stands, and what is there instead of
    what. `show_id` where it is a show's; `row` names the row, `column` is empty where
    the whole row is meant. A replay puts nothing right that is unconfirmed or that two
    accounts have. Beside one that is unreadable its account could not be compared.
    """

    table: str
    account: str = ""
    row: str = ""
    column: str = ""
    stored: Any = None
    right: Any = None
    show_id: int | None = None
    what: str = ""
    is_unconfirmed: bool = False
    is_counted_twice: bool = False
    is_unreadable: bool = False

    @property
    def text(self) -> str:
        owner = f"{self.account}: " if self.account else ""
        name = f"{owner}{self.table} {self.row}".rstrip()
        if self.what:
            column = f", {self.column}" if self.column else ""
            return f"{name}{column}: {self.what}"
        right, stored = shown(self.right), shown(self.stored)
        return f"{name}: {self.column} is {stored}, and must be {right}"


@dataclass(frozen=True, slots=True)
class Health:
    """
    What a check found: the schema, the shows whose figures differ when they are
    recomputed from their orders, and everything that differs, cell by cell.
    """

    schema: str
    shows: int
    differences: tuple[Change, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        """
        In words.
        """
        return tuple(finding.text for finding in self.findings)

    @property
    def is_sound(self) -> bool:
        return not self.differences and not self.findings

    @property
    def has_unconfirmed(self) -> bool:
        """
        Whether accounts wait to be confirmed.
        """
        return any(finding.is_unconfirmed for finding in self.findings)

    @property
    def has_counted_twice(self) -> bool:
        """
        Whether two accounts have one order.
        """
        return any(finding.is_counted_twice for finding in self.findings)

    @property
    def needs_repair(self) -> bool:
        """
        Whether more is found than what a person has to say about accounts.
        """
        others = [
            item
            for item in self.findings
            if not (item.is_unconfirmed or item.is_counted_twice)
        ]
        return bool(self.differences or others)


def check(database: Database, settings: Settings, *, deep: bool = False) -> Health:
    """
    Every page, every rule, every reference, every figure; `deep` reads every stored raw
    record again and compares every row with money in it. Writes nothing.
    """
    broken = tuple[str, ...]()
    if database.dialect == "sqlite":
        file = backup.sqlite_file_of(database)
        broken = backup.inspect_file(file).broken_rules
    with (
        database_copies.snapshot(database) as connection,
        database_copies.scratch() as scratch,
    ):
        version = schema.version_of(connection) or ""
        names = state.get_account_names(connection)
        violations = list(integrity.find_violations(connection))
        found = [_of_violation(violation, names) for violation in violations]
        if not violations:
            found += [Finding("database", what=rule) for rule in broken]
        found += _other_problems(database, connection, scratch)
        if READ_FIRST & {violation.table for violation in violations}:
            found.append(Finding("database", what="put this right, then check again"))
            return Health(version, 0, (), tuple(found))
        found += [
            Finding(
                *("account", "", item.account),
                what=f"it {place}, unconfirmed here",
                is_unconfirmed=True,
            )
            for item in confirm_accounts.list_unconfirmed(connection)
            for place in item.places
        ]
        if "orders" not in {violation.table for violation in violations}:
            found += _of_counted_twice(connection, settings)
        changes: list[Change] = []
        try:
            compared = list(
                comparing.compare_figures(
                    connection, recompute_figures.fee_schedules(connection, settings)
                )
            )
            changes = list(_changes(connection, compared))
            found += _of_past(connection, names)
            found += _of_figures(connection, compared, names)
        except MoneyError as error:
            found.append(Finding("show_financials", what=f"not recomputed: {error}"))
        if deep:
            found += _of_periods(connection)
            found += _of_digests(connection)
            broken_tables = {violation.table for violation in violations}
            found += _deep(connection, scratch, broken_tables)
        shows = len(comparing.shows_with_figures(connection))
    return Health(version, shows, tuple(changes), tuple(found))


def _of_violation(violation: Violation, names: Mapping[int, str]) -> Finding:
    key = dict(violation.key)
    account = names.get(key.pop("account_id", None) or 0, "")
    provider_id = key.pop("provider_id", None)
    row = str(provider_id) if provider_id else " ".join(map(str, key.values()))
    return Finding(
        violation.table,
        account,
        row,
        column=violation.column,
        stored=violation.value,
        what=f"{shown(violation.value)} {violation.rule}",
    )


def _other_problems(
    database: Database, connection: Connection, scratch: Database
) -> Iterator[Finding]:
    with scratch.read() as fresh:
        if database.dialect == "sqlite":
            odd = list(integrity.find_schema_differences(connection, fresh))
        else:
            # The server is asked what it makes of our views, which a reader may not.
            with dry_run_of(database) as trial, trial.write() as asked:
                odd = list(integrity.find_schema_differences(asked, fresh))
    for problem in odd:
        yield Finding(problem.kind, row=problem.name, what=problem.what)


def _of_counted_twice(connection: Connection, settings: Settings) -> Iterator[Finding]:
    for item in waiting.orders_counted_twice(connection, settings):
        account, _, order = item.key.partition("/")
        what = item.text
        yield Finding("order", account, order, what=what, is_counted_twice=True)


# The figures


def _of_figures(
    connection: Connection, compared: Sequence[Comparison], names: Mapping[int, str]
) -> Iterator[Finding]:
    for item in compared:
        yield from _cells(item, names)
    created_at = {
        account.id: account.created_at for account in state.list_accounts(connection)
    }
    latest = str(clock.iso(clock.now() + AHEAD))
    for row in comparing.stored_rows(connection, comparing.TABLES[0]):
        written = row[comparing.WRITTEN_AT]
        since = created_at.get(row["account_id"])
        if since is not None and not str(clock.iso(since)) <= str(written) <= latest:
            yield Finding(
                comparing.FIGURES,
                names.get(row["account_id"], ""),
                f"show {row['show_id']} {row['currency']}",
                column=comparing.WRITTEN_AT,
                stored=written,
                show_id=row["show_id"],
                what=f"{shown(written)} is not between the account's first day and now",
            )


def _of_past(connection: Connection, names: Mapping[int, str]) -> Iterator[Finding]:
    for flaw in past_flaws.find_past_flaws(connection):
        yield Finding(
            *(flaw.table, names.get(flaw.account_id, ""), flaw.provider_id),
            *(flaw.column, flaw.stored, flaw.right),
        )


def _cells(item: Comparison, names: Mapping[int, str]) -> Iterator[Finding]:
    key = dict(item.key)
    show_id = key.pop("show_id")
    account = names.get(key.pop("account_id"), "")
    row = " ".join([f"show {show_id}", *map(str, key.values())])
    if item.stored is None or item.right is None:
        missing = item.stored is None
        what = "is missing" if missing else "is not a sum of any tickets"
        yield Finding(item.table, account, row, show_id=show_id, what=what)
        return
    for name in item.differing:
        stored, right = item.stored.get(name), item.right[name]
        yield Finding(item.table, account, row, name, stored, right, show_id)


def _changes(
    connection: Connection, compared: Sequence[Comparison]
) -> Iterator[Change]:
    """
    The same of the shows' figures as a whole, in the order they play.
    """
    found = []
    for item in compared:
        if item.table != comparing.FIGURES:
            continue
        before, after = (
            _figures(connection, item.key, values)
            for values in (item.stored, item.right)
        )
        if before is not None or after is not None:
            found.append(Change(before, after))
    yield from sorted(found, key=lambda c: (c.either.starts_at, c.either.show_id))


def _figures(
    connection: Connection, key: Mapping[str, Any], values: Mapping[str, Any] | None
) -> Figures | None:
    if values is None:
        return None
    return figures_of_shows.with_values(
        connection, key["show_id"], key["account_id"], values
    )


def _of_periods(connection: Connection) -> Iterator[Finding]:
    for flaw in verifying.verify(connection).flaws:
        yield Finding(flaw.table, row=flaw.row, what=flaw.what)


def _of_digests(connection: Connection) -> Iterator[Finding]:
    for item in row_digests.find_changed(connection, past_flaws.PAST_TABLES):
        yield Finding(item.table, row=" ".join(item.key), what=NOT_AS_WRITTEN)


# The orders


def _deep(
    connection: Connection, scratch: Database, broken_tables: Collection[str]
) -> Iterator[Finding]:
    accounts = state.list_accounts(connection)
    damaged = [
        Finding("the raw record of", a.name, what, what="is damaged")
        for a in accounts
        for what in raw_records.find_damaged(connection, a.id)
    ]
    yield from damaged
    if damaged:
        return  # what is damaged cannot be read again
    reparse.copy_listings(connection, scratch)
    own = save_own_orders.find_account(connection)
    for account in accounts:
        is_ours = account == own
        if is_ours:
            flaws = list(_of_box_office(connection, broken_tables))
            yield from flaws
            if any(flaw.is_unreadable for flaw in flaws):
                continue
        yield from _of_starts(connection, account, is_ours=is_ours)
        try:
            if is_ours:
                save_own_orders.read_again(connection, scratch, account)
            else:
                reparse.read_again(connection, scratch, account)
        except errors.TicketsyncError as error:
            yield Finding("account", row=account.name, what=error.message)
            continue
        yield from _of_orders(connection, scratch, account)


def _of_box_office(
    connection: Connection, broken_tables: Collection[str]
) -> Iterator[Finding]:
    """
    What contradicts itself in our own box office. Where a cell is nonsense, its orders
    cannot be read.
    """
    if {table.name for table in contradictions.TABLES}.intersection(broken_tables):
        what = "put this right, then check again"
        yield Finding("box office", what=what, is_unreadable=True)
        return
    for item in contradictions.find_contradictions(connection):
        yield Finding(
            *(item.table, "", item.row, item.column, item.stored),
            what=item.what,
            is_unreadable=item.column == contradictions.CODE,
        )


def _of_starts(
    connection: Connection, account: AccountState, *, is_ours: bool
) -> Iterator[Finding]:
    spans = runs.list_run_spans(connection, account.id)
    if is_ours:  # saved when they are sold, not in runs
        moments = map(clock.iso, transitions.list_moments(connection))
        spans += [(str(at), str(at)) for at in moments]
    for flaw in past_flaws.find_unexplained_starts(connection, account.id, spans):
        yield Finding(
            *(flaw.table, account.name, flaw.provider_id, flaw.column, flaw.stored),
            what=f"{shown(flaw.stored)} is in no run of the account",
        )


def _of_orders(
    connection: Connection, scratch: Database, account: AccountState
) -> Iterator[Finding]:
    with scratch.read() as again:
        for item in quarantine.list_unread(again, account.id):
            what = f"its stored record cannot be read: {item.reason}"
            yield Finding(item.kind, account.name, item.provider_id, what=what)
        for pair in reparse.differences(connection, again, account.id):
            yield from _of_pair(pair, account.name)


def _of_pair(pair: RowDifference, account: str) -> Iterator[Finding]:
    if pair.held is None or pair.again is None:
        missing = pair.held is None
        what = "is missing" if missing else "is in no stored record"
        yield Finding(pair.kind, account, pair.name, what=what)
        return
    for name in pair.differing():
        stored, right = pair.held[name], pair.again[name]
        yield Finding(pair.kind, account, pair.name, name, stored, right)


def shown(value: Any) -> str:
    """
    A stored value in words.
    """
    if value is None:
        return "empty"
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
