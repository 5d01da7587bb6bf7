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
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ticketsync.core import records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import take_people_out
from ticketsync.net import exact_json
from ticketsync.providers import reading
from ticketsync.providers.base import Provider, ProviderSpec, Raw, ReadsWholeAccount

SAFE_HEADERS = ("content-type", "x-rate-limit-limit", "x-rate-limit-remaining")


class ProviderContract:
    """
    Subclass it and give the fixture `provider`; the rest is inherited.

    `statuses` names the field of an order that holds its status, `required` fields
    without which an order must not be believed.
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
            reading.understood(provider.read_event, raw)
            for raw in self.listed(provider)
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

    def test_an_order_names_its_event(self, provider: Provider) -> None:
        for raw in self.raw_orders(provider):
            assert provider.event_of(raw) == provider.read_order(raw).occurrence_id

    def test_one_order_is_the_same_fetched_alone(self, provider: Provider) -> None:
        raw = self.raw_orders(provider)[0]
        alone = provider.fetch_order(str(raw["id"]), provider.event_of(raw))
        assert provider.read_order(alone) == provider.read_order(raw)

    def test_all_orders_at_once_are_those_of_the_events(
        self, provider: Provider
    ) -> None:
        if not isinstance(provider, ReadsWholeAccount):
            return
        from ticketsync.providers.base import Extent

        pages = provider.fetch_all_orders(None, Extent(0), workers=1)
        whole = {str(raw["id"]) for page in pages for raw in page.records}
        assert whole == {order.id for order in self.orders(provider)}

    def test_people_can_be_taken_out_and_the_rest_still_be_read(
        self, provider: Provider
    ) -> None:
        for raw in self.raw_orders(provider):
            bare = copy.deepcopy(dict(raw))
            spec = provider.spec
            take_people_out(bare, spec.personal_fields, spec.personal_beside_email)
            assert provider.read_order(bare) == provider.read_order(raw)

    def test_an_unknown_status_is_not_believed(self, provider: Provider) -> None:
        raw = dict(self.raw_orders(provider)[0])
        raw[self.status_field] = "a status nobody has heard of"
        self._refused(provider, raw)

    def test_a_damaged_order_is_not_believed(self, provider: Provider) -> None:
        for name in self.required:
            raw = dict(self.raw_orders(provider)[0])
            del raw[name]
            self._refused(provider, raw)

    # What the tests above are made of

    def listed(self, provider: Provider) -> list[Raw]:
        return [raw for page in provider.fetch_events() for raw in page.records]

    def raw_orders(self, provider: Provider) -> list[Raw]:
        dates = [
            date.id
            for raw in self.listed(provider)
            for date in provider.read_event(raw).occurrences
        ]
        return [
            raw
            for date in dates
            for page in provider.fetch_orders(date, None)
            for raw in page.records
        ]

    def orders(self, provider: Provider) -> list[records.Order]:
        return [
            reading.understood(provider.read_order, raw)
            for raw in self.raw_orders(provider)
        ]

    def _refused(self, provider: Provider, raw: Raw) -> None:
        try:
            reading.understood(provider.read_order, raw)
        except UnreadableRecord:
            return
        raise AssertionError("the record was believed")


@contextmanager
def cassette(file: Path, spec: ProviderSpec, *, record: bool = False) -> Iterator[Any]:
    """
    Play a recorded conversation, or record one with `record=True`.

    Playing never touches the network. Recording keeps an allow-list: path and query,
    content type and limits, and bodies without people. The address becomes the
    platform's own, wherever it was recorded.
    """
    import vcr

    recorder = vcr.VCR(
        record_mode="all" if record else "none",
        match_on=["method", "uri"],
        decode_compressed_response=True,
        before_record_request=lambda request: _scrubbed_request(request, spec),
        before_record_response=lambda response: _scrubbed_response(response, spec),
    )
    with recorder.use_cassette(str(file)) as tape:
        yield tape


def _scrubbed_request(request: Any, spec: ProviderSpec) -> Any:
    parts = urlsplit(request.uri)
    base = urlsplit(spec.base_url)
    request.uri = parts._replace(scheme=base.scheme, netloc=base.netloc).geturl()
    request.headers = {}
    return request


def _scrubbed_response(response: Any, spec: ProviderSpec) -> Any:
    body = response["body"]["string"]
    value = exact_json.decode(body if isinstance(body, bytes) else body.encode())
    take_people_out(value, spec.personal_fields, spec.personal_beside_email)
    headers = {name.lower(): text for name, text in response["headers"].items()}
    return {
        **response,
        "headers": {name: headers[name] for name in SAFE_HEADERS if name in headers},
        "body": {"string": json.dumps(value, separators=(",", ":")).encode()},
    }
