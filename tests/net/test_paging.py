"""
The three walkers of paged lists: they end where the list does, and stop one that does
not end.
"""

import pytest

from ticketsync.core import errors
from ticketsync.net.paging import RowPage, by_cursor, by_offset, by_page


class Api:
    """
    As much of a client as the walkers use: it makes their errors.
    """

    def invalid_response(self, what, word):
        return errors.InvalidResponse(what, hint="", word=word)

    def incomplete(self, path, sent, promised):
        return self.invalid_response(f"{path}: {sent} of {promised}", "list-incomplete")


def rows(*ids):
    return [{"id": id_} for id_ in ids]


def ids(pages):
    return [[row["id"] for row in getattr(page, "rows", page)] for page in pages]


def test_a_list_by_cursor_goes_on_where_each_page_says():
    pages = {
        None: RowPage(rows("a", "b"), next="x"),
        "x": RowPage(rows("c"), next="y"),
        "y": RowPage([], next=None),
    }
    assert ids(by_cursor(Api(), "/x", pages.get)) == [["a", "b"], ["c"], []]
    assert ids(by_cursor(Api(), "/x", pages.get, after="x")) == [["c"], []]


def test_a_list_by_cursor_may_turn_out_to_have_ended():
    pages = {None: RowPage(rows("a"), next="x")}
    assert ids(by_cursor(Api(), "/x", pages.get)) == [["a"]]


@pytest.mark.parametrize(
    "pages",
    [
        {None: RowPage(rows("a"), next="x"), "x": RowPage(rows("b"), next="x")},
        {
            None: RowPage(rows("a"), next="x"),
            "x": RowPage(rows("a"), next="y"),
            "y": RowPage([]),
        },
    ],
    ids=["the same cursor", "the same rows"],
)
def test_f01_a_list_by_cursor_that_repeats_itself_is_stopped(pages):
    with pytest.raises(errors.InvalidResponse) as caught:
        list(by_cursor(Api(), "/x", pages.get))
    assert caught.value.word == "pagination-loop"


def test_a_last_page_by_cursor_may_repeat_rows_that_shifted():
    pages = {None: RowPage(rows("a", "b"), next="x"), "x": RowPage(rows("b"))}
    assert ids(by_cursor(Api(), "/x", pages.get)) == [["a", "b"], ["b"]]


def test_a_list_by_offset_ends_at_its_total_or_at_a_page_that_is_not_full():
    counted = {0: RowPage(rows("a", "b"), total=3), 2: RowPage(rows("c"), total=3)}
    walked = by_offset(Api(), "/x", counted.__getitem__, page_size=2)
    assert ids(walked) == [["a", "b"], ["c"]]
    uncounted = {0: RowPage(rows("a", "b")), 2: RowPage(rows("c"))}
    walked = by_offset(Api(), "/x", uncounted.__getitem__, page_size=2)
    assert ids(walked) == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("second", "word"),
    [(rows("a", "b"), "pagination-loop"), ([], "list-incomplete")],
)
def test_f01_a_list_by_offset_that_repeats_or_breaks_off_is_refused(second, word):
    pages = {0: RowPage(rows("a", "b"), total=4), 2: RowPage(second, total=4)}
    with pytest.raises(errors.InvalidResponse) as caught:
        list(by_offset(Api(), "/x", pages.__getitem__, page_size=2))
    assert caught.value.word == word


def test_a_list_by_page_ends_at_its_total():
    pages = {1: RowPage(rows("a", "b"), total=3), 2: RowPage(rows("b"), total=3)}
    walked = by_page(Api(), "/x", pages.__getitem__, page_size=2)
    assert ids(walked) == [["a", "b"], ["b"]]


def test_f01_a_list_by_page_that_repeats_itself_is_stopped():
    with pytest.raises(errors.InvalidResponse) as caught:
        list(
            by_page(
                Api(), "/x", lambda _: RowPage(rows("a", "b"), total=9), page_size=2
            )
        )
    assert caught.value.word == "pagination-loop"
