"""
Square.

API       https://developer.squareup.com (REST v2, Square-Version 2025-08-20)
Words     a catalogue item is our Event, each of its variations an Occurrence: Square
          knows no dates, so a person says in `link` which show a variation is for
Auth      `Authorization: Bearer`, a personal access token or OAuth
Pages     opaque cursors; a missing one is the last page
Surprise  payments without a location are those of the main one only, and of one year
          only: every location is asked, with the whole time stated
Surprise  processing fees appear minutes after the payment; until then unknown, not 0
Surprise  a refund of items is an order of its own, which looks like a sale
Surprise  a paid order stays OPEN until it is fulfilled
Surprise  tips and service charges are inside `total_money`; quantities are texts
Surprise  a payment by Square gift card never has a fee; a refund may belong to no sale

Everything sold on the account is read, drinks included: what is linked to no show
counts in none. A date written out in a variation's name (6 Mar 2026 7:30pm) is taken
as its time, in the zone of the first location; any other stays without a date.

Unverified, and therefore handled tolerantly:
- that a payment's `updated_at` moves when its fee appears (the sweep reads all);
- `GET /v2/refunds/{id}`, of which only the answer is known;
- a line of a custom amount has no catalogue id: its name is its occurrence;
- the forms of the dashboard addresses.

An order, its payments, refunds and returns come from several lists; our raw record
is `{"id", "order", "payments": […], "refunds": […], "returns": […]}`. What an order
names and the lists lack is asked for by its id; many such gaps mean that a list is not
whole, and nothing is believed. An order that has lost a payment, refund or return since
it was last read contradicts itself and stays as it was.

A refund without a sale is a record of its own, `{"id", "unlinked", "returns": […]}`:
an order of which nothing was charged and something was returned, marked as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ticketsync.core.redact import Secret
from ticketsync.net import hooks
from ticketsync.net.hooks import Delivery
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
    reports_changes: ClassVar[bool] = True

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        HMAC over our address and the body. Raises `Forged`.
        """
        hooks.address_hmac(delivery, "x-square-hmacsha256-signature", secrets)

    hint = staticmethod(parse.parse_hint)
    provider_occurrence_id_of = staticmethod(parse.provider_occurrence_id_of)
    read_event = staticmethod(catalogue.parse_event)
    events_in = staticmethod(catalogue.events_in)
    with_earlier = staticmethod(parse.with_earlier)
    read_people = staticmethod(parse.parse_people)
    read_order = staticmethod(parse.parse_order)
