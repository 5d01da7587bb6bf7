"""
Tills and printing by commands, without a terminal.
"""

import json

from support.expected_codes import as_json, refused, run


def test_cash_that_no_open_till_counts_is_said(on_sale):
    """
    By each command that takes or returns cash; a card is in no drawer anyway.
    """
    sale = ("boxoffice", "sell", "1", "--tier", "Adult=1")
    assert "No drawer" not in run(*sale, "--cash").stderr
    as_json("boxoffice", "tills", "open", "1", "--float", "200.00")
    assert "No drawer" not in run(*sale, "--cash", "--till", "1").stderr
    assert "No drawer" not in run(*sale, "--card").stderr
    warning = "No drawer has these 55.00 AUD in its count, and till 1 is open"
    sold = run(*sale, "--cash", "--json")
    assert warning in sold.stderr
    paid_back = ("boxoffice", "refund", json.loads(sold.stdout)["reference"])
    assert warning in run(*paid_back, "--reason", "ill").stderr
    as_json("boxoffice", "tills", "open", "2", "--float", "0")
    held = as_json("boxoffice", "hold", "1", "--tier", "Child=1")["reference"]
    said = run("boxoffice", "pay", held, "--cash").stderr
    assert "these 20.00 AUD in its count, and tills 1 and 2 are open" in said
    as_json("boxoffice", "tills", "open", "3", "--float", "0")
    said = run("boxoffice", "refund", held, "--reason", "ill").stderr
    assert "these 20.00 AUD in its count, and tills 1, 2 and 3 are open" in said


def test_a_till_from_its_opening_to_its_count(on_sale):
    sale = ("boxoffice", "sell", "1", "--tier", "Adult=1", "--cash", "--till", "1")
    assert refused(*sale)["word"] == "till-closed"
    opened = as_json("boxoffice", "tills", "open", "1", "--float", "200.00")
    assert (opened["state"], opened["expected"]) == ("open", "200.00")
    first = as_json(*sale)["reference"]
    held = as_json("boxoffice", "hold", "1", "--tier", "Child=2")["reference"]
    as_json("boxoffice", "pay", held, "--cash", "--till", "1")
    as_json("boxoffice", "refund", first, "--till", "1", "--reason", "ill")
    (listed,) = as_json("boxoffice", "tills", "list")
    assert (listed["received"], listed["returned"]) == ("95.00", "55.00")
    close = ("boxoffice", "tills", "close", "1", "--counted")
    assert refused(*close, "5x", code=2)["word"] == "usage"
    assert refused(*close, "", code=2)["word"] == "usage"
    closed = as_json(*close, "4x50 2x20 0.50")
    assert (closed["expected"], closed["counted"]) == ("240.00", "240.50")
    assert (closed["state"], closed["difference"]) == ("closed", "0.50")
    assert refused(*close, "240.50")["word"] == "till-closed"
    assert "0.50" in run("boxoffice", "tills", "list").stdout
    opened = run("boxoffice", "tills", "open", "1", "--person", "Mia")
    assert "Till 1 is open." in opened.stdout
    closed = run("boxoffice", "tills", "close", "1", "--counted", "0")
    assert closed.stdout.splitlines()[-1].split() == ["difference", "0.00", "AUD"]


def test_who_opened_a_till_is_listed(on_sale, monkeypatch):
    """
    The person who was named, else whoever gave the command.
    """
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "ines")
    run("boxoffice", "tills", "open", "1")
    run("boxoffice", "tills", "open", "2", "--person", "Mia")
    second, first = as_json("boxoffice", "tills", "list")
    assert (second["person"], second["opened_by"]) == ("Mia", "Mia")
    assert first["person"] == ""
    assert first["opened_by"].startswith("ines@")
    lines = run("boxoffice", "tills", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ["2", "1"]
    assert lines[-2].split()[1] == "Mia"
    assert lines[-1].split()[1].startswith("ines@")


def test_tickets_and_receipts_are_printed_into_files_and_by_a_command(on_sale):
    sale = ("boxoffice", "sell", "1", "--tier", "Adult=2", "--card")
    sold = as_json(*sale)["reference"]
    file = on_sale / "tickets.pdf"
    run("boxoffice", "print", sold, "-o", str(file))
    assert file.read_bytes().startswith(b"%PDF")
    file.write_text("a letter")
    words = ("boxoffice", "print", sold, "--receipt", "--paper", "a6", "-o", str(file))
    assert run(*words, code=2).stderr.startswith("ticketsync: file-exists")
    assert file.read_text() == "a letter"
    run(*words, "--force")
    assert file.read_bytes().startswith(b"%PDF")
    printed = on_sale / "printed.pdf"
    done = run("boxoffice", "print", sold, "--print-command", f"tee {printed}")
    assert printed.read_bytes().startswith(b"%PDF")
    assert f"The tickets of {sold} went to the printer." in done.stderr
    held = as_json("boxoffice", "hold", "1", "--tier", "Child=1")["reference"]
    assert "wrong-state" in run("boxoffice", "print", held, code=7).stderr
    assert "There is no paper" in run(*words, "--paper", "a7", code=2).stderr
