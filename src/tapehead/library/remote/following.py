"""Following: one client's place in the events of one run, over any number of connections, and the proof at its end."""

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from tapehead.errors import IncompleteStreamError, ServerAwayError
from tapehead.library.remote.asking import below
from tapehead.library.remote.messages import MessageParser
from tapehead.model.spec import DigestLine, run_digest

ENDINGS = frozenset(("completed", "failed", "cancelled"))
SILENT_S = 45.0
"""A stream that says nothing for three pings is dead."""
RETRY_S = 1.0
LONGEST_WAIT_S = 15.0
PATIENCE_S = 120.0
_ID = re.compile(r"([0-9A-Z]{26})/([1-9][0-9]{0,15})")


class Told(NamedTuple):
    """One event: its number within the run, and its JSON."""

    number: int
    body: Mapping[str, Any]


class Following:
    """Takes the bytes of a run's streams and gives each event once, in order.

    Knows no socket and no clock, so that what waits for bytes in a thread and what awaits them share it.

    Parameters
    ----------
    run : str
        Whole id of the run.
    url : str
        The service, for sentences.
    patience_s : float
        How long the service may be away before following gives up.
    seed : int, optional
        Of the jitter.

    Attributes
    ----------
    after : int
        Number of the newest event that was given.
    over : bool
        The newest event ended the run. A run that is resumed goes on after it; who still listens hears that.
    connections : int
        How many streams were begun.
    """

    def __init__(self, run: str, url: str, *, patience_s: float = PATIENCE_S, seed: int | None = None) -> None:
        self.run, self.url = run, url
        self.after = 0
        self.over = False
        self.connections = 0
        self._patience_s = patience_s
        self._jitter = random.Random(seed)  # noqa: S311 - spreads clients that come back together; guards nothing
        self._parser = MessageParser()
        self._retry_s = RETRY_S
        self._waited_s = 0.0
        self._tries = 0
        self._lines: dict[tuple[bytes, bytes, bytes], DigestLine] = {}

    @property
    def path(self) -> str:
        """Where the events of the run are told."""
        return below("runs", self.run, "events")

    def connect(self) -> dict[str, str]:
        """Begin a connection; return the headers that say where to go on."""
        self._parser = MessageParser()
        self.connections += 1
        place = {"Last-Event-ID": f"{self.run}/{self.after}"} if self.after else {}
        return {"Accept": "text/event-stream", **place}

    def take(self, data: bytes) -> Iterator[Told]:
        """Take bytes of the connection; yield each event that they end and that is new.

        Raises
        ------
        IncompleteStreamError
            The run completed, and not everything that it found was told; or the stream speaks of another run.
        """
        for message in self._parser.feed(data):
            number = self._number(message.id)
            if number <= self.after:
                continue
            told = Told(number, orjson.loads(message.data))
            self.after, self._tries, self._waited_s = number, 0, 0.0
            self.over = message.event in ENDINGS
            if message.event == "result":
                self._keep(told.body)
            elif message.event == "completed":
                self.check(told.body)
            yield told
        if self._parser.retry_ms is not None:
            self._retry_s = self._parser.retry_ms / 1000

    def wait_s(self, cause: str) -> float:
        """Return the seconds to wait before the next connection: `retry`, doubled each time that nothing came.

        Raises
        ------
        ServerAwayError
            The service was away for longer than the patience; `cause` says how it was seen.
        """
        if self._waited_s >= self._patience_s:
            raise ServerAwayError(
                f"{self.url} was away for {self._waited_s:.0f} s ({cause}) while run {self.run} was followed, which "
                f"goes on there by itself. When the service is back: tapehead --server {self.url} show {self.run}",
                url=self.url,
                cause=cause,
            )
        wait_s = min(self._retry_s * 2.0**self._tries, LONGEST_WAIT_S) * self._jitter.uniform(0.9, 1.1)
        self._tries += 1
        self._waited_s += wait_s
        return wait_s

    def check(self, completed: Mapping[str, Any]) -> None:
        """Compare what was told with what the run says it found: so many results, and the digest over them all.

        Raises
        ------
        IncompleteStreamError
        """
        told, count = self._many(), completed["count"]
        if told != count:
            raise IncompleteStreamError(
                f"Run {self.run} found {count:,} results, {told:,} came. Read what it keeps: tapehead show {self.run}"
            )
        if self._digest() != completed["digest"]:
            raise IncompleteStreamError(
                f"All {count:,} results of run {self.run} came, and their digest is not that of the run: one of them "
                f"changed on its way. Read what it keeps: tapehead show {self.run}"
            )

    def _many(self) -> int:
        """Return how many results were told."""
        return len(self._lines)

    def _digest(self) -> str:
        """Return the digest of all that were told."""
        return run_digest(self._lines.values())

    def _number(self, text: str) -> int:
        """Return the number in an event's id."""
        found = _ID.fullmatch(text)
        if found is None or found[1] != self.run:
            raise IncompleteStreamError(
                f"The stream of run {self.run} names an event '{text[:60]}', which is none of it. Look at what "
                f"answers at {self.url}: tapehead --server {self.url} runs"
            )
        return int(found[2])

    def _keep(self, body: Mapping[str, Any]) -> None:
        """Keep what a result adds to the digest."""
        metrics = body["metrics"]
        line = DigestLine(
            body["instrument"],
            body["interval"],
            body["parameters"],
            bytes.fromhex(body["decisions"]),
            body["final_equity"],
            metrics["max_drawdown"] or 0.0,
            metrics["fees_paid"] or 0.0,
        )
        self._lines[line.order()] = line
