"""
Reports in files: recipes, amounts as people write them, what cannot be read.
"""

import pytest
import xlsxwriter

from ticketsync.core import errors
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.providers import file_import, reading
from ticketsync.providers.file_import.folder import preview_file
from ticketsync.providers.file_import.orders import parse
from ticketsync.providers.file_import.recipes import recipe

RECIPE = """\
platform: The Other Place
timezone: Australia/Sydney
currency: AUD
stop_at: [Total]
columns:
  order: Booking
  event: Show
  date: Date
  time: Time
  placed: Sold on
  type: Price type
  quantity: Seats
  total: Paid
  fee: Service fee
  kept: Commission
  refunded: Refunded
  status: State
formats: {date: "%d/%m/%Y", time: "%I:%M %p", placed: "%d/%m/%Y"}
status:
  paid: [Sold]
  refunded: [Returned]
  pending: [Held]
  cancelled: [Void]
"""
HEADING = (
    "Booking,Show,Date,Time,Sold on,Price type,Seats,Paid,"
    "Service fee,Commission,Refunded,State,Buyer"
)
ROWS = (
    "A1,Late Laughs,04/10/2026,7:30 PM,01/09/2026,Adult,2,$80.00,3.00,4.15,,Sold,Ann",
    'A1,Late Laughs,04/10/2026,7:30 PM,01/09/2026,Child,1,"1,030.50",,,,Sold,Ann',
    "A2,Late Laughs,05/10/2026,7:30 PM,02/09/2026,Adult,1,40.00,1.50,2.00,,Returned,Bo",
    "A3,Late Laughs,05/10/2026,7:30 PM,02/09/2026,Adult,2,80.00,3.00,4.00,,Held,Cy",
    "Total,,,,,,,1230.50,,,,,",
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    reports = tmp_path / "reports"
    reports.mkdir()
    return tmp_path


def options(folder, **more):
    return {
        "recipe": str(folder / "recipe.yaml"),
        "watch": str(folder / "reports"),
        **more,
    }


def put(folder, rows, name="september.csv", heading=HEADING):
    text = "\n".join(["The Other Place, sales report", heading, *rows])
    (folder / "reports" / name).write_text(text)


def orders(folder, **more):
    provider = file_import.FileImport(None, options(folder, **more))
    return {
        raw["id"]: provider.parse_order(raw)
        for page in provider.fetch_all_orders(None, None, workers=1)
        for raw in page.records
    }


def test_a_report_is_read_as_its_recipe_says(folder):
    put(folder, ROWS)
    found = orders(folder)
    assert list(found) == ["A1", "A2", "A3"]
    first = found["A1"]
    # 80.00 + 3.00 and 1,030.50
    assert (first.charged, first.status) == (111350, OrderStatus.PAID)
    assert [t.face for t in first.tickets] == [4000, 4000, 103050]
    assert [t.fee for t in first.tickets] == [150, 150, 0]
    assert [(f.name, f.amount) for f in first.fees] == [("The Other Place fee", 415)]
    # 19:30 on the day the clocks go forward in Sydney (UTC+11)
    assert first.occurrence_id == "Late Laughs @ 2026-10-04T08:30:00Z"
    assert first.doubt is None


def test_a_returned_line_gives_back_what_was_paid_and_admits_nobody(folder):
    put(folder, ROWS)
    order = orders(folder)["A2"]
    # 40.00 and the service fee of 1.50
    assert (order.charged, [r.amount for r in order.refunds]) == (4150, [4150])
    assert [t.status for t in order.tickets] == [TicketStatus.VOID]


def test_a_held_order_is_not_paid(folder):
    put(folder, ROWS)
    order = orders(folder)["A3"]
    assert (order.status, order.charged, order.total) == (OrderStatus.PENDING, 0, 8300)
    assert order.fees == ()


def test_people_are_never_read(folder):
    put(folder, ROWS)
    provider = file_import.FileImport(None, options(folder))
    (page,) = provider.fetch_all_orders(None, None, workers=1)
    assert "Ann" not in repr(page.records)


def test_a_negative_row_takes_back_what_was_sold(folder):
    put(
        folder,
        [
            "B1,Late Laughs,04/10/2026,7:30 PM,01/09/2026,Adult,3,120.00,,,,Sold,",
            "B1,Late Laughs,04/10/2026,7:30 PM,03/09/2026,Adult,-1,(40.00),,,,Sold,",
        ],
    )
    order = orders(folder)["B1"]
    assert order.charged == 12000
    assert [r.amount for r in order.refunds] == [4000]
    assert [t.status for t in order.tickets].count(TicketStatus.VOID) == 1


def test_the_newest_report_that_has_an_order_counts(folder):
    put(folder, ROWS[:2], "1-old.csv")
    # Another price would be another order, as `placed` has no time of the day.
    put(folder, [ROWS[0].replace(",2,$80.00", ",3,120.00")], "2-new.csv")
    for n, name in enumerate(("1-old.csv", "2-new.csv")):
        import os

        os.utime(folder / "reports" / name, (10**9 + n, 10**9 + n))
    assert orders(folder)["A1"].charged == 12300


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("Sold,Ann", "Swapped,Ann"), "status is 'Swapped', which the recipe does not"),
        (("$80.00", "eighty"), "total is 'eighty', not an amount"),
        (("$80.00", "80.005"), "total is '80.005', not an amount in AUD"),
        (("04/10/2026", "10-04-2026"), "starts is '10-04-2026 7:30 PM', not a time"),
        ((",2,", ",2.5,"), "quantity is '2.5', not a whole number"),
        (("A1,", ","), "it has no order number"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(folder, change, reason):
    put(folder, [ROWS[0].replace(*change)])
    provider = file_import.FileImport(None, options(folder))
    (page,) = provider.fetch_all_orders(None, None, workers=1)
    with pytest.raises(UnreadableRecord) as caught:
        reading.parsed(provider.parse_order, page.records[0])
    assert caught.value.reason.startswith("september.csv, line 3: ")
    assert reason in caught.value.reason


def test_a_workbook_is_read_by_sheet(folder):
    file = folder / "reports" / "book.xlsx"
    book = xlsxwriter.Workbook(str(file))
    book.add_worksheet("Cover").write(0, 0, "Sales")
    sheet = book.add_worksheet("Sales")
    for column, text in enumerate(HEADING.split(",")):
        sheet.write(0, column, text)
    row = ("A9", "Late Laughs", "04/10/2026", "7:30 PM", "01/09/2026", "Adult")
    for column, text in enumerate((*row, 2, 80.5, 0, 0, "", "Sold")):
        sheet.write(1, column, text)
    book.close()
    text = (folder / "recipe.yaml").read_text()
    (folder / "recipe.yaml").write_text(f"{text}sheet: Sales\n")
    assert orders(folder)["A9"].charged == 8050


def test_a_folder_without_reports_is_a_passing_fault(folder):
    with pytest.raises(errors.ProviderUnavailable, match="contains no report"):
        orders(folder)


def test_a_report_with_other_headings_is_refused_with_the_ones_looked_for(folder):
    put(folder, ROWS, heading=HEADING.replace("Booking", "Reference"))
    with pytest.raises(errors.BadFile, match="Booking, Show, Date"):
        orders(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("currency: AUD\n", ""), "does not state its currency"),
        (("timezone: Australia/Sydney\n", ""), "the time zone of its times"),
        (("Australia/Sydney", "Australia/Sidney"), "Sidney"),
        (("  order: Booking\n", ""), "maps no column to order"),
        (("  order:", "  ordr:"), "Did you mean 'order'?"),
        (("stop_at: [Total]", "stop_at: Total"), "a list of words is expected"),
    ],
)
def test_a_recipe_that_would_have_to_guess_is_refused(folder, change, reason):
    put(folder, ROWS)
    (folder / "recipe.yaml").write_text(RECIPE.replace(*change))
    with pytest.raises(errors.ConfigurationError) as caught:
        orders(folder)
    assert reason in caught.value.message


