"""ScreenLine: one number of each instrument as of a bar, and how it is made of the bars up to there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.catalogue import Indicator, function_of
from tapehead.indicators.memo import Memo
from tapehead.jobs.days import change, over
from tapehead.layout.columns import PRICE_COLUMNS
from tapehead.model.bars import Bars
from tapehead.model.sessions import DAY_US

F64 = NDArray[np.float64]
WINDOWS: Final = ("change", "dollar_volume")
"""Figures of filters over days that screens have over bars; their volatility is the indicator of that name."""
COLUMNS: Final = (*PRICE_COLUMNS, "volume", "bars", "age_days")
"""Lines that need no indicator: the bar, how many bars are held up to it, and the days since the first one."""
TIME: Final = "ts"


@dataclass(frozen=True, slots=True)
class ScreenLine:
    """A line by its canonical text, such as `rsi(values=close, period=14)`, `change(5)` or `close`.

    `window` is the number of bars of a figure over bars; `indicator` with `inputs`, `parameters` and the `output` that
    is meant is None for a column or such a figure.
    """

    text: str
    window: int = 0
    indicator: Indicator | None = None
    inputs: tuple[str, ...] = ()
    parameters: tuple[tuple[str, int | float], ...] = ()
    output: int = 0

    @property
    def is_stored(self) -> bool:
        """Whether the store keeps it: what an installed package computes may change without our knowing."""
        return self.indicator is None or "." not in self.indicator.name + self.indicator.module


def newest_values(bars: Bars, wanted: Sequence[tuple[ScreenLine, int]], *, has_volume: bool) -> list[float]:
    """Return lines at the last of some bars, or as many bars before it as is asked; NaN where that is not known.

    Parameters
    ----------
    bars : Bars
        From the first one held: what an indicator says of a bar rests on all before it.
    wanted : sequence of (ScreenLine, int)
        Each with the bars before the last.
    has_volume : bool
        Whether the instrument has any; else volumes are not known.
    """
    made: dict[Any, Sequence[NDArray[Any]]] = {}
    out: list[float] = []
    with Memo():
        for line, back in wanted:
            if back >= len(bars):
                out.append(np.nan)
                continue
            key = (
                line.indicator and line.indicator.name,
                line.inputs,
                line.parameters,
                line.text if line.indicator is None else "",
            )
            if key not in made:
                made[key] = tuple(_made(bars, has_volume, line))
            value = float(made[key][line.output][-1 - back])
            out.append(value if np.isfinite(value) else np.nan)
    return out


def _made(bars: Bars, has_volume: bool, line: ScreenLine) -> Iterator[NDArray[Any]]:
    """Yield the arrays of a line, one an output, each as long as the bars."""
    if line.indicator is not None:
        inputs = [getattr(bars, name) for name in line.inputs]
        found = function_of(line.indicator)(*inputs, **dict(line.parameters))
        yield from found if isinstance(found, tuple) else (found,)
        return
    name = line.text.partition("(")[0]
    volume = bars.volume if has_volume else np.full(len(bars), np.nan)
    if name == "bars":
        yield np.arange(1.0, len(bars) + 1)
    elif name == "age_days":
        yield (bars.ts + bars.series.interval.us - bars.ts[0]) / DAY_US
    elif name == "volume":
        yield volume
    elif name == "change":
        yield change(bars.close, line.window)
    elif name == "dollar_volume":
        yield over((bars.close * volume)[-_LOOK - line.window :], line.window, np.median)
    else:
        yield getattr(bars, name)


_LOOK: Final = 1_001
"""Bars before the newest that a screen can ask for at most; a median over all bars ever held would take long."""
