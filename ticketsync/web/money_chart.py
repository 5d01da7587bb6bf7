"""
What shows earned as stacked bars, one chart for each currency, each on its own scale.
Pure; colours come from the style sheet. The table on the page has the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from markupsafe import Markup

from ticketsync.core.money import Money
from ticketsync.web import charts
from ticketsync.web.filters import amount

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
    that there is no such rest. `name` is for people, `label` is its short form, and
    `note` is what two bars with one label differ by.
    """

    name: str
    label: str
    note: str
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
    stacks = [
        charts.Stack(
            label=bar.label,
            note=bar.note,
            figure=whole(bar.gross),
            words=bar.words,
            parts=bar.parts,
        )
        for bar in bars
    ]
    return charts.stacked_bars(
        title, stacks, lambda minor: on_scale(Money(minor, currency))
    )


def on_scale(money: Money) -> str:
    """
    An amount beside an axis, which has room for six digits: `500,000`, `1.5 M`.
    """
    millions = Decimal(money.text).scaleb(-6)
    if abs(millions) < 1:
        return whole(money)
    rounded = millions.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded:,} M".replace(".0 M", " M").replace("-", "−")


def whole(money: Money) -> str:
    """
    An amount rounded to whole units, above a bar.
    """
    rounded = Decimal(money.text).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{'−' if rounded < 0 else ''}{abs(rounded):,}"
