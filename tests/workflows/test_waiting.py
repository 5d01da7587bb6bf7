"""
What waits for a person, and how full shows are: the same on every surface.
"""

import json
import re
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from support.read_pages import ReadPages

from ticketsync.accounts import dismissals
from ticketsync.catalogue import new_shows, shows
from ticketsync.cli import context
from ticketsync.cli.main import app
from ticketsync.core import actor, clock, errors
from ticketsync.core.settings.config import NotifySettings, Settings
from ticketsync.financials import sales_notices
from ticketsync.jobs import worker
from ticketsync.reporting import audit_trail, calendar, daily, fullness, run_history
from ticketsync.store import capacity, lease
from ticketsync.store.tables.accounts import accounts, sync_runs
from ticketsync.store.tables.catalogue import events, occurrences, show_links
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import orders, quarantine
from ticketsync.store.tables.webhooks import deliveries
from ticketsync.store.upsert import upsert
from ticketsync.visitors.passes import Visitor
from ticketsync.web import actions, site
from ticketsync.workflows import account_alerts, doctor, sales_notifications, waiting

DAY = timedelta(days=1)
SOME_DAY = clock.now()
MANAGER = site.PageRequest(
    Visitor(1, "session", "manager", "Ana", SOME_DAY, SOME_DAY),
    *({}, {}, {}, None, ""),
)


class House:
    """
    A venue with two accounts that are well; `show` adds one with its sources.
    """

    def __init__(self, database, file):
        self.database = database
        self.file = file
        self.settings = Settings(
            notify=NotifySettings(
                command=("/bin/sh", "-c", f"cat >> '{file}'; echo ==== >> '{file}'"),
                sales=("nearly-full", "sold-out"),
            )
        )
        with database.write() as connection:
            shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
            for name in ("tt", "eb"):
                account = connection.execute(
                    insert(accounts).values(
                        name=name,
                        provider="ticket_tailor",
                        secret_source="env",
                        secret_reference="TT_KEY",
                        created_at=clock.now(),
                    )
                ).inserted_primary_key
                connection.execute(
                    insert(events).values(
                        account_id=account.id, provider_id="e", name="Gala"
                    )
                )
                self.read(connection, account.id, name)

    def read(self, connection, account_id, name):
        connection.execute(
            insert(sync_runs).values(
                run_id="r",
                account_id=account_id,
                account_name=name,
                kind="incremental",
                started_by="due",
                outcome="success",
                started_at=clock.now(),
                finished_at=clock.now(),
            )
        )

    def show(self, *sources, capacity=None, sold=(), in_days=30, title="Gala"):
        """
        `sources` are what differs from a date on sale, `sold` (account, currency,
        number); returns the show's number.
        """
        with self.database.write() as connection:
            starts = clock.now() + timedelta(days=in_days)
            number = new_shows.add_show(
                connection,
                new_shows.NewShow(
                    *(title, starts, "The Lantern Room", "Australia/Sydney", "AUD"),
                    capacity,
                ),
            ).id
            for place, source in enumerate(sources):
                self.date(connection, number, starts, f"{number}-{place}", **source)
        for account_id, currency, tickets in sold:
            self.sell(number, tickets, account_id, currency)
        return number

    def date(
        self, connection, show_id, starts, key, *, account=1, link=None, **different
    ):
        values = {
            "provider_id": key,
            "name": "Gala",
            "starts_at": starts,
            "starts_local": "2026-12-24 19:30",
            "timezone": "Australia/Sydney",
            "status": "on_sale",
            "fingerprint": "",
            "content": b"",
        }
        date = connection.execute(
            insert(occurrences).values(
                account_id=account, event_id=account, **{**values, **different}
            )
        ).inserted_primary_key
        if show_id is not None:
            connection.execute(
                insert(show_links).values(
                    show_id=show_id,
                    occurrence_id=date.id,
                    decided_by="person",
                    starts_at=starts,
                    created_at=clock.now(),
                    **(link or {}),
                )
            )
        return date.id

    def sell(self, show_id, tickets, account_id=1, currency="AUD"):
        numbers = dict.fromkeys(
            (
                *("tickets_comp", "tickets_refunded", "checked_in", "face"),
                *("discounts", "gross", "refunded", "tax", "tax_remitted"),
                "net_before_fees",
            ),
            0,
        )
        with self.database.write() as connection:
            upsert(
                connection,
                show_financials,
                [
                    dict(
                        show_id=show_id,
                        account_id=account_id,
                        currency=currency,
                        tickets_sold=tickets,
                        fees_source="unknown",
                        updated_at=clock.now(),
                        **numbers,
                    )
                ],
                key=["show_id", "account_id", "currency"],
            )

    def ids(self, settings=None):
        with self.database.read() as connection:
            found = waiting.everything(
                connection, settings or self.settings, clock.now()
            )
        return [item.id for item in found]

    def messages(self):
        if not self.file.exists():
            return []
        found = self.file.read_text().split("====\n")[:-1]
        self.file.unlink()
        return [message.strip() for message in found]

    def command(self, capsys, *arguments):
        with pytest.raises(SystemExit) as ended:
            app([*arguments], prog_name="ticketsync")
        return ended.value.code, capsys.readouterr().out

    def page(self, name, **path):
        made = ReadPages(site.Site(self.database, self.settings))
        return getattr(made, name)(replace(MANAGER, path_params=path)).body.decode()


