"""
`ticketsync accounts set`, `show` and `remove`, as a person or cron meets them.
"""

import json

import pytest
from support import commands


@pytest.fixture
def attempt(venue):
    """
    Runs a command of ours whatever it ends with.
    """

    def run(*arguments):
        return commands.run(*arguments, env=venue.environment)

    return run


def test_set_says_what_follows_and_changes_nothing_unless_told_to(attempt):
    shown = attempt("accounts", "set", "tt", "people=TRUE", "--dry-run")
    assert shown.returncode == 0
    assert "people: – → true" in shown.stdout
    assert "until 90 days after their show" in shown.stdout
    assert "Nothing has been changed" in shown.stderr
    asked = attempt("accounts", "set", "tt", "people=true")
    assert (asked.returncode, "--yes" in asked.stderr) == (2, True)
    assert (
        json.loads(attempt("accounts", "show", "tt", "--json").stdout)["options"] == {}
    )

    done = attempt("accounts", "set", "tt", "people=true", "--yes", "--json")

    told = json.loads(done.stdout)
    assert told["changes"] == [{"option": "people", "before": "", "after": "true"}]
    assert (told["account"], told["saved"]) == ("tt", True)
    again = attempt("accounts", "set", "tt", "people=true")
    assert (again.returncode, again.stdout) == (0, "")
    table = attempt("accounts", "list").stdout
    assert "people=true" in table
    assert "people=true" in attempt("accounts", "list", "--format", "csv").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("regions=AU",), "Its options are: people"),
        (("people=perhaps",), "Known: true, false"),
        (("people",), "NAME=VALUE"),
        (("interval_minutes=5",), "below `accounts: tt:`"),
    ],
)
def test_set_refuses_what_nobody_knows(attempt, words, told):
    done = attempt("accounts", "set", "tt", *words, "--yes")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_account_with_orders_is_retired_listed_and_left_alone(attempt):
    attempt("match", "--yes")
    assert attempt("sync").returncode == 0
    before = attempt("financials", "list", "--json").stdout
    assert "lanternroom" in attempt("accounts", "show", "tt").stdout

    done = attempt("accounts", "remove", "tt", "--yes")

    assert done.returncode == 0
    assert "orders and their figures are kept and count" in done.stderr
    assert attempt("financials", "list", "--json").stdout == before
    assert json.loads(before)
    listed = json.loads(attempt("accounts", "list", "--json").stdout)
    assert [(row["account"], row["state"]) for row in listed] == [("tt", "retired")]
    assert "retired" in attempt("status").stdout
    named = attempt("sync", "tt")
    assert (named.returncode, "--revive" in named.stderr) == (7, True)
    refused = attempt(
        *("accounts", "add", "ticket_tailor", "tt", "--secret-env", "TT_KEY")
    )
    assert (refused.returncode, "is retired" in refused.stderr) == (7, True)
