"""
Movements of money as tests of the ledger write them, and what entries come to.
"""

from datetime import date

from ticketsync.ledger.projection import Movement


def balances_of(entries):
    """
    What entries of one currency leave on each account of the books, in minor units;
    without those that come to nothing.
    """
    sums = {}
    for entry in entries:
        for name, amount in entry.postings.items():
            sums[name] = sums.get(name, 0) + amount
    return {name: amount for name, amount in sums.items() if amount}


def moved(kind, amount, day, show_id, currency="AUD", **more):
    """
    What an order of the account `tt` moved for a show (our id), in minor units.
    """
    return Movement(
        kind=kind,
        account="tt",
        day=date.fromisoformat(day),
        show_id=show_id,
        currency=currency,
        amount=amount,
        **more,
    )
