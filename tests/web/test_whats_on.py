"""
The calendar as a month, and the one that anybody may open where the settings allow it.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.dates import NOW
from support.web_pages import main_of

from ticketsync.catalogue import shows
from ticketsync.core.settings import config
from ticketsync.web import month_grid

WEEKS = "UPDATE occurrences SET status = 'on_sale', url = 'https://tt.example/' || id"


@pytest.fixture
def public(site):
    """
    The settings allow it.
    """
    serve = replace(site.settings.serve, public_calendar=True)
    site.settings_at_start = replace(site.settings, serve=serve)


def test_nobody_sees_the_calendar_unless_the_settings_say_so(enter):
    response = enter("").get("/whats-on")

    assert (response.status_code, response.content) == (404, b"")
    assert config.Settings().serve.public_calendar is False


def test_anybody_sees_names_times_and_where_to_buy_and_no_figure(enter, full, public):
    with full.write() as connection:
        connection.exec_driver_sql(WEEKS)
    with full.read() as connection:
        coming = shows.list_shows(connection, since=NOW)

    response = enter("").get("/whats-on")
    page = main_of(response)

    assert page.count("<article") == len(coming) > 3
    assert page.count("Buy at Ticket Tailor") == len(coming)
    assert coming[0].production in page
    assert coming[0].venue in page
    assert "AUD" not in page
    assert "sold" not in page
    assert not re.search(r"\d/\d+\b", page)  # sold of how many seats
    assert "/shows/" not in page
    assert "set-cookie" not in response.headers
    assert "Signed in" not in response.text


@pytest.mark.parametrize(
    "hidden",
    [
        "status = 'draft'",
        "status = 'closed'",
        "url = NULL",
        "url = 'javascript:alert(1)'",
        "gone_since = '2026-08-30T00:00:00Z'",
    ],
)
def test_what_cannot_be_bought_is_not_public(enter, full, public, hidden):
    """
    A draft would give away a show that is not announced. The control: as it was before,
    it is on the page.
    """
    with full.write() as connection:
        connection.exec_driver_sql(WEEKS)
    assert "<article" in main_of(enter("").get("/whats-on"))
    with full.write() as connection:
        connection.exec_driver_sql(f"UPDATE occurrences SET {hidden}")

    page = main_of(enter("").get("/whats-on"))

    assert "<article" not in page
    assert "No coming show has a page to buy from" in page
    assert "Late Laughs" not in page


def test_the_public_month_is_that_of_the_next_show(enter, full, public, frozen):
    """
    On the evening of 30 November nothing is left of that month.
    """
    with full.write() as connection:
        connection.exec_driver_sql(WEEKS)
        last = connection.exec_driver_sql(
            "SELECT max(id) FROM shows WHERE starts_local >= '2026-09-20'"
        ).scalar()
        connection.exec_driver_sql(
            "UPDATE shows SET is_excluded = 1 WHERE id != ?", (last,)
        )
        connection.exec_driver_sql(
            "UPDATE shows SET starts_local = '2026-12-04 19:30', "
            "starts_at = '2026-12-04T08:30:00Z' WHERE id = ?",
            (last,),
        )
    frozen(datetime(2026, 11, 30, 9, tzinfo=UTC))

    page = main_of(enter("").get("/whats-on"))

    assert ">December 2026</h2>" in page
    assert "No shows in" not in page
    empty = main_of(enter("").get("/whats-on?month=2026-11"))
    assert "No shows in November 2026." in empty


def test_an_excluded_show_is_not_public(enter, full, public):
    with full.write() as connection:
        connection.exec_driver_sql(WEEKS)
        connection.exec_driver_sql("UPDATE shows SET is_excluded = 1")

    assert "<article" not in main_of(enter("").get("/whats-on"))


def test_each_seller_has_one_link(enter, full, public):
    """
    Three variations of one account are one seller.
    """
    with full.write() as connection:
        connection.exec_driver_sql(WEEKS)
        connection.exec_driver_sql("UPDATE show_links SET show_id = 12 WHERE id > 9")

    page = main_of(enter("").get("/whats-on"))

    show = page.partition('id="show-12"')[2].partition("</article>")[0]
    assert show.count("Buy at") == 1


def test_a_month_has_every_show_on_its_local_day(enter, full):
    with full.read() as connection:
        expected = [
            (int(show.starts_local[8:10]), show.id)
            for show in shows.list_shows(connection)
            if show.starts_local.startswith("2026-09")
        ]

    page = enter("viewer").get("/calendar?month=2026-09").text
    cells = re.findall(r"<td class=.*?</td>", page, re.DOTALL)
    found = [
        (int(re.search(r"</span>(\d+)", cell)[1]), int(id_))
        for cell in cells
        for id_ in re.findall(r'href="/shows/(\d+)"', cell)
    ]

    assert found == expected
    assert len(expected) > 3
    assert "<title>Calendar, September 2026 – " in page
    assert 'href="/calendar?month=2026-10"' in page
    assert len(cells) % 7 == 0


@pytest.mark.parametrize("text", ["", "x", "2026-13", "0001-01", "9999-12", "2026-9"])
def test_what_is_no_month_is_this_month(text):
    assert month_grid.first_of(text, date(2026, 11, 27)) == date(2026, 11, 1)


def test_the_setting_is_read():
    text = "serve:\n  public_calendar: true\n"
    assert config.read(text, "config.yaml").serve.public_calendar
