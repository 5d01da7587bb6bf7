"""
How the accounts are doing: the accounts, their runs, their webhooks, and what does not
add up or could not be read.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from ticketsync.accounts import health
from ticketsync.core import clock
from ticketsync.door import recorded_scans
from ticketsync.providers import registry
from ticketsync.reporting import deliveries, run_history, waiting_records
from ticketsync.reporting import waiting as reporting_waiting
from ticketsync.reporting.waiting_kinds import KINDS
from ticketsync.store.delivery_states import STATES
from ticketsync.web import notices, query
from ticketsync.web.attention import read_attention
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import waiting


class StatusPages:
    """
    The routes that only read about accounts.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_readers = self._site.for_readers
        return [
            Route("/accounts", for_readers(self.accounts)),
            Route("/runs", for_readers(self.runs)),
            Route("/webhooks", for_readers(self.webhooks)),
            Route("/discrepancies", for_readers(self.discrepancies)),
        ]

    def accounts(self, request: PageRequest) -> Response:
        now = clock.now()
        with self._site.database.read() as connection:
            found = run_history.list_freshness(connection, now)
            assessed = health.assess_all(connection, self._site.settings, now)
            attention = read_attention(connection, self._site.settings, assessed)
            last_runs = run_history.last_runs(connection)
        return self._site.render_page(
            request,
            "accounts.html",
            "Accounts",
            current_path="/accounts",
            notice=notices.text_of(request.query, [item.account for item in found]),
            attention=attention,
            accounts=found,
            health={item.account: item for item in assessed},
            dashboards={
                item.account: registry.dashboard_url(item.provider, item.options)
                for item in found
            },
            last_runs={run.account_name: run for run in last_runs},
            can_sync=self._site.request_sync is not None,
            can_set_up=self._site.setup is not None,
        )

    def runs(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            found = run_history.list_runs(connection, limit=100)
        return self._site.render_page(
            *(request, "runs.html", "Runs"),
            current_path="/runs",
            ignored=query.check(request.query).left_out,
            runs=found,
        )

    def webhooks(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            platforms = deliveries.list_platforms(connection)
            asked = query.check(
                request.query,
                query.one_of("platform", (*platforms, deliveries.UNKNOWN_ADDRESS)),
                query.one_of("state", STATES),
            )
            platform, state = asked.get("platform"), asked.get("state")
            health = deliveries.read_delivery_health(connection)
            gaps = deliveries.find_unannounced_orders(connection, clock.now())
            refused = deliveries.count_at_unknown_addresses(connection)
            found = deliveries.list_deliveries(
                connection, limit=100, platform=platform or None, state=state or None
            )
        return self._site.render_page(
            request,
            "webhooks.html",
            "Webhooks",
            current_path="/webhooks",
            notice=notices.text_of(request.query),
            ignored=asked.left_out,
            has_failed=any("failed" in item.states for item in health),
            health=health,
            gaps=gaps,
            deliveries=found,
            refused_attempts=refused and deliveries.refused_attempts_in_words(refused),
            platforms=platforms,
            platform=platform,
            states=STATES,
            state=state,
        )

    def discrepancies(self, request: PageRequest) -> Response:
        with self._site.database.read() as connection:
            attention = read_attention(connection, self._site.settings)
            waits = {item.id for item in attention.items}
            values: dict[str, Any] = {
                "attention": attention,
                "dismissed": [
                    item
                    for item in reporting_waiting.list_discrepancies(connection)
                    if item.id not in waits
                ],
                "unread": waiting_records.list_quarantined(connection),
                "failed_check_ins": recorded_scans.list_rejected(connection),
                "waiting": waiting.by_kind(attention.items),
                "kinds": KINDS,
            }
        return self._site.render_page(
            request,
            "discrepancies.html",
            "Discrepancies",
            current_path="/discrepancies",
            **values,
        )
