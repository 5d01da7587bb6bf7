"""
A folder of reports as an account: a bad file is named and stops no other, what is
previewed is what is saved, and an unchanged folder costs no reading.
"""

import json

import pytest
from sqlalchemy import func, select, update
from support.report_accounts import GALA, HEADING, RECIPE, SOLD, ReportAccount

from ticketsync.accounts import edits, pins, runs, state
from ticketsync.catalogue import shows
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.door import attendees
from ticketsync.providers.file_import import folder as folders
from ticketsync.reporting import waiting
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import shows as shows_table
from ticketsync.store.tables.sales import orders, quarantine, refunds, tickets
from ticketsync.workflows import recipe_preview
from ticketsync.workflows.accounts import account_options, confirm_accounts, connect
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.matching import match


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.put("a.csv", f"1,{GALA},Adult,2,50.00")
    found.add()
    return found


def test_a_bad_file_is_named_until_it_is_gone_and_stops_no_other(account):
    account.put("b.csv", data=b"%PDF-1.7")
    account.put("c.csv", f"2,{GALA},Adult,1,25.00")
    result, _ = account.sync()
    assert (result.exit_code, result.word) == (errors.PARTLY, "quarantine")
    assert tuple(account.figures()) == (2, 3, 7500)
    assert account.waiting() == {
        "b.csv": "b.csv is a PDF, not a table. Export the report as .csv or .xlsx."
    }
    (account.path / "in" / "b.csv").unlink()
    result, _ = account.sync()
    assert (result.exit_code, account.waiting()) == (0, {})


def test_what_a_bad_file_held_is_not_called_missing(account):
    account.put("b.csv", "2,Late,2026-12-06 22:30,Adult,1,25.00")
    assert account.sync()[0].exit_code == 0
    account.put("b.csv", data=b"\x89PNG")
    result, notes = account.sync()
    assert result.exit_code == errors.PARTLY
    assert not [note for note in notes if "no longer listed" in note]
    with account.database.read() as connection:
        gone = select(func.count()).where(orders.c.gone_since.is_not(None))
        assert connection.execute(gone).scalar() == 0


def test_a_folder_of_bad_files_alone_changes_nothing(account):
    account.sync()
    account.put("a.csv", data=b"\x89PNG")
    result, _ = account.sync()
    assert result.exit_code == errors.PARTLY
    assert list(account.waiting()) == ["a.csv"]
    assert tuple(account.figures()) == (1, 2, 5000)


def test_rows_that_were_put_right_leave_the_quarantine(account):
    account.put("b.csv", f"2,{GALA},Adult,,25.00", ",Gala,,,6,1.00")
    assert account.sync()[0].exit_code == errors.PARTLY
    assert sorted(account.waiting()) == ["2", "b.csv line 3"]
    account.put("b.csv", f"2,{GALA},Adult,1,25.00")
    assert account.sync()[0].exit_code == 0
    assert account.waiting() == {}


def test_most_rows_of_a_report_that_cannot_be_read_are_no_changed_platform(account):
    rows = [f"{n},{GALA},Adult,,25.00" for n in range(10, 40)]
    account.put("b.csv", *rows)
    result, _ = account.sync()
    assert (result.exit_code, len(account.waiting())) == (errors.PARTLY, 30)
    assert "newer" not in f"{result.message}{result.hint}"
    assert tuple(account.figures()) == (1, 2, 5000)


def test_an_unchanged_folder_is_not_read(account, monkeypatch):
    account.sync()
    with account.database.read() as connection:
        before = connection.execute(select(func.count()).select_from(orders)).scalar()
    with monkeypatch.context() as changed:
        changed.setattr(folders, "read_report", _never)
        result, _ = account.sync()
    assert (result.exit_code, result.counts.processed) == (0, 0)
    account.put("b.csv", f"2,{GALA},Adult,1,25.00")
    result, _ = account.sync()
    assert (result.exit_code, result.counts.created) == (0, before)
    assert account.sync(full=True)[0].counts.unchanged == 2


def _never(*_):
    raise AssertionError("a report was read")


def test_a_folder_with_something_in_quarantine_is_read_again(account):
    account.put("b.csv", f"2,{GALA},Adult,,25.00")
    assert [account.sync()[0].exit_code for _ in "ab"] == [errors.PARTLY] * 2


def test_a_renamed_event_is_proposed_and_does_not_stop_the_folder(account):
    account.sync()
    account.put("a.csv", f"1,{GALA.replace('Gala', 'Gala Night')},Adult,2,50.00")
    result, notes = account.sync()
    assert result.exit_code == 0
    assert any("is called 'Gala Night' in the reports now" in note for note in notes)


