"""
A restored backup lacks what the box office sold since: it is said, with --yes, too, and
it stays in the audit trail. No platform has these orders.
"""

import pytest
from support.expected_codes import as_json, run
from support.old_databases import turn_back

from ticketsync.store import lost_sales


def sold(*words):
    return as_json("boxoffice", "sell", "1", "--cash", "--tier", *words)["reference"]


def stderr_of(done):
    return " ".join(done.stderr.split())


@pytest.mark.thorough
def test_sales_that_a_backup_lacks_are_said_and_audited(on_sale, tmp_path):
    """
    By hand: an adult and a child, 75.00, were sold after the backup, and a voucher for
    30.00; one of the orders before it went back since, and one stayed as it is.
    """
    file = str(tmp_path / "saved.db")
    returned, kept = sold("Adult=1"), sold("Child=1")
    run("db", "backup", "-o", file)
    first, second = sold("Adult=1"), sold("Child=1")
    gift = as_json("boxoffice", "voucher", "30", "--cash")["order"]
    run("boxoffice", "hold", "1", "--tier", "Child=1")
    run("boxoffice", "refund", returned, "--reason", "ill")
    lost = (
        "The backup lacks 3 paid orders of your box office, of 105.00 AUD: "
        f"{first}, {second}, {gift}. Of 1 order of your box office the backup does not "
        f"have what was taken back since: {returned}. They are in the replaced "
        "database alone, which is kept."
    )
    asked = run("db", "restore", file, code=2)
    assert lost in stderr_of(asked)
    done = run("db", "restore", file, "--yes")
    assert stderr_of(done).count(lost) == 1
    assert kept not in done.stderr
    assert max(map(len, done.stderr.splitlines()[:4])) <= 80
    (entry,) = as_json("audit", "list", "--what", "restore")
    assert entry["after"] == {
        "from": "saved.db",
        "lost_orders": 3,
        "lost": ["105.00 AUD"],
        "lost_returns": 1,
        "references": [first, second, gift, returned],
    }
    again = run("db", "restore", file, "--yes")
    assert "box office" not in again.stderr


@pytest.mark.thorough
def test_the_replaced_database_lacks_nothing_that_was_taken_back_in_it(
    on_sale, tmp_path
):
    """
    By hand: one order, which went back after the backup; the backup is restored, and
    then the database that it replaced, which has all of it.
    """
    file = str(tmp_path / "saved.db")
    returned = sold("Adult=1")
    run("db", "backup", "-o", file)
    run("boxoffice", "refund", returned, "--reason", "ill")
    done = run("db", "restore", file, "--yes")
    assert returned in stderr_of(done)
    kept = next(on_sale.rglob("ticketsync.db.before-1"))
    back = run("db", "restore", str(kept), "--yes", "--without-digest")
    assert "box office" not in stderr_of(back)
    assert as_json("boxoffice", "orders", "show", returned)["state"] == "refunded"


@pytest.mark.thorough
def test_an_earlier_backup_lacks_them_too(on_sale, tmp_path):
    """
    The upgrade takes the note over; a note of somebody else is no reason to fail.
    """
    file = tmp_path / "earlier.db"
    run("db", "backup", "-o", str(file))
    file.with_name(f"{file.name}.sha256").unlink()
    turn_back(file, "0028")
    reference = sold("Adult=1")
    done = run("db", "restore", str(file), "--yes", "--without-digest")
    assert f"of 55.00 AUD: {reference}." in stderr_of(done)
    run("db", "upgrade", "--no-backup")
    (entry,) = as_json("audit", "list", "--what", "restore")
    assert (entry["after"]["lost_orders"], entry["after"]["references"]) == (
        *(1,),
        [reference],
    )


def test_a_file_that_is_no_database_of_ours_has_lost_nothing(tmp_path):
    odd = tmp_path / "odd.db"
    odd.write_bytes(b"no database")
    assert not lost_sales.find_lost(odd, odd)
    assert lost_sales.find_lost(odd, tmp_path / "missing.db").as_json() == {}
