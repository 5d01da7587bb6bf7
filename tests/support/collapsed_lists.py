"""
What must hold after a read during which one list of a platform collapsed: which figures
may differ from those before, what is named, and where the next read begins.

What is allowed beyond "nothing changed" stands in the tables below, each with its
reason, written by hand.
"""

from dataclasses import dataclass
from decimal import Decimal

from support.platform_accounts import figures, is_right, key_of
from support.spoiled_lists import ANSWERS
from support.spoiled_reads import CHANGES, FIRST

from ticketsync.accounts import bookmarks, state, streams
from ticketsync.catalogue import occurrences
from ticketsync.reporting import waiting_records

SHORT = ("empty", "at 40 %")
EVERY = tuple(ANSWERS)
BARE = "eventbrite without expansions"  # attendees come in a list of their own

# A run that ends with 0. A short list looks like a true one only where nothing else
# says how many rows it has; an error never looks like one.
INDISTINGUISHABLE = {
    ("/events/v2/guests/query", CHANGES, answer): (
        "nothing says how many old orders changed; the watermark does not move beyond "
        "what was shown, so the next read begins before what was lacking"
    )
    for answer in SHORT
}
FOUND_ELSEWHERE = {
    ("/v2/orders/search", CHANGES, answer): (
        "the lists of payments and refunds name every order that changed, and each is "
        "fetched by its id"
    )
    for answer in SHORT
}
# No figure is made of it: a note of the run names it, and what was on sale stays.
NOTED = {"/events/v3/ticket-definitions/query": "on sale could not be read"}
NOTED_WHERE_SHORT = "they stay as they were"

# Where figures may go on to what is true by now, although the run names a fault: the
# list that failed is not the one that they are made of. Of a show all or nothing.
GOES_ON = {
    ("ticket_tailor", "/issued_tickets"): (
        EVERY,
        "orders come in another list; this one has the tickets without an order",
    ),
    ("eventbrite", "/organizations/*/attendees/"): (
        EVERY,
        "orders hold their attendees; this list only says which orders changed",
    ),
    ("eventbrite", "/organizations/*/orders/"): (
        SHORT,
        "the attendees name the orders that changed, and each is fetched by its id",
    ),
    ("wix", "/events/v1/orders"): (
        SHORT,
        "the guests name the orders that changed, and each is fetched by its number",
    ),
    ("wix", "/events/v2/guests/query"): (SHORT, "see INDISTINGUISHABLE"),
    ("wix", "/events/v3/ticket-definitions/query"): (EVERY, "see NOTED"),
    ("square", "/v2/orders/search"): (SHORT, "see FOUND_ELSEWHERE"),
    ("humanitix", "/v1/events/*/tickets"): (
        ("at 40 %",),
        "the tickets of another event are whole for the orders that changed",
    ),
}
# Where a show may stand between what it was and what it is: each of its orders is one
# or the other.
BETWEEN = {
    ("ticket_tailor", "/orders", "at 40 %"): (
        "the orders that are shown are true; those of the same show that are not shown "
        "stay as they were"
    ),
    ("wix", "/events/v2/guests/query", "empty"): "see INDISTINGUISHABLE",
    ("wix", "/events/v2/guests/query", "at 40 %"): "see INDISTINGUISHABLE",
}
# Where a first read that named a fault may leave a watermark.
_OWN_MARKS = "each date has a mark of its own; one that was not read whole has none"
_ASKED_BY_ID = "what it set aside is asked for by its id until it is read"
LEAVES_WATERMARK = {
    ("ticket_tailor", "/orders"): (("at 40 %",), _OWN_MARKS),
    ("ticket_tailor", "/issued_tickets"): (SHORT, _OWN_MARKS),
    (BARE, "/events/*/attendees/"): (("403", "404"), _ASKED_BY_ID),
    ("square", "/v2/refunds"): (SHORT, _ASKED_BY_ID),
}
# Humanitix has a bookmark for each event.
MOVES_BOOKMARK = {
    ("humanitix", "/v1/events/*/tickets"): (
        ("at 40 %",),
        "that of another event, whose lists were whole for the orders that changed",
    ),
}

# How a run that ends with an error says which list it was.
SAYS = {"403": "HTTP 403", "404": "HTTP 404", "truncated": "sent incomplete JSON"}
EXITS = {"403": {4}, "404": {6}, "truncated": {6}, "empty": {6, 7}, "at 40 %": {6, 7}}
OTHER_EXITS = {
    # A user without an organisation is a matter for a person.
    ("/users/me/organizations/", "empty"): {4},
    ("/users/me/organizations/", "at 40 %"): {4},
    # One of two organisations, with the orders of the other read: set aside by name.
    ("/events/*/attendees/", "403"): {3},
    ("/events/*/attendees/", "404"): {3},
    # The orders that name a refund which is not listed are set aside by name.
    ("/v2/refunds", "empty"): {3, 6},
    ("/v2/refunds", "at 40 %"): {3, 6},
}
NAMES = {
    "/event_series": ["event series"],
    "/events": ["known dates"],
    "/orders": ["the list of its orders", "its newest known order"],
    "/issued_tickets": ["the list of its tickets"],
    "/users/me/organizations/": ["belongs to no organisation"],
    "/organizations/*/events/": ["known dates"],
    "/organizations/*/orders/": [
        "the list of orders lacks",
        "orders in /organizations",
    ],
    "/organizations/*/attendees/": ["/attendees/"],
    "/events/*/attendees/": ["attendee", "the organisation 770000001"],
    "/v1/events": ["known dates"],
    "/v1/events/*/orders": ["of these orders"],
    "/v1/events/*/tickets": ["lists no tickets of"],
    "/events/v3/events/query": ["known dates"],
    "/events/v1/orders": ["the list of orders lacks", "rows of orders"],
    "/payments/v2/transactions": ["transactions lack its payment"],
    "/events/v2/guests/query": ["the list of guests lacks"],
    "/v2/locations": ["lists no locations"],
    "/v2/catalog/list": ["known dates"],
    "/v2/orders/search": ["the list of orders lacks"],
    "/v2/payments": ["that its list of payments lacks", "among its payments"],
    "/v2/refunds": ["among its refunds", "names the refund"],
    "/v2/orders/batch-retrieve": ["rows of orders"],
}


