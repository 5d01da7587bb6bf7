"""
What counts, counts everywhere: over every combination of the switches, currencies and
kinds of sales that `support.switched_house` has, every reader says what a plain count
of the tickets says.

That the comparison would notice is shown by breaking the rule in one reader after the
other, and that no reader is forgotten by asking the code who uses the rule.
"""

import ast
import importlib.util
import itertools
from collections import defaultdict
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import and_, false, select, true, type_coerce
from support import counted_books, counted_door  # noqa: F401  (they register themselves)
from support.counted_readers import READERS, of_night
from support.dates import NOW
from support.read_pages import ReadPages
from support.switched_house import House, build, plain_count, totals, work_of

import ticketsync
from ticketsync.catalogue import shows
from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.financials import recompute
from ticketsync.store import counted, engine, views
from ticketsync.store.tables.sales import tickets
from ticketsync.store.types import WHOLE
from ticketsync.web.money_page import MoneyPages
from ticketsync.web.refunds_page import RefundPages
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import as_of, recompute_figures


def broken(how):
    """
    A copy of the rule with this one fault.
    """
    spec = importlib.util.find_spec(counted.__name__)
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    faults = {
        "link sync": ("is_followed", true),
        "link sales": ("brings_sales", counted.is_followed),
        "exclusion": ("takes_part", true),
        "production off": ("_shows_off", no_ids),
        "event off": ("_occurrences_off", no_ids),
        "door shut by sales": ("is_followed", counted.brings_sales),
        "door shut by exclusion": ("followed_links", links_of_shows_that_take_part),
        "platform only": (
            "is_checked_in",
            lambda: type_coerce(tickets.c.is_checked_in, WHOLE),
        ),
        "void is in": ("is_admitted", counted.is_checked_in),
        "void admits": ("admits", true),
        "gift cards count": ("is_of_show", true),
        "gift cards are tickets": ("is_voucher_sale", false),
    }
    setattr(copy, *faults[how])
    return copy


def readers_by_fault():
    """
    The names of the readers that a fault of the rule in the same modules must reach.
    """
    found = defaultdict(list)
    for name, asked in READERS.items():
        for how in asked.breaks:
            found[asked.modules, how].append(name)
    return found


def no_ids(switch):
    return select(tickets.c.id).where(false())


def links_of_shows_that_take_part():
    right = counted.followed_links()
    condition = and_(right.onclause, counted.takes_part())
    return right.left.join(right.right, condition)


def forget_kept_statements(module):
    """
    Some build a statement once; it would have the rule of before.
    """
    for value in vars(module).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


@contextmanager
def tried(database):
    """
    A transaction whose every trace is gone afterwards.
    """

    class Over(Exception):
        pass

    try:
        with database.write() as connection:
            yield connection
            raise Over
    except Over:
        pass


IN_THE_SUITE = [("sqlite", 1), ("postgresql", 2)]
HOUSES = [
    pytest.param(each, marks=() if each in IN_THE_SUITE else pytest.mark.drill)
    for each in itertools.product(("sqlite", "postgresql"), range(1, 10))
]


