"""
`accounts remove`: an account with orders is retired, one without is deleted.
"""

# fixtures of another file come in by their names

from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from support.database_dump import dump
from support.dates import NOW
from support.platform_accounts import attempt
from support.ticket_tailor_account import figures
from support.web_server import running

from ticketsync.accounts import edits, health, state
from ticketsync.catalogue import occurrences
from ticketsync.cli import status
from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret
from ticketsync.net.webhook_signatures import ORDER
from ticketsync.reporting import run_history
from ticketsync.store import lease
from ticketsync.web import app as web
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.webhooks import inbox
from ticketsync.webhooks.inbox import NewDelivery
from ticketsync.workflows import doctor
from ticketsync.workflows.accounts import account_removal, account_states
from ticketsync.workflows.accounts import connect as connecting
from ticketsync.workflows.accounts.account_run import lease_of
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.sync import due
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.webhooks import delivery_processing, webhook_endpoints


@pytest.fixture
def kept(adopted, settings, sandbox):
    """
    An account with orders whose key and webhook secret are in 0600 files of ours.
    """
    connecting.rotate(
        adopted,
        settings,
        "tt",
        source=SecretSource("file", "", Secret(sandbox.key)),
        check=True,
    )
    assert sync.sync(adopted, settings, Request()).exit_code == 0
    return adopted


def named(database, account):
    with database.read() as connection:
        return state.get_account(connection, account)


def test_an_account_with_orders_is_retired_and_its_figures_stay(
    kept, settings, sandbox
):
    before = figures(kept)
    file = Path(named(kept, "tt").secret_reference)
    assert file.exists()

    done = account_removal.remove(kept, settings, "tt")

    assert (done.retires, done.orders > 250) == (True, True)
    account = named(kept, "tt")
    assert (account.state, account.secret_source) == ("retired", "none")
    assert not file.exists()
    assert account.state_reason == "Retired on 2026-09-01; its orders are kept."
    assert figures(kept) == before
    replay(kept, settings, [])
    assert figures(kept) == before


def test_a_retired_account_is_never_read_again(kept, settings, sandbox):
    account_removal.remove(kept, settings, "tt")
    with kept.write() as connection:
        new = state.NewAccount(
            "other", "eventbrite", sandbox.url, "env", "NO_KEY", "", None
        )
        edits.add_account(connection, new, NOW)
    sandbox.log.clear()

    everybody = sync.sync(kept, settings, Request())

    assert [r.account for r in everybody.results] == ["other"]
    for refused in (
        lambda: sync.sync(kept, settings, Request(names=("tt",))),
        lambda: sync.fetch_listing(kept, settings, ["tt"]),
        lambda: connecting.check(kept, settings, "tt"),
        lambda: account_states.resume(kept, "tt"),
        lambda: account_states.pause(kept, "tt", ""),
        lambda: connecting.rotate(
            kept, settings, "tt", source=SecretSource("env", "TT_KEY"), check=True
        ),
    ):
        with pytest.raises(errors.GuardRefused, match="is retired") as caught:
            refused()
        assert (caught.value.exit_code, caught.value.word) == (7, "retired")
        assert "accounts add ticket_tailor tt --revive" in caught.value.hint
    assert sandbox.log == []


def test_a_show_or_event_of_retired_accounts_alone_cannot_be_read(
    kept, settings, sandbox
):
    with kept.read() as connection:
        date = occurrences.list_occurrences(connection)[0]
    account_removal.remove(kept, settings, "tt")
    with kept.write() as connection:
        new = state.NewAccount(
            "other", "eventbrite", sandbox.url, "env", "NO_KEY", "", None
        )
        edits.add_account(connection, new, NOW)
    sandbox.log.clear()

    for asked in (
        {"shows": (str(date.show_id),)},
        {"events": (date.provider_occurrence_id,)},
    ):
        with pytest.raises(errors.UsageError, match="Only retired accounts") as caught:
            sync.sync(kept, settings, Request(**asked))
        assert (caught.value.exit_code, caught.value.word) == (2, "nothing-feeds")
    assert sandbox.log == []


def test_an_account_that_is_retired_while_a_run_waits_is_not_read(
    kept, settings, sandbox, monkeypatch
):
    """
    The run had chosen its accounts before.
    """
    skip = due.reason_to_skip

    def after_the_choice(*arguments, **options):
        account_removal.remove(kept, settings, "tt")
        return skip(*arguments, **options)

    monkeypatch.setattr(due, "reason_to_skip", after_the_choice)
    sandbox.log.clear()
    result = attempt(kept, settings)
    assert (result.outcome, result.word) == ("skipped-disabled", "retired")
    assert sandbox.log == []


