"""
`ticketsync period …` on the command line.
"""

import csv
import hashlib
import io
import json

import pytest
from python_calamine import CalamineWorkbook
from support import commands
from support.closed_month import CLOSED, order, prepare, save, sell

from ticketsync.core import clock
from ticketsync.reporting import name_lists
from ticketsync.store import engine, triggers

SETTINGS = """\
accounts:
  tt: {fees: {per_ticket: 0.30}}
tax:
  codes: {gst: {rate: 10}}
  default: {admission: gst, buyer_fee: gst, addons: gst, donation: out_of_scope,
            voucher: redeemed, prices: charged, fees: none}
"""
FILES = {
    *("SHA256SUMS", "period.json", "2026-10.xlsx", "accounts.csv", "shows.csv"),
    *("sales.csv", "refunds.csv", "adjustments.csv", "lines.csv"),
    *("tax.csv", "tax-orders.csv", "fees.csv"),
    *("2026-10.ledger", "2026-10.beancount", "2026-10.pdf"),
}


@pytest.fixture
def period(home, templates, monkeypatch):
    """
    A venue with the October of `support.closed_month`, which nobody has closed yet.
    """
    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    monkeypatch.setattr(clock, "_now", lambda: CLOSED)
    database = prepare(engine.open_database(str(file)))
    sell(database)
    database.close()
    monkeypatch.undo()
    monkeypatch.setenv("TICKETSYNC_HOME", str(home))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.delenv("TICKETSYNC_CONFIG", raising=False)
    (home / "config.yaml").write_text(SETTINGS)

    def run(*words):
        done = commands.run("period", *words)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def done(result):
    assert result.returncode == 0, result.stderr
    return result.stdout


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_month_is_closed_listed_shown_and_verified(period):
    said = done(period("close", "2026-10"))
    assert "orders that count for no show: 1" in said
    assert "October 2026 closed: 11 lines." in said
    assert "Sold 454.50, returned 20.00 AUD." in said
    (listed,) = json.loads(done(period("list", "--json")))
    assert (listed["name"], listed["state"], listed["lines"]) == (
        *("2026-10", "closed", 11),
    )
    assert f"Fingerprint {listed['fingerprint']}." in said
    shown = done(period("show", "2026-10"))
    for text in (
        "by the day of the sale",
        "454.50",
        "429.70",
        "Fees of tt: per ticket",
    ):
        assert text in shown
    verified = json.loads(done(period("verify", "--json")))
    assert verified == {
        "periods": 1,
        "lines": 11,
        "fingerprint": listed["fingerprint"],
        "flaws": [],
    }
    assert "No adjustments." in done(period("adjustments"))


