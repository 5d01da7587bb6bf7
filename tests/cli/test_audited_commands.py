"""
Every command and every page action: it only reads, or leaves an audit entry that names
who, or there is a reason why not.
"""

import csv
import io
import json
import os
import re

import pytest
import typer
from support import commands

from ticketsync.cli import main
from ticketsync.core import clock
from ticketsync.reporting import audit_trail
from ticketsync.store import engine
from ticketsync.web import app as web
from ticketsync.webhooks import inbox

READS = {
    *("accounts providers", "accounts list", "accounts show", "accounts check"),
    *("attendees list", "attendees search", "attendees doorlist", "audit list"),
    *("checkin count", "config example", "db check", "doctor", "events list"),
    "link offsets",
    *("export calendar", "export fees", "export financials", "export refunds"),
    *("export sales", "export ledger", "tax rules", "tax worksheet"),
    *("financials list", "financials show", "financials explain"),
    *("privacy export", "productions list", "productions show", "report daily"),
    *("events prices", "report platforms", "report promo", "report sales", "sales raw"),
    *(
        "accounts recipe list",
        "accounts recipe check",
        "runs list",
        "runs show",
        "sales list",
    ),
    *("sandbox truth", "schedule show", "shows list", "shows show", "status"),
    *(
        "refunds list",
        "report weekly",
        "report unearned",
        "rates list",
        "report selling",
    ),
    *("period list", "period show", "period verify", "period adjustments"),
    "period export",
    *("boxoffice availability", "boxoffice tiers list"),
    *("boxoffice orders list", "boxoffice orders show", "boxoffice tills list"),
    "boxoffice vouchers list",
    *("boxoffice print", "members list"),
    *("tax rules", "tax worksheet", "export ledger"),
    *("venues list", "visitors list", "waiting list", "webhooks list"),
    *("webhooks show", "webhooks health", "tax rules", "tax worksheet"),
}
IN_ITS_HISTORY = "boxoffice_history says who did it, when and why"
REASONS = {
    "boxoffice cancel": IN_ITS_HISTORY,
    "boxoffice comp": IN_ITS_HISTORY,
    "boxoffice expire": IN_ITS_HISTORY,
    "boxoffice extend": IN_ITS_HISTORY,
    "boxoffice hold": IN_ITS_HISTORY,
    "boxoffice orders cancel": IN_ITS_HISTORY,
    "boxoffice pay": IN_ITS_HISTORY,
    "boxoffice refund": IN_ITS_HISTORY,
    "boxoffice sell": IN_ITS_HISTORY,
    "boxoffice till": IN_ITS_HISTORY,
    "boxoffice tills close": IN_ITS_HISTORY,
    "boxoffice tills open": IN_ITS_HISTORY,
    "boxoffice voucher": IN_ITS_HISTORY,
    "checkin import": "each scan is kept with its door and time",
    "checkin in": "each scan is kept with its door and time",
    "checkin push": "a run of its own says what was sent",
    "checkin undo": "each scan is kept with its door and time",
    "db backup": "writes a file and nothing in the database",
    "db datasette": "writes a file and nothing in the database",
    "demo": "has a database of its own",
    "events fetch": "a run says who read the listing",
    "financials rebuild": "computes the same figures from the same orders",
    "notify test": "sends a message and writes nothing",
    "privacy retain": "deletes what every sync deletes by the same rule",
    "sandbox next-day": "changes a simulated platform",
    "sandbox serve": "changes a simulated platform",
    "serve": "its link is an invitation, which is recorded",
    "sync": "a run says who read what",
    "visitors password": "prints a line for the settings",
    "webhooks simulate": "plays the platform; the delivery is kept",
    "webhooks work": "a run says what was read",
}
PAGE_REASONS = {
    "/accounts/{name}/options": "only tries them; saving is recorded",
    "/accounts/{name}/sync": "a run says who asked",
    "/door/{id:int}/merge": "each scan is kept with its door and time",
    "/door/{id:int}/scan": "each scan is kept with its door and time",
    "/enter": "signing in changes nothing but who is here",
    "/enter/{token}": "signing in changes nothing but who is here",
    "/fetch": "a run says who read the listing",
    "/hooks/{path}": "not a person: the delivery is kept",
    "/leave": "signing out changes nothing but who is here",
    "/accounts/{name}/webhooks/test": "plays the platform; the delivery is kept",
    "/notify/test": "sends a message and writes nothing",
    "/shows/import": "only read; saving is recorded",
    "/shows/import/{id}": "only read; saving is recorded",
    "/sync": "a run says who read what",
}
PAGES_RECORDED = {
    *("/accounts/{name}/key", "/accounts/{name}/pause", "/accounts/{name}/remove"),
    *("/accounts/{name}/resume", "/connect", "/tasks/{id}/save"),
    *("/accounts/{name}/authorise", "/connect/authorise"),
    *("/venues", "/venues/{id:int}"),
    *("/accounts/{name}/webhooks", "/accounts/{name}/webhooks/secret"),
    *("/accounts/{name}/webhooks/register", "/people/invite"),
    *("/people/{id:int}/revoke", "/webhooks/retry", "/webhooks/{id:int}/retry"),
    *("/occurrences/{id:int}/link", "/occurrences/{id:int}/unlink"),
    *("/occurrences/{id:int}/switches", "/occurrences/{id:int}/show"),
    *("/events/{id:int}/switches", "/events/{id:int}/types"),
    *("/productions/{id:int}/switches", "/shows/adopt", "/shows/import/{id}/save"),
    *("/shows/{id:int}/edit", "/shows/{id:int}/exclude", "/shows/{id:int}/include"),
    "/calendar/feed",
    "/calendar/feed/{id:int}/revoke",
    "/match/certain",
    "/match/{occurrence_id:int}/never",
    "/match/{occurrence_id:int}/{show_id:int}",
    *("/matching/link", "/matching/night", "/matching/refuse", "/matching/offset"),
    *("/matching/forget", "/matching/undo"),
    "/waiting/dismiss",
}
# Recorded, and tested where the rest of it is tested.
ELSEWHERE = {
    "boxoffice close": "tests/boxoffice/test_boxoffice_commands.py",
    "boxoffice open": "tests/boxoffice/test_boxoffice_commands.py",
    "boxoffice tiers add": "tests/boxoffice/test_boxoffice_commands.py",
    "members add": "tests/boxoffice/test_members.py",
    "members import": "tests/boxoffice/test_members.py",
    "accounts confirm": "tests/cli/test_restore_differences.py",
    "attendees forget": "tests/workflows/test_audit.py",
    "db upgrade": "tests/store/test_backup.py",
    "link offset": "tests/workflows/test_learning.py",
    "period close": "tests/workflows/test_close.py",
    "period reopen": "tests/workflows/test_close.py",
    "privacy erase": "tests/workflows/test_audit.py",
    "productions merge": "tests/workflows/test_catalogue_edits.py",
    "productions remove": "tests/workflows/test_catalogue_edits.py",
    "productions rename": "tests/workflows/test_catalogue_edits.py",
    "shows edit": "tests/workflows/test_catalogue_edits.py",
    "shows remove": "tests/workflows/test_catalogue_edits.py",
    "venues edit": "tests/workflows/test_catalogue_edits.py",
    "venues merge": "tests/workflows/test_catalogue_edits.py",
    "venues remove": "tests/workflows/test_catalogue_edits.py",
    "productions forget": "tests/workflows/test_other_names.py",
    "venues forget": "tests/workflows/test_other_names.py",
    "waiting dismiss": "tests/workflows/test_waiting.py",
    "waiting restore": "tests/workflows/test_waiting.py",
}
# Played one after the other: what was done, and what the entry says of it.
STEPS = [
    (
        "venues add",
        ("The Cellar", "--timezone", "UTC", "--currency", "EUR"),
        "add venue",
    ),
    ("productions add", ("Gala",), "add production"),
    ("shows add", ("Gala", "2031-01-01 19:30"), "add show"),
    ("shows import", ("{season}",), "add show"),
    ("match", ("--yes",), "link occurrence"),
    ("shows adopt", ("--all",), "add show"),
    ("shows exclude", ("1",), "exclude show"),
    ("shows include", ("1",), "include show"),
    ("unlink", ("ev_40001",), "unlink occurrence"),
    ("link pair", ("ev_40001", "1"), "link occurrence"),
    ("link set", ("ev_40001", "--no-sales"), "switch occurrence"),
    ("accounts pause", ("tt",), "pause account"),
    ("accounts resume", ("tt",), "resume account"),
    ("accounts rotate", ("tt", "--secret-env", "OTHER_KEY"), "rotate account"),
    ("accounts set", ("tt", "people=true", "--yes"), "set account"),
    ("accounts rename", ("tt", "box"), "rename account"),
    (
        "accounts add",
        ("eventbrite", "eb", "--secret-env", "TT_KEY", "--no-check"),
        "add account",
    ),
    ("webhooks url", ("eb",), "create address webhook"),
    ("webhooks url", ("box",), "create address webhook"),
    ("webhooks secret", ("box", "--secret-env", "TT_KEY"), "set secret webhook"),
    ("webhooks retry", (), "retry webhook"),
    ("webhooks replay", ("box", "--since", "2026-01-01"), "replay webhook"),
    ("accounts remove", ("eb", "--yes"), "remove account"),
    ("visitors invite", ("--name", "Door A", "--role", "door"), "invite visitor"),
    ("visitors revoke", ("--all",), "revoke visitor"),
    ("schedule install", ("--kind", "cron", "--yes"), "install system"),
    ("schedule remove", (), "remove system"),
    ("rates import", ("{rates}",), "import system"),
    ("db restore", ("{backup}", "--yes"), "restore system"),
]
BY_API = {"webhooks register": "a call of the platform's API; see below"}
BY_HAND = {"init": "see below"}


