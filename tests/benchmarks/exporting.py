"""
`export sales` over 200,000 orders beside the least that any program must do for it: a
bare `csv.writer` over the same SQL, straight from the driver. Seconds of processor time
as medians, turn by turn.

    python tests/benchmarks/exporting.py
"""

import csv
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ticketsync.reporting import exports, sales
from ticketsync.reporting.output_files import OutputFile
from ticketsync.store import engine, reports

# What each order's line takes, written by hand; here no order spans two shows.
SQL = """
SELECT accounts.name, orders.provider_id, orders.placed_at, orders.status, shows.id,
       productions.title, shows.starts_at, bought.tickets, orders.currency,
       orders.total, orders.charged, orders.refunded, orders.channel,
       orders.payment_reference, orders.doubt, accounts.provider, bought.fees,
       orders.charged - orders.refunded - bought.fees, buyers.name, orders.promo_code
FROM orders
JOIN accounts ON accounts.id = orders.account_id
LEFT JOIN buyers ON buyers.order_id = orders.id
JOIN (SELECT order_id, occurrence_id, count(*) AS tickets, sum(fees) AS fees
      FROM tickets GROUP BY order_id, occurrence_id) AS bought
  ON bought.order_id = orders.id
JOIN show_links ON show_links.occurrence_id = bought.occurrence_id
JOIN shows ON shows.id = show_links.show_id
JOIN productions ON productions.id = shows.production_id
ORDER BY orders.placed_at DESC, orders.id DESC
"""
ORDERS = 200_000
TIMES = 5
MOST = 2.5  # times the floor


def filled(place):
    engine.create_database(str(place)).close()
    held = sqlite3.connect(place)
    held.execute("PRAGMA foreign_keys = OFF")
    held.execute("PRAGMA ignore_check_constraints = ON")

    def put(table, rows):
        rows = list(rows)
        marks = ", ".join(f":{name}" for name in rows[0])
        held.executemany(
            f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})", rows
        )

    when = "2026-11-27T08:30:00Z"
    local = {"starts_at": when, "starts_local": "2026-11-27 19:30", "timezone": "UTC"}
    put("accounts", [_filled(held, "accounts", id=1, name="tt", state="active")])
    put("venues", [_filled(held, "venues", id=1, name="V", currency="AUD")])
    put("productions", [_filled(held, "productions", id=1, title="Late Laughs")])
    put("events", [_filled(held, "events", id=1, account_id=1)])
    for n in range(1, 41):
        put("shows", [_filled(held, "shows", id=n, **local, venue_id=n, is_excluded=0)])
        put(
            "occurrences",
            [
                _filled(
                    held,
                    "occurrences",
                    id=n,
                    account_id=1,
                    status="on_sale",
                    provider_id=str(n),
                    **local,
                )
            ],
        )
        put(
            "show_links",
            [
                _filled(
                    held,
                    "show_links",
                    id=n,
                    show_id=n,
                    occurrence_id=n,
                    decided_by="person",
                    status="synced",
                )
            ],
        )
    held.execute("UPDATE shows SET production_id = 1")
    first = datetime(2026, 1, 1, tzinfo=UTC)
    order = _filled(held, "orders", account_id=1, status="paid", currency="AUD")
    put(
        "orders",
        (
            order
            | {
                "id": n,
                "provider_id": f"or_{n}",
                "occurrence_id": n % 40 + 1,
                "placed_at": (first + timedelta(minutes=n)).isoformat()[:19] + "Z",
                "total": 3900 + n % 97,
                "charged": 3900 + n % 97,
                "channel": "online",
                "payment_reference": f"pi_{n}",
            }
            for n in range(1, ORDERS + 1)
        ),
    )
    ticket = _filled(
        held, "tickets", account_id=1, kind="admission", status="valid", currency="AUD"
    )
    put(
        "tickets",
        (
            ticket
            | {
                "id": n,
                "provider_id": f"it_{n}",
                "order_id": n // 2 + 1,
                "occurrence_id": n // 2 % 40 + 1,
            }
            for n in range(2 * ORDERS)
        ),
    )
    held.commit()
    held.close()


def _filled(held, table, **values):
    """
    A row of that table with something in every column that must not be empty.
    """
    row = {}
    for _, name, kind, is_needed, default, _ in held.execute(
        f"PRAGMA table_info({table})"
    ):
        if name in values:
            row[name] = values[name]
        elif is_needed and default is None:
            row[name] = {"INTEGER": 1, "BLOB": b""}.get(kind, "2026-01-01T00:00:00Z")
    return row


def ours(place, file):
    database = engine.open_database(str(place))
    target = OutputFile(Path(file), lambda _: True)
    with database.read() as connection, exports.into_file(target) as stream:
        count = exports.write(sales.sales_table(connection), "csv", stream)
    database.close()
    return count


def floor(place, file):
    held = sqlite3.connect(place)
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(reports.column_names(sales.SALES))
        writer.writerows(held.execute(SQL))
    held.close()


def cpu(work, *arguments):
    began = time.process_time()
    work(*arguments)
    return time.process_time() - began


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TICKETSYNC_HOME"] = folder
        place, file = Path(folder) / "ticketsync.db", Path(folder) / "sales.csv"
        filled(place)
        assert ours(place, file) == ORDERS
        took = {"floor": [], "ours": []}
        for _ in range(TIMES):
            took["floor"].append(cpu(floor, place, file))
            took["ours"].append(cpu(ours, place, file))
    least, found = (statistics.median(took[name]) for name in ("floor", "ours"))
    print(f"{ORDERS} orders: bare csv.writer {least:.2f} s, export {found:.2f} s")
    print(f"{found / least:.2f} x the floor, at most {MOST}")
    return 0 if found <= MOST * least else 1


if __name__ == "__main__":
    sys.exit(main())
