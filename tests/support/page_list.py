"""
The pages that are looked at in a browser, and those that are timed.
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

# What is timed over 100,000 orders; `ORDER` is one of show 100.
MEASURED = (
    *("/", "/?per=week", "/?per=month&show=revenue", "/shows/100", "/productions/1"),
    *("/calendar", "/calendar?month=2026-12", "/calendar?past=1", "/whats-on"),
    *("/accounts", "/accounts/tt", "/accounts/tt/webhooks", "/accounts/tt/remove"),
    *("/connect", "/matching", "/events", "/events/1", "/occurrences/100"),
    *("/shows/adopt", "/shows/import", "/shows/100/edit", "/venues", "/venues/1"),
    *("/shows/100/orders/tt/ORDER", "/discrepancies", "/runs", "/webhooks", "/people"),
    *("/door", "/door/100", "/door/100/guests"),
    *("/money", "/money?period=", "/money?period=&per=account"),
    *("/money?period=&per=production", "/money?period=&per=month"),
    *("/money/refunds", "/money/refunds?period=&by=show"),
)
# Files with every row there is, timed beside them; `TOKEN` is a calendar's.
MEASURED_FILES = (
    *("/money.csv?period=", "/money.xlsx?period=", "/money/refunds.csv?period="),
    "/calendar/TOKEN.ics",
)
# Pages without figures, and those of something that was begun a moment ago.
NOT_MEASURED = {
    *("/static", "/door/worker.js", "/enter", "/enter/{token}", "/connect/callback"),
    *("/shows/import/{id}", "/tasks/{id}"),
}
