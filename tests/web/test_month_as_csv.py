"""
What last month earned by production, as a file, in a real Chromium: three actions.
"""

import csv
import io

import pytest
from support import needs

pytestmark = needs.chromium


@pytest.mark.thorough
def test_last_month_by_production_as_csv_takes_three_actions(open_browser, sandbox):
    """
    From the overview, and the file has the sandbox's truth for the eight shows that
    played in August.
    """
    page = open_browser()
    page.goto("/")

    page.get_by_role("link", name="All in Money").click()
    page.get_by_role("link", name="Last month").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()

    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    august = [row for row in sandbox.truth() if row["starts_at"].startswith("2026-08")]
    assert len(august) == 8
    sold = {row["production"]: int(row["tickets_sold"]) for row in rows}
    assert set(sold) == {"Late Laughs", "Orchid & Wire", "The Glass Harbour"}
    assert sum(sold.values()) == sum(row["tickets_sold"] for row in august)
    assert sum(int(row["shows"]) for row in rows) == 8
