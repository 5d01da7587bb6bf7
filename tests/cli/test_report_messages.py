"""
What a person is shown about report files, from connecting a folder to the figures.
"""

import csv
import json
import os
import re

import pytest
from support import commands

RECIPE = """\
platform: Other House
timezone: Australia/Sydney
currency: AUD
columns:
  order: Order
  event: Show
  starts: Starts
  type: Type
  quantity: Qty
  total: Total
"""
HEADING = "Order,Show,Starts,Type,Qty,Total"
LATE, EARLY = "Late,2030-12-22 19:30,Adult", "Early,2030-12-22 17:30,Adult"


class Office:
    """
    A home with a venue, and a folder `in` for an account `other`.
    """

    def __init__(self, home, path):
        self.path = path
        self.environment = {
            **os.environ,
            "TICKETSYNC_HOME": str(home),
            "TERM": "xterm",
            "COLUMNS": "80",
        }
        (path / "in").mkdir()
        self.run(
            *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
            *("--currency", "AUD", "--no-input"),
        )

    def run(self, *arguments, code=0):
        done = commands.run(*arguments, env=self.environment, cwd=self.path)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done

    def said(self, *arguments, code=0):
        """
        What both outputs say, on one line.
        """
        done = self.run(*arguments, code=code)
        return " ".join((done.stdout + done.stderr).split())

    def recipe(self, *lines, **columns):
        more = "".join(f"  {ours}: {theirs}\n" for ours, theirs in columns.items())
        (self.path / "r.yaml").write_text(RECIPE + more + "\n".join(lines))

    def put(self, name, *rows, heading=HEADING):
        (self.path / "in" / name).write_text("\n".join([heading, *rows]) + "\n")

    def add(self):
        return self.said(
            *("accounts", "add", "file", "other"),
            *("--recipe", "r.yaml", "--watch", "in"),
        )

    def adopt(self):
        self.run("events", "fetch")
        self.run("shows", "adopt", "--all")


@pytest.fixture
def office(home, tmp_path):
    found = Office(home, tmp_path)
    found.recipe()
    return found


def test_the_fee_of_each_show_is_named(office):
    office.recipe(kept="Kept")
    office.put(
        "a.csv",
        f"1,{LATE},2,100.00,70.00",
        f"1,{EARLY},1,300.00,7.00",
        heading=f"{HEADING},Kept",
    )
    office.add()
    office.adopt()
    office.run("sync")
    for command in ("explain", "show"):
        said = office.said("financials", command, "Late")
        assert "other, fees 70.00 AUD: Other House fee 70.00." in said


# Columns that the recipe does not map


@pytest.mark.parametrize(
    ("heading", "harmless", "telling", "advice"),
    [
        ("Currency", ["AUD", "", "aud", "$", "A$"], "USD", "`currency`"),
        ("Currency code", ["AUD"], "US$", "`currency`"),
        ("Refunded", ["0", "", "0.00", "No", "-", "$0.00"], "20.00", "`refunded`"),
        ("refund_amount", ["0.00 AUD"], "AUD 5.00", "`refunded`"),
        ("Cancelled?", ["No", "FALSE", ""], "Yes", "`status`"),
        ("Is Cancelled", ["false"], "true", "`status`"),
        ("Cancelled at", [""], "2030-11-02 10:00", "`status`"),
        ("Void", ["n", "0"], "Y", "`status`"),
        ("Chargebacks", ["None"], "1", "`status`"),
    ],
)
@pytest.mark.sampled(4)
def test_a_column_that_may_hide_money_is_named_everywhere(
    office, heading, harmless, telling, advice
):
    """
    In `accounts add`, `recipe check`, `sync` and `status`; its row is not counted, and
    the others are.
    """
    good = [
        f"{n},{LATE},1,25.00,{text}" for n, text in enumerate([*harmless, harmless[0]])
    ]
    office.put(
        "a.csv", *good, f"99,{LATE},1,25.00,{telling}", heading=f"{HEADING},{heading}"
    )
    named = f"does not map the column '{heading}' ('{telling}' in 1 row)"
    added = office.add()
    assert named in added
    assert advice in added
    check = office.said("accounts", "recipe", "check", "r.yaml", "in/a.csv", code=3)
    assert named in check
    office.adopt()
    said = office.said("sync", code=3)
    assert named in said
    assert f"+{25 * len(good)}.00" in said
    assert f"99: a.csv, line {len(good) + 2}: {heading} is '{telling}'" in office.said(
        "status", code=10
    )
    office.recipe(f"ignore_columns: ['{heading}']")
    assert heading not in office.said("sync")


