"""
The currency that a number format shows.
"""

import pytest

from ticketsync.core.spreadsheets.number_formats import (
    CellCurrencies,
    currency_in,
    is_percent,
)


@pytest.mark.parametrize(
    ("code", "currency"),
    [
        *(("[$€-407] #,##0.00", "€"), ("#,##0.00 [$€-2]", "€"), ("€0.00", "€")),
        *(("[$USD] 0.00", "USD"), ('"USD" 0.00', "USD"), ('0.00" EUR"', "EUR")),
        *(('"US"$0.00', "US$"), ('"US$"#,##0.00', "US$"), ("[$A$-C09]0.00", "A$")),
        *(("[$$-409]#,##0.00", "$"), ("$#,##0.00", "$"), ("\\£0.00", "£")),
        *(("[Red][<0]-[$£-809]0.00;[$£-809]0.00", "£"), ('0.00 "Kč"', "Kč")),
        ('_-* #,##0.00 [$€-1]_-;-* #,##0.00 [$€-1]_-;_-* "-"?? [$€-1]_-', "€"),
        *(("General", ""), ("0.00", ""), ("dd/mm/yyyy hh:mm", ""), ("@", "")),
        *(("[$-409]d mmm yyyy", ""), ('0 "tickets"', ""), ("0.00%", ""), ("0E+0", "")),
    ],
)
def test_a_format_shows_a_currency(code, currency):
    assert currency_in(code) == currency


@pytest.mark.parametrize(
    ("code", "is_shown"),
    [
        *(("0%", True), ("0.00 %", True), ("[Red]0.0%;-0.0%", True), ('0"%"', True)),
        *(("0\\%", True), ("General", False), ("0.00", False), ("€0.00", False)),
    ],
)
def test_a_format_shows_a_percentage(code, is_shown):
    assert is_percent(code) is is_shown


def test_the_currencies_of_a_row():
    cells = CellCurrencies()
    assert not cells
    for row in (1, 2, 5):
        cells.add(row, 3, "€")
    cells.add(6, 3, "$")
    cells.add(2, 4, "€", rows=3)
    assert [cells.of_row(row) for row in range(8)] == [
        *({}, {3: "€"}, {3: "€", 4: "€"}, {4: "€"}, {4: "€"}, {3: "€"}, {3: "$"}, {})
    ]
