"""
The page of discrepancies lists an order once: among what needs attention, or among what
was dismissed.
"""

from sqlalchemy import text


def test_an_order_is_listed_once_whether_it_waits_or_was_dismissed(enter, full):
    with full.write() as connection:
        connection.execute(
            text("UPDATE orders SET doubt = '7.00 AUD too much' WHERE id IN (1, 2)")
        )
        first, second = connection.scalars(
            text("SELECT provider_id FROM orders WHERE id IN (1, 2) ORDER BY id")
        )
    manager = enter("manager")
    sentences = [f"tt, order {id_}: 7.00 AUD too much" for id_ in (first, second)]
    page = manager.get("/discrepancies").text
    assert [page.count(sentence) for sentence in sentences] == [1, 1]
    assert "2 orders do not add up" in page
    manager.post("/waiting/dismiss", data={"id": f"order:tt/{first}"})
    page = manager.get("/discrepancies").text
    assert [page.count(sentence) for sentence in sentences] == [1, 1]
    assert "1 order does not add up" in page
    dismissed = page[page.index("Orders that were dismissed") :]
    assert [sentence in dismissed for sentence in sentences] == [True, False]
