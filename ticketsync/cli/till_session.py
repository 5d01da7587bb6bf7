"""
A till at work: it does what the keys ask for, and keeps what is on the screen.

The basket is a held order. What a key asks for is done before the next key is looked
at, and a sale is committed before anything is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ticketsync.boxoffice import tills
from ticketsync.cli import boxoffice_output, till_keys
from ticketsync.cli.till_keys import (
    Action,
    AddVoucher,
    CloseTill,
    Facts,
    GiveAway,
    Leave,
    Mode,
    Offer,
    OpenTill,
    Pay,
    PrintAgain,
    SetBasket,
    SetMember,
    TillState,
    Undo,
)
from ticketsync.cli.till_layout import (
    Picture,
    last_in_words,
    show_in_words,
    sold_in_words,
)
from ticketsync.core import clock, errors, money
from ticketsync.core.records import Person
from ticketsync.workflows.boxoffice import sell, till_sales, till_view
from ticketsync.workflows.boxoffice.sell import Tender

if TYPE_CHECKING:
    from ticketsync.boxoffice.placed_orders import PlacedOrder
    from ticketsync.boxoffice.tills import Drawer, TillSession
    from ticketsync.boxoffice.vouchers import Voucher
    from ticketsync.workflows.boxoffice.box_office import BoxOffice
    from ticketsync.workflows.boxoffice.till_view import TillView

HOLD_EXPIRED = "hold-expired"
LOCKED = "db-locked"
_READ_FIRST = (Pay, GiveAway, Undo, CloseTill, Leave)


@dataclass(slots=True)
class Till:
    """
    `basket` is the reference of the order that is being sold. `print_order` is given
    the order that was sold, and the cash that was given; it does not wait, and returns
    whether there is a printer. When `has_ended`, `closed` has the session and its
    drawer if it was counted. `is_behind`: what is on the screen could not be read.
    """

    office: BoxOffice
    show_id: int
    name: str
    person: str
    print_order: Callable[[str, int | None], bool]
    view: TillView
    state: TillState = field(default_factory=TillState)
    basket: str | None = None
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    has_ended: bool = False
    is_behind: bool = False
    closed: tuple[TillSession, Drawer] | None = None

    def press(self, key: str) -> bool:
        """
        Do what a key asks for; what is refused is said, and nothing was changed.
        Returns whether keys that were typed behind it still mean what somebody meant:
        not after a refusal, nor after money has changed hands.
        """
        before = self.state
        try:
            self.state, action = till_keys.press(self.state, key, self._facts())
            if action is not None:
                self._do(action)
        except errors.TicketsyncError as error:
            self.say_error(error)
            goes_on = False
        else:
            is_refused = self.state is not before and self.state.is_refusal
            goes_on = not (is_refused or isinstance(action, _READ_FIRST))
            if action is None:
                return goes_on
        self._refresh_after_key()
        return goes_on

    def _refresh_after_key(self) -> None:
        """
        Read the screen again; what the key came to stays said.
        """
        said = self.state
        try:
            self.refresh()
        except errors.TicketsyncError as error:
            self.state = said
            self.note_unread(error)
        else:
            if said.is_error:
                self.state = self.state.saying(said.message, is_error=True)

    def refresh(self) -> None:
        """
        Read again what is on the screen.

        Raises: what `read_view` raises.
        """
        self.view = till_view.read_view(
            self.office, self.show_id, self.name, self.basket
        )
        self.is_behind = False
        if self.view.session is None and self.state.mode is not Mode.FLOAT:
            self.state = replace(self.state, mode=Mode.FLOAT, entry="")
        self._note_end_of_basket()
        self._note_other_last()
        self._read_vouchers()

    def is_stale(self) -> bool:
        """
        Whether the screen is not true any more because time went by, or because it
        could not be read.
        """
        if self.is_behind:
            return True
        return self.view.stale_at is not None and clock.now() >= self.view.stale_at

    def say_error(self, error: errors.TicketsyncError) -> None:
        hint = error.hint
        if error.word == LOCKED:
            hint = (
                "Nothing was changed: press the key again. `ticketsync runs list` says "
                "what is at work."
            )
        text = f"{error.word}: {error.message} {hint}".strip()
        self.state = self.state.saying(text, is_error=True)

    def note_unread(self, error: errors.TicketsyncError) -> None:
        """
        Say that the screen is old, beside what is said: a sale that was made stays so.
        """
        self.is_behind = True
        self._add(f"{error.word}: the screen could not be read again.")

    def note_unprinted(self, reference: str, why: str) -> None:
        """
        Say what was not printed, and what to do, beside what is said: what to give
        back, for example.
        """
        last = self.view.last
        key = "press p, or " if last and last.reference == reference else ""
        command = boxoffice_output.print_command(reference)
        self._add(f"{why} To print {reference}, {key}run {command}.")

    def _add(self, text: str) -> None:
        if text not in self.state.message:
            said = f"{self.state.message} {text}".strip()
            self.state = self.state.saying(said, is_error=True)

    def picture(self) -> Picture:
        """
        What is to be drawn.
        """
        return Picture(
            self.view, self.state, self.name, self.person, self._due(), clock.now()
        )

    def _due(self) -> int:
        order = self.view.basket
        if order is None or not self.state.lines:
            return 0
        return till_sales.amount_due(order, list(self.vouchers.values()))

    def _facts(self) -> Facts:
        view = self.view
        return Facts(
            [Offer(it.tier.name, it.tier.min_quantity) for it in view.left.tiers],
            view.left.show.currency,
            due=self._due(),
            last=view.last.reference if view.last else None,
            admitted=view.last_admitted,
        )

    def _note_end_of_basket(self) -> None:
        """
        Forget a basket that somebody else has paid or cancelled.
        """
        order = self.view.basket
        if order is not None and order.state in ("paid", "cancelled", "refunded"):
            said = (
                f"Order {order.reference} is {order.state} already: look at LAST "
                "before you take money."
            )
            self._forget_basket(said, is_error=True)

    def _note_other_last(self) -> None:
        """
        Ask no more whether to undo a sale that is not the last one by now, or of which
        another guest came in.
        """
        facts = self._facts()
        if self.state.mode is Mode.UNDO and self.state.undo != Undo(
            facts.last or "", facts.admitted
        ):
            said = "The last sale has changed; nothing was undone. Press u to look."
            self.state = self.state.back_to_sale().saying(said, is_error=True)

    def _read_vouchers(self) -> None:
        """
        Read again what is left of the vouchers in the basket: another till may have
        taken them. One that pays nothing any more leaves it, which is said.
        """
        currency = self.view.left.show.currency
        for code in list(self.vouchers):
            try:
                found = till_sales.find_voucher(self.office, code, currency)
            except errors.SaleRefused as refused:
                del self.vouchers[code]
                self.say_error(refused)
            else:
                self.vouchers[code] = found
        self.state = replace(self.state, vouchers=tuple(self.vouchers))

    def _forget_basket(self, message: str = "", *, is_error: bool = False) -> None:
        self.basket = None
        self.vouchers = {}
        self.view = replace(self.view, basket=None)
        self.state = TillState().saying(message, is_error=is_error)

    # What a key asks for

    def _do(self, action: Action) -> None:
        match action:
            case SetBasket():
                self._set_basket(action)
            case SetMember(number):
                self._set_member(number)
            case AddVoucher(code):
                self._add_voucher(code)
            case Pay():
                self._pay(action)
            case GiveAway(note):
                self._give_away(note)
            case Undo():
                self._undo(action)
            case PrintAgain(reference):
                self._print_again(reference)
            case OpenTill(opening_float):
                self._open(opening_float)
            case CloseTill(counted):
                self._close(counted)
            case Leave():
                self.has_ended = True

    def _set_basket(self, wanted: SetBasket) -> None:
        if not wanted.lines:
            if self.basket is not None:
                till_sales.drop_basket(self.office, self.basket)
            self._forget_basket(self.state.message)
            return
        self._hold(dict(wanted.lines))
        self.state = replace(self.state, lines=wanted.lines, last_line=wanted.last_line)

    def _hold(self, wanted: dict[str, int], member: str = "") -> None:
        """
        Hold the seats of a basket: the first time, another number of them, or anew
        where the hold was over meanwhile.
        """
        if self.basket is not None:
            try:
                till_sales.change_basket(
                    self.office, self.basket, wanted, member=member
                )
            except errors.SaleRefused as refused:
                if refused.word != HOLD_EXPIRED:
                    raise
            else:
                return
        held = sell.hold(
            self.office,
            self.show_id,
            wanted,
            member=member or self.state.member,
            till_id=self._session.id,
        )
        if self.basket is not None:
            self.state = self.state.saying("The hold was over: held again.")
        self.basket = held.reference

    @property
    def _session(self) -> TillSession:
        if self.view.session is None:
            raise errors.GuardRefused(
                "The till is not open.", hint="Open it first.", word="till-closed"
            )
        return self.view.session

    def _set_member(self, number: str) -> None:
        till_sales.refuse_no_member(self.office, self.show_id, number)
        if self.state.lines:
            self._hold(dict(self.state.lines), number)
        self.state = replace(self.state, member=number)

    def _add_voucher(self, code: str) -> None:
        currency = self.view.left.show.currency
        found = till_sales.find_voucher(self.office, code, currency)
        if any(voucher.id == found.id for voucher in self.vouchers.values()):
            raise errors.UsageError("That voucher is in the basket already.")
        self.vouchers[code] = found
        self.state = replace(self.state, vouchers=tuple(self.vouchers))

    def _pay(self, action: Pay) -> None:
        due = self._due()
        tender = Tender(
            method=action.method if due else "",
            amount=due,
            vouchers=tuple(self.vouchers),
            reference=action.slip,
            till_id=self._session.id,
        )
        try:
            sold = till_sales.pay_basket(
                self.office, self._reference, tender, buyer=Person(self.state.name)
            )
        except errors.SaleRefused as refused:
            if refused.word != HOLD_EXPIRED:
                raise
            self._hold(dict(self.state.lines))
            said = "The hold was over. The seats are held again: take the money now."
            self.state = self.state.saying(said, is_error=True)
            return
        self._note_sale(sold.order, action.given, due)

    @property
    def _reference(self) -> str:
        assert self.basket is not None, "there are lines"
        return self.basket

    def _note_sale(self, order: PlacedOrder, given: int | None, due: int) -> None:
        """
        Say what was sold, and print it: it is committed.
        """
        said = f"Sold {order.reference}: {', '.join(sold_in_words(order))}."
        if given is not None and given > due:
            back = money.grouped_text(given - due, order.currency)
            said = f"{said} Give back {order.currency} {back}."
        self._forget_basket(said)
        self.print_order(order.reference, given)

    def _give_away(self, note: str) -> None:
        given = till_sales.give_away(
            *(self.office, self._reference, self._session),
            buyer=Person(self.state.name),
            note=note,
        )
        self._note_sale(given.order, None, 0)

    def _undo(self, asked: Undo) -> None:
        sale, last = last_in_words(self.view), self.view.last
        assert last is not None, "it was asked about"
        undone = till_sales.undo(
            self.office, self._session, asked.reference, asked.admitted
        )
        parts = [
            f"{money.grouped_text(amount, last.currency)} {method}"
            for method, amount in undone.returned.items()
        ]
        back = f" Give back {' and '.join(parts)}." if parts else ""
        admitted = ""
        if asked.admitted:
            number = sum(last.wanted.values())
            admitted = boxoffice_output.guests_in_words(asked.admitted, number)
        said = f"Undone: {sale}.{back} {admitted}".rstrip()
        self.state = self.state.saying(said)

    def _print_again(self, reference: str) -> None:
        said = f"{last_in_words(self.view)} goes to the printer."
        if not self.print_order(reference, None):
            said = (
                "This till was started without --print-command: run "
                f"{boxoffice_output.print_command(reference)}."
            )
        self.state = self.state.saying(said)

    def _open(self, opening_float: int) -> None:
        till_view.open_session(
            self.office, self.show_id, self.name, self.person, opening_float
        )
        self.state = self.state.back_to_sale()

    def _close(self, counted: int) -> None:
        self.closed = till_view.close_session(self.office, self._session, counted)
        self.has_ended = True


def start(
    office: BoxOffice,
    show_id: int,
    name: str,
    person: str,
    print_order: Callable[[str, int | None], bool],
) -> Till:
    """
    A till as it begins: it asks for the cash in its drawer if it is not open.

    Raises: `SaleRefused` (`not-on-sale`), `GuardRefused` (`till-currency`); what
    `read_confirmed_secret` raises.
    """
    assert office.key  # what is missing is said before somebody waits
    view = till_view.read_view(office, show_id, name, None)
    state = TillState(mode=Mode.FLOAT)
    if view.session is not None:
        tills.refuse_other_currency(view.session, view.left.show.currency)
        state = TillState()
        person = person or view.session.person
        held = till_view.held_by(office, view.session)
        if held is not None:
            order, show = held
            of_show = f" of {show_in_words(show)}" if show.show_id != show_id else ""
            state = state.saying(
                f"{order.reference}{of_show} was not paid: its seats are held for a "
                f"while. Pay it by `ticketsync boxoffice pay {order.reference}`, or "
                "cancel it."
            )
    return Till(office, show_id, name, person, print_order, view, state)
