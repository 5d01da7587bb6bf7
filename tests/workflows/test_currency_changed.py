"""
F43: a date whose currency changes, and one that is typed for a show of another
currency. What it sells counts in its own currency, nothing is added to the other one,
and a person is asked.

    Friday    AUD  2 x 30.00 =  60.00      Saturday  AUD  1 x 25.00 = 25.00
    Friday    NZD  3 x 40.00 = 120.00
"""

import csv

import pytest
from msgspec import structs
from sqlalchemy import func, select
from support import hand_links
from support.saved_orders import FIRST_DAY, occurrence, order, prepare, save, ticket

from ticketsync.__main__ import main
from ticketsync.accounts import edits, state
from ticketsync.catalogue import (
    link_settings,
    occurrences,
    saved_listing,
)
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.cli import context
from ticketsync.core import clock, records
from ticketsync.core.settings.config import NotifySettings, Settings
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import figures_of_shows
from ticketsync.store.tables.audit import audit
from ticketsync.store.tables.catalogue import show_links
from ticketsync.web import attention
from ticketsync.workflows import account_alerts, doctor, recompute_figures, waiting
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay
from ticketsync.workflows.sync.run import Request

FRIDAY = order(ticket(1, 3000), ticket(2, 3000))
SATURDAY = order(ticket(3, 2500, "ev_2"), id_="or_2")
IN_NZD = order(*(ticket(n, 4000) for n in (4, 5, 6)), id_="or_3", currency="NZD")
BOTH = {(1, "AUD"): 6000, (1, "NZD"): 12000, (2, "AUD"): 2500}
LISTED_IN_NZD = (
    "tt: Late Laughs, Fri 06 Nov 2026, 19:30, is listed in NZD and has sales in AUD"
)
SOLD_IN_NZD = (
    "tt: Late Laughs, Fri 06 Nov 2026, 19:30, is listed in AUD and has sales in NZD"
)
UNLIKE_ITS_SHOW = (
    "eb: Late Laughs, Fri 06 Nov 2026, 19:30, sells in NZD; the show is in AUD: "
    "Late Laughs, Fri 06 Nov 2026, 19:30"
)


@pytest.fixture
def venue(database):
    """
    Friday and Saturday, both sold in AUD.
    """
    prepare(database)
    sell(database, FRIDAY, SATURDAY)
    return database


def sell(database, *orders, account_id=1):
    save(database, *orders, at=FIRST_DAY, account_id=account_id)
    recompute_figures.rebuild(database, Settings())


def list_again(database, number, id_="", account_id=1, **different):
    """
    The platform lists Friday (1) or Saturday (2) differently, or another date then.
    """
    listed = occurrence(id_ or f"ev_{number}", number - 1)
    listed = structs.replace(listed, **different)
    event = records.Event(listed.id, "Late Laughs", None, (listed,))
    with database.write() as connection:
        content = repr(different).encode()
        listed = [ListedEvent(event, content)]
        saved_listing.save_listing(connection, account_id, listed)


def figures(database):
    """
    Gross by show and currency, in minor units.
    """
    with database.read() as connection:
        found = figures_of_shows.figures(connection)
    return {(f.show_id, f.currency): f.gross.minor for f in found if f.gross.minor}


def waits(database):
    """
    The dates that wait for their currency: the text by the id.
    """
    with database.read() as connection:
        found = waiting.everything(connection, Settings(), clock.now())
    return {it.id: it.text for it in found if it.kind == "currency-changed"}


def other_account(database, currency="NZD"):
    """
    Another platform's date that starts with Friday's show and is linked to none: number
    3.
    """
    with database.write() as connection:
        new = state.NewAccount("eb", "eventbrite", None, "env", "EB_KEY", "", None)
        edits.add_account(connection, new, FIRST_DAY)
    list_again(database, 1, "ev_3", 2, event_id="ev_3", currency=currency)
    assert figures(database) == {(1, "AUD"): 6000, (2, "AUD"): 2500}
    return 3


def shows_of(database):
    with database.read() as connection:
        query = select(show_links.c.occurrence_id, show_links.c.show_id)
        return dict(connection.execute(query).all())


# Found by a run


def test_f43_a_date_that_comes_back_in_another_currency_waits_for_a_person(venue):
    assert waits(venue) == {}
    list_again(venue, 1, currency="NZD")
    assert waits(venue) == {"currency-changed:1": LISTED_IN_NZD}
    assert figures(venue) == {(1, "AUD"): 6000, (2, "AUD"): 2500}

    sell(venue, IN_NZD)
    assert waits(venue) == {"currency-changed:1": LISTED_IN_NZD}
    assert figures(venue) == BOTH


