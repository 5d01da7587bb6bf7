"""
Small SVG charts. Pure functions. Colours come from the style sheet, so that they follow
dark mode; every value is shown on hover, and the page has the same figures as a table.

Across, a drawing stretches with the page (per cent); its heights are pixels, so that
text keeps its size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from ticketsync.core.invisible_characters import on_page

HEIGHT = 150  # of the plot, between its lowest and its highest line
ABOVE = 22
BELOW = 24
BESIDE = 16  # more below, where a label has a second line
LABELS = 10  # at most, below the bars
NARROW_LABELS = 4  # the same on a telephone
WIDEST = 12.0  # of a bar, per cent
FIGURES = 14  # with more bars there are no figures above them
WIDTH = 640  # of a curve, in its own units

Scale = Callable[[int], str]  # a value of the axis in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """
    One stacked bar: the class and the size of each part, from below. `label` stands
    below the bar and `note` below that, `figure` above it, `words` are shown on hover.
    """

    label: str
    figure: str
    words: str
    parts: Sequence[tuple[str, int]]
    note: str = ""

    @property
    def size(self) -> int:
        return sum(size for _, size in self.parts)


def stacked_bars(title: str, stacks: Sequence[Stack], scale: Scale) -> Markup:
    """
    A chart of stacked bars, of which there is at least one.
    """
    top = round_top([stack.size for stack in stacks])
    step = 100 / len(stacks)
    bottom = ABOVE + HEIGHT
    drawn = [*_rules()]
    every = -(-len(stacks) // LABELS)
    often = every * -(-len(stacks) // (every * NARROW_LABELS))
    for index, stack in enumerate(stacks):
        drawn.append(_bar(stack, index * step, step, top, len(stacks) <= FIGURES))
        if index % every == 0:
            middle = (index + 0.5) * step
            shown = "" if index % often == 0 else ' class="only-wide"'
            for y, text in ((18, stack.label), (18 + BESIDE, stack.note)):
                if text:
                    drawn.append(
                        f'<text{shown} x="{middle:.2f}%" y="{bottom + y}" '
                        f'text-anchor="middle">{escape(on_page(text))}</text>'
                    )
    below = BELOW + (BESIDE if any(stack.note for stack in stacks) else 0)
    return _figure(f"{title}. The table says the same.", top, drawn, scale, below)


def curve(
    title: str, points: Sequence[tuple[date, int]], capacity: int | None
) -> Markup:
    """
    Cumulative sales as a stepped line, with the capacity as a labelled line; empty
    without sales.
    """
    if not points:
        return Markup("")
    first, last = points[0][0], points[-1][0]
    days = max(1, (last - first).days + 1)
    top = round_top([points[-1][1], capacity or 0])

    def x(day: date) -> float:
        return (day - first).days / days

    def y(value: int) -> float:
        return HEIGHT * (1 - value / top)

    path = [f"M0 {HEIGHT}"]
    for day, value in points:
        path.append(f"H{WIDTH * x(day):.1f}V{y(value):.1f}")
    path.append(f"H{WIDTH}")
    line = "".join(path)
    drawn = [
        *_rules(),
        f'<svg y="{ABOVE}" width="100%" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f'<path class="area" d="{line}V{HEIGHT}Z"/><path class="line" d="{line}"/>'
        f"</svg>",
    ]
    if capacity:
        level = ABOVE + y(capacity)
        drawn.append(
            f'<line class="limit" x1="0" x2="100%" y1="{level:.1f}" y2="{level:.1f}"/>'
            f'<text class="limit-label" x="6" y="{level - 5:.1f}">'
            f"Capacity {capacity:,}</text>"
        )
    ends = [*(day for day, _ in points[1:]), None]
    for (day, value), end in zip(points, ends, strict=True):
        left, right = 100 * x(day), 100 * (1 if end is None else x(end))
        drawn.append(
            f'<rect class="hover" x="{left:.2f}%" width="{right - left:.2f}%" '
            f'y="{ABOVE}" height="{HEIGHT}"><title>{_day(day)}: {value:,} sold</title>'
            f"</rect>"
        )
    labels = [(0, "start", first), (100, "end", last)] if last > first else []
    for place, anchor, day in labels or [(0, "start", first)]:
        drawn.append(
            f'<text x="{place}%" y="{ABOVE + HEIGHT + 18}" text-anchor="{anchor}">'
            f"{_day(day)}</text>"
        )
    sold = points[-1][1]
    summary = f"{title}: {sold:,} by {_day(last)}. The table says the same."
    return _figure(summary, top, drawn, "{:,}".format)


def round_top(values: Sequence[int]) -> int:
    """
    The upper end of the axis: a round, even number not below any of these, so that the
    line in the middle has a whole number, too.
    """
    highest = max([*values, 2])
    step = int(10 ** (len(str(highest)) - 1))
    for factor in (2, 4, 6, 8, 10) if step == 1 else (1, 2, 3, 4, 6, 8, 10):
        if highest <= factor * step:
            return factor * step
    return highest


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _lines() -> tuple[int, int, int]:
    bottom = ABOVE + HEIGHT
    return (bottom, bottom - HEIGHT // 2, bottom - HEIGHT)


def _rules() -> list[str]:
    kinds = ("zero", "rule", "rule")
    return [
        f'<line class="{kind}" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        for kind, y in zip(kinds, _lines(), strict=True)
    ]


def _bar(stack: Stack, left: float, step: float, top: int, has_figure: bool) -> str:
    drawn, y = [], float(ABOVE + HEIGHT)
    width = min(step * 0.72, WIDEST)
    x = left + (step - width) / 2
    for name, size in stack.parts:
        height = HEIGHT * size / top
        if not height:
            continue
        y -= height
        fill = ' fill="url(#hatch)"' if name == "open" else ""
        drawn.append(
            f'<rect class="{name}"{fill} x="{x:.2f}%" width="{width:.2f}%" '
            f'y="{y:.1f}" height="{height:.1f}"/>'
        )
    figure = (
        f'<text class="top-figure only-wide" x="{left + step / 2:.2f}%" '
        f'y="{y - 5:.1f}" text-anchor="middle">{escape(on_page(stack.figure))}</text>'
        if has_figure
        else ""
    )
    return (
        f"<g><title>{escape(on_page(stack.words))}</title>"
        f'<rect class="hover" x="{left:.2f}%" width="{step:.2f}%" y="{ABOVE}" '
        f'height="{HEIGHT}"/>{"".join(drawn)}{figure}</g>'
    )


def _figure(
    title: str, top: int, drawn: Sequence[str], scale: Scale, below: int = BELOW
) -> Markup:
    bottom = ABOVE + HEIGHT
    size = bottom + below
    axis = "".join(
        f'<text x="100%" y="{y + 4}" text-anchor="end">'
        f"{escape(scale(top * (bottom - y) // HEIGHT))}</text>"
        for y in _lines()
    )
    return Markup(  # noqa: S704  # nosec B704  # all foreign text is escaped
        f'<div class="plot"><svg class="axis" height="{size}" aria-hidden="true">{axis}'
        f'</svg><svg width="100%" height="{size}" role="img" '
        f'aria-label="{escape(on_page(title))}">{"".join(drawn)}</svg></div>'
    )
