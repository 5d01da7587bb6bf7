"""
What a person is shown about report files, from connecting a folder to the figures.
"""

import os

import pytest
from support import commands

RECIPE = """\
platform: Other House
timezone: Australia/Sydney
currency: AUD
columns:
  order: Order
  event: Show
  starts: Starts
  type: Type
  quantity: Qty
  total: Total
"""
HEADING = "Order,Show,Starts,Type,Qty,Total"
LATE, EARLY = "Late,2030-12-22 19:30,Adult", "Early,2030-12-22 17:30,Adult"


class Office:
    """
    A home with a venue, and a folder `in` for an account `other`.
    """

    def __init__(self, home, path):
        self.path = path
        self.environment = {
            **os.environ,
            "TICKETSYNC_HOME": str(home),
            "TERM": "xterm",
            "COLUMNS": "80",
        }
        (path / "in").mkdir()
        self.run(
            *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
            *("--currency", "AUD", "--no-input"),
        )

    def run(self, *arguments, code=0):
        done = commands.run(*arguments, env=self.environment, cwd=self.path)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done

    def said(self, *arguments, code=0):
        """
        What both outputs say, on one line.
        """
        done = self.run(*arguments, code=code)
        return " ".join((done.stdout + done.stderr).split())

    def recipe(self, *lines, **columns):
        more = "".join(f"  {ours}: {theirs}\n" for ours, theirs in columns.items())
        (self.path / "r.yaml").write_text(RECIPE + more + "\n".join(lines))

    def put(self, name, *rows, heading=HEADING):
        (self.path / "in" / name).write_text("\n".join([heading, *rows]) + "\n")

    def add(self):
        return self.said(
            *("accounts", "add", "file", "other"),
            *("--recipe", "r.yaml", "--watch", "in"),
        )

    def adopt(self):
        self.run("events", "fetch")
        self.run("shows", "adopt", "--all")


@pytest.fixture
def office(home, tmp_path):
    found = Office(home, tmp_path)
    found.recipe()
    return found


def test_the_fee_of_each_show_is_named(office):
    office.recipe(kept="Kept")
    office.put(
        "a.csv",
        f"1,{LATE},2,100.00,70.00",
        f"1,{EARLY},1,300.00,7.00",
        heading=f"{HEADING},Kept",
    )
    office.add()
    office.adopt()
    office.run("sync")
    for command in ("explain", "show"):
        said = office.said("financials", command, "Late")
        assert "other, fees 70.00 AUD: Other House fee 70.00." in said
