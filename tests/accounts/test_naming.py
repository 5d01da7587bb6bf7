"""
What cannot be the name of an account.
"""

import pytest

from ticketsync.accounts import naming
from ticketsync.core import errors


@pytest.mark.parametrize(
    "key",
    [
        "sk_1001_2002_a1b2c3",
        "EAAAlxyz0123456789abc",
        "IST.eyJraWQiOiJQb3pIX2FDMiIsImFsZyI6IlJTMjU2In0.eyJkYXRhIjoie30ifQ.c2ln",
        "QKXYZ2ABCDEF34GHIJKL",
        "3f2c9a7b1d4e8f60",
    ],
)
def test_a_key_that_was_pasted_in_its_place_is_refused_and_not_repeated(key):
    with pytest.raises(errors.UsageError, match="looks like a key") as refused:
        naming.refuse_bad_name(key)
    assert key not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    "name", ["tt", "eventbritesydney2026", "wix_2nd_site_of_2026", "square-main-hall-2"]
)
def test_long_names_with_a_year_or_a_number_are_none(name):
    naming.refuse_bad_name(name)
