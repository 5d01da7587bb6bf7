"""
What somebody who has a copy of the database, or saw a receipt, cannot do: make a code
that is admitted. And what a person misreads is refused before anything is looked up.
"""

import pytest
from sqlalchemy import Engine, event
from support import own_box_office
from support.database_dump import metadata
from support.own_box_office import NOW, SHOW

from ticketsync.boxoffice import codes, placed_orders
from ticketsync.core import errors
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin, merge_scans
from ticketsync.workflows.door.scan_files import Captured

CASH = Tender("cash")


def test_the_code_of_a_ticket_cannot_be_made_from_the_database(office):
    sold = sell.sell(office, SHOW, {"Adult": 1}, CASH)
    code = sold.codes[1]
    assert sell.codes_of(office, sold.order) == {1: code}
    dump = "\n".join(map(str, _rows(office.database)))
    assert code not in dump
    assert own_box_office.KEY not in dump
    body, _, signed = code.rpartition(".")
    at = checkin.find_scan_point(office.database, SHOW)
    for forged in (f"{body}.{'A' * 16}", body, f"{body[:-1]}2.{signed}"):
        assert checkin.admit(office.database, at, forged, by_camera=True).outcome in (
            "unknown",
        )
    for stored in {*_texts(office.database)}:
        scanned = checkin.admit(office.database, at, stored, by_camera=True)
        assert scanned.outcome != "admitted", stored
    digest = stored_code(office, sold.order.reference)
    assert checkin.admit(office.database, at, digest, by_camera=True).outcome == (
        "unknown"
    )
    assert (
        checkin.admit(office.database, at, code, by_camera=True).outcome == "admitted"
    )


def _rows(database):
    with database.read() as connection:
        for table in metadata.sorted_tables:
            yield from connection.execute(table.select())


def _texts(database):
    """
    Every text that is stored, and what identifies a ticket, as somebody could print it.
    """
    for row in _rows(database):
        for value in row:
            if isinstance(value, bytes):
                yield value.hex()
            elif isinstance(value, str) and value.strip():
                yield value


def test_the_number_of_a_ticket_is_typed_but_not_scanned(office, tmp_path):
    """
    It is on every receipt: a QR code with it can be printed by anybody, and what an
    offline door scanned is merged by the same rule.
    """
    sold = sell.sell(office, SHOW, {"Adult": 2}, CASH)
    number = f"{sold.order.reference}-1"
    at = checkin.find_scan_point(office.database, SHOW)
    for text in (number, f"https://example.org/{number}", f'{{"_id": "{number}"}}'):
        scanned = checkin.admit(office.database, at, text, by_camera=True)
        assert scanned.outcome == "unknown"
    offline = [
        Captured(number, NOW, "in", "Side door", "phone", "1", by_camera=True),
        Captured(sold.codes[2], NOW, "in", "Side door", "phone", "2", by_camera=True),
    ]
    merged = merge_scans.merge(office.database, at, offline, as_scanned=True)
    assert merged.outcomes == {"unknown": 1, "admitted": 1}
    assert checkin.admit(office.database, at, number).outcome == "admitted"


def stored_code(office, reference):
    with office.database.read() as connection:
        return placed_orders.get_order(connection, reference).tickets[0].code


@pytest.fixture
def statements():
    """
    What is asked of a database meanwhile.
    """
    found = []

    def note(connection, cursor, statement, *_):
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


def test_one_misread_letter_is_refused_before_any_query(office, statements):
    reference = sell.sell(office, SHOW, {"Adult": 1}, CASH).order.reference
    commands = (
        lambda misread: sell.pay(office, misread, CASH),
        lambda misread: sell.extend(office, misread),
        lambda misread: cancel_and_refund.cancel(office, misread, ""),
        lambda misread: cancel_and_refund.refund(office, misread, Refund(), ""),
    )
    signs = [n for n, sign in enumerate(reference) if n > 2 and sign != "-"]
    statements.clear()
    for place in signs:
        for letter in {*codes.ALPHABET} - {reference[place]}:
            misread = reference[:place] + letter + reference[place + 1 :]
            for command in commands:
                with pytest.raises(errors.UsageError) as refused:
                    command(misread)
                assert refused.value.word == "bad-reference"
    assert len(signs) == 6
    assert statements == []
    sell.codes_of(office, cancel_and_refund.refund(office, reference, Refund(), ""))
    assert statements
