"""
A total is the sum of its parts: per currency, and unknown as soon as one part is.
"""

import itertools
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, text, update
from support.dates import NOW
from support.saved_orders import BOUGHT, FIRST_DAY, order, prepare, recompute, save
from support.saved_orders import ticket as bought

from ticketsync.accounts import edits, state
from ticketsync.catalogue import new_shows, shows
from ticketsync.core import periods, tables
from ticketsync.core.records import Fee, Refund
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.reporting import figures_of_shows, grouped_figures, sales_report
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import orders
from ticketsync.workflows import own_fee_rates

SYDNEY = "Australia/Sydney"
COUNTS = ("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in")
KNOWN = ("face", "discounts", "gross", "refunded", "tax_remitted", "net_before_fees")
UNKNOWN = ("fees", "tax", "net")
ACCOUNTS = {"tt": "ticket_tailor", "eb": "eventbrite", "hx": "humanitix"}
KEYS = {
    "show": "show_id",
    "account": "account",
    "production": "production",
    "venue": "venue",
    "platform": "provider",
    "day": "day",
    "week": "week",
    "month": "month",
}


def figures_by_chance(chance, show, account, currency):
    gross, refunded, remitted = (chance.randrange(0, 90_000) for _ in range(3))
    fees = chance.choice([None, 0, chance.randrange(0, 900), chance.randrange(0, 900)])
    kept = gross - refunded - remitted
    return {
        "show_id": show,
        "account_id": account,
        "currency": currency,
        **{name: chance.randrange(0, 50) for name in COUNTS},
        "face": gross,
        "discounts": chance.randrange(0, 900),
        "gross": gross,
        "fees": fees,
        "fees_source": "unknown" if fees is None else "reported",
        "refunded": refunded,
        "tax": chance.choice([None, 5, 7]),
        "tax_remitted": remitted,
        "net": None if fees is None else kept - fees,
        "net_before_fees": kept,
        "updated_at": NOW,
    }


@pytest.fixture
def season(database):
    """
    Twelve shows of three productions at two venues, with figures by chance in three
    currencies on three accounts; every third show has no capacity.
    """
    chance = random.Random(8)
    rows = []
    with database.write() as connection:
        for venue in ("The Cellar", "The Loft"):
            shows.add_venue(connection, venue, SYDNEY, "AUD")
        for name, provider in ACCOUNTS.items():
            new = state.NewAccount(name, provider, None, "env", "K", "", None)
            edits.add_account(connection, new, NOW)
        for number in range(1, 13):
            new = new_shows.NewShow(
                production=f"Work {number % 3}",
                starts_at=NOW + timedelta(days=5 * number, hours=3 * number),
                venue=("The Cellar", "The Loft")[number % 2],
                timezone=SYDNEY,
                currency="AUD",
                capacity=None if number % 4 == 0 else 100 + number,
                reference=None,
            )
            show = new_shows.add_show(connection, new)
            for account in range(1, 4):
                rows += [
                    figures_by_chance(chance, show.id, account, currency)
                    for currency in ("AUD", "JPY", "NZD")
                    if chance.random() < 0.5
                ]
        connection.execute(insert(show_financials), rows)
        listed = {show.id: show for show in shows.list_shows(connection)}
    return database, rows, listed


def described(row, listed):
    """
    A row of figures with everything that it can be grouped by.
    """
    show = listed[row["show_id"]]
    day = date.fromisoformat(show.starts_local[:10])
    account = list(ACCOUNTS)[row["account_id"] - 1]
    return {
        **row,
        "production": show.production,
        "venue": show.venue,
        "account": account,
        "provider": ACCOUNTS[account],
        "day": str(day),
        "week": str(day - timedelta(days=day.weekday())),
        "month": str(day)[:7],
    }


def plain_sums(rows, key):
    grouped = defaultdict(list)
    for row in rows:
        grouped[row[key], row["currency"]].append(row)
    return {
        group: {
            **{n: sum(row[n] for row in found) for n in (*COUNTS, *KNOWN)},
            **{
                n: None
                if any(row[n] is None for row in found)
                else sum(row[n] for row in found)
                for n in UNKNOWN
            },
        }
        for group, found in grouped.items()
    }


def as_sums(table, key):
    names = (*COUNTS, *KNOWN, *UNKNOWN)
    rows = [dict(zip(table.names, row, strict=True)) for row in table.rows]
    found = {
        (row[key], row["currency"]): {name: row[name] for name in names} for row in rows
    }
    assert len(found) == len(rows)
    return found


