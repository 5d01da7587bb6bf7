"""
Running by itself: expressions, what each scheduler is given, and a crontab that keeps
what is not ours.
"""

import os
import plistlib
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from support import commands, fake_crontab, needs
from support.dates import NOW
from typer.testing import CliRunner

from ticketsync.cli.main import app
from ticketsync.core import errors
from ticketsync.store import engine
from ticketsync.store.tables.accounts import sync_runs
from ticketsync.workflows import doctor, schedule, schedule_times


@pytest.mark.parametrize(
    ("text", "place", "numbers"),
    [
        ("*/15 * * * *", 0, (0, 15, 30, 45)),
        ("5,35 * * * *", 0, (5, 35)),
        ("0 9-12 * * *", 1, (9, 10, 11, 12)),
        ("0 8-20/4 * * *", 1, (8, 12, 16, 20)),
        ("10/20 * * * *", 0, (10, 30, 50)),
        ("0 0 * * 1-5", 4, (1, 2, 3, 4, 5)),
        ("0 0 * * 7", 4, (0,)),
        ("0 0 * * *", 4, None),
    ],
)
def test_an_expression_means_these_numbers(text, place, numbers):
    assert schedule_times.when(text).numbers(place) == numbers


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "x * * * *"),
        *("*/0 * * * *", "5-1 * * * *", "* * 0 * *", "* * * 13 *", "-5 * * * *"),
        *("9,5-1 * * * *", "5- * * * *", "1_0 * * * *", "٣ * * * *", "+5 * * * *"),
        *("0 0 * * MON", "0 0 L * *", "0 0 * * 1#2", "5-5/2 * * * *", "0 0 30 2 *"),
    ],
)
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(errors.UsageError):
        schedule_times.when(text)


@pytest.mark.parametrize("minutes", [0, 7, 45, 61, -15])
def test_minutes_that_do_not_divide_an_hour_are_refused(minutes):
    with pytest.raises(errors.UsageError):
        schedule_times.every(minutes)


def a_job(text="*/15 9-23 * * *", **more):
    return schedule.job(schedule_times.when(text), **more)


