"""Wire: a TCP proxy before a PostgreSQL that loses what tests name: a COMMIT on its way, its answer, or all."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

_PIECE = 65_536
_ASKED = b"COMMIT\0"
_ANSWERED = b"COMMIT\0"
Loss = Literal["question", "answer"]


class Wire:
    """Passes on what comes to a port of its own.

    With `lose("question")` the connection on which the next COMMIT is asked for ends before the server hears of it,
    with `lose("answer")` when the server has done it and before the client hears of that.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._to = (parts.hostname, parts.port or 5432)
        self._listening = socket.create_server(("127.0.0.1", 0))
        where = parts.netloc.rpartition("@")[0] + f"@127.0.0.1:{self._listening.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=where))
        self.losses = 0
        self._wanted: list[Loss] = []
        self._open: set[socket.socket] = {self._listening}
        self._parted = False
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, *wanted: Loss) -> None:
        """Lose these, one after the other."""
        with self._lock:
            self._wanted += wanted

    def cut(self) -> None:
        """End all connections there are."""
        with self._lock:
            for each in self._open - {self._listening}:
                _hang_up(each)

    def part(self) -> None:
        """End all connections, and each that comes, until `mend`."""
        self._parted = True
        self.cut()

    def mend(self) -> None:
        """Lead connections on again."""
        self._parted = False

    def stop(self) -> None:
        """Take no further connections."""
        _hang_up(self._listening)

    def close(self) -> None:
        """Close everything."""
        with self._lock:
            for each in self._open:
                _hang_up(each)

    def _accept(self) -> None:
        """Take connections until closed."""
        with contextlib.suppress(OSError):
            while True:
                self._lead(self._listening.accept()[0])

    def _lead(self, near: socket.socket) -> None:
        """Lead one connection on; where nobody is there, it ends."""
        try:
            if self._parted:
                raise ConnectionRefusedError
            far = socket.create_connection(self._to)
        except OSError:
            _hang_up(near)
            return
        with self._lock:
            self._open |= {near, far}
        for one, other, seen, loss in ((near, far, _ASKED, "question"), (far, near, _ANSWERED, "answer")):
            threading.Thread(target=self._pass, args=(one, other, seen, loss), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, seen: bytes, loss: Loss) -> None:
        """Pass on what one side sends, until it is lost."""
        with contextlib.suppress(OSError):
            while data := one.recv(_PIECE):
                if seen in data and self._loses(loss):
                    break
                other.sendall(data)
        _hang_up(one)
        _hang_up(other)

    def _loses(self, loss: Loss) -> bool:
        """Say whether this is what is lost next."""
        with self._lock:
            if self._wanted[:1] != [loss]:
                return False
            self._wanted.pop(0)
            self.losses += 1
            return True


def _hang_up(each: socket.socket) -> None:
    """Close a connection both ways, so that who waits at it wakes."""
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextmanager
def wired(url: str) -> Iterator[Wire]:
    """Have a proxy before a database."""
    wire = Wire(url)
    try:
        yield wire
    finally:
        wire.close()
