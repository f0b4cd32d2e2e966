"""The rows of W8, its JSON line, its table and its section of the page; losses like wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.asked import Asked
from benchmarks.numbers import number, short

OURS = "tapehead"
HEAD = ("cores", "keeper", "layout", "bytes a bar", "write ms", "cold ms", "cold M/s", "hot ms", "hot M/s", "× ours")
MORE = ("append ms", "peak MB", "parity")
LEFT = {"cores", "keeper", "layout", "parity"}


@dataclass(frozen=True, slots=True)
class Read:
    """A warm read: to the first part summed, to the last, and of how many reads it is the median."""

    first_ms: float
    last_ms: float
    repeats: int


@dataclass(slots=True)
class Kept:
    """One keeper in one layout; figures are None where it does not give back every bit."""

    name: str
    layout: str
    cores: str
    parity: str
    bytes_per_bar: float | None = None
    write_ms: float | None = None
    cold_ms: float | None = None
    hot: Read | None = None
    memory_ms: float | None = None
    append_ms: float | None = None
    append_worst_ms: float | None = None
    peak_rss_mb: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)

    @property
    def hot_ms(self) -> float | None:
        """Warm, to the last column summed."""
        return None if self.hot is None else self.hot.last_ms


@dataclass(slots=True)
class StorageReport:
    """All rows of W8; the first is ours on all cores."""

    asked: Asked
    machine: str
    commit: str
    origin: str
    how: str
    rows: list[Kept]

    def line(self) -> dict[str, Any]:
        """Return the JSON object of the last line; a peer stands there in the layout that reads fastest warm."""
        ours = self.rows[0]
        best = self._best()
        doubts = {f"{row.name} {row.layout}": row.parity for row in self.rows[1:] if row.parity != "equal"}
        return {
            "id": self.asked.workload,
            "seed": self.asked.seed,
            "first_ms": short(ours.hot.first_ms if ours.hot else None),
            "last_ms": short(ours.hot_ms),
            "bars_per_s": _rate(self.asked.bars, ours.hot_ms),
            "peak_rss_mb": short(ours.peak_rss_mb),
            "parity": "; ".join([ours.parity, *(f"{name}: {text}" for name, text in doubts.items())]),
            "peers": {name: self._peer(row) for name, row in best.items()},
            "stages_ms": {name: short(value) for name, value in ours.stages_ms.items()},
            "machine": self.machine,
            "commit": self.commit,
            "data": self.origin,
            "bars": self.asked.bars,
            "bytes_per_bar": short(ours.bytes_per_bar),
            "write_ms": short(ours.write_ms),
            "cold_ms": short(ours.cold_ms),
            "cold_bars_per_s": _rate(self.asked.bars, ours.cold_ms),
            "cold": self.how,
            "memory_bars_per_s": _rate(self.asked.bars, ours.memory_ms),
            "append_ms": short(ours.append_ms),
        }

    def kept(self) -> dict[str, Any]:
        """Return everything, for `python -m benchmarks report`."""
        return {**asdict(self), "line": self.line()}

    def lines(self) -> Iterator[str]:
        """Yield the human form."""
        asked = self.asked
        yield f"W8  seed {asked.seed}, {asked.instruments} symbols, {asked.bars:,} bars  {self.machine}  {self.commit}"
        yield f"{self.origin}; cold: {self.how}"
        cells = [(*HEAD, *MORE), *(self._cells(row) for row in self.rows)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
        for line in cells:
            padded = zip(cells[0], line, widths, strict=True)
            yield "  ".join(text.ljust(n) if name in LEFT else text.rjust(n) for name, text, n in padded).rstrip()
        for row in self.rows:
            if row.stages_ms:
                stages = "  ".join(f"{name} {number(value)}" for name, value in row.stages_ms.items())
                yield f"stages in ms, {row.cores} cores: {stages}"
        missing = [name for name in asked.peers if all(row.name != name for row in self.rows)]
        if missing:
            yield f"not run here: {', '.join(missing)}; benchmarks/setup_peers.sh makes their environment .venv-keepers"

    def section(self) -> Iterator[str]:
        """Yield the section of docs/benchmarks.md."""
        asked = self.asked
        yield f"## W8: the store, {asked.bars:,} bars of {asked.instruments} symbols\n"
        yield f"{self.machine}. Commit {self.commit}, seed {asked.seed}. Parity: {self.line()['parity']}."
        yield f"{self.origin[0].upper()}{self.origin[1:]}. Cold: {self.how}.\n"
        yield "| " + " | ".join((*HEAD, *MORE)) + " |"
        yield "|" + "|".join("---" if name in LEFT else "--:" for name in (*HEAD, *MORE)) + "|"
        for row in self.rows:
            cells = list(self._cells(row))
            if row.name == OURS:
                cells[1] = f"**{OURS}**"
            yield "| " + " | ".join(cells) + " |"
        yield ""
        for row in self.rows:
            if row.stages_ms:
                stages = " · ".join(f"{name} {number(value)}" for name, value in row.stages_ms.items())
                yield f"Stages, ms ({row.cores} cores): {stages}.\n"

    def _best(self) -> dict[str, Kept]:
        """The row of each peer, on the cores of the first row, that reads fastest warm."""
        found: dict[str, Kept] = {}
        for row in self.rows[1:]:
            if row.name == OURS or row.cores != self.rows[0].cores:
                continue
            known = found.get(row.name)
            if known is None or (row.hot_ms or 1e18) < (known.hot_ms or 1e18):
                found[row.name] = row
        return found

    def _peer(self, row: Kept) -> dict[str, Any]:
        """A peer in the JSON line: hot time and ratio as everywhere, then the rest."""
        ours = self.rows[0]
        ratio = row.hot_ms / ours.hot_ms if row.hot_ms and ours.hot_ms else None
        cold = row.cold_ms / ours.cold_ms if row.cold_ms and ours.cold_ms else None
        figures = {"ms": row.hot_ms, "ratio": ratio, "cold_ms": row.cold_ms, "cold_ratio": cold}
        figures |= {"write_ms": row.write_ms, "append_ms": row.append_ms, "bytes_per_bar": row.bytes_per_bar}
        return {**{name: short(value) for name, value in figures.items()}, "layout": row.layout}

    def _cells(self, row: Kept) -> tuple[str, ...]:
        """One line as text; the ratio is that of the hot read to ours on the same cores."""
        ours = next((one for one in self.rows if one.name == OURS and one.cores == row.cores), None)
        ratio = row.hot_ms / ours.hot_ms if row.name != OURS and ours and ours.hot_ms and row.hot_ms else None
        bars = self.asked.bars
        return (
            *(row.cores, row.name, row.layout, number(row.bytes_per_bar), number(row.write_ms), number(row.cold_ms)),
            *(_millions(bars, row.cold_ms), number(row.hot_ms), _millions(bars, row.hot_ms)),
            *("" if ratio is None else number(ratio), number(row.append_ms), number(row.peak_rss_mb), row.parity),
        )


def restored(told: dict[str, Any]) -> StorageReport:
    """Undo `kept`."""
    rows = [Kept(**{**row, "hot": Read(**row["hot"]) if row["hot"] else None}) for row in told["rows"]]
    asked = Asked(**{**told["asked"], "peers": tuple(told["asked"]["peers"])})
    return StorageReport(asked, told["machine"], told["commit"], told["origin"], told["how"], rows)


def _rate(bars: int, ms: float | None) -> int | None:
    """Bars a second."""
    return round(bars / ms * 1000) if ms else None


def _millions(bars: int, ms: float | None) -> str:
    """Millions of bars a second."""
    return number(bars / ms / 1000 if ms else None)
