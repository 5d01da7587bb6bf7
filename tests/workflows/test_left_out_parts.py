"""
An organisation that is left out for good: not read, not named, and read whole again
once it is not left out any more.
"""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from support import odd_accounts
from support.dates import NOW
from support.platform_accounts import attempt, figures, run, same, set_up

from ticketsync.accounts import state
from ticketsync.core import errors
from ticketsync.reporting import audit_trail, waiting_records
from ticketsync.sandbox import world
from ticketsync.sandbox.odd_records import OddRecord
from ticketsync.store.tables.sales import orders
from ticketsync.workflows.accounts import account_options
from ticketsync.workflows.accounts.connect import registry

NAME = "eventbrite"


@pytest.fixture
def fifty(frozen, monkeypatch):
    with odd_accounts.serving(NAME, monkeypatch) as sandbox:
        yield sandbox


def change(database, settings, value):
    plan = account_options.plan(database, settings, NAME, {"skip_organisations": value})
    account_options.apply(database, plan)
    return " ".join(plan.effects)


def refuse(sandbox, organisation):
    sandbox.odd_records.plan(OddRecord(NAME, "forbidden", organisation, is_part=True))


def reasons(database):
    with database.read() as connection:
        return " ".join(
            " ".join(row) for row in waiting_records.list_quarantined(connection)
        )


@pytest.mark.thorough
def test_one_that_cannot_be_read_is_left_out_for_good(sqlite, settings, fifty):
    set_up(sqlite, settings, fifty, NAME, is_read=True, world="left out")
    empty = fifty.platform.organisations[1]
    refuse(fifty, empty)
    assert attempt(sqlite, settings).exit_code == 3
    remedy = f"ticketsync accounts set {NAME} skip_organisations={empty}"
    assert remedy in reasons(sqlite)

    effects = change(sqlite, settings, empty)

    assert f"{empty} is not read any more" in effects
    for options in ({}, {"full": True}, {}):
        assert run(sqlite, settings, **options).exit_code == 0
        assert reasons(sqlite) == ""
        same(figures(sqlite), odd_accounts.truth(fifty))
    with sqlite.read() as connection:
        options = state.get_account(connection, NAME).options
        (entry, *_) = audit_trail.list_entries(connection)
    assert options == {"skip_organisations": empty}
    assert (entry.action, entry.after) == ("set", options)


@pytest.mark.thorough
def test_sales_while_it_was_left_out_arrive_once_it_is_read_again(
    sqlite, settings, fifty, frozen
):
    """
    It sells every third date. Its sales lie before the newest of the account, so only a
    whole read meets them.
    """
    there, odd = fifty.platform.world, odd_accounts.odd_performance(fifty)
    selling = fifty.platform.organisations[1]
    own = {odd.id, *(p.id for p in there.performances[::3])}
    fifty.platform.sellers.update(dict.fromkeys(own, selling))
    set_up(sqlite, settings, fifty, NAME, is_read=True, world="divided")
    assert f"{selling} is not read any more" in change(sqlite, settings, selling)
    before = figures(sqlite)
    there.now += 1200
    frozen(NOW + timedelta(seconds=1200))
    world.add_sale(there, odd, (there.now - 5, there.now))
    there.now += 1200
    frozen(NOW + timedelta(seconds=2400))
    other = next(p for p in there.performances if p.id not in own and p.starts_at > NOW)
    world.add_sale(there, other, (there.now - 5, there.now))
    for options in ({}, {}, {"full": True}):
        run(sqlite, settings, **options)
    found, wanted = figures(sqlite), odd_accounts.truth(fifty)
    key = odd_accounts.performance_id(fifty, odd)
    assert found.pop(key) == before[key] != wanted.pop(key)
    same(found, wanted)
    with sqlite.read() as connection:
        assert not connection.scalar(
            select(func.count()).where(orders.c.gone_since.is_not(None))
        )

    effects = change(sqlite, settings, "")

    assert f"The next run reads {selling} again" in effects
    run(sqlite, settings)
    same(figures(sqlite), odd_accounts.truth(fifty))


def test_one_that_the_account_does_not_have_is_refused(sqlite, settings, fifty):
    set_up(sqlite, settings, fifty, NAME, is_read=True, world="left out")
    first, second = fifty.platform.organisations
    with pytest.raises(
        errors.UsageError, match="123 is not one of this account's"
    ) as no:
        change(sqlite, settings, "123")
    assert f"({first}, {second})" in no.value.message
    with pytest.raises(errors.UsageError, match="does not accept"):
        change(sqlite, settings, "The Lantern Room")


def test_all_of_them_cannot_be_left_out(sqlite, settings, fifty):
    set_up(sqlite, settings, fifty, NAME, is_read=True, world="left out")
    change(sqlite, settings, ",".join(fifty.platform.organisations))
    result = attempt(sqlite, settings)
    assert (result.exit_code, result.word) == (2, "configuration")
    assert "skip_organisations=`" in result.hint


def test_only_an_organisation_that_is_read_gets_a_webhook(sqlite, fifty, monkeypatch):
    first, second = fifty.platform.organisations
    asked = []

    class Api:
        account = NAME

        def post(self, path, form):
            asked.append(path)
            return {"id": "1"}

    provider = registry.provider(NAME)(Api(), {"skip_organisations": second})
    monkeypatch.setattr(provider, "owners", lambda: [first, second])
    provider.register_webhook("https://box.example/hooks/x")
    assert asked == [f"/organizations/{first}/webhooks/"]
