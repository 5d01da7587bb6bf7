"""
The views with the names of the original descriptions: the queries that these print run
as they stand on both databases, and their rows are what was sold.
"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text, update
from support.saved_orders import BOUGHT, FIRST_DAY, order, prepare, recompute, save
from support.saved_orders import ticket as bought

from ticketsync.accounts import edits, state
from ticketsync.core.records import Fee
from ticketsync.store.tables.accounts import sync_runs
from ticketsync.store.tables.catalogue import events, occurrences
from ticketsync.store.tables.door import admissions
from ticketsync.store.tables.sales import buyers, orders
from ticketsync.store.tables.webhooks import deliveries

LATER = BOUGHT + timedelta(hours=2)


@pytest.fixture
def venue(database):
    """
    Friday is show 1, Saturday show 2. Anna bought two tickets for Friday, with a code;
    Ben one for each night, of which he got 10.00 of Saturday's back. Anna's fees are
    not reported.
    """
    prepare(database)
    save(
        database,
        order(bought(1, 3500, fee=150), bought(2, 3500, fee=150), id_="or_1"),
        order(
            bought(3, 3000),
            bought(4, 4000, date="ev_2"),
            id_="or_2",
            placed_at=LATER,
            fees=(Fee("Platform", 140),),
        ),
        at=FIRST_DAY,
    )
    with database.write() as connection:
        connection.execute(
            update(orders).where(orders.c.id == 1).values(promo_code="EARLY")
        )
        connection.execute(
            insert(buyers),
            [
                {"order_id": 1, "name": "Anna", "email": "a@example.org", "phone": ""},
                {"order_id": 2, "name": "", "email": "b@example.org", "phone": ""},
            ],
        )
        connection.execute(
            insert(admissions).values(
                ticket_id=1, show_id=1, is_in=True, at=FIRST_DAY, door="Door A"
            )
        )
        connection.execute(
            update(events)
            .where(events.c.provider_id == "ev_1")
            .values(url="https://tickets.example.org/late")
        )
        connection.execute(
            update(occurrences)
            .where(occurrences.c.provider_id == "ev_1")
            .values(url="https://tickets.example.org/late/friday")
        )
    recompute(database)
    return database


def ask(database, query):
    with database.read() as connection:
        return [dict(row) for row in connection.execute(text(query)).mappings()]


def instant(value):
    """
    An instant as PostgreSQL has it, or its text on SQLite.
    """
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return value.astimezone(UTC)


def named(row, names):
    return tuple(row[name] for name in names.split())


def test_ticket_sales_of_a_show(venue):
    rows = ask(
        venue,
        "SELECT * FROM ticket_sales WHERE event_id = '1' ORDER BY purchase_date DESC",
    )
    names = (
        "event_id platform order_id quantity gross net fees currency purchaser status"
        " promo_code"
    )
    ben = (1, "ticket_tailor", "or_2", 1, 3000, 2940, 60, "AUD", "b@example.org")
    anna = (1, "ticket_tailor", "or_1", 2, 7300, None, None, "AUD", "Anna")
    assert [named(row, names) for row in rows] == [
        (*ben, "paid", None),
        (*anna, "paid", "EARLY"),
    ]
    assert [instant(row["purchase_date"]) for row in rows] == [LATER, BOUGHT]
    (saturday,) = ask(venue, "SELECT * FROM ticket_sales WHERE event_id = '2'")
    assert named(saturday, "order_id gross net fees") == ("or_2", 4000, 3920, 80)
    ids = [row["id"] for row in [*rows, saturday]]
    assert len({*ids}) == 3


def test_ticket_sales_analytics_of_a_show(venue):
    rows = ask(venue, "SELECT * FROM ticket_sales_analytics WHERE event_id = '1'")
    assert sorted(named(r, "show_id event_id ticket_id charged") for r in rows) == [
        (1, 1, "it_1", 3650),
        (1, 1, "it_2", 3650),
        (1, 1, "it_3", 3000),
    ]


def test_attendee_checkin_status_of_a_show(venue):
    rows = ask(venue, "SELECT * FROM attendee_checkin_status WHERE event_id = '1'")
    found = [named(r, "event_id ticket_id attendee is_checked_in door") for r in rows]
    assert sorted(found, key=lambda row: row[1]) == [
        (1, "it_1", "Anna", 1, "Door A"),
        (1, "it_2", "Anna", 0, None),
        (1, "it_3", None, 0, None),
    ]


def test_webhook_logs_of_a_platform(venue):
    """
    Humanitix sends no webhooks, so that these rows are written by hand: those of an
    account that somebody's own program delivers to, and one that nobody's address got.
    """
    with venue.write() as connection:
        edits.add_account(
            connection,
            state.NewAccount("hx", "humanitix", None, "env", "HX", "", None),
            FIRST_DAY,
        )
        base = {"what": "", "occurrence_id": "", "next_try_at": FIRST_DAY}
        minute = timedelta(minutes=1)
        rows = [
            ("k1", 2, "order.created", "hx_9", "done", "", FIRST_DAY + minute),
            ("k2", 2, "order.updated", "hx_9", "forged", "signature", None),
            ("k3", None, "", "", "refused", "unknown address", None),
        ]
        connection.execute(
            insert(deliveries),
            [
                {
                    **base,
                    "key": key,
                    "account_id": account,
                    "event": event,
                    "order_id": order_id,
                    "state": status,
                    "reason": reason,
                    "received_at": FIRST_DAY + n * minute,
                    "settled_at": settled,
                }
                for n, (key, account, event, order_id, status, reason, settled) in (
                    enumerate(rows)
                )
            ],
        )
    found = ask(
        venue,
        "SELECT * FROM webhook_logs WHERE platform = 'humanitix' "
        "ORDER BY created_at DESC LIMIT 20",
    )
    names = "platform event_type order_id status error account"
    assert [named(row, names) for row in found] == [
        ("humanitix", "order.updated", "hx_9", "forged", "signature", "hx"),
        ("humanitix", "order.created", "hx_9", "done", None, "hx"),
    ]
    assert found[0]["processed_at"] is None
    assert instant(found[1]["processed_at"]) == FIRST_DAY + minute
    everything = ask(venue, "SELECT * FROM webhook_logs")
    assert [r["platform"] for r in everything if r["status"] == "refused"] == [None]


def test_session_complete(venue):
    rows = ask(venue, "SELECT * FROM session_complete")
    names = "show_id capacity tickets_sold gross currency status event_name"
    assert sorted(named(row, names) for row in rows) == [
        (1, 240, 3, 10300, "AUD", "on_sale", "Late Laughs"),
        (2, 240, 1, 4000, "AUD", "on_sale", "Late Laughs"),
    ]
    friday, saturday = sorted(rows, key=lambda row: row["show_id"])
    assert named(friday, "url buy_link") == (
        "https://tickets.example.org/late",
        "https://tickets.example.org/late/friday",
    )
    assert named(saturday, "url buy_link") == (None, None)


def test_a_session_in_two_currencies_has_no_gross(venue):
    save(
        venue,
        order(bought(9, 900), id_="or_9", currency="NZD", placed_at=LATER),
        at=FIRST_DAY,
    )
    recompute(venue)
    friday, saturday = ask(venue, "SELECT * FROM session_complete ORDER BY show_id")
    assert named(friday, "tickets_sold gross currency") == (4, None, None)
    assert named(saturday, "tickets_sold gross currency") == (1, 4000, "AUD")


def test_production_totals_ticket_platforms_and_the_log(venue):
    with venue.write() as connection:
        connection.execute(
            insert(sync_runs).values(
                run_id="r1",
                account_id=1,
                account_name="tt",
                kind="full",
                started_by="ana@laptop (manual)",
                outcome="success",
                started_at=FIRST_DAY,
                finished_at=FIRST_DAY + timedelta(minutes=3),
                processed=2,
                created=2,
            )
        )
    (total,) = ask(venue, "SELECT * FROM production_totals")
    names = (
        "production currency shows capacity tickets_sold gross fees net "
        "net_before_fees platforms"
    )
    assert named(total, names) == (
        *("Late Laughs", "AUD", 2, 480, 4, 14300, None, None),
        *(14300, "ticket_tailor"),
    )
    (platform,) = ask(venue, "SELECT * FROM ticket_platforms")
    names = "platform name account_name status"
    assert named(platform, names) == ("ticket_tailor", "tt", None, "active")
    assert instant(platform["last_synced_at"]) == FIRST_DAY + timedelta(minutes=3)
    (run,) = ask(venue, "SELECT * FROM ticket_sales_log")
    names = "platform sync_type direction status records_processed error started_by"
    assert named(run, names) == (
        *("ticket_tailor", "full", "pull", "success", 2, None),
        "ana@laptop (manual)",
    )
