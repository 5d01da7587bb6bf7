"""
The tables of `tests/golden/books/expected/`, as the model of the golden books makes
them: rows of text, amounts in whole units with their decimals.
"""

from datetime import date, timedelta
from fractions import Fraction

from support import golden_ledger, golden_tax
from support import golden_model as model
from support.golden_model import COUNTS, major

MONTHS = {
    "2026-09": (date(2026, 9, 1), date(2026, 9, 30)),
    "2026-10": (date(2026, 10, 1), date(2026, 10, 31)),
    "2026-11": (date(2026, 11, 1), date(2026, 11, 30)),
}
AMOUNTS = (
    *("face", "discounts", "gross", "buyer_fees", "addons", "donations", "vouchers"),
    *("tax_added", "unexplained", "refunded", "tax_remitted", "fees", "tax", "net"),
)
FIGURES = (*COUNTS, *AMOUNTS)
PLATFORMS = {
    "tt": "ticket_tailor",
    "eb": "eventbrite",
    "hx": "humanitix",
    "sq": "square",
    "wx": "wix",
    "door": "file_import",
}
MONDAY = date(2026, 11, 2)  # of the week that the weekly report is asked for
TODAY = date(2026, 11, 2)  # of the daily report
SUMMED = ("tickets_sold", "gross", "refunded", "fees", "net")


def tables():
    """
    The rows of each file by its name.
    """
    known = model.orders()
    made = {
        "figures": figures(known, "E"),
        "as_of": [
            {"reading": step, **row}
            for step in "BD"
            for row in figures(model.orders(step), step)
        ],
        "accounts": accounts(known),
        "shows": of_shows(known),
        "months": [*months(known, "sale"), *months(known, "show")],
        "sales": sales(known),
        "fees": fees(known),
        "refunds": refunds(known),
        "tickets": tickets(known),
        "worksheet": worksheet(known),
        "boxes": boxes(known),
        "balances": balances(known),
        "unearned": unearned(known),
        "closing": closing(known),
        "platforms": platforms(known),
        "weekly": weekly(model.orders("D"), "D"),
        "daily": daily(model.orders("D"), "D"),
    }
    return {
        name: [{n: str(v) for n, v in row.items()} for row in found]
        for name, found in made.items()
    }


def _in_units(row, currency, names):
    return {
        name: row[name] if name in COUNTS else major(row[name], currency)
        for name in names
    }


def figures(known, step):
    return [
        {
            "show": show,
            "account": account,
            "currency": currency,
            **_in_units(row, currency, FIGURES),
            "fees_source": row["fees_source"],
        }
        for (show, account, currency), row in model.figures(
            model.counted(known), step
        ).items()
    ]


def _summed(found, place):
    """
    The figures summed by one part of their key and the currency.
    """
    sums = {}
    for key, row in found.items():
        of = sums.setdefault((key[place], key[2]), dict.fromkeys(SUMMED, 0))
        for name in SUMMED:
            of[name] = model.plus(of[name], row[name])
    return sums


def accounts(known):
    found = _summed(model.figures(model.counted(known)), 1)
    return [
        {"account": account, "currency": c, **_in_units(row, c, SUMMED)}
        for (account, c), row in found.items()
    ]


def of_shows(known):
    found = _summed(model.figures(model.counted(known)), 0)
    return [
        {"show": show, "currency": c, **_in_units(row, c, SUMMED)}
        for (show, c), row in found.items()
    ]


def months(known, by):
    all_shows = model.shows()
    for month, (first, last) in MONTHS.items():
        chosen = [
            (order, show)
            for order, show in model.counted(known)
            if first <= (order.day if by == "sale" else all_shows[show].day) <= last
        ]
        of_currencies = {}
        for (_, currency), row in _summed(model.figures(chosen), 1).items():
            held = of_currencies.setdefault(currency, dict.fromkeys(SUMMED, 0))
            for name in SUMMED:
                held[name] = model.plus(held[name], row[name])
        for currency, row in of_currencies.items():
            key = {"by": by, "month": month, "currency": currency}
            yield {**key, **_in_units(row, currency, SUMMED)}


def sales(known):
    """
    Every order with each of its shows, as exported: also what is not paid or linked to
    no show, without what is left out. Its fees are those that the platform reports.
    """
    all_shows = model.shows()
    for order in known.values():
        for show in order.shows:
            if all_shows[show].state == "excluded":
                continue
            is_free = not order.sum(show, "charged")
            fees = model.fees_total(order, show) if order.fees is not None else None
            if fees is None and is_free:
                fees = 0
            charged, refunded = (order.sum(show, n) for n in ("charged", "refunded"))
            kept = charged - refunded - order.remitted
            amounts = {"charged": charged, "refunded": refunded, "fees": fees}
            amounts["net"] = None if fees is None else kept - fees
            yield {
                "order_id": order.id,
                "show": "" if all_shows[show].state == "unlinked" else show,
                "currency": order.currency,
                **{n: major(a, order.currency) for n, a in amounts.items()},
            }


def fees(known):
    for (*key, name), amount in model.fee_lines(known).items():
        named = dict(zip(("show", "account", "currency"), key, strict=True))
        yield {**named, "name": name, "amount": major(amount, key[2])}


def refunds(known):
    for order in known.values():
        for back in order.refunds:
            yield {
                "on_day": back.day,
                "basis": back.basis,
                "kind": back.kind,
                "order_id": order.id,
                "show": back.show,
                "currency": order.currency,
                "amount": major(back.amount, order.currency),
            }


