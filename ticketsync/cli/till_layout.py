"""
How the till looks: the lines of its screen, made of what is known and what was typed.
Nothing here reads or writes anything.

80 × 24 is what it is made for. On a narrower terminal the parts of a line stand below
each other; where the lines do not fit, what can be missed goes first, and never the
basket's total or a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ticketsync.cli import boxoffice_output, terminal
from ticketsync.cli.till_keys import MOST_TIERS, Mode, TillState
from ticketsync.cli.till_lines import (
    BAD,
    BOLD,
    DIM,
    FEW_KEYS,
    GOOD,
    KEYS,
    MARGIN,
    PLAIN,
    Line,
    at_end,
    clipped,
    fit,
    help_lines,
    key_lines,
    two,
    wrapped,
)
from ticketsync.core import clock, money
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.boxoffice.placed_orders import PlacedOrder
    from ticketsync.boxoffice.shows_on_sale import ShowOnSale
    from ticketsync.workflows.boxoffice.availability import TierLeft
    from ticketsync.workflows.boxoffice.till_view import TillView

WIDE = 64  # columns from which a line has room for two parts
BAR = 20
WAITING = (
    "Waiting for the database… Keys do nothing until it answers; Ctrl-C leaves the "
    "till."
)


@dataclass(frozen=True, slots=True)
class Picture:
    """
    What is drawn: the view of the till, what was typed, and what is due in minor units
    for the basket, with its vouchers. `is_waiting`: the database does not answer.
    """

    view: TillView
    state: TillState
    till: str
    person: str
    due: int
    now: datetime
    is_waiting: bool = False


def draw(picture: Picture, columns: int, rows: int) -> list[Line]:
    """
    The lines of the screen, at most so many, none wider than the terminal.
    """
    lines = _fitting(picture, max(terminal.MIN_WIDTH, columns), rows)
    return [clipped(line, columns) for line in lines]


def _fitting(picture: Picture, columns: int, rows: int) -> list[Line]:
    if picture.state.mode is Mode.HELP:
        return help_lines(columns, rows)[:rows]
    levels: Sequence[Callable[[], list[Line]]] = (
        lambda: _screen(picture, columns),
        lambda: _screen(picture, columns, keys=FEW_KEYS),
        lambda: _screen(picture, columns, keys=FEW_KEYS, has_platforms=False),
        lambda: _screen(
            picture, columns, keys=FEW_KEYS, has_platforms=False, has_rules=False
        ),
        lambda: _screen(
            *(picture, columns),
            keys=(),
            has_platforms=False,
            has_rules=False,
            is_short=True,
        ),
    )
    lines: list[Line] = []
    for level in levels:
        lines = level()
        if len(lines) <= rows:
            return lines
    return _cut(lines, rows)


def _cut(lines: list[Line], rows: int) -> list[Line]:
    """
    The first line, and as many of the last as there is room for.
    """
    return lines[:1] + lines[len(lines) - rows + 1 :] if rows > 1 else lines[-1:]


def as_text(lines: Sequence[Line]) -> str:
    """
    A screen without its colours.
    """
    return "\n".join("".join(text for _, text in line).rstrip() for line in lines)


def _screen(
    picture: Picture,
    columns: int,
    *,
    keys: Sequence[str] = KEYS,
    has_platforms: bool = True,
    has_rules: bool = True,
    is_short: bool = False,
) -> list[Line]:
    rule = [((DIM, MARGIN + "─" * (columns - 2)),)] if has_rules else []
    return [
        *_header(picture, columns),
        *rule,
        *_tiers(picture, columns),
        *rule,
        *_basket(picture, columns, is_short=is_short),
        *rule,
        *_entry(picture, columns),
        *rule,
        *_last(picture, columns),
        *(_platforms(picture, columns) if has_platforms else []),
        *(rule if keys else []),
        *key_lines(keys, columns),
    ]


# Parts of the screen


def _header(picture: Picture, columns: int) -> list[Line]:
    show = picture.view.left.show
    starts = clock.parse_local(show.starts_local)
    title = [safe(show.production), f"{starts:%a %d %b %H:%M}"]
    if columns >= WIDE:
        title.append(safe(picture.view.venue))
    local = clock.local(picture.now, show.timezone)
    parts = (f"Till {safe(picture.till)}", safe(picture.person), f"{local:%H:%M}")
    right = " · ".join(part for part in parts if part)
    return two(" · ".join(title), right, columns, BOLD, PLAIN)


def _tiers(picture: Picture, columns: int) -> list[Line]:
    view = picture.view
    tiers = view.left.tiers
    shown = tiers[:MOST_TIERS]
    lines = [_tier_head(picture, columns)]
    lines += [
        _tier(number, item, picture, columns) for number, item in enumerate(shown, 1)
    ]
    if len(tiers) > len(shown):
        more = number_of(len(tiers) - len(shown), "more price", "more prices")
        lines += wrapped(f"{more}: `ticketsync boxoffice sell`", columns, DIM)
    if not view.left.is_open:
        lines += wrapped("The sale is not open now.", columns, BAD)
    return lines


def _tier_head(picture: Picture, columns: int) -> Line:
    name, price, left, _ = _widths(columns)
    people = f"in {picture.view.admitted:,} of {picture.view.expected:,}"
    head = (
        f"{MARGIN}    {' ' if columns >= WIDE else ''}"
        f"{fit('TIER', name)}{'PRICE':>{price}}{'LEFT':>{left}}"
    )
    if columns < WIDE:
        return ((DIM, head),)
    return ((DIM, head + at_end(people, columns, terminal.cell_width(head))),)


def _widths(columns: int) -> tuple[int, int, int, int]:
    """
    The columns of a tier's name, price, what is left, and the bar behind it.
    """
    if columns >= WIDE:
        bar = BAR + 3
        return columns - 7 - 11 - 10 - bar - 1, 11, 10, bar
    return columns - 5 - 10 - 11 - 1, 10, 11, 0


def _tier(number: int, item: TierLeft, picture: Picture, columns: int) -> Line:
    name, price, left, bar = _widths(columns)
    note = _note(item)
    style = DIM if note == "sold out" or not item.is_open else PLAIN
    is_wide = columns >= WIDE
    count = "–" if item.left is None else f"{item.left:,}"
    if not is_wide and note:
        count = note if note in ("sold out", "not open") else f"{count} {note[:7]}"
    elif note == "sold out":
        count = note
    amount = money.grouped_text(item.tier.price, item.tier.currency)
    key = f"{MARGIN}{' ' if is_wide else ''}{number}   "[: 6 if is_wide else 5]
    text = f"{key}{fit(safe(item.tier.name), name)}{amount:>{price}}{count:>{left}}"
    if not is_wide:
        return ((style, text),)
    shown = note if note and note != "sold out" else _bar(item, picture)
    return ((style, text), (GOOD if shown != note else style, f"   {shown}"[:bar]))


def _note(item: TierLeft) -> str:
    if not item.is_open:
        return "not open"
    if item.left == 0:
        return "sold out"
    return "members only" if item.tier.members_only else ""


def _bar(item: TierLeft, picture: Picture) -> str:
    """
    How much of a tier is taken, or of the show where the tier has no limit.
    """
    taken, limit = picture.view.left.taken, item.tier.capacity
    used = taken.of_tier(item.tier.id)
    if limit is None:
        used, limit = taken.total, picture.view.left.show.capacity
    if not limit or item.left is None or item.left == 0:
        return ""
    full = min(BAR, BAR * used // limit)
    return "█" * full + "░" * (BAR - full)


def _basket(picture: Picture, columns: int, *, is_short: bool) -> list[Line]:
    state = picture.state
    order = picture.view.basket if state.lines else None
    member = f"member {safe(state.member)}" if state.member else ""
    whose = " · ".join(part for part in (safe(state.name), member) if part)
    until, style = _until(picture, order)
    lines = two(
        f"BASKET  {whose}".rstrip(), until, columns, BOLD if state.lines else DIM, style
    )
    currency = picture.view.left.show.currency
    if state.lines and is_short:
        text = ", ".join(f"{number:,} × {safe(name)}" for name, number in state.lines)
        lines += wrapped(text, columns)
    elif state.lines:
        amounts = _amounts(order)
        for name, number in state.lines:
            shown = money.grouped_text(amounts.get(name, 0), currency)
            lines += two(f"  {number:,} × {safe(name)}", shown, columns)
        lines += _discounts(picture, order, columns)
    total = money.grouped_text(picture.due, currency)
    lines += two("", f"TOTAL {currency}  {total:>12}", columns, PLAIN, BOLD)
    return lines


def _discounts(picture: Picture, order: PlacedOrder | None, columns: int) -> list[Line]:
    if not picture.state.vouchers or order is None:
        return []
    off = picture.due - order.total
    shown = money.grouped_text(off, order.currency)
    number = number_of(len(picture.state.vouchers), "voucher")
    return two(f"  {number}", shown, columns)


def _amounts(order: PlacedOrder | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for ticket in order.basket if order else ():
        found[ticket.tier.name] = found.get(ticket.tier.name, 0) + ticket.due
    return found


def _until(picture: Picture, order: PlacedOrder | None) -> tuple[str, str]:
    if order is None:
        return "", PLAIN
    if not order.is_held(picture.now):
        return "the hold is over", BAD
    zone = picture.view.left.show.timezone
    return f"held until {clock.local(order.held_until, zone):%H:%M:%S}", PLAIN


def _entry(picture: Picture, columns: int) -> list[Line]:
    """
    The question that is asked, or what came of the last key.
    """
    state = picture.state
    question = _question(picture)
    waits = wrapped(WAITING, columns, BAD) if picture.is_waiting else []
    style = BAD if state.is_error else GOOD
    said = wrapped(safe(state.message, longest=400), columns, style)
    if not question:
        return [*waits, *said] if state.message else waits or [((PLAIN, ""),)]
    asked = question
    if state.mode not in (Mode.UNDO, Mode.CLOSE):
        asked = f"{question} {safe(state.entry)}▏"
    lines = two(asked, _change(picture), columns, BOLD, BOLD)
    if state.mode is Mode.UNDO:
        lines += _admitted(picture.view, columns)
    return [*waits, *lines, *(said if state.message else [])]


def _admitted(view: TillView, columns: int) -> list[Line]:
    """
    What has to be known before a sale is undone: its guests are in.
    """
    if view.last is None or not view.last_admitted:
        return []
    number = sum(view.last.wanted.values())
    text = boxoffice_output.guests_in_words(view.last_admitted, number)
    return wrapped(f"Stop: {text}", columns, BAD)


_QUESTIONS = {
    Mode.FLOAT: "The till is not open. Cash in the drawer, then Enter:",
    Mode.CASH: "Cash given:",
    Mode.CARD: "Card: what the terminal printed, or only Enter:",
    Mode.VOUCHER: "Voucher:",
    Mode.FREE: "Free: for whom, then Enter (Esc: no):",
    Mode.NAME: "Name:",
    Mode.MEMBER: "Member's number:",
    Mode.COUNT: "Cash counted, 365.00 or 3x50 4x20 135 (only Enter: leave it open):",
}


def _question(picture: Picture) -> str:
    state, view = picture.state, picture.view
    if state.mode is Mode.NUMBER:
        return f"How many {safe(state.last_line)}:"
    if state.mode is Mode.UNDO and view.last is not None:
        return f"Undo {last_in_words(view)}? u: yes; another key: no."
    if state.mode is Mode.CLOSE and view.drawer is not None:
        return _closing(picture, state.counted or 0, view.drawer.expected)
    return _QUESTIONS.get(state.mode, "")


def _closing(picture: Picture, counted: int, expected: int) -> str:
    currency = picture.view.left.show.currency
    difference = counted - expected
    shown = [
        money.grouped_text(it, currency) for it in (counted, expected, abs(difference))
    ]
    word = "over" if difference > 0 else "short" if difference else "difference"
    return (
        f"Counted {shown[0]}, expected {shown[1]}, {word} {shown[2]}. "
        "Enter: close the till; Esc: count again."
    )


def _change(picture: Picture) -> str:
    """
    What is to be handed back of the cash that is being typed.
    """
    from ticketsync.core import errors

    currency = picture.view.left.show.currency
    if picture.state.mode is not Mode.CASH:
        return ""
    try:
        given = boxoffice_output.counted_cash(picture.state.entry, currency)
    except errors.UsageError:
        return ""
    if given < picture.due:
        return ""
    back = money.grouped_text(given - picture.due, currency)
    return f"change {currency}  {back:>10}"


def _last(picture: Picture, columns: int) -> list[Line]:
    last = picture.view.last
    if last is None:
        return wrapped("LAST  nothing was sold at this till yet", columns, DIM)
    zone = picture.view.left.show.timezone
    at = f"{clock.local(last.paid_at, zone):%H:%M}" if last.paid_at else ""
    show = picture.view.last_show
    is_other = show is not None and show.show_id != picture.view.left.show.show_id
    named = [show_in_words(show)] if show is not None and is_other else []
    text = "  ".join(("LAST", last.reference, *named, *sold_in_words(last), at))
    return two(text, "u undo   p print again", columns, PLAIN, DIM)


def last_in_words(view: TillView) -> str:
    """
    The last sale, as it is asked about: `TS-7K4P-2Q, Late Laughs Fri 27 Nov 19:30, 3
    tickets, 165.00 cash`.
    """
    if view.last is None:
        return ""
    show = (show_in_words(view.last_show),) if view.last_show is not None else ()
    return ", ".join((view.last.reference, *show, *sold_in_words(view.last)))


def show_in_words(show: ShowOnSale) -> str:
    starts = clock.parse_local(show.starts_local)
    return f"{safe(show.production)} {starts:%a %d %b %H:%M}"


def sold_in_words(order: PlacedOrder) -> tuple[str, str]:
    """
    What an order comes to, without what went back of it: `3 tickets` and `50.00 voucher
    + 115.00 cash`.
    """
    kept = [
        f"{money.grouped_text(payment.kept, order.currency)} {payment.method}"
        for payment in order.payments
        if payment.kept
    ]
    tickets = sum(order.wanted.values())
    return number_of(tickets, "ticket"), " + ".join(kept) or "free"


def _platforms(picture: Picture, columns: int) -> list[Line]:
    left = picture.view.left
    parts = [
        f"{safe(it.account)} {'' if number else 'read '}{clock.ago(it.last_read_at)}"
        for number, it in enumerate(left.platforms)
    ]
    if left.show.held_back:
        seats = number_of(left.show.held_back, "seat is", "seats are")
        parts.append(f"{seats} held back")
    return wrapped(" · ".join(parts), columns, DIM) if parts else []
