"""What jobs ask of the ledger of trials."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from tapehead.model.result import RunId
from tapehead.model.trials import Context, KeptTrials, TrialCount, Trials


class TrialLedger(Protocol):
    """Every trial that was ever scored, once, whatever becomes of the run that did it."""

    def add(self, run: RunId, context: Context, trials: Trials) -> int:
        """Add the trials of a context that are not there yet, and return how many those were.

        A trial is named by its context and its set; the first to score it stays, also across processes. Inside
        `RunStore.together` it is kept with what else is written there, or not at all.
        """
        ...

    def add_each(self, run: RunId, added: Sequence[tuple[Context, Trials]]) -> int:
        """Add trials of several contexts as `add` does, in any order of contexts; return how many are new in all.

        Two who add to the same contexts at once wait for each other, and never each for the other.
        """
        ...

    def keep(self, kept: KeptTrials) -> int:
        """Add trials of another ledger that are not there yet, as that one keeps them; return how many those were."""
        ...

    def counts(self) -> Sequence[TrialCount]:
        """Return how many trials there are by context and by the run that scored them first."""
        ...

    def read(self, instrument: str, interval: str) -> Iterator[KeptTrials]:
        """Yield all trials of an instrument (`venue:symbol`) and an interval, in the order they came.

        At most 1,000 at a time, so that memory does not grow with the ledger.
        """
        ...
