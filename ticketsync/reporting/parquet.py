"""
Writes a report as a Parquet file, through duckdb: the rows as a temporary CSV file of
stated types, which duckdb reads and writes. It loads no extension and needs no network.

Amounts are `DECIMAL(18, n)`, where n is the largest number of digits that a currency
in the report has; nothing is a floating-point number. Instants are in UTC.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from ticketsync.core import errors, extras, money, tables
from ticketsync.core.tables import Column, Kind, Table

MARK: Final = "ticketsync"  # the key of the file's own metadata that names the report
_TYPES: Final = {
    Kind.COUNT: "BIGINT",
    Kind.NUMBER: "BIGINT",
    Kind.ID: "BIGINT",
    Kind.INSTANT: "TIMESTAMPTZ",
    Kind.FLAG: "BOOLEAN",
    Kind.RATE: "DECIMAL(18, 1)",
}
_OFFLINE: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": "1",  # so that the same rows give the same bytes
}
_LONGEST_ROW: Final = 1 << 26  # bytes
_WRITE: Final = """
COPY (SELECT {selected} FROM read_csv(
  {source}, columns = {{{columns}}}, auto_detect = false, header = false,
  delim = ',', quote = '"', escape = '"', new_line = '\\n',
  parallel = false, max_line_size = {longest}
)) TO {target} (FORMAT parquet, KV_METADATA {{{mark}: {name}}})
"""


def write_parquet(table: Table, name: str, target: Path) -> int:
    """
    Write a report to a file; returns how many rows.

    Raises: `ConfigurationError` where duckdb is not installed, `UsageError`
    (`too-many-digits`) for an amount that the type of its column cannot hold.
    """
    duckdb = _duckdb()
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        source = Path(folder) / "rows.csv"
        count, digits = _write_rows(table, source)
        types = {column.name: _type(column, digits) for column in table.columns}
        statement = _WRITE.format(
            selected=", ".join(_selected(column) for column in table.columns),
            columns=", ".join(f"{_text(n)}: {_text(t)}" for n, t in types.items()),
            source=_text(str(source)),
            target=_text(str(target)),
            longest=_LONGEST_ROW,
            mark=MARK,
            name=_text(name),
        )
        config = {**_OFFLINE, "temp_directory": folder}
        with duckdb.connect(":memory:", config=config) as connection:
            try:
                connection.execute(statement)
            except duckdb.ConversionException:
                raise errors.UsageError(
                    f"An amount has more digits than a Parquet column of {name} holds.",
                    hint="Use --format csv or json, which keep all digits.",
                    word="too-many-digits",
                ) from None
    return count


def _duckdb() -> Any:
    try:
        import duckdb
    except ModuleNotFoundError:
        raise errors.ConfigurationError(
            "Parquet files need duckdb, which is not installed.",
            hint=f"Run `{extras.install_command('parquet')}`, or use --format csv.",
        ) from None
    return duckdb


def _write_rows(table: Table, file: Path) -> tuple[int, int]:
    """
    Write the rows for duckdb; returns how many, and the largest number of digits of a
    currency. A known text begins with a point, so that an empty one is not unknown.
    """
    texts = [_is_text(column) for column in table.columns]
    codes = {table.position(c.currency) for c in table.columns if c.kind is Kind.MONEY}
    seen: set[str] = set()
    count = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        for columns in tables.plain_batches(table):
            count += len(columns[0])
            for index in codes:
                seen.update(columns[index])
            cells = [
                [*map(_quoted if is_text else _plain, values)]
                for is_text, values in zip(texts, columns, strict=True)
            ]
            stream.writelines(f"{','.join(row)}\n" for row in zip(*cells, strict=True))
    return count, max(map(money.exponent, seen), default=2)


def _quoted(text: str | None) -> str:
    """
    A text with a point before it and in quotation marks, whatever is in it.
    """
    if text is None:
        return ""
    doubled = text.replace('"', '""')
    return f'".{doubled}"'


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _is_text(column: Column) -> bool:
    return column.kind in (Kind.TEXT, Kind.LOCAL, Kind.DAY)


def _type(column: Column, digits: int) -> str:
    if column.kind is Kind.MONEY:
        return f"DECIMAL(18, {digits})"
    return _TYPES.get(column.kind, "VARCHAR")


def _selected(column: Column) -> str:
    """
    A column as it is in the file. A month, which a column of days may hold, is not a
    day and remains text in a column of texts.
    """
    name = f'"{column.name}"'
    if not _is_text(column):
        return name
    text = f"substr({name}, 2)"
    if column.kind is Kind.DAY:
        return f"CAST({text} AS DATE) AS {name}"
    if column.kind is Kind.LOCAL:
        return f"CAST({text} AS TIMESTAMP) AS {name}"
    return f"{text} AS {name}"


def _text(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"
