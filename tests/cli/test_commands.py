"""
The command line as users run it: real processes, real exit codes.
"""

import csv
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest
import yaml
from support import commands, commands_here

from ticketsync.core import actor
from ticketsync.sandbox import server, world

PYTHON = ("{'", "['", "Decimal(", "datetime.")


@pytest.fixture(scope="module")
def fake_server():
    """
    A sandbox at the real time, for processes whose clock is not frozen.
    """
    sandbox = server.Sandbox(world.build(orders=200))
    with server.serving(sandbox) as url:
        sandbox.url = url
        yield sandbox


@pytest.fixture
def ticketsync(home, fake_server, monkeypatch, capsys):
    """
    Runs a command in this process, as the console script does.
    """
    monkeypatch.setenv("TT_KEY", fake_server.key)

    def run(*arguments, code=0, **environment):
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            said = commands_here.run(patch, capsys, *arguments, codes=(code,))
        done = Done(*said)
        assert "Traceback" not in done.stderr + done.stdout
        return done

    return run


@dataclass
class Done:
    stdout: str
    stderr: str

    @property
    def json(self):
        return json.loads(self.stdout)


def prepare(run, fake_server):
    run(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    run(
        *("accounts", "add", "ticket_tailor", "tt", "--base-url", fake_server.url),
        *("--secret-env", "TT_KEY"),
    )


def runs_in(folder, fake_server):
    """
    Runs commands in that home, as processes of their own with real keys.
    """
    environment = {
        **os.environ,
        "TT_KEY": fake_server.key,
        "TICKETSYNC_HOME": str(folder),
    }

    def run(*arguments):
        commands.run(*arguments, env=environment, check=True)

    return run


@pytest.fixture(scope="module")
def started_home(fake_server, tmp_path_factory):
    """
    A home with an account, made once.
    """
    folder = tmp_path_factory.mktemp("started")
    prepare(runs_in(folder, fake_server), fake_server)
    return folder


@pytest.fixture
def started(ticketsync, started_home, home):
    shutil.copytree(started_home, home, dirs_exist_ok=True)
    return ticketsync


@pytest.fixture(scope="module")
def synced_home(started_home, fake_server, tmp_path_factory):
    """
    A home with everything synced, made once.
    """
    folder = tmp_path_factory.mktemp("synced")
    shutil.copytree(started_home, folder, dirs_exist_ok=True)
    run = runs_in(folder, fake_server)
    run("events", "fetch", "--json")
    run("shows", "adopt", "--all", "--json")
    run("sync", "--json")
    return folder


@pytest.fixture
def synced(ticketsync, synced_home, home):
    shutil.copytree(synced_home, home, dirs_exist_ok=True)
    return ticketsync


KEYS = [
    *("show_id", "production", "starts_at", "venue", "account", "provider"),
    *("currency", "tickets_sold", "tickets_comp", "tickets_refunded", "checked_in"),
    *("face", "discounts", "gross", "fees", "fees_source", "refunded", "tax"),
    *("tax_remitted", "net", "net_before_fees", "revenue", "revenue_basis"),
    *("last_synced_at", "last_complete_at", "buyer_fees", "addons", "donations"),
    *("vouchers", "tax_added", "unexplained"),
]


def test_the_unattended_path_word_for_word(started, fake_server, home, tmp_path):
    started("events", "fetch", "--json")
    adopted = started("shows", "adopt", "--all", "--json").json
    season = tmp_path / "season.csv"
    season.write_text("production,starts_at\nGala,2031-01-01 19:30\n")
    imported = started("shows", "import", str(season), "--json").json
    matched = started("match", "--yes", "--json").json
    outcome = started("sync", "--json").json
    figures = started("financials", "list", "--json").json
    file = tmp_path / "financials.csv"
    started("export", "financials", "--format", "csv", "-o", str(file))

    assert adopted == {"shows_created": 40, "links_created": 40}
    assert imported["created"] == 1
    assert matched["left"] == 0
    assert outcome["outcome"] == "success"
    assert list(outcome["accounts"][0]["records"]) == [
        *("processed", "created", "updated", "unchanged", "quarantined")
    ]
    assert list(figures[0]) == KEYS
    listed = started("events", "list", "--json").json
    events = {row["show_id"]: row["event_id"] for row in listed}
    assert set(events.values()) == {"es_3001", "es_3002", "es_3003"}
    by_date = {row["show_id"]: row["occurrence_id"] for row in listed}
    truth = {row["event_id"]: row for row in fake_server.truth()}
    for row in figures:
        real = truth[by_date[row["show_id"]]]
        for name in (
            *("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in"),
            *("face", "discounts", "gross", "refunded", "tax", "net_before_fees"),
            *("buyer_fees", "addons", "donations", "tax_added"),
        ):
            assert row[name] == real[name], (row["show_id"], name)
        assert (row["fees"], row["net"], row["fees_source"]) == (None, None, "unknown")
        assert (row["revenue"], row["revenue_basis"]) == (row["gross"], "gross")
    written = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["gross"] for row in written] == [row["gross"] for row in figures]
    assert {path.name for path in home.iterdir()} <= {
        *("config.yaml", "state", "ticketsync.db", "ticketsync.db-journal"),
        *("ticketsync.db.nextlock", "ticketsync.db.writelock"),
        "ticketsync.db.tilllock",
        "pin.key",  # of the address
    }