@pytest.fixture
def venue(database, tmp_path, monkeypatch):
    monkeypatch.setenv("TT_KEY", "sk_1_2_here")
    monkeypatch.setenv("COLUMNS", "80")
    made = House(database, tmp_path / "sent.txt")
    monkeypatch.setattr(context.AppContext, "database", lambda here: database)
    monkeypatch.setattr(context.AppContext, "settings", lambda here: made.settings)
    return made


# How full


@pytest.mark.parametrize(
    ("sold", "of", "word"),
    [
        *((0, 100, ""), (89, 100, ""), (90, 100, "nearly"), (99, 100, "nearly")),
        *((100, 100, "full"), (101, 100, "oversold"), (245, 240, "oversold")),
        *((0, None, ""), (9999, None, ""), (5, 0, ""), (1, 1, "full")),
        *((8, 9, ""), (9, 10, "nearly")),
    ],
)
def test_how_full_a_show_is(venue, sold, of, word):
    """
    By hand; in Python and in SQL.
    """
    number = venue.show({}, capacity=of, sold=[(1, "AUD", sold)])

    assert capacity.fullness(sold, of) == word
    with venue.database.read() as connection:
        rows = connection.execute(capacity.show_seats())
        (row,) = [row for row in rows if row.show_id == number]
    assert row.fullness == word


@pytest.mark.parametrize(
    ("own", "sources", "expected"),
    [
        (120, [{"capacity": 80}], 120),
        (None, [{"capacity": 80}, {"capacity": 40, "account": 2}], 120),
        (None, [{"capacity": 80, "status": "closed"}], 80),
        (None, [{"capacity": 80}, {"capacity": None}], None),  # one does not say
        (None, [{"capacity": 80}, {"capacity": 40, "status": "cancelled"}], 80),
        (None, [{"capacity": 80}, {"link": {"sync_ticket_sales": False}}], 80),
        (None, [{"capacity": 80}, {"link": {"sync_enabled": False}}], 80),
        (None, [], None),
        (0, [{"capacity": 80}], None),
    ],
)
def test_the_capacity_is_the_same_for_everybody(venue, own, sources, expected):
    """
    By hand: the show's own, else what its sources have for sale together.
    """
    number = venue.show(*sources, capacity=own, sold=[(1, "AUD", 3), (2, "NZD", 4)])
    now = clock.now()
    with venue.database.read() as connection:
        found = {
            "seats": fullness.read_seats(connection, number)[number].capacity,
            "notices": [
                item.capacity for item in sales_notices.read_show_sales(connection)
            ],
            "calendar": [
                item.capacity for item in calendar.list_performances(connection)
            ],
            "daily": [
                item.allocation
                for item in daily.list_on_sale(connection, now=now, since=now - DAY)
            ],
            "views": [
                (row.capacity, row.left_to_sell)
                for row in connection.execute(text("SELECT * FROM session_complete"))
            ],
            "totals": {
                row.capacity
                for row in connection.execute(text("SELECT * FROM show_totals"))
            },
        }
    assert found["seats"] == expected
    assert found["notices"] == [expected, expected]  # a row per currency
    assert found["calendar"] == [expected]
    assert found["daily"] in ([expected], [])  # what is on sale alone
    left = None if expected is None else expected - 7
    assert found["views"] == [(expected, left)]
    assert found["totals"] == {expected}


