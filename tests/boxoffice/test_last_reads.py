"""
How old what we know of another account is, where it lists a show several times.
"""

from datetime import timedelta

import pytest
from support.own_box_office import NOW, put_on_sale
from support.saved_orders import prepare

from ticketsync.catalogue import link_reads
from ticketsync.workflows.boxoffice import availability
from ticketsync.workflows.boxoffice.availability import PlatformRead

SHOW = 3  # beside the two of the platform's account
AN_HOUR_AGO = NOW - timedelta(hours=1)


@pytest.fixture
def listed_twice(database, frozen):
    frozen(NOW)
    prepare(database)
    put_on_sale(database)
    with database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE show_links SET show_id = {SHOW} WHERE occurrence_id IN (1, 2)"
        )
    return database


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        (None, None, None),
        (NOW, None, None),
        (NOW, AN_HOUR_AGO, AN_HOUR_AGO),
        (AN_HOUR_AGO, NOW, AN_HOUR_AGO),
    ],
)
def test_an_account_is_named_once_with_its_oldest_read(
    listed_twice, first, second, shown
):
    with listed_twice.write() as connection:
        for occurrence_id, moment in ((1, first), (2, second)):
            if moment is not None:
                link_reads.note_read(connection, [occurrence_id], moment)
    with listed_twice.read() as connection:
        found = availability.get_availability(connection, SHOW)
    assert found.platforms == [PlatformRead("tt", shown)]
