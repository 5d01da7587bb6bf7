"""
Everything that the official Square SDK reads of a seller, as JSON.

    python collect_square.py BASE_URL TOKEN
"""

import json
import sys

from square import Square

base_url, token = sys.argv[1:]
client = Square(base_url=base_url, token=token)
SINCE = "2009-01-01T00:00:00Z"


def plain(rows):
    return [row.model_dump(mode="json", exclude_none=True) for row in rows]


def search(**query):
    rows, cursor = [], None
    while True:
        page = client.orders.search(**query, cursor=cursor)
        rows += page.orders or []
        cursor = page.cursor
        if not cursor:
            return rows


places = [place.id for place in client.locations.list().locations]
print(
    json.dumps(
        {
            "catalog": plain(client.catalog.list(types="ITEM,ITEM_VARIATION")),
            "orders": plain(search(location_ids=places, limit=60)),
            "payments": [
                row
                for place in places
                for row in plain(
                    client.payments.list(begin_time=SINCE, location_id=place, limit=60)
                )
            ],
            "refunds": plain(client.refunds.list(begin_time=SINCE, limit=10)),
        }
    )
)