def test_an_oversold_show_is_seen_on_every_surface(venue, capsys):
    """
    By hand: 120 seats, 70 sold at one account in AUD, 31 and 20 at the other in two
    currencies: 121. No account alone oversold it.
    """
    sold = [(1, "AUD", 70), (2, "AUD", 31), (2, "NZD", 20)]
    number = venue.show({}, {"account": 2}, capacity=120, sold=sold)

    found = {
        "overview": venue.page("overview"),
        "show": venue.page("show", id=number),
        "calendar": venue.page("calendar"),
        "discrepancies": venue.page("discrepancies"),
    }
    badge = '<span class="badge bad">oversold</span>'
    for name in ("overview", "show", "calendar"):
        assert badge in found[name], name
        assert "121/120" in found[name], name
        assert 'class="fill over"' in found[name], name
    assert "1 show is oversold" in found["overview"]
    assert "oversold, 121 sold of 120 seats" in found["discrepancies"]

    code, printed = venue.command(capsys, "status")
    assert code == 10
    assert "1 show is oversold: ticketsync shows show" in printed
    _, printed = venue.command(capsys, "shows", "list")
    assert "OVERSOLD" in printed
    _, printed = venue.command(capsys, "shows", "show", str(number))
    assert "121 of 120 seats sold, OVERSOLD" in printed
    _, printed = venue.command(capsys, "shows", "list", "--json")
    (row,) = json.loads(printed)
    assert (row["tickets_sold"], row["fullness"]) == (121, "oversold")
    examined = doctor.examine(
        lambda: venue.settings, lambda: venue.database, network=False
    )
    assert "1 show is oversold" in [f.text for f in examined if f.section == "waiting"]
    with venue.database.read() as connection:
        (row,) = connection.execute(text("SELECT * FROM session_complete"))
        assert (row.fullness, row.left_to_sell) == ("oversold", -1)
        (item,) = calendar.list_performances(connection)
        assert item.title == "Gala (121/120 sold, OVERSOLD)"
    assert account_alerts.notify_waiting(venue.database, venue.settings) == []
    (message,) = venue.messages()
    assert message.startswith("ticketsync: 1 show is oversold")


def test_one_ticket_less_is_no_alarm_anywhere(venue, capsys):
    sold = [(1, "AUD", 70), (2, "AUD", 30), (2, "NZD", 20)]
    venue.show({}, {"account": 2}, capacity=120, sold=sold)

    assert '<span class="badge wait">full</span>' in venue.page("calendar")
    code, printed = venue.command(capsys, "status")
    assert (code, "Nothing needs your attention." in printed) == (0, True)
    account_alerts.notify_waiting(venue.database, venue.settings)
    assert venue.messages() == []


# Shows that nobody sells


@pytest.mark.parametrize(
    ("sources", "sold", "in_days", "waits"),
    [
        ([], 0, 30, True),
        ([{}], 0, 30, False),
        ([{"status": "draft"}], 0, 30, True),
        ([{"status": "cancelled"}], 0, 30, True),
        ([{"status": "closed"}], 0, 30, True),
        ([{"status": "closed"}], 5, 30, False),  # its sales have ended
        ([{"status": "draft"}, {"account": 2}], 0, 30, False),
        ([{"gone_since": SOME_DAY - 400 * DAY}], 0, 30, True),
        ([{"link": {"sync_enabled": False}}], 0, 30, True),
        ([{"link": {"sync_ticket_sales": False}}], 0, 30, False),
        ([], 0, 59, True),
        ([], 0, 61, False),
        ([], 0, -1, False),
    ],
)
def test_a_show_that_nobody_sells_waits_from_sixty_days_before(
    venue, capsys, sources, sold, in_days, waits
):
    number = venue.show(*sources, sold=[(1, "AUD", sold)], in_days=in_days)

    found = [name for name in venue.ids() if name.startswith("not-on-sale")]

    assert found == ([f"not-on-sale:{number}"] if waits else [])
    code, printed = venue.command(capsys, "status")
    assert (code == 10) == bool(venue.ids())
    assert ("1 show is on sale nowhere" in printed) == waits


