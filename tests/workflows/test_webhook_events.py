"""
Every event of every platform, as its documents describe it: played by `webhooks
simulate`, believed by our receiver, and read as what it is about.
"""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support import commands, commands_here
from support.web_server import running

from ticketsync.accounts import edits, state
from ticketsync.core import clock
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import ServeSettings, Settings
from ticketsync.net.webhook_signatures import Delivery
from ticketsync.providers import registry
from ticketsync.providers.eventbrite.spec import HOOK_ACTIONS
from ticketsync.providers.square.spec import HOOK_EVENTS
from ticketsync.reporting import deliveries as report
from ticketsync.sandbox import deliveries
from ticketsync.store import engine
from ticketsync.web import webhook_receiver
from ticketsync.webhooks import inbox, refused_attempts
from ticketsync.webhooks.refused_attempts import RefusedAttempt
from ticketsync.workflows.webhooks import webhook_endpoints

URL = "https://tickets.example.org/hooks/p"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = (
    KEY.public_key()
    .public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    .decode()
)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)

# By the platforms' documents: what each event makes us read again.
ABOUT = {
    "ticket_tailor": {
        **dict.fromkeys(
            (
                *("ORDER.CREATED", "ORDER.UPDATED"),
                *("ISSUED_TICKET.CREATED", "ISSUED_TICKET.UPDATED"),
            ),
            "order",
        ),
        **dict.fromkeys(("EVENT.CREATED", "EVENT.UPDATED", "EVENT.DELETED"), "listing"),
        **dict.fromkeys(
            (
                *("ISSUED_MEMBERSHIP.CREATED", "ISSUED_MEMBERSHIP.UPDATED"),
                "WAITLIST_SIGNUP.CREATED",
            ),
            "nothing",
        ),
    },
    "square": {
        **dict.fromkeys(
            (
                *("payment.created", "payment.updated", "refund.created"),
                *("refund.updated", "order.created", "order.updated"),
            ),
            "order",
        ),
        "catalog.version.updated": "listing",
    },
    "eventbrite": {
        **dict.fromkeys(("order.placed", "order.updated", "order.refunded"), "order"),
        **dict.fromkeys(
            ("attendee.updated", "attendee.checked_in", "attendee.checked_out"),
            "account",
        ),
        **dict.fromkeys(
            (
                *("event.created", "event.published", "event.unpublished"),
                "event.updated",
            ),
            "listing",
        ),
        "test": "test",
    },
    "wix": {
        **dict.fromkeys(
            (
                *("OrderConfirmed", "OrderUpdated", "OrderDeleted"),
                *("guest_created", "guest_updated"),
            ),
            "order",
        ),
        **dict.fromkeys(
            ("OrderInitiated", "ReservationCreated", "ReservationUpdated"), "nothing"
        ),
        **dict.fromkeys(
            (
                *("guest_deleted", "refund_created", "refund_updated"),
                *("guest_guest_checked_in", "guest_guest_order_canceled"),
                "guest_guest_event_canceled",
            ),
            "account",
        ),
    },
}
ORDERS = {
    "ticket_tailor": ("or_1", "ev_9"),
    "square": ("CAISEN", ""),
    "eventbrite": ("55", "99"),
    "wix": ("2GRY-1", "00009c48-0001-4000-8000-000000000000"),
}


def short(platform, event):
    return event.rpartition(".")[2] if platform == "wix" else event


def test_every_documented_event_is_played():
    for platform, about in ABOUT.items():
        played = {short(platform, e) for e in deliveries.EVENTS[platform]}
        assert played == about.keys(), platform
    assert set(HOOK_ACTIONS) <= set(deliveries.EVENTS["eventbrite"])
    assert set(HOOK_EVENTS) == set(deliveries.EVENTS["square"])


