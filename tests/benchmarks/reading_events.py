"""
Reading alone, event by event: `python reading_events.py URL KEY WORKERS`.

A platform that has no list over all events (Humanitix) is asked for each of them, two
lists an event; nothing is saved, and no call budget holds it back.
"""

import sys

from ticketsync.core.parallel import side_by_side
from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient
from ticketsync.providers.humanitix import Humanitix


def main():
    url, key, workers = sys.argv[1:]
    api = ApiClient(
        url,
        account="bench",
        platform="Humanitix",
        headers=Humanitix.spec.authenticate(Secret(key), {}),
    )
    provider = Humanitix(api, {})
    events = [raw["_id"] for page in provider.fetch_events() for raw in page.records]

    def reader(event):
        return lambda: provider.fetch_orders(event, None)

    orders = sum(
        len(page.records)
        for page in side_by_side(map(reader, events), workers=int(workers))
    )
    print(len(events), orders)


if __name__ == "__main__":
    main()
