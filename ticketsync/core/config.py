"""
The settings: one commented YAML file, read once and checked as a whole.

Unknown keys are errors with the line and the nearest known key. The file is the
user's: nothing here ever writes to it after `init`.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from ticketsync.core import errors, paths, plain_yaml

T = TypeVar("T")
SALE_NEWS = ("sold", "refund", "nearly-full", "sold-out")
ENV_PREFIX = "env:"  # prefix of an address that is read from an environment variable
ACCOUNT_SETTINGS = ("interval_minutes", "fees", "people", "push_check_ins")


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """
    The venue's own rate for a platform that does not report fees.

    `per_ticket` and `per_order` are in major units of the order's currency,
    `percent` is of what the buyer was charged. Free orders cost nothing.
    """

    per_ticket: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    per_order: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """
    The settings of one account. `keep_people` is `None` where it is not set: then
    `accounts set NAME people=…` decides.
    """

    interval: timedelta = timedelta(minutes=15)
    fees: FeeSchedule | None = None
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
    sales      which sales events to report, of `SALE_NEWS`, every `sales_minutes`

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
    allow       networks that may connect, all if none is named
    password_hash  what `ticketsync visitors password` printed: its password opens the
                   pages as a manager
    """

    public_url: str = "http://127.0.0.1:8787"
    allow: tuple[str, ...] = ()
    password_hash: str = ""


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

    Raises: `ConfigurationError` for a file that is missing, invalid or exposes secrets.
    """
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
    settings = read(text, str(chosen))
    if settings.notify.is_secret and chosen.stat().st_mode & 0o077:
        raise errors.ConfigurationError(
            f"{chosen} holds addresses under `notify` and others can read it.",
            hint=f"Run `chmod 600 {chosen}`, or write env:NAME instead.",
        )
    return settings


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
    The settings in a YAML text.

    Raises: `ConfigurationError` or `BadFile`, with the line.
    """
    reader = _Reader(source)
    top = reader.mapping(
        plain_yaml.read(text, source),
        "",
        (
            *("database", "sync", "matching", "network", "people", "shows", "notify"),
            *("serve", "log", "accounts"),
        ),
    )
    sync = reader.mapping(
        top.get("sync"),
        "sync",
        (
            *("days_back", "sweep_hours", "workers", "deadline_minutes"),
            *("run_minutes", "wait_seconds"),
        ),
    )
    matching = reader.mapping(
        top.get("matching"), "matching", ("tolerance_minutes", "productions")
    )
    network = reader.mapping(top.get("network"), "network", ("use_system_proxy",))
    people = reader.mapping(top.get("people"), "people", ("retention_days",))
    own = reader.mapping(top.get("shows"), "shows", ("on_sale_days",))
    log = reader.mapping(top.get("log"), "log", ("level",))
    accounts = reader.named(top.get("accounts"), "accounts")
    return Settings(
        database=reader.text(top.get("database"), default=""),
        sync=SyncSettings(
            days_back=reader.whole(sync.get("days_back"), 30, 0, 3660),
            sweep_hours=reader.whole(sync.get("sweep_hours"), 24, 1, 24 * 31),
            workers=reader.whole(sync.get("workers"), 8, 1, 32),
            deadline_minutes=reader.whole(sync.get("deadline_minutes"), 10, 1, 600),
            run_minutes=reader.whole(sync.get("run_minutes"), 30, 1, 1440),
            wait_seconds=reader.whole(sync.get("wait_seconds"), 120, 0, 3600),
        ),
        match_tolerance=reader.tolerance(matching),
        match_tolerances=reader.tolerances(matching.get("productions")),
        use_system_proxy=reader.flag(network.get("use_system_proxy"), False),
        retention=timedelta(
            days=reader.whole(people.get("retention_days"), 90, 0, 3660)
        ),
        on_sale_ahead=timedelta(
            days=reader.whole(own.get("on_sale_days"), 60, 0, 3660)
        ),
        notify=reader.notify(top.get("notify")),
        serve=reader.serve(top.get("serve")),
        log_level=reader.one_of(log.get("level"), ("info", "debug")),
        accounts={name: reader.account(node, name) for name, node in accounts.items()},
    )


