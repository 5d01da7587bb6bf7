"""
What a page says where there is nothing to see: the menu stays, there is a way back, and
nobody reads of a terminal (J40).
"""

import pytest

from ticketsync.core import errors
from ticketsync.web import page_words, request_bodies


@pytest.mark.parametrize(
    ("role", "path", "status", "back"),
    [
        ("manager", "/nope", 404, 'href="/">Back to the overview'),
        ("manager", "/shows/999", 404, 'href="/">Back to the overview'),
        ("manager", "/leave", 405, 'href="/">Back to the overview'),
        ("viewer", "/door", 403, 'href="/">Back to the overview'),
        ("door", "/accounts", 403, 'href="/door">Back to the door'),
        ("door", "/nope", 404, 'href="/door">Back to the door'),
    ],
)
def test_j40_a_problem_has_a_menu_and_a_way_back(enter, role, path, status, back):
    response = enter(role).get(path)

    assert response.status_code == status
    assert back in response.text
    assert 'aria-label="Pages"' in response.text
    main = response.text.partition("<main")[2].partition("</main>")[0]
    assert "ticketsync" not in main
    assert "`" not in main


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nope", 404), ("/shows/999999999999999999999", 404), ("/leave", 405)],
)
def test_a_browser_that_is_not_signed_in_is_led_to_the_entrance(enter, path, status):
    response = enter("").get(path, headers={"accept": "text/html,*/*;q=0.8"})

    assert response.status_code == status
    assert 'href="/enter">Sign in</a>' in response.text
    assert 'aria-label="Pages"' not in response.text
    assert enter("").get(path, headers={"accept": "*/*"}).content == b""


WHERE_YOU_WERE = ">Back to where you were</a>"


@pytest.mark.parametrize(
    ("path", "referer", "link"),
    [
        (
            "/money?from=2026-11-10&to=2026-11-01",
            "HOST/money?per=month&period=2026",
            f'href="/money?per=month&amp;period=2026"{WHERE_YOU_WERE}',
        ),
        (
            "/money?period=nonsense",
            "",
            'href="/money">Open this page without its filters</a>',
        ),
        (
            "/money?period=nonsense",
            "HOST/money?period=nonsense",
            'href="/money">Open this page without its filters</a>',
        ),
        (
            "/money?period=nonsense",
            "https://elsewhere.example/money?per=month",
            'href="/money">Open this page without its filters</a>',
        ),
        ("/shows/999", "HOST/calendar", f'href="/calendar"{WHERE_YOU_WERE}'),
    ],
)
def test_a_refused_choice_leads_back_to_its_page(enter, path, referer, link):
    client = enter("viewer")
    before = referer.replace("HOST", str(client.base_url).rstrip("/"))
    headers = {"referer": before} if before else {}
    response = client.get(path, headers=headers)
    assert response.status_code in (400, 404)
    assert link in response.text
    assert "elsewhere" not in response.text
    assert 'href="/">Back to the overview' in response.text


def test_a_refused_form_leads_back_to_its_page(enter):
    client = enter("manager")
    page = str(client.base_url.join("/shows/1/edit"))
    form = {"starts": "2027-10-03T02:30"}
    response = client.post(page, data=form, headers={"referer": page})
    assert response.status_code == 400
    assert f'href="/shows/1/edit"{WHERE_YOU_WERE}' in response.text


def test_who_is_not_signed_in_gets_a_bare_answer_for_what_is_not_there(enter):
    response = enter("").get("/nope")
    assert (response.status_code, response.content) == (404, b"")


def test_what_names_a_command_is_left_out_of_a_hint():
    error = errors.UsageError(
        "No.", hint="See the other list. Run `ticketsync shows list`. Add --force."
    )
    assert page_words.hint_of(error) == "See the other list."


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        (
            "Run the same command again later; what was read before is kept.",
            "Try again later; what was read before is kept.",
        ),
        (
            "Is this machine on the network? Run the same command again later.",
            "Is this machine on the network? Try again later.",
        ),
        (
            "Nothing was changed; run the same command again.",
            "Nothing was changed; try again.",
        ),
    ],
)
def test_j33_where_a_terminal_runs_the_same_command_a_page_tries_again(hint, shown):
    assert page_words.hint_of(errors.ProviderUnavailable("No.", hint=hint)) == shown


def test_a_form_with_a_file_is_read():
    data = (
        b'--x\r\nContent-Disposition: form-data; name="dates"\r\n\r\ndmy\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\0b.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\nshow,\xff\r\n1\r\n--x--\r\n"
    )
    form = request_bodies.parse_form(data, "multipart/form-data; boundary=x")
    assert form.fields == {"dates": "dmy"}
    assert form.files["file"].data == b"show,\xff\r\n1"
    assert "\0" not in form.files["file"].name


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (b"\xff\x00&=&a", "application/x-www-form-urlencoded"),
        (
            b"a=1",
            "multipart/form-data; boundary=\xff".encode("latin-1").decode("latin-1"),
        ),
    ],
)
def test_no_body_makes_a_form_fail(data, kind):
    assert request_bodies.parse_form(data, kind).files == {}
