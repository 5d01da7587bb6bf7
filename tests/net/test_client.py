"""
The one HTTP client against a platform that misbehaves (F01-F06, F16-F20, F28, F29).
"""

import socket
import threading
import time
from typing import NotRequired, TypedDict

import pytest

from ticketsync.core import errors
from ticketsync.core.redact import Secret
from ticketsync.net import exact_json, retry, transport
from ticketsync.net.base_url import checked_base_url
from ticketsync.net.client import ApiClient
from ticketsync.providers.authentication import key_as_basic_user
from ticketsync.providers.ticket_tailor.lists import by_last_id
from ticketsync.sandbox.faults import Plan


@pytest.fixture
def waits():
    return []


@pytest.fixture
def api(sandbox, waits):
    """
    A client that notes its waits instead of waiting.
    """
    client = ApiClient(
        sandbox.url,
        account="tt",
        platform="Ticket Tailor",
        headers=key_as_basic_user(Secret(sandbox.key), {}),
        wait_budget=retry.WaitBudget(60, sleep=waits.append),
        run_id="r1",
    )
    yield client
    client.close()


def requests_of(sandbox):
    return [target for _, target, _ in sandbox.log]


def test_every_request_names_our_run(api, sandbox):
    api.get("/ping")
    assert sandbox.log[0][0] == "GET"
    assert sandbox.log[0][2].endswith("run/r1")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_f06_passing_faults_are_tried_four_times(api, sandbox, status, waits):
    sandbox.faults.plan(Plan(f"status:{status}", times=99))
    with pytest.raises(errors.ProviderUnavailable):
        api.get("/ping")
    assert len(requests_of(sandbox)) == 4
    assert len(waits) == 3


@pytest.mark.parametrize("status", [400, 405, 409, 418, 422])
def test_f06_other_refusals_are_not_repeated(api, sandbox, status):
    sandbox.faults.plan(Plan(f"status:{status}", times=99))
    with pytest.raises(errors.InvalidResponse):
        api.get("/ping")
    assert len(requests_of(sandbox)) == 1


def test_f06_a_fault_that_passes_is_forgotten(api, sandbox):
    sandbox.faults.plan(Plan("status:503", times=2))
    assert api.get("/ping") == {"pong": True}


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_a_persons_matter(api, sandbox, status):
    sandbox.faults.plan(Plan(f"status:{status}"))
    with pytest.raises(errors.AuthenticationFailed, match="'tt'"):
        api.get("/ping")


@pytest.mark.parametrize("status", [404, 410])
def test_f24_a_retired_endpoint_is_not_a_credential_fault(api, sandbox, status):
    sandbox.faults.plan(Plan(f"status:{status}"))
    with pytest.raises(errors.InvalidResponse) as caught:
        api.get("/ping")
    assert caught.value.word == "endpoint-gone"


@pytest.mark.parametrize(
    ("header", "waited"),
    [("2", 2.0), ("7", 7.0), ("-5", None), ("120junk", None), ("", None)],
)
def test_f05_retry_after_is_believed_only_where_it_makes_sense(
    api, sandbox, waits, header, waited
):
    sandbox.faults.plan(Plan(f"retry-after:{header}"))

    api.get("/ping")

    if waited is None:
        assert 0 < waits[0] <= retry.MAX_BACKOFF_SECONDS
    else:
        assert waits[0] == waited


@pytest.mark.parametrize("header", ["1000000000", "9999999999", "600"])
def test_f05_a_wait_beyond_the_budget_ends_the_run_at_once(api, sandbox, waits, header):
    sandbox.faults.plan(Plan(f"retry-after:{header}"))
    with pytest.raises(errors.ProviderUnavailable) as caught:
        api.get("/ping")
    assert caught.value.word == "throttled"
    assert waits == []


def test_f05_dates_are_read_and_past_ones_are_no_wait(frozen):
    assert retry.retry_after("Tue, 01 Sep 2026 00:00:30 GMT") == 30.0
    assert retry.retry_after("Mon, 31 Aug 2026 00:00:00 GMT") == 0.0
    assert retry.retry_after("Tue, 01 Sep 2026 10:00:30 +1000") == 30.0


def test_f04_one_throttled_reader_holds_the_others_back():
    slept = []
    budget = retry.WaitBudget(100, sleep=slept.append)
    budget.pause_until(5)
    assert budget.wait_until_open()
    assert 4 < slept[0] <= 5


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", '"ok"', '{"error":"x"}', "<x/>", '{"a":NaN}', '{"a":1,"a":2}'],
)
def test_f16_what_is_no_answer_is_refused(api, sandbox, body):
    sandbox.faults.plan(Plan(f"body:{body}", times=2))
    with pytest.raises(errors.InvalidResponse) as caught:
        api.get("/ping")
    assert caught.value.word in ("not-json", "truncated")


