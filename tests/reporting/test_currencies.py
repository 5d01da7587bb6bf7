"""
Every place that shows money says its currency and adds up each currency by itself. A
venue that sells in four of them, with its numbers worked out by hand:

    Gala      hall    AUD   2 x 30.00 =    60.00
              hall    NZD   3 x 40.00 =   120.00, of which 40.00 went back
              agency  AUD   1 x 25.50 =    25.50, of which it keeps 10 %: 2.55
    Recital   hall    JPY   4 x 2,500 =   10,000
              hall    KWD   1 x 12.345 =  12.345

So Gala is 3 tickets for 85.50 AUD and 3 for 120.00 NZD, and no sum has 205.50 in it.
"""

import csv
import io
import json
import re
import sys
from datetime import UTC, datetime
from html import unescape

import httpx
import pytest
from support import commands_here
from support.web_server import running

from ticketsync.core import clock
from ticketsync.core.settings import config
from ticketsync.reporting import figures_of_shows
from ticketsync.store import engine
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver

HEADING = (
    "order_number,line,event_name,event_id,show_id,venue,show_start,purchased_at,"
    "ticket_type,quantity,unit_price,discount,service_fee,tax,order_total,"
    "refunded_amount,status,checked_in,payment_method,currency"
)
GALA, RECITAL = "Gala,,,V,2026-09-10 19:30", "Recital,,,V,2026-09-11 19:30"
HALL = (
    f"H1,1,{GALA},2026-08-30 12:00,Adult,2,30.00,,,,,,paid,,card,AUD",
    f"H2,1,{GALA},2026-09-01 09:00,Adult,3,40.00,,,,,40.00,paid,,card,NZD",
    f"H3,1,{RECITAL},2026-08-30 12:00,Adult,4,2500,,,,,,paid,,card,JPY",
    f"H4,1,{RECITAL},2026-07-01 12:00,Box,1,12.345,,,,,,paid,,card,KWD",
)
AGENCY = (f"A1,1,{GALA},2026-09-01 09:30,Adult,1,25.50,,,,,,paid,,card,AUD",)
NEVER = ("205.50", "165.50", "145.50", "10,012.345", "10012.345")  # currencies mixed


@pytest.fixture
def run(home, frozen, monkeypatch, capsys):
    """
    Runs a command in this process, at a terminal of 120 columns.
    """
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments, code=0):
        done = commands_here.run(monkeypatch, capsys, *arguments, codes=(code,))
        assert not any(mixed in done.out for mixed in NEVER), done.out
        return done.out

    return run


