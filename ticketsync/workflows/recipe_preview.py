"""
Report files before they are stored: which recipes there are, and what one of them makes
of a report, of a folder, or of the folder of an account.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ticketsync.accounts import state
from ticketsync.catalogue import shows
from ticketsync.core import clock, errors, money
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.providers.base import Options, Page, Raw
from ticketsync.providers.file_import import folder, starter
from ticketsync.providers.file_import.one_report.columns import is_return
from ticketsync.providers.file_import.orders import events_from_rows
from ticketsync.providers.file_import.recipes import recipe, recipe_keys
from ticketsync.providers.report_folder import HeldNames
from ticketsync.sales.allocation import AllocatedOrder
from ticketsync.sales.planned_refunds import (
    PlannedRefund,
    StoredRefunds,
    planned_refunds,
    read_stored_refunds,
)
from ticketsync.sales.refunds import Moment
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.engine import Database
from ticketsync.workflows.recipe_totals import (
    PreviewTotal,
    RefundsOfDay,
    refunds_by_day,
    total_orders,
)
from ticketsync.workflows.sync import held_back, parse, report_files, sold_elsewhere
from ticketsync.workflows.sync.held_back import Previewed
from ticketsync.workflows.sync.parse import KnownOrders


def recipes() -> list[dict[str, str]]:
    """
    The recipes that come with ticketsync: name, platform, where they are known from.
    """
    return [
        {"recipe": name, "platform": found.platform, "established": found.established}
        for name in recipe.builtin_names()
        for found in (recipe.load_builtin(name),)
    ]


def write_starter(database: Database, report: Path, folder: Path) -> Path:
    """
    Write a recipe to start from, made from a report's headings, into a folder; the zone
    and currency are those of the first venue. Returns the new file; one that is there
    is not replaced.

    Raises: `BadFile` for a report without known headings, `UsageError` where the file
    is there already or cannot be written.
    """
    with database.read() as connection:
        venues = shows.list_venues(connection)
    text = starter.starter_recipe(
        report,
        timezone=venues[0].timezone if venues else "Australia/Sydney",
        currency=venues[0].currency if venues else "AUD",
    )
    file = folder / f"{report.stem}.yaml"
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise errors.UsageError(f"There is {file} already.") from None
    except OSError as error:
        raise errors.UsageError(
            f"{file} cannot be written: {error.strerror}."
        ) from None
    return file


@dataclass(frozen=True, slots=True)
class ReportWord:
    """
    A word of the column that is mapped to a field (`status` or `kind`): its heading, in
    how many rows it stands, and what the recipe makes of it; `means` is empty for one
    that the recipe does not have.
    """

    field: str
    column: str
    word: str
    rows: int
    means: str

    def __str__(self) -> str:
        ours = recipe_keys.STATUSES if self.field == "status" else recipe_keys.KINDS
        unknown = f"not in the recipe; add it under `{self.field}` to one of "
        place = f"{self.column} {self.word!r} in {number_of(self.rows, 'row')}"
        return f"{place}: {self.means or unknown + ', '.join(ours)}"


@dataclass(frozen=True, slots=True)
class Unread:
    """
    Why an order was not read, with its place; or, where `order` is empty, a report.
    """

    order: str
    reason: str

    def __str__(self) -> str:
        return f"{self.order}: {self.reason}" if self.order else self.reason


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What a recipe makes of one report or several.

    scope           in a sentence, what was looked at, and what was not
    rows            the orders as `sync` would save them
    unread          what could not be read
    discrepancies   the orders that are saved and do not add up, in words
    notes           what was left out or decided by evidence
    unused_columns  the headings that the recipe does not use
    words           what the columns for status and kind say
    totals          what the orders come to, by status and in all
    refunds         what goes back on each day
    """

    scope: str
    rows: list[dict[str, str]]
    unread: tuple[Unread, ...]
    discrepancies: tuple[str, ...]
    notes: tuple[str, ...]
    unused_columns: tuple[str, ...]
    words: tuple[ReportWord, ...]
    totals: tuple[PreviewTotal, ...]
    refunds: tuple[RefundsOfDay, ...]

    @property
    def problems(self) -> list[str]:
        """
        What could not be read, with its place: the reasons that `sync` keeps.
        """
        return [item.reason for item in self.unread]


