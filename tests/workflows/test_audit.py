"""
Whoever decides something is on record, with what was before and after; and an account
whose key is missing in one shell is none the worse for it.
"""

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from support import commands, hand_links
from support.dates import NOW

import ticketsync
from ticketsync.accounts import dismissals, edits, state
from ticketsync.catalogue import occurrences, selection
from ticketsync.core import actor, clock, errors
from ticketsync.core.settings.config import AccountSettings, Settings
from ticketsync.reporting import audit_trail, run_history
from ticketsync.sales import privacy
from ticketsync.store import engine
from ticketsync.webhooks import inbox
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.accounts import account_renaming, account_states
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


def trail(database):
    """
    Every decision, oldest first: (who, action, kind, before, after).
    """
    with database.read() as connection:
        found = audit_trail.list_entries(connection, limit=1000)
    return [(e.who, e.action, e.kind, e.before, e.after) for e in reversed(found)]


def latest(database):
    return trail(database)[-1]


@pytest.fixture
def linked(adopted):
    """
    The first occurrence that is linked to a show, on each kind of database.
    """
    with adopted.read() as connection:
        occurrence = occurrences.list_occurrences(connection)[0]
    return adopted, occurrence


def test_the_switch_of_a_link_leaves_who_before_and_after(linked, settings):
    database, occurrence = linked
    with actor.acting_as("Ana (manager)"):
        hand_links.configure(
            *(database, settings, occurrence),
            enabled=None,
            ticket_sales=False,
            types={},
        )
    assert latest(database) == (
        *("Ana (manager)", "switch", "occurrence"),
        {"sync_ticket_sales": True},
        {"sync_ticket_sales": False},
    )
    number = len(trail(database))
    hand_links.configure(
        *(database, settings, occurrence), enabled=None, ticket_sales=False, types={}
    )
    assert len(trail(database)) == number  # nothing changed, nothing was decided


def test_links_made_refused_and_taken_apart_are_on_record(linked, settings):
    database, occurrence = linked
    with actor.acting_as("Ana (manager)"):
        hand_links.unlink(database, settings, occurrence.id)
    assert latest(database) == (
        *("Ana (manager)", "unlink", "occurrence"),
        {"show_id": occurrence.show_id, "decided_by": "adopted"},
        {},
    )
    hand_links.link(database, settings, occurrence.id, occurrence.show_id)
    assert latest(database)[1:] == (
        *("link", "occurrence", {}),
        {
            "show_id": occurrence.show_id,
            "decided_by": "person",
            "why": "linked by hand",
        },
    )
    hand_links.unlink(database, settings, occurrence.id)
    match.refuse(database, occurrence.id, None, batch="b1")
    assert latest(database)[1:] == ("refuse", "occurrence", {}, {"show_id": None})
    match.undo(database, settings)
    assert latest(database)[1:] == (
        *("take refusal back", "occurrence"),
        {"show_id": None},
        {},
    )


def test_a_batch_taken_back_names_each_of_its_links(linked, settings):
    database, _ = linked
    undone = match.undo(database, settings)
    removed = [entry for entry in trail(database) if entry[1] == "unlink"]
    assert len(removed) == undone.links == 40


def test_two_links_of_one_second_are_taken_back_one_by_one(linked, settings, frozen):
    database, _ = linked
    frozen(NOW)
    with database.read() as connection:
        first, second, *_ = occurrences.list_occurrences(connection)
    for occurrence in (first, second):
        hand_links.unlink(database, settings, occurrence.id)
    for occurrence in (first, second):
        hand_links.link(database, settings, occurrence.id, occurrence.show_id)
    undone = match.undo(database, settings, kind="chosen")
    assert undone.show_ids == (second.show_id,)
    with database.read() as connection:
        held = {o.id: o.show_id for o in occurrences.list_occurrences(connection)}
    assert (held[first.id], held[second.id]) == (first.show_id, None)


def test_ticket_type_names_are_on_record(linked, settings):
    database, occurrence = linked
    hand_links.configure(
        *(database, settings, occurrence),
        enabled=None,
        ticket_sales=None,
        types={"GA": "Adult"},
    )
    assert latest(database)[1:] == (
        *("map types", "event"),
        {"types": {}},
        {"types": {"GA": "Adult"}},
    )


