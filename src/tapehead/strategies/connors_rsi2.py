"""ConnorsRsi2: a short fall inside a long rise."""

from tapehead.indicators.rsi import rsi
from tapehead.indicators.sma import sma
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class ConnorsRsi2:
    """Buy when RSI of a few bars is below `oversold` and the close above its long average.

    Leave at a close above the short average of `exit` bars. Short signals are the mirror, with RSI above 100 less
    `oversold`. Source: Larry Connors and Cesar Alvarez, Short Term Trading Strategies That Work, 2008, chapter 9.
    """

    period: int = param(2, low=2, high=200)
    oversold: float = param(10.0, low=0.1, high=50)
    trend: int = param(200, low=1, high=10_000)
    exit: int = param(5, low=1, high=10_000)

    def warm(self) -> int:
        """Return what the long average needs, and 30 times the period of RSI, after which it has forgotten."""
        return max(self.trend, self.exit, 30 * self.period) + 1

    def signals(self, bars: Bars) -> Signals:
        """Return RSI beyond its levels on the right side of the trend, and closes beyond the short average."""
        strength = rsi(bars.close, self.period)
        trend, short = sma(bars.close, self.trend), sma(bars.close, self.exit)
        return Signals(
            enter=(strength < self.oversold) & (bars.close > trend),
            leave=bars.close > short,
            enter_short=(strength > 100.0 - self.oversold) & (bars.close < trend),
            leave_short=bars.close < short,
        )
