"""
Fees by dated rates of the venue's own: those of the day of the sale count, in the zone
of the business. Amounts are worked out by hand.
"""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update
from support.saved_orders import (
    FIRST_DAY,
    instant,
    order,
    prepare,
    recompute,
    save,
    ticket,
)

from ticketsync.__main__ import main
from ticketsync.catalogue import occurrences, shows
from ticketsync.catalogue.venue_edits import VenueEdit
from ticketsync.core import errors
from ticketsync.core.records import Fee
from ticketsync.core.settings import config
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.financials import fees as by_rates
from ticketsync.financials import gaps
from ticketsync.reporting import figures_of_shows, sales_report
from ticketsync.store.tables.catalogue import shows as shows_table
from ticketsync.workflows import catalogue_edits, own_fee_rates, recompute_figures

JULY = FeeSchedule(since=date(2026, 7, 1), per_ticket=Decimal("0.65"))
OCTOBER = FeeSchedule(since=date(2026, 10, 1), per_ticket=Decimal("0.75"))
# 1 October begins in Sydney at 14:00 UTC of 30 September.
LAST_OF_SEPTEMBER = instant("2026-09-30T13:59:59")
FIRST_OF_OCTOBER = instant("2026-09-30T14:00:00")
JUNE = instant("2026-06-30T13:59:59")


@pytest.fixture
def books(database):
    return prepare(database)


def sale(number, placed_at, face=2000, **more):
    return order(
        ticket(number, face),
        id_=f"or_{number}",
        placed_at=placed_at,
        **{"fees": None, **more},
    )


def fees(figures):
    return figures["ev_1"].fees, figures["ev_1"].fees_source


def test_the_rates_of_the_day_of_the_sale_count(books):
    """
    One second apart: 0.65 on 30 September in Sydney, 0.75 on 1 October.
    """
    save(books, sale(1, LAST_OF_SEPTEMBER), at=FIRST_DAY)
    assert fees(recompute(books, JULY, OCTOBER)[0]) == (65, "schedule")
    save(books, sale(2, FIRST_OF_OCTOBER), at=FIRST_DAY)
    figures, lines = recompute(books, JULY, OCTOBER)
    assert fees(figures) == (65 + 75, "schedule")
    assert lines["ev_1"] == {"Per ticket": (140, "schedule")}


def test_another_zone_of_the_business_decides_for_all_venues(books):
    """
    The shows play elsewhere. By UTC both sales are of 30 September: 0.65 each.
    """
    with books.write() as connection:
        shows.add_venue(connection, "Harbour Hall", "Australia/Sydney", "AUD")
        connection.execute(update(shows_table).values(venue_id=2))
    sales = sale(1, LAST_OF_SEPTEMBER), sale(2, FIRST_OF_OCTOBER)
    save(books, *sales, at=FIRST_DAY)
    assert fees(recompute(books, JULY, OCTOBER)[0]) == (65 + 75, "schedule")

    settings = Settings(accounts={"tt": AccountSettings(fees=(JULY, OCTOBER))})
    edit = VenueEdit(timezone="UTC", keep="clock")
    catalogue_edits.edit_venue(books, settings, "The Lantern Room", edit)

    with books.read() as connection:
        found = [item.fees.minor for item in figures_of_shows.figures(connection)]
    assert sum(found) == 65 + 65


def test_a_new_rate_leaves_the_fees_of_earlier_sales(books):
    """
    The control is a rate without a day, which counts for the sales of all years.
    """
    save(books, sale(1, LAST_OF_SEPTEMBER), at=FIRST_DAY)
    assert fees(recompute(books, JULY)[0]) == (65, "schedule")
    assert fees(recompute(books, JULY, OCTOBER)[0]) == (65, "schedule")
    always = FeeSchedule(per_ticket=Decimal("0.75"))
    assert fees(recompute(books, always)[0]) == (75, "schedule")  # the control


def test_a_sale_before_the_first_day_has_unknown_fees(books):
    """
    1.10 reported and 0.65 by the rate are known, one order is missing.
    """
    save(
        books,
        sale(1, JUNE),
        sale(2, LAST_OF_SEPTEMBER),
        sale(3, JUNE, fees=(Fee("Service", 110),)),
        at=FIRST_DAY,
    )
    figures, lines = recompute(books, JULY)
    assert fees(figures) == (None, "unknown")
    assert figures["ev_1"].net is None
    assert lines["ev_1"] == {
        "Service": (110, "reported"),
        "Per ticket": (65, "schedule"),
    }
    settings = Settings(accounts={"tt": config.AccountSettings(fees=(JULY,))})
    with books.read() as connection:
        (show,) = (
            o.show_id
            for o in occurrences.list_occurrences(connection)
            if o.provider_occurrence_id == "ev_1"
        )
        rates = recompute_figures.fee_schedules(connection, settings)
        found = gaps.list_gaps(connection, show, rates)
        (known,) = gaps.list_known_amounts(connection, show, found)
        own = own_fee_rates.own_rates(connection, settings)
    assert [(gap.order_id, gap.words) for gap in found] == [("or_1", "fees")]
    assert (known.known, known.missing) == (110 + 65, 1)
    assert list(own.amounts.values()) == [65]


