"""
What the tests of the box office begin with is what a venue has that puts its show on
sale, and one test leaves nothing of its own to the next.
"""

import pytest
from support.database_dump import dump
from support.own_box_office import SHOW, put_on_sale

from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.sell import Tender


@pytest.mark.usefixtures("evening")
def test_a_copy_has_what_was_put_on_sale(office_of, database):
    put_on_sale(database)
    copied, made = dump(office_of().database), dump(database)
    # The number of the batch in a link is a random one.
    assert len(copied.pop("show_links")) == len(made.pop("show_links")) == 1
    assert copied == made


@pytest.mark.usefixtures("evening")
def test_what_is_sold_in_a_copy_is_in_no_other(office_of):
    one, other = office_of(), office_of()
    before = dump(other.database)
    sell.sell(one, SHOW, {"Adult": 1}, Tender("cash"))
    assert dump(one.database) != before
    assert dump(other.database) == dump(office_of().database) == before
