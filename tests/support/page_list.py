"""
The pages that are looked at in a browser.
"""

SHOW = 12
PAGES = (
    *("/", f"/shows/{SHOW}", "/productions/1", "/calendar", "/accounts", "/matching"),
    *("/runs", "/webhooks", "/discrepancies", "/door", f"/door/{SHOW}"),
    *("/money?period=", "/money?per=month&period=2026", "/money/refunds?period="),
    "/calendar?month=2026-09",
)
