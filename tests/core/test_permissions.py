"""
Settings, home and database that others may write.
"""

import errno
import grp
import os
import pwd
import stat
from types import SimpleNamespace

import pytest

from ticketsync.accounts import pins
from ticketsync.cli.context import AppContext
from ticketsync.core import errors, paths, permissions
from ticketsync.core.settings import config
from ticketsync.store import engine
from ticketsync.workflows import doctor, schedule, schedule_times


def refused(path, **options):
    try:
        permissions.refuse_writable(path, what="The file", **options)
    except errors.ConfigurationError as error:
        return error.word == "writable-by-others"
    return False


@pytest.fixture
def shared_group(monkeypatch):
    """
    The group of every file is one that a colleague is in, too.
    """
    members = SimpleNamespace(gr_name="staff", gr_mem=["ana", "ben"])
    monkeypatch.setattr(grp, "getgrgid", lambda number: members)
    user = SimpleNamespace(pw_name="ana")
    monkeypatch.setattr(pwd, "getpwuid", lambda number: user)
    monkeypatch.setattr(permissions, "_is_own_group", _as_if_not_root)


def _as_if_not_root(number, plain=permissions._is_own_group):
    return plain(number or 4711)


@pytest.mark.parametrize(
    ("mode", "is_refused", "if_shareable"),
    [
        *((0o600, False, False), (0o644, False, False), (0o640, False, False)),
        *((0o660, True, False), (0o664, True, False)),
        *((0o606, True, True), (0o666, True, True), (0o602, True, True)),
    ],
)
def test_who_may_write_a_file(tmp_path, shared_group, mode, is_refused, if_shareable):
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    assert refused(file) == is_refused
    assert refused(file, is_shareable=True) == if_shareable
    assert permissions.is_shared_with_group(file) == bool(mode & stat.S_IWGRP)


def test_the_users_own_group_is_nobody_else(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o664)
    monkeypatch.setattr(permissions, "_is_own_group", _as_if_not_root)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_name="ana"))
    for name, members, expected in (
        *(("ana", [], False), ("ana", ["ana"], False)),
        *(("ana", ["ben"], True), ("staff", [], True)),
    ):
        group = SimpleNamespace(gr_name=name, gr_mem=members)
        monkeypatch.setattr(grp, "getgrgid", lambda _, found=group: found)
        assert refused(file) == expected, (name, members)


def test_in_a_folder_with_the_sticky_bit_nobody_replaces_anothers_file(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    assert not refused(folder)
    folder.chmod(0o777)
    assert refused(folder)


def test_a_file_of_another_user_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(
        permissions,
        "_stat",
        lambda _: SimpleNamespace(st_mode=0o100644, st_uid=4712, st_gid=0),
    )
    assert refused(file)
    assert not refused(file, is_shareable=True)
    assert permissions.is_shared_with_group(file)


def test_where_modes_cannot_be_set_a_variable_accepts_them(
    home, tmp_path, monkeypatch, shared_group
):
    """
    A network share shows 0777 for everything; there are no hard links either.
    """
    file = home / "config.yaml"
    file.write_text("notify:\n  urls: ['json://127.0.0.1/secret']\n")
    for path in (file, home):
        path.chmod(0o777)
    with pytest.raises(errors.ConfigurationError) as caught:
        config.load()
    assert "TICKETSYNC_ACCEPT_MODES=1" in caught.value.hint
    monkeypatch.setenv("TICKETSYNC_ACCEPT_MODES", "yes")
    with pytest.raises(errors.ConfigurationError):
        config.load()
    monkeypatch.setenv("TICKETSYNC_ACCEPT_MODES", "1")
    config.load()
    assert not refused(file)
    assert doctor.fix(None) == []
    key = paths.pin_key_file()
    key.unlink(missing_ok=True)
    account = SimpleNamespace(
        name="tt",
        provider="wix",
        base_url="http://127.0.0.1:9",
        secret_source="file",
        secret_reference="x",
        options={},
        pin="",
    )

    def no_links(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    with monkeypatch.context() as without_links:
        without_links.setattr(os, "link", no_links)
        account.pin = pins.make_pin(account)
        assert account.pin == pins.make_pin(account)
    assert [found.name for found in home.iterdir() if "pin" in found.name] == [key.name]
    key.chmod(0o777)
    assert pins.is_confirmed(account)
    assert schedule.job(schedule_times.when("0 3 * * *")).environment == {
        "TICKETSYNC_HOME": str(home),
        "TICKETSYNC_ACCEPT_MODES": "1",
    }


def test_the_database_of_a_group_stays_the_groups_when_modes_are_fixed(
    home, shared_group
):
    database = home / "ticketsync.db"
    for mode, fixed in ((0o660, 0o660), (0o664, 0o660), (0o640, 0o600), (0o644, 0o600)):
        database.touch()
        database.chmod(mode)
        done = doctor.fix(database)
        assert stat.S_IMODE(database.stat().st_mode) == fixed
        assert done == ([] if mode == fixed else [f"chmod {fixed:o} {database}"])


def test_a_hint_takes_no_more_from_others_than_is_wanted(tmp_path):
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o666)
    for is_shareable, wanted in ((True, "chmod o-w "), (False, "chmod go-w ")):
        with pytest.raises(errors.ConfigurationError) as caught:
            permissions.refuse_writable(file, what="It", is_shareable=is_shareable)
        assert wanted in caught.value.hint


def open_both():
    config.load()
    engine.open_database().close()


def test_settings_home_and_database_that_all_may_write_are_refused(home, templates):
    file = home / "config.yaml"
    file.write_text("log:\n  level: info\n")
    file.chmod(0o600)
    templates.copy("sqlite", "empty", home / "ticketsync.db")
    for path, mode in ((file, 0o600), (home, 0o700), (paths.database_file(), 0o600)):
        path.chmod(mode | 0o002)
        with pytest.raises(errors.ConfigurationError) as caught:
            open_both()
        assert caught.value.word == "writable-by-others"
        assert str(path) in caught.value.message
        path.chmod(mode)
    open_both()


def test_a_database_that_a_group_shares_is_used_with_a_warning(
    tmp_path, shared_group, capsys
):
    folder = tmp_path / "shared"
    folder.mkdir()
    database = folder / "x.db"
    engine.create_database(str(database)).close()
    AppContext(database_url=str(database)).database().close()
    assert capsys.readouterr().err == ""
    database.chmod(0o660)
    folder.chmod(0o770)
    AppContext(database_url=str(database)).database().close()
    warned = capsys.readouterr().err.splitlines()
    assert [
        str(path) in line for path, line in zip((database, folder), warned, strict=True)
    ]
    AppContext(database_url=str(database), quiet=True).database().close()
    assert capsys.readouterr().err == ""
