"""
Rows of a show on sale, written by hand: two seats, of which one tier has one.
"""

AT = "'2026-11-27T08:30:00Z'"
ROWS = (
    "INSERT INTO venues (id, name, timezone, currency)"
    " VALUES (1, 'The Lantern Room', 'Australia/Sydney', 'AUD')",
    "INSERT INTO productions (id, title, sync_enabled, sync_ticket_sales)"
    " VALUES (1, 'Late Laughs', 1, 1)",
    "INSERT INTO shows (id, production_id, venue_id, starts_at, starts_local, timezone,"
    " capacity, currency, is_excluded, excluded_because) VALUES (1, 1, 1,"
    f" {AT}, '2026-11-27 19:30', 'Australia/Sydney', 2, 'AUD', 0, '')",
    "INSERT INTO accounts (id, name, provider, secret_source, secret_reference,"
    " secret_fingerprint, options, state, state_reason, failures, breaker_opened,"
    " created_at, stale_seconds, identity_name, pin) VALUES (1, 'boxoffice',"
    f" 'boxoffice', 'none', '', '', '{{}}', 'active', '', 0, 0, {AT}, 2700, '', '')",
    "INSERT INTO events (id, account_id, provider_id, name)"
    " VALUES (1, 1, 'production-1', 'Late Laughs')",
    "INSERT INTO occurrences (id, account_id, event_id, provider_id, name, starts_at,"
    " starts_local, timezone, status, fingerprint, is_dated, content) VALUES (1, 1, 1,"
    f" 'show-1', 'Late Laughs', {AT}, '2026-11-27 19:30', 'Australia/Sydney',"
    " 'on_sale', '', 1, {blob})",
    "INSERT INTO boxoffice_shows (show_id, account_id, occurrence_id, held_back,"
    " counts_other_platforms, hold_minutes, max_per_order, one_pending_per_buyer)"
    " VALUES (1, 1, 1, 0, 1, 15, 20, 1)",
    "INSERT INTO price_tiers (id, show_id, name, price, currency, capacity,"
    " min_quantity, max_quantity, members_only, tax_inclusive, buyer_fee, position)"
    " VALUES (1, 1, 'Adult', 5500, 'AUD', NULL, 1, 20, 0, 1, 0, 1),"
    " (2, 1, 'Child', 2000, 'AUD', 1, 1, 20, 0, 1, 0, 2)",
    "INSERT INTO boxoffice_orders (reference, show_id, state, channel, buyer_key,"
    " held_until, created_at, end_reason, total, currency, note) VALUES ("
    f"'TS-AAAA-AA', 1, 'pending', 'till', 'mia', {AT}, {AT}, '', 5500, 'AUD', '')",
    "INSERT INTO boxoffice_order_lines (order_id, tier_id, quantity, unit_price,"
    " discount) VALUES (1, 1, 1, 5500, 0)",
    "INSERT INTO boxoffice_seats (show_id, seat_number, tier_id, tier_seat_number,"
    " order_id) VALUES (1, 1, 1, 1, 1)",
    "INSERT INTO payments (order_id, attempt, method, state, amount, currency,"
    " idempotency_key, reference) VALUES (1, 1, 'cash', 'succeeded', 5500, 'AUD',"
    " 'a', '')",
    "INSERT INTO payment_refunds (payment_id, number, state, amount,"
    f" idempotency_key, provider_id, reason, settled_at) VALUES (1, 1, 'succeeded',"
    f" 3000, 'r1', '', '', {AT})",
    "INSERT INTO boxoffice_history (kind, row_id, from_state, to_state, at, actor,"
    f" reason) VALUES ('order', 1, '', 'pending', {AT}, 'mia', '')",
)


def write(database):
    """
    Save these rows.
    """
    blob = "x'00'" if database.dialect == "sqlite" else r"'\x00'::bytea"
    with database.write() as connection:
        for row in ROWS:
            connection.exec_driver_sql(row.replace("{blob}", blob))