def test_a_group_is_the_sum_of_its_figures(season):
    database, rows, listed = season
    assert len(grouped_figures.GROUPINGS) == 8
    for per in grouped_figures.GROUPINGS:
        key = "platform" if per == "platform" else KEYS[per]
        with database.read() as connection:
            table = grouped_figures.grouped_table(connection, per).loaded()
        expected = plain_sums([described(row, listed) for row in rows], KEYS[per])
        assert as_sums(table, key) == expected, per
        assert any(sums["net"] is None for sums in expected.values()), per


def test_only_the_shows_of_the_period_are_summed_up(season):
    database, rows, listed = season
    period = periods.parse_period("2026-09-20..2026-10-10")
    within = [
        item
        for row in rows
        if period.first.isoformat()
        <= (item := described(row, listed))["day"]
        <= period.last.isoformat()
    ]
    assert 0 < len(within) < len(rows)
    chosen = FigureFilter(period=period)
    for per in grouped_figures.GROUPINGS:
        key = "platform" if per == "platform" else KEYS[per]
        with database.read() as connection:
            table = grouped_figures.grouped_table(connection, per, chosen)
            assert as_sums(table, key) == plain_sums(within, KEYS[per])
            alone = figures_of_shows.figures(connection, chosen=chosen)
    assert {f.show_id for f in alone} == {row["show_id"] for row in within}


def test_a_production_counts_its_shows_seats_and_platforms(season):
    """
    The seats of a show count once however many accounts sell it, and are unknown
    together where those of one show are.
    """
    database, rows, listed = season
    by_group = defaultdict(set)
    platforms = defaultdict(set)
    for row in (described(row, listed) for row in rows):
        by_group[row["production"], row["currency"]].add(row["show_id"])
        platforms[row["production"], row["currency"]].add(row["provider"])
    with database.read() as connection:
        found = connection.execute(text("SELECT * FROM production_totals")).all()
    assert len(found) == len(by_group)
    for row in found:
        numbers_ = by_group[row.production, row.currency]
        seats = [listed[n].capacity for n in numbers_]
        assert row.shows == len(numbers_)
        assert row.capacity == (None if None in seats else sum(seats))
        assert row.platforms.split(", ") == sorted(
            platforms[row.production, row.currency]
        )


def test_the_values_of_a_production_are_those_of_the_view(season):
    database, _, _ = season
    with database.read() as connection:
        production_id = shows.get_production_id(connection, "Work 1")
        values = grouped_figures.production_totals(connection, production_id)
        view = connection.execute(
            text("SELECT * FROM production_totals WHERE production = 'Work 1'")
        ).all()
    assert [item.currency for item in values] == sorted(row.currency for row in view)
    by_currency = {row.currency: row for row in view}
    for item in values:
        row = by_currency[item.currency]
        assert item.gross.minor == row.gross
        assert (item.net and item.net.minor) == row.net
        assert item.providers == row.platforms.split(", ")


# Sales by day


RATE = FeeSchedule(
    per_ticket=Decimal("0.65"), percent=Decimal("1.75"), per_order=Decimal("0.30")
)


@pytest.fixture
def sold(database):
    """
    Bought at 23:30 on 30 September in Sydney: a Friday and a Saturday in one order,
    whose fees are not reported. An hour later: two Saturdays, with 1.40 of fees, and
    5.00 back. A guest's ticket is free.
    """
    prepare(database)
    save(
        database,
        order(bought(1, 3333), bought(2, 4444, date="ev_2"), id_="or_1"),
        order(
            bought(3, 3000, date="ev_2"),
            bought(4, 4000, date="ev_2"),
            bought(5, 0, date="ev_2"),
            id_="or_2",
            placed_at=BOUGHT + timedelta(hours=1),
            refunds=(Refund("rf_1", 500),),
            fees=(Fee("Platform", 140),),
        ),
        at=FIRST_DAY,
    )
    return database


def report(database, per, rate=None, **options):
    settings = Settings(
        accounts={} if rate is None else {"tt": AccountSettings(fees=(rate,))}
    )
    with database.read() as connection:
        rates = own_fee_rates.own_rates(connection, settings)
        table = sales_report.sales_table(connection, per, rates, zone=SYDNEY, **options)
    return [tuple(row) for row in table.rows]


def test_sales_belong_to_the_venues_day(sold):
    recompute(sold)
    assert report(sold, "day") == [
        (date(2026, 9, 30), "AUD", 2, 7777, 0, 0, None, None),
        (date(2026, 10, 1), "AUD", 3, 7000, 500, 0, 140, 6360),
    ]
    assert report(sold, "week") == [
        (date(2026, 9, 28), "AUD", 5, 14777, 500, 0, None, None)
    ]
    assert report(sold, "month") == [
        ("2026-09", "AUD", 2, 7777, 0, 0, None, None),
        ("2026-10", "AUD", 3, 7000, 500, 0, 140, 6360),
    ]
    october = periods.parse_period("2026-10")
    assert report(sold, "platform", period=october) == [
        ("ticket_tailor", "AUD", 3, 7000, 500, 0, 140, 6360)
    ]
    assert report(sold, "show", period=october) == [
        ("2026-11-07 19:30", 2, "Late Laughs", "AUD", 3, 7000, 500, 0, 140, 6360)
    ]


