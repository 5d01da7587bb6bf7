"""
Generated reports: the figures equal those of a model that never saw a file, or the
affected orders are set aside by name; there is no third outcome.

The model is a list of sales and refunds in minor units. A report of it is written in
one of several styles, over one or several files, with rows shuffled, exported twice or
saved again by a spreadsheet, and read through the public functions.
"""

import csv
import io
import itertools
import os
import random
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.made_reports import HEADING, RECIPE

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import TicketStatus
from ticketsync.providers.file_import import FileImport
from ticketsync.providers.report_folder import HeldNames

REPORTS = int(os.environ.get("TICKETSYNC_REPORTS", "60"))
NIGHTS = ("2026-12-05 19:30", "2026-12-06 19:30", "2026-12-22 14:00")
SHOWS = ("Gala", "Late Laughs", "Swan's Lake, again")
ISO = "%Y-%m-%d %H:%M"  # dates that cannot be misread
TYPES = ("Adult", "Child", "Comp")


@dataclass(frozen=True)
class Row:
    """
    What one row of the model sells or, below zero, takes back.
    """

    order: str
    show: str
    starts: str
    type: str
    quantity: int
    total: int
    kept: int


@dataclass(frozen=True)
class Style:
    """
    How a report is written.
    """

    decimal: str
    group: str
    minus: str  # before or around
    symbol: str
    delimiter: str
    kept_is_negative: bool
    dates: str
    encoding: str


