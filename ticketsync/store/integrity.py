"""
Whether a database still satisfies our rules: the values in its tables, its views and
its triggers. Somebody who edits it by hand can disable the constraints, so they are
checked again.

Everything is derived from the table definitions; a new column or table needs no line
here.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    func,
    literal_column,
    or_,
    select,
    text,
)

from ticketsync.core import money
from ticketsync.store import triggers, views
from ticketsync.store.tables.everything import metadata
from ticketsync.store.types import Instant

_ISO = "%Y-%m-%dT%H:%M:%SZ"
_JSON = {
    ("accounts", "options"),
    ("attendees", "answers"),
    ("periods", "checklist"),
    ("periods", "rules"),
    ("production_links", "field_map"),
    ("production_links", "type_map"),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """
    A cell, or a row, that violates a rule of its table. `key` identifies the row: the
    columns of its primary key and, where there is one, the platform's id.
    """

    table: str
    key: Mapping[str, Any]
    column: str
    value: Any
    rule: str


def find_violations(connection: Connection) -> Iterator[Violation]:
    """
    Every value that violates a rule.
    """
    for table in metadata.sorted_tables:
        yield from _rule_violations(connection, table)
        for column in table.columns:
            if column.name == "currency":
                yield from _value_violations(
                    connection, table, column.name, _is_currency
                )
            if (table.name, column.name) in _JSON:
                yield from _value_violations(connection, table, column.name, _is_object)


def _rule_violations(connection: Connection, table: Table) -> Iterator[Violation]:
    rules = _rules_of(connection.dialect.name, table)
    if not rules:
        return
    query = _violations_query(connection.dialect.name, table)
    for row in connection.execute(query).mappings():
        for number, (column, rule, _) in enumerate(rules):
            if row[f"broken_{number}"]:
                values = [row[name] for name in column.split(", ")]
                value = values[0] if len(values) == 1 else values
                yield Violation(table.name, _key(table, dict(row)), column, value, rule)


@functools.cache
def _violations_query(dialect: str, table: Table) -> Select[Any]:
    """
    The rows that violate a rule, and which ones: `broken_0` and so on.
    """
    rules = _rules_of(dialect, table)
    columns = {column.name: _as_stored(table, column.name) for column in table.columns}
    violations = [
        case((condition, 1), else_=0).label(f"broken_{number}")
        for number, (_, _, condition) in enumerate(rules)
    ]
    return (
        select(*(value.label(name) for name, value in columns.items()), *violations)
        .select_from(table)
        .where(or_(*(condition for _, _, condition in rules)))
    )


@functools.cache
def _rules_of(
    dialect: str, table: Table
) -> tuple[tuple[str, str, ColumnElement[bool]], ...]:
    return tuple(_rules(dialect, table))


def _rules(
    dialect: str, table: Table
) -> Iterator[tuple[str, str, ColumnElement[bool]]]:
    """
    The columns of each rule, the rule in words, and the condition for a violation.
    """
    for constraint in sorted(table.constraints, key=lambda c: str(c.name)):
        if isinstance(constraint, CheckConstraint):
            sql = str(constraint.sqltext)
            words = set(re.findall(r"\w+", sql))
            named = [column.name for column in table.columns if column.name in words]
            violations = literal_column(f"NOT ({sql})", Boolean)
            yield ", ".join(named), f"must be so that {sql}", violations
    for column_ in table.columns:
        value = _as_stored(table, column_.name)
        if not column_.nullable:
            yield column_.name, "must not be empty", value.is_(None)
        if isinstance(column_.type, Instant) and dialect == "sqlite":
            # Through the Julian day, because SQLite accepts 30 February otherwise.
            written_again = func.strftime(_ISO, func.julianday(value))
            is_other = written_again.is_distinct_from(value)
            yield column_.name, "must be an instant", value.is_not(None) & is_other
        for foreign in column_.foreign_keys:
            referenced = foreign.column.table.alias("there")
            is_referenced = (
                select(referenced.c[foreign.column.name])
                .where(referenced.c[foreign.column.name] == table.c[column_.name])
                .correlate(table)
                .exists()
            )
            rule = f"must be in {foreign.column.table.name}"
            yield (
                column_.name,
                rule,
                table.c[column_.name].is_not(None) & ~is_referenced,
            )


def _value_violations(
    connection: Connection, table: Table, column: str, is_good: Any
) -> Iterator[Violation]:
    """
    The rows with values that are checked in Python; each distinct value once.
    """
    value = _as_stored(table, column)
    found = connection.scalars(select(value).select_from(table).distinct())
    for bad in [item for item in found if item is not None and not is_good(item)]:
        columns = [_as_stored(table, c.name).label(c.name) for c in table.columns]
        rows = connection.execute(select(*columns).where(table.c[column] == bad))
        rule = "must be a currency of ISO 4217"
        if (table.name, column) in _JSON:
            rule = "must be a JSON object"
        for row in rows.mappings():
            yield Violation(table.name, _key(table, dict(row)), column, bad, rule)


def _is_currency(value: str) -> bool:
    return value in money.EXPONENTS


def _is_object(value: str) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except ValueError:
        return False


def _as_stored(table: Table, column: str) -> ColumnElement[Any]:
    """
    The value as the driver returns it, without conversion.
    """
    return literal_column(f"{table.name}.{column}")


def _key(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    names = [column.name for column in table.primary_key]
    more = [n for n in ("account_id", "provider_id") if n in table.columns]
    return {name: row[name] for name in dict.fromkeys([*names, *more])}


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """
    A view or a trigger that is foreign, missing or changed.
    """

    kind: str
    name: str
    what: str


Objects = Mapping[tuple[str, str], str]  # kind and name → definition


def find_schema_differences(
    connection: Connection, fresh: Connection
) -> Iterator[SchemaDifference]:
    """
    How the views and triggers differ from those of a `fresh` database, which is SQLite.
    """
    expected = _read_sqlite_objects(fresh)
    if connection.dialect.name == "sqlite":
        found = _read_sqlite_objects(connection)
    else:
        found = _read_postgres_objects(connection)
        expected = {
            (kind, name): _expected_on_postgres(connection, kind, name)
            for kind, name in expected
        }
    for kind, name in sorted(found.keys() | expected.keys()):
        if (kind, name) not in expected:
            yield SchemaDifference(kind, name, "is not ours")
        elif (kind, name) not in found:
            yield SchemaDifference(kind, name, "is missing")
        elif found[kind, name] != expected[kind, name]:
            yield SchemaDifference(kind, name, "was changed")


def _read_sqlite_objects(connection: Connection) -> Objects:
    rows = connection.execute(
        text(
            "SELECT type, name, sql FROM sqlite_master"
            " WHERE type NOT IN ('table', 'index')"
        )
    )
    return {(str(kind), str(name)): str(sql) for kind, name, sql in rows}


def _read_postgres_objects(connection: Connection) -> Objects:
    """
    Views by their definition, triggers by whether they are enabled and what their
    function does: the server stores both in its own format.
    """
    rows = connection.execute(
        text(
            "SELECT viewname, definition FROM pg_views"
            " WHERE schemaname = current_schema()"
        )
    )
    found = {("view", str(name)): str(sql) for name, sql in rows}
    rows_of_triggers = connection.execute(
        text(
            "SELECT t.tgname, t.tgenabled, p.prosrc FROM pg_trigger t"
            " JOIN pg_proc p ON p.oid = t.tgfoid"
            " JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE NOT t.tgisinternal AND n.nspname = current_schema()"
        )
    )
    return found | {
        ("trigger", str(name)): _trigger_state(enabled, str(source))
        for name, enabled, source in rows_of_triggers
    }


def _trigger_state(enabled: Any, source: str) -> str:
    letter = enabled.decode() if isinstance(enabled, bytes) else str(enabled)
    if source not in triggers.postgres_sources():
        return source
    return "off" if letter == "D" else "on"


def _expected_on_postgres(connection: Connection, kind: str, name: str) -> str:
    """
    PostgreSQL's version of our own definition: the view is created under another name
    and rolled back.
    """
    if kind == "trigger":
        return "on"
    with connection.begin_nested() as savepoint:
        views.create(connection, name, as_name=f"pg_temp.{name}")
        sql = connection.scalar(
            text("SELECT pg_get_viewdef(CAST(:name AS regclass))"),
            {"name": f"pg_temp.{name}"},
        )
        savepoint.rollback()
    return str(sql)
