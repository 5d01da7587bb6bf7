"""
Nothing is read by two accounts, however it is written down: every sale would count
twice.
"""

import threading
from shutil import copytree

import pytest
from sqlalchemy import text
from support.database_dump import dump
from support.dates import NOW
from support.odd_accounts import ALL
from support.pin_keys import save_pins
from support.platform_accounts import OPTIONS, add, adopt, attempt, set_up
from support.spoiled_reads import playing
from support.ticket_tailor_account import figures
from support.waiting import wait_until
from support.waiting_locks import is_anyone_blocked

from ticketsync.accounts import edits, state
from ticketsync.catalogue import occurrences, shows
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.store import engine
from ticketsync.workflows.accounts import account_removal, duplicate_accounts
from ticketsync.workflows.accounts import connect as connecting
from ticketsync.workflows.accounts.account_renaming import rename_account
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import listing
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

# Whose key, which regions


@pytest.fixture
def humanitix(fake_server, sqlite, settings, monkeypatch):
    """
    Connects an account of the same key with these regions.
    """
    monkeypatch.setenv("KEY", fake_server.platform.key)

    def connect_(account, regions):
        return connecting.add(
            sqlite,
            settings,
            provider="humanitix",
            name=account,
            base_url=fake_server.address,
            source=SecretSource("env", "KEY"),
            options={"regions": regions} if regions else {},
            check=True,
        )

    return connect_


@pytest.mark.parametrize("name", ["humanitix"])
@pytest.mark.parametrize("second", ["NZ,AU", "au", "NZ", "US, NZ", "AU,NZ", ""])
def test_regions_are_a_set_and_one_in_common_is_a_duplicate(humanitix, second):
    humanitix("hx", "AU,NZ")
    with pytest.raises(
        errors.GuardRefused, match="'hx' reads this Humanitix"
    ) as caught:
        humanitix("hx2", second)
    assert (caught.value.exit_code, caught.value.word) == (7, "connected-already")
    assert "ticketsync accounts set hx regions=" in caught.value.hint


@pytest.mark.parametrize("name", ["humanitix"])
def test_who_reads_the_accounts_own_region_may_read_any(humanitix):
    humanitix("hx", "")
    with pytest.raises(errors.GuardRefused):
        humanitix("hx2", "NZ")


@pytest.mark.parametrize("name", ["humanitix"])
def test_two_keys_of_one_organiser_are_duplicates_and_renamed_ones_are_known(
    humanitix, fake_server, sqlite, monkeypatch
):
    humanitix("hx", "AU")
    rename_account(sqlite, Settings(), "hx", "sydney")
    fake_server.platform.key = "hx-another-key"
    monkeypatch.setenv("KEY", fake_server.platform.key)
    with pytest.raises(errors.GuardRefused, match="'sydney'"):
        humanitix("hx2", "AU")
    humanitix("auckland", "NZ")


@pytest.mark.parametrize("name", ["humanitix"])
def test_the_same_key_is_known_under_an_account_that_was_renamed(
    humanitix, fake_server, sqlite
):
    """
    Only the key shows it: there is no event that names an organiser.
    """
    fake_server.platform.organiser = ""
    humanitix("hx", "AU")
    rename_account(sqlite, Settings(), "hx", "sydney")
    with pytest.raises(errors.GuardRefused, match="'sydney'"):
        humanitix("hx2", "AU")


@pytest.mark.parametrize("name", ["eventbrite", "square"])
def test_another_key_of_the_same_owner_is_a_duplicate(
    sqlite, settings, fake_server, name, monkeypatch
):
    """
    Eventbrite: a colleague's token of one of the organisations; Square: a key beside
    an OAuth token of the same merchant.
    """
    add(sqlite, settings, fake_server, name, monkeypatch)
    fake_server.platform.key = "another-key-0000000000"
    if name == "eventbrite":
        fake_server.platform.user = "5507777"
        fake_server.platform.organisations = ("770000001", "770000009")
    monkeypatch.setenv("KEY", fake_server.platform.key)
    with pytest.raises(errors.GuardRefused, match="count every sale twice"):
        connecting.add(
            sqlite,
            settings,
            provider=name,
            name="colleague",
            base_url=fake_server.address,
            source=SecretSource("env", "KEY"),
            options={},
            check=True,
        )


