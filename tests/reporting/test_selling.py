"""
How it sells, by day and by platform, against the sandbox's own purchases; on both
databases, and with every page drawn from them.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from support.dates import NOW
from support.web_server import running

from ticketsync.catalogue import shows
from ticketsync.core import clock
from ticketsync.reporting import sales_over_time
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver

SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.fixture
def synced(read_once):
    return read_once


def day_of(purchase):
    return datetime.fromtimestamp(purchase.placed_at, UTC).astimezone(SYDNEY).date()


def admitting(purchase):
    if purchase.state != "completed":
        return 0
    return sum(not seat.is_void for seat in purchase.seats)


def test_each_of_thirty_days_by_the_calendar_of_the_house(synced, sandbox):
    """
    An order of 00:30 in Sydney belongs to that day, though it is the day before in UTC.
    """
    with synced.read() as connection:
        lately = sales_over_time.read_recent_activity(
            connection, "day", "Australia/Sydney", NOW
        ).recent

    today = NOW.astimezone(SYDNEY).date()
    expected = {today - timedelta(days=n): 0 for n in range(30)}
    for purchase in sandbox.world.purchases:
        if day_of(purchase) in expected:
            expected[day_of(purchase)] += admitting(purchase)
    found = {
        day: sold.tickets for day, sold in zip(lately.days, lately.by_day, strict=True)
    }
    assert found == expected
    assert [sold.tickets for sold in lately.by_account["tt"]] == list(found.values())
    assert sum(found.values()) > 100


def test_the_curve_of_a_show_ends_at_what_it_sold(synced, sandbox):
    performance = max(
        sandbox.world.performances,
        key=lambda p: sum(x.performance is p for x in sandbox.world.purchases),
    )
    with synced.read() as connection:
        show = next(
            s
            for s in shows.list_shows(connection)
            if s.starts_at == performance.starts_at
        )
        curve = sales_over_time.sales_curve(connection, show.id, show.timezone)

    bought = [p for p in sandbox.world.purchases if p.performance is performance]
    # Tickets without an order have no day on which they were bought.
    assert curve[-1][1] == sum(
        admitting(p) for p in bought if not any(s.has_no_order for s in p.seats)
    )
    assert curve == sorted(curve)
    assert curve[0][0] == min(day_of(p) for p in bought if admitting(p))


def test_the_platforms_add_up_to_the_truth(synced, sandbox):
    with synced.read() as connection:
        lately = sales_over_time.read_recent_activity(
            connection, "day", "Australia/Sydney", NOW
        ).recent
        (found,) = sales_over_time.platforms(connection, lately)

    truth = sandbox.truth()
    assert (found.account, found.currency) == ("tt", "AUD")
    assert found.tickets == sum(row["tickets_sold"] for row in truth)
    assert found.gross.minor == sum(int(row["gross"].replace(".", "")) for row in truth)


def test_every_page_opens_on_both_databases(synced, settings):
    with synced.write() as connection:
        token = passes.issue(connection, "session", "manager", "", clock.now())
    site = Site(synced, settings)
    with (
        running(web.create_app(Receiver(synced, list), site)) as address,
        httpx.Client(base_url=address, cookies={COOKIE: token}) as client,
    ):
        answers = {
            path: client.get(path).status_code
            for path in (
                *("/", "/shows/12", "/productions/1", "/calendar", "/accounts"),
                *("/matching", "/runs", "/webhooks", "/discrepancies", "/door"),
                *("/door/12", "/door/12/guests"),
            )
        }
        scanned = client.post(
            "/door/12/scan", json={"code": "nobody"}, headers={"origin": address}
        )

    assert set(answers.values()) == {200}, answers
    assert scanned.json()["outcome"] == "unknown"
