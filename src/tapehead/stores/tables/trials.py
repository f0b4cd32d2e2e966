"""TrialTables: the ledger of trials."""

import time
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from tapehead.model.result import RunId
from tapehead.model.trials import BLOCKS, POWERS, Context, KeptTrials, TrialCount, Trials, digest_of
from tapehead.stores.tables.database import Database

_MOST: Final = 1_000
"""Trials of a row: half a megabyte is read at a time."""
_FAST: Final = 1
_LONG: Final = 1_000
"""Bytes from which on a text is compressed: the trial of a backtest would wait longer for that than for its row."""
_OPENS: Final = b"{"
"""Begins every set, and no compressed text."""


class TrialTables:
    """`ports.trials.TrialLedger` over named statements. Safe from many threads and processes.

    Sums of many sets share a row; what is there is known by a table of digests alone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run: RunId, context: Context, trials: Trials) -> int:
        """Add the trials that are not there yet, and return how many those were."""
        return self.keep(KeptTrials(context, run, time.time_ns() // 1000, trials))

    def add_each(self, run: RunId, added: Sequence[tuple[Context, Trials]]) -> int:
        """Add the trials of several contexts that are not there yet; return how many those were."""
        with self._database.transaction(f"trials of run {run}"):
            return sum(self.add(run, context, trials) for context, trials in added)

    def keep(self, kept: KeptTrials) -> int:
        """Add trials that are not there yet, by whom and when they were scored; return how many those were."""
        with self._database.transaction(f"trials of run {kept.run}"):
            place = self._place(kept.context)
            digests = [digest_of(one.encode()) for one in kept.trials.sets]
            new = self._added(place, digests)
            self.write(place, kept.run, kept.added_at, kept.trials, new)
        return len(new)

    def write(self, place: int, run: RunId, added_at: int, trials: Trials, new: Sequence[int]) -> None:
        """Write those of a context's trials that are new: their places, rising; inside a transaction."""
        chosen = trials if len(new) == len(trials) else trials.at(new)
        parts = (chosen.between(at, at + _MOST) for at in range(0, len(new), _MOST))
        rows = [(place, run, added_at, len(part), *_packed(part)) for part in parts]
        self._database.execute_many("add_trials", rows)

    def counts(self) -> Sequence[TrialCount]:
        """Return how many trials there are by context and by the run that scored them first."""

        def count() -> list[TrialCount]:
            with self._database.moment():
                contexts = {place: Context(*row) for place, *row in self._run("trial_contexts")}
                return [TrialCount(contexts[place], run, n) for place, run, n in self._run("count_trials")]

        return self._database.outlast(count)

    def read(self, instrument: str, interval: str) -> Iterator[KeptTrials]:
        """Yield all trials of an instrument and an interval, in the order they came."""
        contexts = {place: Context(*row) for place, *row in self._run("trial_contexts_of", (instrument, interval))}
        # By number, one row at a time: a cursor left open would keep the log of changes from being cleared.
        places = [row for place in contexts for (row,) in self._run("trials_of", (place,))]
        for number in sorted(places):
            place, run, added_at, *packed = self._run("trials", (number,)).fetchone()
            yield KeptTrials(contexts[place], run, added_at, _unpacked(*packed))

    def _added(self, place: int, digests: Sequence[bytes]) -> list[int]:
        """Add the digests of sets that are not there yet; return which of them those are."""
        return [k for k, digest in enumerate(digests) if self._run("add_trial_set", (place, digest)).rowcount]

    def _place(self, context: Context) -> int:
        """Return the number of a context, making it where there is none."""
        digest = context.digest()
        row = self._run("trial_context", (digest,)).fetchone()
        if row is not None:
            return int(row[0])
        named = (context.strategy, context.source, context.instrument, context.interval, context.settings)
        return int(self._run("add_trial_context", (digest, *named)).fetchone()[0])

    def _run(self, name: str, values: Any = ()) -> Any:
        """Run a named statement."""
        return self._database.execute(name, values)


def _packed(trials: Trials) -> tuple[bytes, memoryview, memoryview]:
    """Return the columns of trials as bytes, or as views of them."""
    texts = "\n".join(trials.sets).encode()
    if len(texts) >= _LONG:
        texts = zlib.compress(texts, _FAST)
    columns = np.ascontiguousarray(trials.observations, "<i8"), np.ascontiguousarray(trials.blocks, "<f8")
    return texts, columns[0].data.cast("B"), columns[1].data.cast("B")


def _unpacked(texts: bytes, observations: bytes, blocks: bytes) -> Trials:
    """Undo `_packed`."""
    plain = texts if texts.startswith(_OPENS) else zlib.decompress(texts)
    sets = plain.decode().split("\n")
    sums = np.frombuffer(blocks, "<f8").reshape(-1, BLOCKS, POWERS)
    return Trials(sets, np.frombuffer(observations, "<i8"), sums)
