"""Figures of a service: each with its unit and what it should reach; one JSON line, a table, a section of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.asked import Asked
from benchmarks.numbers import number, short

TITLES = {
    "W5": "RSI on every instrument of the store, over HTTP",
    "W10": "many open event streams on one server process",
    "fairness": "a small run beside big ones",
    "plain": "plain routes under locust",
    "screen": "an expression over the newest values of 10,000 instruments",
    "portfolio": "many instruments from one account",
    "web": "the page in Chromium",
}
HEAD = ("figure", "value", "unit", "to reach")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `reach` is the most it should be, None where nothing was set."""

    name: str
    value: float | None
    unit: str = "ms"
    reach: float | None = None

    def cells(self) -> tuple[str, str, str, str]:
        """Return it as text."""
        whole = self.unit in ("", "streams", "events") and self.value is not None and self.value >= 1
        value = f"{self.value:,.0f}" if whole else number(self.value)
        reach = "" if self.reach is None else f"≤ {number(self.reach)}"
        missed = self.reach is not None and self.value is not None and self.value > self.reach
        return self.name, value, self.unit, f"{reach}, missed" if missed else reach


@dataclass(slots=True)
class ServiceReport:
    """What one workload against a service came to; times are None where the results do not agree.

    Attributes
    ----------
    told : str
        What was asked of it, in a sentence.
    parity : str
        `equal`, or the first thing that was wrong.
    """

    asked: Asked
    machine: str
    commit: str
    told: str
    parity: str
    first_ms: float | None = None
    last_ms: float | None = None
    bars: int = 0
    peak_rss_mb: float = 0.0
    figures: list[Figure] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        """Return the JSON object of the last line."""
        return {
            "id": self.asked.workload,
            "seed": self.asked.seed,
            "first_ms": short(self.first_ms),
            "last_ms": short(self.last_ms),
            "bars_per_s": round(self.bars / self.last_ms * 1000) if self.bars and self.last_ms else None,
            "peak_rss_mb": short(self.peak_rss_mb),
            "parity": self.parity,
            "peers": {},
            "stages_ms": {},
            "machine": self.machine,
            "commit": self.commit,
            "figures": {one.name: short(one.value) for one in self.figures},
        }

    def kept(self) -> dict[str, Any]:
        """Return everything, for `python -m benchmarks report`."""
        return {**asdict(self), "line": self.line()}

    def lines(self) -> Iterator[str]:
        """Yield the human form."""
        yield f"{self.asked.workload}  seed {self.asked.seed}  {self.machine}  {self.commit}"
        yield f"{self.told} Parity: {self.parity}."
        cells = [HEAD, *(one.cells() for one in self.figures)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(HEAD))]
        for line in cells:
            padded = zip(HEAD, line, widths, strict=True)
            yield "  ".join(text.rjust(n) if name == "value" else text.ljust(n) for name, text, n in padded).rstrip()

    def section(self) -> Iterator[str]:
        """Yield the section of docs/benchmarks.md."""
        yield f"## {self.asked.workload}: {TITLES[self.asked.workload]}\n"
        yield f"{self.machine}. Commit {self.commit}, seed {self.asked.seed}. Parity: {self.parity}."
        yield f"{self.told} Peak memory of the service {number(self.peak_rss_mb)} MB.\n"
        yield "| " + " | ".join(HEAD) + " |"
        yield "|---|--:|---|---|"
        for one in self.figures:
            yield "| " + " | ".join(one.cells()) + " |"
        yield ""


def restored(told: dict[str, Any]) -> ServiceReport:
    """Undo `kept`."""
    asked = Asked(**{**told["asked"], "peers": tuple(told["asked"]["peers"])})
    figures = [Figure(**one) for one in told["figures"]]
    return ServiceReport(**{**told_without_line(told), "asked": asked, "figures": figures})


def told_without_line(told: dict[str, Any]) -> dict[str, Any]:
    """Return what was kept but for the JSON line, which is made of the rest."""
    return {name: value for name, value in told.items() if name != "line"}


def share(values: Sequence[float], part: float) -> float:
    """Return the value that a part of all values do not exceed: 0.5 the median, 0.99 all but the worst hundredth."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
