"""
The entries of the golden books, as docs/ledger.md states them; nothing of ticketsync.
"""

from collections import defaultdict

from support.golden_model import counted, shows
from support.golden_tax import (
    fee_tax_lines,
    lines_of_show,
    refund_tax_lines,
    tax_lines,
)

CLEARING = "Assets:Platform:"
COLLECTED = "Liabilities:Collected:"
UNEARNED = "Liabilities:Unearned"


def postings(known):
    """
    (day, kind, show, ledger account, currency, amount), debits positive.
    """
    all_shows = shows()
    found = []
    for order in known.values():
        of_order = [show for o, show in counted({order.id: order}) if o is order]
        if not of_order:
            continue
        weights = [order.sum(show, "charged") for show in order.shows]
        for place, show in enumerate(order.shows):
            shares = lines_of_show(order, show)
            amount = weights[place] - (order.remitted if place == 0 else 0)
            found += _moved(order, show, "sale", order.day, amount, shares, all_shows)
        found += _fee_postings(order)
        found += _refund_postings(order, all_shows)
    return found + _earned(found, all_shows)


def _refund_postings(order, all_shows):
    """
    What goes back of a fee that the platform sold, and keeps, is the venue's expense.
    """
    sold = sum(line.amount for line in tax_lines(order) if line.is_theirs)
    kept = sum(line.amount for line in fee_tax_lines(order) if line.is_theirs)
    found = []
    gone = borne = 0
    for refund, taken in refund_tax_lines(order):
        key = (order, refund.show, "refund", refund.day, -refund.amount)
        found += _moved(*key, taken, all_shows)
        gone -= sum(line.amount for line in taken if line.is_theirs)
        more = max(0, gone - (sold - kept)) - borne
        borne += more
        account = order.account.capitalize()
        for name, sign in ((COLLECTED, -1), ("Expenses:Fees:", 1)):
            if more:
                posting = (name + account, order.currency, sign * more)
                found.append((refund.day, "refund", refund.show, *posting))
    return found


def _moved(order, show, kind, day, amount, lines, all_shows):
    account = order.account.capitalize()
    of = all_shows[show]
    voucher = -sum(line.amount for line in lines if line.is_voucher)
    theirs = sum(line.amount for line in lines if line.is_theirs)
    taxes = defaultdict(int)
    for line in lines:
        if line.code:
            taxes[line.code] += line.tax
    waits = of.state == "cancelled" or day <= of.day
    own = amount + voucher - theirs - sum(taxes.values())
    amounts = {
        CLEARING + account: amount,
        "Liabilities:Vouchers": voucher,
        COLLECTED + account: -theirs,
        UNEARNED if waits else "Income:Shows": -own,
        **{f"Liabilities:Tax:{c.capitalize()}": -t for c, t in taxes.items()},
    }
    return [(day, kind, show, n, order.currency, a) for n, a in amounts.items() if a]


def _fee_postings(order):
    lines = fee_tax_lines(order)
    if not lines or lines[0].treatment == "fees not known":
        return []
    account = order.account.capitalize()
    amount = sum(line.amount for line in lines)
    theirs = sum(line.amount for line in lines if line.is_theirs)
    tax = sum(line.tax or 0 for line in lines)
    code = "".join({line.code for line in lines}) or "other"
    amounts = {
        CLEARING + account: -amount,
        COLLECTED + account: theirs,
        f"Assets:TaxPaid:{code.capitalize()}": tax,
        f"Expenses:Fees:{account}": amount - theirs - tax,
    }
    return [
        (order.day, "fee", "", name, order.currency, a)
        for name, a in amounts.items()
        if a
    ]


def _earned(found, all_shows):
    waiting = defaultdict(int)
    for _, _, show, name, currency, amount in found:
        if name == UNEARNED and all_shows[show].state != "cancelled":
            waiting[show, currency] += amount
    return [
        (all_shows[show].day, "earn", show, name, currency, sign * amount)
        for (show, currency), amount in waiting.items()
        for name, sign in ((UNEARNED, -1), ("Income:Shows", 1))
        if amount
    ]


def balances(known, day):
    """
    By ledger account and currency, of what the venue has and owes, at the end of a day.
    """
    found = defaultdict(int)
    for on, _, _, name, currency, amount in postings(known):
        if on <= day and name.startswith(("Assets:", "Liabilities:")):
            found[name, currency] += amount
    return {key: amount for key, amount in found.items() if amount}


def unearned(known, first, last):
    """
    By show and currency: opening, sold, returned, earned, closing.
    """
    found = {}
    for on, kind, show, name, currency, amount in postings(known):
        if name != UNEARNED or on > last:
            continue
        row = found.setdefault((show, currency), dict.fromkeys("osre", 0))
        if on < first:
            row["o"] -= amount
        else:
            row[kind[0]] += -amount if kind == "sale" else amount
    return {
        key: (*row.values(), row["o"] + row["s"] - row["r"] - row["e"])
        for key, row in found.items()
        if any(row.values())
    }