@pytest.fixture
def venue(run, home, tmp_path):
    """
    The venue before it was ever read.
    """
    for name, lines in (("hall", HALL), ("agency", AGENCY)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "sold.csv").write_text("\n".join((HEADING, *lines)) + "\n")
    season = tmp_path / "season.csv"
    season.write_text(
        "production,starts_at\nGala,2026-09-10 19:30\nRecital,2026-09-11 19:30\n"
    )
    run(
        *("init", "--venue", "V", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    settings = home / "config.yaml"
    settings.write_text('accounts:\n  agency:\n    fees: {percent: "10"}\n')
    settings.chmod(0o600)
    for name in ("hall", "agency"):
        run(
            *("accounts", "add", "file", name, "--set", "recipe=ticketsync"),
            *("--set", f"watch={tmp_path / name}"),
            *("--set", "timezone=Australia/Sydney"),
        )
    run("events", "fetch")
    run("shows", "import", str(season))
    run("match", "--yes")
    return run


@pytest.fixture
def synced(venue):
    venue("sync")
    return venue


def printed(text):
    """
    The lines of a printed table, as the words in their cells.
    """
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]


def has(text, *rows):
    """
    Whether each of these rows stands there, once.
    """
    lines = printed(text)
    return [lines.count(list(row)) for row in rows] == [1] * len(rows)


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_financials_list_has_the_currency_of_each_row_and_a_total_for_each(synced):
    assert has(
        synced("financials", "list", "--per", "show-account"),
        (
            *("Thu 10 Sep 19:30", "Gala", "agency", "1", "25.50", "0.00"),
            *("2.55", "22.95", "AUD"),
        ),
        ("Thu 10 Sep 19:30", "Gala", "hall", "2", "60.00", "0.00", "–", "–", "AUD"),
        ("Thu 10 Sep 19:30", "Gala", "hall", "3", "120.00", "40.00", "–", "–", "NZD"),
        ("Fri 11 Sep 19:30", "Recital", "hall", "4", "10,000", "0", "–", "–", "JPY"),
        (
            *("Fri 11 Sep 19:30", "Recital", "hall", "1", "12.345", "0.000"),
            *("–", "–", "KWD"),
        ),
        # The hall reports no fees: what is known of 85.50 AUD is not a sum of fees.
        ("1 show, AUD", "3", "85.50", "0.00", "–", "–", "AUD"),
        ("1 show, JPY", "4", "10,000", "0", "–", "–", "JPY"),
        ("1 show, KWD", "1", "12.345", "0.000", "–", "–", "KWD"),
        ("1 show, NZD", "3", "120.00", "40.00", "–", "–", "NZD"),
    )


def test_f43_financials_list_has_one_line_per_show_and_currency(synced):
    """
    The hall reports neither fees nor tax, the agency's 2.55 of fees are known.
    """
    text = synced("financials", "list")
    assert has(
        text,
        ("Thu 10 Sep 19:30", "Gala", "3", "85.50", "0.00", "–", "–", "–", "AUD"),
        ("Thu 10 Sep 19:30", "Gala", "3", "120.00", "40.00", "–", "–", "–", "NZD"),
        ("Fri 11 Sep 19:30", "Recital", "4", "10,000", "0", "–", "–", "–", "JPY"),
        (
            *("Fri 11 Sep 19:30", "Recital", "1", "12.345", "0.000"),
            *("–", "–", "–", "KWD"),
        ),
        ("1 show, AUD", "3", "85.50", "0.00", "–", "–", "–", "AUD"),
        ("1 show, NZD", "3", "120.00", "40.00", "–", "–", "–", "NZD"),
    )
    assert text.startswith(
        "What all shows earned. The day of the show counts, in Australia/Sydney.\n"
    )
    assert (
        "AUD: fees 2.55 AUD and net 22.95 AUD are known, of 1 of the 2 account figures."
        in text
    )
    assert "NZD: no fees and no net are known." in text
    assert "Unknown fees: hall (2 shows)." in text
    assert "Unknown tax: agency (1 show) and hall (2 shows)." in text


def test_explain_adds_each_currency_by_itself(synced):
    """
    40.00 NZD that went back over three tickets: 13.34, 13.33, 13.33.
    """
    assert has(
        synced("financials", "explain", "Gala"),
        ("H2", "paid", "H2/1/1", "valid", "Adult", "40.00", "40.00", "13.34", "NZD"),
        ("A1", "paid", "A1/1/1", "valid", "Adult", "25.50", "25.50", "0.00", "AUD"),
        ("3 sold", "85.50", "85.50", "0.00", "AUD"),
        ("3 sold", "120.00", "120.00", "40.00", "NZD"),
    )


def test_financials_show_has_the_currency_on_every_amount(synced):
    text = synced("financials", "show", "Gala")
    assert has(
        text,
        ("Adult", "hall", "3", "0", "120.00", "120.00", "40.00", "NZD"),
        ("all types", "3", "0", "85.50", "85.50", "0.00", "AUD"),
        ("all types", "3", "0", "120.00", "120.00", "40.00", "NZD"),
        ("net", "22.95 AUD"),
        ("net before fees", "80.00 NZD"),
        ("fees", "2.55 AUD", "(schedule)"),
    )


def test_shows_show_has_a_total_for_each_currency(synced):
    assert has(
        synced("shows", "show", "Gala"),
        ("agency", "1", "25.50", "0.00", "2.55", "22.95", "AUD"),
        ("all", "3", "85.50", "0.00", "–", "–", "AUD"),
        ("all", "3", "120.00", "40.00", "–", "–", "NZD"),
    )


def test_the_total_of_shows_show_is_that_of_the_view(synced, home):
    totals = json.loads(synced("shows", "show", "Gala", "--json"))["totals"]
    assert [(row["currency"], row["gross"], row["net"]) for row in totals] == [
        ("AUD", "85.50", None),
        ("NZD", "120.00", None),
    ]
    assert totals[0]["starts_at"] == "2026-09-10T09:30:00Z"
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as connection:
        view = connection.exec_driver_sql(
            "SELECT currency, gross, net FROM show_totals ORDER BY show_id, currency"
        )
        assert view.all() == [
            ("AUD", 8550, None),
            ("NZD", 12000, None),
            ("JPY", 10000, None),
            ("KWD", 12345, None),
        ]
        view.close()
    database.close()


def test_sales_list_has_the_currency_of_each_order_and_a_total_for_each(synced):
    assert has(
        synced("sales", "list"),
        (
            *("01 Sep 09:00", "H2", "paid", "Gala", "file", "3"),
            *("120.00", "40.00", "–", "–", "NZD"),
        ),
        (
            *("01 Jul 12:00", "H4", "paid", "Recital", "file", "1"),
            *("12.345", "0.000", "–", "–", "KWD"),
        ),
        ("these orders", "3", "85.50", "0.00", "–", "–", "AUD"),
        ("these orders", "4", "10,000", "0", "–", "–", "JPY"),
        ("these orders", "1", "12.345", "0.000", "–", "–", "KWD"),
        ("these orders", "3", "120.00", "40.00", "–", "–", "NZD"),
    )


def test_the_result_of_a_sync_has_a_total_for_each_currency(venue):
    assert has(
        venue("sync"),
        ("Thu 10 Sep 19:30", "Gala", "hall", "+3", "+120.00", "+40.00", "6", "NZD"),
        ("Thu 10 Sep 19:30", "Gala", "agency", "+1", "+25.50", "–", "6", "AUD"),
        ("1 show, AUD", "+3", "+85.50", "–", "AUD"),
        ("1 show, JPY", "+4", "+10,000", "–", "JPY"),
        ("1 show, KWD", "+1", "+12.345", "–", "KWD"),
        ("1 show, NZD", "+3", "+120.00", "+40.00", "NZD"),
    )


def test_the_daily_report_has_a_total_for_each_currency(synced):
    """
    Since Monday, midnight in Sydney: 3 tickets in NZD and the agency's one.
    """
    assert has(
        synced("report", "daily"),
        ("Thu 10 Sep 19:30", "Gala", "–", "+4", "6", "0", "85.50 AUD"),
        ("120.00 NZD",),
        ("Fri 11 Sep 19:30", "Recital", "–", "–", "5", "0", "10,000 JPY"),
        ("12.345 KWD",),
        ("1 show, AUD", "+1", "3", "0", "85.50 AUD"),
        ("1 show, JPY", "–", "4", "0", "10,000 JPY"),
        ("1 show, KWD", "–", "1", "0", "12.345 KWD"),
        ("1 show, NZD", "+3", "3", "0", "120.00 NZD"),
    )


def test_on_a_screen_the_daily_report_has_room_for_names(synced, monkeypatch):
    """
    A second currency stands below the first one.
    """
    monkeypatch.setenv("COLUMNS", "80")
    lines = synced("report", "daily").splitlines()
    (first,) = [number for number, line in enumerate(lines) if " Recital " in line]
    assert lines[first].split()[-2:] == ["10,000", "JPY"]
    assert lines[first + 1].split() == ["12.345", "KWD"]
    assert "…" not in "".join(lines)


def test_the_daily_mail_has_a_total_for_each_currency(synced, home, tmp_path):
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    file = tmp_path / "mail.txt"
    with (home / "config.yaml").open("a") as stream:
        stream.write(f'notify:\n  command: [{sys.executable}, -c, "{code}", {file}]\n')
    synced("report", "daily", "--send")
    text = file.read_text()
    assert "+4 since Monday, 6 sold, 85.50 AUD + 120.00 NZD" in text
    assert "1 show, AUD\n   +1 since Monday, 3 sold, 85.50 AUD\n" in text
    assert "1 show, NZD\n   +3 since Monday, 3 sold, 120.00 NZD" in text
    assert not any(mixed in text for mixed in NEVER)


def test_the_weekly_report_says_what_last_weeks_shows_earned(synced, frozen, tmp_path):
    """
    On Monday, 14 September: Gala on Thursday and Recital on Friday. On the Monday
    after, nothing played, and there is something to compare with.
    """
    frozen(datetime(2026, 9, 13, 14, tzinfo=UTC))
    text = synced("report", "weekly")
    assert "What the shows of 7–13 September 2026 earned." in text
    assert has(
        text,
        ("Thu 10 Sep 19:30", "Gala", "3", "85.50", "0.00", "–", "–", "–", "AUD"),
        ("Thu 10 Sep 19:30", "Gala", "3", "120.00", "40.00", "–", "–", "–", "NZD"),
        ("1 show, AUD", "3", "85.50", "0.00", "–", "–", "–", "AUD"),
    )
    assert "AUD: no show earned anything in 31 August – 6 September 2026" in text
    week = json.loads(synced("report", "weekly", "--json"))
    assert (week["first"], week["last"]) == ("2026-09-07", "2026-09-13")
    assert {(t["currency"], t["shows"], t["gross"]) for t in week["totals"]} == {
        ("AUD", 1, "85.50"),
        ("JPY", 1, "10000"),
        ("KWD", 1, "12.345"),
        ("NZD", 1, "120.00"),
    }
    assert week["before"]["totals"] == week["without_figures"] == []
    by_file = read(synced("report", "weekly", "--format", "csv"))
    assert [row["gross"] for row in by_file] == [row["gross"] for row in week["shows"]]
    days = ("--per", "show", "--period", "last-week", "--json")
    assert json.loads(synced("financials", "list", *days)) == week["shows"]

    frozen(datetime(2026, 9, 20, 14, tzinfo=UTC))
    text = synced("report", "weekly")
    assert text.startswith("No show played in 14–20 September 2026.\n")
    assert "NZD: nothing, after 120.00 NZD from 1 show in 7–13 September 2026" in text


@pytest.mark.thorough
def test_the_mails_say_what_was_earned(synced, home, frozen, tmp_path):
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    file = tmp_path / "mail.txt"
    with (home / "config.yaml").open("a") as stream:
        stream.write(f'notify:\n  command: [{sys.executable}, -c, "{code}", {file}]\n')
    frozen(datetime(2026, 9, 13, 14, tzinfo=UTC))
    synced("report", "weekly", "--send")
    weekly = file.read_text()
    assert weekly.startswith(
        "V: 85.50 AUD + 10,000 JPY + 12.345 KWD + 120.00 NZD gross from the shows of "
        "7–13 September 2026\n"
    )
    gala = (
        "Thu 10 Sep 19:30  Gala\n"
        "   3 sold, gross 85.50 AUD, net unknown (known: 22.95 AUD, 1 of 2 account "
        "figures)\n"
        "   3 sold, gross 120.00 NZD, refunded 40.00 NZD, net unknown\n"
    )
    assert gala in weekly
    assert "1 show, JPY\n   4 sold, gross 10,000 JPY, net unknown\n" in weekly
    # The title, the shows, the totals and how they compare are apart.
    _, _, totals, compared = weekly.split("\n\n")
    assert totals.count("show") == 4
    assert compared.startswith("AUD: no show earned anything in 31 August")

    frozen(datetime(2026, 9, 10, 22, tzinfo=UTC))  # the next morning in Sydney
    synced("report", "daily", "--send")
    daily = file.read_text()
    assert f"Last night:\n{gala}\n" in daily
    assert "Fri 11 Sep 19:30  Recital" in daily
    assert "Last night:\nThu 10 Sep 19:30  Gala\n" in synced("report", "daily")
    assert [
        row["production"] for row in json.loads(synced("report", "daily", "--json"))
    ] == ["Recital"]
    assert not any(mixed in weekly + daily for mixed in NEVER)

    frozen(datetime(2026, 9, 27, 14, tzinfo=UTC))
    synced("report", "weekly", "--send")
    assert file.read_text().startswith("V: no show played in 21–27 September 2026\n")


def test_refunds_are_listed_with_their_day_and_its_basis(synced):
    """
    The file says nothing of when the 40.00 NZD went back: they were there at the first
    read, on the order's day.
    """
    text = synced("refunds", "list")
    assert has(
        text,
        (
            *("2026-09-01", "assumed", "40.00", "NZD", "H2", "hall"),
            *("Thu 10 Sep 19:30", "Gala"),
        ),
    )
    assert (
        "40.00 NZD, 1 refund by an assumed day (refunded before the first read)" in text
    )
    (row,) = json.loads(synced("refunds", "list", "--json"))
    assert [row] == json.loads(synced("export", "refunds", "--format", "json"))
    assert (row["on_day"], row["basis"], row["amount"], row["starts_local"]) == (
        *("2026-09-01", "assumed", "40.00"),
        "2026-09-10 19:30",
    )
    for words, number in (
        (("--period", "2026-08"), 0),
        (("--period", "this-month"), 1),
        (("--from", "2026-09-10", "--to", "2026-09-10"), 0),
        (("--by", "show", "--from", "2026-09-10", "--to", "2026-09-10"), 1),
        (("--account", "agency"), 0),
        (("--account", "hall", "--currency", "nzd", "--coming"), 1),
        (("--production", "Recital"), 0),
        (("--venue", "V", "--past"), 0),
    ):
        assert len(json.loads(synced("refunds", "list", *words, "--json"))) == number
    assert synced("refunds", "list", "--past") == "No refunds found.\n"


@pytest.mark.thorough
def test_every_format_writes_a_currency_with_its_own_digits(synced):
    """
    Whole yen, thousandths of a dinar; null where nothing is known.
    """
    figures = json.loads(synced("financials", "list", "--json"))
    assert [
        (row["currency"], row["gross"], row["refunded"], row["fees"], row["revenue"])
        for row in figures
    ] == [
        ("AUD", "25.50", "0.00", "2.55", "22.95"),
        ("AUD", "60.00", "0.00", None, "60.00"),
        ("NZD", "120.00", "40.00", None, "120.00"),
        ("JPY", "10000", "0", None, "10000"),
        ("KWD", "12.345", "0.000", None, "12.345"),
    ]
    assert json.loads(synced("export", "financials", "--format", "json")) == figures
    as_texts = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in figures
    ]
    assert read(synced("export", "financials")) == as_texts
    assert read(synced("financials", "list", "--format", "csv")) == as_texts
    orders = {row["order_id"]: row for row in read(synced("export", "sales"))}
    assert orders["H3"]["total"] == orders["H3"]["charged"] == "10000"
    assert orders["H4"]["charged"] == "12.345"
    assert json.loads(synced("sales", "list", "--json")) == json.loads(
        synced("export", "sales", "--format", "json")
    )
    parts = json.loads(synced("financials", "explain", "Recital", "--json"))
    assert {(p["currency"], p["charged"], p["tax"]) for p in parts} == {
        ("JPY", "2500", None),
        ("KWD", "12.345", None),
    }
    card = json.loads(synced("financials", "show", "Recital", "--json"))
    assert {(t["type_name"], t["gross"]) for t in card["ticket_types"]} == {
        ("Adult", "10000"),
        ("Box", "12.345"),
    }
    assert json.loads(synced("report", "daily", "--json"))[1]["gross"] == {
        "JPY": "10000",
        "KWD": "12.345",
    }
    (refund,) = read(synced("export", "refunds"))
    assert (refund["charged"], refund["amount"], refund["currency"]) == (
        "120.00",
        "40.00",
        "NZD",
    )
    (fee,) = read(synced("export", "fees"))
    assert (fee["amount"], fee["currency"]) == ("2.55", "AUD")


