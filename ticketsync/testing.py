"""
What every provider must do, as tests; for our own providers and for plugin authors.

    from ticketsync.testing import ProviderContract

    class TestMine(ProviderContract):
        @pytest.fixture
        def provider(self): ...          # connected to something that answers

Needs pytest, and vcrpy for `cassette`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ticketsync.core import records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import take_people_out
from ticketsync.net import exact_json
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Extent,
    ListsInOrders,
    Provider,
    ProviderSpec,
    Raw,
    ReadsWholeAccount,
)

SAFE_HEADERS = ("content-type", "x-rate-limit-limit", "x-rate-limit-remaining")


class ProviderContract:
    """
    Subclass it and give the fixture `provider`; the rest is inherited.

    `status_field` names the field of a raw order that holds its status, `required`
    those without which, or with something else in which, an order must not be
    believed; `order.status` is a field of a field.
    """

    status_field = "status"
    required: tuple[str, ...] = ("id", "status")

    def test_the_card_is_complete(self, provider: Provider) -> None:
        spec = provider.spec
        assert spec.name == spec.name.lower().replace("-", "_")
        assert spec.title
        assert spec.base_url.startswith("https://")
        assert spec.budget.requests > 0
        assert spec.key_help

    def test_it_says_whose_key_it_is(self, provider: Provider) -> None:
        assert provider.identify().name

    def test_every_listed_record_is_understood(self, provider: Provider) -> None:
        events = [
            reading.parsed(provider.read_event, raw) for raw in self.listed(provider)
        ]
        dates = [date for event in events for date in event.occurrences]
        assert dates
        assert len({date.id for date in dates}) == len(dates)
        assert all(date.starts_at.tzinfo is not None for date in dates)

    def test_every_order_is_understood_and_adds_up(self, provider: Provider) -> None:
        orders = self.orders(provider)
        assert orders
        for order in orders:
            assert order.doubt is None
            assert order.charged >= 0

    def test_reading_is_pure(self, provider: Provider) -> None:
        for raw in self.raw_orders(provider):
            before = copy.deepcopy(raw)
            assert provider.read_order(raw) == provider.read_order(raw)
            assert raw == before

    def test_a_page_of_all_orders_has_no_order_twice(self, provider: Provider) -> None:
        if not isinstance(provider, ReadsWholeAccount):
            return
        pages = provider.fetch_all_orders(None, Extent(0), workers=1)
        ids = [str(raw["id"]) for page in pages for raw in page.records]
        assert len(ids) == len(set(ids))

    def test_an_order_names_its_event(self, provider: Provider) -> None:
        for raw in self.raw_orders(provider):
            assert (
                provider.provider_occurrence_id_of(raw)
                == provider.read_order(raw).occurrence_id
            )

    def test_one_order_is_the_same_fetched_alone(self, provider: Provider) -> None:
        raw = self.raw_orders(provider)[0]
        alone = provider.fetch_order(
            str(raw["id"]), provider.provider_occurrence_id_of(raw)
        )
        assert provider.read_order(alone) == provider.read_order(raw)

    def test_all_orders_at_once_are_those_of_the_events(
        self, provider: Provider
    ) -> None:
        if not isinstance(provider, ReadsWholeAccount):
            return
        pages = provider.fetch_all_orders(None, Extent(0), workers=1)
        whole = {str(raw["id"]) for page in pages for raw in page.records}
        of_events = {str(raw["id"]) for raw in self.raw_orders(provider)}
        if isinstance(provider, ListsInOrders):
            assert whole >= of_events  # some are for dates that no listing has
        else:
            assert whole == of_events

    def test_people_can_be_taken_out_and_the_rest_still_be_read(
        self, provider: Provider
    ) -> None:
        for raw in self.raw_orders(provider):
            bare = copy.deepcopy(dict(raw))
            provider.spec.take_people_out(bare)
            assert provider.read_order(bare) == provider.read_order(raw)

    def test_an_unknown_status_is_not_believed(self, provider: Provider) -> None:
        raw = self.raw_orders(provider)[0]
        unknown = "a status nobody has heard of"
        self._refused(provider, _changed(raw, self.status_field, unknown))

    def test_a_damaged_order_is_not_believed(self, provider: Provider) -> None:
        raw = self.raw_orders(provider)[0]
        for name in self.required:
            self._refused(provider, _changed(raw, name, _GONE))
            self._refused(provider, _changed(raw, name, ["another", "shape"]))
            self._refused(provider, _changed(raw, name, None))

    # What the tests above are made of

    def listed(self, provider: Provider) -> list[Raw]:
        return [raw for page in provider.fetch_events() for raw in page.records]

    def raw_orders(self, provider: Provider) -> list[Raw]:
        events = [provider.read_event(raw) for raw in self.listed(provider)]
        dates = [date for event in events for date in event.occurrences]
        units = dict.fromkeys(
            date.id if provider.spec.orders_by == "occurrence" else date.event_id
            for date in dates
        )
        found = {
            str(raw["id"]): raw
            for unit in units
            for page in provider.fetch_orders(unit, None)
            for raw in page.records
        }
        return list(found.values())

    def orders(self, provider: Provider) -> list[records.Order]:
        return [
            reading.parsed(provider.read_order, raw)
            for raw in self.raw_orders(provider)
        ]

    def _refused(self, provider: Provider, raw: Raw) -> None:
        try:
            reading.parsed(provider.read_order, raw)
        except UnreadableRecord:
            return
        raise AssertionError("the record was believed")


_GONE = object()


def _changed(raw: Raw, path: str, value: Any) -> Raw:
    """
    A copy of the record with one field changed, or taken out.
    """
    found = copy.deepcopy(dict(raw))
    *way, name = path.split(".")
    inner = found
    for step in way:
        inner = inner[step]
    if value is _GONE:
        del inner[name]
    else:
        inner[name] = value
    return found


@contextmanager
def cassette(
    file: Path, spec: ProviderSpec, *, record: bool = False, recorded_at: str = ""
) -> Iterator[Any]:
    """
    Play a recorded conversation, or record one with `record=True`; `recorded_at` is
    the base URL it is recorded at, where that is not the platform's own.

    Playing never touches the network. Recording keeps an allow-list: path and query,
    content type and limits, and bodies without people. The address becomes the
    platform's own, wherever it was recorded.
    """
    import vcr

    recorder = vcr.VCR(
        record_mode="all" if record else "none",
        match_on=["method", "uri", "body"],
        decode_compressed_response=True,
        before_record_request=lambda request: _scrubbed_request(
            request, spec, recorded_at
        ),
        before_record_response=lambda response: _scrubbed_response(response, spec),
    )
    with recorder.use_cassette(str(file)) as tape:
        yield tape


def _scrubbed_request(request: Any, spec: ProviderSpec, recorded_at: str) -> Any:
    if recorded_at and request.uri.startswith(recorded_at):
        request.uri = spec.base_url + request.uri.removeprefix(recorded_at)
    request.headers = {}
    return request


def _scrubbed_response(response: Any, spec: ProviderSpec) -> Any:
    body = response["body"]["string"]
    value = exact_json.decode(body if isinstance(body, bytes) else body.encode())
    # No digest of a ticket's code either: a short one could be found by trying.
    take_people_out(value, spec.personal_fields, spec.personal_beside_email)
    headers = {name.lower(): text for name, text in response["headers"].items()}
    return {
        **response,
        "headers": {name: headers[name] for name in SAFE_HEADERS if name in headers},
        "body": {"string": exact_json.encode(value)},
    }
