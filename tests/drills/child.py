"""
A process to be killed: one sync of the database in TICKETSYNC_HOME.

With `--bookmark-first` the protection is taken out: the place in the list is
committed before the page it stands for, which is how such tools usually lose orders.
"""

import sys
import time

from ticketsync.accounts import bookmarks
from ticketsync.core.config import Settings, SyncSettings
from ticketsync.store import engine
from ticketsync.workflows import orders, sync

save = orders._save_records


def bookmark_first(work, pages, progress, counts, *, keep_place=False, is_retry=False):
    if keep_place:
        place = pages[-1].bookmark
        with work.unit() as session:
            if place is None:
                bookmarks.drop(session, work.account.id, [orders.WINDOWS])
            else:
                bookmarks.put(session, work.account.id, orders.WINDOWS, {"": place})
        time.sleep(0.05)  # the gap, wide enough to be hit
    save(work, pages, progress, counts, is_retry=is_retry)


if "--bookmark-first" in sys.argv:
    orders._save_records = bookmark_first
settings = Settings(sync=SyncSettings(workers=3))
outcome = sync.sync(engine.open_database(), settings, sync.Request())
sys.exit(outcome.exit_code)