def topics(database, number):
    with database.read() as connection:
        found = audit_trail.list_entries(connection, limit=number)
    return [(entry.topic, entry.account, entry.change) for entry in found]


def test_a_switch_says_its_level_and_account_in_words(linked, settings):
    database, date = linked
    with database.read() as connection:
        event = selection.find_event(connection, date.provider_event_id)
    off = {"enabled": None, "ticket_sales": False}
    hand_links.configure(database, settings, date, **off, types={})
    match.configure_event(database, settings, event, **off, types={})
    match.configure_production(database, settings, event.production, **off)
    account_states.pause(database, "tt", "moving house")

    switched = "sync ticket sales yes → no"
    assert topics(database, 4) == [
        ("account tt", "tt", "state active → paused, why nothing → moving house"),
        (f"production {event.production}", "", switched),
        (f"event {event.name} (tt)", "tt", switched),
        (f"date {date.name_and_start} (tt)", "tt", switched),
    ]


def test_names_of_ticket_types_are_in_words_and_not_as_python_writes_them(
    linked, settings
):
    database, date = linked
    for types in ({"GA": "Adult"}, {"Kid": "Child"}, {"GA": "", "Kid": ""}):
        hand_links.configure(
            *(database, settings, date), enabled=None, ticket_sales=None, types=types
        )
    assert [change for _, _, change in topics(database, 3)] == [
        "types GA: Adult; Kid: Child → nothing",
        "types GA: Adult → GA: Adult; Kid: Child",
        "types nothing → GA: Adult",
    ]


def test_the_address_of_webhooks_that_another_process_made_is_recorded_once(
    linked, monkeypatch
):
    """
    Between looking for the path and inserting it, somebody else inserts one.
    """
    database, _ = linked
    insert = inbox.insert_new

    def late(connection, table, row):
        insert(connection, table, {**row, "path": "theirs"})
        return insert(connection, table, row)

    before = len(trail(database))
    monkeypatch.setattr(inbox, "insert_new", late)
    with database.write() as connection:
        assert inbox.get_or_create_path(connection, 1, clock.now()) == "theirs"
    assert len(trail(database)) == before


def test_an_exclusion_and_its_end_are_on_record(linked, settings):
    database, occurrence = linked
    recompute_figures.exclude(
        database, settings, occurrence.show_id, True, "a private party"
    )
    assert latest(database)[1:] == (
        *("exclude", "show"),
        {"is_excluded": False, "excluded_because": ""},
        {"is_excluded": True, "excluded_because": "a private party"},
    )
    recompute_figures.exclude(
        database, settings, occurrence.show_id, True, ""
    )  # keeps its reason
    recompute_figures.exclude(database, settings, occurrence.show_id, False, "")
    _, action, _, before, _ = latest(database)
    assert (action, before["excluded_because"]) == ("include", "a private party")


def test_pauses_names_and_options_of_accounts_are_on_record(linked):
    database, _ = linked
    account_states.pause(database, "tt", "moving house")
    assert latest(database)[1:] == (
        *("pause", "account"),
        {"state": "active", "why": ""},
        {"state": "paused", "why": "moving house"},
    )
    account_states.resume(database, "tt")
    assert latest(database)[1] == "resume"
    account_renaming.rename_account(database, Settings(), "tt", "office")
    assert latest(database)[1:] == (
        *("rename", "account"),
        {"name": "tt"},
        {"name": "office"},
    )
    with database.write() as connection:
        account = state.get_account(connection, "office")
        edits.set_options(connection, account.id, {"people": "true", "oauth_x": "1"})
        edits.change_options(connection, account.id, {"oauth_x": "2"})
    assert latest(database)[1:] == ("set", "account", {}, {"people": "true"})


