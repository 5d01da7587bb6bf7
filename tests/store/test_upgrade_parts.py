"""
What gross consists of, in databases of versions that did not keep it (schemas 0006 and
0013): the upgrade claims no part that it does not know, a replay fills them, and no
total changes.
"""

import pytest
from sqlalchemy import exc, text
from support.old_databases import figures
from support.pin_keys import save_pins
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.core.settings.config import Settings
from ticketsync.reporting import figures_of_shows
from ticketsync.store import engine
from ticketsync.workflows import integrity_check, recompute_figures
from ticketsync.workflows.sync.replay import replay

PARTS = ("buyer_fee", "addons", "donation", "voucher", "tax_added", "unexplained")


@pytest.fixture(params=["0006", "0013"])
def version(request):
    return request.param


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, version, templates):
    with templates.copied(request.param, f"upgraded_{version}") as place:
        database = engine.open_database(place)
        yield database
        database.close()


def scalar(database, query):
    with database.read() as connection:
        return connection.execute(text(query)).scalar()


@pytest.mark.thorough
def test_no_part_is_claimed_before_the_replay_and_all_are_known_after_it(upgraded):
    recompute_figures.rebuild(upgraded, Settings())
    before = figures(upgraded)
    known = " AND ".join(f"{name} IS NULL" for name in PARTS)
    assert scalar(
        upgraded, f"SELECT COUNT(*) FROM tickets WHERE charged <> 0 AND NOT ({known})"
    ) == 0  # fmt: skip
    assert scalar(upgraded, "SELECT COUNT(*) FROM orders WHERE addons IS NOT NULL") == 0
    with upgraded.read() as connection:
        for item in figures_of_shows.figures(connection):
            assert item.buyer_fees is None or not item.gross.minor

    replay(upgraded, Settings(), [])

    gross = ("tickets_sold", "face", "gross", "refunded", "net_before_fees")
    for was, now in zip(before, figures(upgraded), strict=True):
        assert {n: was[n] for n in gross} == {n: now[n] for n in gross}
    assert scalar(upgraded, "SELECT COUNT(*) FROM tickets WHERE addons IS NULL") == 0
    assert scalar(upgraded, "SELECT COUNT(*) FROM orders WHERE vouchers IS NULL") == 0
    assert (
        scalar(upgraded, "SELECT COUNT(*) FROM tickets WHERE unexplained <> 0")
        == scalar(upgraded, "SELECT COUNT(*) FROM orders WHERE doubt LIKE '%charged'")
        == 0
    )
    assert scalar(
        upgraded,
        "SELECT COUNT(*) FROM show_financials WHERE gross = face + buyer_fees + addons"
        " + donations - vouchers + tax_added + unexplained",
    ) == len(before)  # fmt: skip
    assert scalar(upgraded, "SELECT SUM(buyer_fees) FROM show_financials") > 0
    with upgraded.write() as connection:
        save_pins(connection)
    found = integrity_check.check(upgraded, Settings(), deep=True)
    assert found.is_sound, found.rows


@pytest.mark.parametrize("part", ["face", "charged", *PARTS])
def test_the_database_itself_refuses_parts_that_do_not_add_up(database, part):
    books = prepare(database)
    save(books, order(ticket(1, 2000), donations=500, charged=2500), at=FIRST_DAY)
    for value in (f"{part} + 1", "NULL"):
        with books.write() as connection, pytest.raises(exc.IntegrityError):
            connection.execute(text(f"UPDATE tickets SET {part} = {value}"))
    with books.write() as connection:  # none of them known: as after an upgrade
        nothing = ", ".join(f"{name} = NULL" for name in PARTS)
        connection.execute(text(f"UPDATE tickets SET {nothing}"))
