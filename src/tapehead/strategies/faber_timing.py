"""FaberTiming: hold what is above its long average, as a longer interval sees it."""

from collections.abc import Sequence

from tapehead.indicators.sma import sma
from tapehead.model.bars import Bars
from tapehead.model.need import Need
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class FaberTiming:
    """Hold as long as the last close of a longer interval lies above its average of `period`; short below it.

    `longer` is that interval: 200 of its days are the ten months of the source. Source: Mebane Faber, A Quantitative
    Approach to Tactical Asset Allocation, Journal of Wealth Management 9, 2007.
    """

    longer: str = param("1d")
    period: int = param(200, low=1, high=10_000)

    def warm(self) -> int:
        """Return none; `needs` asks for the longer bars."""
        return 0

    def needs(self) -> Sequence[Need]:
        """Return the longer interval, as many bars as its average has."""
        return [Need("longer", interval=self.longer, bars=self.period)]

    def signals(self, bars: Bars) -> Signals:
        """Return on which side of its average the last closed longer bar lies."""
        longer = bars.other("longer")
        above = longer.align(longer.bars.close - sma(longer.bars.close, self.period))
        up, down = above > 0.0, above < 0.0
        return Signals(enter=up, leave=~up, enter_short=down, leave_short=~down)
