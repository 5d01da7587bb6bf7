"""
B8: many guesses at once are no way around the limit, and the wrong passwords of one
client do not keep others out.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.web_server import PASSWORD

from ticketsync.visitors import passes
from ticketsync.web import password_attempts
from ticketsync.web.password_attempts import PasswordAttempts


class Hashes:
    """
    Counts hashes, and how many were computed at once; each waits for the other threads,
    and none ends before so many have begun.
    """

    def __init__(self, together=1):
        self.number = self.at_once = self.most = 0
        self._lock = threading.Lock()
        self._together, self._have_met = together, threading.Event()

    def wrong(self):
        with self._lock:
            self.number += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            if self.number == self._together:
                self._have_met.set()
        assert self._have_met.wait(60)
        threading.Event().wait(0.005)
        with self._lock:
            self.at_once -= 1
        return False


def guess_200_times(attempts, client="203.0.113.5", *, together=1):
    hashes = Hashes(together)
    with ThreadPoolExecutor(40) as pool:
        answers = list(
            pool.map(lambda _: attempts.attempt(client, hashes.wrong), range(200))
        )
    return hashes, answers


def test_b8_of_200_parallel_guesses_five_are_made_one_at_a_time():
    hashes, answers = guess_200_times(PasswordAttempts(lambda: 0.0))
    assert answers.count(False) == hashes.number <= 5
    assert answers.count(None) == 200 - hashes.number
    assert hashes.most == 1


def test_b8_counted_afterwards_as_before_more_are_made(monkeypatch):
    """
    The control: an attempt that is counted only when it has failed.
    """
    monkeypatch.setattr(password_attempts, "MAX_WAITING", 200)

    class Afterwards(PasswordAttempts):
        def _count(self, client):
            with self._lock:
                own = sum(who == client for _, who in self._attempts)
            return None if own >= password_attempts.PER_ADDRESS else (0.0, client)

        def attempt(self, client, is_right):
            if self._count(client) is None:
                return None
            found = is_right()
            self._attempts.append((0.0, client))
            return found

    hashes, _ = guess_200_times(Afterwards(), together=6)
    assert hashes.number > 5
    assert hashes.most > 5


def test_five_wrong_ones_keep_only_their_own_address_out():
    now = [0.0]
    attempts = PasswordAttempts(lambda: now[0])
    wrong, right = (lambda: False), (lambda: True)
    assert [attempts.attempt("a", wrong) for _ in range(6)] == [False] * 5 + [None]
    assert attempts.attempt("a", right) is None
    assert attempts.attempt("b", right) is True
    now[0] = 60
    assert attempts.attempt("a", right) is True


def test_from_many_addresses_a_hundred_in_ten_minutes_are_made():
    now = [0.0]
    attempts = PasswordAttempts(lambda: now[0])
    answers = [attempts.attempt(str(n), lambda: False) for n in range(1000)]
    assert answers.count(False) == 100
    assert attempts.attempt("manager", lambda: True) is None
    now[0] = 600
    assert attempts.attempt("manager", lambda: True) is True


def test_six_addresses_cannot_use_up_the_hundred():
    """
    As fast as they may, ten minutes long: fifteen each. Without that limit two do.
    """
    now = [0.0]
    attempts = PasswordAttempts(lambda: now[0])
    made = 0
    for second in range(0, 600, 12):
        now[0] = float(second)
        for address in "abcdef":
            made += attempts.attempt(address, lambda: False) is False
    assert made == 6 * 15
    assert attempts.attempt("manager", lambda: True) is True


def test_right_ones_are_not_counted():
    attempts = PasswordAttempts(lambda: 0.0)
    assert [attempts.attempt("a", lambda: True) for _ in range(300)] == [True] * 300


def test_a_hash_that_fails_gives_its_place_back():
    attempts = PasswordAttempts(lambda: 0.0)
    for number in range(20):
        with pytest.raises(ZeroDivisionError):
            attempts.attempt(str(number), lambda: 1 / 0)
    assert attempts.attempt("a", lambda: True) is True


def test_b8_parallel_guesses_at_the_page(enter, monkeypatch):
    """
    Forty at once: five are hashed; for this address the right one is refused, too.
    """
    hashes = Hashes()
    monkeypatch.setattr(passes, "matches", lambda *_: hashes.wrong())
    clients = [enter("") for _ in range(8)]

    def guess(number):
        form = {"password": f"guess {number}"}
        return clients[number % 8].post("/enter", data=form).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(40)))
    monkeypatch.undo()
    assert sorted(set(statuses)) == [403, 429]
    assert statuses.count(403) == hashes.number == 5
    assert hashes.most == 1
    assert clients[0].post("/enter", data={"password": PASSWORD}).status_code == 429