@pytest.mark.parametrize(
    ("platform", "event"),
    [(p, e) for p, events in deliveries.EVENTS.items() for e in events],
)
def test_each_event_is_believed_and_says_what_to_read(platform, event, frozen):
    order, occurrence = ORDERS[platform]
    now = int(clock.now().timestamp())
    secret = PUBLIC if deliveries.needs_key_file(platform) else "whsec_1"
    headers, body = deliveries.delivery(
        *(platform, event, order),
        number=1,
        secret=secret,
        key=KEY,
        url=URL,
        now=now,
        occurrence=occurrence,
    )
    lower = {name.lower(): value for name, value in headers.items()}
    arrived = Delivery(body, lower, URL, clock.now())
    provider = registry.sends_webhooks(platform)
    provider.verify(arrived, [Secret(secret)])
    hint = provider.hint(arrived)
    assert hint.what == ABOUT[platform][short(platform, event)]
    if hint.what == "order":
        assert hint.order_id == order


@pytest.fixture
def wix(home, monkeypatch):
    """
    An account of Wix whose webhook secret is the public half of a key of our own, and a
    receiver for it.
    """
    monkeypatch.setenv("PUBLIC", PUBLIC)
    (home / "key.pem").write_bytes(PRIVATE)
    database = engine.create_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        new = state.NewAccount("wix", "wix", None, "env", "NO", "", None, {})
        edits.add_account(connection, new, clock.now())
    commands.run("webhooks", "url", "wix", check=True)
    commands.run("webhooks", "secret", "wix", "--secret-env", "PUBLIC", check=True)
    settings = Settings(serve=ServeSettings())
    load = webhook_endpoints.cached_endpoints(database, settings)
    with running(
        webhook_receiver.application(webhook_receiver.Receiver(database, load))
    ) as address:
        yield database, address
    database.close()


def simulate(address, *arguments):
    return commands.run("webhooks", "simulate", *arguments, "--to", address)


def test_wix_is_simulated_with_a_key_of_ones_own(wix, home):
    database, address = wix
    order, occurrence = ORDERS["wix"]
    about = (order, "--occurrence", occurrence)
    key = ("--key-file", str(home / "key.pem"))

    for event in ("OrderConfirmed", "guest_updated"):
        done = simulate(address, "wix", *about, "--event", event, *key)
        assert (done.returncode, "answered 200" in done.stderr) == (0, True), done
    without = simulate(address, "wix", *about)
    assert (without.returncode, "openssl genrsa" in without.stderr) == (2, True)
    odd = simulate(address, "wix", *about, "--key-file", "/dev/null")
    assert (odd.returncode, "private RSA key" in odd.stderr) == (2, True)
    nameless = simulate(address, "wix", order, *key)
    assert (nameless.returncode, "--occurrence" in nameless.stderr) == (2, True)

    with database.read() as connection:
        found = report.list_deliveries(connection)
    assert [(r.state, r.order_id) for r in found] == [("received", order)] * 2


def test_a_key_that_the_account_does_not_trust_is_forged(wix, tmp_path):
    database, address = wix
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "other.pem"
    file.write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    order, occurrence = ORDERS["wix"]
    done = simulate(
        *(address, "wix", order, "--occurrence", occurrence, "--key-file", str(file))
    )
    assert (done.returncode, "answered 400" in done.stderr) == (6, True)
    with database.read() as connection:
        assert [r.state for r in report.list_deliveries(connection)] == ["forged"]


def test_the_events_are_listed_with_what_they_are_about(wix):
    _, address = wix
    listed = simulate(address, "wix", "--event", "list").stdout
    assert "wix.events.guests.v1.guest_created  (about: order, occurrence)" in listed


SIGNED = {"ticket_tailor": "whsec_1", "square": "whsec_1", "wix": PUBLIC}
AFTERWARDS = {"nothing": "ignored", "test": "test"}


