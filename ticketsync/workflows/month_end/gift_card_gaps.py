"""
What books cannot say of gift cards, because a platform does not report it, or because
nobody recorded what was paid for a voucher of our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.boxoffice import vouchers
from ticketsync.core.plurals import joined
from ticketsync.core.redact import safe
from ticketsync.ledger.projection import Movement
from ticketsync.providers import registry


@dataclass(frozen=True, slots=True)
class GiftCardGaps:
    """
    Accounts whose gift cards are payments like any other, and those that say what gift
    cards paid and not which ones they sold; whether vouchers of our own have paid that
    nobody recorded as sold.
    """

    as_payments: tuple[str, ...] = ()
    only_paid: tuple[str, ...] = ()
    has_unsold: bool = False

    def sentences(self) -> list[str]:
        found = []
        if self.as_payments:
            names = joined(map(safe, self.as_payments))
            found.append(
                f"{names}: what gift cards were sold, and what they paid, is not "
                "reported apart, so that neither is in Liabilities:Vouchers."
            )
        if self.only_paid:
            names = joined(map(safe, self.only_paid))
            found.append(
                f"{names}: what gift cards paid is taken off Liabilities:Vouchers; "
                "what they were sold for is not reported and in no entry."
            )
        if self.has_unsold:
            found.append(
                "Vouchers of your box office have paid that were made without --cash "
                "or --card: what they were sold for is in no entry."
            )
        return found


def find_gaps(
    connection: Connection, moved: Iterable[Movement], providers: Mapping[str, str]
) -> GiftCardGaps:
    """
    The gaps of books that these movements are in; `providers` are those of the accounts
    by their names.
    """
    accounts: set[str] = set()
    with_vouchers: set[str] = set()
    for item in moved:
        accounts.add(item.account)
        if item.voucher:
            with_vouchers.add(item.account)
    found = {name: registry.find_spec(providers[name]) for name in sorted(accounts)}
    specs = {name: spec for name, spec in found.items() if spec}
    paying = {name: spec for name, spec in specs.items() if name in with_vouchers}
    return GiftCardGaps(
        tuple(n for n, spec in specs.items() if spec.gift_cards == "payments"),
        tuple(n for n, spec in paying.items() if spec.gift_cards == "paid"),
        any(spec.is_ours for spec in paying.values())
        and vouchers.has_unsold(connection),
    )
