"""
One rule for the health of accounts: whoever shows it says the same word, in every
situation, on both databases.
"""

import itertools
import json
import re
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from ticketsync.accounts import alerts, health
from ticketsync.catalogue import shows
from ticketsync.cli import status
from ticketsync.cli.main import app
from ticketsync.core import clock
from ticketsync.core.config import AccountSettings, NotifySettings, Settings
from ticketsync.store import health as rule
from ticketsync.store import views
from ticketsync.store.tables.accounts import Account, Alert, SyncRun
from ticketsync.store.tables.sales import Quarantined
from ticketsync.store.tables.webhooks import Webhook
from ticketsync.visitors.passes import Visitor
from ticketsync.web.pages import Pages
from ticketsync.web.site import Asked, Site
from ticketsync.workflows import doctor, limits, watch

KEY = "sk_1_2_here"
WRITE = "import sys; open(sys.argv[1], 'a').write(sys.stdin.readline())"
MANAGER = Asked(Visitor(1, "manager", "Ana"), {}, {}, {}, None, "", "")


def ago(minutes):
    return clock.now() - timedelta(minutes=minutes)


@dataclass(frozen=True)
class Row:
    """
    A situation, and by hand what everybody has to say of it: the word, the exit code of
    `status`, and whether it is told.
    """

    name: str
    word: str
    exit_code: int
    told: bool
    account: dict = SimpleNamespace
    runs: tuple = ()
    quarantined: int = 0
    webhook: bool = False


def run(outcome, minutes, exit_code=0, word="", message=""):
    return {
        "outcome": outcome,
        "minutes": minutes,
        "exit_code": exit_code,
        "word": word,
        "message": message,
    }


GOOD = run("success", 5)
DOWN = run("failed", 1, 5, "unreachable", "Account 'tt': nobody answers.")
ROWS = (
    Row("just read", "ok", 0, False, {}, (GOOD,)),
    Row("connected a minute ago", "never synced", 0, False, {"minutes": 1}),
    Row("connected and forgotten", "stale", 10, True, {"minutes": 120}),
    Row("paused by hand", "paused", 0, False, {"state": "paused"}, (GOOD,)),
    Row(
        "paused by hand, long ago",
        *("paused", 0, False, {"state": "paused", "minutes": 9999}),
    ),
    Row(
        "its key was refused",
        *("parked", 10, True, {"state": "parked", "state_reason": "HTTP 401"}, (GOOD,)),
    ),
    Row(
        "five failures, nobody may ask yet",
        *("failing", 10, True, {"failures": 5, "breaker_minutes": 30}, (GOOD, DOWN)),
    ),
    Row(
        "five failures, the pause is over and nobody asked since",
        *("failing", 10, True, {"failures": 5, "breaker_minutes": -30}, (GOOD, DOWN)),
    ),
    Row(
        "a guard refused",
        *("held", 10, True, {}),
        (GOOD, run("failed", 1, 7, "guard-shrink", "It lists 2 of 40 dates.")),
    ),
    Row("the first try failed", "failed", 0, False, {"minutes": 1}, (DOWN,)),
    Row("one failure since", "failed", 0, False, {"failures": 1}, (GOOD, DOWN)),
    Row(
        "failing for an hour, though tried",
        *("stale", 10, True, {"failures": 3, "minutes": 9999}),
        (run("success", 61), DOWN),
    ),
    Row(
        "its key is not in this shell",
        *("failed", 10, True, {}),
        (GOOD, run("failed", 1, 4, "no-secret", "TT_KEY is not set.")),
    ),
    Row("signed webhooks, no secret", *("missing-webhook-secret", 10, True, {}, (GOOD,)))
    if False
    else Row(
        "signed webhooks, no secret",
        *("missing-webhook-secret", 10, True, {}, (GOOD,)),
        webhook=True,
    ),
    Row(
        "one record could not be read, for days",
        *("partial", 10, True, {"minutes": 9999}),
        (run("success", 4000), run("partial", 5, 3, "quarantine", "1 record.")),
        quarantined=1,
    ),
    Row(
        "one event could not be read just now",
        *("partial", 0, False, {}),
        (GOOD, run("partial", 1, 5, "unreachable", "An event failed.")),
    ),
    Row(
        "one event cannot be read for an hour",
        *("stale", 10, True, {"minutes": 9999}),
        (run("success", 61), run("partial", 1, 5, "unreachable", "An event failed.")),
    ),
    Row("stopped by hand", "interrupted", 0, False, {}, (GOOD, run("interrupted", 1, 130))),
    Row(
        "held, and read again at this moment",
        *("held", 10, True, {}),
        (GOOD, run("failed", 2, 7, "guard-shrink", "x"), run("started", 0)),
    ),
    Row(
        "held, and skipped since",
        *("held", 10, True, {}),
        (GOOD, run("failed", 2, 7, "guard-shrink", "x"), run("skipped-busy", 1, 8)),
    ),
)
