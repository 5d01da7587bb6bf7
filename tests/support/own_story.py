"""
One story of own orders, and what it comes to by hand.

On 5 October: a, 2 adults and a child for 130.00 in cash; b, an adult for 55.00 by card;
c, an adult by a gift voucher; d, 2 adults given away; e, 2 adults for 110.00 in cash;
f, a child for 20.00 in cash; g, an adult who never paid. On 6 October a ticket of e
went back with its 55.00, and that of f was void without money.

Gross is 130 + 55 + 0 + 0 + 110 + 20 = 315.00, of which 55.00 went back; an adult's
ticket has 5.00 of tax in it. Valid are 3 + 1 + 1 + 2 + 1 + 0 = 8 tickets.
"""

from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from support.own_box_office import SHOW, STARTS, put_key, put_on_sale

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core.records import Person
from ticketsync.core.settings.config import Settings
from ticketsync.core.settings.tax_rules import (
    Business,
    RateSpan,
    TaxCode,
    TaxRule,
    TaxRules,
)
from ticketsync.store import engine
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

SOLD = datetime(2026, 10, 5, 3, tzinfo=UTC)
RETURNED = datetime(2026, 10, 6, 3, tzinfo=UTC)
ADULT = NewTier("Adult", 5500, tax_rate_ppm=100_000)
CHILD = NewTier("Child", 2000, tax_rate_ppm=0)
CASH = Tender("cash")
ANSWERS = {
    **dict.fromkeys(("admission", "buyer_fee", "addons", "donation"), "gst"),
    "voucher": "redeemed",
    "prices": "reported",
    "fees": "none",
}
SETTINGS = Settings(
    business=Business(),
    tax=TaxRules({"gst": TaxCode("gst", (RateSpan(100_000),))}, (TaxRule(ANSWERS),)),
)


@dataclass(frozen=True)
class Story:
    """
    The references of the orders by their letters, and the codes that were handed out by
    the numbers of their tickets.
    """

    references: dict
    codes: dict

    def __getitem__(self, letter):
        return self.references[letter]

    def number(self, letter, ticket):
        return f"{self.references[letter]}-{ticket}"

    def code(self, letter, ticket):
        return self.codes[self.number(letter, ticket)]


def open_office(database, move_clock, settings=SETTINGS):
    move_clock(SOLD)
    return put_on_sale(
        database, ADULT, CHILD, capacity=20, settings=settings, starts_at=STARTS
    )


_played = {}


@contextmanager
def copied(templates, kind, move_clock):
    """
    A database in which it has happened, and the story: a copy of one in which it
    happened once for all tests of a process. It is 6 October then.
    """

    def make(place):
        with closing(engine.open_database(place)) as database:
            _played[kind] = play(open_office(database, move_clock), move_clock)

    with templates.copied(kind, "own_story", make, before="empty") as place:
        put_key()
        move_clock(RETURNED)
        yield place, _played[kind]


def play(office, move_clock):
    """
    The story in an office that was just opened; it is 6 October then.
    """
    references, codes = {}, {}

    def note(letter, sold):
        reference = references[letter] = sold.order.reference
        codes.update({f"{reference}-{n}": code for n, code in sold.codes.items()})

    def sold(letter, wanted, tender=CASH, **options):
        note(letter, sell.sell(office, SHOW, wanted, tender, **options))

    voucher = sell.issue_voucher(office, "gift", 7000, "AUD")
    sold("a", {"Adult": 2, "Child": 1}, buyer=Person("Mia Chen"))
    sold("b", {"Adult": 1}, Tender("card", reference="slip 7"))
    sold("c", {"Adult": 1}, Tender(vouchers=[voucher]))
    note("d", sell.comp(office, SHOW, {"Adult": 2}))
    sold("e", {"Adult": 2})
    sold("f", {"Child": 1})
    references["g"] = sell.hold(office, SHOW, {"Adult": 1}).reference
    move_clock(RETURNED)
    cancel_and_refund.refund(office, references["e"], Refund(tickets=[1]), "ill")
    cancel_and_refund.refund(
        office, references["f"], Refund(tickets=[1], amount=0), "no show"
    )
    return Story(references, codes)
