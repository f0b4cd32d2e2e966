"""Server processes: begun so that they outlive who began them, known again by their command line, ended by signals."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tapehead.servers.account import Account

_POLL_S = 0.01
_EXEC_S = 1.0
_LEFT_OUT = ("PG", "LC_", "LANG")


def begin(command: Sequence[str], account: Account, log: int) -> int:
    """Start a process in a session of its own and return its id; it reads nothing and says everything to the log."""
    process = subprocess.Popen(
        [*account.prefix, *command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        env=surroundings(),
        start_new_session=True,
        umask=0o077,
        **account.process_options(),
    )
    # It outlives this object, which would else complain of that; `is_running` reaps it where it was our child.
    process.returncode = 0
    return process.pid


def surroundings() -> dict[str, str]:
    """Return our environment without what would change a server: its own variables and the language of its words."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def is_running(pid: int, mark: str) -> bool:
    """Say whether a process lives whose command line holds a word.

    The word tells a server from a foreign process that was given the number of a dead one. The line of any process
    can be read, unlike its working folder.
    """
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    until = time.monotonic() + _EXEC_S
    while True:
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            if line or _is_dead(pid) or time.monotonic() > until:
                return os.fsencode(mark) in line.split(b"\0")
        except OSError:
            return False
        # It is being given a program and has no words for this moment.
        time.sleep(_POLL_S / 10)


def _is_dead(pid: int) -> bool:
    """Say whether a process is a zombie, which has no words either."""
    # The name in parentheses may hold anything.
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] in (b"Z", b"X")


def end(pid: int, mark: str, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send signals, each with the seconds to wait for its effect, until the process is gone; say whether it is."""
    for number, wait_s in signals:
        if not is_running(pid, mark):
            return True
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + wait_s
        while is_running(pid, mark):
            if time.monotonic() > until:
                break
            time.sleep(_POLL_S)
    return not is_running(pid, mark)


def is_free(port: int) -> bool:
    """Say whether a port of the loopback address can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
