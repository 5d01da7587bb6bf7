"""
The log: complete, in one piece, and without anything that must not stand in it.
"""

import json
import logging
import os
import subprocess
import sys

import pytest

from ticketsync.core import log
from ticketsync.core.redact import Secret

CANARY = "sk_live_canary_4711"


@pytest.fixture
def lines(home):
    """
    The log's lines so far; the log is open for the test.
    """
    yield lambda: [json.loads(line) for line in log.file().read_text().splitlines()]
    log.close_log()


def test_a_line_is_json_with_time_level_and_whose_it_is(lines):
    log.open_log()
    with log.bind(run="r1"), log.bind(account="tt"):
        log.info("account finished", requests=3)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "account finished",
        "level": "info",
        "requests": 3,
        "run": "r1",
        "account": "tt",
    }


def test_no_fact_stands_for_the_time_or_the_level_of_a_line(lines):
    log.open_log()
    log.info("said", level="none", timestamp="never")
    (line,) = lines()
    assert (line["level"], line["timestamp"][:2]) == ("info", "20")


def test_nothing_is_written_before_the_log_is_opened(home):
    log.info("too early")
    assert not log.file().exists()


def test_details_are_for_who_asks(lines):
    log.open_log()
    log.debug("request", path="/x")
    log.open_log(detailed=True)
    log.debug("request", path="/y")
    assert [line["path"] for line in lines()] == ["/y"]


def test_f116_secrets_are_masked_by_value_in_every_form_and_by_key(lines):
    """
    A secret that this process holds never stands in a line, quoted or encoded; nor
    does whatever goes by a secret's name.
    """
    import base64

    secret = Secret(CANARY)
    coded = base64.b64encode(f"{CANARY}:".encode()).decode()
    log.open_log()
    log.info(f"asked with {CANARY}", header=f"Basic {coded}", deep={"a": [CANARY]})
    log.info("other", token="abc", email="sam@example.org", nested={"code": "1"})
    text = log.file().read_text()
    assert CANARY not in text
    assert coded not in text
    first, second = lines()
    assert first["header"] == "Basic ***"
    assert first["deep"] == {"a": ["***"]}
    assert (second["token"], second["email"]) == ("***", "***")
    assert second["nested"] == {"code": "***"}
    assert secret.reveal() == CANARY


def test_f126_a_name_cannot_forge_a_line(lines, capsys):
    log.open_log(verbose=1)
    log.info("saved", show='Gala\r\n{"event": "all is well"}\x1b[2J')
    (line,) = lines()
    assert line["event"] == "saved"
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1
    assert "\x1b" not in shown


def test_f120_the_log_is_private_whatever_the_umask(home):
    before = os.umask(0)
    try:
        log.open_log()
        log.info("x")
    finally:
        os.umask(before)
        log.close_log()
    assert log.file().stat().st_mode & 0o077 == 0
    assert log.file().parent.stat().st_mode & 0o077 == 0


def test_a_large_log_moves_aside_and_no_more_than_four_are_kept(home, monkeypatch):
    monkeypatch.setattr(log, "MAX_BYTES", 100)
    for number in range(8):
        log.open_log()
        log.info("x" * 120, number=number)
        log.close_log()
    there = sorted(file.name for file in log.file().parent.glob("ticketsync.log*"))
    assert there == ["ticketsync.log", *(f"ticketsync.log.{n}" for n in range(1, 5))]
    newest = json.loads(log.file().read_text())
    assert newest["number"] == 7


def test_several_processes_write_whole_lines(home):
    code = (
        "from ticketsync.core import log\n"
        "log.open_log()\n"
        "for n in range(200): log.info('line', text='y' * 300, n=n)\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [child.wait(timeout=60) for child in children] == [0] * 4
    found = [json.loads(line) for line in log.file().read_text().splitlines()]
    assert len(found) == 800


def test_f115_a_trace_holds_places_and_no_values(home):
    """
    Local variables, where secrets live, stay out; so do the paths of the machine.
    """
    secret = Secret(CANARY)

    def fails():
        value = secret.reveal()
        raise ValueError(f"could not use {value}")

    try:
        try:
            fails()
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError as error:
        trace = log.trace_of(error)
    assert CANARY not in trace
    assert "RuntimeError: outer" in trace
    assert "ValueError: could not use ***" in trace
    assert "fails" in trace
    assert str(home) not in trace
    assert os.getcwd() not in trace


def test_libraries_log_their_warnings_and_nothing_else(lines, capsys):
    """
    In the same file and with the same fields; each request that httpx reports with its
    whole address is not among them.
    """
    secret = Secret(CANARY)
    log.open_log(detailed=True, verbose=1)
    httpx = logging.getLogger("httpx")
    httpx.info("HTTP Request: GET /?email=sam@example.org")
    with log.bind(account="tt"):
        httpx.warning("no answer to %s", secret.reveal())
        try:
            raise ValueError(CANARY)
        except ValueError:
            logging.getLogger("my_plugin.fetch").exception("it broke")
    first, second = lines()
    first.pop("timestamp")
    assert first == {
        "account": "tt",
        "logger": "httpx",
        "level": "warning",
        "event": "no answer to ***",
    }
    assert (second["level"], second["event"]) == ("error", "it broke")
    assert second["trace"].startswith("ValueError: ***\n")
    shown = capsys.readouterr().err.splitlines()
    assert shown[0].endswith("! no answer to ***  account=tt logger=httpx")
    assert CANARY not in log.file().read_text() + "".join(shown)


def test_a_closed_log_is_silent(home, capsys):
    log.open_log(verbose=2)
    log.close_log()
    log.warning("too late")
    assert log.file().read_text() == ""
    assert capsys.readouterr().err == ""


def test_a_log_that_cannot_be_written_stops_nobody(home, monkeypatch):
    monkeypatch.setenv("TICKETSYNC_HOME", "/proc/nowhere")
    log.open_log()
    log.info("x")
    log.close_log()


def test_a_log_that_stays_open_rotates_and_never_writes_into_another_file(
    home, monkeypatch, tmp_path
):
    """
    The number of a closed file would be that of the next file that is opened.
    """

    def refused(*_, **__):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(log, "MAX_BYTES", 100)
    log.open_log()
    log.info("x" * 120)
    with monkeypatch.context() as patch:
        patch.setattr(log.os, "open", refused)
        log.info("cannot be opened again")
    with (tmp_path / "other").open("w+") as other:
        log.info("y" * 120)
        assert other.read() == ""
    log.info("z" * 120)
    log.close_log()
    folder = log.file().parent
    text = "".join(file.read_text() for file in folder.glob("ticketsync.log*"))
    for written in ("x" * 120, "cannot be opened again", "y" * 120, "z" * 120):
        assert written in text
    assert len(list(folder.glob("ticketsync.log*"))) > 1
