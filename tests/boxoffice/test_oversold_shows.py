"""
What platforms sell beyond the seats of a show that the box office sells, too, is said
wherever something waits.
"""

import pytest
from support.own_box_office import NOW, put_on_sale
from support.saved_orders import order, prepare, save, ticket

from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.core.settings.config import Settings
from ticketsync.workflows import doctor, recompute_figures, waiting
from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.sell import Tender

SHOW = 3  # beside the two of the platform's account

pytestmark = pytest.mark.usefixtures("evening")


def sell_beside_a_platform(database, *, link="", show_capacity=None, **terms):
    """
    Seven seats here, and four on the platform; returns the box office.
    """
    prepare(database)
    office = put_on_sale(database, capacity=show_capacity, terms=Terms(**terms))
    with database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE show_links SET show_id = {SHOW}{link} WHERE occurrence_id = 1"
        )
    sell.sell(office, SHOW, {"Adult": 7}, Tender("cash"))
    save(database, order(*(ticket(n, 2000) for n in range(4))), at=NOW)
    with database.write() as connection:
        recompute_figures.recompute(connection, office.settings, {SHOW})
    return office


def oversold(database):
    with database.read() as connection:
        found = waiting.everything(connection, Settings(), NOW)
    return [item.text for item in found if item.kind == "oversold"]


@pytest.mark.parametrize("capacity", [{"show_capacity": 10}, {"capacity": 10}])
@pytest.mark.parametrize("link", ["", ", sync_ticket_sales = 0"])
def test_a_show_is_oversold_by_all_platforms_together(database, capacity, link):
    office = sell_beside_a_platform(database, link=link, **capacity)
    (found,) = oversold(database)
    assert found.endswith("oversold, 11 sold of 10 seats")
    examined = doctor.examine(lambda: office.settings, lambda: database, network=False)
    assert any("1 show is oversold" in item.text for item in examined)


@pytest.mark.parametrize(
    "terms", [{"capacity": 11}, {"capacity": 7, "counts_other_platforms": False}]
)
def test_a_show_with_seats_for_all_is_not(database, terms):
    sell_beside_a_platform(database, **terms)
    assert oversold(database) == []
