"""
What an order is made of comes in several lists. One that comes back empty, shrunken or
not at all takes neither refunds nor fees away, is named, and once the platform has
recovered the next ordinary run is right again.
"""

# ruff: noqa: F811  # fixtures of another file come in by their names

import fnmatch
import json
from datetime import timedelta

import pytest
from conftest import NOW
from test_platforms import (  # noqa: F401
    adopt,
    connect,
    expected,
    figures,
    name,
    played,
    run,
    same,
    synced,
)

from ticketsync.reporting import sales
from ticketsync.sandbox import world
from ticketsync.sandbox.faults import Answer
from ticketsync.workflows import connect as connecting
from ticketsync.workflows import sync
from ticketsync.workflows.sync import Request

LISTS = {
    "square": ("/v2/payments", "/v2/refunds"),
    "wix": ("/payments/v2/transactions",),
    "humanitix": ("/v1/events/*/tickets",),
}
EACH = [(name, path) for name, paths in LISTS.items() for path in paths]


@pytest.fixture
def database(sqlite):
    """
    How a list shrinks has nothing to do with the kind of database.
    """
    return sqlite


def kept(percent):
    """
    An answer with that share of its rows, which claims that there are no others.
    """

    def spoil(answer):
        page = json.loads(answer.body)
        for key, rows in page.items():
            if isinstance(rows, list):
                page[key] = rows[: len(rows) * percent // 100]
                for holder in (page, page.get("pagination", {})):
                    if "total" in holder:
                        holder["total"] = len(page[key])
        page.pop("cursor", None)
        return Answer(200, json.dumps(page).encode(), answer.headers)

    return spoil


def status(code):
    return lambda _: Answer(code, b"{}")


KINDS = {
    "empty": kept(0),
    "at 40 %": kept(40),
    "403": status(403),
    "404": status(404),
    "truncated": lambda answer: Answer(200, answer.body[:60], answer.headers),
}


@pytest.fixture
def spoiled(played, monkeypatch):
    """
    Spoil one list, and what is asked for out of it alone, until it is called again.
    """
    whole = played.faults.spoil

    def choose(path=None, kind=None):
        def spoil(asked, answer):
            if path is not None and fnmatch.fnmatch(asked, path):
                return KINDS[kind](answer)
            if path is not None and asked.startswith(f"{path}/"):
                return Answer(404, b'{"errors":[{"code":"NOT_FOUND"}]}')
            return whole(asked, answer)

        monkeypatch.setattr(played.faults, "spoil", spoil)

    return choose


def attempt(database, settings, **options):
    return sync.sync(database, settings, Request(**options)).results[0]


def recover(database, settings, played, name):
    connecting.resume(database, name)
    result = attempt(database, settings)
    assert result.outcome == "success", result
    same(figures(database), expected(played, name))
    with database.read() as session:
        assert sales.unread(session) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "path"), EACH)
def test_a_list_that_shrinks_takes_nothing_away(
    synced, settings, played, name, path, kind, spoiled
):
    before = figures(synced)
    spoiled(path, kind)
    result = attempt(synced, settings, full=True)
    assert result.exit_code != 0
    assert result.message
    assert figures(synced) == before
    spoiled()
    recover(synced, settings, played, name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "path"), EACH)
def test_a_list_that_shrinks_while_changes_are_read_takes_nothing_away(
    synced, settings, played, name, path, kind, spoiled, frozen
):
    before = figures(synced)
    played.player.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    world.change_some(played.player.world, 12, 6)
    spoiled(path, kind)
    result = attempt(synced, settings)
    # Nothing of what was there is taken away; new refunds may be missing, and come.
    found = figures(synced)
    for date, row in before.items():
        assert found[date]["gross"] == row["gross"]
        assert float(found[date]["refunded"]) >= float(row["refunded"])
    assert result.exit_code != 0
    spoiled()
    recover(synced, settings, played, name)


