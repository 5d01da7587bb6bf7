"""
Small SVG charts. Pure functions. Colours come from the style sheet, so that they follow
dark mode, and every chart has its numbers as text for screen readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

WIDTH = 640
HEIGHT = 160


def bars(title: str, days: Sequence[date], values: Sequence[int]) -> Markup:
    """
    A bar chart with one bar for each day.
    """
    top = round_top(values)
    step = WIDTH / max(1, len(values))
    parts = [_grid()]
    for n, (day, value) in enumerate(zip(days, values, strict=True)):
        height = HEIGHT * value / top
        parts.append(
            f'<rect class="bar" x="{n * step + 1:.1f}" '
            f'y="{HEIGHT - height:.1f}" width="{max(1, step - 2):.1f}" '
            f'height="{height:.1f}"><title>{day:%a %d %b}: {value}</title></rect>'
        )
    summary = ", ".join(
        f"{day:%d %b} {value}" for day, value in zip(days, values, strict=True) if value
    )
    labels = [days[0], days[len(days) // 2], days[-1]] if len(days) > 2 else days
    return _figure(title, summary or "nothing sold", top, parts, labels)


def curve(
    title: str, points: Sequence[tuple[date, int]], capacity: int | None
) -> Markup:
    """
    A step chart of a number that grows from day to day, with the capacity as a line.
    """
    if not points:
        return Markup("")
    first, last = points[0][0], points[-1][0]
    days = max(1, (last - first).days)
    top = round_top([value for _, value in points] + ([capacity] if capacity else []))

    def x(day: date) -> float:
        return WIDTH * (day - first).days / days

    def y(value: int) -> float:
        return HEIGHT * (1 - value / top)

    path = [f"M{x(first):.1f} {HEIGHT}"]
    for day, value in points:
        path.append(f"H{x(day):.1f}V{y(value):.1f}")
    path.append(f"H{WIDTH}")
    line = "".join(path)
    parts = [
        _grid(),
        f'<path class="area" d="{line}V{HEIGHT}Z"/>',
        f'<path class="line" d="{line}"/>',
    ]
    if capacity:
        parts.append(
            f'<line class="limit" x1="0" x2="{WIDTH}" y1="{y(capacity):.1f}" '
            f'y2="{y(capacity):.1f}"><title>capacity {capacity}</title></line>'
        )
    summary = ", ".join(f"{day:%d %b} {value}" for day, value in points)
    labels = [first, last] if last > first else [first]
    return _figure(title, summary, top, parts, labels)


def round_top(values: Sequence[int]) -> int:
    """
    The upper end of the axis: a round number not below any of these.
    """
    highest = max([*values, 1])
    step = int(10 ** (len(str(highest)) - 1))
    for factor in (1, 2, 3, 4, 6, 8, 10):
        if highest <= factor * step:
            return factor * step
    return highest


def _grid() -> str:
    return "".join(
        f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>'
        for y in (0, HEIGHT // 2, HEIGHT)
    )


def _figure(
    title: str, summary: str, top: int, parts: Sequence[str], days: Sequence[date]
) -> Markup:
    """
    The drawing stretches with the page; its labels are outside of it and do not.
    """
    labels = "".join(f"<span>{day:%d %b}</span>" for day in days)
    return Markup(  # noqa: S704  # nosec B704  # all foreign text is escaped
        f'<figure class="chart"><div class="top" aria-hidden="true">{top}</div>'
        f'<svg role="img" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" '
        f'aria-label="{escape(title)}: {escape(summary)}">{"".join(parts)}</svg>'
        f'<figcaption aria-hidden="true">{labels}</figcaption></figure>'
    )