@pytest.fixture(scope="module", params=HOUSES, ids=str)
def house(request, templates):
    """
    A house as it is and in a database; each test leaves it as it was. Nine houses have
    each combination of the switches at each pair of levels.
    """
    kind, seed = request.param
    found = House(seed)
    found.database = engine.open_database(templates.copy(kind, "empty"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "_now", lambda: NOW)
        with found.database.write() as connection:
            build(connection, found)
        yield found
    found.database.close()


def test_every_reader_says_the_same_under_all_switches(house):
    wrong = {}
    for name, asked in READERS.items():
        with tried(house.database) as connection:
            found, expected = asked.read(connection, house), asked.expected(house)
        assert expected, name
        if found != expected:
            wrong[name] = (found, expected)
    assert wrong == {}


@pytest.mark.parametrize("house", [("sqlite", 1)], ids=str, indirect=True)
def test_with_the_rule_broken_in_any_one_reader_its_numbers_differ(house, monkeypatch):
    expected = {name: asked.expected(house) for name, asked in READERS.items()}
    unnoticed = []
    for (modules, how), names in readers_by_fault().items():
        with tried(house.database) as connection, monkeypatch.context() as patch:
            for module in modules:
                assert module.counted is counted
                patch.setattr(module, "counted", broken(how))
                forget_kept_statements(module)
            if recompute in modules:
                everything = [n.number for n in house.nights]
                recompute_figures.recompute(connection, Settings(), everything)
            if views in modules:
                views.drop_all(connection)
                views.create_all(connection)
            for name in names:
                with connection.begin_nested() as alone:
                    found = READERS[name].read(connection, house)
                    if found == expected[name]:
                        unnoticed.append((name, how))
                    alone.rollback()
        for module in modules:
            forget_kept_statements(module)
    assert unnoticed == []


# Whoever uses the rule and is no reader of sales, money, fees, check-ins or guests.
NO_FIGURES = {
    "catalogue.moves": "which shows a moved date is linked to",
    "catalogue.selection": "the names of the switches, and which show is meant",
    "catalogue.switches": "the names of the switches",
    "catalogue.undoing": "the switches of an event that loses its production",
    "door.short_types": "how a door calls ticket types",
    "reporting.unlinked_orders": "what belongs to no show (test_unlinked_orders)",
    "reporting.voucher_returns": "what gift vouchers got back (test_every_reader)",
    "reporting.vouchers_sold": "gift cards, which count for no show (test_gift_cards)",
    "reporting.waiting": "shows that wait for a person (test_waiting)",
    "reporting.waiting_rows": "dates that wait for a person (test_waiting)",
    "reporting.waiting_sales": "records that could not be read (test_waiting)",
    "sales.stored_orders": "what is stored, whether it counts or not",
    "sales.stored_twice": "orders that two accounts have",
    "store.link_history": "what counted at any instant (test_as_of)",
}


@pytest.mark.thorough
def test_no_reader_is_forgotten():
    using = {module_name(path) for path in sources() if uses_the_rule(path)}
    asked = {module.__name__ for it in READERS.values() for module in it.modules}
    asked = {name.removeprefix("ticketsync.") for name in asked}
    assert using - asked == {*NO_FIGURES}
    assert not asked & {*NO_FIGURES}


def sources():
    return (Path(ticketsync.__file__).parent).rglob("*.py")


def module_name(path):
    folder = Path(ticketsync.__file__).parent
    return ".".join(path.relative_to(folder).with_suffix("").parts)


def uses_the_rule(path):
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "ticketsync.store"
        and any(name.name == "counted" for name in node.names)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    )


class TemplateValues(Site):
    """
    Renders a page as the values of its template.
    """

    def render_page(self, request, template, title, status_code=200, **values):
        return values


