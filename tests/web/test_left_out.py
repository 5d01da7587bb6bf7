"""
A part of an address that a page cannot use is left out, and the page says so in one
line above its content.
"""

import re
from html import unescape

import pytest
from support.web_pages import main_of

from ticketsync.web import query

LINE = re.compile(r'<p class="notice" role="status">(.*?)</p>')
OF_PAGES = [
    ("/money?from=2026-13-40", "from=2026-13-40 is not a date, so it was left out."),
    ("/money?per=hour", "per=hour is not one of show, "),
    ("/money?acount=tt", "acount=tt is not a filter of this page, so it was left out."),
    ("/money/refunds?to=2026-02-30", "to=2026-02-30 is not a date"),
    ("/money/refunds?by=order", "by=order is not one of refund, show"),
    ("/runs?account=tt", "account=tt is not a filter of this page"),
    ("/calendar?month=2026-13", "month=2026-13 is not a month"),
    ("/calendar?past=yes", "past=yes is not one of 0, 1"),
    ("/webhooks?state=broken", "state=broken is not one of "),
    ("/webhooks?platform=abc", "platform=abc is not one of "),
    ("/events?account=nobody", "account=nobody is not an account"),
    ("/events?unlinked=yes", "unlinked=yes is not one of 0, 1"),
    ("/shows/1?orders=many", "orders=many is not a number"),
    ("/?per=year", "per=year is not one of day, week, month"),
    ("/?show=seats", "show=seats is not one of tickets, revenue"),
]
USABLE = (
    *("/money?from=&to=2026-09-30&per=month", "/money?period=last-week&when=past"),
    *(
        "/money/refunds?by=show&from=yesterday",
        "/runs",
        "/events?account=tt&unlinked=1",
    ),
    *("/calendar?month=2026-11", "/calendar?past=0", "/webhooks?platform=&state=done"),
    *("/webhooks?platform=unknown", "/shows/1?orders=100", "/?per=week&show=revenue"),
)


def lines(response):
    return [unescape(line) for line in LINE.findall(main_of(response))]


@pytest.mark.parametrize(("address", "words"), OF_PAGES, ids=[a for a, _ in OF_PAGES])
@pytest.mark.sampled(4)
def test_each_page_says_what_it_left_out_and_shows_the_rest(enter, address, words):
    response = enter("viewer").get(address)

    (line,) = lines(response)
    assert words in line
    assert line.endswith("so it was left out.")
    assert main_of(response).index(line.partition(" ")[0]) < main_of(response).index(
        "<h1"
    )


@pytest.mark.thorough
def test_what_a_page_can_use_is_not_mentioned(enter):
    viewer = enter("viewer")

    assert [lines(viewer.get(address)) for address in USABLE] == [[]] * len(USABLE)


def test_a_wrong_day_of_a_page_is_this_month_and_its_file_is_refused(enter):
    """
    A file cannot say that it left something out.
    """
    viewer = enter("viewer")
    page = viewer.get("/money?from=2026-13-40")

    assert "What the shows of September 2026 earned" in page.text
    assert "2026-13-40" not in page.text.replace("from=2026-13-40 is not", "")
    assert viewer.get("/money.csv?from=2026-13-40").status_code == 400


def test_several_parts_are_one_line():
    found = query.check({"past": "yes", "x": "1"}, query.switch("past"))

    assert found.values == {}
    assert found.left_out == (
        "past=yes is not one of 0, 1, so it was left out. "
        "x=1 is not a filter of this page, so it was left out."
    )


def test_a_notice_and_its_account_are_known_to_every_page():
    asked = {"notice": "sync-requested", "account": "tt"}

    assert query.check(asked).left_out == ""
    assert query.check({"account": "tt"}).left_out != ""


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            {"past": "Call 0800 1 and give your password"},
            "What the address has for past is not one of 0, 1, so it was left out.",
        ),
        (
            {"Call 0800 1": "1"},
            "The address has a part that this page does not know, so it was left out.",
        ),
    ],
)
def test_a_link_cannot_put_words_on_our_pages(asked, line):
    assert query.check(asked, query.switch("past")).left_out == line
