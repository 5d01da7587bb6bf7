"""
Report files in a folder, merged to one raw record per order. The newest file that has
an order counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ticketsync.core import digest, errors, records, sheets
from ticketsync.core.redact import safe
from ticketsync.net.client import ApiClient
from ticketsync.providers.base import Extent, Folder, Options, Page, Raw
from ticketsync.providers.file_import import recipe
from ticketsync.providers.file_import.listing import (
    occurrence_of,
    provider_occurrence_id_of,
)
from ticketsync.providers.file_import.recipe import Recipe

PAGE = 100


@dataclass(frozen=True, slots=True)
class Reports:
    """
    What a folder of reports holds; `places` tells where each order begins.

    `with_orders` are the files that hold any: two venues may well have the same empty
    report.
    """

    recipe: Recipe
    files: tuple[Path, ...]
    orders: tuple[Raw, ...]
    places: Mapping[str, str]
    unmapped: tuple[str, ...] = ()
    with_orders: tuple[Path, ...] = ()


def read_folder(options: Options) -> Reports:
    """
    All reports of an account's folder that its recipe is for, oldest first.
    """
    chosen = recipe_of(options)
    folder = Path(options["watch"]).expanduser()
    files = sorted(
        _files(folder, chosen), key=lambda file: (file.stat().st_mtime_ns, file.name)
    )
    if not files:
        raise errors.ProviderUnavailable(
            f"The folder {folder} holds no report ({chosen.files}).",
            hint=f"Export one from {chosen.platform} and put it there.",
            word="no-report",
        )
    return _merged(chosen, files)


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
    One report, to see what a recipe makes of it.
    """
    return _merged(recipe_of(options), [file])


def recipe_of(options: Options) -> Recipe:
    return recipe.load(
        options["recipe"],
        timezone=options.get("timezone", ""),
        currency=options.get("currency", ""),
    )


def _merged(chosen: Recipe, files: Sequence[Path]) -> Reports:
    rules = {
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
    orders: dict[str, Raw] = {}
    places: dict[str, str] = {}
    unmapped: tuple[str, ...] = ()
    with_orders: list[Path] = []
    for file in files:
        told: dict[str, list[dict[str, str]]] = {}
        heading: list[str] = []
        for line in sheets.lines(file, sheet=chosen.sheet):
            if not heading:
                heading = _heading(chosen, line)
                unmapped = tuple(
                    name
                    for name in line.cells
                    if name and _plain(name) not in map(_plain, chosen.columns.values())
                )
                continue
            if line.cells[0] in chosen.stop_at:
                continue
            cells = _cells(heading, line.cells)
            order = cells.get("order") or f"{file.name} {line.position}"
            if order not in told:
                places[order] = f"{file.name}, {line.position}"
            told.setdefault(order, []).append(cells)
        if not heading:
            raise errors.BadFile(
                f"{file.name} has no line with the headings of {chosen.platform}: "
                f"{', '.join(chosen.columns.values())}.",
                hint="Run `ticketsync accounts recipe check` with this report.",
                word="headings",
            )
        if told:
            with_orders.append(file)
        orders |= {
            id_: {"id": id_, "rules": rules, "lines": lines}
            for id_, lines in told.items()
        }
    return Reports(
        chosen,
        tuple(files),
        tuple(orders.values()),
        places,
        unmapped,
        tuple(with_orders),
    )


def _heading(chosen: Recipe, line: sheets.Line) -> list[str]:
    """
    The field of each column if this row holds the headings, else nothing.
    """
    wanted = {_plain(theirs): ours for ours, theirs in chosen.columns.items()}
    found = [wanted.get(_plain(cell), "") for cell in line.cells]
    return found if set(wanted.values()) <= set(found) else []


def _plain(name: str) -> str:
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
        place = Path(self._options["watch"]).expanduser()
        files = frozenset(str(file.resolve()) for file in _files(place, chosen))
        return Folder(str(place.resolve()), chosen.files, files)

    def contents(self) -> Mapping[str, str]:
        return {
            digest.content(file.read_bytes()).hex(): file.name
            for file in self._read().with_orders
        }

    def fetch_events(self) -> Iterator[Page]:
        dates = {
            date["id"]: date
            for order in self._read().orders
            for line in order["lines"]
            if (date := occurrence_of(line, order["rules"])) is not None
        }
        rows = list(dates.values())
        for begin in range(0, len(rows), PAGE):
            yield Page("event", rows[begin : begin + PAGE])

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        for page in self._pages():
            fitting = [
                raw
                for raw in page.records
                if provider_occurrence_id_of(raw) == event_id
            ]
            if fitting:
                yield Page("order", fitting)

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]:
        return self._pages()

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        return self._pages()

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        for order in self._read().orders:
            if order["id"] == order_id:
                return order
        raise errors.NotFound(
            f"No report has the order {safe(order_id)!r}.", hint="Export it again."
        )

    def watermark_of(self, raw: Raw) -> str:
        return ""  # every run reads everything

    def _pages(self) -> Iterator[Page]:
        orders = self._read().orders
        for begin in range(0, len(orders), PAGE):
            yield Page("order", orders[begin : begin + PAGE])

    def place_of(self, raw: Raw) -> str:
        """
        File and line where an order begins, to be put before a message.
        """
        places = self._reports.places if self._reports is not None else {}
        return f"{places[raw['id']]}: " if raw.get("id") in places else ""

    def _read(self) -> Reports:
        if self._reports is None:
            self._reports = read_folder(self._options)
        return self._reports
