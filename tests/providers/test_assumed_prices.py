"""
Prices of rows of several tickets: read as those of a ticket with a note where nothing
shows what they are, asked about where it speaks for the row. Worked out by hand.
"""

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

from ticketsync.core import digest, errors
from ticketsync.providers.report_folder import HeldNames, ReadReport
from ticketsync.workflows import recipe_preview


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def put(folder, *rows, says=(), heading=HEADING, **columns):
    folder.recipe(*says, drop=("total",), **{"price": "Total", **columns})
    lines = [f"{n},{row}" for n, row in enumerate(rows, 1)]
    return folder.put("a.csv", heading, *lines)


PAIRS = (f"{GALA},A,2,80.00", f"{GALA},B,1,40.00", f"{GALA},A,2,80.00")
NOTE = (
    "a.csv, line 2: price is 80.00 on a row of 2 tickets, as on 1 more row, and is "
    "read as the price of each, which nothing in the reports shows: map the column to "
    "`total` if it is what the row cost, or say `per: {price: ticket}` in the recipe "
    "if it is the price of each"
)


def test_a_price_of_each_ticket_that_nothing_shows_is_named(folder):
    """
    160.00 by the price of each, 80.00 by that of the row.
    """
    put(folder, *PAIRS)
    provider = folder.provider()
    assert money(folder.orders()["1"]) == (2, 16000, 0)
    assert provider.notes() == (NOTE,)
    assert provider.identify().notes == (NOTE,)


def test_other_prices_beside_other_numbers_show_nothing(folder):
    """
    40.00 for one and 150.00 for four, which is 600.00 or a price for a family.
    """
    put(folder, f"{GALA},A,1,40.00", f"{GALA},A,4,150.00")
    assert money(folder.orders()["2"]) == (4, 60000, 0)
    (note,) = folder.provider().notes()
    assert note.startswith("a.csv, line 3: price is 150.00 on a row of 4 tickets, and")


@pytest.mark.parametrize(
    ("says", "mapped", "charged"),
    [(("per: {price: ticket}",), "price", 16000), ((), "total", 8000)],
)
def test_both_answers_end_the_note(folder, says, mapped, charged):
    put(folder, *PAIRS, says=says)
    if mapped == "total":
        folder.recipe()
    assert folder.provider().notes() == ()
    assert money(folder.orders()["1"]) == (2, charged, 0)


def test_recipe_check_shows_it_and_a_run_says_it_once(folder):
    def no_database():
        raise errors.NotFound("There is none.", hint="")

    file = put(folder, *PAIRS)
    options = {"recipe": str(folder.path / "r.yaml")}
    assert NOTE in recipe_preview.preview(options, str(file), no_database).notes
    content = digest.content(file.read_bytes()).hex()
    held = HeldNames(read={content: ReadReport("a.csv", 1)})  # by an earlier version
    first = folder.provider(held)
    assert first.notes() == (NOTE,)
    held = HeldNames(read=first.reports_read())
    assert folder.provider(held).notes() == ()
    assert HeldNames(read=folder.provider(held).reports_read()) == held
    folder.put("b.csv", HEADING, f"9,{LATE},C,4,20.00")
    (note,) = folder.provider(held).notes()
    assert note.startswith(
        "b.csv, line 2: price is 20.00 on a row of 4 tickets, and is"
    )


@pytest.mark.parametrize(
    "rows",
    [
        (f"{GALA},A,1,40.00", f"{GALA},B,1,20.00"),  # one ticket on each row
        (f"{GALA},A,2,40.00", f"{GALA},A,1,40.00"),  # the same for one and for two
        (f"{GALA},A,2,40.00", f"{GALA},A,3,40.00", f"{GALA},B,4,20.00"),
        (f"{GALA},A,2,0.00",),
    ],
)
def test_prices_that_show_what_they_are_raise_no_note(folder, rows):
    put(folder, *rows)
    assert folder.provider().notes() == ()
    assert not [it for it in folder.orders().values() if isinstance(it, str)]


@pytest.mark.parametrize("field", ["order_total", "refunded"])
def test_an_amount_of_all_tickets_shows_the_price_of_each(folder, field):
    heading, row = f"{HEADING},All", f"{GALA},A,2,40.00,80.00"
    put(folder, row, heading=heading, **{field: "All"})
    assert folder.provider().notes() == ()
    assert folder.orders()["1"].charged == 8000


def test_one_type_in_another_file_shows_the_price_of_the_row(folder):
    put(folder, f"{GALA},A,2,80.00")
    folder.put("b.csv", HEADING, f"9,{GALA},A,1,40.00")
    found = folder.orders()
    assert "price is 80.00 on a row of 2 tickets, and the amounts" in found["1"]
    assert money(found["9"]) == (1, 4000, 0)
    assert folder.provider().notes() == ()


def test_a_price_of_all_tickets_by_the_list_is_asked_about(folder):
    """
    40.00 by the list for each of two, and a price of 80.00.
    """
    heading, row = f"{HEADING},Listed", f"{GALA},A,2,80.00,40.00"
    put(folder, row, heading=heading, list_price="Listed")
    assert "those of its column are the list_price times the" in folder.orders()["1"]
    put(
        folder,
        row,
        says=("per: {price: ticket}",),
        heading=heading,
        list_price="Listed",
    )
    assert money(folder.orders()["1"]) == (2, 16000, 0)


def test_a_price_below_the_list_counts(folder):
    heading, row = f"{HEADING},Listed", f"{GALA},A,2,36.00,40.00"
    put(folder, row, heading=heading, list_price="Listed")
    assert money(folder.orders()["1"]) == (2, 7200, 0)


def test_the_answer_that_a_price_is_of_a_ticket_is_no_other_recipe(folder):
    put(folder, *PAIRS)
    read = folder.provider().reports_read()
    put(folder, *PAIRS, says=("per: {price: ticket}",))
    again = folder.provider(HeldNames(read=read)).reports_read()
    assert [it.meaning for it in again.values()] == [it.meaning for it in read.values()]
