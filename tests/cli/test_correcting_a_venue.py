"""
A venue that was set up wrongly is corrected in plain words, by `venues edit` and by
`init` run again.
"""

import json
import os

import pexpect
import pytest
from support.commands import run, talk

INIT = ("init", "--venue", "Lantern", "--timezone", "Australia/Sydney")


@pytest.fixture
def environment(home):
    found = {
        **os.environ,
        "TICKETSYNC_HOME": str(home),
        "TERM": "xterm",
        "COLUMNS": "80",
    }
    run(*INIT, "--currency", "AUD", env=found, check=True)
    return found


def venues(environment):
    rows = json.loads(run("venues", "list", "--json", env=environment).stdout)
    return [(row["name"], row["timezone"], row["currency"]) for row in rows]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Nothing to change was given. Use --name, --timezone or --currency."),
        (
            ("--name", "Lantern"),
            0,
            "It already has these values: nothing would change.",
        ),
        (("--timezone", "Nowhere"), 2, "'Nowhere' is not a time zone."),
        (("--currency", "QQQ"), 2, "'QQQ' is not an ISO 4217 currency."),
        (("--name", "The Lantern", "--yes"), 0, "Lantern: changed."),
    ],
)
def test_venues_edit_says_what_it_needs_or_did(environment, words, code, said):
    done = run("venues", "edit", "Lantern", *words, env=environment)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Lantern: nothing\n" not in done.stderr


def test_a_time_zone_may_be_named_by_a_city(environment, tmp_path):
    home = tmp_path / "another"
    home.mkdir()
    other = {**environment, "TICKETSYNC_HOME": str(home)}
    words = ("init", "--venue", "Room", "--currency", "AUD", "--no-input")
    refused = run(*words, "--timezone", "Sidney", env=other)
    assert refused.returncode == 2
    assert "Did you mean Sydney?" in refused.stderr
    assert run(*words, "--timezone", "sydney", env=other).returncode == 0
    added = ("venues", "add", "Annexe", "--timezone", "Perth", "--currency", "AUD")
    assert run(*added, env=other).returncode == 0
    edited = ("venues", "edit", "Annexe", "--timezone", "adelaide", "--yes")
    assert run(*edited, env=other).returncode == 0
    assert venues(other) == [
        ("Room", "Australia/Sydney", "AUD"),
        ("Annexe", "Australia/Adelaide", "AUD"),
    ]


def test_shows_edit_without_a_change_is_refused_too(environment):
    added = run("shows", "add", "Gala", "2027-11-27 19:30", "--new", env=environment)
    assert added.returncode == 0
    done = run("shows", "edit", "1", env=environment)
    assert (done.returncode, "Nothing to change was given." in done.stderr) == (2, True)


def test_init_with_another_zone_names_the_command_that_corrects(environment):
    words = (*INIT[:-1], "Europe/London", "--currency", "GBP")
    done = run(*words, env=environment)
    assert done.returncode == 2
    command = "ticketsync venues edit Lantern --timezone Europe/London --currency GBP"
    assert f"To correct it: `{command}`" in done.stderr
    corrected = run(*command.split()[1:], "--yes", env=environment)
    assert corrected.returncode == 0
    assert venues(environment) == [("Lantern", "Europe/London", "GBP")]


def test_init_with_another_name_says_that_there_are_two_now(environment):
    done = run(
        *("init", "--venue", "Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD"),
        env=environment,
    )
    assert done.returncode == 0
    assert "Lantern Room, beside Lantern (Australia/Sydney, AUD)" in done.stderr
    assert "Was it a correction? `ticketsync venues remove 'Lantern Room'`" in (
        done.stderr
    )


@pytest.mark.thorough
def test_init_on_a_terminal_corrects_what_is_wrong(environment):
    run("shows", "add", "Gala", "2027-11-27 19:30", "--new", env=environment)
    screen = talk("init", env=environment)
    for question, answer in (
        ("Is that right", "n"),
        (r"Venue name \[Lantern\]", "The Lantern Room"),
        (r"Time zone.*\[Australia/Sydney\]", "London"),
        (r"Currency \[AUD\]", "gbp"),
        ("It has 1 show", None),
        ("stay at 19:30", ""),
        ("Connect a ticket platform now", "n"),
    ):
        screen.expect(question)
        if answer is not None:
            screen.send(f"{answer}\r")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0
    assert venues(environment) == [("The Lantern Room", "Europe/London", "GBP")]
    (show,) = json.loads(run("shows", "list", "--json", env=environment).stdout)
    assert show["starts_local"] == "2027-11-27 19:30"
    assert show["starts_at"] == "2027-11-27T19:30:00Z"
