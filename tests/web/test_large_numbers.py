"""
A count or an amount of a thousand or more has its commas on every page, and in what is
sent to telephones and mailboxes.
"""

import re
from html import unescape

import pytest
from support.large_figures import bare_numbers, multiply
from support.page_list import NO_PAGE, PAGES

MORE = ("/money", "/money?per=account&period=", "/money/refunds?period=&by=show")
# What no person reads as a number, or what a person typed.
NOT_READ = r"<script.*?</script>|<style.*?</style>|<code.*?</code>|<option.*?</option>"


def read(page):
    """
    The text of a page, and what stands in its charts on hover, one piece a line.
    """
    shown = re.sub(NOT_READ, "\n", page, flags=re.DOTALL)
    labels = re.findall(r'aria-label="([^"]*)"|title="([^"]*)"', shown)
    text = re.sub(r"<[^>]*>", "\n", shown)
    return unescape("\n".join([text, *map("".join, labels)]))


@pytest.mark.thorough
def test_every_page_writes_thousands_with_commas(full, enter):
    multiply(full)
    client = enter("manager")
    pages = {}
    for path in (*PAGES, *MORE):
        response = client.get(path)
        assert response.status_code == (404 if path == NO_PAGE else 200), path
        pages[path] = read(response.text)
    bare = {
        path: found for path, text in pages.items() if (found := bare_numbers(text))
    }
    assert bare == {}
    assert "884,893.00" in pages["/money?period="]