# While reading


def second_account(database, address, account="tt2"):
    """
    A duplicate that no check at `add` has seen.
    """
    new = state.NewAccount(account, "ticket_tailor", address, "env", "TT_KEY", "", None)
    with database.write() as connection:
        return edits.add_account(connection, new, NOW)


def test_a_listing_that_another_account_has_read_is_refused_at_its_first_page(
    adopted, settings, sandbox
):
    sync.sync(adopted, settings, Request())
    second_account(adopted, sandbox.url)
    before = dump(adopted)

    fetched, _ = sync.fetch_listing(adopted, settings, ["tt2"])
    synced = attempt(adopted, settings, names=("tt2",))

    for result in (fetched[0], synced):
        assert (result.exit_code, result.word) == (7, "connected-already")
        assert "'tt' reads already" in result.message
        assert "accounts remove tt2" in result.hint
    assert dump(adopted) == before
    assert attempt(adopted, settings, names=("tt",)).exit_code == 0


@pytest.fixture
def playing_it(name, frozen, monkeypatch):
    with playing(name, monkeypatch) as platform:
        yield platform


@pytest.mark.parametrize("name", ALL)
@pytest.mark.sampled(4)
def test_a_second_account_of_any_platform_is_refused_at_its_first_page(
    sqlite, settings, playing_it, name
):
    """
    No check at `add` has seen it: as if it had been connected by an earlier version.
    """
    set_up(sqlite, settings, playing_it, name, is_read=True)
    new = state.NewAccount(
        *("second", name, playing_it.address, "env", "KEY", "", None),
        OPTIONS.get(name, {}),
    )
    with sqlite.write() as connection:
        edits.add_account(connection, new, NOW)
        save_pins(connection)
    before = dump(sqlite)
    asked = len(playing_it.log)

    fetched, _ = sync.fetch_listing(sqlite, settings, ["second"])
    at_first_page = len(playing_it.log) - asked
    synced = attempt(sqlite, settings, names=("second",))

    for result in (fetched[0], synced):
        assert (result.exit_code, result.word) == (7, "connected-already")
        assert f"'{name}'" in result.message
        assert "accounts remove second" in result.hint
    assert dump(sqlite) == before
    assert 0 < at_first_page <= 4  # who it is, and one page
    assert attempt(sqlite, settings, names=(name,)).exit_code == 0


def test_an_order_that_another_account_has_brought_is_refused(
    adopted, settings, sandbox, monkeypatch
):
    """
    Whatever its listing says: here the dates of the second account are not compared.
    """
    monkeypatch.setattr(duplicate_accounts, "refuse_shared_listing", lambda *_: None)
    sync.sync(adopted, settings, Request())
    before = figures(adopted)
    second_account(adopted, sandbox.url)
    sync.fetch_listing(adopted, settings, ["tt2"])
    adopt(adopted)

    result = attempt(adopted, settings, names=("tt2",))

    assert (result.exit_code, result.word) == (7, "connected-already")
    assert " orders that the account 'tt' reads already" in result.message
    with adopted.read() as connection:
        assert {o.account for o in occurrences.list_occurrences(connection)} == {
            "tt",
            "tt2",
        }
    assert figures(adopted) == before


