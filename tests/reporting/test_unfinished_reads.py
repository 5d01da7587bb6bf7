"""
Orders are saved page by page and figures are recomputed at the end: while an account is
being read, and after a read that was cut off, whoever shows figures or orders says so.
"""

import json
import sys

import httpx
import pytest
from support import commands
from support.web_server import running

from ticketsync.core import clock, errors
from ticketsync.reporting import figures_of_shows, sales, unfinished_reads
from ticketsync.store import engine
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.sync import run as sync

SAVED = 300  # orders, all that the platform has


def say(database):
    with database.read() as connection:
        return unfinished_reads.sentences(connection)


def numbers_of(database):
    """
    Tickets by the figures, and whether orders are listed.
    """
    with database.read() as connection:
        sold = sum(f.tickets_sold for f in figures_of_shows.figures(connection))
        return sold, bool(sales.list_sales(connection, limit=1))


def cut_off(database, settings, monkeypatch, look=lambda: None):
    """
    A first read that ends after its orders are saved, before figures are recomputed.
    """

    def stop(*_):
        look()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recompute_figures, "recompute_by_account", stop)
        with pytest.raises((errors.Interrupted, KeyboardInterrupt)):
            sync.sync(database, settings, sync.Request(jobs=1))


def test_what_was_saved_and_is_in_no_figure_is_said_until_a_run_ends(
    adopted, settings, monkeypatch
):
    assert say(adopted) == []
    meanwhile = []
    cut_off(adopted, settings, monkeypatch, look=lambda: meanwhile.append(say(adopted)))
    ((running,),) = meanwhile
    assert running.startswith("tt is being read since ")
    assert running.endswith("will be in figures once it is done.")
    assert numbers_of(adopted) == (0, True)
    (sentence,) = say(adopted)
    assert sentence.startswith("Reading tt was cut off; it began ")
    assert f"{SAVED} orders saved then" in sentence
    assert "`ticketsync sync tt`" in sentence
    # A listing read orders of none.
    sync.fetch_listing(adopted, settings, [])
    assert say(adopted) == [sentence]
    assert sync.sync(adopted, settings, sync.Request(jobs=1)).exit_code == 0
    assert numbers_of(adopted)[0] > 0
    assert say(adopted) == []


def test_an_ordinary_run_is_not_mentioned(synced_once, settings):
    assert say(synced_once) == []
    sync.sync(synced_once, settings, sync.Request(jobs=1))
    assert say(synced_once) == []


@pytest.mark.parametrize(
    "words",
    [
        ("financials", "list"),
        ("financials", "list", "--by", "sale", "--period", "2026-08"),
        ("report", "sales"),
        ("report", "daily"),
        ("export", "sales", "-o", "sales.csv"),
        ("shows", "list"),
        ("shows", "show", "1"),
        ("productions", "show", "Late Laughs"),
        ("report", "selling"),
        ("period", "adjustments"),
        ("period", "close", "2026-08", "--dry-run"),
    ],
    ids=" ".join,
)
@pytest.mark.sampled(4)
def test_each_command_says_it(ready, home, settings, monkeypatch, words, tmp_path):
    monkeypatch.chdir(tmp_path)
    database = engine.open_database()
    cut_off(database, settings, monkeypatch)
    database.close()
    done = commands.run(*words)
    assert done.stderr.count("Reading tt was cut off; it began ") == 1


@pytest.mark.parametrize("report", ["daily", "weekly"])
def test_a_mailed_report_says_it_below_its_figures(
    ready, home, settings, monkeypatch, tmp_path, report
):
    sent = tmp_path / "sent.txt"
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    (home / "config.yaml").write_text(
        f'notify:\n  command: [{sys.executable}, -c, "{code}", {sent}]\n'
    )
    commands.run("report", report, "--send", check=True)
    assert "Reading tt" not in sent.read_text()
    database = engine.open_database()
    cut_off(database, settings, monkeypatch)
    database.close()
    commands.run("report", report, "--send", check=True)
    _, below = sent.read_text().split("\n\nReading tt was cut off; it began ")
    assert below.rstrip().endswith("until `ticketsync sync tt` has read it.")


def test_status_says_it(ready, home, settings, monkeypatch):
    database = engine.open_database()
    cut_off(database, settings, monkeypatch)
    database.close()
    assert "Reading tt was cut off" in commands.run("status").stdout
    (found,) = json.loads(commands.run("status", "--json").stdout)["unfinished_reads"]
    assert (found["account"], found["orders"], found["is_running"]) == (
        "tt",
        SAVED,
        False,
    )


def test_every_page_with_figures_says_it(adopted, settings, monkeypatch):
    cut_off(adopted, settings, monkeypatch)
    with adopted.write() as connection:
        token = passes.issue(connection, "session", "manager", "", clock.now())
    with (
        running(
            web.create_app(Receiver(adopted, list), Site(adopted, settings))
        ) as address,
        httpx.Client(base_url=address, cookies={COOKIE: token}) as client,
    ):
        for path in ("/", "/money", "/money/refunds", "/shows/1", "/productions/1"):
            assert "Reading tt was cut off; it began " in client.get(path).text, path
