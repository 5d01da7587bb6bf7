"""
Alerts about the accounts and about what waits for a person, each sent once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ticketsync.accounts import dismissals, health, sent_alerts
from ticketsync.accounts.health import OK, Health
from ticketsync.accounts.sent_alerts import RecordedAlert
from ticketsync.core import clock, errors, moments
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.gateways import notifications as gateway
from ticketsync.reporting.waiting_kinds import ACCOUNT, KINDS, QUARANTINE, Waiting
from ticketsync.store.engine import Database
from ticketsync.workflows import one_at_a_time, waiting
from ticketsync.workflows.accounts import unread_limits

LEASE = "account alerts"
DAY = timedelta(days=1)
MANY = 20  # lines about one kind of thing in one message


def look(database: Database, settings: Settings) -> list[errors.TicketsyncError]:
    """
    What is done after each run, by `serve` each minute and by `status --notify`: note
    how long accounts may go unread, and send what changed and what waits. Returns the
    failures, which are tried again next time.
    """
    unread_limits.note_limits(database, settings)
    return [*notify_changes(database, settings), *notify_waiting(database, settings)]


def notify_changes(
    database: Database, settings: Settings
) -> list[errors.TicketsyncError]:
    """
    Send what changed about the accounts since the last alert; returns the failures.
    With no one to notify nothing is read or written.
    """
    if not settings.notify.is_set:
        return []
    now = clock.now()
    with database.read() as connection:
        found = _audible(health.assess_all(connection, settings, now))
        is_news = _differs(found, sent_alerts.read_alerts(connection))
    if not is_news:
        return []
    failures: list[errors.TicketsyncError] = []
    with one_at_a_time.alone(database, LEASE) as is_ours:
        if not is_ours:
            return []  # another process is sending it
        with database.write() as connection:
            news = sent_alerts.record_changes(connection, found, now)
        for account, before in news:
            wrong = gateway.send(
                settings.notify, _title(account), _text(account, before)
            )
            failures += wrong
            if not wrong:
                with database.write() as connection:
                    sent_alerts.mark_notified(connection, account)
    return failures


def notify_waiting(
    database: Database, settings: Settings
) -> list[errors.TicketsyncError]:
    """
    Send what newly waits for a person: an oversold show at once, the rest once a day.
    Each thing is sent once, and again when it has changed.
    """
    if not settings.notify.is_set:
        return []
    now = clock.now()
    with database.read() as connection:
        news = _read_unnotified(connection, settings, now)
    if not news.items and not news.over:
        return []
    with one_at_a_time.alone(database, LEASE) as is_ours:
        if not is_ours:
            return []
        with database.read() as connection:  # the other one may have sent it meanwhile
            news = _read_unnotified(connection, settings, now)
        wrong: list[errors.TicketsyncError] = []
        if news.items:
            wrong = gateway.send(settings.notify, *_waiting_message(news.items))
        with database.write() as connection:
            dismissals.forget_notified(connection, news.over)
            # Where one channel failed and another did not, nothing is sent twice.
            if news.items and len(wrong) < gateway.count_channels(settings.notify):
                dismissals.record_notified(
                    connection,
                    [((item.kind, item.key), item.version) for item in news.items],
                    now,
                )
                if news.is_digest:
                    dismissals.record_digest(connection, now)
    return wrong


@dataclass(frozen=True, slots=True)
class _Unnotified:
    """
    What is to be sent now, and the names of what was sent and waits no more.
    """

    items: list[Waiting]
    over: list[dismissals.Name]
    is_digest: bool


def _read_unnotified(
    connection: Connection, settings: Settings, now: datetime
) -> _Unnotified:
    # Accounts, and records that could not be read, are part of the account's health.
    items = [
        item
        for item in waiting.everything(connection, settings, now)
        if item.kind not in (ACCOUNT, QUARANTINE)
    ]
    sent = dismissals.get_notified_versions(connection)
    last = dismissals.last_digest(connection)
    is_digest = last is None or now - last >= DAY
    news = [
        item
        for item in items
        if not item.is_known_from(sent.get((item.kind, item.key)))
        and (is_digest or KINDS[item.kind].is_urgent)
    ]
    waits = {(item.kind, item.key) for item in items}
    return _Unnotified(
        news,
        [name for name in sent if name not in waits],
        is_digest and any(not KINDS[i.kind].is_urgent for i in news),
    )


def _waiting_message(items: list[Waiting]) -> tuple[str, str]:
    """
    Urgent things one by one, the others counted; the title names the worst.
    """
    lines: list[str] = []
    titles: list[str] = []
    for kind, of_kind in waiting.by_kind(items).items():
        known = KINDS[kind]
        titles.append(known.counted(sum(item.count for item in of_kind)))
        lines.append(f"{titles[-1]}: {known.to_do_about(of_kind)}")
        lines += [f"  {safe(item.text, longest=300)}" for item in of_kind[:MANY]]
        more = len(of_kind) - MANY
        if more > 0:
            lines.append(f"  and {more:,} more: ticketsync waiting list")
    return f"ticketsync: {', '.join(titles[:2])}", "\n".join(lines)


def send_heartbeat(settings: Settings) -> list[errors.TicketsyncError]:
    """
    The heartbeat after a run in which nothing failed.
    """
    if not settings.notify.heartbeat:
        return []
    try:
        gateway.send_heartbeat(settings.notify)
    except errors.TicketsyncError as error:
        return [error]
    return []


def refuse_nobody(settings: Settings) -> None:
    """
    Raises: `ConfigurationError` if no one is set up to be notified.
    """
    if not settings.notify.is_set:
        raise errors.ConfigurationError(
            "No one is set up to be notified.",
            hint="Fill in `notify` (see `ticketsync config example`).",
        )


def send(settings: Settings, title: str, text: str) -> None:
    """
    Send a message to everyone in the settings; raises what went wrong.

    Raises `ConfigurationError` if no one is set up to be notified.
    """
    refuse_nobody(settings)
    for error in gateway.send(settings.notify, title, text):
        raise error


def send_test(settings: Settings) -> None:
    """
    Send a test message to everyone in the settings, and the heartbeat; raises what went
    wrong.

    Raises `ConfigurationError` if no one is set up to be notified.
    """
    send(
        settings,
        "ticketsync: a test",
        "If you can read this, ticketsync can notify you when an account needs "
        "attention.",
    )
    for error in send_heartbeat(settings):
        raise error


def _audible(accounts: list[Health]) -> list[Health]:
    """
    Accounts about which there may be something to report. Where one is in a state that
    passes by itself, or that a person chose, the last word that was sent stands.
    """
    return [account for account in accounts if not account.is_quiet]


def _differs(found: list[Health], held: dict[int, RecordedAlert]) -> bool:
    return any(
        account.word != last.state or not last.is_notified
        for account in found
        for last in [held.get(account.account_id, RecordedAlert(OK, clock.now(), True))]
    )


def _title(account: Health) -> str:
    word = "is well again" if account.word == OK else _TITLES.get(account.word, "")
    return f"ticketsync: {safe(account.account)} {word or f'is {account.word}'}"


_TITLES = {
    "missing-webhook-secret": "needs a webhook secret (missing-webhook-secret)",
    "failed": "has failed",
}


def _text(account: Health, before: RecordedAlert | None) -> str:
    if account.word == OK and before is not None:
        since = moments.with_zone(before.since, account.zone)
        return safe(
            f"Account {account.account!r} works again. {account.text} "
            f"It was {before.state} since {since}.",
            longest=2000,
        )
    text = f"Account {account.account!r}: {account.text} {account.to_do}"
    return safe(text.rstrip(), longest=2000)
