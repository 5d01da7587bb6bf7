"""
The page of an order shows the days of its refunds and their basis.
"""

from sqlalchemy import text


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
