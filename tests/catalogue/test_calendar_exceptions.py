"""
Dates that a calendar takes out, adds or changes: each has its effect, or is named.
"""

from pathlib import Path

import pytest

from ticketsync.catalogue.season_list import import_file
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import clock, errors

ROOM = VenueInfo(1, "The Lantern Room", "Australia/Sydney", "AUD")
THURSDAYS = ["RRULE:FREQ=WEEKLY;COUNT=3"]  # 6, 13 and 20 May 2027, 19:30
SYDNEY = "TZID=Australia/Sydney"


def entry(*more, uid="a", start="20270506T193000"):
    lines = [f"UID:{uid}", "SUMMARY:Gala", f"DTSTART;{SYDNEY}:{start}", *more]
    return "\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])


def calendar(*entries, head=()):
    return "\n".join(
        [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *head, *entries),
            *("END:VCALENDAR", ""),
        ]
    )


def read(tmp_path: Path, text: str | bytes):
    file = tmp_path / "a.ics"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_file.read_shows(file, ROOM)


def local(items):
    return [
        f"{clock.local(new.starts_at, 'Australia/Sydney'):%d %b %H:%M}" for new in items
    ]


def cancelled(parsed):
    return local(item.new for item in parsed.listed if item.is_cancelled)


@pytest.mark.parametrize(
    "excluded",
    [
        f"EXDATE;{SYDNEY}:20270513T193000",
        f"EXDATE;{SYDNEY}:20270513T000000",  # as Outlook writes it
        "EXDATE;VALUE=DATE:20270513",
        "EXDATE:20270513T093000Z",
    ],
)
def test_an_excluded_day_cancels_its_only_date(tmp_path, excluded):
    parsed = read(tmp_path, calendar(entry(*THURSDAYS, excluded)))

    assert local(parsed.shows) == ["06 May 19:30", "20 May 19:30"]
    assert cancelled(parsed) == ["13 May 19:30"]
    assert parsed.notes == ()


def test_an_excluded_entry_without_a_rule_is_cancelled(tmp_path):
    parsed = read(tmp_path, calendar(entry(f"EXDATE;{SYDNEY}:20270506T193000")))
    assert (parsed.shows, cancelled(parsed)) == ((), ["06 May 19:30"])
    assert parsed.listed[0].new.reference == "a"


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([*THURSDAYS, f"EXDATE;{SYDNEY}:20270513T190000"], "2027-05-13 19:00"),
        ([*THURSDAYS, "EXDATE;VALUE=DATE:20270514"], "2027-05-14"),
        ([f"EXDATE;{SYDNEY}:20270507T193000"], "2027-05-07 19:30"),
        # two dates on that day: nobody knows which
        (
            [
                *THURSDAYS,
                f"RDATE;{SYDNEY}:20270513T150000",
                "EXDATE;VALUE=DATE:20270513",
            ],
            "2027-05-13",
        ),
    ],
)
def test_an_exclusion_of_nothing_is_named(tmp_path, lines, named):
    parsed = read(tmp_path, calendar(entry(*lines)))
    assert cancelled(parsed) == []
    assert parsed.notes == (
        f"entry 1 excludes {named}, which its dates do not have: nothing is cancelled "
        "there",
    )


def test_a_date_added_without_a_time_has_that_of_the_entry(tmp_path):
    parsed = read(tmp_path, calendar(entry("RDATE;VALUE=DATE:20270514,20270521")))
    assert local(parsed.shows) == ["06 May 19:30", "14 May 19:30", "21 May 19:30"]


def change(start, *more):
    return entry(f"RECURRENCE-ID;{SYDNEY}:20270513T193000", *more, start=start)


def test_two_changes_of_one_date_are_a_problem_unless_they_agree(tmp_path):
    friday, saturday = change("20270514T193000"), change("20270515T193000")
    parsed = read(tmp_path, calendar(entry(*THURSDAYS), friday, saturday))
    assert local(parsed.shows) == ["06 May 19:30", "20 May 19:30"]
    (problem,) = parsed.problems
    assert problem.position == "entry 3"
    assert "it changes 2027-05-13 19:30:00, which entry 2 changes" in problem.reason

    agreeing = read(tmp_path, calendar(entry(*THURSDAYS), friday, friday))
    assert local(agreeing.shows) == ["06 May 19:30", "14 May 19:30", "20 May 19:30"]
    newer = change("20270515T193000", "SEQUENCE:2")
    parsed = read(tmp_path, calendar(entry(*THURSDAYS), friday, newer))
    assert local(parsed.shows) == ["06 May 19:30", "15 May 19:30", "20 May 19:30"]


