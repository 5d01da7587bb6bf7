"""
What all tables have in common: constraint names, STRICT, one registry.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

# Pydantic would look through all installed packages for plugins, and run them.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from sqlmodel import SQLModel  # reads it
from sqlmodel.main import SQLModelConfig, get_column_from_field  # type: ignore[attr-defined]  # of pydantic

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
    The base of every table class, which has the table in `__table__`.

    Nobody makes objects of these classes. So their validators are not built, and they
    are not mapped (`table=True` of SQLModel): that would take as long again as to
    declare the tables (measured).
    """

    model_config = SQLModelConfig(defer_build=True)
    __table_args__: ClassVar[Any]
    __table__: ClassVar[Table]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        *constraints, options = cls.__table_args__
        columns = []
        for name, field in cls.model_fields.items():
            column = get_column_from_field(field)
            column.name = column.key = name
            columns.append(column)
        cls.__table__ = Table(
            str(cls.__tablename__), metadata, *columns, *constraints, **options
        )


def table(*constraints: CheckConstraint | Index | UniqueConstraint) -> Any:
    """
    The table arguments of a STRICT table with these constraints.
    """
    return (*constraints, {"sqlite_strict": True})


def one_of(column: str, *words: str) -> CheckConstraint:
    """
    A column that only holds one of these words.

    Not `IN`: for that SQLite builds a table of the words for every row it writes, a
    fifth of the time to save a ticket (measured).
    """
    condition = " OR ".join(f"{column} = '{word}'" for word in words)
    return CheckConstraint(condition, name=column)


def adds_up(whole: str, *parts: str, less: str) -> CheckConstraint:
    """
    A sum (the first of `parts` is always known) that is either known in all its parts,
    and then adds up, or has none of the others; `less` is taken off.
    """
    others = parts[1:]
    rest = " - ".join((whole, *parts))
    unknown = " AND ".join(f"{name} IS NULL" for name in (*others, less))
    # What is unknown in part is 1 here, and refused.
    return CheckConstraint(
        f"COALESCE({rest} + {less}, 1) = 0 OR ({unknown})", name="parts"
    )


def charged_adds_up() -> CheckConstraint:
    """
    What was charged for a ticket is the sum of its parts, in every version of it.
    """
    return adds_up(
        *("charged", "face", "buyer_fee", "addons", "donation", "tax_added"),
        "unexplained",
        less="voucher",
    )


def not_negative(*columns: str) -> CheckConstraint:
    """
    Columns that are never negative.
    """
    return CheckConstraint(
        " AND ".join(f"{column} >= 0" for column in columns), name="not_negative"
    )