def preview(
    options: Options, place: str, open_database: Callable[[], Database]
) -> Preview:
    """
    Read a report, all of a folder, or the folder of an account, as `sync` does, to the
    orders that it would save; saves nothing. Of an account the recipe and the options
    are its own, as far as `options` do not give others. A bare name is an account's
    before it is that of a file or a folder, which can be written as `./box`.

    Raises: `BadFile` for a report that cannot be read, `ConfigurationError` for the
    recipe, `ProviderUnavailable` for a folder without a report, `NotFound` where
    `place` is none of the three, `UsageError` for a report without a recipe, and for an
    account without report files.
    """
    path = Path(place).expanduser()
    if _is_account_too(place, path, open_database):
        found = _read_account(options, place, open_database)
        scope = f"{found.scope} For the {_kind_of(path)} of that name write ./"
        return _previewed(replace(found, scope=f"{scope}{safe(place)}."))
    is_recipe = place in recipe.builtin_names() or path.suffix in (".yaml", ".yml")
    if "recipe" not in options and (path.exists() or is_recipe):
        raise errors.UsageError(
            "recipe check needs a recipe and a report, or the name of an account.",
            hint="For example `ticketsync accounts recipe check ticketek june.xlsx`; "
            "a folder of reports can be given, too.",
        )
    if path.is_dir():
        options = {**options, "watch": place}
        reports = folder.read_folder(options, HeldNames(), is_preview=True)
        scope = (
            f"Read: {_number_of_reports(reports)} in {safe(place)}. Not looked at: "
            "what an account has stored; `ticketsync accounts recipe check ACCOUNT` "
            "does."
        )
    elif path.exists():
        reports = folder.preview_file(options, path)
        scope = (
            f"Read: {safe(path.name)} alone. Not looked at: other reports of its "
            "folder, and what an account has stored."
        )
    else:
        return _previewed(_read_account(options, place, open_database))
    zone = _business_zone(open_database) or reports.recipe.timezone
    return _previewed(_Read(reports, options, scope, zone))


@dataclass(frozen=True, slots=True)
class _Read:
    """
    What was read and how: the reports, the options, in a sentence what was looked at,
    the zone whose calendar decides on which day money went back, what is stored, and
    which of the orders the account does not save.
    """

    reports: folder.Reports
    options: Options
    scope: str
    zone: str
    stored: Mapping[str, StoredRefunds] = field(default_factory=dict)
    hold_back: Callable[..., Previewed] = held_back.preview_nothing


def _business_zone(open_database: Callable[[], Database]) -> str:
    """
    The zone by which `sync` dates refunds; `""` where nothing is set up yet.
    """
    try:
        with open_database().read() as connection:
            return get_business_zone(connection)
    except errors.TicketsyncError:
        return ""


def _is_account_too(
    place: str, path: Path, open_database: Callable[[], Database]
) -> bool:
    """
    Whether the name of a file or folder here is that of an account as well.
    """
    if path.name != place or not path.exists():
        return False
    try:
        with open_database().read() as connection:
            return place in state.get_account_names(connection).values()
    except errors.TicketsyncError:  # then there is no account either
        return False


def _kind_of(path: Path) -> str:
    return "folder" if path.is_dir() else "file"


def _read_account(
    options: Options, name: str, open_database: Callable[[], Database]
) -> _Read:
    """
    The reports of an account beside what it holds.
    """
    database = open_database()
    with database.read() as connection:
        names = state.get_account_names(connection)
        if name not in names.values():
            known = ", ".join(sorted(names.values()))
            raise errors.NotFound(
                f"There is no file, folder or account {safe(name)!r}.",
                hint=f"The accounts are: {known}." if known else "Check the path.",
            )
        account = state.get_account(connection, name)
    if account.provider != "file":
        raise errors.UsageError(
            f"Account {safe(name)!r} has no report files.",
            hint="Give a report, a folder of reports or an account that reads one.",
        )
    options = {**account.options, **options}
    held = report_files.held_names(database, account.id)
    found = folder.read_folder(options, held, is_preview=True)
    absent = len(held.orders.keys() - {raw["id"] for raw in found.orders})
    stored = number_of(len(held.orders), "order") if held.orders else "no order"
    scope = (
        f"Read: {_number_of_reports(found)} in {safe(options['watch'])}. {safe(name)} "
        f"has stored {stored}"
    )
    scope += f", {absent:,} of them in no report here." if absent else "."
    with database.read() as connection:
        return _Read(
            *(found, options, scope, get_business_zone(connection)),
            read_stored_refunds(connection, account.id),
            functools.partial(held_back.preview, database, account.id),
        )


def _number_of_reports(found: folder.Reports) -> str:
    return number_of(len(found.files), "report")


