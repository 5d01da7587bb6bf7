"""
Notifying the venue of what sold: gathered, never twice, never lost.
"""

import re
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from support.dates import NOW
from support.large_figures import bare_numbers, multiply

from ticketsync.catalogue import new_shows
from ticketsync.core import errors
from ticketsync.core.settings.config import NotifySettings
from ticketsync.financials import sales_notices
from ticketsync.sandbox import world
from ticketsync.store.tables.catalogue import shows
from ticketsync.store.tables.financials import show_financials
from ticketsync.workflows import recompute_figures, sales_notifications
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

ALL = ("sold", "refund", "nearly-full", "sold-out")


@pytest.fixture
def messages(tmp_path):
    """
    A program that writes down what it was sent; `messages()` reads and forgets it.
    """
    file = tmp_path / "sent.txt"
    program = tmp_path / "notify.py"
    program.write_text(
        f"import sys\nopen({str(file)!r}, 'a').write(sys.stdin.read() + '====')\n"
    )

    def read():
        if not file.exists():
            return []
        found = file.read_text().split("====")[:-1]
        file.unlink()
        return found

    read.program = (sys.executable, str(program))
    return read


@pytest.fixture
def notifying(settings, messages):
    return replace(settings, notify=NotifySettings(command=messages.program, sales=ALL))


@pytest.fixture
def synced(read_once, notifying, messages):
    assert sales_notifications.notify(read_once, notifying) == []
    assert messages() == []  # what was sold before is not news
    return read_once


def a_day_later(sandbox, database, settings):
    sandbox.change(world.next_day)
    sync.sync(database, settings, Request())


def standing(database):
    with database.read() as connection:
        return {item.key: item for item in sales_notices.read_show_sales(connection)}


def test_sales_of_an_hour_are_one_message_and_sent_once(
    synced, sandbox, notifying, messages, frozen
):
    before = standing(synced)
    a_day_later(sandbox, synced, notifying)
    after = standing(synced)
    grown = {
        key: item.tickets_sold - before[key].tickets_sold
        for key, item in after.items()
        if item.gross > before[key].gross
    }
    assert grown

    sales_notifications.notify(synced, notifying)
    assert messages() == []  # within the hour

    frozen(NOW + timedelta(minutes=61))
    sales_notifications.notify(synced, notifying)
    sales_notifications.notify(synced, notifying)

    (message,) = messages()
    assert message.startswith("ticketsync: sales\n")
    for (show, _), tickets in grown.items():
        item = next(i for i in after.values() if i.show_id == show)
        assert (
            f"{item.production}, {item.starts_local}: {tickets:+d} tickets, " in message
        )


def test_thousands_have_their_commas(synced, sandbox, notifying, messages, frozen):
    multiply(synced, show_financials)
    frozen(NOW + timedelta(minutes=61))
    sold = replace(notifying, notify=replace(notifying.notify, sales=("sold",)))

    sales_notifications.notify(synced, sold)

    (message,) = messages()
    assert bare_numbers(message) == []
    assert re.search(r": \+\d\d,\d{3} tickets, [\d,]+,\d{3}\.\d\d AUD; ", message)


def test_orders_that_are_in_no_figure_yet_are_said_below(
    synced, sandbox, notifying, messages, frozen, monkeypatch
):
    def stop(*_):
        raise KeyboardInterrupt

    sandbox.change(world.next_day)
    with monkeypatch.context() as patch:
        patch.setattr(recompute_figures, "recompute_by_account", stop)
        with pytest.raises((errors.Interrupted, KeyboardInterrupt)):
            sync.sync(synced, notifying, Request(jobs=1))
    multiply(synced, show_financials)
    frozen(NOW + timedelta(minutes=61))

    sales_notifications.notify(synced, notifying)

    (message,) = messages()
    below = message.rstrip().splitlines()[-1]
    assert below.startswith("Reading tt was cut off; it began ")
    assert below.endswith("until `ticketsync sync tt` has read it.")


def test_a_refund_is_reported(synced, sandbox, notifying, messages, frozen):
    purchase = next(
        p for p in sandbox.world.purchases if p.state == "completed" and p.total > 0
    )
    returned = purchase.refunded
    sandbox.change(lambda w: world.refund_all(w, purchase))
    sync.sync(synced, notifying, Request(full=True))
    frozen(NOW + timedelta(hours=2))

    sales_notifications.notify(synced, notifying)

    (message,) = messages()
    back = purchase.refunded - returned
    assert f": {back // 100}.{back % 100:02d} AUD went back to buyers" in message


