"""
The door page and its requests: the guest list, a scan, scans made while offline.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ticketsync.catalogue import shows
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock, errors
from ticketsync.core.invisible_characters import on_page
from ticketsync.core.redact import safe
from ticketsync.door import attendees, parties
from ticketsync.web.attention import Attention
from ticketsync.web.site import FOLDER, INVALID, AccessDenied, PageRequest, Site
from ticketsync.workflows.door import checkin, merge_scans, scan_files
from ticketsync.workflows.door.scan_files import (
    Captured,
    ScanPoint,
    scan_name,
    scan_point,
    scan_text,
)

MAX_SCANS = 1000  # in one request
STILL_ON = timedelta(hours=6)  # after a show begins, its door is not a past one
KEPT_ON_DEVICE = timedelta(days=1)  # after a show begins, its guest list


class DoorPages:
    """
    The pages for check-in at the door.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_door = self._site.for_door
        return [
            Route("/door", for_door(self.choose_show)),
            Route("/door/worker.js", self._site.for_everyone(self.service_worker)),
            Route("/door/{id:int}", for_door(self.door_page)),
            Route("/door/{id:int}/guests", for_door(self.guest_list)),
            Route("/door/{id:int}/scan", for_door(self.scan), methods=["POST"]),
            Route(
                "/door/{id:int}/merge",
                for_door(self.merge_offline_scans),
                methods=["POST"],
            ),
        ]

    def choose_show(self, request: PageRequest) -> Response:
        now = clock.now()
        since = now - timedelta(days=1)
        with self._site.database.read() as connection:
            found = shows.list_shows(connection, since=since)
        limit = request.signed_in.limit
        found = [show for show in found if limit.allows(show.id, show.starts_local)]
        over = [show for show in found if show.starts_at < now - STILL_ON]
        return self._site.render_page(
            request,
            "doors.html",
            "Door",
            current_path="/door",
            shows=found[len(over) :][:60],
            tonight={show.id for show in found if _is_tonight(show)},
            over=over[::-1],
            attention=Attention(),
        )

    def service_worker(self, request: PageRequest) -> Response:
        """
        A service worker controls only pages below its own path, so it is served here.
        """
        return FileResponse(
            FOLDER / "static" / "worker.js",
            media_type="text/javascript",
            headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/door"},
        )

    def door_page(self, request: PageRequest) -> Response:
        at = self._at(request)
        with self._site.database.read() as connection:
            count = attendees.count_guests(connection, at.show.id)
        return self._site.render_page(
            request,
            "door.html",
            f"Door: {at.show.production}",
            current_path="/door",
            attention=Attention(),
            show=at.show,
            count=count,
        )

    def guest_list(self, request: PageRequest) -> Response:
        at = self._at(request)
        with self._site.database.read() as connection:
            found = attendees.list_guests(connection, at.show.id)
        return JSONResponse(
            {
                "guests": [
                    {
                        "ticket": guest.ticket_id,
                        "order": guest.order_id,
                        "name": on_page(guest.name),
                        "shown": on_page(guest.shown_name),
                        "type": on_page(guest.shown_type),
                        "free": guest.is_comp,
                        "code": guest.code,
                        "in": guest.is_in,
                        "since": _local_time(guest.since, at),
                        "second_code": guest.second_code,
                        "signed": guest.is_signed,
                        "seat": guest.seat,
                        "answers": guest.answers_text,
                        "account": guest.account,
                    }
                    for guest in found
                ],
                "keep_seconds": _seconds_kept(at),
                "names_note": parties.say_names_missing(found),
            }
        )

    def scan(self, request: PageRequest) -> Response:
        """
        Check in, or undo the check-in of, the holder of a code.

        Raises: `UsageError` (422) if the code is empty or another value is not what the
        page sends: nobody is let in by mistake.
        """
        payload = _mapping(request.body)
        code = scan_text(payload.get("code"))
        if not code:
            raise errors.UsageError("The code is empty.", hint="Scan again.")
        kind = _kind(payload)
        device = scan_name(payload.get("device")) or "page"
        at = self._at(request, scan_name(payload.get("door")), device)
        act = checkin.take_back if kind == "out" else checkin.admit
        answer = act(
            self._site.database,
            at,
            code,
            group=_flag(payload, "group"),
            key=scan_name(payload.get("key")),
            by_camera=_flag(payload, "camera"),
        )
        return JSONResponse(
            {
                "outcome": answer.outcome,
                "message": answer.message,
                "warning": answer.is_warning,
                "together": answer.outcome == checkin.SEVERAL and answer.is_one_order,
            }
        )

    def merge_offline_scans(self, request: PageRequest) -> Response:
        """
        Save the scans that a device made while it was offline. One that cannot be saved
        is named in `refused`, by its key, and stops no other.

        Raises: `UsageError` if the payload has no list of scans, or too many.
        """
        scans = _mapping(request.body).get("scans")
        if not isinstance(scans, list) or len(scans) > MAX_SCANS:
            raise errors.UsageError(
                "The list of scans is missing or too long.", hint="Reload the page."
            )
        at = self._at(request, device="page")
        captured: list[Captured] = []
        refused: list[dict[str, str]] = []
        for scan in map(_mapping, scans):
            try:
                captured.append(scan_files.captured_by_page(scan, at))
            except errors.BadFile as error:
                refused.append(_refusal(scan_name(scan.get("key")), error.message))
        merged = merge_scans.merge(self._site.database, at, captured, as_scanned=True)
        refused += [
            _refusal(item.key, "The server could not save it.")
            for item in merged.failed
        ]
        return JSONResponse(
            {
                "outcomes": dict(merged.outcomes),
                "conflicts": [
                    {
                        "at": clock.iso(moment),
                        "who": who,
                        "outcome": outcome,
                        "text": on_page(
                            merge_scans.describe_conflict(
                                who, outcome, _local_time(moment, at)
                            )
                        ),
                    }
                    for moment, who, outcome in merged.conflicts
                ],
                "refused": refused,
            }
        )

    def _at(
        self, request: PageRequest, door: str = "", device: str = "page"
    ) -> ScanPoint:
        """
        Raises `AccessDenied` where the visitor's pass is for another show or evening.
        """
        with self._site.database.read() as connection:
            show = shows.get_show(connection, int(request.path_params["id"]))
        if not request.signed_in.limit.allows(show.id, show.starts_local):
            raise AccessDenied
        return scan_point(show, door or request.signed_in.name, device)


