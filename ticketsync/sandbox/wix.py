"""
A fake Wix Events, written from its documents.

A raw key and the site's id in the headers, orders that are empty without fieldsets,
five kinds of envelope, refunds that change only the transaction, one event per
performance. A filter is honoured or refused with Wix's own error; `wix_records` builds
the records.

Assumed, since the documents do not say: the default page size of events and guests is
fifty; `count-by-status` returns `items` of status and count; orders have the facets
`status` and `eventId`, which count the orders that match the filters.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ticketsync.sandbox import wix_records as records
from ticketsync.sandbox.fake_platform import (
    ApiRequest,
    ApiResponse,
    json_response,
    unix_seconds,
)
from ticketsync.sandbox.season import Performance, Purchase
from ticketsync.sandbox.wix_records import SITE
from ticketsync.sandbox.world import ZONE, PlatformProfile, World

KEY = "IST.sandbox-wix-key-0000000000000001"
USUAL_PAGE = 50
LONGEST_PAGE = 1000
SHORT_PAGE = 100
EVENT_FIELDS = (
    *("DETAILS", "TEXTS", "REGISTRATION", "URLS", "FORM", "DASHBOARD", "FEED"),
    *("ONLINE_CONFERENCING_SESSION", "SEO_SETTINGS", "AGENDA", "CATEGORIES"),
)
EVENT_DATES = (
    *("createdDate", "updatedDate"),
    *("dateAndTimeSettings.startDate", "dateAndTimeSettings.endDate"),
)
EVENT_SORTS = (*EVENT_DATES, "slug", "title", "id")
EVENT_FILTERS = (
    *(*EVENT_SORTS, "status", "userId", "registration.initialType"),
    *("recurringEvents.categoryId",),
)
GUEST_DATES = ("createdDate", "updatedDate", "attendanceStatusUpdatedDate")
GUEST_FILTERS = (
    *(*GUEST_DATES, "eventId", "orderNumber", "ticketNumber", "contactId"),
    *("memberId", "rsvpId", "attendanceStatus", "guestType"),
)
ORDER_STATUSES = (
    *("NA_ORDER_STATUS", "FREE", "PENDING", "PAID", "OFFLINE_PENDING", "INITIATED"),
    *("CANCELED", "DECLINED", "AUTHORIZED", "VOIDED", "PARTIALLY_PAID"),
)
FIELDSETS = ("DETAILS", "INVOICE", "TICKETS", "FORM")
TICKET_FIELDSETS = ("TICKET_DETAILS", "GUEST_DETAILS", "GUEST_FORM")

PROFILE = PlatformProfile(
    platform="wix",
    production_ids=(3001, 3003),
    has_extras=False,
    has_seat_fees=False,
    order_fee=records.charged_fee,
    has_imports=False,
    mutations=("refund_all", "cancel", "void_seat", "refund_small_amount"),
    provider_occurrence_id=records.event_id,
    apply_rare_states=records.apply_rare_states,
)

Row = dict[str, Any]


def _has_entered(purchase: Purchase) -> bool:
    return all(seat.is_checked_in or seat.is_void for seat in purchase.seats)


TAGS: dict[str, Callable[[Purchase], bool]] = {
    "CONFIRMED": records.has_tickets,
    "UNCONFIRMED": lambda purchase: not records.has_tickets(purchase),
    "MEMBER": lambda _: False,
    "ARCHIVED": lambda purchase: purchase.rare_state == "ARCHIVED",
    "NON_ARCHIVED": lambda purchase: purchase.rare_state != "ARCHIVED",
    "FULLY_CHECKED_IN": _has_entered,
    "NOT_FULLY_CHECKED_IN": lambda purchase: not _has_entered(purchase),
}
FACETS: dict[str, Callable[[Purchase], str]] = {
    "status": records.status_of,
    "eventId": lambda purchase: records.event_id(purchase.performance),
}
TICKET_STATES: dict[str, Callable[[Row], bool]] = {
    "ORDER_ARCHIVED": lambda ticket: ticket["orderArchived"],
    "ORDER_ACTIVE": lambda ticket: not ticket["orderArchived"],
    "TICKET_ARCHIVED": lambda ticket: ticket["archived"],
    "TICKET_ACTIVE": lambda ticket: not ticket["archived"],
    "CHECKED_IN": lambda ticket: "checkIn" in ticket,
    "NON_CHECKED_IN": lambda ticket: "checkIn" not in ticket,
    "FREE": lambda ticket: ticket["free"],
    "PAID": lambda ticket: not ticket["free"],
    "MEMBER": lambda _: False,
}


class Refused(Exception):
    """
    A request that Wix refuses: the offending field, the problem and the violated rule.
    """

    def __init__(self, field: str, problem: str, rule: str = "OTHER") -> None:
        super().__init__(problem)
        self.violation = {
            "field": field,
            "description": problem,
            "violatedRule": rule,
            "ruleName": None,
        }


@dataclass
class Wix:
    """
    Serves one world. With `lacks_invoices`, one order in seven has no invoice.

    Ticket definitions are at one of two addresses, the other one answers 404; with
    `may_read_definitions` off, the key lacks the permission for them.
    """

    world: World
    key: str = KEY
    limit: int = 200
    limit_seconds: int = 60
    name: str = "wix"
    prefix: str = "/wix"
    is_installed: bool = True
    lacks_invoices: bool = False
    definitions_at: tuple[str, ...] = ("events",)
    may_read_definitions: bool = True
    site: str = SITE
    app_instance: str = records.APP_INSTANCE

    def invalidate(self) -> None:
        """
        Do nothing: every request renders from the world.
        """

    def rate_limit_response(self, seconds: str) -> ApiResponse:
        return json_response({"message": "", "details": {}}, 429)

    def respond(self, request: ApiRequest) -> ApiResponse:
        if request.headers.get("Authorization") != self.key:
            return json_response({"message": "", "details": {}}, 401)
        if request.headers.get("wix-site-id") != self.site:
            return json_response({"message": "", "details": {}}, 403)
        try:
            return self._route(request)
        except Refused as refused:
            return _validation_error([refused.violation])
        except (KeyError, TypeError, ValueError, AttributeError):
            return _validation_error([])

    def _route(self, request: ApiRequest) -> ApiResponse:
        match (request.method, *request.segments):
            case ("GET", "site-properties", "v4", "properties"):
                site = {
                    "siteDisplayName": "lantern",
                    "businessName": "The Lantern Room",
                    "paymentCurrency": "AUD",
                    "timeZone": ZONE,
                }
                return json_response({"version": "1", "properties": site})
            case ("GET", "payments", "v2", "transactions"):
                return self._list_transactions(request)
            case ("POST", "payments", "refunds", "v1", "refunds", "query"):
                return self._query_refunds(request.body)
        if not self.is_installed:
            error = {"code": "WIX_EVENTS_APP_NOT_INSTALLED", "description": "no app"}
            details = {"applicationError": error}
            return json_response({"message": "not installed", "details": details}, 428)
        match (request.method, *request.segments):
            case (_, "events", "v3", "events", *_):
                return self._route_events(request)
            case ("POST", service, "v3", "ticket-definitions", "query") if (
                service in self.definitions_at
            ):
                if not self.may_read_definitions:
                    return json_response({"message": "", "details": {}}, 403)
                return self._query_definitions(request.body)
            case ("POST", "events", "v2", "guests", "query"):
                return self._query_guests(request.body)
            case ("GET", "events", "v1", "tickets"):
                return self._list_tickets(request)
            case ("GET", "events", "v1", "tickets", number):
                for purchase in self.world.purchases:
                    for ticket in records.tickets(purchase):
                        if ticket["ticketNumber"] == number:
                            return json_response({"ticket": ticket})
            case ("GET", "events", "v1", "orders"):
                return self._list_orders(request)
            case ("GET", "events", "v1", "orders", "summary"):
                wanted = request.get_all("eventId")
                return json_response(records.summary(self._orders_of_events(wanted)))
            case ("GET", "events", "v1", "events", event, "orders", number):
                for purchase in self._orders_of_events([event]):
                    if records.number_of(purchase) == number:
                        order = self._order(purchase, request.get_all("fieldset"))
                        return json_response({"order": order})
        return json_response({"message": "", "details": {}}, 404)

    # Events

    def _route_events(self, request: ApiRequest) -> ApiResponse:
        match (request.method, *request.segments[3:]):
            case ("POST", "query"):
                return self._query_events(request.body or {})
            case ("POST", "count-by-status"):
                rows = self._list_events((request.body or {}).get("filter") or {}, ())
                counts: dict[str, int] = {}
                for row in rows:
                    counts[row["status"]] = counts.get(row["status"], 0) + 1
                items = [{"status": s, "count": n} for s, n in counts.items()]
                return json_response({"items": items})
            case ("GET", "category", id_):
                rows = self._list_events(
                    {"recurringEvents.categoryId": id_}, request.get_all("fields")
                )
                paging = {"count": len(rows), "offset": 0, "total": len(rows)}
                return json_response({"events": rows, "pagingMetadata": paging})
            case ("GET", "slug", name):
                return self._get_event({"slug": name}, request.get_all("fields"))
            case ("GET", id_):
                return self._get_event({"id": id_}, request.get_all("fields"))
        return json_response({"message": "", "details": {}}, 404)

    def _get_event(self, filters: Row, fields: Iterable[str]) -> ApiResponse:
        for row in self._list_events(filters, fields):
            return json_response({"event": row})
        error = {"code": "EVENT_NOT_FOUND", "description": "Event not found"}
        details = {"applicationError": {**error, "data": {}}}
        return json_response({"message": "Event not found", "details": details}, 404)

    def _event(self, performance: Performance, fields: Iterable[str]) -> Row:
        found = records.event(performance, self.world.now, fields)
        return found | {"instanceId": self.app_instance}

    def _list_events(self, filters: Row, fields: Iterable[str]) -> list[Row]:
        _require_known("fields", fields, EVENT_FIELDS)
        wanted = [*fields]
        rows = []
        for performance in self.world.performances:
            whole = self._event(performance, ("REGISTRATION",))
            if not _matches(whole, filters, EVENT_FILTERS):
                continue
            row = self._event(performance, wanted)
            if "DASHBOARD" in wanted:
                sold = self._orders_of_events([row["id"]])
                row["summaries"] = records.dashboard(sold, performance.currency)
            rows.append(row)
        return rows

    def _query_events(self, body: Row) -> ApiResponse:
        _require_known_fields(body, "query", "fields", "includeDrafts")
        query = body.get("query") or {}
        _require_known_fields(query, "filter", "sort", "paging")
        rows = self._list_events(query.get("filter") or {}, body.get("fields") or ())
        rows = _sorted(rows, query.get("sort") or (), EVENT_SORTS)
        paging = query.get("paging") or {}
        page = _page_by_offset(rows, paging, "query.paging", LONGEST_PAGE)
        return json_response({"events": page.rows, "pagingMetadata": page.metadata()})

    def _query_definitions(self, body: Row) -> ApiResponse:
        _require_known_fields(body, "query", "fields")
        fields = body.get("fields") or ()
        _require_known(
            "fields", fields, ("SALES_DETAILS", "EVENT_DETAILS", "SEATING_DETAILS")
        )
        rows = records.definitions(self.world, with_sales="SALES_DETAILS" in fields)
        page = _page_by_cursor(
            rows, body.get("query") or {}, ("id", "eventId"), SHORT_PAGE
        )
        metadata = {"count": len(page.rows), "cursors": page.cursors}
        return json_response({"ticketDefinitions": page.rows, "metadata": metadata})

    # People

    def _query_guests(self, body: Row) -> ApiResponse:
        _require_known_fields(body, "query", "fields")
        fields = body.get("fields") or ()
        _require_known("fields", fields, ("GUEST_DETAILS", "GUEST_TOTAL"))
        query = body.get("query") or {}
        rows = records.registered(self.world)
        for purchase in self.world.purchases:
            rows += records.guests(purchase)
        rows.sort(key=lambda row: (row["updatedDate"], row["id"]))
        if "GUEST_DETAILS" not in fields:
            for row in rows:
                row.pop("guestDetails")
        if "paging" in query:
            rows = [r for r in rows if _matches(r, query.get("filter"), GUEST_FILTERS)]
            rows = _sorted(rows, query.get("sort") or (), GUEST_DATES)
            page = _page_by_offset(rows, query["paging"], "query.paging", LONGEST_PAGE)
            return json_response(
                {"guests": page.rows, "pagingMetadata": page.metadata()}
            )
        page = _page_by_cursor(rows, query, GUEST_FILTERS, LONGEST_PAGE, GUEST_DATES)
        paging = {"count": len(page.rows), "cursors": page.cursors}
        return json_response({"guests": page.rows, "pagingMetadata": paging})

    # Orders and tickets

    def _orders_of_events(self, events: list[str]) -> list[Purchase]:
        return [
            purchase
            for purchase in self.world.purchases
            if not events or records.event_id(purchase.performance) in events
        ]

    def _order(self, purchase: Purchase, fieldsets: list[str]) -> Row:
        has_invoice = not (self.lacks_invoices and purchase.id % 7 == 0)
        return records.order(purchase, fieldsets, has_invoice=has_invoice)

    def _list_orders(self, request: ApiRequest) -> ApiResponse:
        _require_known_fields(
            dict(request.query),
            *("offset", "limit", "fieldset", "eventId", "orderNumber", "status"),
            *("tag", "contactId", "memberId", "eventCreatorId", "searchPhrase"),
            *("sort", "facet"),
        )
        _require_known("fieldset", request.get_all("fieldset"), FIELDSETS)
        _require_known("facet", request.get_all("facet"), FACETS)
        _require_known("status", request.get_all("status"), ORDER_STATUSES)
        _require_known("tag", request.get_all("tag"), TAGS)
        for name, maximum in (
            ("eventId", 100),
            ("orderNumber", 500),
            ("contactId", 100),
        ):
            if len(request.get_all(name)) > maximum:
                raise Refused(name, f"must have at most {maximum} items", "MAX_SIZE")
        rows = self._orders_of_events(request.get_all("eventId"))
        if numbers := request.get_all("orderNumber"):
            rows = [p for p in rows if records.number_of(p) in numbers]
        if statuses := request.get_all("status"):
            rows = [p for p in rows if records.status_of(p) in statuses]
        for tag in request.get_all("tag"):
            rows = [p for p in rows if TAGS[tag](p)]
        if contacts := request.get_all("contactId"):
            rows = [p for p in rows if records.guid(p.buyer, 5) in contacts]
        if request.get_all("memberId"):
            rows = []
        if creators := request.get_all("eventCreatorId"):
            rows = rows if records.OWNER in creators else []
        if phrase := request.get("searchPhrase").lower():
            rows = [p for p in rows if phrase in _searchable_text(p)]
        sort = request.get("sort", "created:asc")
        _require_known("sort", [sort], ("created:asc", "created:desc"))
        rows.sort(key=lambda p: (p.placed_at, p.id), reverse=sort == "created:desc")
        page = _page_by_offset(rows, _paging(request), "limit", SHORT_PAGE)
        fieldsets = request.get_all("fieldset")
        orders = [self._order(purchase, fieldsets) for purchase in page.rows]
        facets = _count_facets(rows, request.get_all("facet"))
        return json_response({**page.counts(), "orders": orders, **facets})

    def _list_tickets(self, request: ApiRequest) -> ApiResponse:
        _require_known_fields(
            dict(request.query),
            *("eventId", "offset", "limit", "orderNumber", "ticketNumber"),
            *("orderStatus", "fieldset", "state"),
        )
        fieldsets = request.get_all("fieldset")
        _require_known("fieldset", fieldsets, TICKET_FIELDSETS)
        _require_known("orderStatus", request.get_all("orderStatus"), ORDER_STATUSES)
        _require_known("state", request.get_all("state"), TICKET_STATES)
        for name, maximum in (("orderNumber", 20), ("ticketNumber", 50)):
            if len(request.get_all(name)) > maximum:
                raise Refused(name, f"must have at most {maximum} items", "MAX_SIZE")
        found = [
            ticket
            for purchase in self._orders_of_events(request.get_all("eventId"))
            for ticket in records.tickets(purchase)
        ]
        for name in ("orderNumber", "ticketNumber", "orderStatus"):
            if wanted := request.get_all(name):
                found = [ticket for ticket in found if ticket[name] in wanted]
        for state in request.get_all("state"):
            found = [ticket for ticket in found if TICKET_STATES[state](ticket)]
        found.sort(key=lambda ticket: str(ticket["ticketNumber"]))
        if "TICKET_DETAILS" not in fieldsets:
            found = [dict.fromkeys(ticket, "") for ticket in found]
        page = _page_by_offset(found, _paging(request), "limit", SHORT_PAGE)
        return json_response({**page.counts(), "tickets": page.rows, "facets": {}})

    # Money that moved

    def _list_transactions(self, request: ApiRequest) -> ApiResponse:
        _require_known_fields(
            dict(request.query),
            *("from", "to", "order", "includeRefunds", "ignoreTotals"),
            *("limit", "offset"),
        )
        order = request.get("order", "date:desc")
        _require_known("order", [order], ("date:asc", "date:desc"))
        rows = [p for p in self.world.purchases if records.transaction_id(p)]
        if begin := request.get("from"):
            rows = [p for p in rows if p.placed_at >= unix_seconds(begin)]
        if end := request.get("to"):
            rows = [p for p in rows if p.placed_at <= unix_seconds(end)]
        rows.sort(key=lambda p: (p.placed_at, p.id), reverse=order == "date:desc")
        page = _page_by_offset(
            rows, _paging(request), "limit", LONGEST_PAGE, default=100
        )
        with_refunds = request.get("includeRefunds", "true") == "true"
        counts = page.counts()
        if request.get("ignoreTotals") == "true":
            counts.pop("total")
        found = [records.transaction(p, with_refunds=with_refunds) for p in page.rows]
        return json_response({"transactions": found, "pagination": counts})

    def _query_refunds(self, body: Row) -> ApiResponse:
        _require_known_fields(body, "query")
        query = body.get("query") or {}
        rows = records.refund_rows(self.world)
        dates = ("createdDate",)
        page = _page_by_cursor(rows, query, ("chargeId", "id"), LONGEST_PAGE, dates)
        paging = {"count": len(page.rows), "cursors": page.cursors}
        paging["hasNext"] = bool(page.cursors.get("next"))
        return json_response({"refunds": page.rows, "pagingMetadata": paging})


def _count_facets(purchases: list[Purchase], names: Iterable[str]) -> Row:
    """
    Count orders, tickets and check-ins by the values of each facet.
    """
    facets: dict[str, Row] = {}
    of_orders: dict[str, Row] = {}
    for name in names:
        counts: dict[str, Row] = {}
        for purchase in purchases:
            row = counts.setdefault(
                FACETS[name](purchase), {"count": 0, "tickets": 0, "ticketsCheckIn": 0}
            )
            row["count"] += 1
            row["tickets"] += len(records.tickets(purchase))
            row["ticketsCheckIn"] += sum(
                "checkIn" in t for t in records.tickets(purchase)
            )
        facets[name] = {
            "counts": {value: row["count"] for value, row in counts.items()}
        }
        of_orders[name] = {"counts": counts}
    if not of_orders:
        return {"facets": {}}
    return {"facets": facets, "orderFacets": {"facets": of_orders}}


def _searchable_text(purchase: Purchase) -> str:
    number = records.number_of(purchase)
    buyer = purchase.buyer
    return f"guest {buyer} guest{buyer}@example.com {number}".lower()


# Pages


@dataclass(frozen=True)
class _Page:
    rows: list[Any]
    offset: int = 0
    limit: int = 0
    total: int = 0
    next: str = ""

    @property
    def cursors(self) -> dict[str, str]:
        return {"next": self.next, "prev": ""}

    def counts(self) -> dict[str, Any]:
        return {"total": self.total, "offset": self.offset, "limit": self.limit}

    def metadata(self) -> dict[str, Any]:
        return {
            "count": len(self.rows),
            "offset": self.offset,
            "total": self.total,
            "tooManyToCount": False,
        }


def _paging(request: ApiRequest) -> dict[str, int]:
    given = {name: request.get(name) for name in ("limit", "offset")}
    return {name: int(value) for name, value in given.items() if value}


def _parse_limit(
    paging: Mapping[str, Any], field: str, maximum: int, default: int
) -> int:
    limit = int(paging.get("limit", default))
    name = field if field == "limit" else f"{field}.limit"
    if limit > maximum:
        raise Refused(name, f"must be less than or equal to {maximum}", "MAX")
    if limit < 1:
        raise Refused(name, "must be greater than or equal to 1", "MIN")
    return limit


def _page_by_offset(
    rows: list[Any],
    paging: Mapping[str, Any],
    field: str,
    maximum: int,
    *,
    default: int = USUAL_PAGE,
) -> _Page:
    limit = _parse_limit(paging, field, maximum, default)
    offset = int(paging.get("offset", 0))
    if offset < 0:
        raise Refused(field.replace("limit", "offset"), "must not be negative", "MIN")
    return _Page(rows[offset : offset + limit], offset, limit, len(rows))


def _page_by_cursor(
    rows: list[Row],
    query: Row,
    filters: Iterable[str],
    maximum: int,
    sorts: Iterable[str] = (),
) -> _Page:
    """
    One page. The cursor contains filter and sort, which may not be sent with it.
    """
    paging = query.get("cursorPaging") or {}
    _require_known_fields(query, "filter", "sort", "cursorPaging")
    limit = _parse_limit(paging, "query.cursorPaging", maximum, USUAL_PAGE)
    first, wanted = 0, {"filter": query.get("filter"), "sort": query.get("sort")}
    list_id = hashlib.sha256("|".join(sorted(filters)).encode()).hexdigest()[:8]
    if cursor := paging.get("cursor"):
        if query.get("filter") or query.get("sort"):
            raise Refused("query.filter", "may not be sent with a cursor")
        try:
            cursor_list_id, first, wanted = json.loads(base64.b64decode(cursor))
        except ValueError:
            raise Refused("query.cursorPaging.cursor", "is invalid") from None
        if cursor_list_id != list_id:
            raise Refused("query.cursorPaging.cursor", "is of another list")
    matching = [row for row in rows if _matches(row, wanted["filter"], filters)]
    matching = _sorted(matching, wanted["sort"] or (), sorts)
    last = first + limit
    following = ""
    if last < len(matching):
        state = json.dumps([list_id, last, wanted])
        following = base64.b64encode(state.encode()).decode()
    return _Page(matching[first:last], next=following)


# Filters

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda value, wanted: value == wanted,
    "$ne": lambda value, wanted: value != wanted,
    "$gt": lambda value, wanted: value is not None and value > wanted,
    "$gte": lambda value, wanted: value is not None and value >= wanted,
    "$lt": lambda value, wanted: value is not None and value < wanted,
    "$lte": lambda value, wanted: value is not None and value <= wanted,
    "$in": lambda value, wanted: value in wanted,
}


def _get_value(row: Row, path: str) -> Any:
    if path == "recurringEvents.categoryId":
        path = f"dateAndTimeSettings.{path}"
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _sort_key(path: str, row: Row) -> str:
    return str(_get_value(row, path) or "")


def _comparable(path: str, value: Any) -> Any:
    if not path.endswith("Date") or value is None:
        return value
    if isinstance(value, list):
        return [unix_seconds(text) for text in value]
    return unix_seconds(value)


def _matches(row: Row, filters: Row | None, known: Iterable[str]) -> bool:
    """
    Whether a row matches all conditions of a filter.
    """
    for path, wanted in (filters or {}).items():
        if path not in known:
            raise Refused(f"query.filter.{path}", "is not a field to filter by")
        tests = wanted if isinstance(wanted, dict) else {"$eq": wanted}
        value = _comparable(path, _get_value(row, path))
        for name, operand in tests.items():
            if name not in _OPERATORS:
                raise Refused(f"query.filter.{path}", f"does not know {name}")
            if not _OPERATORS[name](value, _comparable(path, operand)):
                return False
    return True


def _sorted(
    rows: list[Row], sorts: Iterable[Mapping[str, str]], known: Iterable[str]
) -> list[Row]:
    found = list(rows)
    for sort in reversed([*sorts]):
        name, order = sort["fieldName"], sort.get("order", "ASC")
        if name not in known:
            raise Refused("query.sort", f"{name} is not a field to sort by")
        _require_known("query.sort", [order], ("ASC", "DESC"))
        by = functools.partial(_sort_key, name)
        found.sort(key=by, reverse=order == "DESC")
    return found


def _require_known(field: str, values: Iterable[str], known: Iterable[str]) -> None:
    for value in values:
        if value not in known:
            raise Refused(field, f"{field} value is required", "REQUIRED_FIELD")


def _require_known_fields(given: Mapping[str, Any], *known: str) -> None:
    """
    Refuse unsupported fields instead of ignoring them.
    """
    for name in given:
        if name not in known:
            raise Refused(name, "is not a known field")


def _validation_error(violations: list[Row]) -> ApiResponse:
    details = {"validationError": {"fieldViolations": violations}}
    first = violations[0] if violations else {"field": "body", "description": "is bad"}
    message = f"'{first['field']}' {first['description']}"
    return json_response({"message": message, "details": details}, 400)