class _Reader:
    """
    Converts the YAML tree; its errors name file and line.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def tolerance(self, entries: Mapping[str, plain_yaml.Node]) -> timedelta:
        minutes = self.whole(entries.get("tolerance_minutes"), 120, 0, 720)
        return timedelta(minutes=minutes)

    def tolerances(self, node: plain_yaml.Node | None) -> dict[str, timedelta]:
        """
        The tolerance of productions that have one of their own, by title.
        """
        where = "matching.productions"
        return {
            title: self.tolerance(
                self.mapping(entry, f"{where}.{title}", ("tolerance_minutes",))
            )
            for title, entry in self.named(node, where).items()
        }

    def account(self, node: plain_yaml.Node, name: str) -> AccountSettings:
        known = ACCOUNT_SETTINGS
        entries = self.mapping(node, f"accounts.{name}", known)
        fees = entries.get("fees")
        return AccountSettings(
            interval=timedelta(
                minutes=self.whole(entries.get("interval_minutes"), 15, 1, 10080)
            ),
            fees=self.schedule(fees, name) if fees else None,
            keep_people=self.flag(entries["people"], False)
            if "people" in entries
            else None,
            push_check_ins=self.flag(entries.get("push_check_ins"), False),
        )

    def notify(self, node: plain_yaml.Node | None) -> NotifySettings:
        known = (
            *("urls", "command", "mail", "heartbeat", "stale_intervals"),
            *("sales", "sales_minutes"),
        )
        entries = self.mapping(node, "notify", known)
        sales = self.texts(entries.get("sales"))
        for word in sales:
            if word not in SALE_NEWS:
                problem = f"{word!r}: one of {', '.join(SALE_NEWS)} is expected"
                raise self.wrong(entries["sales"], problem)
        return NotifySettings(
            urls=self.texts(entries.get("urls")),
            command=self.texts(entries.get("command")),
            mail=self.text(entries.get("mail"), ""),
            heartbeat=self.text(entries.get("heartbeat"), ""),
            stale_intervals=self.whole(entries.get("stale_intervals"), 3, 1, 1000),
            sales=sales,
            sales_minutes=self.whole(entries.get("sales_minutes"), 60, 0, 1440),
        )

    def schedule(self, node: plain_yaml.Node, name: str) -> FeeSchedule:
        known = ("per_ticket", "percent", "per_order")
        entries = self.mapping(node, f"accounts.{name}.fees", known)
        return FeeSchedule(*(self.rate(entries.get(key)) for key in known))

    def mapping(
        self, node: plain_yaml.Node | None, path: str, known: tuple[str, ...]
    ) -> dict[str, plain_yaml.Node]:
        if node is None or node.text == "":
            return {}
        if not isinstance(node.value, dict):
            raise self.wrong(
                node, f"{path or 'the file'} should be a list of `key: value`"
            )
        for key, value in node.value.items():
            if key not in known:
                similar = difflib.get_close_matches(key, known, n=1)
                suggestion = f" Did you mean {similar[0]!r}?" if similar else ""
                raise self.wrong(value, f"{key!r} is not a setting.{suggestion}")
        return node.value

    def text(self, node: plain_yaml.Node | None, default: str) -> str:
        if node is None:
            return default
        if node.text is None:
            raise self.wrong(node, "a word is expected here")
        return node.text

    def serve(self, node: plain_yaml.Node | None) -> ServeSettings:
        known = ("public_url", "allow", "password_hash")
        entries = self.mapping(node, "serve", known)
        default_url = ServeSettings().public_url
        allow = self.texts(entries.get("allow"))
        for text in allow:
            try:
                ipaddress.ip_network(text)
            except ValueError:
                raise self.wrong(
                    entries["allow"], f"{text!r} is not a network, e.g. 203.0.113.0/24"
                ) from None
        return ServeSettings(
            self.text(entries.get("public_url"), default_url) or default_url,
            allow,
            self.text(entries.get("password_hash"), ""),
        )

    def texts(self, node: plain_yaml.Node | None) -> tuple[str, ...]:
        """
        A list of words; a single word counts as one.
        """
        if node is None or node.text == "":
            return ()
        if node.text is not None:
            return (node.text,)
        if not isinstance(node.value, list):
            raise self.wrong(node, "a list of words is expected here")
        return tuple(self.text(item, "") for item in node.value)

    def one_of(self, node: plain_yaml.Node | None, words: tuple[str, ...]) -> str:
        """
        One of these words, the first by default.
        """
        text = self.text(node, words[0]) or words[0]
        if node is not None and text not in words:
            raise self.wrong(node, f"{text!r}: one of {', '.join(words)} is expected")
        return text

    def named(
        self, node: plain_yaml.Node | None, path: str
    ) -> dict[str, plain_yaml.Node]:
        """
        A mapping whose keys are the user's own names.
        """
        if node is None or node.text == "":
            return {}
        if not isinstance(node.value, dict):
            raise self.wrong(node, f"{path} should be a list of `key: value`")
        return node.value

    def whole(
        self, node: plain_yaml.Node | None, default: int, least: int, most: int
    ) -> int:
        return self._converted(
            node,
            default,
            int,
            lambda n: least <= n <= most,
            f"a whole number from {least} to {most} is expected",
        )

    def flag(self, node: plain_yaml.Node | None, default: bool) -> bool:
        words = {
            "true": True,
            "yes": True,
            "on": True,
            "false": False,
            "no": False,
            "off": False,
        }
        return self._converted(
            node,
            default,
            lambda text: words[text.lower()],
            lambda _: True,
            "true or false is expected",
        )

    def rate(self, node: plain_yaml.Node | None) -> Decimal:
        return self._converted(
            node,
            Decimal(0),
            Decimal,
            lambda n: n.is_finite() and 0 <= n < 10**6,
            "an amount or percentage such as 0.65 is expected",
        )

    def _converted(
        self,
        node: plain_yaml.Node | None,
        default: T,
        convert: Callable[[str], T],
        accept: Callable[[T], bool],
        problem: str,
    ) -> T:
        if node is None or node.text == "":
            return default
        try:
            value = convert(node.text or "")
        except (ValueError, KeyError, InvalidOperation):
            raise self.wrong(node, f"{node.text!r}: {problem}") from None
        if not accept(value):
            raise self.wrong(node, f"{node.text!r}: {problem}")
        return value

    def wrong(self, node: plain_yaml.Node, problem: str) -> errors.ConfigurationError:
        return errors.ConfigurationError(
            f"{self.source}, line {node.line}: {problem}.".replace("?.", "?"),
            hint="config.example.yaml lists every setting.",
        )
