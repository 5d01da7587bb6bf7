"""
The main job: read what changed on the platforms and bring the figures up to date.

`run` goes over the accounts, `account` over the steps of one, `orders` over its pages:
each is fetched, parsed (`parse`, pure) and saved (`save_page`, one transaction). `plan`
decides what to read, `guards` what is not believed.
"""

from ticketsync.workflows.sync.replay import replay
from ticketsync.workflows.sync.run import (
    Outcome,
    Request,
    fetch_listing,
    sync,
    sync_dry,
)

__all__ = ["Outcome", "Request", "fetch_listing", "replay", "sync", "sync_dry"]
