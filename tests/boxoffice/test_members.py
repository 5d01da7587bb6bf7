"""
Members: a list of them is read as other lists are, their tickets are theirs only, and
they are people, with the rights of people.
"""

import json
from datetime import date, timedelta

import pytest
import xlsxwriter
from support.own_box_office import NOW, SHOW, STARTS

from ticketsync.boxoffice.members import list_members
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core import errors
from ticketsync.core.records import Person
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import audit_trail
from ticketsync.store.tables.members import members as table
from ticketsync.workflows import retention
from ticketsync.workflows.boxoffice import cancel_and_refund, members, open_sale, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

CASH = Tender("cash")
SETTINGS = Settings()
MEMBER = NewTier("Member", 3500, members_only=True, max_quantity=2)
HEADING = "number,name,email,from,until,level\n"
MIA = "M1,Mia Chen,mia@example.org,2026-01-01,2026-11-27,Friend\n"
BEN = "M2,Ben Lam,,2026-01-01,2026-11-26,\n"

pytestmark = pytest.mark.usefixtures("evening")


@pytest.fixture
def office(office_of, evening):
    return office_of(MEMBER, NewTier("Adult", 5500))


@pytest.fixture
def read_list(office, tmp_path):
    def read(text, **options):
        file = tmp_path / "members.csv"
        file.write_text(text)
        return members.import_members(office.database, SETTINGS, file, **options)

    return read


def listed(office, text=""):
    with office.database.read() as connection:
        return list_members(connection, text)


def refusal(function, *arguments, **options):
    with pytest.raises(errors.SaleRefused) as caught:
        function(*arguments, **options)
    return caught.value


# The list


def test_a_list_adds_members_changes_them_and_removes_nobody(office, read_list):
    first = read_list(HEADING + MIA + BEN)
    assert (dict(first.counts), first.bad_lines) == ({"added": 2}, [])
    assert dict(read_list(HEADING + MIA + BEN).counts) == {"unchanged": 2}
    later = MIA.replace("2026-11-27", "2027-06-30")
    assert dict(read_list(HEADING + later).counts) == {"changed": 1}
    assert [(m.number, m.name, m.email, m.until_date) for m in listed(office)] == [
        ("M1", "Mia Chen", "mia@example.org", "2027-06-30"),
        ("M2", "Ben Lam", "", "2026-11-26"),
    ]
    assert [m.number for m in listed(office, "LAM")] == ["M2"]


