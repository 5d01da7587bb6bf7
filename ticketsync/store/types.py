"""
Column types that mean the same on SQLite (STRICT) and on PostgreSQL.

A fresh field per column: `text()`, `whole()`, `flag()`, `instant()`, `blob()`.
Instants are ISO text in UTC on SQLite, which people can read and which sorts correctly,
and `timestamptz` on PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Case,
    ColumnElement,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    cast,
    func,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import AsBoolean
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field

from ticketsync.core import clock

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
LARGEST_WHOLE = 2**63 - 1
Span = tuple[datetime | None, datetime | None]  # from the first to before the second


def whole_sum(column: Any) -> ColumnElement[Any]:
    """
    A sum that is a whole number, also where the database would widen it.
    """
    return cast(func.sum(column), WHOLE)


def sum_or_zero(column: Any) -> ColumnElement[Any]:
    """
    The same, and 0 where there is nothing.
    """
    return cast(func.coalesce(func.sum(column), 0), WHOLE)


def is_row_id(value: int | str) -> bool:
    """
    Whether this can be the id of a row: both databases refuse to compare an id with a
    number that is too large for it.
    """
    text = str(value)
    is_number = text.isascii() and text.isdecimal() and text == text.lstrip("0")
    return is_number and len(text) < 20 and int(text) <= LARGEST_WHOLE


class Instant(TypeDecorator[datetime]):
    """
    An aware UTC datetime, to the second.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset from UTC")
        if dialect.name != "sqlite":
            return value
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.isoformat()[:19] + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(value)


class Flag(TypeDecorator[bool]):
    """
    True or false, stored as 1 or 0. A condition in expressions: `where(t.c.is_sold)`,
    `~t.c.is_sold`, `case((t.c.is_sold, 1))`.
    """

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


# SQLite takes an integer as a condition and PostgreSQL does not, so that a flag is
# compared there; SQLAlchemy would write it as it is.


@compiles(AsBoolean, "postgresql")
def _condition(condition: AsBoolean, compiler: Any, **options: Any) -> Any:
    if not isinstance(condition.element.type, Flag):
        return compiler.visit_unary(condition, **options)
    flag = compiler.process(condition.element, **options)
    return f"{flag} = {1 if condition.operator is operators.is_true else 0}"


@compiles(Case, "postgresql")
def _case(case: Case[Any], compiler: Any, **options: Any) -> Any:
    if case.value is None:
        whens = ((when.self_group(operators.and_), then) for when, then in case.whens)
        case = Case(*whens, else_=case.else_)
    return compiler.visit_case(case, **options)


def key() -> Any:
    """
    Our own integer id of a row.
    """
    return Field(default=None, primary_key=True, sa_type=WHOLE)


def text(**options: Any) -> Any:
    return _column(Text, **options)


def whole(**options: Any) -> Any:
    return _column(WHOLE, **options)


def flag(**options: Any) -> Any:
    return _column(Flag, **options)


def instant(**options: Any) -> Any:
    return _column(Instant, **options)


def known_from() -> Any:
    """
    The instant since which a row says what it says: that of the INSERT if it does not
    say another one.
    """
    return Field(
        sa_type=Instant, nullable=False, sa_column_kwargs={"default": clock.now}
    )


def blob(**options: Any) -> Any:
    return _column(LargeBinary, **options)


def _column(type_: Any, **options: Any) -> Any:
    """
    A column whose default also holds for an INSERT into the table that omits it.
    """
    default = options.get("default")
    set_if_omitted = {} if default is None else {"default": default}
    return Field(sa_type=type_, sa_column_kwargs=set_if_omitted, **options)


def points_to(column: str, on_delete: str = "RESTRICT", **options: Any) -> Any:
    """
    A foreign key; the row it refers to cannot be deleted. With `CASCADE` it can, and
    this row with it.
    """
    return Field(
        sa_type=WHOLE,
        sa_column_args=[ForeignKey(column, ondelete=on_delete)],
        **options,
    )
