"""
One rule for the health of accounts: whoever shows it says the same word, in every
situation, on both databases.
"""

import itertools
import json
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, text
from support.read_pages import ReadPages

from ticketsync.accounts import health
from ticketsync.catalogue import shows
from ticketsync.cli import context, status
from ticketsync.cli.main import app
from ticketsync.core import clock
from ticketsync.core.settings.config import AccountSettings, NotifySettings, Settings
from ticketsync.store import account_health_rules as rule
from ticketsync.store import engine, views
from ticketsync.store.tables.accounts import accounts, alerts, sync_runs
from ticketsync.store.tables.sales import quarantine
from ticketsync.store.tables.webhooks import webhooks
from ticketsync.visitors.passes import Visitor
from ticketsync.web import overview_page, site, status_pages
from ticketsync.workflows import account_alerts, doctor
from ticketsync.workflows import waiting as waiting_job
from ticketsync.workflows.accounts import unread_limits

_SOME_DAY = clock.now()
MANAGER = site.PageRequest(
    Visitor(1, "session", "manager", "Ana", _SOME_DAY, _SOME_DAY),
    *({}, {}, {}, None, ""),
)


def ago(minutes):
    return clock.now() - timedelta(minutes=minutes)


# The situations


@dataclass(frozen=True)
class Row:
    """
    A situation, and by hand what everybody has to say of it: the word, whether a person
    is needed (exit code 10 of `status`, the top of every page, an alert).
    """

    name: str
    word: str
    waits: bool = False
    account: dict = field(default_factory=dict)
    runs: tuple = ()
    quarantined: int = 0
    webhook: dict | None = None
    minutes: int = 9999  # since it was connected


def run(outcome, minutes, exit_code=0, word="", message="It said why."):
    return {
        "outcome": outcome,
        "started_at": minutes,
        "exit_code": exit_code,
        "word": word,
        "message": message,
    }


GOOD = run("success", 5, message="")
DOWN = run("failed", 1, 5, "unreachable")
REFUSED = run("failed", 2, 7, "guard-shrink")
OURS = {"needs_reading": False}
ROWS = (
    Row("just read", "ok", runs=(GOOD,)),
    Row("connected a minute ago", "never synced", minutes=1),
    Row("connected and forgotten", "stale", True, minutes=120),
    Row("read, and then never again", "stale", True, runs=(run("success", 60),)),
    Row("not read again yet", "ok", runs=(run("success", 30),)),
    Row("paused by hand", "paused", account={"state": "paused"}, runs=(GOOD,)),
    Row("paused by hand, long ago", "paused", account={"state": "paused"}),
    Row(
        "its key was refused",
        "parked",
        True,
        account={"state": "parked", "state_reason": "HTTP 401"},
        runs=(GOOD, run("failed", 1, 4, "refused")),
    ),
    Row(
        "five failures, nobody may ask yet",
        "failing",
        True,
        account={"failures": 5, "breaker_until": -30},
        runs=(GOOD, DOWN),
    ),
    Row(
        "five failures, the pause is over and nobody asked since",
        "failing",
        True,
        account={"failures": 5, "breaker_until": 30},
        runs=(GOOD, DOWN),
    ),
    Row("a guard refused", "held", True, runs=(GOOD, REFUSED)),
    Row(
        "a guard refused, it is read just now",
        "held",
        True,
        runs=(GOOD, REFUSED, run("started", 0)),
    ),
    Row(
        "a guard refused, skipped since",
        "held",
        True,
        runs=(GOOD, REFUSED, run("skipped-busy", 1, 8)),
    ),
    Row("the first try failed", "failed", runs=(DOWN,), minutes=2),
    Row("one failure", "failed", account={"failures": 1}, runs=(GOOD, DOWN)),
    Row(
        "failing for an hour, though tried",
        "stale",
        True,
        account={"failures": 3},
        runs=(run("success", 61), DOWN),
    ),
    Row(
        "its key is not in this shell",
        "failed",
        True,
        runs=(GOOD, run("failed", 1, 4, "no-secret")),
    ),
    Row(
        "signed webhooks and no secret",
        "missing-webhook-secret",
        True,
        runs=(GOOD,),
        webhook={},
    ),
    Row(
        "signed webhooks, the old secret still good",
        "ok",
        runs=(GOOD,),
        webhook={"old_source": "env", "old_until": -60},
    ),
    Row(
        "signed webhooks, the old secret lapsed",
        "missing-webhook-secret",
        True,
        runs=(GOOD,),
        webhook={"old_source": "env", "old_until": 60},
    ),
    Row("webhooks that nobody signs", "ok", runs=(GOOD,), webhook={"is_signed": False}),
    Row(
        "one record cannot be read, for days",
        "partial",
        True,
        runs=(run("success", 4000), run("partial", 5, 3, "quarantine")),
        quarantined=1,
    ),
    Row("an event failed just now", "partial", runs=(GOOD, run("partial", 1, 5, "x"))),
    Row(
        "an event fails for an hour",
        "stale",
        True,
        runs=(run("success", 61), run("partial", 1, 5, "x")),
    ),
    Row("stopped by hand", "interrupted", runs=(GOOD, run("interrupted", 1, 130))),
    Row("our own counter, which no run ever touched", "ok", account=OURS),
    Row(
        "our own counter, days after its last run",
        "ok",
        account=OURS,
        runs=(run("success", 4000),),
    ),
    Row(
        "our own counter, whose last run was stopped",
        "interrupted",
        account=OURS,
        runs=(run("success", 4000), run("interrupted", 1, 130)),
    ),
)


