"""
A folder of reports: which files are read, and what is in all of them together. A file
that cannot be read is named and stops none of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ticketsync.core import digest, errors
from ticketsync.core.redact import safe
from ticketsync.providers.base import Options, Raw
from ticketsync.providers.file_import import possible_reports
from ticketsync.providers.file_import.checks.column_evidence import settle_columns
from ticketsync.providers.file_import.checks.number_evidence import NumberEvidence
from ticketsync.providers.file_import.checks.row_prices import note_assumed_prices
from ticketsync.providers.file_import.checks.two_places import refuse_two_places
from ticketsync.providers.file_import.one_report.report import Report, read_report
from ticketsync.providers.file_import.possible_reports import list_files
from ticketsync.providers.file_import.recipes.recipe import Recipe, load_recipe
from ticketsync.providers.file_import.several_reports import lasting_notes
from ticketsync.providers.file_import.several_reports.copies import settle_copies
from ticketsync.providers.file_import.several_reports.merge import merge_orders
from ticketsync.providers.report_folder import HeldNames, ReadReport


@dataclass(frozen=True, slots=True)
class Reports:
    """
    The contents of a folder of reports.

    orders       one raw record for each order, also for those that cannot be read
    locations    where each order begins, as file and row, by order id
    orders_of    the ids of the orders that each report gives, by its key
    read         the reports by their digests, as they were when they were read first
    unmapped     headings that the recipe does not use
    with_orders  the files that contain orders: two venues may have the same empty
                 report
    unread       why a file, or a sheet of one, could not be read, by its name
    is_readable  whether at least one file could be read
    notes        what a person should know of what was not read
    unanswered   columns that may say that a row is not a sale, and that no one mapped
    lasting      what a person should look at until it is settled, by file
    assumed      how amounts are read where nothing in the reports shows it
    beside       what the folder has beside its reports and is not read, in a sentence
    """

    recipe: Recipe
    files: tuple[Path, ...]
    orders: tuple[Raw, ...]
    locations: Mapping[str, str]
    orders_of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    read: Mapping[str, ReadReport] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    with_orders: tuple[Path, ...] = ()
    unread: Mapping[str, errors.BadFile] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    lasting: Mapping[str, str] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    beside: str = ""
    is_readable: bool = True


def recipe_of(options: Options) -> Recipe:
    """
    The recipe of an account. Raises `ConfigurationError` if it is missing or wrong.
    """
    return load_recipe(
        options["recipe"],
        timezone=options.get("timezone", ""),
        currency=options.get("currency", ""),
    )


def read_folder(
    options: Options, held: HeldNames, *, is_preview: bool = False
) -> Reports:
    """
    All reports of an account's folder that its recipe is for, oldest first, and what
    lies beside them. Before they are saved, `notes` also say which `order_numbers` they
    fit.

    Raises: `ProviderUnavailable`, naming what else is there, if there is none,
    `ConfigurationError` for the recipe.
    """
    chosen, folder = recipe_of(options), folder_of(options)
    listed = sorted(
        list_files(folder, chosen), key=lambda file: (_modified_at(file), file.name)
    )
    pipes = possible_reports.find_pipes(listed)
    regular = [file for file in listed if file.name not in pipes]
    found = _read_all(chosen, regular, held, is_preview=is_preview)
    names = {file.name for file in listed}
    unread = {**found.unread, **pipes}
    beside = possible_reports.not_reports(
        {name: why for name, why in unread.items() if name in names}
    )
    files = tuple(file for file in listed if file.name not in beside)
    if not files:
        raise errors.ProviderUnavailable(
            f"The folder {safe(folder)} contains no report ({safe(chosen.files)})"
            f"{_other_files(folder)}.",
            hint=f"Export one from {chosen.platform} and put it there.",
            word="no-report",
        )
    unopened = possible_reports.list_unopened(folder, chosen)
    note = possible_reports.note_of_rest([*beside.values(), *unopened])
    return replace(
        found,
        files=files,
        unread={name: why for name, why in unread.items() if name not in beside},
        notes=(*found.notes, *([note] if note else [])),
        beside=note,
    )


def preview_file(options: Options, file: Path) -> Reports:
    """
    One report, to preview what a recipe makes of it.

    Raises `BadFile` where it cannot be read, `ConfigurationError` for the recipe.
    """
    found = _read_all(recipe_of(options), [file], HeldNames(), is_preview=True)
    if not found.is_readable:
        raise found.unread[file.name]
    return found


def folder_of(options: Options) -> Path:
    """
    The folder that an account watches.
    """
    return Path(options["watch"]).expanduser()


def state_of(options: Options) -> str:
    """
    A fingerprint of the recipe and of the names, sizes and times of all files: while it
    stays, nothing in the folder has changed. No file is opened.
    """
    from ticketsync import __version__

    chosen, folder = recipe_of(options), folder_of(options)
    parts = [__version__, repr(chosen), *possible_reports.list_unopened(folder, chosen)]
    for file in sorted(list_files(folder, chosen)):
        try:
            found = file.stat()
        except OSError:
            return ""
        parts.append(
            f"{file.name} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} "
            f"{found.st_ino}"
        )
    return digest.content("\n".join(parts).encode()).hex()


def rules_of(chosen: Recipe) -> dict[str, Any]:
    """
    What parsing must know of the recipe; it is stored with each order.
    """
    rules = {
        "is_plain": True,
        "timezone": chosen.timezone,
        "currency": chosen.currency,
        "decimal": ".",
        "platform": chosen.platform,
        "tax_on_top": chosen.tax_on_top,
        "fee_is_kept": chosen.fee_is_kept,
        "tells_kept": "kept" in chosen.columns,
        "has_quantity": "quantity" in chosen.columns,
        "formats": {},
        "status": dict(chosen.status),
        "kind": dict(chosen.kind),
    }
    has_fees = "kept" in chosen.columns or chosen.fee_is_kept
    if has_fees and "order" not in (chosen.per.get("kept"), chosen.per.get("fee")):
        rules["fees_by_row"] = True
    return rules


def _other_files(folder: Path) -> str:
    """
    What is in a folder without a report, in words.
    """
    if not folder.is_dir():
        return ": it does not exist"
    names = sorted(file.name for file in folder.iterdir() if file.is_file())
    shown = safe(", ".join(names[:3]), longest=120)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"; it has {shown}{more}, which it does not read" if names else ""


def _read_all(
    chosen: Recipe,
    files: Sequence[Path],
    held: HeldNames,
    *,
    is_preview: bool = False,
) -> Reports:
    reports: list[Report] = []
    unread: dict[str, errors.BadFile] = {}
    for file in files:
        try:
            reports.append(read_report(chosen, file))
            unread |= reports[-1].unread
        except errors.BadFile as error:
            unread[file.name] = error
        except OSError as error:
            unread[file.name] = errors.BadFile(
                f"{safe(file.name)} cannot be read: {error.strerror}.",
                hint="Check that it is a file that this user may read.",
            )
    with_orders = tuple(
        r.file for r in reports if any(source.orders for source in r.sources)
    )
    settled = settle_copies(reports, held)
    settle_columns(chosen, settled.sources)
    said = lasting_notes.reports_with_assumed_prices(held)
    assumed = tuple(
        note_assumed_prices(chosen, settled.sources, () if is_preview else said)
    )
    evidence = (
        tuple(NumberEvidence(settled.sources).notes(chosen)) if is_preview else ()
    )
    refuse_two_places(chosen, settled.sources)
    keys = {source.key for source in settled.sources}
    lasting = dict(lasting_notes.of_copies(chosen, settled.copies))
    merged = merge_orders(chosen, settled.sources, rules_of(chosen), held)
    given = merged.orders.keys() - merged.kept
    lasting |= lasting_notes.of_other_recipe(chosen, held, keys, given)
    return Reports(
        chosen,
        tuple(files),
        tuple(merged.orders.values()),
        merged.locations,
        merged.reports,
        lasting_notes.with_meaning(
            chosen, settled.read, settled.read if assumed else said
        ),
        reports[-1].unmapped if reports else (),
        with_orders,
        unread,
        (
            *(note for report in reports for note in report.notes),
            *(
                note.text
                for report in reports
                for note in report.date_notes
                if is_preview or not note.is_usual
            ),
            *settled.notes,
            *merged.notes,
            *assumed,
            *evidence,
        ),
        tuple(text for report in reports for text in report.unanswered),
        lasting,
        assumed,
        is_readable=bool(reports),
    )


def _modified_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
