"""
Who is notified when an account needs somebody: once per change, and never again for the
same thing (F87, F88).
"""

import dataclasses
import http.server
import itertools
import json
import sys
import threading
from datetime import timedelta

import pytest
from support.dates import NOW
from support.mailbox import serving

from ticketsync.accounts import breaker, health
from ticketsync.core import errors
from ticketsync.core.settings.config import AccountSettings, NotifySettings
from ticketsync.gateways import mail
from ticketsync.gateways import notifications as gateway
from ticketsync.providers.base import Budget
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import run_history
from ticketsync.sandbox.faults import Plan
from ticketsync.webhooks import inbox
from ticketsync.workflows import account_alerts, doctor
from ticketsync.workflows.accounts import account_states
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

WRITE = "import sys; open(sys.argv[1], 'a').write(sys.stdin.readline())"


@pytest.fixture
def messages(tmp_path):
    """
    The titles of all messages so far.
    """
    file = tmp_path / "sent.txt"
    file.touch()
    return lambda: file.read_text().splitlines()


@pytest.fixture
def noticed(settings, tmp_path):
    """
    Settings whose alerts go into a file, by the venue's own command.
    """
    command = (sys.executable, "-c", WRITE, str(tmp_path / "sent.txt"))
    return dataclasses.replace(settings, notify=NotifySettings(command=command))


@pytest.fixture
def adopted(sqlite, sandbox, noticed):
    from support.ticket_tailor_account import connect

    connect(sqlite, sandbox.url)
    sync.fetch_listing(sqlite, noticed, [])
    match.adopt(sqlite, noticed)
    sandbox.log.clear()
    return sqlite


def tick(database, settings):
    """
    What cron does: a run of what is due, and a look at how things stand.
    """
    outcome = sync.sync(database, settings, Request(only_due=True, compare=False))
    assert account_alerts.notify_changes(database, settings) == []
    return outcome.results[0]


def down(sandbox):
    sandbox.faults.plan(Plan("status:503", times=10**9))


def up(sandbox):
    sandbox.faults.clear()


@pytest.fixture(autouse=True)
def no_budget(monkeypatch):
    """
    Months pass in a minute here: the calls allowed in half an hour are not a measure.
    """
    endless = dataclasses.replace(TicketTailor.spec, budget=Budget(10**9, 30))
    monkeypatch.setattr(TicketTailor, "spec", endless)


def simulate(database, settings, sandbox, frozen, *, days, minutes, outages):
    """
    Cron on a frozen clock; `outages` are (begin, end) in hours. Answers for each tick
    the hours since the beginning, the outcome, and the requests it took.
    """
    every = timedelta(minutes=minutes)
    sandbox.ticket_tailor.limit = 10**9  # its half hours are those of the machine, too
    settings = dataclasses.replace(
        settings, accounts={"tt": AccountSettings(interval=every)}
    )
    story = []
    for number in range(int(timedelta(days=days) / every)):
        hours = number * minutes / 60
        frozen(NOW + number * every)
        up(sandbox)
        if any(begin <= hours < end for begin, end in outages):
            down(sandbox)
        sandbox.log.clear()
        result = tick(database, settings)
        story.append((hours, result.outcome, len(sandbox.log)))
    return story


def probes(story, begin, end):
    """
    Hours of the attempts in an outage after its breaker opened.
    """
    tried = [h for h, outcome, _ in story if begin <= h < end and outcome == "failed"]
    return tried[4:]


def check(story, outages, messages):
    for begin, end in outages:
        after_opening = probes(story, begin, end)
        waits = [round(b - a) for a, b in itertools.pairwise(after_opening)]
        # 1, 2, 4, 8, 16 and then 24 hours
        assert waits == [min(2**n, 24) for n in range(len(waits))]
        asked = [h for h, o, calls in story if begin <= h < end and calls]
        assert len(asked) == 4 + len(after_opening)
        first = next(s for s in story if s[0] >= end and s[1] != "skipped-breaker")
        assert first[1] == "success"  # recovery by the first probe after the return
    well = [s for s in story if not any(b <= s[0] < e + 24 for b, e in outages)]
    assert {outcome for _, outcome, _ in well} == {"success"}
    changes = ["is stale", "is failing", "is well again"] * len(outages)
    assert messages() == [f"ticketsync: tt {change}" for change in changes]


@pytest.mark.thorough
def test_f87_six_days_of_cron_with_two_outages(
    adopted, noticed, sandbox, frozen, messages
):
    outages = [(12, 18), (36, 108)]
    story = simulate(
        *(adopted, noticed, sandbox, frozen),
        days=6,
        minutes=60,
        outages=outages,
    )
    check(story, outages, messages)


@pytest.mark.thorough
def test_f87_control_a_breaker_that_never_opens_asks_all_the_time(
    adopted, noticed, sandbox, frozen, monkeypatch
):
    monkeypatch.setattr(breaker, "FAILURES_TO_OPEN", 10**9)
    story = simulate(
        *(adopted, noticed, sandbox, frozen), days=1, minutes=30, outages=[(2, 20)]
    )
    assert sum(1 for hours, _, calls in story if 2 <= hours < 20 and calls) == 36