def test_by_show_they_belong_to_the_day_of_the_show(sold):
    recompute(sold)
    assert report(sold, "day", by="show") == [
        (date(2026, 11, 6), "AUD", 1, 3333, 0, 0, None, None),
        (date(2026, 11, 7), "AUD", 4, 11444, 500, 0, None, None),
    ]
    october = periods.parse_period("2026-10")
    assert report(sold, "day", by="show", period=october) == []


def test_your_own_rate_is_in_the_fees_of_its_order(sold):
    """
    77.77 at 1.75 % is 1.36; two tickets at 0.65 and 0.30 for the order: 2.96. Of it
    Friday has 0.65 + 0.58 + 0.13, Saturday 0.65 + 0.78 + 0.17.
    """
    figures, _ = recompute(sold, RATE)
    assert [row[-2:] for row in report(sold, "day", RATE)] == [
        (296, 7777 - 296),
        (140, 6360),
    ]
    by_show = {row[1]: row[-2] for row in report(sold, "show", RATE)}
    assert by_show == {1: 136, 2: 160 + 140}
    assert (figures["ev_1"].fees, figures["ev_2"].fees) == (136, 300)


def test_only_orders_of_an_account_with_a_rate_are_billed_by_it(sold):
    """
    The first order's 2.96; nothing for the other one, whose fees are reported, and
    nothing for an account that has no rate of its own.
    """
    with sold.read() as connection:
        for name, expected in (("tt", 296), ("another", 0)):
            settings = Settings(accounts={name: AccountSettings(fees=(RATE,))})
            rates = own_fee_rates.own_rates(connection, settings)
            assert sum(rates.amounts.values()) == expected
            assert len({order for order, _ in rates.amounts}) == bool(expected)


@pytest.mark.parametrize("rate", [None, RATE], ids=["no rate", "own rate"])
def test_all_days_together_are_the_totals_of_the_figures(sold, rate):
    figures, _ = recompute(sold, rate)
    every = [*itertools.product(sales_report.PER, sales_report.BY)]
    assert len(every) == 12
    for per, by in every:
        found = report(sold, per, rate, by=by)
        for column, name in ((-6, "tickets_sold"), (-5, "gross"), (-4, "refunded")):
            assert sum(row[column] for row in found) == sum(
                getattr(item, name) for item in figures.values()
            ), (per, by)
        fees = [row[-2] for row in found]
        expected = [item.fees for item in figures.values()]
        assert (None in fees) == (None in expected) == (rate is None), (per, by)
        if rate is not None:
            assert sum(fees) == sum(expected), (per, by)


def test_platforms_have_their_rates(sold):
    """
    2.96 + 1.40 of 147.77 are 2.95 %, 5.00 are 3.38 %; without a rate of ours the fees
    are unknown.
    """
    recompute(sold, RATE)
    for rate, fee_rate in ((RATE, "3.0"), (None, None)):
        settings = Settings(
            accounts={} if rate is None else {"tt": AccountSettings(fees=(rate,))}
        )
        with sold.read() as connection:
            table = sales_report.platforms_table(
                connection,
                own_fee_rates.own_rates(connection, settings),
                zone=SYDNEY,
            )
        (row,) = tables.records(table)
        assert (row["platform"], row["gross"]) == ("ticket_tailor", "147.77")
        assert (row["fee_rate"], row["refund_rate"]) == (fee_rate, "3.4")


def test_promo_codes_have_their_orders_and_discounts(sold):
    save(
        sold,
        order(bought(7, 900), bought(8, 900), id_="or_7", discounts=200),
        order(bought(9, 500), id_="or_9", currency="NZD", discounts=500),
        at=FIRST_DAY,
    )
    with sold.write() as connection:
        for id_, code in (("or_7", "EARLY"), ("or_9", "EARLY"), ("or_2", "CREW")):
            connection.execute(
                update(orders)
                .where(orders.c.provider_id == id_)
                .values(promo_code=code)
            )
    with sold.read() as connection:
        table = sales_report.promo_codes_table(connection, zone=SYDNEY)
        assert [tuple(row) for row in table.rows] == [
            ("CREW", "AUD", 1, 3, 0, 7000),
            ("EARLY", "AUD", 1, 2, 200, 1800),
            ("EARLY", "NZD", 1, 1, 500, 500),
        ]
        september = periods.parse_period("2026-09")
        found = sales_report.promo_codes_table(
            connection, zone=SYDNEY, period=september
        )
        assert [row[0] for row in found.rows] == ["EARLY", "EARLY"]