def test_the_command_is_this_very_installation(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    what = a_job(config="mine.yaml", database="books.db")
    assert what.command == (
        *(sys.executable, "-P", "-m", "ticketsync"),
        *("--config", str(tmp_path / "mine.yaml")),
        *("--database", str(tmp_path / "books.db")),
        *("sync", "--due", "--quiet"),
    )
    assert what.environment == {"TICKETSYNC_HOME": str(home)}
    assert what.folder == str(home)


def test_a_crontab_line_survives_spaces_quotes_and_percent():
    what = schedule.Job(
        schedule_times.when("*/15 * * * *"),
        ("/opt/my tools/python", "-m", "ticketsync", "100%"),
        {"TICKETSYNC_HOME": "/home/o'neil"},
    )
    line = schedule.as_cron(what)
    assert line.startswith("*/15 * * * * ")
    command = line.removeprefix("*/15 * * * * ").replace(r"\%", "%")
    assert shlex.split(command) == [
        "TICKETSYNC_HOME=/home/o'neil",
        *("/opt/my tools/python", "-m", "ticketsync", "100%"),
    ]
    assert "%" not in line.replace(r"\%", "")


PLANTED = "open({mark!r}, 'w').close()\n"


@pytest.mark.parametrize("kind", schedule.KINDS)
def test_every_scheduler_gets_a_command_that_imports_nothing_from_its_folder(kind):
    assert " -P -m ticketsync" in command_of(a_job("*/15 * * * *"), kind)


@pytest.mark.thorough
def test_no_scheduler_executes_what_lies_in_its_folder(home, tmp_path):
    """
    Five files that Python would import from the current folder; and the control:
    without `-P` one of them is executed.
    """
    folder = tmp_path / "spool"
    folder.mkdir()
    mark = tmp_path / "executed"
    for name in ("ticketsync", "typer", "click", "sitecustomize", "json"):
        (folder / f"{name}.py").write_text(PLANTED.format(mark=str(mark)))
    command = command_of(a_job(), "cron")
    shell = ["/bin/sh", "-c"]
    done = subprocess.run([*shell, command], cwd=folder, capture_output=True)
    assert done.returncode == 9  # there is no database
    assert not mark.exists()
    subprocess.run([*shell, command.replace(" -P", "")], cwd=folder, check=False)
    assert mark.exists()


def command_of(what, kind):
    """
    The command as a scheduler gets it, without the change of the folder.
    """
    if kind == "cron":
        line = schedule.as_cron(what).removeprefix(what.when.text)
        return line.partition(" && ")[2]
    if kind == "systemd":
        lines = schedule.as_systemd(what)["ticketsync.service"].splitlines()
        start = next(line for line in lines if line.startswith("ExecStart="))
        return start.removeprefix("ExecStart=").replace('"', "")
    if kind == "launchd":
        return shlex.join(plistlib.loads(schedule.as_launchd(what))["ProgramArguments"])
    return schedule.as_windows(what)[-1]


def test_scheduled_commands_run_in_the_home(home):
    what = a_job()
    assert f"cd {home} && " in schedule.as_cron(what)
    assert (
        f"WorkingDirectory={home}\n" in schedule.as_systemd(what)["ticketsync.service"]
    )
    parsed = plistlib.loads(schedule.as_launchd(a_job("*/15 * * * *")))
    assert parsed["WorkingDirectory"] == str(home)


@pytest.fixture
def crontab(tmp_path, monkeypatch):
    return fake_crontab.make(tmp_path, monkeypatch)


def test_installing_twice_leaves_one_and_removing_leaves_what_was_there(crontab):
    before = "MAILTO=me@example.com\n# mine\n0 3 * * * backup --all\n"
    crontab.write_text(before)
    schedule.install(a_job("*/30 * * * *"), "cron")
    schedule.install(a_job(), "cron")
    text = crontab.read_text()
    assert text.startswith(before)
    assert text.count("sync --due --quiet") == 1
    assert schedule.installed()["cron"].startswith("*/15 9-23 * * * ")
    assert schedule.remove() == ["cron"]
    assert crontab.read_text() == before
    assert schedule.installed() == {}
    assert schedule.remove() == []


def test_a_job_of_an_earlier_version_is_named_until_it_is_installed_again(crontab):
    schedule.install(a_job(), "cron")
    assert "-P" in crontab.read_text()
    assert not [found.text for found in doctor._schedule() if found.state != "ok"]
    crontab.write_text(crontab.read_text().replace(" -P", ""))
    (found,) = [found for found in doctor._schedule() if found.state != "ok"]
    assert "ticketsync.py" in found.text
    assert found.to_do == "ticketsync schedule install"


def test_a_first_crontab_is_made(crontab):
    schedule.install(a_job(), "cron")
    assert len(crontab.read_text().splitlines()) == 3
    schedule.remove()
    assert crontab.read_text() == ""


def test_a_crontab_that_cannot_be_read_is_not_written_over(crontab, tmp_path):
    program = tmp_path / "bin" / "crontab"
    program.write_text(
        fake_crontab.PROGRAM.replace("no crontab for you", "disk on fire")
    )
    with pytest.raises(errors.ConfigurationError, match="disk on fire"):
        schedule.install(a_job(), "cron")
    assert not crontab.exists()


def test_a_scheduler_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.ConfigurationError) as caught:
        schedule.install(a_job(), "cron")
    assert caught.value.word in ("no-scheduler", "scheduler-refused")
    with pytest.raises(errors.ConfigurationError):
        schedule.usual()


@pytest.mark.parametrize(
    ("text", "calendar"),
    [
        ("*/15 * * * *", "*-*-* *:00,15,30,45:00"),
        ("0 9-12 * * 1-5", "Mon,Tue,Wed,Thu,Fri *-*-* 09,10,11,12:00:00"),
        ("30 2 1 */6 *", "*-01,07-01 02:30:00"),
    ],
)
@needs.systemd
def test_systemd_parses_the_same_times(text, calendar):
    assert schedule_times.calendar(schedule_times.when(text)) == calendar
    subprocess.run(["systemd-analyze", "calendar", calendar], check=True)


@needs.systemd
def test_systemd_takes_the_units(tmp_path):
    what = schedule.Job(
        schedule_times.when("*/15 9-23 * * *"),
        (sys.executable, "-m", "ticketsync", "--config", '/tmp/a "b" $c 5%'),
        {"TICKETSYNC_HOME": "/tmp/my home"},
        "/tmp/my home 5%",
    )
    units = schedule.as_systemd(what)
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *(str(tmp_path / n) for n in units)],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    ours = [line for line in done.stderr.splitlines() if "ticketsync" in line]
    assert ours == []