def put(connection, row, name="tt"):
    """
    An account in that situation; numbers that stand for instants are minutes ago.
    """
    values = {
        key: ago(value) if key.endswith("_until") else value
        for key, value in row.account.items()
    }
    account = connection.execute(
        insert(accounts).values(
            name=name,
            provider="ticket_tailor",
            secret_source="env",
            secret_reference="TT_KEY",
            created_at=ago(row.minutes),
            **values,
        )
    ).inserted_primary_key
    for made in row.runs:
        is_open = made["outcome"] == "started"
        connection.execute(
            insert(sync_runs).values(
                run_id="r",
                account_id=account.id,
                account_name=name,
                kind="incremental",
                started_by="due",
                finished_at=None if is_open else ago(made["started_at"]),
                **{**made, "started_at": ago(made["started_at"])},
            )
        )
    for number in range(row.quarantined):
        connection.execute(
            insert(quarantine).values(
                account_id=account.id,
                kind="order",
                provider_id=f"or_{number}",
                event_id="",
                word="unreadable",
                reason="no total",
                record=b"",
                first_seen_at=ago(7),
            )
        )
    if row.webhook is not None:
        values = {
            key: ago(value) if key.endswith("_until") else value
            for key, value in row.webhook.items()
        }
        connection.execute(
            insert(webhooks).values(
                account_id=account.id, path=name, created_at=ago(90), **values
            )
        )


# Those who show it


@dataclass(frozen=True)
class Place:
    database: engine.Database
    settings: Settings
    file: Path

    def messages(self):
        return self.file.read_text().splitlines()

    def pages(self):
        return ReadPages(site.Site(self.database, self.settings))


@pytest.fixture
def place(url, monkeypatch, tmp_path, home):
    monkeypatch.setenv("TT_KEY", "sk_1_2_here")
    monkeypatch.setenv("COLUMNS", "80")
    file = tmp_path / "sent.txt"
    file.touch()
    command = ("/bin/sh", "-c", f"head -n 1 >> '{file}'")
    database = engine.open_database(url)
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    monkeypatch.setattr(context.AppContext, "database", lambda here: database)
    yield Place(
        database,
        Settings(notify=NotifySettings(command=command)),
        file,
    )
    database.close()


