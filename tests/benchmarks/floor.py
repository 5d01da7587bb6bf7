"""
The floor: the least that any program must do for the same orders and tickets.

httpx, JSON, `sqlite3.executemany` and nothing else: no hashes, no raw versions, no
figures, no second look, one commit. `python floor.py URL FILE [msgspec|json]`.
"""

import json
import sqlite3
import sys

import httpx

KEY = "sk_1001_2002_sandbox"


def pages(client, url, path, decode):
    after = None
    while True:
        params = {"limit": 100} | ({"starting_after": after} if after else {})
        body = decode(client.get(url + path, params=params).content)
        yield body["data"]
        if body["links"]["next"] is None:
            return
        after = body["data"][-1]["id"]


def main():
    url, file, decoder = sys.argv[1:]
    if decoder == "msgspec":
        import msgspec

        decode = msgspec.json.decode
    else:
        decode = json.loads
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA synchronous = FULL")
    database.execute(
        "CREATE TABLE orders (id TEXT PRIMARY KEY, event TEXT, status TEXT,"
        " placed INTEGER, currency TEXT, total INTEGER, paid INTEGER,"
        " refunded INTEGER, tax INTEGER) STRICT"
    )
    database.execute(
        "CREATE TABLE tickets (id TEXT PRIMARY KEY, order_id TEXT, event TEXT,"
        " type TEXT, name TEXT, status TEXT, checked_in TEXT, price INTEGER) STRICT"
    )
    database.execute("CREATE INDEX by_order ON tickets (order_id)")
    database.execute("BEGIN IMMEDIATE")
    with httpx.Client(auth=(KEY, "")) as client:
        for _ in pages(client, url, "/events", decode):
            pass
        for orders in pages(client, url, "/orders", decode):
            database.executemany(
                "INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?)",
                [
                    (
                        o["id"],
                        o["event_summary"]["event_id"],
                        o["status"],
                        o["created_at"],
                        o["currency"]["code"],
                        o["total"],
                        o["total_paid"],
                        o["refund_amount"],
                        o["tax"],
                    )
                    for o in orders
                ],
            )
            database.executemany(
                "INSERT INTO tickets VALUES (?,?,?,?,?,?,?,?)",
                [
                    (
                        t["id"],
                        t["order_id"],
                        t["event_id"],
                        t["ticket_type_id"],
                        t["description"],
                        t["status"],
                        t["checked_in"],
                        t["listed_price"],
                    )
                    for o in orders
                    for t in o["issued_tickets"]
                ],
            )
    database.execute("COMMIT")


if __name__ == "__main__":
    main()