def test_a_number_of_tickets_that_no_one_mapped_is_named(office):
    columns = "Order,Show,Starts,Type,Total,Tickets"
    text = (office.path / "r.yaml").read_text().replace("  quantity: Qty\n", "")
    (office.path / "r.yaml").write_text(text)
    office.put("a.csv", f"1,{LATE},25.00,1", f"2,{LATE},75.00,3", heading=columns)
    assert "'Tickets' ('3' in 1 row); map it to `quantity`" in office.add()


@pytest.mark.parametrize(
    "heading", ["Refund policy", "Refundable", "Tickets URL", "Seat", "Voided by name"]
)
def test_other_columns_are_not_asked_about(office, heading):
    office.put("a.csv", f"1,{LATE},1,25.00,Some", heading=f"{HEADING},{heading}")
    assert "does not map" not in office.add()


def test_a_row_that_is_void_already_may_say_so_twice(office):
    office.recipe("status: {paid: [Sold], cancelled: [Gone]}", status="State")
    office.put(
        "a.csv",
        f"1,{LATE},1,25.00,Sold,No",
        f"2,{LATE},1,25.00,Gone,Yes",
        heading=f"{HEADING},State,Cancelled",
    )
    assert "does not map" not in office.add()


# What waits is said where the figures are


@pytest.mark.thorough
def test_figures_say_what_waits_and_is_not_in_them(office):
    office.recipe("status: {paid: [Sold]}", status="State")
    office.put(
        "a.csv",
        f"1,{LATE},1,25.00,Sold",
        f"2,{LATE},1,25.00,Held",
        f"3,{LATE},1,25.00,Held",
        f"4,{EARLY},1,25.00,Sold",
        "5,Late,2030-12-22,Adult,1,25.00,Sold",
        heading=f"{HEADING},State",
    )
    office.add()
    office.adopt()
    office.run("sync", code=3)
    assert (
        "other: 3 orders wait, in no figure here. See `ticketsync waiting list`."
        in office.said("financials", "list")
    )
    of_late = "other: 2 orders of this show wait, not in its figures; 1 order of no"
    for command in ("show", "explain"):
        assert of_late in office.said("financials", command, "Late")
        assert "other: 1 order of no known date waits." in office.said(
            "financials", command, "Early"
        )
    assert "wait" not in office.said("financials", "list", "--format", "csv")


@pytest.mark.thorough
def test_an_order_whose_older_version_counts_is_said_to_count(office):
    office.put("a.csv", f"R121,{LATE},2,80.00", f"R122,{LATE},1,40.00")
    office.add()
    office.adopt()
    office.run("sync")
    moved = "Late,2030-12-29 19:30,Adult"
    office.put("a.csv", f"R121,{moved},2,80.00", f"R122,{LATE},1,40.00")
    office.run("sync", code=3)
    of_one = (
        "other: R121 waits: its new version is not read; what was stored before still "
        "counts (80.00 AUD charged). See `ticketsync waiting list`."
    )
    said = office.said("financials", "list")
    assert of_one in said
    assert "in no figure" not in said
    for command in ("show", "explain"):
        assert of_one in office.said("financials", command, "Late 2030-12-22")
    said = office.said("waiting", "list")
    assert "other R121: a.csv, line 2: " in said
    assert "no longer lists" not in said
    assert "no longer listed" not in office.said("status", code=10)

    office.put("a.csv", f"R121,{moved},2,80.00", f"R122,{moved},1,40.00")
    office.run("sync", code=3)
    assert (
        "other: 2 orders wait: their new versions are not read; what was stored before "
        "still counts (120.00 AUD charged)." in office.said("financials", "list")
    )
    assert "no longer lists" not in office.said("waiting", "list")


@pytest.mark.thorough
def test_an_order_that_comes_back_set_aside_is_no_longer_called_delisted(office):
    rows = [f"{n},{LATE},1,25.00" for n in range(9)]
    office.put("a.csv", *rows)
    office.add()
    office.adopt()
    office.run("sync")
    office.put("a.csv", *rows[1:])
    office.run("sync")
    delisted = "other, order 0: the platform no longer lists this order"
    assert delisted in office.said("waiting", "list")
    office.put("a.csv", "0,Late,2030-12-22 19:30,Adult,1,25.005", *rows[1:])
    office.run("sync", code=3)
    said = office.said("waiting", "list")
    assert "total is '25.005', not an amount in AUD" in said
    assert "no longer lists" not in said
    office.put("a.csv", *rows[1:])
    office.run("sync")
    assert delisted in office.said("waiting", "list")