def test_an_erasure_is_on_record_without_the_person(read_once):
    with read_once.write() as connection:
        rows = connection.execute(
            text("SELECT email FROM buyers WHERE email <> '' ORDER BY order_id")
        )
        who = rows.scalars().first()
        erased = privacy.erase_people(
            connection, privacy.find_traces(connection, who), clock.now()
        )
    _, action, kind, before, _ = latest(read_once)
    assert (action, kind) == ("erase", "person")
    assert before["buyers"] + before["attendees"] == erased > 0
    assert who not in json.dumps(trail(read_once))


def test_the_trail_cannot_be_changed_or_cut(linked):
    database, _ = linked
    for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
        with (
            pytest.raises((DatabaseError, errors.TicketsyncError)),
            database.write() as s,
        ):
            s.execute(text(statement))
    assert len(trail(database)) >= 40


def test_a_run_says_who_started_it(adopted, settings):
    with actor.acting_as("Ana (manager)"):
        sync.sync(adopted, settings, Request(("tt",)))
    with adopted.read() as connection:
        (run,) = [
            r
            for r in run_history.list_runs(connection, limit=1)
            if r.outcome == "success"
        ]
    assert run.started_by == "Ana (manager) (manual)"


# A missing key is a fault of this shell


def account_state(database):
    with database.read() as connection:
        return state.get_account(connection, "tt").state


def test_a_missing_variable_fails_this_run_and_parks_nothing(
    adopted, settings, monkeypatch, sandbox
):
    monkeypatch.delenv("TT_KEY")
    outcome = sync.sync(adopted, settings, Request())
    assert outcome.exit_code == 4
    (result,) = outcome.results
    assert result.word == "secret-missing"
    assert "TT_KEY" in result.message
    assert "TT_KEY" in result.hint
    assert "rotate" not in result.hint
    assert account_state(adopted) == "active"

    monkeypatch.setenv("TT_KEY", sandbox.key)
    assert sync.sync(adopted, settings, Request(only_due=True)).results[0].outcome in (
        "success",
        "skipped-not-due",
    )
    assert sync.sync(adopted, settings, Request()).exit_code == 0


@pytest.mark.parametrize(
    ("source", "reference", "word"),
    [
        ("command", "false", "secret-missing"),
        ("credential", "tt-key", "secret-missing"),
        ("keyring", "tt", "keyring-unavailable"),
    ],
)
def test_no_kind_of_missing_secret_parks(adopted, settings, source, reference, word):
    with adopted.write() as connection:
        account = state.get_account(connection, "tt")
        edits.set_secret(
            connection, account.id, source=source, reference=reference, fingerprint=""
        )
    (result,) = sync.sync(adopted, settings, Request()).results
    assert result.exit_code == 4
    assert result.word.startswith(word.partition("-")[0])
    assert account_state(adopted) == "active"


def test_a_refused_key_parks_and_a_named_sync_that_succeeds_unparks(
    adopted, settings, monkeypatch, sandbox
):
    monkeypatch.setenv("TT_KEY", "sk_wrong_wrong_wrong")
    assert sync.sync(adopted, settings, Request()).exit_code != 0
    assert account_state(adopted) == "parked"

    monkeypatch.setenv("TT_KEY", sandbox.key)
    (skipped,) = sync.sync(adopted, settings, Request()).results
    assert skipped.outcome == "skipped-parked"
    assert "ticketsync sync tt" in skipped.hint
    assert sync.sync(adopted, settings, Request(("tt",))).exit_code == 0
    assert account_state(adopted) == "active"
    assert sync.sync(adopted, settings, Request()).results[0].outcome == "success"


