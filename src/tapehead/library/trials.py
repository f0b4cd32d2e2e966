"""Trials: what the ledger of a store counts, and what is left of the best of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tapehead.errors import ParameterError
from tapehead.model.calendar import calendar
from tapehead.model.interval import Interval
from tapehead.model.result import RunId
from tapehead.model.space import short_name
from tapehead.model.trials import TrialCount
from tapehead.wiring.assemble import House

if TYPE_CHECKING:
    from tapehead.jobs.ledger import Standing


@dataclass(frozen=True, slots=True)
class StrategyTrials:
    """Trials of one strategy, of how many versions of its source, and the runs that scored them first."""

    strategy: str
    sources: int
    instruments: int
    trials: int
    runs: tuple[RunId, ...]


@dataclass(frozen=True, slots=True)
class SeriesTrials:
    """Trials on one instrument and interval.

    `trials` and `runs` are of the strategy asked for; `standing` counts those of all, since all of them were tries.
    `periods` is how many bars make a year, None where the store no longer knows the instrument.
    """

    instrument: str
    interval: str
    trials: int
    runs: tuple[RunId, ...]
    standing: "Standing"
    periods: float | None

    def annual(self, sharpe: float) -> float | None:
        """Return a Sharpe ratio of one bar as one of a year."""
        return None if self.periods is None else sharpe * math.sqrt(self.periods)


@dataclass(frozen=True, slots=True)
class TrialReport:
    """What a ledger counts: most trials first, and of instruments the greatest deflated Sharpe ratio first."""

    strategies: tuple[StrategyTrials, ...]
    series: tuple[SeriesTrials, ...]
    trials: int
    runs: tuple[RunId, ...]


class TrialCalls:
    """The part of `Store` that counts trials."""

    _house: House

    def ledger(
        self,
        *,
        symbol: str | None = None,
        strategy: str | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> TrialReport:
        """Return how many trials there were, over all runs, and what is left of the best after counting them.

        A trial is one set of parameters of one strategy source on one instrument, interval, range and set of rules;
        scored again it is the same one, and removing a run forgets none.

        Parameters
        ----------
        symbol : str, optional
            `BTCUSDT` or `binance:BTCUSDT`: only trials on it.
        strategy : str, optional
            Only trials of this one; luck counts those of all.
        progress : callable, optional
            Told what is read, how many instruments of how many.

        Raises
        ------
        ParameterError
            Nothing was tried on `symbol`, or of `strategy`.

        Examples
        --------
        >>> for one in store.ledger(symbol="BTCUSDT").series:
        ...     print(one.trials, one.standing.luck.effective)
        """
        # Here: a store that only lists does not wait for what computes.
        from tapehead.jobs.ledger import stand

        counts = _chosen(self._house.trials.counts(), symbol, strategy)
        named = next((one.context.strategy for one in counts), None) if strategy is not None else None
        found = sorted({(one.context.instrument, one.context.interval) for one in counts})
        clocks = {one.name: one.calendar for one in self._house.bars.instruments()}
        series = []
        for place, (instrument, interval) in enumerate(found):
            if progress is not None:
                progress("reading trials", place, len(found))
            own = [one for one in counts if (one.context.instrument, one.context.interval) == (instrument, interval)]
            standing = stand(self._house.trials, instrument, interval, strategy=named)
            clock = clocks.get(instrument)
            periods = None if clock is None else calendar(clock).periods_a_year(Interval.parse(interval))
            trials = sum(one.trials for one in own)
            series.append(SeriesTrials(instrument, interval, trials, _runs(own), standing, periods))
        series.sort(key=rank_of)
        total = sum(one.trials for one in counts)
        return TrialReport(_by_strategy(counts), tuple(series), total, _runs(counts))


def _chosen(counts: Sequence[TrialCount], symbol: str | None, strategy: str | None) -> list[TrialCount]:
    """Return the counts of a symbol and a strategy; raise ParameterError where there is none."""
    found = list(counts)
    if symbol is not None:
        names = {one.context.instrument for one in found}
        wanted = {name for name in names if symbol in (name, name.partition(":")[2])}
        if not wanted:
            raise _unknown("symbol", symbol, [each.partition(":")[2] for each in sorted(names)])
        found = [one for one in found if one.context.instrument in wanted]
    if strategy is not None:
        names = {one.context.strategy for one in found}
        near = {name for name in names if strategy in (name, short_name(name))}
        if len(near) != 1:
            raise _unknown("strategy", strategy, sorted(near or names))
        found = [one for one in found if one.context.strategy in near]
    return found


def _unknown(name: str, value: str, held: Sequence[str]) -> ParameterError:
    """Return the error for what was never tried."""
    if not held:
        return ParameterError(name=name, value=value, bound="one that was tried, and nothing was. See: tapehead runs")
    close = get_close_matches(value, held, 1)
    told = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
    hint = f" Did you mean '{close[0]}'?" if close and close[0] != value else ""
    return ParameterError(name=name, value=value, bound=f"one that was tried: {told}.{hint} See: tapehead runs ledger")


def _by_strategy(counts: Sequence[TrialCount]) -> tuple[StrategyTrials, ...]:
    """Return the trials of each strategy, most first."""
    found = []
    for name in {one.context.strategy for one in counts}:
        own = [one for one in counts if one.context.strategy == name]
        sources = {one.context.source for one in own}
        instruments = {one.context.instrument for one in own}
        trials = sum(one.trials for one in own)
        found.append(StrategyTrials(name, len(sources), len(instruments), trials, _runs(own)))
    return tuple(sorted(found, key=lambda one: (-one.trials, one.strategy)))


def _runs(counts: Sequence[TrialCount]) -> tuple[RunId, ...]:
    """Return the runs that scored trials first, oldest first."""
    return tuple(sorted({one.run for one in counts}))


def rank_of(one: SeriesTrials) -> tuple[float, str, str]:
    """Return what series are sorted by."""
    best = one.standing.best
    value = -1.0 if best is None or best.deflated is None else best.deflated
    return -value, one.instrument, one.interval
