"""
Small report files that once were booked wrongly, from where they lie: each with the
figures of its README, worked out by hand, or with the rows set aside by name.
"""

import re

import pytest
from support import needs
from support.needs import CASES

pytestmark = needs.cases
NOT_REPORTS = {"ics_", "list_says"}  # lists of a season
GALA = "Gala 2026-12-05T08:30:00Z AUD"
NO_FEES = "fees None"

# What the script must say, and what it must not.
RIGHT = {
    "check_in_moves": [
        r"after the second report:\n  1001/1/1 Adult in\n  1001/2/1 Child -\n"
    ],
    "column_mapped_twice": [
        "rc 0",
        f"{GALA} sold 2 gross 53.00 refunded 0.00 fees 3.00 net_before_fees 53.00",
    ],
    "date_without_time": [
        "rc 3",
        f"Gala 2026-12-06T08:30:00Z AUD sold 1 gross 25.00 refunded 0.00 {NO_FEES}",
        "1001: a.csv, line 2: starts is '2026-12-05'",
        "1002: a.csv, line 3: starts is '2026-12-05'",
    ],
    "decimal_comma_csv": [
        "rc 0",
        "Gala 2026-12-05T18:30:00Z EUR sold 5 gross 2562.50",
    ],
    "discount_below_zero": [
        "rc 0",
        f"{GALA} sold 3 discounts 5.00 gross 70.00",
    ],
    "excel_order_numbers": [
        "rc 3",
        f"{GALA} sold 3 gross 75.00",
        "nov-excel.csv, line 2: order is '1.23457E\\+11'",
        "nov-excel.csv, line 3: order is '1.23457E\\+11'",
    ],
    "float_noise_in_cells": ["rc 0", f"{GALA} sold 8 gross 100.65"],
    "footer_makes_it_stale": [
        "rc 0",
        f"{GALA} sold 18 gross 450.00",
        "2 rows left out",
    ],
    "formula_without_value": [
        "rc 3",
        f"{GALA} sold 2 gross 50.00",
        "1001: a.xlsx, sheet Sales, row 2: quantity \\(cell D2\\) is a formula",
    ],
    "free_dash_and_blank": [
        "rc 3",
        f"{GALA} sold 20 gross 500.00",
        "2001: a.csv, line 22: total is 'Free'",
        "2002: a.csv, line 23: total is '-'",
        "2003: a.csv, line 24: it has no price",
    ],
    "heading_twice": ["a.csv, line 1: the heading 'Total' is there twice"],
    "hidden_first_sheet": ["rc 0", r"1001 +Gala +05 Dec 19:30 +2 +50.00"],
    "journal_one_row_per_ticket_tax_and_fee": [
        "rc 3",
        f"{GALA} sold 0 gross 0.00",
        "T501: a.csv, line 3: Type is 'Tax'",
        "T502: a.csv, line 5: Type is 'Tax'",
        "O90: a.csv, line 6: Type is 'Venue Fee'",
        "does not map the column 'Type'",
    ],
    "kept_fee_below_zero": [
        "rc 0",
        f"{GALA} sold 3 net 70.50 gross 75.00 refunded 0.00 fees 4.50",
    ],
    "long_numbers_in_cells": [
        "rc 3",
        f"{GALA} sold 0 gross 0.00",
        "row 2: order is 12345678901234569216, a number of more digits",
        "row 3: order is 12345678901234569216, a number of more digits",
    ],
    "named_currency": [
        "rc 3",
        f"{GALA} sold 1 gross 25.00",
        "1001: a.csv, line 2: total is 'US\\$50.00'",
        "1002: a.csv, line 3: total is '€40.00'",
        "1003: a.csv, line 4: total is '25.00 NZD'",
    ],
    "numbers_start_again": [
        "rc 3",
        f"{GALA} sold 0 gross 0.00",
        "Matinee 2026-12-06T03:00:00Z AUD sold 0 gross 0.00",
        "1: matinee.csv, line 2: its number is that of another order in gala.csv",
        "2: matinee.csv, line 3: its number is that of another order in gala.csv",
        "`order_numbers: event`",
    ],
    "one_bad_file_stops_the_account": [
        "== quote.csv[^=]*rc 3\nGala 3 75.00[^=]*quote.csv, line 2",
        "== page.xls[^=]*rc 3\nGala 3 75.00[^=]*page.xls has no row",
        "== notes.csv[^=]*rc 3\nGala 3 75.00[^=]*notes.csv has no row",
    ],
    "partial_refund_row": [
        "rc 0",
        f"{GALA} sold 4 gross 100.00 refunded 10.00 {NO_FEES} net_before_fees 90.00",
    ],
    "quantity_is_a_barcode": [
        "rc 3",
        r"1002 +Gala +05 Dec 19:30 +1 +25.00",
        "a.csv, line 2: quantity is '4006381333931'",
    ],
    "recipe_check_as_csv": [
        "rc 3",
        "1001,Gala,2026-12-05T08:30:00Z,2,50.00,0.00,AUD",
        "a.csv, line 3: total is 'Free', not an amount",
    ],
    "rs_prefix": [
        "rc 3",
        "Gala 2026-12-05T14:00:00Z INR sold 2 gross 500.00",
        "1002: a.csv, line 3: total is 'Rs. 1,500'",
    ],
    "sheet_per_show": [
        "rc 0",
        f"{GALA} sold 2 gross 50.00",
        "Matinee 2026-12-06T03:00:00Z AUD sold 3 gross 60.00",
        "the sheet 'Notes' was not read",
    ],
    "small_report_with_total_row": [
        "rc 3",
        f"{GALA} sold 5 gross 125.00",
        "1003: a.csv, line 4: total is 'Free'",
        "line 6 'Page total'",
    ],
    "statement_refund_row": [
        "rc 0",
        f"{GALA} sold 3 gross 100.00 refunded 25.00 {NO_FEES} net_before_fees 75.00",
    ],
    "stray_cell_kills_all": [
        "Gala 2 50.00",
        "Late 3 60.00",
        "stray.xlsx has a sheet of 1,048,576 × 16,384 cells",
    ],
    "template_without_status": [
        "rc 3",
        f"{GALA} sold 2 gross 50.00",
        "5002: a.csv, line 3: Status is 'Refunded'",
        "5003: a.csv, line 4: Status is 'Cancelled'",
        "does not map the column 'Status'",
    ],
    "title_line_above_semicolons": [
        r"(?:1001 +Gala +05 Dec 19:30 +2 +50.00[^A-Z]*AUD\n"
        r"paid: 1 order, 2 tickets sold, charged 50.00, refunded 0.00, fees unknown "
        r"\(AUD\)\nNote: the recipe maps no column to `placed`: .*\nRead: .*\nrc 0\n"
        r"[^=]*){2}"
    ],
    "todaytix_general_admission": [
        "rc 0",
        f"{GALA} sold 4 gross 120.00 refunded 0.00 fees 12.00",
    ],
    "transfer_between_dates": [
        "rc 0",
        f"{GALA} sold 0 gross 100.00 refunded 100.00 {NO_FEES} net_before_fees 0.00",
        "Gala 2026-12-06T08:30:00Z AUD sold 3 gross 150.00 refunded 0.00 "
        f"{NO_FEES} net_before_fees 150.00",
    ],
    "unicode_minus": [
        "rc 0",
        f"{GALA} sold 2 gross 100.00 refunded 50.00 {NO_FEES} net_before_fees 50.00",
    ],
    "year_missing": ["the format '%a %d %b %I:%M%p' of `starts` does not have a year"],
}
BOTH = "Traceback|A fault in ticketsync itself|newer ticketsync|panicked|schema-drift"


def test_every_case_about_a_report_is_run():
    there = {
        folder.name
        for folder in CASES.iterdir()
        if (folder / "run.sh").exists()
        and not folder.name.startswith(tuple(NOT_REPORTS))
    }
    assert there == RIGHT.keys()


@pytest.mark.parametrize("case", RIGHT)
@pytest.mark.sampled(4)
def test_a_case_has_its_figures_or_its_rows_are_set_aside(scripts, case):
    done = scripts.run(case)
    said = done.stdout + done.stderr
    flat = re.sub(r"\n    (?=\S)", " ", said)  # the terminal's line breaks in a message
    for pattern in RIGHT[case]:
        assert re.search(pattern, said) or re.search(pattern, flat), said
    assert not re.search(BOTH, said), said
