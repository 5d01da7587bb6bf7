"""
Everything that the official Eventbrite SDK reads of an organisation, as JSON.

    python collect_eventbrite.py BASE_URL TOKEN ORGANISATION
"""

import json
import sys

from eventbrite import Eventbrite

base_url, token, organisation = sys.argv[1:]
client = Eventbrite(token, eventbrite_api_url=f"{base_url}/")


def everything(path, key, **filters):
    rows, number = [], 1
    while True:
        page = client.get(path, data={**filters, "page": number})
        rows += page[key]
        if not page["pagination"]["has_more_items"]:
            return rows
        number += 1


found = {
    "events": everything(
        f"/organizations/{organisation}/events/", "events", status="all", page_size=10
    ),
    "orders": everything(
        f"/organizations/{organisation}/orders/", "orders", status="both"
    ),
    "attendees": [],
}
for event in found["events"]:
    page = client.get_event_attendees(event["id"])
    found["attendees"] += page["attendees"]
    while page["pagination"]["has_more_items"]:
        token = page["pagination"]["continuation"]
        path = f"/events/{event['id']}/attendees/"
        page = client.get(path, data={"continuation": token})
        found["attendees"] += page["attendees"]
print(json.dumps(found))
