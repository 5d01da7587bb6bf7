"""
Words that are proposed for one that is not known.
"""

import pytest

from ticketsync.core import near_words

WORDS = ["paid", "refunded", "active", "link"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("piad", "paid"),
        ("refundd", "refunded"),
        ("spaid", "paid"),
        ("unpaid", ""),
        ("not refunded", ""),
        ("inactive", ""),
        ("Unlink", ""),
    ],
)
def test_the_opposite_of_a_word_is_never_proposed_for_it(word, meant):
    assert near_words.nearest(word, WORDS) == meant


def test_nor_is_a_word_for_its_opposite():
    assert near_words.nearest("paid", ["unpaid"]) == ""
    assert near_words.nearest("paid", ["unpaid", "pad"]) == "pad"


@pytest.mark.parametrize("word", ["tonight", "today", "money", "orders", "next"])
def test_a_word_with_only_some_letters_in_common_is_not_proposed(word):
    """
    `config` shares `o`, `n`, `i` and `g` with `tonight`, and nothing else.
    """
    known = ["config", "audit", "doctor", "notify", "members", "export"]
    assert near_words.nearest(word, known) == ""
