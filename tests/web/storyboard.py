"""
A storyboard of what people see: pictures of the terminal, the pages, print and PDF,
from an empty machine to the door. They are looked at one by one.

    python tests/web/storyboard.py FOLDER [--only WORD …]

Needs Chromium, tmux and pdftoppm. The platforms are played by the sandbox.
"""

import argparse
import contextlib
import email.policy
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import sync_playwright
from support import mailbox, needs
from support.browser_flags import FLAGS
from support.camera_film import held_up, write_film
from support.listed_week import Week
from support.terminal_pictures import Terminal

from ticketsync.core import clock
from ticketsync.core.money import Money
from ticketsync.reporting import ticket_printing
from ticketsync.reporting.ticket_printing import Paper as TicketPaper
from ticketsync.reporting.ticket_printing import PrintedTicket
from ticketsync.sandbox import platforms, server, world
from ticketsync.store import engine

KEY_NAMES = {
    "ticket_tailor": "TT_KEY",
    "eventbrite": "EB_KEY",
    "humanitix": "HX_KEY",
    "wix": "WIX_KEY",
    "square": "SQ_KEY",
}
NAMES = {"ticket_tailor": "tt", "eventbrite": "eb", "humanitix": "hx"}
AUD = ("--currency", "AUD")
WIDE, PHONE = (1280, 800), (360, 740)

# How a telephone shows a mail in plain text.
MAIL = """<meta charset="utf-8"><style>
  body { font: 16px/1.4 sans-serif; margin: 16px; color: #222 }
  h1 { font-size: 20px } p { color: #666; overflow-wrap: anywhere }
  div { white-space: pre-wrap }
</style><h1></h1><p></p><div></div>"""

# `ticketsync`, whose platforms are played by the sandbox.
PROGRAM = """
import os
from dataclasses import replace
from ticketsync.providers import registry

for name in {names!r}:
    kind = registry.provider(name)
    kind.spec = replace(kind.spec, base_url=os.environ["SANDBOX_" + name])
from ticketsync.__main__ import main
main()
"""