@dataclass(frozen=True)
class Case:
    """
    One list of a platform, the read that asks for it, and what it answers.
    """

    name: str
    path: str
    read: str
    answer: str

    def is_among(self, table):
        answers, _ = table.get((self.name, self.path), ((), ""))
        return self.answer in answers

    def __str__(self):
        return f"{self.name}{self.path}-{self.read}-{self.answer}"

    @property
    def key(self):
        return self.path, self.read, self.answer

    @property
    def is_silent(self):
        is_short = self.key in INDISTINGUISHABLE or self.key in FOUND_ELSEWHERE
        return is_short or self.path in NOTED


@dataclass(frozen=True)
class Books:
    """
    What is stored of the only account: the figures and by date whether a person sees
    them as whole; the bookmarks; the marks of dates that were read whole.
    """

    figures: dict
    finished: frozenset
    newest: str
    changed: dict
    unmarked: frozenset
    is_parked: bool


def look(database):
    found = figures(database)
    with database.read() as connection:
        marks = bookmarks.get_streams(
            connection, 1, (streams.READ, streams.NEWEST, streams.CHANGED)
        )
        listed = occurrences.list_occurrences(connection)
        account = state.get_account_by_id(connection, 1)
    unfinished = {key_of(o) for o in listed if o.link_status != "synced" or o.problem}
    unmarked = {
        key_of(o) for o in listed if o.provider_occurrence_id not in marks[streams.READ]
    }
    return Books(
        found,
        frozenset(found.keys() - unfinished),
        marks[streams.NEWEST].get("", ""),
        dict(marks[streams.CHANGED]),
        frozenset(unmarked),
        account.state == "parked",
    )


def wrong_figures(before, after, truth, case):
    """
    The dates whose figures are neither what they were nor what they may be.
    """
    dates = before.figures.keys() | after.figures.keys()
    return sorted(d for d in dates if not _may_be(d, before, after, truth, case))


def _may_be(date, before, after, truth, case):
    was, found = before.figures.get(date), after.figures.get(date)
    if found == was:
        return True
    if found is None or date not in truth:
        return False
    if case.read == FIRST:
        # What is half a show nobody may take for a whole one, not we ourselves either.
        is_half = date not in after.finished and date in after.unmarked
        return is_half or is_right(found, truth[date])
    if case.read != CHANGES:
        return False
    is_between = (case.name, case.path, case.answer) in BETWEEN
    return (case.is_among(GOES_ON) and is_right(found, truth[date])) or (
        is_between and lies_between(found, was, truth[date])
    )


def lies_between(found, one, other):
    """
    Whether every number is between that of one and of the other.
    """
    for number, value in found.items():
        ends = [one[number], other[number]]
        if value in ends:
            continue
        if None in (value, *ends):
            return False
        low, high = sorted(map(Decimal, ends))
        if not low <= Decimal(value) <= high:
            return False
    return True


def assert_noticed(database, before, outcome, truth, case):
    """
    The list that collapsed changed nothing that it may not, was named, and the next
    read begins where this one would have.
    """
    result = outcome.results[0]
    after = look(database)
    assert wrong_figures(before, after, truth, case) == []
    if case.is_silent:
        assert result.exit_code == 0, result
        assert_all_is_right(after, truth, outcome.notes, case)
    else:
        assert_named(database, result, case)
        assert_bookmarks_stay(before, after, case)
    assert after.is_parked == (result.word == "refused-credentials")


def assert_all_is_right(after, truth, notes, case):
    """
    What a run that ends with 0 lacked was found elsewhere, or is no figure.
    """
    if case.key in INDISTINGUISHABLE:
        return
    assert after.figures.keys() == truth.keys()
    assert [d for d, row in truth.items() if not is_right(after.figures[d], row)] == []
    if case.path in NOTED:
        words = NOTED_WHERE_SHORT if case.answer in SHORT else NOTED[case.path]
        assert any(words in note for note in notes), notes


def assert_named(database, result, case):
    exits = OTHER_EXITS.get((case.path, case.answer), EXITS[case.answer])
    assert result.exit_code in exits, result
    assert result.hint
    assert f"ccount {case.name.partition(' ')[0]!r}" in result.message
    if result.exit_code == 3:
        assert result.word == "quarantine"
        with database.read() as connection:
            waiting = waiting_records.list_quarantined(connection)
        assert waiting
        assert all(_names(reason, case.path) for *_, reason in waiting), waiting
    elif case.answer in SAYS:
        assert SAYS[case.answer] in result.message
    else:
        assert _names(result.message, case.path), result.message


def _names(text, path):
    return any(words in text for words in NAMES[path])


def assert_bookmarks_stay(before, after, case):
    if case.read == FIRST:
        assert not before.newest
        assert not before.changed
        assert bool(after.newest) == case.is_among(LEAVES_WATERMARK)
        assert not after.changed
        return
    assert before.newest or before.changed
    assert after.newest == before.newest
    moves = case.read == CHANGES and case.is_among(MOVES_BOOKMARK)
    assert (after.changed != before.changed) == moves
