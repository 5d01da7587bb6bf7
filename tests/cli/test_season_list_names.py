"""
What `shows import` keeps of names, and how a dry run ends where something is open.
"""

import json
import os

import pexpect
import pytest
from support import commands

LIST = "Show,Start,Room,Ref\nGala,2030-12-{day:02} {time},{room},{ref}\n"
OURS = "The Lantern Room"


@pytest.fixture
def run(home, tmp_path):
    environment = {
        **os.environ,
        "TICKETSYNC_HOME": str(home),
        "TERM": "xterm",
        "COLUMNS": "80",
    }

    def run_(*arguments, code=0):
        done = commands.run(*arguments, env=environment, cwd=tmp_path)
        assert done.returncode == code, done
        return done

    run_.environment = environment
    run_(
        *("init", "--venue", OURS, "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    return run_


def season(tmp_path, *, day=5, time="19:30", room=OURS, ref=""):
    file = tmp_path / "season.csv"
    file.write_text(LIST.format(day=day, time=time, room=room, ref=ref))
    return str(file)


def both(run, *arguments):
    """
    The error of a dry run, which has the exit code of the import.
    """
    dry = run("shows", "import", *arguments, "--dry-run", code=2)
    real = run("shows", "import", *arguments, code=2)
    assert dry.stdout
    assert "needs-tty" in dry.stderr
    assert "needs-tty" in real.stderr
    return dry.stderr


def test_a_dry_run_names_the_flag_for_a_room(run, tmp_path):
    shown = both(run, season(tmp_path, room="Main Hall"))
    assert 'Use --room "Main Hall=The Lantern Room" for a room' in shown
    assert '--room "Main Hall=new" if not' in shown


def test_a_dry_run_names_the_flag_for_a_show_that_moves(run, tmp_path):
    run("shows", "import", season(tmp_path, ref="G1"))
    moved = season(tmp_path, ref="G1", time="20:00")
    shown = both(run, moved)
    assert "1 show of yours would change as shown above" in shown
    assert "Use --yes" in shown
    run("shows", "import", moved, "--dry-run", "--yes")
    later = season(tmp_path, ref="G2", time="20:00")
    assert "Use --missing moved if they have" in both(run, later)


def test_a_dry_run_on_a_terminal_ends_with_3_while_something_is_open(run, tmp_path):
    file = season(tmp_path, room="Main Hall")
    terminal = commands.talk("shows", "import", file, "--dry-run", env=run.environment)
    terminal.expect("The import asks about this.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 3


def test_a_room_is_kept_listed_and_forgotten(run, tmp_path):
    answer = ("--room", f"Main Hall={OURS}")
    first = season(tmp_path, room="Main Hall")
    said = run("shows", "import", first, *answer).stderr
    assert "The answers on names hold for this list; --remember keeps them." in said
    said = run("shows", "import", first, *answer, "--remember").stderr
    assert 'Kept for later lists: "Main Hall" is read as a room of' in said
    assert "`ticketsync venues forget 'Main Hall'`" in said

    run("shows", "import", season(tmp_path, room="main hall", day=6))
    assert "Main Hall (room)" in run("venues", "list").stdout
    (listed,) = json.loads(run("venues", "list", "--json").stdout)
    assert listed["other_names"] == [{"name": "Main Hall", "origin": "room"}]
    run("venues", "forget", "Main Hall")
    run("shows", "import", season(tmp_path, room="Main Hall", day=7), code=2)
    run("venues", "forget", "Main Hall", code=2)


def test_a_person_is_asked_whether_answers_are_kept(run, tmp_path):
    file = season(tmp_path, room="Main Hall")
    terminal = commands.talk("shows", "import", file, env=run.environment)
    terminal.expect("Is it a room of")
    terminal.send("y\r")
    terminal.expect("Read 1 name of this list the same way in later lists, too")
    terminal.send("y\r")
    terminal.expect("Kept for later lists")
    terminal.expect(pexpect.EOF)
    terminal.close()
    run("shows", "import", season(tmp_path, room="Main Hall", day=6))


@pytest.mark.thorough
def test_a_renamed_production_is_found_and_named(run, tmp_path):
    file = season(tmp_path)
    run("shows", "import", file)
    run("productions", "rename", "Gala", "Winter Gala", "--yes")
    said = run("shows", "import", file).stderr
    assert '"Gala" is called "Winter Gala" now' in said
    assert "1 show read, 0 new." in said
    added = run("shows", "add", "Gala", "2030-12-24 19:30").stderr
    assert '"Gala" is called "Winter Gala" now.' in added
    found = json.loads(run("productions", "list", "--json").stdout)
    assert found == [
        {
            "id": 1,
            "title": "Winter Gala",
            "shows": 2,
            "other_names": [{"name": "Gala", "origin": "former"}],
        }
    ]
    assert "Gala (former)" in run("productions", "list").stdout
    run("shows", "add", "Gala", "2030-12-24 19:30", "--new")
    assert len(json.loads(run("productions", "list", "--json").stdout)) == 2
