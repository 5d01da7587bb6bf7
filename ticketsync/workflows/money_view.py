"""
The money view: what shows earned, one line for each of a group, for the command
`financials list`, the page `/money` and its file. All three ask `read_filter` what is
meant and `read_money` for the lines, so that they agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.catalogue import shows
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock, errors, periods, tables
from ticketsync.core.money import Money as Amount
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.tables import Table
from ticketsync.reporting import grouped_figures, unknown_figures
from ticketsync.reporting.figure_filter import EVERYTHING, FigureFilter
from ticketsync.reporting.nearest_shows import find_nearest
from ticketsync.reporting.unknown_figures import UnknownFigures
from ticketsync.store.business_zone import get_business_zone

PAST: Final = "past"
COMING: Final = "coming"
MANY_BARS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    A choice as a person typed it; an empty text means everything. `first` and `last`
    are the days of a period in place of `period`; `when` is `PAST` or `COMING`.
    """

    period: str = ""
    first: str = ""
    last: str = ""
    account: str = ""
    venue: str = ""
    production: str = ""
    currency: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """
    Loaded reports: the `lines` and the `totals`, one for each currency; `before` are
    the totals of the period before, `None` where there is nothing to compare with.
    """

    lines: Table
    totals: Table
    before: Table | None
    before_period: Period | None
    unknown: list[UnknownFigures]


@dataclass(frozen=True, slots=True)
class NoLines:
    """
    Why a choice has no lines, in sentences, and the periods to ask for in its place, as
    `--period` takes them: the months of the shows that are nearest. `is_at_all`: no
    choice has any.
    """

    words: str
    periods: tuple[str, ...] = ()
    is_at_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """
    The shows of a period: the money view per show, and those without any figures.
    """

    money: Money
    without_figures: list[ShowInfo]


def today(connection: Connection, now: datetime | None = None) -> date:
    """
    The calendar day at the default venue, now or at another instant.
    """
    zone = get_business_zone(connection)
    return clock.day_of(now or clock.now(), zone)


def parse_period(
    connection: Connection, text: str, now: datetime | None = None
) -> Period:
    """
    The period that a text means, by the calendar of the default venue, now or at
    another instant.

    Raises: `UsageError` for a text that is not a period.
    """
    (period,) = parse_periods(connection, [text], now)
    return period


def parse_periods(
    connection: Connection, texts: Iterable[str], now: datetime | None = None
) -> list[Period]:
    """
    The same of several texts.
    """
    zone, now = get_business_zone(connection), now or clock.now()
    day, evening = clock.day_of(now, zone), clock.evening_now(zone, now)
    return [periods.parse_period(text, day, evening=evening) for text in texts]


def read_period(connection: Connection, wanted: Wanted) -> Period:
    """
    The period that is meant, by the calendar of the default venue.

    Raises: `UsageError` for a text that is not a period, or where there are two.
    """
    if not (wanted.first or wanted.last):
        return parse_period(connection, wanted.period)
    if wanted.period:
        raise errors.UsageError(
            "A period and its first or last day exclude each other.",
            hint="Use either --period, or --from and --to.",
        )
    span = f"{wanted.first}..{wanted.last}"
    return parse_period(connection, span)


def read_filter(connection: Connection, wanted: Wanted) -> FigureFilter:
    """
    Which figures are meant. Productions may be written in other letters, upper and
    lower.

    Raises: `UsageError` for a text that is not a period or currency, `NotFound` for the
    name of an account, venue or production that there is not.
    """
    if wanted.when not in ("", PAST, COMING):
        raise errors.UsageError(
            f"{safe(wanted.when)!r} is neither past nor coming.",
            hint="Use past or coming, or leave it out.",
        )
    now = clock.now()
    return FigureFilter(
        period=read_period(connection, wanted),
        account=wanted.account and state.get_account(connection, wanted.account).name,
        venue=wanted.venue and _venue(connection, wanted.venue),
        production=wanted.production and _production(connection, wanted.production),
        currency=wanted.currency and shows.check_currency(wanted.currency),
        begins_from=now if wanted.when == COMING else None,
        begins_before=now if wanted.when == PAST else None,
    )


def _venue(connection: Connection, name: str) -> str:
    known = [venue.name for venue in shows.list_venues(connection)]
    found = [other for other in known if other.casefold() == name.strip().casefold()]
    if name in known or len(found) == 1:
        return name if name in known else found[0]
    raise errors.NotFound(
        f"There is no venue {safe(name)!r}.", hint="See `ticketsync venues list`."
    )


