"""VolatilityTarget: hold so much that the position swings as much as asked for."""

import numpy as np

from tapehead.indicators.volatility import volatility
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy

YEAR_US = 365.25 * 86_400_000_000


@strategy
class VolatilityTarget:
    """Hold the share of equity whose yearly volatility is `target`: target/volatility of the last `period` returns.

    At most `most` of equity (more than 1 needs leverage), in steps of `step`, so that not every bar trades. Long only.
    `bars_a_year` scales volatility to a year; 0 means bars of this interval round the clock: say 252 for daily shares.
    Source: Campbell Harvey and others, The Impact of Volatility Targeting, Journal of Portfolio Management 45, 2018.
    """

    period: int = param(20, low=2, high=10_000)
    target: float = param(0.2, low=0.001, high=10)
    most: float = param(1.0, low=0.01, high=100)
    step: float = param(0.05, low=0.001, high=1)
    bars_a_year: float = param(0.0, low=0, high=100_000_000)

    def warm(self) -> int:
        """Return what the first value needs: nothing older counts."""
        return self.period + 1

    def signals(self, bars: Bars) -> Signals:
        """Return the wanted share of equity at each bar; NaN, which keeps what is, until volatility is known."""
        year = self.bars_a_year or YEAR_US / bars.series.interval.us
        swing = volatility(bars.close, self.period, periods_a_year=year)
        with np.errstate(divide="ignore"):
            wanted = np.minimum(self.target / swing, self.most)
        return Signals(target=np.minimum(np.round(wanted / self.step) * self.step, self.most))
