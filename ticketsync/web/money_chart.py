"""
What shows earned as stacked bars, one chart for each currency, each on its own scale.
Pure; colours come from the style sheet. The table on the page has the same figures.

Across, the drawing stretches with the page (per cent); its heights are pixels, so that
text keeps its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ticketsync.core.money import Money
from ticketsync.web.charts import round_top
from ticketsync.web.filters import amount

HEIGHT = 150  # of the tallest bar
ABOVE = 22
BELOW = 24
LABELS = 10  # at most, below the bars
NARROW_LABELS = 4  # the same on a telephone
FIGURES = 14  # with more bars there are no figures above them
HATCH = Markup(
    '<svg class="hidden" aria-hidden="true"><defs><pattern id="hatch" width="7" '
    'height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="7" height="7"/>'
    '<line class="hatch" x1="0" y1="0" x2="0" y2="7"/></pattern></defs></svg>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """
    One bar: `gross` consists of what was refunded, of `net` and `fees` as far as they
    are known, and of the rest, of which nobody knows how much is kept. `is_known` says
    that there is no such rest. `name` is for people, `label` is its short form.
    """

    name: str
    label: str
    gross: Money
    refunded: Money
    fees: Money
    net: Money
    is_known: bool

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """
        The class of each part and its size in minor units, from below; together they
        are the gross.
        """
        left = max(0, self.gross.minor)
        found = []
        kept = self.fees.minor if not self.is_known else left
        for name, size in (
            ("back", self.refunded.minor),
            ("net", self.net.minor),
            ("fees", kept),
        ):
            part = min(left, max(0, size))
            found.append((name, part))
            left -= part
        back, net, fees = found
        return (net, fees, ("open", left), back)

    @property
    def words(self) -> str:
        parts = [
            f"gross {amount(self.gross)} {self.gross.currency}",
            f"refunded {amount(self.refunded)}",
        ]
        known = "" if self.is_known else " known"
        parts.append(f"fees{known} {amount(self.fees)}")
        parts.append(f"net{known} {amount(self.net)}")
        return f"{self.name}: {', '.join(parts)}"


def money_bars(title: str, bars: Sequence[Bar]) -> Markup:
    """
    The chart of bars in one currency, of which there is at least one.
    """
    currency = bars[0].gross.currency
    top = round_top([bar.gross.minor for bar in bars])
    step = 100 / len(bars)
    bottom = ABOVE + HEIGHT
    drawn = [_rule(y, "zero" if y == bottom else "rule") for y in _lines(bottom)]
    every = -(-len(bars) // LABELS)
    often = every * -(-len(bars) // (every * NARROW_LABELS))
    for index, bar in enumerate(bars):
        drawn.append(
            _bar(bar, index * step, step, top, has_figure=len(bars) <= FIGURES)
        )
        if index % every == 0:
            middle = (index + 0.5) * step
            shown = "" if index % often == 0 else ' class="only-wide"'
            drawn.append(
                f'<text{shown} x="{middle:.2f}%" y="{bottom + 18}" '
                f'text-anchor="middle">'
                f"{escape(bar.label)}</text>"
            )
    axis = "".join(
        f'<text x="100%" y="{y + 4}" text-anchor="end">'
        f"{_whole(Money(top * (bottom - y) // HEIGHT, currency))}</text>"
        for y in _lines(bottom)
    )
    size = bottom + BELOW
    return Markup(  # noqa: S704  # nosec B704  # all foreign text is escaped
        f'<div class="plot"><svg class="axis" height="{size}" aria-hidden="true">{axis}'
        f'</svg><svg width="100%" height="{size}" role="img" '
        f'aria-label="{escape(title)}. The table below says the same.">'
        f"{''.join(drawn)}</svg></div>"
    )


def _lines(bottom: int) -> tuple[int, int, int]:
    return (bottom, bottom - HEIGHT // 2, bottom - HEIGHT)


def _rule(y: int, kind: str) -> str:
    return f'<line class="{kind}" x1="0" x2="100%" y1="{y}" y2="{y}"/>'


def _bar(bar: Bar, left: float, step: float, top: int, *, has_figure: bool) -> str:
    drawn, y = [], float(ABOVE + HEIGHT)
    x, width = left + step * 0.14, step * 0.72
    for name, size in bar.parts:
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
        f'y="{y - 5:.1f}" text-anchor="middle">{_whole(bar.gross)}</text>'
        if has_figure
        else ""
    )
    return f"<g><title>{escape(bar.words)}</title>{''.join(drawn)}{figure}</g>"


def _whole(money: Money) -> str:
    """
    An amount in whole units, for a scale.
    """
    return amount(money).partition(".")[0]
