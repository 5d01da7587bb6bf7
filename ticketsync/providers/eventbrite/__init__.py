"""
Eventbrite.

API       https://www.eventbrite.com/platform/api (v3)
Words     their series parent is our Event, a dated child our Occurrence; a one-off
          event is both
Auth      `Authorization: Bearer <private token>`; three secrets look alike, only
          the private token works
Pages     by continuation token; `has_more_items` decides where it is present,
          because a token is sent even with the last page
Surprise  every path ends in a slash; a GET with a Content-Type is refused
Surprise  the refunded amount is never reported: costs shrink instead, so the first
          costs are kept and the difference is the refund
Surprise  `canceled` (event) has one l, `cancelled` (attendee) two
Surprise  orders and attendees have `changed_since`, the events have not
Prices    ticket classes are listed with the events; all but add-ons are ticket types,
          a donation is one whose price the buyer chooses

Unverified, and therefore handled tolerantly:
- that costs shrink when money is refunded: where they do not and a ticket is marked
  refunded, its price is used and the order marked;
- that a check-in moves the attendee's `changed` (else the daily sweep finds it), and
  that whatever moves money moves the order's or an attendee's;
- that an order that is not paid yet (by cheque, by invoice, at the door) has attendees
  `Unpaid`, and that they become `Attending` once it is paid: the order counts nowhere
  until then;
- that a list of attendees without `status` holds all of them;
- that attendees come with `expand=attendees` in a list: where they are missing, the
  event's attendees are read;
- that fees are returned with a refund: the present costs say what was kept;
- that an order's gross is the sum of its attendees' apart from merchandise and
  donations: a remainder counts as an add-on, a negative one marks the order;
- an order without a status counts as placed;
- that a list of events takes `expand=ticket_classes`: where it fails, they are listed
  without and the ticket types stay as they were;
- the words `not_yet_on_sale` and `unavailable` of a ticket class, and that its `cost`
  is the price that buyers see;
- that expanded attendees carry their answers: where they do not, there are none;
- the form of the dashboard address.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core.redact import Secret
from ticketsync.net.webhook_signatures import Delivery
from ticketsync.providers.eventbrite import parse
from ticketsync.providers.eventbrite.fetch import EventbriteFetcher
from ticketsync.providers.eventbrite.spec import SPEC, WEBHOOKS


class Eventbrite(EventbriteFetcher):
    """
    What an account needs of Eventbrite: lists from `fetch`, values from `parse`.
    """

    spec = SPEC
    webhooks = WEBHOOKS

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        Eventbrite signs nothing: whoever knows the path may send a hint, and a hint
        only makes us request the object from Eventbrite itself.
        """

    hint = staticmethod(parse.parse_hint)
    provider_occurrence_id_of = staticmethod(parse.provider_occurrence_id_of)
    parse_event = staticmethod(parse.parse_event)
    with_earlier = staticmethod(parse.with_earlier)
    parse_people = staticmethod(parse.parse_people)
    parse_order = staticmethod(parse.parse_order)
