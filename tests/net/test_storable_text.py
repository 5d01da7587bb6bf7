"""
Characters that a database cannot store are replaced where JSON is decoded, in names and
keys alike, and nothing else is changed.
"""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ticketsync.net import exact_json, webhook_signatures


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (rb'{"a": "Gala \ud83d"}', "Gala \ufffd"),
        (rb'{"a": "Gala \uDE00!"}', "Gala \ufffd!"),
        (rb'{"a": "\ud83d\ud83d\ude00"}', "\ufffd\U0001f600"),
        (rb'{"a": "\ud83d\n"}', "\ufffd\n"),
        (rb'{"a": "\u0000 \ud83d\ude00"}', "\ufffd \U0001f600"),
        (b'{"a": "Gala \0"}', "Gala \ufffd"),
        (b'{"a": "Gala \xed\xa0\xbd"}', "Gala \ufffd"),
        (rb'{"a": "\\u0000 \\ud83d"}', r"\u0000 \ud83d"),  # these are not escapes
        (rb'{"a": "\ud83d\ude00"}', "\U0001f600"),
    ],
)
def test_a_character_that_cannot_be_stored_is_replaced(text, name):
    assert exact_json.decode(text) == {"a": name}


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=8))
def test_whatever_is_decoded_can_be_stored_and_decoded_again(name):
    import json

    value = exact_json.decode(json.dumps({"name": name}).encode())
    assert "\0" not in value["name"]
    assert exact_json.decode(exact_json.encode(value)) == value


def test_json_that_is_cut_within_an_emoji_is_still_incomplete():
    for text in (rb'{"a": "\ud83d', rb'{"a": "\ud83d\ude', rb'{"a": "\ud8'):
        with pytest.raises(exact_json.Truncated):
            exact_json.decode(text)


def test_a_webhook_with_half_an_emoji_is_read():
    assert webhook_signatures.json_object(rb'{"name": "\ud83d\u0000"}') == {
        "name": "\ufffd\ufffd"
    }