class Venue:
    """
    A home on this machine, and `ticketsync` in it.
    """

    def __init__(self, home, sandbox):
        self.home = home
        home.mkdir(exist_ok=True)
        self.program = [sys.executable, "-c", PROGRAM.format(names=tuple(KEY_NAMES))]
        self.environment = {
            "TICKETSYNC_HOME": str(home),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "TZ": "Australia/Sydney",
            **{
                f"SANDBOX_{name}": sandbox.url(sandbox.address, name)
                for name in KEY_NAMES
            },
            **{word: sandbox.platforms[name].key for name, word in KEY_NAMES.items()},
        }

    def run(self, *words):
        return subprocess.run(
            [*self.program, *words],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    @contextlib.contextmanager
    def settings(self, more):
        """
        More lines at the end of the settings file, for a while.
        """
        file = self.home / "config.yaml"
        before = file.read_text()
        file.write_text(f"{before}\n{more}\n")
        file.chmod(0o600)
        try:
            yield
        finally:
            file.write_text(before)

    @contextlib.contextmanager
    def serve(self):
        """
        The address of the pages.
        """
        process = subprocess.Popen(
            [*self.program, "serve", "--port", "0"],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            for line in process.stdout:
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
            yield found[0]
        finally:
            process.terminate()
            process.wait()

    def link(self, address, role="manager"):
        said = self.run("visitors", "invite", "--role", role, "--name", "Ruth")
        return address + re.search(r"/enter/[\w-]+", said)[0]


class Storyboard:
    """
    The pictures, made into a folder under the names of what they show.
    """

    def __init__(self, folder, homes, browser, only):
        self.folder = folder
        self.homes = homes
        self.browser = browser
        self.only = only
        self.names = []

    def wants(self, scene):
        return not self.only or any(word in scene.__name__ for word in self.only)

    def _path(self, name):
        self.names.append(name)
        return str(self.folder / f"{name}.png")

    @contextlib.contextmanager
    def camera(self, film):
        """
        A browser whose camera sees a film.
        """
        flags = (
            *FLAGS,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        )
        kind = self.browser.browser_type
        browser = kind.launch(executable_path=needs.CHROMIUM, args=flags)
        yield browser
        browser.close()

    @contextlib.contextmanager
    def visitor(self, link, size=WIDE, browser=None, **options):
        """
        A browser of this size, signed in.
        """
        width, height = size
        context = (browser or self.browser).new_context(
            viewport={"width": width, "height": height},
            has_touch=size == PHONE,
            timezone_id="Australia/Sydney",
            **options,
        )
        page = context.new_page()
        page.goto(link)
        page.get_by_role("button", name="Open").click()
        yield page
        context.close()

    def page(self, name, page, **options):
        options = {"full_page": True, **options}
        if page.viewport_size["width"] == PHONE[0] and options["full_page"]:
            height = page.evaluate("document.documentElement.scrollHeight")
            options["clip"] = {
                "x": 0,
                "y": 0,
                "width": 360,
                "height": min(height, 1800),
            }
        page.screenshot(path=self._path(name), **options)

    def pdf(self, name, path, number=1):
        """
        A page of a PDF.
        """
        drawn = self._path(name).removesuffix(".png")
        which = ["-f", str(number), "-singlefile"]
        subprocess.run(
            ["pdftoppm", "-png", "-r", "80", *which, path, drawn], check=True
        )

    def paper(self, name, page):
        with contextlib.closing(Paper(self.folder / f"{name}.pdf")) as paper:
            page.pdf(path=paper.path, format="A4", print_background=True)
            self.pdf(name, paper.path)

    def screen(self, name, terminal, **options):
        page = self.browser.new_page(viewport={"width": 400, "height": 100})
        page.set_content(terminal.page(**options))
        page.locator("pre").screenshot(path=self._path(name))
        page.close()

    @contextlib.contextmanager
    def terminal(self, venue, columns=80, rows=24):
        with contextlib.closing(
            Terminal(columns, rows, venue.program, venue.environment)
        ) as opened:
            yield opened

    def commands(self, venue, columns, **commands):
        """
        One picture for each command, whole as it can be scrolled back to.
        """
        for name, command in commands.items():
            with self.terminal(venue, columns) as terminal:
                terminal.run(command)
                self.screen(name, terminal, whole=True)


class Paper:
    """
    A PDF that is drawn and then deleted.
    """

    def __init__(self, path):
        self.path = path

    def close(self):
        self.path.unlink(missing_ok=True)


def listings(board, demo, _sandbox):
    board.commands(
        demo,
        80,
        t80_help="--help",
        t80_help_of_a_command="financials list --help",
        t80_money="financials list --period this-month",
        t80_last_week="financials list --period last-week",
        t80_by_month="financials list --per month",
        t80_refunds="refunds list --period last-month",
        t80_weekly="report weekly",
        t80_daily="report daily",
        t80_shows="shows list",
        t80_next_show="shows show next",
        t80_status="status",
        t80_explain="financials explain 39",
        t80_accounts="accounts list",
        t80_schedule="schedule show",
    )
    board.commands(
        demo,
        120,
        t120_money_per_account="financials list --period this-month --per account",
        t120_accounts="accounts list",
    )


def habits(board, demo, _sandbox):
    """
    Names of shows and runs, flags after the verb, several accounts at once, a pipe.
    """
    with board.terminal(demo) as terminal:
        terminal.run("runs show latest")
        board.screen("t80_latest_run", terminal, whole=True)
    with board.terminal(demo) as terminal:
        terminal.run("shows show next --quiet")
        terminal.run("accounts pause tt wix --quiet")
        terminal.run("accounts resume tt wix")
        terminal.run("webhooks register humanitix")
        board.screen("t80_habits", terminal, whole=True)
    with board.terminal(demo) as terminal:
        terminal.say("ticketsync shows list | head -4 | cat -A")
        terminal.wait(r"\n\$\s*\Z")
        board.screen("t80_piped", terminal, whole=True)


def faulty_list(board, _demo, sandbox):
    """
    A season list with faults, one line each; and matching where there is nothing.
    """
    venue = Venue(board.homes / "faulty", sandbox)
    venue.run(
        "init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney", *AUD
    )
    list_ = venue.home / "season.csv"
    list_.write_text(
        "Show,Date,Time,Room,Cap\n"
        "Late Laughs,27 Nov 2030,7:30pm,The Lantern Room,240\n"
        "Gala,28 Nov 2030,25:00,The Lantern Room,240\n"
        "Opera,31 Nov 2030,19:30,The Lantern Room,240\n"
        "Quiz,TBC,19:30,The Lantern Room,many\n"
    )
    with board.terminal(venue) as terminal:
        terminal.run(f"shows import {list_.name}".replace(list_.name, str(list_)))
        terminal.run("match")
        board.screen("t80_list_errors", terminal, whole=True)


def first_hour(board, _demo, sandbox):
    """
    `init` in an empty home, to the figures.
    """
    venue = Venue(board.homes / "first", sandbox)
    with board.terminal(venue, rows=50) as terminal:
        terminal.say("ticketsync init")
        terminal.wait("Venue name")
        terminal.say("The Lantern Room")
        terminal.wait("zone")
        terminal.say("Sidney")
        terminal.wait("not a")
        terminal.say("sydney")
        terminal.wait("Currency")
        terminal.say("")
        terminal.wait("platform now")
        terminal.say("y")
        terminal.wait("Which platform")
        terminal.say("tickettailr")
        terminal.wait("Did you mean")
        board.screen("t80_init", terminal, whole=True)
        for answer, question in (
            *(("1", "Your name"), ("tt", "kept"), ("1", "Keep the names")),
            *(
                ("", "hidden"),
                (sandbox.key, "another one"),
                ("", "Where are your shows"),
            ),
        ):
            terminal.say(answer)
            terminal.wait(question)
        terminal.say("1")
        terminal.wait(r"\n\$\s*\Z")
        board.screen("t80_init_figures", terminal, whole=True)


def picker(board, _demo, sandbox):
    """
    `accounts add` alone: what it asks, and a key that is refused.
    """
    venue = Venue(board.homes / "picker", sandbox)
    venue.run(
        "init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney", *AUD
    )
    with board.terminal(venue) as terminal:
        terminal.say("ticketsync accounts add")
        terminal.wait("Which platform")
        board.screen("t80_picker", terminal)
        terminal.say("Ticket Tailor")
        terminal.wait("Your name")
        terminal.say("")
        terminal.wait("Where shall the key be kept")
        terminal.say("1")
        terminal.wait("Keep the names")
        terminal.say("")
        terminal.wait("hidden")
        terminal.say("sk_1_2_wrong")
        terminal.wait("refused")
        board.screen("t80_key_refused", terminal, whole=True)


def set_up(board, _demo, sandbox):
    """
    The browser from an empty machine: the four steps, a key refused, one that works.
    """
    venue = Venue(board.homes / "browser", sandbox)
    with venue.serve() as address, board.visitor(venue.link(address)) as page:
        page.set_default_timeout(60_000)
        board.page("p1280_four_steps", page)
        page.get_by_label("Name of your venue").fill("The Lantern Room")
        page.get_by_label("City or time zone").fill("Sydney")
        page.get_by_text("Its time zone is Australia/Sydney.").wait_for()
        page.get_by_role("button", name="Save and connect a platform").click()
        board.page("p1280_platforms", page)
        page.get_by_role("link", name="Ticket Tailor", exact=True).first.click()
        page.get_by_label("Key of Ticket Tailor").fill("sk_1_2_wrong")
        page.get_by_label("Store the key in such a file").check()
        page.get_by_role("button", name="Connect Ticket Tailor").click()
        page.get_by_text("refuse").first.wait_for()
        board.page("p1280_key_refused", page)
        page.get_by_role("link", name="Try again").click()
        page.get_by_label("Key of Ticket Tailor").fill(sandbox.key)
        page.get_by_label("Store the key in such a file").check()
        page.get_by_role("button", name="Connect Ticket Tailor").click()
        page.get_by_text("40 listed").or_(page.get_by_text("40 dates")).first.wait_for()
        board.page("p1280_connected", page)
        page.goto(f"{address}/shows/adopt")
        board.page("p1280_adopt", page)
        page.get_by_role("button", name="Make them your shows").or_(
            page.locator("main button.main")
        ).first.click()
        page.wait_for_timeout(300)
        board.page("p1280_reading", page)
        page.get_by_role("link", name="See the figures").or_(
            page.get_by_text("done", exact=True)
        ).first.wait_for()
        board.page("p1280_was_read", page)
        page.goto(address)
        board.page("p1280_first_figures", page)


def no_keys(board, _demo, sandbox):
    """
    A server that may not keep keys says what to run instead.
    """
    venue = Venue(board.homes / "no_keys", sandbox)
    venue.run(
        "init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney", *AUD
    )
    (venue.home / "secrets").write_text("")  # no folder can be made there
    with venue.serve() as address, board.visitor(venue.link(address)) as page:
        page.goto(f"{address}/connect?platform=ticket_tailor")
        board.page("p1280_no_keys", page)


def _next_month():
    return clock.now().replace(day=1) + timedelta(days=32)


def pages(board, demo, _sandbox):
    """
    The pages of a venue that sells, wide, on a phone, in the dark and on paper.
    """
    wide = {
        "overview": "/",
        "money": "/money?period=this-month",
        "refunds": "/money/refunds?period=last-month",
        "production": "/productions/1",
        "show": "/shows/8",
        "calendar": f"/calendar?month={clock.now():%Y-%m}",
        "calendar_next": f"/calendar?month={_next_month():%Y-%m}",
        "people": "/people",
        "account": "/accounts/tt",
        "accounts": "/accounts",
        "remove": "/accounts/tt/remove",
        "connect_oauth": "/connect?platform=eventbrite&by=oauth",
        "event": "/events/1",
        "occurrence": "/occurrences/8",
        "show_edit": "/shows/8/edit",
        "revenue": "/?show=revenue&per=week",
        "discrepancies": "/discrepancies",
        "runs": "/runs",
    }
    phone = {
        "overview": "/",
        "money": "/money?period=this-month",
        "connect": "/connect",
        "show": "/shows/8",
        "production": "/productions/1",
        "calendar": f"/calendar?month={_next_month():%Y-%m}",
        "refunds": "/money/refunds?period=last-month",
        "doors": "/door",
        "not_found": "/no/such/page",
    }
    with demo.serve() as address:
        link = demo.link(address)
        with board.visitor(link) as page:
            for name, path in wide.items():
                page.goto(address + path)
                board.page(f"p1280_{name}", page)
            page.goto(f"{address}/money?period=this-month")
            board.paper("print_money", page)
            page.goto(f"{address}/shows/8")
            board.paper("print_show", page)
            page.goto(f"{address}/no/such/page")
            board.page("p1280_not_found", page)
            page.goto(f"{address}/people")
            page.get_by_label("Who it is for").fill("Sam")
            page.get_by_role("button", name="Make a link").click()
            board.page("p1280_invited", page)
        with board.visitor(demo.link(address), PHONE) as page:
            for name, path in phone.items():
                page.goto(address + path)
                board.page(f"p360_{name}", page)
            page.locator("summary", has_text="Menu").click()
            board.page("p360_menu", page)
            for name, path in (
                ("money", "/money?period=this-month"),
                ("overview", "/"),
            ):
                page.goto(address + path)
                chart = page.locator("section", has=page.locator("#chart"))
                chart.screenshot(path=board._path(f"p360_{name}_chart"))
            page.goto(f"{address}/money?period=this-month")
            page.locator("table").screenshot(path=board._path("p360_money_lines"))
        with board.visitor(demo.link(address), color_scheme="dark") as page:
            board.page("p1280_overview_dark", page)
            for name in ("money", "calendar_next", "show"):
                page.goto(address + wide[name])
                board.page(f"p1280_{name}_dark", page)
        with board.visitor(demo.link(address), PHONE, color_scheme="dark") as page:
            page.goto(f"{address}/money?per=month&period=")
            board.page("p360_money_dark", page)
            page.goto(f"{address}/door/8")
            page.locator("#guests li").first.wait_for()
            board.page("p360_door_dark", page, full_page=False)


def public_calendar(board, demo, _sandbox):
    """
    What anybody may see where the settings allow it.
    """
    context = board.browser.new_context(viewport={"width": 1280, "height": 800})
    with demo.settings("serve:\n  public_calendar: true"), demo.serve() as address:
        page = context.new_page()
        page.goto(f"{address}/whats-on")
        board.page("p1280_whats_on", page)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.goto(f"{address}/whats-on")
        board.page("p360_whats_on", page)
    context.close()


def weekly_mail(board, demo, _sandbox):
    """
    The mail of a Monday, as a telephone shows it.
    """
    with mailbox.serving() as box:
        to = f"smtp://127.0.0.1:{box.port}/?to=ruth@example.org&from=office@example.org"
        with demo.settings(f"notify:\n  mail: {to}"):
            demo.run("report", "weekly", "--send")
    ((_, _, text),) = box.letters
    letter = email.message_from_string(text, policy=email.policy.default)
    page = board.browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
    page.set_content(MAIL)
    page.locator("h1").evaluate("(h, text) => h.textContent = text", letter["subject"])
    sender = f"{letter['from']} to {letter['to']}"
    page.locator("p").evaluate("(p, text) => p.textContent = text", sender)
    words = letter.get_body(("plain",)).get_content()
    page.locator("div").evaluate("(d, text) => d.textContent = text", words)
    board.page("p360_weekly_mail", page)
    page.close()


def webhook_setup(board, _demo, sandbox):
    """
    The webhooks of an account, from the address to a test delivery.
    """
    venue = Venue(board.homes / "hooks", sandbox)
    venue.run(
        "init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney", *AUD
    )
    key = ("--secret-env", KEY_NAMES["ticket_tailor"])
    venue.run("accounts", "add", "ticket_tailor", "tt", *key)
    venue.run("events", "fetch")
    venue.run("shows", "adopt", "--all")
    venue.run("sync")
    with venue.serve() as address, board.visitor(venue.link(address)) as page:
        page.set_default_timeout(60_000)
        page.goto(f"{address}/accounts/tt/webhooks")
        board.page("p1280_webhooks_begin", page)
        page.get_by_role("button", name="Make the address").click()
        page.get_by_role("heading", name="3. Secret").wait_for()
        page.locator("#secret").fill("a-secret-of-the-storyboard-01")
        page.get_by_label("Store the secret in such a file").check()
        page.get_by_role("button", name="Store the secret").click()
        page.get_by_text("The secret is stored").wait_for()
        board.page("p1280_webhooks_ready", page)
        page.get_by_role("button", name="Send a test delivery").click()
        page.get_by_text("The test delivery was accepted").wait_for()
        board.page("p1280_webhooks_tested", page)
        for _ in range(60):  # the delivery is processed meanwhile
            page.goto(f"{address}/webhooks")
            if page.get_by_text("done", exact=True).count():
                break
            page.wait_for_timeout(500)
        board.page("p1280_webhooks", page)
    with board.terminal(venue) as terminal:
        terminal.run("webhooks list")
        terminal.run("webhooks health")
        board.screen("t80_webhooks", terminal, whole=True)


def door_offline(board, demo, _sandbox):
    """
    A door whose server went away after one visit, and a guest who is let in.
    """
    with (
        demo.serve() as address,
        board.visitor(demo.link(address, "door"), PHONE) as page,
    ):
        page.goto(f"{address}/door/8")
        page.locator("#guests li").first.wait_for()
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        page.reload()  # now the page is stored, too
        page.locator("#guests li").first.wait_for()
        page.context.set_offline(True)
        page.route("**/*", lambda route: route.abort("internetdisconnected"))
        page.get_by_label("Scan or search").fill("or_")
        page.locator("#guests").get_by_role("button", name="Let in").first.click()
        page.locator("#answer", has_text="offline").wait_for()
        board.page("p360_door_offline", page, full_page=False)


def door_camera(board, demo, _sandbox):
    """
    A printed ticket before the camera of a telephone.
    """
    guests = json.loads(demo.run("attendees", "list", "8", "--json"))
    ticket = next(g for g in guests if g["account"] == "tt" and not g["is_in"])
    number = ticket["ticket_id"].removeprefix("it_")
    printed = PrintedTicket(
        venue="The Lantern Room",
        show="Late Laughs",
        starts_at=clock.parse_local(ticket["starts_local"]),
        tier=ticket["type_name"],
        price=Money(3900, "AUD"),
        number=1,
        count=1,
        reference=ticket["order_id"],
        code=f"bc{number}",
    )
    pdf = ticket_printing.print_tickets([printed], TicketPaper.A6)
    film = write_film(board.homes / "ticket.y4m", [held_up(pdf, 4), held_up(pdf, 7)])
    with (
        demo.serve() as address,
        board.camera(film) as browser,
        board.visitor(demo.link(address, "door"), PHONE, browser=browser) as page,
    ):
        page.goto(f"{address}/door/8")
        page.locator("#guests li").first.wait_for()
        page.get_by_role("button", name="Camera").click()
        page.locator("#answer", has_text="In:").wait_for()
        board.page("p360_door_camera", page, full_page=False)


def learnt_offset(board, _demo, sandbox):
    """
    Ticket Tailor lists the doors: what is proposed on the page and on the screen.
    """
    venue = Venue(board.homes / "offset", sandbox)
    venue.run(
        "init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney", *AUD
    )
    database = engine.open_database(str(venue.home / "ticketsync.db"))
    Week(database).list_all()
    database.close()
    with board.terminal(venue, rows=30) as terminal:
        terminal.say("ticketsync match")
        terminal.wait("Link the")
        terminal.press("y")
        for number, key in (("56", "1"), ("55", "n"), ("53", "1")):
            terminal.wait(rf"{number} open[\s\S]*q\) Quit[^\n]*\n\s*\Z")
            terminal.press(key)
        terminal.wait(r"lists doors[\s\S]*q\) Quit")
        board.screen("t80_offset", terminal)
        terminal.press("q")
        terminal.wait(r"\n\$\s*\Z")
    with venue.serve() as address, board.visitor(venue.link(address)) as page:
        page.goto(f"{address}/matching")
        board.page("p1280_offset", page, full_page=False)


def door_list(board, demo, _sandbox):
    path = board.folder / "doorlist.pdf"
    demo.run("attendees", "doorlist", "8", "--output", str(path))
    board.pdf("pdf_doorlist", path)
    said = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True)
    last = int(re.search(r"Pages:\s+(\d+)", said.stdout)[1])
    board.pdf("pdf_doorlist_end", path, last)
    path.unlink()


def matching(board, demo, sandbox):
    """
    Three platforms' dates beside a season list, on the page and by keys.
    """
    venue = Venue(board.homes / "matching", sandbox)
    venue.run(
        "init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney", *AUD
    )
    for provider, name in NAMES.items():
        key = ("--secret-env", KEY_NAMES[provider])
        more = ("--set", "regions=AU,NZ") if provider == "humanitix" else ()
        venue.run("accounts", "add", provider, name, *key, *more)
    venue.run("events", "fetch")
    season = demo.home / "season.csv"
    venue.run("shows", "import", str(season))
    with venue.serve() as address:
        with board.visitor(venue.link(address)) as page:
            page.goto(f"{address}/matching")
            board.page("p1280_matching", page)
            page.goto(f"{address}/shows/import")
            page.locator("#file").set_input_files(_longer(season))
            page.get_by_role("button", name="See what it would change").click()
            board.page("p1280_import_preview", page)
        with board.visitor(venue.link(address), PHONE) as page:
            page.goto(f"{address}/matching")
            board.page("p360_matching", page, full_page=False)
    with board.terminal(venue, rows=30) as terminal:
        terminal.say("ticketsync match")
        terminal.wait("Link the")
        board.screen("t80_match_certain", terminal)
        terminal.press("y")
        terminal.wait(r"\d+ open")
        board.screen("t80_match", terminal)
        terminal.press("f")
        terminal.wait("empty to go back")
        terminal._tmux("send-keys", "-l", "orchid")
        time.sleep(1)
        board.screen("t80_match_search", terminal)
        terminal.press("C-c")


def _longer(season):
    """
    The season list with one show more.
    """
    longer = season.with_name("longer.csv")
    lines = season.read_text().splitlines()
    added = lines[-1].replace("Orchid & Wire", "Midnight Sonatas")
    added = added.replace("LR-037", "LR-099")
    longer.write_text("\n".join([*lines, added]) + "\n")
    return longer


def waiting(board, _demo, sandbox):
    """
    A sync while no platform can be reached.
    """
    venue = Venue(board.homes / "waiting", sandbox)
    venue.run(
        "init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney", *AUD
    )
    for provider, name in NAMES.items():
        key = ("--secret-env", KEY_NAMES[provider])
        gone = ("--no-check", "--base-url", "http://127.0.0.1:9/v1")
        venue.run("accounts", "add", provider, name, *key, *gone)
    with board.terminal(venue) as terminal:
        terminal.say("ticketsync sync")
        terminal.wait("again in")
        board.screen("t80_sync_waiting", terminal)
        terminal.wait(r"\n\$\s*\Z")
        board.screen("t80_no_network", terminal)
    with board.terminal(venue) as terminal:
        terminal.say("ticketsync sync")
        terminal.wait("again in")
        terminal.press("C-c")
        terminal.wait(r"\n\$\s*\Z")
        board.screen("t80_stopped", terminal)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", metavar="WORD")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    sandbox = server.Sandbox(world.build(orders=300))
    for fake in platforms.build_others(orders=60):
        sandbox.platforms[fake.name] = fake
    with (
        tempfile.TemporaryDirectory() as homes,
        server.serving(sandbox) as sandbox.address,
        sync_playwright() as playwright,
        contextlib.closing(
            playwright.chromium.launch(executable_path=needs.CHROMIUM, args=FLAGS)
        ) as browser,
    ):
        board = Storyboard(folder, Path(homes), browser, arguments.only)
        demo = Venue(board.homes / "demo", sandbox)
        demo.run("demo", "--keep", str(demo.home))
        for scene in SCENES:
            if board.wants(scene):
                scene(board, demo, sandbox)
    print(f"{len(board.names)} pictures in {folder}")


SCENES = (
    *(
        listings,
        habits,
        faulty_list,
        first_hour,
        picker,
        set_up,
        no_keys,
        pages,
        public_calendar,
        weekly_mail,
    ),
    *(door_offline, door_camera, door_list, webhook_setup, matching, learnt_offset),
    waiting,
)

if __name__ == "__main__":
    main()
