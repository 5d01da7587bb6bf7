"""
The one HTTP client against a platform that attacks it: interim responses without end,
slow connections, addresses with a password, errors that repeat our key. Each protection
has its control.
"""

import base64
import contextlib
import inspect
import socket
import threading
import time
from contextlib import contextmanager

import httpcore
import httpx
import pytest

from ticketsync.core import errors, redact
from ticketsync.core.redact import Secret
from ticketsync.net import retry, transport
from ticketsync.net.base_url import checked_base_url
from ticketsync.net.client import ApiClient

KEY = "sk_1001_2002_sandbox_and_more"
BODY = b'{"pong": true}'
OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


@contextmanager
def answering(data, *, connections=8):
    """
    A server that sends these bytes to every connection and then closes it.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve():
            for _ in range(connections):
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65536)
                        connection.sendall(data)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def client(url, **more):
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    return ApiClient(
        url,
        account="tt",
        platform="Ticket Tailor",
        headers={"Authorization": Secret(f"Basic {basic}")},
        wait_budget=retry.WaitBudget(60, sleep=lambda _: None),
        **more,
    )


def get(url, **more):
    api = client(url, **more)
    try:
        return api.get("/ping")
    finally:
        api.close()


# Interim responses


@pytest.mark.parametrize("line", [b"102 Processing", b"103 Early Hints\r\nLink: x"])
@pytest.mark.parametrize("number", [0, 1, 10])
def test_a_few_interim_responses_are_skipped(number, line):
    with answering(b"HTTP/1.1 %s\r\n\r\n" % line * number + OK) as url:
        assert get(url) == {"pong": True}


@pytest.mark.parametrize("number", [11, 5000])
def test_more_than_ten_interim_responses_are_refused_at_once(number):
    with answering(b"HTTP/1.1 102 Processing\r\n\r\n" * number + OK) as url:
        with pytest.raises(errors.InvalidResponse, match="10 interim") as caught:
            get(url)
        assert caught.value.word == "interim-responses"


def test_control_without_the_count_the_library_waits_for_all_of_them(monkeypatch):
    monkeypatch.setattr(transport, "MAX_INTERIM_RESPONSES", 10**9)
    with answering(b"HTTP/1.1 102 Processing\r\n\r\n" * 5000 + OK) as url:
        assert get(url) == {"pong": True}


def test_interim_responses_are_counted_however_they_arrive():
    """
    Byte by byte, with bare line feeds, and the headers of a response that looks alike.
    """
    counter = transport._InterimCounter()
    for byte in b"HTTP/1.1 102 x\n\n" * 10 + OK + b"HTTP/1.1 102 x\n\n" * 20:
        counter.count(bytes([byte]))
    counter = transport._InterimCounter()
    flood = b"HTTP/1.1 102 x\n\n" * 11
    for byte in flood[:-1]:
        counter.count(bytes([byte]))
    with pytest.raises(httpcore.RemoteProtocolError):
        counter.count(flood[-1:])


# The deadline


def test_the_deadline_covers_connecting_to_every_address_of_a_host(monkeypatch):
    """
    A host with 50 addresses at which nobody answers: each connection gets what is left
    of the deadline, not the whole timeout.
    """
    timeouts = []
    clock = [0.0]

    def connect(self, host, port, timeout=None, *_):
        timeouts.append(timeout)
        clock[0] += timeout
        raise httpcore.ConnectTimeout("nobody answers")

    many = [(2, 1, 6, "", (f"192.0.2.{n}", 443)) for n in range(50)]
    monkeypatch.setattr(transport.socket, "getaddrinfo", lambda *_, **__: many)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    monkeypatch.setattr(transport.time, "monotonic", lambda: clock[0])
    with (
        transport.deadline_at(25.0),
        pytest.raises(httpcore.ReadTimeout, match="deadline"),
    ):
        transport._DeadlineBackend().connect_tcp("example.org", 443, timeout=10.0)
    assert timeouts == [10.0, 10.0, 5.0]


def test_headers_that_drip_end_with_the_deadline(monkeypatch):
    monkeypatch.setattr("ticketsync.net.client.REQUEST_SECONDS", 0.3)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"a")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        api = client(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(errors.ProviderUnavailable) as caught:
            api.post("/x", body={})  # never tried again
        api.close()
        stop.set()
        thread.join()
    assert caught.value.word == "deadline"
    assert time.monotonic() - began < 5


# Every error of the library is ours


def _errors_of_httpx():
    found = []
    for name, kind in inspect.getmembers(httpx, inspect.isclass):
        if issubclass(kind, Exception) and kind is not httpx.HTTPStatusError:
            found.append(pytest.param(kind, id=name))
    return found


@pytest.mark.parametrize("kind", _errors_of_httpx())
def test_every_error_of_the_http_library_becomes_ours(kind):
    def fail(request):
        with_message = "message" in inspect.signature(kind.__init__).parameters
        raise kind("planned") if with_message else kind()

    with pytest.raises(errors.ProviderError):
        get("https://api.example", transport=httpx.MockTransport(fail))


HOSTILE_IDS = (
    "or_" + "a" * 200_000,
    "or_\ud83d",
    "or_\0",
    "or_1\r\nX-Injected: 1",
)


@pytest.mark.parametrize("id_", HOSTILE_IDS, ids=["long", "surrogate", "nul", "crlf"])
@pytest.mark.parametrize("place", ["path", "query", "body"])
def test_an_id_that_no_request_can_name_is_an_invalid_response(id_, place):
    """
    Refused before anything is sent, or sent as data; never a fault of ours.
    """
    sent = []

    def answer(request):
        sent.append(request)
        return httpx.Response(
            200,
            headers={"content-type": "application/json"},
            content=iter([BODY]),
        )

    api = client("https://api.example", transport=httpx.MockTransport(answer))
    requests = {
        "path": lambda: api.get(f"/orders/{id_}"),
        "query": lambda: api.get("/orders", {"id": id_}),
        "body": lambda: api.query("/orders", {"id": id_}),
    }
    with contextlib.suppress(errors.InvalidResponse):
        requests[place]()
        assert sent
    api.close()
    assert all("X-Injected" not in request.headers for request in sent)


@pytest.mark.parametrize("secret", ["kéy", "key\r\nX-Injected: 1", "key\0", "k\ud83d"])
def test_a_key_that_cannot_be_sent_is_a_persons_matter(secret):
    api = ApiClient(
        "https://api.example",
        account="tt",
        platform="Ticket Tailor",
        headers={"Authorization": Secret(f"Bearer {secret}")},
        transport=httpx.MockTransport(lambda _: pytest.fail("it was sent")),
    )
    with pytest.raises(errors.AuthenticationFailed, match="characters") as caught:
        api.get("/ping")
    assert "X-Injected" not in caught.value.message
    api.close()


# What is shown of an answer


def refused(status, body, kind="text/html"):
    """
    The words about an answer with this status and body.
    """

    def answer(request):
        text = body.replace("{sent}", request.headers["authorization"])
        return httpx.Response(
            status,
            headers={"content-type": kind},
            content=iter([text.encode()]),
        )

    with pytest.raises(errors.TicketsyncError) as caught:
        get("https://api.example", transport=httpx.MockTransport(answer))
    return caught.value.message


def pieces(message):
    """
    The longest piece of our key or of its header that is in a message.
    """
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    return max(
        size
        for form in (KEY, basic)
        for size in range(len(form) + 1)
        if form[:size] in message
    )


@pytest.mark.parametrize("before", range(0, 81, 8))
def test_an_excerpt_is_masked_before_it_is_cut(before):
    message = refused(418, "x" * before + "{sent}")
    assert pieces(message) < 4


def test_control_cut_first_most_of_the_key_would_be_shown(monkeypatch):
    monkeypatch.setattr("ticketsync.net.api_errors.without_live_secrets", str)
    monkeypatch.setattr(redact, "without_live_secrets", str)
    assert pieces(refused(418, "x" * 48 + "{sent}")) > 20


def test_a_long_text_is_masked_before_it_is_cut(monkeypatch):
    secret = Secret(KEY)
    assert pieces(redact.safe("x" * 480 + secret.reveal())) < 4
    monkeypatch.setattr(redact, "without_live_secrets", str)
    assert pieces(redact.safe("x" * 480 + secret.reveal())) > 15  # the control


PEOPLE = '{"buyer_details": {"name": "Ada Canary"}, %s'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PEOPLE % '"error": 1}', "application/json"),
        (PEOPLE % '"a": NaN}', "application/json"),
        (PEOPLE % '"a": 1e999}', "application/json"),
        (PEOPLE % '"a": 1, "a": 2}', "application/json"),
        ("[" + PEOPLE % '"a": 1}]', "application/json"),
        (PEOPLE % "", "application/json"),
        (PEOPLE % '"a": 1}', "text/html"),
    ],
)
def test_nothing_of_a_body_with_status_200_is_shown(body, kind):
    message = refused(200, body, kind)
    assert "Canary" not in message
    assert "buyer" not in message


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        *("http://[::1", "https://[x/", "HTTP://:99999", "https://:443"),
        *("https://h:99999/", "https://h:x/", "https://h:0/", "https://h:-1"),
        *("https://u:canary@h/v1", "https://u@h", "http://canary@127.0.0.1/"),
        *("https://@h/", "https://h?x=1", "https://h#x", "https://h/?"),
        *("https://h\r\nX: 1", "https://h\0", "https://h /", "https://h\\@canary"),
        *("https://\ud83d/", "https://exämple.org", "", "//h", "https:h", "x"),
        *("javascript:alert(1)", "file:///etc/passwd", "https://h\u202e"),
        "https://" + "[" * 100_000,
    ],
)
def test_an_address_that_is_none_is_refused_in_our_words(url):
    with pytest.raises(errors.ConfigurationError) as caught:
        checked_base_url(url)
    assert "canary@" not in caught.value.message
    assert "u:canary" not in caught.value.message
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.example/v1/", "https://api.example/v1"),
        ("https://api.example:8443", "https://api.example:8443"),
        ("http://[::1]:8765/v1", "http://[::1]:8765/v1"),
        ("http://127.0.0.1:8765/v1", "http://127.0.0.1:8765/v1"),
        ("https://h/a@b", "https://h/a@b"),
    ],
)
def test_an_address_of_a_server_is_kept(url, kept):
    assert checked_base_url(url) == kept