def command(place, capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        app([*arguments], prog_name="ticketsync")
    return ended.value.code, capsys.readouterr().out


def of_status(place, capsys):
    code, printed = command(place, capsys, "status", "--json")
    status = json.loads(printed)
    (account,) = status["accounts"]
    accounts = [item for item in status["waiting"] if item["kind"] != "quarantine"]
    assert bool(status["waiting"]) == (code == 10)
    assert len(accounts) <= 1
    return account["health"], code == 10


def of_the_table_of_status(place, capsys):
    code, printed = command(place, capsys, "status")
    assert max(map(len, printed.splitlines())) <= 80
    assert ("Nothing needs your attention." in printed) == (code == 0)
    found = re.search(r"^tt\s+(?:ticket_tailor\s+)?(.+?)\s{2,}", printed, re.MULTILINE)
    return found[1], code == 10


def of_the_list(place, capsys):
    _, printed = command(place, capsys, "accounts", "list", "--json")
    ((account),) = json.loads(printed)
    return account["health"], None


def of_the_accounts_page(place, capsys):
    page = place.pages().accounts(MANAGER).body.decode()
    (word,) = re.findall(r'<span class="badge \w+">(.+?)</span>', page)
    in_words = r'class="brief">.*\b1 (account needs you|record waits in quarantine)'
    return word, re.search(in_words, page) is not None


IN_SENTENCES = {
    "could not be read": "failed",
    "has no webhook secret": "missing-webhook-secret",
}


def of_the_overview(place, capsys):
    page = place.pages().overview(MANAGER).body.decode()
    states = re.findall(r'<p class="small">(?:<a [^>]*>)?tt ([\w -]+?)[.<]', page)
    on_top = [IN_SENTENCES.get(text, text.removeprefix("is ")) for text in states]
    if re.search(r">tt: 1 record waits in quarantine<", page):
        on_top.append("partial")  # a record that waits is a line of its own
    if bool(on_top) != ('id="attention"' in page):
        return "the top of the page and what waits contradict each other", None
    return on_top[0] if on_top else None, bool(on_top)


def of_the_alert(place, capsys):
    assert account_alerts.notify_changes(place.database, place.settings) == []
    titles = place.messages()
    assert account_alerts.notify_changes(place.database, place.settings) == []
    assert place.messages() == titles  # once
    if not titles:
        return None, False
    ((title),) = titles
    return re.sub(r".* (?:is|has) |.*\(|\)", "", title), True


def of_the_doctor(place, capsys):
    found = list(
        doctor.examine(lambda: place.settings, lambda: place.database, network=False)
    )
    texts = [f.text for f in found if f.section == "account tt"]
    ((word),) = re.findall(r"^it is ([\w -]+)\.", texts[0])
    return word, any(f.section == "waiting" for f in found)


def of_the_view(place, capsys):
    with place.database.read() as connection:
        row = connection.execute(text("SELECT * FROM sync_health")).one()
    return row.health, None


SURFACES = {
    "status": of_status,
    "the table of status": of_the_table_of_status,
    "accounts list": of_the_list,
    "accounts page": of_the_accounts_page,
    "overview": of_the_overview,
    "alert": of_the_alert,
    "doctor": of_the_doctor,
    "view": of_the_view,
}


def disagreements(place, row, capsys):
    """
    What of it differs from what the row says, by surface.
    """
    found = {}
    for name, surface in SURFACES.items():
        word, waits = surface(place, capsys)
        wrong_word = word is not None and word != row.word
        if wrong_word or waits not in (row.waits, None):
            found[name] = (word, waits)
    return found


def on_both_databases():
    """
    On PostgreSQL one situation of each word, the others in the drills: only the view is
    the database's, and it is compared with Python on everything at once below.
    """
    found = [pytest.param("sqlite", row, id=f"sqlite-{row.name}") for row in ROWS]
    words = set()
    for row in ROWS:
        marks = (pytest.mark.drill,) if row.word in words else ()
        words.add(row.word)
        name = f"postgresql-{row.name}"
        found.append(pytest.param("postgresql", row, marks=marks, id=name))
    return found


@pytest.mark.parametrize(("url", "row"), on_both_databases(), indirect=["url"])
@pytest.mark.sampled(3)
def test_everybody_says_the_same_word_of_a_situation(place, row, capsys):
    with place.database.write() as connection:
        put(connection, row)

    assert disagreements(place, row, capsys) == {}


# Breakage, planted: each reader with a rule of its own


def _old_rule(assess):
    """
    Whatever it is, it is well.
    """
    return lambda *arguments: [
        replace(found, word="ok", waits=False, alerts=False)
        for found in assess(*arguments)
    ]


OLD_RULES = {
    name: _old_rule(getattr(health, name)) for name in ("assess_all", "assess_facts")
}
ELSEWHERE = SimpleNamespace(**{**vars(health), **OLD_RULES})


def break_status(place, monkeypatch):
    load = status._load_status

    def wrong(here):
        found = load(here)
        words = {n: replace(h, word="ok") for n, h in found.health.items()}
        return replace(found, health=words, waiting=[])

    monkeypatch.setattr(status, "_load_status", wrong)


def break_view(place, monkeypatch):
    with place.database.write() as connection:
        body = views.definition("sync_health", connection.dialect)
        names = ", ".join(views.column_names("sync_health"))
        assert "'failing'" in body
        wrong = body.replace("'failing'", "'ok'").replace(":", "\\:")
        connection.execute(text("DROP VIEW sync_health"))
        connection.execute(text(f"CREATE VIEW sync_health ({names}) AS {wrong}"))


def break_rule(place, monkeypatch):
    later = (*rule.SITUATIONS[4:], *rule.SITUATIONS[:4])
    monkeypatch.setattr(
        health.account_health_rules,
        "situation",
        lambda facts: next((s for s in later if s.applies(facts)), rule.WELL),
    )


@pytest.mark.parametrize(
    "url",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.drill)],
    indirect=True,
)
@pytest.mark.parametrize(
    ("broken", "noticed"),
    [
        (break_status, {"status", "the table of status"}),
        (break_view, {"view"}),
        (
            lambda place, it: it.setattr(status_pages, "health", ELSEWHERE),
            {"accounts page"},
        ),
        (lambda place, it: it.setattr(account_alerts, "health", ELSEWHERE), {"alert"}),
        (lambda place, it: it.setattr(doctor, "health", ELSEWHERE), {"doctor"}),
        (
            lambda place, it: it.setattr(overview_page, "health", ELSEWHERE),
            {"overview"},
        ),
        (lambda place, it: it.setattr(waiting_job, "health", ELSEWHERE), {"doctor"}),
        (break_rule, {*SURFACES} - {"view"}),
    ],
    ids=["status", "view", "page", "alert", "doctor", "overview", "what waits", "rule"],
)
@pytest.mark.sampled(4)
def test_a_reader_with_a_rule_of_its_own_is_found(
    place, capsys, monkeypatch, broken, noticed
):
    row = next(row for row in ROWS if row.word == "failing")
    row = replace(
        row, runs=(run("success", 61), DOWN)
    )  # stale too, were it not failing
    with place.database.write() as connection:
        put(connection, row)
    assert disagreements(place, row, capsys) == {}
    with place.database.write() as connection:
        connection.execute(alerts.delete())
    place.file.write_text("")
    broken(place, monkeypatch)

    assert set(disagreements(place, row, capsys)) == noticed


