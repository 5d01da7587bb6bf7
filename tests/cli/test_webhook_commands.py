"""
The commands of webhooks: an address that leaked, an empty secret, a filter that is
misspelt, a table of 80 columns.
"""

import json

import pytest
from support import commands
from support.web_server import running

from ticketsync.accounts import credentials, edits, state
from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import Settings
from ticketsync.providers.base import Registered
from ticketsync.providers.square import Square
from ticketsync.sandbox import deliveries
from ticketsync.store import engine
from ticketsync.web import webhook_receiver
from ticketsync.webhooks import inbox
from ticketsync.workflows.webhooks import (
    public_address,
    webhook_endpoints,
    webhook_registration,
)


@pytest.fixture
def database(home):
    opened = engine.create_database(str(home / "ticketsync.db"))
    with opened.write() as connection:
        for name, kind in (("tt", "ticket_tailor"), ("eb", "eventbrite")):
            new = state.NewAccount(name, kind, None, "env", "KEY", "", None)
            edits.add_account(connection, new, clock.now())
    yield opened
    opened.close()


def send(address, path):
    headers, body = deliveries.delivery(
        *("eventbrite", "order.placed", "5"), number=1, now=0
    )
    return deliveries.send(f"{address}/hooks/{path}", headers, body)


def url_of(*more):
    done = commands.run("webhooks", "url", "eb", "--json", *more, check=True)
    return json.loads(done.stdout)["url"]


def test_an_address_that_leaked_is_replaced(database, monkeypatch):
    """
    The old one is a 404 within seconds, without a new start of `serve`.
    """
    old = url_of()
    assert url_of() == old
    load = webhook_endpoints.cached_endpoints(database, Settings())
    monkeypatch.setattr(webhook_receiver, "REFRESH_SECONDS", 0)
    with running(
        webhook_receiver.application(webhook_receiver.Receiver(database, load))
    ) as address:
        assert send(address, old.rpartition("/")[2]) == 200
        new = url_of("--new")
        assert send(address, old.rpartition("/")[2]) == 404
        assert send(address, new.rpartition("/")[2]) == 200
    assert new != old
    assert url_of() == new
    audit = json.loads(commands.run("audit", "list", "--json").stdout)
    assert "replace address" in {entry["action"] for entry in audit}
    with database.write() as connection:
        inbox.save_registration(connection, 2, "77\x1b[2J")
    said = commands.run("webhooks", "url", "eb", "--new")
    assert "webhook 77\\x1b[2J still calls the old address" in said.stderr
    again = commands.run("webhooks", "url", "eb", "--new")
    assert "old address" not in again.stderr  # it is forgotten
    assert "answers 404 from now on" in again.stderr
    assert "within 5 seconds" in again.stderr


@pytest.mark.parametrize(
    ("public_url", "reachable"),
    [
        (None, False),
        ("http://127.0.0.1:9999", False),
        ("http://localhost", False),
        ("https://[::1]", False),
        ("https://tickets.example.org", True),
        ("https://203.0.113.7", True),
    ],
)
def test_an_address_that_no_platform_reaches_is_called_one(
    database, home, public_url, reachable
):
    if public_url:
        (home / "config.yaml").write_text(f"serve:\n  public_url: {public_url}\n")
        (home / "config.yaml").chmod(0o600)
    said = commands.run("webhooks", "url", "eb", check=True)
    is_said = "No platform reaches this address" in said.stderr
    assert is_said is not reachable
    assert ("serve: public_url" in said.stderr) is not reachable
    found = json.loads(commands.run("webhooks", "url", "eb", "--json").stdout)
    assert found["reachable"] is reachable


def test_without_a_public_address_it_is_that_of_the_running_server(database, home):
    """
    Not the port that `serve` would have by itself.
    """
    with public_address.announced("http://127.0.0.1:8791"):
        found = json.loads(commands.run("webhooks", "url", "eb", "--json").stdout)
    assert found["url"].startswith("http://127.0.0.1:8791/hooks/")
    assert found["reachable"] is False


