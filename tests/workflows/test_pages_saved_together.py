"""
An order on two pages that are saved together is counted once.
"""

from support.ticket_tailor_account import figures, truth

from ticketsync.accounts.runs import Counts
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync import save_page
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.sync.save_page import OrderStore


def test_an_order_on_two_of_them_is_new_once_and_unchanged_once(
    adopted, sandbox, settings, monkeypatch
):
    save = OrderStore.save

    def save_all_twice(self, pages, **options):
        save(self, [*pages, *pages], **options)

    monkeypatch.setattr(OrderStore, "save", save_all_twice)
    monkeypatch.setattr(save_page, "PAGES_TOGETHER", 100)
    (result,) = sync.sync(adopted, settings, Request()).results
    loose = len(sandbox.world.tickets_without_order)
    assert result.counts == Counts(
        processed=300 + 300 + loose, created=300 + loose, unchanged=300
    )
    assert figures(adopted) == truth(sandbox)
