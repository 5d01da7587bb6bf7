"""
Rows that name several tickets: lists of seats and types with a number, each set aside
by name until the recipe answers; what is one ticket raises no question. By hand.
"""

import pytest
from support.report_folder import GALA, ReportFolder, money

SEAT = "Order,Show,Starts,Type,Seat,Total"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, *rows, says=(), heading=SEAT, drop=("quantity",), **columns):
    """
    The orders of rows with a type, a seat and perhaps more cells, by number.
    """
    folder.recipe(*says, drop=drop, **columns)
    lines = [f"{n},{GALA},{row}" for n, row in enumerate(rows, 1)]
    folder.put("a.csv", heading, *lines)
    return folder.orders()


LISTS = [
    *(
        "A1, A2",
        "A1;A2",
        "A1 & A2",
        "A1 + A2",
        "A1/A2",
        "A1 and A2",
        "A1 und A2",
        "Row C 4 5 6",
        "Row C 4 5",
        "Seats 7 8",
        "A1,A2,A3",
    ),
    *("A1 A2", "Stalls A1 A2", "AA12 AA13", "A 1, A 2", "12A/12B", "A-12, A-13"),
    *("A1-A4", "A1-A4, B2", "A1 to A4", "Seats A1-A4", "Row A seats 1-4", "Row A 1-4"),
    *("Stalls A1, A2", "Stalls A1, B2", "Stalls A1, Stalls A2", "Stalls A1, Circle B2"),
    *("Row A: 1, 2", "Row A, 1, 2", "Row A Seat 1, 2", "Row 3 seats 4, 5"),
    *("Row A Seat 1, Row A Seat 2", "Row A, Seat 1, Row B, Seat 2", "Table 4, Table 5"),
    *("A1 (aisle), A2 (aisle)", "A1, A2 (aisle)", "1, 2, 3", "10001, 10002"),
    *("A1 y A2", "A1 en A2", "A1 e A2", "A1. A2", "A1 bis A4", "A1~A4", "A1 -> A4"),
    *("A1...A4", "A1:A4", "[A1, A2]", "(A1, A2)", "'A1','A2'", "C-1 C-2", "1A 2A"),
    *("A1, A2 Stalls", "A1 A2 Stalls", "1-4 Row A", "1 & 2 Row A", "Seats 1-4 Row A"),
    *("Reihe 3 Platz 4, 5", "Reihe 3 Platz 4-6", "Fila 3 asientos 4, 5"),
    *("GA x 2", "A1 x2", "2x A1", "A1 (2 seats)", "2 seats", "GA, GA", "Table 4 (x6)"),
]


@pytest.mark.parametrize("seats", LISTS)
def test_a_list_of_seats_is_asked_about(folder, seats):
    rows = (f'Adult,"{seats}",80.00', "Adult,C9,40.00")
    found = read(folder, *rows, line="Seat")
    assert f"line is {seats!r}, which may be several tickets" in found["1"]
    assert money(found["2"]) == (1, 4000, 0)
    found = read(folder, *rows, says=("ignore_columns: [Seat]",), line="Seat")
    assert money(found["1"]) == (1, 8000, 0)


ONE_SEAT = [
    *("Row A Seat 1", "A1 (aisle)", "Table 4 Seat 2", "Stalls A12", "Stalls, A12"),
    *("Row A, 5", "Row 3, Seat 5", "Level 1, Row 2, Seat 5", "Block 1, A12", "A-12"),
    *("Table 4, Seat 2", "Block 1 A12", "A12, Stalls", "GA", "A/12", "S1 A12"),
    *("Circle, Row B, Seat 14", "1001-1", "General admission 2026", "12 14"),
    *("Row 4 5", "Block C Row 4 5", "Table 12 4", "Row C 12 3", "Gate B 12"),
    *("Row X 5", "Stalls X5", "Block 12 X 5", "2X", "Seat: 5", "12 Row A", "Row E, 5"),
    *("Table 4, Seat 2 Balcony", "(A12)", "12:14", "1. Rang 5", "12 A", "12,12", "1A"),
    *("Reihe 3, Platz 4", "2. Rang, Reihe 3, Platz 4", "Fila 3, asiento 4"),
]


@pytest.mark.parametrize("seat", ONE_SEAT)
def test_one_seat_raises_no_question(folder, seat):
    found = read(folder, f'Adult,"{seat}",40.00', line="Seat")
    assert money(found["1"]) == (1, 4000, 0)


@pytest.mark.parametrize(
    ("seats", "waits"),
    [
        (("12", "12 14"), {"2"}),  # a seat alone: two seats beside it
        (("A9", "A1 B2"), {"2"}),
        (("12 14", "13 2"), set()),  # a row and a seat in all
        (("S1 A12", "S2 B4"), set()),
        (("Table 4, 5", "Table 6, 2"), set()),
        (("1/2", "2/2"), set()),  # the first ticket of two, and the second
    ],
)
def test_the_column_says_what_two_numbers_are(folder, seats, waits):
    found = read(folder, *(f'Adult,"{seat}",40.00' for seat in seats), line="Seat")
    assert {id_ for id_, it in found.items() if isinstance(it, str)} == waits


NUMBERED = f"{SEAT},Number"


