"""
Titles from right to left on a page turn no date or number beside them.
"""

import re

import pytest
from sqlalchemy import update
from support.web_pages import main_of

from ticketsync.store.tables.catalogue import productions
from ticketsync.web.text_direction import isolate

HEBREW = "מופע הצחוק הלילי"
ARABIC = "ليلة الضحك"


@pytest.mark.parametrize(
    ("html", "isolated"),
    [
        ("<p>Late Laughs 240/280</p>", "<p>Late Laughs 240/280</p>"),
        (f"<p>{HEBREW} 240/280</p>", f"<p><bdi>{HEBREW}</bdi> 240/280</p>"),
        (
            f"<b>moved from {ARABIC} 2027-04-18 to {HEBREW}, 19:30</b>",
            f"<b>moved from <bdi>{ARABIC}</bdi> 2027-04-18 to <bdi>{HEBREW}</bdi>, "
            "19:30</b>",
        ),
        # An attribute, and what holds text only.
        (
            f'<input value="{HEBREW} 1"><option>{HEBREW} 2</option>',
            f'<input value="{HEBREW} 1"><option>{HEBREW} 2</option>',
        ),
        (
            f"<title>{HEBREW} 1</title><svg><text>{HEBREW} 2</text></svg>",
            f"<title>{HEBREW} 1</title><svg><text>{HEBREW} 2</text></svg>",
        ),
        # What is escaped stays escaped.
        (f"<p>{HEBREW}&lt;b&gt;{HEBREW}</p>", None),
    ],
)
def test_only_the_title_is_isolated(html, isolated):
    expected = isolated or (f"<p><bdi>{HEBREW}</bdi>&lt;b&gt;<bdi>{HEBREW}</bdi></p>")

    assert isolate(html) == expected


@pytest.mark.parametrize("path", ["/money?period=", "/calendar?month=2026-09", "/door"])
def test_every_page_isolates_titles_from_right_to_left(enter, full, path):
    with full.write() as connection:
        connection.execute(
            update(productions).where(productions.c.id == 1).values(title=HEBREW)
        )

    page = main_of(enter("manager").get(path))

    texts = re.sub("<svg.*?</svg>|<option.*?</option>", "", page, flags=re.DOTALL)
    assert f"<bdi>{HEBREW}</bdi>" in texts
    assert HEBREW not in texts.replace(f"<bdi>{HEBREW}</bdi>", "")
