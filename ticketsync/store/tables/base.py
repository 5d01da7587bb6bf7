"""
What all tables have in common: constraint names, STRICT, one registry.

Modules of tables do not postpone annotations: whether a column may be empty is read
from its type.
"""

import os
from typing import Any

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

# Pydantic would look through all installed packages for plugins, and run them.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from sqlmodel import SQLModel  # reads it
from sqlmodel.main import get_column_from_field

metadata = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Row:
    """
    The base of every table class, which has the table in `__table__`: its columns are
    the fields of SQLModel.

    Nobody makes objects of these classes. So they are no models of Pydantic, and are
    not mapped (`table=True` of SQLModel): each would take as long again as to declare
    the tables (measured).
    """

    __tablename__: str
    __table_args__: tuple[Any, ...]
    __table__: Table

    def __init_subclass__(cls) -> None:
        """
        Raises: `TypeError` where the module postpones annotations.
        """
        *constraints, options = cls.__table_args__
        columns = []
        for name, kind in cls.__annotations__.items():
            if isinstance(kind, str):
                raise TypeError(f"{cls.__name__}.{name}: its annotation is postponed")
            field = cls.__dict__[name]
            field.annotation = kind
            column = get_column_from_field(field)
            column.name = column.key = name
            columns.append(column)
        cls.__table__ = Table(
            cls.__tablename__, metadata, *columns, *constraints, **options
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
