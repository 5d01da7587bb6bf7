"""
The money view against the truth of the simulated platforms: a venue that sells on two
of them, in two currencies, through the change of the clocks on 4 October and two ends
of months. What is expected is added up here from the platforms' own sales.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from support.dates import NOW, TODAY
from support.platform_accounts import adopt, connect

from ticketsync.accounts import edits, state
from ticketsync.catalogue import new_shows, selection, shows
from ticketsync.core import clock, tables
from ticketsync.core.errors import NotFound, UsageError
from ticketsync.core.money import Money as Amount
from ticketsync.core.periods import Period
from ticketsync.core.settings.config import Settings, SyncSettings
from ticketsync.core.tables import Table
from ticketsync.reporting import grouped_figures, refund_report
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.reporting.sales import REFUNDS
from ticketsync.sandbox import platforms, server, world
from ticketsync.store import engine
from ticketsync.store.tables.financials import show_financials
from ticketsync.workflows import money_view
from ticketsync.workflows.matching import match
from ticketsync.workflows.money_view import Wanted

SYDNEY = ZoneInfo("Australia/Sydney")
ACCOUNTS = {"ticket_tailor": "tt", "humanitix": "humanitix"}
# What it is per, and what names a line.
NAMES = {
    "show": "starts_at",
    "account": "account",
    "production": "production",
    "venue": "venue",
    "platform": "platform",
    "day": "day",
    "week": "week",
    "month": "month",
}
# A choice, and which sales it means: a test on the local day, or on other names.
CHOICES = [
    (Wanted(), lambda sale: True),
    (Wanted(period="2026-08"), lambda sale: sale["month"] == "2026-08"),
    (Wanted(period="2026-09"), lambda sale: sale["month"] == "2026-09"),
    (Wanted(period="2026-10"), lambda sale: sale["month"] == "2026-10"),
    (Wanted(period="2026-Q4"), lambda sale: sale["day"] >= "2026-10-01"),
    # Today is Tuesday, 1 September.
    (Wanted(period="last-night"), lambda sale: sale["day"] == "2026-08-31"),
    (Wanted(period="last-week"), lambda sale: sale["week"] == "2026-08-24"),
    (Wanted(period="this-week"), lambda sale: sale["week"] == "2026-08-31"),
    (Wanted(period="last-month"), lambda sale: sale["month"] == "2026-08"),
    (
        Wanted(first="2026-10-03", last="2026-10-05"),  # the clocks change on the 4th
        lambda sale: "2026-10-03" <= sale["day"] <= "2026-10-05",
    ),
    (Wanted(last="2026-09-30"), lambda sale: sale["day"] <= "2026-09-30"),
    (Wanted(account="tt"), lambda sale: sale["account"] == "tt"),
    (Wanted(account="humanitix"), lambda sale: sale["account"] == "humanitix"),
    (
        Wanted(production="the glass harbour"),
        lambda sale: sale["production"] == "The Glass Harbour",
    ),
    (Wanted(venue="The Lantern Room"), lambda sale: True),
    (Wanted(currency="nzd"), lambda sale: sale["currency"] == "NZD"),
    (Wanted(when="past"), lambda sale: sale["starts_at"] < NOW),
    (Wanted(when="coming"), lambda sale: sale["starts_at"] >= NOW),
    (
        Wanted(period="2026-09", currency="AUD", account="humanitix", when="coming"),
        lambda sale: (
            (sale["month"], sale["currency"], sale["account"])
            == ("2026-09", "AUD", "humanitix")
            and sale["starts_at"] >= NOW
        ),
    ),
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request, templates, tmp_path_factory):
    """
    The database and the sales of its two platforms.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "_now", lambda: NOW)
        patch.setenv("TICKETSYNC_HOME", str(tmp_path_factory.mktemp("home")))
        built = world.build(today=TODAY, orders=300)
        others = platforms.build_others(
            today=TODAY, orders=150, names=["humanitix"], shares_seats_with=built
        )
        sandbox = server.Sandbox(built, others=others)
        sandbox.clock = lambda: NOW.timestamp()
        patch.setenv("KEY", others[0].key)
        patch.setenv("TT_KEY", sandbox.key)
        settings = Settings(sync=SyncSettings(workers=2, wait_seconds=0))
        with (
            templates.copied(request.param, "empty") as place,
            server.serving(sandbox) as address,
        ):
            database = engine.open_database(place)
            connect(database, "humanitix", sandbox.url(address, "humanitix"))
            fetch_all(database, settings, address)
            yield database, [*sales(built), *sales(others[0].world)]
            database.close()


