"""
The overview: what needs attention, what was sold lately and what it brought, and the
productions. Expected figures are counted by hand from the sandbox's purchases.
"""

import json
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support import commands_here
from support.dates import NOW

from ticketsync.catalogue import shows
from ticketsync.core.money import Money
from ticketsync.core.settings.config import Settings
from ticketsync.providers.built_in import CLASSES
from ticketsync.reporting import sales_over_time
from ticketsync.reporting.sales_over_time import Comparison, Sold
from ticketsync.visitors.passes import Visitor
from ticketsync.web import charts, overview_page, page_words
from ticketsync.web.site import PageRequest, Site

SYDNEY = ZoneInfo("Australia/Sydney")
TODAY = NOW.astimezone(SYDNEY).date()


def words_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def tickets(purchases):
    return sum(
        not seat.is_void
        for purchase in purchases
        if purchase.state == "completed"
        for seat in purchase.seats
    )


def placed(sandbox, first, before):
    """
    The purchases between two instants.
    """
    return [
        p
        for p in sandbox.world.purchases
        if first.timestamp() <= p.placed_at < before.timestamp()
    ]


def midnight(days_ago):
    day = TODAY - timedelta(days=days_ago)
    return datetime(day.year, day.month, day.day, tzinfo=SYDNEY)


# What needs attention


@pytest.fixture
def oversold(full):
    """
    Two shows with a single seat each, and many more tickets.
    """
    with full.write() as connection:
        connection.exec_driver_sql("UPDATE shows SET capacity = 1 WHERE id IN (3, 12)")


def test_every_page_says_what_needs_attention_and_the_door_does_not(
    enter, full, oversold, capsys, monkeypatch
):
    client = enter("manager")
    listed = client.get("/").text
    found = re.search(r"(\d+) things need your attention", listed)

    assert "2 shows are oversold" in words_of(listed)
    assert 'href="/shows/12"' in listed.partition('id="attention"')[2]
    line = f'href="/#attention">{found[0]}</a>'
    for path in ("/shows/1", "/calendar", "/money", "/accounts", "/runs", "/nothing"):
        assert line in client.get(path).text, path
    assert line not in listed
    for path in ("/door", "/door/12"):
        assert "your attention" not in client.get(path).text
    place = ("--database", str(full.file))
    words = ("waiting", "list", "--json")
    rows = json.loads(commands_here.run(monkeypatch, capsys, *place, *words).out)
    assert len(rows) == int(found[1])


def test_a_show_has_its_own_part_of_it(enter, oversold):
    client = enter("viewer")

    own = client.get("/shows/12").text

    assert "1 thing needs your attention" in own
    assert "oversold" in words_of(own.partition('id="attention"')[2])
    assert 'href="/#attention"' not in own


# Figures


def test_today_and_seven_days_are_compared_with_the_same_time_a_week_before(
    full, sandbox
):
    week = timedelta(days=7)
    with full.read() as connection:
        day, days = sales_over_time.read_recent_activity(
            connection, "day", "Australia/Sydney", NOW
        ).compared

    assert tickets(placed(sandbox, midnight(7), NOW - week)) == day.before.tickets
    assert tickets(placed(sandbox, midnight(13), NOW - week)) == days.before.tickets > 9
    assert tickets(placed(sandbox, midnight(6), NOW)) == days.sold.tickets
    assert days.earlier == (TODAY - timedelta(days=13), TODAY - timedelta(days=7))
    paid = [p for p in placed(sandbox, midnight(13), NOW - week) if p.was_paid]
    charged = sum(p.total for p in paid)
    assert days.before.charged == (Money(charged, "AUD"),)


@pytest.mark.parametrize("span", ["week", "month"])
def test_weeks_and_months_follow_the_calendar_of_the_venue(full, sandbox, span):
    def beginning(day):
        back = day.weekday() if span == "week" else day.day - 1
        return day - timedelta(days=back)

    expected = {}
    for purchase in sandbox.world.purchases:
        when = datetime.fromtimestamp(purchase.placed_at, UTC).astimezone(SYDNEY)
        first = beginning(when.date())
        expected[first] = expected.get(first, 0) + tickets([purchase])

    with full.read() as connection:
        found = sales_over_time.read_recent_activity(
            connection, span, "Australia/Sydney", NOW
        ).drawn

    assert len(found.days) == {"week": 13, "month": 12}[span]
    assert found.days[-1] == beginning(TODAY)
    assert [sold.tickets for sold in found.by_day] == [
        expected.get(day, 0) for day in found.days
    ]
    assert sum(expected.values()) > 100


@pytest.mark.parametrize("query", ["", "?per=week", "?per=month&show=revenue"])
def test_the_chart_is_also_a_table(enter, full, query):
    span = re.search(r"per=(\w+)", query)
    with full.read() as connection:
        found = sales_over_time.read_recent_activity(
            connection, span[1] if span else "day", "Australia/Sydney", NOW
        ).drawn
    page = enter("viewer").get(f"/{query}").text
    details = page.partition("The same as a table")[2].partition("</details>")[0]

    cells = [
        re.findall(r'<td class="n" data-label="[^"]+">([^<]*)</td>', row)
        for row in re.findall(r"<tr>(.*?)</tr>", details.partition("<tbody>")[2])
    ]

    assert [int(row[0]) for row in cells] == [
        sold.tickets for sold in reversed(found.by_day)
    ]
    assert [row[-1] for row in cells] == [
        f"{sold.charged_in('AUD').minor / 100:,.2f}" for sold in reversed(found.by_day)
    ]
    assert page.count("<g><title>") == len(found.days)