def test_an_excluded_show_does_not_wait_and_the_days_can_be_set(venue):
    near, far = venue.show(in_days=10), venue.show(in_days=80)
    hidden = venue.show(in_days=11)
    with venue.database.write() as connection:
        shows.set_excluded(connection, hidden, True, "private")

    assert venue.ids() == [f"not-on-sale:{near}"]
    early = replace(venue.settings, on_sale_ahead=timedelta(days=90))
    assert venue.ids(early) == [f"not-on-sale:{near}", f"not-on-sale:{far}"]
    never = replace(venue.settings, on_sale_ahead=timedelta(0))
    assert venue.ids(never) == []


# Dismissed


def test_what_was_dismissed_waits_no_more_until_it_stands_otherwise(venue, capsys):
    number = venue.show({}, capacity=100, sold=[(1, "AUD", 105)])
    id_ = f"oversold:{number}"

    code, _ = venue.command(capsys, "waiting", "dismiss", id_, "--reason", "standing")
    assert code == 0
    assert venue.command(capsys, "status")[0] == 0
    _, printed = venue.command(capsys, "waiting", "list", "--dismissed", "--json")
    (row,) = json.loads(printed)
    assert (row["version"], row["reason"]) == ("105/100", "standing")
    assert "@" in row["dismissed_by"]

    venue.sell(number, 106)
    assert venue.ids() == [id_]
    assert venue.command(capsys, "status")[0] == 10


def test_a_dismissal_can_be_taken_back(venue, capsys):
    number = venue.show()
    id_ = f"not-on-sale:{number}"
    venue.command(capsys, "waiting", "dismiss", "not-on-sale")
    assert venue.ids() == []

    assert venue.command(capsys, "waiting", "restore", id_)[0] == 0

    assert venue.ids() == [id_]
    with pytest.raises(errors.NotFound):
        app(["waiting", "restore", id_], standalone_mode=False)


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("account:tt", "cannot be dismissed"),
        ("nonsense:1", "not the id of anything"),
        ("oversold:99", "Nothing waits"),
    ],
)
def test_what_cannot_be_dismissed_is_said(venue, id_, words):
    with pytest.raises(errors.TicketsyncError, match=words) as caught:
        waiting.dismiss(venue.database, venue.settings, [id_])
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_a_button_on_the_page_dismisses(venue):
    number = venue.show()
    page = venue.page("discrepancies")
    (id_,) = re.findall(r'name="id" value="(.+?)"', page)
    assert id_ == f"not-on-sale:{number}"

    made = actions.Actions(site.Site(venue.database, venue.settings))
    with actor.acting_as("Ana"):
        answer = made.dismiss(replace(MANAGER, form={"id": id_}))

    assert answer.status_code == 303
    assert "Nothing needs your attention." in venue.page("discrepancies")
    with venue.database.read() as connection:
        (item,) = dismissals.list_dismissals(connection)
        (kept,) = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(kind="waiting")
        )
    assert item.dismissed_by == "Ana"
    assert (kept.who, kept.action, kept.subject) == ("Ana", "dismiss", id_)


# All that waits


