"""
A recipe to start from does not take the time of a sale for that of a show.
"""

import pytest

from ticketsync.providers.file_import import starter
from ticketsync.providers.file_import.recipes import recipe

TILL = "Date,Time,Item,Qty,Price Point Name,Net Sales,Transaction ID,Payment ID"


def made(tmp_path, *lines):
    file = tmp_path / "report.csv"
    file.write_text("\n".join(lines) + "\n")
    text = starter.starter_recipe(file, timezone="Australia/Sydney", currency="AUD")
    return text, dict(recipe.parse_recipe(text, "report.yaml").columns)


@pytest.mark.parametrize("time", ["10:15:22", "10:13", "10:13 am", "2.07 pm"])
def test_times_with_odd_minutes_are_those_of_the_sale(tmp_path, time):
    text, columns = made(
        tmp_path,
        TILL,
        "2026-11-02,10:15,Gala,2.0,Adult,$80.00,TX1,P1",
        f"2026-11-02,{time},Gala,1.0,Adult,$36.00,TX2,P2",
    )
    assert columns == {"order": "Transaction ID", "quantity": "Qty", "placed": "Date"}
    assert "  # starts: when the show starts (or `date` and `time`)" in text
    assert "  # Date and Time are when it was sold, by their minutes" in text


def test_times_at_which_shows_start_are_proposed_and_in_doubt(tmp_path):
    text, columns = made(
        tmp_path,
        "Order,Show,Date,Time,Type,Qty,Total,Order date",
        "1,Gala,2026-12-05,19:30,Adult,1,40.00,2026-11-02",
        "2,Gala,2026-12-05,2:15 pm,Adult,1,40.00,2026-11-02",
    )
    assert (columns["date"], columns["time"]) == ("Date", "Time")
    assert columns["placed"] == "Order date"
    assert "if Date and Time are when it was sold, map the first to `placed`" in text
