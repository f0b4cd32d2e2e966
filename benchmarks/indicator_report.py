"""The rows of W7, its JSON line, its tables and its section of the page; losses like wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.asked import Asked
from benchmarks.numbers import PUBLISHED, number, short

OURS = "tapehead"
REFERENCE = "talib"
SLOWER = 1.1
"""How many times as long as the reference ours may take."""
FAST = {"sma", "ema", "rsi", "bollinger"}
FAST_ROWS = 150e6
KINDS = {"ticked": "decimal prices on a tick, with ties", "walk": "a random walk with all digits of a float"}


@dataclass(slots=True)
class Measured:
    """One indicator of one engine; `ms` is None where its lines are not those of the definition.

    Attributes
    ----------
    error : float or None
        Largest difference from the exact lines, as the share that `benchmarks.lines.Line.against` names.
    at : str
        The line and the bar of that difference.
    known : mapping
        Known divergences by name (docs/divergences.md), each with what it came to here.
    """

    parity: str
    ms: float | None = None
    repeats: int = 0
    error: float | None = None
    at: str = ""
    known: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Engine:
    """The process of one engine: from its start to the last value of a first call of each, and its peak memory."""

    cold_ms: float | None = None
    peak_rss_mb: float = 0.0
    parity: str = "equal"


@dataclass(slots=True)
class Row:
    """All indicators on one kind of prices, by indicator and engine."""

    kind: str
    engines: dict[str, Engine]
    indicators: dict[str, dict[str, Measured]]

    def ratio(self, name: str, engine: str) -> float | None:
        """How many times as long as ours another engine takes."""
        ours, theirs = self.ms(name, OURS), self.ms(name, engine)
        return theirs / ours if ours and theirs else None

    def ms(self, name: str, engine: str) -> float | None:
        """Warm time of one indicator."""
        found = self.indicators[name].get(engine)
        return found.ms if found else None


@dataclass(slots=True)
class IndicatorReport:
    """All rows of W7; the first is the one that the JSON line tells."""

    asked: Asked
    machine: str
    commit: str
    rows: list[Row]

    def line(self) -> dict[str, Any]:
        """Return the JSON object of the last line; `stages_ms` are the indicators, and `last_ms` is their sum."""
        row = self.rows[0]
        ours = {name: row.ms(name, OURS) for name in row.indicators}
        times = [ms for ms in ours.values() if ms]
        total = sum(times) if len(times) == len(ours) else None
        return {
            "id": self.asked.workload,
            "seed": self.asked.seed,
            "first_ms": short(times[0] if total else None),
            "last_ms": short(total),
            "bars_per_s": round(self.asked.bars * len(times) / total * 1000) if total else None,
            "peak_rss_mb": short(row.engines[OURS].peak_rss_mb),
            "parity": "; ".join(dict.fromkeys(self._parities(row))),
            "peers": {name: self._peer(row, name) for name in row.engines if name != OURS},
            "stages_ms": {name: short(ms) for name, ms in ours.items()},
            "machine": self.machine,
            "commit": self.commit,
            "errors": {name: short(held[OURS].error) for name, held in row.indicators.items()},
        }

    def kept(self) -> dict[str, Any]:
        """Return everything, for `python -m benchmarks report`."""
        return {**asdict(self), "line": self.line()}

    def lines(self) -> Iterator[str]:
        """Yield the human form."""
        asked = self.asked
        yield f"W7  seed {asked.seed}, {asked.bars:,} bars, one core  {self.machine}  {self.commit}"
        for row in self.rows:
            yield f"{row.kind}: {KINDS[row.kind]}"
            cells = [self._head(row), *(self._cells(row, name) for name in row.indicators)]
            widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
            for line in cells:
                padded = zip(line, widths, strict=True)
                yield "  ".join([text.rjust(n) if i else text.ljust(n) for i, (text, n) in enumerate(padded)]).rstrip()
            yield from self._notes(row)
        missing = [name for name in asked.peers if name not in self.rows[0].engines]
        if missing:
            yield f"not run here: {', '.join(missing)}; benchmarks/setup_peers.sh makes their environment .venv-peers"
        yield f"published, not run here: {PUBLISHED['W7']}"

    def section(self) -> Iterator[str]:
        """Yield the section of docs/benchmarks.md."""
        yield f"## W7: the indicators of the catalogue, {self.asked.bars:,} bars\n"
        yield f"{self.machine}. Commit {self.commit}, seed {self.asked.seed}. Parity: {self.line()['parity']}.\n"
        yield f"Published, not run here: {PUBLISHED['W7']}.\n"
        for row in self.rows:
            yield f"### {KINDS[row.kind][0].upper()}{KINDS[row.kind][1:]}\n"
            head = self._head(row)
            yield "| " + " | ".join(head) + " |"
            yield "|---|" + "--:|" * (len(head) - 2) + "---|"
            for name in row.indicators:
                yield "| " + " | ".join(self._cells(row, name)) + " |"
            yield ""
            for note in self._notes(row):
                yield f"{note}\n"

    def _parities(self, row: Row) -> Iterator[str]:
        """What each engine comes to: `equal`, or the first difference of each indicator."""
        for name, engine in row.engines.items():
            wrong = [held[name].parity for held in row.indicators.values() if name in held]
            wrong = [text for text in (*wrong, engine.parity) if text != "equal"]
            if name == OURS:
                yield wrong[0] if wrong else "equal"
            else:
                yield from (f"{name}: {text}" for text in wrong)

    def _peer(self, row: Row, engine: str) -> dict[str, float | None]:
        """A peer in the JSON line: the sum over the indicators that it has, and its ratio to ours over the same."""
        both = [name for name in row.indicators if row.ms(name, engine) and row.ms(name, OURS)]
        theirs = sum(row.ms(name, engine) or 0.0 for name in both)
        ours = sum(row.ms(name, OURS) or 0.0 for name in both)
        return {"ms": short(theirs or None), "ratio": short(theirs / ours if ours else None)}

    def _head(self, row: Row) -> tuple[str, ...]:
        """The columns."""
        rest = [cell for name in row.engines if name != OURS for cell in (f"{name} ms", "× ours", "error")]
        return ("indicator", "ours ms", "M rows/s", "error", *rest, "to reach")

    def _cells(self, row: Row, name: str) -> tuple[str, ...]:
        """One indicator."""
        held = row.indicators[name]
        ours = held[OURS]
        rows = self.asked.bars / ours.ms / 1000 if ours.ms else None
        cells = [name, number(ours.ms), number(rows), _error(ours)]
        for engine in row.engines:
            if engine == OURS:
                continue
            theirs = held.get(engine)
            ratio = row.ratio(name, engine)
            cells += [number(theirs.ms), number(ratio), _error(theirs)] if theirs else ["", "", ""]
        return *cells, self._reach(row, name, rows)

    def _reach(self, row: Row, name: str, rows: float | None) -> str:
        """What was to be reached, and whether it was."""
        ratio = row.ratio(name, REFERENCE)
        said = []
        if ratio:
            times = 1 / ratio
            said.append(f"≤ {SLOWER} × TA-Lib" + (f", missed: {times:.2f}" if times > SLOWER else ""))
        if name in FAST and rows:
            said.append(f"≥ {FAST_ROWS / 1e6:.0f} M" + (", missed" if rows * 1e6 < FAST_ROWS else ""))
        return "; ".join(said)

    def _notes(self, row: Row) -> Iterator[str]:
        """Cold starts and memory, and every known divergence with what it came to."""
        told = (
            f"{name} {number(engine.cold_ms)} ms, {number(engine.peak_rss_mb)} MB"
            if engine.parity == "equal"
            else f"{name}: {engine.parity}"
            for name, engine in row.engines.items()
        )
        yield f"Cold, each indicator once, and peak memory: {' · '.join(told)}."
        for name, held in row.indicators.items():
            for engine, found in held.items():
                for known, text in found.known.items():
                    yield f"{engine}, {name}: [{known}](divergences.md#{known}), {text}."


def restored(told: dict[str, Any]) -> IndicatorReport:
    """Undo `kept`."""
    asked = Asked(**{**told["asked"], "peers": tuple(told["asked"]["peers"])})
    rows = [
        Row(
            row["kind"],
            {name: Engine(**one) for name, one in row["engines"].items()},
            {
                name: {engine: Measured(**one) for engine, one in held.items()}
                for name, held in row["indicators"].items()
            },
        )
        for row in told["rows"]
    ]
    return IndicatorReport(asked, told["machine"], told["commit"], rows)


def _error(found: Measured) -> str:
    """The largest difference, or that there is none to tell."""
    if found.parity != "equal" or found.error is None:
        return "differs"
    return "0" if found.error == 0 else f"{found.error:.0e}"
