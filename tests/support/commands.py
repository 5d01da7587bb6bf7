"""
Our commands as a person or cron starts them: processes of their own, quickly started.
So are scripts of tests: `run_code`, `start_code` and `start_script`.

What is about the start itself (the environment of the interpreter, the locale, what is
loaded) starts `python -m ticketsync` instead.
"""

import atexit
import contextlib
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from pexpect.fdpexpect import fdspawn

SERVER = Path(__file__).with_name("command_server.py")
SECONDS = 120  # nobody waits longer for a command that hangs


def run(
    *arguments, input="", env=None, cwd=None, check=False, timeout=SECONDS, at=None
):
    """
    What the command said and ended with, as `subprocess.run` puts it, in text. Its
    clock stands at the instant `at`, written in ISO 8601, if one is given.
    """
    done = _completed(asked(arguments, env, cwd, at=at), input, timeout)
    if check:
        done.check_returncode()
    return done


def run_code(code, *arguments, env=None):
    """
    The same of this Python code instead of a command.
    """
    return _completed(asked(arguments, env, code=code, file="-c"), "", SECONDS)


def _completed(request, input, timeout):
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as stdin,
        tempfile.TemporaryFile("w+", encoding="utf-8") as stdout,
        tempfile.TemporaryFile("w+", encoding="utf-8") as stderr,
    ):
        stdin.write(input)
        stdin.seek(0)
        files = [file.fileno() for file in (stdin, stdout, stderr)]
        process = Process(request, files)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(
            ["ticketsync", *request["arguments"]], code, stdout.read(), stderr.read()
        )


def in_home(home, sandbox):
    """
    Runs our commands in that home, 80 columns wide; `environment` is theirs.
    """
    environment = {
        **os.environ,
        "TICKETSYNC_HOME": str(home),
        "TT_KEY": sandbox.key,
        "TERM": "xterm",
        "COLUMNS": "80",
    }

    def run_(*arguments):
        return run(*arguments, env=environment, check=True).stdout

    run_.environment = environment
    return run_


def start(*arguments, env=None, cwd=None):
    """
    The command, going on; what it says on standard error is read from `stderr`.
    """
    read, write = os.pipe()
    with open(os.devnull, "r+b") as nothing:
        files = [nothing.fileno(), nothing.fileno(), write]
        process = Process(asked(arguments, env, cwd), files)
    os.close(write)
    process.stderr = os.fdopen(read, encoding="utf-8")
    return process


def start_code(code, *arguments, env=None):
    """
    This Python code, going on, with everything imported; `stdin` and `stdout` are its.
    """
    return _piped(asked(arguments, env, code=code, file="-c"))


def start_script(file, *arguments, env=None):
    """
    The same of the code in a file.
    """
    return _piped(asked(arguments, env, file=str(file)))


def _piped(request):
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    with open(os.devnull, "wb") as nothing:
        process = Process(request, [theirs_in, theirs_out, nothing.fileno()])
    os.close(theirs_in)
    os.close(theirs_out)
    process.stdin = os.fdopen(ours_in, "w", encoding="utf-8")
    process.stdout = os.fdopen(ours_out, encoding="utf-8")
    return process


def talk(*arguments, env, rows=40, columns=80):
    """
    The command on a terminal of its own, 80 columns wide if nothing else is said, for
    somebody to type at.
    """
    env = {**env, "PROMPT_TOOLKIT_NO_CPR": "1"}
    return Terminal(*arguments, env=env, size=(rows, columns))


def asked(
    arguments, env=None, cwd=None, *, terminal=False, at=None, code=None, file=""
):
    """
    What the server is sent, beside the three open files; of a script its code, or only
    its file.
    """
    if any("\0" in word for word in arguments):
        raise ValueError("embedded null byte")
    return {
        "arguments": arguments,
        "environment": dict(os.environ if env is None else env),
        "folder": os.fspath(cwd or os.getcwd()),
        "terminal": terminal,
        "at": at,
        "code": code,
        "file": file,
    }


class Process:
    """
    A command that was started, with the manner of `subprocess.Popen`.
    """

    def __init__(self, request, files):
        self.returncode = None
        self._status, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            _server().request(request, [*files, theirs.fileno()])
        self.pid = self._receive_number(SECONDS)

    def _receive_number(self, seconds):
        """
        The next number from whoever waits for the process: its own, then its code.
        """
        if not select.select([self._status], [], [], seconds)[0]:
            raise subprocess.TimeoutExpired("ticketsync", seconds)
        return int(self._status.recv(16))

    def wait(self, timeout=SECONDS):
        if self.returncode is None:
            self.returncode = self._receive_number(timeout)
            self._status.close()
        return self.returncode

    def poll(self):
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def finished(self):
        """
        What is left on its standard output, once it has ended; it is given no input.
        """
        self.stdin.close()
        with self.stdout:
            said = self.stdout.read()
        self.wait()
        return said

    def send_signal(self, number):
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
                os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def __del__(self):
        """
        Nobody waited for it: it ends with the test that started it.
        """
        self.kill()
        self._status.close()


class Terminal(fdspawn):
    """
    A command on a terminal; closed, it knows the exit code.
    """

    def __init__(self, *arguments, env, size):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(ours, size)
        self.process = Process(asked(arguments, env, terminal=True), [theirs] * 3)
        os.close(theirs)
        super().__init__(ours, encoding="utf-8", timeout=20)

    def send(self, text):
        """
        As a person does, a moment after the question: a key that is there before the
        program listens may be thrown away.
        """
        time.sleep(0.05)
        return super().send(text)

    def sendcontrol(self, key):
        self.send(chr(ord(key.upper()) - 64))

    def close(self):
        super().close()
        self.exitstatus = self.process.wait()

    def __del__(self):
        if not self.closed:
            os.close(self.child_fd)


class _Server:
    """
    The process that imports once and forks; one for each process of the suite.
    """

    def __init__(self):
        self._connection, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET
        )
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(SERVER), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C at the suite is not for it
            )

    def request(self, request, files):
        socket.send_fds(self._connection, [json.dumps(request).encode()], files)

    def close(self):
        self._connection.close()
        self._process.wait(SECONDS)


_servers = []


def _server():
    if not _servers:
        _servers.append(_Server())
        atexit.register(_servers[0].close)
    return _servers[0]