def fetch_all(database, settings, address):
    """
    The shows are Ticket Tailor's; Humanitix's dates are linked to them.
    """
    from ticketsync.workflows.sync import run as sync

    with database.write() as connection:
        edits.add_account(
            connection,
            state.NewAccount("tt", "ticket_tailor", address, "env", "TT_KEY", "", None),
            NOW,
        )
    sync.fetch_listing(database, settings, ["tt"])
    adopt(database)
    sync.fetch_listing(database, settings, ["humanitix"])
    with database.read() as connection:
        certain = match.plan(connection, settings).certain
    match.accept(database, settings, certain, decided_by="machine", batch="b")
    outcome = sync.sync(database, settings, sync.Request())
    assert {result.outcome for result in outcome.results} == {"success"}


def sales(built):
    """
    What every performance sold, by the platform's own sums, with what it is grouped by.
    """
    account = ACCOUNTS[built.profile.platform]
    for truth in world.truth(built):
        if not (truth.orders or truth.tickets_sold):
            continue
        starts_at = datetime.fromisoformat(truth.starts_at)
        day = starts_at.astimezone(SYDNEY).date()
        reports_fees = account == "humanitix"
        fees = (truth.fees or 0) if reports_fees else None if truth.gross else 0
        yield {
            "account": account,
            "platform": built.profile.platform,
            "production": truth.name,
            "venue": "The Lantern Room",
            "starts_at": starts_at,
            "day": str(day),
            "week": str(day - timedelta(days=day.weekday())),
            "month": f"{day:%Y-%m}",
            "currency": truth.currency,
            "sold": truth.tickets_sold,
            "gross": truth.gross,
            "refunded": truth.refunded,
            "tax": truth.tax,
            "fees": fees,
            "net": None if fees is None else truth.gross - truth.refunded - fees,
        }


def summed(found):
    """
    The sums of sales, those of unknown amounts unknown, and how many are.
    """
    amounts = {
        name: None if None in values else sum(values)
        for name in ("sold", "gross", "refunded", "tax", "fees", "net")
        for values in [[sale[name] for sale in found]]
    }
    known = [sale for sale in found if sale["fees"] is not None]
    return {
        **amounts,
        "figures": len(found),
        "fees_unknown": len(found) - len(known),
        "fees_known": sum(sale["fees"] for sale in known),
        "net_known": sum(sale["net"] for sale in known),
    }


def expected(found, name):
    groups = defaultdict(list)
    for sale in found:
        groups[sale[name] if name else "", sale["currency"]].append(sale)
    return {key: summed(of_group) for key, of_group in groups.items()}


def shown(table, name):
    """
    The lines of a report, in minor units, by their name and currency.
    """
    lines, table = {}, table.loaded()
    for row in (dict(zip(table.names, row, strict=True)) for row in table.rows):
        key = row[name] if name else ""
        if name == "starts_at" and isinstance(key, str):
            key = datetime.fromisoformat(key)
        lines[key, row["currency"]] = {
            "sold": row["tickets_sold"],
            **{n: row[n] for n in ("gross", "refunded", "tax", "fees", "net")},
            **{n: row[n] for n in ("figures", "fees_unknown")},
            **{n: row[n] for n in ("fees_known", "net_known")},
        }
    assert len(lines) == len(table.rows)
    return lines


@pytest.fixture(autouse=True)
def on_the_morning(frozen):
    """
    Every test takes place on the sandbox's morning.
    """


@pytest.mark.thorough
def test_every_grouping_of_every_choice_is_the_truth(house):
    """
    On PostgreSQL a part of the choices: the statements are the same.
    """
    database, sold = house
    choices = CHOICES if database.dialect == "sqlite" else CHOICES[::4]
    with database.read() as connection:
        for wanted, means in choices:
            found = [sale for sale in sold if means(sale)]
            assert found or wanted.period == "last-night"
            chosen = money_view.read_filter(connection, wanted)
            totals = grouped_figures.totals_table(connection, chosen)
            assert shown(totals, "") == expected(found, ""), wanted
            for per, name in NAMES.items():
                lines = grouped_figures.grouped_table(connection, per, chosen)
                assert shown(lines, name) == expected(found, name), (wanted, per)


