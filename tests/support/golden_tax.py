"""
The tax of the golden books, as docs/tax.md states it; nothing of ticketsync.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from support.golden_model import (
    DECIMALS,
    OLD_RATE_ENDS,
    PARTS,
    counted,
    divided,
    fees_total,
    plus,
    rounded,
)

OPEN = (
    "the platform's numbers do not add up",
    "the platform does not report the tax in its fees",
    "fees not known",
)
REMITS_FROM = date(2026, 11, 1)


@dataclass
class Line:
    """
    A part of an order that is taxed alike.
    """

    treatment: str
    amount: int
    tax: int | None = None
    code: str = ""
    is_theirs: bool = False  # of another seller
    is_voucher: bool = False


def tenth_inside(amount):
    return rounded(Fraction(amount, 11))


def tax_lines(order):
    face, buyer_fees, addons, donations, vouchers, added, unexplained = (
        sum(t.face for t in order.tickets),
        *(sum(t.parts[n] for t in order.tickets) for n in PARTS),
    )
    found = []
    if order.account == "door":
        found.append(Line("exempt", face + buyer_fees + addons))
    elif order.account == "wx":
        base = face + buyer_fees + addons
        if order.day >= REMITS_FROM:
            words = "tax remitted by the platform"
            found.append(Line(words, base + added, order.remitted))
        else:
            tax = rounded(Fraction(base, 10))
            found.append(Line("gst on top", base + added, tax, "gst"))
    elif order.account == "sq":
        sold = face + buyer_fees + addons
        found.append(Line("jct inside", sold, tenth_inside(sold), "jct"))
    else:
        own = 0 if order.account == "hx" else buyer_fees
        sold = face + addons + own
        found.append(Line("gst as charged", sold, tenth_inside(sold), "gst"))
        if buyer_fees != own:
            words = "supplied by the platform"
            found.append(Line(words, buyer_fees, is_theirs=True))
    if donations:
        found.append(Line("out of scope", donations))
    if unexplained:
        found.append(Line("the platform's numbers do not add up", unexplained))
    if vouchers:
        words = "paid by voucher, taxed when it is redeemed"
        found.append(Line(words, -vouchers, is_voucher=True))
    return [line for line in found if line.amount]


def lines_of_show(order, show):
    """
    The lines of an order as far as they are for one of its shows.
    """
    weights = [order.sum(s, "charged") for s in order.shows]
    place = order.shows.index(show)
    return [_part(line, weights, place) for line in tax_lines(order)]


def _part(line, weights, place):
    if len(weights) == 1:
        return line
    tax = None if line.tax is None else divided(line.tax, weights)[place]
    return Line(
        *(line.treatment, divided(line.amount, weights)[place], tax, line.code),
        *(line.is_theirs, line.is_voucher),
    )


def refund_tax_lines(order):
    """
    What each movement takes back of its show's part of the order: all that has gone
    back by then, less what had gone back before, each divided among the lines by their
    amounts.
    """
    for show in order.shows:
        lines = lines_of_show(order, show)
        weights = [max(0, line.amount) for line in lines]
        gone, before = 0, [(0, 0)] * len(lines)
        for refund in (r for r in order.refunds if r.show == show):
            gone += refund.amount
            shares = divided(gone, weights)
            now = [(s, _share(x, s)) for x, s in zip(lines, shares, strict=True)]
            taken = []
            for line, (a, t), (a0, t0) in zip(lines, now, before, strict=True):
                tax = None if line.tax is None else t0 - t
                back = Line(line.treatment, a0 - a, tax, line.code, line.is_theirs)
                taken += [back] if back.amount else []
            before = now
            yield refund, taken


def _share(line, share):
    if not line.tax or line.amount <= 0:
        return 0
    return rounded(Fraction(line.tax * share, line.amount))


def fee_tax_lines(order):
    """
    The fees of an order. What the platform sold to the buyer is not a fee of the
    venue's, and the tax in it is not the venue's to claim.
    """
    amounts = [fees_total(order, show) for show in order.shows]
    if None in amounts:
        return [Line("fees not known", 0)]
    amount = sum(amounts)
    if not amount:
        return []
    if order.account == "tt" and order.fees is None:
        if order.day <= OLD_RATE_ENDS:
            return [Line("no tax in your own rate", amount)]
        return [Line("tax inside your own rate", amount, tenth_inside(amount))]
    if order.account == "eb":
        taxes = [tax for _, tax in order.fees.values()]
        if None in taxes:
            words = "the platform does not report the tax in its fees"
            return [Line(words, amount)]
        return [Line("tax as reported", amount, sum(taxes))]
    if order.account in ("tt", "sq"):
        return [Line("no tax in them", amount)]
    theirs = sum(line.amount for line in tax_lines(order) if line.is_theirs)
    theirs = min(theirs, amount)
    own = amount - theirs
    found = [Line("supplied by the platform", theirs, is_theirs=True)]
    found.append(Line("gst inside", own, tenth_inside(own), "gst"))
    return [line for line in found if line.amount]


def worksheet(known, first, last):
    """
    By currency, flow, account and treatment: orders, amount, tax.
    """
    found = {}

    def add(order, flow, line):
        key = (order.currency, flow, order.account, line.treatment)
        ids, amount, tax = found.get(key, (set(), 0, 0))
        found[key] = (
            ids | {order.id},
            amount + line.amount,
            plus(tax, line.tax),
        )

    for order in known.values():
        if not any(pair[0] is order for pair in counted({order.id: order})):
            continue
        if first <= order.day <= last:
            for line in tax_lines(order):
                add(order, "sale", line)
            for line in fee_tax_lines(order):
                add(order, "fee", line)
        for refund, taken in refund_tax_lines(order):
            if first <= refund.day <= last:
                for line in taken:
                    add(order, "refund", line)
    return {
        key: (len(ids), None if key[3] == "fees not known" else amount, tax)
        for key, (ids, amount, tax) in found.items()
    }


def boxes(sheet):
    """
    The boxes of the Australian activity statement, by currency and label: whole units.
    One that would be 0 beside sales, or fees, that have no rule is empty.
    """
    found = {}
    for currency in sorted({key[0] for key in sheet}):
        taxed = ("gst as charged", "gst on top", "jct inside")
        fees = ("tax inside your own rate", "tax as reported", "gst inside")

        def sum_of(flows, words, place, currency=currency):
            return sum(
                row[place] or 0
                for key, row in sheet.items()
                if key[0] == currency and key[1] in flows and key[3] in words
            )

        both = ("sale", "refund")
        exact = {
            "G1": sum_of(both, (*taxed, "exempt"), 1),
            "G3": 0,
            "G4": sum_of(both, ("exempt",), 1),
            "1A": sum_of(both, taxed, 2),
            "1B": sum_of(("fee",), fees, 2),
        }
        unit = 10 ** DECIMALS[currency]
        for label, amount in exact.items():
            flows = ("fee",) if label == "1B" else both
            is_open = any(
                key[0] == currency and key[1] in flows and key[3] in OPEN
                for key in sheet
            )
            is_empty = is_open and not amount
            found[currency, label] = "" if is_empty else int(Fraction(amount, unit))
    return found
