"""The rows of W11, its JSON line, its table and its section of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.asked import Asked
from benchmarks.numbers import number, short

SLOWER = 1.1
"""How many times as long a bar may take as at the smallest size."""
LARGER = 1.2
"""How many times as much memory a run may take as at the smallest size."""
HEAD = ("instruments", "M bars", "cold ms", "first ms", "last ms", "ns a bar", "× least", "peak MB", "× least")
MORE = ("no tier, ms", "no tier, MB", "× least", "parity")


@dataclass(slots=True)
class Size:
    """W5 at one number of instruments; times are None where results do not agree.

    `bare_ms` and `bare_rss_mb` are those of one cold run without the memory tier.
    """

    instruments: int
    parity: str
    cold_ms: float | None = None
    first_ms: float | None = None
    last_ms: float | None = None
    repeats: int = 0
    peak_rss_mb: float = 0.0
    bare_ms: float | None = None
    bare_rss_mb: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class ScaleReport:
    """All sizes of W11, the smallest first; the largest is the one that the JSON line tells."""

    asked: Asked
    machine: str
    commit: str
    sizes: list[Size]

    def line(self) -> dict[str, Any]:
        """Return the JSON object of the last line."""
        most = self.sizes[-1]
        total = most.instruments * self.asked.bars
        return {
            "id": self.asked.workload,
            "seed": self.asked.seed,
            "first_ms": short(most.first_ms),
            "last_ms": short(most.last_ms),
            "bars_per_s": round(total / most.last_ms * 1000) if most.last_ms else None,
            "peak_rss_mb": short(most.peak_rss_mb),
            "parity": "; ".join(dict.fromkeys(one.parity for one in self.sizes)),
            "peers": {},
            "stages_ms": {name: short(value) for name, value in most.stages_ms.items()},
            "machine": self.machine,
            "commit": self.commit,
            "sizes": {str(one.instruments): self._told(one) for one in self.sizes},
        }

    def kept(self) -> dict[str, Any]:
        """Return everything, for `python -m benchmarks report`."""
        return {**asdict(self), "line": self.line()}

    def lines(self) -> Iterator[str]:
        """Yield the human form."""
        yield f"W11  seed {self.asked.seed}, {self.asked.bars:,} bars of 1h each  {self.machine}  {self.commit}"
        cells = [(*HEAD, *MORE), *(self._cells(one) for one in self.sizes)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
        for line in cells:
            yield "  ".join(text.rjust(n) for text, n in zip(line, widths, strict=True)).rstrip()
        for one in self.sizes:
            yield f"stages in ms, {one.instruments}: {'  '.join(_stages(one))}"
        yield self._reached()

    def section(self) -> Iterator[str]:
        """Yield the section of docs/benchmarks.md."""
        sizes = ", ".join(f"{one.instruments:,}" for one in self.sizes)
        yield f"## W11: W5 at {sizes} instruments, {self.asked.bars:,} bars of 1h each\n"
        yield f"{self.machine}. Commit {self.commit}, seed {self.asked.seed}. Parity: {self.line()['parity']}.\n"
        yield "| " + " | ".join((*HEAD, *MORE)) + " |"
        yield "|" + "--:|" * (len(HEAD) + len(MORE) - 1) + "---|"
        for one in self.sizes:
            yield "| " + " | ".join(self._cells(one)) + " |"
        yield f"\n{self._reached()}\n"
        for one in self.sizes:
            if one.stages_ms:
                yield f"Stages, ms ({one.instruments:,} instruments): {' · '.join(_stages(one))}.\n"

    def _cells(self, one: Size) -> tuple[str, ...]:
        """One size as text."""
        least = self.sizes[0]
        bars = one.instruments * self.asked.bars
        return (
            *(f"{one.instruments:,}", number(bars / 1e6), number(one.cold_ms), number(one.first_ms)),
            *(number(one.last_ms), number(self._ns(one)), number(_share(self._ns(one), self._ns(least)))),
            *(number(one.peak_rss_mb), number(_share(one.peak_rss_mb, least.peak_rss_mb)), number(one.bare_ms)),
            *(number(one.bare_rss_mb), number(_share(one.bare_rss_mb, least.bare_rss_mb)), one.parity),
        )

    def _ns(self, one: Size) -> float | None:
        """Nanoseconds a bar, warm, to the last result."""
        return one.last_ms * 1e6 / (one.instruments * self.asked.bars) if one.last_ms else None

    def _told(self, one: Size) -> dict[str, float | None]:
        """One size in the JSON line."""
        told = {"first_ms": one.first_ms, "last_ms": one.last_ms, "ns_a_bar": self._ns(one)}
        told |= {"peak_rss_mb": one.peak_rss_mb, "bare_rss_mb": one.bare_rss_mb}
        return {name: short(value) for name, value in told.items()}

    def _reached(self) -> str:
        """What was to be reached, and what came."""
        least = self.sizes[0]
        times = [_share(self._ns(one), self._ns(least)) or 0.0 for one in self.sizes]
        peaks = [_share(one.peak_rss_mb, least.peak_rss_mb) or 0.0 for one in self.sizes]
        bare = [_share(one.bare_rss_mb, least.bare_rss_mb) or 0.0 for one in self.sizes]
        said = (
            _bounded("time a bar", max(times), SLOWER),
            _bounded("peak memory", max(peaks), LARGER),
            _bounded("without the memory tier", max(bare), LARGER),
        )
        return f"At most, of what it is at {least.instruments} instruments: {'; '.join(said)}."


def restored(told: dict[str, Any]) -> ScaleReport:
    """Undo `kept`."""
    asked = Asked(**{**told["asked"], "peers": tuple(told["asked"]["peers"])})
    return ScaleReport(asked, told["machine"], told["commit"], [Size(**one) for one in told["sizes"]])


def _bounded(name: str, times: float, most: float) -> str:
    """A figure with what it should reach."""
    return f"{name} × {times:.2f} (to reach: ≤ {most}{', missed' if times > most else ''})"


def _share(value: float | None, of: float | None) -> float | None:
    """How many times as much."""
    return value / of if value and of else None


def _stages(one: Size) -> Iterator[str]:
    """The stages as text."""
    return (f"{name} {number(value)}" for name, value in one.stages_ms.items())