def test_the_world_has_what_this_is_about(house):
    """
    Two currencies, both sides of the change of the clocks, and unknown fees.
    """
    _, sold = house
    assert {sale["currency"] for sale in sold} == {"AUD", "NZD"}
    offsets = {sale["starts_at"].astimezone(SYDNEY).utcoffset() for sale in sold}
    assert offsets == {timedelta(hours=10), timedelta(hours=11)}
    assert {sale["account"]: sale["fees"] is None for sale in sold} == {
        "tt": True,
        "humanitix": False,
    }
    assert len({sale["month"] for sale in sold}) >= 3


def test_lines_are_sorted_by_a_column_and_amounts_within_their_currency(house):
    database, _ = house
    with database.read() as connection:
        for sort in ("gross", "net", "sold", "production", "date"):
            table = grouped_figures.grouped_table(connection, "show", sort=sort)
            rows = [*tables.by_name(table)]
            keys = {
                "gross": lambda r: (r["currency"], -r["gross"].minor),
                "net": lambda r: (
                    r["currency"],
                    r["net"] is None,
                    0 if r["net"] is None else -r["net"].minor,
                ),
                "sold": lambda r: -r["tickets_sold"],
                "production": lambda r: r["production"],
                "date": lambda r: r["starts_local"],
            }
            assert [keys[sort](r) for r in rows] == sorted(map(keys[sort], rows)), sort
        with pytest.raises(UsageError, match="no column 'colour'") as refused:
            grouped_figures.grouped_table(connection, "show", sort="colour")
    assert "date, sold, seats, show_id" in refused.value.hint


def test_a_period_is_compared_with_the_one_before_once_it_is_over(house):
    database, sold = house
    with database.read() as connection:
        week = money_view.read_filter(connection, Wanted(period="last-week"))
        money = money_view.read_money(connection, "show", week)
        before = [sale for sale in sold if sale["week"] == "2026-08-17"]
        assert shown(money.before, "") == expected(before, "")
        for text in ("this-week", "2026-09", "", "..2026-08-31"):
            chosen = money_view.read_filter(connection, Wanted(period=text))
            assert money_view.read_money(connection, "show", chosen).before is None


def test_the_refunds_of_shows_are_what_their_figures_say(house):
    """
    By the day of the show, whatever the basis of a refund's own day.
    """
    database, sold = house
    with database.read() as connection:
        for wanted, means in CHOICES[::3]:
            chosen = money_view.read_filter(connection, wanted)
            table = refund_report.refunds_table(connection, chosen, by="show")
            sums = defaultdict(int)
            for row in tables.by_name(table):
                sums[row["currency"]] += row["amount"].minor
            truth = defaultdict(int)
            for sale in filter(means, sold):
                truth[sale["currency"]] += sale["refunded"]
            assert sums == {code: total for code, total in truth.items() if total}
            by_basis = defaultdict(int)
            for row in tables.by_name(refund_report.sums_by_basis(table)):
                by_basis[row["currency"]] += row["amount"].minor
            assert by_basis == sums


@pytest.mark.parametrize("by", refund_report.BY)
def test_the_sums_of_refunds_are_those_of_their_list(house, by):
    """
    The database adds up what the list has row by row, whatever is chosen.
    """
    database, _ = house
    with database.read() as connection:
        for wanted, _means in CHOICES:
            chosen = money_view.read_filter(connection, wanted)
            table = refund_report.refunds_table(connection, chosen, by=by)
            sums = refund_report.read_sums(connection, chosen, by=by)
            assert [*sums.rows] == [*refund_report.sums_by_basis(table).rows]
            newest = refund_report.newest_refunds(connection, chosen, by=by, most=7)
            assert [*newest.rows] == [*table.rows][:7]


def test_the_refunds_of_a_time_are_those_whose_day_is_in_it(house):
    database, _ = house
    with database.read() as connection:
        every = [*tables.by_name(refund_report.refunds_table(connection))]
        days = {row["on_day"] for row in every}
        assert len({row["basis"] for row in every}) > 1
        assert [row["on_day"] for row in every] == sorted(
            (row["on_day"] for row in every), reverse=True
        )
        for month in ("2026-06", "2026-07", "2026-08", "2026-09"):
            chosen = money_view.read_filter(connection, Wanted(period=month))
            found = refund_report.refunds_table(connection, chosen)
            assert [row["on_day"] for row in tables.by_name(found)] == [
                row["on_day"] for row in every if row["on_day"][:7] == month
            ]
        assert len({day[:7] for day in days}) > 1


