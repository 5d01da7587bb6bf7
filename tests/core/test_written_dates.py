"""
Dates and times as people write them; what could be read two ways is not read.
"""

from datetime import UTC, date, datetime, time

import pytest

from ticketsync.core.written import date_orders, written_dates, written_times
from ticketsync.core.written.date_orders import ColumnOrder
from ticketsync.core.written.written_dates import WrittenDateError

EVENING = datetime(2026, 12, 22, 19, 30)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-22",
        "2026/12/22",
        "20261222",
        "22 Dec 2026",
        "22nd December 2026",
        "22 of December, 2026",
        "22-Dec-26",
        "22. Dec. 2026",
        "Dec 22, 2026",
        "December 22nd 2026",
        "Tue 22 Dec 2026",
        "Tuesday, 22 December 2026",
        "Tues 22 Dec '26",
        "22 December 2026 (Tuesday)",
        "22/12/2026",
        "22.12.2026",
        "22-12-26",
        "12/22/2026",
        "Tue 22/12/26",
        "22\u00a0Dec\u00a02026",
    ],
)
def test_one_day_in_many_spellings(text):
    assert written_dates.read_day(text) == date(2026, 12, 22)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19:30", time(19, 30)),
        ("19:30:00", time(19, 30)),
        ("7:30pm", time(19, 30)),
        ("7.30 pm", time(19, 30)),
        ("7.30 P.M.", time(19, 30)),
        ("7:30 p. m.", time(19, 30)),
        ("7pm", time(19)),
        ("12:15 am", time(0, 15)),
        ("12 pm", time(12)),
        ("19h30", time(19, 30)),
        ("19 h 30", time(19, 30)),
        ("20h", time(20)),
        ("19.30 Uhr", time(19, 30)),
        ("19.30", time(19, 30)),
        ("noon", time(12)),
        ("07:30", time(7, 30)),
    ],
)
def test_one_time_in_many_spellings(text, expected):
    assert written_times.read_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-22 19:30",
        "2026-12-22T19:30:00",
        "22/12/2026 7:30pm",
        "22/12/2026, 19h30",
        "Tue 22 Dec 2026 at 7.30 pm",
        "Tuesday 22 December 2026 – 7:30 PM",
        "7:30pm, Tue 22 Dec 2026",
        "22.12.2026 19.30 Uhr",
    ],
)
def test_a_day_and_a_time_in_one_cell(text):
    assert written_times.read_moment(text) == EVENING


def test_an_offset_from_utc_is_kept():
    moment = written_times.read_moment("2026-12-22T19:30:00+11:00")
    assert moment.astimezone(UTC) == datetime(2026, 12, 22, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Sat 05 Dec", "has no year"),
        ("5 December", "has no year"),
        ("Dec 5", "has no year"),
        ("05/12", "has no year"),
        ("46013", "is a number, not a date"),
        ("46013.8125", "is a number, not a date"),
        ("31/06/2026", "is not a date"),
        ("31 June 2026", "is not a date"),
        ("2026-02-30", "is not a date"),
        ("22 Dez 2026", "is not a date"),
        ("Mon 22 Dec 2026", "is a Tuesday"),
        ("26/12/05", "needs a year of four digits"),
        ("next Friday", "is not a date"),
        ("", "is not a date"),
        ("05/12/2026", "could be read with the day or with the month first"),
    ],
)
def test_what_is_no_day_says_why(text, reason):
    with pytest.raises(WrittenDateError) as caught:
        written_dates.read_day(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1930", "is a number, not a time of day"),
        ("0.8125", "is a number, not a time of day"),
        ("19.3", "is a number, not a time of day"),
        ("7", "is a number, not a time of day"),
        ("24:00", "is not a time of day"),
        ("19:60", "is not a time of day"),
        ("13pm", "is not a time of day"),
        ("0:30 pm", "is not a time of day"),
        ("evening", "is not a time of day"),
        ("midnight", "could be the beginning or the end of its day"),
        ("7:30pm & 9:30pm", "has more than one time"),
        ("Doors 7pm, show 8pm", "has more than one time"),
        ("19:00 (doors 19:30)", "has more than one time"),
        ("19:30 (doors 13:00)", "has more than one time"),
        ("7:30 pm (doors 7:00)", "has more than one time"),
        ("0:30 (doors 23:30)", "has more than one time"),
        ("19:30-21:30", "has more than one time"),
        ("doors 7 show 7.30", "has more than a time of day"),
        ("7.30 for 8", "has more than a time of day"),
        ("19:30 (2 hrs)", "has more than a time of day"),
        ("19:30 TBC", "has more than a time of day"),
        ("22/05/19", "is a date, not a time of day"),
        ("05/19", "is a date, not a time of day"),
        ("22 May", "is a date, not a time of day"),
    ],
)
def test_what_is_no_time_says_why(text, reason):
    with pytest.raises(WrittenDateError) as caught:
        written_times.read_time(text)
    assert caught.value.reason == reason