def test_f120_our_files_are_private(synced, home):
    loose = [
        p for p in [home, *home.rglob("*")] if p != home and p.stat().st_mode & 0o077
    ]
    assert loose == []


def test_f119_the_key_is_nowhere(synced, home, fake_server):
    for path in home.rglob("*"):
        if path.is_file():
            assert fake_server.key.encode() not in path.read_bytes(), path


def test_running_sync_twice_says_nothing_changed(synced):
    again = synced("sync", "--json").json
    assert again["accounts"][0]["records"]["updated"] == 0
    assert again["accounts"][0]["shows_changed"] == 0
    assert again["changes"] == []


def test_sync_for_cron_is_silent_when_all_is_well(synced):
    done = synced("sync", "--due", "--quiet")
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.thorough
def test_lists_and_reports_work_in_every_format(synced):
    for command in (
        *(("events", "list"), ("shows", "list"), ("venues", "list")),
        *(("productions", "list"), ("accounts", "list"), ("accounts", "providers")),
        *(("runs", "list"), ("financials", "list"), ("sales", "list")),
        *(("report", "daily"), ("audit", "list")),
    ):
        assert synced(*command).stdout
        assert synced(*command, "--json").json
        rows = list(csv.reader(io.StringIO(synced(*command, "--format", "csv").stdout)))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1
        # No cell holds what only Python would read.
        assert not [cell for row in rows for cell in row if cell.startswith(PYTHON)]


@pytest.mark.thorough
def test_the_daily_report_as_csv_has_each_currency_by_itself(synced):
    rows = synced("report", "daily", "--json").json
    wanted = {
        (str(row["show_id"]), currency, gross)
        for row in rows
        for currency, gross in row["gross"].items()
    }
    assert wanted
    text = synced("report", "daily", "--format", "csv").stdout
    found = list(csv.DictReader(io.StringIO(text)))
    assert {(r["show_id"], r["currency"], r["gross"]) for r in found} == wanted
    assert sum(int(r["tickets_sold"]) for r in found) == sum(
        row["tickets_sold"] for row in rows
    )


