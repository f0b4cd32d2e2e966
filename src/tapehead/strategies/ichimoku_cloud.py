"""IchimokuCloud: above the cloud with the quick line ahead, out below the calm line."""

import numpy as np

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.ichimoku import ichimoku
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.begins import begins
from tapehead.strategies.strategy import param, strategy


@strategy
class IchimokuCloud:
    """Buy when the close stands above the cloud and the conversion line above the base line.

    Leave when the close crosses below the base line. Short signals are the mirror. The cloud is the one drawn `base`
    bars ago, as it lies under this bar. Source: Goichi Hosoda, 1969, in Manesh Patel, Trading with Ichimoku Clouds,
    2010, chapter 6.
    """

    conversion: int = param(9, low=1, high=2_000)
    base: int = param(26, low=1, high=2_000)
    span: int = param(52, low=1, high=2_000)

    def warm(self) -> int:
        """Return what the cloud needs on two bars: nothing older counts."""
        return max(self.conversion, self.base, self.span) + self.base + 1

    def signals(self, bars: Bars) -> Signals:
        """Return where close and lines come to stand on one side of the cloud, and the crossings of the base line."""
        lines = ichimoku(bars.high, bars.low, self.conversion, self.base, self.span, self.base)
        top, bottom = np.maximum(lines.span_a, lines.span_b), np.minimum(lines.span_a, lines.span_b)
        up = (bars.close > top) & (lines.conversion > lines.base)
        down = (bars.close < bottom) & (lines.conversion < lines.base)
        return Signals(
            enter=begins(up, top),
            leave=crossed_below(bars.close, lines.base),
            enter_short=begins(down, top),
            leave_short=crossed_above(bars.close, lines.base),
        )
