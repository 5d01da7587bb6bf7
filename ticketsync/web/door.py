"""
The door page and what it asks: a scan, the list, what was written down while offline.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ticketsync.catalogue import shows
from ticketsync.core import clock, errors
from ticketsync.sales import attendees
from ticketsync.web.site import FOLDER, Asked, Site
from ticketsync.workflows import checkin
from ticketsync.workflows.checkin import At, Captured

MANY = 1000  # scans in one request


class DoorPages:
    """
    For those who stand at it.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        admits = self._site.admits
        return [
            Route("/door", admits(self.choose)),
            Route("/door/worker.js", self._site.open(self.worker)),
            Route("/door/{id:int}", admits(self.page)),
            Route("/door/{id:int}/guests", admits(self.guests)),
            Route("/door/{id:int}/scan", admits(self.scan), methods=["POST"]),
            Route("/door/{id:int}/merge", admits(self.merge), methods=["POST"]),
        ]

    def choose(self, asked: Asked) -> Response:
        since = clock.now() - timedelta(days=1)
        with self._site.database.read() as session:
            found = [s for s in shows.list_shows(session) if s.starts_at >= since]
        return self._site.page(
            asked, "doors.html", "Door", here="/door", shows=found[:60]
        )

    def worker(self, asked: Asked) -> Response:
        """
        It may answer for pages below its own address only, so it stands here.
        """
        return FileResponse(
            FOLDER / "static" / "worker.js",
            media_type="text/javascript",
            headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/door"},
        )

    def page(self, asked: Asked) -> Response:
        at = self._at(asked)
        with self._site.database.read() as session:
            count = attendees.count(session, at.show.id)
        return self._site.page(
            asked, "door.html", "Door", here="/door", show=at.show, count=count
        )

    def guests(self, asked: Asked) -> Response:
        at = self._at(asked)
        with self._site.database.read() as session:
            found = attendees.door_list(session, at.show.id)
        return JSONResponse(
            {
                "guests": [
                    {
                        "ticket": guest.ticket_id,
                        "order": guest.order_id,
                        "name": guest.name,
                        "shown": guest.shown_name,
                        "type": guest.type_name,
                        "free": guest.is_comp,
                        "code": guest.code,
                        "in": guest.is_in,
                        "since": _clock_time(guest.since, at),
                        "second_code": guest.second_code,
                    }
                    for guest in found
                ]
            }
        )

    def scan(self, asked: Asked) -> Response:
        told = _mapping(asked.body)
        text = _text(told, "code")
        if not text.strip():
            raise errors.UsageError("There is no code.", hint="Scan again.")
        at = self._at(asked, _text(told, "door"), _text(told, "device") or "page")
        act = checkin.take_back if told.get("kind") == "out" else checkin.admit
        answer = act(
            self._site.database,
            at,
            text,
            group=told.get("group") is True,
            key=_text(told, "key"),
        )
        return JSONResponse(
            {
                "outcome": answer.outcome,
                "message": answer.message,
                "warning": answer.is_warning,
                "together": answer.outcome == checkin.SEVERAL and answer.is_one_order,
            }
        )

    def merge(self, asked: Asked) -> Response:
        """
        What a door wrote down while it was offline. Nothing of it is ever refused: a
        page would keep what cannot be taken, and with it everything after it.
        """
        scans = _mapping(asked.body).get("scans")
        if not isinstance(scans, list) or len(scans) > MANY:
            raise errors.UsageError("There are no scans.", hint="Reload the page.")
        at = self._at(asked, device="page")
        taken: list[Captured] = []
        for scan in scans:
            with contextlib.suppress(errors.BadFile):
                taken.append(checkin.captured(_not_ahead(_mapping(scan)), at, "scan"))
        merged = checkin.merge_scans(self._site.database, at, taken)
        return JSONResponse(
            {
                "outcomes": dict(merged.outcomes),
                "conflicts": [
                    {"at": clock.iso(moment), "who": who, "outcome": outcome}
                    for moment, who, outcome in merged.conflicts
                ],
            }
        )

    def _at(self, asked: Asked, door: str = "", device: str = "page") -> At:
        with self._site.database.read() as session:
            show = shows.get_show(session, int(asked.path["id"]))
        return At(show, (door or asked.who.name)[:100], device[:100])


def _not_ahead(scan: dict[str, Any]) -> dict[str, Any]:
    """
    A telephone's clock may be ahead of ours; what it saw has happened all the same.
    """
    try:
        is_ahead = clock.from_iso(str(scan.get("at"))) > clock.now()
    except ValueError:
        is_ahead = True
    return {**scan, "at": clock.iso(clock.now())} if is_ahead else scan


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value[: checkin.LONGEST] if isinstance(value, str) else ""


def _clock_time(moment: Any, at: At) -> str:
    return f"{clock.local(moment, at.show.timezone):%H:%M}" if moment else ""
