"""
How a platform may misbehave, on demand.

A fault is planned by name for the next requests whose path begins with `path`; each
one spends one of its `times`. Names ending in a colon take a value: `status:503`,
`retry-after:-5`, `cut:120`.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """
    What is about to be sent.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    seconds_per_byte: float = 0.0
    claims_length: bool = True


@dataclass
class Plan:
    fault: str
    path: str = "/"
    times: int = 1
    skip: int = 0


class Faults:
    """
    The plans, spent in the order they were made.
    """

    def __init__(self) -> None:
        self._plans: list[Plan] = []
        self._lock = threading.Lock()

    def plan(self, plan: Plan) -> None:
        with self._lock:
            self._plans.append(plan)

    def clear(self) -> None:
        with self._lock:
            self._plans.clear()

    def spoil(self, path: str, answer: Answer) -> Answer:
        """
        The answer as the first fitting plan wants it.
        """
        with self._lock:
            chosen = next((p for p in self._plans if path.startswith(p.path)), None)
            if chosen is None:
                return answer
            if chosen.skip > 0:
                chosen.skip -= 1
                return answer
            chosen.times -= 1
            if chosen.times <= 0:
                self._plans.remove(chosen)
        name, _, value = chosen.fault.partition(":")
        return _FAULTS[name](answer, value)


def _status(answer: Answer, value: str) -> Answer:
    body = json.dumps({"error_code": "SANDBOX", "message": f"planned {value}"})
    return Answer(int(value), body.encode(), {})


def _retry_after(answer: Answer, value: str) -> Answer:
    return Answer(429, b'{"message":"slow down"}', {"Retry-After": value})


def _cut(answer: Answer, value: str) -> Answer:
    return Answer(answer.status, answer.body[: int(value)], answer.headers)


def _cut_short(answer: Answer, value: str) -> Answer:
    cut = _cut(answer, value)
    cut.headers["Content-Length"] = str(len(answer.body))
    cut.claims_length = False
    return cut


def _body(answer: Answer, value: str) -> Answer:
    return Answer(200, value.encode(), answer.headers)


def _instead(answer: Answer, value: str) -> Answer:
    """
    One piece of text instead of another, where it first stands: `instead:OLD|NEW`.
    """
    old, _, new = value.partition("|")
    body = answer.body.replace(old.encode(), new.encode(), 1)
    return Answer(answer.status, body, answer.headers)


def _html(answer: Answer, value: str) -> Answer:
    page = b"<!doctype html><title>Maintenance</title><h1>Back soon</h1>"
    return Answer(200, page, {"Content-Type": "text/html; charset=utf-8"})


def _redirect(answer: Answer, value: str) -> Answer:
    return Answer(302, b"", {"Location": value})


def _drip(answer: Answer, value: str) -> Answer:
    return Answer(answer.status, answer.body, answer.headers, float(value or 1))


def _bomb(answer: Answer, value: str) -> Answer:
    packed = gzip.compress(b'{"data":["' + b"a" * (int(value) << 20) + b'"]}')
    return Answer(200, packed, {"Content-Encoding": "gzip"})


def _records(answer: Answer, value: str) -> Answer:
    """
    Change a field in some records: `records:3:status=part_transferred` every third;
    without `=` the field is taken out, with an empty value it is null.
    """
    every, _, change = value.partition(":")
    name, has_value, text = change.partition("=")
    page = json.loads(answer.body)
    for n, record in enumerate(_rows(page)):
        if n % int(every) == 0:
            if not has_value:
                record.pop(name, None)
            else:
                record[name] = json.loads(text) if text else None
    return Answer(answer.status, json.dumps(page).encode(), answer.headers)


def _rows(page: dict[str, Any]) -> list[dict[str, Any]]:
    """
    The list of records in an answer, whatever a platform calls it.
    """
    lists = [value for value in page.values() if isinstance(value, list)]
    return next((rows for rows in lists if rows and isinstance(rows[0], dict)), [])


def _drop(answer: Answer, value: str) -> Answer:
    """
    Keep only that many percent of the records, and no further pages.
    """
    page = json.loads(answer.body)
    rows = page["data"]
    page["data"] = rows[: len(rows) * int(value) // 100]
    page["links"]["next"] = None
    return Answer(answer.status, json.dumps(page).encode(), answer.headers)


def _loop(answer: Answer, value: str) -> Answer:
    """
    The same record for ever: `loop:or_1`.
    """
    page = {
        "data": [{"object": "order", "id": value}],
        "links": {"next": f"/orders?starting_after={value}", "previous": None},
    }
    return Answer(200, json.dumps(page).encode(), answer.headers)


def _next_elsewhere(answer: Answer, value: str) -> Answer:
    page = json.loads(answer.body)
    if page["links"]["next"]:
        page["links"]["next"] = value + page["links"]["next"]
    return Answer(answer.status, json.dumps(page).encode(), answer.headers)


_FAULTS: dict[str, Callable[[Answer, str], Answer]] = {
    "status": _status,
    "retry-after": _retry_after,
    "cut": _cut,
    "cut-short": _cut_short,
    "body": _body,
    "instead": _instead,
    "html": _html,
    "redirect": _redirect,
    "drip": _drip,
    "bomb": _bomb,
    "records": _records,
    "drop": _drop,
    "loop": _loop,
    "next-elsewhere": _next_elsewhere,
}
