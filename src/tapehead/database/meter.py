"""Meter: counts who takes connections, who waits for one and for how long, and who does not give back."""

import math
import threading
import time
from collections import deque
from collections.abc import Hashable
from typing import Final

from tapehead.database.alerts import Alerts
from tapehead.database.figures import Held, PoolFigures, said
from tapehead.settings import PoolSettings

_WINDOW: Final = 256
_RANK: Final = 0.95


class Meter:
    """Counts of one pool. Safe from many threads; a few microseconds a connection.

    Parameters
    ----------
    name, where : str
        What the database is called, and where it is.
    settings : PoolSettings
        From when on alerts are told.
    alerts : Alerts
        Where they are told.
    """

    def __init__(self, name: str, where: str, settings: PoolSettings, alerts: Alerts) -> None:
        self.name, self.where, self.alerts = name, where, alerts
        self._settings = settings
        self._guard = threading.Lock()
        self._held: dict[Hashable, Held] = {}
        self._newest: deque[float] = deque(maxlen=_WINDOW)
        self._asking = self._lent = self._waited = self._exhausted = self._peak = 0
        self._sum_s = self._longest_s = 0.0
        self._replaced = 0
        self._told: set[object] = set()

    def ask(self) -> tuple[float, int]:
        """Begin to wait for a connection; return when, and how many are out or were asked for before."""
        with self._guard:
            before = len(self._held) + self._asking
            self._asking += 1
            self._peak = max(self._peak, before + 1)
        return time.monotonic(), before

    def take(self, key: Hashable, held: Held, asked: float, *, waited: bool) -> None:
        """End to wait: a connection is out from now on."""
        wait_s = held.since - asked
        with self._guard:
            self._asking -= 1
            self._held[key] = held
            self._lent += 1
            self._waited += waited
            self._newest.append(wait_s)
            self._sum_s += wait_s
            self._longest_s = max(self._longest_s, wait_s)
            self._told.discard("exhausted")
            late = wait_s >= self._settings.alert_s
            p95_s = self._p95() if late or "wait" in self._told else 0.0
            alert = late and p95_s >= self._settings.alert_s and "wait" not in self._told
            if alert:
                self._told.add("wait")
            elif p95_s < self._settings.alert_s:
                self._told.discard("wait")
        if alert:
            text = f"of 100 requests 5 wait {p95_s:.2f} s and longer for a connection; look who holds them"
            self.alerts.tell("wait", self.where, f"{text}: tapehead db status")

    def give_up(self) -> tuple[Held, ...]:
        """End to wait: none came in time; return who holds those that are out."""
        with self._guard:
            self._asking -= 1
            return self._longest()

    def exhaust(self, text: str) -> None:
        """Count that none came in time for the others hold all; tell it once until one is lent again."""
        with self._guard:
            self._exhausted += 1
            first = "exhausted" not in self._told
            self._told.add("exhausted")
        if first:
            self.alerts.tell("exhausted", self.where, text)

    def give(self, key: Hashable) -> None:
        """Take note that a connection is back."""
        with self._guard:
            held = self._held.pop(key, None)
            self._told.discard(key)
        if held is not None and held.age_s >= self._settings.held_s:
            self.alerts.tell("held", self.where, f"a connection came back that was held by {held}")

    def replace(self) -> None:
        """Count a connection that was found broken."""
        with self._guard:
            self._replaced += 1

    def figures(self, open_: int, limit: int) -> PoolFigures:
        """Return all counts, of so many connections that are open and may be; tell of those that leak."""
        with self._guard:
            held = self._longest()
            leaking = [one for one in held if one.age_s >= self._settings.held_s]
            fresh = {key for key, one in self._held.items() if one in leaking} - self._told
            self._told |= fresh
            figures = PoolFigures(
                self.name,
                self.where,
                limit,
                max(open_, len(held)),
                len(held),
                self._asking,
                self._lent,
                self._waited,
                self._exhausted,
                self._peak,
                self._replaced,
                self._sum_s / self._lent if self._lent else 0.0,
                self._p95(),
                self._longest_s,
                held,
                len(leaking),
                "exhausted" in self._told,
            )
        if fresh:
            self.alerts.tell("held", self.where, f"connections do not come back: {said(tuple(leaking))}")
        return figures

    def _longest(self) -> tuple[Held, ...]:
        """Return who holds connections, the longest first."""
        return tuple(sorted(self._held.values(), key=lambda one: one.since))

    def _p95(self) -> float:
        """Return the 95th percentile of the newest waits, by nearest rank."""
        if not self._newest:
            return 0.0
        return sorted(self._newest)[math.ceil(_RANK * len(self._newest)) - 1]