def test_launchd_gets_every_start():
    parsed = plistlib.loads(schedule.as_launchd(a_job("0,30 9-10 * * 1-2")))
    assert len(parsed["StartCalendarInterval"]) == 8
    assert {"Minute": 30, "Hour": 10, "Weekday": 2} in parsed["StartCalendarInterval"]
    assert parsed["ProgramArguments"][-3:] == ["sync", "--due", "--quiet"]
    with pytest.raises(errors.UsageError):
        schedule.as_launchd(a_job("*/1 */1 */1 * *"))


def test_windows_gets_minutes_and_refuses_the_rest():
    words = schedule.as_windows(a_job("*/15 * * * *"))
    assert words[:9] == [
        *("schtasks", "/Create", "/F", "/TN", "ticketsync", "/SC", "MINUTE"),
        *("/MO", "15"),
    ]
    assert schedule.as_windows(a_job("0 * * * *"))[8] == "60"
    with pytest.raises(errors.UsageError):
        schedule.as_windows(a_job("*/15 9-23 * * *"))


def test_days_and_weekdays_at_once_are_only_crons():
    with pytest.raises(errors.UsageError):
        schedule_times.calendar(schedule_times.when("0 0 1 * 1"))


def test_a_retired_account_does_not_count_as_one_that_works(sqlite):
    from ticketsync.accounts import edits, state
    from ticketsync.cli import schedule as command

    now = datetime(2026, 9, 1, tzinfo=UTC)
    with sqlite.write() as connection:
        for name, source in (("tt", "env"), ("old", "keyring")):
            new = state.NewAccount(
                name, "ticket_tailor", None, source, "TT_KEY", "", None
            )
            edits.add_account(connection, new, now)
        edits.set_state(connection, 2, state.RETIRED)
    context = SimpleNamespace(database=lambda: sqlite)
    warnings, number = command._missing_key_warnings(context)
    assert (len(warnings), number) == (1, 1)


@pytest.mark.thorough
def test_the_commands_warn_of_keys_that_a_scheduler_lacks(home, sandbox, crontab):
    def cli(*arguments):
        return commands.run(*arguments, check=True)

    cli(
        *("init", "--venue", "V", "--timezone", "UTC", "--currency", "AUD"),
        "--no-input",
    )
    cli(
        *("accounts", "add", "ticket_tailor", "tt", "--base-url", sandbox.url),
        *("--secret-env", "TT_KEY"),
    )
    shown = cli("schedule", "show", "--kind", "cron")
    assert shown.stdout.startswith("*/15 * * * * ")
    refused = commands.run("schedule", "install", "--kind", "cron")
    assert (refused.returncode, crontab.exists()) == (2, False)
    assert "Every account would fail there" in refused.stderr
    done = cli("schedule", "install", "--kind", "cron", "--every", "20", "--yes")
    assert "TT_KEY, which your scheduler does not have" in done.stderr
    # The very line that cron would run works.
    line = crontab.read_text().splitlines()[1].removeprefix("*/20 * * * * ")
    subprocess.run(["/bin/sh", "-c", line], check=True)
    assert "*/20" in cli("schedule", "show").stdout
    cli("schedule", "remove")
    assert crontab.read_text() == ""


def test_a_job_on_a_database_server_finds_its_folder(tmp_path, monkeypatch, crontab):
    monkeypatch.setenv("TICKETSYNC_HOME", str(tmp_path / "new home"))
    monkeypatch.setenv("TICKETSYNC_CONFIG", "mine/config.yaml")
    monkeypatch.chdir(tmp_path)
    what = a_job(database="postgresql://server/books")
    assert what.environment["TICKETSYNC_CONFIG"] == str(tmp_path / "mine/config.yaml")
    schedule.install(what, "cron")
    assert (tmp_path / "new home").is_dir()


def test_status_says_once_that_nothing_is_scheduled(home, templates, frozen):
    """
    Without a schedule no account has a time at which it is due.
    """
    place = templates.copy("sqlite", "synced", home / "ticketsync.db")
    plain = CliRunner().invoke(app, ["status"]).stdout
    assert "NEXT DUE" not in plain
    assert plain.count("No schedule") == 1
    assert "ticketsync schedule install" in plain

    database = engine.open_database(place)
    with database.write() as connection:
        connection.execute(sync_runs.update().values(started_by="ann@elsewhere (due)"))
    database.close()
    scheduled = CliRunner().invoke(app, ["status"]).stdout
    assert "NEXT DUE" in scheduled
    assert "No schedule" not in scheduled

    frozen(NOW + timedelta(days=3))  # it has stopped
    assert "No schedule" in CliRunner().invoke(app, ["status"]).stdout