def test_one_show_can_be_explained_to_the_cent(synced):
    figures = synced("financials", "list", "--json").json
    wanted = max(figures, key=lambda row: row["tickets_sold"])
    show = str(wanted["show_id"])

    parts = synced("financials", "explain", show, "--json").json
    card = synced("financials", "show", show, "--json").json

    def cents(text):
        return int(text.replace(".", ""))

    assert sum(cents(part["charged"]) for part in parts) == cents(wanted["gross"])
    assert sum(part["is_sold"] for part in parts) == wanted["tickets_sold"]
    types = card["ticket_types"]
    assert sum(cents(row["gross"]) for row in types) == cents(wanted["gross"])
    assert synced("financials", "explain", show).stdout
    assert "net before fees" in synced("financials", "show", show).stdout

    orders = synced("financials", "explain", show, "--depth", "orders", "--json").json
    assert len(orders) == len({part["order_id"] for part in parts}) < len(parts)
    assert sum(cents(order["charged"]) for order in orders) == cents(wanted["gross"])
    assert sum(order["tickets"] for order in orders) == wanted["tickets_sold"]


@pytest.mark.parametrize("what", ["sales", "financials", "fees", "refunds"])
def test_exports_are_whole_in_both_formats(synced, what):
    as_csv = list(csv.DictReader(io.StringIO(synced("export", what).stdout)))
    as_json = synced("export", what, "--format", "json").json
    assert len(as_csv) == len(as_json)
    if what == "sales":
        assert len(as_csv) == 200


def test_status_shows_what_needs_attention(started):
    started("events", "fetch")
    fresh = started("status", code=10).stdout
    assert "never synced" in fresh
    assert "40 dates belong to no show" in fresh


def test_events_fetch_counts_dates_alike_each_time(started):
    """
    The sandbox's Ticket Tailor lists 3 series besides, which are no dates.
    """
    first, second = (started("events", "fetch").stderr for _ in range(2))
    assert "tt: 40 listed, 40 new, 0 changed" in first
    assert "tt: 40 listed, 0 new, 0 changed" in second


def test_runs_are_kept(synced):
    (run,) = [r for r in synced("runs", "list", "--json").json if r["created"] > 100]
    shown = synced("runs", "show", run["run_id"], "--json").json
    assert shown[0]["outcome"] == "success"


def test_match_links_an_imported_list_and_undoes_it(started, tmp_path):
    started("events", "fetch")
    listed = started("events", "list", "--json").json
    season = tmp_path / "season.csv"
    lines = [f"{row['name']},{row['starts_at']}" for row in listed[:10]]
    season.write_text("production,starts_at\n" + "\n".join(lines) + "\n")
    started("shows", "import", str(season))

    dry = started("match", "--dry-run", "--json").json
    done = started("match", "--yes", "--json").json
    strict = started("match", "--yes", "--strict", code=4)
    undone = started("match", "--undo", "--json").json

    assert (len(dry["certain"]), dry["linked"]) == (10, 0)
    assert (done["linked"], done["left"]) == (10, 30)
    assert "needs-matching" in strict.stderr
    assert undone["links"] == 10


def test_match_from_a_file_names_the_rows_that_it_cannot_use(started, tmp_path):
    started("events", "fetch")
    file = tmp_path / "open.csv"
    file.write_text("date_id,decision,show\n1,never,\n2,perhaps,\n")
    said = "Not used: line 3: 'perhaps' is not a decision"

    tried = started("match", "--from", str(file), "--dry-run", code=3)
    refused = started("match", "--from", str(file), "--all-or-nothing", code=2)
    done = started("match", "--from", str(file), "--json", code=3)

    assert said in tried.stderr
    assert "nothing was changed: line 3" in refused.stderr
    assert done.json["refused"] == 1
    assert done.json["bad_rows"] == [
        "line 3: 'perhaps' is not a decision (link, never, new, skip)"
    ]
    assert started("match", "--undo", "--json").json["refusals"] == 1


