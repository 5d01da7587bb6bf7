"""
Whether somebody has committed something is known without a query of any table.
"""

from sqlalchemy import event
from support.own_box_office import SHOW, put_on_sale

from ticketsync.workflows.boxoffice import sell


def test_a_commit_of_somebody_else_is_seen_once(database):
    office = put_on_sale(database)
    with database.watch() as watch:
        assert not watch.has_changed()
        sell.hold(office, SHOW, {"Adult": 1})
        assert watch.has_changed()
        assert not watch.has_changed()
        with database.read() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM boxoffice_orders")
        assert not watch.has_changed()


def test_what_was_rolled_back_or_is_not_committed_is_no_reason_to_read(sqlite):
    with sqlite.watch() as watch, sqlite.write() as connection:
        connection.exec_driver_sql("UPDATE venues SET name = 'x'")
        assert not watch.has_changed()
        connection.rollback()
        assert not watch.has_changed()


def test_looking_reads_no_table(database):
    asked = []
    with database.watch() as watch:
        event.listen(
            database._engine,
            "before_cursor_execute",
            lambda *call: asked.append(call[2]),
        )
        watch.has_changed()
    assert len(asked) == 1
    assert "FROM" not in asked[0]
