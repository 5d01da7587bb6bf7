"""
Foreign text, secrets, clocks and settings.
"""

import contextlib
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret, safe, take_people_out, without_secrets
from ticketsync.core.settings import config, plain_yaml


@given(st.text())
def test_f121_no_control_byte_reaches_a_terminal(text):
    assert not [c for c in safe(text) if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0]


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nERROR forged", "a\\x0d\\x0aERROR forged"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_f121_escapes_become_visible(foreign, shown):
    assert safe(foreign) == shown


def test_f115_a_secret_shows_itself_to_nobody():
    secret = Secret("canary-4711")

    assert "canary" not in f"{secret} {secret!r} {[secret]} {secret:>20}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_f116_secrets_are_masked_in_every_form():
    secret = Secret("sk_1:can/ary")
    text = "sk_1:can/ary sk_1%3Acan%2Fary c2tfMTpjYW4vYXJ5 c2tfMTpjYW4vYXJ5Og=="
    assert without_secrets(text, [secret]) == "*** *** *** ***"


def test_people_are_taken_out_at_any_depth():
    raw = {"id": 1, "buyer": {"name": "x"}, "list": [{"email": "a@b.c", "q": [1]}]}
    take_people_out(raw, frozenset(("buyer", "email", "q")))
    assert raw == {"id": 1, "buyer": None, "list": [{"email": "", "q": []}]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("19:30", "19:30"),
        ("NO", "NO"),
        ("012345", "012345"),
        ("1e3", "1e3"),
        ("~", "~"),
    ],
)
def test_f35_yaml_scalars_stay_text(text, value):
    tree = plain_yaml.read(f"a: {text}\n", "x.yaml")
    assert tree.value["a"].text == value


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",
        "a: !!python/object x\n",
        "a: 1\na: 2\n",
        "a:\n\t- 1\n",
        "a: [1\n",
        "? [1, 2]\n: x\n",
        "a: b: c\n",
    ],
)
def test_f35_clever_or_broken_yaml_is_refused_with_its_place(text):
    with pytest.raises(errors.BadFile, match=r"x\.yaml"):
        plain_yaml.read(text, "x.yaml")


def test_f35_a_thousand_aliases_are_refused_at_once():
    text = "a: &a [1]\n" + "".join(f"b{n}: *a\n" for n in range(1000))
    with pytest.raises(errors.BadFile, match="anchors"):
        plain_yaml.read(text, "x.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("synch: {}\n", "line 1: 'synch' is not a setting. Did you mean 'sync'?"),
        ("sync:\n  days_back: soon\n", "line 2: 'soon': a whole number from 0 to 3660"),
        ("sync:\n  workers: 1000\n", "line 2: '1000': a whole number from 1 to 32"),
        ("network:\n  use_system_proxy: maybe\n", "line 2: 'maybe': true or false"),
        ("accounts:\n  tt:\n    fees: {percent: x}\n", "line 3: 'x': an amount"),
        ("log:\n  level: loud\n", "line 2: 'loud': one of 'debug', 'info' is"),
        ("notify:\n  sales: [sold, x]\n", "line 2: 'x': one of sold, refund, "),
        ("serve:\n  allow: [x]\n", "line 2: 'x' is not a network"),
        ("accounts:\n  tt:\n    fee: {}\n", "line 3: 'fee' is not a setting. Did"),
        ("accounts:\n  tt: 3\n", "line 2: accounts.tt should be a list of"),
        ("notify:\n  urls: {}\n", "line 2: a list of words is expected here"),
        ("database: []\n", "line 1: a word is expected here"),
        ("syn:\n", "line 1: 'syn' is not a setting"),
        ("sync: 3\n", "line 1: sync should be a list of `key: value`"),
    ],
)
def test_settings_are_checked_with_their_line(text, message):
    with pytest.raises(errors.ConfigurationError) as caught:
        config.read(text, "config.yaml")
    assert message in caught.value.message


def test_a_key_without_a_value_counts_as_missing():
    """
    As where all lines of a section are commented out.
    """
    text = "sync:\nnotify: {urls: }\naccounts:\n  tt:\n  hx: {people: yes, fees: }\n"
    read = config.read(text, "config.yaml")
    assert read.sync == config.Settings().sync
    assert read.notify == config.Settings().notify
    assert read.accounts == {
        "tt": config.AccountSettings(),
        "hx": config.AccountSettings(keep_people=True),
    }


def test_the_example_settings_are_all_settings_with_their_defaults():
    from pathlib import Path

    text = (Path(__file__).parents[2] / "config.example.yaml").read_text()
    read = config.read(text, "config.example.yaml")

    assert read.sync == config.Settings().sync
    assert read.match_tolerance == config.Settings().match_tolerance
    assert read.retention == config.Settings().retention
    assert read.notify == config.Settings().notify
    assert read.serve == config.Settings().serve
    assert read.log_level == config.Settings().log_level
    assert read.accounts == {}  # its rates would be applied to an account of that name


def test_a_wall_clock_time_becomes_the_right_instant():
    local = datetime(2026, 10, 4, 19, 30)
    assert clock.local_to_utc(local, "Australia/Sydney") == datetime(
        2026, 10, 4, 8, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("local", "why"),
    [
        (datetime(2026, 10, 4, 2, 30), "does not exist"),
        (datetime(2027, 4, 4, 2, 30), "happens twice"),
    ],
)
def test_f32_the_hour_that_is_skipped_or_repeated_is_not_guessed(local, why):
    with pytest.raises(ValueError, match=why):
        clock.local_to_utc(local, "Australia/Sydney")


@pytest.mark.parametrize("year", [1, 9999])
def test_a_year_that_no_zone_has_is_a_wrong_value_and_no_fault(year):
    edge = datetime(1, 1, 1) if year == 1 else datetime(9999, 12, 31, 23)
    for zone in ("Australia/Sydney", "America/New_York"):
        with contextlib.suppress(ValueError):
            clock.local_to_utc(edge, zone)
        with contextlib.suppress(ValueError):
            clock.start_of(edge.date(), zone)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)))
def test_f30_instants_survive_writing_and_reading(moment):
    instant = moment.replace(microsecond=0, tzinfo=UTC)
    assert clock.from_iso(clock.iso(instant)) == instant
