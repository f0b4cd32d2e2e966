"""BarSignals: what a strategy that is asked bar by bar wants; known only once it is asked, under the rules of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import SignalsError
from tapehead.model.signals import BoolArray, Signals

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BarSignals(Signals):
    """Signals that `simulation.bar_by_bar.decide` makes by asking `strategy.on_bar` at every close.

    Attributes
    ----------
    strategy : object
        With `on_bar(bar, position, orders)`, parameters, and the state it starts with as `states`.
    lines : mapping of str to float64 array, shape (n_bars,)
        What the strategy made of all bars at once; each bar shows them as far as itself.
    compiled : bool or None
        Whether Numba must, must not, or may compile `on_bar`.
    allowed : bool array, shape (n_bars,), or None
        Where something may be entered; None is everywhere.
    """

    strategy: Any = None
    lines: Mapping[str, F64] = field(default_factory=dict)
    compiled: bool | None = None
    allowed: BoolArray | None = None

    def entering_while(self, allowed: BoolArray) -> "BarSignals":
        """Return signals that may enter only on bars where `allowed` (n_bars,) is true."""
        return replace(self, allowed=allowed)

    def at(self, chosen: NDArray[Any]) -> "BarSignals":
        """Return the signals of chosen bars."""
        return replace(self, lines={name: line[chosen] for name, line in self.lines.items()})

    def check(self, n_bars: int, strategy: str, instrument: str) -> None:
        """Raise SignalsError unless every line has `n_bars` values of float64."""
        for name, line in self.lines.items():
            if not isinstance(line, np.ndarray) or line.dtype != np.float64 or line.shape != (n_bars,):
                held = f"{line.dtype} of shape {line.shape}" if isinstance(line, np.ndarray) else type(line).__name__
                cause = f"lines() gave {name}, a {held}; it must be a float64 array of shape ({n_bars},)"
                raise SignalsError(strategy=strategy, instrument=instrument, cause=cause)
