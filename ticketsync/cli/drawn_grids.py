"""
Tables drawn on a terminal, in the widths of their layout; below a row what it has no
room for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Any

from ticketsync.cli import terminal
from ticketsync.cli.table_layout import Column, Layout
from ticketsync.core.redact import safe

# Around the line or blank between two columns.
_PADDING = {3: (0, 1, 0, 1), 2: (0, 1, 0, 0), 1: (0, 0, 0, 0)}


def draw(
    columns: Sequence[Column],
    layout: Layout,
    cells: Sequence[Sequence[str]],
    footer_cells: Sequence[Sequence[str]],
    stream: IO[str],
    title: str,
) -> None:
    from rich.console import Console

    class OurConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # it would end us with 1, which means our bug

    console = OurConsole(
        file=stream,
        markup=False,
        highlight=False,
        emoji=False,
        width=sum(layout.widths) + 8 * len(layout.widths),  # the widths already fit
        no_color="NO_COLOR" in os.environ or None,
    )
    below = [_texts_below(columns, layout, texts) for texts in cells]
    if not any(below):
        console.print(_grid(columns, layout, cells, footer_cells, title=title))
        return
    console.print(_grid(columns, layout, [], title=title))
    for texts, paragraphs in zip(cells, below, strict=True):
        console.print(_grid(columns, layout, [texts], with_header=False))
        for text in paragraphs:
            for line in terminal.wrapped(text, terminal.width(stream), indent="  "):
                print(line, file=stream)
    if footer_cells:
        console.print(_grid(columns, layout, [], footer_cells, with_header=False))


def _texts_below(
    columns: Sequence[Column], layout: Layout, texts: Sequence[str]
) -> list[str]:
    """
    The paragraphs below a row: those of its texts in full that were cut and must not
    be, with the titles of their columns, then those that always stand there.
    """
    cut = [
        f"{columns[index].title}: {texts[index]}".removeprefix(": ")
        for index, width in zip(layout.shown, layout.widths, strict=True)
        if columns[index].in_full and terminal.cell_width(texts[index]) > width
    ]
    whole = [texts[index] for index in layout.below if texts[index]]
    return [*([", ".join(cut)] if cut else []), *whole]


def _grid(
    columns: Sequence[Column],
    layout: Layout,
    cells: Sequence[Sequence[str]],
    footer_cells: Sequence[Sequence[str]] = (),
    *,
    title: str = "",
    with_header: bool = True,
) -> Any:
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(
        box=box.SIMPLE_HEAD if terminal.can_draw_lines() else box.ASCII,
        title=Text(safe(title)) if title else None,
        title_justify="left",
        show_header=with_header,
        show_footer=bool(footer_cells),
        show_edge=False,
        pad_edge=False,
        padding=_PADDING[layout.gap],
    )
    for index, column_width in zip(layout.shown, layout.widths, strict=True):
        column = columns[index]
        grid.add_column(
            Text(safe(column.title)),
            footer=Text("\n".join(row[index] for row in footer_cells)),
            justify="right" if column.numeric else "left",
            no_wrap=True,
            width=column_width,
            overflow="ellipsis",
        )
    for texts in cells:
        grid.add_row(
            *(
                Text(_fitting(columns[index], texts[index], column_width))
                for index, column_width in zip(layout.shown, layout.widths, strict=True)
            )
        )
    return grid


def _fitting(column: Column, text: str, columns_wide: int) -> str:
    """
    The text, cut in its middle where the column keeps the end; Rich cuts the others.
    """
    if not column.keeps_end or terminal.cell_width(text) <= columns_wide:
        return text
    end = (columns_wide - 1) * 2 // 3
    begin = columns_wide - 1 - end
    return f"{_taken(text, begin)}…{_taken(text[::-1], end)[::-1]}"


def _taken(text: str, columns_wide: int) -> str:
    """
    As much of the beginning of a text as is at most so wide.
    """
    while terminal.cell_width(text) > columns_wide:
        text = text[:-1]
    return text