def test_what_both_hold_since_an_earlier_version_stays_with_the_older_account(
    adopted, settings, sandbox, monkeypatch
):
    """
    Connected twice by the version before: 40 dates, every figure doubled. The second
    one is refused from now on; removing it puts the figures right.
    """
    sync.sync(adopted, settings, Request())
    right = {key: value["tickets_sold"] for key, value in totals(adopted).items()}
    second_account(adopted, sandbox.url)
    with monkeypatch.context() as before:
        before.setattr(duplicate_accounts, "refuse_shared_listing", lambda *_: None)
        before.setattr(duplicate_accounts, "refuse_shared_orders", lambda *_: None)
        sync.sync(adopted, settings, Request())
    doubled = {key: value["tickets_sold"] for key, value in totals(adopted).items()}
    assert sum(doubled.values()) == 2 * sum(right.values()) > 0

    assert attempt(adopted, settings, names=("tt",)).exit_code == 0
    assert attempt(adopted, settings, names=("tt2",)).word == "connected-already"
    done = account_removal.remove(adopted, settings, "tt2")

    assert done.retires
    assert len(done.shared) == 40
    found = {key: value["tickets_sold"] for key, value in totals(adopted).items()}
    assert found == right


def totals(database):
    with database.read() as connection:
        rows = connection.execute(text("SELECT * FROM show_totals"))
        return {row["show_id"]: row for row in rows.mappings() if row["tickets_sold"]}


@pytest.mark.thorough
def test_one_account_alone_asks_the_database_nothing_more(
    adopted, settings, monkeypatch
):
    asked = []
    monkeypatch.setattr(occurrences, "find_elsewhere", lambda *_: asked.append("dates"))
    monkeypatch.setattr(
        "ticketsync.sales.stored_orders.find_elsewhere",
        lambda *_: asked.append("orders"),
    )
    sync.sync(adopted, settings, Request())
    assert asked == []


# Rounds of the races, in the suite and in the drill.
ROUNDS = [3, pytest.param(50, marks=pytest.mark.drill)]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("is_protected", [True, False])
@pytest.mark.thorough
def test_two_accounts_that_list_the_same_at_once_do_not_both_save_it(
    templates, settings, sandbox, monkeypatch, is_protected, rounds
):
    """
    Both have looked before either has saved. The control, without the lock, saves the
    3 series of the first page twice.
    """
    series = ["es_3001", "es_3002", "es_3003"]
    expected = series if is_protected else sorted(series * 2)
    for _ in range(rounds):
        with monkeypatch.context() as patch:
            found = listed_at_once(templates, settings, sandbox, patch, is_protected)
        assert found == (40, ["", "connected-already"], expected)


