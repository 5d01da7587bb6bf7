"""
The names of the original descriptions: every query that docs/sql-views.md gives for one
of them runs on both databases, and every line says what it is called here, or why not.
"""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from ticketsync.store import views

PAGE = Path(__file__).parents[1] / "docs" / "sql-views.md"
PRINTED = (
    "SELECT * FROM ticket_sales WHERE event_id = '1' ORDER BY purchase_date DESC",
    "SELECT * FROM ticket_sales_analytics WHERE event_id = '1'",
    "SELECT * FROM attendee_checkin_status WHERE event_id = '1'",
    "SELECT * FROM webhook_logs WHERE platform = 'humanitix' "
    "ORDER BY created_at DESC LIMIT 20",
    "SELECT * FROM session_complete",
)


def mapped():
    """
    The lines of the tables of names: their cells.
    """
    page = PAGE.read_text(encoding="utf-8")
    part = page[page.index("## Names in the original descriptions") :]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return [row for row in cells if row[0] not in ("there", "what it shows")]


def queries():
    page = PAGE.read_text(encoding="utf-8")
    return re.findall(r"`(SELECT [^`]+)`", page)


def test_every_query_runs_on_both_databases(database):
    assert len(queries()) > 40
    for query in queries():
        with database.read() as connection:
            connection.execute(text(query)).all()


def test_the_queries_of_the_descriptions_are_there_word_for_word():
    assert [row[1].strip("`") for row in mapped() if len(row) == 2] == [*PRINTED]


def test_every_name_has_a_query_or_a_reason():
    for row in mapped():
        if len(row) == 3:
            assert row[2].startswith("`SELECT") or row[1].startswith("not there: "), row


@pytest.mark.parametrize("view", views.names())
def test_every_view_is_described(view):
    assert f"| `{view}` | " in PAGE.read_text(encoding="utf-8")
