"""
`accounts set`: the options of an account can be changed, is checked against what its
platform knows, and says beforehand what follows.
"""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from support.database_dump import dump
from support.dates import NOW
from support.platform_accounts import OPTIONS, add, adopt, another_venue, attempt, run

from ticketsync.accounts import state
from ticketsync.core import clock, errors
from ticketsync.core.settings import config
from ticketsync.core.settings.config import AccountSettings
from ticketsync.providers import options
from ticketsync.providers.humanitix import Humanitix
from ticketsync.sandbox import server, world
from ticketsync.store import lease
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.store.tables.sales import buyers as buyers_table
from ticketsync.store.tables.sales import orders
from ticketsync.workflows.accounts import account_options
from ticketsync.workflows.accounts import connect as connecting
from ticketsync.workflows.accounts.account_run import lease_of
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.sync import due
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

OTHER_SITE = "ffffffff-0000-4000-8000-000000000001"


@pytest.fixture
def database(sqlite):
    return sqlite


def change(database, settings, account, **given):
    plan = account_options.plan(database, settings, account, given)
    account_options.apply(database, plan)
    return plan


def named(database, account):
    with database.read() as connection:
        return state.get_account(connection, account)


# What an option takes


@pytest.mark.parametrize(
    ("given", "kept"),
    [("nz, au", "AU,NZ"), ("AU,au,AU", "AU"), ("NZ,AU,US", "AU,NZ,US"), ("", "")],
)
def test_a_list_of_regions_is_kept_as_a_set(given, kept):
    found = options.cleaned("Humanitix", Humanitix.spec.options, {"regions": given})
    assert found.get("regions", "") == kept


@pytest.mark.parametrize(
    ("provider", "given", "hint"),
    [
        ("humanitix", {"regions": "Australia"}, "AU, CA, DE, FJ, GB, MX, MY, NZ, SG"),
        ("humanitix", {"regions": "AU,NSW"}, "AU, CA, DE"),
        ("wix", {"site_id": "lantern"}, "/dashboard/"),
        ("humanitix", {"region": "AU"}, "regions, people"),
        ("ticket_tailor", {"people": "perhaps"}, "true, false"),
        ("file", {"recipe": "tickettek", "watch": "."}, "ticketek"),
        (
            "file",
            {"recipe": "ticketek", "watch": ".", "timezone": "AEST"},
            "Australia/Sydney",
        ),
        ("file", {"recipe": "ticketek", "watch": ".", "currency": "$"}, "AUD"),
    ],
)
def test_a_value_that_the_platform_does_not_know_is_refused_with_those_it_knows(
    database, settings, provider, given, hint
):
    """
    J34: `regions=Australia` was accepted.
    """
    with pytest.raises(errors.UsageError) as caught:
        connecting.add(
            database,
            settings,
            provider=provider,
            name="new",
            base_url="http://127.0.0.1:9",
            source=SecretSource("none", ""),
            options=given,
            check=False,
        )
    assert caught.value.exit_code == 2
    assert hint in caught.value.hint


# Changing it


@pytest.mark.parametrize("name", ["humanitix"])
def test_regions_are_changed_after_they_were_tried(
    database, settings, fake_server, name, monkeypatch
):
    monkeypatch.setitem(OPTIONS, "humanitix", {"regions": "AU"})
    add(database, settings, fake_server, name, monkeypatch)
    before = dump(database)

    with pytest.raises(errors.UsageError, match="'Australia'"):
        change(database, settings, name, regions="Australia")
    plan = account_options.plan(database, settings, name, {"regions": "nz,au"})

    assert dump(database) == before
    assert [c.text for c in plan.changes] == ["regions: AU → AU,NZ"]
    assert plan.effects[0].startswith("Tried: Humanitix answers")
    assert "The next run reads NZ, too." in plan.effects
    account_options.apply(database, plan)
    assert dict(named(database, name).options) == {"regions": "AU,NZ"}
    fake_server.log.clear()
    sync.fetch_listing(database, settings, [])
    asked = [target for _, target, _ in fake_server.log]
    assert [t.partition("overrideLocation=")[2][:2] for t in asked] == ["AU", "NZ"]
    assert "NZ is not read any more" in " ".join(
        change(database, settings, name, regions="AU").effects
    )
    assert change(database, settings, name, regions="").options == {}


@pytest.mark.parametrize("name", ["humanitix"])
def test_regions_that_another_account_reads_are_refused(
    database, settings, fake_server, name, monkeypatch
):
    monkeypatch.setitem(OPTIONS, "humanitix", {"regions": "AU"})
    add(database, settings, fake_server, name, monkeypatch)
    connecting.add(
        database,
        settings,
        provider=name,
        name="auckland",
        base_url=fake_server.address,
        source=SecretSource("env", "KEY"),
        options={"regions": "NZ"},
        check=True,
    )
    with pytest.raises(errors.GuardRefused, match="'auckland' reads this"):
        change(database, settings, name, regions="AU,NZ")
    assert named(database, name).options == {"regions": "AU"}


