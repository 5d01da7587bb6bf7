"""
A count or an amount of a thousand or more has its commas wherever a person reads it.
"""

import re
import sys

import pytest
from support.large_figures import bare_numbers, multiply
from support.listing_commands import listings
from support.read_pdfs import pdf_text
from support.ticket_tailor_account import moved_to
from typer.testing import CliRunner

from ticketsync.cli import terminal
from ticketsync.cli.main import app
from ticketsync.store.tables.catalogue import productions
from ticketsync.store.tables.financials import show_financials

# Reports without --format, and listings with other options.
ALSO = {
    *("status", "shows show 1", "shows show 12", "accounts show tt", "doctor"),
    *("webhooks health", "match --dry-run", "events prices --history"),
    *("waiting list --dismissed", "checkin count 1"),
    *(
        f"financials list --per {per}"
        for per in ("show", "account", "production", "venue", "platform")
    ),
    *(f"financials list --per {per}" for per in ("day", "week", "month")),
    *("financials list --period 2026", "financials show 12", "financials explain 12"),
    *("financials explain 12 --figure net", "financials explain 12 --figure unearned"),
    "tax worksheet --period 2000..2099 --orders",
}


@pytest.fixture
def large(home, sandbox, templates, monkeypatch):
    """
    A synced venue in `home` with numbers in the thousands, and a wide terminal.
    """
    place = templates.copy("sqlite", "filled", home / "ticketsync.db")
    database = moved_to(place, sandbox)
    multiply(database)
    with database.write() as connection:
        connection.execute(
            productions.update().where(productions.c.id == 1).values(title="1")
        )
    yield database
    database.close()


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(terminal, "is_terminal", lambda stream: stream is sys.stdout)
    monkeypatch.setattr(terminal, "width", lambda stream=None: 300)


def output_of(words):
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code in (0, 10), (words, done.stderr, done.exception)
    return f"{done.stdout}\n{done.stderr}"


@pytest.mark.thorough
def test_every_listing_writes_thousands_with_commas(large, watched):
    printed = {words: output_of(words) for words in sorted({*listings(), *ALSO})}
    bare = {w: found for w, text in printed.items() if (found := bare_numbers(text))}
    assert bare == {}
    assert "24,216 of 242,160 seats sold" in printed["shows show 1"]
    assert "30,307,272.46 AUD: no rule" in printed["tax worksheet --period 2000..2099"]


@pytest.mark.thorough
def test_a_year_of_millions_is_a_table_of_80_columns(large, watched, monkeypatch):
    """
    What is left out of it is named, and only the least needed of it.
    """
    row = show_financials.c
    known = {"fees": row.gross // 50, "net": row.net_before_fees - row.gross // 50}
    with large.write() as connection:
        connection.execute(show_financials.update().values(known))
    monkeypatch.setattr(terminal, "width", lambda stream=None: 80)
    printed = output_of("financials list")
    heading = next(line for line in printed.splitlines() if line.startswith("SHOW"))
    shown = ["SHOW", "PRODUCTION", "SOLD", "GROSS", "REFUNDED", "NET"]
    assert heading.split() == shown
    assert max(map(len, printed.splitlines())) <= 80
    assert "No room for FEES here; a wider terminal and files have them." in printed
    per_month = output_of("financials list --per month")
    assert "FEES" in per_month
    assert "No room" not in per_month


@pytest.mark.parametrize("report", ["daily", "weekly"])
@pytest.mark.thorough
def test_a_report_that_is_sent_writes_thousands_with_commas(
    large, home, tmp_path, report
):
    file = tmp_path / "mail.txt"
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    (home / "config.yaml").write_text(
        f'notify:\n  command: [{sys.executable}, -c, "{code}", {file}]\n'
    )

    output_of(f"report {report} --send")

    text = file.read_text()
    assert bare_numbers(text) == []
    assert re.search(r"\b\d\d,\d{3} of \d{3},\d{3} sold, ", text)


def test_a_calendar_writes_thousands_with_commas(large):
    lines = output_of("export calendar").replace("\r\n ", "").splitlines()
    described = [line for line in lines if line.startswith(("SUMMARY", "DESCRIPTION"))]
    assert bare_numbers("\n".join(described)) == []
    assert any(r"(24\,216/242\,160 sold)" in line for line in lines)


def test_a_bare_number_would_be_found():
    """
    The control: what listings once printed, and what is not a count.
    """
    once = ("1450 sold", "in all 1050", "of 276 orders, 13879.96 AUD", "a -1234.50 b")
    for line in once:
        assert bare_numbers(f"a\n{line}\nb") == [line]
    fine = ("1,450 sold", "in 2026", "Tue 01 Sep 2026 19:30", "or_501021", "2026-11-06")
    assert bare_numbers("\n".join(fine)) == []


def test_a_printed_worksheet_writes_thousands_with_commas(large, tmp_path):
    file = tmp_path / "worksheet.pdf"
    output_of(f"tax worksheet --period 2000..2099 -o {file}")
    text = pdf_text(file)
    assert bare_numbers(text) == []
    assert "30,307,272.46" in text
