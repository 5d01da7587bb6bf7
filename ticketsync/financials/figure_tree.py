"""
A figure of a show as a tree: down to accounts, orders and tickets, or to the movements
of refunds. Pure: it sums the rows that `explain` lists and computes no figure anew.

Every node is the sum of the nodes below it. Where the stored figure is another than
the sum of its rows, the difference is a node of its own. A sum with an unknown part is
unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketsync.core.money import Money
from ticketsync.financials.explain import TicketContribution, known_sum
from ticketsync.financials.gaps import Gap

FIGURE: Final = "figure"
ACCOUNT: Final = "account"
ORDER: Final = "order"
TICKET: Final = "ticket"
REFUND: Final = "refund"
DIFFERENCE: Final = "difference"

OrderKey = tuple[str, str]  # account, the platform's order id


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """
    One figure, account, order, ticket or refund movement with its amount in minor
    units, `None` while that is unknown. Ids are the platform's.

    moment   when the order was placed, or the refund first seen
    day      of a refund, and its `basis`: what that day is based on
    source   of fees: reported, schedule, mixed or unknown
    lacks    what is not reported of the order
    tickets  how many were sold; `types` names them
    link     the address of the order on its platform, if it is known
    """

    kind: str
    name: str
    amount: int | None
    children: tuple[Node, ...] = ()
    account: str = ""
    order_id: str = ""
    ticket_id: str = ""
    moment: datetime | None = None
    day: str = ""
    basis: str = ""
    source: str = ""
    lacks: str = ""
    tickets: int = 0
    orders: int = 0
    types: str = ""
    link: str = ""

    def negated(self) -> Node:
        """
        The same to be taken off: every amount with the other sign.
        """
        amount = None if self.amount is None else -self.amount
        children = tuple(child.negated() for child in self.children)
        return replace(self, amount=amount, children=children)

    def leaves(self, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Node]]:
        """
        The nodes without others below, each with the figures above it: `net/fees`.
        """
        if self.kind == FIGURE:
            path = (*path, self.name)
        if not self.children:
            yield "/".join(path), self
        for child in self.children:
            yield from child.leaves(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPart:
    """
    One refund movement as far as it is for the show, in minor units.
    """

    account: str
    order_id: str
    amount: int
    day: str
    basis: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRows:
    """
    What a show's trees in one currency are made of: its tickets, refunds and gaps, what
    the venue's own rates bill for an order, and the stored figures of each account in
    minor units (`amounts["gross"]["tt"]`) with the source of its fees.
    """

    tickets: Sequence[TicketContribution]
    refunds: Sequence[RefundPart]
    gaps: Mapping[OrderKey, Gap]
    bills: Mapping[OrderKey, int]
    amounts: Mapping[str, Mapping[str, int | None]]
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnearnedPart:
    """
    What an order added to the unearned money of the show, or took off, in minor units.
    """

    account: str
    order_id: str
    amount: int
    is_return: bool


def whole(node: Node) -> Node:
    """
    The node, with the difference between its amount and the nodes below as one more.
    """
    below = total(child.amount for child in node.children)
    if below == node.amount:
        return node
    if below is None:
        return replace(node, children=(_difference(node.amount),))
    left = None if node.amount is None else node.amount - below
    return replace(node, children=(*node.children, _difference(left)))


def total(amounts: Iterable[int | None]) -> int | None:
    """
    A sum, unknown as soon as one value is.
    """
    found = 0
    for amount in amounts:
        if amount is None:
            return None
        found += amount
    return found


def _difference(amount: int | None) -> Node:
    return Node(kind=DIFFERENCE, name=DIFFERENCE, amount=amount)


def build(figure: str, rows: FigureRows, *, has_tickets: bool) -> Node:
    """
    The tree of one of `net gross fees refunded tax`. With `has_tickets` it goes down to
    the tickets; fees by the venue's own rates and refunds are of orders.
    """
    if figure == "net":
        return _net(rows, has_tickets=has_tickets)
    if figure == "refunded":
        return _refunded(rows)
    return _by_account(figure, rows, has_tickets=has_tickets)


def _net(rows: FigureRows, *, has_tickets: bool) -> Node:
    def part(figure: str) -> Node:
        return build(figure, rows, has_tickets=has_tickets)

    remitted = part("tax_remitted")
    children = (
        part("gross"),
        part("refunded").negated(),
        *([remitted.negated()] if remitted.amount or remitted.children else []),
        part("fees").negated(),
    )
    return whole(_figure("net", rows, children))


def _figure(name: str, rows: FigureRows, children: Iterable[Node]) -> Node:
    amount = total(rows.amounts[name].values())
    return Node(kind=FIGURE, name=name, amount=amount, children=tuple(children))


def _by_account(figure: str, rows: FigureRows, *, has_tickets: bool) -> Node:
    of_accounts: dict[str, dict[str, list[TicketContribution]]] = {
        account: defaultdict(list) for account in rows.amounts[figure]
    }
    for ticket in rows.tickets:
        of_orders = of_accounts.setdefault(ticket.account, defaultdict(list))
        of_orders[ticket.order_id].append(ticket)
    nodes = []
    for account, of_orders in of_accounts.items():
        amount = rows.amounts[figure].get(account, 0)
        children = [
            _order(figure, rows, tickets, has_tickets=has_tickets)
            for tickets in of_orders.values()
        ]
        if figure != "gross":  # where an order of comps belongs to the tickets sold
            children = [node for node in children if node.amount != 0]
        node = Node(
            kind=ACCOUNT,
            name=account,
            account=account,
            amount=amount,
            children=tuple(sorted(children, key=lambda it: it.amount is not None)),
            source=rows.sources.get(account, "") if figure == "fees" else "",
            tickets=sum(node.tickets for node in children),
            orders=len(children),
        )
        if amount != 0 or children:
            nodes.append(whole(node))
    return whole(_figure(figure, rows, nodes))


def _order(
    figure: str,
    rows: FigureRows,
    tickets: Sequence[TicketContribution],
    *,
    has_tickets: bool,
) -> Node:
    values = [(_minor(it, figure), it.charged.minor) for it in tickets]
    first = tickets[0]
    node = Node(
        kind=ORDER,
        name=first.order_id,
        account=first.account,
        order_id=first.order_id,
        moment=first.placed_at,
        amount=known_sum(values),
        tickets=sum(ticket.is_sold for ticket in tickets),
        types=_types(tickets),
    )
    if figure == "fees":
        billed = _with_bill(node, rows, values)
        if billed.source != "reported":
            return billed
        node = billed
    if figure == "tax" and node.amount is None:
        node = replace(node, lacks="tax")
    if not has_tickets:
        return node
    each = [
        _ticket(ticket, known_sum([value]))
        for ticket, value in zip(tickets, values, strict=True)
    ]
    shown = each if figure == "gross" else [it for it in each if it.amount != 0]
    return replace(node, children=tuple(shown))


def _minor(ticket: TicketContribution, figure: str) -> int | None:
    """
    What a ticket adds to a figure, in minor units.
    """
    name = "charged" if figure == "gross" else figure
    amount: Money | None = getattr(ticket, name)
    return None if amount is None else amount.minor


def _with_bill(
    node: Node, rows: FigureRows, values: Sequence[tuple[int | None, int]]
) -> Node:
    """
    An order with its fees: as reported, by the venue's own rates, or unknown. Where the
    fees of its account are known nevertheless, no rate bills it: a ticket without an
    order.
    """
    key = (node.account, node.order_id)
    known = sum(value or 0 for value, _ in values)
    if key in rows.bills:
        source = "mixed" if known else "schedule"
        return replace(node, amount=known + rows.bills[key], source=source)
    if node.amount is not None:
        return replace(node, source="reported")
    if rows.amounts["fees"].get(node.account) is not None:
        return replace(node, amount=known, source="schedule")
    gap = rows.gaps.get(key)
    lacks = (gap and gap.fees) or "fees"
    return replace(node, source="unknown", lacks=lacks)


def _ticket(ticket: TicketContribution, amount: int | None) -> Node:
    return Node(
        kind=TICKET,
        name=ticket.ticket_id,
        account=ticket.account,
        order_id=ticket.order_id,
        ticket_id=ticket.ticket_id,
        moment=ticket.placed_at,
        amount=amount,
        tickets=int(ticket.is_sold),
        types=_types([ticket]),
    )


def _types(tickets: Iterable[TicketContribution]) -> str:
    """
    How many tickets of each type: `2 Stalls, 1 Balcony void`.
    """
    numbers = Counter(
        ticket.type_name
        if ticket.is_sold or ticket.ticket_status == "valid"
        else f"{ticket.type_name} {ticket.ticket_status}"
        for ticket in tickets
    )
    return ", ".join(f"{number:,} {name}" for name, number in numbers.items())


def _refunded(rows: FigureRows) -> Node:
    """
    The movements of refunds by day. What tickets say more than the movements of their
    order is a difference with that order's id.
    """
    left: Counter[OrderKey] = Counter()
    for ticket in rows.tickets:
        left[ticket.account, ticket.order_id] += ticket.refunded.minor
    for part in rows.refunds:
        left[part.account, part.order_id] -= part.amount
    moved = [
        Node(
            kind=REFUND,
            name=part.order_id,
            account=part.account,
            order_id=part.order_id,
            amount=part.amount,
            moment=part.seen_at,
            day=part.day,
            basis=part.basis,
        )
        for part in sorted(rows.refunds, key=lambda it: (it.day, it.seen_at))
    ]
    undated = [
        replace(_difference(amount), account=account, order_id=order_id)
        for (account, order_id), amount in left.items()
        if amount
    ]
    return whole(_figure("refunded", rows, (*moved, *undated)))


def build_unearned(
    sums: Mapping[str, int],
    parts: Iterable[UnearnedPart],
    tickets: Iterable[TicketContribution],
) -> Node:
    """
    The unearned money of a show: sold, less what was returned and earned. `sums` has
    these and the `closing` in minor units.
    """
    of_orders: dict[OrderKey, list[TicketContribution]] = defaultdict(list)
    for ticket in tickets:
        of_orders[ticket.account, ticket.order_id].append(ticket)
    moved: dict[str, dict[OrderKey, int]] = {"sold": {}, "returned": {}}
    for part in parts:
        found = moved["returned" if part.is_return else "sold"]
        key = (part.account, part.order_id)
        amount = -part.amount if part.is_return else part.amount
        found[key] = found.get(key, 0) + amount
    sold, returned = (
        _moved(name, sums[name], amounts, of_orders) for name, amounts in moved.items()
    )
    earned = Node(kind=FIGURE, name="earned", amount=sums["earned"])
    children = (
        sold,
        *([returned.negated()] if returned.amount or returned.children else []),
        *([earned.negated()] if earned.amount else []),
    )
    return whole(
        Node(kind=FIGURE, name="unearned", amount=sums["closing"], children=children)
    )


def _moved(
    name: str,
    amount: int,
    amounts: Mapping[OrderKey, int],
    of_orders: Mapping[OrderKey, Sequence[TicketContribution]],
) -> Node:
    of_accounts: dict[str, list[Node]] = {}
    for (account, order_id), own in amounts.items():
        tickets = of_orders.get((account, order_id), ())
        node = Node(
            kind=ORDER,
            name=order_id,
            account=account,
            order_id=order_id,
            moment=tickets[0].placed_at if tickets else None,
            amount=own,
            tickets=sum(ticket.is_sold for ticket in tickets),
            types=_types(tickets),
        )
        if own:
            of_accounts.setdefault(account, []).append(node)
    nodes = [
        Node(
            kind=ACCOUNT,
            name=account,
            account=account,
            amount=total(node.amount for node in of_account),
            children=tuple(of_account),
            tickets=sum(node.tickets for node in of_account),
            orders=len(of_account),
        )
        for account, of_account in sorted(of_accounts.items())
    ]
    return whole(Node(kind=FIGURE, name=name, amount=amount, children=tuple(nodes)))