@pytest.mark.parametrize("name", ["wix"])
def test_a_site_may_be_put_right_until_there_are_sales(
    database, settings, fake_server, name, monkeypatch
):
    add(database, settings, fake_server, name, monkeypatch)
    with pytest.raises(errors.AuthenticationFailed):
        change(database, settings, name, site_id=OTHER_SITE)
    fake_server.platform.site = OTHER_SITE
    change(database, settings, name, site_id=OTHER_SITE)
    assert named(database, name).identity == OTHER_SITE
    sync.fetch_listing(database, settings, [])
    database_with_venue(database)
    adopt(database)
    run(database, settings)
    fake_server.platform.site = "eeeeeeee-0000-4000-8000-000000000001"
    with pytest.raises(errors.GuardRefused, match="has orders of another") as caught:
        change(database, settings, name, site_id=fake_server.platform.site)
    assert caught.value.exit_code == 7
    assert named(database, name).options["site_id"] == OTHER_SITE


def database_with_venue(database):
    from ticketsync.catalogue import shows

    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")


def test_another_address_is_tried_and_must_answer_for_the_same_owner(
    database, settings, fake_server, name, monkeypatch
):
    add(database, settings, fake_server, name, monkeypatch)
    known = named(database, name)
    with pytest.raises(errors.ProviderError):
        change(database, settings, name, base_url=f"{fake_server.address}/elsewhere")
    assert named(database, name) == known
    if name != "wix":  # a site is known by its id alone
        owner = {"eventbrite": {"user": "5500666"}, "square": {"merchant": "M6"}}
        fake_platform = another_venue(
            fake_server.platform, **owner.get(name, {"organiser": "organiser6"})
        )
        monkeypatch.setitem(fake_server.platforms, name, fake_platform)
        with pytest.raises(errors.GuardRefused, match="belongs to"):
            change(database, settings, name, base_url=f"{fake_server.address}/")
        monkeypatch.setitem(fake_server.platforms, name, fake_server.platform)
    change(database, settings, name, base_url=f"{fake_server.address}/")
    assert named(database, name).base_url == f"{fake_server.address}/"


@pytest.mark.parametrize("name", ["square"])
def test_what_stands_in_the_settings_file_is_named(
    database, settings, fake_server, name, monkeypatch
):
    add(database, settings, fake_server, name, monkeypatch)
    with pytest.raises(errors.UsageError, match="is in the settings file"):
        change(database, settings, name, interval_minutes="5")
    says_no = replace(settings, accounts={name: AccountSettings(keep_people=False)})
    with pytest.raises(errors.ConfigurationError, match="people: false"):
        change(database, says_no, name, people="true")


@pytest.mark.parametrize("name", ["square"])
def test_an_account_that_is_being_read_is_not_changed_meanwhile(
    database, settings, fake_server, name, monkeypatch
):
    add(database, settings, fake_server, name, monkeypatch)
    plan = account_options.plan(
        database, settings, name, {"base_url": fake_server.address}
    )
    plan = replace(plan, base_url="http://127.0.0.1:1")
    with database.write() as connection:
        lease.take(
            connection, lease_of(plan.account), lease.this_process("a run"), clock.now()
        )
    with pytest.raises(errors.Busy) as caught:
        account_options.apply(database, plan)
    assert caught.value.exit_code == 8


@pytest.mark.parametrize("name", ["square"])
def test_a_run_reads_with_the_options_that_stand_when_its_turn_comes(
    database, settings, fake_server, name, monkeypatch
):
    """
    The command had read the account before `accounts set` changed it.
    """
    add(database, settings, fake_server, name, monkeypatch)
    skip = due.reason_to_skip
    with server.serving(fake_server) as other:
        address = fake_server.url(other, name)

        def after_the_choice(*arguments, **options):
            change(database, settings, name, base_url=address)
            return skip(*arguments, **options)

        monkeypatch.setattr(due, "reason_to_skip", after_the_choice)
        reached = []
        monkeypatch.setattr(
            "ticketsync.workflows.accounts.account_client.client",
            spying("ticketsync.workflows.accounts.account_client", reached),
        )
        assert attempt(database, settings).outcome == "success"
    assert reached[-1] == address


def spying(module, reached):
    import importlib

    client = importlib.import_module(module).client

    def seen(spec, account, base_url, *arguments, **options):
        reached.append(base_url)
        return client(spec, account, base_url, *arguments, **options)

    return seen


# People


