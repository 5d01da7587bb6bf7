"""
The program as it would be if it kept no superseded versions: nothing is compared with
what stands there, and nothing is kept. For `versions.py`, never for data that matters.

    python tests/benchmarks/without_past.py sync --quiet
"""

import gc

from ticketsync.__main__ import main


def forget_past():
    """
    Read of what is stored only what saving needs anyway: our ids, and of a ticket whose
    it was, whether it was void, and what had gone back of it.
    """
    from ticketsync.sales import superseded_versions
    from ticketsync.sales.superseded_versions import HeldOrder, HeldTicket, Superseded
    from ticketsync.store.tables.sales import orders, tickets
    from ticketsync.store.upsert import known, rows_among

    names = superseded_versions.TICKET[
        : superseded_versions.TICKET.index("refunded") + 1
    ]
    columns = [tickets.c[name] for name in ("provider_id", "id", *names)]

    def read_orders(connection, account_id, provider_ids):
        found = known(connection, orders, account_id, provider_ids, "id", "content")
        return {
            id_: HeldOrder(row[0], None, (), bytes(row[1]))
            for id_, row in found.items()
        }

    def read_tickets(connection, account_id, provider_ids):
        found = known(connection, tickets, account_id, provider_ids, "id", *names)
        return {
            id_: HeldTicket(row[0], None, tuple(row[1:])) for id_, row in found.items()
        }

    def read_tickets_of(connection, order_ids):
        query = tickets.select().with_only_columns(*columns)
        found = rows_among(connection, query, tickets.c.order_id, order_ids)
        return {row[0]: HeldTicket(row[1], None, tuple(row[2:])) for row in found}

    superseded_versions.read_orders = read_orders
    superseded_versions.read_tickets = read_tickets
    superseded_versions.read_tickets_of = read_tickets_of
    superseded_versions.read_fees = lambda connection, order_ids: {}
    superseded_versions.fee_versions = lambda rows: frozenset()
    Superseded.order = lambda self, *_: self.now
    Superseded.ticket = lambda self, *_: self.now
    Superseded.write = lambda self, connection: None


if __name__ == "__main__":
    gc.set_threshold(100_000, 20, 20)  # as main() does before it imports anything
    forget_past()
    main()