def test_f43_sales_in_another_currency_than_the_listing_says_wait_too(venue):
    sell(venue, IN_NZD)
    assert waits(venue) == {"currency-changed:1": SOLD_IN_NZD}


def test_f43_a_date_that_no_longer_is_listed_waits_for_what_it_sold(venue):
    sell(venue, IN_NZD)
    with venue.write() as connection:
        saved_listing.mark_delisted(connection, [1], FIRST_DAY)
    assert waits(venue) == {"currency-changed:1": SOLD_IN_NZD}


def test_f43_a_listing_that_is_corrected_waits_no_more(venue):
    list_again(venue, 1, currency="NZD")
    recompute_figures.rebuild(venue, Settings())  # a line of nothing, in NZD
    list_again(venue, 1, currency="AUD", url="https://example.org/")
    assert waits(venue) == {}


def test_f43_a_gift_card_in_another_currency_is_no_sale_of_its_date(venue):
    """
    Another date of Friday's show sold nothing but a card; Friday itself sold tickets.
    """
    list_again(venue, 1, "ev_3", event_id="ev_3")
    hand_links.link(venue, Settings(), 3, 1)
    card = records.VoucherSale("or_4/card", "ev_3", "Gift card", 5000)
    sold = order(ticket(7, 5000, "ev_3"), id_="or_4", currency="NZD")
    alone = structs.replace(sold, tickets=(), voucher_sales=(card,))
    sell(venue, IN_NZD, alone)
    assert waits(venue) == {"currency-changed:1": SOLD_IN_NZD}


def test_f43_what_a_person_agreed_to_waits_again_with_the_next_currency(venue):
    sell(venue, IN_NZD)
    waiting.dismiss(venue, Settings(), ["currency-changed:1"])
    assert waits(venue) == {}
    sell(venue, IN_NZD, order(ticket(7, 100), id_="or_4", currency="USD"))
    both = SOLD_IN_NZD + " and USD"
    assert waits(venue) == {"currency-changed:1": both}


def test_f43_sales_that_do_not_count_wait_for_nobody(venue):
    sell(venue, IN_NZD)
    with venue.write() as connection:
        link_settings.set_switches(connection, 1, enabled=None, ticket_sales=False)
        recompute_figures.recompute(connection, Settings(), {1})
    assert waits(venue) == {}


def test_f43_status_doctor_pages_and_alerts_say_it(venue, tmp_path, run):
    list_again(venue, 1, currency="NZD")
    sent = tmp_path / "sent.txt"
    command = ("/bin/sh", "-c", f"cat >> '{sent}'")
    settings = Settings(notify=NotifySettings(command=command))

    account_alerts.notify_waiting(venue, settings)
    account_alerts.notify_waiting(venue, settings)
    assert sent.read_text().count(LISTED_IN_NZD) == 1
    examined = doctor.examine(lambda: settings, lambda: venue, network=False)
    said = [item.text for item in examined if item.section == "waiting"]
    assert "1 date sells in another currency than before" in said
    with venue.read() as connection:
        page = attention.read_attention(connection, settings).on_page("/occurrences/1")
    assert [item.text for item in page.items] == [LISTED_IN_NZD]
    assert page.is_urgent

    code, out, _ = run("status")
    assert code == 10
    assert "1 date sells in another currency than before" in out


def test_f43_a_platform_that_changes_its_currency_is_noticed_by_the_run(
    adopted, sandbox, settings, monkeypatch
):
    """
    By a sync, and again by a replay; what was sold before stays what it was.
    """
    sync.sync(adopted, settings, Request())
    before = figures(adopted)
    assert waits(adopted) == {}
    parse_order = TicketTailor.parse_order
    with adopted.read() as connection:
        dates = occurrences.list_occurrences(connection)
    changed = next(
        date
        for date in dates
        if date.starts_at > clock.now() and (date.show_id, "AUD") in before
    )
    wanted = changed.provider_occurrence_id

    def sold(self, raw):
        found = parse_order(raw)
        if found.occurrence_id != wanted or hash_of(found.id) % 2:
            return found
        return structs.replace(found, currency="NZD")

    for event in sandbox.ticket_tailor._render_listing("events"):
        if event["id"] == wanted:
            event["currency"] = "nzd"
    sync.sync(adopted, settings, Request())
    assert list(waits(adopted)) == [f"currency-changed:{changed.id}"]
    replay(adopted, settings, [])
    assert list(waits(adopted)) == [f"currency-changed:{changed.id}"]
    assert figures(adopted) == before

    monkeypatch.setattr(TicketTailor, "parse_order", sold)
    replay(adopted, settings, [])
    now = figures(adopted)
    parts = now.pop((changed.show_id, "AUD")), now.pop((changed.show_id, "NZD"))
    assert all(parts)
    assert sum(parts) == before.pop((changed.show_id, "AUD"))  # nothing was lost
    assert now == before


