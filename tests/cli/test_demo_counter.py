"""
The demo's own sale: it is compared with what was added by hand, beside the sandbox.
"""

import pytest
from support.own_box_office import ADULT, CHILD, NOW, SHOW, put_on_sale

from ticketsync.cli import demo_counter, demo_output
from ticketsync.core import errors
from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.sell import Tender


class NoPlatforms:
    platforms = ()


@pytest.fixture
def office(database, frozen):
    frozen(NOW)
    return put_on_sale(database, ADULT, CHILD)


def test_the_demo_sells_two_adults_and_a_child(office, capsys):
    demo_counter.sell_three_tickets(office.database, office.settings)
    demo_output.compare_with_truth(NoPlatforms, office.database)
    last = capsys.readouterr().out.splitlines()[-2:]
    assert last[0].split() == ["boxoffice", "AUD", "3", "98.00", "3", "98.00"]
    assert last[1] == "Equal to the cent."


def test_another_sale_of_the_counter_is_not_equal_to_the_cent(office):
    demo_counter.sell_three_tickets(office.database, office.settings)
    sell.sell(office, SHOW, {"Child": 1}, Tender("cash"))
    with pytest.raises(errors.DifferencesFound):
        demo_output.compare_with_truth(NoPlatforms, office.database)