@pytest.mark.parametrize("platform", deliveries.EVENTS)
@pytest.mark.sampled(4)
def test_the_command_plays_every_event_of_every_platform(
    platform, sqlite, home, monkeypatch, capsys
):
    """
    In this process, because there are forty of them.
    """
    monkeypatch.setenv("SECRET", SIGNED.get(platform, ""))
    (home / "key.pem").write_bytes(PRIVATE)
    with sqlite.write() as connection:
        new = state.NewAccount("a", platform, None, "env", "NO", "", None, {})
        account_id = edits.add_account(connection, new, clock.now())
        inbox.get_or_create_path(
            connection, account_id, clock.now(), is_signed=platform in SIGNED
        )
        if platform in SIGNED:
            inbox.set_secret(connection, account_id, "env", "SECRET", clock.now())
    settings = Settings(serve=ServeSettings())
    load = webhook_endpoints.cached_endpoints(sqlite, settings)
    order, occurrence = ORDERS[platform]
    about = (order, "--occurrence", occurrence, "--key-file", str(home / "key.pem"))
    with running(
        webhook_receiver.application(webhook_receiver.Receiver(sqlite, load))
    ) as address:
        for event in deliveries.EVENTS[platform]:
            words = ("webhooks", "simulate", "a", *about, "--event", event)
            words = ("--database", sqlite.url, *words, "--to", address)
            said = commands_here.run(monkeypatch, capsys, *words).err
            assert "answered 200" in said

    with sqlite.read() as connection:
        found = report.list_deliveries(connection, limit=99)
    expected = [
        AFTERWARDS.get(ABOUT[platform][short(platform, event)], "received")
        for event in deliveries.EVENTS[platform]
    ]
    assert [row.state for row in reversed(found)] == expected


# Replays and health


@pytest.fixture
def mixed(sqlite):
    """
    Ten deliveries of one account: eight worked after four seconds, two failed; beside
    them what was not accepted.
    """
    now = clock.now()
    with sqlite.write() as connection:
        new = state.NewAccount("tt", "ticket_tailor", None, "env", "K", "", None)
        account_id = edits.add_account(connection, new, now)
        for n in range(10):
            one = inbox.NewDelivery(
                account_id, f"k{n}", "ORDER.CREATED", "order", "received", f"or_{n}"
            )
            inbox.store(connection, [one], now)
        ids = sorted(item.id for item in report.list_deliveries(connection))
        inbox.settle(connection, ids[:8], "done", now + timedelta(seconds=4))
        inbox.settle(connection, ids[8:], "failed", now + timedelta(seconds=4))
        for state_ in ("forged", "no-secret", "refused"):
            attempt = RefusedAttempt(account_id, state_, "")
            refused_attempts.store(connection, [attempt], now + timedelta(hours=1))
        refused_attempts.store(connection, [RefusedAttempt(None, "refused", "")], now)
    return sqlite, account_id, now


def health(database):
    with database.read() as connection:
        (found,) = report.read_delivery_health(connection)
    return found


def test_what_was_not_accepted_lowers_no_percentage_and_is_no_sign_of_life(mixed):
    database, _, now = mixed
    found = health(database)
    assert (found.percent_done, found.seconds_to_effect) == (80, 4.0)
    assert found.last_at == now.replace(microsecond=0)
    assert found.states == {
        "done": 8,
        "failed": 2,
        "forged": 1,
        "no-secret": 1,
        "refused": 1,
    }


def test_replays_do_not_count_in_health(mixed):
    database, account_id, now = mixed
    later = now + timedelta(days=3)
    with database.write() as connection:
        assert inbox.retry(connection, None, later) == 2
    with database.read() as connection:
        again = report.list_deliveries(connection, state="received")
    assert [row.replayed_at for row in again] == [later.replace(microsecond=0)] * 2
    with database.write() as connection:
        inbox.settle(connection, [row.id for row in again], "done", later)
    found = health(database)
    assert (found.percent_done, found.seconds_to_effect) == (100, 4.0)
    assert (found.states["done"], found.replayed) == (8, 2)
    with database.write() as connection:
        assert inbox.replay(connection, account_id, now - timedelta(1), later) == 10
    assert health(database).replayed == 10
    assert health(database).percent_done is None
    assert health(database).seconds_to_effect is None