def test_everything_that_waits_is_in_one_list(venue, capsys):
    """
    By hand, one of each kind, in the order of KINDS.
    """
    over = venue.show({}, capacity=10, sold=[(1, "AUD", 11)])
    unsold = venue.show(in_days=20)
    now = clock.now()
    with venue.database.write() as connection:
        moved = venue.date(
            connection, over, now + DAY, "m", link={"status": "conflict"}
        )
        unmatched = venue.date(connection, None, now + DAY, "u")
        venue.date(connection, over, now - DAY, "past", gone_since=now)  # played before
        venue.date(connection, None, now + DAY, "idle", gone_since=now)  # nobody's
        gone = venue.date(connection, over, now + DAY, "g", gone_since=now)
        connection.execute(
            insert(quarantine).values(
                account_id=1,
                kind="order",
                provider_id="or_1",
                word="unreadable",
                reason="no total",
                record=b"",
                first_seen_at=now,
            )
        )
        connection.execute(
            insert(orders).values(
                account_id=1,
                provider_id="or_2",
                status="paid",
                placed_at=now,
                currency="AUD",
                doubt="1.00 is missing",
                content=b"",
                **dict.fromkeys(("total", "charged", "refunded", "credited"), 0),
            )
        )
        for key, state, at in (
            *(("a", "failed", now - 9 * DAY), ("b", "rejected", now)),
            *(
                ("c", "stale", now),
                ("d", "rejected", now - 2 * DAY),
                ("e", "done", now),
            ),
        ):
            connection.execute(
                insert(deliveries).values(
                    account_id=2, key=key, state=state, received_at=at, next_try_at=at
                )
            )
        connection.execute(
            accounts.update()
            .where(accounts.c.id == 2)
            .values(breaker_until=now, failures=5)
        )

    assert venue.ids() == [
        *("account:eb", f"oversold:{over}", f"not-on-sale:{unsold}", f"moved:{moved}"),
        *("quarantine:tt", "order:tt/or_2", "failed-delivery:eb"),
        *("refused-delivery:eb", f"unmatched:{unmatched}", f"delisted:{gone}"),
    ]
    with venue.database.read() as connection:
        listed = waiting.list_listed(connection, venue.settings, clock.now())
    counts = run_history.count_open(listed, stale_deliveries=0)
    assert (counts.unmatched, counts.quarantined, counts.doubtful_orders) == (1, 1, 1)
    assert (counts.gone, counts.moved, counts.failed_deliveries) == (1, 1, 1)

    code, printed = venue.command(capsys, "status")
    overview, listed = venue.page("overview"), venue.page("discrepancies")
    examined = doctor.examine(
        lambda: venue.settings, lambda: venue.database, network=False
    )
    summed = [f.text for f in examined if f.section == "waiting"]
    assert code == 10
    assert max(map(len, printed.splitlines())) <= 80
    for words in (
        *(
            "1 show is oversold",
            "1 show is on sale nowhere",
            "1 date is at another time than its show",
        ),
        *("1 record waits in quarantine", "1 order does not add up"),
        *("1 webhook had no effect", "2 webhooks were refused"),
        *("1 date belongs to no show", "1 date is no longer listed"),
    ):
        assert words in printed
        assert words in overview
        assert words in listed
        assert words in summed
    assert "eb is failing" in printed
    assert "1 account needs you" in overview
    assert "1 account needs you" in summed


def test_a_paused_account_is_listed_and_ends_with_0(venue, capsys):
    with venue.database.write() as connection:
        connection.execute(
            accounts.update().values(state="paused", state_reason="a holiday")
        )
    code, printed = venue.command(capsys, "status")
    assert code == 0
    assert "tt is paused: Paused by a person: a holiday." in printed


# Who is notified


def test_what_waits_is_reported_once_and_an_oversold_show_at_once(venue, frozen):
    start = clock.now()
    frozen(start)
    first = venue.show({}, capacity=10, sold=[(1, "AUD", 5)])
    unsold = venue.show(in_days=20)
    number = 0

    def fail(state, at):
        nonlocal number
        number += 1
        with venue.database.write() as connection:
            connection.execute(
                insert(deliveries).values(
                    account_id=1,
                    key=str(number),
                    state=state,
                    received_at=at,
                    next_try_at=at,
                )
            )

    def look(hours):
        frozen(start + timedelta(hours=hours))
        assert account_alerts.notify_waiting(venue.database, venue.settings) == []
        return [message.partition("\n")[0] for message in venue.messages()]

    assert look(0) == ["ticketsync: 1 show is on sale nowhere"]
    fail("failed", start)
    assert look(1) == []  # once a day
    venue.sell(first, 11)
    assert look(2) == ["ticketsync: 1 show is oversold"]  # at once
    assert look(23) == []
    fail("rejected", start + timedelta(hours=23))
    assert look(24) == ["ticketsync: 1 webhook had no effect, 1 webhook was refused"]
    assert look(25) == []
    fail("failed", start + timedelta(hours=26))
    assert look(47) == []
    assert look(48) == ["ticketsync: 2 webhooks had no effect"]
    venue.sell(first, 10)
    assert look(49) == []
    venue.sell(first, 11)
    assert look(50) == ["ticketsync: 1 show is oversold"]  # again, since it was over
    assert unsold


