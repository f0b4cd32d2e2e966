"""SeenResults: what came of a run so far, held as far as memory is meant for it."""

from collections.abc import Iterator
from typing import Final

from tapehead.errors import RunKeyError
from tapehead.model.result import RunResult
from tapehead.ports.runs import RunStore

HELD: Final = 500
"""Results held with their trades, 3 to 30 kB each; of a run on more instruments the later ones are read again."""


class SeenResults:
    """Results in the order they came: the first `HELD` in memory, the others in the run store, where all are.

    So the memory of a run does not grow with the market. Used by one thread at a time.
    """

    def __init__(self, runs: RunStore) -> None:
        self._runs = runs
        self._seen: dict[str, RunResult | None] = {}

    def __len__(self) -> int:
        """Return how many came."""
        return len(self._seen)

    def add(self, result: RunResult) -> None:
        """Take one that is kept in the run store already."""
        name = result.instrument
        self._seen[name] = result if name in self._seen or len(self._seen) < HELD else None

    def named(self, symbol: str) -> list[str]:
        """Return the instruments that `symbol` or `venue:symbol` names among them."""
        if ":" in symbol:
            return [symbol] if symbol in self._seen else []
        return [name for name in self._seen if name.split(":", 1)[1] == symbol]

    def take(self, run: str, instrument: str) -> RunResult:
        """Return one, with its trades; RunKeyError where the store does not keep it any more."""
        result = self._seen.get(instrument) or self._runs.result(run, instrument)
        if result is None:
            raise RunKeyError(run=run, symbol=instrument, hint="")
        return result

    def all(self, run: str) -> Iterator[RunResult]:
        """Yield those that came, in their order."""
        for name in list(self._seen):
            yield self.take(run, name)
