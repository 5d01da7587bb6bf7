"""
Eventbrite's lists. They are paged by continuation token and may shift while they are
read; orders that changed are found by the order list and by the attendee list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ticketsync.core import clock, records
from ticketsync.core.completeness import is_mostly_missing
from ticketsync.core.errors import (
    AuthenticationFailed,
)
from ticketsync.net.client import ApiClient, Rejected
from ticketsync.net.paging import rows_of
from ticketsync.providers import reading
from ticketsync.providers.base import (
    CrossCheck,
    Extent,
    Options,
    Page,
    Raw,
    Registered,
)
from ticketsync.providers.eventbrite.attendees import (
    changed_at,
    count_coming,
    is_surely_coming,
)
from ticketsync.providers.eventbrite.spec import EVERY_STATUS, HOOK_ACTIONS

if TYPE_CHECKING:
    pass


OVERLAP = timedelta(minutes=5)


# Orders of which only an attendee changed are fetched one by one: a shorter overlap.
CHECK_IN_OVERLAP = timedelta(minutes=1)


def _seconds_before(moment: str, span: timedelta) -> str:
    return f"{clock.from_iso(moment) - span:%Y-%m-%dT%H:%M:%SZ}"


class _Recent:
    """
    What an organisation's `shown` orders, changed since `edge`, say: their `order_ids`,
    and as `coming` their attendees that are to come, with when each of them changed;
    `lacking` counts the orders that the list should have shown and that were found
    without it.
    """

    def __init__(self, watermark: str, edge: str) -> None:
        self.watermark = watermark
        self.edge = edge
        self.order_ids: set[str] = set()
        self.coming: dict[str, str] = {}
        self.shown = 0
        self.lacking = 0
        self._newest = watermark

    def note(self, orders: Iterable[Raw]) -> None:
        for order in orders:
            self.shown += 1
            self.order_ids.add(str(order["id"]))
            self._newest = max(self._newest, changed_at(order))
            for attendee in order.get("attendees") or ():
                if is_surely_coming(attendee):
                    self.coming[str(attendee.get("id"))] = changed_at(attendee)

    def note_alone(self, order: Raw) -> None:
        """
        What changed after the list was read cannot have been in it.
        """
        self.order_ids.add(str(order.get("id")))
        if self.edge < changed_at(order) <= self._newest:
            self.lacking += 1


def _following(told: Mapping[str, Any]) -> dict[str, str | int] | None:
    """
    How to ask for the next page, or `None` if the envelope says that this is the last.
    """
    token, number = told.get("continuation"), told.get("page_number")
    count = told.get("page_count")
    if "has_more_items" in told:
        goes_on = told["has_more_items"] is True
    elif isinstance(number, int) and isinstance(count, int):
        goes_on = number < count
    else:
        goes_on = bool(token)
    if not goes_on:
        return None
    if token:
        return {"continuation": str(token)}
    return {"page": number + 1} if isinstance(number, int) else None


class EventbriteFetcher:
    """
    Reads lists and single records; what they mean is for `parse`.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api
        self._known: list[Raw] | None = None

    def identify(self) -> records.Identity:
        me = self.api.get("/users/me/")
        organisations = list(self._organisations())
        names = ", ".join(str(row.get("name") or row["id"]) for row in organisations)
        return records.Identity(
            str(me.get("id") or "") or None, names, owners=tuple(self.owners())
        )

    def owners(self) -> Sequence[str]:
        return [str(row["id"]) for row in self._organisations()]

    def parts(self) -> Sequence[str]:
        return self.owners()

    def fetch_events(self) -> Iterator[Page]:
        query = {"status": EVERY_STATUS}
        for organisation in self._organisations():
            path = f"/organizations/{organisation['id']}/events/"
            for rows in self._expanded(path, "events", query, "venue"):
                yield Page("event", rows)

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        return self._orders(f"/events/{event_id}/orders/", {})

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]:
        for organisation in self._organisations():
            path = f"/organizations/{organisation['id']}"
            held, coming = 0, 0
            for page in self._orders(f"{path}/orders/", {}):
                for raw in page.records:
                    held += len(raw.get("attendees") or ())
                    coming += count_coming(raw)
                yield page
            checks = self._compare_attendees(f"{path}/attendees/", held, coming)
            yield Page("order", [], cross_checks=checks)

    def _compare_attendees(
        self, path: str, held: int, coming: int
    ) -> Sequence[CrossCheck]:
        """
        An organisation's orders must hold about as many attendees as the list of them
        counts, of which one page is read. Half of them will do, since it is not stated
        which of them that list holds without a `status`: of orders those that are
        `coming` at least.
        """
        envelope = self.api.get(path)
        rows = rows_of(self.api, envelope, "attendees")
        count = (envelope.get("pagination") or {}).get("object_count")
        number = count if type(count) is int else len(rows)
        counted = CrossCheck(
            f"counted {path}", number, number - held, f"attendees that {path} counts"
        )
        named = CrossCheck(
            f"held {path}", coming, coming - number, "attendees of orders", path
        )
        return counted, named

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        since = clock.from_iso(watermark)
        if self.api.is_ahead(since):
            yield from self.fetch_all_orders(None, Extent(0), workers=1)
            return
        edge = f"{since - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"
        shows_anything = False
        for organisation in self._organisations():
            path = f"/organizations/{organisation['id']}"
            recent = _Recent(watermark, edge)
            for page in self._orders(f"{path}/orders/", {"changed_since": edge}):
                recent.note(page.records)
                yield page
            yield from self._orders_of_changed_attendees(path, recent)
            shows_anything = shows_anything or bool(recent.order_ids)
        if not shows_anything:
            raise self.api.invalid_response(
                f"shows no change since {edge}, though its newest was of {watermark}",
                "list-incomplete",
            )

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        found: dict[str, Any] = self.api.get(
            f"/orders/{order_id}/", {"expand": "attendees"}
        )
        if not isinstance(found.get("attendees"), list):
            event = str(found.get("event_id") or "")
            found["attendees"] = self._attendees_by_order(event).get(order_id, [])
        return found

    def watermark_of(self, raw: Raw) -> str:
        attendees = raw.get("attendees") or ()
        moments = [raw.get("changed"), *(a.get("changed") for a in attendees)]
        told = (reading.sortable(m) for m in moments if isinstance(m, str))
        return max(told, default="")

    def _organisations(self) -> list[Raw]:
        """
        The organisations this token belongs to, in the order of their ids.
        """
        if self._known is not None:
            return self._known
        found = [
            row
            for rows in self._pages("/users/me/organizations/", "organizations", {})
            for row in rows
        ]
        if not found:
            none = AuthenticationFailed(
                f"Account {self.api.account!r}: this Eventbrite user belongs to no "
                "organisation, so there are no sales to read.",
                hint="Use the private token of a user who is a member of the venue's "
                "organisation.",
                word="no-organisation",
            )
            none.parks = False  # the list may be whole again at the next run
            raise none
        self._known = sorted(found, key=lambda row: str(row["id"]))
        return self._known

    def _orders(self, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        attendees: dict[str, dict[str, list[Raw]]] = {}
        asked = {"status": "both", **query}
        for rows in self._expanded(path, "orders", asked, "attendees"):
            for row in rows:
                if not isinstance(row.get("attendees"), list):
                    event = str(row.get("event_id") or "")
                    if event not in attendees:
                        attendees[event] = self._attendees_by_order(event)
                    row["attendees"] = attendees[event].get(row["id"], [])
            yield Page("order", rows)

    def _attendees_by_order(self, event_id: str) -> dict[str, list[Raw]]:
        found: dict[str, list[Raw]] = {}
        for rows in self._pages(f"/events/{event_id}/attendees/", "attendees", {}):
            for row in rows:
                found.setdefault(str(row.get("order_id")), []).append(row)
        return found

    def _orders_of_changed_attendees(
        self, path: str, recent: _Recent
    ) -> Iterator[Page]:
        """
        Orders of which only an attendee changed, by a check-in for instance.

        Raises `ProviderNonsense` if one list lacks most of what the other one shows.
        """
        edge = _seconds_before(recent.watermark, CHECK_IN_OVERLAP)
        query = {"changed_since": edge}
        wanted: dict[str, None] = {}
        listed: set[str] = set()
        for rows in self._pages(f"{path}/attendees/", "attendees", query):
            for row in rows:
                listed.add(row["id"])
                if reading.sortable(str(row.get("changed") or "")) >= edge:
                    wanted[str(row.get("order_id"))] = None
        coming = {id_ for id_, changed in recent.coming.items() if changed >= edge}
        if is_mostly_missing(len(coming - listed), len(coming)):
            raise self.api.incomplete(f"{path}/attendees/", len(listed), len(coming))
        others = [id_ for id_ in wanted if id_ not in recent.order_ids]
        for order_id in others:
            order = self.fetch_order(order_id, "")
            recent.note_alone(order)
            yield Page("order", [order])
        self._refuse_lacking(path, recent)

    def _refuse_lacking(self, path: str, recent: _Recent) -> None:
        if recent.lacking > recent.shown:
            raise self.api.invalid_response(
                f"lacks {recent.lacking} orders in {path}/orders/ that changed since "
                f"{recent.edge}",
                "list-incomplete",
            )

    def _expanded(
        self, path: str, key: str, query: Mapping[str, str], expand: str
    ) -> Iterator[list[dict[str, Any]]]:
        """
        A list with an expansion, or without it where the platform fails at that.
        """
        begun = False
        try:
            for rows in self._pages(path, key, {**query, "expand": expand}):
                begun = True
                yield rows
        except Rejected as refused:
            if refused.code != "EXPANSION_FAILED" or begun:
                raise
            yield from self._pages(path, key, query)

    def _pages(
        self, path: str, key: str, query: Mapping[str, str]
    ) -> Iterator[list[dict[str, Any]]]:
        """
        The pages of a list. Objects move between pages while they are read, so a list
        with fewer than its `object_count` is read once more (F03).

        Raises `ProviderNonsense` if it is shorter than promised even then.
        """
        found: set[str] = set()
        for _ in range(2):
            promised: list[int] = []
            for envelope in self._envelopes(path, key, query):
                rows = [row for row in envelope[key] if row["id"] not in found]
                found |= {row["id"] for row in rows}
                if rows or not promised:
                    yield rows
                # What is sold meanwhile adds to it: only what it began with counts.
                count = (envelope.get("pagination") or {}).get("object_count")
                promised.append(count if type(count) is int else 0)
            if len(found) >= min(promised):
                return
        raise self.api.incomplete(path, len(found), min(promised))

    def _envelopes(
        self, path: str, key: str, query: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        """
        The answers of a list, each with rows below `key`; ends where the envelope says
        so (F01), never early (F02).
        """
        place: dict[str, str | int] = {}
        is_promised = False
        seen: set[str] = set()
        while True:
            try:
                envelope = self.api.get(path, {**query, **place})
            except Rejected as refused:
                ends = refused.code in ("BAD_PAGE", "BAD_CONTINUATION_TOKEN")
                if ends and place and not is_promised:
                    return
                raise
            rows = rows_of(self.api, envelope, key)
            fresh = {row["id"] for row in rows} - seen
            if rows and not fresh:
                raise self.api.invalid_response(
                    f"repeats the same page of {path} for ever", "pagination-loop"
                )
            seen |= fresh
            yield envelope
            told = envelope.get("pagination") or {}
            following = _following(told)
            if following is None or not rows:
                return
            is_promised = told.get("has_more_items") is True
            place = following

    def register_webhook(self, url: str) -> Registered:
        """
        One for each organisation of the account.
        """
        found = []
        for organisation in self._organisations():
            answer = self.api.post(
                f"/organizations/{organisation['id']}/webhooks/",
                form={"endpoint_url": url, "actions": ",".join(HOOK_ACTIONS)},
            )
            found.append(reading.text(answer or {}, "id"))
        return Registered(",".join(found))