def _previewed(read: _Read) -> Preview:
    reports = read.reports
    provider = parse.offline_provider("file", read.options)
    raws = list(reports.orders)
    named = {
        str(found["id"]): found
        for raw in raws
        for line in raw["lines"]
        if (found := events_from_rows.occurrence_of(line, raw["rules"])) is not None
    }
    page = parse.parse_page(provider, Page("order", raws), KnownOrders({}, named))
    moment = Moment(clock.now(), read.zone)
    kept = read.hold_back(provider, page.orders, named)
    not_saved = {*kept.reasons, *kept.left_out}
    orders = [item for item in page.orders if item.order.id not in not_saved]
    planned = [
        (item, planned_refunds(item, read.stored.get(item.order.id), moment))
        for item in orders
    ]
    rows = [_row(item, made, named) for item, made in planned]
    files = tuple(f"{file.name}, " for file in reports.files)
    unread = [
        Unread("", f"{error.message} {error.hint}") for error in reports.unread.values()
    ]
    unread += [
        Unread(
            safe(item.provider_id),
            item.reason
            if item.reason.startswith(files)
            else f"{reports.locations[item.provider_id]}: {item.reason}",
        )
        for item in page.unreadable
    ]
    unread += [
        Unread(safe(id_), f"{reports.locations[id_]}: {why}")
        for id_, why in kept.reasons.items()
    ]
    left = kept.left_out
    shared = (sold_elsewhere.note_left_out(left),) if left else ()
    discrepancies = tuple(
        f"{reports.locations[item.order.id]}, order {safe(item.order.id)}: {why}"
        for item in orders
        if (why := item.order.doubt) is not None
    )
    words = (*_words(reports, "status"), *_words(reports, "kind"))
    return Preview(
        *(read.scope, rows, tuple(unread), discrepancies),
        (*reports.notes, *shared, *_without_days(reports), *_more_fees(reports)),
        *(reports.unmapped, words),
        *(total_orders(orders), refunds_by_day(planned)),
    )


def _without_days(reports: folder.Reports) -> Iterator[str]:
    if "placed" not in reports.recipe.columns:
        yield (
            "the recipe maps no column to `placed`: sales count on the day of their "
            "show"
        )
    elif reports.orders and not any(_has_day(reports, it) for it in reports.orders):
        yield (
            "no sale has a day in the column mapped to `placed`: sales count on the "
            "day of their show"
        )


def _has_day(reports: folder.Reports, raw: Raw) -> bool:
    """
    Whether an order says when it was bought, or waits, perhaps for that.
    """
    return "problem" in raw or any(
        "placed" in line and not is_return(line, reports.recipe)
        for line in raw["lines"]
    )


def _more_fees(reports: folder.Reports) -> Iterator[str]:
    """
    Columns beside that for `kept` whose headings say what was kept, too.
    """
    kept = reports.recipe.columns.get("kept")
    for name in reports.unmapped if kept else ():
        if starter.says_what_was_kept(name):
            yield (
                f"the recipe does not map {safe(name)!r}, which may be kept beside "
                f"{safe(kept)!r}: list both to add them, `kept: [{safe(kept)}, "
                f"{safe(name)}]`"
            )


def _words(reports: folder.Reports, field: str) -> list[ReportWord]:
    """
    The words of a mapped column, the most frequent first.
    """
    if field not in reports.recipe.columns:
        return []
    mapped = getattr(reports.recipe, field)
    heading = safe(reports.recipe.columns[field])
    found: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for raw in reports.orders:
        for line in raw["lines"]:
            word = line.get(field, "")
            found[word.lower()] += 1
            spelled.setdefault(word.lower(), word)
    return [
        ReportWord(
            field,
            heading,
            safe(spelled[word], longest=40),
            number,
            str(mapped.get(word, "")),
        )
        for word, number in found.most_common()
    ]


def _shows_of(
    item: AllocatedOrder, named: Mapping[str, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """
    The performances that an order is for, by their start.
    """
    ids = {share.occurrence_id for share in item.shares}
    found = [named[id_] for id_ in ids or {item.order.occurrence_id or ""}]
    return sorted(found, key=lambda show: (show["starts_at"], show["name"]))


def _row(
    item: AllocatedOrder,
    planned: Sequence[PlannedRefund],
    named: Mapping[str, Mapping[str, Any]],
) -> dict[str, str]:
    """
    An order as it would be saved: its tickets are those with an id of their own.
    """
    order = item.order
    shows = _shows_of(item, named)

    def text(minor: int) -> str:
        return money.decimal_text(minor, order.currency)

    admitted = {share.id for share in item.shares if share.kind == "admission"}
    return {
        "order": safe(order.id),
        "event": "; ".join(dict.fromkeys(safe(show["name"]) for show in shows)),
        "starts_at": "; ".join(show["starts_at"] for show in shows),
        "tickets": str(len(admitted)),
        "charged": text(order.charged),
        "refunded": text(sum(refund.amount for refund in order.refunds)),
        "currency": order.currency,
        "sold": str(sum(share.is_sold for share in item.shares)),
        "fees": "" if order.total_fees is None else text(order.total_fees),
        "timezone": shows[0]["timezone"],
        "doubt": order.doubt or "",
        "status": order.status.value,
        "placed_at": clock.iso(order.placed_at) or "",
        "refunded_on": "; ".join(
            f"{it.on_day} {text(it.amount)} {it.basis}" for it in planned
        ),
    }