@pytest.mark.drill
def test_f87_thirty_days_of_cron(adopted, noticed, sandbox, frozen, messages):
    outages = [(100, 106), (240, 312)]
    story = simulate(
        *(adopted, noticed, sandbox, frozen), days=30, minutes=15, outages=outages
    )
    assert len(story) == 2880
    check(story, outages, messages)


@pytest.mark.thorough
def test_f88_a_stale_account_is_reported_once_and_its_end_once(
    adopted, noticed, sandbox, frozen, messages
):
    tick(adopted, noticed)
    down(sandbox)
    for minutes in (15, 30, 46, 60):
        frozen(NOW + timedelta(minutes=minutes))
        tick(adopted, noticed)
    assert messages() == ["ticketsync: tt is stale"]
    up(sandbox)
    for minutes in (75, 90):
        frozen(NOW + timedelta(minutes=minutes))
        tick(adopted, noticed)
    assert messages() == ["ticketsync: tt is stale", "ticketsync: tt is well again"]


def test_f88_both_clocks_are_kept_apart(adopted, noticed, sandbox, frozen):
    tick(adopted, noticed)
    down(sandbox)
    frozen(NOW + timedelta(hours=1))
    tick(adopted, noticed)
    with adopted.read() as connection:
        (item,) = run_history.list_freshness(connection)
    assert item.last_success_at == NOW
    assert item.last_attempt_at == NOW + timedelta(hours=1)


def test_f25_a_parked_account_is_reported_and_left_alone(
    adopted, noticed, sandbox, frozen, messages
):
    sandbox.faults.plan(Plan("status:401", times=10**9))
    tick(adopted, noticed)
    sandbox.log.clear()
    frozen(NOW + timedelta(hours=1))
    assert tick(adopted, noticed).outcome == "skipped-parked"
    assert sandbox.log == []
    assert messages() == ["ticketsync: tt is parked"]


def test_f15_what_a_guard_held_back_is_reported(
    adopted, noticed, sandbox, frozen, messages
):
    tick(adopted, noticed)
    sandbox.faults.plan(Plan("drop:0", "/orders", times=999))
    frozen(NOW + timedelta(minutes=20))
    sync.sync(adopted, noticed, Request(full=True))
    account_alerts.notify_changes(adopted, noticed)
    assert messages() == ["ticketsync: tt is held"]


@pytest.mark.thorough
def test_one_unreadable_record_makes_an_account_partial_and_never_stale(
    adopted, noticed, sandbox, frozen, messages
):
    tick(adopted, noticed)
    sandbox.faults.plan(Plan('records:50:status="odd"', "/orders", times=99))
    for minutes in (20, 40, 80, 120):
        frozen(NOW + timedelta(minutes=minutes))
        result = sync.sync(adopted, noticed, Request(full=True)).results[0]
        assert (result.outcome, result.word) == ("partial", "quarantine")
        account_alerts.notify_changes(adopted, noticed)

    assert messages() == ["ticketsync: tt is partial"]
    with adopted.read() as connection:
        (found,) = health.assess_all(connection, noticed, NOW + timedelta(minutes=121))
    assert (found.word, found.waits) == ("partial", True)
    assert "could not be read" in found.text


def test_what_could_not_be_sent_is_sent_later(
    adopted, noticed, sandbox, frozen, messages
):
    tick(adopted, noticed)
    unreachable = dataclasses.replace(
        noticed, notify=NotifySettings(command=(sys.executable, "-c", "exit(3)"))
    )
    down(sandbox)
    frozen(NOW + timedelta(hours=1))
    sync.sync(adopted, unreachable, Request(only_due=True))

    failures = account_alerts.notify_changes(adopted, unreachable)

    assert [(error.word, error.exit_code) for error in failures] == [("not-told", 5)]
    assert "exit code 3" in failures[0].message
    frozen(NOW + timedelta(minutes=61))
    tick(adopted, noticed)
    assert messages() == ["ticketsync: tt is stale"]


def test_what_came_and_went_unreported_is_no_news(
    adopted, noticed, sandbox, frozen, messages
):
    tick(adopted, noticed)
    unreachable = dataclasses.replace(
        noticed, notify=NotifySettings(command=("/nowhere/at/all",))
    )
    down(sandbox)
    frozen(NOW + timedelta(hours=1))
    sync.sync(adopted, unreachable, Request(only_due=True))
    assert account_alerts.notify_changes(adopted, unreachable) != []
    up(sandbox)
    frozen(NOW + timedelta(hours=2))
    tick(adopted, noticed)
    assert messages() == []


def test_f69_webhooks_without_a_secret_are_reported(adopted, noticed, frozen, messages):
    tick(adopted, noticed)
    with adopted.write() as connection:
        inbox.get_or_create_path(connection, 1, NOW)
    tick(adopted, noticed)
    tick(adopted, noticed)
    assert messages() == [
        "ticketsync: tt needs a webhook secret (missing-webhook-secret)"
    ]
    with adopted.write() as connection:
        inbox.set_secret(connection, 1, "env", "HOOK", NOW)
    tick(adopted, noticed)
    assert messages()[1:] == ["ticketsync: tt is well again"]