def leaves(command, path=()):
    """
    Every command of the tree, by its words.
    """
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            yield from leaves(command.get_command(None, name), (*path, name))
    else:
        yield " ".join(path)


def test_every_command_reads_or_is_recorded_or_has_a_reason():
    recorded = {words for words, _, _ in STEPS} | {*ELSEWHERE, *BY_API, *BY_HAND}
    groups = [READS, set(REASONS), recorded]
    every = set(leaves(typer.main.get_command(main.app)))
    assert set().union(*groups) == every
    assert sum(map(len, groups)) == len(every)


def test_every_page_action_is_recorded_or_has_a_reason(site):
    posts = {
        route.path
        for route in web.routes(site)
        if "POST" in (getattr(route, "methods", None) or ())
    }
    assert posts | {"/hooks/{path}"} == {*PAGES_RECORDED, *PAGE_REASONS}


@pytest.fixture
def entries(home):
    def read():
        database = engine.open_database(str(home / "ticketsync.db"))
        with database.read() as connection:
            found = audit_trail.list_entries(connection, limit=100_000)
        database.close()
        return found

    return read


CRONTAB = """\
#!/bin/sh
case "$1" in
  -l) cat "$HOME/tab" 2>/dev/null || { echo "no crontab for you" >&2; exit 1; } ;;
  -) cat > "$HOME/tab" ;;
esac
"""