def _production(connection: Connection, title: str) -> str:
    id_ = shows.get_production_id(connection, title)
    return shows.get_production_title(connection, id_)


def read_money(
    connection: Connection, per: str, chosen: FigureFilter, *, sort: str = ""
) -> Money:
    """
    The money view per one of `grouped_figures.GROUPINGS`. A period is compared with the
    one before it once it is over: what comes has been sold in part only.

    Raises: `UsageError` for a `sort` that is not a column.
    """
    lines = grouped_figures.grouped_table(connection, per, chosen, sort=sort).loaded()
    earlier = _period_before(chosen, today(connection))
    return Money(
        lines=lines,
        totals=grouped_figures.totals_table(connection, chosen).loaded(),
        before=None if earlier is None else _totals_in(connection, chosen, earlier),
        before_period=earlier,
        unknown=unknown_figures.list_unknown(connection, chosen),
    )


def _totals_in(connection: Connection, chosen: FigureFilter, period: Period) -> Table:
    other = replace(chosen, period=period)
    return grouped_figures.totals_table(connection, other).loaded()


def read_played(connection: Connection, period: Period) -> Played:
    """
    What the shows of a period earned. A show that is left out of the figures, or that
    nothing was sold for, has none.
    """
    money = read_money(connection, "show", FigureFilter(period=period))
    with_figures = {row["show_id"] for row in tables.by_name(money.lines)}
    return Played(
        money=money,
        without_figures=[
            show
            for show in shows.list_shows(connection)
            if period.has_start(show.starts_local) and show.id not in with_figures
        ],
    )


def without_now(money: Money) -> list[dict[str, Any]]:
    """
    The totals of the period before in currencies in which nothing was earned since.
    """
    now = {row["currency"] for row in tables.by_name(money.totals)}
    earlier = [] if money.before is None else tables.by_name(money.before)
    return [row for row in earlier if row["currency"] not in now]


def per_cent_more(now: Amount, before: Amount) -> int | None:
    """
    By how many per cent an amount is more than another in its currency, rounded;
    `None` where there was nothing before.
    """
    return per_cent(before.minor + (now - before).minor, before.minor)  # one currency