def test_f16_a_maintenance_page_with_status_200_is_refused(api, sandbox):
    """
    Its type is named; a body with status 200 is not shown, for it may hold people.
    """
    sandbox.faults.plan(Plan("html"))
    with pytest.raises(errors.InvalidResponse, match="text/html") as caught:
        api.get("/orders")
    assert caught.value.word == "not-json"
    assert "Maintenance" not in caught.value.message


@pytest.mark.parametrize("cut", range(0, 3000, 97))
@pytest.mark.parametrize("fault", ["cut", "cut-short"])
@pytest.mark.sampled(4)
def test_f17_a_truncated_answer_is_tried_once_more(api, sandbox, cut, fault):
    sandbox.faults.plan(Plan(f"{fault}:{cut}"))
    assert len(api.get("/orders", {"limit": 2})["data"]) == 2


def test_f17_a_platform_that_goes_on_truncating_is_refused(api, sandbox):
    sandbox.faults.plan(Plan("cut:500", times=9))
    with pytest.raises(errors.InvalidResponse) as caught:
        api.get("/orders")
    assert caught.value.word == "truncated"
    assert len(requests_of(sandbox)) == 2


@pytest.mark.thorough
def test_f18_a_decompression_bomb_is_defused(api, sandbox):
    sandbox.faults.plan(Plan("bomb:300"))
    with pytest.raises(errors.InvalidResponse) as caught:
        api.get("/ping")
    assert caught.value.word == "too-large"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_f18_nesting_without_end_is_refused(text):
    with pytest.raises(exact_json.NotJson):
        exact_json.decode(text.encode())


def test_f19_an_answer_that_drips_ends_with_the_deadline(sandbox, monkeypatch):
    monkeypatch.setattr("ticketsync.net.client.REQUEST_SECONDS", 0.5)
    client = ApiClient(
        sandbox.url,
        account="tt",
        platform="Ticket Tailor",
        headers=key_as_basic_user(Secret(sandbox.key), {}),
        wait_budget=retry.WaitBudget(0),
    )
    sandbox.faults.plan(Plan("drip:0.2", times=9))
    began = time.monotonic()

    with pytest.raises(errors.ProviderUnavailable) as caught:
        client.get("/ping")

    assert caught.value.word == "deadline"
    assert time.monotonic() - began < 5
    client.close()


@pytest.mark.parametrize(("waited", "is_over"), [(0.0, True), (30.0, False)])
def test_what_a_run_waited_for_others_is_given_back(sandbox, waited, is_over):
    assert _is_over(sandbox, waited, longest=60.0) is is_over


def test_no_wait_makes_a_run_longer_than_all_accounts_may_take(sandbox):
    """
    An account that waited for its turn until the whole run was over is not read.
    """
    assert _is_over(sandbox, 30.0, longest=0.0) is True


def _is_over(sandbox, waited, longest):
    client = ApiClient(
        sandbox.url,
        account="tt",
        platform="Ticket Tailor",
        headers=key_as_basic_user(Secret(sandbox.key), {}),
        deadline_seconds=0.0,
        longest_seconds=longest,
    )
    client.allow_more(waited)
    try:
        return client.get("/ping") != {"pong": True}
    except errors.ProviderUnavailable as error:
        return error.word == "deadline"
    finally:
        client.close()


def test_f28_redirects_and_foreign_links_are_never_followed(api, sandbox):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        elsewhere = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        visits = []
        stranger.settimeout(0.3)

        def listen():
            try:
                visits.append(stranger.accept())
            except TimeoutError:
                return

        thread = threading.Thread(target=listen)
        thread.start()
        sandbox.faults.plan(Plan(f"redirect:{elsewhere}/v1/ping"))
        with pytest.raises(errors.InvalidResponse) as caught:
            api.get("/ping")
        sandbox.faults.plan(Plan(f"next-elsewhere:{elsewhere}", "/orders"))
        list(by_last_id(api, "/orders"))
        thread.join()

    assert caught.value.word == "unexpected-redirect"
    assert visits == []


