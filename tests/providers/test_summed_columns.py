"""
An amount that stands in several columns of a report is their sum. Worked out by hand:
5.00 and 3.00 kept of 88.00, 2.50 and 1.50 of 44.00.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

from ticketsync.core import errors
from ticketsync.workflows import recipe_preview

FULL = f"{HEADING},Platform fee,Card fee"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def no_database():
    raise errors.NotFound("There is none.", hint="")


def read(folder, *rows, mapped="[Platform fee, Card fee]", field="kept"):
    folder.recipe("tax: inside", **{field: mapped})
    folder.put("a.csv", FULL, *(f"{n},{GALA},A,{row}" for n, row in enumerate(rows, 1)))
    return folder.orders()


def test_what_was_kept_in_two_columns_is_added(folder):
    found = read(folder, "2,88.00,5.00,3.00", "1,44.00,2.50,1.50", "1,44.00,2.50,")
    assert [order.total_fees for order in found.values()] == [800, 400, 250]


def test_one_column_alone_counts_as_before(folder):
    found = read(folder, "2,88.00,5.00,3.00", mapped="Platform fee")
    assert found["1"].total_fees == 500


@pytest.mark.parametrize(
    ("field", "charged", "refunded"),
    [("fee", 9600, 0), ("discount", 8800, 0), ("tax", 8800, 0), ("refunded", 8800, 8)],
)
def test_other_amounts_can_be_sums_too(folder, field, charged, refunded):
    found = read(folder, "2,88.00,5.00,3.00", field=field)["1"]
    assert money(found)[1:] == (charged, refunded * 100)
    assert field != "tax" or found.tax == 800


def test_columns_that_are_all_below_zero_are_fees(folder):
    found = read(folder, "2,88.00,-5.00,(3.00)", "1,44.00,-2.50,(1.50)")
    assert [order.total_fees for order in found.values()] == [800, 400]


def test_columns_on_two_sides_of_zero_set_the_row_aside(folder):
    found = read(folder, "2,88.00,-5.00,3.00", "1,44.00,-2.50,0.00")
    assert "kept is the sum of columns with -5.00 and 3.00" in found["1"]
    assert found["2"].total_fees == 250


def test_a_heading_that_is_missing_is_named(folder):
    folder.recipe(kept="[Platform fee, Bank fee]")
    folder.put("a.csv", FULL, f"1,{GALA},A,2,88.00,5.00,3.00")
    (error,) = folder.provider().unread_files().values()
    assert "lacks 'Bank fee'" in error.message


@pytest.mark.parametrize("mapped", ["[]", "[Platform fee, platform fee]"])
def test_an_empty_list_and_a_heading_twice_are_refused(folder, mapped):
    with pytest.raises(errors.ConfigurationError, match="headings of `kept`"):
        read(folder, "2,88.00,5.00,3.00", mapped=mapped)


def test_a_list_for_what_cannot_be_added_is_refused(folder):
    with pytest.raises(errors.ConfigurationError, match="a word is expected"):
        read(folder, "2,88.00,5.00,3.00", field="order_total")


def test_recipe_check_names_a_column_that_may_be_kept_too(folder):
    folder.recipe(kept="Card fee")
    file = folder.put("a.csv", FULL, f"1,{GALA},A,2,88.00,5.00,3.00")
    options = {"recipe": str(folder.path / "r.yaml")}
    (note,) = [
        note
        for note in recipe_preview.preview(options, str(file), no_database).notes
        if "kept" in note
    ]
    assert note.endswith("`kept: [Card fee, Platform fee]`")
