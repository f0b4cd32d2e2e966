"""SortedSpool: rows that were set aside, by file and place, however many there are."""

import heapq
import json
from collections.abc import Iterator

import numpy as np

from tapehead.ports.buckets import Aside
from tapehead.sources.spill import SpillFile

_READ_BYTES = 1 << 16


class SortedSpool:
    """Keeps rows up to a bound of bytes; beyond it they go to a spill file as sorted runs of lines."""

    def __init__(self, spill: SpillFile, limit_bytes: int) -> None:
        self._spill = spill
        self._limit_bytes = limit_bytes
        self._rows: list[Aside] = []
        self._size_bytes = 0
        self._runs: list[tuple[int, int]] = []

    def add(self, row: Aside) -> None:
        """Keep a row."""
        self._rows.append(row)
        # What a tuple of six and its text weigh in CPython.
        self._size_bytes += 250 + len(row[-1])
        if self._size_bytes > self._limit_bytes:
            lines = b"".join(json.dumps(one).encode() + b"\n" for one in sorted(self._rows))
            self._runs.append((self._spill.write(lines), len(lines)))
            self._rows, self._size_bytes = [], 0

    def __iter__(self) -> Iterator[Aside]:
        """Yield every row, by file and place; may be asked again."""
        return heapq.merge(*(self._iter_run(*run) for run in self._runs), iter(sorted(self._rows)))

    def _iter_run(self, offset: int, size: int) -> Iterator[Aside]:
        """Yield the rows of a run, a block at a time."""
        rest, end = b"", offset + size
        while offset < end:
            block = np.empty(min(_READ_BYTES, end - offset), np.uint8)
            self._spill.read(offset, block)
            offset += len(block)
            *lines, rest = (rest + block.tobytes()).split(b"\n")
            for line in lines:
                file, place, reason, key, ts, text = json.loads(line)
                yield file, place, reason, key, ts, text