def test_match_from_refuses_what_looks_like_a_mistake_unless_forced(started, tmp_path):
    """
    A show days later, and one of another title at the same minute.
    """
    started("events", "fetch")
    listed = started("events", "list", "--json").json
    first = listed[0]
    later = next(row for row in listed[1:] if row["name"] == first["name"])
    season = tmp_path / "season.csv"
    titles = (first["name"], "A Recital of Psalms")
    lines = "".join(f"{title},{first['starts_at']}\n" for title in titles)
    season.write_text("production,starts_at\n" + lines)
    started("shows", "import", str(season))
    shows = started("shows", "list", "--json").json
    (show,) = (s["id"] for s in shows if s["production"] == first["name"])
    (recital,) = (s["id"] for s in shows if s["production"] != first["name"])
    file = tmp_path / "open.csv"
    pairs = ((first["date_id"], recital), (later["date_id"], show))
    lines = "".join(f"{id_},link,{of}\n" for id_, of in pairs)
    file.write_text("date_id,decision,show\n" + lines)

    tried = started("match", "--from", str(file), code=7)
    assert "guard-match" in tried.stderr
    assert "Nothing was changed" in tried.stderr
    assert "more than a day apart" in tried.stderr
    assert "% alike" in tried.stderr
    before = started("events", "list", "--json").json
    assert [row["show_id"] for row in before if row["show_id"]] == []

    forced = started("match", "--from", str(file), "--force", "--json").json
    assert forced["linked"] == 2


def test_match_yes_with_dry_run_links_nothing(started, tmp_path):
    started("events", "fetch")
    row = started("events", "list", "--json").json[0]
    season = tmp_path / "season.csv"
    season.write_text(f"production,starts_at\n{row['name']},{row['starts_at']}\n")
    started("shows", "import", str(season))

    plan = started("match", "--yes", "--dry-run", "--json").json

    assert (len(plan["certain"]), plan["linked"]) == (1, 0)
    assert started("match", "--yes", "--json").json["linked"] == 1


def test_link_unlink_exclude_include(synced):
    date = synced("events", "list", "--json").json[0]
    synced("unlink", date["occurrence_id"])
    synced("link", date["occurrence_id"], str(date["show_id"]))
    synced("shows", "exclude", str(date["show_id"]), "--reason", "private hire")
    for words in (("financials", "show"), ("shows", "show")):
        shown = synced(*words, str(date["show_id"])).stdout
        since = re.search(
            r"It has been left out of the figures since (\d\d \w{3} \d\d:\d\d) "
            r"\(Sydney time\) by (\S+): private hire\. To count it again: ticketsync "
            r"shows include (\d+)",
            shown,
        )
        assert (since.group(2), since.group(3)) == (
            actor.current(),
            str(date["show_id"]),
        )
    csv = synced("financials", "show", "2", "--format", "csv").stdout
    assert csv.splitlines()[0].startswith("show_id,production,starts_at")
    assert len(synced("financials", "list", "--json").json) == 39
    synced("shows", "include", str(date["show_id"]))
    assert len(synced("financials", "list", "--json").json) == 40


def test_a_show_that_nobody_sells_can_be_shown(synced):
    synced("shows", "add", "Nobody's Night", "2027-01-01 19:30")
    assert "No platform sells it." in synced("shows", "show", "nobody").stdout
    date = synced("events", "list", "--json").json[0]
    show = str(date["show_id"])
    synced("shows", "exclude", show, "--reason", "private hire")
    shown = synced("shows", "show", show).stdout
    assert "It has been left out of the figures" in shown
    assert "seats sold" not in shown  # nothing is counted, which is not 0


def test_a_time_with_its_offset_is_that_instant(synced):
    """
    Sydney is eleven hours ahead of UTC in December.
    """
    synced("shows", "add", "Night of the Owl", "2026-12-20T08:30Z", "--new")
    found = synced("shows", "list", "--production", "Night of the Owl", "--json").json
    assert [show["starts_local"] for show in found] == ["2026-12-20 19:30"]


