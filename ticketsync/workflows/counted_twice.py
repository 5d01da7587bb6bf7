"""
Orders that the report folders of two accounts have both brought and that count twice,
for whoever says what waits. New ones are set aside when they are read
(`sync.sold_elsewhere`); these were saved before.

Loading the provider takes longer than all else that `status` does, so it is asked only
where the database has such orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from ticketsync.accounts import pins, state
from ticketsync.accounts.state import AccountState
from ticketsync.core import errors, file_options, money
from ticketsync.core.redact import Secret, safe
from ticketsync.core.settings.config import Settings
from ticketsync.reporting.waiting_kinds import COUNTED_TWICE, Waiting
from ticketsync.sales import stored_twice
from ticketsync.sales.stored_twice import StoredTwice


def list_waiting(connection: Connection, settings: Settings) -> list[Waiting]:
    """
    The orders that count twice, those that were dismissed included.
    """
    by_provider: dict[str, list[AccountState]] = {}
    for account in state.list_accounts(connection):
        if file_options.named_files(account.options):
            by_provider.setdefault(account.provider, []).append(account)
    return [
        _waiting(item)
        for siblings in by_provider.values()
        if len(siblings) > 1
        for item in _find(connection, settings, siblings)
    ]


def _find(
    connection: Connection, settings: Settings, siblings: Sequence[AccountState]
) -> Iterator[StoredTwice]:
    found = stored_twice.find_stored_twice(connection, [it.id for it in siblings])
    accounts = {account.name: account for account in siblings}
    known: dict[tuple[str, str], bool] = {}
    for item in found:
        pair = item.first.account, item.second.account
        if pair not in known:
            first, second = (accounts[name] for name in pair)
            known[pair] = _may_be_one(first, second, settings)
        if known[pair]:
            yield item


def _may_be_one(first: AccountState, second: AccountState, settings: Settings) -> bool:
    """
    Whether the reports are of one platform and nobody has said that such orders are
    other sales: what is asked where the second account reads one. A recipe that cannot
    be read, or that nobody confirmed, says nothing.
    """
    from ticketsync.providers import registry
    from ticketsync.providers.report_folder import ReadsReports
    from ticketsync.workflows.accounts.account_client import client

    if not (pins.is_confirmed(first) and pins.is_confirmed(second)):
        return True
    try:
        kind = registry.provider(second.provider)
        api = client(
            *(kind.spec, second.name, None, Secret(""), second.options, settings, ""),
        )
        try:
            provider = kind(api, second.options)
            if not isinstance(provider, ReadsReports):
                return False
            is_one = provider.order_numbers_of(first.options) is not None
            return is_one and provider.shared_orders() != "count"
        finally:
            api.close()
    except errors.TicketsyncError:
        return True


def _waiting(item: StoredTwice) -> Waiting:
    first, second = item.first.account, item.second.account
    sale = item.second.sale
    amount = money.text_with_currency(sale.charged, sale.currency)
    return Waiting(
        COUNTED_TWICE,
        f"{second}/{sale.id}",
        f"accounts {first!r} and {second!r} both hold order {safe(sale.id)} "
        f"({safe(sale.show)}, {sale.day}): counted twice, {amount}",
        version=f"{first} {amount}",
        to_do="give its rows in one of the two folders a status that the recipe maps "
        f"to `cancelled`; if they are two sales, `shared_orders: count` in the recipe "
        f"of {second!r}",
    )
