"""
The bookkeeping programs themselves read what is exported, find our balances in it, and
refuse it after one minor unit was changed.
"""

import csv
import io
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from support import needs
from support.ledger_movements import moved

from ticketsync.ledger import own_accounts, programs, projection
from ticketsync.ledger.chart import Chart
from ticketsync.ledger.projection import FEE, REFUND, SALE, ShowDay

UNTIL = date(2026, 12, 31)
TITLES = (
    "Gala",
    'Say "no"; (never) | * = @ # {x} -- 1.00 AUD',
    "=1+1",
    "\n2026-10-01 * x\n    Assets:Evil  1.00 AUD",
    "陳大文 محمد",
)
BEAN_CHECK = str(Path(sys.executable).parent / "bean-check")
bean_check = needs.programs(BEAN_CHECK)
hledger = needs.programs("hledger")


def books():
    """
    In three currencies, over three months; each title sells.
    """
    shows = {n: ShowDay(n, date(2026, 11, 20 + n), t) for n, t in enumerate(TITLES)}
    found = [
        moved(SALE, 11000 + n, "2026-10-02", n, taxes={"gst": 1000}) for n in shows
    ]
    found += [
        moved(FEE, 330, "2026-10-02", 0, taxes={"gst": 30}),
        moved(REFUND, -1100, "2026-12-05", 0, taxes={"gst": -100}),
        moved(SALE, 980, "2026-10-03", 1, "JPY"),
        moved(SALE, 18605, "2026-10-03", 1, "KWD"),
    ]
    entries = projection.project(found, shows, Chart(["tt"], ["gst"]), UNTIL)
    return entries, projection.balances(entries, UNTIL)


def written(program, folder):
    file = folder / f"books.{program}"
    file.write_text(programs.write(program, *books()), encoding="utf-8")
    return file


def accepts(program, file):
    words = {
        "hledger": ["hledger", "-f", str(file), "check", "-s"],
        "beancount": [BEAN_CHECK, str(file)],
    }[program]
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    return subprocess.run(words, capture_output=True, text=True, env=environment)


PROGRAMS = [
    pytest.param("hledger", marks=hledger),
    pytest.param("beancount", marks=bean_check),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_program_accepts_it(program, tmp_path):
    done = accepts(program, written(program, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("per", ["day", "month"])
def test_it_accepts_sums_under_own_accounts_too(program, per, tmp_path):
    own = {"Income:Shows": "Income:Tickets", "Assets:Platform:Tt": "Assets:Clearing"}
    entries = projection.summed(books()[0], per, UNTIL)
    balances = projection.balances(entries, UNTIL)
    file = tmp_path / f"books.{program}"
    renamed = own_accounts.rename(entries, own)
    stated = own_accounts.rename_balances(balances, own)
    text = programs.write(program, renamed, stated)
    assert "Assets:Clearing" in text
    assert "Assets:Platform" not in text
    file.write_text(text, encoding="utf-8")
    done = accepts(program, file)
    assert done.returncode == 0, done.stdout + done.stderr


def changed(line, digits):
    """
    The line with its last amount one minor unit larger.
    """
    begin, amount, end = re.fullmatch(
        r"(.* )(-?\d+(?:\.\d+)?)( [A-Z]{3})", line
    ).groups()
    minor = int(amount.replace(".", "")) + 1
    sign, plain = ("-" if minor < 0 else ""), f"{abs(minor):0{digits + 1}d}"
    whole = f"{plain[:-digits]}.{plain[-digits:]}" if digits else plain
    return f"{begin}{sign}{whole}{end}"


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("currency", "digits"), [("AUD", 2), ("JPY", 0), ("KWD", 3)])
@pytest.mark.parametrize("kind", ["entry", "balance"])
@pytest.mark.sampled(4)
def test_one_minor_unit_more_is_refused(program, currency, digits, kind, tmp_path):
    file = written(program, tmp_path)
    lines = file.read_text(encoding="utf-8").splitlines()
    stated = "=" if program == "hledger" else " balance "
    places = [
        place
        for place, line in enumerate(lines)
        if line.endswith(currency)
        and "Assets:Platform" in line
        and (stated in line) == (kind == "balance")
    ]
    lines[places[0]] = changed(lines[places[0]], digits)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert accepts(program, file).returncode != 0


BALANCES = {
    # 5 × 110.00 and 0.10 sold, 3.30 kept, 11.00 back
    ("Assets:Platform:Tt", "AUD"): "535.80",
    ("Assets:Platform:Tt", "JPY"): "980",
    ("Assets:Platform:Tt", "KWD"): "18.605",
    ("Assets:TaxPaid:Gst", "AUD"): "0.30",
    ("Expenses:Fees:Tt", "AUD"): "3.00",
    ("Income:Shows", "AUD"): "-490.10",
    ("Income:Shows", "JPY"): "-980",
    ("Income:Shows", "KWD"): "-18.605",
    ("Liabilities:Tax:Gst", "AUD"): "-49.00",
}


@pytest.mark.parametrize("program", ["hledger", "ledger"])
def test_the_program_finds_our_balances(program, tmp_path):
    needs.skip_without(program)
    file = written("hledger", tmp_path)
    words = {
        "hledger": ["bal", "-O", "csv", "--flat", "--layout=bare"],
        "ledger": ["bal", "--flat", "--format", "%(account)|%(amount)\n", "--no-total"],
    }[program]
    done = subprocess.run(
        [program, "-f", str(file), *words],
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    found = {}
    if program == "hledger":
        for row in csv.DictReader(io.StringIO(done.stdout)):
            if row["account"] not in ("total", "Total:"):
                found[row["account"], row["commodity"]] = row["balance"]
    else:
        name = ""
        for line in done.stdout.splitlines():
            left, bar, amount = line.rpartition("|")
            name = left.strip() if bar and left.strip() else name
            number, currency = amount.split()
            found[name, currency] = number
    found = {key: amount for key, amount in found.items() if float(amount)}
    assert found == BALANCES


def in_dollars():
    return [entry for entry in books()[0] if entry.currency == "AUD"]


NUMBERS = {
    "Assets:Platform:Tt": "1-1210",
    "Assets:TaxPaid:Gst": "2-1330",
    "Expenses:Fees:Tt": "6-1000",
    "Income:Shows": "4-1000",
    "Liabilities:Tax:Gst": "2-1310",
    "Liabilities:Unearned": "2-1500",
}


def test_no_title_can_add_a_line_or_a_formula():
    entries = own_accounts.rename(in_dollars(), NUMBERS)
    for program in programs.PROGRAMS:
        if program in ("hledger", "beancount"):
            found = programs.write(program, *books())
        else:
            found = programs.write(program, entries, tax_rate="BAS Excluded")
        assert "Evil  1.00" not in found
        posted = [
            line for line in found.splitlines() if line.startswith("    Assets:Evil")
        ]
        assert posted == []
    rows = list(csv.reader(io.StringIO(programs.write("qbo", in_dollars()))))
    for row in rows[1:]:
        assert not row[5].startswith(tuple("=+-@"))


def test_debits_and_credits_of_the_csv_are_equal():
    rows = list(csv.DictReader(io.StringIO(programs.write("qbo", in_dollars()))))
    sides = {}
    for row in rows:
        held = sides.setdefault(row["Journal No"], [0, 0])
        held[0] += int(row["Debits"].replace(".", "") or 0)
        held[1] += int(row["Credits"].replace(".", "") or 0)
    assert sides
    assert all(debits == credits_ for debits, credits_ in sides.values())
