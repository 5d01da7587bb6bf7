"""
Humanitix.

API       https://humanitix.stoplight.io (public API v1)
Words     their event is our Event, each of its `dates[]` our Occurrence
Auth      header `x-api-key`; one key per account
Pages     `page` is required, `pageSize` 100 at most; an unknown parameter is an error
Surprise  no webhooks, no account-wide orders: each event is read, with `since`
Surprise  data live per region: `overrideLocation` selects another one
Surprise  `totals` is the present, `purchaseTotals` the purchase; `grossSales` is
          before discounts and never what was charged
Surprise  a cancelled ticket loses its price: the first one seen is kept
Surprise  the time zone is on the event only, its dates have none
Surprise  a ticket that is swapped to another event is listed there, its order is not:
          such an order is requested by itself
Surprise  `qrCodeData` is an object; `customScanningCode` identifies the ticket, too

Unverified, and therefore handled tolerantly:
- that `since` is compared with `updatedAt`, and that a list without `status` contains
  cancelled tickets: the daily sweep reads everything;
- that `clientDonation` is a gift to the venue on top of the tickets;
- 200 requests per minute;
- whether `totalCapacity` is per date: it is believed for an event with one date;
- the paths of check-in and check-out, which the documents only mention: a refusal is
  reported and stops nothing;
- there is no cancelled flag: an event that is not published counts as a draft;
- whether `quantity` of a ticket type or package is per date: it is believed for an
  event with one date;
- when a ticket type is on sale and how many were sold, which are not in the API: one
  that is neither disabled nor always hidden counts as on sale;
- what the printed QR code contains: `qrCodeData._id`, the whole object as JSON and
  `customScanningCode` are all recognised at the door;
- that a swapped ticket is cancelled with `swappedTo`, and that the new one carries its
  price: the old one keeps nothing of it;
- that the order of a swapped ticket is answered under the event it was swapped to: if
  not, it is looked for under the account's other events.

Packages are ticket types with a price of their own; the tickets in one are of the types
that it contains. An answer names its question by an id: `fetch` adds its text from the
event.

An order and its tickets come from two lists; our raw record is
`{"id", "order": …, "tickets": […]}`. Where tickets of an order are listed at another
event than the order, that event gives a record of its own for the order, with these
tickets and `part` (that event's id); the order is read from the newest record of each
part. `moved` names the tickets that were swapped for others.
"""

from __future__ import annotations

from ticketsync.providers.humanitix import parse
from ticketsync.providers.humanitix.fetch import HumanitixFetcher
from ticketsync.providers.humanitix.spec import SPEC


class Humanitix(HumanitixFetcher):
    """
    What an account needs of Humanitix: lists from `fetch`, values from `parse`.
    """

    spec = SPEC

    provider_occurrence_id_of = staticmethod(parse.provider_occurrence_id_of)
    parse_event = staticmethod(parse.parse_event)
    with_earlier = staticmethod(parse.with_earlier)
    parse_people = staticmethod(parse.parse_people)
    parse_order = staticmethod(parse.parse_order)