def test_a_change_without_a_start_cancels_the_date_of_the_rule(tmp_path):
    lines = [f"RECURRENCE-ID;{SYDNEY}:20270513T193000", "STATUS:CANCELLED"]
    gone = "\n".join(["BEGIN:VEVENT", "UID:a", *lines, "END:VEVENT"])
    parsed = read(tmp_path, calendar(entry(*THURSDAYS), gone))
    assert parsed.problems == ()
    assert cancelled(parsed) == ["13 May 19:30"]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=3", "its rule says INTERVAL=0"),
        ("FREQ=WEEKLY;COUNT=0", "its rule says COUNT=0"),
        ("FREQ=WEEKLY;UNTIL=20270401T000000Z", "its rule ends 2027-04-01, before it"),
        ("FREQ=WEEKLY;COUNT=x", 'its RRULE "'),
        ("FREQ=WEEKLY;COUNT=2;BYDAY=XX", 'its RRULE "'),
        ("FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1;BYDAY=MO", "matches no day"),
        ("FREQ=WEEKLY;COUNT=2;BYDAY=MO", "is not one of its rule's"),
    ],
)
def test_a_rule_that_makes_no_dates_is_named(tmp_path, rule, reason):
    text = calendar(entry(f"RRULE:{rule}"), entry(uid="b", start="20270601T193000"))
    parsed = read(tmp_path, text)
    (problem,) = parsed.problems
    assert reason in problem.reason
    assert "Cannot access" not in problem.reason
    assert local(parsed.shows) == ["01 Jun 19:30"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["DTSTART;TZID=Australia/Sydney:20271306T193000"], 'its DTSTART "'),
        ([f"DTSTART;{SYDNEY}:20270506T193000", f"EXDATE;{SYDNEY}:never"], "its EXDATE"),
    ],
)
def test_a_broken_property_is_named_by_its_text(tmp_path, lines, reason):
    lines = ["BEGIN:VEVENT", "UID:a", "SUMMARY:Gala", *lines, "END:VEVENT"]
    (problem,) = read(tmp_path, calendar("\n".join(lines))).problems
    assert problem.reason.startswith(reason)
    assert "vDDD" not in problem.reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (calendar(entry()) + calendar(entry(uid="b"))[:-16], "cut off: one of its"),
        (calendar(entry())[:-16], "cut off: it has no line END:VCALENDAR"),
        ("", "is empty"),
        ("Show,Date\n", "no line BEGIN:VCALENDAR"),
        (b"PK\3\4" + bytes(40), "is a workbook or a ZIP file"),
        (calendar(*[entry()] * 5001), "has more than 5,000 shows"),
    ],
)
def test_a_file_that_is_no_whole_season_is_refused(tmp_path, data, reason):
    with pytest.raises(errors.BadFile, match=reason) as caught:
        read(tmp_path, data)
    assert "\\x" not in caught.value.message


def test_many_rules_without_a_day_are_refused(tmp_path):
    rule = "RRULE:FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1;BYDAY=MO"
    many = [entry(rule, uid=f"a{number}") for number in range(900)]
    with pytest.raises(errors.BadFile, match="rule matches no day"):
        read(tmp_path, calendar(*many))


def test_other_encodings_are_read_with_a_note(tmp_path):
    text = calendar(entry().replace("Gala", "Café"))
    parsed = read(tmp_path, text.encode("cp1252"))
    assert [show.production for show in parsed.shows] == ["Café"]
    assert "Windows-1252" in parsed.notes[0]
    assert [s.production for s in read(tmp_path, text.encode("utf-16")).shows] == [
        "Café"
    ]


def test_a_zone_that_contradicts_its_name_is_named(tmp_path):
    def zone(name, offset):
        return [
            *("BEGIN:VTIMEZONE", f"TZID:{name}", "BEGIN:STANDARD"),
            *("DTSTART:19700101T000000", f"TZOFFSETFROM:{offset}"),
            *(f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE"),
        ]

    parsed = read(tmp_path, calendar(entry(), head=zone("Australia/Sydney", "+0500")))
    assert "defines Australia/Sydney with other offsets" in parsed.notes[0]
    for name, offset in (("Australia/Sydney", "+1000"), ("Our Town", "+0500")):
        assert read(tmp_path, calendar(entry(), head=zone(name, offset))).notes == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "Show,Date,Time\n" + "Gala,2027-05-05,19:30\n" * 100_000),
        ("a.csv", "Show,Date,Time\n" + "Total,,\n" * 100_000),
        ("a.yaml", "- {production: A, starts_at: 2027-05-05 19:30}\n" * 5001),
    ],
)
def test_a_list_longer_than_a_season_is_refused(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(errors.BadFile, match="has more than 5,000 shows"):
        import_file.read_shows(file, ROOM)
