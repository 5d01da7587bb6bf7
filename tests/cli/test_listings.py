"""
Every listing fits a terminal of 80 columns, whatever the names, and is complete on a
pipe.
"""

import re
import sys
import unicodedata

import pytest
from support.listing_commands import listings
from support.ticket_tailor_account import moved_to
from typer.testing import CliRunner

from ticketsync.cli import drawn_grids, render, table_layout, terminal
from ticketsync.cli.main import app
from ticketsync.financials.explain import list_contributions
from ticketsync.store import engine
from ticketsync.store.tables.accounts import sync_runs
from ticketsync.store.tables.catalogue import (
    events,
    occurrences,
    productions,
    ticket_types,
    venues,
)
from ticketsync.store.tables.financials import (
    show_financials,
    show_ticket_types,
    ticket_fees,
)
from ticketsync.store.tables.sales import orders

NAMES = {
    "long": "The Extraordinarily Long Evening of Comedy, Song and Other Regrets " * 2,
    "CJK": "真夜中の笑い声と月明かりの下の大いなる冒険物語特別公演第二部完結編",
    "RTL": "ليلة الضحك المتأخرة في الغرفة المضيئة وقصص أخرى طويلة جدا لكل العائلة",
}
# Tables of commands without --format.
ALSO = {
    *("status", "shows show 1", "accounts show tt", "webhooks health"),
    *("match --dry-run", "accounts list", "checkin count 1", "events prices --history"),
    *("report daily", "waiting list --dismissed"),
    *(f"financials list --per {per}" for per in ("show", "production", "week")),
}


def cells(line):
    """
    The columns that a line takes, by the Unicode database.
    """
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in line
    )


# That every listing is complete and none is wrapped, with names of the wide script;
# with the others it is in the drills.
WIDEST = ["CJK", *(pytest.param(n, marks=pytest.mark.drill) for n in ("long", "RTL"))]


@pytest.fixture(params=NAMES)
def named(request, home, sandbox, templates):
    """
    A synced venue in `home` in which everything has such a name.
    """
    name = NAMES[request.param]
    place = templates.copy("sqlite", "filled", home / "ticketsync.db")
    database = moved_to(place, sandbox)
    with database.write() as connection:
        for table in (venues, events, occurrences, ticket_types):
            connection.execute(table.update().values(name=name))
        # Titles are unique; the number in front is for `productions show`.
        for (number,) in connection.execute(
            productions.select().with_only_columns(productions.c.id)
        ).all():
            title = str(number) if number == 1 else f"{number} {name}"
            connection.execute(
                productions.update()
                .where(productions.c.id == number)
                .values(title=title)
            )
    database.close()
    return name


