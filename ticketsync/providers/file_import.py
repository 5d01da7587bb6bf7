"""
Reports in files: platforms that let nobody read their sales, except a person who
exports them.

Words     a report's event is our Event, a date of it our Occurrence
Auth      none; a folder is watched and never written to
Pages     every report is read whole each run; what did not change changes nothing
Surprise  a later report tells all of an order: the newest file that has it counts
Surprise  fees are unknown unless a column says what the platform kept
Surprise  a row with a negative amount takes back what the order sold before

Our raw record is an order: `{"id", "rules": …, "lines": […]}`, the cells of the
columns that the recipe maps as text, and the rules to understand them. Columns that
it does not map, people above all, are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from ticketsync.core import clock, digest, errors, money, records, sheets
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret, safe
from ticketsync.net.client import ApiClient
from ticketsync.providers import recipe
from ticketsync.providers.base import (
    Budget,
    Capabilities,
    Extent,
    Folder,
    Options,
    Page,
    ProviderSpec,
    Raw,
)
from ticketsync.providers.options import Option
from ticketsync.providers.recipe import Recipe

PAGE = 100
NO_DATE = ""


def _no_key(secret: Secret, options: Options) -> dict[str, Secret]:
    return {}


def _real_folder(text: str) -> str:
    """
    A folder by its whole name, because cron runs elsewhere.
    """
    return str(Path(text).expanduser().resolve())


def _recipe(text: str) -> str:
    """
    The name of a recipe of ours, or a recipe's file by its whole name.
    """
    if not text.endswith((".yaml", ".yml")):
        if text not in recipe.names():
            raise ValueError(f"Give a .yaml file, or one of: {_listed_recipes()}.")
        return text
    file = Path(text).expanduser().resolve()
    if not file.is_file():
        raise ValueError(f"Give a .yaml file that exists, or: {_listed_recipes()}.")
    return str(file)


def _listed_recipes() -> str:
    return ", ".join(recipe.names())


def _zone(text: str) -> str:
    try:
        clock.zone(text)
    except ValueError:
        raise ValueError("Expected: an IANA name such as Australia/Sydney.") from None
    return text


def _currency(text: str) -> str:
    try:
        money.exponent(text.upper())
    except money.MoneyError:
        raise ValueError("Expected: an ISO 4217 code such as AUD.") from None
    return text.upper()


class FileImport:
    spec = ProviderSpec(
        name="file",
        title="Report files",
        base_url="",
        authenticate=_no_key,
        budget=Budget(requests=1, minutes=1),
        key_help="none: put the platform's reports into a folder",
        capabilities=Capabilities(reads_pricing=True, recurring=True, promo_codes=True),
        options=(
            Option(
                "recipe",
                "a recipe file, or the name of one of ours",
                is_required=True,
                check=_recipe,
            ),
            Option(
                "watch",
                "the folder with the reports",
                is_required=True,
                check=_real_folder,
            ),
            Option("timezone", "the zone of the report's times", check=_zone),
            Option("currency", "the currency of its amounts", check=_currency),
        ),
        limits="knows what the last report told",
    )
    reports_changes: ClassVar[bool] = True

    def __init__(self, api: ApiClient, options: Options) -> None:
        self._options = options
        self._reports: Reports | None = None

    # The half that fetches

    def identify(self) -> records.Identity:
        reports = self._read()
        files = f"{len(reports.files)} report{'s' * (len(reports.files) != 1)}"
        return records.Identity(
            None,
            f"{files} in {self._options['watch']}, {reports.recipe.platform}",
            reports.recipe.currency or None,
        )

    def folder(self) -> Folder:
        chosen = _recipe_of(self._options)
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
            if (date := _date_of(line, order["rules"])) is not None
        }
        rows = list(dates.values())
        for begin in range(0, len(rows), PAGE):
            yield Page("event", rows[begin : begin + PAGE])

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        for page in self._pages():
            fitting = [
                raw
                for raw in page.records
                if self.provider_occurrence_id_of(raw) == event_id
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

    def provider_occurrence_id_of(self, raw: Raw) -> str:
        dates = (_date_of(line, raw["rules"]) for line in raw["lines"])
        return next((str(date["id"]) for date in dates if date), NO_DATE)

    def _pages(self) -> Iterator[Page]:
        orders = self._read().orders
        for begin in range(0, len(orders), PAGE):
            yield Page("order", orders[begin : begin + PAGE])

    def _read(self) -> Reports:
        if self._reports is None:
            self._reports = read_folder(self._options)
        return self._reports

    # The half that understands

    def read_event(self, raw: Raw) -> records.Event:
        occurrence = records.Occurrence(
            id=str(raw["id"]),
            event_id=str(raw["event_id"]),
            name=str(raw["name"]),
            starts_at=clock.from_iso(str(raw["starts_at"])),
            ends_at=None,
            timezone=str(raw["timezone"]),
            status=OccurrenceStatus.ON_SALE,
            capacity=None,
            currency=raw["currency"] or None,
            venue=raw["venue"] or None,
            url=None,
            listed_at=None,
            issued=None,
            ordered=None,
            fingerprint="",
        )
        return records.Event(
            occurrence.event_id, occurrence.name, None, (occurrence,), is_listing=False
        )

    def read_order(self, raw: Raw) -> records.Order:
        place = self._place(raw)
        try:
            return read_order(raw)
        except UnreadableRecord as wrong:
            raise UnreadableRecord(f"{place}{wrong.reason}", word=wrong.word) from None

    def _place(self, raw: Raw) -> str:
        places = self._reports.places if self._reports is not None else {}
        return f"{places[raw['id']]}: " if raw.get("id") in places else ""


# The folder


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
    chosen = _recipe_of(options)
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
    return _merged(_recipe_of(options), [file])


def _recipe_of(options: Options) -> Recipe:
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


# Understanding


def read_order(raw: Raw) -> records.Order:
    return _Reader(raw).order()


def date_of(raw: Raw) -> dict[str, Any]:
    """
    The listing record of the date that an order's first line is for.
    """
    found = _date_of(raw["lines"][0], raw["rules"])
    assert found is not None
    return found


def _date_of(
    line: Mapping[str, str], rules: Mapping[str, Any]
) -> dict[str, Any] | None:
    """
    The listing record of the date that a line is for; `None` if it cannot be read.
    """
    try:
        starts = _moment(line, rules, "starts")
    except UnreadableRecord:
        return None
    name = line.get("event") or line.get("event_id")
    if starts is None or not name:
        return None
    event = line.get("event_id") or name
    return {
        "id": line.get("show_id") or f"{event} @ {clock.iso(starts)}",
        "event_id": event,
        "name": name,
        "starts_at": clock.iso(starts),
        "timezone": rules["timezone"],
        "currency": line.get("currency", rules["currency"]).upper(),
        "venue": line.get("venue"),
    }


def _moment(
    line: Mapping[str, str], rules: Mapping[str, Any], name: str
) -> datetime | None:
    text = line.get(name, "")
    written = rules["formats"].get(name)
    if name == "starts" and not text and line.get("date"):
        text = f"{line['date']} {line.get('time', '')}".strip()
        formats = rules["formats"]
        if "date" in formats or "time" in formats:
            written = (
                f"{formats.get('date', '%Y-%m-%d')} {formats.get('time', '%H:%M')}"
            )
    if not text:
        return None
    try:
        moment = _parsed(text, written)
        if moment.tzinfo is not None:
            return clock.from_iso(moment.isoformat())
        return clock.local_to_utc(moment, rules["timezone"])
    except ValueError:
        expected = f", not a time written as {written}" if written else ", not a time"
        raise UnreadableRecord(f"{name} is {safe(text)!r}{expected}") from None


def _parsed(text: str, written: str | None) -> datetime:
    """
    As the recipe says it is written; a workbook's own date is ISO whatever it says.
    """
    if written is None:
        return datetime.fromisoformat(text)
    try:
        return datetime.strptime(text, written)  # noqa: DTZ007  # the zone is the recipe's
    except ValueError:
        if re.match(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}$", text):
            return datetime.fromisoformat(text)
        raise


_MONEY = re.compile(r"^\(?-?[^\d.,()-]*(-?[\d.,\s]*\d)[^\d.,()-]*\)?$")


class _Reader:
    """
    One order: its lines in the order of the report.
    """

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.rules: Mapping[str, Any] = raw["rules"]
        lines = raw["lines"]
        codes = {
            line.get("currency", self.rules["currency"]).strip().upper()
            for line in lines
        }
        if len(codes) != 1 or not codes - {""}:
            raise UnreadableRecord(
                f"its currency is {safe(', '.join(sorted(codes)))!r}"
            )
        self.currency = codes.pop()
        try:
            money.exponent(self.currency)
        except ValueError:
            raise UnreadableRecord(f"{safe(self.currency)!r} is no currency") from None
        self.lines: list[Mapping[str, str]] = lines

    def order(self) -> records.Order:
        sold = [line for line in self.lines if not self.takes_back(line)]
        back = [line for line in self.lines if self.takes_back(line)]
        words = [self.status(line) for line in sold]
        status = _order_status(words)
        tickets: list[records.Ticket] = []
        refunded = 0
        for number, (line, word) in enumerate(zip(sold, words, strict=True), start=1):
            tickets += self.tickets(line, word, number)
            refunded += self.refunded(line, word)
        for line in back:
            refunded += abs(self.line_total(line))
            _void(tickets, line.get("type", ""), abs(self.quantity(line)))
        tax = self.taxes(sold)
        own = sum(ticket.face + ticket.fee for ticket in tickets)
        total = own + ((tax or 0) if self.rules["tax_on_top"] else 0)
        charged = total if status is OrderStatus.PAID or refunded else 0
        first = self.lines[0]
        date = _date_of(first, self.rules)
        if date is None:
            raise self.undated(first)
        id_ = first.get("order")
        if not id_:
            raise UnreadableRecord("it has no order number")
        return records.Order(
            id=id_,
            occurrence_id=date["id"],
            status=status,
            placed_at=_moment(first, self.rules, "placed")
            or clock.from_iso(date["starts_at"]),
            currency=self.currency,
            total=total,
            charged=charged,
            tickets=tuple(tickets),
            tax=tax,
            tax_on_top=self.rules["tax_on_top"],
            discounts=sum(t.listed - t.face for t in tickets if t.listed is not None),
            fees=self.fees(sold, charged),
            refunds=(records.Refund(id_, refunded),) if refunded else (),
            channel=first.get("channel", ""),
            doubt=self.doubt(first, total, refunded, charged),
        )

    def status(self, line: Mapping[str, str]) -> str:
        told = line.get("status", "")
        if not self.rules["status"]:
            return "paid"
        try:
            return str(self.rules["status"][told.lower()])
        except KeyError:
            raise UnreadableRecord(
                f"status is {safe(told, longest=60)!r}, which the recipe does not know",
                word="unknown-status",
            ) from None

    def takes_back(self, line: Mapping[str, str]) -> bool:
        return self.quantity(line) < 0 or self.line_total(line) < 0

    def quantity(self, line: Mapping[str, str]) -> int:
        text = line.get("quantity", "1")
        try:
            number = Decimal(text)
            if number != int(number):
                raise ValueError
        except (InvalidOperation, ValueError):
            raise UnreadableRecord(
                f"quantity is {safe(text)!r}, not a whole number"
            ) from None
        return int(number)

    def line_total(self, line: Mapping[str, str]) -> int:
        """
        The price of all tickets of a line, after discounts.
        """
        total = self.amount(line, "total")
        if total is not None:
            return total
        price = self.amount(line, "price")
        if price is None:
            raise UnreadableRecord("it has no price")
        return price * abs(self.quantity(line)) - (self.amount(line, "discount") or 0)

    def taxes(self, sold: list[Mapping[str, str]]) -> int | None:
        """
        The tax of all lines; unknown where a line that cost something does not say its.
        """
        known = [self.tax(line) for line in sold]
        for line, tax in zip(sold, known, strict=True):
            if tax is None and self.line_total(line):
                return None
        return sum(tax or 0 for tax in known)

    def tax(self, line: Mapping[str, str]) -> int | None:
        each = self.amount(line, "tax_per_ticket")
        if each is not None:
            return each * self.quantity(line)
        return self.amount(line, "tax")

    def tickets(
        self, line: Mapping[str, str], word: str, number: int
    ) -> list[records.Ticket]:
        date = _date_of(line, self.rules)
        if date is None:
            raise self.undated(line)
        quantity = self.quantity(line)
        if quantity == 0:
            raise UnreadableRecord("quantity is 0")
        faces = money.split_evenly(
            0 if word == "comp" else self.line_total(line), quantity
        )
        fees = money.split_evenly(self.amount(line, "fee") or 0, quantity)
        listed = self.amount(line, "list_price")
        off = money.split_evenly(self.amount(line, "discount") or 0, quantity)
        is_void = word in ("void", "cancelled", "refunded")
        type_name = line.get("type") or "Ticket"
        return [
            records.Ticket(
                id=f"{line.get('order')}/{line.get('line') or number}/{n + 1}",
                occurrence_id=date["id"],
                type_id=type_name,
                type_name=type_name,
                status=TicketStatus.VOID if is_void else TicketStatus.VALID,
                checked_in=line.get("checked_in", "").lower()
                in ("1", "y", "yes", "true", "x"),
                face=face,
                fee=fee,
                listed=listed if listed is not None else face + discount,
            )
            for n, (face, fee, discount) in enumerate(
                zip(faces, fees, off, strict=True)
            )
        ]

    def refunded(self, line: Mapping[str, str], word: str) -> int:
        told = self.amount(line, "refunded")
        if told is not None:
            return abs(told)
        return self.line_total(line) if word == "refunded" else 0

    def fees(
        self, sold: list[Mapping[str, str]], charged: int
    ) -> tuple[records.Fee, ...] | None:
        platform = self.rules["platform"]
        name = f"{platform} fee"
        buyers = sum(self.amount(line, "fee") or 0 for line in sold)
        if not charged:
            return ()
        if not self.rules["tells_kept"]:
            if not buyers or not self.rules["fee_is_kept"]:
                return None
            rest = records.Fee(f"What else {platform} kept", None)
            return (records.Fee(name, buyers), rest)
        kept = sum(self.amount(line, "kept") or 0 for line in self.lines)
        if self.rules["fee_is_kept"]:
            kept += buyers
        return (records.Fee(name, kept),) if kept else ()

    def amount(self, line: Mapping[str, str], name: str) -> int | None:
        """
        An amount as people write it: 1,234.50, $12, (12.00) for less than nothing.
        """
        text = line.get(name)
        if text is None:
            return None
        found = _MONEY.match(text)
        if found is None:
            raise UnreadableRecord(f"{name} is {safe(text)!r}, not an amount")
        thousands = "," if self.rules["decimal"] == "." else "."
        digits = re.sub(r"\s", "", found[1]).replace(thousands, "")
        digits = digits.replace(self.rules["decimal"], ".")
        is_negative = text.startswith("(") or "-" in text
        try:
            minor = money.from_decimal_text(digits.removeprefix("-"), self.currency)
        except ValueError:
            raise UnreadableRecord(
                f"{name} is {safe(text)!r}, not an amount in {self.currency}"
            ) from None
        return -minor if is_negative else minor

    def undated(self, line: Mapping[str, str]) -> UnreadableRecord:
        try:
            _moment(line, self.rules, "starts")
        except UnreadableRecord as wrong:
            return wrong
        return UnreadableRecord("it names no event, or no time")

    def doubt(
        self, first: Mapping[str, str], total: int, refunded: int, charged: int
    ) -> str | None:
        def shown(minor: int) -> str:
            return f"{money.decimal_text(minor, self.currency)} {self.currency}"

        told = self.amount(first, "order_total")
        if told is not None and told != total:
            return f"its lines come to {shown(total)}, the order to {shown(told)}"
        if refunded > charged:
            return f"refunded {shown(refunded)} of {shown(charged)} paid"
        return None


def _order_status(words: list[str]) -> OrderStatus:
    if "pending" in words and set(words) != {"pending"}:
        raise UnreadableRecord("some of its lines are paid and some are not")
    if any(word in ("paid", "comp", "refunded", "void") for word in words) or not words:
        return OrderStatus.PAID
    if "pending" in words:
        return OrderStatus.PENDING
    return OrderStatus.CANCELLED


def _void(tickets: list[records.Ticket], type_name: str, number: int) -> None:
    """
    Take that many tickets of a type back, the last ones first.
    """
    for n in range(len(tickets) - 1, -1, -1):
        ticket = tickets[n]
        fits = not type_name or ticket.type_name == type_name
        if number > 0 and fits and ticket.status is TicketStatus.VALID:
            tickets[n] = msgspec.structs.replace(ticket, status=TicketStatus.VOID)
            number -= 1
