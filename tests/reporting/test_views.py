"""
The views are a promise: their columns, and that they say what the figures say.
"""

from collections import defaultdict
from importlib import resources

import pytest
import yaml
from support import hand_links

from ticketsync import reporting
from ticketsync.catalogue import occurrences
from ticketsync.reporting import figures_of_shows
from ticketsync.workflows import recompute_figures

PARTS = "buyer_fees addons donations vouchers tax_added unexplained"
COLUMNS = {
    "show_totals": (
        "show_id production starts_at starts_local venue currency capacity "
        "tickets_sold tickets_comp tickets_refunded checked_in face discounts gross "
        f"fees refunded tax tax_remitted net net_before_fees {PARTS}"
    ),
    "ticket_sales_analytics": (
        "show_id production venue starts_at starts_local account provider order_id "
        "placed_at order_status channel ticket_id kind ticket_type currency is_sold "
        "is_comp is_refunded face discount charged refunded tax tax_remitted fees "
        "event_id buyer_fee addons donation voucher tax_added unexplained"
    ),
    "attendee_checkin_status": (
        "show_id production starts_local account order_id ticket_id ticket_type "
        "is_comp is_checked_in attendee email checked_in_at door event_id"
    ),
    "session_complete": (
        "show_id production venue starts_at starts_local timezone capacity "
        "tickets_sold tickets_comp checked_in left_to_sell sources is_excluded "
        "fullness event_name url buy_link gross currency status"
    ),
    "sync_health": (
        "account provider state failures breaker_until last_attempt_at "
        "last_success_at quarantined failed_deliveries health health_since"
    ),
    "production_totals": (
        "production_id production currency shows capacity tickets_sold tickets_comp "
        "tickets_refunded checked_in face discounts gross fees refunded tax "
        f"tax_remitted net net_before_fees platforms {PARTS}"
    ),
    "ticket_sales": (
        "id event_id platform order_id quantity gross net fees currency purchaser "
        "status purchase_date refunded account promo_code"
    ),
    "webhook_logs": (
        "id platform event_type order_id status error created_at processed_at "
        "attempts account"
    ),
    "ticket_platforms": (
        "id platform name account_name status health last_synced_at last_attempt_at "
        "created_at"
    ),
    "ticket_sales_log": (
        "id platform account sync_type direction status started_at completed_at "
        "records_processed records_created records_updated records_failed error "
        "started_by run_id"
    ),
}


@pytest.fixture
def synced(read_once, settings):
    connected = read_once
    with connected.read() as connection:
        first, second = occurrences.list_occurrences(connection)[:2]
    hand_links.configure(  # its sales are switched off
        *(connected, settings, first), enabled=None, ticket_sales=False, types={}
    )
    recompute_figures.exclude(connected, settings, second.show_id, True, "a test")
    return connected


def rows(database, query):
    with database.read() as connection:
        return [dict(row._mapping) for row in connection.exec_driver_sql(query)]


def test_columns_stay_as_they_are(synced):
    with synced.read() as connection:
        for view, columns in COLUMNS.items():
            found = connection.exec_driver_sql(f"SELECT * FROM {view}")
            assert list(found.keys()) == columns.split(), view
            is_empty = found.first() is None
            assert is_empty == (view == "webhook_logs"), view  # it sent none


def test_tickets_add_up_to_the_figures(synced):
    sums = defaultdict(lambda: [0, 0, 0])
    for row in rows(synced, "SELECT * FROM ticket_sales_analytics"):
        of_show = sums[row["show_id"]]
        of_show[0] += row["charged"]
        of_show[1] += row["refunded"]
        of_show[2] += row["kind"] == "admission" and row["is_sold"]
    with synced.read() as connection:
        figures = {
            item.show_id: [item.gross.minor, item.refunded.minor, item.tickets_sold]
            for item in figures_of_shows.figures(connection)
        }
    assert {show: found for show, found in sums.items() if any(found)} == {
        show: found for show, found in figures.items() if any(found)
    }
    assert len(figures) == 38  # one switched off, one left out


def test_admissions_are_the_tickets_that_still_admit(synced):
    admitted = defaultdict(int)
    for row in rows(synced, "SELECT * FROM attendee_checkin_status"):
        admitted[row["show_id"]] += 1
    with synced.read() as connection:
        figures = {
            item.show_id: item.tickets_sold
            for item in figures_of_shows.figures(connection)
        }
    not_counted = {show: n for show, n in admitted.items() if show not in figures}
    assert len(not_counted) == 2  # their money is left out, their guests are not
    assert {show: n for show, n in admitted.items() if show in figures} == {
        show: n for show, n in figures.items() if n
    }


def test_sessions_have_every_show_and_what_is_left(synced):
    found = rows(synced, "SELECT * FROM session_complete")
    assert len(found) == 40
    for row in found:
        if row["capacity"] is not None:
            assert row["left_to_sell"] == row["capacity"] - row["tickets_sold"]
    assert sum(row["is_excluded"] for row in found) == 1


def test_health_has_both_clocks(synced):
    (row,) = rows(synced, "SELECT * FROM sync_health")
    assert (row["account"], row["state"], row["failures"]) == ("tt", "active", 0)
    assert row["last_attempt_at"] is not None
    assert row["last_success_at"] is not None


def test_datasettes_file_names_the_views_and_its_queries_run(synced):
    text = (resources.files(reporting) / "datasette.yaml").read_text()
    described = yaml.safe_load(text)["databases"]["ticketsync"]

    assert set(described["tables"]) == set(COLUMNS)
    for table in described["tables"].values():
        assert table["description"]
    for view, table in described["tables"].items():
        assert set(table.get("facets", ())) <= set(COLUMNS[view].split())
    if synced.dialect == "sqlite":
        for query in described["queries"].values():
            with synced.read() as connection:
                found = connection.exec_driver_sql(
                    query["sql"], {"show_id": 1} if ":show_id" in query["sql"] else {}
                )
                assert found.keys()
