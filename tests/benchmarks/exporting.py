"""
`export sales` beside the least that any program must do for it: a bare `csv.writer`
over the same query, straight from the driver, and for a workbook bare xlsxwriter calls
for the same cells. Seconds of processor time as medians, turn by turn; and the peak of
memory, each in a process of its own, beside one that only imports the libraries: 60 MB
for a workbook leave the query 5 MB more than those. The hand-written query is for
comparison.

    python tests/benchmarks/exporting.py [--orders 200000] [--times 5]
"""

import argparse
import csv
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import xlsxwriter
from sqlalchemy import event

from ticketsync.core.tables import Kind
from ticketsync.reporting import export_formats, file_writers, sales
from ticketsync.reporting.output_files import OutputFile
from ticketsync.store import engine, query_results

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
# Times the floor, and megabytes.
MOST = {"csv": (1.4, 120), "xlsx": (1.3, 60)}
LIBRARIES = (
    "import sqlite3, sqlmodel, typer, xlsxwriter;"
    "print(open('/proc/self/status').read())"
)


def filled(place, number=ORDERS):
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
            for n in range(1, number + 1)
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
            for n in range(2 * number)
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


def ours(place, file, format="csv"):
    database = engine.open_database(str(place))
    target = OutputFile(Path(file), lambda _: True)
    with database.read() as connection:
        table = sales.sales_table(connection)
        if format == "csv":
            with file_writers.into_file(target) as stream:
                count = file_writers.write(table, "csv", stream)
        else:
            report = export_formats.Report(name="sales", table=table, zone="UTC")
            with file_writers.into_path(target) as path:
                count = export_formats.write_path(report, format, path)
    database.close()
    return count


def same_query(place):
    """
    The statement that the export sends, with its values.
    """
    database, sent = engine.open_database(str(place)), []
    with database.read() as connection:

        def note(connection, cursor, statement, parameters, context, many):
            if statement.startswith("SELECT"):  # not what sets the size of the cache
                sent.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", note)
        next(iter(sales.sales_table(connection).rows))
    database.close()
    return sent[-1]


def floor_csv(place, file, query=(SQL, ())):
    held = sqlite3.connect(place)
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(query_results.column_names(sales.SALES))
        writer.writerows(held.execute(*query))
    held.close()


def floor_xlsx(place, file, query):
    """
    The same cells: texts, amounts and dates with a format.
    """
    held = sqlite3.connect(place)
    book = xlsxwriter.Workbook(str(file), {"constant_memory": True})
    sheet = book.add_worksheet("sales")
    amount = book.add_format({"num_format": "#,##0.00"})
    whole = book.add_format({"num_format": "0"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    kinds = [column.kind for column in sales.SALES]
    for place_, row in enumerate(held.execute(*query)):
        for index, (kind, value) in enumerate(zip(kinds, row, strict=True)):
            if value is None:
                continue
            if kind is Kind.TEXT:
                sheet.write_string(place_, index, value)
            elif kind is Kind.INSTANT:
                at = datetime.fromisoformat(value).replace(tzinfo=None)
                sheet.write_datetime(place_, index, at, moment)
            elif kind is Kind.MONEY:
                sheet.write_number(place_, index, value / 100, amount)
            else:
                sheet.write_number(place_, index, value, whole)
    book.close()
    held.close()


def cpu(work, *arguments):
    began = time.process_time()
    work(*arguments)
    return time.process_time() - began


def peak(*command):
    """
    Megabytes of a Python process with these arguments, which prints its status.
    """
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=True
    )
    return int(re.search(r"VmHWM:\s+(\d+) kB", done.stdout)[1]) / 1024


def compared(place, format, query, times):
    file = place.with_suffix(f".{format}")
    floor = {"csv": floor_csv, "xlsx": floor_xlsx}[format]
    took = {"floor": [], "ours": []}
    for _ in range(times):
        took["floor"].append(cpu(floor, place, file, query))
        took["ours"].append(cpu(ours, place, file, format))
    least, found = (statistics.median(took[name]) for name in ("floor", "ours"))
    most, megabytes = MOST[format]
    held = peak(__file__, "--one", format, str(place))
    print(
        f"{format}: bare {least:.2f} s, export {found:.2f} s: {found / least:.2f} x "
        f"(at most {most}), peak {held:.0f} MB (at most {megabytes})"
    )
    return found <= most * least and held <= megabytes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--formats", default="csv,xlsx")
    parser.add_argument("--one", nargs=2)
    chosen = parser.parse_args()
    if chosen.one:
        format, place = chosen.one
        ours(Path(place), Path(place).with_suffix(".one"), format)
        print(Path("/proc/self/status").read_text())
        return 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TICKETSYNC_HOME"] = folder
        place = Path(folder) / "ticketsync.db"
        filled(place, chosen.orders)
        query = same_query(place)
        print(f"{chosen.orders} orders, {2 * chosen.orders} tickets")
        by_hand = cpu(floor_csv, place, place.with_suffix(".csv"))
        print(f"csv.writer over a query written by hand: {by_hand:.2f} s")
        print(f"the libraries alone: {peak('-c', LIBRARIES):.0f} MB")
        done = [
            compared(place, format, query, chosen.times)
            for format in chosen.formats.split(",")
        ]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
