"""
Odd records: what a platform sends now and then of one event, organisation, location or
region, until somebody repairs it there. See `KINDS` and `REFUSALS`.

Written from the platforms' documentation. A fault of `faults` is used up by requests;
an odd record stays until `repair`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ticketsync.sandbox.fake_platform import ApiRequest
from ticketsync.sandbox.faults import HttpResponse

HALF_AN_EMOJI = "\ud83d"
NUL = "\0"
NO_ADDRESS = "http://["
OPEN_BRACKET = "https://[x/"
LINE_BREAK = "\r\nX-Injected: 1\r\n"
LONG_ID_LENGTH = 200_000
Path = tuple[str, ...]
Row = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """
    Where a platform's listing has what an odd record changes: the list, its rows' id,
    and the fields of a row. `local` is the local time and one that contradicts the
    instant; `draft` makes a row a draft. `None` where the platform has no such thing.
    """

    rows: str
    id: str
    name: Path
    address: Path
    zone: Path | None = None
    local: tuple[Path, str] | None = None
    draft: tuple[Path, Any] | None = None


SHAPES: Mapping[str, Shape] = {
    "ticket_tailor": Shape(
        "data",
        "id",
        ("name",),
        ("url",),
        zone=("timezone",),
        local=(("start", "time"), "03:17"),
        draft=(("status",), "draft"),
    ),
    "eventbrite": Shape(
        "events",
        "id",
        ("name", "text"),
        ("url",),
        zone=("start", "timezone"),
        local=(("start", "local"), "2026-09-20T03:17:00"),
        draft=(("status",), "draft"),
    ),
    "humanitix": Shape(
        "events",
        "_id",
        ("name",),
        ("url",),
        zone=("timezone",),
        draft=(("published",), False),
    ),
    "wix": Shape(
        "events",
        "id",
        ("title",),
        ("eventPageUrl", "base"),
        zone=("dateAndTimeSettings", "timeZoneId"),
        draft=(("status",), "DRAFT"),
    ),
    # Its times are words in names: the clocks skip this one.
    "square": Shape(
        "objects",
        "id",
        ("item_data", "name"),
        ("item_data", "ecom_uri"),
        local=(("item_data", "name"), "Gala 4 Oct 2026 2:30am"),
    ),
}


def _nameless(row: Row, shape: Shape) -> None:
    _set(row, shape.name, None)
    _make_draft(row, shape)


def _zoneless(row: Row, shape: Shape) -> None:
    assert shape.zone is not None
    _set(row, shape.zone, None)
    _make_draft(row, shape)


def _contradicting(row: Row, shape: Shape) -> None:
    assert shape.local is not None
    _set(row, *shape.local)


def _with_text(text: str) -> Callable[[Row, Shape], None]:
    def change(row: Row, shape: Shape) -> None:
        _set(row, shape.name, f"{_get(row, shape.name)} {text}")

    return change


def _with_address(row: Row, shape: Shape) -> None:
    _set(row, shape.address, NO_ADDRESS)


def _hostile(row: Row, shape: Shape) -> None:
    """
    Everything at once that a title and an address can hold.
    """
    for text in (HALF_AN_EMOJI, NUL, LINE_BREAK):
        _with_text(text)(row, shape)
    _set(row, shape.address, OPEN_BRACKET)


# What happens to the event in the listing.
KINDS: Mapping[str, Callable[[Row, Shape], None]] = {
    "nameless draft": _nameless,
    "zoneless draft": _zoneless,
    "contradicting time": _contradicting,
    "half an emoji": _with_text(HALF_AN_EMOJI),
    "nul": _with_text(NUL),
    "no address": _with_address,
}
# What can be done to every event at once, beside what is done to one.
HOSTILE = "hostile"
# An event that is listed in addition, under an id that no platform gives.
LONG_ID = "long id"
# What is answered instead of its orders, or of a part of the account.
REFUSALS = {"forbidden": 403, "unknown": 404}


def can_be_odd(platform: str, kind: str) -> bool:
    """
    Whether a platform's events can be odd in that way.
    """
    shape = SHAPES[platform]
    if kind == "zoneless draft":
        return shape.zone is not None
    if kind == "contradicting time":
        return shape.local is not None
    return kind not in REFUSALS or platform != "square"  # it lists orders by location


@dataclass
class OddRecord:
    """
    `kind` of `KINDS` or `REFUSALS`, `HOSTILE` or `LONG_ID`; `event` is the platform's
    id of an event, or with `is_part` of an organisation, location or region that is
    refused.
    """

    platform: str
    kind: str
    event: str
    is_part: bool = False


@dataclass
class OddRecords:
    """
    The odd records that are not repaired yet.
    """

    records: list[OddRecord] = field(default_factory=list)

    def plan(self, record: OddRecord) -> None:
        self.records.append(record)

    def repair(self) -> None:
        self.records.clear()

    def apply(
        self, platform: str, request: ApiRequest, response: HttpResponse
    ) -> HttpResponse:
        """
        The response with every odd record of that platform.
        """
        for record in self.records:
            if record.platform != platform:
                continue
            if record.kind in REFUSALS:
                is_hit = _is_part_of if record.is_part else _is_about_orders_of
                if is_hit(record, request):
                    return _refusal(platform, REFUSALS[record.kind])
            else:
                response = _changed(record, response)
        return response


def _changed(record: OddRecord, response: HttpResponse) -> HttpResponse:
    shape = SHAPES[record.platform]
    if response.status != 200 or record.event.encode() not in response.body:
        return response
    page = json.loads(response.body)
    rows = page.get(shape.rows)
    found = [
        row
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and row.get(shape.id) == record.event
    ]
    for row in found:
        if record.kind == LONG_ID:
            rows.append(_with_long_id(row, shape))
        elif record.kind == HOSTILE:
            _hostile(row, shape)
        else:
            KINDS[record.kind](row, shape)
    if not found:
        return response
    return HttpResponse(200, json.dumps(page).encode(), response.headers)


def _with_long_id(row: Row, shape: Shape) -> Row:
    """
    A copy of the event, its dates included, with an id of random characters: an index
    would compress equal ones.
    """
    made = random.Random(1)  # nosec B311  # the same one each time
    letters = made.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=LONG_ID_LENGTH)
    copy: Row = json.loads(json.dumps(row))
    copy[shape.id] = "".join(letters)
    return copy


def _is_about_orders_of(record: OddRecord, request: ApiRequest) -> bool:
    """
    Whether a request asks for the orders, tickets or attendees of that event.
    """
    if record.event in (request.get("event_id"), request.get("eventId")):
        return True
    *before, last = request.segments or [""]
    return record.event in before and last in ("orders", "tickets", "attendees")


def _is_part_of(record: OddRecord, request: ApiRequest) -> bool:
    """
    Whether a request is for that organisation, location or region.
    """
    body = request.body if isinstance(request.body, dict) else {}
    named = (request.get("location_id"), request.get("overrideLocation"))
    return (
        request.segments[:2] == ["organizations", record.event]
        or record.event in named
        or record.event in body.get("location_ids", ())
    )


def _refusal(platform: str, status: int) -> HttpResponse:
    """
    How a platform says 403 or 404.
    """
    word = "NOT_FOUND" if status == 404 else "FORBIDDEN"
    bodies: Mapping[str, Row] = {
        "ticket_tailor": {"status": status, "error_code": word, "message": "no"},
        "eventbrite": {
            "status_code": status,
            "error": word if status == 404 else "NOT_AUTHORIZED",
            "error_description": "You do not have permission.",
        },
        "humanitix": {"statusCode": status, "error": word.title(), "message": "no"},
        "wix": {"message": "no", "details": {"applicationError": {"code": word}}},
        "square": {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": word}]},
    }
    return HttpResponse(status, json.dumps(bodies[platform]).encode())


def _make_draft(row: Row, shape: Shape) -> None:
    if shape.draft is not None:
        _set(row, *shape.draft)


def _get(row: Row, path: Path) -> Any:
    value: Any = row
    for name in path:
        value = value[name]
    return value


def _set(row: Row, path: Path, value: Any) -> None:
    *before, last = path
    _get(row, tuple(before))[last] = value
