"""
Wix Events.

API       https://dev.wix.com/docs/rest: events V3, ticket definitions V3, orders V1,
          guests V2, payments V2
Words     siblings of one `categoryId` are our Event, each their event our Occurrence
Auth      the raw API key in `Authorization`, no `Bearer`, and `wix-site-id`
Pages     by offset and limit, or by cursor; five different envelopes
Surprise  an order requested without its three fieldsets looks valid and is wrong
Surprise  no filter by change on orders: guests have one; refunds appear only in the
          payment transactions, never in the order
Surprise  a weekly show is one independent event per performance
Surprise  `revenue` is the total less Wix's own fee only; what the card processor
          keeps is not reported: the fees of a paid order are unknown

Unverified, and therefore handled tolerantly:
- that every change of an order but a refund moves one of its guests (the daily sweep
  reads everything);
- that a transaction's id is the order's `transactionId`; its `wixAppOrderId` is
  taken where it is not;
- that a cancelled order that was never seen paid, and has no refund, was never paid;
- that guests are found by several order numbers at once;
- at which of two addresses a key may read ticket definitions, and that a hundred events
  may be asked for at once; where neither answers, the ticket types stay as they were;
- whether a changed price changes its event, too: the daily sweep reads the prices of
  all upcoming events;
- the shape of the answers to guest forms, which are therefore not read;
- that a deleted order answers 404 when it is requested alone;
- that a transaction list that answers 403 lacks a permission: nothing is read then,
  because refunds would be missed silently.

A gift card is a way of paying, so gross is the grand total with it. RSVP and external
events are listed and sell nothing here. The total of an order without an invoice is its
`totalPrice`; how much of it is fees is unknown.

An order and its refunds come from two lists; our raw record is
`{"id", "order": …, "refunds": […], "transaction": …}`: the id under which the site's
transactions hold its payment, `null` where they lack it and should not. Such an order,
and one that has lost a refund, its invoice or its tickets since it was last read,
contradicts itself and is not updated. What an event has on sale is
`{"id", "definitions": […]}`, its `id` the event's.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core import records
from ticketsync.core.redact import Secret
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery
from ticketsync.providers.base import Raw
from ticketsync.providers.wix import definitions, parse
from ticketsync.providers.wix.fetch import WixFetcher
from ticketsync.providers.wix.spec import SPEC, WEBHOOKS


class Wix(WixFetcher):
    """
    What an account needs of Wix Events: lists from `fetch`, values from `parse`.
    """

    spec = SPEC
    webhooks = WEBHOOKS

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        The body is a token signed with RS256. Raises `Forged` or `Stale`.
        """
        webhook_signatures.signed_token(delivery, secrets)

    def parse_event(self, raw: Raw) -> records.Event:
        return parse.parse_event(raw, self.site_id)

    hint = staticmethod(parse.parse_hint)
    provider_occurrence_id_of = staticmethod(parse.provider_occurrence_id_of)
    with_earlier = staticmethod(parse.with_earlier)
    parse_people = staticmethod(parse.parse_people)
    parse_order = staticmethod(parse.parse_order)
    parse_ticket_types = staticmethod(definitions.parse_ticket_types)
