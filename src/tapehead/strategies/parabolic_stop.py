"""ParabolicStop: on the side of Wilder's parabolic stop, turning where it is touched."""

from tapehead.indicators.psar import psar
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.begins import begins
from tapehead.strategies.strategy import param, strategy


@strategy
class ParabolicStop:
    """Buy when the stop turns to below the price, leave when it turns to above it.

    Short signals are the mirror: with --both the position turns with the stop. Source: Welles Wilder, New Concepts in
    Technical Trading Systems, 1978, section II.
    """

    step: float = param(0.02, low=0.001, high=1)
    limit: float = param(0.2, low=0.001, high=1)

    def warm(self) -> int:
        """Return 500 bars: what came before the last turns is forgotten, and some turns must lie inside."""
        return 500

    def signals(self, bars: Bars) -> Signals:
        """Return the turns of the stop."""
        stop = psar(bars.high, bars.low, self.step, self.limit)
        # A price that stands still at its stop touches it on every bar.
        up = begins(stop.rising, stop.line) & (bars.close > stop.line)
        down = begins(~stop.rising, stop.line) & (bars.close < stop.line)
        return Signals(enter=up, leave=down, enter_short=down, leave_short=up)
