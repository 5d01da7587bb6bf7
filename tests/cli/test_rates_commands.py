"""
`ticketsync rates …`, and totals in one currency: `financials list --in`.
"""

import csv
import io
import json
import re

import pytest
from support import commands
from support.saved_orders import FIRST_DAY, order, prepare, recompute, save, ticket

from ticketsync.store import engine

RBA = """\
F11.1  EXCHANGE RATES
Title,A$1=USD,A$1=NZD
Units,USD,NZD
09-Nov-2026,0.6500,1.1000
10-Nov-2026,{usd},1.2000
"""
PERIOD = ("--period", "2026-11-01..2026-11-09")


@pytest.fixture
def run(home, templates, monkeypatch):
    """
    Late Laughs: 100.00 AUD on one night, 55.00 NZD on the other; fees are unknown of
    the second.
    """
    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = prepare(engine.open_database(str(file)))
    save(
        database,
        order(ticket(1, 10000), id_="or_1", fees=()),
        order(ticket(2, 5500, "ev_2"), id_="or_2", currency="NZD", fees=None),
        at=FIRST_DAY,
    )
    recompute(database)
    database.close()
    (home / "config.yaml").write_text("{}\n")
    monkeypatch.setenv("COLUMNS", "80")

    def run_(*words):
        done = commands.run(*words)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run_


@pytest.fixture
def imported(run, tmp_path):
    def again(usd="0.6400"):
        (tmp_path / "f11.1.csv").write_text(RBA.format(usd=usd))
        return run("rates", "import", str(tmp_path / "f11.1.csv"))

    return again


def test_an_import_says_what_was_new(run, imported):
    assert run("rates", "list").stdout.startswith("No exchange rates yet.")
    done = imported()
    assert done.returncode == 0
    assert done.stderr.strip() == "RBA, 2026-11-09 to 2026-11-10: 4 new rates."
    assert "0 new rates." in imported().stderr
    assert "0 new rates, 1 corrected one." in imported(usd="0.6300").stderr
    (line,) = json.loads(run("rates", "list", "--json").stdout)
    assert (line["source"], line["currencies"], line["days"]) == ("RBA", 2, 2)
    assert (line["first"], line["last"]) == ("2026-11-09", "2026-11-10")
    trail = run("audit", "list").stdout
    assert trail.count("exchange rates") == 2


def test_totals_in_one_currency(run, imported):
    imported()
    done = run("financials", "list", *PERIOD, "--in", "aud")
    assert done.returncode == 0, done.stderr
    text = done.stdout.split("In AUD.")[1]
    found = [re.sub(r"  +", "|", line.strip()) for line in text.splitlines()]
    # 55.00 ÷ 1.1000; its net is not known, and therefore neither is the sum
    assert any(re.match(r"NZD\|0\.909091\|RBA\|.*\|50\.00\|", line) for line in found)
    assert any(re.match(r"AUD\|.*100\.00\|", line) for line in found)
    assert any(re.match(r"all\|.*150\.00\|", line) for line in found)
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    # beside their own currencies, never in place of them
    assert "55.00" in done.stdout.split("In AUD.")[0]


def test_each_line_in_one_currency(run, imported):
    imported()
    words = ("financials", "list", *PERIOD, "--in", "NZD", "--per", "production")
    rows = list(csv.DictReader(io.StringIO(run(*words, "--format", "csv").stdout)))
    names = ("currency", "gross", "gross_in", "currency_in", "rate", "rate_source")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("AUD", "100.00", "110.00", "NZD", "1.100000", "RBA"),
        ("NZD", "55.00", "55.00", "NZD", "", ""),
    ]
    assert [row["rate_day"] for row in rows] == ["2026-11-09", ""]
    assert [row["net_in"] for row in rows] == ["110.00", ""]


def test_another_day_of_the_rates(run, imported):
    imported()
    words = ("financials", "list", *PERIOD, "--in", "NZD", "--json")
    found = json.loads(run(*words, "--rate-day", "2026-11-10").stdout)
    assert {row["gross_in"] for row in found} == {"120.00", "55.00"}


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("--in", "AUD"), 2, "no exchange rate from NZD to AUD"),
        (("--in", "QQQ"), 2, "not an ISO 4217 currency"),
        (("--rate-day", "2026-11-09"), 2, "are for --in"),
        (("--in", "AUD", "--rate-source", "Bundesbank"), 2, "Use one of: ecb"),
    ],
)
def test_what_cannot_be_converted(run, words, code, reason):
    done = run("financials", "list", *PERIOD, *words)
    assert done.returncode == code
    assert reason in " ".join(done.stderr.split())


def test_without_in_two_currencies_never_meet(run, imported):
    imported()
    assert "150.00" not in run("financials", "list", *PERIOD).stdout
