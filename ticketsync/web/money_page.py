"""
The page of what shows earned, `/money`, and its file. Both read what the command
`financials list` reads, with the same choice.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from ticketsync.accounts import state
from ticketsync.catalogue import shows
from ticketsync.core import clock, periods, tables
from ticketsync.core.tables import Table
from ticketsync.reporting import (
    export_formats,
    figure_filter,
    file_writers,
    grouped_figures,
    unknown_figures,
    unlinked_orders,
)
from ticketsync.reporting.export_formats import Report
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.store.business_zone import get_business_zone
from ticketsync.web import money_chart, page_words, query
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import money_view
from ticketsync.workflows.money_view import Money, Wanted

PATH = "/money"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LABEL = 12  # letters of a title below a bar
SHOWN = 200  # lines on the page; the file has all
USUAL = "this-month"  # while no period was chosen
PRESETS = {
    "last-night": "Last night",
    "last-week": "Last week",
    "this-week": "This week",
    "last-month": "Last month",
    "this-month": "This month",
    "this-quarter": "This quarter",
    "this-year": "This year",
    "": "All",
}
SPANS = ("period", "from", "to")
FILTERS = ("account", "venue", "production", "currency", "when")
# A period or a name that there is not is refused; a wrong day is left out.
PERIOD_AND_SHOWS = (
    query.day("from"),
    query.day("to"),
    *query.any_text("period", *FILTERS),
)

_KNOWN = (
    query.one_of("per", grouped_figures.GROUPINGS),
    *query.any_text("by", "sort"),
    *PERIOD_AND_SHOWS,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What a URL of the money pages asks for, and how to ask for something else.
    """

    values: Mapping[str, str]

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Choice:
        """
        The choice of a query; without a period it is this month.
        """
        names = ("per", "by", "sort", *SPANS, *FILTERS)
        values = {name: query[name].strip() for name in names if name in query}
        if not any(name in values for name in SPANS):
            values["period"] = USUAL
        elif values.get("from") or values.get("to"):
            values.pop("period", None)
        return cls(values)

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            period=self.get("period"),
            first=self.get("from"),
            last=self.get("to"),
            **{name: self.get(name) for name in FILTERS},
        )

    def url(self, path: str, **changes: str) -> str:
        """
        The URL of a page with this choice and some changes; a new period replaces days.
        """
        values = {**self.values, **changes}
        if "period" in changes:
            values = {k: v for k, v in values.items() if k not in ("from", "to")}
        elif any(values.get(name) for name in ("from", "to")):
            values.pop("period", None)
        kept = {k: v for k, v in values.items() if v or k in SPANS}
        return f"{path}?{urlencode(kept)}"


