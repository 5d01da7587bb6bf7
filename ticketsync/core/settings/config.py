"""
The settings: one commented YAML file, read once and checked as a whole.

Unknown keys are errors with the line and the nearest known key. The file is the
user's: nothing here ever writes to it after `init`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ticketsync.core import errors, paths, permissions
from ticketsync.core.settings.tax_rules import Business, TaxRules

if TYPE_CHECKING:
    from ticketsync.core.settings.typed_yaml import YamlFile

ENV_PREFIX = "env:"  # prefix of an address that is read from an environment variable
HOLD_VARIABLE = "TICKET_PAYMENT_TIMEOUT"
DEFAULT_HOLD_MINUTES = 15
ACCOUNT_SETTINGS = ("interval_minutes", "fees", "people", "push_check_ins")


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """
    The venue's own rate for a platform that does not report fees.

    `per_ticket` and `per_order` are in major units of the order's currency,
    `percent` is of what the buyer was charged. Free orders cost nothing. In force for
    sales from the day `since` on (`from` in the file) until the next one; `None`:
    always. `cap_per_ticket` is the most that both together come to for one paid
    ticket, apart from `per_order`. `free_tickets` is what each complimentary ticket
    costs, in major units. `tax` is the rate of the tax inside these fees, in parts per
    million; `None` where the venue does not say it.
    """

    since: date | None = None
    per_ticket: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    per_order: Decimal = Decimal(0)
    cap_per_ticket: Decimal | None = None
    free_tickets: Decimal = Decimal(0)
    tax: int | None = None


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """
    The settings of one account. `fees` are its dated rates, the oldest first.
    `keep_people` is `None` where it is not set: then `accounts set NAME people=…`
    decides.
    """

    interval: timedelta = timedelta(minutes=15)
    fees: tuple[FeeSchedule, ...] = ()
    keep_people: bool | None = None
    push_check_ins: bool = False


@dataclass(frozen=True, slots=True)
class SyncSettings:
    days_back: int = 30
    sweep_hours: int = 24
    workers: int = 8
    deadline_minutes: int = 10
    run_minutes: int = 30
    wait_seconds: int = 120


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """
    Whom to notify when the state of an account changes.

    urls       apprise URLs
    command    a program and its arguments; title and text come on standard input
    mail       an SMTP URL with `?to=` and `?from=`
    heartbeat  a URL to request after each run in which nothing failed
    sales      which of `config_keys.SALES_NOTIFICATIONS` to send, every `sales_minutes`

    Addresses may contain secrets: `env:NAME` stands for the value of that variable, and
    a file that others can read must not contain one itself.
    """

    urls: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    mail: str = ""
    heartbeat: str = ""
    stale_intervals: int = 3
    sales: tuple[str, ...] = ()
    sales_minutes: int = 60

    @property
    def is_set(self) -> bool:
        return bool(self.urls or self.command or self.mail)

    @property
    def is_secret(self) -> bool:
        """
        Whether these settings contain an address that others must not read.
        """
        values = (*self.urls, self.mail, self.heartbeat)
        return any(text and not text.startswith(ENV_PREFIX) for text in values)


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """
    public_url  how the world reaches us, through your TLS proxy
    allow       networks that may send webhooks, all if none is named
    proxies     networks of your own proxies, whose `X-Forwarded-For` says who connects
    password_hash  what `ticketsync visitors password` printed: its password opens the
                   pages as a manager
    cors_origins  sites whose scripts may read the calendar feed; `*` for all
    allow_pages   networks that may open the pages, all if none is named
    public_calendar  whether anybody may open `/whats-on`: the coming shows that are on
                  sale, with their times and links to buy
    """

    public_url: str = "http://127.0.0.1:8787"
    allow: tuple[str, ...] = ()
    password_hash: str = ""
    cors_origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    allow_pages: tuple[str, ...] = ()
    public_calendar: bool = False


@dataclass(frozen=True, slots=True)
class BoxofficeSettings:
    """
    hold_minutes  how long the venue's own box office holds seats that are not paid yet;
                  `None`: as the variable TICKET_PAYMENT_TIMEOUT says, else 15
    one_pending_per_buyer  whether a buyer can hold seats of a show only once at a time
    """

    hold_minutes: int | None = None
    one_pending_per_buyer: bool = True

    @property
    def minutes(self) -> int:
        """
        Raises: `ConfigurationError` where the variable is not a number of minutes.
        """
        if self.hold_minutes is not None:
            return self.hold_minutes
        text = os.environ.get(HOLD_VARIABLE, "").strip()
        if not text:
            return DEFAULT_HOLD_MINUTES
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 1440):
            raise errors.ConfigurationError(
                f"The variable {HOLD_VARIABLE} is not a number of minutes from 1 to "
                "1440.",
                hint="For example 15, or unset it.",
            )
        return int(text)


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """
    accounts       accounts of the venue's bookkeeping program, by our names for them
    xero_tax_rate  the name in Xero of the rate for lines without a tax of their own
    """

    accounts: Mapping[str, str] = field(default_factory=dict)
    xero_tax_rate: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    All settings, each with a default.
    """

    database: str = ""
    sync: SyncSettings = SyncSettings()
    match_tolerance: timedelta = timedelta(hours=2)
    match_tolerances: Mapping[str, timedelta] = field(default_factory=dict)
    use_system_proxy: bool = False
    retention: timedelta = timedelta(days=90)
    on_sale_ahead: timedelta = timedelta(days=60)
    notify: NotifySettings = NotifySettings()
    serve: ServeSettings = ServeSettings()
    log_level: str = "info"
    accounts: Mapping[str, AccountSettings] = field(default_factory=dict)
    business: Business = field(default_factory=Business)
    tax: TaxRules = field(default_factory=TaxRules)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    boxoffice: BoxofficeSettings = BoxofficeSettings()

    def account(self, name: str) -> AccountSettings:
        return self.accounts.get(name, AccountSettings())

    def forget_before(self, now: datetime) -> datetime:
        """
        The people of shows before this instant are deleted.
        """
        return now - self.retention

    def stale_seconds(self, name: str) -> int:
        """
        How long an account may go without a complete read.
        """
        longest = self.notify.stale_intervals * self.account(name).interval
        return int(longest.total_seconds())

    def unsold_until(self, now: datetime) -> datetime:
        """
        Shows that play before this instant should be on sale somewhere.
        """
        return now + self.on_sale_ahead


