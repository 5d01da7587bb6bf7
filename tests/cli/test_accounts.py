"""
`ticketsync accounts set`, `show` and `remove`, with and without prompts.
"""

import json
import socket

import pytest
from support import commands


@pytest.fixture
def run_command(venue):
    """
    Runs a command, whatever its exit code.
    """

    def run(*arguments):
        return commands.run(*arguments, env=venue.environment)

    return run


@pytest.mark.thorough
def test_set_shows_the_effects_and_changes_nothing_without_confirmation(run_command):
    shown = run_command("accounts", "set", "tt", "people=TRUE", "--dry-run")
    assert shown.returncode == 0
    assert "people: – → true" in shown.stdout
    assert "until 90 days after their show" in shown.stdout
    assert "Nothing has been changed" in shown.stderr
    prompted = run_command("accounts", "set", "tt", "people=true")
    assert (prompted.returncode, "--yes" in prompted.stderr) == (2, True)
    assert (
        json.loads(run_command("accounts", "show", "tt", "--json").stdout)["options"]
        == {}
    )

    done = run_command("accounts", "set", "tt", "people=true", "--yes", "--json")

    payload = json.loads(done.stdout)
    assert payload["changes"] == [{"option": "people", "before": "", "after": "true"}]
    assert (payload["account"], payload["saved"]) == ("tt", True)
    again = run_command("accounts", "set", "tt", "people=true")
    assert (again.returncode, again.stdout) == (0, "")
    shown = run_command("accounts", "show", "tt").stdout
    assert "belongs to:     lanternroom\n" in shown
    assert "dashboard:      https://app.tickettailor.com/" in shown
    listed = json.loads(run_command("accounts", "list", "--json").stdout)
    assert listed[0]["identity_name"] == "lanternroom"
    assert listed[0]["dashboard_url"] == "https://app.tickettailor.com/"
    table = run_command("accounts", "list").stdout
    assert "people=true" in table
    assert "people=true" in run_command("accounts", "list", "--format", "csv").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("regions=AU",), "Its options are: people"),
        (("people=perhaps",), "Known: true, false"),
        (("people",), "NAME=VALUE"),
        (("interval_minutes=5",), "below `accounts: tt:`"),
    ],
)
def test_set_refuses_unknown_options_and_values(run_command, words, message):
    done = run_command("accounts", "set", "tt", *words, "--yes")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.thorough
def test_an_account_with_orders_is_retired_listed_and_left_alone(run_command):
    run_command("match", "--yes")
    assert run_command("sync").returncode == 0
    before = run_command("financials", "list", "--json").stdout
    assert "lanternroom" in run_command("accounts", "show", "tt").stdout

    done = run_command("accounts", "remove", "tt", "--yes")

    assert done.returncode == 0
    assert "orders and their figures are kept and count" in done.stderr
    assert run_command("financials", "list", "--json").stdout == before
    assert json.loads(before)
    listed = json.loads(run_command("accounts", "list", "--json").stdout)
    assert [(row["account"], row["state"]) for row in listed] == [("tt", "retired")]
    assert "retired" in run_command("status").stdout
    named = run_command("sync", "tt")
    assert (named.returncode, "--revive" in named.stderr) == (7, True)
    refused = run_command(
        *("accounts", "add", "ticket_tailor", "tt", "--secret-env", "TT_KEY")
    )
    assert (refused.returncode, "is retired" in refused.stderr) == (7, True)


def test_an_account_of_a_platform_that_is_not_there_claims_nothing_was_read(
    home, monkeypatch
):
    monkeypatch.setenv("TT_KEY", "sk_live_unused")
    with socket.socket() as closed:  # a port that nobody listens on
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        commands.run(
            *("init", "--venue", "The Lantern Room", "--timezone", "UTC"),
            *("--currency", "AUD", "--no-input"),
            check=True,
        )
        (home / "config.yaml").write_text("sync: {wait_seconds: 0}\n")
        done = commands.run(
            *("accounts", "add", "ticket_tailor", "tt", "--base-url", url),
            *("--secret-env", "TT_KEY"),
        )
    assert done.returncode == 5, done.stderr
    assert "unreachable" in done.stderr
    assert "is saved" not in done.stderr
    assert "Run the same command again later" in done.stderr