def per_cent(now: int, before: int) -> int | None:
    """
    The same of two numbers.
    """
    difference = now - before
    if before <= 0:
        return None
    sign = -1 if difference < 0 else 1
    return sign * ((200 * abs(difference) + before) // (2 * before))


def change_in_words(now: Amount, before: Amount) -> str:
    """
    How an amount compares with one before, which follows: `8 % more than`.
    """
    if now == before:
        return "as much as"
    change = per_cent_more(now, before)
    if change is None:
        return "more than" if now.minor > before.minor else "less than"
    if change == 0:
        return "about as much as"
    return f"{abs(change):,} % {'more' if change > 0 else 'less'} than"


def read_chart(
    connection: Connection, per: str, money: Money, chosen: FigureFilter
) -> tuple[str, Table]:
    """
    The lines to draw, and what they are per: those of the money view where they follow
    the calendar and are few, else days, weeks or months, whichever are few enough.
    """
    if per in ("show", "day", "week", "month") and _is_few(money.lines):
        return per, money.lines
    shows_ = max((row["shows"] for row in tables.by_name(money.totals)), default=0)
    # Many shows are not on few days; asking for them would take a while.
    for span in ("day", "week") if shows_ <= 3 * MANY_BARS else ("week",):
        table = grouped_figures.grouped_table(connection, span, chosen).loaded()
        if _is_few(table):
            return span, table
    return "month", grouped_figures.grouped_table(connection, "month", chosen).loaded()


def _is_few(lines: Table) -> bool:
    return len([*lines.rows]) <= MANY_BARS


def _period_before(chosen: FigureFilter, day: date) -> Period | None:
    last = chosen.period.last
    if last is None or last >= day or chosen.begins_from is not None:
        return None
    return periods.before(chosen.period)


def heading(chosen: FigureFilter) -> str:
    """
    What the lines are, in words: `What the shows of November 2026 earned`.
    """
    which = _which_shows(chosen)
    verb = "earned" if chosen.begins_from is None else "have sold"
    if chosen.period == ALWAYS:
        return f"What {'all ' if which == 'shows' else 'the '}{which} {verb}"
    words = periods.in_words(chosen.period)
    joint = "" if words.startswith(("from", "until")) else "of "
    return f"What the {which} {joint}{words} {verb}"


def _which_shows(chosen: FigureFilter) -> str:
    if chosen.begins_from is not None:
        return "coming shows"
    return "shows" if chosen.begins_before is None else "past shows"


def sold_heading(connection: Connection, chosen: FigureFilter, sold: Period) -> str:
    """
    What the lines are where the day of the sale counts, and by which calendar, as
    sentences.
    """
    words = periods.in_words(sold)
    joint = "" if not words or words.startswith(("from", "until")) else "of "
    which = _which_shows(chosen)
    of_shows = "" if which == "shows" else f" for {which}"
    sales = f"the sales{of_shows} {joint}{words}" if words else f"all sales{of_shows}"
    zone = get_business_zone(connection)
    return (
        f"What {sales} brought. The day of the sale counts, in {zone}.{limits(chosen)}"
    )


def basis(connection: Connection, chosen: FigureFilter) -> str:
    """
    Which day counts, by which calendar, and what else is left out, as sentences.
    """
    zones = {venue.timezone for venue in shows.list_venues(connection)}
    where = f"in {zones.pop()}" if len(zones) == 1 else "at its venue"
    until = " until five in the morning" if chosen.period.is_of_evenings else ""
    return f"The day of the show counts{until}, {where}.{limits(chosen)}"


def describe_no_lines(connection: Connection, chosen: FigureFilter) -> NoLines:
    """
    What to say of a choice without lines: which shows are next to its period.
    """
    has_filters = replace(chosen, period=EVERYTHING.period) != EVERYTHING
    near = find_nearest(connection, chosen)
    if near.earlier is None and near.later is None:
        if not has_filters:
            return NoLines("No figures yet.", is_at_all=True)
        return NoLines("No figures are among these; leave out a filter.")
    parts = [
        *([] if near.earlier is None else [f"the last show was {_on(near.earlier)}"]),
        *([] if near.later is None else [f"the next is {_on(near.later)}"]),
    ]
    parts[0] = parts[0][0].upper() + parts[0][1:]
    months = dict.fromkeys(
        start[:7] for start in (near.earlier, near.later) if start is not None
    )
    first = _what_is_not_there(connection, chosen, near.without_figures)
    return NoLines(f"{first} {', '.join(parts)}.{limits(chosen)}", tuple(months))


def _what_is_not_there(
    connection: Connection, chosen: FigureFilter, without_figures: int
) -> str:
    """
    That nothing plays in a period, or that what plays there has no figures.
    """
    words = periods.in_words(chosen.period)
    first, last = chosen.period.first, chosen.period.last
    if first is None or last is None:
        when = words
    elif first == last:
        when = f"on {words}"
    else:
        when = f"in {words}" if words[0].isalpha() or words.isdigit() else words
    if without_figures:
        is_one = without_figures == 1
        which = "show" if is_one else number_of(without_figures, "show")
        return f"No figures yet for the {which} {when}."
    is_over = last is not None and last < today(connection)
    return f"Nothing {'played' if is_over else 'plays'} {when}."


def _on(starts_local: str) -> str:
    """
    The day of a local start: `on Friday 31 July 2026`.
    """
    day = date.fromisoformat(starts_local[:10])
    return f"on {periods.in_words(Period(day, day))}"


def refunds_heading(connection: Connection, chosen: FigureFilter, by: str) -> str:
    """
    What a list of refunds is, and which day counts, as sentences.
    """
    words = periods.in_words(chosen.period)
    joint = "" if not words or words.startswith(("from", "until")) else "of "
    kind = _which_shows(chosen)
    if by == "show":
        all_shows = "all shows" if kind == "shows" else f"the {kind}"
        shows_ = f"the {kind} {joint}{words}" if words else all_shows
        return f"Refunds of {shows_}. {basis(connection, chosen)}"
    whose = "" if kind == "shows" else f" for {kind}"
    which = f"Refunds{whose} {joint}{words}" if words else f"All refunds{whose}"
    zone = get_business_zone(connection)
    return f"{which}. The day of the refund counts, in {zone}.{limits(chosen)}"


def limits(chosen: FigureFilter) -> str:
    """
    What figures are chosen beside their period, as a sentence with a space before it;
    empty for all.
    """
    names = (chosen.production, chosen.venue, chosen.account, chosen.currency)
    only = ", ".join(safe(name) for name in names if name)
    return f" Only {only}." if only else ""
