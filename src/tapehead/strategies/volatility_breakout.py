"""VolatilityBreakout: as far from the day's open as a share of yesterday's range, until the day is over."""

from collections.abc import Sequence

from tapehead.model.bars import Bars
from tapehead.model.need import Need
from tapehead.model.signals import Signals
from tapehead.strategies.begins import begins
from tapehead.strategies.day_of import day_of
from tapehead.strategies.strategy import param, strategy


@strategy
class VolatilityBreakout:
    """Buy a close above the day's open by more than `share` of the range of the last closed day (UTC).

    Leave when the day is over, `hours` after its first bar: 6.5 for New York. Short signals are the mirror. Wants bars
    finer than a day. Source: Larry Williams, Long-Term Secrets to Short-Term Trading, 1999, chapter 4.
    """

    share: float = param(0.5, low=0.01, high=10)
    hours: float = param(24.0, low=0.5, high=24)

    def warm(self) -> int:
        """Return none but the days that `needs` names."""
        return 0

    def needs(self) -> Sequence[Need]:
        """Return the days of the instrument, two of them: in the last one a bar may be missing."""
        return [Need("day", interval="1d", bars=2)]

    def signals(self, bars: Bars) -> Signals:
        """Return the closes that are far enough from the open of their day, and the end of each day."""
        day, days = day_of(bars, self.hours), bars.other("day")
        # As the first bar of the day knows it: to the last one its own day is closed too.
        span = days.align(days.bars.high - days.bars.low)[day.first]
        moved = bars.close - bars.open[day.first]
        known = day.whole & (span > 0.0)
        same = day.begun_us > 0
        up, down = known & (moved > self.share * span), known & (moved < -self.share * span)
        up, down = (up & (begins(up) | ~same)) & ~day.over, (down & (begins(down) | ~same)) & ~day.over
        leave = day.over | ((day.begun_us == 0) & ~up & ~down)
        return Signals(enter=up, leave=leave, enter_short=down, leave_short=leave)
