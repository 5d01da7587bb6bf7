"""
When the platform changed, and when only some records are odd.
"""

import dataclasses

import pytest

from ticketsync.core import errors
from ticketsync.core.records import Unread
from ticketsync.providers import registry
from ticketsync.workflows.sync.drift import RecentPages, refuse_drift

SPEC = registry.provider("eventbrite").spec


def unread(number, *, word="unreadable", reason="total is missing"):
    return [Unread("order", str(n), "", b"{}", word, reason) for n in range(number)]


def judged(*pages, spec=SPEC):
    """
    Which word these pages end with, each a number of good records and the bad ones.
    """
    recent = RecentPages()
    try:
        for good, bad in pages:
            refuse_drift(recent, good, bad, spec, "mine")
    except errors.InvalidResponse as error:  # exit 6
        return error.word
    return ""


DIFFERENT = [*unread(5), *unread(5, reason="status is missing")]
DRAFTS = unread(30, word="unfinished-draft")
OF_ODD_EVENT = unread(30, word="unknown-event")


@pytest.mark.parametrize(
    ("pages", "word"),
    [
        ([(4, unread(2))], ""),  # two of six
        ([(0, unread(19))], ""),
        ([(0, unread(20))], "schema-drift"),
        ([(10, unread(10))], "schema-drift"),
        ([(11, unread(9))], ""),
        ([(0, unread(6)), (0, unread(6))], ""),
        ([(0, unread(6)), (0, unread(6)), (0, unread(6))], "schema-drift"),
        ([(0, unread(1))] * 3, ""),  # three orders are not three pages
        ([(0, unread(1))] * 20, "schema-drift"),
        ([(1000, [])] * 10 + [(0, unread(100))], "schema-drift"),  # in mid-run
        ([(10, DIFFERENT)], ""),
        ([(10, DRAFTS)], ""),
        ([(10, OF_ODD_EVENT)], ""),
        ([(7, unread(3, word=errors.CONTRADICTION))], "list-incomplete"),
        ([(9, unread(1, word=errors.CONTRADICTION))], ""),
    ],
)
def test_most_records_must_fail_alike(pages, word):
    assert judged(*pages) == word


def test_files_are_never_refused():
    local = dataclasses.replace(SPEC, base_url="")
    assert judged((0, unread(500)), spec=local) == ""