def test_status_and_the_waiting_list_name_the_same_records(office):
    office.recipe("status: {paid: [Sold]}", status="State")
    rows = [f"{n},{LATE},1,25.00,Held" for n in range(12)]
    office.put("a.csv", *rows, heading=f"{HEADING},State")
    office.add()
    office.run("events", "fetch")
    office.run("sync", code=3)
    listed = office.said("waiting", "list")
    for n in range(12):
        assert f"other {n}: a.csv, line {n + 2}: status is 'Held'" in listed
    status = office.said("status", code=10)
    assert "ticketsync status" not in status  # it is what a person reads
    assert "other 9: a.csv, line 11: status is 'Held'" in status
    assert "and 2 more: ticketsync waiting list" in status


def test_an_order_that_is_no_longer_listed_is_not_said_to_add_up_wrongly(office):
    office.put("a.csv", f"1,{LATE},1,25.00", f"2,{LATE},1,25.00")
    office.add()
    office.adopt()
    office.run("sync")
    office.put("a.csv", f"1,{LATE},1,25.00")
    office.run("sync", "--full", code=0)
    said = office.said("status", code=10)
    assert "1 order is no longer listed: ticketsync waiting list" in said
    assert "add up" not in said
    assert "delisted-order:other/2" in office.said("waiting", "list")


# Words of a recipe


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("unpaid", "there are paid, comp, pending, cancelled, void, refunded"),
        ("Repaid", "there are paid"),
        ("piad", "Did you mean 'paid'?"),
        ("refundd", "Did you mean 'refunded'?"),
    ],
)
def test_no_word_of_opposite_meaning_is_proposed(office, word, said):
    office.recipe(f"status: {{{word}: [Owing]}}", status="State")
    (office.path / "in" / "a.csv").write_text(f"{HEADING},State\n")
    found = office.said("accounts", "recipe", "check", "r.yaml", "in/a.csv", code=2)
    assert said in found
    assert ("Did you mean" in found) == ("Did you mean" in said)


def test_an_unknown_status_is_named_with_its_ways_out(office):
    office.recipe("status: {paid: [Sold]}", status="State")
    office.put("a.csv", f"1,{LATE},1,25.00,unpaid", heading=f"{HEADING},State")
    said = office.said("accounts", "recipe", "check", "r.yaml", "in/a.csv", code=3)
    assert "add it to one of paid, comp, pending, cancelled, void, refunded" in said


# What `recipe check` is given

CHECK = ("accounts", "recipe", "check")


def test_a_folder_is_checked_as_sync_reads_it(office):
    """
    What takes back what another report sells is read; alone it is set aside, and what
    was not looked at is said.
    """
    office.put("a.csv", f"1,{LATE},2,50.00")
    office.put("b.csv", f"1,{LATE},-1,-25.00")
    check = (*CHECK, "r.yaml")
    (row,) = json.loads(office.run(*check, "in", "--json").stdout)
    assert (row["order"], row["charged"], row["refunded"]) == ("1", "50.00", "25.00")
    said = office.said(*check, "in")
    assert "Read: 2 reports in in. Not looked at: what an account has stored" in said
    said = office.said(*check, "in/b.csv", code=3)
    assert "no report that was read sells" in said
    assert "Read: b.csv alone. Not looked at: other reports of its folder" in said


@pytest.mark.thorough
def test_an_account_is_checked_beside_what_it_holds(office):
    office.put("a.csv", f"1,{LATE},1,25.00")
    office.add()
    office.adopt()
    office.run("sync")
    (office.path / "in" / "a.csv").unlink()
    office.put("b.csv", f"1,{EARLY},1,40.00")
    of_another = "its number is that of another order, stored from a.csv"
    said = office.said(*CHECK, "other", code=3)
    assert of_another in said
    assert "other has stored 1 order." in said
    assert of_another in office.said(*CHECK, "r.yaml", "other", code=3)
    assert of_another not in office.said(*CHECK, "r.yaml", "in")
    office.put("b.csv", f"2,{EARLY},1,40.00")
    said = office.said(*CHECK, "other")
    assert "other has stored 1 order, 1 of them in no report here." in said


def test_one_bad_file_of_a_checked_folder_is_named(office):
    office.put("a.csv", f"1,{LATE},1,25.00")
    office.put("b.csv", "1,2", heading="No,Report")
    said = office.said(*CHECK, "r.yaml", "in", code=3)
    assert "Not read: b.csv has no row with the headings of Other House" in said
    assert "25.00" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("r.yaml", "nothing"), "There is no file, folder or account 'nothing'."),
        (("nothing",), "There is no file, folder or account 'nothing'."),
        (("r.yaml",), "needs a recipe and a report, or the name of an account"),
        (("in",), "needs a recipe and a report, or the name of an account"),
        (("todaytix",), "needs a recipe and a report, or the name of an account"),
    ],
)
def test_what_cannot_be_checked_is_said(office, given, said):
    assert said in office.said(*CHECK, *given, code=2)


