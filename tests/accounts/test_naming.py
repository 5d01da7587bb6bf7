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
        # Ticket Tailor: sk_<digits>_<digits>_<secret>
        "sk_7_12_k2",
        "sk_55301_204417_9c1f0a7be2",
        # Stripe, and the secret of a webhook of it
        "sk_test_51Hx0aBcD",
        "rk_live_51Hx0aBcDeFgHiJk",
        "whsec_5f8a",
        # Square, 64 characters
        "EAAAl3xT9-q_ZsB1r0KkWm7dYvHfEoPcUaIeJnGt5L2yRw8X4zQbCSMDNVHFTUOP",
        # Square's of before, and the secrets of its apps
        "sq0atp-cexdNhSIDj-R9dEXDYvRMw",
        "sq0csp-Kd3RvMn5tG7bQz1Lx_9p",
        # Eventbrite, 20 capitals and digits
        "7ZQ4WKX2NJ5TMB3RVH6D",
        "AXE4IRON2TIDE9OVALSK",
        # Humanitix does not document its own; long ones, and a GUID
        "k3j9x0q8w7e2r1t5y6u4",
        "tG7bQz1LxW9pKd3RvMn5",
        "5a1e0000-0000-4000-8000-000000000001",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_a_key_that_was_pasted_in_its_place_is_refused_and_not_repeated(key):
    with pytest.raises(errors.UsageError, match="looks like a key") as refused:
        naming.refuse_bad_name(key)
    assert key not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    "name",
    [
        *("tt", "eventbritesydney2026", "wix_2nd_site_of_2026", "square-main-hall-2"),
        *("studio54and2rooms", "Studio54And2Rooms", "theatre1and2sydney"),
        *("the2ndstage3rdfloor", "lantern2ndroom4thfloor", "stage1stage2stage3"),
        *("2026season1sthalf", "level42rooftop7bar", "box1office2door3"),
        *(
            "sq0-studio",
            "sk_studio",
            "EAAA-charity-gala",
            "club77and99bar",
            "mainhall2024to2026",
        ),
        *("ticketsydney2k26", "room101studio54", "42ndstreettheatre1"),
    ],
)
def test_long_names_with_a_year_or_a_number_are_none(name):
    naming.refuse_bad_name(name)


def test_a_name_that_is_too_long_is_not_repeated():
    """
    It may be a key of a platform that documents no form of its keys.
    """
    key = "hx-" + "0123456789" * 12
    with pytest.raises(errors.UsageError, match="123 characters") as refused:
        naming.refuse_bad_name(key)
    assert "0123" not in refused.value.message + refused.value.hint
    naming.refuse_bad_name("a" * 40)
