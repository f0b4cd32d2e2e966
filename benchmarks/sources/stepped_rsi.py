"""The strategy of the phases once more, asked at every bar instead of at its events."""

import tapehead as th
from benchmarks.sources.simple_rsi import OVERBOUGHT, OVERSOLD


@th.bar_strategy
class SteppedRsi:
    """Buy when the index climbs out of oversold, leave when it falls out of overbought."""

    period: int = th.param(14, low=2, high=200)
    oversold: float = th.param(OVERSOLD, low=1, high=50)
    overbought: float = th.param(OVERBOUGHT, low=50, high=99)

    def warm(self) -> int:
        """Return none, as the other form does."""
        return 0

    def lines(self, bars):  # noqa: ANN001, ANN201 - as a user writes it
        """Return the index."""
        return {"strength": th.rsi_simple(bars.close, self.period)}

    def on_bar(self, bar, position, orders):  # noqa: ANN001, ANN201 - compiled, so without annotations
        """Look at the last two values."""
        if bar.index > 0:
            before, now = bar.strength[-2], bar.strength[-1]
            if position.side == 0 and before <= self.oversold and now > self.oversold:
                orders.buy()
            elif position.side != 0 and before >= self.overbought and now < self.overbought:
                orders.close()
