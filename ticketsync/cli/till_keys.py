"""
The keys of the till: from what is on the screen and a key to what is on it next, and to
what is to be done. Nothing here reads or writes anything; the basket changes only when
its seats were allocated, so a refused key leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ticketsync.cli import boxoffice_output
from ticketsync.core import errors

MOST_TIERS = 9  # as many as there are digits
LONGEST_ENTRY = 80
ENTER, BACKSPACE, ESCAPE = "enter", "backspace", "escape"


class Mode(StrEnum):
    """
    What a key means at the moment: a sale, or a part of an answer to a question.
    """

    SELL = "sell"
    FLOAT = "float"
    CASH = "cash"
    CARD = "card"
    VOUCHER = "voucher"
    FREE = "free"
    NAME = "name"
    MEMBER = "member"
    NUMBER = "number"
    UNDO = "undo"
    COUNT = "count"
    CLOSE = "close"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Offer:
    """
    A tier that has a digit, and how many of it are sold at least.
    """

    name: str
    least: int = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What the keys need to know: the tiers, what is due for the basket in minor units,
    the last order of the till and how many of its guests are in, and what must be in
    the drawer.
    """

    offers: Sequence[Offer]
    currency: str
    due: int = 0
    last: str | None = None
    admitted: int = 0
    expected: int = 0


Lines = tuple[tuple[str, int], ...]  # tiers by name, and how many, in order of the keys


@dataclass(frozen=True, slots=True)
class Undo:
    """
    Undo that order, of which somebody has seen that so many guests are in.
    """

    reference: str
    admitted: int = 0


@dataclass(frozen=True, slots=True)
class TillState:
    """
    `last_line` is the tier that `+`, `-` and `=` mean. `vouchers` are codes; `counted`
    is the cash that was counted and `undo` what is to be undone, to be confirmed.
    `is_error`: the message is a refusal.
    """

    mode: Mode = Mode.SELL
    lines: Lines = ()
    last_line: str = ""
    entry: str = ""
    name: str = ""
    member: str = ""
    vouchers: tuple[str, ...] = ()
    counted: int | None = None
    undo: Undo | None = None
    message: str = ""
    is_error: bool = False

    @property
    def is_asked(self) -> bool:
        """
        Whether a text is typed, and not single keys.
        """
        return self.mode not in (Mode.SELL, Mode.UNDO, Mode.CLOSE, Mode.HELP)

    @property
    def is_refusal(self) -> bool:
        return self.is_error and bool(self.message)

    def saying(self, message: str, *, is_error: bool = False) -> TillState:
        return replace(self, message=message, is_error=is_error)

    def back_to_sale(self, message: str = "") -> TillState:
        return replace(self, mode=Mode.SELL, entry="", message=message, is_error=False)


@dataclass(frozen=True, slots=True)
class SetBasket:
    """
    Let the basket be these lines; nothing of them drops it.
    """

    lines: Lines
    last_line: str = ""


@dataclass(frozen=True, slots=True)
class SetMember:
    number: str


@dataclass(frozen=True, slots=True)
class AddVoucher:
    code: str


@dataclass(frozen=True, slots=True)
class Pay:
    """
    Take what is due: cash, of which so much was given, or by a card terminal that
    printed `slip`.
    """

    method: str
    given: int | None = None
    slip: str = ""


@dataclass(frozen=True, slots=True)
class GiveAway:
    note: str


@dataclass(frozen=True, slots=True)
class PrintAgain:
    reference: str


@dataclass(frozen=True, slots=True)
class OpenTill:
    opening_float: int


@dataclass(frozen=True, slots=True)
class CloseTill:
    counted: int


@dataclass(frozen=True, slots=True)
class Leave:
    pass


Action = (
    SetBasket
    | SetMember
    | AddVoucher
    | Pay
    | GiveAway
    | Undo
    | PrintAgain
    | OpenTill
    | CloseTill
    | Leave
)
Pressed = tuple[TillState, Action | None]
EMPTY = "The basket is empty: press the digit of a price."


def press(state: TillState, key: str, facts: Facts) -> Pressed:
    """
    What a key does: the next state, and what is to be done, if anything.
    """
    if state.mode is Mode.HELP:
        return state.back_to_sale(), None
    if state.mode is Mode.SELL:
        after, action = _sell(state.saying(""), key, facts)
        if action is None and _is_nothing(state, after, key):
            return state, None
        return after, action
    if state.mode is Mode.UNDO:
        return _confirm_undo(state, key)
    if state.mode is Mode.CLOSE:
        return _confirm_close(state, key)
    return _type(state, key, facts)


def _is_nothing(state: TillState, after: TillState, key: str) -> bool:
    """
    Whether a key means nothing: what is said stays then, for example what to give back.
    The key of a sale, pressed once more behind it, is such a key.
    """
    if after == state.saying(""):
        return key != ESCAPE
    is_once_more = after.message == EMPTY and not state.is_error
    return is_once_more and state.message != ""


def _sell(state: TillState, key: str, facts: Facts) -> Pressed:
    if key.isascii() and key.isdigit() and key != "0":
        return _add(state, int(key), facts)
    if key in ("+", "-", BACKSPACE):
        return _change_last(state, 1 if key == "+" else -1, facts)
    if key == ESCAPE:
        clean = TillState(message="" if not state.lines else "The basket was dropped.")
        return clean, SetBasket(()) if state.lines else None
    if key in _QUESTIONS:
        return _ask(state, _QUESTIONS[key], facts)
    if key == "e":
        if not state.lines:
            return state.saying(EMPTY, is_error=True), None
        return state, Pay("cash")
    if key == "p":
        if facts.last is None:
            return state.saying("Nothing was sold at this till yet."), None
        return state, PrintAgain(facts.last)
    if key == "?":
        return replace(state, mode=Mode.HELP), None
    return state, None