def test_the_preview_is_what_is_saved(account):
    file = account.put(
        "b.csv",
        f"7,{GALA},Adult,2,50.00",
        f"7,{GALA},Adult,-1,-25.00",
        f"8,{GALA},Adult,3,75.00",
        f"9,{GALA},Adult,x,75.00",
    )
    found = recipe_preview.preview(
        {"recipe": str(account.path / "r.yaml")}, str(file), lambda: account.database
    )
    (account.path / "in" / "a.csv").unlink()
    account.sync()
    with account.database.read() as connection:
        saved = connection.execute(
            select(
                orders.c.provider_id,
                orders.c.charged,
                func.count(tickets.c.id),
                SOLD,
            )
            .join(tickets, tickets.c.order_id == orders.c.id)
            .group_by(orders.c.provider_id, orders.c.charged)
            .order_by(orders.c.provider_id)
        ).all()
    shown = [(r["order"], r["charged"], r["tickets"], r["sold"]) for r in found.rows]
    assert shown == [
        (id_, f"{charged / 100:.2f}", str(number), str(sold))
        for id_, charged, number, sold in saved
    ]
    assert found.problems == list(account.waiting().values())


@pytest.mark.parametrize("name", ["b.csv", "b.xlsx"])
def test_the_preview_has_the_statuses_days_and_totals_that_are_saved(account, name):
    """
    Order 7 gives 25.00 back on a day of its own, 8 by its status, and 9 is not paid.
    """
    account.recipe(
        "status: {paid: [Sold], refunded: [Gone], pending: [Owing]}",
        placed="Day",
        status="State",
        kept="Kept",
    )
    (account.path / "in" / "a.csv").unlink()
    file = account.put(
        name,
        f"{HEADING},Day,State,Kept",
        f"7,{GALA},Adult,2,50.00,2026-11-01 20:00,Sold,2.00",
        f"7,{GALA},Adult,-1,-25.00,2026-11-20 20:00,Sold,0.00",
        f"8,{GALA},Adult,3,75.00,2026-11-02 20:00,Gone,0.00",
        f"9,{GALA},Adult,1,25.00,2026-11-03 20:00,Owing,0.00",
    )
    options = {"recipe": str(account.path / "r.yaml")}
    found = recipe_preview.preview(options, str(file), lambda: account.database)
    assert [
        (row["order"], row["status"], row["refunded_on"]) for row in found.rows
    ] == [
        ("7", "paid", "2026-11-20 25.00 reported"),
        ("8", "paid", "2026-11-02 75.00 assumed"),
        ("9", "pending", ""),
    ]
    assert [str(total) for total in found.totals] == [
        "paid: 2 orders, 1 ticket sold, charged 125.00, refunded 100.00, fees 2.00 "
        "(AUD)",
        "pending: 1 order, 0 tickets sold, charged 0.00, 25.00 not paid yet, refunded "
        "0.00, fees 0.00 (AUD)",
        "All: 3 orders, 1 ticket sold, charged 125.00, refunded 100.00, fees 2.00 "
        "(AUD)",
    ]
    assert [str(refund) for refund in found.refunds] == [
        "Refunded on 2026-11-02 (assumed): 75.00 AUD of 1 order",
        "Refunded on 2026-11-20 (reported): 25.00 AUD of 1 order",
    ]

    account.sync()
    with account.database.read() as connection:
        sums = select(
            orders.c.status, func.sum(orders.c.charged), func.sum(orders.c.refunded)
        ).where(orders.c.provider_id.in_([*"789"]))
        assert [*map(tuple, connection.execute(sums.group_by(orders.c.status)))] == [
            ("paid", 12500, 10000),
            ("pending", 0, 0),
        ]
        days = select(refunds.c.on_day, refunds.c.amount, refunds.c.basis)
        assert [*map(tuple, connection.execute(days.order_by(refunds.c.on_day)))] == [
            ("2026-11-02", 7500, "assumed"),
            ("2026-11-20", 2500, "reported"),
        ]
    again = recipe_preview.preview({}, "other", lambda: account.database)
    assert (again.totals, again.refunds) == (found.totals, found.refunds)


