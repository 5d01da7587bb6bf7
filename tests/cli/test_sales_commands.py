"""
Totals, reports and lists of sales on the command line: what was sold is written by
hand, and so is what they print.
"""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from support import commands_here
from support.saved_orders import BOUGHT, FIRST_DAY, order, prepare, recompute, save
from support.saved_orders import ticket as bought

from ticketsync.accounts import edits, state
from ticketsync.core import digest
from ticketsync.core.records import Fee, Refund
from ticketsync.sales import raw_records
from ticketsync.sales.compressed_records import Version, pack
from ticketsync.store import engine
from ticketsync.store.tables.sales import buyers, tickets

FIGURES = [
    *("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in", "face"),
    *("discounts", "gross", "fees", "refunded", "tax", "tax_remitted", "net"),
    "net_before_fees",
]
SUMS = ["currency", "shows", "capacity", *FIGURES]
MADE_OF = (
    *("buyer_fees", "addons", "donations"),
    *("vouchers", "tax_added", "unexplained"),
)
PARTS = (
    *("figures", "fees_unknown", "tax_unknown"),
    *("fees_known", "tax_known", "net_known"),
)
COLUMNS = {
    "show": [
        *("show_id", "production", "starts_at", "starts_local", "venue", "currency"),
        *("capacity", *FIGURES),
    ],
    "account": ["account", "provider", *SUMS],
    "production": ["production_id", "production", *SUMS, "platforms"],
    "venue": ["venue", *SUMS],
    "platform": ["platform", *SUMS],
    "day": ["day", *SUMS],
    "week": ["week", *SUMS],
    "month": ["month", *SUMS],
}


@pytest.fixture
def ticketsync(home, frozen, monkeypatch, capsys):
    """
    Runs a command in this process on the morning of 1 October, in a venue that sold
    two orders: one of Ben's for Friday 6 November, and one of two tickets for Saturday,
    with a code, 1.40 of fees and 5.00 back.
    """
    frozen(FIRST_DAY)
    monkeypatch.setenv("COLUMNS", "80")
    database = engine.create_database(str(home / "ticketsync.db"))
    prepare(database)
    save(
        database,
        order(bought(1, 3333), id_="or_1"),
        order(
            bought(3, 3000, date="ev_2"),
            bought(4, 4000, date="ev_2"),
            id_="or_2",
            placed_at=BOUGHT + timedelta(hours=1),
            refunds=(Refund("rf_1", 500),),
            fees=(Fee("Platform", 140),),
            promo_code="EARLY",
            discounts=300,
        ),
        at=FIRST_DAY,
    )
    with database.write() as connection:
        ben = {"order_id": 1, "name": "Ben", "email": "b@example.org", "phone": ""}
        connection.execute(insert(buyers).values(**ben))
    recompute(database)

    def run(*words, code=0):
        found = commands_here.run(monkeypatch, capsys, *words, codes=(code,))
        run.said = found.err
        return found.err if code else found.out

    run.database = database
    yield run
    database.close()


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("per", COLUMNS)
def test_financials_per_group_in_every_format(ticketsync, per):
    found = json.loads(ticketsync("financials", "list", "--per", per, "--json"))
    assert list(found[0]) == [*COLUMNS[per], *PARTS, *MADE_OF]
    lines = rows_of(ticketsync("financials", "list", "--per", per, "--format", "csv"))
    assert list(lines[0]) == [*COLUMNS[per], *PARTS, *MADE_OF]
    assert [row["gross"] for row in lines] == [row["gross"] for row in found]
    table = ticketsync("financials", "list", "--per", per)
    assert "103.33" in table
    assert max(map(len, table.splitlines())) <= 80


def test_a_week_is_named_by_its_monday_and_a_month_by_its_number(ticketsync):
    for per, name in (("day", "2026-11-06"), ("week", "2026-11-02")):
        first, *_ = json.loads(ticketsync("financials", "list", "--per", per, "--json"))
        assert first[per] == name
    (month,) = json.loads(ticketsync("financials", "list", "--per", "month", "--json"))
    assert (month["month"], month["shows"], month["gross"]) == ("2026-11", 2, "103.33")
    assert (month["fees"], month["net"], month["refunded"]) == (None, None, "5.00")


def test_a_period_holds_the_shows_that_play_in_it(ticketsync):
    words = ("financials", "list", "--period", "2026-11-07")
    (row,) = json.loads(ticketsync(*words, "--json"))
    assert (row["show_id"], row["net"]) == (2, "63.60")
    (row,) = json.loads(ticketsync(*words, "--per", "production", "--json"))
    assert (row["shows"], row["capacity"], row["net"]) == (1, 240, "63.60")
    assert ticketsync("financials", "list", "--period", "2025") == (
        "Nothing played in 2025. The next is on Friday 6 November 2026.\n"
        "See: ticketsync financials list --period 2026-11\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("financials", "list", "--per", "year"),
        ("financials", "list", "--period", "october"),
        ("report", "sales", "--per", "account"),
        ("report", "sales", "--by", "payout"),
        ("report", "promo", "--period", "2026-13"),
    ],
)
def test_what_is_not_possible_is_a_usage_error(ticketsync, words):
    assert "ticketsync: usage: " in ticketsync(*words, code=2)