def test_an_account_that_is_being_read_is_not_retired_meanwhile(kept, settings):
    account = named(kept, "tt")
    with kept.write() as connection:
        lease.take(
            connection, lease_of(account), lease.this_process("a run"), clock.now()
        )
    with pytest.raises(errors.Busy):
        account_removal.remove(kept, settings, "tt")
    assert named(kept, "tt").state == "active"


def test_webhooks_of_a_retired_account_are_turned_away(kept, settings, monkeypatch):
    monkeypatch.setenv("HOOK", "a secret")
    with kept.write() as connection:
        account = state.get_account(connection, "tt")
        path = inbox.get_or_create_path(connection, account.id, NOW)
        inbox.set_secret(connection, account.id, "env", "HOOK", NOW)
        came = NewDelivery(account.id, "k", "ORDER.CREATED", ORDER, "received", "or_1")
        inbox.store(connection, [came], NOW)
    assert len(webhook_endpoints.load_endpoints(kept, settings)) == 1

    account_removal.remove(kept, settings, "tt")

    doors = webhook_endpoints.load_endpoints(kept, settings)
    assert doors == []
    assert delivery_processing.process_deliveries(kept, settings).deliveries == 0
    with running(web.create_app(Receiver(kept, lambda: doors), None)) as address:
        answer = httpx.post(f"{address}/hooks/{path}", json={}, trust_env=False)
    assert answer.status_code == 404
    with kept.read() as connection:
        found = connection.execute(
            text("SELECT account_id, state, reason FROM deliveries ORDER BY id")
        )
        assert found.all() == [
            (account.id, "ignored", "its account is retired"),
            (None, "refused", "unknown address"),
        ]


def test_nobody_waits_for_a_retired_account(kept, settings, frozen):
    from datetime import timedelta

    account_removal.remove(kept, settings, "tt")
    frozen(NOW + timedelta(days=30))
    with kept.read() as connection:
        item = run_history.list_freshness(connection)[0]
        (assessed,) = health.assess_all(connection, settings, clock.now())
    assert assessed.word == "retired"
    assert not assessed.waits
    assert item.state == "retired"
    assert status._next_run(item, settings) is None
    found = list(doctor.examine(lambda: settings, lambda: kept, network=True))
    of_account = [f for f in found if f.section == "account tt"]
    assert [(f.state, "retired" in f.text) for f in of_account] == [("ok", True)]


def add_again(database, settings, sandbox, account="tt", **options):
    return connecting.add(
        database,
        settings,
        provider="ticket_tailor",
        name=account,
        base_url=sandbox.url,
        source=SecretSource("env", "TT_KEY"),
        options={},
        check=True,
        **options,
    )


def test_it_is_connected_again_by_name_and_only_when_asked_for(kept, settings, sandbox):
    before = figures(kept)
    account_removal.remove(kept, settings, "tt")
    with pytest.raises(errors.GuardRefused, match="is retired"):
        add_again(kept, settings, sandbox)
    with pytest.raises(errors.GuardRefused, match="retired account 'tt'") as caught:
        add_again(kept, settings, sandbox, account="tt2")
    assert "--revive" in caught.value.hint
    with pytest.raises(errors.NotFound):
        add_again(kept, settings, sandbox, account="tt2", revive=True)

    add_again(kept, settings, sandbox, revive=True)

    assert named(kept, "tt").state == "active"
    result = attempt(kept, settings)
    assert (result.outcome, result.counts.created) == ("success", 0)
    assert figures(kept) == before


def test_a_retired_account_is_not_revived_with_a_strangers_key(
    kept, settings, sandbox, monkeypatch
):
    account_removal.remove(kept, settings, "tt")
    monkeypatch.setattr("ticketsync.sandbox.ticket_tailor.OFFICE", "stranger")
    sandbox.change(lambda w: w.changed.clear())
    with pytest.raises(errors.GuardRefused) as caught:
        add_again(kept, settings, sandbox, revive=True)
    assert caught.value.word == "account-changed"
    assert named(kept, "tt").state == "retired"


def test_an_account_without_orders_is_deleted_with_its_listing_and_its_key(
    adopted, settings, sandbox
):
    """
    40 dates were listed and adopted as shows; nothing was sold to us yet.
    """
    connecting.rotate(
        adopted,
        settings,
        "tt",
        source=SecretSource("file", "", Secret(sandbox.key)),
        check=True,
    )
    file = Path(named(adopted, "tt").secret_reference)

    done = account_removal.remove(adopted, settings, "tt")

    assert done.retires is False
    assert not file.exists()
    left = dump(adopted)
    for table in ("accounts", "events", "occurrences", "show_links", "bookmarks"):
        assert left[table] == [], table
    assert left["account_sources"] == left["raw_records"] == []
    assert len(left["shows"]) == 40
    add_again(adopted, settings, sandbox)
    sync.fetch_listing(adopted, settings, [])
    with adopted.read() as connection:
        assert len(occurrences.list_occurrences(connection)) == 40