def test_the_preview_of_an_account_has_the_stored_days_and_what_is_new(account):
    """
    Of order 1, 25.00 went back without a day: the day it was first read is kept, and
    what a newer report takes back on a day of its own is added.
    """
    account.recipe(placed="Day")
    heading = f"{HEADING},Day"
    sold = f"1,{GALA},Adult,3,75.00,2026-11-01 20:00"
    account.put("a.csv", heading, sold, f"1,{GALA},Adult,-1,-25.00,")
    account.sync()
    back = f"1,{GALA},Adult,-1,-25.00,2026-11-20 20:00"
    account.put("a.csv", heading, sold, f"1,{GALA},Adult,-1,-25.00,", back)

    def shown():
        return recipe_preview.preview({}, "other", lambda: account.database).refunds

    expected = [
        "Refunded on 2026-11-01 (assumed): 25.00 AUD of 1 order",
        "Refunded on 2026-11-20 (reported): 25.00 AUD of 1 order",
    ]
    assert [str(refund) for refund in shown()] == expected
    account.sync()
    assert [str(refund) for refund in shown()] == expected
    with account.database.read() as connection:
        days = select(refunds.c.on_day).order_by(refunds.c.on_day)
        assert connection.scalars(days).all() == ["2026-11-01", "2026-11-20"]


def test_shows_do_not_move_because_a_recipe_has_another_time_zone(account):
    """
    19:30 in Sydney is 08:30 UTC; 19:30 in London would be 19:30 UTC, 06:30 of the next
    day in Sydney. A show whose report says another hour is rescheduled all the same.
    """
    account.recipe(show_id="Ref")
    heading = f"{HEADING},Ref"
    account.put("a.csv", heading, f"1,{GALA},Adult,2,50.00,S1")
    account.sync()
    with account.database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    match.adopt(account.database, Settings())

    def started():
        with account.database.read() as connection:
            return [f"{it.starts_at:%d %H:%M}" for it in shows.list_shows(connection)]

    (before,) = started()
    assert before == "05 08:30"
    london = account.path / "r.yaml"
    sydney = london.read_text()
    london.write_text(sydney.replace("Australia/Sydney", "Europe/London"))
    result, _ = account.sync(full=True)
    assert (result.exit_code, result.word) == (7, "guard-timezone")
    assert started() == [before]

    london.write_text(sydney)
    assert account.sync(full=True)[0].exit_code == 0
    account.put("a.csv", heading, f"1,{GALA[:-5]}20:30,Adult,2,50.00,S1")
    assert account.sync(full=True)[0].exit_code == 0
    assert started() == ["05 09:30"]

    london.write_text(sydney.replace("Australia/Sydney", "Europe/London"))
    assert account.sync(accept_shrink=True)[0].exit_code == 0
    assert started() == ["05 20:30"]


def test_a_bad_file_does_not_keep_an_account_from_being_removed(account):
    from ticketsync.sales.quarantine import holds_sales

    account.put("a.csv", data=b"\x89PNG")
    account.sync()
    with account.database.read() as connection:
        rows = connection.execute(select(quarantine.c.account_id, quarantine.c.kind))
        ((account_id, kind),) = rows.all()
        assert (kind, holds_sales(connection, account_id)) == ("file", False)
        assert runs.last_sweep(connection, account_id) is None


def test_more_tickets_than_the_show_has_seats_are_counted_and_named(account):
    """
    Of 5,000 or fewer nobody can say whether it is a barcode: the show's seats do.
    """
    account.put("b.csv", f"2,{GALA},Adult,400,10000.00")
    account.sync()
    with account.database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    match.adopt(account.database, Settings())
    with account.database.write() as connection:
        connection.execute(update(shows_table).values(capacity=180))
    account.sync(full=True)
    with account.database.read() as connection:
        (found,) = waiting.list_oversold(connection)
    assert "402 sold of 180 seats" in found.text


def test_a_renamed_event_is_a_candidate_of_its_show_and_keeps_its_guests(account):
    """
    Until a person says that it is the same show; then the door list has its guests.
    """
    account.sync()
    with account.database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    match.adopt(account.database, Settings())
    account.sync(full=True)
    with account.database.read() as connection:
        assert attendees.count_guests(connection, 1).expected == 2
    account.put("a.csv", f"1,{GALA.replace('Gala', 'Swing')},Adult,2,50.00")

    notes = [account.sync(full=True)[1] for _ in "ab"]
    with account.database.read() as connection:
        found = match.plan(connection, Settings())
    assert found.certain == ()
    ((candidate,),) = [item.candidates for item in found.unsure]
    assert (candidate.show.show_id, candidate.occurrence.event) == (1, "Swing")
    match.accept(
        *(account.database, Settings(), [candidate]), decided_by="person", batch="b"
    )

    assert [any("is called 'Swing'" in n for n in seen) for seen in notes] == [
        *(True, False)
    ]
    with account.database.read() as connection:
        assert attendees.count_guests(connection, 1).expected == 2
        guests = attendees.list_guests(connection, 1)
    assert [guest.order_id for guest in guests] == ["1", "1"]