PLATFORMS = ("ticket_tailor", "eventbrite", "humanitix", "wix")


@pytest.fixture(params=PLATFORMS)
def read_without_people(request, sqlite, settings, frozen, monkeypatch):
    """
    An account that was read whole and keeps nobody; 15 of its 40 dates are past.
    """
    from ticketsync.sandbox import platforms

    name = request.param
    today = NOW.date()
    others = [n for n in (name,) if n != "ticket_tailor"]
    fake_platforms = platforms.build_others(today=today, orders=120, names=others)
    sandbox = server.Sandbox(
        world.build(today=today, orders=120), others=fake_platforms
    )
    sandbox.clock = lambda: clock.now().timestamp()
    sandbox.platform = sandbox.platforms[name]
    monkeypatch.setenv("KEY", sandbox.platform.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, name)
        database_with_venue(sqlite)
        add(sqlite, settings, sandbox, name, monkeypatch)
        sync.fetch_listing(sqlite, settings, [])
        adopt(sqlite)
        run(sqlite, settings)
        run(sqlite, settings)
        sandbox.log.clear()
        yield name, sandbox


def buyers(database, *, to_come):
    """
    How many orders of shows still to come (or of past ones) there are, and of how
    many the buyer is kept.
    """
    when = occurrences.c.starts_at >= clock.now()
    query = (
        select(func.count(orders.c.id), func.count(buyers_table.c.order_id))
        .select_from(
            orders.join(
                occurrences, occurrences.c.id == orders.c.occurrence_id
            ).outerjoin(buyers_table, buyers_table.c.order_id == orders.c.id)
        )
        .where(when if to_come else ~when)
    )
    with database.read() as connection:
        return tuple(connection.execute(query).one())


@pytest.mark.parametrize("way", ["set", "settings"])
@pytest.mark.thorough
def test_switching_people_on_reads_the_shows_still_to_come_again_once(
    read_without_people, sqlite, settings, way
):
    name, _ = read_without_people
    held, kept = buyers(sqlite, to_come=True)
    assert held > 20
    assert kept == 0
    if way == "set":
        plan = change(sqlite, settings, name, people="true")
        assert f"({held} are held now)" in plan.effects[1]
        assert "shows still to come again" in plan.effects[1]
    else:
        on = AccountSettings(keep_people=True)
        settings = replace(settings, accounts={name: on})

    outcome = sync.sync(sqlite, settings, Request())

    assert outcome.exit_code == 0
    said = f"{name}: from now on names and addresses are kept; the orders of its shows"
    assert any(note.startswith(said) for note in outcome.notes)
    assert buyers(sqlite, to_come=True) == (held, held)
    again = sync.sync(sqlite, settings, Request())
    assert not any("people" in note for note in again.notes)
    first, second = outcome.results[0].counts, again.results[0].counts
    assert second.processed < held <= first.processed


@pytest.mark.thorough
def test_switching_people_off_says_what_stays(read_without_people, sqlite, settings):
    name, sandbox = read_without_people
    change(sqlite, settings, name, people="true")
    sync.sync(sqlite, settings, Request())
    plan = change(sqlite, settings, name, people="false")
    assert "stay until 90 days after their show" in plan.effects[0]
    number = int(plan.effects[0].partition("The ")[2].split()[0])
    assert number >= buyers(sqlite, to_come=True)[1] > 0
    world.change_some(sandbox.platform.world, 5, 4)
    sandbox.platform.invalidate()
    before = people_rows(sqlite)
    sync.sync(sqlite, settings, Request(full=True))
    assert people_rows(sqlite) == before


def people_rows(database):
    with database.read() as connection:
        query = select(func.count()).select_from(buyers_table)
        return connection.execute(query).scalar_one()


def test_a_report_names_nobody_that_could_be_kept(
    sqlite, settings, tmp_path, monkeypatch
):
    (tmp_path / "a.csv").write_text("nothing\n")
    connecting.add(
        sqlite,
        settings,
        provider="file",
        name="tek",
        base_url=None,
        source=SecretSource("none", ""),
        options={
            "recipe": "ticketek",
            "watch": str(tmp_path),
            "timezone": "Australia/Sydney",
            "currency": "aud",
        },
        check=False,
    )
    assert named(sqlite, "tek").options["currency"] == "AUD"
    with pytest.raises(errors.UsageError, match="it names no people"):
        change(sqlite, settings, "tek", people="true")


def test_the_settings_say_nothing_unless_they_say_it(tmp_path):
    said = config.read("accounts:\n  tt:\n    people: false\n", "t")
    unsaid = config.read("accounts:\n  tt:\n    interval_minutes: 5\n", "t")
    assert said.account("tt").keep_people is False
    assert unsaid.account("tt").keep_people is None
