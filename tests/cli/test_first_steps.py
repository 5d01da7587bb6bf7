"""
The first hour in questions: `init` and `accounts add` on a terminal.
"""

import json
import sqlite3

import pexpect
import pytest
from support import commands

from ticketsync.catalogue import venue_defaults
from ticketsync.sandbox import server

RECIPE = """\
timezone: Australia/Sydney
currency: AUD
columns:
  order: Booking
  event: Show
  starts: When
  type: Type
  quantity: Seats
  total: Paid
  status: State
formats: {starts: "%d/%m/%Y %H:%M"}
status:
  paid: [Sold]
"""
REPORT = """\
Booking,Show,When,Type,Seats,Paid,State
B1,Late Laughs,03/12/2027 19:30,Adult,2,78.00,Sold
B2,Late Laughs,04/12/2027 19:30,Adult,1,39.00,Sold
"""
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


@pytest.fixture
def environment(home, tmp_path):
    (tmp_path / "box.yaml").write_text(RECIPE)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "december.csv").write_text(REPORT)
    return {
        **commands.os.environ,
        **NO_KEYRING,
        "TICKETSYNC_HOME": str(home),
        "TZ": "Australia/Sydney",
        "TERM": "xterm",
        "COLUMNS": "80",
    }


def say(screen, question, text):
    """
    Answer a question.
    """
    screen.expect(question)
    screen.send(f"{text}\r")


def ended(screen):
    screen.expect(pexpect.EOF)
    said = screen.before
    screen.close()
    return said, screen.exitstatus


def test_from_nothing_to_the_first_figures_after_many_a_mistake(environment, tmp_path):
    screen = commands.talk("init", env=environment)
    say(screen, "Venue name", "The Lantern Room")
    say(screen, r"\[Australia/Sydney\]", "Sidney")
    screen.expect(r"'Sidney'\s+is\s+not\s+a\s+time\s+zone")
    say(screen, "Time zone", "sydney")
    say(screen, r"Currency \[AUD\]", "dollars")
    screen.expect("'dollars' is not an ISO 4217 currency")
    say(screen, "Currency", "")
    say(screen, "Connect a ticket platform now", "y")
    say(screen, "Which platform", "tickettailr")
    screen.expect("Did you mean Ticket Tailor")
    say(screen, "Which platform", "Report files")
    say(screen, "Your name", "Lantern box office")
    screen.expect("cannot be the name of an account")
    say(screen, "Your name", "box")
    say(screen, "recipe", str(tmp_path / "box.yaml"))
    say(screen, "watch", str(tmp_path / "reports"))
    say(screen, "Connect another one", "")
    screen.expect(r"\$ ticketsync events fetch")
    say(screen, "Where are your shows", "1")
    screen.expect("2 shows added, 2 occurrences linked")
    screen.expect(r"\$ ticketsync sync")
    screen.expect(r"\$ ticketsync financials list")
    screen.expect("39.00")
    said, code = ended(screen)
    assert "schedule install" in said
    assert code == 0

    again = commands.talk("init", env=environment)
    again.expect(r"You have The Lantern Room \(Australia/Sydney, AUD\)")
    say(again, "Is that right", "")
    say(again, "Add another venue", "")
    again.expect("Connected: box")
    say(again, "Connect another platform", "")
    again.expect("39.00")
    assert ended(again)[1] == 0
    listed = commands.run("venues", "list", "--json", env=environment, check=True)
    assert [item["name"] for item in json.loads(listed.stdout)] == ["The Lantern Room"]


def test_init_goes_on_with_shows_that_are_not_linked_yet(environment, tmp_path):
    create(environment)
    words = (
        "--recipe",
        str(tmp_path / "box.yaml"),
        "--watch",
        str(tmp_path / "reports"),
    )
    commands.run("accounts", "add", "file", "box", *words, env=environment, check=True)
    season = tmp_path / "season.csv"
    season.write_text("production,starts_at\nLate Laughs,2027-12-03T19:30\n")
    commands.run("shows", "import", str(season), env=environment, check=True)

    screen = commands.talk("init", env=environment)
    say(screen, "Is that right", "")
    say(screen, "Add another venue", "")
    say(screen, "Connect another platform", "")
    screen.expect(r"\$ ticketsync match")
    screen.expect("Link the")
    screen.send("y")
    screen.expect("1 open")
    screen.send("q")
    screen.expect(r"\$ ticketsync sync")
    screen.expect("78.00")
    assert ended(screen)[1] == 0


def test_a_person_can_leave_and_start_a_recipe_from_a_report(
    environment, home, tmp_path
):
    """
    The recipe is written from the report's own headings and no account is saved: a
    person has to check it first.
    """
    create(environment)
    screen = commands.talk("accounts", "add", env=environment)
    say(screen, "Which platform", "q")
    assert ended(screen)[1] == 0

    screen = commands.talk("accounts", "add", "file", "box", env=environment)
    screen.expect("Type q to leave")
    say(screen, "recipe", "q")
    assert ended(screen)[1] == 0

    screen = commands.talk("accounts", "add", "file", "box", env=environment)
    say(screen, "recipe", "new")
    say(screen, "A report", "missing.csv")
    screen.expect("cannot be read")
    say(screen, "A report", str(tmp_path / "reports" / "december.csv"))
    said, code = ended(screen)
    assert code == 0
    assert "recipe check" in said
    assert "accounts add file box --recipe" in " ".join(said.split())
    assert (
        json.loads(commands.run("accounts", "list", "--json", env=environment).stdout)
        == []
    )

    file = home / "december.yaml"
    recipe = file.read_text()
    assert 'order: "Booking"' in recipe
    assert 'total: "Paid"' in recipe
    check = ("accounts", "recipe", "check", str(file), "reports/december.csv")
    done = commands.run(*check, env=environment, cwd=tmp_path)
    assert done.returncode == 0
    assert "State 'Sold' in 2 rows: paid" in done.stdout
    assert "sales count on the day of their show" in done.stdout
    assert "dates: dmy  # usual in Australia/Sydney" in recipe
    done = commands.run(*check, "--json", env=environment, cwd=tmp_path)
    assert [row["charged"] for row in json.loads(done.stdout) if "order" in row] == [
        "78.00",
        "39.00",
    ]