def planted(account, **values):
    """
    Write options into the row, as whoever can write to the database would.
    """
    with account.database.write() as connection:
        found = state.get_account(connection, "other")
        options = {**found.options, **values}
        connection.execute(update(accounts).values(options=json.dumps(options)))


@pytest.mark.parametrize("option", ["watch", "recipe"])
def test_a_planted_folder_or_recipe_is_read_only_when_a_person_confirmed_it(
    account, option, monkeypatch
):
    """
    8 attempts on each kind of database, 0 successes; without pins the folder is read.
    """
    private = account.path / "private"
    private.mkdir()
    (private / "b.csv").write_text(f"{HEADING}\n7,{GALA},Adult,1,70.00\n")
    (private / "r.yaml").write_text(RECIPE.replace("Other House", "Planted"))
    places = {"watch": private, "recipe": private / "r.yaml"}
    planted(account, **{option: str(places[option])})
    result, _ = account.sync()
    assert (result.exit_code, result.word) == (4, "unconfirmed")
    assert str(places[option]) in result.message
    database, settings = account.database, Settings()
    none = SecretSource("none", "")
    for attempt in (
        lambda: connect.check(database, settings, "other"),
        lambda: connect.rotate(database, settings, "other", source=none, check=True),
        lambda: account_options.plan(database, settings, "other", {"people": "true"}),
    ):
        with pytest.raises(errors.Unconfirmed):
            attempt()
    assert account.figures()[0] == 0
    with monkeypatch.context() as without:  # the control
        without.setattr(pins, "_matches", lambda pin, content: True)
        account.sync()
    assert account.figures()[2] == {"watch": 7000, "recipe": 5000}[option]
    with database.read() as connection:
        shown = confirm_accounts.list_unconfirmed(connection)
    assert str(places[option]) in shown[0].text
    confirm_accounts.confirm(database, shown)
    assert account.sync()[0].exit_code == 0


def test_another_account_does_not_look_into_a_planted_folder(account):
    private = account.path / "private"
    private.mkdir()
    data = f"{HEADING}\n7,{GALA},Adult,1,70.00\n"
    (private / "b.csv").write_text(data)
    planted(account, watch=str(private))
    (account.path / "new").mkdir()
    (account.path / "new" / "c.csv").write_text(data)
    options = {"recipe": str(account.path / "r.yaml")}

    def add(name, folder):
        connect.add(
            *(account.database, Settings()),
            provider="file",
            name=name,
            base_url=None,
            check=False,
            source=SecretSource("none", ""),
            options={**options, "watch": str(account.path / folder)},
        )

    with pytest.raises(errors.GuardRefused):
        add("same", "private")
    add("new", "new")  # the files in the planted folder are not compared


@pytest.mark.parametrize("option", ["watch", "recipe"])
def test_a_relative_path_that_nobody_can_confirm_is_not_read(
    account, option, monkeypatch
):
    monkeypatch.chdir(account.path)
    planted(account, **{option: {"watch": "in", "recipe": "r.yaml"}[option]})
    with account.database.write() as connection:
        edits.save_pin(connection, state.get_account(connection, "other").id)
    result, _ = account.sync()
    assert result.word == "option-value"
    assert "is not an absolute path" in result.message
    value = {"watch": str(account.path / "in"), "recipe": str(account.path / "r.yaml")}
    plan = account_options.plan(
        account.database, Settings(), "other", {option: value[option]}
    )
    account_options.apply(account.database, plan)
    assert account.sync()[0].exit_code == 0


def test_recipe_check_shows_each_show_of_an_order(database, tmp_path):
    account = ReportAccount(database, tmp_path)
    account.put(
        "a.csv",
        "1001,Late,2026-12-06 22:30,Adult,1,30.00",
        "1001,Gala,2026-12-05 19:30,Adult,1,40.00",
        "1001,Gala,2026-12-07 19:30,Adult,1,40.00",
    )
    account.add("box")
    (row,) = recipe_preview.preview({}, "box", lambda: database).rows
    assert (row["event"], row["charged"]) == ("Gala; Late", "110.00")
    assert row["starts_at"] == (
        "2026-12-05T08:30:00Z; 2026-12-06T11:30:00Z; 2026-12-07T08:30:00Z"
    )
