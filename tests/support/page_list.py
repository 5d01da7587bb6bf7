"""
The pages that are looked at in a browser.
"""

SHOW = 12
NO_PAGE = "/no/such/page"
PAGES = (
    *("/", f"/shows/{SHOW}", "/productions/1", "/calendar", "/accounts", "/matching"),
    *("/runs", "/webhooks", "/discrepancies", "/door", f"/door/{SHOW}"),
    *("/money?period=", "/money?per=month&period=2026", "/money/refunds?period="),
    "/calendar?month=2026-09",
    *(
        "/connect",
        "/connect?platform=wix",
        "/connect?platform=square&by=oauth",
        "/accounts/tt",
        "/accounts/tt/remove",
    ),
    *("/accounts/tt/webhooks", "/people", "/events", "/events/1", "/occurrences/1"),
    *("/shows/adopt", "/shows/import", f"/shows/{SHOW}/edit", "/venues", "/venues/1"),
    *("/money?per=production&period=", "/money/refunds?period=&by=show"),
    *("/events?unlinked=1", "/calendar?past=1", "/?per=month&show=revenue"),
    NO_PAGE,
)
