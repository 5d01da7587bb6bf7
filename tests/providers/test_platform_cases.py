"""
Small platforms that once were read wrongly, from where they lie: each script serves
one, and has the right figures in its docstring, worked out by hand.
"""

import ast
import re

import pytest
from support import needs
from support.needs import CASES

pytestmark = needs.cases
FAKES = {"fake", "hxfake", "sqfake", "ttfake", "wxfake"}  # what the scripts share
QUIET = "Nothing needs your attention."


def runs(*commands_and_codes):
    lines = (rf"\$ ticketsync {re.escape(run)}\n" for run in commands_and_codes)
    return re.compile(".*".join(lines), re.DOTALL)


# The commands with what they end with, in this order; the figures of each show when
# they are listed last; what is said, and how many guests are in after each sync.
RIGHT = {
    "eventbrite_nameless_drafts": (
        runs("events fetch -> rc 3", "sync -> rc 3", "status -> rc 10"),
        {
            "Gala": {"tickets_sold": 2, "gross": "54.20"},
            **{f"Show {n}": {"tickets_sold": 0, "gross": "0.00"} for n in (1, 2, 3)},
        },
        [
            "acc 104: name is None, not an object; it is a draft: complete it at",
            "acc 105: text is None, not a text; it is a draft: complete it at",
        ],
    ),
    "eventbrite_scans_in_one_second": (
        runs("sync -> rc 0", "sync -> rc 0", "status -> rc 0"),
        {"Gala": {"tickets_sold": 4, "gross": "108.40"}},
        ["IN 1 of 4", "IN 3 of 4", QUIET],
    ),
    "eventbrite_two_organisations": (
        runs("events fetch -> rc 3", "sync -> rc 3", "status -> rc 10"),
        {
            "Gala": {
                "tickets_sold": 2,
                "gross": "54.20",
                "fees": "4.20",
                "net": "50.00",
            }
        },
        [
            "the organisation 12: Eventbrite does not let this key read it (403)",
            "`ticketsync accounts set acc skip_organisations=12`",
        ],
    ),
    "humanitix_one_event_404": (
        runs("sync -> rc 3", "status -> rc 10"),
        {
            "Show1": {"tickets_sold": 2, "gross": "54.00"},
            "Show2": {"tickets_sold": 0, "gross": "0.00"},
            "Show3": {"tickets_sold": 2, "gross": "54.00"},
        },
        ["does not know its orders (404); what is stored stays."],
    ),
    "humanitix_swap_within_one_order": (
        runs("sync -> rc 0", "sync -> rc 0", "sync --full -> rc 0", "status -> rc 0"),
        {
            "Show1": {"tickets_sold": 0, "gross": "54.00"},
            "Show2": {"tickets_sold": 3, "gross": "27.00"},
        },
        [QUIET],
    ),
    "square_gift_card_tender": (
        runs("sync -> rc 0", "status -> rc 0"),
        {"Gala": {"tickets_sold": 3, "fees": "1.10", "net": "73.90"}},
        [QUIET],
    ),
    "square_unlinked_refund": (
        runs("sync -> rc 0", "status -> rc 10"),
        {"Gala": {"tickets_sold": 2, "gross": "50.00"}},
        ["acc, order R1: 25.00 AUD went back without a sale"],
    ),
}
WRONG = "Traceback|A fault in ticketsync itself|newer ticketsync|schema-drift|FIN none"


def test_every_case_about_a_platform_is_run():
    assert {file.stem for file in (CASES / "api").glob("*.py")} - FAKES == RIGHT.keys()


@pytest.mark.parametrize("case", RIGHT)
@pytest.mark.sampled(3)
def test_a_platform_that_once_was_read_wrongly_is_read_or_named(scripts, case):
    commands, figures, words = RIGHT[case]
    done = scripts.run_platform(case)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert commands.search(said), said
    rows = [ast.literal_eval(row) for row in re.findall(r"^ +FIN (.*)$", said, re.M)]
    last = {row["production"]: row for row in rows}
    assert last.keys() == figures.keys(), said
    for title, wanted in figures.items():
        assert {name: last[title][name] for name in wanted} == wanted, said
    flat = " ".join(said.split())
    for word in words:
        assert word in flat, said
    assert not re.search(WRONG, said), said
