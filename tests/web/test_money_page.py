"""
The money page: the same figures as the command and the file, whatever is chosen.
"""

import csv
import io
import re
from html import unescape

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update
from support import commands_here

from ticketsync.core.money import Money
from ticketsync.store.tables.catalogue import productions, shows
from ticketsync.store.tables.financials import show_financials
from ticketsync.web import money_chart, money_page, refunds_page

# URL of the page (its CSV has the same), and the words of the command.
CHOICES = [
    ("per=show&period=", ("--per", "show")),
    ("per=account&period=", ("--per", "account")),
    ("per=production&period=2026-08", ("--per", "production", "--period", "2026-08")),
    ("per=platform&period=this-year", ("--per", "platform", "--period", "this-year")),
    ("per=day&period=last-week", ("--per", "day", "--period", "last-week")),
    ("per=week&period=", ("--per", "week")),
    (
        "per=month&from=2026-08-20&to=2026-10-05",
        ("--per", "month", "--from", "2026-08-20", "--to", "2026-10-05"),
    ),
    (
        "per=venue&period=&when=past",
        ("--per", "venue", "--past"),
    ),
    (
        "per=show&period=&when=coming&sort=gross",
        ("--per", "show", "--coming", "--sort", "gross"),
    ),
    (
        "per=show&period=&production=Late+Laughs&account=tt&currency=AUD",
        (
            *("--per", "show", "--production", "late laughs"),
            *("--account", "tt", "--currency", "aud"),
        ),
    ),
]


@pytest.fixture
def command(full, monkeypatch, capsys):
    """
    Runs `financials list`, or that of another group, on the database of the pages.
    """

    def run(*words, group="financials"):
        place = ("--database", str(full.file))
        asked = (*place, group, "list", *words)
        return commands_here.run(monkeypatch, capsys, *asked).out

    return run


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def cells(html, part):
    """
    The texts of the cells that have a label, in each row of a part of the table.
    """
    body = re.search(rf"<{part}>(.*?)</{part}>", html, re.DOTALL)[1]
    return [
        {
            label: unescape(re.sub(r"<[^>]*>", "", cell)).split(" unknown")[0].strip()
            for label, cell in re.findall(
                r'data-label="([^"]*)">(.*?)</td>', row, re.DOTALL
            )
        }
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
    ]


def shown(amount):
    """
    An amount of a file as the page shows it.
    """
    return f"{float(amount):,.2f}" if amount else "–"


