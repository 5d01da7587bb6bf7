"""
The page of an order shows the days of its refunds and their basis, and what the order
has beside the show.
"""

import re

import msgspec
from sqlalchemy import text
from support.saved_orders import FIRST_DAY, order, save, ticket

from ticketsync.core.records import OrderStatus, VoucherSale

PENDING = OrderStatus.PENDING


def test_the_page_of_an_order_shows_its_refunds(enter, full):
    with full.read() as connection:
        show, order, day, basis = connection.execute(
            text(
                "SELECT l.show_id, o.provider_id, r.on_day, r.basis FROM refunds r "
                "JOIN orders o ON o.id = r.order_id JOIN show_links l "
                "ON l.occurrence_id = o.occurrence_id ORDER BY r.id LIMIT 1"
            )
        ).one()
    page = enter("viewer").get(f"/shows/{show}/orders/tt/{order}")
    assert page.status_code == 200
    assert "<h2>Refunds</h2>" in page.text
    assert basis == "void"
    assert day == "2026-09-01"
    assert '<th scope="row">Tue 01 Sep 2026</th>' in page.text
    assert '<td data-label="From">the day of the void</td>' in page.text


def two_shows(database):
    """
    The platform's id of an occurrence and our id of its show, twice.
    """
    with database.read() as connection:
        return connection.execute(
            text(
                "SELECT o.provider_id, l.show_id FROM occurrences o "
                "JOIN show_links l ON l.occurrence_id = o.id JOIN accounts a "
                "ON a.id = o.account_id WHERE a.name = 'tt' ORDER BY l.show_id LIMIT 2"
            )
        ).all()


def test_the_page_of_an_order_shows_its_gift_cards_and_its_total(enter, full):
    """
    81.13 for the first show, 20.00 for another, and a gift card of 50.00: 151.13.
    """
    (first, show), (second, other) = two_shows(full)
    card = (VoucherSale("or_gift/gift-cards", first, "Gift card", 5000),)
    sold = order(
        *(ticket("g1", 8113, first), ticket("g2", 2000, second)),
        id_="or_gift",
        charged=15113,
        total=15113,
    )
    save(full, msgspec.structs.replace(sold, voucher_sales=card), at=FIRST_DAY)
    page = enter("viewer").get(f"/shows/{show}/orders/tt/or_gift").text
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "1 count as sold 81.13 AUD" in words
    assert "The order came to 151.13 AUD in all." in words
    assert "Gift cards sold, owed until they pay 50.00 AUD 0.00 AUD" in words
    assert f'<a href="/shows/{other}">' in page
    others = words.partition("Not this show's income")[2]
    assert "20.00 AUD 0.00 AUD" in others
    assert "81.13" not in others
    page = enter("viewer").get(f"/shows/{other}/orders/tt/or_gift").text
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "The order came to 151.13 AUD in all." in words
    assert f'<a href="/shows/{show}">' in page


def test_the_page_of_an_order_for_one_show_has_its_total_alone(enter, full):
    (first, show), _ = two_shows(full)
    sold = order(ticket("g1", 3000, first), id_="or_one")
    save(full, sold, at=FIRST_DAY)
    page = enter("viewer").get(f"/shows/{show}/orders/tt/or_one").text
    assert "The order came to 30.00 AUD in all." in " ".join(page.split())
    assert "Not this show" not in page


def test_the_page_of_an_order_that_is_not_paid_says_what_is_due(enter, full):
    """
    Nothing of 30.00 was paid: it came to nothing yet.
    """
    (first, show), _ = two_shows(full)
    unpaid = order(ticket("g1", 3000, first), id_="or_due", charged=0)
    save(full, msgspec.structs.replace(unpaid, status=PENDING), at=FIRST_DAY)
    page = enter("viewer").get(f"/shows/{show}/orders/tt/or_due")
    assert "30.00 AUD of the order is still due." in " ".join(page.text.split())