def test_switches_say_what_they_keep_from_the_show_and_are_on_record(synced):
    date, other = synced("events", "list", "--json").json[:2]
    name, show = date["occurrence_id"], str(date["show_id"])
    assert ": sales off." in synced("link", "set", name, "--no-sales").stderr
    off = synced("link", "set", name, "--no-sync").stderr
    assert ": off: no sales, no guests." in off
    assert "off: no sales, no guests" in synced("shows", "show", show).stdout
    of_show = synced("audit", "list", "--show", show, "--json").json
    decisions = [row for row in of_show if row["kind"] == "occurrence"]
    (subject,) = {row["subject_id"] for row in decisions}
    assert len(decisions) == 3  # linked, and switched twice
    synced("unlink", name)
    decisions = synced("audit", "list", "--show", show, "--json").json
    assert "unlink" in {row["action"] for row in decisions}
    others = synced("audit", "list", "--show", str(other["show_id"]), "--json").json
    assert ("occurrence", subject) not in {
        (row["kind"], row["subject_id"]) for row in others
    }


def test_an_event_or_a_production_is_switched_with_all_its_dates(synced):
    date = synced("events", "list", "--json").json[0]
    event, show = date["event_id"], str(date["show_id"])
    title = synced("shows", "show", show, "--json").json["production"]

    done = synced("link", "set", "--event", event, "--no-sales")
    assert "(tt), all its dates: sales off for the whole event." in done.stderr
    listed = synced("events", "list", "--json").json
    of_event = [row for row in listed if row["event_id"] == event]
    assert {row["switched_off"] for row in of_event} == {
        "sales off for the whole event"
    }
    assert {(row["sync_enabled"], row["sync_ticket_sales"]) for row in of_event} == {
        (True, True)  # each date's own switches
    }
    assert {row["sales_off_at"] for row in of_event} == {"event"}
    synced("link", "set", "--event", event, "--sales")

    done = synced("link", "set", "--production", title, "--no-sync")
    words = "off for the whole production: no sales, no guests"
    assert f"{title}, all its shows: {words}." in done.stderr
    assert words in synced("shows", "show", show).stdout
    listed = synced("productions", "show", title).stdout
    assert f"tt, 12 dates: {words}" in listed
    assert synced("shows", "show", show, "--json").json["figures"] == []
    (source,) = synced("shows", "show", show, "--json").json["sources"]
    assert (source["sync"], source["sync_off_at"]) == (True, "production")
    kinds = {row["kind"] for row in synced("audit", "list", "--json").json}
    assert {"event", "production"} <= kinds


def test_a_linked_date_says_its_last_read_and_what_is_left(synced):
    date = synced("events", "list", "--json").json[0]
    keys = {"last_read_at", "problem", "problem_at", "provider_updated_at", "available"}
    assert keys <= set(date)
    assert date["last_read_at"].startswith("20")
    assert (date["problem"], date["problem_at"]) == ("", None)
    show = str(date["show_id"])
    (source,) = synced("shows", "show", show, "--json").json["sources"]
    assert source["last_read_at"] == date["last_read_at"]
    (line,) = [
        line
        for line in synced("shows", "show", show).stdout.splitlines()
        if line.startswith("  ") and "read " in line
    ]
    assert re.search(r"left there, read \d\d \w{3} \d\d:\d\d$", line)


def test_what_to_set_is_one_date_event_or_production(synced):
    for words in ((), ("ev_1", "--event", "e"), ("--event", "e", "--production", "p")):
        done = synced("link", "set", *words, "--no-sales", code=2)
        assert "Say what to set" in done.stderr
    done = synced(
        *("link", "set", "--production", "Nothing", "--no-sales"),
        code=2,
    )
    assert "There is no production 'Nothing'" in done.stderr


def test_a_production_is_found_in_any_case_and_says_what_is_switched_off(synced):
    title = "Late Laughs"
    done = synced("link", "set", "--production", title.upper(), "--no-sales")
    assert f"{title}, all its shows: sales off for the whole production." in done.stderr
    why = "No figures: tt: sales off for the whole production."
    assert why in synced("productions", "show", title.lower()).stdout
    shows = synced("shows", "list", "--json").json
    show = next(str(s["id"]) for s in shows if s["production"] == title)
    assert why in synced("shows", "show", show).stdout
    assert why in synced("financials", "show", show).stdout
    synced("link", "set", "--production", title, "--sales")