@pytest.mark.thorough
def test_what_a_person_does_leaves_an_entry(venue, entries, home, tmp_path):
    program = tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(CRONTAB)
    program.chmod(0o755)
    season = tmp_path / "season.csv"
    season.write_text("production,starts_at\nGala,2031-02-01 19:30\n")
    failed = inbox.NewDelivery(1, "k", "ORDER.CREATED", "order", "failed", "or_1")
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        inbox.store(connection, [failed], clock.now())
    database.close()
    backup = tmp_path / "kept.db"
    venue("db", "backup", "-o", str(backup))
    environment = {
        **venue.environment,
        "OTHER_KEY": venue.environment["TT_KEY"],
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
    }
    rates = tmp_path / "eurofxref.csv"
    rates.write_text("Date,USD,AUD\n2026-10-30,1.0725,1.65\n")
    files = {"{season}": season, "{backup}": backup, "{rates}": rates}
    missing = {}
    for words, arguments, expected in STEPS:
        before = 0 if words == "db restore" else len(entries())
        given = [str(files.get(word, word)) for word in arguments]
        done = commands.run(*words.split(), *given, env=environment)
        found = entries()
        new = found[: len(found) - before]
        said = {f"{entry.action} {entry.kind}" for entry in new}
        if done.returncode or expected not in said:
            missing[words] = (done.returncode, done.stderr[-300:], said)
        assert all(re.match(r"\S+@\S+", entry.who) for entry in new), words
    assert missing == {}, json.dumps(missing, default=sorted, indent=1)