def test_a_key_is_asked_for_only_once_there_is_a_place_for_it(
    environment, home, sandbox
):
    create(environment)
    with server.serving(sandbox) as url:
        screen = commands.talk("accounts", "add", "--base-url", url, env=environment)
        say(screen, "Which platform", "1")
        say(screen, r"Your name for this account \[ticket_tailor\]", "tt")
        screen.expect(r"The\s+keyring\s+cannot\s+be\s+used\s+for\s+'tt'")
        say(screen, "Where shall the key be kept", "1")
        say(screen, "Keep the names of buyers and guests", "y")
        screen.expect(r"Where\s+the\s+key\s+is:\s+Box\s+office\s+settings")
        say(screen, "Key for 'tt'", "sk_wrong")
        screen.expect(r"refused\s+this\s+key")
        screen.expect(r"Copy\s+the\s+whole\s+key")
        say(screen, "Key for 'tt'", sandbox.key)
        screen.expect("Account 'tt' is connected")
        say(screen, "Connect another one", "n")
        assert ended(screen)[1] == 0

    shown = commands.run("accounts", "show", "tt", "--json", env=environment)
    account = json.loads(shown.stdout)
    assert account["options"] == {"people": "true"}
    assert account["secret_source"] == "file"
    assert not list(home.glob("secrets/*probe*"))


@pytest.mark.parametrize("kept_in", ["2", "3"])
def test_names_are_asked_about_wherever_the_key_is_kept(environment, sandbox, kept_in):
    create(environment)
    environment["TT_KEY"] = sandbox.key
    question, reference = {
        "2": ("Name of the variable that holds the key", "TT_KEY"),
        "3": ("Command that prints the key", f"echo {sandbox.key}"),
    }[kept_in]
    with server.serving(sandbox) as url:
        screen = commands.talk("accounts", "add", "--base-url", url, env=environment)
        screen.expect(r"  6  Report files \(.*\r\n     [A-Z]")  # below its first word
        say(screen, "Which platform", "1")
        say(screen, "Your name", "tt")
        say(screen, "Where shall the key be kept", kept_in)
        say(screen, question, reference)
        say(screen, "Keep the names of buyers and guests", "y")
        screen.expect("Account 'tt' is connected")
        say(screen, "Connect another one", "n")
        assert ended(screen)[1] == 0

    shown = commands.run("accounts", "show", "tt", "--json", env=environment)
    assert json.loads(shown.stdout)["options"] == {"people": "true"}


def test_after_three_refused_keys_nothing_is_left(environment, home, sandbox):
    create(environment)
    with server.serving(sandbox) as url:
        screen = commands.talk(
            *("accounts", "add", "ticket-tailor", "tt", "--base-url", url),
            "--insecure-storage",
            env=environment,
        )
        say(screen, "Keep the names", "")
        for _try in range(3):
            say(screen, "Key for 'tt'", "sk_wrong")
            screen.expect(r"refused\s+this\s+key")
        said, code = ended(screen)
    assert code == 4
    assert "Key for" not in said
    with sqlite3.connect(home / "ticketsync.db") as connection:
        assert connection.execute("SELECT count(*) FROM accounts").fetchone() == (0,)
    assert not list(home.glob("secrets/*"))


def create(environment):
    commands.run(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
        env=environment,
        check=True,
    )


def test_without_a_terminal_what_is_missing_is_named(environment):
    create(environment)
    done = commands.run("accounts", "add", env=environment)
    assert (done.returncode, "accounts providers" in done.stderr) == (2, True)
    done = commands.run("accounts", "add", "wix", env=environment)
    assert (done.returncode, "Use NAME" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("written", "zones"),
    [
        ("Sydney", ["Australia/Sydney"]),
        ("australia/sydney", ["Australia/Sydney"]),
        ("new york", ["America/New_York"]),
        ("  London ", ["Europe/London"]),
        ("utc", ["UTC"]),
        ("Sidney", []),
        ("", []),
    ],
)
def test_a_city_is_a_time_zone(written, zones):
    assert venue_defaults.find_zones(written) == zones


@pytest.mark.parametrize(
    ("zone", "currency"),
    [
        ("Australia/Sydney", "AUD"),
        ("Europe/Dublin", "EUR"),
        ("Europe/London", "GBP"),
        ("America/Toronto", "CAD"),
        ("Asia/Ulaanbaatar", ""),
        ("UTC", ""),
    ],
)
def test_a_zone_proposes_the_currency_of_its_country(zone, currency):
    assert venue_defaults.currency_of(zone) == currency
