"""
`shows import`, `shows adopt` and the commands that edit, as a person and as cron use
them.
"""

import json
import os

import pexpect
import pytest
from support import commands

SEASON = "Show,Date,Time,Cap,Ref\nLate Laughs,22/12/2030,7:30pm,180,L1\n"
KEYS = [
    *("read", "created", "skipped", "updated", "moved", "excluded", "included"),
    *("cancelled", "unconfirmed", "notes", "questions", "new_venues"),
    *("new_productions", "dry_run", "shows", "missing"),
    "unknown_statuses",
]


@pytest.fixture
def run(home, tmp_path):
    """
    A home with a venue; runs a command there, without a terminal.
    """
    environment = {
        **os.environ,
        "TICKETSYNC_HOME": str(home),
        "TERM": "xterm",
        "COLUMNS": "80",
    }

    def run_(*arguments, code=0):
        done = commands.run(*arguments, env=environment, cwd=tmp_path)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done

    run_.environment = environment
    run_(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    return run_


def season(tmp_path, text):
    file = tmp_path / "season.csv"
    file.write_text(text)
    return str(file)


def starts(run):
    return [
        (show["production"], show["starts_local"])
        for show in json.loads(run("shows", "list", "--json").stdout)
    ]


def test_a_dry_run_shows_the_table_and_changes_nothing(run, tmp_path):
    file = season(tmp_path, SEASON + "Total,,,180,\n")
    shown = run("shows", "import", file, "--dry-run")
    as_json = json.loads(run("shows", "import", file, "--dry-run", "--json").stdout)

    assert "Sun 22 Dec 2030 19:30" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert 'line 3: "Total" is a total' in shown.stderr
    assert "1 show would be read, 1 new." in shown.stderr
    assert list(as_json) == KEYS
    assert (as_json["read"], as_json["created"], as_json["dry_run"]) == (1, 0, True)
    (row,) = as_json["shows"]
    assert row == {
        "position": "line 2",
        "production": "Late Laughs",
        "starts_at": "2030-12-22T08:30:00Z",
        "starts_local": "2030-12-22 19:30",
        "venue": "The Lantern Room",
        "timezone": "Australia/Sydney",
        "capacity": 180,
        "currency": "AUD",
        "reference": "L1",
        "change": "new",
        "show_id": None,
    }
    assert starts(run) == []
    csv = run("shows", "import", file, "--dry-run", "--format", "csv").stdout
    assert csv.splitlines()[0] == ",".join(row)


def test_a_dry_run_ends_as_the_import_would(run, tmp_path):
    bad = season(tmp_path, SEASON + "Late Laughs,0001-01-01,00:00,,\n")

    dry = run("shows", "import", bad, "--dry-run", "--json", code=2)
    real = run("shows", "import", bad, code=2)
    run("shows", "import", bad, "--dry-run", "--skip-bad")

    assert "line 3, column date: 0001-01-01" in json.loads(dry.stdout)["skipped"][0]
    assert "ticketsync: bad-file" in real.stderr
    assert json.loads(dry.stderr.splitlines()[-1])["error"]["word"] == "bad-file"
    assert starts(run) == []


def test_cron_is_not_asked_but_says_which_flag_to_use(run, tmp_path):
    run("shows", "import", season(tmp_path, SEASON))
    again = season(tmp_path, SEASON.replace("7:30pm", "8pm"))

    refused = run("shows", "import", again, code=2)
    assert "needs-tty" in refused.stderr
    assert "--yes" in refused.stderr
    assert "was Sun 22 Dec 2030 19:30" in refused.stderr
    assert starts(run) == [("Late Laughs", "2030-12-22 19:30")]

    done = json.loads(run("shows", "import", again, "--yes", "--json").stdout)
    assert (done["moved"], done["created"]) == (1, 0)
    assert starts(run) == [("Late Laughs", "2030-12-22 20:00")]


def test_a_nearly_equal_name_needs_an_answer(run, tmp_path):
    run("shows", "import", season(tmp_path, SEASON))
    typo = "Show,When\nLate Lauhgs,2030-12-23 19:30\n"

    refused = run("shows", "import", season(tmp_path, typo), code=2)
    assert 'did you mean "Late Laughs"?' in refused.stderr
    assert "--same-names" in refused.stderr
    assert len(starts(run)) == 1
    shown = run("shows", "import", season(tmp_path, typo), "--dry-run", code=2)
    assert "--same-names" in shown.stderr
    assert "which name?" in shown.stdout

    run("shows", "import", season(tmp_path, typo), "--same-names")
    assert {title for title, _ in starts(run)} == {"Late Laughs"}
    run(
        "shows", "import", season(tmp_path, typo), "--same-names", "--new-names", code=2
    )


def test_a_room_that_is_no_venue_needs_an_answer(run, tmp_path):
    file = season(
        tmp_path,
        "Show,Start,Room\nGala,2030-12-05 19:30,Foyer\nGala,2030-12-06 19:30,Opera\n",
    )
    refused = run("shows", "import", file, code=2)
    assert 'Use --room "Foyer=The Lantern Room" for a room' in refused.stderr
    assert '--room "Foyer=new"' in refused.stderr
    assert "--same-names" not in refused.stderr
    seen = run("shows", "import", file, "--dry-run", code=2).stderr
    assert 'venue "Opera": is it a new venue, or a room of "The Lantern Room"?' in seen
    run("shows", "import", file, "--room", "Foyer", code=2)
    run("shows", "import", file, "--room", "Foyer=Attic", code=2)
    run(
        *("shows", "import", file, "--room", "foyer=The Lantern Room"),
        *("--room", "Opera=new"),
    )
    found = json.loads(run("shows", "list", "--json").stdout)
    assert [show["venue"] for show in found] == ["The Lantern Room", "Opera"]


def test_a_person_is_asked_about_rooms(run, tmp_path):
    file = season(
        tmp_path,
        "Show,Start,Room\nGala,2030-12-05 19:30,Foyer\nGala,2030-12-06 19:30,Opera\n",
    )
    terminal = commands.talk("shows", "import", file, env=run.environment)
    terminal.expect('You have no venue "Foyer". Is it a room of "The Lantern Room"')
    terminal.send("y\r")
    terminal.expect('You have no venue "Opera"')
    terminal.send("n\r")
    terminal.expect("Read 1 name of this list the same way in later lists, too")
    terminal.send("n\r")
    terminal.expect("2 shows read, 2 new")
    terminal.expect(pexpect.EOF)
    terminal.close()
    again = season(tmp_path, "Show,Start,Room\nGala,2030-12-07 19:30,Bar Two\n")
    terminal = commands.talk("shows", "import", again, env=run.environment)
    terminal.expect('You have no venue "Bar Two". What is it')
    terminal.send("2\r")
    terminal.expect("in later lists, too")
    terminal.send("n\r")
    terminal.expect("1 show read, 1 new")
    terminal.expect(pexpect.EOF)
    terminal.close()
    found = json.loads(run("shows", "list", "--json").stdout)
    assert [show["venue"] for show in found] == ["The Lantern Room", "Opera", "Opera"]


def test_a_show_that_may_have_moved_needs_an_answer(run, tmp_path):
    run("shows", "import", season(tmp_path, SEASON))
    later = season(tmp_path, SEASON.replace("7:30pm", "8pm").replace("L1", "L2"))

    refused = run("shows", "import", later, code=2).stderr
    assert "1 show of yours may have moved" in refused
    assert "--missing moved" in refused
    dry = run("shows", "import", later, "--dry-run", "--json", code=2)
    (record,) = json.loads(dry.stdout)["missing"]
    assert (record["reference"], record["may_be"]) == ("L1", "line 2")
    run("shows", "import", later, "--missing", "perhaps", code=2)
    run("shows", "import", later, "--missing", "moved", "--yes")
    assert starts(run) == [("Late Laughs", "2030-12-22 20:00")]


def test_rows_with_an_unknown_status_wait_for_an_answer(run, tmp_path):
    text = SEASON.replace("Ref\n", "Ref,Status\n").replace("L1\n", "L1,Moved to May\n")
    text += "Late Laughs,23/12/2030,7:30pm,180,L2,on sale\n"
    file = season(tmp_path, text)

    run("shows", "import", file, "--dry-run", code=3)
    waiting = run("shows", "import", file, code=3).stderr
    assert 'line 2: Late Laughs has the status "Moved to May"' in waiting
    assert '--status "Moved to May=plays"' in waiting
    assert starts(run) == [("Late Laughs", "2030-12-23 19:30")]
    run("shows", "import", file, "--status", "Moved to May=perhaps", code=2)
    run("shows", "import", file, "--status", "moved to  may=plays")
    assert len(starts(run)) == 2


@pytest.mark.thorough
def test_a_person_is_asked_about_dates_and_names(run, tmp_path):
    run("venues", "edit", "The Lantern Room", "--timezone", "America/Toronto", "--yes")
    run("productions", "add", "Late Laughs")
    text = "Show,Date,Time\nLate Lauhgs,05/12/2030,7:30pm\n"
    refused = run("shows", "import", season(tmp_path, text), code=2)
    assert "--dates dmy" in refused.stderr

    terminal = commands.talk(
        "shows", "import", season(tmp_path, text), env=run.environment
    )
    terminal.expect("5 December")
    terminal.send("y\r")
    terminal.expect("did you mean")
    terminal.send("y\r")
    terminal.expect("in later lists, too")
    terminal.send("n\r")
    terminal.expect("1 show read, 1 new")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert starts(run) == [("Late Laughs", "2030-12-05 19:30")]

    run("shows", "import", season(tmp_path, text), "--dates", "mdy", "--same-names")
    assert ("Late Laughs", "2030-05-12 19:30") in starts(run)


def test_a_refused_change_changes_nothing(run, tmp_path):
    run("shows", "import", season(tmp_path, SEASON))
    again = season(tmp_path, SEASON.replace("7:30pm", "8pm"))
    terminal = commands.talk("shows", "import", again, env=run.environment)
    terminal.expect("Apply these changes to this show")
    terminal.send("n\r")
    terminal.expect("Nothing was imported")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert starts(run) == [("Late Laughs", "2030-12-22 19:30")]


@pytest.mark.thorough
def test_shows_are_edited_and_removed_by_command(run, tmp_path):
    run("shows", "import", season(tmp_path, SEASON))
    run(
        "shows",
        "edit",
        "L1",
        "--starts-at",
        "22/12/2030 8pm",
        "--capacity",
        "90",
        code=2,
    )
    edited = run(
        *("shows", "edit", "L1", "--starts-at", "22/12/2030 8pm", "--yes", "--json"),
    )
    seen = json.loads(edited.stdout)
    assert seen["after"] == {"starts_local": "2030-12-22 20:00"}
    assert (seen["shows"], seen["orders"], seen["done"]) == (1, 0, True)
    run("shows", "edit", "L1", "--capacity", "90", "--no-capacity", "--yes", code=2)
    run("shows", "remove", "L1", "--dry-run")
    assert len(starts(run)) == 1
    run("shows", "remove", "L1", "--yes")
    assert starts(run) == []


@pytest.mark.thorough
def test_productions_and_venues_by_command(run, tmp_path):
    run("shows", "import", season(tmp_path, SEASON))
    run("productions", "rename", "Late Laughs", "Late Laughs 2030", "--yes")
    run("productions", "add", "Gala")
    merged = run("productions", "merge", "Late Laughs 2030", "Gala", "--yes", "--json")
    assert json.loads(merged.stdout)["after"] == {"title": "Gala"}
    assert starts(run) == [("Gala", "2030-12-22 19:30")]
    run(
        "venues", "add", "Studio", "--timezone", "Australia/Sydney", "--currency", "AUD"
    )
    run("venues", "edit", "Studio", "--currency", "NZD", "--yes")
    run("venues", "merge", "Studio", "The Lantern Room", "--yes", code=2)
    run("venues", "remove", "Studio", "--yes")
    listed = json.loads(run("venues", "list", "--json").stdout)
    assert [venue["name"] for venue in listed] == ["The Lantern Room"]
    decided = json.loads(run("audit", "list", "--json").stdout)
    changed = [row for row in decided if row["action"] != "add"]
    assert [(row["action"], row["kind"]) for row in changed] == [
        ("remove", "venue"),
        ("edit", "venue"),
        ("merge", "production"),
        ("rename", "production"),
    ]


def test_an_adoption_is_shown_and_undone(venue):
    """
    Two of the platform's 40 dates have a show of the venue's own list at their time, to
    which the platform adds the seats.
    """

    def without_seats(shown):
        seats = ("capacity", "seats", "fullness")
        return [
            {name: value for name, value in show.items() if name not in seats}
            for show in json.loads(shown)
        ]

    planned = json.loads(venue("shows", "adopt", "--all", "--dry-run", "--json"))
    table = venue("shows", "adopt", "--all", "--dry-run")
    before = without_seats(venue("shows", "list", "--json"))
    made = json.loads(venue("shows", "adopt", "--all", "--json"))
    undone = json.loads(venue("shows", "adopt", "--undo", "--yes", "--json"))

    assert (planned["shows_created"], planned["links_created"]) == (38, 40)
    assert list(planned["shows"][0]) == [
        *("production", "starts_at", "venue", "account", "occurrence_id", "show_id")
    ]
    assert max(map(len, table.splitlines())) <= 80
    assert made == {"shows_created": 38, "links_created": 40}
    assert (undone["shows"], undone["links"], undone["done"]) == (38, 40, True)
    assert without_seats(venue("shows", "list", "--json")) == before


@pytest.mark.thorough
def test_adding_a_show_asks_about_names_as_a_season_list_does(run):
    run("shows", "add", "Late Laughs", "2030-12-22 19:30")
    for words in (("Late Laugh",), ("Other", "--venue", "The Lantern Rooms")):
        title, *options = words
        add = ("shows", "add", title, "2030-12-23 19:30", *options)
        refused = run(*add, code=2)
        assert "needs-tty" in refused.stderr
        assert 'did you mean "' in refused.stderr
        assert "add --new. Nothing was added." in refused.stderr
    assert starts(run) == [("Late Laughs", "2030-12-22 19:30")]

    run("shows", "add", "LATE  laughs!", "2030-12-23 19:30")  # is the same title
    run("shows", "add", "Late Laugh", "2030-12-24 19:30", "--new")
    add = ("shows", "add", "Late Lauhgs", "2030-12-25 19:30")
    terminal = commands.talk(*add, env=run.environment)
    terminal.expect('did you mean "Late Laughs"')
    terminal.send("y\r")
    terminal.expect(pexpect.EOF)

    assert [title for title, _ in starts(run)] == [
        *("Late Laughs", "Late Laughs", "Late Laugh", "Late Laughs")
    ]
