"""
Fees are computed once per order and divided among its shows; what is unknown stays
empty, and what is known of it is listed. Amounts are worked out by hand.
"""

import csv
import io
import json
from decimal import Decimal

import pytest
from sqlalchemy import text
from support import commands_here
from support.saved_orders import FIRST_DAY, order, prepare, recompute, save, ticket

from ticketsync.catalogue import occurrences
from ticketsync.core.records import Fee
from ticketsync.core.settings.config import FeeSchedule
from ticketsync.financials import gaps
from ticketsync.reporting import figures_of_shows

RATE = FeeSchedule(per_ticket=Decimal(1), percent=Decimal(2), per_order=Decimal("0.30"))
UNKNOWN = Fee("Card processing", None)


@pytest.fixture
def books(database):
    return prepare(database)


def over_two(first=2000, second=2000, **more):
    """
    One order with a ticket of each show.
    """
    return order(ticket(1, first), ticket(2, second, "ev_2"), **more)


def fees(figures):
    return {id_: (f.fees, f.fees_source) for id_, f in figures.items()}


def test_a_named_line_of_an_order_over_two_shows_is_divided_like_its_fees(books):
    """
    The smallest input of the fault: 3.01 over two shows is 1.51 and 1.50, in the
    figures and in the lines.
    """
    save(books, over_two(fees=(Fee("Service", 301),)), at=FIRST_DAY)
    figures, lines = recompute(books)
    assert fees(figures) == {"ev_1": (151, "reported"), "ev_2": (150, "reported")}
    assert lines == {
        "ev_1": {"Service": (151, "reported")},
        "ev_2": {"Service": (150, "reported")},
    }


def test_several_lines_add_up_by_show_and_by_name(books):
    """
    30.00 and 10.00: of 3.01 the first bears 2.2575, of 1.01 0.7575, of -0.02 0.015.
    """
    named = (Fee("Service", 301), Fee("Card", 101), Fee("Rebate", -2))
    save(books, over_two(3000, 1000, fees=named), at=FIRST_DAY)
    figures, lines = recompute(books)
    assert lines == {
        "ev_1": {
            "Service": (226, "reported"),
            "Card": (76, "reported"),
            "Rebate": (-2, "reported"),
        },
        "ev_2": {"Service": (75, "reported"), "Card": (25, "reported")},
    }
    assert fees(figures) == {"ev_1": (300, "reported"), "ev_2": (100, "reported")}
    with books.read() as connection:
        total = connection.execute(text("SELECT SUM(amount) FROM fees"))
        assert int(total.scalar()) == 301 + 101 - 2


def test_the_venues_own_rate_per_order_is_charged_once(books):
    """
    40.00 over two shows: 0.30 once, 1.00 for each ticket, 2 % is 0.80.
    """
    save(books, over_two(), at=FIRST_DAY)
    figures, lines = recompute(books, RATE)
    half = {
        "Per ticket": (100, "schedule"),
        "Percentage": (40, "schedule"),
        "Per order": (15, "schedule"),
    }
    assert lines == {"ev_1": half, "ev_2": half}
    assert fees(figures) == {"ev_1": (155, "schedule"), "ev_2": (155, "schedule")}


def test_the_rate_per_order_is_divided_by_what_was_charged(books):
    """
    30.00 and a free ticket: the first bears all; 30.00 and 10.00: 22.5 and 7.5 cents.
    """
    save(
        books,
        over_two(3000, 1000),
        order(ticket(3, 3000), ticket(4, 0, "ev_2"), id_="or_2"),
        at=FIRST_DAY,
    )
    _, lines = recompute(books, FeeSchedule(per_order=Decimal("0.30")))
    assert lines == {
        "ev_1": {"Per order": (23 + 30, "schedule")},
        "ev_2": {"Per order": (7, "schedule")},
    }


def test_a_show_that_does_not_count_bears_its_part_of_an_order(books):
    save(books, over_two(fees=None), at=FIRST_DAY)
    with books.write() as connection:
        connection.execute(
            text(
                "UPDATE show_links SET sync_ticket_sales = 0 WHERE occurrence_id = "
                "(SELECT id FROM occurrences WHERE provider_id = 'ev_2')"
            )
        )
    figures, lines = recompute(books, FeeSchedule(per_order=Decimal("0.30")))
    assert lines == {"ev_1": {"Per order": (15, "schedule")}, "ev_2": {}}
    assert fees(figures) == {"ev_1": (15, "schedule")}


def test_only_orders_whose_fees_are_unknown_take_the_venues_rate(books):
    """
    3.01 reported for the one, 0.30 by the venue's rate for the other.
    """
    save(
        books,
        order(ticket(1, 2000), fees=(Fee("Service", 301),)),
        order(ticket(2, 2000), id_="or_2", fees=(Fee("Service", 200), UNKNOWN)),
        at=FIRST_DAY,
    )
    figures, lines = recompute(books, FeeSchedule(per_order=Decimal("0.30")))
    assert lines["ev_1"] == {
        "Service": (301, "reported"),
        "Per order": (30, "schedule"),
    }
    assert fees(figures)["ev_1"] == (331, "mixed")
    assert figures["ev_1"].net == 4000 - 331


@pytest.fixture
def partly_known(books):
    """
    Two orders with 2.50 and 1.00 of Wix's own fee; what the card cost the first is not
    reported, and of the third nothing is, its tax neither.
    """
    save(
        books,
        order(ticket(1, 2000), tax=182, fees=(Fee("Wix", 250), UNKNOWN)),
        order(ticket(2, 2000), id_="or_2", tax=182, fees=(Fee("Wix", 100),)),
        order(ticket(3, 1000), id_="or_3", tax=None, fees=None),
        order(ticket(4, 1000, "ev_2"), id_="or_4", tax=91, fees=()),
        at=FIRST_DAY,
    )
    recompute(books)
    return books


