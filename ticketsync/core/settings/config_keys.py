"""
The keys of the settings file and their types. Every key may be missing; its default is
in `core.settings.config`.
"""

from __future__ import annotations

import ipaddress
import re
from decimal import Decimal
from typing import Any

from ticketsync.core.settings import plain_yaml
from ticketsync.core.settings.typed_yaml import Words, YamlFile, one_of, section, whole
from ticketsync.core.settings.yaml_values import Day
from ticketsync.core.written import written_rates

SALES_NOTIFICATIONS = ("sold", "refund", "nearly-full", "sold-out")


class _Flag(int):
    """
    True or false, as true or false, yes or no, on or off.
    """

    @classmethod
    def parse(cls, value: Any) -> _Flag:
        words = ("false", "no", "off", "true", "yes", "on")
        if not isinstance(value, str) or value.lower() not in words:
            raise ValueError("true or false is expected")
        return cls(words.index(value.lower()) > 2)


class _Rate(Decimal):
    @classmethod
    def parse(cls, value: Any) -> _Rate:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]*)?|\.[0-9]+", str(value)):
            raise ValueError("an amount or percentage such as 0.65 is expected")
        return cls(value)


class _TaxInside(int):
    """
    The tax inside an amount, in parts per million: `inside 10%`, or `none`.
    """

    @classmethod
    def parse(cls, value: Any) -> _TaxInside:
        text = str(value).strip()
        if text == "none":
            return cls(0)
        kind, _, rate = text.partition(" ")
        rate_ppm = written_rates.ppm(rate.strip())
        if kind != "inside" or rate_ppm is None:
            raise ValueError("`inside 10%` or `none` is expected")
        return cls(rate_ppm)


class _Schedules:
    """
    The rates of an account: a mapping, or a list of them. `config` reads them.
    """

    @classmethod
    def parse(cls, value: Any) -> _Schedules:
        if isinstance(value, dict) or (isinstance(value, list) and value):
            return cls()
        raise ValueError("rates, or a list of them with their days, are expected here")


class _Networks(Words):
    __slots__ = ()

    @staticmethod
    def check(word: str) -> str:
        try:
            ipaddress.ip_network(word)
        except ValueError:
            return f"{word!r} is not a network, e.g. 203.0.113.0/24"
        return ""


class _Origins(Words):
    __slots__ = ()

    @staticmethod
    def check(word: str) -> str:
        if word == "*" or re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", word):
            return ""
        return f"{word!r} is not an origin, e.g. https://www.example.org"


class _SalesNotifications(Words):
    __slots__ = ()

    @staticmethod
    def check(word: str) -> str:
        known = SALES_NOTIFICATIONS
        return (
            "" if word in known else f"{word!r}: one of {', '.join(known)} is expected"
        )


class _LedgerAccounts(dict[str, str]):
    """
    Ledger accounts of a bookkeeping program, by our names for them.
    """

    @classmethod
    def parse(cls, value: Any) -> _LedgerAccounts:
        if not isinstance(value, dict):
            raise ValueError("ledger accounts with their names are expected")
        for name, own in value.items():
            if not isinstance(own, str) or not own.strip() or not own.isprintable():
                raise ValueError(
                    f"{name}: a name or number in quotation marks is expected"
                )
        return cls({name: own.strip() for name, own in value.items()})


FILE = section(
    database=str,
    **dict.fromkeys(("sync", "matching", "network", "people", "shows"), dict),
    **dict.fromkeys(("notify", "serve", "log", "accounts"), dict),
    **dict.fromkeys(("business", "tax", "ledger", "boxoffice"), dict),
)
SYNC = section(
    days_back=whole(0, 3660),
    sweep_hours=whole(1, 24 * 31),
    workers=whole(1, 32),
    deadline_minutes=whole(1, 600),
    run_minutes=whole(1, 1440),
    wait_seconds=whole(0, 3600),
)
TOLERANCE = section(tolerance_minutes=whole(0, 720))
MATCHING = section(tolerance_minutes=whole(0, 720), productions=dict)
NETWORK = section(use_system_proxy=_Flag)
PEOPLE = section(retention_days=whole(0, 3660))
SHOWS = section(on_sale_days=whole(0, 3660))
NOTIFY = section(
    urls=Words,
    command=Words,
    mail=str,
    heartbeat=str,
    stale_intervals=whole(1, 1000),
    sales=_SalesNotifications,
    sales_minutes=whole(0, 1440),
)
SERVE = section(
    public_url=str,
    allow=_Networks,
    proxies=_Networks,
    password_hash=str,
    cors_origins=_Origins,
    allow_pages=_Networks,
    public_calendar=_Flag,
)
LEDGER = section(accounts=_LedgerAccounts, xero_tax_rate=str)
BOXOFFICE = section(hold_minutes=whole(1, 1440), one_pending_per_buyer=_Flag)
LOG = section(level=one_of("info", "debug"))
ACCOUNT = section(
    interval_minutes=whole(1, 10080),
    fees=_Schedules,
    people=_Flag,
    push_check_ins=_Flag,
)
_RATES: dict[str, Any] = dict.fromkeys(
    ("per_ticket", "percent", "per_order", "cap_per_ticket", "free_tickets"), _Rate
)
_RATES |= {"tax": _TaxInside}
FEES = section(**_RATES)
DATED_FEES = section(**{"from": Day}, **_RATES)


def parse(text: str, source: str) -> YamlFile:
    """
    A settings file, its keys not checked yet. Raises `BadFile` if it is not YAML.
    """
    return YamlFile(
        source,
        plain_yaml.read(text, source),
        noun="setting",
        hint="`ticketsync config example` lists every setting.",
    )