def test_a_show_whose_orders_differ_in_source_is_mixed(books):
    reported = sale(1, JUNE, fees=(Fee("Service", 110),))
    save(books, reported, sale(2, FIRST_OF_OCTOBER), at=FIRST_DAY)
    assert fees(recompute(books, JULY)[0]) == (110 + 65, "mixed")


def test_the_known_part_of_an_order_counts_only_without_a_rate(books):
    """
    One source for each order: of the partly reported ones, the known 2.00 of June is
    listed, and that of September gives way to the rate.
    """
    partly = (Fee("Wix", 200), Fee("Card processing", None))
    save(
        books,
        sale(1, JUNE, fees=partly),
        sale(2, LAST_OF_SEPTEMBER, fees=partly),
        at=FIRST_DAY,
    )
    figures, lines = recompute(books, JULY)
    assert fees(figures) == (None, "unknown")
    assert lines["ev_1"] == {"Wix": (200, "reported"), "Per ticket": (65, "schedule")}


def test_an_order_over_two_shows_takes_one_rate(books):
    """
    0.30 is 0.15 and 0.15.
    """
    both = order(
        ticket(1, 2000),
        ticket(2, 2000, "ev_2"),
        placed_at=FIRST_OF_OCTOBER,
        fees=None,
    )
    save(books, both, at=FIRST_DAY)
    later = FeeSchedule(since=date(2026, 10, 1), per_order=Decimal("0.30"))
    figures, _ = recompute(books, JULY, later)
    assert (figures["ev_1"].fees, figures["ev_2"].fees) == (15, 15)


@pytest.mark.parametrize(
    ("currency", "prices", "rates", "lines"),
    [
        # 1.00 + 10 %: 3.00 of 20.00; of 120.00 it would be 13.00, and is 9.95.
        ("AUD", (2000, 12000), ("1", "10", "0", "9.95"), (200, 200 + 895, 0)),
        # The cap is below the rate per ticket; the rate per order is apart from it.
        ("AUD", (2000,), ("1", "10", "0.30", "0.50"), (50, 0, 30)),
        # 10 % of 2,345 yen is 234.5: 235; of 9,000 at most 500 - 100.
        ("JPY", (2345,), ("100", "10", "0", "500"), (100, 235, 0)),
        ("JPY", (9000,), ("100", "10", "30", "500"), (100, 400, 30)),
        # 2.5 % of 10.005 dinars is 0.250125; 0.005 for the ticket.
        ("KWD", (10005,), ("0.005", "2.5", "0.001", "9"), (5, 250, 1)),
        ("KWD", (10005,), ("0.005", "2.5", "0.001", "0.200"), (5, 195, 1)),
    ],
)
def test_no_ticket_costs_more_than_the_cap(currency, prices, rates, lines):
    per_ticket, percent, per_order, cap = map(Decimal, rates)
    schedule = FeeSchedule(None, per_ticket, percent, per_order, cap)
    part = by_rates.OrderPart(1, sum(prices), len(prices), prices)
    (found,) = by_rates.by_schedule([part], schedule, currency)
    names = (by_rates.PER_TICKET, by_rates.PERCENT, by_rates.PER_ORDER)
    assert tuple(found.get(name, 0) for name in names) == lines


def test_the_cap_counts_for_each_ticket_and_not_for_complimentary_ones(books):
    """
    10 % of 20.00 and of 120.00 is 2.00 and, capped, 5.00; the third is free.
    """
    capped = FeeSchedule(percent=Decimal(10), cap_per_ticket=Decimal(5))
    both = order(
        ticket(1, 2000),
        ticket(2, 12000, "ev_2"),
        ticket(3, 0, "ev_2"),
        fees=None,
    )
    save(books, both, at=FIRST_DAY)
    figures, _ = recompute(books, capped)
    assert (figures["ev_1"].fees, figures["ev_2"].fees) == (200, 500)


FREE = FeeSchedule(
    per_ticket=Decimal("0.65"), per_order=Decimal("0.30"), free_tickets=Decimal("0.20")
)


def test_free_tickets_cost_what_the_rate_says(books):
    """
    0.65 and 0.30 for the paid one, 0.20 for the free one beside it; an order of two
    free ones alone is 0.40, and nothing is charged per order.
    """
    with_guest = order(ticket(1, 2000), ticket(2, 0, "ev_2"), placed_at=JUNE, fees=None)
    guests = order(
        ticket(3, 0, "ev_2"),
        ticket(4, 0, "ev_2"),
        id_="or_3",
        placed_at=JUNE,
        fees=None,
    )
    save(books, with_guest, guests, at=FIRST_DAY)
    figures, lines = recompute(books, FREE)
    assert {id_: f.fees for id_, f in figures.items()} == {"ev_1": 95, "ev_2": 60}
    assert lines["ev_2"] == {
        "Free tickets": (60, "schedule"),
        "Per ticket": (0, "schedule"),
        "Per order": (0, "schedule"),
    }
    settings = Settings(accounts={"tt": AccountSettings(fees=(FREE,))})
    with books.read() as connection:
        own = own_fee_rates.own_rates(connection, settings)
        report = sales_report.sales_table(connection, "month", own, zone="UTC")
    (fees_,) = (row[report.position("fees")] for row in report.rows)
    assert fees_ == 95 + 60
    assert recompute(books)[0]["ev_2"].fees == 0  # the control