def test_what_is_none_of_ours_is_refused(house):
    database, _ = house
    with database.read() as connection:
        for wanted, error in (
            (Wanted(account="nobody"), NotFound),
            (Wanted(venue="nowhere"), NotFound),
            (Wanted(production="nothing"), NotFound),
            (Wanted(currency="XXX"), UsageError),
            (Wanted(period="october"), UsageError),
            (Wanted(when="never"), UsageError),
            (Wanted(period="2026", first="2026-01-01"), UsageError),
        ):
            with pytest.raises(error):
                money_view.read_filter(connection, wanted)


# By hand: shows around midnight


NIGHTS = {
    # local start → gross in cents; Sydney is at UTC+10, from 4 October 2:00 at +11
    ("The Cellar", "2026-10-03 23:59"): 100,
    ("The Cellar", "2026-10-04 01:30"): 200,
    ("The Cellar", "2026-10-04 03:30"): 400,
    ("The Cellar", "2026-10-31 23:30"): 800,
    ("The Cellar", "2026-11-01 00:15"): 1600,  # 31 October in UTC
    ("The Loft", "2026-10-31 23:30"): 3200,  # in Lisbon; 1 November in Sydney
    ("The Loft", "2026-11-01 23:30"): 6400,
}
ZONES = {"The Cellar": "Australia/Sydney", "The Loft": "Europe/Lisbon"}


@pytest.fixture
def nights(sqlite):
    with sqlite.write() as connection:
        for name, zone in ZONES.items():
            shows.add_venue(connection, name, zone, "AUD")
        new = state.NewAccount("tt", "ticket_tailor", None, "env", "K", "", None)
        edits.add_account(connection, new, NOW)
        for (venue, start), gross in NIGHTS.items():
            local = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(ZONES[venue]))
            show = new_shows.add_show(
                connection,
                new_shows.NewShow(
                    production="Gala",
                    starts_at=local.astimezone(UTC),
                    venue=venue,
                    timezone=ZONES[venue],
                    currency="AUD",
                    capacity=10,
                    reference=None,
                ),
            )
            counts = ("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in")
            zeros = ("discounts", "refunded", "tax_remitted", "fees")
            connection.execute(
                insert(show_financials).values(
                    show_id=show.id,
                    account_id=1,
                    currency="AUD",
                    fees_source="reported",
                    updated_at=NOW,
                    **dict.fromkeys((*counts, *zeros), 0),
                    **dict.fromkeys(("face", "gross", "net", "net_before_fees"), gross),
                )
            )
    return sqlite


@pytest.mark.parametrize(
    ("period", "gross"),
    [
        ("2026-10-03", 100),
        ("2026-10-04", 600),
        ("2026-10", 100 + 200 + 400 + 800 + 3200),
        ("2026-11", 1600 + 6400),
        ("2026-11-01", 1600 + 6400),
        ("2026-W", None),
        ("2026-10-26..2026-11-01", 800 + 1600 + 3200 + 6400),
    ],
)
def test_a_show_belongs_to_the_day_at_its_own_venue(nights, period, gross):
    with nights.read() as connection:
        if gross is None:
            with pytest.raises(UsageError):
                money_view.read_filter(connection, Wanted(period=period))
            return
        chosen = money_view.read_filter(connection, Wanted(period=period))
        for per in grouped_figures.GROUPINGS:
            money = money_view.read_money(connection, per, chosen)
            lines = [*tables.by_name(money.lines)]
            assert sum(line["gross"].minor for line in lines) == gross
        assert money_view.basis(connection, chosen) == (
            "The day of the show counts, at its venue."
        )


