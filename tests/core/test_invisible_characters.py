"""
Characters that are not seen: one list, and what of it a page shows.
"""

import ast
import re
from pathlib import Path

import pytest

import ticketsync
from ticketsync.core import invisible_characters
from ticketsync.core.redact import safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Gala\u202e19:30", "Gala\\u202e19:30"),
        ("\u2066Gala\u2069", "\\u2066Gala\\u2069"),
        ("Gala\x1b[31m", "Gala\\x1b[31m"),
        ("half \ud83d", "half \\ud83d"),
        ("one\ntwo\tthree", "one\ntwo\tthree"),
        # Joiners and marks that names need.
        ("می\u200cخواهم \u200fab", "می\u200cخواهم \u200fab"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
    ],
)
def test_a_page_shows_what_would_turn_its_text(text, shown):
    assert invisible_characters.on_page(text) == shown


def test_a_terminal_shows_all_of_them():
    every = [
        chr(code)
        for code in range(0x10000)
        if re.match(f"[{invisible_characters.UNSEEN}]", chr(code))
    ]
    assert len(every) > 2000  # surrogates
    assert all(safe(character) != character for character in every)


def test_there_is_one_list():
    """
    Nobody else writes a range of characters that change the direction of text.
    """
    may_write_one = re.compile("[\u202a-\u202e\u2066-\u2069]|\\\\[uUN]")
    places = [
        file.name
        for file in Path(ticketsync.__file__).parent.rglob("*.py")
        if "sandbox" not in file.parts
        for source in [file.read_text(encoding="utf-8")]
        if may_write_one.search(source)  # a tree takes long
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search("[\u202a-\u202e\u2066-\u2069]", node.value)
    ]
    assert set(places) == {"invisible_characters.py"}