def test_no_two_platforms_have_one_colour():
    """
    Report files were as grey as Square: a bar of both was one block.
    """
    style = (Path(charts.__file__).parent / "static" / "pages.css").read_text()
    marks = [page_words.initials(name).lower() for name in CLASSES]

    assert len(marks) == len(set(marks)) == 6
    for scheme in re.findall(r":root \{ (--tt:[^}]*)\}", style):
        colours = [re.search(rf"--{mark}: (#\w+)", scheme)[1] for mark in marks]
        assert len(set(colours)) == 6
    for mark in marks:
        assert f".plot .{mark} {{ fill: var(--{mark}); }}" in style


def test_two_currencies_are_two_figures_and_never_a_sum():
    sold = Sold({"AUD": (3, 12_000), "NZD": (2, 5_000)})
    before = Sold({"AUD": (1, 10_000), "GBP": (4, 9_000)})
    day = date(2026, 11, 27)

    found = overview_page.figures_of(Comparison(day, day, 1, sold, before))

    assert [(f.text, f.unit, f.before, f.change) for f in found] == [
        ("120.00", "AUD", "100.00", 20),
        ("0.00", "GBP", "90.00", -100),
        ("50.00", "NZD", "0.00", None),
        ("5", "", "5", 0),
    ]


def test_a_production_says_what_it_brought_and_who_sells_it(
    enter, full, capsys, monkeypatch
):
    """
    The same as `financials list --per production --coming`.
    """
    place = ("--database", str(full.file))
    words = ("financials", "list", "--per", "production", "--coming", "--json")
    rows = json.loads(commands_here.run(monkeypatch, capsys, *place, *words).out)

    page = enter("viewer").get("/").text
    part = words_of(page.partition('id="productions"')[2].partition("</section>")[0])

    assert rows
    for row in rows:
        gross = f"{float(row['gross']):,.2f} {row['currency']}"
        line = f"{gross} · {row['tickets_sold']:,} sold via Ticket Tailor"
        assert f"{row['production']} {line}" in part


NO_SEPARATOR = re.compile(
    r"""(?:class="n"[^>]*>|<b>|class="big">)[^<>]*?(?<![\d,.])\d{4,}\s*<"""
)


@pytest.mark.parametrize(
    "path", ["/", "/money?period=", "/money?period=&per=month", "/productions/1"]
)
def test_numbers_of_tickets_have_separators_of_thousands(enter, full, path):
    with full.write() as connection:
        connection.exec_driver_sql(
            "UPDATE show_financials SET tickets_sold = 1450 + 1000 * show_id"
        )
    page = enter("viewer").get(path).text
    assert re.search(r"\b\d{1,3},\d{3}\b(?!\.)", page)
    assert NO_SEPARATOR.findall(page) == []
    assert not re.search(r"\b\d{4,} sold", page)


def test_a_number_without_separators_would_be_found():
    for line in (
        '<td class="n" data-label="Sold">4400</td>',
        '<td class="n" data-label="Sold">12/3474</td>',
        "<b>1450</b>",
    ):
        assert NO_SEPARATOR.search(line), line
    assert not NO_SEPARATOR.search('<td class="n">1,450/2,000</td>')


def test_a_show_in_another_zone_than_the_business_is_marked(enter, full):
    """
    On the overview and its production's page; the others are not.
    """
    viewer = enter("viewer")
    assert "Auckland time" not in viewer.get("/").text
    with full.write() as connection:
        first = connection.exec_driver_sql(
            "SELECT s.id, s.production_id FROM shows s JOIN show_links l "
            "ON l.show_id = s.id WHERE s.starts_at > '2026-09-01T00' "
            "ORDER BY s.starts_at, s.id"
        ).first()
        connection.exec_driver_sql(
            "UPDATE shows SET timezone = 'Pacific/Auckland' WHERE id = ?", (first.id,)
        )
    row = re.compile(r"<tr>\s*<td class=\"when\">(.*?)</td>\s*<th.*?/shows/(\d+)", re.S)
    marked = {
        int(id_)
        for when, id_ in row.findall(viewer.get("/").text)
        if "(Auckland time)" in when
    }
    assert marked == {first.id}
    page = viewer.get(f"/productions/{first.production_id}").text
    assert "(Auckland time)" in page


def test_what_nobody_sells_can_be_connected(enter, full):
    with full.write() as connection:
        connection.exec_driver_sql("DELETE FROM show_financials")
        connection.exec_driver_sql("DELETE FROM show_links")

    page = enter("viewer").get("/").text

    assert "Connect ticketing →" in page
    assert re.search(r'href="/productions/\d+#ticketing"', page)


def test_an_empty_database_shows_four_steps_and_nothing_below(database):
    manager = Visitor(1, "session", "manager", "", NOW, NOW)
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    site = Site(database, Settings(), setup=object())

    page = overview_page.overview_page(
        site, PageRequest(manager, {}, {}, {}, None, "")
    ).body.decode()

    assert "Four steps to the first figures" in page
    assert page.count('<li class="now">') == 1
    assert "<svg" not in page
    assert "<table" not in page
    assert "0.00" not in page


@pytest.mark.parametrize(
    ("values", "top"),
    [([], 2), ([1], 2), ([3], 4), ([9], 10), ([11], 20), ([245, 240], 300)],
)
def test_an_axis_ends_at_a_round_number_with_a_whole_middle(values, top):
    assert charts.round_top(values) == top
    assert top % 2 == 0