def test_f64_deliveries_signed_at_another_time_are_a_clocks_fault(adopted, settings):
    stale = [
        inbox.NewDelivery(
            1, f"k{n}", "ORDER.CREATED", "", "stale", reason="signed 600 s ago"
        )
        for n in range(3)
    ]
    with adopted.write() as connection:
        inbox.store(connection, stale, NOW)
    found = doctor.examine(lambda: settings, lambda: adopted, network=False)
    (finding,) = [f for f in found if f.section == "webhooks"]
    assert finding.state == "wrong"
    assert "clock" in finding.to_do


def test_a_paused_account_bothers_nobody(adopted, noticed, frozen, messages):
    tick(adopted, noticed)
    account_states.pause(adopted, "tt", "a holiday")
    frozen(NOW + timedelta(days=3))
    assert tick(adopted, noticed).outcome == "skipped-disabled"
    assert messages() == []


def test_nobody_to_notify_writes_nothing(adopted, settings, sandbox, frozen):
    down(sandbox)
    sync.sync(adopted, settings, Request())
    assert account_alerts.notify_changes(adopted, settings) == []
    with adopted.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM alerts").all()
    assert rows == []


def test_nothing_foreign_reaches_the_command_line_or_the_terminal(noticed, tmp_path):
    """
    F121: the message goes in by standard input, controls made visible.
    """
    account = health.Health(
        1, "a\x1b[31m", "stale", NOW, "evil \x1b]0;x\x07 text", "", True, True
    )
    title, text = account_alerts._title(account), account_alerts._text(account, None)
    assert "\x1b" not in title + text
    assert gateway.send(noticed.notify, title, text) == []


# The ways


class Heard(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.server.heard.append(json.loads(self.rfile.read(length)))
        self.answer()

    def do_GET(self):
        self.server.heard.append(self.path)
        self.answer()

    def answer(self):
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    server.heard, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_takes_the_message_where_it_says(listener, monkeypatch):
    address = f"json://127.0.0.1:{listener.server_port}/hook"
    monkeypatch.setenv("ALERTS", address)
    settings = NotifySettings(urls=("env:ALERTS",))
    assert gateway.send(settings, "a title", "a text") == []
    (heard,) = listener.heard
    assert (heard["title"], heard["message"]) == ("a title", "a text")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_address_that_apprise_does_not_know_is_named_by_its_place():
    settings = NotifySettings(urls=("nonsense",))
    (error,) = gateway.send(settings, "t", "x")
    assert isinstance(error, errors.ConfigurationError)
    assert "URL 1" in error.message
    assert "nonsense" not in error.message  # it may hold a secret


def test_an_address_from_a_variable_that_is_not_set_says_so(monkeypatch):
    monkeypatch.delenv("NOT_THERE", raising=False)
    (error,) = gateway.send(NotifySettings(mail="env:NOT_THERE"), "t", "x")
    assert "NOT_THERE" in error.message


def test_the_heartbeat_is_one_get(listener):
    url = f"http://127.0.0.1:{listener.server_port}/beat"
    gateway.send_heartbeat(NotifySettings(heartbeat=url))
    assert listener.heard == ["/beat"]


def test_a_heartbeat_nobody_hears_is_said_and_no_more(listener, settings):
    listener.status = 500
    url = f"http://127.0.0.1:{listener.server_port}/beat"
    beating = dataclasses.replace(settings, notify=NotifySettings(heartbeat=url))
    (error,) = account_alerts.send_heartbeat(beating)
    assert error.word == "not-told"


@pytest.fixture
def mailbox():
    with serving() as box:
        yield box


def test_mail_goes_out_by_a_real_server(mailbox):
    url = (
        f"smtp://127.0.0.1:{mailbox.port}/?to=me@example.org&to=you@example.org"
        "&from=box@example.org"
    )
    mail.send(url, "Größe: 3 €", "Zeile eins\nZeile zwei")
    ((sender, to, text),) = mailbox.letters
    assert (sender, to) == ("box@example.org", ["me@example.org", "you@example.org"])
    assert "Zeile eins" in text


@pytest.mark.parametrize(
    "url", ["smtp://host/", "https://host/?to=a&from=b", "smtp:///?to=a&from=b", "x"]
)
def test_a_mail_address_that_cannot_be_read_shows_how_one_looks(url):
    with pytest.raises(errors.ConfigurationError) as caught:
        mail.send(url, "t", "x")
    assert "smtps://" in caught.value.hint


def test_no_mail_goes_unencrypted_to_another_machine(monkeypatch, mailbox):
    monkeypatch.setattr(mail, "LOOPBACK", ())
    url = f"smtp://127.0.0.1:{mailbox.port}/?to=a@example.org&from=b@example.org"
    with pytest.raises(errors.ProviderUnavailable):
        mail.send(url, "t", "x")
    assert mailbox.letters == []
