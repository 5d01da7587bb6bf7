"""
Which columns are money is said once, where a report's columns are; no query depends on
the order in which a class lists its fields.
"""

import ast
import dataclasses
import re
from pathlib import Path

import pytest
from sqlalchemy import select

import ticketsync
from ticketsync.core.tables import Kind
from ticketsync.financials import explain
from ticketsync.reporting import (
    daily,
    figures_of_shows,
    grouped_figures,
    named_fees,
    sales,
    sales_over_time,
    sales_report,
)
from ticketsync.store import query_results
from ticketsync.store.tables.financials import ticket_fees

ROOT = Path(ticketsync.__file__).parent
REPORTS = {
    figures_of_shows.Figures: figures_of_shows.FIGURES,
    figures_of_shows.ShowTotals: figures_of_shows.TOTALS,
    figures_of_shows.TypeFigures: figures_of_shows.TYPES,
    named_fees.FeeLine: named_fees.FEES,
    sales.Sale: sales.SALES,
    explain.TicketContribution: explain.CONTRIBUTIONS,
    daily.Sums: daily.SUMS,
    sales_over_time.Platform: sales_over_time.PLATFORMS,
    grouped_figures.ProductionTotals: grouped_figures.PRODUCTIONS,
}
MONEY = {
    column.name
    for columns in (
        *REPORTS.values(),
        *(sales.REFUNDS, sales_report.PLATFORMS, sales_report.PROMO_CODES),
    )
    for column in columns
    if column.kind is Kind.MONEY
}
ONE_OF_MONEY = rf"[\"'](?:{'|'.join(MONEY)})[\"']"
# Where amounts are still what a platform or a table has, not yet a report.
BELOW = ("store/", "sales/", "financials/recompute.py", "providers/", "sandbox/")


def trees(pattern, times=1):
    """
    The trees of those modules that have the pattern so many times: a tree takes long.
    """
    for file in sorted(ROOT.rglob("*.py")):
        text = file.read_text()
        if len(re.findall(pattern, text)) >= times:
            yield file.relative_to(ROOT).as_posix(), ast.parse(text)


def names(node):
    """
    The texts in a tuple, list or set, or the keys of a dictionary.
    """
    items = node.keys if isinstance(node, ast.Dict) else node.elts
    return [getattr(item, "value", None) for item in items]


def test_there_is_no_other_list_of_money_columns():
    """
    Two names or more, and all of them money.
    """
    guilty = [
        f"{file}:{node.lineno}"
        for file, tree in trees(ONE_OF_MONEY, times=2)
        if not file.startswith(BELOW)
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict)
        and len(names(node)) > 1
        and {*map(str, names(node))} <= MONEY
    ]
    assert guilty == []
    assert {"gross", "fees", "net", "amount", "charged", "discount"} <= MONEY


def test_nothing_reads_the_fields_of_a_class_by_their_place():
    guilty = [
        f"{file}:{node.lineno}"
        for file, tree in trees("__slots__")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "__slots__"
    ]
    assert guilty == []


@pytest.mark.parametrize("kind", REPORTS, ids=lambda kind: kind.__name__)
def test_a_value_and_its_columns_agree_on_what_is_money(kind):
    fields = {field.name: field.type for field in dataclasses.fields(kind)}
    columns = {column.name: column for column in REPORTS[kind]}
    assert {name for name, type_ in fields.items() if "Money" in type_} == {
        name for name, column in columns.items() if column.kind is Kind.MONEY
    }
    assert columns.keys() <= fields.keys()


def test_columns_are_selected_by_name_in_any_order():
    columns = query_results.named(
        ["amount", "show_id", "name"], ticket_fees, show_id=ticket_fees.c.show_id + 100
    )
    assert [column.key for column in columns] == ["amount", "show_id", "name"]
    assert "ticket_fees.show_id +" in str(select(*columns))
    with pytest.raises(KeyError):
        query_results.named(["amount", "no_such_field"], ticket_fees)