def _is_tonight(show: ShowInfo) -> bool:
    return clock.evening_of(show.starts_local) == clock.evening_now(show.timezone)


def _kind(payload: Mapping[str, Any]) -> str:
    """
    `in` or `out`; without a word, a scan lets in. Raises `UsageError`.
    """
    given = payload.get("kind", "in")
    if given not in ("in", "out"):
        raise errors.UsageError(
            f"A scan is in or out, not {safe(given, longest=40)!r}.",
            hint="Reload the page.",
            word=INVALID,
        )
    return str(given)


def _flag(payload: Mapping[str, Any], name: str) -> bool:
    """
    Raises `UsageError` for anything but true or false.
    """
    given = payload.get(name, False)
    if not isinstance(given, bool):
        raise errors.UsageError(
            f"{name!r} is true or false, not {safe(given, longest=40)!r}.",
            hint="Reload the page.",
            word=INVALID,
        )
    return given


def _refusal(key: str, reason: str) -> dict[str, str]:
    return {"key": key, "reason": reason}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _seconds_kept(at: ScanPoint) -> int:
    """
    For how many seconds from now a device may keep the guest list.
    """
    left = at.show.starts_at + KEPT_ON_DEVICE - clock.now()
    return max(0, int(left.total_seconds()))


def _local_time(instant: Any, at: ScanPoint) -> str:
    return f"{clock.local(instant, at.show.timezone):%H:%M}" if instant else ""
