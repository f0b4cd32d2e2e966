"""Alerts: what somebody should hear of at once, told to the log and to whoever listens."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

AlertKind = Literal["wait", "exhausted", "held", "replica"]
_KEPT: Final = 50


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to hear of: `at` when (us UTC), `where` in which database, `text` a sentence."""

    at: int
    kind: AlertKind
    where: str
    text: str


Hear = Callable[[Alert], None]


class Alerts:
    """The newest alerts of one open store. Safe from many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._newest: deque[Alert] = deque(maxlen=_KEPT)
        self._ears: list[Hear] = []

    def tell(self, kind: AlertKind, where: str, text: str) -> None:
        """Keep an alert, log it as a warning, and call who listens, in this thread; what they raise is logged."""
        # Here, not above: an open store that nobody needs to warn should not wait for it.
        import logging

        log = logging.getLogger("tapehead.database")
        alert = Alert(time.time_ns() // 1000, kind, where, text)
        with self._guard:
            self._newest.append(alert)
            ears = list(self._ears)
        log.warning("%s: %s", where, text, extra={"alert": kind})
        for hear in ears:
            try:
                hear(alert)
            except Exception:
                log.exception("A listener of alerts failed")

    def listen(self, hear: Hear) -> Callable[[], None]:
        """Call `hear` with each alert from now on; return what ends that."""
        with self._guard:
            self._ears.append(hear)

        def end() -> None:
            with self._guard:
                if hear in self._ears:
                    self._ears.remove(hear)

        return end

    def newest(self) -> list[Alert]:
        """Return the newest alerts, newest first."""
        with self._guard:
            return list(reversed(self._newest))
