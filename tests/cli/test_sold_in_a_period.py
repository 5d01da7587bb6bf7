"""
The figures of one show, its orders and promo codes, by the day of the sale or of the
show. Amounts are worked out by hand.
"""

import json

import msgspec
import pytest
from support import commands
from support.saved_orders import instant, order, prepare, save, ticket

from ticketsync.store import engine

# Shows play on 6 and 7 November. 30 September, 23:30 in Sydney, and half an hour later.
SEPTEMBER = instant("2026-09-30T13:30")
OCTOBER = instant("2026-09-30T14:00")


@pytest.fixture
def run(home, templates):
    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = prepare(engine.open_database(str(file)))
    sold = [
        order(ticket(1, 2200), placed_at=SEPTEMBER, promo_code="EARLY"),
        order(ticket(2, 1000), ticket(3, 500), id_="or_2", placed_at=OCTOBER),
        order(ticket(4, 700, "ev_2"), id_="or_3", placed_at=OCTOBER),
    ]
    sold[1] = msgspec.structs.replace(sold[1], promo_code="LATE")
    sold[2] = msgspec.structs.replace(sold[2], promo_code="LATE")
    save(database, *sold, at=OCTOBER)
    database.close()
    commands.run("financials", "rebuild")

    def run(*words):
        done = commands.run(*words)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def listed(run, *words):
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("words", "gross", "tickets"),
    [
        ((), "37.00", 3),
        (("--by", "sale"), "37.00", 3),
        (("--by", "sale", "--period", "2026-09"), "22.00", 1),
        (("--by", "sale", "--period", "2026-10"), "15.00", 2),
        (("--period", "2026-11"), "37.00", 3),
    ],
)
@pytest.mark.sampled(4)
def test_one_show(run, words, gross, tickets):
    (found,) = listed(run, "financials", "show", "1", *words)["financials"]
    assert (found["gross"], found["tickets_sold"]) == (gross, tickets)
    rows = listed(run, "financials", "explain", "1", *words)
    assert len(rows) == tickets
    (line,) = listed(run, "financials", "list", *words)[:1]
    assert line["gross"] == gross


def test_a_show_of_another_time_is_refused_and_the_way_out_named(run):
    for command in ("show", "explain"):
        done = run("financials", command, "1", "--period", "2026-10")
        assert done.returncode == 2
        assert "does not play in this period" in done.stderr
        assert "--by sale" in done.stderr


@pytest.mark.thorough
def test_the_heading_says_which_day_counts(run):
    for command in ("show", "explain"):
        words = ("financials", command, "1", "--by", "sale", "--period", "2026-09")
        text = " ".join(run(*words).stdout.split())
        assert "Sold: September 2026. The day of the sale counts" in text
        nothing = run("financials", command, "2", "--by", "sale", "--period", "2026-09")
        assert "Nothing was sold for this show then." in nothing.stdout


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ((), {"or_1", "or_2", "or_3"}),
        (("--period", "2026-09"), {"or_1"}),
        (("--period", "2026-10"), {"or_2", "or_3"}),
        (("--by", "show", "--period", "2026-11-06"), {"or_1", "or_2"}),
        (("--by", "show", "--period", "2026-11-07"), {"or_3"}),
        (("--by", "show", "--period", "2026-11-07", "--limit", "1"), {"or_3"}),
        (("--by", "show", "--period", "2026-11-06", "--show", "2"), set()),
    ],
)
def test_orders(run, words, ids):
    assert {row["order_id"] for row in listed(run, "sales", "list", *words)} == ids


@pytest.mark.parametrize(
    ("words", "gross"),
    [
        ((), {"EARLY": "22.00", "LATE": "22.00"}),
        (("--period", "2026-10"), {"LATE": "22.00"}),
        (("--by", "show", "--period", "2026-11-07"), {"LATE": "7.00"}),
    ],
)
def test_promo_codes(run, words, gross):
    found = listed(run, "report", "promo", *words)
    assert {row["promo_code"]: row["gross"] for row in found} == gross


def test_other_words_are_refused(run):
    for command in (
        ("financials", "show", "1"),
        ("financials", "explain", "1"),
        ("sales", "list"),
        ("report", "promo"),
    ):
        done = run(*command, "--by", "payout")
        assert done.returncode == 2
        assert "--by 'payout' is not possible here" in done.stderr
