"""
Who came together stands together: on the door's page, in its requests and on paper.
"""

from datetime import timedelta

import pytest
from support import needs
from support.dates import NOW

from ticketsync.catalogue import shows
from ticketsync.door import attendees, parties
from ticketsync.door.parties import Party
from ticketsync.store.tables.sales import attendees as attendees_table
from ticketsync.store.tables.sales import buyers

SHOW = 12


def guest(name, order, ticket, account="tt"):
    words = dict.fromkeys(("production", "starts_local", "email"), "")
    words |= dict.fromkeys(("type_name", "shown_type"), "")
    words |= dict.fromkeys(("because", "door", "code", "second_code", "seat"), "")
    flags = dict.fromkeys(("is_comp", "is_refunded", "is_in", "is_signed"), False)
    return attendees.Guest(
        id=1,
        show_id=1,
        account=account,
        order_id=order,
        ticket_id=ticket,
        name=name,
        admits=True,
        since=None,
        answers={},
        **words,
        **flags,
    )


def test_guests_of_one_order_are_a_party_where_its_first_surname_stands():
    listed = sorted(
        [
            guest("Maya Abbott", "or_2", "a"),
            guest("Noah Harper", "or_1", "b"),
            guest("Inés Young", "or_2", "c"),
            guest("", "77", "d", "sq"),
            guest("", "77", "e", "hx"),
            guest("", "", "f", "hx"),
            guest("", "", "g", "hx"),
        ],
        key=lambda it: it.sorted_by,
    )
    found = parties.group_by_order(listed)
    tickets = [[it.ticket_id for it in party.guests] for party in found]
    assert tickets[:2] == [["a", "c"], ["b"]]
    assert sorted(tickets[2:]) == [["d"], ["e"], ["f"], ["g"]]
    assert found[0].names == ("Maya Abbott", "Inés Young")
    assert Party(tuple(listed[:1])).names == ("Maya Abbott",)


def test_where_names_are_not_kept_it_says_so_and_what_to_do():
    named, nameless = guest("A", "1", "a"), guest("", "2", "b", "hx")
    assert parties.explain_missing_names([]) == ""
    assert parties.explain_missing_names([named, guest("", "3", "c")]) == ""
    assert parties.explain_missing_names([named, nameless]) == (
        "Names are not kept for hx: ask for the order number. To keep them, run "
        "`ticketsync accounts set hx people=true`, then `ticketsync sync hx --full`."
    )


@needs.chromium
@pytest.mark.thorough
def test_a_party_is_let_in_with_one_touch(open_browser, full):
    """
    All who came together, with a network and without one, also where one was searched.
    """
    with full.read() as connection:
        guests = attendees.list_guests(connection, SHOW)
    waiting = [
        party
        for party in parties.group_by_order(guests)
        if len([it for it in party.guests if not it.is_in]) > 1
    ]
    page = open_browser("door", "Door A")
    page.goto(f"/door/{SHOW}")
    page.locator("#guests li.party").first.wait_for()
    for offline, party in zip((False, True), waiting[:2], strict=True):
        size = sum(not it.is_in for it in party.guests)
        if offline:
            page.network.take_away(page)
        page.locator("#code").fill(party.guests[0].ticket_id)
        head = page.locator("#guests li.party", has_text=party.guests[0].order_id)
        head.get_by_role("button", name=f"Let in all {size}: ").click()
        page.locator("#answer", has_text="In:").or_(
            page.locator("#answer", has_text=f"{size} ")
        ).first.wait_for()
        head.get_by_role("button").wait_for(state="detached")
    page.network.give_back(page)
    page.evaluate("() => sendQueue()")
    page.locator("#line", has_not_text="saved offline").wait_for(state="attached")
    with full.read() as connection:
        inside = {
            it.order_id for it in attendees.list_guests(connection, SHOW) if it.is_in
        }
    assert {party.guests[0].order_id for party in waiting[:2]} <= inside
    assert page.console_errors == [] or not page.console_errors[0].startswith(
        "Uncaught"
    )


@needs.chromium
@pytest.mark.thorough
def test_a_search_that_finds_nobody_says_so_and_what_to_do(open_browser, full):
    page = open_browser("door", "Door A")
    page.goto(f"/door/{SHOW}")
    page.locator("#guests li").first.wait_for()
    nobody = page.locator("#nobody[role=status][aria-live=polite]")

    page.locator("#code").fill("Zebedee")
    page.locator("#nobody", has_text="Zebedee").wait_for()
    assert nobody.text_content() == (
        "No guest of this show matches “Zebedee”. Try fewer letters, the surname or "
        "the order number, or scan the code."
    )
    assert page.locator("#guests li").count() == 0

    with full.read() as connection:
        known = attendees.list_guests(connection, SHOW)[0]
    page.locator("#code").fill(known.ticket_id)
    page.locator("#guests li").first.wait_for()
    assert nobody.text_content() == ""


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_door_says_that_names_are_not_kept(enter, full, is_kept):
    if not is_kept:
        with full.write() as connection:
            for table in (attendees_table, buyers):
                connection.execute(table.update().values(name=""))
    said = enter("door").get(f"/door/{SHOW}/guests").json()
    assert bool(said["names_note"]) is not is_kept
    assert "`" not in said["names_note"]  # who stands at a door has no terminal
    assert {item["account"] for item in said["guests"]} == {"tt"}


def test_tonight_comes_first(enter, frozen, full):
    """
    An hour before a show its door is the first one and marked; eight hours after it
    began it stands below those to come.
    """
    with full.read() as connection:
        later = [show for show in shows.list_shows(connection) if show.starts_at > NOW]
    show = later[3]
    frozen(show.starts_at - timedelta(hours=1))
    page = enter("door").get("/door").text
    first = page[page.index('<a class="tile') :]
    assert first.startswith(f'<a class="tile tonight" href="/door/{show.id}"')
    assert "<strong>To" in first.partition("</a>")[0]
    frozen(show.starts_at + timedelta(hours=8))
    page = enter("door").get("/door").text
    assert page.index("Since yesterday") < page.index(f'href="/door/{show.id}"')
