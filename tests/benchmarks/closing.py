"""
How long it takes to close a month, and to verify closed ones. Nothing here fails; read
the table.

The goals: a month of 50,000 orders closes in at most 5 seconds, 36 closed months are
verified in at most 2. The floor is the bare insertion of as many rows of the same
table, measured in the same run.

    python tests/benchmarks/closing.py [--orders 50000] [--months 36] [--lines 2400]
"""

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.saved_orders import prepare

from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.financials import closed_periods, verifying
from ticketsync.store import engine
from ticketsync.store.tables.periods import period_lines
from ticketsync.store.tables.sales import fees, orders, tickets
from ticketsync.workflows.month_end import close, period_ledger
from ticketsync.workflows.month_end.period_lines import Span, read_lines

KNOWN = datetime(2020, 1, 1, tzinfo=UTC)


def books(folder, name):
    return prepare(engine.create_database(str(Path(folder) / name)))


def sell(database, number, first, days, prefix):
    """
    Orders of two tickets with reported fees, spread over so many days.
    """
    known = {"account_id": 1, "known_from": KNOWN}
    step = timedelta(days=days) / number
    with database.write() as connection:
        begin = connection.scalar(text("SELECT COALESCE(MAX(id), 0) FROM orders")) + 1
        connection.execute(
            insert(orders),
            [
                {
                    **known,
                    "id": begin + n,
                    "provider_id": f"{prefix}{n}",
                    "occurrence_id": 1 + n % 2,
                    "status": "paid",
                    "placed_at": first + n * step,
                    "currency": "AUD",
                    "total": 6000,
                    "charged": 6000,
                    "refunded": 0,
                    "credited": 0,
                    "content": n.to_bytes(16, "big"),
                }
                for n in range(number)
            ],
        )
        parts = dict.fromkeys(
            ("buyer_fee", "addons", "donation", "voucher", "tax_added", "unexplained"),
            0,
        )
        connection.execute(
            insert(tickets),
            [
                {
                    **known,
                    "provider_id": f"{prefix}{n}t{seat}",
                    "order_id": begin + n,
                    "occurrence_id": 1 + n % 2,
                    "kind": "admission",
                    "status": "valid",
                    "type_id": "a",
                    "type_name": "Adult",
                    "currency": "AUD",
                    "is_sold": True,
                    "is_comp": False,
                    "is_refunded": False,
                    "is_checked_in": False,
                    "face": 3000,
                    "discount": 0,
                    "charged": 3000,
                    "refunded": 0,
                    "tax": 0,
                    "tax_remitted": 0,
                    "fees": 75,
                    **parts,
                }
                for n in range(number)
                for seat in (1, 2)
            ],
        )
        connection.execute(
            insert(fees),
            [
                {
                    "order_id": begin + n,
                    "occurrence_id": 1 + n % 2,
                    "name": "Booking",
                    "amount": 150,
                    "tax": None,
                }
                for n in range(number)
            ],
        )


def month(number):
    """
    The first instant of a month from 2020 on, its name, its days.
    """
    year, of_year = divmod(number, 12)
    first = datetime(2020 + year, of_year + 1, 1, tzinfo=UTC)
    following = datetime(2020 + year + of_year // 11, of_year % 11 + 1, 1, tzinfo=UTC)
    if of_year < 11:
        following = datetime(2020 + year, of_year + 2, 1, tzinfo=UTC)
    return first, f"{first:%Y-%m}", (following - first).days


def timed(call):
    """
    Seconds by the clock and of the processor, and what the call returned.
    """
    began, used = time.perf_counter(), time.process_time()
    found = call()
    return time.perf_counter() - began, time.process_time() - used, found


def in_words(seconds, processor):
    return f"{seconds:.1f} s ({processor:.1f} s of the processor)"


def one_large_month(folder, number):
    database = books(folder, "large.db")
    first, name, days = month(0)
    # Not on the last day, which is another month in Sydney.
    sell(database, number, first, days - 1, "or_")
    *closing_took, closed = timed(lambda: close.close(database, Settings(), name))
    with database.read() as connection:
        rows = connection.execute(period_lines.select()).mappings().all()
    other = books(folder, "floor.db")
    with other.write() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        *floor, _ = timed(
            lambda: connection.execute(insert(period_lines), [dict(r) for r in rows])
        )
        connection.rollback()
    print(
        f"closing {name}: {number:,} orders, {closed.event.line_count:,} lines: "
        f"{in_words(*closing_took)}; inserting the rows alone {in_words(*floor)}"
    )


def close_alone(database, number, first, name, days):
    """
    Close a month as `close.close` does, without comparing those before it.
    """
    span = Span(
        origin_id=number + 1,
        first=first.date(),
        last=first.date() + timedelta(days=days - 1),
    )
    with database.write() as connection:
        lines = read_lines(
            connection, Settings(), [span], zone="Australia/Sydney", basis="sale"
        )
        texts = {"closed_by": "bench", "program": "", "rules": "{}", "checklist": "{}"}
        closed_periods.close(
            connection,
            closed_periods.Closing(
                name=name,
                version=1,
                first=span.first,
                last=span.last,
                zone="Australia/Sydney",
                basis="sale",
                closed_at=clock.now(),
                **texts,
            ),
            lines,
        )


def many_months(folder, months, lines):
    database = books(folder, "many.db")
    for number in range(months):
        first, name, days = month(number)
        sell(database, lines, first, days - 1, f"{name}_")
        if number < months - 1:
            close_alone(database, number, first, name, days)
    *last, _ = timed(lambda: close.close(database, Settings(), name))
    with database.read() as connection:
        *verifying_took, found = timed(lambda: verifying.verify(connection))
        event = closed_periods.list_events(connection)[-1]
        *books_took, _ = timed(lambda: period_ledger.read_books(connection, event))
    assert found.flaws == ()
    print(
        f"verifying {months} months, {found.lines:,} lines: "
        f"{in_words(*verifying_took)}; closing the last of them, which compares all "
        f"of them with today: {in_words(*last)}; its books {in_words(*books_took)}"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--lines", type=int, default=2_400)
    options = parser.parse_args()
    clock._now = lambda: datetime(2026, 11, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TICKETSYNC_HOME"] = folder
        one_large_month(folder, options.orders)
        many_months(folder, options.months, options.lines)


if __name__ == "__main__":
    main()
