"""
What every provider must do, as tests: for our own providers and for plugins.

    from ticketsync.testing import ProviderContract

    class TestMine(ProviderContract):
        @pytest.fixture
        def provider(self): ...          # connected to something that responds

Needs pytest, and vcrpy for `cassette`.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from ticketsync.core import records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import take_people_out
from ticketsync.net import exact_json
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Changes,
    ListsInOrders,
    OrderEstimate,
    Provider,
    ProviderSpec,
    Raw,
    Reads,
    reads_account,
)

SAFE_HEADERS = ("content-type", "x-rate-limit-limit", "x-rate-limit-remaining")


class ProviderContract:
    """
    Subclass it and define the fixture `provider`; the tests are inherited.

    status_field  the field of a raw order that contains its status
    required      the fields without which, or with another type of value, an order
                  must be refused; `order.status` is a nested field
    """

    status_field = "status"
    required: tuple[str, ...] = ("id", "status")

    def test_the_spec_is_complete(self, provider: Provider) -> None:
        spec = provider.spec
        assert spec.name == spec.name.lower().replace("-", "_")
        assert spec.title
        assert spec.base_url.startswith("https://")
        assert spec.budget.requests > 0
        assert spec.key_help
        assert spec.reads in get_args(Reads)
        assert spec.changes in get_args(Changes)

    def test_it_can_do_what_its_spec_says(self, provider: Provider) -> None:
        spec = provider.spec
        methods = ("fetch_all_orders", "fetch_recent_orders", "watermark_of")
        if spec.reads == "account":
            assert all(hasattr(provider, name) for name in methods)
        assert spec.changes != "feed" or spec.reads == "account"
        assert spec.changes != "by_event" or spec.reads.startswith("per_")

    def test_it_says_whose_key_it_is(self, provider: Provider) -> None:
        assert provider.identify().name

    def test_every_listed_record_is_parsed(self, provider: Provider) -> None:
        events = [
            reading.parsed(provider.parse_event, raw) for raw in self.listed(provider)
        ]
        occurrences = [it for event in events for it in event.occurrences]
        assert occurrences
        assert len({it.id for it in occurrences}) == len(occurrences)
        assert all(it.starts_at.tzinfo is not None for it in occurrences)

    def test_every_order_is_parsed_and_adds_up(self, provider: Provider) -> None:
        orders = self.orders(provider)
        assert orders
        for order in orders:
            assert order.doubt is None
            assert order.charged >= 0

    def test_parsing_is_pure(self, provider: Provider) -> None:
        for raw in self.raw_orders(provider):
            before = copy.deepcopy(raw)
            assert provider.parse_order(raw) == provider.parse_order(raw)
            assert raw == before

    def test_a_page_of_all_orders_has_no_order_twice(self, provider: Provider) -> None:
        if not reads_account(provider):
            return
        pages = provider.fetch_all_orders(None, OrderEstimate(0), workers=1)
        ids = [str(raw["id"]) for page in pages for raw in page.records]
        assert len(ids) == len(set(ids))

    def test_an_order_names_its_occurrence(self, provider: Provider) -> None:
        for raw in self.raw_orders(provider):
            assert (
                provider.provider_occurrence_id_of(raw)
                == provider.parse_order(raw).occurrence_id
            )

    def test_one_order_is_the_same_fetched_alone(self, provider: Provider) -> None:
        raw = self.raw_orders(provider)[0]
        alone = provider.fetch_order(
            str(raw["id"]), provider.provider_occurrence_id_of(raw)
        )
        assert provider.parse_order(alone) == provider.parse_order(raw)

    def test_all_orders_at_once_are_those_of_the_events(
        self, provider: Provider
    ) -> None:
        if not reads_account(provider):
            return
        pages = provider.fetch_all_orders(None, OrderEstimate(0), workers=1)
        whole = {str(raw["id"]) for page in pages for raw in page.records}
        of_events = {str(raw["id"]) for raw in self.raw_orders(provider)}
        if isinstance(provider, ListsInOrders):
            assert whole >= of_events  # some occurrences are in no listing
        else:
            assert whole == of_events

    def test_an_order_is_parsed_alike_without_personal_data(
        self, provider: Provider
    ) -> None:
        for raw in self.raw_orders(provider):
            bare = copy.deepcopy(dict(raw))
            provider.spec.take_people_out(bare)
            assert provider.parse_order(bare) == provider.parse_order(raw)

    def test_an_unknown_status_is_refused(self, provider: Provider) -> None:
        raw = self.raw_orders(provider)[0]
        unknown = "an unknown status"
        self._assert_refused(provider, _changed(raw, self.status_field, unknown))

    def test_a_damaged_order_is_refused(self, provider: Provider) -> None:
        raw = self.raw_orders(provider)[0]
        for name in self.required:
            self._assert_refused(provider, _changed(raw, name, _MISSING))
            self._assert_refused(provider, _changed(raw, name, ["another", "shape"]))
            self._assert_refused(provider, _changed(raw, name, None))

    def test_hostile_text_is_parsed_or_refused(self, provider: Provider) -> None:
        """
        Half a surrogate pair, NUL, an address that cannot be parsed, line breaks and
        200,000 characters, in every text of a record: read, or set aside by name.
        """
        event, order = self.listed(provider)[0], self.raw_orders(provider)[0]
        for parse, raw in (
            (provider.parse_event, event),
            (provider.parse_order, order),
        ):
            for path in _paths_of_texts(raw):
                for text in HOSTILE_TEXTS:
                    with contextlib.suppress(UnreadableRecord):
                        reading.parsed(parse, _with_text_at(raw, path, text))

    # Used by the tests above

    def listed(self, provider: Provider) -> list[Raw]:
        return [raw for page in provider.fetch_events() for raw in page.records]

    def raw_orders(self, provider: Provider) -> list[Raw]:
        events = [provider.parse_event(raw) for raw in self.listed(provider)]
        by_event = provider.spec.reads == "per_event"
        units = dict.fromkeys(
            it.event_id if by_event else it.id
            for event in events
            for it in event.occurrences
        )
        raws = {
            str(raw["id"]): raw
            for unit in units
            for page in provider.fetch_orders(unit, None)
            for raw in page.records
        }
        return list(raws.values())

    def orders(self, provider: Provider) -> list[records.Order]:
        return [
            reading.parsed(provider.parse_order, raw)
            for raw in self.raw_orders(provider)
        ]

    def _assert_refused(self, provider: Provider, raw: Raw) -> None:
        try:
            reading.parsed(provider.parse_order, raw)
        except UnreadableRecord:
            return
        raise AssertionError("the record was not refused")


HOSTILE_TEXTS = (
    *("\ud83d", "\0", "https://[x/", "a\r\nb: c", "x" * 200_000),
    *("9" * 5000, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
)
_MISSING = object()
_Path = tuple[str | int, ...]


def _paths_of_texts(value: Any, before: _Path = ()) -> Iterator[_Path]:
    """
    Where a record has texts; of a list in its first item.
    """
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value[:1])
    for key, inner in items:
        if isinstance(inner, str):
            yield (*before, key)
        else:
            yield from _paths_of_texts(inner, (*before, key))


def _with_text_at(value: Any, path: _Path, text: str) -> Any:
    """
    A copy of a record with another text in one place; what is not on the way to it is
    shared.
    """
    if not path:
        return text
    key, *rest = path
    copied = value.copy()
    copied[key] = _with_text_at(value[key], tuple(rest), text)
    return copied


def _changed(raw: Raw, path: str, value: Any) -> Raw:
    """
    A copy of the record with one field changed or removed.
    """
    record = copy.deepcopy(dict(raw))
    *parents, name = path.split(".")
    inner = record
    for parent in parents:
        inner = inner[parent]
    if value is _MISSING:
        del inner[name]
    else:
        inner[name] = value
    return record


@contextmanager
def cassette(
    file: Path, spec: ProviderSpec, *, record: bool = False, recorded_at: str = ""
) -> Iterator[Any]:
    """
    Replay recorded requests, or record them with `record=True`; `recorded_at` is the
    base URL at which they are recorded, if that is not the platform's own.

    Replaying never uses the network. Recording keeps path and query, content type and
    rate limits, and bodies without personal data. The base URL is replaced by the
    platform's own.
    """
    import httpx
    import vcr

    from ticketsync.net.transport import DeadlineTransport

    # The transport that vcrpy knows; only recording sends anything.
    plain = httpx.HTTPTransport(trust_env=False)
    recorder = vcr.VCR(
        custom_patches=(
            (
                DeadlineTransport,
                "handle_request",
                lambda _, request: plain.handle_request(request),
            ),
        ),
        record_mode="all" if record else "none",
        match_on=["method", "uri", "body"],
        decode_compressed_response=True,
        before_record_request=lambda request: _scrubbed_request(
            request, spec, recorded_at
        ),
        before_record_response=lambda response: _scrubbed_response(response, spec),
    )
    with plain, recorder.use_cassette(str(file)) as tape:
        yield tape


def _scrubbed_request(request: Any, spec: ProviderSpec, recorded_at: str) -> Any:
    if recorded_at and request.uri.startswith(recorded_at):
        request.uri = spec.base_url + request.uri.removeprefix(recorded_at)
    request.headers = {}
    return request


def _scrubbed_response(response: Any, spec: ProviderSpec) -> Any:
    body = response["body"]["string"]
    value = exact_json.decode(body if isinstance(body, bytes) else body.encode())
    # Without digests of ticket codes: a short code could be found by brute force.
    take_people_out(value, spec.personal_fields, spec.personal_beside_email)
    headers = {name.lower(): text for name, text in response["headers"].items()}
    return {
        **response,
        "headers": {name: headers[name] for name in SAFE_HEADERS if name in headers},
        "body": {"string": exact_json.encode(value)},
    }