# A Humanitix order names no tickets: at a first read nothing contradicts an empty list.
@pytest.mark.parametrize(("name", "path"), [it for it in EACH if it[0] != "humanitix"])
def test_a_first_read_does_not_count_what_it_cannot_see(
    database, settings, played, name, path, spoiled
):
    connect(database, name, played.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    spoiled(path, "empty")
    result = attempt(database, settings)
    assert result.exit_code != 0
    spoiled()
    recover(database, settings, played, name)


@pytest.mark.parametrize(
    ("name", "method", "key"),
    [("square", "_all_payments", "id"), ("square", "_orders", "id")],
)
def test_one_row_that_is_gone_stops_its_order_only(
    synced, settings, played, name, method, key, monkeypatch
):
    """
    A payment of a refunded order, or the return that took a ticket back.
    """
    player = played.player
    refunded = next(p for p in player.world.purchases if p.state == "cancelled")
    gone = f"{'PAY' if method == '_all_payments' else 'R'}{refunded.id}"
    rows = getattr(player, method)
    before = figures(synced)
    monkeypatch.setattr(
        player, method, lambda: [row for row in rows() if row[key] != gone]
    )
    result = attempt(synced, settings, full=True)
    assert (result.outcome, result.exit_code) == ("partial", 3)
    assert result.counts.quarantined == 1
    assert figures(synced) == before
    with synced.read() as session:
        ((_, id_, reason),) = sales.unread(session)
    assert id_ == f"O{refunded.id}"
    assert gone in reason
    monkeypatch.setattr(player, method, rows)
    recover(synced, settings, played, name)


@pytest.mark.parametrize("name", ["wix"])
def test_one_payment_that_is_gone_stops_its_order_only(
    synced, settings, played, name, monkeypatch
):
    player = played.player
    refunded = next(p for p in player.world.purchases if p.returned)
    others = [p for p in player.world.purchases if p is not refunded]
    respond = player.respond
    before = figures(synced)

    def lacking(asked):
        if "transactions" not in asked.path:
            return respond(asked)
        whole, player.world.purchases = player.world.purchases, others
        try:
            return respond(asked)
        finally:
            player.world.purchases = whole

    monkeypatch.setattr(player, "respond", lacking)
    result = attempt(synced, settings, full=True)
    assert (result.outcome, result.exit_code) == ("partial", 3)
    assert figures(synced) == before
    with synced.read() as session:
        ((_, _, reason),) = sales.unread(session)
    assert "refund" in reason
    monkeypatch.setattr(player, "respond", respond)
    recover(synced, settings, played, name)


@pytest.mark.parametrize("name", ["wix"])
def test_an_order_that_loses_its_invoice_stays_as_it_was(
    synced, settings, played, name
):
    before = figures(synced)
    played.player.lacks_invoices = True
    result = attempt(synced, settings, full=True)
    assert result.exit_code != 0
    assert figures(synced) == before
    played.player.lacks_invoices = False
    recover(synced, settings, played, name)


@pytest.mark.parametrize("name", ["wix"])
def test_orders_that_never_had_an_invoice_are_counted(database, settings, played, name):
    """
    One in seven: money, tickets and refunds are right; the tax is what is told of it.
    """
    played.player.lacks_invoices = True
    connect(database, name, played.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    run(database, settings)
    found, wanted = figures(database), expected(played, name)
    for date, row in wanted.items():
        for number in ("gross", "refunded", "tickets_sold", "net_before_fees"):
            assert found[date][number] == row[number], (date, number)


@pytest.mark.parametrize("name", ["square"])
def test_what_went_back_without_a_sale_is_named_and_no_shows(
    synced, settings, played, name
):
    with synced.read() as session:
        doubts = [(order, why) for _, order, why in sales.doubtful(session)]
    assert doubts == [
        ("STRAY1", "7.00 AUD went back without a sale"),
        ("STRAY2", "7.00 AUD went back without a sale"),
    ]
    same(figures(synced), expected(played, name))
