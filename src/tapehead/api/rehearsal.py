"""rehearse: one small run in memory, so that the first real one finds the kernels loaded."""

import numpy as np

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.rsi import rsi
from tapehead.indicators.sma import sma
from tapehead.library.simulate import simulate
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals

_BARS = 256
_HOUR_US = 3_600_000_000


def rehearse() -> None:
    """Simulate a wave; what comes of it is of no interest."""
    ts = np.arange(_BARS, dtype=np.int64) * _HOUR_US
    close = 100.0 + 10.0 * np.sin(np.arange(_BARS) / 7.0)
    bars = Bars.from_arrays(ts, close, close + 1.0, close - 1.0, close, np.full(_BARS, 5.0), interval="1h")
    strength, mean = rsi(bars.close, 14), sma(bars.close, 20)
    signals = Signals(enter=crossed_above(strength, 30.0), leave=crossed_below(bars.close, mean))
    simulate(bars, signals, fee="10bps")
