"""The strategy that both sides of the phases run, by Tapehead: RSI by the rolling mean, in and out at its levels."""

import tapehead as th

OVERSOLD, OVERBOUGHT = 30.0317, 69.9683
"""No quotient of decimal prices: where an index stands at a round level, the last digit of a sum decides."""


@th.strategy
class SimpleRsi:
    """Buy when the index climbs out of oversold, leave when it falls out of overbought."""

    period: int = th.param(14, low=2, high=200)

    def warm(self) -> int:
        """Return none: the other side sees the bars of the asked range alone."""
        return 0

    def signals(self, bars: th.Bars) -> th.Signals:
        """Return the crossings of both levels."""
        strength = th.rsi_simple(bars.close, self.period)
        enter = th.crossed_above(strength, OVERSOLD)
        return th.Signals(enter=enter, leave=th.crossed_below(strength, OVERBOUGHT))
