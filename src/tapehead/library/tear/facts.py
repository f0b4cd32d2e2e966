"""Facts: what is known of a run beside its results: what it was told, what it warned of, how it ended."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from tapehead.jobs.replay import replay
from tapehead.model.bars import I64
from tapehead.model.instrument import Instrument
from tapehead.model.result import RunResult
from tapehead.model.spec import RunSpec
from tapehead.ports.runs import RunRecord
from tapehead.wiring.assemble import House


class Kept(Protocol):
    """What a report needs of a run; `header` says strategy, interval, adjustment and stamps."""

    spec: RunSpec

    @property
    def header(self) -> Any:
        """What stands above its table."""

    @property
    def id(self) -> str:
        """ULID."""

    @property
    def short(self) -> str:
        """Shortest unique prefix of it."""

    @property
    def record(self) -> RunRecord:
        """State, key and times."""

    def results(self) -> list[RunResult]:
        """Return all results without trades, best first."""

    def times(self, symbol: str) -> I64:
        """Return the open times of its bars."""

    def money_a_point(self, symbol: str) -> float:
        """Return what a point of one instrument is worth a unit."""

    def money_points(self, symbol: str) -> float | dict[str, float]:
        """Return `money_a_point`, of an account by instrument."""

    def __getitem__(self, symbol: str) -> RunResult:
        """Return one result with its trades."""


class Told(NamedTuple):
    """Something to look at; `instrument` is empty where it speaks of the whole run."""

    instrument: str
    text: str


class Facts(NamedTuple):
    """A run without its results.

    `look_ahead` is the verdict of the look-ahead test as `completed` says it, None where the run did not end;
    `currency` is the quote currency of its instruments, empty where unknown or more than one.
    """

    run: str
    short: str
    strategy: str
    interval: str
    record: RunRecord
    stamps: tuple[str, ...]
    adjust: str
    warnings: tuple[Told, ...]
    look_ahead: Mapping[str, Any] | None
    instruments: Mapping[str, Instrument]

    def currency(self, instrument: str | None = None) -> str:
        """Return the currency of money: of one instrument, else of all where it is one."""
        if instrument is not None:
            known = self.instruments.get(instrument)
            return known.quote if known is not None else ""
        quotes = {each.quote for each in self.instruments.values()}
        return quotes.pop() if len(quotes) == 1 else ""

    def warned(self, instrument: str) -> list[str]:
        """Return what one instrument was warned of."""
        return [each.text for each in self.warnings if each.instrument in (instrument, "")]

    def grouped(self) -> list[tuple[str, list[str]]]:
        """Return each warning once with the instruments it was given to, the most frequent first."""
        who: dict[str, list[str]] = {}
        for each in self.warnings:
            who.setdefault(each.text, []).append(each.instrument)
        times = Counter({text: len(names) for text, names in who.items()})
        return [
            (text, sorted(filter(None, who[text]))) for text, _ in sorted(times.items(), key=lambda t: (-t[1], t[0]))
        ]


def read_facts(house: House, run: Kept, instruments: set[str]) -> Facts:
    """Return what is kept of a run beside the results of `instruments`."""
    record, warnings, verdict = run.record, [], None
    for _, data in replay(house.log, run.id):
        body = json.loads(data)
        if body["event"] == "warning":
            warnings.append(Told(body["instrument"] or "", body["text"]))
        elif body["event"] == "completed":
            verdict = body["look_ahead"]
    known = {one.name: one for one in house.bars.instruments(record.snapshot) if one.name in instruments}
    header = run.header
    kept = (header.strategy, header.interval, record, header.stamps, header.adjust)
    return Facts(run.id, run.short, *kept, tuple(sorted(warnings)), verdict, known)
