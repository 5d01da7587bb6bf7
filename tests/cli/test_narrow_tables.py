"""
`financials list` at 80 columns: titles have the room that is there, and no figure is
cut for it.
"""

from datetime import UTC, datetime

import pytest

from ticketsync.cli import render
from ticketsync.core.tables import Column, Kind, Table

COLUMNS = (
    Column("starts_local", Kind.LOCAL, "SHOW"),
    Column("production"),
    Column("tickets_sold", Kind.COUNT, "SOLD"),
    *(Column(name, Kind.MONEY) for name in ("gross", "refunded", "fees", "net")),
    Column("currency", heading=""),
)
ROWS = [
    ("2026-12-29 19:30", "The Glass Harbour", 79, 408100, 0, 11686, 396414, "AUD"),
    ("2027-01-02 19:30", "The Glass Harbour", 48, 268550, 25600, 12250, 230700, "NZD"),
]
TOTALS = [
    (None, None, 4395, 17397767, 602447, 476841, 16318479, "AUD"),
    (None, None, 388, 2135650, 52800, 94750, 1988100, "NZD"),
]


@pytest.fixture
def printed(frozen, monkeypatch, capsys):
    frozen(datetime(2026, 11, 29, tzinfo=UTC))

    def at(width):
        if width is None:
            monkeypatch.delenv("COLUMNS")
        else:
            monkeypatch.setenv("COLUMNS", str(width))
        render.report(
            Table(COLUMNS, ROWS),
            most={"production": 20},
            totals=Table(COLUMNS, TOTALS),
            label=lambda currency: f"16 shows, {currency}",
            short_dates=["starts_local"],
        )
        return capsys.readouterr().out.splitlines()

    return at


def test_dates_of_another_year_leave_their_weekday_to_the_title(printed):
    """
    By hand: 80 less 17 for the date, 5, 10, 8, 8, 10 and 3 for the figures, and less
    seven blanks, leave 12 for the title. With the weekday 8 would be left.
    """
    heading, _, first, second, *_, aud, nzd = printed(80)
    assert max(map(len, [heading, first, second, aud, nzd])) <= 80
    assert first.split()[:4] == ["Tue", "29", "Dec", "19:30"]
    assert second.split()[:4] == ["02", "Jan", "2027", "19:30"]
    assert "The Glass H…" in first
    assert "The Glass H…" in second
    assert first.split()[-5:] == ["4,081.00", "0.00", "116.86", "3,964.14", "AUD"]
    assert aud.split()[-6:] == [
        *("4,395", "173,977.67", "6,024.47", "4,768.41"),
        *("163,184.79", "AUD"),
    ]


@pytest.mark.parametrize("width", [100, None])
def test_where_there_is_room_and_in_a_pipe_a_date_has_its_weekday(printed, width):
    lines = printed(width)
    (row,) = [line for line in lines if "2027" in line]
    assert row.startswith("Sat 02 Jan 2027 19:30")
    assert "The Glass Harbour" in row