def test_registration_and_the_first_venue_are_recorded(venue, entries, home):
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        inbox.save_registration(connection, 1, "wbhk_7")
    database.close()
    found = {(e.action, e.kind, e.subject) for e in entries()}
    assert ("register", "webhook", "tt") in found
    assert ("add", "venue", "The Lantern Room") in found  # by `init`


def test_no_entry_holds_a_secret_or_an_address(venue, entries):
    url = venue("webhooks", "url", "tt").split()[0]
    venue("webhooks", "secret", "tt", "--secret-env", "TT_KEY")
    link = venue("visitors", "invite").split()[0]
    text = json.dumps([(e.subject, e.before, e.after) for e in entries()])
    for secret in (
        url.rpartition("/")[2],
        link.rpartition("/")[2],
        venue.environment["TT_KEY"],
    ):
        assert secret not in text


@pytest.mark.thorough
def test_the_list_is_filtered_by_who_what_and_when(venue):
    venue("productions", "add", "Gala")
    venue("venues", "add", "Cellar", "--timezone", "UTC", "--currency", "EUR")

    def listed(*arguments):
        return [
            (row["action"], row["subject"])
            for row in json.loads(venue("audit", "list", "--json", *arguments))
        ]

    assert ("add", "Gala") in listed()
    assert listed("--what", "venue")[0] == ("add", "Cellar")
    assert {subject for _, subject in listed("--what", "venue")} == {
        *("Cellar", "The Lantern Room")
    }
    assert listed("--what", "gala") == [("add", "Gala")]
    assert listed("--who", "nobody") == []
    assert listed("--who", "@")
    assert listed("--since", "2101-01-01") == []
    assert listed("--until", "2001-01-01") == []
    assert listed("--until", "2101-01-01") == listed()
    rows = csv.DictReader(io.StringIO(venue("audit", "list", "--format", "csv")))
    assert next(rows)["at"].endswith("Z")


def test_a_long_value_goes_on_in_another_line(venue):
    title = "The Very Long Night of Improvised Opera and Other Calamities, Part Two"
    venue("shows", "add", title, "2031-01-01 19:30", "--capacity", "77")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", venue("audit", "list", "--what", "show"))
    assert all(len(line) <= 80 for line in plain.splitlines())
    for word in (*title.split(), "capacity", "77,", "reference", "Lantern"):
        assert word in plain


def test_a_page_action_names_its_visitor(enter, full):
    page = enter("manager", "Ana").post("/calendar/feed")
    assert page.status_code == 200
    with full.read() as connection:
        newest = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="visitor"), limit=1
        )[0]
    assert (newest.who, newest.action) == ("Ana (manager)", "create feed")
    assert newest.after["role"] == "viewer"
