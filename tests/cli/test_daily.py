"""
The daily report, compared with sums over the sandbox's own data.
"""

import json
import os
import stat
import sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.commands import run
from support.ticket_tailor_account import connect

from ticketsync.core.settings.config import Settings
from ticketsync.sandbox import server, world
from ticketsync.store import engine
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync

SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.fixture
def venue(home, monkeypatch):
    sandbox = server.Sandbox(world.build(today=date.today(), orders=400))
    monkeypatch.setenv("TT_KEY", sandbox.key)
    with server.serving(sandbox) as url:
        database = engine.create_database(str(home / "ticketsync.db"))
        connect(database, url)
        sync.fetch_listing(database, Settings(), [])
        match.adopt(database, Settings())
        sync.sync(database, Settings(), sync.Request())
        database.close()
        yield sandbox


def test_the_report_shows_what_the_sandbox_sold(venue):
    rows = {
        row["starts_at"]: row
        for row in json.loads(run("report", "daily", "--json").stdout)
    }
    now = datetime.now(SYDNEY)
    midnight = datetime.combine(
        now.date() - timedelta(days=1), datetime.min.time(), SYDNEY
    )
    truth = {row.event_id: row for row in world.truth(venue.world)}

    seen = 0
    for performance in venue.world.performances:
        starts = performance.starts_at.replace(tzinfo=SYDNEY)
        key = starts.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")
        if starts <= now:
            assert key not in rows
            continue
        if key not in rows:
            continue  # not on sale
        row = rows[key]
        real = truth[f"ev_{performance.id}"]
        seen += 1
        assert row["tickets_sold"] == real.tickets_sold
        assert row["tickets_comp"] == real.tickets_comp
        if real.gross:
            assert row["gross"]["AUD"] == f"{real.gross / 100:.2f}"
        sold_lately = sum(
            not (seat.is_void or seat.has_no_order)
            for order in venue.world.purchases
            if order.performance is performance
            and order.placed_at >= midnight.timestamp()
            and order.state == "completed"
            for seat in order.seats
        )
        assert row["sold_since_yesterday"] == sold_lately
    assert seen > 10


@pytest.mark.thorough
def test_seats_and_comps_are_columns_where_there_is_room(venue):
    """
    As the help says; columns that it does not call optional are always there.
    """
    said = " ".join(run("report", "daily", "--help").stdout.split())
    assert (
        "Every show on sale: sold since yesterday, sold in total, gross, and where the "
        "screen has room seats and comps;"
    ) in said
    always = {"SHOW", "SINCE", "SOLD", "GROSS"}
    for width, columns in (("80", always), ("120", {*always, "SEATS", "COMPS"})):
        done = run("report", "daily", env={**os.environ, "COLUMNS": width})
        (heading,) = [line for line in done.stdout.splitlines() if "PRODUCTION" in line]
        assert columns <= set(heading.split())


@pytest.mark.thorough
def test_it_is_sent_to_the_recipients_in_the_settings(venue, home, tmp_path):
    file = tmp_path / "mail.txt"
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    config = home / "config.yaml"
    config.write_text(f'notify:\n  command: [{sys.executable}, -c, "{code}", {file}]\n')

    done = run("report", "daily", "--send")

    assert done.returncode == 0, done.stderr
    title, _, text = file.read_text().partition("\n\n")
    assert title.startswith("The Lantern Room: ")
    assert " sold" in text
    assert "AUD" in text


@pytest.mark.thorough
def test_without_recipients_it_says_what_is_missing(venue):
    done = run("report", "daily", "--send")
    assert done.returncode == 2
    assert "No one is set up to be notified" in done.stderr


def test_f120_addresses_in_a_file_that_others_can_read_are_refused(venue, home):
    config = home / "config.yaml"
    config.write_text("notify:\n  urls: [ntfy://topic]\n")
    config.chmod(0o644)
    refused = run("status")
    config.chmod(0o600)
    accepted = run("status")
    config.write_text("notify:\n  urls: [env:ALERTS]\n")
    config.chmod(0o644)
    with_env_reference = run("status")
    assert refused.returncode == 2
    assert "chmod 600" in refused.stderr
    assert accepted.returncode == with_env_reference.returncode == 0
    assert stat.S_IMODE(os.stat(config).st_mode) == 0o644