def test_names_are_not_mapped_for_a_production(synced):
    named = synced(
        *("link", "set", "--production", "Nothing", "--map-type", "a=b"),
        code=2,
    )
    assert "Use --event" in named.stderr


def test_accounts_can_be_renamed_paused_resumed_and_removed(synced):
    assert "lanternroom" in synced("accounts", "check", "tt").stdout
    synced("accounts", "rename", "tt", "box-office")
    synced("accounts", "pause", "box-office", "--reason", "summer")
    paused = synced("sync", "--json").json
    synced("accounts", "resume", "box-office")
    removed = synced("accounts", "remove", "box-office", "--yes")
    listed = synced("accounts", "list", "--json").json
    assert paused["accounts"][0]["outcome"] == "skipped-disabled"
    assert "is retired" in removed.stderr
    assert [account["state"] for account in listed] == ["retired"]


def test_the_sandbox_and_its_truth(ticketsync):
    truth = ticketsync("sandbox", "truth", "--json", "--today", "2026-09-01").json
    assert len(truth) == 40
    assert set(truth[0]) >= {"event_id", "gross", "tickets_sold", "net_before_fees"}


def test_a_dry_run_writes_nothing(started, home):
    started("events", "fetch")
    started("shows", "adopt", "--all")
    before = (home / "ticketsync.db").read_bytes()
    done = started("sync", "--dry-run")
    assert (home / "ticketsync.db").read_bytes() == before
    assert "Nothing was written" in done.stderr


def test_init_says_that_settings_exist_already_and_where(started, home):
    """
    With the same answers, or with none: nothing is missing then.
    """
    before = (home / "config.yaml").read_bytes()
    venue = ("--venue", "The Lantern Room", "--timezone", "Australia/Sydney")
    for answers in ((*venue, "--currency", "AUD"), ()):
        done = started("init", *answers, "--no-input")
        said = done.stderr.splitlines()
        assert said[:2] == [
            "There are settings already, and The Lantern Room (Australia/Sydney, AUD): "
            "they stay as they are.",
            f"Settings  {home / 'config.yaml'}",
        ]
        assert said[2] == f"Database  sqlite:///{home / 'ticketsync.db'}"
    assert (home / "config.yaml").read_bytes() == before
    other = ("--venue", "Studio", "--timezone", "Sydney", "--currency", "AUD")
    assert "stay as" not in started("init", *other, "--no-input").stderr


def test_init_names_what_is_missing_where_the_database_is_gone(started, home):
    """
    To run `ticketsync init` is no advice to whoever just did.
    """
    for file in home.glob("ticketsync.db*"):
        file.unlink()
    done = started("init", "--no-input", code=2)
    assert "init needs --venue, --timezone, --currency" in done.stderr
    assert not (home / "ticketsync.db").exists()


# Mistakes of new users: one line that says what to do, and the right exit code


WRONG = [
    (("sync",), 9, "no-database", "ticketsync init"),
    (("financials", "list"), 9, "no-database", "ticketsync init"),
    (("nonsense",), 2, "no command 'nonsense'", ""),
    (("snyc",), 2, "no command 'snyc'. Did you mean 'sync'?", ""),
    (("help",), 2, "Did you mean 'ticketsync --help'?", ""),
    *(
        ((word,), 2, f"Did you mean 'ticketsync shows show {show}'?", "")
        for word, show in (
            *(("tonight", "tonight"), ("Yesterday", "yesterday")),
            *(("next", "next"), ("last-night", "last-night")),
        )
    ),
    (("sync", "--nonsense"), 2, "No such option", ""),
    (("--config", "none.yaml", "sync"), 2, "configuration", "ticketsync init"),
    (("--database", "mysql://x", "sync"), 2, "configuration", "PostgreSQL"),
    (("--database", "postgresql://127.0.0.1:9/x", "sync"), 9, "database", "running"),
    (("init", "--no-input"), 2, "needs-tty", "--venue"),
    (("init",), 2, "needs-tty", "--venue"),
    (
        ("init", "--venue", "X", "--timezone", "Mars", "--currency", "AUD"),
        *(2, "usage", "Australia/Sydney"),
    ),
    (
        ("init", "--venue", "X", "--timezone", "UTC", "--currency", "XXX"),
        *(2, "usage", "AUD"),
    ),
]


