"""
The shipped recipe for a Ticketmaster data share, whose rows say when they were last
changed and not when they were sold.
"""

from sqlalchemy import select
from support.report_accounts import ReportAccount

from ticketsync.store.tables.sales import orders

HEADING = (
    "OrderID,Ticket_Seq_ID,Event_Name,Event_ID,Event_Date,Upd_DateTime,Ticket_Type,"
    "Num_Seats,Block_Purchase_Price,Ticket_Status"
)


def row(number, changed, seats, price, status):
    night = "Gala,77,2026-12-05 19:30"
    return f"{number},{number},{night},{changed},Adult,{seats},{price},{status}"


BEFORE = (
    row(1, "2026-10-02 10:00", 2, "80.00", "A"),
    row(2, "2026-10-03 10:00", 1, "40.00", "A"),
)
AFTER = (
    row(1, "2026-11-03 11:00", 2, "80.00", "R"),
    row(2, "2026-11-20 10:00", 1, "40.00", "A"),
)


class Share(ReportAccount):
    def add(self, recipe="ticketmaster_share"):
        super().add(recipe=recipe, timezone="Australia/Sydney", currency="AUD")

    def sold(self):
        """
        What was charged and went back, and the day on which it counts, by order.
        """
        with self.database.read() as connection:
            query = select(
                orders.c.charged, orders.c.refunded, orders.c.placed_at
            ).order_by(orders.c.provider_id)
            return [
                (charged, refunded, str(placed.date()))
                for charged, refunded, placed in connection.execute(query)
            ]


def test_an_update_of_a_row_is_neither_another_order_nor_another_day(
    database, tmp_path
):
    share = Share(database, tmp_path)
    share.put("a.csv", data="\n".join([HEADING, *BEFORE]).encode())
    share.add()
    assert share.sync()[0].exit_code == 0
    assert share.sold() == [(8000, 0, "2026-12-05"), (4000, 0, "2026-12-05")]
    for name in ("a.csv", "b.csv"):  # in its place, and beside it
        share.put(name, data="\n".join([HEADING, *AFTER]).encode())
        assert share.sync()[0].exit_code == 0
        assert share.waiting() == {}
        assert share.sold() == [(8000, 8000, "2026-12-05"), (4000, 0, "2026-12-05")]


def test_orders_that_were_read_with_the_time_of_the_update_stay_one(database, tmp_path):
    """
    Until now the recipe took it for the time of purchase.
    """
    from ticketsync.providers.file_import.recipes import recipe

    file = tmp_path / "own.yaml"
    shipped = recipe.resources.files(recipe.__package__)
    text = shipped.joinpath("ticketmaster_share.yaml").read_text()
    file.write_text(text.replace("  type:", "  placed: Upd_DateTime\n  type:"))
    share = Share(database, tmp_path)
    share.put("a.csv", data="\n".join([HEADING, *BEFORE]).encode())
    share.add(recipe=str(file))
    assert share.sync()[0].exit_code == 0
    assert share.sold() == [(8000, 0, "2026-10-02"), (4000, 0, "2026-10-03")]
    file.write_text(text)
    assert share.sync()[0].exit_code == 0
    assert share.waiting() == {}
    assert share.sold() == [(8000, 0, "2026-12-05"), (4000, 0, "2026-12-05")]
