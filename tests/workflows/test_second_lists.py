"""
What an order is made of comes in several lists. One row that is gone from them takes
neither refunds nor fees away: its order is set aside by name, and the rest is read.
What happens when a whole list collapses is in `test_collapse`.
"""

import pytest
from support.platform_accounts import (
    adopt,
    attempt,
    connect,
    expected,
    figures,
    recover,
    run,
    same,
)

from ticketsync.reporting import waiting_records
from ticketsync.workflows.sync import run as sync


@pytest.fixture
def database(sqlite):
    """
    What a row says has nothing to do with the kind of database.
    """
    return sqlite


@pytest.mark.parametrize(
    ("name", "method", "key"),
    [("square", "_all_payments", "id"), ("square", "_orders", "id")],
)
def test_one_row_that_is_gone_stops_its_order_only(
    synced, settings, fake_server, name, method, key, monkeypatch
):
    """
    A payment of a refunded order, or the return that took a ticket back.
    """
    fake_platform = fake_server.platform
    refunded = next(p for p in fake_platform.world.purchases if p.state == "cancelled")
    gone = f"{'PAY' if method == '_all_payments' else 'R'}{refunded.id}"
    rows = getattr(fake_platform, method)
    before = figures(synced)
    monkeypatch.setattr(
        fake_platform, method, lambda: [row for row in rows() if row[key] != gone]
    )
    result = attempt(synced, settings, full=True)
    assert (result.outcome, result.exit_code) == ("partial", 3)
    assert result.counts.quarantined == 1
    assert figures(synced) == before
    with synced.read() as connection:
        ((_, id_, reason),) = waiting_records.list_quarantined(connection)
    assert id_ == f"O{refunded.id}"
    assert gone in reason
    monkeypatch.setattr(fake_platform, method, rows)
    recover(synced, settings, fake_server, name)


@pytest.mark.parametrize("name", ["wix"])
def test_one_payment_that_is_gone_stops_its_order_only(
    synced, settings, fake_server, name, monkeypatch
):
    fake_platform = fake_server.platform
    refunded = next(p for p in fake_platform.world.purchases if p.refunded)
    others = [p for p in fake_platform.world.purchases if p is not refunded]
    respond = fake_platform.respond
    before = figures(synced)

    def lacking(request):
        if "transactions" not in request.path:
            return respond(request)
        whole, fake_platform.world.purchases = fake_platform.world.purchases, others
        try:
            return respond(request)
        finally:
            fake_platform.world.purchases = whole

    monkeypatch.setattr(fake_platform, "respond", lacking)
    result = attempt(synced, settings, full=True)
    assert (result.outcome, result.exit_code) == ("partial", 3)
    assert figures(synced) == before
    with synced.read() as connection:
        ((_, _, reason),) = waiting_records.list_quarantined(connection)
    assert "refund" in reason
    monkeypatch.setattr(fake_platform, "respond", respond)
    recover(synced, settings, fake_server, name)


@pytest.mark.parametrize("name", ["wix"])
def test_an_order_that_loses_its_invoice_stays_as_it_was(
    synced, settings, fake_server, name
):
    before = figures(synced)
    fake_server.platform.lacks_invoices = True
    result = attempt(synced, settings, full=True)
    assert result.exit_code != 0
    assert figures(synced) == before
    fake_server.platform.lacks_invoices = False
    recover(synced, settings, fake_server, name)


@pytest.mark.parametrize("name", ["wix"])
def test_orders_that_never_had_an_invoice_are_counted(
    database, settings, fake_server, name
):
    """
    One in seven: money, tickets and refunds are right; the tax is what is reported.
    """
    fake_server.platform.lacks_invoices = True
    connect(database, name, fake_server.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    run(database, settings)
    found, wanted = figures(database), expected(fake_server, name)
    for date, row in wanted.items():
        for number in ("gross", "refunded", "tickets_sold", "net_before_fees"):
            assert found[date][number] == row[number], (date, number)


@pytest.mark.parametrize("name", ["square"])
def test_what_went_back_without_a_sale_is_named_and_no_shows(
    synced, settings, fake_server, name
):
    with synced.read() as connection:
        doubts = [
            (order, why)
            for _, order, why in waiting_records.list_discrepancies(connection)
        ]
    assert doubts == [
        ("STRAY1", "7.00 AUD went back without a sale"),
        ("STRAY2", "7.00 AUD went back without a sale"),
    ]
    same(figures(synced), expected(fake_server, name))