@pytest.mark.parametrize(
    ("room", "words"), [(0, "sold out"), (1, "nearly full"), (None, None)]
)
def test_a_sold_out_show_is_reported_at_once_and_once(
    synced, notifying, messages, frozen, room, words
):
    """
    Within the hour of the last message, too.
    """
    (_, item) = max(standing(synced).items(), key=lambda pair: pair[1].tickets_sold)
    capacity = item.tickets_sold + room if room is not None else item.tickets_sold * 2
    with synced.write() as connection:
        connection.execute(
            shows.update().where(shows.c.id == item.show_id).values(capacity=capacity)
        )

    for _ in range(3):
        sales_notifications.notify(synced, notifying)

    found = messages()
    if words is None:
        assert found == []
    else:
        assert len(found) == 1
        assert f"{item.production}, {item.starts_local}: {words} (" in found[0]


def test_a_show_sold_in_two_currencies_is_sold_out_once(synced, notifying, messages):
    """
    By hand: what it sold in AUD and 40 in NZD fill it; one line with both together.
    """
    (_, item) = max(standing(synced).items(), key=lambda pair: pair[1].tickets_sold)
    capacity = item.tickets_sold + 40
    with synced.write() as connection:
        connection.execute(
            shows.update().where(shows.c.id == item.show_id).values(capacity=capacity)
        )
        connection.exec_driver_sql(
            "INSERT INTO show_financials SELECT "
            "show_id, account_id, 'NZD', 40, 0, 0, 0, 0, 0, 0, NULL, 'unknown', "
            "0, 0, 0, NULL, 0, updated_at, 0, 0, 0, 0, 0, 0 FROM show_financials "
            f"WHERE show_id = {item.show_id}"
        )

    sales_notifications.notify(synced, notifying)

    (message,) = messages()
    assert message.count("sold out") == 1
    assert f": sold out ({capacity} of {capacity})." in message


def test_nearly_full_does_not_come_and_go():
    """
    By hand, of 100 seats: 90 is nearly full, 86 stays so, 84 is room again.
    """
    steps = []
    before = sales_notices.ROOM
    for sold in (89, 90, 86, 90, 100, 99, 84, 90):
        before = sales_notices.fullness(sold, 100, before)
        steps.append(before)

    assert steps == ["", "nearly", "nearly", "nearly", "full", "nearly", "", "nearly"]


def test_what_reached_nobody_is_sent_next_time(
    synced, sandbox, notifying, messages, frozen
):
    a_day_later(sandbox, synced, notifying)
    frozen(NOW + timedelta(hours=2))
    unreachable = replace(
        notifying, notify=replace(notifying.notify, command=("/nowhere/program",))
    )

    failures = sales_notifications.notify(synced, unreachable)
    assert [error.word for error in failures] == ["not-told"]
    assert messages() == []

    sales_notifications.notify(synced, notifying)
    assert len(messages()) == 1


def test_nobody_is_notified_twice_because_another_was_not_reached(
    synced, sandbox, notifying, messages, frozen
):
    a_day_later(sandbox, synced, notifying)
    frozen(NOW + timedelta(hours=2))
    half = replace(
        notifying,
        notify=replace(notifying.notify, mail="smtp://127.0.0.1:1/?to=a@b&from=c@d"),
    )

    assert sales_notifications.notify(synced, half)
    sales_notifications.notify(synced, half)

    assert len(messages()) == 1


def test_only_what_was_asked_for_is_sent(synced, sandbox, notifying, messages, frozen):
    a_day_later(sandbox, synced, notifying)
    frozen(NOW + timedelta(hours=2))
    quiet = replace(notifying, notify=replace(notifying.notify, sales=("sold-out",)))
    none = replace(notifying, notify=replace(notifying.notify, sales=()))

    sales_notifications.notify(synced, none)
    sales_notifications.notify(synced, quiet)

    assert messages() == []


def test_a_show_put_on_sale_later_is_reported_from_its_first_ticket(
    synced, notifying, messages, frozen
):
    with synced.write() as connection:
        added = new_shows.add_show(
            connection,
            new_shows.NewShow(
                "New", NOW + timedelta(days=9), "V", "Australia/Sydney", "AUD"
            ),
        )
        connection.exec_driver_sql(
            "INSERT INTO show_financials SELECT "
            f"{added.id}, account_id, currency, 2, 0, 0, 0, 5000, 0, 5000, NULL, "
            "'unknown', 0, 0, 0, NULL, 5000, updated_at, NULL, NULL, NULL, NULL, "
            "NULL, NULL FROM show_financials LIMIT 1"
        )
    frozen(NOW + timedelta(hours=2))

    sales_notifications.notify(synced, notifying)

    (message,) = messages()
    assert "New, 2026-09-10 10:00: +2 tickets, 50.00 AUD; 2 sold." in message
