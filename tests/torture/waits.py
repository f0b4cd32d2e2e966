"""Waits: something is done at the n-th wait of a process for PostgreSQL; and a child that waits for its parent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tapehead.database.link import Link

_LOOK_S = 0.002


class Waits:
    """Counts each wait of this process for an answer of PostgreSQL, and does something once at one of them.

    The driver sends a statement and takes its answer inside of one such wait, so that `before` is before it was sent.
    """

    def __init__(self) -> None:
        self.count = 0
        self._left: int | None = None
        self._after = False
        self._act: Callable[[], object] = tuple
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Listen to this process."""
        plain, told = Link.wait, self._is_now

        def counted(link: Link, *given: Any, **named: Any) -> Any:
            now = told()
            if now and not self._after:
                self._act()
            answer = plain(link, *given, **named)
            if now and self._after:
                self._act()
            return answer

        Link.wait = counted  # type: ignore[method-assign]  # the driver has no place to listen at

    def at(self, number: int, act: Callable[[], object], *, after: bool = False) -> None:
        """Do something at the n-th wait from now on, before it or once it is answered."""
        with self._lock:
            self._left, self._act, self._after = number, act, after

    def end(self) -> None:
        """Do it now, where it did not come to that."""
        with self._lock:
            due, self._left = self._left is not None, None
        if due:
            self._act()

    def _is_now(self) -> bool:
        """Count, and say whether this is the one."""
        with self._lock:
            self.count += 1
            if self._left is None:
                return False
            self._left -= 1
            if self._left < 0:
                self._left = None
                return True
            return False


class Turn:
    """Where a child waits until its parent has done something that only the parent can do.

    Parameters
    ----------
    folder : Path
        A file lies there while the child may go on.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "turn"

    def take(self, tell: Callable[[object], None], word: str) -> None:
        """In the child: say for what it is time, and wait."""
        tell(word)
        while not self._path.exists():
            time.sleep(_LOOK_S)
        self._path.unlink()

    def give(self) -> None:
        """In the parent: let the child go on."""
        self._path.touch()