def test_a_dry_run_counts_and_saves_nobody(office, read_list):
    found = read_list(HEADING + MIA, dry_run=True)
    assert (dict(found.counts), listed(office)) == ({"added": 1}, [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (",Zoe,,2026-01-01,2026-12-31,", "there is no number"),
        ("M9,Zoe,,,2026-12-31,", "there is no day in 'from'"),
        ("M9,Zoe,,2026-01-01,12/31,", "'12/31' has no year"),
        ("M9,Zoe,,2026-02-01,2026-01-31,", "ends on 2026-01-31, before it begins"),
        ("M9,Zoe,zoe.example.org,2026-01-01,2026-12-31,", "is no e-mail address"),
        (MIA.strip(), "member 'M1' is there twice"),
        ("9" * 41 + ",Zoe,,2026-01-01,2026-12-31,", "more than 40 characters"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(office, read_list, line, why):
    found = read_list(f"{HEADING}{MIA}{line}\n{BEN}")
    (bad,) = found.bad_lines
    assert bad.startswith("Line 3 of members.csv: ")
    assert why in bad
    assert [member.number for member in listed(office)] == ["M1", "M2"]


def test_dates_are_read_as_their_column_or_the_country_writes_them(office, read_list):
    open_ = read_list(HEADING + "M1,,,05/12/2026,06/12/2026,\n")
    assert 'such as "05/12/2026" are read with the day first' in open_.note
    assert listed(office)[0].from_date == "2026-12-05"
    read_list(HEADING + "M1,,,05/12/2026,06/12/2026,\nM2,,,01/01/2026,12/31/2026,\n")
    assert listed(office)[0].from_date == "2026-05-12"
    mixed = (
        "M3,,,31/01/2026,28/02/2026,\nM4,,,30/01/2026,12/31/2026,\n"
        "M5,,,05/12/2026,06/12/2026,\n"
    )
    bad = read_list(HEADING + mixed).bad_lines
    assert [line.partition(":")[0] for line in bad] == [
        "Line 3 of members.csv",
        "Line 4 of members.csv",
    ]
    assert "has the month first" in bad[0]
    assert "could be read with the day or with the month first" in bad[1]


def test_days_that_a_spreadsheet_may_have_exchanged_are_refused(office, tmp_path):
    file = tmp_path / "members.xlsx"
    with xlsxwriter.Workbook(file, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Number", "From", "Until"])
        sheet.write_row(1, 0, ["M1", date(2026, 5, 12), "22/12/2026"])
        sheet.write_row(2, 0, [1002, date(2026, 5, 13), date(2026, 12, 31)])
    found = members.import_members(office.database, SETTINGS, file)
    (bad,) = found.bad_lines
    assert "row 2" in bad.lower()
    assert "may have its day and month exchanged" in bad
    assert [member.number for member in listed(office)] == ["1002"]


@pytest.mark.parametrize(
    ("heading", "why"),
    [("number,name,from\n", "no column 'until'"), ("number,from,until,until\n", "two")],
)
def test_a_file_that_is_no_list_of_members_is_refused(read_list, heading, why):
    with pytest.raises(errors.BadFile, match=why):
        read_list(heading + "M1,a,b,c\n")


def test_one_member_is_added_and_changed(office):
    values = {
        "number": "M1",
        "name": "Mia",
        "from": "2026-01-01",
        "until": "31/12/2026",
    }
    added = members.add_member(office.database, SETTINGS, values)
    assert dict(added.counts) == {"added": 1}
    values["until"] = "2026-11-30"
    members.add_member(office.database, SETTINGS, values)
    assert listed(office)[0].until_date == "2026-11-30"
    with pytest.raises(errors.UsageError, match="is not a date"):
        members.add_member(office.database, SETTINGS, {**values, "until": "soon"})


# Their tickets


def test_only_members_have_members_tickets_on_the_day_of_the_show(office, read_list):
    read_list(HEADING + MIA + BEN)
    for member in ("", "M2", "M3"):
        refused = refusal(sell.hold, office, SHOW, {"Member": 1}, member=member)
        assert refused.word == "members-only"
    sold = sell.sell(office, SHOW, {"Member": 1, "Adult": 1}, CASH, member="M1")
    assert sold.order.total == 3500 + 5500


def test_a_membership_that_ends_before_the_show_is_found_when_paying(office, read_list):
    read_list(HEADING + MIA)
    held = sell.hold(office, SHOW, {"Member": 1}, member="M1").reference
    read_list(HEADING + MIA.replace("2026-11-27", "2026-11-26"))
    assert refusal(sell.pay, office, held, CASH).word == "members-only"
    read_list(HEADING + MIA)
    assert sell.pay(office, held, CASH).order.state == "paid"


def test_a_show_that_moves_is_checked_against_its_new_day(office, read_list):
    read_list(HEADING + MIA)
    held = sell.hold(office, SHOW, {"Member": 1}, member="M1").reference
    with office.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE shows SET starts_local = '2026-11-28 19:30' WHERE id = 1"
        )
    refused = refusal(sell.pay, office, held, CASH)
    assert refused.word == "members-only"
    assert "not on 2026-11-28" in refused.message


def test_a_member_has_the_most_of_a_price_over_all_orders_of_a_show(
    office, read_list, evening
):
    read_list(HEADING + MIA)
    sold = sell.sell(office, SHOW, {"Member": 1}, CASH, member="M1").order.reference
    refused = refusal(sell.hold, office, SHOW, {"Member": 2}, member="M1")
    assert (refused.word, "has 1 already" in refused.message) == ("too-many", True)
    sell.hold(office, SHOW, {"Member": 1}, member="M1")
    assert refusal(sell.sell, office, SHOW, {"Member": 1}, CASH, member="M1").word in (
        "too-many",
    )
    evening(NOW + timedelta(minutes=15))  # the hold is over
    cancel_and_refund.refund(office, sold, Refund(), "ill")
    sell.sell(office, SHOW, {"Member": 2}, CASH, member="M1")


def test_the_most_of_a_member_is_asked_again_when_paying(office, read_list):
    read_list(HEADING + MIA)
    held = sell.hold(office, SHOW, {"Member": 2}, member="M1").reference
    with office.database.write() as connection:
        fewer = NewTier("Member", 3500, members_only=True, max_quantity=1)
        open_sale.add_tiers(connection, SHOW, [fewer])
    assert refusal(sell.pay, office, held, CASH).word == "too-many"


def test_a_hold_that_is_over_is_not_paid_beyond_the_most_of_a_member(
    office, read_list, evening
):
    read_list(HEADING + MIA)
    held = sell.hold(office, SHOW, {"Member": 1}, member="M1").reference
    evening(NOW + timedelta(minutes=15))
    with office.database.write() as connection:
        connection.exec_driver_sql("UPDATE boxoffice_orders SET buyer_key = ''")
    sell.sell(office, SHOW, {"Member": 2}, CASH, member="M1")
    assert refusal(sell.pay, office, held, CASH).word == "too-many"


# Their rights


def test_an_erased_member_is_gone_and_no_list_brings_them_back(office, read_list):
    read_list(HEADING + MIA + BEN)
    buyer = Person("Mia Chen", "mia@example.org")
    sell.sell(office, SHOW, {"Member": 1}, CASH, member="M1", buyer=buyer)
    found = retention.erase(office.database, "MIA@example.org")
    assert sorted(retention.place_as_json(place)["kind"] for place in found) == [
        "buyer",
        "member",
    ]
    with pytest.raises(errors.NotFound):
        retention.find_person(office.database, "M1")
    assert dict(read_list(HEADING + MIA).counts) == {"erased": 1}
    with pytest.raises(errors.GuardRefused, match="was erased"):
        members.add_member(
            office.database,
            SETTINGS,
            {"number": "M1", "from": "2026-01-01", "until": "2026-12-31"},
        )
    assert [member.number for member in listed(office)] == ["M2"]
    assert refusal(sell.hold, office, SHOW, {"Member": 1}, member="M1").word == (
        "members-only"
    )


def test_a_member_who_is_erased_does_not_pay_what_they_held(office, read_list):
    read_list(HEADING + MIA)
    held = sell.hold(office, SHOW, {"Member": 1}, member="M1").reference
    retention.erase(office.database, "m1")
    assert refusal(sell.pay, office, held, CASH).word == "members-only"


def test_what_is_kept_of_a_member_is_handed_over(office, read_list):
    read_list(HEADING + MIA)
    (place,) = retention.find_person(office.database, "mia chen")
    shown = retention.place_as_json(place)
    assert shown.pop("id") > 0
    assert shown == {
        "kind": "member",
        "number": "M1",
        "name": "Mia Chen",
        "email": "mia@example.org",
        "from_date": "2026-01-01",
        "until_date": "2026-11-27",
        "level": "Friend",
    }


def test_names_of_past_members_are_kept_as_long_as_those_of_past_shows(
    office, read_list, evening
):
    read_list(HEADING + MIA + BEN.replace("2026-11-26", "2027-12-31"))
    evening(STARTS + timedelta(days=90))  # the last day was 27 November
    assert retention.retain(office.database, SETTINGS) == 0
    evening(STARTS + timedelta(days=91))
    assert retention.retain(office.database, SETTINGS, dry_run=True) == 1
    assert retention.retain(office.database, SETTINGS) == 1
    assert retention.retain(office.database, SETTINGS) == 0
    assert [(m.number, m.name, m.email) for m in listed(office)] == [
        ("M1", "", ""),
        ("M2", "Ben Lam", ""),
    ]
    assert dict(read_list(HEADING + MIA).counts) == {"unchanged": 1}
    renewed = MIA.replace("2026-11-27", "2027-11-27")
    assert dict(read_list(HEADING + renewed).counts) == {"changed": 1}
    assert listed(office)[0].name == "Mia Chen"


def test_no_entry_and_no_log_has_a_member_in_it(office, read_list, caplog):
    read_list(HEADING + MIA)
    retention.erase(office.database, "M1")
    with office.database.read() as connection:
        entries = audit_trail.list_entries(connection)
        left = [dict(row) for row in connection.execute(table.select()).mappings()]
    text = f"{entries} {left} {caplog.text}"
    assert ("Mia" in text, "mia@" in text) == (False, False)
    assert [(entry.action, entry.kind) for entry in entries][:2] == [
        ("erase", "person"),
        ("import", "person"),
    ]


# The commands


def test_members_are_read_and_listed_from_the_command_line(home, tmp_path):
    from support import commands

    def run(*words, code=0):
        done = commands.run("members", *words)
        assert done.returncode == code, done
        return done

    commands.run(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    file = tmp_path / "members.csv"
    file.write_text(f"{HEADING}{MIA}M9,,,,,\n")
    done = run("import", str(file), code=3)
    assert "1 member: 1 added." in done.stderr
    assert "Not read: Line 3 of members.csv: there is no day in 'from'." in done.stdout
    shown = json.loads(run("import", str(file), "--json", code=3).stdout)
    assert (shown["unchanged"], len(shown["bad_lines"])) == (1, 1)
    run("add", "M2", "--name", "Ben", "--until", "2099-12-31")
    rows = json.loads(run("list", "--json").stdout)
    assert [(row["number"], row["level"]) for row in rows] == [
        ("M1", "Friend"),
        ("M2", ""),
    ]
    assert "Mia Chen" in run("list").stdout
