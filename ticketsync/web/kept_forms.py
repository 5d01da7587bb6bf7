"""
Forms that were sent after their session had ended: what was typed waits until its
person has signed in again. Secrets are never kept. Held in memory, for half an hour.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from ticketsync.core import clock, web_address
from ticketsync.core.digest import token_digest

COOKIE: Final = "ticketsync_kept"
KEPT_FOR: Final = timedelta(minutes=30)
PEOPLE: Final = 1000  # sessions of which it is known whose they were, the newest
KEPT: Final = 200  # forms, the newest
LONGEST_PAGE: Final = 1000
MOST_VALUES: Final = 300  # of a form; each takes far more memory than its bytes
# The fields that hold secrets; a test compares them with all password fields.
SECRET_FIELDS: Final = frozenset({"key", "password", "client_secret"})


@dataclass(frozen=True, slots=True)
class KeptForm:
    """
    What was typed: on which page, for which address, the values of each field, and by
    whom, as `person_of` says it.
    """

    page: str
    action: str
    fields: Mapping[str, Sequence[str]]
    typed_by: str = ""


@dataclass(slots=True)
class KeptForms:
    """
    The forms of one server. Safe to use from several threads.
    """

    _forms: dict[str, tuple[datetime, KeptForm]] = field(default_factory=dict)
    _people: dict[bytes, str] = field(default_factory=dict)  # by digest of the session
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def remember(self, token: str, person: str) -> None:
        """
        Whose session this is: once it has ended, nothing else says so.
        """
        session = token_digest(token)
        with self._lock:
            self._people.pop(session, None)
            self._people[session] = person
            for old in list(self._people)[: max(0, len(self._people) - PEOPLE)]:
                del self._people[old]

    def whose(self, token: str) -> str | None:
        """
        The person whose session this was; `None` where that is not known.
        """
        with self._lock:
            return self._people.get(token_digest(token))

    def keep(self, form: KeptForm) -> str:
        """
        Keep a form without its secrets; returns the id by which it is found again.
        """
        fields = {n: v for n, v in form.fields.items() if n not in SECRET_FIELDS}
        kept = replace(form, fields=fields)
        id_ = secrets.token_urlsafe(16)
        with self._lock:
            self._forms[id_] = (clock.now(), kept)
            for old in list(self._forms)[: max(0, len(self._forms) - KEPT)]:
                del self._forms[old]
        return id_

    def find(self, id_: str) -> KeptForm | None:
        with self._lock:
            kept_at, form = self._forms.get(id_, (None, None))
        if kept_at is None or clock.now() - kept_at > KEPT_FOR:
            return None
        return form

    def find_of(self, id_: str, person: str) -> KeptForm | None:
        """
        The form, if this person typed it.
        """
        form = self.find(id_)
        return form if form is not None and form.typed_by == person else None

    def take(self, id_: str, path: str, person: str) -> KeptForm | None:
        """
        The form, if this person typed it on the page at this path; it is given once.
        """
        form = self.find_of(id_, person)
        if form is None or form.page.partition("?")[0] != path:
            return None
        with self._lock:
            self._forms.pop(id_, None)
        return form


def person_of(role: str, name: str) -> str:
    """
    Who holds a pass: people differ by role and name.
    """
    return f"{role}:{name}"


def is_too_long(fields: Mapping[str, Sequence[str]]) -> bool:
    """
    Whether a form has more values than are kept; anybody may send one.
    """
    return sum(len(values) for values in fields.values()) > MOST_VALUES


def page_of(referrer: str, origin: str) -> str:
    """
    The page that a form stood on, as a path with its query; the front page if it was
    none of ours.
    """
    found = referrer.removeprefix(origin)
    is_ours = found != referrer and found.startswith("/")
    if not is_ours or found.startswith("//") or len(found) > LONGEST_PAGE:
        return "/"
    parts = web_address.split(found)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
