"""
The present instant and durations inside SQL statements, on both databases.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ticketsync.store.types import WHOLE, Instant


class Now(FunctionElement[Any]):
    """
    When the statement runs, comparable with stored instants.
    """

    type = Instant()
    inherit_cache = True


class SecondsBetween(FunctionElement[Any]):
    """
    Whole seconds from the first instant to the second.
    """

    type = WHOLE
    inherit_cache = True


@compiles(Now, "sqlite")
def _now_on_sqlite(element: Now, compiler: Any, **options: Any) -> str:
    return "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"


@compiles(Now, "postgresql")
def _now_on_postgresql(element: Now, compiler: Any, **options: Any) -> str:
    return "now()"


@compiles(SecondsBetween, "sqlite")
def _seconds_on_sqlite(element: SecondsBetween, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(part, **options) for part in element.clauses)
    begun, ended = (
        f"CAST(strftime('%s', {moment}) AS INTEGER)" for moment in (first, second)
    )
    return f"({ended} - {begun})"


@compiles(SecondsBetween, "postgresql")
def _seconds_on_postgresql(
    element: SecondsBetween, compiler: Any, **options: Any
) -> str:
    first, second = (compiler.process(part, **options) for part in element.clauses)
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM ({second} - {first}))) AS BIGINT)"