@pytest.mark.parametrize(("arguments", "code", "word", "hint"), WRONG)
def test_before_anything_is_set_up(ticketsync, arguments, code, word, hint):
    done = ticketsync(*arguments, code=code)
    assert word in done.stderr
    assert hint in done.stderr
    if "There is no command" in done.stderr:
        assert max(map(len, done.stderr.splitlines())) <= 80


AFTER = [
    (("sync", "nobody"), 2, "not-found", "tt"),
    (("sync", "--since", "soon"), 2, "usage", "YYYY-MM-DD"),
    *(
        (("sync", "--show", "1", *more), 2, "usage", "now, and no others")
        for more in (("--due",), ("--full",), ("--since", "2026-01-01"))
    ),
    (("sync", "replay", "--event", "1"), 2, "usage", "now, and no others"),
    (("sync", "--show", "Nothing"), 2, "not-found", "shows list"),
    (("sync", "--event", "ev_none"), 2, "not-found", "events fetch"),
    (("sync", "nobody", "--event", "ev_none"), 2, "not-found", "tt"),
    (("accounts", "add", "nobody", "x"), 2, "not-found", "ticket_tailor"),
    (("accounts", "add", "ticket_tailor", "tt"), 2, "needs-tty", "--secret-env"),
    (
        ("accounts", "add", "ticket_tailor", "b", "--secret-env", "NOT_SET"),
        *(4, "secret-missing", "NOT_SET"),
    ),
    (
        *(("accounts", "add", "ticket_tailor", "b", "--secret-command", "false"),),
        *(4, "secret-missing", "by hand"),
    ),
    (
        (
            *("accounts", "add", "ticket_tailor", "b", "--secret-env", "TT_KEY"),
            *("--base-url", "http://example.com/v1"),
        ),
        *(2, "configuration", "127.0.0.1"),
    ),
    (
        (
            *("accounts", "add", "ticket_tailor", "b", "--secret-env", "TT_KEY"),
            *("--base-url", "http://127.0.0.1:9/v1"),
        ),
        *(5, "unreachable", "later"),
    ),
    (("financials", "show", "Nothing"), 2, "not-found", "shows list"),
    (("financials", "explain", "a"), 2, "not-found", "shows list"),
    (("financials", "list", "--format", "xml"), 2, "usage", "csv"),
    (("link", "ev_none", "1"), 2, "not-found", "events list"),
    (("unlink", "ev_none"), 2, "not-found", "events list"),
    (("runs", "show", "none"), 2, "not-found", "runs list"),
    (("match", "--undo"), 2, "not-found", ""),
    (("shows", "adopt"), 2, "usage", "--all"),
    (("shows", "add", "X", "never"), 2, "usage", "2026-11-27"),
    (("shows", "import", "none.csv"), 2, "bad-file", "Check"),
    (("accounts", "remove", "tt"), 2, "needs-tty", "--yes"),
    (("export", "sales", "-o", "/nowhere/x.csv"), 2, "usage", "folder"),
    (("sandbox", "truth", "--url", "http://127.0.0.1:9"), 5, "unreachable", "serve"),
    (("productions", "show", "Nothing"), 2, "not-found", "productions list"),
]


@pytest.mark.parametrize(("arguments", "code", "word", "hint"), AFTER)
@pytest.mark.sampled(5)
def test_with_an_account(started, arguments, code, word, hint):
    done = started(*arguments, code=code)
    assert word in done.stderr
    assert hint in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 or "Usage" in done.stderr


