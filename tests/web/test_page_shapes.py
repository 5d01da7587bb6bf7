"""
The frame of all pages in a real Chromium: menu, title, narrow screens, paper.
"""

import re

import pytest
from support import needs
from support.page_list import PAGES, SHOW

pytestmark = needs.chromium
PAPER = 718  # pixels between the margins of A4 at 96 to the inch


@pytest.mark.thorough
def test_no_page_scrolls_sideways_at_320_pixels_and_none_is_cut_on_paper(open_browser):
    """
    On paper also no table is wider than the sheet.
    """
    page = open_browser(viewport={"width": 320, "height": 640})
    screen, paper, titles = {}, {}, {}
    for path in PAGES:
        page.set_viewport_size({"width": 320, "height": 640})
        page.emulate_media(media="screen")
        page.goto(path)
        screen[path] = page.evaluate("document.documentElement.scrollWidth")
        titles[path] = page.title()
        page.set_viewport_size({"width": PAPER, "height": 1000})
        page.emulate_media(media="print")
        paper[path] = page.evaluate(
            "[...document.querySelectorAll('main, main *')].filter((e) =>"
            f" e.getBoundingClientRect().right > {PAPER} + 1 && !e.closest('.hidden'))"
            ".map((e) => e.outerHTML.slice(0, 90)).slice(0, 3)"
        )

    assert screen == dict.fromkeys(PAGES, 320)
    assert paper == {path: [] for path in PAGES}
    for path, title in titles.items():
        assert re.fullmatch(r"\S.+ – The Lantern Room", title), path
    assert titles["/money?period="] == "Money – The Lantern Room"


@pytest.mark.thorough
def test_the_menu_of_a_telephone_is_closed_and_the_door_has_none(open_browser):
    page = open_browser(
        viewport={"width": 759, "height": 700}, java_script_enabled=False
    )
    page.goto("/calendar")
    link = page.get_by_role("link", name="Discrepancies")
    assert link.count() == 0

    page.locator(".menu summary").click()
    link.click()

    page.get_by_role("heading", name="Discrepancies").wait_for()
    page.set_viewport_size({"width": 761, "height": 700})
    assert link.count() == 1
    assert not page.locator(".menu").is_visible()
    page.goto(f"/door/{SHOW}")
    assert page.get_by_role("navigation").count() == 0
    assert page.get_by_role("button", name="Sign out").is_visible()
