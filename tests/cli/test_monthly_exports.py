"""
`export … --every month --dir DIR`: a file for each closed month, written once, as it
was known when the month was closed.
"""

import csv
import shlex
from dataclasses import replace
from datetime import date, timedelta

import pytest
import typer
from python_calamine import CalamineWorkbook
from support import commands, commands_here, fake_crontab
from support.closed_month import (
    CLOSED,
    DECEMBER,
    LATER,
    SETTINGS,
    change_late,
    prepare,
    sell,
)
from support.saved_orders import FIRST_DAY

from ticketsync.cli import export as export_commands
from ticketsync.core.settings.config import AccountSettings
from ticketsync.store import engine
from ticketsync.workflows import schedule
from ticketsync.workflows.month_end import close

RATE = """accounts:
  tt: {fees: {per_ticket: 0.30}}
"""


@pytest.fixture
def crontab(home, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(schedule, "usual", lambda: "cron")
    return fake_crontab.make(tmp_path, monkeypatch)


@pytest.fixture
def export(home, frozen, monkeypatch, capsys):
    """
    A venue whose October is closed; it is a week later, and much of October has changed
    since. Runs `export` in this process and gives what it said.
    """
    (home / "config.yaml").write_text(RATE)
    frozen(FIRST_DAY)
    database = engine.create_database(str(home / "ticketsync.db"))
    sell(prepare(database))
    frozen(CLOSED)
    close.close(database, SETTINGS, "2026-10")
    frozen(LATER)
    change_late(database)
    database.close()
    frozen(LATER + timedelta(hours=1))

    def run(*words, code=0):
        asked = ("export", *words)
        found = commands_here.run(monkeypatch, capsys, *asked, codes=(code,))
        return found.out + found.err

    return run


def column(file, name):
    with file.open(newline="") as stream:
        return [row[name] for row in csv.DictReader(stream)]


def test_a_file_says_what_was_known_when_its_month_was_closed(
    export, crontab, tmp_path
):
    """
    454.50 were sold, and 20.00 went back; today both are others.
    """
    folder = tmp_path / "books"
    export("sales", "--every", "month", "--dir", str(folder))
    export("refunds", "--every", "month", "--dir", str(folder), "--format", "xlsx")
    files = {file.name for file in folder.iterdir()}
    assert files == {"sales-2026-10.csv", "refunds-2026-10.xlsx"}
    sold = column(folder / "sales-2026-10.csv", "charged")
    # With 80.00 for a date that counts for no show.
    assert sum(map(float, sold)) == 454.50 + 80
    book = CalamineWorkbook.from_path(str(folder / "refunds-2026-10.xlsx"))
    names, row = book.get_sheet_by_index(1).to_python()
    assert row[names.index("amount")] == 20.0
    today = export("sales", "--sold", "2026-10")
    assert len(today.splitlines()) != len(sold) + 1


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.thorough
def test_fees_of_own_rates_are_those_of_when_the_month_was_closed(
    export, home, frozen, tmp_path, dated
):
    """
    The shows played in November. Of 20.00 the rate took 0.30 when it was closed, by
    which the order of the rate is billed alone; whoever writes the file later gets the
    same bytes, whatever the rate is by then.
    """
    now = SETTINGS.account("tt").fees[0]
    rates = (replace(now, since=date(2026, 1, 1)),) if dated else (now,)
    then = replace(SETTINGS, accounts={"tt": AccountSettings(fees=rates)})
    database = engine.open_database(str(home / "ticketsync.db"))
    frozen(DECEMBER)
    close.close(database, then, "2026-11")
    database.close()
    frozen(DECEMBER + timedelta(days=1))
    for folder, rate in (("first", "0.30"), ("later", "0.50")):
        (home / "config.yaml").write_text(RATE.replace("0.30", rate))
        for name in ("fees", "financials"):
            export(name, "--closed", "--dir", str(tmp_path / folder))
    names = ["fees-2026-11.csv", "financials-2026-11.csv"]
    first, later = (
        [(tmp_path / folder / name).read_bytes() for name in names]
        for folder in ("first", "later")
    )
    assert first == later
    file = tmp_path / "later" / names[0]
    lines = zip(column(file, "name"), column(file, "amount"), strict=True)
    assert ("Per ticket", "0.30") in [*lines]


def test_the_scheduler_writes_the_next_month_when_it_is_closed(
    export, crontab, tmp_path, home, frozen
):
    folder = tmp_path / "my books"
    options = ("--format", "jsonl", "--per", "day")
    export("sales", "--every", "month", "--dir", str(folder), *options)
    (line,) = schedule.installed("ticketsync-export-sales")["cron"].splitlines()
    assert line.startswith("40 6 * * * ")
    assert "--closed" in crontab.read_text()
    words = shlex.split(line)
    words = words[words.index("export") + 1 :]
    file = folder / "sales-per-day-2026-10.jsonl"
    before = file.read_bytes()
    export(*words)
    assert [f.name for f in folder.iterdir()] == [file.name]
    database = engine.open_database(str(home / "ticketsync.db"))
    frozen(DECEMBER)
    close.close(database, SETTINGS, "2026-11")
    database.close()
    frozen(DECEMBER + timedelta(days=1))
    said = export(*words)
    assert "sales-per-day-2026-11.jsonl" in said
    assert file.read_bytes() == before


@pytest.mark.thorough
def test_the_books_of_a_month_are_those_of_its_folder(
    export, crontab, tmp_path, home, frozen
):
    """
    Made of what was closed: 454.50 were sold and 20.00 went back, whatever changed
    since; what adjusts October is in the books of November.
    """
    folder = tmp_path / "books"
    both = ("--every", "month", "--dir", str(folder))
    assert "ledger-2026-10.ledger: " in export("ledger", *both)
    export("ledger", "--closed", "--dir", str(folder), "--for", "beancount")
    database = engine.open_database(str(home / "ticketsync.db"))
    frozen(DECEMBER)
    close.close(database, SETTINGS, "2026-11")
    database.close()
    frozen(DECEMBER + timedelta(days=1))
    (line,) = schedule.installed("ticketsync-export-ledger")["cron"].splitlines()
    words = shlex.split(line)
    export(*words[words.index("export") + 1 :])
    assert {file.name for file in folder.iterdir()} == {
        "ledger-2026-10.ledger",
        "ledger-2026-10.beancount",
        "ledger-2026-11.ledger",
    }
    for month in ("2026-10", "2026-11"):
        commands.run("period", "export", month, "--dir", str(tmp_path))
    for name in ("2026-10.ledger", "2026-10.beancount", "2026-11.ledger"):
        month = name.partition(".")[0]
        assert (folder / f"ledger-{name}").read_bytes() == (
            tmp_path / month / name
        ).read_bytes()
    assert "adjust/2026-10/" in (folder / "ledger-2026-11.ledger").read_text()
    for more in (("--for", "xero"), ("--per", "day"), ("--period", "2026-10")):
        assert "are whole" in export("ledger", *both, *more, code=2)


def test_a_month_that_is_closed_again_is_another_file(
    export, crontab, tmp_path, home, frozen
):
    export("fees", "--closed", "--dir", str(tmp_path / "books"))
    database = engine.open_database(str(home / "ticketsync.db"))
    close.reopen(database, "2026-10", "an account was missing")
    close.close(database, SETTINGS, "2026-10")
    database.close()
    frozen(DECEMBER)
    export("fees", "--closed", "--dir", str(tmp_path / "books"))
    names = {file.name for file in (tmp_path / "books").iterdir()}
    assert names == {"fees-2026-10.csv", "fees-2026-10-v2.csv"}
    assert not crontab.exists()


def test_it_ends_and_leaves_the_other_jobs_alone(export, crontab, tmp_path):
    export("sales", "--every", "month", "--dir", str(tmp_path / "a"))
    export("financials", "--every", "month", "--dir", str(tmp_path / "b"))
    assert "Removed from cron" in export("sales", "--every", "never")
    assert "Nothing was installed" in export("sales", "--every", "never")
    assert not schedule.installed("ticketsync-export-sales")
    assert schedule.installed("ticketsync-export-financials")


def test_what_does_not_go_together_is_refused(export, crontab, tmp_path):
    folder = str(tmp_path / "books")
    assert "need a folder" in export("sales", "--every", "month", code=2)
    assert "need a folder" in export("sales", "--dir", folder, code=2)
    export("sales", "--every", "week", "--dir", folder, code=2)
    both = ("--every", "month", "--dir", folder)
    for more in (("-o", "x.csv"), ("--sold", "2026-10"), ("--as-of", "2026-10-31")):
        assert "its own name" in export("sales", *both, *more, code=2)
    assert not crontab.exists()


def test_a_machine_without_a_scheduler_gets_the_command(
    export, home, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = tmp_path / "books"
    said = export("sales", "--every", "month", "--dir", str(folder), code=2)
    assert f"export sales --closed --dir {folder}" in " ".join(said.split())
    assert (folder / "sales-2026-10.csv").exists()


def test_every_scheduler_takes_a_time_of_the_day():
    at = schedule.schedule_times.when("40 6 * * *")
    job = schedule.export_job(at, "sales", ["--closed"], schedule.job(at))
    assert job.command[-3:] == ("export", "sales", "--closed")
    units = schedule.as_systemd(job)
    assert "OnCalendar=*-*-* 06:40:00" in units["ticketsync-export-sales.timer"]
    assert "ticketsync-export-sales" in schedule.as_launchd(job).decode()
    task = schedule.as_windows(job)
    assert task[task.index("/SC") : task.index("/TR")] == [
        "/SC",
        "DAILY",
        "/ST",
        "06:40",
    ]


def test_the_scheduler_knows_each_export_that_is_made_every_month():
    """
    `schedule show` and `remove` look for these names and no others.
    """
    group = typer.main.get_command(export_commands.app)
    every = {
        name
        for name, command in group.commands.items()
        if any("--every" in option.opts for option in command.params)
    }
    assert every == {*schedule.EXPORTS}