@pytest.mark.parametrize(
    ("seats", "number", "asks"),
    [
        ("A1, A2", 1, True),
        ("A1, A2", 3, True),
        ("Stalls A1, A2", 1, True),
        ("A1-A4", 1, True),
        ("A1-A4, B2", 5, False),
        ("A1, A2", 2, False),
        ("A1-A4", 4, False),
        ("A1-A7", 4, False),  # every other seat
        ("12-14", 1, False),
        ("1, 5", 1, False),
        ("A1", 2, False),
    ],
)
def test_seats_that_contradict_the_number_are_asked_about(folder, seats, number, asks):
    def found(*says):
        row = f'Adult,"{seats}",80.00,{number}'
        columns = {"line": "Seat", "quantity": "Number"}
        return read(folder, row, says=says, heading=NUMBERED, drop=(), **columns)["1"]

    if asks:
        assert (
            f"which names several seats, and quantity is {number}: correct" in found()
        )
    assert money(found(*["ignore_columns: [Seat]"] * asks)) == (number, 8000, 0)


TYPES = [
    *(
        "2 Adults",
        "2 Erwachsene",
        "2 Erw. + 1 Kind",
        "2 adultes et 1 enfant",
        "Adult (x2)",
        "2x Adult",
        "Adult x 2",
        "Adult x2",
        "Adult 2x",
        "Adult*2",
    ),
    *("2 Adults, 1 Child", "1 Adult, 1 Child", "1 x Adult + 1 x Child", "Two Adults"),
    *("4 tickets", "2 Full price tickets", "Adult (2 tickets)", "Adult - 2 tickets"),
    *("Adult: 2", "Adult (2)", "Adult qty: 2", "Gala: 2 x Adult", "2 x Family"),
    "Adult, Adult",
]


@pytest.mark.parametrize("name", TYPES)
def test_a_type_with_a_number_is_asked_about(folder, name):
    row = f'"{name}",,80.00'
    reason = read(folder, row)["1"]
    assert f"type is '{name}', which may be several tickets" in reason
    found = read(folder, row, says=("ignore_columns: [Type]",))
    assert money(found["1"]) == (1, 8000, 0)


ONE_TICKET = [
    *("2 for 1", "2-for-1 Adult", "Under 16", "Over 60s", "Row 1 Adult", "3-day pass"),
    *("18+", "Family of 4", "Family (4)", "Family (2 adults, 2 kids)", "Box for 4"),
    *("Table for 4 people", "1 x Adult", "1 Adult", "Youth (18)", "Child (under 12)"),
    *(
        "2nd release",
        "Release 2",
        "Early bird 2",
        "First 100 tickets",
        "4 Ticket Bundle",
    ),
    *("3 Day tickets", "16 and under tickets", "Adult 16-25", "Category 1", "Max 2"),
    *("Kinder 6-14", "Erwachsene ab 18", "Platz 12", "Row C 4 Adult"),
    *("Student / Senior", "Stalls, Adult", "Adult & Child", "Adult, incl. drink"),
]


@pytest.mark.parametrize("name", ONE_TICKET)
def test_a_type_of_one_ticket_raises_no_question(folder, name):
    assert money(read(folder, f'"{name}",,80.00')["1"]) == (1, 8000, 0)


@pytest.mark.parametrize(
    ("names", "waits"),
    [
        (("VIP", "2 VIP"), {"2"}),
        (("1 VIP", "2 VIP"), {"2"}),
        (("VIP", "VIP (2)"), {"2"}),
        (("Adult", "Child", "Adult, Child"), {"3"}),
        (("Day Pass", "2 Day Pass"), set()),
        (("1 Star", "2 Star"), set()),
        (("Release (1)", "Release (2)"), set()),
    ],
)
def test_types_that_are_there_without_a_number_show_what_it_is(folder, names, waits):
    found = read(folder, *(f'"{name}",,80.00' for name in names))
    assert {id_ for id_, it in found.items() if isinstance(it, str)} == waits


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Seat", "A1, A2"),
        ("Seat numbers", "A1-A4"),
        ("Allocated seats", "Stalls A1, A2"),
        ("Ticket numbers", "10001, 10002"),
        ("Tickets", "2 x Adult"),
        ("Ticket type", "2 Adults"),
        *(("Seats", "A1-A4"), ("Seats", "A1 A2"), ("Seats", "A1/A2")),
        ("Seat", "GA x 2"),
        *(("Qty", "2x"), ("Qty", "x2"), ("Qty", "2 pcs"), ("Qty", "2.5")),
    ],
)
def test_a_column_that_is_not_mapped_may_say_it_too(folder, heading, cell):
    def found(*says):
        headings = f"Order,Show,Starts,Type,{heading},Total"
        row = f'Adult,"{cell}",80.00'
        return read(folder, row, says=says, heading=headings)["1"]

    assert f"{heading} is {cell!r}, and the recipe maps no column" in found()
    assert money(found(f"ignore_columns: [{heading}]")) == (1, 8000, 0)


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        *(("Seat", "12-14"), ("Seat", "Row A Seat 1"), ("Ticket number", "1001-1002")),
        *(("Seats", "12-14"), ("Seats", "A12"), ("Tickets", "1 x"), ("Qty", "1.0")),
    ],
)
def test_one_ticket_in_a_column_that_is_not_mapped_counts(folder, heading, cell):
    headings = f"Order,Show,Starts,Type,{heading},Total"
    found = read(folder, f"Adult,{cell},80.00", heading=headings)
    assert money(found["1"]) == (1, 8000, 0)
