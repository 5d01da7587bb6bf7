"""
The page of refunds, `/money/refunds`, and its file: the same as `refunds list`.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from ticketsync.core import tables
from ticketsync.reporting import refund_report
from ticketsync.web import query
from ticketsync.web.money_page import (
    PERIOD_AND_SHOWS,
    Choice,
    as_csv,
    file_name,
    read_choices,
)
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import money_view

PATH = "/money/refunds"
# Rows on the page, and where more are asked for; the file has all.
SHOWN, MORE = 200, 1000
_KNOWN = (
    query.one_of("by", ("refund", "show")),
    *query.any_text("per", "sort"),
    *PERIOD_AND_SHOWS,
)
_ON_PAGE = (*_KNOWN, query.one_of("rows", (str(SHOWN), str(MORE))))


class RefundPages:
    """
    The routes of refunds.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_readers = self._site.for_readers
        return [
            Route(PATH, for_readers(self.page)),
            Route(f"{PATH}.csv", for_readers(self.file)),
        ]

    def page(self, request: PageRequest) -> Response:
        asked = query.check(request.query, *_ON_PAGE)
        choice = Choice.from_query(asked.values)
        by = _by(choice)
        most = int(asked.get("rows") or SHOWN)
        with self._site.database.read() as connection:
            chosen = money_view.read_filter(connection, choice.wanted)
            newest = refund_report.newest_refunds(
                connection, chosen, by=by, most=most + 1
            )
            sums = refund_report.read_sums(connection, chosen, by=by)
            values = read_choices(connection, chosen)
            heading = money_view.refunds_heading(connection, chosen, by)
        title, _, basis = heading.partition(". ")
        return self._site.render_page(
            request,
            "refunds.html",
            "Refunds",
            current_path="/money",
            ignored=asked.left_out,
            heading=title,
            basis=basis,
            by=by,
            choice=choice,
            refunds=[*tables.by_name(newest.first(most))],
            shown=most,
            is_more=len([*newest.rows]) > most,
            more=MORE,
            sums=[*tables.by_name(sums)],
            bases=refund_report.BASES,
            **values,
        )

    def file(self, request: PageRequest) -> Response:
        """
        The refunds of the page as CSV, all of them.
        """
        choice = Choice.from_query(query.require(request.query, *_KNOWN))
        with self._site.database.read() as connection:
            chosen = money_view.read_filter(connection, choice.wanted)
            report = refund_report.refunds_table(connection, chosen, by=_by(choice))
        return as_csv(report, file_name("refunds", chosen))


def _by(choice: Choice) -> str:
    """
    Which day is in the period; that of the refund where the URL says nothing else.
    """
    return "show" if choice.get("by") == "show" else "refund"
