"""
Season lists as people and calendars write them: what is not a show is named, what could
be read in two ways is asked.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import xlsxwriter
from dateutil import rrule

from ticketsync.catalogue.known_names import NameAnswers
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.season_list import import_file, planned_changes
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.season_list.list_rows import ListedShow
from ticketsync.catalogue.season_list.planned_changes import Change
from ticketsync.catalogue.season_list.start_times import DateOrderNeeded
from ticketsync.catalogue.show_states import split_title
from ticketsync.catalogue.shows import CANCELLED_IN_LIST, ShowInfo, VenueInfo
from ticketsync.core import clock, errors

ROOM = VenueInfo(1, "The Lantern Room", "Australia/Sydney", "AUD")
STUDIO = VenueInfo(2, "Studio Two", "Australia/Sydney", "AUD")


def read(tmp_path, name, content, *, venue=ROOM, titles=(), **options):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_file.read_shows(file, venue, [STUDIO], titles, ListOptions(**options))


def starts(parsed, zone="Australia/Sydney"):
    return [f"{clock.local(show.starts_at, zone):%d %b %H:%M}" for show in parsed.shows]


# Spreadsheets


MESSY = """\
The Lantern Room – Season 2026,,,,,,
as of 1 October,,,,,,
,,,,,,
Show,Date,Time,Where,Cap,Presenter,Status
Gala,22/12/2026,7:30pm,The Lantern Room,180,Ann,
December 2026,,,,,,
gala ,5/12/2026,7.30 pm,the lantern room,180,Ann,confirmed
Gala,23/12/2026,TBC,,180,,
Hamlet,Thu 24 Dec 2026,19h30,Studio Two,,Bob,cancelled
Show,Date,Time,Where,Cap,Presenter,Status
Total,,,,540,,
"""


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_list_as_people_write_it(tmp_path, separator):
    parsed = read(tmp_path, "a.csv", MESSY.replace(",", separator))

    assert parsed.problems == ()
    assert starts(parsed) == ["22 Dec 19:30", "05 Dec 19:30"]
    assert [show.production for show in parsed.shows] == ["Gala", "Gala"]
    assert [show.venue for show in parsed.shows] == ["The Lantern Room"] * 2
    assert [item.new.production for item in parsed.listed if item.is_cancelled] == [
        "Hamlet"
    ]
    assert parsed.unconfirmed == ("line 8: Gala is not confirmed",)
    assert parsed.notes == (
        'not used: the column "Presenter"',
        'line 6: "December 2026" is not a show',
        "line 10: the headings again",
        'line 11: "Total" is a total',
        'dates such as "5/12/2026" are read with the day first, because of "22/12/2026"'
        " (line 5); correct that one if it is a mistake",
    )


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("Title,When,Room", "Gala,2026-12-22 19:30,Studio Two"),
        ("Event,Date,Start,Where", "Gala,22.12.2026,19.30,Studio Two"),
        ("Name;Day;Time;Location", "Gala;Tue 22 Dec 2026;7.30 p.m.;Studio Two"),
        ("Event Name,Start Date,Start Time,Venue", "Gala,12/22/26,7:30 PM,Studio Two"),
        ("production,starts_at,venue,Name", "Gala,22/12/2026 7:30pm,Studio Two,Ann"),
    ],
)
def test_columns_under_other_names(tmp_path, heading, row):
    (show,) = read(tmp_path, "a.csv", f"{heading}\n{row}\n").shows

    assert (show.production, show.venue) == ("Gala", "Studio Two")
    assert show.starts_at == datetime(2026, 12, 22, 8, 30, tzinfo=UTC)


def test_two_columns_that_could_be_the_title_are_refused(tmp_path):
    text = "Show,Title,Date,Time\nA,B,2026-12-22,19:30\n"
    with pytest.raises(errors.BadFile, match='"Show" and "Title" could both be the'):
        read(tmp_path, "a.csv", text)


def test_the_whole_column_decides_which_comes_first(tmp_path):
    text = "Show,Date,Time\nGala,05/12/2026,19:30\nGala,12/22/2026,19:30\n"
    parsed = read(tmp_path, "a.csv", text)
    assert starts(parsed) == ["12 May 19:30", "22 Dec 19:30"]
    assert parsed.notes == (
        'dates such as "05/12/2026" are read with the month first, because of '
        '"12/22/2026" (line 3); correct that one if it is a mistake',
    )


@pytest.mark.parametrize("date", ["2026-12-05", "5 Dec 2026", "23/12/2026", "05/05/26"])
def test_no_note_where_no_date_depends_on_another(tmp_path, date):
    text = f"Show,Date,Time\nGala,{date},19:30\nGala,22/12/2026,19:30\n"
    assert read(tmp_path, "a.csv", text).notes == ()


def test_one_date_against_the_others_of_its_column_is_refused(tmp_path):
    rows = ("30/10/2026", "13/11/2026", "12/13/2026", "05/12/2026")
    text = "Show,Date,Time\n" + "".join(f"Gala,{day},19:30\n" for day in rows)
    parsed = read(tmp_path, "a.csv", text)
    assert starts(parsed) == ["30 Oct 19:30", "13 Nov 19:30"]
    assert [str(problem) for problem in parsed.problems] == [
        'line 4, column date: "12/13/2026" has the month first, and other dates of its '
        "column have the day first; correct it",
        'line 5, column date: "05/12/2026" could be read with the day or with the month'
        " first",
    ]


OPEN = "Show,Date,Time\nGala,05/12/2026,19:30\nGala,06/12/2026,19:30\n"


def test_the_venues_country_decides_with_a_note(tmp_path):
    parsed = read(tmp_path, "a.csv", OPEN)
    assert starts(parsed) == ["05 Dec 19:30", "06 Dec 19:30"]
    assert parsed.notes == (
        'dates such as "05/12/2026" are read with the day first, as in '
        "Australia/Sydney; --dates mdy reads them the other way",
    )


BERLIN = VenueInfo(1, "Kleine Bühne", "Europe/Berlin", "EUR")
BOSTON = VenueInfo(1, "The Lantern Room", "America/New_York", "USD")


@pytest.mark.parametrize(("other", "day"), [("6.12.2026", "06"), ("13.12.2026", "13")])
def test_dots_need_no_note_where_the_day_is_first(tmp_path, other, day):
    text = f"Show,Date,Time\nGala,5.12.2026,19:30\nGala,{other},19:30\n"
    parsed = read(tmp_path, "a.csv", text, venue=BERLIN)
    assert starts(parsed, BERLIN.timezone) == ["05 Dec 19:30", f"{day} Dec 19:30"]
    assert parsed.notes == ()


def test_dots_do_not_hide_the_note_on_another_date(tmp_path):
    text = "Show,Date,Time\nGala,5.12.2026,19:30\nGala,06/12/2026,19:30\n"
    parsed = read(tmp_path, "a.csv", text, venue=BERLIN)
    assert starts(parsed, BERLIN.timezone) == ["05 Dec 19:30", "06 Dec 19:30"]
    assert parsed.notes == (
        'dates such as "06/12/2026" are read with the day first, as in Europe/Berlin; '
        "--dates mdy reads them the other way",
    )


def test_dots_where_the_month_is_first_have_their_note(tmp_path):
    text = "Show,Date,Time\nGala,5.12.2026,19:30\n"
    parsed = read(tmp_path, "a.csv", text, venue=BOSTON)
    assert starts(parsed, BOSTON.timezone) == ["12 May 19:30"]
    assert "are read with the month first, as in America/New_York" in parsed.notes[0]


def test_dots_are_read_as_their_column_is(tmp_path):
    text = "Show,Date,Time\nGala,5.12.2026,19:30\nGala,12.13.2026,19:30\n"
    parsed = read(tmp_path, "a.csv", text, venue=BERLIN)
    assert starts(parsed, BERLIN.timezone) == ["12 May 19:30", "13 Dec 19:30"]
    assert "are read with the month first, because of" in parsed.notes[0]


def test_the_order_that_a_person_gives_wins(tmp_path):
    assert starts(read(tmp_path, "a.csv", OPEN, order="mdy")) == [
        "12 May 19:30",
        "12 Jun 19:30",
    ]


def test_nothing_decides_the_order_where_both_are_in_use(tmp_path):
    toronto = VenueInfo(1, "The Lantern Room", "America/Toronto", "CAD")
    with pytest.raises(DateOrderNeeded, match='"05/12/2026" could be read') as caught:
        read(tmp_path, "a.csv", OPEN, venue=toronto)
    assert "--dates dmy" in caught.value.hint


def test_dates_of_both_orders_are_named(tmp_path):
    text = "Show,Date,Time\nA,22/12/2026,19:30\nB,12/23/2026,19:30\nC,05/12/2026,20:00"
    parsed = read(tmp_path, "a.csv", text)
    assert starts(parsed) == []
    assert [str(problem) for problem in parsed.problems] == [
        'line 2, column date: "22/12/2026" has the day first, and other dates of its '
        "column have the month first; correct it",
        'line 3, column date: "12/23/2026" has the month first, and other dates of its '
        "column have the day first; correct it",
        'line 4, column date: "05/12/2026" could be read with the day or with the month'
        " first",
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Gala,5 December,7:30pm", 'column date: "5 December" has no year; add it'),
        (
            "Gala,Sat 26 Dec 7.30pm,",
            'column date: "Sat 26 Dec 7.30pm" has no year; add',
        ),
        ("Gala,2026-12-05,8:00", 'column time: "8:00" says neither am nor pm'),
        ("Gala,2026-12-05,", "column time: the time is missing"),
        ("Gala,2026-12-05,1930", 'column time: "1930" is a number, not a time of day'),
        ("Gala,46361,7:30pm", 'column date: "46361" is a number, not a date'),
        ("Gala,Mon 05/12/2026,7:30pm", "column date:"),
    ],
)
def test_what_is_not_exactly_one_date_and_time_is_named(tmp_path, row, reason):
    text = f"Show,Date,Time\nGala,22/12/2026,7:30pm\n{row}\n"
    parsed = read(tmp_path, "a.csv", text)
    (problem,) = parsed.problems
    assert str(problem).startswith(f"line 3, {reason}")
    assert len(parsed.shows) == 1


@pytest.mark.parametrize(
    ("status", "playing", "unconfirmed"),
    [("on sale", 1, 0), ("TBC", 0, 1), ("Tentative", 0, 1), ("cancelled", 0, 0)],
)
@pytest.mark.parametrize("kind", ["csv", "yaml"])
def test_the_status_says_whether_a_show_plays(
    tmp_path, kind, status, playing, unconfirmed
):
    text = f"Show,When,Status\nGala,2026-12-22 19:30,{status}\n"
    if kind == "yaml":
        text = "- {production: Gala, starts_at: 2026-12-22 19:30, "
        text += f"status: {status}}}\n"
    parsed = read(tmp_path, f"a.{kind}", text)
    assert (len(parsed.shows), len(parsed.unconfirmed)) == (playing, unconfirmed)


def workbook(tmp_path, fill):
    file = tmp_path / "season.xlsx"
    with xlsxwriter.Workbook(file) as book:
        fill(book)
    return file


def test_the_sheet_that_has_the_list_is_read_and_the_others_are_named(tmp_path):
    def fill(book):
        lists = book.add_worksheet("Lists")
        lists.write_row(0, 0, ["Rooms", "Codes"])
        lists.hide()
        notes = book.add_worksheet("Notes")
        notes.write(0, 0, "Remember the bar")
        notes.activate()
        notes.set_first_sheet()
        season = book.add_worksheet("Season")
        season.merge_range(0, 0, 0, 3, "Season 2026")
        season.write_row(1, 0, ["Show", "Date", "Time", "Room"])
        days = book.add_format({"num_format": "d mmm yyyy"})
        times = book.add_format({"num_format": "h:mm AM/PM"})
        season.write(2, 0, "Gala")
        season.write_datetime(2, 1, datetime(2026, 12, 22), days)
        season.write_datetime(2, 2, datetime(2026, 12, 22, 19, 30).time(), times)

    file = workbook(tmp_path, fill)
    parsed = import_file.read_shows(file, ROOM)

    assert starts(parsed) == ["22 Dec 19:30"]
    assert parsed.notes[-1] == (
        'not read: the sheets "Lists" (hidden), "Notes"; --sheet NAME reads another one'
    )


def test_dates_in_which_a_spreadsheet_may_have_exchanged_day_and_month(tmp_path):
    """
    Opened with American settings: 05/12/2026 became a date cell of 12 May.
    """

    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Show", "Date", "Time"])
        sheet.write_row(1, 0, ["Gala", "22/12/2026", "19:30"])
        days = book.add_format({"num_format": "m/d/yyyy"})
        sheet.write(2, 0, "Gala")
        sheet.write_datetime(2, 1, datetime(2026, 5, 12), days)
        sheet.write(2, 2, "19:30")

    parsed = import_file.read_shows(workbook(tmp_path, fill), ROOM)

    assert starts(parsed) == ["22 Dec 19:30"]
    (problem,) = parsed.problems
    assert "may have exchanged its day and month" in problem.reason


def test_merged_cells_and_errors_are_named(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Show", "Date", "Time"])
        sheet.merge_range(1, 0, 2, 0, "Gala")
        sheet.write_row(1, 1, ["2026-12-22", "19:30"])
        sheet.write_row(2, 1, ["2026-12-23", "19:30"])

    parsed = import_file.read_shows(workbook(tmp_path, fill), ROOM)

    assert starts(parsed) == ["22 Dec 19:30"]
    (problem,) = parsed.problems
    assert problem.reason == "it is part of a merged cell"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("CANCELLED: Gala", ("cancelled", "Gala")),
        ("[Canceled] Gala", ("cancelled", "Gala")),
        ("Gala (cancelled)", ("cancelled", "Gala")),
        ("Gala – CALLED OFF", ("cancelled", "Gala")),
        ("CXL - Gala", ("cancelled", "Gala")),
        ("Gala CANCELLED", ("cancelled", "Gala")),
        ("Gala TBC", ("unconfirmed", "Gala")),
        ("Gala - Postponed", ("unconfirmed", "Gala")),
        ("Gala (hold 1)", ("unconfirmed", "Gala")),
        ("HOLD: Gala", ("unconfirmed", "Gala")),
        ("Cancelled", ("on", "Cancelled")),
        ("Cancelled Culture", ("on", "Cancelled Culture")),
        ("Hold the Line", ("on", "Hold the Line")),
        ("The Postponed Wedding", ("on", "The Postponed Wedding")),
    ],
)
def test_a_title_that_says_whether_the_show_plays(title, expected):
    assert split_title(title) == expected


# Names


def test_a_name_in_another_case_or_spelling_is_the_same(tmp_path):
    text = "Show,When,Room\nLATE LAUGHS!,2026-12-22 19:30,the lantern  room\n"
    parsed = read(tmp_path, "a.csv", text, titles=["Late Laughs"])
    (show,) = parsed.shows
    assert (show.production, show.venue) == ("Late Laughs", "The Lantern Room")
    assert parsed.questions == ()


@pytest.mark.parametrize(
    "cell",
    [
        *("18/12/2026 TBC", "18/12/2026 (tbc)", "18/12/2026 19:30 - to be confirmed"),
        *("TBA December", "18/12/2026 ?", "T.B.C. 18/12/2026", "18/12/2026, t.b.a."),
    ],
)
def test_a_date_that_is_still_to_be_confirmed_stops_no_other_row(tmp_path, cell):
    text = f'Show,When\nGala,"{cell}"\nHamlet,22/12/2026 19:30\n'
    parsed = read(tmp_path, "a.csv", text)
    assert [show.production for show in parsed.shows] == ["Hamlet"]
    assert parsed.problems == ()
    assert parsed.unconfirmed == (
        f'line 2: Gala is not confirmed ("{cell}"; remove that word once it is)',
    )


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("22/05/19", "is a date, not a time of day"),
        ("doors 7 show 7.30", "has more than a time of day"),
        ("19:30-21:30", "has more than one time"),
        ("1930", "is a number, not a time of day"),
    ],
)
def test_a_time_that_is_none_says_what_to_write(tmp_path, cell, said):
    text = f"Show,Date,Time\nGala,2026-12-18,{cell}\nHamlet,2026-12-19,19:30\n"
    parsed = read(tmp_path, "a.csv", text)
    assert [str(problem) for problem in parsed.problems] == [
        f'line 2, column time: "{cell}" {said}; write only when the show starts, such '
        "as 19:30"
    ]
    assert starts(parsed) == ["19 Dec 19:30"]


def test_the_doors_beside_the_time_of_a_show(tmp_path):
    text = "Show,Date,Time\nGala,2026-12-18,19:30 (doors 19:00)\n"
    assert starts(read(tmp_path, "a.csv", text)) == ["18 Dec 19:30"]
    parsed = read(tmp_path, "a.csv", text.replace("19:", "7:"))
    assert parsed.notes[-1].startswith("1 time read as in the morning, such as line 2")


def test_what_is_not_confirmed_says_which_cell(tmp_path):
    text = "Show,Date,Time\nGala,2026-12-18,19:30 TBC\nHamlet,2026-12-19,TBC\n"
    assert read(tmp_path, "a.csv", text).unconfirmed == (
        'line 2: Gala is not confirmed ("19:30 TBC"; remove that word once it is)',
        "line 3: Hamlet is not confirmed",
    )


@pytest.mark.parametrize("cell", ["18/12/2026 Tbcx", "Stbc 18/12/2026"])
def test_a_word_that_only_holds_these_letters_is_a_problem(tmp_path, cell):
    text = f"Show,When\nGala,{cell}\nHamlet,22/12/2026 19:30\n"
    assert len(read(tmp_path, "a.csv", text).problems) == 1


@pytest.mark.parametrize("room", ["Main Room", "main hall", "The Theatre", "Room"])
def test_a_room_without_a_name_of_its_own_is_a_question(tmp_path, room):
    """
    It would be a second venue, and divide the shows of the first.
    """
    text = f"Show,When,Room\nGala,2026-12-22 19:30,{room}\n"
    parsed = read(tmp_path, "a.csv", text)
    assert [str(question) for question in parsed.questions] == [
        f'venue "{room}": is it a new venue, or a room of one that you have?'
    ]
    assert parsed.questions[0].rooms_of == ("The Lantern Room", "Studio Two")
    for answers in (NameAnswers(all_new=True), NameAnswers(all_same=True)):
        assert read(tmp_path, "a.csv", text, names=answers).questions == ()


@pytest.mark.parametrize("room", ["Foyer", "Studio 2", "Opera House", "12 Smith St"])
def test_a_venue_that_is_none_of_ours_is_a_question(tmp_path, room):
    """
    Whether it is a room or a venue only a person knows; a room that became a venue
    would divide the shows, and a venue that became a room would mix them.
    """
    text = f"Show,When,Room\nGala,2026-12-22 19:30,{room}\n"
    text += f"Hamlet,2026-12-23 19:30,{room.upper()}!\n"

    def questions(**answers):
        parsed = read(tmp_path, "a.csv", text, names=NameAnswers(**answers))
        return len(parsed.questions), {show.venue for show in parsed.shows}

    assert questions()[0] == 1
    assert questions(all_same=True)[0] == 1
    assert questions(all_new=True) == (0, {room})
    assert questions(rooms={room: "new"}) == (0, {room})
    assert questions(rooms={room.lower(): "the lantern room"}) == (
        *(0, {"The Lantern Room"}),
    )
    assert questions(same={("venue", room): "Studio Two"}) == (0, {"Studio Two"})
    with pytest.raises(errors.UsageError, match="there is no venue 'Attic'"):
        questions(rooms={room: "Attic"})


def test_one_production_in_two_rooms_at_once_is_not_taken_for_one_show(tmp_path):
    text = "Show,When,Room\nGala,2026-12-22 19:30,Foyer\nGala,2026-12-22 19:30,Bar 2\n"
    rooms = dict.fromkeys(("Foyer", "Bar 2"), "The Lantern Room")
    parsed = read(tmp_path, "a.csv", text, names=NameAnswers(rooms=rooms))
    plan = planned_changes.plan(parsed.listed, [])
    assert [str(problem) for problem in plan.problems] == [
        'line 3: the same show as line 2, in "Bar 2" instead of "Foyer"; make one of '
        "both a venue of its own"
    ]
    assert parsed.notes == (
        '"Foyer" is read as a room of The Lantern Room',
        '"Bar 2" is read as a room of The Lantern Room',
    )


@pytest.mark.parametrize(
    "room",
    ["Lantern Room", "The Lantren Room", "The Lantern Room, 12 Smith St, Sydney"],
)
def test_a_nearly_equal_venue_is_a_question(tmp_path, room):
    text = f'Show,When,Room\nGala,2026-12-22 19:30,"{room}"\n'
    parsed = read(tmp_path, "a.csv", text)
    assert [str(question) for question in parsed.questions] == [
        f'venue "{room}": did you mean "The Lantern Room"?'
    ]


def test_a_nearly_equal_production_is_a_question_also_within_the_list(tmp_path):
    text = "Show,When\nLate Laughs,2026-12-22 19:30\nLate Laughs,2026-12-23 19:30\n"
    text += "Late Lauhgs,2026-12-24 19:30\nHamlett,2026-12-25 19:30\n"
    parsed = read(tmp_path, "a.csv", text, titles=["Hamlet"])
    assert [(q.written, q.known) for q in parsed.questions] == [
        ("Late Lauhgs", "Late Laughs"),
        ("Hamlett", "Hamlet"),
    ]


def test_other_names_are_no_questions(tmp_path):
    text = "Show,When,Room\nConcert 1,2026-12-22 19:30,The Lantern Room\n"
    text += "Concert 2,2026-12-23 19:30,Studio Two\nGala,2026-12-24 19:30,\n"
    parsed = read(tmp_path, "a.csv", text, titles=["Opening Gala", "Concert 3"])
    assert parsed.questions == ()


def test_questions_are_answered_one_by_one_or_all(tmp_path):
    text = "Show,When\nHamlett,2026-12-25 19:30\n"
    titles = ["Hamlet"]

    def title_and_questions(answers):
        parsed = read(tmp_path, "a.csv", text, titles=titles, names=answers)
        return parsed.shows[0].production, len(parsed.questions)

    key = ("production", "Hamlett")
    assert title_and_questions(NameAnswers(all_same=True)) == ("Hamlet", 0)
    assert title_and_questions(NameAnswers(all_new=True)) == ("Hamlett", 0)
    assert title_and_questions(NameAnswers(same={key: "Hamlet"})) == ("Hamlet", 0)
    assert title_and_questions(NameAnswers(new=frozenset({key}))) == ("Hamlett", 0)


def test_a_known_venue_keeps_its_zone_and_currency(tmp_path):
    text = (
        "production,starts_at,timezone,currency\n"
        "Gala,2026-12-10 19:30,Pacific/Auckland,AUD\n"
        "Gala,2026-12-11 19:30,,NZD\n"
    )
    parsed = read(tmp_path, "a.csv", text)
    assert starts(parsed) == ["10 Dec 17:30"]
    assert parsed.shows[0].timezone == "Australia/Sydney"
    assert "2026-12-10 19:30 in Pacific/Auckland is 2026-12-10 17:30" in parsed.notes[0]
    assert str(parsed.problems[0]) == (
        "line 3, column currency: The Lantern Room sells in AUD"
    )


def test_only_the_season_that_is_asked_for(tmp_path):
    text = "production,starts_at\nA,2026-11-30 23:00\nB,2026-12-01 19:30\n"
    text += "C,2027-01-01 0:30\n"
    parsed = read(
        tmp_path, "a.csv", text, since=date(2026, 12, 1), until=date(2026, 12, 31)
    )
    assert [show.production for show in parsed.shows] == ["B"]
    assert parsed.notes == ("2 outside --since and --until left out",)


# Calendars


def calendar(*entries, zone=""):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
    if zone:
        lines.append(f"X-WR-TIMEZONE:{zone}")
    for entry in entries:
        lines += ["BEGIN:VEVENT", *entry.splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


WEEKLY = (
    "UID:w\nSUMMARY:Friday Laughs\nDTSTART;TZID=Australia/Sydney:20260911T193000\n"
    "RRULE:FREQ=WEEKLY;COUNT=5"
)


def test_a_weekly_show_stays_at_its_local_time_when_the_clocks_change(tmp_path):
    """
    Sydney's clocks go forward on 4 October 2026.
    """
    parsed = read(tmp_path, "a.ics", calendar(WEEKLY))
    assert starts(parsed) == [
        *("11 Sep 19:30", "18 Sep 19:30", "25 Sep 19:30"),
        *("02 Oct 19:30", "09 Oct 19:30"),
    ]
    assert parsed.shows[3].starts_at == datetime(2026, 10, 2, 9, 30, tzinfo=UTC)
    assert parsed.shows[4].starts_at == datetime(2026, 10, 9, 8, 30, tzinfo=UTC)
    assert parsed.shows[0].reference == "w#20260911"


def test_exceptions_moves_and_additions_of_a_rule(tmp_path):
    moved = (
        "UID:w\nSUMMARY:Friday Laughs\n"
        "RECURRENCE-ID;TZID=Australia/Sydney:20260918T193000\n"
        "DTSTART;TZID=Australia/Sydney:20260919T200000"
    )
    cancelled = (
        "UID:w\nSUMMARY:Friday Laughs\nSTATUS:CANCELLED\n"
        "RECURRENCE-ID:20260925T093000Z\nDTSTART:20260925T093000Z"
    )
    extra = (
        "\nEXDATE;TZID=Australia/Sydney:20261002T193000"
        "\nRDATE;TZID=Australia/Sydney:20260913T150000"
    )
    parsed = read(tmp_path, "a.ics", calendar(WEEKLY + extra, moved, cancelled))

    assert parsed.problems == ()
    assert starts(parsed) == [
        *("11 Sep 19:30", "13 Sep 15:00", "19 Sep 20:00", "09 Oct 19:30")
    ]
    assert [
        (item.position, item.new.reference)
        for item in parsed.listed
        if item.is_cancelled
    ] == [("entry 3", "w#20260925"), ("entry 1 (2026-10-02)", "w#20261002")]
    assert parsed.shows[2].reference == "w#20260918"


def test_a_rule_that_never_matches_is_searched_for_centuries_only(
    tmp_path, monkeypatch
):
    """
    Every seventh day from a Friday is not a Monday. The library would search until the
    year 9999: it is given the same weekdays near the end of its calendar.
    """
    given = []
    expand = rrule.rrulestr

    def seen(text, dtstart):
        given.append(dtstart)
        return expand(text, dtstart=dtstart)

    monkeypatch.setattr(rrule, "rrulestr", seen)
    entry = WEEKLY.replace("WEEKLY;COUNT=5", "DAILY;INTERVAL=7;BYDAY=MO;COUNT=9")
    parsed = read(tmp_path, "a.ics", calendar(entry))

    assert "matches no day" in parsed.problems[0].reason
    (first,) = given
    assert 9588 < first.year < 9989
    assert f"{first:%a %d %b}" == "Fri 11 Sep"
    position = WEEKLY.replace("WEEKLY;COUNT=5", "DAILY;BYSETPOS=2;COUNT=9")
    (problem,) = read(tmp_path, "a.ics", calendar(position)).problems
    assert "chooses days by their position" in str(problem)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("UNTIL=20260925T093000Z", 3),
        ("UNTIL=20260925T092959Z", 2),
        ("UNTIL=20260925", 3),
    ],
)
def test_the_end_of_a_rule_is_in_utc(tmp_path, end, expected):
    entry = WEEKLY.replace("COUNT=5", end)
    assert len(read(tmp_path, "a.ics", calendar(entry)).shows) == expected


def test_a_rule_without_an_end_is_read_for_a_year_and_says_so(tmp_path, frozen):
    frozen(datetime(2026, 9, 1, tzinfo=UTC))
    entry = WEEKLY.replace(";COUNT=5", "")
    parsed = read(tmp_path, "a.ics", calendar(entry))
    assert len(parsed.shows) == 53
    assert parsed.notes == (
        "entry 1 repeats without an end: read up to 2027-09-10; --until DATE sets "
        "another end",
    )
    ended = read(tmp_path, "a.ics", calendar(entry), until=date(2026, 9, 25))
    assert len(ended.shows) == 3


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (WEEKLY.replace("WEEKLY;COUNT=5", "SECONDLY"), "it repeats secondly"),
        (WEEKLY.replace("WEEKLY", "DAILY").replace("=5", "=2000"), "more than 1,000"),
        (WEEKLY.replace("WEEKLY", "SOMETIMES"), ""),
        (
            WEEKLY.replace("WEEKLY", "DAILY;BYMONTH=2;BYMONTHDAY=30"),
            "a day that no month of it has",
        ),
        (WEEKLY + "\nEXRULE:FREQ=WEEKLY;COUNT=2", "EXRULE"),
        (WEEKLY.replace("Australia/Sydney", "Touring Company"), "is not a time zone"),
        ("UID:d\nSUMMARY:Gala\nDTSTART;VALUE=DATE:20261204", "has no time of day"),
        ("UID:d\nSUMMARY:Gala\nDTSTART:rubbish", ""),
        ("UID:d\nSUMMARY:Gala", "there is neither"),
        ("UID:d\nDTSTART:20261204T083000Z", "the title is missing"),
        (
            "UID:d\nSUMMARY:Gala\nDTSTART;TZID=Australia/Sydney:20261004T023000",
            "does not exist",
        ),
    ],
)
def test_what_cannot_be_read_of_a_calendar_is_named_and_the_rest_read(
    tmp_path, entry, reason
):
    good = "UID:g\nSUMMARY:Hamlet\nDTSTART:20261204T083000Z"
    parsed = read(tmp_path, "a.ics", calendar(entry, good))
    (problem,) = parsed.problems
    assert problem.position.startswith("entry 1")
    assert reason in problem.reason
    assert [show.production for show in parsed.shows] == ["Hamlet"]


def test_a_change_of_all_later_dates_is_refused_by_name(tmp_path):
    change = (
        "UID:w\nSUMMARY:x\nDTSTART;TZID=Australia/Sydney:20260918T200000\n"
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Australia/Sydney:20260918T193000"
    )
    parsed = read(tmp_path, "a.ics", calendar(WEEKLY, change))
    assert parsed.shows == ()
    assert "changes all its later dates" in parsed.problems[0].reason


def test_the_newest_version_of_an_entry_is_read(tmp_path):
    old = "UID:g\nSUMMARY:Gala\nSEQUENCE:1\nDTSTART:20261204T083000Z"
    new = "UID:g\nSUMMARY:Gala\nSEQUENCE:2\nDTSTART:20261205T083000Z"
    parsed = read(tmp_path, "a.ics", calendar(old, new))
    assert starts(parsed) == ["05 Dec 19:30"]
    assert parsed.notes == ("entry 1 is an older version of entry 2",)


def test_a_rule_in_utc_repeats_in_the_zone_of_its_calendar(tmp_path):
    entry = WEEKLY.replace(
        "DTSTART;TZID=Australia/Sydney:20260911T193000", "DTSTART:20260911T093000Z"
    )
    in_zone = read(tmp_path, "a.ics", calendar(entry, zone="Australia/Sydney"))
    assert starts(in_zone)[-2:] == ["02 Oct 19:30", "09 Oct 19:30"]
    in_utc = read(tmp_path, "a.ics", calendar(entry))
    assert starts(in_utc)[-2:] == ["02 Oct 19:30", "09 Oct 20:30"]
    assert in_utc.notes == (
        "entry 1 repeats in UTC: its local time changes with the clocks",
    )


def test_a_tentative_entry_is_listed_and_not_imported(tmp_path):
    entry = "UID:g\nSUMMARY:Gala\nSTATUS:TENTATIVE\nDTSTART:20261204T083000Z"
    parsed = read(tmp_path, "a.ics", calendar(entry))
    assert parsed.shows == ()
    assert parsed.unconfirmed == ("entry 1: Gala is not confirmed",)


# The plan


def at(day, hour=8):
    return datetime(2026, 12, day, hour, 30, tzinfo=UTC)


def listed(position, day, reference=None, *, hour=8, title="Gala", **more):
    cancelled = more.pop("cancelled", False)
    new = NewShow(title, at(day, hour), ROOM.name, ROOM.timezone, "AUD", **more)
    new = NewShow(
        **{name: getattr(new, name) for name in new.__slots__}
        | {"reference": reference}
    )
    return ListedShow(position, new, is_cancelled=cancelled)


def ours(id_, day, reference=None, *, hour=8, because=None):
    return ShowInfo(
        *(id_, "Gala", ROOM.name, at(day, hour), "", ROOM.timezone, 180, "AUD"),
        *(reference, because is not None, because or ""),
    )


def changes(plan):
    return [(i.listed.position, i.change, i.show and i.show.id) for i in plan.shows]


def test_a_known_reference_at_a_new_time_moves_its_show():
    plan = planned_changes.plan([listed("line 2", 5, "G1", hour=9)], [ours(7, 5, "G1")])
    assert changes(plan) == [("line 2", Change.MOVED, 7)]


def test_a_second_row_with_a_reference_is_a_problem():
    rows = [listed("line 2", 5, "G1"), listed("line 3", 6, "G1")]
    plan = planned_changes.plan(rows, [])
    assert changes(plan) == [("line 2", Change.NEW, None)]
    assert [str(problem) for problem in plan.problems] == [
        'line 3: the reference "G1" is that of line 2'
    ]


def test_two_shows_may_exchange_their_times():
    rows = [listed("line 2", 6, "G1"), listed("line 3", 5, "G2")]
    plan = planned_changes.plan(rows, [ours(7, 5, "G1"), ours(8, 6, "G2")])
    assert changes(plan) == [("line 2", Change.MOVED, 7), ("line 3", Change.MOVED, 8)]
    assert plan.problems == ()


def test_a_show_is_not_moved_onto_one_that_stays():
    have = [ours(7, 5, "G1"), ours(8, 6)]
    plan = planned_changes.plan([listed("line 2", 6, "G1")], have)
    plan = planned_changes.settle_times(plan, have)
    assert plan.shows == ()
    assert str(plan.problems[0]) == (
        "line 2: show 8 (without a reference) plays at that time; if it is cancelled, "
        "list it as cancelled or say --missing cancelled"
    )


def test_a_reference_of_another_production_is_a_problem():
    plan = planned_changes.plan(
        [listed("line 2", 5, "G1", title="Hamlet")], [ours(7, 5, "G1")]
    )
    assert "whose production is" in plan.problems[0].reason


def test_a_cancelled_show_of_ours_is_excluded_and_comes_back():
    row = listed("line 2", 5, cancelled=True)
    assert changes(planned_changes.plan([row], [ours(7, 5)])) == [
        ("line 2", Change.EXCLUDED, 7)
    ]
    assert changes(planned_changes.plan([row], [])) == [
        ("line 2", Change.CANCELLED, None)
    ]
    again = planned_changes.plan(
        [listed("line 2", 5)], [ours(7, 5, because=CANCELLED_IN_LIST)]
    )
    assert changes(again) == [("line 2", Change.INCLUDED, 7)]
    private = planned_changes.plan(
        [listed("line 2", 5)], [ours(7, 5, because="private")]
    )
    assert changes(private) == [("line 2", Change.SAME, 7)]


def test_a_row_that_says_the_same_again_is_counted_once():
    plan = planned_changes.plan([listed("line 2", 5), listed("line 3", 5)], [])
    assert changes(plan) == [("line 2", Change.NEW, None)]
    assert plan.repeated == ("line 3: the same show as line 2",)


@pytest.mark.parametrize("reference", [None, "G1"])
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (180, 120, "with 120 seats instead of 180"),
        (None, 120, "with 120 seats where that has none"),
        (180, 180, None),
        (180, None, None),
    ],
)
def test_a_row_that_has_other_seats_for_a_show_is_named(reference, first, second, said):
    """
    Which of both is right nobody can say: the show is not given the first one's.
    """
    rows = [
        replace(row, new=replace(row.new, capacity=capacity))
        for row, capacity in (
            (listed("line 2", 5, reference), first),
            (listed("line 3", 5, reference), second),
        )
    ]
    plan = planned_changes.plan(rows, [])
    problems = [str(problem) for problem in plan.problems]
    if said is None:
        assert (problems, len(plan.repeated)) == ([], 1)
    else:
        assert problems == [
            f"line 3: the same show as line 2, {said}; remove one of the rows"
        ]


# What a reader of the list should know


def test_a_short_hour_without_a_half_is_named(tmp_path):
    text = "Show,Date,Time\nGala,2026-12-05,7:30\nGala,2026-12-06,8:00\n"
    parsed = read(tmp_path, "a.csv", text + "Gala,2026-12-07,07:30\n")
    assert starts(parsed) == ["05 Dec 07:30", "06 Dec 08:00", "07 Dec 07:30"]
    assert parsed.notes == (
        "2 times read as in the morning, such as line 2; write 19:30 or 7:30 pm for "
        "the evening",
    )
    halves = read(tmp_path, "a.csv", "Show,Date,Time\nGala,2026-12-05,7:30 am\n")
    assert halves.notes == ()


def test_cells_without_a_heading_are_named(tmp_path):
    text = "Show;Date;Time\nGala;2027-05-07;7pm;;note beyond\n"
    parsed = read(tmp_path, "a.csv", text)
    assert len(parsed.shows) == 1
    assert parsed.notes == ('line 2: not used: "note beyond" has no heading',)


def test_a_reference_that_a_spreadsheet_rounded_is_refused(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Show", "Date", "Time", "Ref"])
        sheet.write_row(1, 0, ["Gala", "2026-12-22", "19:30", 12345678901234567890])
        sheet.write_row(2, 0, ["Gala", "2026-12-23", "19:30", 123456])

    parsed = import_file.read_shows(workbook(tmp_path, fill), ROOM)
    (problem,) = parsed.problems
    assert problem.position == "sheet Sheet1, row 2, column reference"
    assert "format the column as text" in problem.reason
    assert [show.reference for show in parsed.shows] == ["123456"]

    text = "Show,Date,Time,Ref\nGala,2026-12-22,19:30,1.23457E+15\n"
    assert "rounded" in read(tmp_path, "a.csv", text).problems[0].reason


@pytest.mark.parametrize(
    ("cells", "hint"),
    [
        ("180 seats,", '"180 seats" is not a number of seats; write 180'),
        ('"1,200",', '"1,200" is not a number of seats; write 180'),
        ("180,AEST", '"AEST" is not a time zone; write the name of its region'),
    ],
)
def test_what_cannot_be_read_says_what_to_write(tmp_path, cells, hint):
    text = f"Show,When,Cap,TZ\nGala,2026-12-22 19:30,{cells}\n"
    (problem,) = read(tmp_path, "a.csv", text).problems
    assert problem.reason.startswith(hint)


def test_a_problem_names_the_heading_as_the_list_has_it(tmp_path):
    file = tmp_path / "season.csv"
    file.write_text("Show,Date,Curtain,Cap\nGala,2030-12-05,7pm,many\n")
    (problem,) = import_file.read_shows(file, ROOM).problems
    assert str(problem) == (
        'line 2, column capacity (Cap): "many" is not a number of seats; write 180'
    )
    file.write_text("Show,Beginn\nGala,2030-12-05\n")
    with pytest.raises(errors.BadFile, match="the column 'Beginn' is not known"):
        import_file.read_shows(file, ROOM)


def test_headings_below_a_title_in_another_language_are_named_with_their_row(tmp_path):
    """
    The row that has the headings is named, and not the title above it.
    """
    file = tmp_path / "season.csv"
    file.write_text(
        "The Lantern Room – Spielplan 2030/31,,,\n,,,\n"
        "Stück,Datum,Beginn,Status\nGala,05.12.2030,19:30,\n"
    )
    with pytest.raises(errors.BadFile) as refused:
        import_file.read_shows(file, ROOM)
    assert str(refused.value).endswith(
        "headings of a list of shows; in line 3, the columns 'Stück', 'Datum' and "
        "'Beginn' are not known."
    )
    file.write_text("Spielplan\n\nStück,Datum\nGala,05.12.2030\n")
    with pytest.raises(errors.BadFile, match="line 3, the columns 'Stück' and 'Datum'"):
        import_file.read_shows(file, ROOM)