@pytest.mark.parametrize("name", recipe.builtin_names())
def test_every_recipe_of_ours_is_whole_and_says_where_it_is_known_from(name):
    found = recipe.load_recipe(name, timezone="Australia/Sydney", currency="AUD")
    assert found.established


def test_ticketmaster_blocks_count_their_seats_and_their_own_price(tmp_path):
    (tmp_path / "tm.csv").write_text(
        "OrderID,Ticket_Seq_ID,Event_Name,Event_ID,Event_Date,Upd_DateTime,"
        "Ticket_Type,Num_Seats,Block_Purchase_Price,Ticket_Status\n"
        "77,1,Late Laughs,EV1,2026-10-04 19:30,2026-09-01 10:00,ADULT,4,159.60,A\n"
        "78,1,Late Laughs,EV1,2026-10-04 19:30,2026-09-01 10:00,COMP,2,0.00,A\n"
        "79,1,Late Laughs,EV1,2026-10-04 19:30,2026-09-01 10:00,ADULT,1,39.90,Q\n"
    )
    account_options = {
        "recipe": "ticketmaster_share",
        "timezone": "Australia/Sydney",
        "currency": "AUD",
    }
    reports = preview_file(account_options, tmp_path / "tm.csv")
    block, comp, odd = reports.orders
    order = parse.parse_order(block)
    assert [t.face for t in order.tickets] == [3990, 3990, 3990, 3990]
    assert (order.charged, order.fees) == (15960, None)
    assert [t.face for t in parse.parse_order(comp).tickets] == [0, 0]
    with pytest.raises(UnreadableRecord, match="'Q', which the recipe does not know"):
        parse.parse_order(odd)


def test_todaytix_returned_rows_are_negative(tmp_path):
    (tmp_path / "t.csv").write_text(
        "Confirmation,Seat,Event,Showtime,Transaction Date,Section,Gross Revenue,"
        "Total Commission,Sales Tax,Ticket Status\n"
        "C1,A1,Late Laughs,2026-10-04 19:30,2026-09-01,Stalls,50.00,7.50,4.55,Sold\n"
        "C1,A2,Late Laughs,2026-10-04 19:30,2026-09-01,Stalls,50.00,7.50,4.55,Sold\n"
        "C1,A2,Late Laughs,2026-10-04 19:30,2026-09-02,Stalls,-50.00,-7.50,-4.55,"
        "Returned\n"
    )
    account_options = {
        "recipe": "todaytix",
        "timezone": "Australia/Sydney",
        "currency": "AUD",
    }
    (raw,) = preview_file(account_options, tmp_path / "t.csv").orders
    order = parse.parse_order(raw)
    assert (order.charged, [r.amount for r in order.refunds]) == (10000, [5000])
    assert [t.status.value for t in order.tickets] == ["valid", "void"]
    # 7.50 twice, 7.50 given back
    assert sum(fee.amount for fee in order.fees) == 750