def test_an_evening_has_the_shows_after_its_midnight(nights, frozen):
    """
    The period, the report and the show that a person means agree.
    """
    frozen(datetime(2026, 10, 4, 1, tzinfo=UTC))  # noon of 4 October in Sydney
    with nights.read() as connection:
        chosen = money_view.read_filter(connection, Wanted(period="last-night"))
        money = money_view.read_money(connection, "show", chosen)
        nightly = {row["starts_local"] for row in tables.by_name(money.lines)}
        tonight = money_view.parse_period(connection, "tonight")
        played = money_view.read_played(connection, tonight)
        basis = money_view.basis(connection, chosen)
        with pytest.raises(NotFound, match="3 shows match") as found:
            selection.find_show(connection, "last-night")
        with pytest.raises(NotFound, match="No show plays tonight"):
            selection.find_show(connection, "tonight")
        yesterday = selection.find_show(connection, "yesterday")
    assert nightly == {"2026-10-03 23:59", "2026-10-04 01:30", "2026-10-04 03:30"}
    assert len(found.value.details) == 3
    assert not [*played.money.lines.rows]
    assert yesterday.starts_local == "2026-10-03 23:59"
    assert basis == (
        "The day of the show counts until five in the morning, at its venue."
    )


def test_days_weeks_and_months_are_those_at_the_venue(nights):
    with nights.read() as connection:
        for per, sums in (
            (
                "day",
                {
                    "2026-10-03": 100,
                    "2026-10-04": 600,
                    "2026-10-31": 4000,
                    "2026-11-01": 8000,
                },
            ),
            ("week", {"2026-09-28": 700, "2026-10-26": 12000}),
            ("month", {"2026-10": 4700, "2026-11": 8000}),
        ):
            table = grouped_figures.grouped_table(connection, per)
            found = {row[per]: row["gross"].minor for row in tables.by_name(table)}
            assert found == sums


def test_where_an_account_is_chosen_there_are_no_seats(nights):
    """
    The seats of a show are for all that sell it.
    """
    with nights.read() as connection:
        for chosen, seats in ((FigureFilter(), 10), (FigureFilter(account="tt"), None)):
            table = grouped_figures.grouped_table(connection, "show", chosen)
            assert {row["capacity"] for row in tables.by_name(table)} == {seats}


def test_where_a_show_has_two_currencies_there_are_no_seats(nights):
    first = {
        **dict.fromkeys(("discounts", "refunded", "tax_remitted", "fees"), 0),
        **dict.fromkeys(("face", "gross", "net", "net_before_fees"), 500),
        **dict.fromkeys(("tickets_sold", "tickets_comp"), 0),
        **dict.fromkeys(("tickets_refunded", "checked_in"), 0),
    }
    with nights.write() as connection:
        connection.execute(
            insert(show_financials).values(
                show_id=1,
                account_id=1,
                currency="NZD",
                fees_source="reported",
                updated_at=NOW,
                **first,
            )
        )

    def seats(table):
        return [row["capacity"] for row in tables.by_name(table)]

    with nights.read() as connection:
        chosen = FigureFilter(venue="The Cellar")
        lines = grouped_figures.grouped_table(connection, "show", chosen).loaded()
        assert seats(lines) == [None, None, 10, 10, 10, 10]  # show 1 is two lines
        assert seats(grouped_figures.totals_table(connection, chosen)) == [None, None]
        for per, expected in (("day", [None, None, 20, 10, 10]), ("venue", [None] * 2)):
            found = grouped_figures.grouped_table(connection, per, chosen)
            assert seats(found) == expected
        chosen = FigureFilter(currency="NZD")
        for per in grouped_figures.GROUPINGS:
            found = grouped_figures.grouped_table(connection, per, chosen)
            assert seats(found) == [None]
        assert seats(grouped_figures.totals_table(connection, chosen)) == [None]


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (100_00, 100_00, "as much as"),
        (99_70, 100_00, "about as much as"),
        (100_49, 100_00, "about as much as"),
        (100_50, 100_00, "1 % more than"),
        (0, 100_00, "100 % less than"),
        (5, 0, "more than"),
    ],
)
def test_a_comparison_is_true(now, before, words):
    assert money_view.change_in_words(Amount(now, "AUD"), Amount(before, "AUD")) == (
        words
    )