def hash_of(text):
    return sum(text.encode())


# Made by a person


@pytest.fixture
def run(venue, monkeypatch, capsys):
    """
    Runs a command on the database: its exit code, output and messages.
    """
    monkeypatch.setattr(context.AppContext, "database", lambda here: venue)
    monkeypatch.setattr(context.AppContext, "settings", lambda here: Settings())

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["ticketsync", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        done = capsys.readouterr()
        return code, " ".join(done.out.split()), " ".join(done.err.split())

    return run


def test_f43_a_link_to_a_show_of_another_currency_is_refused(venue, run):
    date = other_account(venue)
    with venue.read() as connection:
        decisions = connection.scalar(select(func.count()).select_from(audit))

    code, _, said = run("link", str(date), "1")

    assert code == 7
    text = f"ticketsync: currency-changed: {UNLIKE_ITS_SHOW}. Nothing was linked."
    assert said.startswith(text)
    assert "`ticketsync link DATE SHOW --force`" in said
    assert shows_of(venue) == {1: 1, 2: 2}
    with venue.read() as connection:
        now = connection.scalar(select(func.count()).select_from(audit))
    assert now == decisions


def test_f43_a_link_that_is_confirmed_counts_in_its_own_currency(venue, run):
    date = other_account(venue)
    sold = (ticket(n, 4000, "ev_3") for n in (4, 5, 6))
    sell(venue, order(*sold, id_="or_3", currency="NZD"), account_id=2)

    code, _, _ = run("link", str(date), "1", "--force")

    assert code == 0
    assert shows_of(venue) == {1: 1, 2: 2, 3: 1}
    assert figures(venue) == BOTH
    assert waits(venue) == {}


def test_f43_a_date_without_a_listed_currency_is_refused_for_what_it_sold(venue, run):
    date = other_account(venue, currency=None)
    sold = order(ticket(4, 4000, "ev_3"), id_="or_3", currency="NZD")
    sell(venue, sold, account_id=2)
    assert run("link", str(date), "1")[0] == 7
    assert shows_of(venue) == {1: 1, 2: 2}


def test_f43_the_same_currency_needs_no_word(venue, run):
    date = other_account(venue, currency="AUD")
    assert run("link", str(date), "1")[0] == 0
    assert waits(venue) == {}


def test_f43_a_row_of_a_sheet_is_refused_until_it_is_forced(venue, run, tmp_path):
    date = other_account(venue)
    sheet = tmp_path / "open.csv"
    with sheet.open("w", newline="") as file:
        csv.writer(file).writerows(
            [("date_id", "decision", "show"), (date, "link", "1")]
        )
    code, _, said = run("match", "--from", str(sheet))
    assert code == 7
    assert "it sells in NZD, the show is in AUD" in said
    assert shows_of(venue) == {1: 1, 2: 2}

    code, _, _ = run("match", "--from", str(sheet), "--force")
    assert (code, shows_of(venue)) == (0, {1: 1, 2: 2, 3: 1})
    assert waits(venue) == {}


# Made by a run, or by a person who sees the pair


def planned(database):
    with database.read() as connection:
        return match.plan(connection, Settings())


def test_f43_one_show_may_sell_in_two_currencies(venue):
    """
    Venue, minute and title agree; the pair names the currency; each counts by itself.
    """
    date = other_account(venue)
    sold = (ticket(n, 4000, "ev_3") for n in (4, 5, 6))
    sell(venue, order(*sold, id_="or_3", currency="NZD"), account_id=2)
    certain = planned(venue).certain
    assert "in NZD, not AUD" in certain[0].reason()

    match.accept(venue, Settings(), certain, decided_by="machine", batch="cron")

    assert shows_of(venue)[date] == 1
    assert figures(venue) == BOTH
    assert waits(venue) == {}
