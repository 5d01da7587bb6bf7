"""
Numbers of things in words, written by one function everywhere.
"""

import re
from pathlib import Path

import pytest

import ticketsync
from ticketsync.core.plurals import joined, number_of

ROOT = Path(ticketsync.__file__).parent
# `1 show(s)`, an s that is put on by hand, and both forms of one thing.
BY_HAND = re.compile(
    r"[a-z]\(s\)(?=[ .,:\"'])"
    r"|(?P<q>[\"'])s(?P=q) (?:if|\*)|else (?P<r>[\"'])s(?P=r)"
    r"|\"(?:1 )?(?P<thing>[a-z]+)( is)?\" if [^\"]+ == 1 "
    r"else f?\"(?:\{\w+\} )?(?P=thing)s( are)?\""
)
FILES = [
    file
    for pattern in ("*.py", "*.html")
    for file in sorted(ROOT.rglob(pattern))
    if "sandbox" not in file.parts
]


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("show",), "0 shows"),
        (1, ("show",), "1 show"),
        (1200, ("show",), "1,200 shows"),
        (1, ("delivery", "deliveries"), "1 delivery"),
        (2, ("show is", "shows are"), "2 shows are"),
    ],
)
def test_a_number_of_things(number, words, text):
    assert number_of(number, *words) == text


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((), ""),
        (("1",), "1"),
        (("1", "2"), "1 and 2"),
        (("1", "2", "3"), "1, 2 and 3"),
    ],
)
def test_several_things_in_one_sentence(parts, text):
    assert joined(iter(parts)) == text


def test_nobody_else_writes_a_plural():
    found = {
        (file.name, match.group())
        for file in FILES
        for match in BY_HAND.finditer(file.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    "copy",
    [
        '"1 show(s) read"',
        "f\"{n} show{'' if n == 1 else 's'}\"",
        "f\"{n} report{'s' * (n != 1)}\"",
        '{{ n }} {{ "show" if n == 1 else "shows" }}',
        'text = "1 order" if n == 1 else f"{n} orders"',
        '"1 show is" if n == 1 else f"{n} shows are"',
    ],
)
def test_a_plural_by_hand_would_be_found(copy):
    assert BY_HAND.search(copy)