@pytest.mark.thorough
def test_accounts_that_were_parked_for_a_missing_variable_are_read_again(tmp_path):
    """
    Three accounts that an earlier version parked: for a variable, for a keyring, and
    because the platform refused the key.
    """
    file = tmp_path / "old.db"
    opened = engine.make_engine(engine.parse_url(str(file)))
    config = Config()
    folder = Path(ticketsync.__file__).parent / "store" / "migrations"
    config.set_main_option("script_location", str(folder))
    with opened.execution_options(ticketsync_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        for name, reason in (
            (
                "one",
                "The environment has no TT_KEY, where account 'one' keeps its key.",
            ),
            ("two", "The keyring holds no key for account 'two'."),
            ("three", "Account 'three': Ticket Tailor refused the key (HTTP 401)."),
        ):
            connection.execute(
                text(
                    "INSERT INTO accounts (name, provider, secret_source,"
                    " secret_reference, secret_fingerprint, options, state,"
                    " state_reason, failures, breaker_opened, created_at) VALUES"
                    " (:name, 'ticket_tailor', 'env', 'TT_KEY', '', '{}', 'parked',"
                    " :reason, 0, 0, '2026-01-01T00:00:00Z')"
                ),
                {"name": name, "reason": reason},
            )
    opened.dispose()

    database = engine.create_database(str(file))

    with database.read() as connection:
        found = {a.name: a.state for a in state.list_accounts(connection)}
    database.close()
    assert found == {"one": "active", "two": "active", "three": "parked"}


def test_the_command_lists_what_was_decided(venue):
    venue("shows", "exclude", "1", "--reason", "a private party")
    listed = venue("audit", "list")
    assert "exclude" in listed
    assert max(map(len, listed.splitlines())) <= 80
    entry, added, production = json.loads(
        venue("audit", "list", "--show", "1", "--json")
    )
    assert (added["action"], added["kind"]) == ("add", "show")
    assert (production["action"], production["kind"]) == ("add", "production")
    assert entry["after"] == {
        "is_excluded": True,
        "excluded_because": "a private party",
    }
    assert "@" in entry["who"]
    assert venue("audit", "list", "--account", "tt", "--format", "csv").count("\n") >= 2
    wrong = commands.run("audit", "list", "--show", "nothing", env=venue.environment)
    assert wrong.returncode == 2


def test_an_account_that_a_person_paused_meanwhile_stays_paused(adopted):
    """
    The key is refused while somebody pauses the account.
    """
    with adopted.write() as connection:
        account = state.get_account(connection, "tt")
        edits.set_state(connection, account.id, "paused", "moving house")
        edits.park_account(connection, account.id, "the key was refused")
        assert state.get_account(connection, "tt").state == "paused"


def test_a_new_key_lifts_no_pause_and_a_rename_changes_nothing_else(linked):
    database, _ = linked
    account_states.pause(database, "tt", "the bookkeeper asked")
    with database.write() as connection:
        account = state.get_account(connection, "tt")
        for fingerprint in (account.secret_fingerprint, "another"):
            edits.set_secret(
                connection,
                account.id,
                source=account.secret_source,
                reference=account.secret_reference,
                fingerprint=fingerprint,
            )
    before = len(trail(database))
    account_renaming.rename_account(database, Settings(), "tt", "office")
    with database.read() as connection:
        renamed = state.get_account(connection, "office")
    assert (renamed.state, renamed.state_reason) == ("paused", "the bookkeeper asked")
    assert [entry[1] for entry in trail(database)[before:]] == ["rename"]


def test_a_rename_waits_until_the_settings_know_the_new_name(linked):
    """
    Else its fees would no longer apply, and nothing would say so.
    """
    database, _ = linked
    named = Settings(accounts={"tt": AccountSettings()})
    with pytest.raises(errors.UsageError, match="would no longer apply"):
        account_renaming.rename_account(database, named, "tt", "office")
    both = Settings(accounts={"tt": AccountSettings(), "office": AccountSettings()})
    account_renaming.rename_account(database, both, "tt", "office")
    with database.read() as connection:
        assert state.get_account(connection, "office").name == "office"


def test_what_was_dismissed_stays_dismissed_after_a_rename(linked):
    database, _ = linked
    with database.write() as connection:
        dismissals.save_dismissals(
            connection,
            [
                dismissals.Dismissed(
                    "order", "tt/or_1", "odd", "ana", "seen", clock.now()
                ),
                dismissals.Dismissed(
                    "order", "tt2/or_1", "odd", "ana", "seen", clock.now()
                ),
            ],
        )
    account_renaming.rename_account(database, Settings(), "tt", "office")
    with database.read() as connection:
        keys = {item.key for item in dismissals.list_dismissals(connection)}
    assert keys == {"office/or_1", "tt2/or_1"}
