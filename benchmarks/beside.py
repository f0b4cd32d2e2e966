"""A report of lines, each asked of ours and of others: what it took, whether the answers agree, and who is ahead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.asked import Asked
from benchmarks.numbers import number, short

OURS = "tapehead"
EQUAL = "equal"
HEAD = ("line", "who", "how", "took", "unit", "× ours", "M rows/s", "to reach", "answers")
RIGHT = {"took", "× ours", "M rows/s"}


@dataclass(slots=True)
class Entry:
    """One answer to one line; less is better in every unit.

    Attributes
    ----------
    line : str
        What was asked; entries of one line stand together.
    who, how : str
        OURS or another, and by which way.
    value : float or None
        What it took; None where the answers do not agree.
    parity : str
        `equal`, or the first difference.
    rows : int
        Rows that were read or written, for a rate; 0 for none.
    reach : float or None
        The most it should be, of ours.
    claim : str
        What a source publishes of this line.
    """

    line: str
    who: str
    how: str
    value: float | None
    parity: str = EQUAL
    unit: str = "ms"
    rows: int = 0
    reach: float | None = None
    claim: str = ""
    repeats: int = 1

    @property
    def rate(self) -> float | None:
        """Millions of rows a second, where rows were counted and time was taken."""
        return self.rows / self.value / 1000 if self.rows and self.value and self.unit == "ms" else None

    @property
    def missed(self) -> bool:
        """Whether it should be less."""
        return self.reach is not None and self.value is not None and self.value > self.reach


@dataclass(slots=True)
class BesideReport:
    """All entries of one workload.

    Attributes
    ----------
    told : list of str
        What was asked and how, in sentences.
    notes : mapping
        What is to be said of a line, by its name.
    """

    asked: Asked
    machine: str
    commit: str
    title: str
    told: list[str]
    entries: list[Entry]
    notes: dict[str, str] = field(default_factory=dict)
    peak_rss_mb: float = 0.0
    beside: bool = True

    def ours(self, line: str) -> Entry | None:
        """Our best answer to a line."""
        held = [one for one in self.entries if one.line == line and one.who == OURS and one.value is not None]
        return min(held, key=lambda one: one.value or 0.0, default=None)

    def ratio(self, entry: Entry) -> float | None:
        """How many times as much as our best answer another one took."""
        ours = self.ours(entry.line)
        if entry.who == OURS or ours is None or not ours.value or entry.value is None or ours.unit != entry.unit:
            return None
        return entry.value / ours.value

    def behind(self) -> list[str]:
        """Return the lines in which another took less than ours."""
        slower = [one.line for one in self.entries if (self.ratio(one) or 1.0) < 1.0]
        return list(dict.fromkeys(slower))

    def parity(self) -> str:
        """Return `equal`, or every difference."""
        doubts = [f"{one.line}, {one.who}: {one.parity}" for one in self.entries if one.parity != EQUAL]
        return "; ".join(dict.fromkeys(doubts)) or EQUAL

    def line(self) -> dict[str, Any]:
        """Return the JSON object of the last line."""
        first = next((one for one in self.entries if one.who == OURS and one.unit == "ms"), None)
        took = first.value if first else None
        return {
            "id": self.asked.workload,
            "seed": self.asked.seed,
            "first_ms": None,
            "last_ms": short(took),
            "bars_per_s": round(first.rows / took * 1000) if first and took and first.rows else None,
            "peak_rss_mb": short(self.peak_rss_mb),
            "parity": self.parity(),
            "peers": self._peers(),
            "stages_ms": {},
            "machine": self.machine,
            "commit": self.commit,
            "figures": {f"{one.line}, {one.how}": short(one.value) for one in self.entries if one.who == OURS},
            "missed": [one.line for one in self.entries if one.missed],
            "behind": self.behind(),
        }

    def kept(self) -> dict[str, Any]:
        """Return everything, for `python -m benchmarks report`."""
        return {**asdict(self), "line": self.line()}

    def lines(self) -> Iterator[str]:
        """Yield the human form."""
        yield f"{self.asked.workload}  seed {self.asked.seed}  {self.machine}  {self.commit}"
        yield from self.told
        cells = [HEAD, *(self._cells(one) for one in self.entries)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(HEAD))]
        for line in cells:
            padded = zip(HEAD, line, widths, strict=True)
            yield "  ".join(text.rjust(n) if name in RIGHT else text.ljust(n) for name, text, n in padded).rstrip()
        for name, text in self.notes.items():
            yield f"{name}: {text}"
        yield from self._verdict()

    def section(self) -> Iterator[str]:
        """Yield the section of docs/benchmarks.md."""
        yield f"## {self.asked.workload}: {self.title}\n"
        yield f"{self.machine}. Commit {self.commit}, seed {self.asked.seed}. Answers: {self.parity()}."
        yield f"{' '.join(self.told)}\n"
        head = (*HEAD[:3], "source says", *HEAD[3:]) if any(one.claim for one in self.entries) else HEAD
        yield "| " + " | ".join(head) + " |"
        yield "|" + "|".join("--:" if name in RIGHT else "---" for name in head) + "|"
        for one in self.entries:
            cells = list(self._cells(one))
            if one.who == OURS:
                cells[1] = f"**{OURS}**"
            if len(head) > len(HEAD):
                cells.insert(3, one.claim)
            yield "| " + " | ".join(cells) + " |"
        yield ""
        for name, text in self.notes.items():
            yield f"- {name}: {text}"
        if self.notes:
            yield ""
        for text in self._verdict():
            yield f"{text}\n"

    def _verdict(self) -> Iterator[str]:
        """Say where ours is behind, and what is missing."""
        if self.beside and any(one.who != OURS for one in self.entries):
            behind = self.behind()
            yield f"Ours behind in: {'; '.join(behind)}." if behind else "Ours is ahead in every line."
        elif self.beside:
            yield "The others were not run here; benchmarks/setup_peers.sh makes their environment .venv-keepers."

    def _peers(self) -> dict[str, dict[str, float | None]]:
        """What others took, and how many times as much as ours."""
        others = [one for one in self.entries if one.who != OURS]
        return {
            f"{one.line}, {one.who} {one.how}": {"ms": short(one.value), "ratio": short(self.ratio(one))}
            for one in others
        }

    def _cells(self, one: Entry) -> tuple[str, ...]:
        """One entry as text."""
        ratio = self.ratio(one)
        rate = "" if one.rate is None else number(one.rate)
        reach = "" if one.reach is None else f"≤ {number(one.reach)}{', missed' if one.missed else ''}"
        times = "" if ratio is None else f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"
        return one.line, one.who, one.how, number(one.value), one.unit, times, rate, reach, one.parity


def restored(told: dict[str, Any]) -> BesideReport:
    """Undo `kept`."""
    asked = Asked(**{**told["asked"], "peers": tuple(told["asked"]["peers"])})
    entries = [Entry(**one) for one in told["entries"]]
    rest = {name: value for name, value in told.items() if name not in ("line", "asked", "entries")}
    return BesideReport(asked=asked, entries=entries, **rest)
