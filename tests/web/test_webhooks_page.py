"""
The page of webhooks: everything that came, filtered by platform and state, without a
script; and the same on the command line.
"""

import json
import re

import pytest
from support import commands

from ticketsync.accounts import edits, state
from ticketsync.core import clock
from ticketsync.reporting import deliveries
from ticketsync.store import engine
from ticketsync.webhooks import inbox, refused_attempts
from ticketsync.webhooks.refused_attempts import RefusedAttempt


def fill(database, account_id, other_id):
    now = clock.now()
    with database.write() as connection:
        inbox.store(
            connection,
            [
                inbox.NewDelivery(
                    account_id, "a", "ORDER.CREATED", "order", "received", "or_77"
                ),
                inbox.NewDelivery(
                    other_id, "b", "order.placed", "order", "received", "88"
                ),
            ],
            now,
        )
        refused_attempts.store(
            connection,
            [
                RefusedAttempt(account_id, "forged", "no signature matches"),
                RefusedAttempt(other_id, "refused", "too large"),
                RefusedAttempt(None, "refused", "unknown address"),
            ],
            now,
        )


def add_eventbrite(database):
    with database.write() as connection:
        new = state.NewAccount("eb", "eventbrite", None, "env", "K", "", None)
        return edits.add_account(connection, new, clock.now())


def table(page):
    """
    What the page's table shows: account, event, order, state, reason.
    """
    text = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
    return {
        tuple(
            re.sub("<.*?>", "", cell)
            for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)[1:]
        )
        for row in rows
    }


EVERYTHING = {
    ("tt", "ORDER.CREATED", "or_77", "received", ""),
    ("eb", "order.placed", "88", "received", ""),
    ("tt", "", "", "forged", "no signature matches"),
    ("eb", "", "", "refused", "too large"),
    ("unknown address", "", "", "refused", "unknown address"),
}
FILTERED = [
    ("", EVERYTHING),
    ("?platform=&state=", EVERYTHING),
    ("?platform=eventbrite", {row for row in EVERYTHING if row[0] == "eb"}),
    ("?state=refused", {row for row in EVERYTHING if row[3] == "refused"}),
    (
        "?platform=eventbrite&state=refused",
        {("eb", "", "", "refused", "too large")},
    ),
    (
        "?platform=unknown",
        {("unknown address", "", "", "refused", "unknown address")},
    ),
]


@pytest.mark.parametrize(("query", "rows"), FILTERED)
def test_the_page_lists_what_came_by_platform_and_state(enter, full, query, rows):
    fill(full, 1, add_eventbrite(full))
    page = enter("manager").get(f"/webhooks{query}")
    assert page.status_code == 200
    assert table(page) == rows
    (form,) = re.findall(
        r'<form method="get" action="/webhooks".*?</form>', page.text, re.S
    )
    assert re.findall(r'<select name="(\w+)"', form) == ["platform", "state"]
    for value in re.findall(r"=(\w+)", query):
        assert re.search(rf"<option(?: value=\"{value}\")? selected>", form)
    assert "1 attempt at an address that nobody has." in page.text


def test_without_a_delivery_there_is_nothing_to_filter(enter, full):
    page = enter("viewer").get("/webhooks?state=<b>")
    assert "No deliveries yet." in page.text
    assert "<select" not in page.text
    assert "<b>" not in page.text


def test_nothing_fits(enter, full):
    page = enter("viewer").get("/webhooks?state=done")
    assert "No such deliveries." in page.text
    assert "<select" in page.text


@pytest.mark.thorough
def test_the_command_lists_and_filters_the_same(venue, home):
    database = engine.open_database(str(home / "ticketsync.db"))
    fill(database, 1, add_eventbrite(database))
    database.close()

    def listed(*arguments):
        return json.loads(venue("webhooks", "list", "--json", *arguments))

    assert {(r["account"], r["state"]) for r in listed()} == {
        *(("tt", "received"), ("eb", "received"), ("tt", "forged")),
        *(("eb", "refused"), (None, "refused")),
    }
    assert list(listed()[0])[-2:] == ["settled_at", "replayed_at"]
    assert len(listed("--state", "refused")) == 2
    assert [r["reason"] for r in listed("--platform", "unknown")] == ["unknown address"]
    assert len(listed("--platform", "eventbrite", "--state", "refused")) == 1
    health = json.loads(venue("webhooks", "health", "--json"))
    assert list(health) == ["accounts", "unannounced", "at_unknown_addresses"]
    assert health["at_unknown_addresses"] == 1
    by_account = {item["account"]: item for item in health["accounts"]}
    assert by_account["tt"]["states"] == {"received": 1, "forged": 1}
    assert by_account["tt"]["percent_done"] is None  # none is settled yet
    text = commands.run("webhooks", "list", env=venue.environment).stdout
    assert "1 attempt at an address that nobody has." in text


def test_two_attempts_are_several():
    words = deliveries.refused_attempts_in_words
    assert words(2) == "2 attempts at addresses that nobody has"
    assert words(1000) == "1,000 attempts at addresses that nobody has"