# Python and SQL


@pytest.mark.thorough
def test_python_and_sql_agree_on_everything_at_once(database):
    """
    Every combination of what the words depend on, on accounts in one database.
    """
    states = ("active", "paused", "parked")
    breakers = (None, 30)
    last = (None, ("success", 0), ("failed", 5), ("failed", 4), ("failed", 7))
    last += (("partial", 3), ("partial", 5), ("interrupted", 130))
    reads = (5, 4000)
    hooks = (None, {}, {"is_signed": False})
    numbers = itertools.count()
    with database.write() as connection:
        for state, breaker, outcome, read, hook, unread, is_ours in itertools.product(
            states, breakers, last, reads, hooks, (0, 2), (False, True)
        ):
            made = [run("success", read)]
            if outcome is not None:
                made.append(run(outcome[0], 1, outcome[1], "quarantine"))
            row = Row(
                "",
                "",
                account={"state": state, "needs_reading": not is_ours}
                | ({} if breaker is None else {"breaker_until": breaker}),
                runs=tuple(made),
                quarantined=unread,
                webhook=hook,
            )
            put(connection, row, name=f"a{next(numbers)}")
    with database.read() as connection:
        python = {
            item.account: (item.word, item.since)
            for item in health.assess_all(connection, Settings(), clock.now())
        }
        facts = rule.account_facts().subquery("facts")
        rows = connection.execute(
            facts.select().with_only_columns(
                facts.c.account, rule.word(facts), rule.since(facts)
            )
        )
        sql = {name: (word, since) for name, word, since in rows}

    assert len(sql) == next(numbers) == 3 * 2 * 8 * 2 * 3 * 2 * 2
    assert sql == python
    assert {word for word, _ in sql.values()} == {
        *("ok", "paused", "parked", "failing", "held", "stale", "failed", "partial"),
        *("interrupted", "missing-webhook-secret"),
    }