@pytest.mark.parametrize(("query", "words"), CHOICES, ids=[q for q, _ in CHOICES])
@pytest.mark.sampled(4)
def test_page_file_and_command_are_equal(enter, command, query, words):
    viewer = enter("viewer")
    answer = viewer.get(f"/money.csv?{query}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert answer.text == command(*words, "--format", "csv")
    lines = rows_of(answer.text)
    assert lines
    page = viewer.get(f"/money?{query}").text
    found = cells(page, "tbody")
    assert [
        tuple(row[name] for name in ("Gross", "Refunded", "Fees", "Tax", "Net"))
        for row in found
    ] == [
        tuple(shown(row[n]) for n in ("gross", "refunded", "fees", "tax", "net"))
        for row in lines
    ]
    assert [row["Sold"].partition("/")[0] for row in found] == [
        row["tickets_sold"] for row in lines
    ]
    (total, *_) = cells(page, "tfoot")
    assert total["Gross"] == shown(sum(float(row["gross"]) for row in lines))
    assert total["Net"] == "–"  # Ticket Tailor does not report its fees
    table = command(*words)
    assert all(shown(row["gross"]) in table for row in lines)
    assert total["Gross"] in table


@pytest.mark.parametrize("query", [q for q, _ in CHOICES])
@pytest.mark.sampled(4)
def test_the_workbook_has_the_lines_and_totals_of_the_page(enter, query):
    viewer = enter("viewer")
    answer = viewer.get(f"/money.xlsx?{query}")
    assert answer.headers["content-type"] == money_page.WORKBOOK
    assert '.xlsx"' in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["About", "money", "Totals"]
    page = viewer.get(f"/money?{query}").text
    about = dict(book.get_sheet_by_name("About").to_python())
    assert about["what"].partition(",")[0] in unescape(page)
    assert about["basis"] in unescape(page)
    names, *rows = book.get_sheet_by_name("money").to_python()
    lines = rows_of(viewer.get(f"/money.csv?{query}").text)
    assert [name.partition(" (")[0] for name in names] == list(lines[0])
    for name in ("tickets_sold", "gross", "refunded", "fees", "tax", "net", "currency"):
        place = names.index(name)
        found = [row[place] for row in rows]
        expected = [line[name] for line in lines]
        if name != "currency":
            expected = [float(text) if text else "" for text in expected]
        assert found == expected
    names, total = book.get_sheet_by_name("Totals").to_python()
    (shown_total, *_) = cells(page, "tfoot")
    for name in ("gross", "refunded", "net"):
        cell = total[names.index(name)]
        assert shown("" if cell == "" else cell) == shown_total[name.title()]


def test_without_a_period_it_is_this_month(enter):
    page = enter("viewer").get("/money").text
    assert "<h1>What the shows of September 2026 earned</h1>" in page
    assert "The day of the show counts, in Australia/Sydney." in page
    assert re.findall(r'aria-current="true">(.*?)</a>', page) == ["This month"]
    assert 'name="from" value="2026-09-01"' in page
    assert 'name="to" value="2026-09-30"' in page


def test_a_period_that_is_over_is_compared_with_the_one_before(enter, command):
    page = enter("viewer").get("/money?period=2026-08-24..2026-08-30").text
    gross = [
        sum(float(r["gross"]) for r in rows_of(command("--format", "csv", *days)))
        for days in (
            ("--period", "2026-08-24..2026-08-30"),
            ("--period", "2026-08-17..2026-08-23"),
        )
    ]
    change = round((gross[0] - gross[1]) / gross[1] * 100)
    words = f"▲ {change} % more" if change > 0 else f"▼ {-change} % less"
    assert change
    assert f"<b>{words}</b> than {gross[1]:,.2f} in 17–23 August 2026" in page
    # What comes has been sold in part only.
    assert " % " not in enter("viewer").get("/money?period=2026-09").text


def test_what_is_unknown_is_said_with_the_sum_of_the_rest(enter):
    page = enter("viewer").get("/money?period=").text
    assert "Fees are not reported by tt (" in page
    # Of none that is known there is no sum, and it is not 0.
    assert re.search(r"Net known, 0&nbsp;of&nbsp;\d+</dt><dd>\s*–\s*</dd>", page)
    assert re.search(r'data-label="Fees">\s*–\s*<small>0 of \d+</small>', page)
    assert 'class="unknown" tabindex="0" title="the fees of 1 of 1 account' in page


@pytest.mark.parametrize(
    ("money", "words"),
    [
        (Money(2_785_70, "AUD"), "2,786"),
        (Money(2_785_49, "AUD"), "2,785"),
        (Money(-12_50, "AUD"), "−13"),
        (Money(10_000, "JPY"), "10,000"),
        (Money(12_345, "KWD"), "12"),
        (Money(0, "AUD"), "0"),
    ],
)
def test_an_amount_on_a_scale_is_rounded_not_cut(money, words):
    assert money_chart.whole(money) == words


@pytest.mark.parametrize(
    ("money", "words"),
    [
        (Money(500_000_00, "AUD"), "500,000"),
        (Money(999_999_99, "AUD"), "1,000,000"),
        (Money(1_000_000_00, "AUD"), "1 M"),
        (Money(1_500_000_00, "AUD"), "1.5 M"),
        (Money(30_000_000, "JPY"), "30 M"),
        (Money(-2_000_000_00, "AUD"), "−2 M"),
        (Money(4_000_000_000_00, "AUD"), "4,000 M"),
    ],
)
def test_a_scale_has_room_for_every_amount(money, words):
    assert money_chart.on_scale(money) == words


def test_the_chart_has_days_weeks_or_months_where_there_are_many(enter):
    viewer = enter("viewer")
    for query, heading in (
        ("period=", "Show by show"),
        ("period=&per=production", "Per day"),
        ("period=&per=month", "Per month"),
    ):
        page = viewer.get(f"/money?{query}").text
        assert f'<h2 id="chart">{heading}</h2>' in page
        assert page.count("<rect") > 8


def bar(starts_local, production="Late Laughs", span="show"):
    amount = Money(1000, "AUD")
    names = ("gross", "refunded", "fees", "fees_known", "net_known")
    return {
        span: starts_local,
        "starts_local": starts_local,
        "production": production,
        **dict.fromkeys(names, amount),
    }


@pytest.mark.parametrize(
    ("rows", "below"),
    [
        (
            [bar("2026-11-17T19:30"), bar("2026-11-18T19:30")],
            [("17 Nov", ""), ("18 Nov", "")],
        ),
        (
            [bar("2026-11-18T19:30"), bar("2026-11-18T14:00")],
            [("18 Nov", "14:00"), ("18 Nov", "19:30")],
        ),
        (
            [bar("2026-11-18T19:30"), bar("2026-11-18T19:30", "The Glass Harbour")],
            [("18 Nov", "Late Laughs"), ("18 Nov", "The Glass H…")],
        ),
        (
            [bar("2026-11-18T19:30"), bar("2026-11-18T19:30")],
            [("18 Nov", "19:30, 1"), ("18 Nov", "19:30, 2")],
        ),
        (
            [bar("2026-11-18T19:30"), bar("2027-11-18T19:30")],
            [("18 Nov", ""), ("18 Nov", "2027")],
        ),
        (
            [
                *(bar("2026-11-18T19:30"), bar("2027-01-08T14:00")),
                *(bar("2027-01-08T19:30"), bar("2027-11-18T19:30")),
            ],
            [
                ("18 Nov", ""),
                ("8 Jan", "14:00"),
                ("8 Jan", "19:30"),
                ("18 Nov", "2027"),
            ],
        ),
        (
            [bar("2026-12-28", span="week"), bar("2027-01-04", span="week")],
            [("28 Dec", ""), ("4 Jan", "2027")],
        ),
    ],
    ids=["days", "times", "titles", "alike", "years", "a year of two", "weeks"],
)
def test_no_two_bars_of_the_chart_have_one_name(rows, below):
    span = "week" if "week" in rows[0] else "show"
    bars = money_page._bars(span, rows)
    assert [(b.label, b.note) for b in bars] == below
    assert len({*below}) == len(below)
    drawn = money_chart.money_bars("Earned", bars)
    assert [text for pair in below for text in pair if text] == [
        text
        for text in re.findall(r'text-anchor="middle">([^<]+)<', drawn)
        if text != "10"  # the figures above the bars
    ]


def test_a_long_table_ends_with_how_many_more_there_are(enter, monkeypatch):
    """
    The totals are those of all lines, and so is the file.
    """
    viewer = enter("viewer")
    whole = viewer.get("/money?period=").text
    monkeypatch.setattr(money_page, "SHOWN", 3)
    page = viewer.get("/money?period=").text
    number = len(cells(whole, "tbody"))
    assert len(cells(page, "tbody")) == 3
    assert f"And {number - 3} more lines, in the totals too" in page
    assert cells(page, "tfoot") == cells(whole, "tfoot")
    assert len(rows_of(viewer.get("/money.csv?period=").text)) == number


@pytest.mark.thorough
def test_the_form_has_what_is_chosen(enter):
    """
    In the form as it is named; a column that the new grouping does not have is dropped.
    """
    viewer = enter("viewer")
    page = viewer.get(
        "/money?period=last-night&production=late+laughs&account=tt&currency=nzd"
    ).text
    for text in ("Late Laughs", "tt", "NZD"):
        assert f"<option selected>{text}</option>" in page
    assert '<input type="hidden" name="period" value="last-night">' in page
    assert 'name="from" value=""' in page
    chosen = viewer.get("/money?period=last-night&from=2026-08-01&to=")
    assert "from 1 August 2026" in chosen.text
    for query in ("per=month&sort=date", "per=show&sort=shows"):
        page = viewer.get(f"/money?period=&{query}")
        assert (page.status_code, 'name="sort"' in page.text) == (200, False)
        assert viewer.get(f"/money.csv?period=&{query}").status_code == 200


def test_a_currency_that_earns_nothing_more_is_said(enter, full):
    with full.write() as connection:
        show = connection.scalar(
            select(shows.c.id).where(shows.c.starts_local.startswith("2026-08-2"))
        )
        connection.execute(
            update(shows)
            .where(shows.c.id == show)
            .values(starts_local="2026-08-22 19:30")
        )
        connection.execute(
            update(show_financials)
            .where(show_financials.c.show_id == show)
            .values(currency="NZD")
        )
        gross = connection.scalar(
            select(show_financials.c.gross).where(show_financials.c.show_id == show)
        )
    page = enter("viewer").get("/money?period=2026-08-24..2026-08-30").text
    was = f"{gross / 100:,.2f} from 1 show in 17–23 August 2026"
    assert f"NZD: nothing, after {was}." in page


@pytest.mark.thorough
def test_a_choice_that_is_none_is_explained(enter):
    viewer = enter("viewer")
    for query, status, words in (
        ("period=october", 400, "is not a period"),
        ("account=nobody", 404, "There is no account"),
        ("venue=nowhere", 404, "There is no venue"),
        ("production=nothing", 404, "There is no production"),
        ("currency=XXX", 400, "XXX"),
        ("when=never", 400, "neither past nor coming"),
        ("sort=colour", 400, "There is no column"),
        ("from=2026-10-01&to=2026-09-01", 400, "ends before it begins"),
    ):
        for path in ("/money", "/money.csv", "/money.xlsx"):
            answer = viewer.get(f"{path}?{query}")
            assert (answer.status_code, words in answer.text) == (status, True), query
    empty = viewer.get("/money?period=1999")
    assert empty.status_code == 200
    assert "Nothing played in 1999." in empty.text


def test_a_page_without_lines_names_the_nearest_shows_and_leads_there(enter):
    """
    Shows with figures play from 1 September to 29 November 2026 here.
    """
    viewer = enter("viewer")
    page = viewer.get("/money?period=2026-01..2026-07").text
    with_next = re.search(r'<p class="card">(Nothing.*?)</p>', page)[1]
    period = re.search(r"period=(2026-\d\d)", with_next)[1]
    assert with_next.startswith(
        "Nothing played 1 January – 31 July 2026. The next is on"
    )
    assert "Nothing" not in viewer.get(f"/money?period={period}").text
    later = viewer.get("/money?period=2031-08-09&per=month").text
    assert "Nothing plays on Saturday 9 August 2031. The last show was on" in later


WRONG_ADDRESSES = [
    ("per=colour", "per=colour is not one of show"),
    ("colour=red", "colour=red is not a filter of this page"),
    ("from=soon", "from=soon is not a date"),
    ("by=nobody", "by=nobody is not one of refund, show"),
]


@pytest.mark.parametrize(("asked", "words"), WRONG_ADDRESSES)
def test_a_file_is_refused_where_the_page_leaves_out_a_wrong_part(enter, asked, words):
    """
    A file cannot say what was left out of its address.
    """
    viewer = enter("viewer")
    for path in ("/money", "/money/refunds"):
        page = viewer.get(f"{path}?{asked}")
        assert page.status_code == 200
        is_wrong = "so it was left out" in page.text
        for ending in (".csv", ".xlsx") if path == "/money" else (".csv",):
            file = viewer.get(f"{path}{ending}?{asked}")
            assert file.status_code == (400 if is_wrong else 200), (path, ending)
            assert not is_wrong or words in file.text


DAY_FROM = {
    "reported": "the platform&#39;s date",
    "void": "the day of the void",
    "seen": "the day first seen",
    "assumed": "an assumed day (refunded before the first read)",
}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("period=", ()),
        ("period=2026-08", ("--period", "2026-08")),
        ("by=show&period=last-week", ("--by", "show", "--period", "last-week")),
        ("period=&production=Orchid+%26+Wire&when=past", ("--past",)),
    ],
)
def test_the_refunds_of_page_file_and_command_are_equal(enter, command, query, words):
    if "production" in query:
        words = ("--production", "Orchid & Wire", *words)
    viewer = enter("viewer")
    answer = viewer.get(f"/money/refunds.csv?{query}")
    assert answer.text == command(*words, "--format", "csv", group="refunds")
    lines = rows_of(answer.text)
    assert lines
    page = viewer.get(f"/money/refunds?{query}").text
    found = cells(re.sub(r"<tbody>.*?</tbody>", "", page, count=1, flags=re.S), "tbody")
    assert [(row["Day from"], row["Amount"]) for row in found] == [
        (DAY_FROM[row["basis"]], shown(row["amount"])) for row in lines
    ]
    assert [row["Order"].split()[0] for row in found] == [
        row["order_id"] for row in lines
    ]
    which = "show" if "by=show" in query else "refund"
    assert f"The day of the {which} counts, in Australia/Sydney." in page
    # Sums are separate for each basis.
    sums = re.search(r"<tbody>(.*?)</tbody>", page, re.S)[1]
    bases = sorted({row["basis"] for row in lines})
    assert sums.count("<tr>") == len(bases)
    for basis in bases:
        total = sum(float(r["amount"]) for r in lines if r["basis"] == basis)
        assert shown(total) in sums