def tickets(known):
    """
    Those of some orders: over two shows, of three tickets, with tax on top, half back.
    """
    for id_ in ("tt-06", "hx-02", "wx-02", "eb-04"):
        order = known[id_]
        for ticket in order.tickets:
            amounts = {
                "face": ticket.face,
                "charged": ticket.charged,
                "refunded": ticket.refunded,
                "buyer_fee": ticket.parts["buyer_fees"],
                "tax_added": ticket.parts["tax_added"],
                "fees": ticket.fees,
            }
            yield {
                "ticket_id": ticket.id,
                "show": ticket.show,
                **{n: major(a, order.currency) for n, a in amounts.items()},
            }


def worksheet(known):
    for month, (first, last) in MONTHS.items():
        sheet = golden_tax.worksheet(known, first, last)
        for (currency, flow, account, words), (number, amount, tax) in sheet.items():
            yield {
                "month": month,
                "currency": currency,
                "flow": flow,
                "account": account,
                "treatment": words,
                "orders": number,
                "amount": major(amount, currency),
                "tax": major(tax, currency),
            }


def boxes(known):
    for month, (first, last) in MONTHS.items():
        found = golden_tax.boxes(golden_tax.worksheet(known, first, last))
        for (currency, label), amount in found.items():
            key = {"month": month, "currency": currency, "box": label}
            yield {**key, "amount": amount}


def balances(known):
    for _, last in MONTHS.values():
        for (name, currency), amount in sorted(
            golden_ledger.balances(known, last).items()
        ):
            yield {
                "day": last,
                "ledger_account": name,
                "currency": currency,
                "amount": major(amount, currency),
            }


def unearned(known):
    names = ("opening", "sold", "returned", "earned", "closing")
    for month, (first, last) in MONTHS.items():
        for (show, currency), row in golden_ledger.unearned(known, first, last).items():
            amounts = zip(names, (major(a, currency) for a in row), strict=True)
            key = {"month": month, "show": show, "currency": currency}
            yield {**key, **dict(amounts)}


def closing(known):
    """
    What was sold in each month and what went back in it, each by its own day.
    """
    for month, (first, last) in MONTHS.items():
        sums = {}
        for order, show in model.counted(known):
            of = sums.setdefault(order.currency, [0, 0])
            if first <= order.day <= last:
                of[0] += order.sum(show, "charged")
            of[1] += sum(
                back.amount
                for back in order.refunds
                if back.show == show and first <= back.day <= last
            )
        for currency, (sold, returned) in sums.items():
            if sold or returned:
                yield {
                    "month": month,
                    "currency": currency,
                    "sold": major(sold, currency),
                    "returned": major(returned, currency),
                }


def platforms(known):
    """
    Each account is one of a platform of its own.
    """
    found = _summed(model.figures(model.counted(known)), 1)
    for (account, currency), row in found.items():
        yield {
            "platform": PLATFORMS[account],
            "currency": currency,
            **_in_units(row, currency, SUMMED),
            "fee_rate": _rate(row["fees"], row["gross"]),
            "refund_rate": _rate(row["refunded"], row["gross"]),
        }


def _rate(part, whole):
    """
    Per cent with one decimal.
    """
    if part is None:
        return ""
    tenths = model.rounded(Fraction(1000 * part, whole))
    return f"{tenths // 10}.{tenths % 10}"


def weekly(known, step):
    """
    The shows of a week, and the totals of it and of the week before, without a show.
    """
    all_shows = model.shows()
    for back in (0, 7):
        first = MONDAY - timedelta(days=back)
        chosen = [
            (order, show)
            for order, show in model.counted(known)
            if first <= all_shows[show].day <= first + timedelta(days=6)
        ]
        of_shows = _summed(model.figures(chosen, step), 0)
        total = dict.fromkeys(SUMMED, 0)
        for (show, currency), row in of_shows.items():
            assert currency == "AUD"
            for name in SUMMED:
                total[name] = model.plus(total[name], row[name])
            if not back:
                key = {"week": first, "show": show, "currency": currency}
                yield {**key, **_in_units(row, currency, SUMMED)}
        key = {"week": first, "show": "", "currency": "AUD"}
        yield {**key, **_in_units(total, "AUD", SUMMED)}


def daily(known, step):
    """
    What is on sale for shows to come, and the tickets that were sold since yesterday.
    """
    all_shows = model.shows()
    found = {}
    for (show, _, currency), row in model.figures(model.counted(known), step).items():
        of = all_shows[show]
        if of.day < TODAY or of.state:
            continue
        key = (show, currency)
        names = ("tickets_sold", "tickets_comp", "gross")
        held = found.setdefault(key, dict.fromkeys(names, 0))
        for name in names:
            held[name] += row[name]
    for (show, currency), row in found.items():
        lately = sum(
            order.status == "paid" and not (t.void_seen and t.void_seen <= step)
            for order in known.values()
            if order.day >= TODAY - timedelta(days=1)
            for t in order.tickets_of(show)
        )
        yield {
            "show": show,
            "currency": currency,
            "sold_since_yesterday": lately,
            "tickets_sold": row["tickets_sold"],
            "tickets_comp": row["tickets_comp"],
            "gross": major(row["gross"], currency),
        }
