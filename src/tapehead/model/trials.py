"""Trials: sets of parameters that were scored on an instrument, however often; what the ledger of a store counts."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tapehead.errors import ParameterError
from tapehead.model.bars import F64, I64
from tapehead.model.result import RunId

BLOCKS: Final = 16
POWERS: Final = 4
_DIGEST: Final = 16


def digest_of(data: bytes) -> bytes:
    """Return the first 16 bytes of SHA-256: what names a context, and a set by its canonical JSON."""
    return hashlib.sha256(data).digest()[:_DIGEST]


@dataclass(frozen=True, slots=True)
class Context:
    """Everything but the parameters that decides what a trial gives, data apart: new bars make no new trial.

    Attributes
    ----------
    strategy : str
        As the spec of a run names it.
    source : bytes
        Digest of its source.
    instrument, interval : str
        `venue:symbol`, `1h`.
    settings : str
        Range as asked, costs and rules as canonical JSON: each in the form and under the name that a spec has it, where
        it is not the default.
    """

    strategy: str
    source: bytes
    instrument: str
    interval: str
    settings: str

    def digest(self) -> bytes:
        """Return the 16 bytes that name it."""
        named = (self.strategy, self.source.hex(), self.instrument, self.interval, self.settings)
        return digest_of("\n".join(named).encode())

    def asked(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        found: dict[str, Any] = json.loads(self.settings)
        return found

    def span(self) -> tuple[str | None, str | None]:
        """Return the range as asked; trials of one range and one number of returns have the same bars."""
        asked = self.asked()
        return asked.get("start"), asked.get("end")


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Trials of one context.

    Attributes
    ----------
    sets : sequence of str
        Parameters of each as canonical JSON; one that stands twice is one trial, the first.
    observations : int64 array, shape (n_trials,)
        Bar returns of each.
    blocks : float64 array, shape (n_trials, 16, 4)
        Sums of r to r^4 of the bar returns r over 16 equal blocks.
    """

    sets: Sequence[str]
    observations: I64
    blocks: F64

    def __post_init__(self) -> None:
        """Raise ParameterError for columns that do not fit each other."""
        n = len(self.sets)
        if self.observations.shape != (n,) or self.blocks.shape != (n, BLOCKS, POWERS):
            shapes = f"{n} sets, observations {self.observations.shape}, blocks {self.blocks.shape}"
            raise ParameterError(name="trials", value=shapes, bound=f"n sets, (n,) and (n, {BLOCKS}, {POWERS})")

    def __len__(self) -> int:
        """Return the number of trials."""
        return len(self.sets)

    def between(self, lo: int, hi: int) -> "Trials":
        """Return those at places [lo, hi), as views."""
        return Trials(self.sets[lo:hi], self.observations[lo:hi], self.blocks[lo:hi])

    def at(self, places: Sequence[int]) -> "Trials":
        """Return those at some places."""
        chosen = np.array(places, np.int64)
        return Trials([self.sets[place] for place in places], self.observations[chosen], self.blocks[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class KeptTrials:
    """Trials that one run scored first, and when (us UTC)."""

    context: Context
    run: RunId
    added_at: int
    trials: Trials


@dataclass(frozen=True, slots=True)
class TrialCount:
    """How many trials of a context a run scored first."""

    context: Context
    run: RunId
    trials: int
