"""LineTable: the newest values of indicators, a row a line."""

import time
from collections.abc import Mapping, Sequence

import numpy as np

from tapehead.ports.lines import KEY_BYTES, MOST_LINES, KeptLine, LineInfo
from tapehead.stores.tables.database import Database

_KEY = f"V{KEY_BYTES}"
_TOLD_US = 3_600_000_000
"""When a line was asked for is written down at most once an hour: a look should not cost a write."""
_MARKET = ""
"""In the place of a line's text: who is in the market. No line has it, and no statement of lines sees it."""


class LineTable:
    """`ports.lines.LineStore` over named statements. Safe from many threads and processes.

    A row is written whole by one statement, so whoever reads sees keys and values that belong together.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, interval: str, lines: Sequence[str], engine: bytes) -> Mapping[str, KeptLine]:
        """Return those lines that are kept."""
        return self._database.outlast(lambda: self._read(interval, lines, engine))

    def _read(self, interval: str, lines: Sequence[str], engine: bytes) -> Mapping[str, KeptLine]:
        """Read them, a statement each."""
        found: dict[str, KeptLine] = {}
        now, idle = _now(), []
        for line in lines:
            row = self._database.execute("stored_line", (interval, line)).fetchone()
            if row is None or bytes(row[0]) != engine:
                continue
            kept = _unpacked(bytes(row[2]), bytes(row[3]))
            if kept is None:
                continue
            found[line] = kept
            if now - row[1] > _TOLD_US:
                idle.append(line)
        if idle and self._database.writable:
            with self._database.transaction("when lines of indicators were asked for"):
                for line in idle:
                    self._database.execute("use_line", (now, interval, line))
        return found

    def keep(self, interval: str, kept: Mapping[str, KeptLine], engine: bytes) -> bool:
        """Keep lines, and let go of those asked for longest ago."""

        def write() -> None:
            now = _now()
            with self._database.transaction("newest values of indicators"):
                # Always in one order: two who write the same lines wait for each other, not for ever.
                for line, (keys, values) in sorted(kept.items()):
                    packed = keys.tobytes(), np.ascontiguousarray(values, "<f8").tobytes()
                    self._database.execute("keep_line", (interval, line, engine, len(keys), now, now, *packed))
                self._database.execute("drop_lines", (MOST_LINES,))

        self._database.outlast(write)
        return True

    def market(self, interval: str) -> bytes | None:
        """Return who is in a market, None where it was not kept."""

        def look() -> bytes | None:
            row = self._database.execute("stored_line", (interval, _MARKET)).fetchone()
            return None if row is None else bytes(row[3])

        return self._database.outlast(look)

    def keep_market(self, interval: str, series: int, packed: bytes) -> bool:
        """Keep who is in a market."""

        def write() -> None:
            now = _now()
            with self._database.transaction("who is in a market"):
                self._database.execute("keep_line", (interval, _MARKET, b"", series, now, now, b"", packed))

        self._database.outlast(write)
        return True

    def infos(self, engine: bytes) -> Sequence[LineInfo]:
        """Return what is kept."""

        def look() -> list[LineInfo]:
            rows = self._database.execute("stored_lines").fetchall()
            return [LineInfo(*named, bytes(engine_of) == engine) for (*named, engine_of) in rows]  # type: ignore[call-arg]  # six

        return self._database.outlast(look)

    def forget(self) -> int:
        """Forget every line."""

        def drop() -> int:
            with self._database.transaction("lines of indicators to forget"):
                self._database.execute("forget_markets")
                return self._database.execute("forget_lines").rowcount

        return self._database.outlast(drop)


def _now() -> int:
    """Return the time in us UTC."""
    return time.time_ns() // 1000


def _unpacked(keys: bytes, values: bytes) -> KeptLine | None:
    """Return the arrays of a row, None where they are not of one length."""
    if len(keys) % KEY_BYTES or len(values) != len(keys) // KEY_BYTES * 8:
        return None
    return KeptLine(np.frombuffer(keys, _KEY), np.frombuffer(values, "<f8"))
