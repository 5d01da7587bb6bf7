"""
`--as-of` on every command that says what was sold: numbers written by hand.

Two orders are saved on 1 October at noon in Sydney; an hour later the second one, of
70.00 with 5.00 back, becomes one of 90.00, and its guest is in.
"""

import json
from datetime import timedelta

import pytest
from click import Context
from support import commands_here
from support.saved_orders import FIRST_DAY, order, prepare, recompute, save, ticket

from ticketsync.cli.main import LazyGroup
from ticketsync.core.records import Fee, Refund
from ticketsync.store import engine

NOON = "2026-10-01T02:00:00Z"
LATER = "2026-10-01T03:00:00Z"
WITHOUT_70 = {"weekly", "promo", "daily", "refunds", "fees", "calendar"}
EXPORTS = ("financials", "sales", "refunds", "fees", "calendar", "ledger")


@pytest.fixture
def ticketsync(home, frozen, monkeypatch, capsys):
    """
    Runs a command in this process a day later; gives what it printed and said.
    """
    frozen(FIRST_DAY)
    monkeypatch.setenv("COLUMNS", "80")
    database = engine.create_database(str(home / "ticketsync.db"))
    prepare(database)
    second = {
        "id_": "or_2",
        "refunds": (Refund("rf_1", 500),),
        "fees": (Fee("Platform", 140),),
    }
    save(
        database,
        order(ticket(1, 3333), id_="or_1"),
        order(ticket(2, 7000, "ev_2"), **second),
        at=FIRST_DAY,
    )
    recompute(database)
    frozen(FIRST_DAY + timedelta(hours=1))
    changed = order(ticket(2, 9000, "ev_2"), **second)
    save(database, changed, at=FIRST_DAY + timedelta(hours=1))
    recompute(database)
    database.close()
    frozen(FIRST_DAY + timedelta(days=1))

    def run(*words, code=0):
        return commands_here.run(monkeypatch, capsys, *words, codes=(code,))

    return run


def rows(found, column):
    return [row[column] for row in json.loads(found.out)]


@pytest.mark.thorough
def test_the_figures_and_the_orders_are_those_of_then(ticketsync):
    for as_of, gross, charged in (
        (NOON, ["33.33", "70.00"], ["33.33", "70.00"]),
        ("2026-10-01T12:59:59", ["33.33", "70.00"], ["33.33", "70.00"]),
        (LATER, ["33.33", "90.00"], ["33.33", "90.00"]),
        ("2026-10-01", ["33.33", "90.00"], ["33.33", "90.00"]),
    ):
        figures = ticketsync("financials", "list", "--json", "--as-of", as_of)
        assert rows(figures, "gross") == gross
        assert rows(figures, "checked_in") == [None, None]  # not kept
        sales = ticketsync("sales", "list", "--json", "--as-of", as_of)
        assert sorted(rows(sales, "charged")) == charged
        exported = ticketsync("export", "sales", "--format", "json", "--as-of", as_of)
        assert sorted(rows(exported, "charged")) == charged
    assert rows(ticketsync("financials", "list", "--json"), "checked_in") == [0, 0]


def test_it_says_of_which_instant_it_is_and_up_to_which_the_past_is_complete(
    ticketsync,
):
    said = ticketsync("financials", "list", "--as-of", NOON).err
    assert said == (
        "As of Thu 01 Oct 2026 12:00:00 (Sydney time); the past is complete up to"
        " Fri 02 Oct 2026 11:59:59.\n"
    )


REPORTS = [
    ("financials", "list"),
    ("financials", "show", "2"),
    ("financials", "explain", "2"),
    ("financials", "explain", "2", "--depth", "orders"),
    ("financials", "explain", "2", "--figure", "gross"),
    ("sales", "list"),
    ("refunds", "list"),
    *(("report", name) for name in ("daily", "weekly", "sales", "platforms")),
    ("report", "promo"),
    ("report", "unearned"),
    ("tax", "worksheet", "--period", "2026-09"),
    ("tax", "worksheet", "--period", "2026-09", "--orders"),
    *(("export", name) for name in EXPORTS),
]


def options():
    """
    The options of every command, by its words.
    """
    context = Context(LazyGroup())

    def walk(command, *words):
        if not hasattr(command, "list_commands"):
            yield words, {name for it in command.params for name in it.opts}
            return
        for name in command.list_commands(context):
            yield from walk(command.get_command(context, name), *words, name)

    return dict(walk(LazyGroup()))


# The box office's own tables keep no past: an order there only goes forward.
WITHOUT_PAST = {("report", "selling")}


def test_every_command_that_chooses_by_days_can_be_asked_as_of_an_instant():
    """
    And each that can is asked below.
    """
    by_days = {"--period", "--sold", "--shows"}
    found = options()
    asked = {words for words, names in found.items() if "--as-of" in names}
    chooses = {words for words, names in found.items() if by_days & names}
    assert chooses - asked == WITHOUT_PAST
    assert {words[:2] for words in REPORTS} == asked


@pytest.mark.parametrize(
    "words",
    REPORTS,
    ids=" ".join,
)
@pytest.mark.sampled(4)
def test_every_report_takes_it_and_prints_the_same_for_ever(ticketsync, words):
    first = ticketsync(*words, "--as-of", NOON)
    assert "As of Thu 01 Oct 2026 12:00:00" in first.err
    if not WITHOUT_70.intersection(words):
        assert "70.00" in first.out or "103.33" in first.out
    assert not {"90.00", "123.33"} & {*first.out.split()}
    assert ticketsync(*words, "--as-of", NOON).out == first.out
    for as_of, code, word in (
        ("2026-10-02T02:00:00Z", 8, "after-horizon"),
        ("2026-09-30T00:00:00Z", 7, "before-history"),
        ("lately", 2, "usage"),
    ):
        refused = ticketsync(*words, "--as-of", as_of, code=code)
        assert word in refused.err
        assert not refused.out
    assert NOON in ticketsync(*words, "--as-of", "2026-09-30", code=7).err


def test_the_card_of_a_show_says_nothing_that_is_not_kept(ticketsync):
    card = ticketsync("financials", "show", "2", "--as-of", NOON).out
    assert "checked in" not in card
    assert "synced" not in card
    assert "1 sold, 0 of them comps, 0 refunded\n" in card
    assert "checked in" in ticketsync("financials", "show", "2").out


@pytest.mark.thorough
def test_by_the_day_of_the_sale_a_period_has_what_was_sold_in_it(ticketsync):
    """
    Both were bought on 30 September for November: or_2 came to 70.00, later 90.00.
    """
    words = ("financials", "list", "--json", "--by", "sale", "--period")
    assert rows(ticketsync(*words, "2026-09"), "gross") == ["33.33", "90.00"]
    assert rows(ticketsync(*words, "2026-09", "--as-of", NOON), "gross") == [
        *("33.33", "70.00")
    ]
    assert rows(ticketsync(*words, "2026-11"), "gross") == []
    by_show = ("financials", "list", "--json", "--by", "show", "--period")
    assert rows(ticketsync(*by_show, "2026-09"), "gross") == []
    assert rows(ticketsync(*by_show, "2026-11"), "gross") == ["33.33", "90.00"]
    printed = ticketsync("financials", "list", "--by", "sale", "--period", "2026-09")
    assert printed.out.startswith(
        "What the sales of September 2026 brought. The day of"
    )
    refused = ticketsync("financials", "list", "--by", "payout", code=2)
    assert "show, sale" in refused.err