def listed_at_once(templates, settings, sandbox, monkeypatch, is_protected):
    """
    How many dates and which series were saved, and how the two ended.
    """
    database = engine.open_database(templates.copy("postgresql", "empty"))
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    for account in ("one", "two"):
        second_account(database, sandbox.url, account)
    looked, ended = [], []
    check = duplicate_accounts.refuse_shared_listing

    def checked(connection, work, events):
        check(connection, work, events)
        looked.append(work.account.name)
        times = looked.count(work.account.name)
        assert wait_until(
            lambda: (
                min(looked.count(name) for name in ("one", "two")) >= times
                or ended  # because it was refused
                or is_anyone_blocked(database)
            ),
            60,
        )

    monkeypatch.setattr(listing.duplicate_accounts, "refuse_shared_listing", checked)
    if not is_protected:
        monkeypatch.setattr(edits, "lock_platform", lambda *_: None)
    results = []

    def fetch(account):
        other = engine.open_database(database.url)
        try:
            results.extend(sync.fetch_listing(other, settings, [account])[0])
        finally:
            ended.append(account)
        other.close()

    threads = [threading.Thread(target=fetch, args=(a,)) for a in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        rows = connection.execute(text("SELECT provider_id FROM events"))
        saved = sorted(rows.scalars())
        dates = len(occurrences.list_occurrences(connection))
    words = sorted(result.word for result in results)
    database.close()
    return dates, words, saved


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("is_protected", [True, False])
def test_one_account_is_not_added_twice_at_once(
    templates, settings, sandbox, monkeypatch, is_protected, rounds
):
    """
    Under two names, and both have looked before either has saved. The control does not
    look again when it saves, and connects it twice.
    """
    database = engine.open_database(templates.copy("postgresql", "empty"))
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    both, looked = threading.Barrier(2), threading.local()
    check, stored = duplicate_accounts.refuse_duplicate, connecting._stored

    def checked(*arguments):
        if is_protected or not getattr(looked, "once", False):
            check(*arguments)
        looked.once = True

    def stored_together(*arguments):
        both.wait(timeout=60)
        return stored(*arguments)

    monkeypatch.setattr(duplicate_accounts, "refuse_duplicate", checked)
    monkeypatch.setattr(connecting, "_stored", stored_together)
    for _ in range(rounds):
        words = added_at_once(database, settings, sandbox.url)
        with database.write() as connection:
            names = {account.name for account in state.list_accounts(connection)}
            for table in ("account_sources", "accounts"):
                connection.execute(text(f"DELETE FROM {table}"))
        if is_protected:
            assert (len(names), words) == (1, ["", "connected-already"])
        else:
            assert (names, words) == ({"one", "two"}, ["", ""])
    database.close()


def added_at_once(database, settings, url):
    """
    How the two ended: `""`, or the word of the refusal.
    """
    words = []

    def connect_(name):
        other = engine.open_database(database.url)
        try:
            connecting.add(
                *(other, settings),
                provider="ticket_tailor",
                name=name,
                base_url=url,
                source=SecretSource("env", "TT_KEY"),
                options={},
                check=True,
            )
            words.append("")
        except errors.TicketsyncError as error:
            words.append(error.word)
        finally:
            other.close()

    threads = [threading.Thread(target=connect_, args=(n,)) for n in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(words)


# Reports

RECIPE = """
platform: The Other Place
timezone: Australia/Sydney
currency: AUD
columns:
  order: Booking
  event: Show
  starts: Date and time
  type: Price type
  quantity: Seats
  total: Paid
  status: State
formats: {starts: "%d/%m/%Y %H:%M"}
status:
  paid: [Sold]
"""
HEAD = "Booking,Show,Date and time,Price type,Seats,Paid,State\n"
GALA = f"{HEAD}B1,Gala,04/12/2026 19:30,Full,2,75.00,Sold\n"
OTHER = f"{HEAD}C1,Gala,04/12/2026 19:30,Full,1,40.00,Sold\n"


@pytest.fixture
def reports(tmp_path, sqlite, settings, frozen):
    """
    Connects a folder of reports, a recipe and a name; both are made where missing.
    """
    with sqlite.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")

    def connect_(account, folder, recipe, files=None, names="*"):
        place = tmp_path / folder
        if files is not None:
            place.mkdir(exist_ok=True)
            for file, rows in files.items():
                (place / file).write_text(rows)
        kept = tmp_path / recipe
        kept.write_text(f'{RECIPE}files: "{names}"\n')
        return connecting.add(
            sqlite,
            settings,
            provider="file",
            name=account,
            base_url=None,
            source=SecretSource("none", ""),
            options={"recipe": str(kept), "watch": str(place)},
            check=True,
        )

    connect_.folder = tmp_path
    return connect_


def test_a_folder_is_read_once_whatever_its_recipe_is_called(reports):
    reports("other", "in", "other.yaml", {"a.csv": GALA})
    with pytest.raises(errors.GuardRefused, match="'other' reads this") as caught:
        reports("other2", "in", "copy.yaml")
    assert (caught.value.exit_code, caught.value.word) == (7, "connected-already")
    assert "accounts set other watch=" in caught.value.hint


@pytest.mark.parametrize("way", ["in/../in", "link"])
def test_a_folder_is_known_by_its_real_path(reports, way):
    reports("other", "in", "other.yaml", {"a.csv": GALA})
    (reports.folder / "link").symlink_to(reports.folder / "in")
    with pytest.raises(errors.GuardRefused, match="'other'"):
        reports("other2", way, "copy.yaml")


def test_the_same_reports_in_another_folder_are_refused(reports):
    reports("other", "in", "other.yaml", {"a.csv": GALA})
    copytree(reports.folder / "in", reports.folder / "copied")
    with pytest.raises(errors.GuardRefused, match=r"a\.csv is the same") as caught:
        reports("other2", "copied", "other.yaml")
    assert caught.value.exit_code == 7


def test_a_second_account_of_a_folder_is_refused_before_it_saves_anything(
    reports, sqlite, settings
):
    """
    Which no check at `add` has seen.
    """
    reports("other", "in", "other.yaml", {"a.csv": GALA})
    assert sync.sync(sqlite, settings, Request()).exit_code == 0
    options = {
        "recipe": str(reports.folder / "other.yaml"),
        "watch": str(reports.folder / "in"),
    }
    new = state.NewAccount("second", "file", None, "none", "", "", None, options)
    with sqlite.write() as connection:
        edits.add_account(connection, new, NOW)
        save_pins(connection)
    before = dump(sqlite)

    fetched, _ = sync.fetch_listing(sqlite, settings, ["second"])
    synced = attempt(sqlite, settings, names=("second",))

    for result in (fetched[0], synced):
        assert (result.exit_code, result.word) == (7, "connected-already")
        assert "'other'" in result.message
    assert dump(sqlite) == before


def test_two_resellers_may_name_one_show_alike(reports, sqlite, settings):
    """
    Another seller of the same Gala, in a folder of its own: 2 and 1 tickets.
    """
    reports("other", "in", "other.yaml", {"a.csv": GALA})
    reports("reseller", "in2", "other.yaml", {"a.csv": OTHER})
    assert sync.sync(sqlite, settings, Request()).exit_code == 0
    adopt_first(sqlite, settings)
    assert sync.sync(sqlite, settings, Request(full=True)).exit_code == 0
    assert [row["tickets_sold"] for row in totals(sqlite).values()] == [3]


def adopt_first(database, settings):
    match.adopt(database, settings)
    match.accept(
        database,
        settings,
        plan_of(database, settings).certain,
        decided_by="person",
        batch="t",
    )


def plan_of(database, settings):
    with database.read() as connection:
        return match.plan(connection, settings)


def test_two_reports_of_one_folder_may_have_a_recipe_each(reports):
    files = {"tek-1.csv": GALA, "mosh-1.csv": OTHER}
    reports("tek", "in", "tek.yaml", files, names="tek-*")
    reports("mosh", "in", "mosh.yaml", names="mosh-*")
    with pytest.raises(errors.GuardRefused):
        reports("all", "in", "all.yaml")


def test_empty_reports_are_alike_and_no_duplicates(reports, sqlite, settings):
    reports("other", "in", "other.yaml", {"a.csv": GALA, "none.csv": HEAD})
    reports("reseller", "in2", "other.yaml", {"b.csv": OTHER, "none.csv": HEAD})
    assert sync.sync(sqlite, settings, Request()).exit_code == 0


def test_a_report_that_is_copied_over_later_is_refused_and_counts_once(
    reports, sqlite, settings
):
    reports("other", "in", "other.yaml", {"a.csv": GALA})
    reports("reseller", "in2", "other.yaml", {"a.csv": OTHER})
    sync.sync(sqlite, settings, Request())
    before = dump(sqlite)
    (reports.folder / "in2" / "b.csv").write_text(GALA)

    result = attempt(sqlite, settings, names=("reseller",))

    assert (result.exit_code, result.word) == (7, "connected-already")
    assert "'other'" in result.message
    assert dump(sqlite) == before
    (reports.folder / "in2" / "b.csv").unlink()
    assert attempt(sqlite, settings, names=("reseller",)).exit_code == 0
