"""A TCP proxy that cuts the answers of event streams at random bytes; other answers pass whole."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PIECE = 65_536
_STREAM = re.compile(rb"/events(\?\S*)? HTTP/1\.1\r\n")


class Cutter:
    """Listens at a port of its own and passes what comes on to a service.

    Parameters
    ----------
    port : int
        Of the service.
    places : callable
        Gives, of each stream, the byte of its answer at which it is cut; None lets it be.
    """

    def __init__(self, port: int, places: Callable[[], int | None]) -> None:
        self.cuts = 0
        self._port, self._places = port, places
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = {self._listening}
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        """Close everything."""
        with self._lock:
            for each in self._open:
                _hang_up(each)

    def _accept(self) -> None:
        """Take connections until closed."""
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                with self._lock:
                    self._open |= {near, far}
                limit: list[int | None] = [None]
                threading.Thread(target=self._ask, args=(near, far, limit), daemon=True).start()
                threading.Thread(target=self._answer, args=(near, far, limit), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket, limit: list[int | None]) -> None:
        """Pass on what the client sends; a request for a stream is given the place of its cut first."""
        with contextlib.suppress(OSError):
            while data := near.recv(_PIECE):
                if _STREAM.search(data.partition(b"\r\n\r\n")[0] + b"\r\n"):
                    limit[0] = self._places()
                far.sendall(data)
        _hang_up(far)

    def _answer(self, near: socket.socket, far: socket.socket, limit: list[int | None]) -> None:
        """Pass on what the service sends, up to the cut."""
        with contextlib.suppress(OSError):
            while data := far.recv(_PIECE):
                if limit[0] is not None and len(data) >= limit[0]:
                    near.sendall(data[: limit[0]])
                    with self._lock:
                        self.cuts += 1
                    break
                if limit[0] is not None:
                    limit[0] -= len(data)
                near.sendall(data)
        _hang_up(near)
        _hang_up(far)


def _hang_up(each: socket.socket) -> None:
    """Close a connection both ways, so that who waits at it wakes."""
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextmanager
def cutting(url: str, most: int, cuts: int, seed: int) -> Iterator[Cutter]:
    """Run a proxy that cuts its first `cuts` streams, each before the byte `most`; those after pass whole."""
    seeded = random.Random(seed)
    left = iter([seeded.randrange(1, most) for _ in range(cuts)])
    cutter = Cutter(int(url.rpartition(":")[2]), lambda: next(left, None))
    try:
        yield cutter
    finally:
        cutter.close()
