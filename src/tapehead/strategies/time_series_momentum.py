"""TimeSeriesMomentum: with the sign of the past return, as much as volatility allows."""

import numpy as np

from tapehead.indicators.volatility import volatility
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.momentum_rank import change
from tapehead.strategies.strategy import param, strategy

YEAR_US = 365.25 * 86_400_000_000


@strategy
class TimeSeriesMomentum:
    """Hold target/volatility of equity, long where the close rose over `period` bars and short where it fell.

    `target` is a yearly volatility, as is that of the last `window` returns; at most `most` of equity (more than 1
    needs leverage), in steps of `step`. `bars_a_year` as in VolatilityTarget. Source: Tobias Moskowitz, Yao Hua Ooi and
    Lasse Heje Pedersen, Time Series Momentum, Journal of Financial Economics 104, 2012.
    """

    period: int = param(252, low=1, high=100_000)
    window: int = param(60, low=2, high=10_000)
    target: float = param(0.4, low=0.001, high=10)
    most: float = param(1.0, low=0.01, high=100)
    step: float = param(0.05, low=0.001, high=1)
    bars_a_year: float = param(0.0, low=0, high=100_000_000)

    def warm(self) -> int:
        """Return what return and volatility need: nothing older counts."""
        return max(self.period, self.window) + 1

    def signals(self, bars: Bars) -> Signals:
        """Return the wanted share of equity at each bar; NaN, which keeps what is, until it is known."""
        year = self.bars_a_year or YEAR_US / bars.series.interval.us
        swing = volatility(bars.close, self.window, periods_a_year=year)
        sign = np.sign(change(bars.close, 0, self.period))
        with np.errstate(divide="ignore"):
            wanted = np.minimum(self.target / swing, self.most)
        return Signals(target=sign * np.minimum(np.round(wanted / self.step) * self.step, self.most))
