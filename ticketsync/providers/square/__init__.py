"""
Square.

API       https://developer.squareup.com (REST v2, Square-Version 2025-08-20)
Words     a catalogue item is our Event, each of its variations an Occurrence with one
          ticket type, itself: Square has no dates, so a person says in `link` which
          show a variation is for
Auth      `Authorization: Bearer`, a personal access token or OAuth
Pages     opaque cursors; a missing one is the last page
Surprise  without a location and a time span, only the main location's payments of
          one year are listed: every location is read, with an explicit span
Surprise  processing fees appear minutes after the payment; until then unknown, not 0
Surprise  a refund of items is an order of its own that looks like a sale
Surprise  a paid order stays OPEN until it is fulfilled
Surprise  tips and service charges are inside `total_money`; quantities are texts
Surprise  a payment by Square gift card never has a fee; a refund may belong to no sale

Everything sold on the account is read, drinks included: what is linked to no show
counts for none. A time in a variation's name (6 Mar 2026 7:30pm) is taken as its
time, in the time zone of the first location; without one it has no time.

Unverified, and therefore handled tolerantly:
- that a payment's `updated_at` moves when its fee appears (the sweep reads all);
- `GET /v2/refunds/{id}`, of which only the response is known;
- a line of a custom amount has no catalogue id: its name is its occurrence;
- the forms of the dashboard addresses.

An order, its payments, refunds and returns come from several lists; our raw record
is `{"id", "order", "payments": […], "refunds": […], "returns": […]}`. What an order
names and the lists lack is requested by its id; many such gaps mean that a list is
incomplete, and the read fails. An order that has lost a payment, refund or return
since it was last read contradicts itself and is not updated.

A refund without a sale is a record of its own, `{"id", "unlinked", "returns": […]}`:
an order with nothing charged and something refunded, marked as such.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core.redact import Secret
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery
from ticketsync.providers.square import catalogue, parse
from ticketsync.providers.square.fetch import SquareFetcher
from ticketsync.providers.square.spec import SPEC, WEBHOOKS


class Square(SquareFetcher):
    """
    What an account needs of Square: lists from `fetch`, values from `catalogue`
    (events) and `parse` (orders).
    """

    spec = SPEC
    webhooks = WEBHOOKS

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        HMAC over our address and the body. Raises `Forged`.
        """
        webhook_signatures.address_hmac(
            delivery, "x-square-hmacsha256-signature", secrets
        )

    hint = staticmethod(parse.parse_hint)
    provider_occurrence_id_of = staticmethod(parse.provider_occurrence_id_of)
    parse_event = staticmethod(catalogue.parse_event)
    events_in = staticmethod(catalogue.events_in)
    with_earlier = staticmethod(parse.with_earlier)
    parse_people = staticmethod(parse.parse_people)
    parse_order = staticmethod(parse.parse_order)