class MoneyPages:
    """
    The routes of the money view.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_readers = self._site.for_readers
        return [
            Route(PATH, for_readers(self.page)),
            Route(f"{PATH}.csv", for_readers(self.file)),
            Route(f"{PATH}.xlsx", for_readers(self.workbook)),
        ]

    def page(self, request: PageRequest) -> Response:
        asked = query.check(request.query, *_KNOWN)
        choice = _choice(asked.values)
        per = _per(choice)
        with self._site.database.read() as connection:
            chosen = money_view.read_filter(connection, choice.wanted)
            sort = choice.get("sort")
            money = money_view.read_money(connection, per, chosen, sort=sort)
            span, drawn = money_view.read_chart(connection, per, money, chosen)
            values = read_choices(connection, chosen)
            basis = money_view.basis(connection, chosen)
            unlinked = unlinked_orders.find_unlinked(connection, chosen)
            nothing = (
                None
                if money.lines.rows
                else money_view.describe_no_lines(connection, chosen)
            )
        return self._site.render_page(
            request,
            "money.html",
            "Money",
            current_path=PATH,
            ignored=asked.left_out,
            heading=money_view.heading(chosen),
            basis=basis,
            unlinked=unlinked,
            nothing=nothing,
            choice=choice,
            per=per,
            groupings=grouped_figures.GROUPINGS,
            lines=[*islice(_lines(money, per), SHOWN)],
            more=max(0, len([*money.lines.rows]) - SHOWN),
            totals=[*_totals(money)],
            charts=_charts(span, drawn),
            chart_per=span,
            hatch=money_chart.HATCH,
            gone=money_view.without_now(money),
            before_words=_before_words(money),
            unknown_fees=_words(money, unknown_figures.FEES),
            unknown_tax=_words(money, unknown_figures.TAX),
            **values,
        )

    def file(self, request: PageRequest) -> Response:
        """
        The lines of the page as CSV.
        """
        choice = _choice(query.require(request.query, *_KNOWN))
        per = _per(choice)
        with self._site.database.read() as connection:
            chosen = money_view.read_filter(connection, choice.wanted)
            table = grouped_figures.grouped_table(
                connection, per, chosen, sort=choice.get("sort")
            )
            return as_csv(table, file_name("money", chosen))

    def workbook(self, request: PageRequest) -> Response:
        """
        The lines and totals of the page as a workbook.
        """
        choice = _choice(query.require(request.query, *_KNOWN))
        per = _per(choice)
        with self._site.database.read() as connection:
            chosen = money_view.read_filter(connection, choice.wanted)
            sort = choice.get("sort")
            report = export_formats.Report(
                name="money",
                table=grouped_figures.grouped_table(connection, per, chosen, sort=sort),
                totals=grouped_figures.totals_table(connection, chosen).loaded(),
                zone=get_business_zone(connection),
                about=[
                    ("what", f"{money_view.heading(chosen)}, per {per}"),
                    ("basis", money_view.basis(connection, chosen)),
                ],
            )
            return as_workbook(report, file_name("money", chosen, "xlsx"))


def read_choices(connection: Connection, chosen: FigureFilter) -> dict[str, Any]:
    """
    What the form of a money page offers, and what is chosen. Evenings are not days that
    the form can have: their word stays in it.
    """
    days = periods.ALWAYS if chosen.period.is_of_evenings else chosen.period
    presets = money_view.parse_periods(connection, PRESETS)
    return {
        "presets": [
            (word, label, period == chosen.period)
            for (word, label), period in zip(PRESETS.items(), presets, strict=True)
        ],
        "first": days.first or "",
        "last": days.last or "",
        "venues": [venue.name for venue in shows.list_venues(connection)],
        "productions": [t for _, t, number in shows.list_productions(connection)],
        "accounts": sorted(state.get_account_names(connection).values()),
        "currencies": grouped_figures.list_currencies(connection),
        "chosen": chosen,
    }


def as_csv(table: Table, name: str) -> Response:
    """
    A report as a file to download. It is written whole: the rows of a page are few.
    """
    stream = io.StringIO(newline="")
    file_writers.write(table, "csv", stream)
    return Response(
        stream.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def as_workbook(report: Report, name: str) -> Response:
    """
    A report as a workbook to download.
    """
    stream = io.BytesIO()
    export_formats.write_workbook(report, stream)
    return Response(
        stream.getvalue(),
        media_type=WORKBOOK,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def file_name(what: str, chosen: FigureFilter, ending: str = "csv") -> str:
    """
    A file's name with its days: `money-2026-11-01-2026-11-30.csv`.
    """
    days = (chosen.period.first, chosen.period.last)
    dated = "-".join([what, *(str(day) for day in days if day is not None)])
    return f"{dated}.{ending}"


def _choice(asked: Mapping[str, str]) -> Choice:
    """
    What the URL asks for. A column to sort by that only other groupings have was chosen
    for one of them, and is dropped.
    """
    choice = Choice.from_query(asked)
    sort = choice.get("sort")
    having = [per for per in grouped_figures.GROUPINGS if _can_sort(per, sort)]
    if not having or _per(choice) in having:
        return choice
    return Choice({k: v for k, v in choice.values.items() if k != "sort"})


def _can_sort(per: str, sort: str) -> bool:
    return figure_filter.sort_column(grouped_figures.columns_of(per), sort) is not None


def _per(choice: Choice) -> str:
    """
    What there is a line for; a show where the URL says nothing that there is.
    """
    per = choice.get("per")
    return per if per in grouped_figures.GROUPINGS else "show"


def _lines(money: Money, per: str) -> Iterator[dict[str, Any]]:
    """
    The lines with the name that people see. Further currencies of a show follow its
    first one.
    """
    column = "show_id" if per == "show" else grouped_figures.columns_of(per)[0].name
    position = money.lines.position(column)
    keys = [row[position] for row in money.lines.rows]
    for index, row in enumerate(tables.by_name(money.lines)):
        yield {
            **row,
            "name": _name(row, per),
            "is_more": bool(index) and keys[index - 1] == keys[index],
        }


def _name(row: Mapping[str, Any], per: str) -> str:
    match per:
        case "show" | "production":
            return str(row["production"])
        case "account":
            return f"{row['account']} ({row['provider'].replace('_', ' ')})"
        case "platform":
            return str(row["platform"]).replace("_", " ")
        case "day" | "week" | "month":
            return page_words.span_name(_first_day(per, row[per]), per)
        case _:
            return str(row[per])


def _first_day(per: str, text: Any) -> date:
    """
    The first day of a day, week or month as the reports write it.
    """
    return date.fromisoformat(f"{text}-01" if per == "month" else str(text))


def _totals(money: Money) -> Iterator[dict[str, Any]]:
    """
    The totals, each with what it was in the period before.
    """
    before = {
        row["currency"]: row for row in tables.by_name(money.before or _nothing(money))
    }
    for row in tables.by_name(money.totals):
        earlier = before.get(row["currency"])
        yield {
            **row,
            "before": earlier and earlier["gross"],
            "change": earlier
            and money_view.per_cent_more(row["gross"], earlier["gross"]),
            "before_words": _before_words(money),
        }


def _before_words(money: Money) -> str:
    earlier = money.before_period
    return "" if earlier is None else periods.in_words(earlier)


def _nothing(money: Money) -> Table:
    return Table(money.totals.columns, [])


def _charts(span: str, table: Table) -> list[tuple[str, Markup]]:
    """
    A chart for each currency.
    """
    rows = sorted(tables.by_name(table), key=lambda row: str(row["currency"]))
    return [
        (currency, money_chart.money_bars(f"Earned per {span} in {currency}", bars))
        for currency, of_one in groupby(rows, key=lambda row: str(row["currency"]))
        if (bars := _bars(span, [*of_one]))
    ]


def _bars(span: str, rows: Sequence[Mapping[str, Any]]) -> list[money_chart.Bar]:
    order = "starts_local" if span == "show" else span
    ordered = sorted(rows, key=lambda row: str(row[order]))
    return [
        money_chart.Bar(
            name=_bar_name(row, span),
            label=_bar_label(row, span),
            note=note,
            gross=row["gross"],
            refunded=row["refunded"],
            fees=row["fees_known"],
            net=row["net_known"],
            is_known=row["fees"] is not None,
        )
        for row, note in zip(ordered, _bar_notes(ordered, span), strict=True)
    ]


def _bar_name(row: Mapping[str, Any], span: str) -> str:
    if span != "show":
        return _name(row, span)
    start = clock.parse_local(row["starts_local"])
    return f"{start:%a} {start.day} {start:%b %Y, %H:%M}, {row['production']}"


def _bar_notes(rows: Sequence[Mapping[str, Any]], span: str) -> Iterator[str]:
    """
    What stands below the labels of bars in the order of time: of several shows of one
    day when each begins, or its title, or its number among them; else the year where
    it is the first single one of another year.
    """
    begun = {_bar_day(row, span).year for row in rows[:1]}
    for day, found in groupby(rows, key=lambda row: _bar_day(row, span)):
        of_one = [*found]
        if len(of_one) == 1:
            yield "" if day.year in begun or span == "month" else str(day.year)
            begun.add(day.year)
            continue
        times = [str(row["starts_local"])[11:16] for row in of_one]
        titles = [_short(str(row["production"])) for row in of_one]
        numbers = [f"{t}, {n}" for n, t in enumerate(times, start=1)]
        yield from next(
            names for names in (times, titles, numbers) if len({*names}) == len(of_one)
        )


def _short(title: str) -> str:
    return title if len(title) <= LABEL else f"{title[: LABEL - 1].rstrip()}…"


def _bar_label(row: Mapping[str, Any], span: str) -> str:
    return page_words.span_label(_bar_day(row, span), span)


def _bar_day(row: Mapping[str, Any], span: str) -> date:
    if span == "show":
        return date.fromisoformat(row["starts_local"][:10])
    return _first_day(span, row[span])


def _words(money: Money, what: str) -> str:
    return unknown_figures.in_words(money.unknown, what)