def show_of(books, occurrence):
    with books.read() as connection:
        return next(
            o.show_id
            for o in occurrences.list_occurrences(connection)
            if o.provider_occurrence_id == occurrence
        )


def test_the_known_part_is_listed_while_the_fees_are_unknown(partly_known):
    figures, lines = recompute(partly_known)
    assert fees(figures) == {"ev_1": (None, "unknown"), "ev_2": (0, "reported")}
    assert (figures["ev_1"].net, figures["ev_1"].net_before_fees) == (None, 5000)
    assert lines == {"ev_1": {"Wix": (350, "reported")}, "ev_2": {}}


def test_which_orders_lack_what_and_how_much_is_known(partly_known):
    show = show_of(partly_known, "ev_1")
    with partly_known.read() as connection:
        found = gaps.list_gaps(connection, show)
        known = gaps.list_known_amounts(connection, show, found)
        assert gaps.list_gaps(connection, show_of(partly_known, "ev_2")) == []
    assert [(gap.order_id, gap.words) for gap in found] == [
        ("or_1", "Card processing"),
        ("or_3", "fees, tax"),
    ]
    assert [(k.account, k.what, k.known, k.missing) for k in known] == [
        ("tt", "fees", 350, 2),
        ("tt", "tax", 364, 1),
    ]


def test_fees_that_the_venues_rate_stands_for_are_not_missing(partly_known):
    recompute(partly_known, RATE)
    with partly_known.read() as connection:
        found = gaps.list_gaps(connection, show_of(partly_known, "ev_1"))
    assert [(gap.order_id, gap.words) for gap in found] == [("or_3", "tax")]


def test_a_tax_that_is_not_reported_makes_the_shows_tax_unknown(partly_known):
    figures, _ = recompute(partly_known)
    assert (figures["ev_1"].tax, figures["ev_2"].tax) == (None, 91)
    with partly_known.read() as connection:
        (total,) = figures_of_shows.totals(connection, figures["ev_1"].show_id)
        rows = connection.execute(
            text("SELECT order_id, tax FROM ticket_sales_analytics ORDER BY order_id")
        )
        by_order = dict(rows.all())
    assert total.tax is None
    assert by_order == {"or_1": 182, "or_2": 182, "or_3": None, "or_4": 91}


def test_an_unknown_tax_of_nothing_is_none(books):
    """
    A free ticket: nothing was charged, so no tax is missing.
    """
    save(books, order(ticket(1, 0), tax=None), at=FIRST_DAY)
    figures, _ = recompute(books)
    assert (figures["ev_1"].tax, figures["ev_2"].tax) == (0, 0)


def test_what_sold_nothing_cost_nothing(books):
    """
    A free ticket on the first show, none on the second: neither leaves fees unknown.
    With a rate of the venue's own it is that which comes to nothing.
    """
    save(books, order(ticket(1, 0), fees=None), at=FIRST_DAY)
    figures, _ = recompute(books)
    assert fees(figures) == {"ev_1": (0, "reported"), "ev_2": (0, "reported")}
    figures, _ = recompute(books, RATE)
    assert fees(figures) == {"ev_1": (0, "schedule"), "ev_2": (0, "schedule")}


def test_tax_on_top_that_is_not_reported_leaves_what_was_charged(books):
    save(books, order(ticket(1, 2000), tax=None, tax_on_top=True), at=FIRST_DAY)
    figures, _ = recompute(books)
    assert (figures["ev_1"].gross, figures["ev_1"].tax) == (2000, None)


# On the command line


@pytest.fixture
def command(home, templates, monkeypatch, capsys):
    from ticketsync.store import engine

    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = prepare(engine.open_database(str(file)))
    save(
        database,
        order(ticket(1, 2000), tax=182, fees=(Fee("Wix", 250), UNKNOWN)),
        order(ticket(2, 2000), id_="or_2", tax=None, fees=(Fee("Wix", 100),)),
        at=FIRST_DAY,
    )
    recompute(database)
    show = str(show_of(database, "ev_1"))
    database.close()

    def run(*arguments):
        return commands_here.run(monkeypatch, capsys, *arguments).out

    run.show = show
    return run


def test_explain_says_which_orders_lack_what(command):
    said = command("financials", "explain", command.show)
    assert "tt: fees 3.50 AUD known, 1 order missing." in said
    assert "tt: tax 1.82 AUD known, 1 order missing." in said
    assert "tt, not reported: Card processing: or_1" in said
    assert "tt, not reported: tax: or_2" in said
    rows = json.loads(command("financials", "explain", command.show, "--json"))
    assert [(row["order_id"], row["tax"], row["lacks"]) for row in rows] == [
        ("or_1", "1.82", "Card processing"),
        ("or_2", None, "tax"),
    ]


def test_exports_leave_empty_what_is_unknown(command):
    def first(text):
        return next(csv.DictReader(io.StringIO(text)))

    row = first(command("export", "financials"))
    assert (row["tax"], row["fees"], row["gross"]) == ("", "", "40.00")
    (line,) = csv.DictReader(io.StringIO(command("export", "fees")))
    assert (line["name"], line["amount"]) == ("Wix", "3.50")
    exported = json.loads(command("export", "financials", "--format", "json"))
    assert exported[0]["tax"] is None
    assert "–" in command("financials", "show", command.show)
