"""
Where a command writes what it exports: a file (`-o FILE`), or standard output, which
`-o -` says, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from ticketsync.cli.context import AppContext

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="File to write; - is standard output."),
]


def is_standard(output: Path | None) -> bool:
    """
    Whether standard output is meant: by no name, or by `-`.
    """
    return output is None or str(output) == "-"


def write_text(
    app_context: AppContext,
    output: Path | None,
    write: Callable[[IO[str]], int],
    *,
    is_ours: Callable[[bytes], bool],
    force: bool,
) -> int:
    """
    Write a text to a file or standard output; returns what `write` returns.

    Raises: as `file_writers.into_file`.
    """
    from ticketsync.reporting import file_writers

    if output is None or is_standard(output):
        return write(terminal.data_stream())
    target = app_context.output_file(output, is_ours, force=force)
    with file_writers.into_file(target) as stream:
        return write(stream)


def write_path(
    app_context: AppContext,
    output: Path | None,
    write: Callable[[Path], int],
    *,
    is_ours: Callable[[bytes], bool],
    force: bool,
) -> int:
    """
    Write a file that is not text by its path, also for standard output; returns what
    `write` returns.

    Raises: as `terminal.binary_stream` and `file_writers.into_path`.
    """
    import shutil
    import tempfile

    from ticketsync.reporting import file_writers

    if output is not None and not is_standard(output):
        target = app_context.output_file(output, is_ours, force=force)
        with file_writers.into_path(target) as path:
            return write(path)
    stream = terminal.binary_stream()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        count = write(path)
        with path.open("rb") as written:
            shutil.copyfileobj(written, stream)
    return count


def write_bytes(
    app_context: AppContext,
    output: Path,
    data: bytes,
    *,
    is_ours: Callable[[bytes], bool],
    force: bool,
) -> None:
    """
    Write binary data to a file or standard output.

    Raises: as `terminal.binary_stream` and `file_writers.into_file`.
    """
    from ticketsync.reporting import file_writers

    if not is_standard(output):
        file_writers.write_bytes(
            app_context.output_file(output, is_ours, force=force), data
        )
    else:
        terminal.binary_stream().write(data)
