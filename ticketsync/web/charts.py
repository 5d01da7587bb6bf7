"""
Small charts as SVG. Pure; colours come from the page's style sheet, so that they follow
dark mode, and every chart carries its numbers as text for who cannot see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

WIDE = 640
HIGH = 160


def bars(title: str, days: Sequence[date], values: Sequence[int]) -> Markup:
    """
    A bar for each day.
    """
    top = _top(values)
    step = WIDE / max(1, len(values))
    parts = [_grid()]
    for n, (day, value) in enumerate(zip(days, values, strict=True)):
        height = HIGH * value / top
        parts.append(
            f'<rect class="bar" x="{n * step + 1:.1f}" '
            f'y="{HIGH - height:.1f}" width="{max(1, step - 2):.1f}" '
            f'height="{height:.1f}"><title>{day:%a %d %b}: {value}</title></rect>'
        )
    told = ", ".join(
        f"{day:%d %b} {value}" for day, value in zip(days, values, strict=True) if value
    )
    few = [days[0], days[len(days) // 2], days[-1]] if len(days) > 2 else days
    return _figure(title, told or "nothing sold", top, parts, few)


def curve(
    title: str, points: Sequence[tuple[date, int]], capacity: int | None
) -> Markup:
    """
    A number that grows from day to day, in steps, with the capacity as a line above it.
    """
    if not points:
        return Markup("")
    first, last = points[0][0], points[-1][0]
    days = max(1, (last - first).days)
    top = _top([value for _, value in points] + ([capacity] if capacity else []))

    def x(day: date) -> float:
        return WIDE * (day - first).days / days

    def y(value: int) -> float:
        return HIGH * (1 - value / top)

    path = [f"M{x(first):.1f} {HIGH}"]
    for day, value in points:
        path.append(f"H{x(day):.1f}V{y(value):.1f}")
    path.append(f"H{WIDE}")
    line = "".join(path)
    parts = [
        _grid(),
        f'<path class="area" d="{line}V{HIGH}Z"/>',
        f'<path class="line" d="{line}"/>',
    ]
    if capacity:
        parts.append(
            f'<line class="limit" x1="0" x2="{WIDE}" y1="{y(capacity):.1f}" '
            f'y2="{y(capacity):.1f}"><title>capacity {capacity}</title></line>'
        )
    told = ", ".join(f"{day:%d %b} {value}" for day, value in points)
    return _figure(title, told, top, parts, [first, last] if last > first else [first])


def _top(values: Sequence[int]) -> int:
    """
    A round number that is not below any of these.
    """
    most = max([*values, 1])
    step = int(10 ** (len(str(most)) - 1))
    for part in (1, 2, 3, 4, 6, 8, 10):
        if most <= part * step:
            return part * step
    return most


def _grid() -> str:
    return "".join(
        f'<line class="grid" x1="0" x2="{WIDE}" y1="{y}" y2="{y}"/>'
        for y in (0, HIGH // 2, HIGH)
    )


def _figure(
    title: str, told: str, top: int, parts: Sequence[str], days: Sequence[date]
) -> Markup:
    """
    The drawing stretches with the page; its labels stand beside it and do not.
    """
    labels = "".join(f"<span>{day:%d %b}</span>" for day in days)
    return Markup(  # noqa: S704  # everything foreign in it is escaped
        f'<figure class="chart"><div class="top" aria-hidden="true">{top}</div>'
        f'<svg role="img" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" '
        f'aria-label="{escape(title)}: {escape(told)}">{"".join(parts)}</svg>'
        f'<figcaption aria-hidden="true">{labels}</figcaption></figure>'
    )
