"""
What lies in a folder of reports: a report is read whatever it is called, and nothing
that a person may take for one is passed over without a word.
"""

import gzip
import os

import pytest
from support import needs
from support.report_folder import GALA, HEADING, ReportFolder

from ticketsync.core import errors
from ticketsync.providers.file_import import folder as folders


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


def row(number):
    return f"{number},{GALA},Adult,1,10.00"


def put(folder, *names):
    for number, name in enumerate(names, start=1):
        folder.put(name, HEADING, row(number))


@pytest.mark.parametrize("name", ["report", "june.dat", "june.CSV.TXT", "june.report"])
def test_a_report_is_read_whatever_it_is_called(folder, name):
    put(folder, name)
    assert list(folder.orders()) == ["1"]
    assert folder.provider().notes() == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("b.csv.crdownload", "a download that is not complete"),
        ("b.csv.part", "a download that is not complete"),
        ("b.csv.bak", "an earlier copy, by its name"),
        ("b.csv~", "an earlier copy, by its name"),
    ],
)
def test_what_is_not_a_whole_report_is_named_and_not_read(folder, name, said):
    put(folder, "a.csv", name)
    assert list(folder.orders()) == ["1"]
    assert folder.provider().notes() == (
        f"not read, beside the reports: {name} ({said})",
    )


def test_archives_folders_and_other_files_are_named(folder):
    put(folder, "a.csv")
    inside = folder.path / "in"
    (inside / "b.csv.gz").write_bytes(gzip.compress(b"Order\n"))
    (inside / "letter.md").write_text("Dear all\n")
    (inside / "2025").mkdir()
    (inside / "2025" / "c.csv").write_text(f"{HEADING}\n{row(3)}\n")
    assert list(folder.orders()) == ["1"]
    assert folder.provider().notes() == (
        "not read, beside the reports: b.csv.gz (a compressed archive, not a table), "
        "letter.md (it has no row with the headings), the folder 2025",
    )
    provider = folder.provider()
    assert provider.unread_files() == {}
    assert provider.identify().notes == provider.notes()


def test_nothing_is_said_of_what_programs_keep_beside_reports(folder):
    put(folder, "a.csv")
    inside = folder.path / "in"
    for name in (".DS_Store", "~$a.xlsx", ".~lock.a.csv#", "desktop.ini", "r.yaml"):
        (inside / name).write_text("x\n")
    for name in (".git", "empty"):
        (inside / name).mkdir()
    assert list(folder.orders()) == ["1"]
    assert folder.provider().notes() == ()


def test_what_is_beside_the_reports_is_part_of_the_state(folder):
    put(folder, "a.csv")
    before = folder.provider().state()
    (folder.path / "in" / "b.csv.part").write_text("Order")
    assert folder.provider().state() != before


def test_a_folder_with_other_files_alone_has_no_report(folder):
    (folder.path / "in" / "letter").write_text("Dear all\n")
    with pytest.raises(errors.ProviderUnavailable, match="it has letter, which it"):
        folder.provider().identify()


@needs.named_pipes
def test_a_pipe_is_named_and_never_opened(folder):
    """
    To open one waits until somebody writes into it.
    """
    put(folder, "a.csv")
    os.mkfifo(folder.path / "in" / "b.csv")
    os.mkfifo(folder.path / "in" / "pipe")
    assert list(folder.orders()) == ["1"]
    provider = folder.provider()
    assert {name: it.message for name, it in provider.unread_files().items()} == {
        "b.csv": "b.csv is a pipe or a device, not a file."
    }
    assert provider.notes() == (
        "not read, beside the reports: pipe (a pipe or a device, not a file)",
    )
    assert provider.is_readable()


def test_a_report_is_checked_alone_whatever_it_is_called(folder):
    (folder.path / "in" / "letter.md").write_text("Dear all\n")
    options = {"recipe": str(folder.path / "r.yaml")}
    with pytest.raises(errors.BadFile, match="no row with the headings"):
        folders.preview_file(options, folder.path / "in" / "letter.md")
