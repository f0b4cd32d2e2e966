"""TripleScreen: with the tide of a longer interval, at the end of a wave against it."""

from collections.abc import Sequence

import numpy as np

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.macd import macd
from tapehead.indicators.williams_r import williams_r
from tapehead.model.bars import Bars
from tapehead.model.need import Need
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class TripleScreen:
    """Buy when %R climbs from its lowest part while MACD of a longer interval gains on its signal; leave when it loses.

    `longer` is that interval, its last closed bar; %R is of this one. Short signals are the mirror. Source:
    Alexander Elder, Trading for a Living, 1993, section 43.
    """

    longer: str = param("1d")
    fast: int = param(12, low=1, high=1_000)
    slow: int = param(26, low=1, high=1_000)
    signal: int = param(9, low=1, high=1_000)
    period: int = param(14, low=1, high=10_000)
    oversold: float = param(-80.0, low=-99, high=-50)

    def warm(self) -> int:
        """Return what %R needs on two bars; `needs` asks for the longer ones."""
        return self.period + 1

    def needs(self) -> Sequence[Need]:
        """Return the longer interval, 5 times what its averages look back, after which they have forgotten."""
        return [Need("tide", interval=self.longer, bars=5 * (max(self.fast, self.slow) + self.signal))]

    def signals(self, bars: Bars) -> Signals:
        """Return the turns of %R that go with the tide, and the turns of the tide."""
        longer = bars.other("tide")
        lines = macd(longer.bars.close, self.fast, self.slow, self.signal)
        tide = longer.align(np.sign(np.diff(lines.histogram, prepend=np.nan)))
        place = williams_r(bars.high, bars.low, bars.close, self.period)
        return Signals(
            enter=crossed_above(place, self.oversold) & (tide > 0.0),
            leave=tide < 0.0,
            enter_short=crossed_below(place, -100.0 - self.oversold) & (tide < 0.0),
            leave_short=tide > 0.0,
        )
