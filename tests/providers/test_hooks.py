"""
Webhooks: what is really from them, and what it makes us look at; nothing else.
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from support import needs

from ticketsync.core.redact import Secret
from ticketsync.gateways import stripe
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import (
    Delivery,
    Forged,
    Stale,
    Unclear,
    WebhookSpec,
)
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.square import Square
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.providers.wix import Wix
from ticketsync.web.webhook_receiver import new_delivery
from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

KEY = [Secret("whsec_canary_1")]
MOMENT = 1_790_000_000
NOW = datetime.fromtimestamp(MOMENT, UTC)


def example(name):
    return json.loads((needs.EXAMPLES / name).read_text())


def delivery(body, headers=None, url="", now=NOW):
    data = body if isinstance(body, bytes) else body.encode()
    return Delivery(data, headers or {}, url, now)


def tailored(body, *, moment=MOMENT, secret="whsec_canary_1", between=""):
    """
    A Ticket Tailor delivery, signed as its documents say.
    """
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    text = str(moment).encode() + between.encode() + data
    signature = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    header = {"tickettailor-webhook-signature": f"t={moment},v1={signature}"}
    return delivery(data, header)


# Known answers


@needs.examples
def test_f63_ticket_tailors_vector():
    vector = example("ticket_tailor/webhook_signature_vector.json")
    then = datetime.fromtimestamp(1735689600, UTC)
    header = {"tickettailor-webhook-signature": vector["header"]}
    good = delivery(vector["raw_body"], header, now=then)
    TicketTailor.verify(good, [Secret(vector["shared_secret"])])
    with pytest.raises(Forged):
        TicketTailor.verify(good, [Secret("another")])


@needs.examples
@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        ("webhook_signature_published_vector", True),
        ("webhook_signature_invalid", False),
    ],
)
def test_f63_squares_vectors(name, is_good):
    vector = example(f"square/{name}.json")
    received = delivery(vector["body"], vector["header"], url=vector["notificationUrl"])
    if is_good:
        Square.verify(received, [Secret(vector["signatureKey"])])
    else:
        with pytest.raises(Forged):
            Square.verify(received, [Secret(vector["signatureKey"])])


@needs.examples
def test_f63_wixs_tokens():
    good = example("wix_events/webhook_jwt_valid_order_confirmed.json")
    claims = webhook_signatures.claims_of(good["body"].encode().split(b".")[1])
    then = datetime.fromtimestamp(claims["iat"], UTC)
    received = delivery(good["body"], now=then)
    Wix.verify(received, [Secret(good["publicKeyPem"])])
    hint = Wix.hint(received)
    assert (hint.what, hint.order_id) == ("order", "2XM4-WCJM-VR7")
    assert hint.occurrence_id == "25bd0c80-0af5-4dcf-8857-1c28b15d4098"
    none = example("wix_events/webhook_jwt_invalid_alg_none.json")
    with pytest.raises(Forged):
        Wix.verify(delivery(none["body"], now=then), [Secret(none["publicKeyPem"])])


@needs.examples
@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("webhook_signed_valid_charge_refunded", None),
        ("webhook_signed_valid_payment_intent_succeeded", None),
        ("webhook_signed_invalid_old_timestamp", Stale),
    ],
)
def test_f63_stripes_vectors(name, ends):
    vector = example(f"stripe/{name}.json")
    now = datetime.fromtimestamp(vector["now"], UTC)
    received = delivery(vector["body"], {"stripe-signature": vector["header"]}, now=now)
    if ends is None:
        stripe.verify(received, [Secret(vector["secret"])])
        with pytest.raises(Forged):
            stripe.verify(received, [Secret("whsec_other")])
    else:
        with pytest.raises(ends):
            stripe.verify(received, [Secret(vector["secret"])])


# Both sides of the window


@pytest.mark.parametrize(
    ("off", "is_good"),
    [
        *((-301, False), (-300, True), (0, True), (300, True), (301, False)),
        *((10 * 86400, False), (-MOMENT - 1, None), (2**63, None)),
    ],
)
def test_f65_the_window_has_two_sides(off, is_good):
    received = tailored({"event": "ORDER.CREATED"}, moment=MOMENT + off)
    if is_good:
        TicketTailor.verify(received, KEY)
        return
    with pytest.raises(Forged if is_good is None else Stale):
        TicketTailor.verify(received, KEY)


def test_a_forged_signature_is_forged_even_when_it_is_old():
    received = tailored({}, moment=MOMENT - 900, secret="another")
    with pytest.raises(Forged):
        TicketTailor.verify(received, KEY)


def test_two_secrets_are_good_while_one_is_replaced():
    both = [Secret("whsec_new"), *KEY]
    TicketTailor.verify(tailored({"a": 1}), both)
    TicketTailor.verify(tailored({"a": 1}, secret="whsec_new"), both)


# The bytes that were signed (F63)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"\\/", b"/"),
        lambda body: body + b" ",
        lambda body: b" " + body,
        lambda body: json.dumps(json.loads(body), indent=1).encode(),
        lambda body: b"",
    ],
    ids=["slashes", "space behind", "space in front", "written anew", "nothing"],
)
def test_f63_a_changed_body_is_forged(change):
    body = b'{"event":"ORDER.CREATED","resource_url":"https:\\/\\/x\\/or_1"}'
    received = tailored(body)
    TicketTailor.verify(received, KEY)
    spoilt = Delivery(change(body), received.headers, "", NOW)
    with pytest.raises(Forged):
        TicketTailor.verify(spoilt, KEY)


def test_f63_no_digit_moves_between_time_and_body():
    """
    Nothing separates them: `t=1` and a body `79…{}` have the same signed text.
    """
    text = f"{MOMENT}{{}}".encode()
    signature = hmac.new(KEY[0].reveal().encode(), text, hashlib.sha256).hexdigest()
    short = str(MOMENT)[:-2]
    header = {"tickettailor-webhook-signature": f"t={short},v1={signature}"}
    moved = delivery(f"{str(MOMENT)[-2:]}{{}}", header)
    with pytest.raises(Forged):
        TicketTailor.verify(moved, KEY)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "t=x,v1=aa",
        "v1=aa,t=1",
        "t=1,t=2,v1=aa",
        "t=1",
        "t=-1,v1=a",
        "t=1e3,v1=a",
        "t=" + "9" * 400 + ",v1=aa",
        "t=１,v1=aa",
        "\0",
        "t=1,v1=é",
    ],
)
def test_f63_a_header_is_read_strictly(header):
    received = delivery(b"{}", {"tickettailor-webhook-signature": header})
    with pytest.raises(Forged):
        TicketTailor.verify(received, KEY)


def test_squares_address_is_ours_and_the_requests_host_does_not_matter():
    body, url = b'{"hello":"world"}', "https://tickets.example.org/hooks/a"
    signed = hmac.new(b"k", url.encode() + body, hashlib.sha256).digest()
    header = {
        "x-square-hmacsha256-signature": base64.b64encode(signed).decode(),
        "host": "evil.example",
    }
    Square.verify(delivery(body, header, url=url), [Secret("k")])


# Wix: the algorithm is fixed, not taken from the token


@pytest.fixture(scope="module")
def pair():
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def coded(value):
    data = json.dumps(value).encode() if isinstance(value, dict) else value
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(private, claims, algorithm="RS256", signature=None):
    text = coded({"alg": algorithm, "typ": "JWT"}) + b"." + coded(claims)
    made = signature
    if made is None:
        made = private.sign(text, padding.PKCS1v15(), hashes.SHA256())
    return text + b"." + coded(made)


GOOD = {"data": "{}", "iat": MOMENT, "exp": MOMENT + 3600}


def test_a_token_of_their_key_is_theirs(pair):
    private, public = pair
    Wix.verify(delivery(token(private, GOOD)), [Secret(public.decode())])


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512", "rs256", "", None])
def test_another_algorithm_is_forged(pair, algorithm):
    private, public = pair
    with pytest.raises(Forged):
        Wix.verify(delivery(token(private, {}, algorithm)), [Secret(public.decode())])


def test_the_public_key_is_no_hmac_secret(pair):
    """
    The old trick: sign with the public key as if it were a shared secret.
    """
    _, public = pair
    text = coded({"alg": "HS256"}) + b"." + coded({"data": "{}"})
    forged = text + b"." + coded(hmac.new(public, text, hashlib.sha256).digest())
    with pytest.raises(Forged):
        Wix.verify(delivery(forged), [Secret(public.decode())])


def test_another_key_a_changed_claim_and_an_old_token(pair):
    private, public = pair
    keys = [Secret(public.decode())]
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(Forged):
        Wix.verify(delivery(token(other, {})), keys)
    good = token(private, GOOD)
    head, _, tail = good.split(b".")
    with pytest.raises(Forged):
        Wix.verify(delivery(b".".join([head, coded({"data": "x"}), tail])), keys)
    with pytest.raises(Stale):
        Wix.verify(delivery(token(private, {"exp": MOMENT - 301})), keys)
    Wix.verify(delivery(token(private, {"exp": MOMENT - 299})), keys)


@pytest.mark.parametrize(
    "head",
    [
        *(None, [], ["alg"], "alg", 7, {}, {"alg": ["RS256"]}, {"alg": {}}),
        *({"alg": "RS256", "crit": 7}, {"alg": "RS256", "crit": [[]]}),
        {"alg": "RS256", "b64": False, "crit": ["b64"]},
    ],
)
def test_a_signed_token_with_a_malformed_header_is_forged(pair, head):
    private, public = pair
    text = coded(json.dumps(head).encode()) + b"." + coded({"data": "{}"})
    signature = private.sign(text, padding.PKCS1v15(), hashes.SHA256())
    received = delivery(text + b"." + coded(signature))
    with pytest.raises(Forged):
        Wix.verify(received, [Secret("not a key"), Secret(public.decode())])


@pytest.mark.parametrize("ends", ["soon", None, True, float(MOMENT - 301)])
def test_an_expiry_that_is_no_whole_number_does_not_last_forever(pair, ends):
    private, public = pair
    with pytest.raises((Forged, Stale)):
        Wix.verify(delivery(token(private, {"exp": ends})), [Secret(public.decode())])


@pytest.mark.parametrize(
    ("claim", "raises"),
    [
        ({"exp": None}, Forged),
        ({"exp": str(MOMENT + 60)}, Forged),
        ({"exp": MOMENT + 60.5}, Forged),
        ({"exp": True}, Forged),
        ({"exp": [MOMENT + 60]}, Forged),
        ({"iat": "now"}, Forged),
        ({"nbf": "now"}, Forged),
        ({"aud": 7}, Forged),
        ({"aud": {"app": "a"}}, Forged),
        ({"aud": ["a", 7]}, Forged),
        ({"iat": MOMENT + 301}, Stale),
        ({"nbf": MOMENT + 301}, Stale),
        ({"exp": MOMENT - 301}, Stale),
    ],
)
def test_the_claims_of_a_genuine_token_are_looked_at(pair, claim, raises):
    private, public = pair
    keys = [Secret(public.decode())]
    with pytest.raises(raises):
        Wix.verify(delivery(token(private, GOOD | claim)), keys)


@pytest.mark.parametrize(
    "claim",
    [{"aud": "an app"}, {"aud": ["an app", "another"]}, {"iat": MOMENT + 300}],
)
def test_what_an_audience_holds_is_not_documented_and_not_compared(pair, claim):
    private, public = pair
    Wix.verify(delivery(token(private, GOOD | claim)), [Secret(public.decode())])


def test_a_token_without_an_end_would_be_good_for_ever(pair):
    private, public = pair
    with pytest.raises(Forged, match="exp"):
        Wix.verify(delivery(token(private, {"data": "{}"})), [Secret(public.decode())])


def test_a_token_counts_once_whatever_its_spelling(pair):
    """
    Blanks around it are not part of it; any other spelling is forged, see below.
    """
    private, public = pair
    kind = Wix.webhooks
    endpoint = WebhookEndpoint(1, "a", "p", "", Wix, [Secret(public.decode())])
    good = token(private, GOOD)
    keys = set()
    for spelling in (good, good + b"\n", b" " + good, b"\r\n" + good + b"\t "):
        received = delivery(spelling)
        Wix.verify(received, endpoint.secrets)
        keys.add(new_delivery(endpoint, received, None, "received", "").key)
    assert (len(keys), kind.expires) == (1, True)


def test_an_empty_secret_proves_nothing():
    """
    Anybody can sign with it.
    """
    with pytest.raises(Forged):
        TicketTailor.verify(tailored({"a": 1}, secret=""), [Secret("")])
    empty = hmac.new(b"", b"https://x/{}", hashlib.sha256).digest()
    header = {"x-square-hmacsha256-signature": base64.b64encode(empty).decode()}
    with pytest.raises(Forged):
        Square.verify(delivery(b"{}", header, url="https://x/"), [Secret("")])


def test_a_token_has_one_spelling(pair):
    """
    The last character of the signature has bits that mean nothing and must be zero.
    """
    private, public = pair
    good = token(private, GOOD)
    keys = [Secret(public.decode())]
    Wix.verify(delivery(good), keys)
    for spelling in (good + b"=", good[:-1] + bytes([good[-1] + 1])):
        with pytest.raises(Forged):
            Wix.verify(delivery(spelling), keys)


# What they hint at

ODD_IDS = (
    *("or_" + "a" * 200_000, "or_é", "or_１", "or_1\n", "or_1/../../x", "or_1?a=b"),
    *("or_1#x", "or_ 1", "", "\ud800", "or_\0", "or_%2e%2e", "or_\u202e"),
)


@pytest.mark.parametrize("odd", ODD_IDS, ids=range(len(ODD_IDS)))
def test_an_id_that_the_platform_does_not_give_is_no_id(odd):
    """
    By each platform's own pattern, in ASCII, at most 255 characters.
    """
    for kind in (TicketTailor, Square, Eventbrite, Wix):
        assert webhook_signatures.text(odd, kind.webhooks.order_id) == ""
        assert webhook_signatures.text(odd, kind.webhooks.occurrence_id) == ""
    body = {"id": "wh_1", "event": "ORDER.CREATED", "payload": {"id": odd}}
    hint = TicketTailor.hint(tailored(body))
    assert (hint.what, hint.order_id) == ("account", "")
    if odd:  # a provider that does not look itself, as a plugin may not
        careless = webhook_signatures.Hint("k", "e", webhook_signatures.ORDER, odd)
        card = WebhookSpec(is_signed=True, key_help="", steps=())
        with pytest.raises(Unclear):
            webhook_signatures.with_valid_ids(careless, card)


def test_no_pattern_lets_more_than_255_characters_through():
    assert webhook_signatures.text("a" * 255, r"\w+") == "a" * 255
    assert webhook_signatures.text("a" * 256, r"\w+") == ""
    assert webhook_signatures.text("é", r"\w+") == ""


@pytest.mark.parametrize("key", ["a" * 256, "é", "\ud800", "a\0", "a\nb", "\x1b[2J"])
def test_a_delivery_id_that_cannot_be_compared_is_left_out(key):
    hint = webhook_signatures.with_valid_ids(
        webhook_signatures.Hint(key, "e", webhook_signatures.ORDER, "or_1"),
        TicketTailor.webhooks,
    )
    assert (hint.key, hint.order_id) == ("", "or_1")


@pytest.mark.parametrize(
    ("event", "payload", "what", "order"),
    [
        ("ORDER.CREATED", {"id": "or_12"}, "order", "or_12"),
        ("ORDER.UPDATED", {"id": "or_12"}, "order", "or_12"),
        ("ISSUED_TICKET.UPDATED", {"id": "it_1", "order_id": "or_9"}, "order", "or_9"),
        ("ISSUED_TICKET.CREATED", {"id": "it_1", "order_id": None}, "account", ""),
        ("EVENT.DELETED", {"id": "ev_1"}, "listing", ""),
        ("WAITLIST_SIGNUP.CREATED", {}, "nothing", ""),
        ("SOMETHING.NEW", {}, "nothing", ""),
        ("ORDER.CREATED", {"id": "or_1/../../x"}, "account", ""),
        ("ORDER.CREATED", {"id": ["or_1"]}, "account", ""),
        ("ORDER.CREATED", None, "account", ""),
    ],
)
def test_ticket_tailors_hints(event, payload, what, order):
    hint = TicketTailor.hint(
        tailored({"id": "wh_1", "event": event, "payload": payload})
    )
    assert (hint.key, hint.what, hint.order_id) == ("wh_1", what, order)


@pytest.mark.parametrize(
    ("body", "what", "order"),
    [
        (
            {
                "type": "payment.updated",
                "event_id": "e1",
                "data": {"id": "x", "object": {"payment": {"order_id": "O1"}}},
            },
            *("order", "O1"),
        ),
        (
            {
                "type": "order.updated",
                "event_id": "e1",
                "data": {"object": {"order_updated": {"order_id": "O2"}}},
            },
            *("order", "O2"),
        ),
        ({"type": "refund.created", "event_id": "e1", "data": {}}, "account", ""),
        ({"type": "catalog.version.updated", "event_id": "e1"}, "listing", ""),
        ({"type": "labor.shift.created", "event_id": "e1"}, "nothing", ""),
    ],
)
def test_squares_hints(body, what, order):
    hint = Square.hint(delivery(json.dumps(body)))
    assert (hint.key, hint.what, hint.order_id) == ("e1", what, order)


@pytest.mark.parametrize(
    ("address", "what", "order"),
    [
        ("https://www.eventbriteapi.com/v3/orders/123/", "order", "123"),
        ("https://www.eventbriteapi.com/v3/events/9/orders/123/", "order", "123"),
        ("https://www.eventbriteapi.com/v3/events/9/attendees/5/", "account", ""),
        ("https://www.eventbriteapi.com/v3/events/9/", "listing", ""),
        (
            "https://www.eventbriteapi.com/{api-endpoint-to-fetch-object-details}/",
            *("test", ""),
        ),
    ],
)
def test_f61_eventbrites_hints_and_its_test(address, what, order):
    body = {"config": {"action": "order.placed"}, "api_url": address}
    hint = Eventbrite.hint(delivery(json.dumps(body)))
    assert (hint.what, hint.order_id) == (what, order)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v3/orders/1/",
        "http://www.eventbriteapi.com/v3/orders/1/",
        "https://www.eventbriteapi.com@evil.example/v3/orders/1/",
        "https://www.eventbriteapi.com.evil.example/v3/orders/1/",
        "https://www.eventbriteapi.com./v3/orders/1/",
        "https://WWW.EVENTBRITEAPI.COM/v3/orders/1/",
        "https://www.eventbriteapi.com:8443/v3/orders/1/",
        "https://www.eventbriteapi.com/v3/orders/../users/me/",
        "https://www.eventbriteapi.com/v3/orders/%2e%2e/1/",
        "https://www.eventbriteapi.com/v4/orders/1/",
        "https://www.eventbriteapi.com/v3/orders/1/?token=x",
        "https://www.eventbriteapi.com/v3/orders/1/#x",
        "https://www.eventbriteapi.com/v3/orders/1/\n",
        "https://www.eventbriteapi.com/v3/orders/１/",
        "https://[::1]/v3/orders/1/",
        "https://2130706433/v3/orders/1/",
        "https://www。eventbriteapi。com/v3/orders/1/",
        "https://169.254.169.254/latest/meta-data/",
        "//www.eventbriteapi.com/v3/orders/1/",
        "file:///etc/passwd",
        "",
        None,
        7,
    ],
)
def test_f60_an_address_that_is_not_theirs_hints_at_nothing(address):
    body = {"config": {"action": "order.placed"}, "api_url": address}
    with pytest.raises(Unclear):
        Eventbrite.hint(delivery(json.dumps(body)))


@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@pytest.mark.parametrize("kind", [TicketTailor, Square, Eventbrite])
def test_whatever_comes_is_a_hint_or_unclear(kind, body):
    try:
        hint = kind.hint(delivery(body))
    except Unclear:
        return
    assert hint.what in ("order", "listing", "account", "nothing", "test")


def test_f67_a_body_without_end_inwards_is_unclear():
    deep = b'{"a":' * 100 + b"1" + b"}" * 100
    with pytest.raises(Unclear):
        webhook_signatures.json_object(deep)
    with pytest.raises(Unclear):
        webhook_signatures.json_object(b"[" * 100_000)
