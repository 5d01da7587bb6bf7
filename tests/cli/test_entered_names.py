"""
Names and numbers that a person types in: what cannot be meant is refused with exit code
2, and no name divides a show's figures by its spelling.
"""

import json
import os
import subprocess
import sys

import pytest
from support import commands


@pytest.fixture
def run(home, tmp_path):
    environment = {**os.environ, "TICKETSYNC_HOME": str(home), "COLUMNS": "80"}

    def run_(*arguments, code=0):
        done = commands.run(*arguments, env=environment, cwd=tmp_path)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    run_.environment = environment
    run_(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    run_("shows", "add", "Gala", "2030-12-22 19:30", "--reference", "G1")
    return run_


def names(run, group, key):
    return [row[key] for row in json.loads(run(group, "list", "--json"))]


@pytest.mark.thorough
def test_names_that_differ_in_case_and_spaces_are_one(run):
    run("productions", "add", "Jazz")
    run("productions", "add", " gala")
    refused = run("productions", "rename", "Jazz", "GALA ", "--yes", code=2)
    assert "There is a production 'Gala' already." in refused
    assert names(run, "productions", "title") == ["Gala", "Jazz"]
    run("productions", "rename", "Gala", "GALA", "--yes")  # its own spelling

    zone = ("--timezone", "Australia/Sydney", "--currency", "AUD")
    run("venues", "add", "the lantern  room", *zone, code=2)
    run("venues", "add", "Studio", *zone)
    run("venues", "edit", "Studio", "--name", "THE LANTERN ROOM", "--yes", code=2)
    assert names(run, "venues", "name") == ["The Lantern Room", "Studio"]


@pytest.mark.parametrize(
    "name", ["the lantern  room", "The Lantern-Room!", " THE LANTERN ROOM"]
)
@pytest.mark.thorough
def test_a_venue_has_one_spelling_in_every_command(run, tmp_path, name):
    refused = "There is a venue 'The Lantern Room' already."
    zone = ("--timezone", "Australia/Sydney", "--currency", "AUD")
    assert refused in run("init", "--venue", name, *zone, "--no-input", code=2)
    assert refused in run("venues", "add", name, *zone, code=2)
    run("venues", "add", "Studio", *zone)
    assert refused in run("venues", "edit", "Studio", "--name", name, "--yes", code=2)
    asked = run("shows", "edit", "G1", "--venue", name, "--yes", code=2)
    assert "Did you mean 'The Lantern Room'?" in asked
    run("shows", "add", "Gala", "2030-12-26 19:30", "--venue", name)
    file = tmp_path / "a.csv"
    file.write_text(f"Show,Date,Time,Room\nGala,2030-12-27,19:30,{name}\n")
    run("shows", "import", str(file))
    assert names(run, "venues", "name") == ["The Lantern Room", "Studio"]
    assert set(names(run, "shows", "venue")) == {"The Lantern Room"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("shows", "add", "", "2030-12-23 19:30"),
        ("shows", "add", "Gala", "2030-12-23 19:30", "--venue", "  "),
        ("productions", "add", " "),
        ("productions", "rename", "Gala", "  ", "--yes"),
        ("venues", "add", " ", "--timezone", "Europe/Berlin", "--currency", "EUR"),
        ("venues", "edit", "The Lantern Room", "--name", "  ", "--yes"),
    ],
)
def test_an_empty_name_is_refused(run, arguments):
    assert "cannot be empty" in run(*arguments, code=2)


@pytest.mark.parametrize("seats", ["99999999999999999999", "-5", "1000001"])
@pytest.mark.thorough
def test_a_number_of_seats_that_no_show_has_is_refused(run, tmp_path, seats):
    run("shows", "add", "Gala", "2030-12-24 19:30", f"--capacity={seats}", code=2)
    run("shows", "edit", "G1", f"--capacity={seats}", "--yes", code=2)
    file = tmp_path / "a.csv"
    file.write_text(f"Show,Date,Time,Cap\nGala,2030-12-24,19:30,{seats}\n")
    assert "line 2, column capacity" in run("shows", "import", str(file), code=2)


@pytest.mark.thorough
def test_a_new_venue_of_a_show_needs_an_answer(run):
    add = ("shows", "add", "Gala", "2030-12-25 19:30", "--venue", "Attick")
    assert 'There is no venue "Attick" yet.' in run(*add, code=2)
    assert names(run, "venues", "name") == ["The Lantern Room"]
    run(*add, "--new")
    assert names(run, "venues", "name") == ["The Lantern Room", "Attick"]


@pytest.mark.parametrize(
    "arguments",
    [
        (b"productions", b"add", b"\xff\xfe"),
        (b"shows", b"add", b"\xff", b"2030-12-23 19:30"),
        (b"shows", b"list", b"--production", b"\xff"),
        (b"venues", b"edit", b"The Lantern Room", b"--name", b"\xff", b"--yes"),
    ],
)
@pytest.mark.thorough
def test_an_argument_that_is_no_text_is_refused(run, arguments):
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"ticketsync", *arguments],
        env=run.environment,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False), done
    assert b"UTF-8" in done.stderr