@pytest.mark.thorough
def test_a_long_list_of_refunds_ends_with_how_to_see_more(enter, monkeypatch):
    """
    The sums are those of all refunds, and so is the file.
    """
    viewer = enter("viewer")
    whole = viewer.get("/money/refunds?period=").text
    monkeypatch.setattr(refunds_page, "SHOWN", 3)
    page = viewer.get("/money/refunds?period=").text

    def rows(text):
        return re.findall(r"<tbody>(.*?)</tbody>", text, re.S)

    assert rows(page)[0] == rows(whole)[0]
    assert rows(page)[1].count("<tr>") == 3 < rows(whole)[1].count("<tr>")
    assert "These are the newest 3." in page
    more = unescape(re.search(r'href="([^"]*rows=1000[^"]*)"', page)[1])
    assert rows(viewer.get(more).text) == rows(whole)
    assert "These are the newest" not in whole
    assert "rows=5 is not one of" in viewer.get("/money/refunds?rows=5").text


def test_the_name_of_an_account_or_order_does_not_break_out_of_the_page(enter, full):
    """
    Foreign text is escaped, in the table as in the chart.
    """
    with full.write() as connection:
        connection.execute(
            productions.update().values(title=productions.c.title + '<script>&"')
        )
    viewer = enter("viewer")
    for path in ("/money?period=", "/money/refunds?period="):
        page = viewer.get(path).text
        assert "&lt;script&gt;&amp;&#34;" in page
        assert "<script>&" not in page
    assert "<title>" in viewer.get("/money?period=").text