def test_free_tickets_of_reported_orders_cost_nothing_more(books):
    reported = sale(1, JUNE, fees=(Fee("Service", 110),))
    guest = sale(2, JUNE, face=0, fees=())
    save(books, reported, guest, at=FIRST_DAY)
    assert fees(recompute(books, FREE)[0]) == (110, "reported")


def explained(capsys, monkeypatch, home, rates):
    (home / "config.yaml").write_text(HEAD + rates)
    monkeypatch.setattr("sys.argv", ["ticketsync", "financials", "explain", "1"])
    with contextlib.suppress(SystemExit):
        main()
    return capsys.readouterr().out


def test_explain_names_what_is_missing_of_the_figures_also_before_a_rebuild(
    sqlite, home, monkeypatch, capsys
):
    """
    The figures were computed with the rate of July: of one order over fees are unknown.
    A rate that is added for earlier sales changes nothing before the rebuild.
    """
    books = prepare(sqlite)
    monkeypatch.setenv("TICKETSYNC_DATABASE_URL", str(sqlite.file))
    save(books, sale(1, JUNE), sale(2, LAST_OF_SEPTEMBER), at=FIRST_DAY)
    recompute(books, JULY)
    july = "      - {from: 2026-07-01, per_ticket: 0.65}\n"
    january = "      - {from: 2026-01-01, per_ticket: 0.55}\n"
    always = "      per_ticket: 0.65\n"
    missing = "tt: fees 0.65 AUD known, 1 order missing."

    now = explained(capsys, monkeypatch, home, july)
    assert missing in now
    assert "rebuild" not in now
    then = explained(capsys, monkeypatch, home, january + july)
    assert missing in then
    assert "have changed since: run `ticketsync financials rebuild`" in then

    recompute(books)
    first = explained(capsys, monkeypatch, home, always)
    assert "tt: fees 0.00 AUD known, 2 orders missing." in first
    assert "rebuild" in first


def test_the_tax_inside_a_rate_is_read_exactly():
    text = HEAD + "      {per_ticket: 1, tax: inside 9.975%}\n"
    assert config.read(text, "config.yaml").account("tt").fees[0].tax == 99_750
    text = HEAD + "      {per_ticket: 1, tax: none}\n"
    assert config.read(text, "config.yaml").account("tt").fees[0].tax == 0
    text = HEAD + "      {per_ticket: 1}\n"
    assert config.read(text, "config.yaml").account("tt").fees[0].tax is None


# The settings

HEAD = "accounts:\n  tt:\n    fees:\n"


def test_dated_rates_are_read_the_oldest_first():
    text = (
        HEAD
        + "      - {from: 2026-10-01, per_ticket: 0.75}\n"
        + "      - {from: 2026-07-01, per_ticket: 0.65}\n"
    )
    assert config.read(text, "config.yaml").account("tt").fees == (JULY, OCTOBER)


def test_rates_without_a_day_always_hold():
    read = config.read(HEAD + "      per_ticket: 0.65\n", "config.yaml")
    assert read.account("tt").fees == (FeeSchedule(per_ticket=Decimal("0.65")),)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("      - {per_ticket: 1}\n", "line 4: `from` is missing"),
        ("      - {from: 1 July}\n", "line 4: '1 July': a day such as 2026-07-01"),
        ("      - {from: 2026-02-30}\n", "line 4: '2026-02-30': a day such as"),
        ("      - from: 2026-07-01\n        percent: x\n", "line 5: 'x': an amount"),
        ("      - from: 2026-07-01\n        percnt: 1\n", "line 5: 'percnt' is not"),
        ("      - {from: 2026-07-01, tax: 10%}\n", "line 4: '10%': `inside 10%` or"),
        (
            "      - {from: 2026-07-01, tax: inside 10.12345%}\n",
            "`inside 10%` or `none`",
        ),
        ("      - {from: 2026-07-01, tax: inside 101}\n", "`inside 10%` or `none`"),
        ("      - {from: 2026-07-01, free_tickets: -1}\n", "line 4: '-1': an amount"),
        ("      - {from: 2026-07-01}\n" * 2, "line 5: there is an entry from 2026"),
        ("      - always\n", "line 4: rates such as {from: 2026-07-01"),
        ("      []\n", "line 4: rates, or a list of them"),
        ("      0.75\n", "line 4: '0.75': rates, or a list of them"),
        ("      from: 2026-07-01\n", "line 4: 'from' is not a setting"),
    ],
)
def test_a_mistake_in_the_rates_is_named_with_its_line(entries, message):
    with pytest.raises(errors.ConfigurationError) as caught:
        config.read(HEAD + entries, "config.yaml")
    assert message in caught.value.message