def test_what_could_not_be_sent_is_sent_next_time(venue):
    venue.show({}, capacity=10, sold=[(1, "AUD", 11)])
    silent = replace(
        venue.settings, notify=replace(venue.settings.notify, command=("/nowhere",))
    )
    (error,) = account_alerts.notify_waiting(venue.database, silent)
    assert error.word == "not-told"

    account_alerts.notify_waiting(venue.database, venue.settings)

    assert len(venue.messages()) == 1


def test_two_processes_do_not_both_notify(venue):
    """
    A run and `serve` look at the same time: the second leaves it to the first, and
    sends what that one left unsent.
    """
    venue.show({}, capacity=10, sold=[(1, "AUD", 11)])
    other = lease.Holder("x", 1, "another machine")
    with venue.database.write() as connection:
        lease.take(connection, account_alerts.LEASE, other, clock.now())

    assert account_alerts.look(venue.database, venue.settings) == []
    assert venue.messages() == []

    with venue.database.write() as connection:
        lease.release(connection, account_alerts.LEASE, other)
    assert account_alerts.look(venue.database, venue.settings) == []
    assert len(venue.messages()) == 1


def test_serve_reports_an_account_that_no_run_reads_any_more(venue, monkeypatch):
    """
    No sync run is made; the worker beside the pages looks by itself.
    """
    with venue.database.write() as connection:
        connection.execute(sync_runs.update().values(finished_at=clock.now() - DAY))
    heard, titles = threading.Event(), []

    def hear(settings, title, text):
        titles.append(title)
        heard.set()
        return []

    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(account_alerts.gateway, "send", hear)

    with worker.running(venue.database, venue.settings, worker.SyncRequests()):
        assert heard.wait(60)

    assert "ticketsync: eb is stale" in titles


# Sales news


def sold_out(venue, number, *tickets):
    """
    What was sent after each of these numbers of tickets.
    """
    found = []
    for sold in tickets:
        venue.sell(number, sold)
        assert sales_notifications.notify(venue.database, venue.settings) == []
        found.append(
            [
                re.sub(r".*: | \(.*", "", line)
                for message in venue.messages()
                for line in message.splitlines()
                if "Gala" in line
            ]
        )
    return found


def test_a_show_that_emptied_is_announced_again_when_it_fills(venue):
    """
    By hand, of 100 seats. 84 is below 85 %, so that 90 and 100 are news again; 86 is
    not, so that 100 is none.
    """
    number = venue.show({}, capacity=100)
    sold_out(venue, number, 0)
    assert sold_out(venue, number, 100, 84, 90, 100) == [
        *(["sold out"], [], ["nearly full"], ["sold out"]),
    ]
    assert sold_out(venue, number, 86, 100, 99, 100) == [[], [], [], []]


def test_an_oversold_show_is_news_each_time(venue):
    number = venue.show({}, capacity=100)
    sold_out(venue, number, 0)
    assert sold_out(venue, number, 101, 102, 100, 101) == [
        *(["OVERSOLD"], [], [], ["OVERSOLD"]),
    ]


def test_a_full_show_is_no_news_after_another_message(venue):
    """
    99 is on record with the message of another show, and 100 is not news all the same.
    """
    number, other = venue.show({}, capacity=100), venue.show({}, capacity=50, title="B")
    venue.sell(other, 0)
    sold_out(venue, number, 0, 100, 99)
    venue.sell(other, 50)
    sales_notifications.notify(venue.database, venue.settings)
    assert len(venue.messages()) == 1

    assert sold_out(venue, number, 100) == [[]]


def test_a_show_that_is_not_there_has_no_seats(venue):
    with venue.database.read() as connection:
        assert fullness.read_seats(connection, 12)[12] == capacity.Seats(None, 0)