PLAIN = Style(".", "", "-", "", ",", False, ISO, "utf-8")
STYLES = st.builds(
    Style,
    decimal=st.sampled_from(".,"),
    group=st.sampled_from(["", "separator", " ", "'"]),
    minus=st.sampled_from(["-", "−", "–", "()", "behind", "CR"]),
    symbol=st.sampled_from(["", "$", " AUD", "A$"]),
    delimiter=st.sampled_from([";", "\t", ",", "|"]),
    kept_is_negative=st.booleans(),
    dates=st.sampled_from([ISO, "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)


def written(amount, style):
    """
    An amount in minor units in a style of writing.
    """
    whole, cents = divmod(abs(amount), 100)
    digits = str(whole)
    separator = {"separator": "." if style.decimal == "," else ","}.get(
        style.group, style.group
    )
    if separator and whole >= 1000:
        digits = f"{digits[:-3]}{separator}{digits[-3:]}"
    text = f"{digits}{style.decimal}{cents:02d}"
    if style.symbol.startswith(" "):
        text = f"{text}{style.symbol}"
    else:
        text = f"{style.symbol}{text}"
    if amount >= 0:
        return text
    return {
        "()": f"({text})",
        "behind": f"{text}-",
        "CR": f"{text} CR",
    }.get(style.minus, f"{style.minus}{text}")


def cells_of(row, style):
    moment = datetime.fromisoformat(row.starts)
    kept = -row.kept if style.kept_is_negative else row.kept
    return [
        *(row.order, row.show, moment.strftime(style.dates), row.type),
        *(str(row.quantity), written(row.total, style), written(kept, style)),
    ]


def write(file, rows, style, *, title=False, total=False):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=style.delimiter, lineterminator="\r\n")
    if title:
        writer.writerow(["Sales, all of them; by order"])
    writer.writerow(HEADING)
    writer.writerows(cells_of(row, style) for row in rows)
    if total:
        writer.writerow(["Total", "", "", "", len(rows), written(123456, style), ""])
    file.write_bytes(text.getvalue().encode(style.encoding))


@st.composite
def sales(draw):
    """
    The rows of some orders: sales, and refunds of what they sold.
    """
    rows = []
    for number in range(draw(st.integers(1, 6))):
        order = f"A{number + 100}"
        show, starts = draw(st.sampled_from(SHOWS)), draw(st.sampled_from(NIGHTS))
        for type_ in draw(st.lists(st.sampled_from(TYPES), min_size=1, unique=True)):
            quantity = draw(st.integers(1, 4))
            price = 0 if type_ == "Comp" else draw(st.integers(1, 300_000))
            kept = draw(st.integers(0, price // 10 + 1)) if price else 0
            sold = Row(order, show, starts, type_, quantity, price * quantity, kept)
            rows.append(sold)
            back = draw(st.integers(0, quantity))
            if price and back and draw(st.booleans()):
                rows.append(replace(sold, quantity=-back, total=-price * back, kept=0))
    return rows


def expected(rows):
    """
    By order: tickets that are valid, paid, refunded and kept, in minor units.
    """
    found = {}
    for row in rows:
        valid, paid, refunded, kept = found.get(row.order, (0, 0, 0, 0))
        found[row.order] = (
            valid + row.quantity,
            paid + max(row.total, 0),
            refunded - min(row.total, 0),
            kept + row.kept,
        )
    return found


def read(folder, stored=None, reports=None, known=None):
    """
    The same of a folder, and the reasons of orders that were set aside. `stored`, by
    order, the `reports` that gave them, and those that are `known` by their content are
    what an account holds, kept up to date.
    """
    options = {"recipe": str(folder / "r.yaml"), "watch": str(folder / "in")}
    provider = FileImport(None, options)
    if stored:
        held = {id_: raw["lines"][0]["event"] for id_, raw in stored.items()}
        provider.recognise(
            HeldNames(
                frozenset(held.values()),
                held,
                reports=reports,
                stored=lambda ids: {id_: stored[id_] for id_ in ids},
                read=known or {},
            )
        )
    figures, aside = {}, {}
    ids = Counter()
    for page in provider.fetch_all_orders(None, None, workers=1):
        for raw in page.records:
            try:
                order = provider.parse_order(raw)
            except UnreadableRecord as error:
                aside[raw["id"]] = error.reason
                continue
            if stored is not None:
                stored[order.id] = raw
            ids.update(ticket.id for ticket in order.tickets)
            figures[order.id] = (
                sum(t.status is TicketStatus.VALID for t in order.tickets),
                order.charged,
                sum(refund.amount for refund in order.refunds),
                order.total_fees if order.charged else 0,
            )
    assert not [id_ for id_, number in ids.items() if number > 1]
    if reports is not None:
        reports |= provider.orders_of_reports()
    if known is not None:
        known |= provider.reports_read()
    return figures, aside


@pytest.fixture(scope="module")
def folders():
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as place:

        def new():
            folder = Path(place) / str(next(numbers))
            (folder / "in").mkdir(parents=True)
            (folder / "r.yaml").write_text(RECIPE)
            return folder

        yield new


def put(folder, name, rows, style, age, **more):
    file = folder / "in" / name
    write(file, rows, style, **more)
    os.utime(file, (10**9 + age, 10**9 + age))


def agree(found, aside, model):
    for order, figures in model.items():
        if order in aside:
            assert aside[order].strip(), order  # said why
        else:
            assert found.get(order) == figures, order
    assert found.keys() | aside.keys() >= model.keys()
    assert found.keys() <= model.keys()


def _doubtful(rows):
    """
    The orders whose one total or fee may be that of each row or of the order: several
    sales of unlike tickets, or of unlike numbers of them, with one total, and several
    with one fee.
    """
    sales = defaultdict(list)
    for row in rows:
        if row.quantity > 0:
            sales[row.order].append(row)
    return {
        order
        for order, sold in sales.items()
        if len(sold) > 1
        and (
            (
                len({(row.quantity, row.type) for row in sold}) > 1
                and _has_one(sold, "total")
            )
            or (sold[0].kept and _has_one(sold, "kept"))
        )
    }


def _has_one(rows, name):
    return len({getattr(row, name) for row in rows}) == 1


generated = settings(
    max_examples=REPORTS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@generated
@given(rows=sales(), style=STYLES, seed=st.integers(0, 999), title=st.booleans())
@pytest.mark.thorough
def test_one_report_gives_the_figures_of_its_model(folders, rows, style, seed, title):
    folder = folders()
    shuffled = random.Random(seed).sample(rows, len(rows))
    put(folder, "a.csv", shuffled, style, 0, title=title, total=seed % 2 == 0)
    found, aside = read(folder)
    agree(found, aside, expected(rows))
    assert aside.keys() <= _doubtful(rows) or style.dates != ISO


@generated
@given(rows=sales(), style=STYLES, seed=st.integers(0, 999), parts=st.integers(2, 4))
@pytest.mark.thorough
def test_files_in_any_order_give_the_same_figures(folders, rows, style, seed, parts):
    """
    The sales of each order in one file, what it takes back in any; some files exported
    twice. Whatever the age of the files, the figures are the model's or none.
    """
    chance = random.Random(seed)
    files = [[] for _ in range(parts)]
    home = {}
    for row in rows:
        if row.quantity > 0:
            files[home.setdefault(row.order, chance.randrange(parts))].append(row)
        else:
            files[chance.randrange(parts)].append(row)
    files += [list(file) for file in files if file and chance.random() < 0.3]
    outcomes = []
    for _ in range(2):
        folder = folders()
        ages = chance.sample(range(len(files)), len(files))
        for number, (content, age) in enumerate(zip(files, ages, strict=True)):
            put(folder, f"{number}.csv", content, style, age)
        found, aside = read(folder)
        agree(found, aside, expected(rows))
        assert aside.keys() <= _doubtful(rows) or style.dates != ISO
        outcomes.append(found)
    both = outcomes[0].keys() & outcomes[1].keys()
    assert all(outcomes[0][id_] == outcomes[1][id_] for id_ in both)


def _used_again(rows, chance):
    """
    Other orders under numbers that are in use: for another show, night, or price.
    """
    found = []
    for order in sorted({row.order for row in rows}):
        first = next(row for row in rows if row.order == order)
        others = [show for show in SHOWS if show != first.show]
        nights = [night for night in NIGHTS if night != first.starts]
        total = first.total // first.quantity + chance.randrange(1, 9999)
        kept = chance.randrange(3)
        found.append(
            chance.choice(
                [
                    Row(order, chance.choice(others), first.starts, *("Aged", 1, 5, 0)),
                    replace(first, starts=chance.choice(nights), quantity=1),
                    replace(first, quantity=1, total=total, kept=kept),
                ]
            )
        )
    return found


@generated
@given(rows=sales(), seed=st.integers(0, 999), is_left=st.booleans())
@pytest.mark.thorough
def test_numbers_that_another_report_uses_again(folders, rows, seed, is_left):
    """
    Some numbers stand for other orders in a later report, others are exported again;
    the first report is there still or was removed. Each order has the figures of the
    first report's model, or of those of its own export, or is set aside.
    """
    chance = random.Random(seed)
    folder, stored, reports = folders(), {}, {}
    put(folder, "a.csv", rows, PLAIN, 0)
    _, unread = read(folder, stored, reports)
    numbers = sorted({row.order for row in rows} - unread.keys())
    again = {number for number in numbers if chance.random() < 0.5}
    other = _used_again([row for row in rows if row.order in again], chance)
    same = [row for row in rows if row.order in numbers and row.order not in again]
    if not is_left:
        (folder / "in" / "a.csv").unlink()
    put(folder, "b.csv", chance.sample(other + same, len(other + same)), PLAIN, 1)
    for _ in range(2):
        found, aside = read(folder, stored, reports)
        model = expected([row for row in rows if row.order in numbers])
        assert all(model[order] == figures for order, figures in found.items())
        assert again <= aside.keys()
        assert model.keys() <= found.keys() | aside.keys()
        assert all(aside[order].strip() for order in again)


@generated
@given(rows=sales(), style=STYLES, seed=st.integers(0, 999))
@pytest.mark.thorough
def test_rows_that_are_there_twice_are_never_counted_without_a_word(
    folders, rows, style, seed
):
    folder = folders()
    twice = [row for row in rows if random.Random(f"{seed}{row}").random() < 0.4]
    put(folder, "a.csv", rows + twice, style, 0)
    found, aside = read(folder)
    agree(found, aside, expected(rows))
    assert {row.order for row in twice} <= aside.keys()


@generated
@given(rows=sales(), style=STYLES, seed=st.integers(0, 999))
@pytest.mark.thorough
def test_saved_again_by_a_spreadsheet(folders, rows, style, seed):
    """
    A spreadsheet that opens the report and saves it takes zeros from the front of
    numbers, shortens long ones and writes amounts in its own way.
    """
    chance = random.Random(seed)
    length = chance.choice([3, 5, 12, 17])
    numbered = {row.order: f"{chance.randrange(10**length):0{length}d}" for row in rows}
    rows = [replace(row, order=numbered[row.order]) for row in rows]
    if len(set(numbered.values())) < len(numbered):
        return
    folder = folders()
    plain = replace(style, group="", symbol="", minus="-", decimal=".")
    put(folder, "a.csv", rows, style, 0)
    put(folder, "b.csv", [_saved_again(row) for row in rows], plain, 1)
    found, aside = read(folder)
    model = expected(rows)
    assert found.keys() <= model.keys()
    assert all(model[order] == figures for order, figures in found.items()), aside
    assert model.keys() <= found.keys() | aside.keys()


def _saved_again(row):
    number = int(row.order)
    text = f"{number:.5E}".replace("E+0", "E+") if number >= 10**11 else str(number)
    return replace(row, order=text)


# What people do to a folder between two reads


def _at_two_tills(rows, chance):
    """
    The rows of each order by the till that sold it, under its own numbers: the first
    order of each has the number A100.
    """
    numbers = {}
    tills = {"north": [], "south": []}
    for row in rows:
        if row.order not in numbers:
            till = chance.choice(sorted(tills))
            sold = len({n for t, n in numbers.values() if t == till})
            numbers[row.order] = till, f"A{100 + sold}"
        till, number = numbers[row.order]
        tills[till].append(replace(row, order=number))
    return tills


def _is_known_or_aside(found, aside, model):
    """
    Whether each order has the figures of the model or was set aside.
    """
    assert found.keys() <= model.keys()
    assert all(model[order] == figures for order, figures in found.items())
    assert all(aside[order].strip() for order in model.keys() - found.keys())


@generated
@given(rows=sales(), seed=st.integers(0, 999))
@pytest.mark.thorough
def test_two_tills_that_number_alike(folders, rows, seed):
    """
    With a word in the recipe each till has its own orders; without one, numbers that
    both have are never added up or replaced, but set aside.
    """
    tills = _at_two_tills(rows, random.Random(seed))
    models = {till: expected(sold) for till, sold in tills.items()}
    shared = set.intersection(*(set(model) for model in models.values()))
    folder = folders()
    for age, (till, sold) in enumerate(tills.items()):
        if sold:
            put(folder, f"{till}.csv", sold, PLAIN, age)
    found, aside = read(folder)
    assert found.keys() | aside.keys() == set().union(*models.values())
    for order, figures in found.items():
        of_tills = [model[order] for model in models.values() if order in model]
        assert figures in of_tills
        # What both have, and is no other order, is the same order for all one can see.
        assert order not in shared or _alike(tills, order)
    recipe = folder / "r.yaml"
    recipe.write_text(recipe.read_text() + "order_numbers: file\n")
    found, aside = read(folder)
    model = {
        f"{order} ({till})": figures
        for till, orders in models.items()
        for order, figures in orders.items()
        # Of two reports with one content the second is a copy, and a note says so.
        if till == "north" or tills["north"] != tills["south"]
    }
    _is_known_or_aside(found, aside, model)


def _alike(tills, order):
    """
    Whether two tills sold something of the same show, night, type and price.
    """
    sold = [
        {
            (row.show, row.starts, row.type, row.total // row.quantity)
            for row in rows
            if row.order == order and row.quantity > 0
        }
        for rows in tills.values()
    ]
    return bool(set.intersection(*sold))


@generated
@given(
    rows=sales(),
    seed=st.integers(0, 999),
    deed=st.sampled_from(["copy", "rename", "put back", "old refunds", "swap"]),
)
@pytest.mark.thorough
def test_what_people_do_to_a_folder(folders, rows, seed, deed):
    """
    An export and a newer one with a further order, and refunds in a file of their own;
    then a file is copied, renamed, put back with a new time, or an older file of
    refunds is found. The figures are those of the model, or stay, or wait by name.
    """
    chance = random.Random(seed)
    statement = [row for row in rows if row.quantity < 0]
    sold = [row for row in rows if row.quantity > 0]
    late = statement if deed == "old refunds" else []
    more = Row("A900", SHOWS[0], NIGHTS[0], "Adult", 2, 5000, 0)
    folder, stored, reports, known = folders(), {}, {}, {}
    put(folder, "a.csv", sold, PLAIN, 10)
    if statement and not late:
        put(folder, "s.csv", statement, PLAIN, 11)
    read(folder, stored, reports, known)
    put(folder, "b.csv", [*sold, more], PLAIN, 20)
    before, _ = read(folder, stored, reports, known)
    place = folder / "in"
    file = chance.choice(sorted(place.iterdir()))
    data = file.read_bytes()
    if deed in ("rename", "put back", "swap"):
        file.unlink()
    if deed == "swap":
        file = place / "b.csv"
    name = {"copy": f"{file.stem} (1).csv", "rename": "z.csv"}.get(deed, file.name)
    age = chance.choice([5, 15, 30])
    if late:
        put(folder, "s.csv", late, PLAIN, chance.choice([5, 15, 30]))
    else:
        (place / name).write_bytes(data)
        os.utime(place / name, (10**9 + age, 10**9 + age))
    model = expected([*rows, more])
    for _ in range(2):
        found, aside = read(folder, stored, reports, known)
        assert all(model[order] == figures for order, figures in found.items())
        assert all(aside[order].strip() for order in aside)
        if deed != "swap":
            assert model.keys() == found.keys() | aside.keys()
            assert aside.keys() <= _doubtful(rows)
            assert all(found[order] == before[order] for order in found) or late