def load(file: Path | None = None) -> Settings:
    """
    The settings in that file, or the defaults if there is no file at the usual place.

    Raises: `ConfigurationError` for a file that is missing, invalid, exposes secrets or
    may be written by others, as for a home that may.
    """
    for folder in paths.own_folders():
        permissions.refuse_writable(folder, what="The folder")
    chosen = file or paths.config_file()
    must_exist = file is not None or "TICKETSYNC_CONFIG" in os.environ
    try:
        text = chosen.read_text(encoding="utf-8")
    except FileNotFoundError:
        if must_exist:
            raise errors.ConfigurationError(
                f"There is no settings file {chosen}.", hint="Run `ticketsync init`."
            ) from None
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise errors.ConfigurationError(
            f"The settings file {chosen} cannot be read: {error}.",
            hint="Make it a readable UTF-8 file.",
        ) from None
    permissions.refuse_writable(chosen, what="The settings file")
    settings = read(text, str(chosen))
    mode = chosen.stat().st_mode
    if settings.notify.is_secret and permissions.is_open_to_others(mode):
        raise errors.ConfigurationError(
            f"{chosen} holds addresses under `notify` and others can read it.",
            hint=f"Run `chmod 600 {chosen}`, or write env:NAME instead.",
        )
    return settings


def is_empty(file: Path) -> bool:
    """
    Whether a settings file that is there has nothing but blanks in it, as while an
    editor writes it. One with comments only is a choice of its own.
    """
    try:
        return not file.read_bytes().strip()
    except OSError:
        return False


