"""
An occurrence as a platform lists it, for tests that name only what they are about.
"""

from ticketsync.core import records


def listed_occurrence(id_, event_id, starts_at, **more):
    """
    On sale in Sydney, and in AUD; `more` are further fields, or others.
    """
    fields = {
        "name": event_id,
        "ends_at": None,
        "timezone": "Australia/Sydney",
        "status": records.OccurrenceStatus.ON_SALE,
        "capacity": None,
        "currency": "AUD",
        "venue": None,
        "url": None,
        "listed_at": None,
        "issued": None,
        "ordered": None,
        "fingerprint": "",
    }
    return records.Occurrence(
        id=id_, event_id=event_id, starts_at=starts_at, **{**fields, **more}
    )
