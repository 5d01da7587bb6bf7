"""
Runs the script of a case outside the checkout, with our commands started quickly: the
program that the script calls passes its arguments and open files on to `commands`.
"""

import json
import os
import socket
import stat
import subprocess
import sys
import threading

from support import commands
from support.needs import CASES

_PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect({address!r})
    said = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
    socket.send_fds(asked, [len(said).to_bytes(8, "big")], [0, 1, 2])
    asked.sendall(said)
    sys.exit(int(asked.recv(16)))
"""


class CaseScripts:
    """
    Runs case scripts until it is closed; `program` is what they call.
    """

    def __init__(self, folder):
        self._folder = folder
        self._address = str(folder / "commands")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._address)
        self._listener.listen()
        self.program = folder / "ticketsync"
        self.program.write_text(
            _PROGRAM.format(python=sys.executable, address=self._address)
        )
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.close()

    def run(self, case):
        """
        What the script of that case says on each of its outputs.
        """
        return self._run(["bash", str(CASES / case / "run.sh")])

    def run_platform(self, case):
        """
        The same of a script that plays a platform; its home is ours alone.
        """
        script = [sys.executable, "-B", str(CASES / "api" / f"{case}.py")]
        return self._run(script, TMPDIR=str(self._folder))

    def _run(self, words, **environment):
        return subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "TICKETSYNC": str(self.program), **environment},
        )

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection):
    with connection:
        size, files, _, _ = socket.recv_fds(connection, 8, 3)
        said = b""
        while len(said) < int.from_bytes(size, "big"):
            said += connection.recv(1 << 16)
        arguments, environment, folder = json.loads(said)
        process = commands.Process(
            commands.asked(arguments, environment, folder), files
        )
        for file in files:
            os.close(file)
        connection.sendall(str(process.wait(120)).encode())