def test_amounts_leave_the_database_with_their_currency(synced, home):
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as connection:
        agency, hall, abroad = figures_of_shows.figures(connection, 1)
    database.close()
    assert str(agency.gross + hall.gross) == "85.50 AUD"
    with pytest.raises(ValueError, match="cannot be added"):
        agency.gross + abroad.gross


# The pages


@pytest.fixture
def page(synced, home):
    """
    Opens a page as its viewer sees it: its tables, rows of the texts of their cells.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        token = passes.issue(connection, "session", "viewer", "", clock.now())
    site = Site(database, config.load(None))
    with (
        running(web.create_app(Receiver(database, list), site)) as address,
        httpx.Client(base_url=address, cookies={COOKIE: token}) as client,
    ):

        def open_(path):
            answer = client.get(path)
            assert answer.status_code == 200
            assert not any(mixed in answer.text for mixed in NEVER)
            return answer.text

        yield open_
    database.close()


def words(html):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split()).replace(" ,", ",")


def rows(html):
    """
    All rows of all tables, as tuples of the texts of their cells.
    """
    return [
        tuple(
            words(cell)
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        )
        for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    ]


def test_j02_the_overview_counts_an_accounts_tickets_once_in_each_currency(page):
    """
    Today 3 in NZD at the hall and 1 at the agency; in seven days 2 in AUD and 4 in JPY
    besides. The one in KWD is of July.
    """
    html = page("/")
    found = rows(html)
    platforms = {
        (
            "FI Report files hall, AUD",
            "0",
            "2",
            "2",
            "60.00 AUD",
            "0.00 AUD",
            "just now",
        ),
        ("FI Report files hall, JPY", "0", "4", "4", "10,000 JPY", "0 JPY", "just now"),
        (
            "FI Report files hall, KWD",
            "0",
            "0",
            "1",
            "12.345 KWD",
            "0.000 KWD",
            "just now",
        ),
        (
            "FI Report files hall, NZD",
            "3",
            "3",
            "3",
            "120.00 NZD",
            "40.00 NZD",
            "just now",
        ),
        (
            "FI Report files agency, AUD",
            "1",
            "1",
            "1",
            "25.50 AUD",
            "0.00 AUD",
            "just now",
        ),
    }
    assert platforms <= {*found}
    assert [
        row for row in found if row[0].startswith("FI Report files hall")
    ] == sorted(row for row in platforms if row[0].startswith("FI Report files hall"))
    assert {
        ("Total AUD", "1", "3", "3", "85.50 AUD", "0.00 AUD", ""),
        ("Total JPY", "0", "4", "4", "10,000 JPY", "0 JPY", ""),
        ("Total KWD", "0", "0", "1", "12.345 KWD", "0.000 KWD", ""),
        ("Total NZD", "3", "3", "3", "120.00 NZD", "40.00 NZD", ""),
    } <= {*found}
    # The column adds up to what the card above says.
    today, week = re.search(
        r"Today Rev(.*?)7 days Rev(.*?)Gross is", words(html)
    ).groups()
    assert re.findall(r"gross (\S+ [A-Z]{3})|Tickets (\d+)", today) == [
        *(("25.50 AUD", ""), ("120.00 NZD", ""), ("", "4")),
    ]
    assert re.findall(r"gross (\S+ [A-Z]{3})|Tickets (\d+)", week) == [
        *(("85.50 AUD", ""), ("10,000 JPY", ""), ("120.00 NZD", ""), ("", "10")),
    ]
    assert sum(int(row[2]) for row in platforms) == 10


def test_the_overview_totals_the_shows_on_sale_by_currency(page):
    found = rows(page("/"))
    assert ("", "All 2, AUD", "3", "+3", "85.50 AUD") in found
    assert ("", "All 2, NZD", "3", "+3", "120.00 NZD") in found
    assert ("", "All 2, KWD", "1", "0", "12.345 KWD") in found


def test_the_page_of_a_show_totals_its_sources_and_types_by_currency(page):
    found = rows(page("/shows/1"))
    assert {
        ("Total AUD", "3", "85.50 AUD", "85.50 AUD", "0.00 AUD", "–", "–", ""),
        ("Total NZD", "3", "120.00 NZD", "120.00 NZD", "40.00 NZD", "–", "–", ""),
        ("Total AUD", "3", "0", "0", "85.50 AUD", "0.00 AUD"),
        ("Total NZD", "3", "0", "0", "120.00 NZD", "40.00 NZD"),
    } <= {*found}
    (fees,) = re.findall(r"<h2>Fees</h2>(.*?)</section>", page("/shows/1"), re.DOTALL)
    assert words(fees) == (
        "agency: Percentage, 2.55 AUD (schedule) Known in AUD: 2.55 AUD"
    )


def test_the_page_of_an_order_ends_in_its_own_currency(page):
    found = rows(page("/shows/1/orders/hall/H2"))
    assert next(row for row in found if row[0] == "3 count as sold") == (
        *("3 count as sold", "120.00 NZD", "0.00 NZD", "120.00 NZD"),
        *("40.00 NZD", "–", "–"),  # the file says nothing of tax
    )


def test_the_page_of_a_production_totals_it_by_currency(page):
    found = rows(page("/productions/2"))
    of_show = [row for row in found if row[0].startswith("Fri 11 Sep")]
    (show,) = [row for row in of_show if len(row) == 5]  # the next shows have three
    assert show[2:] == ("5", "10,000 JPY 12.345 KWD", "– –")
    assert {
        ("Total JPY", "4", "10,000 JPY", "–"),
        ("Total KWD", "1", "12.345 KWD", "–"),
    } <= {*found}
