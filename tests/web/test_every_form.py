"""
Every form of the pages, as the pages have it: sent after the session ended or in a
wrong role it changes nothing, and sent twice it does its work once, with its audit row.
"""

import re

import pytest
from sqlalchemy import delete
from support.database_dump import dump
from support.page_forms import forms_of
from support.page_list import PAGES

from ticketsync.jobs.tasks import Tasks
from ticketsync.reporting import audit_trail
from ticketsync.store.tables.visitors import passes as passes_table

# Of the page, the form (its numbers are any) and what is typed into it, `None` for a
# tick that is taken out. In this order: what needs an account comes before its end.
CHANGES = (
    ("/shows/12", "/shows/N/exclude", {"reason": "a private evening"}),
    ("/shows/12", "/shows/N/include", {}),
    ("/shows/12/edit", "/shows/N/edit", {"capacity": "310", "confirmed": "yes"}),
    ("/productions/1", "/productions/N/switches", {"sales": None}),
    ("/events/1", "/events/N/switches", {"enabled": None}),
    ("/events/1", "/events/N/types", {"theirs": "Adult", "ours": "Full price"}),
    ("/occurrences/1", "/occurrences/N/switches", {"sales": None}),
    ("/occurrences/1", "/occurrences/N/unlink", {}),
    ("/calendar", "/calendar/feed", {}),
    ("/calendar", "/calendar/feed/N/revoke", {}),
    ("/venues", "/venues", {"name": "Late Bar"}),
    ("/venues/1", "/venues/N", {"name": "Lantern Hall", "confirmed": "yes"}),
    ("/people", "/people/invite", {"name": "Kim"}),
    ("/matching", "/matching/undo", {}),
    ("/accounts/tt", "/accounts/N/pause", {"reason": "closed for a week"}),
    ("/accounts/tt", "/accounts/N/resume", {}),
    ("/accounts/tt/webhooks", "/accounts/N/webhooks", {}),
    ("/accounts/tt/remove", "/accounts/N/remove", {}),
)
# What is begun in the background, goes on to a preview, or needs a key or a file: the
# tests of each send those twice.
ELSEWHERE = {
    *("/sync", "/fetch", "/notify/test", "/accounts/N/sync", "/leave"),
    *("/connect", "/connect/authorise", "/accounts/N/key", "/accounts/N/options"),
    *("/shows/import", "/people/N/revoke"),
}


def kind_of(path):
    return re.sub(r"/(\d+|tt)(?=/|$)", "/N", path)


def every_form(manager):
    """
    The forms of all pages, one of each kind.
    """
    found = {}
    for page in PAGES:
        for form in forms_of(manager.get(page).text):
            found.setdefault(kind_of(form.path), form)
    return found


def data_of(database):
    """
    All rows; of sessions, which a request may make last longer, their number.
    """
    rows = dump(database)
    return {**rows, passes_table.name: len(rows[passes_table.name])}


def audit_of(database):
    with database.read() as connection:
        return audit_trail.list_entries(connection, limit=1000)


@pytest.mark.thorough
def test_every_form_is_sent_twice_here_or_elsewhere(enter):
    """
    Forms of states that the pages are not in at first are among those sent here.
    """
    kinds = {kind for _, kind, _ in CHANGES}
    assert set(every_form(enter("manager"))) <= kinds | ELSEWHERE
    assert not kinds & ELSEWHERE


@pytest.mark.parametrize("role", ["viewer", "door", "ended"])
@pytest.mark.thorough
def test_no_form_changes_anything_in_a_wrong_role_or_after_the_session(
    enter, full, role, requested_syncs, monkeypatch
):
    """
    Somebody has the page still open.
    """
    forms = every_form(enter("manager", "Ruth"))
    assert len(forms) > 20
    client = enter("manager" if role == "ended" else role)
    client.follow_redirects = False
    if role == "ended":
        with full.write() as connection:
            connection.execute(delete(passes_table))
    started = []
    monkeypatch.setattr(Tasks, "start", lambda *task, **_: started.append(task))
    before = data_of(full)

    answers = {
        kind: client.post(form.path, data=form.fields)
        for kind, form in forms.items()
        if kind != "/leave"
    }

    status = 303 if role == "ended" else 403
    assert {kind for kind, it in answers.items() if it.status_code != status} == set()
    assert data_of(full) == before
    assert (requested_syncs, started) == ([], [])


@pytest.mark.thorough
def test_a_form_that_is_sent_twice_does_its_work_once(enter, full):
    """
    By a double click, by going back, from two tabs: the second answer is no fault of
    ours, and nothing else changes.
    """
    ruth = enter("manager", "Ruth")
    for page, kind, typed in CHANGES:
        forms = [f for f in forms_of(ruth.get(page).text) if kind_of(f.path) == kind]
        assert forms, (page, kind)
        form = forms[-1]
        fields = {k: v for k, v in {**form.fields, **typed}.items() if v is not None}
        before, entries = data_of(full), len(audit_of(full))

        first = ruth.post(form.path, data=fields)
        after = data_of(full)
        second = ruth.post(form.path, data=fields)

        assert first.status_code == 200, (kind, first.text)
        assert after != before, kind
        new = audit_of(full)[: len(audit_of(full)) - entries]
        assert {entry.who for entry in new} == {"Ruth (manager)"}, kind
        assert second.status_code in (200, 404, 409), (kind, second.status_code)
        assert changed(after, data_of(full)) == [], kind


def changed(before, after):
    return [name for name in before if before[name] != after[name]]


def test_without_an_id_of_the_form_the_second_time_does_more(enter, full):
    """
    The control: two calendar addresses, of which somebody saw one.
    """
    ruth = enter("manager", "Ruth")
    before = data_of(full)[passes_table.name]
    for _ in range(2):
        ruth.post("/calendar/feed", data={"form": ""})
    assert data_of(full)[passes_table.name] == before + 2