EMPTY = {"VAR": "", "BLANK": " \n\t"}
WAYS = [
    (("--secret-env", "VAR"), ""),
    (("--secret-env", "BLANK"), ""),
    (("--secret-env", "MISSING"), ""),
    (("--secret-command", "true"), ""),
    (("--secret-command", "printf '\\n'"), ""),
    (("--secret-stdin",), ""),
    (("--secret-stdin",), " \n \n"),
    (("--secret-stdin", "--insecure-storage"), "\n"),
    (("--insecure-storage",), ""),
]


def test_an_empty_secret_is_refused_in_every_way_of_giving_one(
    database, home, monkeypatch
):
    """
    And the one that the account has stays.
    """
    for name, value in EMPTY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOD", "whsec_1")
    commands.run("webhooks", "secret", "tt", "--secret-env", "GOOD", check=True)
    for arguments, text in WAYS:
        done = commands.run("webhooks", "secret", "tt", *arguments, input=text)
        assert done.returncode in (2, 4), (arguments, done)
        assert "has a webhook secret" not in done.stderr, arguments
    with database.read() as connection:
        places = inbox.list_secret_references(connection, 1)
    assert places == [("env", "GOOD")]
    for kind in ("keyring", "file"):
        for text in ("", " ", "\n"):
            with pytest.raises(errors.SecretMissing):
                credentials.store_secret("tt/webhook-1", kind, Secret(text))


def test_a_blank_override_is_none(database, monkeypatch):
    """
    `TICKETSYNC_TT_WEBHOOK_TOKEN=" "` was a secret with which anybody could sign.
    """
    monkeypatch.setenv("GOOD", "whsec_1")
    monkeypatch.setenv("TICKETSYNC_TT_WEBHOOK_TOKEN", " ")
    assert credentials.read_secret("tt/webhook", "env", "GOOD") == Secret("whsec_1")
    monkeypatch.setenv("TICKETSYNC_TT_WEBHOOK_TOKEN", "other")
    assert credentials.read_secret("tt/webhook", "env", "GOOD") == Secret("other")


def test_an_empty_key_of_a_platform_is_refused(database, monkeypatch):
    monkeypatch.setenv("KEY", "sq-key")
    with database.write() as connection:
        new = state.NewAccount("sq", "square", None, "env", "KEY", "", None)
        edits.add_account(connection, new, clock.now())
        inbox.get_or_create_path(connection, 3, clock.now())
    monkeypatch.setattr(
        Square, "register_webhook", lambda self, url: Registered("7", Secret(" "))
    )
    with pytest.raises(errors.SecretMissing):
        webhook_registration.register(
            database, Settings(), "sq", "https://x/hooks/a", "file"
        )
    with database.read() as connection:
        assert inbox.list_secret_references(connection, 3) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--account", "t"), "eb, tt"),
        (("--platform", "tickettailor"), "ticket_tailor"),
        (("--state", "recieved"), "received"),
    ],
)
def test_a_filter_that_is_misspelt_is_refused_with_the_known_names(
    database, arguments, named
):
    done = commands.run("webhooks", "list", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert arguments[1] in done.stderr


def test_a_filter_that_fits_nothing_says_so(database):
    done = commands.run("webhooks", "list", "--state", "stale", check=True)
    assert "No such deliveries." in done.stdout
    done = commands.run("webhooks", "list", check=True)
    assert "No deliveries yet." in done.stdout


def test_eighty_columns_have_the_time_and_whole_names(database, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    names = ("ISSUED_MEMBERSHIP.UPDATED", "events.ticketing.events.ReservationCreated")
    new = [
        inbox.NewDelivery(1, name, name, "order", "received", f"or_{500001 + n}")
        for n, name in enumerate(names)
    ]
    with database.write() as connection:
        inbox.store(connection, new, clock.now())
        inbox.settle(connection, [1], "failed", clock.now(), reason="no luck " * 12)
        connection.exec_driver_sql("UPDATE deliveries SET id = id + 123455")
    text = commands.run("webhooks", "list", check=True).stdout
    assert "UTC" in text.splitlines()[0]
    assert f"{clock.now():%d %b}" in text
    assert "ISSUED_MEMBERSHIP.UPDATED" in text
    # A longer one stands in full below its row, and no reason is cut.
    assert "EVENT: events.ticketing.events.ReservationCreated" in text
    assert " ".join(text.split()).count("no luck") == 12
    assert all(len(line) <= 80 for line in text.splitlines())
