"""
The first tables.

A database made before November 2026 says `status IN (…)` where orders and tickets say
`status = … OR …` here; it means the same.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('accounts',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('base_url', sa.Text(), nullable=True),
    sa.Column('secret_source', sa.Text(), nullable=False),
    sa.Column('secret_reference', sa.Text(), nullable=False),
    sa.Column('secret_fingerprint', sa.Text(), nullable=False),
    sa.Column('identity', sa.Text(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('state_reason', sa.Text(), nullable=False),
    sa.Column('failures', types.WHOLE, nullable=False),
    sa.Column('breaker_opened', types.WHOLE, nullable=False),
    sa.Column('breaker_until', types.Instant(), nullable=True),
    sa.Column('created_at', types.Instant(), nullable=False),
    sa.CheckConstraint("secret_source IN ('keyring', 'env', 'command', 'credential', 'file')", name=op.f('ck_accounts_secret_source')),
    sa.CheckConstraint("state IN ('active', 'paused', 'parked')", name=op.f('ck_accounts_state')),
    sa.CheckConstraint('failures >= 0 AND breaker_opened >= 0', name=op.f('ck_accounts_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('name', name=op.f('uq_accounts_name')),
    sqlite_strict=True
    )
    op.create_table('leases',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('taken_at', types.Instant(), nullable=False),
    sa.Column('expires_at', types.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_leases')),
    sqlite_strict=True
    )
    op.create_table('productions',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_productions')),
    sa.UniqueConstraint('title', name=op.f('uq_productions_title')),
    sqlite_strict=True
    )
    op.create_table('venues',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('timezone', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.CheckConstraint('length(currency) = 3', name=op.f('ck_venues_currency')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venues')),
    sa.UniqueConstraint('name', name=op.f('uq_venues_name')),
    sqlite_strict=True
    )
    op.create_table('bookmarks',
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('stream', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_bookmarks_account_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('account_id', 'stream', 'event_id', name=op.f('pk_bookmarks')),
    sqlite_strict=True
    )
    op.create_table('events',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_events_account_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
    sa.UniqueConstraint('account_id', 'provider_id', name=op.f('uq_events_account_id_provider_id')),
    sqlite_strict=True
    )
    op.create_table('quarantine',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('word', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('record', sa.LargeBinary(), nullable=False),
    sa.Column('first_seen_at', types.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_quarantine_account_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quarantine')),
    sa.UniqueConstraint('account_id', 'kind', 'provider_id', name=op.f('uq_quarantine_account_id_kind_provider_id')),
    sqlite_strict=True
    )
    op.create_table('raw_blocks',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('fetched_at', types.Instant(), nullable=False),
    sa.Column('records', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_raw_blocks_account_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_raw_blocks')),
    sqlite_strict=True
    )
    op.create_table('shows',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('production_id', types.WHOLE, nullable=False),
    sa.Column('venue_id', types.WHOLE, nullable=False),
    sa.Column('starts_at', types.Instant(), nullable=False),
    sa.Column('starts_local', sa.Text(), nullable=False),
    sa.Column('timezone', sa.Text(), nullable=False),
    sa.Column('capacity', types.WHOLE, nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('is_excluded', types.Flag(), nullable=False),
    sa.Column('excluded_because', sa.Text(), nullable=False),
    sa.CheckConstraint('capacity IS NULL OR capacity >= 0', name=op.f('ck_shows_capacity')),
    sa.ForeignKeyConstraint(['production_id'], ['productions.id'], name=op.f('fk_shows_production_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['venue_id'], ['venues.id'], name=op.f('fk_shows_venue_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shows')),
    sa.UniqueConstraint('production_id', 'venue_id', 'starts_at', name=op.f('uq_shows_production_id_venue_id_starts_at')),
    sa.UniqueConstraint('reference', name=op.f('uq_shows_reference')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_shows_starts_at'), 'shows', ['starts_at'], unique=False)
    op.create_table('sync_runs',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('account_name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('started_by', sa.Text(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('swept', types.Flag(), nullable=False),
    sa.Column('started_at', types.Instant(), nullable=False),
    sa.Column('finished_at', types.Instant(), nullable=True),
    sa.Column('requests', types.WHOLE, nullable=False),
    sa.Column('processed', types.WHOLE, nullable=False),
    sa.Column('created', types.WHOLE, nullable=False),
    sa.Column('updated', types.WHOLE, nullable=False),
    sa.Column('unchanged', types.WHOLE, nullable=False),
    sa.Column('quarantined', types.WHOLE, nullable=False),
    sa.Column('shows_changed', types.WHOLE, nullable=False),
    sa.Column('exit_code', types.WHOLE, nullable=False),
    sa.Column('word', sa.Text(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('hint', sa.Text(), nullable=False),
    sa.CheckConstraint("kind IN ('full', 'incremental', 'manual', 'webhook')", name=op.f('ck_sync_runs_kind')),
    sa.CheckConstraint("outcome IN ('started', 'success', 'partial', 'failed', 'interrupted', 'skipped-busy', 'skipped-breaker', 'skipped-disabled', 'skipped-parked', 'skipped-not-due')", name=op.f('ck_sync_runs_outcome')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_sync_runs_account_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sync_runs')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_sync_runs_account_id_started_at'), 'sync_runs', ['account_id', 'started_at'], unique=False)
    op.create_index(op.f('ix_sync_runs_run_id'), 'sync_runs', ['run_id'], unique=False)
    op.create_table('occurrences',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('event_id', types.WHOLE, nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('starts_at', types.Instant(), nullable=False),
    sa.Column('ends_at', types.Instant(), nullable=True),
    sa.Column('starts_local', sa.Text(), nullable=False),
    sa.Column('timezone', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('capacity', types.WHOLE, nullable=True),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('venue', sa.Text(), nullable=True),
    sa.Column('url', sa.Text(), nullable=True),
    sa.Column('listed_at', types.Instant(), nullable=True),
    sa.Column('issued', types.WHOLE, nullable=True),
    sa.Column('ordered', types.WHOLE, nullable=True),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('gone_since', types.Instant(), nullable=True),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.CheckConstraint("status IN ('on_sale', 'draft', 'closed', 'cancelled')", name=op.f('ck_occurrences_status')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_occurrences_account_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_occurrences_event_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_occurrences')),
    sa.UniqueConstraint('account_id', 'provider_id', name=op.f('uq_occurrences_account_id_provider_id')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_occurrences_event_id'), 'occurrences', ['event_id'], unique=False)
    op.create_table('production_links',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('production_id', types.WHOLE, nullable=False),
    sa.Column('event_id', types.WHOLE, nullable=False),
    sa.Column('created_at', types.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_production_links_event_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['production_id'], ['productions.id'], name=op.f('fk_production_links_production_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_production_links')),
    sa.UniqueConstraint('event_id', name=op.f('uq_production_links_event_id')),
    sqlite_strict=True
    )
    op.create_table('raw_records',
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('block_id', types.WHOLE, nullable=False),
    sa.Column('begins', types.WHOLE, nullable=False),
    sa.Column('length', types.WHOLE, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_raw_records_account_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['block_id'], ['raw_blocks.id'], name=op.f('fk_raw_records_block_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('account_id', 'kind', 'provider_id', 'content', name=op.f('pk_raw_records')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_raw_records_block_id'), 'raw_records', ['block_id'], unique=False)
    op.create_table('show_financials',
    sa.Column('show_id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('tickets_sold', types.WHOLE, nullable=False),
    sa.Column('tickets_comp', types.WHOLE, nullable=False),
    sa.Column('tickets_refunded', types.WHOLE, nullable=False),
    sa.Column('checked_in', types.WHOLE, nullable=False),
    sa.Column('face', types.WHOLE, nullable=False),
    sa.Column('discounts', types.WHOLE, nullable=False),
    sa.Column('gross', types.WHOLE, nullable=False),
    sa.Column('fees', types.WHOLE, nullable=True),
    sa.Column('fees_source', sa.Text(), nullable=False),
    sa.Column('refunded', types.WHOLE, nullable=False),
    sa.Column('tax', types.WHOLE, nullable=False),
    sa.Column('tax_remitted', types.WHOLE, nullable=False),
    sa.Column('net', types.WHOLE, nullable=True),
    sa.Column('net_before_fees', types.WHOLE, nullable=False),
    sa.Column('updated_at', types.Instant(), nullable=False),
    sa.CheckConstraint("fees_source IN ('reported', 'schedule', 'unknown')", name=op.f('ck_show_financials_fees_source')),
    sa.CheckConstraint('(fees IS NULL) = (net IS NULL)', name=op.f('ck_show_financials_net_known')),
    sa.CheckConstraint('fees IS NULL OR net = net_before_fees - fees', name=op.f('ck_show_financials_net')),
    sa.CheckConstraint('net_before_fees = gross - refunded - tax_remitted', name=op.f('ck_show_financials_net_before_fees')),
    sa.CheckConstraint('tickets_sold >= 0 AND tickets_comp >= 0 AND tickets_refunded >= 0 AND checked_in >= 0', name=op.f('ck_show_financials_not_negative')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_show_financials_account_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['show_id'], ['shows.id'], name=op.f('fk_show_financials_show_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('show_id', 'account_id', 'currency', name=op.f('pk_show_financials')),
    sqlite_strict=True
    )
    op.create_table('show_ticket_types',
    sa.Column('show_id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('type_name', sa.Text(), nullable=False),
    sa.Column('tickets_sold', types.WHOLE, nullable=False),
    sa.Column('tickets_comp', types.WHOLE, nullable=False),
    sa.Column('tickets_refunded', types.WHOLE, nullable=False),
    sa.Column('face', types.WHOLE, nullable=False),
    sa.Column('discounts', types.WHOLE, nullable=False),
    sa.Column('gross', types.WHOLE, nullable=False),
    sa.Column('refunded', types.WHOLE, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_show_ticket_types_account_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['show_id'], ['shows.id'], name=op.f('fk_show_ticket_types_show_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('show_id', 'account_id', 'currency', 'type_name', name=op.f('pk_show_ticket_types')),
    sqlite_strict=True
    )
    op.create_table('ticket_fees',
    sa.Column('show_id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('amount', types.WHOLE, nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.CheckConstraint("source IN ('reported', 'schedule')", name=op.f('ck_ticket_fees_source')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_ticket_fees_account_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['show_id'], ['shows.id'], name=op.f('fk_ticket_fees_show_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('show_id', 'account_id', 'currency', 'name', name=op.f('pk_ticket_fees')),
    sqlite_strict=True
    )
    op.create_table('orders',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('occurrence_id', types.WHOLE, nullable=True),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('placed_at', types.Instant(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('total', types.WHOLE, nullable=False),
    sa.Column('charged', types.WHOLE, nullable=False),
    sa.Column('refunded', types.WHOLE, nullable=False),
    sa.Column('credited', types.WHOLE, nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('payment_reference', sa.Text(), nullable=True),
    sa.Column('doubt', sa.Text(), nullable=True),
    sa.Column('gone_since', types.Instant(), nullable=True),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.CheckConstraint("status = 'paid' OR status = 'pending' OR status = 'cancelled'", name=op.f('ck_orders_status')),
    sa.CheckConstraint('length(currency) = 3', name=op.f('ck_orders_currency')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_orders_account_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['occurrence_id'], ['occurrences.id'], name=op.f('fk_orders_occurrence_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('account_id', 'provider_id', name=op.f('uq_orders_account_id_provider_id')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_orders_occurrence_id'), 'orders', ['occurrence_id'], unique=False)
    op.create_index(op.f('ix_orders_placed_at'), 'orders', ['placed_at'], unique=False)
    op.create_table('refusals',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('occurrence_id', types.WHOLE, nullable=False),
    sa.Column('show_id', types.WHOLE, nullable=True),
    sa.Column('batch', sa.Text(), nullable=False),
    sa.Column('created_at', types.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['occurrence_id'], ['occurrences.id'], name=op.f('fk_refusals_occurrence_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['show_id'], ['shows.id'], name=op.f('fk_refusals_show_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refusals')),
    sa.UniqueConstraint('occurrence_id', 'show_id', name=op.f('uq_refusals_occurrence_id_show_id')),
    sqlite_strict=True
    )
    op.create_table('show_links',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('show_id', types.WHOLE, nullable=False),
    sa.Column('occurrence_id', types.WHOLE, nullable=False),
    sa.Column('decided_by', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('batch', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('starts_at', types.Instant(), nullable=False),
    sa.Column('created_at', types.Instant(), nullable=False),
    sa.CheckConstraint("decided_by IN ('person', 'machine', 'adopted')", name=op.f('ck_show_links_decided_by')),
    sa.CheckConstraint("status IN ('synced', 'pending', 'conflict', 'error')", name=op.f('ck_show_links_status')),
    sa.ForeignKeyConstraint(['occurrence_id'], ['occurrences.id'], name=op.f('fk_show_links_occurrence_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['show_id'], ['shows.id'], name=op.f('fk_show_links_show_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_show_links')),
    sa.UniqueConstraint('occurrence_id', name=op.f('uq_show_links_occurrence_id')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_show_links_show_id'), 'show_links', ['show_id'], unique=False)
    op.create_table('fees',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('order_id', types.WHOLE, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('amount', types.WHOLE, nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_fees_order_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fees')),
    sa.UniqueConstraint('order_id', 'name', name=op.f('uq_fees_order_id_name')),
    sqlite_strict=True
    )
    op.create_table('refunds',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('order_id', types.WHOLE, nullable=False),
    sa.Column('amount', types.WHOLE, nullable=False),
    sa.Column('refunded_at', types.Instant(), nullable=True),
    sa.Column('seen_at', types.Instant(), nullable=False),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_refunds_not_negative')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_refunds_account_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_refunds_order_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refunds')),
    sa.UniqueConstraint('account_id', 'provider_id', name=op.f('uq_refunds_account_id_provider_id')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_refunds_order_id'), 'refunds', ['order_id'], unique=False)
    op.create_table('tickets',
    sa.Column('id', types.WHOLE, nullable=False),
    sa.Column('account_id', types.WHOLE, nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('order_id', types.WHOLE, nullable=True),
    sa.Column('occurrence_id', types.WHOLE, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('type_id', sa.Text(), nullable=False),
    sa.Column('type_name', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('is_sold', types.Flag(), nullable=False),
    sa.Column('is_comp', types.Flag(), nullable=False),
    sa.Column('is_refunded', types.Flag(), nullable=False),
    sa.Column('is_checked_in', types.Flag(), nullable=False),
    sa.Column('face', types.WHOLE, nullable=False),
    sa.Column('discount', types.WHOLE, nullable=False),
    sa.Column('charged', types.WHOLE, nullable=False),
    sa.Column('refunded', types.WHOLE, nullable=False),
    sa.Column('tax', types.WHOLE, nullable=False),
    sa.Column('tax_remitted', types.WHOLE, nullable=False),
    sa.Column('fees', types.WHOLE, nullable=True),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint("kind IN ('admission', 'other')", name=op.f('ck_tickets_kind')),
    sa.CheckConstraint("status = 'valid' OR status = 'void' OR status = 'gone'", name=op.f('ck_tickets_status')),
    sa.CheckConstraint('is_sold >= 0 AND is_comp >= 0 AND is_refunded >= 0 AND is_checked_in >= 0', name=op.f('ck_tickets_not_negative')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_tickets_account_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['occurrence_id'], ['occurrences.id'], name=op.f('fk_tickets_occurrence_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_tickets_order_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tickets')),
    sa.UniqueConstraint('account_id', 'provider_id', name=op.f('uq_tickets_account_id_provider_id')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_tickets_occurrence_id'), 'tickets', ['occurrence_id'], unique=False)
    op.create_index(op.f('ix_tickets_order_id'), 'tickets', ['order_id'], unique=False)
    op.execute(SHOW_TOTALS)



SHOW_TOTALS = """
CREATE VIEW show_totals AS
SELECT
    s.id AS show_id,
    p.title AS production,
    s.starts_at,
    s.starts_local,
    v.name AS venue,
    f.currency,
    s.capacity,
    CAST(SUM(f.tickets_sold) AS BIGINT) AS tickets_sold,
    CAST(SUM(f.tickets_comp) AS BIGINT) AS tickets_comp,
    CAST(SUM(f.tickets_refunded) AS BIGINT) AS tickets_refunded,
    CAST(SUM(f.checked_in) AS BIGINT) AS checked_in,
    CAST(SUM(f.face) AS BIGINT) AS face,
    CAST(SUM(f.discounts) AS BIGINT) AS discounts,
    CAST(SUM(f.gross) AS BIGINT) AS gross,
    CASE WHEN COUNT(f.fees) = COUNT(*) THEN CAST(SUM(f.fees) AS BIGINT) END AS fees,
    CAST(SUM(f.refunded) AS BIGINT) AS refunded,
    CAST(SUM(f.tax) AS BIGINT) AS tax,
    CAST(SUM(f.tax_remitted) AS BIGINT) AS tax_remitted,
    CASE WHEN COUNT(f.fees) = COUNT(*) THEN CAST(SUM(f.net) AS BIGINT) END AS net,
    CAST(SUM(f.net_before_fees) AS BIGINT) AS net_before_fees
FROM show_financials f
JOIN shows s ON s.id = f.show_id
JOIN productions p ON p.id = s.production_id
JOIN venues v ON v.id = s.venue_id
GROUP BY s.id, p.title, s.starts_at, s.starts_local, v.name, f.currency, s.capacity
"""
