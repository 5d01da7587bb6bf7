"""
Reads report files in a folder and merges them into one raw record per order, taken
from the newest file that has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ticketsync.core import digest, errors, records, sheets
from ticketsync.core.redact import safe
from ticketsync.net.client import ApiClient
from ticketsync.providers.base import Extent, Folder, Options, Page, Raw
from ticketsync.providers.file_import.listing import (
    occurrence_of,
    provider_occurrence_id_of,
)
from ticketsync.providers.file_import.recipe import Recipe, load_recipe

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Reports:
    """
    The contents of a folder of reports.

    locations    where each order begins, as file and line, by order id
    unmapped     headings that the recipe does not use
    with_orders  the files that contain orders: two venues may have the same empty
                 report
    """

    recipe: Recipe
    files: tuple[Path, ...]
    orders: tuple[Raw, ...]
    locations: Mapping[str, str]
    unmapped: tuple[str, ...] = ()
    with_orders: tuple[Path, ...] = ()


def read_folder(options: Options) -> Reports:
    """
    All reports of an account's folder that its recipe is for, oldest first.

    Raises `ProviderUnavailable` if there is none, `BadFile` for one without the
    recipe's headings, `ConfigurationError` for the recipe itself.
    """
    chosen = recipe_of(options)
    folder = Path(options["watch"]).expanduser()
    files = sorted(
        _files(folder, chosen), key=lambda file: (file.stat().st_mtime_ns, file.name)
    )
    if not files:
        raise errors.ProviderUnavailable(
            f"The folder {folder} contains no report ({chosen.files}).",
            hint=f"Export one from {chosen.platform} and put it there.",
            word="no-report",
        )
    return _merge(chosen, files)


def _files(folder: Path, chosen: Recipe) -> list[Path]:
    """
    The files of a folder that may be reports for a recipe.
    """
    kinds = (*sheets.WORKBOOKS, *sheets.TEXTS)
    return [
        file
        for file in (folder.glob(chosen.files) if folder.is_dir() else ())
        if file.suffix.lower() in kinds and not file.name.startswith((".", "~$"))
    ]


def read_report(options: Options, file: Path) -> Reports:
    """
    One report, to preview what a recipe extracts. Raises like `read_folder`.
    """
    return _merge(recipe_of(options), [file])


def recipe_of(options: Options) -> Recipe:
    """
    The recipe of an account. Raises `ConfigurationError` if it is missing or wrong.
    """
    return load_recipe(
        options["recipe"],
        timezone=options.get("timezone", ""),
        currency=options.get("currency", ""),
    )


def _merge(chosen: Recipe, files: Sequence[Path]) -> Reports:
    """
    The orders of all files; of an order in several of them, the last file's.
    """
    rules = _rules(chosen)
    orders: dict[str, Raw] = {}
    locations: dict[str, str] = {}
    unmapped: tuple[str, ...] = ()
    with_orders: list[Path] = []
    for file in files:
        found = _read_file(chosen, file)
        unmapped = found.unmapped
        locations |= found.locations
        if found.orders:
            with_orders.append(file)
        orders |= {
            id_: {"id": id_, "rules": rules, "lines": lines}
            for id_, lines in found.orders.items()
        }
    return Reports(
        chosen,
        tuple(files),
        tuple(orders.values()),
        locations,
        unmapped,
        tuple(with_orders),
    )


def _rules(chosen: Recipe) -> dict[str, Any]:
    """
    What parsing must know of the recipe; it is stored with each order.
    """
    return {
        "timezone": chosen.timezone,
        "currency": chosen.currency,
        "decimal": chosen.decimal,
        "platform": chosen.platform,
        "tax_on_top": chosen.tax_on_top,
        "fee_is_kept": chosen.fee_is_kept,
        "tells_kept": "kept" in chosen.columns,
        "formats": dict(chosen.formats),
        "status": dict(chosen.status),
    }


@dataclass(frozen=True, slots=True)
class _File:
    """
    The lines of one file by order, where each order begins, and the headings that no
    column of the recipe has.
    """

    orders: dict[str, list[dict[str, str]]]
    locations: dict[str, str]
    unmapped: tuple[str, ...]


def _read_file(chosen: Recipe, file: Path) -> _File:
    """
    Raises `BadFile` if no row has the recipe's headings.
    """
    orders: dict[str, list[dict[str, str]]] = {}
    locations: dict[str, str] = {}
    unmapped: tuple[str, ...] = ()
    heading: list[str] = []
    for line in sheets.lines(file, sheet=chosen.sheet):
        if not heading:
            heading = _heading(chosen, line)
            unmapped = _unmapped(chosen, line)
            continue
        if line.cells[0] in chosen.stop_at:
            continue
        cells = _cells(heading, line.cells)
        order_id = cells.get("order") or f"{file.name} {line.position}"
        if order_id not in orders:
            locations[order_id] = f"{file.name}, {line.position}"
        orders.setdefault(order_id, []).append(cells)
    if not heading:
        raise errors.BadFile(
            f"{file.name} has no row with the headings of {chosen.platform}: "
            f"{', '.join(chosen.columns.values())}.",
            hint="Run `ticketsync accounts recipe check` with this report.",
            word="headings",
        )
    return _File(orders, locations, unmapped)


def _unmapped(chosen: Recipe, line: sheets.Line) -> tuple[str, ...]:
    known = {_normalise(theirs) for theirs in chosen.columns.values()}
    return tuple(c for c in line.cells if c and _normalise(c) not in known)


def _heading(chosen: Recipe, line: sheets.Line) -> list[str]:
    """
    The field of each column if this row contains the headings, else an empty list.
    """
    wanted = {_normalise(theirs): ours for ours, theirs in chosen.columns.items()}
    fields = [wanted.get(_normalise(cell), "") for cell in line.cells]
    return fields if set(wanted.values()) <= set(fields) else []


def _normalise(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name).strip().lower()


def _cells(heading: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {
        field: cell
        for field, cell in zip(heading, cells, strict=False)
        if field and cell
    }


class FileFetcher:
    """
    Reads a folder instead of a platform.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self._options = options
        self._reports: Reports | None = None

    def identify(self) -> records.Identity:
        reports = self._read()
        files = f"{len(reports.files)} report{'s' * (len(reports.files) != 1)}"
        return records.Identity(
            None,
            f"{files} in {self._options['watch']}, {reports.recipe.platform}",
            reports.recipe.currency or None,
        )

    def folder(self) -> Folder:
        chosen = recipe_of(self._options)
        folder = Path(self._options["watch"]).expanduser()
        files = frozenset(str(file.resolve()) for file in _files(folder, chosen))
        return Folder(str(folder.resolve()), chosen.files, files)

    def contents(self) -> Mapping[str, str]:
        return {
            digest.content(file.read_bytes()).hex(): file.name
            for file in self._read().with_orders
        }

    def fetch_events(self) -> Iterator[Page]:
        occurrences = {
            occurrence["id"]: occurrence
            for order in self._read().orders
            for line in order["lines"]
            if (occurrence := occurrence_of(line, order["rules"])) is not None
        }
        rows = list(occurrences.values())
        for begin in range(0, len(rows), PAGE_SIZE):
            yield Page("event", rows[begin : begin + PAGE_SIZE])

    def fetch_orders(
        self, provider_occurrence_id: str, bookmark: str | None
    ) -> Iterator[Page]:
        for page in self._pages():
            raws = [
                raw
                for raw in page.records
                if provider_occurrence_id_of(raw) == provider_occurrence_id
            ]
            if raws:
                yield Page("order", raws)

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]:
        return self._pages()

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        return self._pages()

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        """
        Raises `NotFound` if no report has it.
        """
        for order in self._read().orders:
            if order["id"] == provider_order_id:
                return order
        raise errors.NotFound(
            f"No report has the order {safe(provider_order_id)!r}.",
            hint="Export it again.",
        )

    def watermark_of(self, raw: Raw) -> str:
        return ""  # every run reads everything

    def _pages(self) -> Iterator[Page]:
        orders = self._read().orders
        for begin in range(0, len(orders), PAGE_SIZE):
            yield Page("order", orders[begin : begin + PAGE_SIZE])

    def location_of(self, raw: Raw) -> str:
        """
        File and line where an order begins, as a prefix of a message.
        """
        locations = self._reports.locations if self._reports is not None else {}
        return f"{locations[raw['id']]}: " if raw.get("id") in locations else ""

    def _read(self) -> Reports:
        if self._reports is None:
            self._reports = read_folder(self._options)
        return self._reports