@pytest.fixture
def in_two_currencies(named, home):
    """
    The same venue, with half of its shows sold in New Zealand dollars.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        for table in (show_financials, show_ticket_types, ticket_fees):
            connection.execute(
                table.update().where(table.c.show_id % 2 == 0).values(currency="NZD")
            )
    database.close()


@pytest.fixture
def lists_instead(monkeypatch):
    """
    The tables that were printed as a list of values, one in each line.
    """
    found = []
    write = render._write_lists

    def watched(columns, *others):
        found.append([column.title for column in columns])
        write(columns, *others)

    monkeypatch.setattr(render, "_write_lists", watched)
    return found


@pytest.fixture
def grids(monkeypatch):
    """
    The tables that were drawn, as Rich has them.
    """
    found = []
    draw = drawn_grids._grid

    def watched(*arguments, **options):
        found.append(draw(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(drawn_grids, "_grid", watched)
    return found


def wrapped_cells(grid):
    """
    The cells of a table that take more than one line.
    """
    return [
        str(cell)
        for column in grid.columns
        if not column.no_wrap
        for cell in column.cells
        if cells(str(cell)) > column.width
    ]


def output_of(words):
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code in (0, 10), (words, done.stderr, done.exception)
    return done.stdout


@pytest.fixture
def watched(monkeypatch):
    """
    Standard output is a terminal of 80 columns.
    """
    monkeypatch.setattr(terminal, "is_terminal", lambda stream: stream is sys.stdout)
    monkeypatch.setattr(terminal, "width", lambda stream=None: 80)


def too_wide(text):
    return [
        line
        for line in text.splitlines()
        # An address or id that is longer than a line is left whole, to be copied.
        if cells(line) > 80 and max(map(len, line.split())) < 70
    ]


def moments_in_utc(text):
    """
    What looks like a moment in another zone than that of the venue, which is Sydney.
    Ids of platforms stay as they are.
    """
    plain = re.sub(r"their .*", "", text)
    return re.findall(r".*\bUTC\b.*|.*\d\d:\d\d(?::\d\d)?Z.*", plain)


@pytest.mark.thorough
def test_every_listing_fits_80_columns(named, watched):
    found = sorted({*listings(), *ALSO})
    assert len(found) > 25
    printed = {words: output_of(words) for words in found}
    wide = {w: lines for w, text in printed.items() if (lines := too_wide(text))}
    assert wide == {}
    utc = {w: lines for w, text in printed.items() if (lines := moments_in_utc(text))}
    assert utc == {}
    # Where something happened at a moment, the zone is named once, above.
    for words in ("runs list", "sales list", "audit list", "events prices --history"):
        assert printed[words].count("(SYDNEY)") == 1, words
    assert printed["shows show 1"].count("Sydney time") == 1


@pytest.mark.parametrize("named", WIDEST, indirect=True)
@pytest.mark.thorough
def test_no_cell_of_a_listing_is_wrapped_and_none_becomes_a_list(
    in_two_currencies, watched, lists_instead, grids
):
    """
    Also in two currencies. What is cut and must not be stands below its row.
    """
    becoming, wrapping = {}, {}
    for words in sorted({*listings(), *ALSO}):
        lists_instead.clear()
        grids.clear()
        output_of(words)
        if lists_instead:
            becoming[words] = lists_instead[:]
        if found := [cell for grid in grids for cell in wrapped_cells(grid)]:
            wrapping[words] = found
    assert (becoming, wrapping) == ({}, {})


def test_who_started_a_run_stands_in_one_line(named, home, watched):
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        connection.execute(
            sync_runs.update().values(started_by="root@box-office (events fetch)")
        )
    database.close()
    printed = output_of("runs list").splitlines()
    assert "root (events fetch)" in "\n".join(printed)
    assert not any(re.match(r" {3,}\S", line) for line in printed)


def test_a_text_that_must_not_be_cut_stands_in_full_below_its_row(watched, capsys):
    columns = [
        render.Column("name", "NAME", most=10, in_full=True),
        render.Column("state", "", most=6, in_full=True),
        render.Column("why", "WHY", most=8),
    ]
    rows = [
        {"name": "Ana", "state": "in", "why": "x" * 20},
        {"name": "Ana Maria de Souza", "state": "expected", "why": ""},
    ]
    render.table(rows, columns)
    _, _, short, long, below = capsys.readouterr().out.splitlines()
    assert short.split() == ["Ana", "in", "xxxxxxx…"]
    assert long.split() == ["Ana", "Maria…", "expec…"]
    assert below == "  NAME: Ana Maria de Souza, expected"


def test_a_moment_in_utc_would_be_found():
    """
    The control: what the listings once printed.
    """
    for line in ("PLACED (UTC)", "read 2026-09-01 00:00 UTC", "2026-09-01T00:00:00Z"):
        assert moments_in_utc(f"a\n{line}\nb") == [line]


@pytest.mark.parametrize("named", WIDEST, indirect=True)
@pytest.mark.thorough
def test_on_a_pipe_every_listing_is_complete_and_separated_by_tabs(named, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    cut = [w for w in sorted({*listings(), *ALSO}) if "…" in output_of(w)]
    assert cut == []
    shows = output_of("shows list").splitlines()
    assert shows[0].split("\t")[:3] == ["SHOW", "WHEN", "PRODUCTION"]
    assert all(len(line.split("\t")) == 7 for line in shows)
    assert any(named.strip() in line.split("\t")[2] for line in shows[1:])


def test_the_layout_is_what_keeps_a_row_in_its_line(named, watched, monkeypatch):
    """
    The control: as wide as everything wants to be, rows are wider than the terminal.
    """
    plain = table_layout.fit
    monkeypatch.setattr(
        table_layout, "fit", lambda columns, rows, available: plain(columns, rows, 999)
    )
    assert too_wide(output_of("shows list"))


COLUMNS = (
    render.Column("id", "ID", numeric=True),
    render.Column("name", "NAME"),
    render.Column("note", "NOTE", spare=1),
    render.Column("more", "MORE", spare=2),
)


@pytest.mark.parametrize(
    ("available", "shown"), [(80, [0, 1, 2, 3]), (60, [0, 1, 2]), (40, [0, 1])]
)
def test_columns_are_left_out_in_the_order_of_their_priority(available, shown):
    row = ["12", "x" * 20, "y" * 20, "z" * 20]
    layout = table_layout.fit(COLUMNS, [row], available)
    assert (list(layout.shown), layout.fits) == (shown, True)


@pytest.mark.parametrize(
    ("available", "shown", "missed"),
    [
        (40, [0, 1, 2, 3], []),
        (34, [0, 1, 3], [2]),  # the text is as narrow as it may be
        (22, [0, 3], [1, 2]),
        (9, [0, 3], []),  # not even so: rows become lists, of all values
    ],
)
def test_some_columns_are_left_out_before_rows_become_lists(available, shown, missed):
    columns = (
        render.Column("name", "NAME"),
        render.Column("back", "BACK", numeric=True, last_spare=1),
        render.Column("fees", "FEES", numeric=True, last_spare=2),
        render.Column("net", "NET", numeric=True),
    )
    row = ["x" * 20, "1,234.00", "1,234.00", "1,234.00"]
    layout = table_layout.fit(columns, [row], available)
    assert (list(layout.shown), list(layout.missed)) == (shown, missed)
    assert layout.fits is (available > 9)


GAPS = (
    render.Column("name", "NAME"),
    render.Column("sold", "SOLD", numeric=True),
    render.Column("net", "NET", numeric=True),
)


@pytest.mark.parametrize(
    ("available", "widths", "gap"),
    [
        (35, [17, 4, 8], 3),
        (34, [17, 4, 8], 2),
        (31, [17, 4, 8], 1),  # the whole name, rather than room between the columns
        (30, [16, 4, 8], 1),
    ],
)
def test_a_text_is_whole_rather_than_the_gaps_wide(available, widths, gap):
    row = ["The Glass Harbour", "117", "6,144.96"]
    layout = table_layout.fit(GAPS, [row], available)
    assert (list(layout.widths), layout.gap) == (widths, gap)


@pytest.mark.parametrize(
    ("available", "widths", "gap"),
    [(40, [24, 4, 8], 2), (36, [20, 4, 8], 2), (35, [21, 4, 8], 1)],
)
def test_a_long_text_that_is_cut_leaves_the_gaps_as_they_are(available, widths, gap):
    row = ["x" * 60, "117", "6,144.96"]
    layout = table_layout.fit(GAPS, [row], available)
    assert (list(layout.widths), layout.gap) == (widths, gap)


def test_an_id_that_stands_below_its_row_is_cut_before_a_name():
    columns = (
        render.Column("order", "ORDER", in_full=True),
        render.Column("name", "NAME"),
    )
    row = ["0" * 24, "The Glass Harbour"]
    assert list(table_layout.fit(columns, [row], 30).widths) == [11, 17]
    assert list(table_layout.fit(columns, [row], 20).widths) == [8, 11]


@pytest.mark.parametrize(
    ("available", "widths", "missed"),
    [
        (28, [10, 8, 8], []),
        (27, [17, 8], [1]),  # nobody knows a show by nine letters
        (17, [8, 8], [1]),
    ],
)
def test_what_a_total_implies_is_left_out_before_a_name_is_unreadable(
    available, widths, missed
):
    columns = (
        render.Column("name", "NAME"),
        render.Column("fees", "FEES", numeric=True, last_spare=1),
        render.Column("net", "NET", numeric=True),
    )
    row = ["The Glass Harbour", "1,234.00", "1,234.00"]
    layout = table_layout.fit(columns, [row], available)
    assert (list(layout.widths), list(layout.missed)) == (widths, missed)


def test_orders_at_80_columns(capsys, watched):
    """
    The names of shows are whole, and what is cut of an order stands below it.
    """
    columns = [
        render.Column("placed", "PLACED (SYDNEY)", rigid=True),
        render.Column("order", "ORDER", rigid=True, in_full=True),
        render.Column("status", "STATUS"),
        render.Column("production", "PRODUCTION", most=18),
        render.Column("tickets", "TICKETS", numeric=True),
        render.Column("charged", "CHARGED", numeric=True),
        render.Column("refunded", "REFUNDED", numeric=True),
        render.Column("currency", ""),
    ]
    row = {
        "placed": "29 Nov 08:52",
        "order": "00000000000000000007a4b8",
        "status": "paid",
        "production": "The Glass Harbour",
        "tickets": "2",
        "charged": "1,299.50",
        "refunded": "0.00",
        "currency": "NZD",
    }
    render.table([row], columns)
    shown = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert shown[0] == (
        "PLACED (SYDNEY) ORDER     STATUS PRODUCTION        TICKETS  CHARGED REFUNDED"
    )
    assert shown[2:] == [
        "29 Nov 08:52    00000000… paid   The Glass Harbour       2 1,299.50     0.00"
        " NZD",
        "  ORDER: 00000000000000000007a4b8",
    ]


def test_ids_as_humanitix_has_them_make_no_lists_of_the_rows_of_orders(capsys, watched):
    """
    One of 24 characters leaves no room for whole ids beside an order's amounts.
    """
    columns = [
        render.Column("placed", "PLACED (SYDNEY)", rigid=True),
        render.Column("order", "ORDER", rigid=True, in_full=True),
        render.Column("status", "STATUS"),
        render.Column("production", "PRODUCTION", most=18),
        *(render.Column(f"n{n}", f"AMOUNT {n}", numeric=True) for n in range(3)),
    ]
    row = {
        "placed": "29 Nov 08:52",
        "order": "00000000000000000007a4b8",
        "status": "paid",
        "production": "The Glass Harbour",
        **{f"n{n}": "2,936.55" for n in range(3)},
    }
    render.table([row, {**row, "order": "or_1"}], columns)

    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("PLACED (SYDNEY) ORDER  ")
    assert printed[3] == "  ORDER: 00000000000000000007a4b8"
    assert printed[4].startswith("29 Nov 08:52")
    assert "or_1" in printed[4]
    assert max(map(len, printed)) <= 80


def test_a_number_is_never_cut_and_a_row_that_cannot_fit_becomes_a_list(capsys):
    columns = [render.Column(f"c{n}", f"AMOUNT {n}", numeric=True) for n in range(9)]
    row = {column.key: "1,234,567.00" for column in columns}
    render.table([row], columns)
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "AMOUNT 0: 1,234,567.00"
    assert printed.count("1,234,567.00") == 9


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("one two three four", ["one two", "  three", "  four"]),
        ("  a bb ccc dddd", ["  a bb ccc", "    dddd"]),
        (
            "see https://a.example/long/address now",
            ["see", "  https://a.example/long/address", "  now"],
        ),
        ("真夜中の笑い声", ["真夜中の笑", "  い声"]),
        ("", [""]),
        ("run x --base-url", ["run x", "  --base-url"]),
    ],
)
def test_lines_are_wrapped_at_spaces(text, lines):
    assert terminal.wrapped(text, 10) == lines


def test_lines_after_the_first_begin_as_asked_for():
    wrapped = terminal.wrapped("  f) one two", 8, margin=" " * 5)
    assert wrapped == ["  f) one", "     two"]


def test_a_text_that_differs_at_its_end_is_cut_in_its_middle(watched, capsys):
    columns = [render.Column("type", "TYPE", most=16, keeps_end=True)]
    names = (
        "10 Dec 2026 7:30pm – Adult",
        "10 Dec 2026 7:30pm – Guest",
        "Adult",
        "学生" * 9,
    )
    render.table([{"type": name} for name in names], columns)
    _, _, adult, guest, short, wide = capsys.readouterr().out.splitlines()
    assert (adult.strip(), guest.strip()) == ("10 De…pm – Adult", "10 De…pm – Guest")
    assert short.strip() == "Adult"
    assert wide.strip() == "学生…生学生学生"
    assert cells(wide.strip()) <= 16


def test_what_is_piped_is_not_wrapped(capsys, watched):
    text = "word " * 40
    terminal.echo(text, err=True)  # only standard output is a terminal here
    terminal.echo(text)
    printed = capsys.readouterr()
    assert printed.err == f"{text}\n"
    assert all(len(line) <= 80 for line in printed.out.splitlines())
    assert printed.out.split() == text.split()


def test_the_prices_of_one_date_name_it_once_on_a_terminal(named, watched, monkeypatch):
    words = "events prices --show 1"
    printed = output_of(words)
    assert printed.startswith(named[:20])
    assert printed.count("19:30") == 1
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(terminal, "is_terminal", lambda stream: False)
    assert output_of(words).splitlines()[0].split("\t")[:2] == ["WHEN", "NAME"]


def test_explain_cuts_no_id(home, sandbox, templates, watched):
    """
    Ids end in what tells them apart; other columns are left out before one is cut.
    """
    place = templates.copy("sqlite", "filled", home / "ticketsync.db")
    database = moved_to(place, sandbox)
    with database.write() as connection:
        connection.execute(
            orders.update().values(provider_id=orders.c.provider_id + "-" + "7" * 13)
        )
    with database.read() as connection:
        found = list_contributions(connection, 1)
    database.close()

    lines = output_of("financials explain 1").splitlines()

    assert len(found) > 20
    assert {len(part.order_id) for part in found} == {23}
    rows = [line.split() for line in lines if line.startswith("or_")]
    assert [(row[0], row[1]) for row in rows] == [
        (part.order_id, part.ticket_id) for part in found
    ]
    assert too_wide("\n".join(lines)) == []
