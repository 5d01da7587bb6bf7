"""
What all tables share: constraint names, STRICT, one registry.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel
from sqlmodel.main import SQLModelConfig  # type: ignore[attr-defined]

metadata = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """
    What every table's class is. Its validator is never asked, so it is not built: that
    takes a fifth of the time it takes to import the tables (measured).
    """

    model_config = SQLModelConfig(defer_build=True)


def table(*constraints: CheckConstraint | Index | UniqueConstraint) -> Any:
    """
    The table arguments of a STRICT table with these constraints.
    """
    return (*constraints, {"sqlite_strict": True})


def one_of(column: str, *words: str) -> CheckConstraint:
    """
    A column that holds one of these words and nothing else.

    Not `IN`: for that SQLite builds a table of the words for every row it writes, a
    fifth of the price of a ticket (measured).
    """
    told = " OR ".join(f"{column} = '{word}'" for word in words)
    return CheckConstraint(told, name=column)


def not_negative(*columns: str) -> CheckConstraint:
    """
    Numbers that are never below zero.
    """
    return CheckConstraint(
        " AND ".join(f"{column} >= 0" for column in columns), name="not_negative"
    )