def test_a_wrong_key_is_refused_and_nothing_is_saved(ticketsync, started, fake_server):
    done = started(
        *("accounts", "add", "ticket_tailor", "b", "--secret-env", "TT_KEY"),
        *("--base-url", fake_server.url),
        code=4,
        TT_KEY="sk_wrong",
    )
    assert "refused-credentials" in done.stderr
    assert [row["account"] for row in started("accounts", "list", "--json").json] == [
        "tt"
    ]


def test_errors_are_json_for_machines(ticketsync):
    done = ticketsync("sync", "--json", code=9)
    assert json.loads(done.stderr)["error"]["word"] == "no-database"


def test_broken_settings_name_their_line(started, home):
    (home / "config.yaml").write_text("sync:\n  wrokers: 3\n")
    done = started("sync", code=2)
    assert "line 2" in done.stderr
    assert "Did you mean 'workers'?" in done.stderr


def test_a_bad_list_imports_nothing_unless_asked(started, tmp_path):
    season = tmp_path / "season.csv"
    season.write_text("production,starts_at\nGala,2031-01-01 19:30\nGala,31/06/2026\n")

    done = started("shows", "import", str(season), code=2)
    nothing = started("shows", "list", "--json").json
    skipped = started("shows", "import", str(season), "--skip-bad", "--json").json

    assert 'line 3, column starts_at: "31/06/2026" is not a date' in done.stderr
    assert nothing == []
    assert skipped["created"] == 1


@pytest.mark.thorough
def test_a_closed_pipe_is_no_traceback(synced, home, fake_server):
    done = subprocess.run(
        f"{sys.executable} -m ticketsync sales list --limit 100000 | head -1",
        shell=True,
        capture_output=True,
        text=True,
        env={**os.environ, "TT_KEY": fake_server.key},
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize(
    "words", ["sales list --json", "accounts providers", "--version", "sales --help"]
)
@pytest.mark.sampled(3)
@pytest.mark.parametrize("columns", ["80", ""])  # drawn as on a terminal, or not
def test_a_pipe_that_is_closed_is_no_bug_of_ours(synced, monkeypatch, words, columns):
    """
    Whoever read it has gone before the first line.
    """
    monkeypatch.setenv("COLUMNS", columns)
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "ticketsync", *words.split()],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert done.returncode == 141
    assert not re.search("Traceback|BrokenPipe", done.stderr)


def test_f118_no_option_takes_a_secret_value(ticketsync):
    text = ticketsync("accounts", "add", "--help").stdout
    assert "--secret-env VAR" in text.replace("  ", " ").replace("  ", " ")
    assert "--key" not in text
    assert "--token" not in text


def test_f90_a_missing_home_is_not_filled_with_an_empty_database(ticketsync, home):
    ticketsync("sync", "--due", "--quiet", code=9)
    assert not (home / "ticketsync.db").exists()


def test_the_settings_file_is_valid_yaml_of_ours(started, home):
    assert "sync" in yaml.safe_load((home / "config.yaml").read_text())


@pytest.mark.parametrize(
    "name", ["[/red] Show", "[", "\\", ":smile:", "[link=x]", "\x1b[31mred", "=1+1"]
)
def test_f121_f122_odd_names_break_nothing(started, name):
    started("productions", "add", name)
    started("shows", "add", name, "2031-05-01 19:30")
    for command in (("shows", "list"), ("productions", "list")):
        shown = started(*command).stdout
        assert "\x1b" not in shown
        assert name.replace("\x1b", "\\x1b")[:10] in shown


def test_a_port_that_cannot_be_used_is_a_sentence(ticketsync, fake_server):
    prepare(ticketsync, fake_server)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = ticketsync("serve", "--port", port, code=2)
    assert f"port {port}" in done.stderr
    assert "Give another --port" in done.stderr
    assert "65535" in ticketsync("serve", "--port", "70000", code=2).stderr
    assert "65535" in ticketsync("sandbox", "serve", "--port", "70000", code=2).stderr
