"""
Accounts, their sources, runs, alerts and bookmarks, and leases.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint

from ticketsync.store.tables.base import Row, not_negative, one_of, table
from ticketsync.store.types import flag, instant, key, points_to, text, whole


class AccountRow(Row):
    """
    One connection to a provider. Holds where its secret is, never the secret.

    `options` is a JSON object of what the provider needs besides the key, and of the
    account's own options (`people`). `identity` is the platform's id of the key's
    owner, `identity_name` the owner's name there. A `retired` account is never read
    again; its orders and figures stay. `pin` proves that a person confirmed its
    command, secret file and address (`accounts.pins`). `stale_seconds` is copied from
    the settings at each run for the view `sync_health`, `needs_reading` from the
    platform's spec when the account is added: false for one whose sales are made here.
    """

    __tablename__ = "accounts"
    __table_args__ = table(
        UniqueConstraint("name"),
        one_of("state", "active", "paused", "parked", "retired"),
        one_of(
            "secret_source", "keyring", "env", "command", "credential", "file", "none"
        ),
        not_negative("failures", "breaker_opened"),
    )

    id: int | None = key()
    name: str = text()
    provider: str = text()
    base_url: str | None = text(default=None)
    secret_source: str = text()
    secret_reference: str = text(default="")
    secret_fingerprint: str = text(default="")
    options: str = text(default="{}")
    identity: str | None = text(default=None)
    state: str = text(default="active")
    state_reason: str = text(default="")
    failures: int = whole(default=0)
    breaker_opened: int = whole(default=0)
    breaker_until: datetime | None = instant(default=None)
    created_at: datetime = instant()
    stale_seconds: int = whole(default=45 * 60)
    identity_name: str = text(default="")
    pin: str = text(default="")
    needs_reading: bool = flag(default=True)


class AccountSourceRow(Row):
    """
    Something that an account reads: an `owner` (organisation, box office, location, by
    the platform's id) or a report `file` (by a digest of its contents).

    Two accounts that read the same thing would count every sale twice.
    """

    __tablename__ = "account_sources"
    __table_args__ = table(
        Index(None, "kind", "value"), one_of("kind", "owner", "file")
    )

    account_id: int = points_to("accounts.id", primary_key=True)
    kind: str = text(primary_key=True)
    value: str = text(primary_key=True)
    name: str = text(default="")
    seen_at: datetime = instant()


class SyncRunRow(Row):
    """
    One attempt at one account; skipped attempts are rows too.

    `run_id` is shared by the accounts of one command. `direction` is `push` for what a
    venue sends to its platform; response times are those of its requests.
    """

    __tablename__ = "sync_runs"
    __table_args__ = table(
        Index(None, "run_id"),
        Index(None, "account_id", "started_at"),
        one_of("kind", "full", "incremental", "manual", "webhook"),
        one_of(
            "outcome",
            "started",
            "success",
            "partial",
            "failed",
            "interrupted",
            "skipped-busy",
            "skipped-breaker",
            "skipped-disabled",
            "skipped-parked",
            "skipped-not-due",
        ),
        one_of("direction", "pull", "push"),
    )

    id: int | None = key()
    run_id: str = text()
    account_id: int = points_to("accounts.id")
    account_name: str = text()
    kind: str = text()
    started_by: str = text()
    outcome: str = text(default="started")
    swept: bool = flag(default=False)
    started_at: datetime = instant()
    finished_at: datetime | None = instant(default=None)
    requests: int = whole(default=0)
    processed: int = whole(default=0)
    created: int = whole(default=0)
    updated: int = whole(default=0)
    unchanged: int = whole(default=0)
    quarantined: int = whole(default=0)
    shows_changed: int = whole(default=0)
    exit_code: int = whole(default=0)
    word: str = text(default="")
    message: str = text(default="")
    hint: str = text(default="")
    trace: str = text(default="")
    direction: str = text(default="pull")
    median_response_ms: int | None = whole(default=None)
    slowest_response_ms: int | None = whole(default=None)
    duration_ms: int | None = whole(default=None)


class AlertRow(Row):
    """
    The last recorded health of an account, and since when.

    `is_told` is false until the message about this state was sent.
    """

    __tablename__ = "alerts"
    __table_args__ = table(
        one_of(
            "state",
            *("ok", "missing-webhook-secret", "partial", "failed"),
            *("held", "stale", "failing", "parked"),
        )
    )

    account_id: int = points_to("accounts.id", primary_key=True)
    state: str = text()
    since: datetime = instant()
    is_told: bool = flag(default=False)


class BookmarkRow(Row):
    """
    Where the next read of a stream begins; only its provider can interpret the value.
    `event_id` is the platform's id of an event or occurrence, or empty.
    """

    __tablename__ = "bookmarks"
    __table_args__ = table()

    account_id: int = points_to("accounts.id", primary_key=True)
    stream: str = text(primary_key=True)
    event_id: str = text(primary_key=True, default="")
    value: str = text()


class LeaseRow(Row):
    """
    Who works on something, and until when nobody else may do so. `holder` is the run,
    `pid` and `host` its process.
    """

    __tablename__ = "leases"
    __table_args__ = table()

    name: str = text(primary_key=True)
    holder: str = text()
    taken_at: datetime = instant()
    expires_at: datetime = instant()
    pid: int | None = whole(default=None)
    host: str | None = text(default=None)


accounts = AccountRow.__table__
account_sources = AccountSourceRow.__table__
sync_runs = SyncRunRow.__table__
alerts = AlertRow.__table__
bookmarks = BookmarkRow.__table__
leases = LeaseRow.__table__
