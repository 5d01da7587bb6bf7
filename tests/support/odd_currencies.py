"""
Records of a fake platform that name a currency nobody knows.
"""

import json

from ticketsync.sandbox.faults import HttpResponse
from ticketsync.store.tables.everything import metadata

_IDS = ("id", "_id")
_KNOWN = ("AUD", "aud", "NZD", "nzd")
_AS_RECEIVED = ("quarantine",)  # a record that was set aside is kept as it came


def answer_in(monkeypatch, fake_server, code, *, ids=(), mentioning=""):
    """
    Let every amount and currency of some records be in that currency: of those with one
    of these ids, and of whatever mentions the one other id: an order, its tickets,
    payments and refunds. Of no record, the platform answers as it is.
    """
    whole = type(fake_server.faults).apply.__get__(fake_server.faults)

    def is_odd(record):
        if any(record.get(name) in ids for name in _IDS):
            return True
        return bool(mentioning) and mentioning in record.values()

    def spoiled(path, reply):
        try:
            body = json.loads(reply.body)
        except ValueError:
            return whole(path, reply)
        changed = json.dumps(_changed(body, is_odd, code)).encode()
        return whole(path, HttpResponse(reply.status, changed, reply.headers))

    monkeypatch.setattr(fake_server.faults, "apply", spoiled)


def _changed(value, is_odd, code):
    if isinstance(value, list):
        return [_changed(item, is_odd, code) for item in value]
    if not isinstance(value, dict):
        return value
    if is_odd(value):
        return _in_that_currency(value, code)
    return {key: _changed(item, is_odd, code) for key, item in value.items()}


def _in_that_currency(value, code):
    if isinstance(value, list):
        return [_in_that_currency(item, code) for item in value]
    if isinstance(value, dict):
        return {key: _in_that_currency(item, code) for key, item in value.items()}
    return code if isinstance(value, str) and value in _KNOWN else value


def places_of(database, code):
    """
    In which columns of which tables that code stands, in whatever letter case: also in
    those that are no currency.
    """
    found = []
    with database.read() as connection:
        for table in metadata.sorted_tables:
            texts = [c for c in table.columns if c.type.python_type is str]
            if table.name in _AS_RECEIVED or not texts:
                continue
            for row in connection.execute(table.select()).mappings():
                found += [
                    f"{table.name}.{column.name}"
                    for column in texts
                    if str(row[column.name]).upper() == code.upper()
                ]
    return found


def currencies_of(database):
    """
    The currencies that stand in any column named for one, of any table.
    """
    with database.read() as connection:
        return {
            value
            for table in metadata.sorted_tables
            if "currency" in table.columns
            for value in connection.scalars(
                table.select().with_only_columns(table.c.currency)
            )
            if value is not None
        }