def test_a_production_shows_its_totals_and_next_shows_above_its_list(ticketsync):
    text = ticketsync("productions", "show", "Late Laughs")
    total, _, rest = text.partition("via Ticket Tailor\n")
    words = total.splitlines()[-1].split()
    assert words == ["2", "3", "480", "103.33", "5.00", "–", "–", "AUD"]
    assert "Next shows:\n  Fri 06 Nov 19:30: 1 of 240 sold\n" in rest
    listed = json.loads(ticketsync("productions", "show", "Late Laughs", "--json"))
    assert [show["id"] for show in listed] == [1, 2]
    ticketsync("shows", "exclude", "1")
    text = ticketsync("productions", "show", "Late Laughs")
    assert "Next shows:\n  Sat 07 Nov 19:30: 2 of 240 sold\n" in text


def test_a_second_reason_to_exclude_a_show_names_the_first(ticketsync):
    ticketsync("shows", "exclude", "1", "--reason", "a private party")
    assert "The reason before" not in ticketsync.said
    ticketsync("shows", "exclude", "1", "--reason", "the film club")
    assert ticketsync.said.endswith(
        'excluded. The reason before was "a private party".\n'
    )


def test_report_sales_in_every_format(ticketsync):
    words = ("report", "sales")
    assert json.loads(ticketsync(*words, "--json")) == [
        {
            "day": "2026-09-30",
            "currency": "AUD",
            "tickets": 1,
            "gross": "33.33",
            "refunded": "0.00",
            "tax_remitted": "0.00",
            "fees": None,
            "net": None,
        },
        {
            "day": "2026-10-01",
            "currency": "AUD",
            "tickets": 2,
            "gross": "70.00",
            "refunded": "5.00",
            "tax_remitted": "0.00",
            "fees": "1.40",
            "net": "63.60",
        },
    ]
    assert ticketsync(*words, "--per", "month", "--format", "csv") == (
        "month,currency,tickets,gross,refunded,tax_remitted,fees,net\n"
        "2026-09,AUD,1,33.33,0.00,0.00,,\n"
        "2026-10,AUD,2,70.00,5.00,0.00,1.40,63.60\n"
    )
    assert ticketsync(
        *words, "--by", "show", "--per", "show", "--period", "2026-11-07..", "--json"
    ) == ticketsync(*words, "--per", "show", "--period", "2026-10", "--json")
    *_, total = [x for x in ticketsync(*words).splitlines() if x.strip()]
    assert total.split() == ["all", "3", "103.33", "5.00", "–", "–", "AUD"]
    assert ticketsync(*words, "--period", "2025") == "No sales found.\n"


def test_report_sales_says_which_day_is_meant_and_names_what_has_none(ticketsync):
    """
    A ticket of 12.00 came without an order, and so without a day of sale.
    """
    with ticketsync.database.write() as connection:
        guest = {"provider_id": "it_9", "order_id": None, "charged": 1200, "face": 1200}
        first = connection.execute(select(tickets).where(tickets.c.id == 1)).one()
        values = {k: v for k, v in first._mapping.items() if k != "id"}
        connection.execute(insert(tickets).values({**values, **guest}))
    heading, _, september, october, unknown, *_ = table_of(
        ticketsync("report", "sales", "--per", "month")
    )
    assert heading[:3] == ["MONTH OF SALE", "SOLD", "GROSS"]
    assert september[:3] == ["2026-09", "1", "33.33"]
    assert october[:3] == ["2026-10", "2", "70.00"]
    assert unknown[:3] == ["no day known", "1", "12.00"]
    for words, title in (
        (("--per", "day"), "DAY OF SALE"),
        (("--per", "week"), "WEEK OF SALE FROM"),
        (("--per", "month", "--by", "show"), "MONTH OF SHOW"),
    ):
        heading, *_ = table_of(ticketsync("report", "sales", *words))
        assert heading[0] == title
    found = json.loads(ticketsync("report", "sales", "--per", "month", "--json"))
    assert [row["month"] for row in found] == ["2026-09", "2026-10", None]


def table_of(text):
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def test_report_platforms_has_rates_in_per_cent(ticketsync):
    """
    1.40 of 70.00 are 2.0 %, 5.00 are 7.1 %.
    """
    words = ("report", "platforms", "--period", "2026-10")
    assert json.loads(ticketsync(*words, "--json")) == [
        {
            "platform": "ticket_tailor",
            "currency": "AUD",
            "tickets": 2,
            "gross": "70.00",
            "fees": "1.40",
            "fee_rate": "2.0",
            "refunded": "5.00",
            "refund_rate": "7.1",
            "net": "63.60",
        }
    ]
    assert "2.0 %" in ticketsync(*words)
    (always,) = rows_of(ticketsync("report", "platforms", "--format", "csv"))
    assert (always["fees"], always["fee_rate"], always["refund_rate"]) == (
        "",
        "",
        "4.8",
    )


