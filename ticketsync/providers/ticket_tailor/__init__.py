"""
Ticket Tailor.

API       https://developers.tickettailor.com
Words     their event series is our Event, their event is our Occurrence
Auth      API key as Basic user name, no password; one key per box office
Pages     starting_after=<last id>, 100 at most; links.next is relative to /v1
Surprise  no filter by change: refunds, voids and cancellations of old orders appear
          in no created_at filter. The event listing's counts and revenue say which
          events to read again; a sweep finds the rest.
Surprise  booleans are the texts "true" and "false"
Surprise  platform and processor fees are never reported: unknown, not 0
Surprise  void, cancel and refund are three things; a void keeps the money, a
          cancelled order keeps its total, a refund keeps the admission
Surprise  tickets made by import or API have no order

Unverified, and therefore handled tolerantly:
- whether a line's `value` and `booking_fee` are per unit or per line, and whether
  `total` contains the booking fee: we use the interpretation under which the order
  adds up to its `total`, and mark the order if there is none (`_INTERPRETATIONS`);
- `line_items[].type` other than `ticket`: from one client's types; an unknown one
  is quarantined, a product (`pr_…`) is an add-on whatever its type;
- that a `gift_card` above zero is one that is sold: a voucher sale, which is owed until
  a `gift_card` below zero pays with it;
- whether `total_issued_tickets` and `total_orders` count void tickets, pending and
  cancelled orders: no count is believed, only compared (`catalogue.occurrences`);
- that `credited_out_amount` is credit given instead of money: it is kept apart and
  does not count as refunded;
- the names `created_at.gte` and `created_at.lt`: if records from outside are returned,
  the whole list is read in sequence;
- that a check-in is made by POST to `/check_ins` with `issued_ticket_id` and
  `quantity`, -1 taking one back: the documents show such records, not how they are
  made; a refusal is reported and stops nothing;
- that the prices of ticket types, which name a currency and no multiplier, are minor
  units as in ISO 4217;
- what `hide_until` and `hide_after` of a ticket type hold, and whether they are its
  time of sale: they are not read;
- a cancelled order without `total_paid` counts as paid if it has a transaction id
  or a refund, else as never paid.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core.redact import Secret
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery
from ticketsync.providers.ticket_tailor import parse
from ticketsync.providers.ticket_tailor.fetch import TicketTailorFetcher
from ticketsync.providers.ticket_tailor.spec import SPEC, WEBHOOKS


class TicketTailor(TicketTailorFetcher):
    """
    What an account needs of Ticket Tailor: lists from `fetch`, values from `parse`.
    """

    spec = SPEC
    webhooks = WEBHOOKS

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        HMAC over time and body with nothing in between. Raises `Forged` or `Stale`.

        Whether a repeated delivery is signed anew is **(unverified)**: a stale one is
        refused, and the next sync finds what it hinted at.
        """
        header = "tickettailor-webhook-signature"
        webhook_signatures.timed_hmac(delivery, header, secrets, between=b"")

    hint = staticmethod(parse.parse_hint)
    provider_occurrence_id_of = staticmethod(parse.provider_occurrence_id_of)
    parse_event = staticmethod(parse.parse_event)
    parse_people = staticmethod(parse.parse_people)
    parse_order = staticmethod(parse.parse_order)
    parse_loose_ticket = staticmethod(parse.parse_loose_ticket)
