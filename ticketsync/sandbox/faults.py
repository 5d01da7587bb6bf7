"""
Faults that the sandbox injects on request.

A fault is planned by name for the next `times` requests whose path starts with `path`,
after `skip` of them. Some faults take a value after a colon: `status:503`,
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
class HttpResponse:
    """
    A response about to be sent. A fault may change it or how it is sent.
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
    The planned faults, used up in the order they were planned.
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

    def apply(self, path: str, response: HttpResponse) -> HttpResponse:
        """
        The response after applying the first planned fault that matches the path.
        """
        with self._lock:
            chosen = next((p for p in self._plans if path.startswith(p.path)), None)
            if chosen is None:
                return response
            if chosen.skip > 0:
                chosen.skip -= 1
                return response
            chosen.times -= 1
            if chosen.times <= 0:
                self._plans.remove(chosen)
        name, _, value = chosen.fault.partition(":")
        return _FAULTS[name](response, value)


def _status(response: HttpResponse, value: str) -> HttpResponse:
    body = json.dumps({"error_code": "SANDBOX", "message": f"planned {value}"})
    return HttpResponse(int(value), body.encode(), {})


def _retry_after(response: HttpResponse, value: str) -> HttpResponse:
    return HttpResponse(429, b'{"message":"slow down"}', {"Retry-After": value})


def _truncate(response: HttpResponse, value: str) -> HttpResponse:
    return HttpResponse(response.status, response.body[: int(value)], response.headers)


def _cut_with_full_length(response: HttpResponse, value: str) -> HttpResponse:
    cut = _truncate(response, value)
    cut.headers["Content-Length"] = str(len(response.body))
    cut.claims_length = False
    return cut


def _replace_body(response: HttpResponse, value: str) -> HttpResponse:
    return HttpResponse(200, value.encode(), response.headers)


def _replace_text(response: HttpResponse, value: str) -> HttpResponse:
    """
    Replace the first occurrence of a piece of text: `instead:OLD|NEW`.
    """
    old, _, new = value.partition("|")
    body = response.body.replace(old.encode(), new.encode(), 1)
    return HttpResponse(response.status, body, response.headers)


def _html_page(response: HttpResponse, value: str) -> HttpResponse:
    page = b"<!doctype html><title>Maintenance</title><h1>Back soon</h1>"
    return HttpResponse(200, page, {"Content-Type": "text/html; charset=utf-8"})


def _redirect(response: HttpResponse, value: str) -> HttpResponse:
    return HttpResponse(302, b"", {"Location": value})


def _send_slowly(response: HttpResponse, value: str) -> HttpResponse:
    return HttpResponse(
        response.status, response.body, response.headers, float(value or 1)
    )


def _compression_bomb(response: HttpResponse, value: str) -> HttpResponse:
    packed = gzip.compress(b'{"data":["' + b"a" * (int(value) << 20) + b'"]}')
    return HttpResponse(200, packed, {"Content-Encoding": "gzip"})


def _change_records(response: HttpResponse, value: str) -> HttpResponse:
    """
    Change a field in every nth record: `records:3:status=part_transferred` changes
    every third. Without `=` the field is removed, with an empty value it is null.
    """
    every, _, change = value.partition(":")
    name, has_value, text = change.partition("=")
    page = json.loads(response.body)
    for n, record in enumerate(_get_records(page)):
        if n % int(every) == 0:
            if not has_value:
                record.pop(name, None)
            else:
                record[name] = json.loads(text) if text else None
    return HttpResponse(response.status, json.dumps(page).encode(), response.headers)


def _get_records(page: dict[str, Any]) -> list[dict[str, Any]]:
    """
    The list of records in a response, whichever key holds it.
    """
    lists = [value for value in page.values() if isinstance(value, list)]
    return next((rows for rows in lists if rows and isinstance(rows[0], dict)), [])


def _drop_records(response: HttpResponse, value: str) -> HttpResponse:
    """
    Keep only this percentage of the records and drop the link to the next page.
    """
    page = json.loads(response.body)
    rows = page["data"]
    page["data"] = rows[: len(rows) * int(value) // 100]
    page["links"]["next"] = None
    return HttpResponse(response.status, json.dumps(page).encode(), response.headers)


def _repeat_record(response: HttpResponse, value: str) -> HttpResponse:
    """
    Return the same record on every page, endlessly: `loop:or_1`.
    """
    page = {
        "data": [{"object": "order", "id": value}],
        "links": {"next": f"/orders?starting_after={value}", "previous": None},
    }
    return HttpResponse(200, json.dumps(page).encode(), response.headers)


def _change_next_link(response: HttpResponse, value: str) -> HttpResponse:
    page = json.loads(response.body)
    if page["links"]["next"]:
        page["links"]["next"] = value + page["links"]["next"]
    return HttpResponse(response.status, json.dumps(page).encode(), response.headers)


_FAULTS: dict[str, Callable[[HttpResponse, str], HttpResponse]] = {
    "status": _status,
    "retry-after": _retry_after,
    "cut": _truncate,
    "cut-short": _cut_with_full_length,
    "body": _replace_body,
    "instead": _replace_text,
    "html": _html_page,
    "redirect": _redirect,
    "drip": _send_slowly,
    "bomb": _compression_bomb,
    "records": _change_records,
    "drop": _drop_records,
    "loop": _repeat_record,
    "next-elsewhere": _change_next_link,
}
