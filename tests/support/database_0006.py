"""
What the database of schema 0006 says (see `old_versions/make_0006.py`), and what it is
to say afterwards: figures, fees and refunds.
"""

import json

from support import old_databases

from ticketsync.reporting import named_fees, sales

KNOWN = json.loads((old_databases.FOLDER / "0006.json").read_text())
OTHER = "The Other Place fee"


def write_old(file):
    old_databases.write_old(file, "0006")


def fee_lines(database):
    with database.read() as connection:
        return {
            (f.account, f.show_id, f.name, f.amount.minor, f.source)
            for f in named_fees.list_fees(connection)
        }


def refunds(database):
    with database.read() as connection:
        return list(sales.list_refunds(connection))


def known_lines():
    return {tuple(line) for line in KNOWN["fees"]}


def known_figures():
    """
    The figures from before; only what sold nothing has fees now, and they are nothing.
    """
    nothing = {"fees": "0.00", "fees_source": "reported", "revenue_basis": "net"}
    return [
        {**f, **nothing, "net": f["net_before_fees"]}
        if f["fees"] is None and f["gross"] == "0.00"
        else f
        for f in KNOWN["figures"]
    ]


def with_our_door(known):
    """
    The figures with the guest whom our own door let in.
    """
    one = {"show_id": 9, "account": "humanitix", "currency": "NZD"}
    return [
        {**row, "checked_in": 1} if one.items() <= row.items() else row for row in known
    ]