def test_an_hour_without_its_half_is_refused_in_a_column_that_says_am_and_pm():
    assert written_times.has_halves(["7:30pm", "8:00"])
    assert not written_times.has_halves(["19:30", "2026-12-22 08:00"])
    with pytest.raises(WrittenDateError, match="neither am nor pm"):
        written_times.read_time("8:00", needs_half=True)
    assert written_times.read_time("20:00", needs_half=True) == time(20)


def test_a_day_without_a_time_is_no_moment():
    with pytest.raises(WrittenDateError, match="has no time of day"):
        written_times.read_moment("22/12/2026")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["05/12/2026", "22/12/2026"], ColumnOrder.DMY),
        (["12/05/2026", "12/22/2026"], ColumnOrder.MDY),
        (["05/12/2026", "06/12/2026"], ColumnOrder.OPEN),
        (["05/12/2026 7:30pm", "22/12/2026 7:30pm"], ColumnOrder.DMY),
        (["22/12/2026", "12/23/2026"], ColumnOrder.CONTRADICTORY),
        (["2026-12-05", "5 Dec 2026", "TBC", ""], ColumnOrder.CLEAR),
        (["05/05/2026"], ColumnOrder.CLEAR),
        (["Sat 05/12/2026", "06/12/2026"], ColumnOrder.DMY),  # 12 May is a Tuesday
        (["Tue 05/12/2026"], ColumnOrder.MDY),
    ],
)
def test_the_whole_column_decides_the_order(texts, expected):
    assert date_orders.column_order(texts) == expected


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("05/12/2026", "dmy", date(2026, 12, 5)),
        ("05/12/2026", "mdy", date(2026, 5, 12)),
    ],
)
def test_the_order_decides_the_day(text, order, expected):
    assert written_dates.read_day(text, order) == expected


def test_a_date_that_is_impossible_in_the_order_is_refused():
    with pytest.raises(WrittenDateError, match="is not a date with the month first"):
        written_dates.read_day("22/12/2026", "mdy")
    with pytest.raises(WrittenDateError, match="Tuesday, read with the month first"):
        written_dates.read_day("Sat 05/12/2026", "mdy")


def test_date_cells_between_texts_may_have_day_and_month_exchanged():
    """
    A spreadsheet with American settings opened `05/12/2026` and `22/12/2026`.
    """
    assert date_orders.may_be_swapped(["2026-05-12", "22/12/2026"])
    assert written_dates.is_swappable("2026-05-12 19:30")
    assert not written_dates.is_swappable("2026-12-22")
    assert not date_orders.may_be_swapped(["2026-12-22", "23/12/2026"])
    assert not date_orders.may_be_swapped(["2026-05-12", "2026-05-13"])
    assert not date_orders.may_be_swapped(["2026-05-12", "06/12/2026", "22/12/2026"])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["30/10/2026", "13/11/2026", "12/13/2026"], {"12/13/2026": "mdy"}),
        (["10/30/2026", "11/13/2026 20:00", "13/12/2026"], {"13/12/2026": "dmy"}),
        (["13/11/2026", "12/13/2026"], {"13/11/2026": "dmy", "12/13/2026": "mdy"}),
        (["30/10/2026", "13/11/2026", "05/12/2026", "31/31/2026", "2026-12-13"], {}),
        (["Sun 13/12/2026", "Sat 05/12/2026", "12/13/2026"], {"12/13/2026": "mdy"}),
    ],
)
def test_a_date_that_contradicts_its_column_is_found(texts, expected):
    assert date_orders.out_of_order(texts) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Australia/Sydney", "dmy"),
        ("Europe/London", "dmy"),
        ("America/New_York", "mdy"),
        ("Pacific/Honolulu", "mdy"),
        ("America/Toronto", None),
        ("Asia/Tokyo", None),
        ("UTC", None),
    ],
)
def test_the_country_of_the_venue_has_an_order(zone, expected):
    assert date_orders.order_in_zone(zone) == expected


@pytest.mark.parametrize("text", ["TBC", "tba", "T.B.D.", "?", "To be confirmed"])
def test_what_is_not_decided_yet_is_recognised(text):
    assert written_dates.is_to_be_confirmed(text)


@pytest.mark.parametrize(
    "text",
    [
        *("19:30 (doors 19:00)", "7:30 pm (Doors 7 pm)", "19:30, doors open 18:00"),
        *("19:30 / doors 16:30", "19h30 doors: 19h", "19:30 (doors open at 18:45)"),
    ],
)
def test_the_time_of_the_doors_beside_that_of_the_show(text):
    assert written_times.read_time(text) == time(19, 30)


def test_the_time_of_the_doors_needs_its_half_of_the_day_as_well():
    with pytest.raises(WrittenDateError, match="says neither am nor pm"):
        written_times.read_time("7:30 pm (doors 7:00)", needs_half=True)
