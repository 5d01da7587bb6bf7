"""
Reads every order of a sandbox and keeps nothing. `python reading.py URL READERS`.

With one reader the list is walked page by page; with more, in time windows.
"""

import json
import sys
import time

from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient
from ticketsync.providers.authentication import key_as_basic_user
from ticketsync.providers.base import OrderEstimate
from ticketsync.providers.ticket_tailor import TicketTailor

KEY = "sk_1001_2002_sandbox"


def main():
    url, readers = sys.argv[1], int(sys.argv[2])
    api = ApiClient(
        url,
        account="bench",
        platform="Ticket Tailor",
        headers=key_as_basic_user(Secret(KEY), {}),
    )
    provider = TicketTailor(api, {})
    dates = [
        date
        for page in provider.fetch_events()
        for raw in page.records
        for date in provider.parse_event(raw).occurrences
    ]
    begins = min(date.listed_at.timestamp() for date in dates)
    ends = time.time()
    orders = sum(date.ordered for date in dates)
    step = (ends - begins) / max(1, readers - 1)
    cuts = [int(begins + n * step) for n in range(readers)] if readers > 1 else []
    found = set()
    for page in provider.fetch_all_orders(
        None, OrderEstimate(orders, cuts), workers=readers
    ):
        found.update(raw["id"] for raw in page.records)
    print(json.dumps({"orders": len(found), "requests": api.requests}))


if __name__ == "__main__":
    main()
