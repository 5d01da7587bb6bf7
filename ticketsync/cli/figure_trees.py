"""
`ticketsync financials explain SHOW --figure …`: one figure as a tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ticketsync.cli import terminal
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from ticketsync.catalogue.shows import ShowInfo
    from ticketsync.financials.figure_tree import Node
    from ticketsync.workflows.figure_trees import FigureTrees

FEW = 3  # orders that are listed without --all
_GAP = 2  # columns between a text and its amount, and between the parts of a text
_LEAST = 12  # columns of a text, whatever the terminal
# The branch to a node, what stands below it, both for the last one, and the dots.
_LINES = ("├─ ", "│  ", "└─ ", "   ", "…")
_ASCII = ("|- ", "|  ", "`- ", "   ", "...")
_SOURCES = {
    "reported": "reported",
    "schedule": "by your own rates",
    "mixed": "partly reported, partly by your own rates",
    "unknown": "not reported",
}
_BASES = {
    "reported": "{day} (reported by {account})",
    "void": "{day} (day of the void on {account})",
    "seen": "seen {moment} ({account} reports no date)",
    "assumed": "assumed {day} (there when {account} was first read)",
}
LEAVES = (
    Column("figure"),
    Column("kind"),
    Column("account"),
    Column("order_id"),
    Column("ticket_id"),
    Column("at", Kind.INSTANT),
    Column("day", Kind.DAY),
    Column("basis"),
    Column("source"),
    Column("lacks"),
    Column("types"),
    Column("amount", Kind.MONEY),
    Column("currency"),
    Column("link"),
)


@dataclass(frozen=True, slots=True)
class _Line:
    """
    One line of the tree before it is fitted: what it says and its amount.
    """

    text: str
    amount: str


def write(show: ShowInfo, found: FigureTrees, format: str) -> None:
    """
    Write trees as JSON, or their leaves as CSV.
    """
    from ticketsync.cli import render
    from ticketsync.core.tables import Table

    trees = found.by_currency
    if format == "json":
        values = [
            {"show_id": show.id, "currency": currency, **_as_json(tree, currency)}
            for currency, tree in trees.items()
        ]
        render.print_json(values)
        return
    rows = [
        (
            *(path, leaf.kind, leaf.account, leaf.order_id, leaf.ticket_id),
            *(leaf.moment, leaf.day or None, leaf.basis, leaf.source, leaf.lacks),
            *(leaf.types, leaf.amount, currency, leaf.link),
        )
        for currency, tree in trees.items()
        for path, leaf in tree.leaves()
    ]
    render.machine(Table(LEAVES, rows), format)


def _as_json(node: Node, currency: str) -> dict[str, Any]:
    from ticketsync.core import clock, money

    amount = None if node.amount is None else money.decimal_text(node.amount, currency)
    return {
        "kind": node.kind,
        "name": node.name,
        "amount": amount,
        "account": node.account,
        "order_id": node.order_id,
        "ticket_id": node.ticket_id,
        "at": None if node.moment is None else clock.iso(node.moment),
        "day": node.day or None,
        "basis": node.basis,
        "source": node.source,
        "lacks": node.lacks,
        "tickets": node.tickets,
        "orders": node.orders,
        "types": node.types,
        "link": node.link,
        "children": [_as_json(child, currency) for child in node.children],
    }


def print_trees(
    show: ShowInfo, found: FigureTrees, zone: str, *, has_all: bool
) -> None:
    """
    Print a tree for each currency as wide as the terminal, every node on one line.
    Instants are in `zone`.
    """
    from ticketsync.cli import money_tables, render

    for currency, tree in found.by_currency.items():
        day = render.day(show.starts_local)
        money_tables.echo_wrapped(f"{show.production}, {day}, {show.venue}, {currency}")
        terminal.echo()
        writer = _Writer(currency, zone, has_all)
        for line in _fitted([*writer.lines(tree)], writer.dots):
            terminal.echo(line)
        terminal.echo()


class _Writer:
    """
    Puts the nodes of one tree into words.
    """

    def __init__(self, currency: str, zone: str, has_all: bool) -> None:

        self._currency = currency
        self._zone = zone
        self._has_all = has_all
        self._root = ""
        self._marks = _LINES if terminal.can_draw_lines() else _ASCII
        self.dots = self._marks[-1]

    def lines(self, node: Node) -> Iterator[_Line]:
        """
        The lines of a node and all below it.
        """
        self._root = node.name
        yield self._line("", safe(node.name), node)
        yield from self._below(node, "", node.name)

    def _below(self, node: Node, before: str, figure: str) -> Iterator[_Line]:
        branch, bar, last_branch, blank, _ = self._marks
        shown = self._shown(node.children)
        titles = [self._title(child) for child in shown]
        notes = [self._note(child, figure) for child in shown]
        noted = [t for t, note in zip(titles, notes, strict=True) if note]
        width = max(map(terminal.cell_width, noted), default=0)
        for child, title, note in zip(shown, titles, notes, strict=True):
            is_last = child is shown[-1]
            text = title
            if note:
                text += " " * (width - terminal.cell_width(title) + _GAP) + note
            yield self._line(before + (last_branch if is_last else branch), text, child)
            own = child.name if child.kind == "figure" else figure
            yield from self._below(child, before + (blank if is_last else bar), own)

    def _line(self, before: str, text: str, node: Node) -> _Line:
        from ticketsync.cli import render

        return _Line(before + text, render.amount(node.amount, self._currency))

    def _shown(self, nodes: Sequence[Node]) -> list[Node]:
        """
        Those that are listed: without --all a few orders, and one for all the others.
        """
        from ticketsync.financials import figure_tree
        from ticketsync.financials.figure_tree import Node

        many = (figure_tree.ORDER, figure_tree.REFUND, figure_tree.TICKET)
        of_many = [node for node in nodes if node.kind in many]
        if self._has_all or len(of_many) <= FEW + 1:
            return [*nodes]
        rest = of_many[FEW:]
        more = Node(
            kind="more",
            name=f"{self.dots} {len(rest):,} more, --all",
            amount=figure_tree.total(node.amount for node in rest),
        )
        return [*of_many[:FEW], more, *(n for n in nodes if n.kind not in many)]

    def _title(self, node: Node) -> str:
        if node.kind == "difference" and node.order_id:
            return safe(node.order_id)
        if node.kind == "difference":
            return "not explained by its orders"
        return safe(node.name.replace("tax_remitted", "tax remitted"))

    def _note(self, node: Node, figure: str) -> str:
        if node.kind == "account":
            return self._of_account(node, figure)
        if node.kind == "refund":
            moment = "" if node.moment is None else self._moment(node.moment)
            words = _BASES[node.basis]
            account = safe(node.account)
            return words.format(day=_day(node.day), moment=moment, account=account)
        if node.kind == "difference":
            account = safe(node.account)
            return f"{account}: no movement is recorded" if node.order_id else ""
        if node.kind == "ticket":
            return safe(node.types)
        if node.kind == "order":
            return self._of_order(node)
        return ""

    def _of_account(self, node: Node, figure: str) -> str:
        orders = number_of(node.orders, "order")
        if figure == "gross":
            return f"{number_of(node.tickets, 'ticket')} in {orders}"
        lacking = [it for it in node.children if it.amount is None]
        words = _SOURCES[node.source] if node.source else orders
        if not lacking:
            return words
        from ticketsync.cli import render

        known = sum(it.amount or 0 for it in node.children)
        if self._root == "net":  # where they are taken off
            known = -known
        missing = number_of(len(lacking), "order")
        amount = render.amount(known, self._currency)
        return f"unknown: {amount} known, {missing} missing"

    def _of_order(self, node: Node) -> str:
        words = [
            "" if node.moment is None else self._moment(node.moment),
            f"not reported: {safe(node.lacks)}" if node.lacks else "",
            _SOURCES[node.source] if node.source and not node.lacks else "",
            "" if node.source or node.lacks else safe(node.types),
        ]
        return "  ".join(word for word in words if word)

    def _moment(self, moment: datetime) -> str:
        from ticketsync.cli import render
        from ticketsync.core import clock

        return render.day(clock.local_text(moment, self._zone))


def _day(day: str) -> str:
    """
    A day as text: `Mon 05 Oct`, with the year where it is another one.
    """
    from ticketsync.cli import render

    return render.day(f"{day} 00:00").removesuffix(" 00:00")


def _fitted(lines: Sequence[_Line], dots: str) -> Iterator[str]:
    """
    The lines with their amounts below each other; on a terminal no line is wider than
    that: the end of a text is cut, an amount never.
    """
    from rich.cells import set_cell_size

    from ticketsync.cli import render

    digits = max(terminal.cell_width(line.amount) for line in lines)
    wide = max(terminal.cell_width(line.text) for line in lines)
    if render.is_drawn():
        wide = min(wide, max(_LEAST, terminal.width() - digits - _GAP))
    for line in lines:
        text = line.text
        if terminal.cell_width(text) > wide:
            text = f"{set_cell_size(text, wide - len(dots)).rstrip()}{dots}"
        room = wide - terminal.cell_width(text) + _GAP + digits
        yield text + line.amount.rjust(room)