@pytest.mark.parametrize(
    ("chosen", "by", "words"),
    [
        (FigureFilter(), "refund", "All refunds. "),
        (FigureFilter(begins_from=NOW), "refund", "All refunds for coming shows. "),
        (FigureFilter(begins_before=NOW), "show", "Refunds of the past shows. "),
        (
            FigureFilter(begins_before=NOW, period=Period(last=TODAY)),
            "refund",
            "Refunds for past shows until 1 September 2026. ",
        ),
    ],
)
def test_the_heading_of_refunds_says_which_shows_are_meant(nights, chosen, by, words):
    with nights.read() as connection:
        heading = money_view.refunds_heading(connection, chosen, by)
    assert heading.startswith(f"{words}The day of the {by} counts, ")


def test_a_refund_over_two_shows_counts_once():
    """
    And two refunds of an order twice, though each is the first under its own id.
    """
    names = [column.name for column in REFUNDS]
    rows = [
        {"order_id": "o1", "refund_id": id_, "number": number, "amount": amount}
        for id_, number, amount in (("r1", 1, 300), ("r1", 1, 200), ("r2", 1, 70))
    ]
    common = {"account": "tt", "currency": "AUD", "basis": "reported"}
    report = Table(
        REFUNDS, [tuple({**common, **row}.get(name) for name in names) for row in rows]
    )
    assert [*refund_report.sums_by_basis(report).rows] == [("reported", "AUD", 2, 570)]


def test_last_week_has_what_played_and_what_it_earned_before(nights, frozen):
    """
    On Monday 2 November in Sydney, last week is that until Sunday 1 November.
    """
    frozen(datetime(2026, 11, 1, 14, tzinfo=UTC))
    with nights.write() as connection:
        connection.execute(
            show_financials.delete().where(show_financials.c.gross == 800)
        )
    with nights.read() as connection:
        period = money_view.read_period(connection, Wanted(period="last-week"))
        assert (period.first, period.last) == (date(2026, 10, 26), date(2026, 11, 1))
        played = money_view.read_played(connection, period)
    (total,) = tables.by_name(played.money.totals)
    assert (total["shows"], str(total["gross"])) == (3, "112.00 AUD")
    assert [show.starts_local for show in played.without_figures] == [
        "2026-10-31 23:30"
    ]
    assert played.money.before.rows == []


@pytest.mark.parametrize(
    ("wanted", "words", "months"),
    [
        (
            Wanted(period="2026-08"),
            "Nothing played in August 2026. The next is on Saturday 3 October 2026.",
            ("2026-10",),
        ),
        (
            Wanted(period="2026-10-05..2026-10-24"),
            "Nothing plays 5–24 October 2026. The last show was on Sunday 4 October "
            "2026, the next is on Saturday 31 October 2026.",
            ("2026-10",),
        ),
        (
            Wanted(period="2027"),
            "Nothing plays in 2027. The last show was on Sunday 1 November 2026.",
            ("2026-11",),
        ),
        (
            Wanted(period="2026-11-02", production="Gala", currency="AUD"),
            "Nothing plays on Monday 2 November 2026. The last show was on Sunday "
            "1 November 2026. Only Gala, AUD.",
            ("2026-11",),
        ),
        (
            Wanted(period="2026-10", currency="NZD"),
            "No figures are among these; leave out a filter.",
            (),
        ),
    ],
)
def test_where_nothing_plays_the_nearest_shows_are_named(nights, wanted, words, months):
    with nights.read() as connection:
        chosen = money_view.read_filter(connection, wanted)
        assert not money_view.read_money(connection, "show", chosen).lines.rows
        found = money_view.describe_no_lines(connection, chosen)
    assert (found.words, found.periods) == (words, months)


def test_a_show_without_figures_is_no_empty_period(nights):
    with nights.write() as connection:
        connection.execute(
            show_financials.delete().where(show_financials.c.gross.in_((200, 400)))
        )
        chosen = money_view.read_filter(connection, Wanted(period="2026-10-04"))
        found = money_view.describe_no_lines(connection, chosen)
    assert found.words == (
        "No figures yet for the 2 shows on Sunday 4 October 2026. The last show was on "
        "Saturday 3 October 2026, the next is on Saturday 31 October 2026."
    )


def test_one_show_without_figures_is_not_numbered(nights):
    with nights.write() as connection:
        connection.execute(
            show_financials.delete().where(show_financials.c.gross == 100)
        )
        chosen = money_view.read_filter(connection, Wanted(period="2026-10-03"))
        found = money_view.describe_no_lines(connection, chosen)
    assert found.words.startswith(
        "No figures yet for the show on Saturday 3 October 2026."
    )