def test_the_view_knows_how_long_an_account_may_go_unread(database):
    """
    By hand: read an hour ago, it is stale at three quarters of an hour, and not where
    the settings read it once a day.
    """
    daily = Settings(accounts={"tt": AccountSettings(interval=timedelta(days=1))})
    with database.write() as connection:
        put(connection, Row("", "", runs=(run("success", 60),)))

    def word():
        with database.read() as connection:
            found = connection.execute(text("SELECT health FROM sync_health"))
            return found.scalar_one()

    assert word() == "stale"
    unread_limits.note_limits(database, daily)
    assert word() == "ok"
    unread_limits.note_limits(database, Settings())
    assert word() == "stale"


def test_an_account_that_is_not_read_any_more_is_not_assessed():
    """
    Retired, or in any state that is not known here: no alarm, whatever else is true.
    """
    facts = rule.AccountFacts(
        *(1, "tt", "ticket_tailor", "retired", "", 5, ago(5), 1, ago(9999), ago(1), 1),
        *(None, None, "failed", 7, "", "", ago(9999), 600000, 60, 1, 1, None),
        *(3, None, 2),
    )
    found = health.assess(facts)
    assert (found.word, found.waits, found.alerts) == ("retired", False, False)


def test_a_failure_that_passes_does_not_end_what_was_reported(place, capsys):
    """
    Held, then once unreachable, then well: reported twice, not three times, and what it
    says at the end is that it was held.
    """
    with place.database.write() as connection:
        put(connection, Row("", "", runs=(GOOD, REFUSED)))
    account_alerts.notify_changes(place.database, place.settings)
    for made in (run("failed", 1, 5), run("success", 0)):
        with place.database.write() as connection:
            connection.execute(
                insert(sync_runs).values(
                    run_id="r",
                    account_id=1,
                    account_name="tt",
                    kind="incremental",
                    started_by="due",
                    finished_at=ago(made["started_at"]),
                    **{**made, "started_at": ago(made["started_at"])},
                )
            )
        account_alerts.notify_changes(place.database, place.settings)

    assert place.messages() == [
        "ticketsync: tt is held",
        "ticketsync: tt is well again",
    ]


def test_unreadable_records_are_named_and_counted(place, capsys):
    row = Row("", "", runs=(GOOD, run("partial", 1, 3, "quarantine")), quarantined=2)
    with place.database.write() as connection:
        put(connection, row)

    code, printed = command(place, capsys, "status")

    assert code == 10
    assert "2 records could not be read" in printed
    assert "tt or_0: no total" in printed
    assert "tt or_1: no total" in printed


def test_status_names_whom_the_settings_name(place, capsys, home):
    """
    An account that no run reads any more is reported by whoever looks.
    """
    words = place.settings.notify.command
    (home / "config.yaml").write_text(
        "notify:\n  command:\n" + "".join(f"    - {json.dumps(w)}\n" for w in words)
    )
    with place.database.write() as connection:
        put(connection, Row("", "", minutes=120))

    code, _ = command(place, capsys, "status", "--notify")

    assert code == 10
    assert place.messages() == ["ticketsync: tt is stale"]


def test_status_with_nobody_to_notify_says_so(place, capsys):
    with pytest.raises(Exception, match="No one is set up to be notified"):
        app(["status", "--notify"], standalone_mode=False)