def test_a_folder_without_a_report_names_what_is_in_it(office):
    (office.path / "in" / "june.pdf").write_text("x")
    said = office.said(*CHECK, "r.yaml", "in", code=5)
    assert "contains no report (*); it has june.pdf, which it does not read." in said


def test_the_words_of_mapped_columns_are_counted(office):
    office.recipe("status: {paid: [Sold]}", status="State")
    words = ["Sold", "sold", "No"]
    office.put(
        "a.csv",
        *(f"{n},{LATE},1,25.00,{word}" for n, word in enumerate(words)),
        heading=f"{HEADING},State",
    )
    said = office.said(*CHECK, "r.yaml", "in", code=3)
    assert "State 'Sold' in 2 rows: paid" in said
    assert (
        "State 'No' in 1 row: not in the recipe; add it under `status` to one of paid, "
        "comp, pending, cancelled, void, refunded" in said
    )


# Within what order numbers are unique

AT_3, AT_4, AT_5 = "2025-11-01 15:03:10", "2025-11-01 16:04:20", "2025-11-02 17:05:30"


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        # Bought at other times, for other events
        ([f"1,{LATE},1,25.00,{AT_3}"], [f"1,{EARLY},1,30.00,{AT_4}"], "event"),
        # Bought at other times, for one event
        ([f"1,{LATE},1,25.00,{AT_3}"], [f"1,{LATE},1,30.00,{AT_4}"], "file"),
        # Bought at one time, and rows for something else
        ([f"1,{LATE},1,25.00,{AT_3}"], [f"1,{EARLY},1,30.00,{AT_3}"], "folder"),
        # Exported again
        ([f"1,{LATE},1,25.00,{AT_3}"], [f"1,{LATE},1,25.00,{AT_3}"], ""),
        # Numbers that do not repeat
        ([f"1,{LATE},1,25.00,{AT_3}"], [f"2,{LATE},1,25.00,{AT_4}"], ""),
        # An order over two events of one file
        ([f"1,{LATE},1,25.00,{AT_3}", f"1,{EARLY},1,9.00,{AT_3}"], [], ""),
        # Begin again with each event, and a later export of the first
        (
            [f"1,{LATE},1,25.00,{AT_3}", f"1,{EARLY},1,30.00,{AT_4}"],
            [f"1,{LATE},1,25.00,{AT_3}", f"2,{LATE},1,25.00,{AT_5}"],
            "event",
        ),
    ],
)
def test_recipe_check_proposes_what_order_numbers_fit(office, first, second, fits):
    office.recipe(placed="Sold")
    office.put("a.csv", *first, heading=f"{HEADING},Sold")
    office.put("b.csv", *second, heading=f"{HEADING},Sold")
    check = (*CHECK, "r.yaml", "in")
    done = commands.run(*check, env=office.environment, cwd=office.path)
    said = " ".join((done.stdout + done.stderr).split())
    proposed = re.findall(r"say `order_numbers: (\w+)` in the recipe \(", said)
    assert proposed == ([fits] if fits else [])
    if fits:
        office.recipe(f"order_numbers: {fits}", placed="Sold")
        assert "order_numbers" not in office.said(*check)


def test_no_value_is_proposed_where_the_reports_do_not_say(office):
    rows = [f"{n},{LATE},1,25.00" for n in range(9)]
    office.put("a.csv", *rows, f"10,{LATE},1,25.00")
    office.put("b.csv", f"10,{EARLY},1,30.00")
    said = office.said(*CHECK, "r.yaml", "in", code=3)
    assert "no value of `order_numbers` fits them all" in said
    assert "Map `placed`" in said


def test_numbers_that_all_begin_again_are_evidence(office):
    office.put("a.csv", *(f"{n},{LATE},1,25.00" for n in range(3)))
    office.put("b.csv", *(f"{n},{EARLY},1,30.00" for n in range(3)))
    said = office.said(*CHECK, "r.yaml", "in", code=3)
    assert "3 order numbers (such as 0) stand for several events" in said
    assert "say `order_numbers: event` in the recipe" in said


