"""
The views under the names of the original descriptions, for those who bring their
queries. In them `event_id` is our show's id, and `platform` the provider's name.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, case, cast, func, select

from ticketsync.store import account_health_rules, counted, totals
from ticketsync.store.purchaser import purchaser
from ticketsync.store.tables.accounts import accounts, sync_runs
from ticketsync.store.tables.catalogue import shows
from ticketsync.store.tables.sales import buyers, orders, tickets
from ticketsync.store.tables.webhooks import deliveries
from ticketsync.store.types import WHOLE, whole_sum


def ticket_sales() -> Select[Any]:
    """
    One row for each order and show, by the money rule; a ticket without an order has a
    row of its own. `id` is our id of its first ticket.
    """
    is_ticket = case((counted.is_admission(), 1), else_=0)
    # A ticket without an order is a group of its own.
    of_order = func.coalesce(tickets.c.order_id, -tickets.c.id)
    group = (
        shows.c.id,
        accounts.c.provider,
        accounts.c.name,
        orders.c.provider_id,
        tickets.c.currency,
        buyers.c.name,
        buyers.c.email,
        orders.c.status,
        orders.c.placed_at,
        orders.c.promo_code,
    )
    return (
        select(
            cast(func.min(tickets.c.id), WHOLE).label("id"),
            shows.c.id.label("event_id"),
            accounts.c.provider.label("platform"),
            orders.c.provider_id.label("order_id"),
            whole_sum(is_ticket).label("quantity"),
            whole_sum(tickets.c.charged).label("gross"),
            totals.ticket_net().label("net"),
            totals.ticket_fees().label("fees"),
            tickets.c.currency,
            purchaser().label("purchaser"),
            orders.c.status,
            orders.c.placed_at.label("purchase_date"),
            whole_sum(tickets.c.refunded).label("refunded"),
            accounts.c.name.label("account"),
            func.nullif(orders.c.promo_code, "").label("promo_code"),
        )
        .select_from(counted.counted_tickets())
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .outerjoin(buyers, buyers.c.order_id == orders.c.id)
        .where(tickets.c.status != "gone")
        .group_by(of_order, *group)
    )


def webhook_logs() -> Select[Any]:
    """
    Every attempt to deliver a webhook. The platform is null where an attempt was
    refused at an address that no account has.
    """
    return select(
        deliveries.c.id,
        accounts.c.provider.label("platform"),
        deliveries.c.event.label("event_type"),
        deliveries.c.order_id,
        deliveries.c.state.label("status"),
        func.nullif(deliveries.c.reason, "").label("error"),
        deliveries.c.received_at.label("created_at"),
        deliveries.c.settled_at.label("processed_at"),
        deliveries.c.attempts,
        accounts.c.name.label("account"),
    ).select_from(
        deliveries.outerjoin(accounts, accounts.c.id == deliveries.c.account_id)
    )


def ticket_platforms() -> Select[Any]:
    """
    One row for each account.
    """
    facts = account_health_rules.account_facts().subquery("facts")
    return (
        select(
            accounts.c.id,
            accounts.c.provider.label("platform"),
            accounts.c.name,
            func.nullif(accounts.c.identity_name, "").label("account_name"),
            accounts.c.state.label("status"),
            account_health_rules.word(facts).label("health"),
            facts.c.last_read_at.label("last_synced_at"),
            facts.c.last_attempt_at,
            accounts.c.created_at,
        )
        .select_from(accounts)
        .join(facts, facts.c.account_id == accounts.c.id)
    )


def ticket_sales_log() -> Select[Any]:
    """
    The sync runs, one row for each account of a run.
    """
    return select(
        sync_runs.c.id,
        accounts.c.provider.label("platform"),
        sync_runs.c.account_name.label("account"),
        sync_runs.c.kind.label("sync_type"),
        sync_runs.c.direction,
        sync_runs.c.outcome.label("status"),
        sync_runs.c.started_at,
        sync_runs.c.finished_at.label("completed_at"),
        sync_runs.c.processed.label("records_processed"),
        sync_runs.c.created.label("records_created"),
        sync_runs.c.updated.label("records_updated"),
        sync_runs.c.quarantined.label("records_failed"),
        func.nullif(sync_runs.c.message, "").label("error"),
        sync_runs.c.started_by.label("started_by"),
        sync_runs.c.run_id,
    ).select_from(sync_runs.join(accounts, accounts.c.id == sync_runs.c.account_id))
