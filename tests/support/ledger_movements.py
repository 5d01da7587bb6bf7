"""
Movements of money as tests of the ledger write them.
"""

from datetime import date

from ticketsync.ledger.projection import Movement


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