def test_f29_the_environment_does_not_speak_for_us(sandbox, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    client = ApiClient(
        sandbox.url,
        account="tt",
        platform="Ticket Tailor",
        headers=key_as_basic_user(Secret(sandbox.key), {}),
    )
    assert client.get("/ping") == {"pong": True}
    client.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://api.tickettailor.com/v1",
        "ftp://127.0.0.1/",
        "https://",
        "http://127.0.0.1.evil.example/v1",
        "http://10.0.0.1/v1",
    ],
)
def test_plain_http_is_for_loopback_only(url):
    with pytest.raises(errors.ConfigurationError):
        checked_base_url(url)


def test_f20_a_closed_port_is_unreachable():
    client = ApiClient(
        "http://127.0.0.1:9",
        account="tt",
        platform="Ticket Tailor",
        wait_budget=retry.WaitBudget(60, sleep=lambda _: None),
    )
    with pytest.raises(errors.ProviderUnavailable, match="cannot be reached"):
        client.get("/ping")
    assert client.requests == 4
    client.close()


@pytest.mark.parametrize(
    ("lookup_seconds", "requests"), [(0.0, 4), (3.9, 4), (4.0, 1), (10.0, 1)]
)
def test_a_name_that_was_looked_up_for_long_in_vain_is_not_tried_again(
    monkeypatch, lookup_seconds, requests
):
    """
    Where the name server is beyond a network that is down, each look-up takes ten
    seconds.
    """
    now = [100.0]
    monkeypatch.setattr(transport.time, "monotonic", lambda: now[0])

    def getaddrinfo(*arguments, **options):
        now[0] += lookup_seconds
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")

    monkeypatch.setattr(transport.socket, "getaddrinfo", getaddrinfo)
    client = ApiClient(
        "https://api.example",
        account="tt",
        platform="Ticket Tailor",
        wait_budget=retry.WaitBudget(60, sleep=lambda _: None),
    )
    with pytest.raises(errors.ProviderUnavailable, match="cannot be reached"):
        client.get("/ping")
    assert client.requests == requests
    client.close()


@pytest.mark.parametrize("number", [0, 1, 99, 100, 101, 300])
def test_f02_no_page_is_lost(number, frozen, sandbox, api):
    sandbox.change(lambda w: w.purchases.__delitem__(slice(number, None)))
    pages = list(by_last_id(api, "/orders"))
    ids = {row["id"] for rows in pages for row in rows}
    assert ids == {f"or_{p.id}" for p in sandbox.world.purchases}
    assert len(ids) == number


def test_f01_a_list_that_never_ends_is_refused(api, sandbox):
    sandbox.faults.plan(Plan("loop:or_1", "/orders", times=99))
    with pytest.raises(errors.InvalidResponse) as caught:
        list(by_last_id(api, "/orders"))
    assert caught.value.word == "pagination-loop"


@pytest.mark.parametrize(
    ("text", "value"), [("1.50", "1.50"), ("0.1", "0.1"), ("1e2", "1E+2")]
)
def test_f21_decimals_stay_exact(text, value):
    read = exact_json.decode(f'{{"a":{text}}}'.encode())
    assert str(read["a"]) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        '[{"a":":","a":":"}]',
        '{"\\u003a":1,"x":2,"x":3}',
        '{"a":1e999}',
        '{"a":Infinity}',
        "\ufeff{}",
        "{} {}",
    ],
)
def test_f21_json_that_lies_is_refused(text):
    with pytest.raises(exact_json.NotJson):
        exact_json.decode(text.encode())


SHAPE = exact_json.Shape(TypedDict("Named", {"a": int}))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "b": {"c": 2}}', {"a": 1}),
        ('{"a": 1, "b": 2, "b": 3}', {"a": 1}),  # for who decodes it to find out
        *(('{"b": 1}', None), ('{"a": "1"}', None), ('{"a": 1', None)),
        *(('{"a": 1, "b": NaN}', None), ("[1]", None), ("<html>", None)),
        ('{"a": 1, "b": ' + "[" * 100_000 + "]" * 100_000 + "}", None),
    ],
)
def test_skimming_gives_what_is_named_or_nothing(text, value):
    assert exact_json.get_partial(text.encode(), SHAPE) == value


def test_an_answer_with_an_error_beside_its_rows_is_refused(api, sandbox):
    shape = exact_json.Shape(TypedDict("Told", {"a": int, "error": NotRequired[str]}))
    sandbox.faults.plan(Plan('body:{"a": 1, "error": "half of it"}'))
    with pytest.raises(errors.InvalidResponse) as caught:
        api.get_partial("/orders", {}, shape)
    assert caught.value.word == "not-json"


@pytest.mark.parametrize("text", ['{"a":":::","b":"\\u003a"}', '{"\\u003a":1}'])
def test_f21_colons_in_texts_do_not_disturb(text):
    assert exact_json.decode(text.encode())
