"""
A report is a typed table; two currencies never meet in one of its sums.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketsync.core import money, tables
from ticketsync.core.money import Money, MoneyError
from ticketsync.core.tables import Column, Kind, Table

COLUMNS = (
    Column("show"),
    Column("seats", Kind.NUMBER),
    Column("sold", Kind.COUNT),
    Column("gross", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("currency"),
)
ROWS = [
    ("A", 180, 3, 6000, 150, "AUD"),
    ("A", 180, 2, 5000, None, "NZD"),
    ("B", 90, 4, 8050, 50, "AUD"),
    ("C", 90, 1, 1200, 0, "JPY"),
    ("D", 90, 1, 1500, 5, "KWD"),
]


def test_there_is_one_total_for_each_currency_and_none_over_all():
    """
    60.00 + 80.50 AUD, 50.00 NZD with unknown fees, 1,200 yen, 1.500 dinars.
    """
    found = tables.totals(Table(COLUMNS, ROWS))
    assert list(found.rows) == [
        (None, None, 7, 14050, 200, "AUD"),
        (None, None, 1, 1200, 0, "JPY"),
        (None, None, 1, 1500, 5, "KWD"),
        (None, None, 2, 5000, None, "NZD"),
    ]
    assert [row["gross"] for row in tables.records(found)] == [
        "140.50",
        "1200",
        "1.500",
        "50.00",
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["AUD", "JPY", "KWD", "NZD"]),
            st.none() | st.integers(-(10**9), 10**9),
        )
    )
)
def test_a_total_never_holds_two_currencies(rows):
    table = Table((Column("currency"), Column("net", Kind.MONEY)), rows)
    found = dict(tables.totals(table).rows)
    for currency in {code for code, _ in rows}:
        amounts = [minor for code, minor in rows if code == currency]
        wanted = None if None in amounts else sum(amounts)
        assert found.pop(currency) == wanted
    assert found == {}


def test_money_without_a_currency_beside_it_is_refused():
    with pytest.raises(MoneyError, match="gross"):
        Table((Column("gross", Kind.MONEY),), [])


def test_money_in_two_currencies_in_one_row_has_no_total():
    table = Table(
        (
            Column("ours", Kind.MONEY),
            Column("theirs", Kind.MONEY, currency="their_currency"),
            Column("currency"),
            Column("their_currency"),
        ),
        [(100, 200, "AUD", "NZD")],
    )
    with pytest.raises(MoneyError):
        tables.totals(table)
    (shown,) = tables.records(table)
    assert (shown["ours"], shown["theirs"]) == ("1.00", "2.00")


def test_objects_become_rows_and_rows_become_money_in_its_own_currency():
    columns = (
        Column("gross", Kind.MONEY),
        Column("fees", Kind.MONEY),
        Column("currency"),
    )
    row = {"currency": "KWD", "gross": 1500, "fees": None, "show": "A"}
    value = SimpleNamespace(**tables.with_money(columns, row))
    assert (value.gross, value.fees, value.show) == (Money(1500, "KWD"), None, "A")
    assert list(tables.of_values(columns, [value]).rows) == [(1500, None, "KWD")]
    assert tables.record(columns, value) == {
        "gross": "1.500",
        "fees": None,
        "currency": "KWD",
    }
    value.currency = "AUD"
    with pytest.raises(MoneyError, match="AUD"):
        tables.of_values(columns, [value])


def test_columns_are_picked_by_name():
    shown = Table(COLUMNS, ROWS[:1]).shown(
        Column("currency", heading=""), Column("sold", Kind.COUNT, "TICKETS")
    )
    assert list(shown.rows) == [("AUD", 3)]
    assert [column.title for column in shown.columns] == ["", "TICKETS"]
    with pytest.raises(ValueError, match="net"):
        Table(COLUMNS, ROWS).shown(Column("net"))


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ValueError, match="same name"):
        Table((Column("a"), Column("a")), [])


def test_json_takes_amounts_as_texts_instants_in_utc_and_unknown_as_null():
    columns = (
        Column("at", Kind.INSTANT),
        Column("starts_local", Kind.LOCAL),
        Column("on_day", Kind.DAY),
        Column("is_sold", Kind.FLAG),
        Column("charged", Kind.MONEY),
        Column("currency"),
    )
    sydney = timezone(timedelta(hours=10))
    rows = [
        (
            datetime(2026, 9, 1, 9, 30, tzinfo=sydney),
            "2026-09-01 09:30",
            date(2026, 9, 1),
            True,
            -5,
            "KWD",
        ),
        (datetime(2026, 9, 1, tzinfo=UTC), None, "2026-09-02", False, 980, "JPY"),
        (None, None, None, None, None, "AUD"),
    ]
    first, second, third = tables.records(Table(columns, rows))
    assert first == {
        "at": "2026-08-31T23:30:00Z",
        "starts_local": "2026-09-01 09:30",
        "on_day": "2026-09-01",
        "is_sold": True,
        "charged": "-0.005",
        "currency": "KWD",
    }
    assert (second["at"], second["charged"]) == ("2026-09-01T00:00:00Z", "980")
    assert second["on_day"] == "2026-09-02"
    assert {third.pop("currency")} == {"AUD"}
    assert set(third.values()) == {None}


def test_no_more_than_a_batch_is_taken_from_a_query_at_a_time():
    taken = 0

    def rows():
        nonlocal taken
        for number in range(10 * tables.BATCH):
            taken += 1
            yield (number, "AUD")

    table = Table((Column("gross", Kind.MONEY), Column("currency")), rows())
    found = tables.records(table)
    assert next(found) == {"gross": "0.00", "currency": "AUD"}
    assert taken == tables.BATCH
    assert sum(1 for _ in found) == 10 * tables.BATCH - 1


def test_amounts_of_two_currencies_do_not_add_up():
    with pytest.raises(MoneyError):
        Money(100, "AUD") + Money(100, "NZD")
    amounts = [Money(1, "NZD"), Money(100, "AUD"), Money(250, "AUD")]
    assert money.sum_by_currency(amounts) == (Money(350, "AUD"), Money(1, "NZD"))


def test_groups_add_up_per_currency_and_a_sum_with_an_unknown_part_is_unknown():
    found = tables.grouped(Table(COLUMNS, ROWS), ["show"])
    assert list(found.rows) == [
        ("A", None, 3, 6000, 150, "AUD"),
        ("A", None, 2, 5000, None, "NZD"),
        ("B", None, 4, 8050, 50, "AUD"),
        ("C", None, 1, 1200, 0, "JPY"),
        ("D", None, 1, 1500, 5, "KWD"),
    ]
    columns = (Column("day"), Column("net", Kind.MONEY), Column("currency"))
    rows = [(None, 3, "AUD"), ("b", None, "AUD"), ("a", 1, "AUD"), ("b", 2, "AUD")]
    assert list(tables.grouped(Table(columns, rows), ["day"]).rows) == [
        ("a", 1, "AUD"),
        ("b", None, "AUD"),
        (None, 3, "AUD"),
    ]


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (350, 10_000, "3.5"),
        (0, 10_000, "0.0"),
        (449, 10_000, "4.5"),
        (3449, 100_000, "3.4"),
        (34499999, 1_000_000_000, "3.4"),
        (10_000, 10_000, "100.0"),
        (1, 3, "33.3"),
    ],
)
def test_a_rate_is_per_cent_with_one_decimal(part, whole, text):
    assert tables.per_cent(tables.rate(part, whole)) == text


def test_a_rate_of_nothing_or_of_something_unknown_is_unknown():
    assert tables.rate(None, 100) is None
    assert tables.rate(5, 0) is None