def test_orders_that_come_again_in_another_file_are_named(office):
    """
    Numbers that begin again with each file, the recipe says, and two files agree.
    """
    office.recipe("order_numbers: file")
    rows = [f"{n},{LATE},1,25.00" for n in range(3)]
    office.put("a.csv", *rows)
    office.put("b.csv", *rows, f"4,{LATE},1,25.00")
    said = office.said(*CHECK, "r.yaml", "in", code=3)
    assert "3 order numbers (such as 0) stand in two files with the same rows" in said
    assert "say `repeated_rows: count` in the recipe" in said


def test_the_words_of_mapped_columns_are_counted_for_programs(office):
    office.recipe("status: {paid: [Sold]}", status="State")
    rows = (
        f"1,{LATE},1,25.00,Sold",
        f"2,{LATE},1,25.00,sold",
        f"3,{LATE},1,25.00,Held",
    )
    office.put("a.csv", *rows, heading=f"{HEADING},State")
    words = [
        {
            "field": "status",
            "column": "State",
            "word": "Sold",
            "rows": "2",
            "means": "paid",
        },
        {
            "field": "status",
            "column": "State",
            "word": "Held",
            "rows": "1",
            "means": "",
        },
    ]
    check = (*CHECK, "r.yaml", "in/a.csv")
    found = json.loads(office.run(*check, "--json", code=3).stdout)
    assert [row for row in found if "word" in row] == words
    lines = office.run(*check, "--format", "csv", code=3).stdout.splitlines()
    table = list(csv.DictReader(lines))
    counted = [{name: row[name] for name in words[0]} for row in table if row["word"]]
    assert counted == words
    assert {len(row) for row in table} == {19}


def test_two_reports_with_the_same_rows_count_twice_only_if_the_recipe_says_so(office):
    rows = (f"1,{LATE},1,25.00", f"2,{LATE},2,50.00")
    office.recipe("order_numbers: file", "repeated_rows: count")
    office.put("a.csv", *rows)
    office.put("b.csv", *rows)
    check = (*CHECK, "r.yaml", "in")
    assert "b.csv is a copy of a.csv; it is left out" in office.said(*check)
    assert len(json.loads(office.run(*check, "--json").stdout)) == 2
    office.put("b.csv", *rows, "")
    found = json.loads(office.run(*check, "--json").stdout)
    assert [row["charged"] for row in found] == ["25.00", "50.00", "25.00", "50.00"]
    office.recipe("order_numbers: file", "repeated_rows: once")
    assert len(json.loads(office.run(*check, "--json").stdout)) == 2


# What `recipe check` says of orders


@pytest.mark.thorough
def test_a_check_names_orders_that_are_not_read_or_do_not_add_up(office):
    office.recipe(order_total="Order total")
    office.put(
        "a.csv",
        f"A-1,{LATE},2,50.00,60.00",
        f"A-2,{LATE},1,25.00,25.00",
        f"A-3,{LATE},,25.00,25.00",
        heading=f"{HEADING},Order total",
    )
    check = ("accounts", "recipe", "check", "r.yaml", "in/a.csv")
    said = office.said(*check, code=3)
    assert "Not read: A-3: a.csv, line 4: quantity is missing" in said
    doubt = "its lines come to 50.00 AUD, the order to 60.00 AUD"
    assert f"Does not add up: a.csv, line 2, order A-1: {doubt}" in said
    rows = json.loads(office.run(*check, "--json", code=3).stdout)
    assert [row.get("doubt") for row in rows] == [doubt, "", None]
    assert rows[2] == {"order": "A-3", "trouble": "a.csv, line 4: quantity is missing"}
    listed = office.run(*check, "--format", "csv", code=3).stdout
    table = list(csv.DictReader(listed.splitlines()))
    assert [(row["order"], row["trouble"]) for row in table] == [
        ("A-1", doubt),
        ("A-2", ""),
        ("A-3", "a.csv, line 4: quantity is missing"),
    ]

    office.add()
    office.adopt()
    office.run("sync", code=3)
    status = office.said("waiting", "list", code=0)
    assert f"order A-1: {doubt}" in status
    assert "A-3: a.csv, line 4: quantity is missing" in status


def test_a_bare_name_is_an_account_before_it_is_a_folder(office):
    office.put("a.csv", f"A-1,{LATE},2,50.00")
    office.add()
    (office.path / "other").mkdir()
    check = ("accounts", "recipe", "check")
    said = office.said(*check, "other")
    assert (
        "other has stored no order. For the folder of that name write ./other." in said
    )
    assert "For the folder of that name" in office.said(*check, "r.yaml", "other")
    (office.path / "other" / "b.csv").write_text(f"{HEADING}\nB-1,{LATE},1,25.00\n")
    said = office.said(*check, "r.yaml", "./other")
    assert "B-1 Late" in said
    assert "A-1" not in said
