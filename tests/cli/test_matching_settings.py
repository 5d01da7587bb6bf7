"""
What the settings file says of matching is what matching does; and a show that nobody
sells is named on the page, on the terminal and in JSON.
"""

import json
import re
from datetime import timedelta

import pytest
from support import commands_here
from support.dates import NOW

from ticketsync.catalogue import new_shows, occurrences, shows
from ticketsync.workflows.sync import run as sync

LATE, GLASS = "Late Laughs", "The Glass Harbour"
OURS = {1: LATE, 2: GLASS}  # our only shows, by their ids


@pytest.fixture
def house(connected, settings, monkeypatch, capsys, home):
    """
    The next date of two productions on a platform, and for each a show of ours that
    begins 50 minutes later. Gives a function that writes the settings and matches.
    """
    sync.fetch_listing(connected, settings, [])
    with connected.write() as connection:
        venue = shows.get_venue(connection)
        for title in (LATE, GLASS):
            date = next(
                found
                for found in occurrences.list_occurrences(connection)
                if found.name == title and found.starts_at > NOW
            )
            starts_at = date.starts_at + timedelta(minutes=50)
            new_shows.add_show(
                connection,
                new_shows.NewShow(
                    title, starts_at, venue.name, venue.timezone, venue.currency
                ),
            )
    run = commands_here.on(connected, monkeypatch, capsys)

    def matched(text):
        (home / "config.yaml").write_text(text)
        return json.loads(run("match", "--dry-run", "--json").out)

    matched.run = run
    return matched


def proposed(found):
    """
    The productions whose show is a candidate for a date, certain or not.
    """
    pairs = [*found["certain"]]
    for item in found["unsure"]:
        pairs += item["candidates"]
    return {OURS[pair["show_id"]] for pair in pairs}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {LATE, GLASS}),
        ("matching: {tolerance_minutes: 50}", {LATE, GLASS}),
        ("matching: {tolerance_minutes: 49}", set()),
        (
            f"matching: {{productions: {{{LATE}: {{tolerance_minutes: 49}}}}}}",
            {GLASS},
        ),
        (
            "matching: {tolerance_minutes: 10, productions: "
            f"{{{LATE}: {{tolerance_minutes: 50}}}}}}",
            {LATE},
        ),
    ],
)
def test_the_tolerance_of_the_settings_file_decides_what_is_proposed(
    house, text, expected
):
    """
    Two hours by default; one of a production wins over the one of all.
    """
    assert proposed(house(text)) == expected


def test_a_show_that_nobody_sells_is_named_on_the_terminal_and_in_json(house):
    found = house(f"matching: {{productions: {{{LATE}: {{tolerance_minutes: 49}}}}}}")
    (unsold,) = found["unmatched_shows"]
    assert (unsold["production"], unsold["venue"]) == (LATE, "The Lantern Room")
    assert unsold["starts_local"].endswith("20:20")  # 19:30 and 50 minutes
    _, heading, table = house.run("match", "--dry-run").out.partition(
        "Shows that are not on sale on any platform:"
    )
    assert heading
    lines = [re.split(r"  +", line.strip()) for line in table.splitlines()]
    (named,) = [line for line in lines if line[-1] == "The Lantern Room"]
    assert named[0].endswith("20:20")
    assert named[1].endswith(LATE)
    assert GLASS not in table
