"""
Names are found in upper and lower case, whichever letters they begin with: at the door,
at the counter, among members, and where somebody asks to be erased.
"""

import pytest
from support.own_box_office import ADULT, NOW, SHOW, put_on_sale

from ticketsync.boxoffice import members, placed_orders
from ticketsync.boxoffice.members import NewMember
from ticketsync.catalogue import production_edits, selection
from ticketsync.core import errors
from ticketsync.core.records import Person
from ticketsync.door import attendees
from ticketsync.sales import privacy
from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin

NAME = "Zoë Čapek-Łoś"
PARTS = ("Čapek", "čapek", "ČAPEK", "łoś", "ŁOŚ", "zoË")
OTHERS = ("Šapek", "šapek", "Dapek", "_apek", "%apek")


@pytest.fixture
def office(office_of, evening):
    return office_of(ADULT, then=sell_two)


def sell_two(office):
    sell.sell(office, SHOW, {"Adult": 1}, Tender("cash"), buyer=Person("Tom Tapek"))
    sell.sell(office, SHOW, {"Adult": 1}, Tender("cash"), buyer=Person(NAME))


@pytest.mark.parametrize("text", PARTS)
def test_a_guest_is_found_by_a_part_of_the_name(office, text):
    with office.database.read() as connection:
        guests = attendees.search_tickets(connection, text, SHOW)
        orders = placed_orders.search(connection, buyer=text)
    assert [guest.name for guest in guests] == [NAME]
    assert [order.reference for order in orders] == [guests[0].order_id]
    at = checkin.find_scan_point(office.database, SHOW)
    assert checkin.admit(office.database, at, text).outcome == "admitted"


@pytest.mark.parametrize("text", OTHERS)
def test_no_letter_stands_for_another_one(office, text):
    with office.database.read() as connection:
        assert attendees.search_tickets(connection, text, SHOW) == []
        assert placed_orders.search(connection, buyer=text) == []


def test_a_person_is_found_for_erasure_by_the_whole_name(office):
    with office.database.read() as connection:
        found = [
            [(trace.kind, trace.name) for trace in privacy.find_traces(connection, who)]
            for who in (NAME, NAME.lower(), NAME.upper(), "Zoë Šapek-Łoś")
        ]
    assert found == [*[[("buyer", NAME)]] * 3, []]


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("İbrahim Yılmaz", ["İBRAHIM YıLMAZ", "i\u0307brahim yılmaz"]),
        ("Κώστας Παππάς", ["ΚΏΣΤΑΣ ΠΑΠΠΆΣ", "κώστας παππάς"]),
        ("ΚΏΣΤΑΣ ΠΑΠΠΆΣ", ["Κώστας Παππάς", "κώστασ παππάσ"]),
    ],
)
def test_letters_with_more_than_one_lower_case_are_found(
    database, frozen, name, others
):
    """
    A capital I with a dot is two letters in lower case, and a sigma at the end of a
    word is another letter there.
    """
    frozen(NOW)
    office = put_on_sale(database, ADULT)
    sell.sell(office, SHOW, {"Adult": 1}, Tender("cash"), buyer=Person(name))
    with database.read() as connection:
        for text in (name, *others):
            traces = privacy.find_traces(connection, text)
            guests = attendees.search_tickets(connection, text, SHOW)
            assert [found.name for found in (*traces, *guests)] == [name] * 2, text


def test_a_member_is_found(database):
    listed = [
        NewMember(number, name, "", "2026-01-01", "2026-12-31", "")
        for number, name in (("M-1", "Émile Øst"), ("M-2", "Emile Ost"))
    ]
    with database.write() as connection:
        members.save(connection, listed, "2026-01-01")
        for text in ("émile", "ÉMILE", "øst", "ØST"):
            found = members.list_members(connection, text)
            assert [member.number for member in found] == ["M-1"], text
        for who in ("émile øst", "ÉMILE ØST"):
            found = members.find_kept(connection, who)
            assert [member.number for member in found] == ["M-1"], who


def test_a_show_is_found(office):
    with office.database.write() as connection:
        production_edits.rename_production(connection, "Late Laughs", "Świt i Écran")
        for text in ("świt", "ŚWIT", "écran"):
            assert selection.find_show(connection, text).id == SHOW
        with pytest.raises(errors.NotFound):
            selection.find_show(connection, "šwit")