def test_a_closed_month_fits_80_columns(period, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    period("close", "2026-10", "--yes")
    for words in (("list",), ("show", "2026-10"), ("adjustments",)):
        assert max(map(len, period(*words).stdout.splitlines())) <= 80


def test_a_dry_run_closes_nothing(period):
    said = done(period("close", "2026-10", "--dry-run"))
    assert "October 2026 would be closed: 11 lines." in said
    assert "No period has been closed yet." in done(period("list"))


@pytest.mark.thorough
def test_exit_codes(period):
    refused = period("close", "2026-10", "--strict")
    assert (refused.returncode, "checklist-open" in refused.stderr) == (4, True)
    assert period("close", "2099-01").returncode == 7
    assert period("close", "soon").returncode == 2
    assert period("close", "2026-10", "--by", "payout").returncode == 2
    assert period("show", "2026-10").returncode == 2
    assert period("reopen", "2026-10", "--reason", "x").returncode == 2
    done(period("close", "2026-10", "--json"))
    assert period("reopen", "2026-10").returncode == 2
    assert period("close", "2026-10").returncode == 7
    done(period("reopen", "2026-10", "--reason", "an account was missing"))
    states = [row["state"] for row in rows(done(period("list", "--format", "csv")))]
    assert states == ["superseded", "reopened"]
    assert period("show", "2026-10").returncode == 2
    done(period("show", "2026-10", "--version", "1"))


def test_a_closed_month_is_shown_by_show_and_never_by_something_else(period):
    """
    Two shows, each on one account; what has no table is refused and not answered with
    the sums by account.
    """
    done(period("close", "2026-10"))

    lines = done(period("show", "2026-10", "--per", "show")).splitlines()

    head = next(n for n, line in enumerate(lines) if line.startswith("SHOW "))
    assert lines[head].split()[1:3] == ["PRODUCTION", "ACCOUNT"]
    of_shows = [line for line in lines[head + 2 :] if line.endswith(" AUD")]
    assert len(of_shows) == 2
    sold = [line.split()[-5].replace(",", "") for line in of_shows]
    assert sum(map(float, sold)) == 454.50
    for per in ("order", "refund", "adjustment", "line"):
        refused = period("show", "2026-10", "--per", per)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "--format csv" in refused.stderr


@pytest.mark.parametrize(
    ("per", "number", "column", "total"),
    [
        ("account", 1, "charged", 454.50),
        ("show", 2, "charged", 454.50),
        ("order", 10, "charged", 454.50),
        ("refund", 1, "refunded", 20.00),
        ("adjustment", 0, "effect", 0),
        ("line", 11, "fees", 4.80),
    ],
)
def test_what_was_closed_as_csv(period, per, number, column, total):
    done(period("close", "2026-10"))
    found = rows(done(period("show", "2026-10", "--per", per, "--format", "csv")))
    assert len(found) == number
    assert sum(float(row[column]) for row in found) == pytest.approx(total)
    said = json.loads(done(period("show", "2026-10", "--per", per, "--json")))
    assert said["period"] == "2026-10"


@pytest.mark.thorough
def test_the_folder_of_a_month(period, tmp_path):
    done(period("close", "2026-10"))
    done(period("export", "2026-10", "--dir", str(tmp_path)))
    folder = tmp_path / "2026-10"
    assert {file.name for file in folder.iterdir()} == FILES
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        data = (folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
    sheets = CalamineWorkbook.from_path(str(folder / "2026-10.xlsx")).sheet_names
    assert sheets == [
        *("About", "accounts", "shows", "sales", "refunds", "fees"),
        *("adjustments", "tax", "tax-orders"),
    ]
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    done(period("export", "2026-10", "--dir", str(tmp_path)))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    (folder / "sales.csv").write_text("mine\n")
    refused = period("export", "2026-10", "--dir", str(tmp_path))
    assert (refused.returncode, "file-exists" in refused.stderr) == (2, True)
    assert (folder / "sales.csv").read_text() == "mine\n"
    done(period("export", "2026-10", "--dir", str(tmp_path), "--force"))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_what_changed_is_listed_with_its_cause(period, home):
    done(period("close", "2026-10"))
    (home / "config.yaml").write_text(SETTINGS.replace("0.30", "0.50"))
    said = done(period("adjustments"))
    for text in ("2026-10", "rate-changed", "or_rate", "-0.20"):
        assert text in said
    (found,) = rows(done(period("adjustments", "--format", "csv")))
    assert (found["order_id"], found["cause"], found["effect"]) == (
        *("or_rate", "rate-changed", "-0.20"),
    )
    assert "No adjustments." in done(period("adjustments", "--origin", "2026-09"))
    for same in ("2026-10-01..2026-10-31", "2026-10..2026-10"):
        assert "or_rate" in done(period("adjustments", "--origin", same))
    refused = period("adjustments", "--origin", "lastmonth")
    assert (refused.returncode, "Did you mean last-month?" in refused.stderr) == (
        *(2,),
        True,
    )


@pytest.mark.thorough
def test_several_adjustments_are_summed_by_their_cause(period, home):
    """
    Beside the higher rate, which takes 0.20, two orders of 5 October that came late
    add 15.00 each.
    """
    done(period("close", "2026-10"))
    only_one = done(period("adjustments", "--origin", "2026-10"))
    assert only_one == "No adjustments.\n"
    (home / "config.yaml").write_text(SETTINGS.replace("0.30", "0.50"))
    database = engine.open_database(str(home / "ticketsync.db"))
    late = [order(f"or_late_{n}", 15_00) for n in (1, 2)]
    save(database, *((item, f"{item.id} a") for item in late), at=clock.now())
    database.close()
    said = done(period("adjustments")).splitlines()
    assert [line.split() for line in said[-3:-1]] == [
        ["2026-10", "late-sale", "2", "AUD", "30.00"],
        ["2026-10", "rate-changed", "1", "AUD", "-0.20"],
    ]


def test_closing_says_what_adjustments_come_to_and_names_stay_whole(
    period, home, monkeypatch
):
    """
    The one adjustment of October is a rate that is 0.20 higher: 0.20 less for the net.
    """
    done(period("close", "2026-10"))
    (home / "config.yaml").write_text(SETTINGS.replace("0.30", "0.50"))
    said = done(period("close", "2026-11-01..2026-11-07"))
    assert "1 adjustment of earlier periods among them" in said
    assert "Adjustments of earlier periods: -0.20 AUD to the net." in said
    monkeypatch.setenv("COLUMNS", "80")
    listed = done(period("list"))
    assert "2026-11-01..2026-11-07 " in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_the_worksheet_of_a_closed_month_says_that_it_is(period):
    done(period("close", "2026-10"))
    worksheet = commands.run("tax", "worksheet", "--period", "2026-10")
    assert "2026-10 is closed: this is what was closed" in " ".join(
        worksheet.stdout.split()
    )


def test_verify_names_the_line_that_was_changed(period, home):
    done(period("close", "2026-10"))
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        triggers.drop_all(connection)
        connection.exec_driver_sql("UPDATE period_lines SET fees = 1 WHERE number = 4")
    database.close()
    found = period("verify")
    assert found.returncode == 10
    assert "period_lines: 2026-10 line 4 (order " in found.stdout
    assert "not as they were closed" in found.stdout


def test_closed_periods_are_completed(period, home):
    done(period("close", "2026-10"))
    assert name_lists.list_names(home / "ticketsync.db", "periods") == [("2026-10", "")]
