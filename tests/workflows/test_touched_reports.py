"""
Reports as box offices and spreadsheets leave them: each gives the figures worked out by
hand or is refused by name, and what is previewed is what is saved.
"""

import pytest
from support.report_accounts import GALA, HEADING, ReportAccount

from ticketsync.core import errors
from ticketsync.workflows import recipe_preview


@pytest.fixture
def account(sqlite, tmp_path):
    return ReportAccount(sqlite, tmp_path)


def read(account):
    """
    The exit code, the figures (orders, tickets sold, paid in cents) and the problems.
    """
    account.add()
    result, _ = account.sync()
    return result.exit_code, tuple(account.figures()), account.waiting()


def preview(account, file):
    folder = {"recipe": str(account.path / "r.yaml"), "watch": str(account.path / "in")}
    found = recipe_preview.preview(folder, str(file), lambda: account.database)
    sold = sum(int(row["sold"]) for row in found.rows)
    paid = sum(round(float(row["charged"]) * 100) for row in found.rows)
    return (len(found.rows), sold, paid), found


def test_prices_that_nobody_bought_say_nothing_of_their_order(account):
    file = account.put(
        "a.csv",
        f"1,{GALA},Adult,2,50.00",
        f"1,{GALA},Child,0,0.00",
        f"2,{GALA},Child,0,",
        f"2,{GALA},Adult,1,25.00",
        f"3,{GALA},Adult,1,25.00",
        f"3,{GALA},Senior,0,2.50",
        f"4,{GALA},Adult,0,0.00",
    )
    code, figures, waiting = read(account)
    assert (code, figures) == (errors.PARTLY, (2, 3, 7500))
    assert waiting == {
        "3": "a.csv, line 6: quantity is 0",
        "4": "a.csv, line 8: quantity is 0",
    }
    assert preview(account, file)[0] == figures


def test_a_fee_among_the_types_of_tickets_is_no_ticket(account):
    rows = [f"1,{GALA},Adult,2,50.00", f"1,{GALA},Booking Fee,1,2.50"]
    account.put("a.csv", *rows, f"2,{GALA},No fee adult,1,25.00")
    code, figures, waiting = read(account)
    assert (code, figures) == (errors.PARTLY, (1, 1, 2500))
    assert "Type is 'Booking Fee', which is not a ticket" in waiting["1"]
    # Both ways out of the message; the fee is the order's, 52.50 in all.
    account.recipe("ignore_columns: [Type]")
    assert account.sync()[0].exit_code == 0
    assert tuple(account.figures()) == (2, 4, 7750)
    recipe = account.path / "r.yaml"
    recipe.write_text(
        recipe.read_text()
        .replace("ignore_columns: [Type]", "")
        .replace("{order", "{kind: Type, order")
        + "kind: {sale: [Adult, No fee adult], fee: [Booking fee]}\n"
    )
    assert account.sync()[0].exit_code == 0
    assert tuple(account.figures()) == (2, 3, 7750)


def test_headings_that_each_page_repeats_are_left_out(account):
    file = account.put(
        "a.csv",
        f"1,{GALA},Adult,2,50.00",
        HEADING,
        f"2,{GALA},Adult,1,25.00",
        "Page 2 of 2",
    )
    assert read(account) == (0, (2, 3, 7500), {})
    figures, found = preview(account, file)
    assert figures == (2, 3, 7500)
    assert any("the headings again" in note for note in found.notes)


def test_a_date_that_nothing_decides_says_what_to_write(account):
    account.put("a.csv", "1,Gala,05/12/2026 19:30,Adult,2,50.00")
    account.add()
    account.sync()
    assert account.waiting()["1"].endswith(
        "with the month first; say `dates: dmy` or `mdy` in the recipe"
    )


@pytest.mark.parametrize(
    ("starts", "why"),
    [
        ("2026-10-04 02:30", "does not exist in Australia/Sydney"),
        ("2027-04-04 02:30", "happens twice in Australia/Sydney"),
    ],
)
def test_an_hour_that_the_clocks_skip_or_repeat_is_named(account, starts, why):
    account.put("a.csv", f"1,Gala,{starts},Adult,2,50.00")
    account.add()
    account.sync()
    assert why in account.waiting()["1"]


class TestTheSameAmountTakenBackTwice:
    """
    Two statements of refunds with rows that the recipe reads alike: one refund in both,
    or two refunds.
    """

    @pytest.fixture(autouse=True)
    def sold(self, account):
        account.put("sales.csv", f"1,{GALA},Adult,4,100.00")

    def put(self, account, *days):
        for day in days:
            text = f"{HEADING},On\n1,{GALA},Adult,-1,-25.00,{day}\n"
            account.put(f"refunds {day} {len(days)}.csv", data=text.encode())

    def test_is_one_refund_if_nothing_differs(self, account):
        self.put(account, "2026-11-02")
        account.put("again.csv", data=next(account.path.glob("in/ref*")).read_bytes())
        assert read(account) == (0, (1, 3, 10000), {})

    def test_is_set_aside_if_they_differ_in_what_is_not_read(self, account):
        self.put(account, "2026-11-02", "2026-11-09")
        code, _, waiting = read(account)
        assert code == errors.PARTLY
        assert "differs only in columns that the recipe does not map" in waiting["1"]

    def test_is_two_refunds_if_the_recipe_reads_what_differs(self, account):
        recipe = account.path / "r.yaml"
        recipe.write_text(recipe.read_text().replace("{order", "{placed: On, order"))
        account.put(
            "sales.csv", data=f"{HEADING},On\n1,{GALA},Adult,4,100.00,\n".encode()
        )
        self.put(account, "2026-11-02", "2026-11-09")
        assert read(account) == (0, (1, 2, 10000), {})
