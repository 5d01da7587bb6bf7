"""
Links that were just made. A link is shown on one page only; where its form is sent a
second time, that page shows it again and no other link is made, which nobody would see.
Held in memory, for some minutes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ticketsync.core import clock

KEPT_FOR: Final = timedelta(minutes=10)

Form = tuple[str, ...]  # who sent it, its id and what it held


@dataclass(slots=True)
class MadeLinks:
    """
    The links of one server. Safe to use from several threads.
    """

    _links: dict[Form, tuple[datetime, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get_or_make(self, form: Form, make: Callable[[], str]) -> str:
        """
        The link that was made for this form, or a new one.
        """
        now = clock.now()
        with self._lock:
            self._links = {
                known: (made_at, link)
                for known, (made_at, link) in self._links.items()
                if now - made_at < KEPT_FOR
            }
            if form not in self._links:
                self._links[form] = (now, make())
            return self._links[form][1]