def address(text: str) -> str:
    """
    An address from the settings, read from the environment where they say so.

    Raises: `ConfigurationError` where that variable is not set.
    """
    if not text.startswith(ENV_PREFIX):
        return text
    name = text.removeprefix(ENV_PREFIX)
    found = os.environ.get(name, "")
    if not found:
        raise errors.ConfigurationError(
            f"The settings take an address from the variable {name}, which is not set.",
            hint="Set it where ticketsync runs, cron's environment too.",
        )
    return found


def read(text: str, source: str) -> Settings:
    """
    The settings in a YAML text. Raises `ConfigurationError` or `BadFile`, with the
    line.
    """
    from ticketsync.core.settings import config_keys as keys
    from ticketsync.core.settings import tax_settings

    file = keys.parse(text, source)
    top = file.given(keys.FILE)
    matching = file.given(keys.MATCHING, "matching")
    network = file.given(keys.NETWORK, "network")
    people = file.given(keys.PEOPLE, "people")
    shows = file.given(keys.SHOWS, "shows")
    default = Settings()
    return Settings(
        database=top.get("database", default.database),
        sync=SyncSettings(**file.given(keys.SYNC, "sync")),
        match_tolerance=_minutes(
            matching.get("tolerance_minutes"), default.match_tolerance
        ),
        match_tolerances={
            title: _minutes(
                file.given(keys.TOLERANCE, "matching", "productions", title).get(
                    "tolerance_minutes"
                ),
                default.match_tolerance,
            )
            for title in matching.get("productions", ())
        },
        use_system_proxy=bool(network.get("use_system_proxy")),
        retention=timedelta(people.get("retention_days", default.retention.days)),
        on_sale_ahead=timedelta(shows.get("on_sale_days", default.on_sale_ahead.days)),
        notify=NotifySettings(**file.given(keys.NOTIFY, "notify")),
        serve=ServeSettings(**file.given(keys.SERVE, "serve")),
        log_level=file.given(keys.LOG, "log").get("level", default.log_level),
        accounts={name: _account(file, name) for name in top.get("accounts", ())},
        business=tax_settings.read_business(file),
        tax=tax_settings.read_tax(file),
        ledger=LedgerSettings(**file.given(keys.LEDGER, "ledger")),
        boxoffice=BoxofficeSettings(**file.given(keys.BOXOFFICE, "boxoffice")),
    )


def _account(file: YamlFile, name: str) -> AccountSettings:
    from ticketsync.core.settings import config_keys as keys

    given = file.given(keys.ACCOUNT, "accounts", name)
    return AccountSettings(
        interval=_minutes(given.get("interval_minutes"), AccountSettings().interval),
        fees=_fees(file, name) if "fees" in given else (),
        keep_people=bool(given["people"]) if "people" in given else None,
        push_check_ins=bool(given.get("push_check_ins")),
    )


def _fees(file: YamlFile, account: str) -> tuple[FeeSchedule, ...]:
    """
    The rates of an account: a mapping is one that always holds, a list is one entry for
    each day from which other rates hold.
    """
    from ticketsync.core.settings import config_keys as keys

    path = "accounts", account, "fees"
    if not file.is_list(*path):
        return (FeeSchedule(**file.given(keys.FEES, *path)),)
    schedules: dict[date, FeeSchedule] = {}
    for entry in file.entries(*path):
        if not isinstance(entry.tree.value, dict):
            raise entry.refused(
                "rates such as {from: 2026-07-01, per_ticket: 0.75} are expected here"
            )
        given = entry.given(keys.DATED_FEES)
        since = given.pop("from", None)
        if since is None:
            raise entry.refused("`from` is missing: the first day of these rates")
        if since in schedules:
            raise entry.refused(f"there is an entry from {since} already")
        schedules[since] = FeeSchedule(since=since, **given)
    return tuple(schedules[since] for since in sorted(schedules))


def _minutes(number: int | None, default: timedelta) -> timedelta:
    return default if number is None else timedelta(minutes=number)