_QUESTIONS = {
    "c": Mode.CASH,
    "k": Mode.CARD,
    "v": Mode.VOUCHER,
    "f": Mode.FREE,
    "n": Mode.NAME,
    "m": Mode.MEMBER,
    "=": Mode.NUMBER,
    "u": Mode.UNDO,
    "q": Mode.COUNT,
}
_OF_BASKET = {Mode.CASH, Mode.CARD, Mode.VOUCHER, Mode.FREE, Mode.NUMBER}


def _ask(state: TillState, mode: Mode, facts: Facts) -> Pressed:
    if mode in _OF_BASKET and not state.lines:
        return state.saying(EMPTY, is_error=True), None
    if mode is Mode.COUNT and state.lines:
        return state.saying("Sell the basket first, or drop it: Esc.", is_error=True), (
            None
        )
    if mode is Mode.UNDO:
        if facts.last is None:
            return state.saying("Nothing was sold at this till yet."), None
        state = replace(state, undo=Undo(facts.last, facts.admitted))
    return replace(state, mode=mode, entry=""), None


def _add(state: TillState, digit: int, facts: Facts) -> Pressed:
    if digit > min(len(facts.offers), MOST_TIERS):
        return state.saying(f"No price has the digit {digit}.", is_error=True), None
    offer = facts.offers[digit - 1]
    number = dict(state.lines).get(offer.name, 0)
    more = 1 if number else max(1, offer.least)
    return state, _with_line(state, offer.name, number + more)


def _change_last(state: TillState, by: int, facts: Facts) -> Pressed:
    if not state.lines:
        return state.saying(EMPTY, is_error=True), None
    name = state.last_line
    number = dict(state.lines)[name] + by
    least = {offer.name: offer.least for offer in facts.offers}.get(name, 1)
    return state, _with_line(state, name, number if number >= least else 0)


def _with_line(state: TillState, name: str, number: int) -> SetBasket:
    """
    The basket with so many of that tier, which the last line is then.
    """
    counts = {**dict(state.lines), name: number}
    lines = tuple((tier, count) for tier, count in counts.items() if count > 0)
    last = name if number > 0 else (lines[-1][0] if lines else "")
    return SetBasket(lines, last)


def _confirm_undo(state: TillState, key: str) -> Pressed:
    """
    What is undone is what was asked about, whatever was sold since.
    """
    if key == "u":
        return state.back_to_sale(), state.undo
    return state.back_to_sale("Nothing was undone."), None


def _confirm_close(state: TillState, key: str) -> Pressed:
    if key == ENTER and state.counted is not None:
        return state, CloseTill(state.counted)
    if key in (ESCAPE, BACKSPACE):
        return replace(state, mode=Mode.COUNT, counted=None, entry=""), None
    return state, None


def _type(state: TillState, key: str, facts: Facts) -> Pressed:
    if key == ESCAPE:
        if state.mode is Mode.FLOAT:
            return state, Leave()
        return state.back_to_sale(), None
    if key == BACKSPACE:
        return replace(state, entry=state.entry[:-1], message=""), None
    if key == ENTER:
        try:
            return _answer(state.saying(""), facts)
        except errors.UsageError as error:
            return state.saying(f"{error.message} {error.hint}", is_error=True), None
    if len(key) == 1 and key.isprintable() and len(state.entry) < LONGEST_ENTRY:
        return replace(state, entry=state.entry + key, message=""), None
    return state, None


def _answer(state: TillState, facts: Facts) -> Pressed:
    """
    What the Enter key does behind what was typed.

    Raises: `UsageError` for what is no answer.
    """
    text, sale = state.entry.strip(), state.back_to_sale()
    match state.mode:
        case Mode.FLOAT:
            amount = boxoffice_output.counted_cash(text or "0", facts.currency)
            return state, OpenTill(amount)
        case Mode.CASH:
            return sale, _paid_by_cash(text, facts)
        case Mode.CARD:
            return sale, Pay("card", slip=text)
        case Mode.FREE:
            return sale, GiveAway(text)
        case Mode.VOUCHER:
            return sale, AddVoucher(text) if text else None
        case Mode.MEMBER:
            return sale, SetMember(text) if text else None
        case Mode.NAME:
            return replace(sale, name=text), None
        case Mode.NUMBER:
            return sale, _with_line(sale, state.last_line, _number(text))
        case Mode.COUNT:
            return _counted(state, text, facts)
    raise AssertionError(state.mode)


def _paid_by_cash(text: str, facts: Facts) -> Pay:
    if not text:
        return Pay("cash")
    given = boxoffice_output.counted_cash(text, facts.currency)
    if given < facts.due:
        raise errors.UsageError("That is less than what is due.", hint="Take more.")
    return Pay("cash", given=given)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise errors.UsageError(f"{text!r} is not a number.", hint="For example 12.")
    return int(text)


def _counted(state: TillState, text: str, facts: Facts) -> Pressed:
    if not text:
        return state, Leave()
    counted = boxoffice_output.counted_cash(text, facts.currency)
    return replace(state, mode=Mode.CLOSE, counted=counted), None
