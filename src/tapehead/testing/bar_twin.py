"""BarTwin: a store of bars as a dict a snapshot, the slow and obvious twin of what a store does."""

import numpy as np

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES
from tapehead.model.interval import Interval
from tapehead.testing.samples import HOUR, Columns

Bar = tuple[float, ...]
Held = dict[tuple[str, int], Bar]


class BarTwin:
    """Every snapshot is a dict of bars by symbol and time; nothing is shared between snapshots but their bars."""

    def __init__(self, interval: Interval = HOUR) -> None:
        self._interval = interval
        self._snapshots: list[Held] = [{}]

    def head(self) -> int:
        """Return the number of the newest snapshot."""
        return len(self._snapshots) - 1

    def keep(self, held: Held | None = None) -> None:
        """Add a snapshot, by default one that is equal to the newest."""
        self._snapshots.append(dict(self._snapshots[-1]) if held is None else held)

    def append(self, symbol: str, columns: Columns) -> None:
        """Lay bars over those held; what changes nothing is no snapshot."""
        self._change({**self._snapshots[-1], **_bars(symbol, columns)})

    def replace(self, symbol: str, period: int, columns: Columns) -> None:
        """Hold these bars and no others of a period."""
        held = {
            key: bar
            for key, bar in self._snapshots[-1].items()
            if key[0] != symbol or self._interval.period_of(key[1]) != period
        }
        self._change({**held, **_bars(symbol, columns)})

    def columns(self, symbol: str, snapshot: int) -> Columns:
        """Return what a snapshot holds of a symbol, rising in time."""
        held = self._snapshots[snapshot]
        rows = [held[key] for key in sorted(held) if key[0] == symbol]
        return {name: np.array([row[at] for row in rows], BAR_DTYPES[name]) for at, name in enumerate(BAR_COLUMNS)}

    def coverage(self) -> dict[str, tuple[int, int, int]]:
        """Return first, last and number of bars of each symbol that has some."""
        times: dict[str, list[int]] = {}
        for symbol, ts in sorted(self._snapshots[-1]):
            times.setdefault(symbol, []).append(ts)
        return {symbol: (each[0], each[-1], len(each)) for symbol, each in times.items()}

    def newest(self) -> dict[str, Bar]:
        """Return the newest bar of each symbol that has some."""
        return {symbol: self._snapshots[-1][symbol, last] for symbol, (_, last, _) in self.coverage().items()}

    def _change(self, held: Held) -> None:
        """Add a snapshot if it differs from the newest."""
        if held != self._snapshots[-1]:
            self.keep(held)


def _bars(symbol: str, columns: Columns) -> Held:
    """Return bars by symbol and time."""
    rows = zip(*(columns[name].tolist() for name in BAR_COLUMNS), strict=True)
    return {(symbol, row[0]): row for row in rows}