@pytest.mark.thorough
def test_the_pages_say_it_too(house):
    pages = ReadPages(TemplateValues(house.database, Settings()))

    def opened(page, **path):
        return page(PageRequest(None, path, {"orders": "1000"}, {}, None, ""))

    for night in house.nights:
        shown = opened(pages.show, id=str(night.number))
        counted_ = of_night(house, night)
        guests = [s for s in house.guests() if s.show == night.number]
        assert shown["seats"].sold == sum(s.admits for s in counted_)
        assert shown["comps"] == sum(s.admits and not s.face for s in counted_)
        assert {t.currency: t.gross.minor for t in shown["totals"]} == {
            key[0]: found["gross"]
            for key, found in plain_count(counted_, ["currency"], ["gross"]).items()
        }
        assert sum(order.charged.minor for order in shown["orders"]) == sum(
            s.paid for s in counted_ if s.order
        )
        assert shown["count"].expected == len(guests)
        assert shown["count"].admitted == sum(s.is_in for s in guests)
    with house.database.read() as connection:
        works = {title: id_ for id_, title, _ in shows.list_productions(connection)}
    for title, id_ in works.items():
        shown = opened(pages.production, id=str(id_))
        of_work = [s for s in house.counted() if work_of(house, s) == title]
        sums = plain_count(of_work, ["currency"], ["sold", "gross", "refunded"])
        assert {
            (t.currency,): {
                "sold": t.tickets_sold,
                "gross": t.gross.minor,
                "refunded": t.refunded.minor,
            }
            for t in shown["totals"]
        } == sums
        assert shown["sold_by"] == ("Ticket Tailor" if sums else "")
        ahead_of_it = [
            night
            for night in house.nights
            if not night.excluded and night.title == title
        ]
        assert [show.show_id for show in shown["upcoming"]] == [
            night.number for night in ahead_of_it
        ][:3]
    shown = opened(pages.overview)
    ahead = [s for s in house.counted() if s.admits]
    assert shown["sold_upcoming"] == len(ahead)
    assert sum(p.tickets for p in shown["platforms"]) == len(ahead)
    recent_sales = shown["recent_sales"]
    assert recent_sales.last(30).tickets == sum(s.order is not None for s in ahead)


@pytest.mark.thorough
def test_the_pages_of_money_refunds_and_the_calendar_say_it_too(house):
    site = TemplateValues(house.database, Settings())

    def opened(page, **asked):
        return page(PageRequest(None, {}, asked, {}, None, ""))

    sums = plain_count(house.counted(), ["currency"], ["sold", "gross", "refunded"])
    for per in ("show", "account", "production", "day", "week", "month"):
        shown = opened(MoneyPages(site).page, per=per, period="")
        for lines in (shown["totals"], shown["lines"]):
            assert sums == totals(
                (
                    (line["currency"],),
                    {
                        "sold": line["tickets_sold"],
                        "gross": line["gross"],
                        "refunded": line["refunded"],
                    },
                )
                for line in lines
            )
    back = plain_count(house.lines_of_orders(), ["currency"], ["refunded"])
    shown = opened(RefundPages(site).page, period="", rows="1000")
    for lines in (shown["sums"], shown["refunds"]):
        assert back == totals(
            ((line["currency"],), {"refunded": line["amount"]}) for line in lines
        )
    shown = opened(ReadPages(site).calendar)
    assert {
        show.show_id: show.sold for _, found in shown["months"] for show in found
    } == {
        night.number: sum(s.admits for s in of_night(house, night))
        for night in house.nights
        if not night.excluded
    }


# Who was in is not kept, and our own box office sells now.
OF_NOW = {
    *("attendee_checkin_status", "attendee search", "attendees list", "door list"),
    *("check-in count", "check-in scan", "figures after a scan"),
    *("oversold at our box office", "report selling", "seats of our box office"),
}


@pytest.mark.thorough
def test_as_of_now_every_reader_says_what_it_says_now(house, monkeypatch):
    """
    Which dates were linked to which shows is kept apart from the switches, as a past.
    """
    monkeypatch.setattr(clock, "_now", lambda: NOW + timedelta(hours=1))
    wrong = {}
    with as_of.reading(house.database, Settings(), NOW.isoformat()) as past:
        for name in {*READERS} - OF_NOW:
            expected = without_check_ins(READERS[name].expected(house))
            with past.connection.begin_nested() as alone:
                found = without_check_ins(READERS[name].read(past.connection, house))
                alone.rollback()
            if found != expected:
                wrong[name] = (found, expected)
    assert wrong == {}


def without_check_ins(found):
    """
    The same without the numbers of those who are in.
    """
    if isinstance(found, tuple):
        return tuple(map(without_check_ins, found))
    if isinstance(found, dict):
        return {k: without_check_ins(v) for k, v in found.items() if k != "in"}
    return found