def test_report_promo(ticketsync):
    assert ticketsync("report", "promo", "--format", "csv") == (
        "promo_code,currency,orders,tickets,discount,gross\nEARLY,AUD,1,2,3.00,70.00\n"
    )
    assert json.loads(ticketsync("report", "promo", "--json"))[0]["discount"] == "3.00"
    assert "EARLY" in ticketsync("report", "promo")
    assert ticketsync("report", "promo", "--period", "2025") == (
        "No order with a promo code found.\n"
    )


def test_sales_have_platform_fees_net_purchaser_and_code(ticketsync):
    new = ("platform", "fees", "net", "purchaser", "promo_code")
    found = json.loads(ticketsync("sales", "list", "--json"))
    assert [list(row)[-11:] for row in found] == [[*new, *MADE_OF]] * 2
    assert [tuple(row[name] for name in new) for row in found] == [
        ("ticket_tailor", "1.40", "63.60", None, "EARLY"),
        ("ticket_tailor", None, None, "Ben", None),
    ]
    exported = rows_of(ticketsync("export", "sales"))
    assert [tuple(row[name] for name in new) for row in exported] == [
        ("ticket_tailor", "1.40", "63.60", "", "EARLY"),
        ("ticket_tailor", "", "", "Ben", ""),
    ]
    table = ticketsync("sales", "list")
    assert max(map(len, table.splitlines())) <= 80
    assert "FEES" not in table


def test_a_wide_terminal_also_shows_platform_fees_net_promo_code_and_purchaser(
    ticketsync, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "170")
    table = ticketsync("sales", "list")
    heading = table.splitlines()[0].split()
    assert {"PLATFORM", "FEES", "NET", "PROMO", "PURCHASER"} < set(heading)
    for value in ("ticket_tailor", "1.40", "63.60", "EARLY", "Ben"):
        assert value in table


def test_the_fees_and_net_of_an_orders_parts_add_up_to_it(ticketsync):
    """
    An order over both nights, with 1.01 of fees and 10.01 back.
    """
    save(
        ticketsync.database,
        order(
            bought(7, 3000),
            bought(8, 4000, date="ev_2"),
            id_="or_7",
            fees=(Fee("Platform", 101),),
            refunds=(Refund("rf_7", 1001),),
        ),
        at=FIRST_DAY,
    )
    parts = [
        row
        for row in json.loads(ticketsync("sales", "list", "--json"))
        if row["order_id"] == "or_7"
    ]
    assert [row["show_id"] for row in parts] == [1, 2]
    for name, cents in (("fees", 101), ("net", 7000 - 1001 - 101)):
        assert sum(round(float(row[name]) * 100) for row in parts) == cents


# Raw records


def keep_raw(database, account_id, *records):
    """
    Each record as a version that was read a day after the one before it.
    """
    with database.write() as connection:
        for number, record in enumerate(records):
            data = json.dumps(record).encode()
            block = pack([Version(record["id"], digest.content(data), data)])
            at = FIRST_DAY + timedelta(days=number)
            raw_records.save_versions(connection, account_id, "order", [block], at)


FIRST = {"id": "or_1", "total": 3333, "status": "pending", "buyer_details": {}}
PAID = {
    "id": "or_1",
    "total": 3333,
    "status": "completed",
    "buyer_details": {"name": "Ben", "email": "b@example.org"},
}


def test_raw_records_are_shown_with_their_times_the_newest_last(ticketsync):
    keep_raw(ticketsync.database, 1, FIRST, PAID)
    found = json.loads(ticketsync("sales", "raw", "or_1"))
    assert found == json.loads(ticketsync("sales", "raw", "or_1", "--json"))
    assert [
        (v["account"], v["platform"], v["order_id"], v["fetched_at"]) for v in found
    ] == [
        ("tt", "ticket_tailor", "or_1", "2026-10-01T02:00:00Z"),
        ("tt", "ticket_tailor", "or_1", "2026-10-02T02:00:00Z"),
    ]
    assert [v["record"]["status"] for v in found] == ["pending", "completed"]


def test_people_are_masked_in_raw_records_even_if_they_were_stored(ticketsync):
    keep_raw(ticketsync.database, 1, PAID)
    text = ticketsync("sales", "raw", "or_1")
    assert "Ben" not in text
    assert "example.org" not in text


def test_an_order_of_several_accounts_needs_the_account(ticketsync):
    with ticketsync.database.write() as connection:
        new = state.NewAccount("two", "ticket_tailor", None, "env", "K", "", None)
        edits.add_account(connection, new, FIRST_DAY)
    keep_raw(ticketsync.database, 1, FIRST)
    keep_raw(ticketsync.database, 2, PAID)
    message = ticketsync("sales", "raw", "or_1", code=2)
    assert "tt, two" in message
    assert "--account" in message
    (version,) = json.loads(ticketsync("sales", "raw", "or_1", "--account", "two"))
    assert (version["account"], version["record"]["status"]) == ("two", "completed")


def test_an_order_without_a_raw_record_is_not_found(ticketsync):
    assert "no raw record" in ticketsync("sales", "raw", "or_nobody", code=2)
