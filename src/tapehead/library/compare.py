"""compare_runs: two kept runs side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from tapehead.errors import ParameterError
from tapehead.jobs.compare import (
    Pair,
    Reason,
    Setting,
    TradePair,
    pairs,
    reasons_apart,
    reasons_of,
    settings_apart,
    trades_apart,
)
from tapehead.library.kept import kept_run
from tapehead.library.run import Run
from tapehead.model.short_spec import short_spec
from tapehead.model.trades import no_trades
from tapehead.ports.runs import RunRecord
from tapehead.wiring.assemble import House


@dataclass(frozen=True, slots=True)
class TradesApart:
    """Trades of one instrument that differ, and why they may; `more` of them are not listed."""

    instrument: str
    reasons: tuple[Reason, ...]
    trades: tuple[TradePair, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    `settings` differ, and `reasons` say in what the runs do. `results` holds every instrument of either, `trades` the
    first of the `apart` instruments that both have with other trades.
    """

    a: RunRecord
    b: RunRecord
    settings: tuple[Setting, ...]
    reasons: tuple[Reason, ...]
    results: tuple[Pair, ...]
    trades: tuple[TradesApart, ...]
    apart: int


def compare_runs(house: House, a: str, b: str, *, instruments: int = 20, trades: int = 100) -> Comparison:
    """Compare two runs.

    Parameters
    ----------
    a, b : str
        Whole ids of two runs.
    instruments : int
        List the trades of so many instruments, by name.
    trades : int
        And so many of each.

    Raises
    ------
    UnknownRunError
    ParameterError
        It is one run.
    """
    runs, settings, reasons = _between(house, a, b)
    records = runs[0].record, runs[1].record
    both = pairs(*(run.results(sort="instrument") for run in runs))
    apart = [pair for pair in both if pair.same_trades is False]
    listed = tuple(_apart(runs, pair, reasons, trades) for pair in apart[:instruments])
    return Comparison(*records, tuple(settings), tuple(reasons), tuple(both), listed, len(apart))


def compare_trades(house: House, a: str, b: str, symbol: str, *, first: int = 0, trades: int = 100) -> TradesApart:
    """Return the trades of one instrument that differ between two runs, at most `trades` of them from `first` on.

    Raises
    ------
    UnknownRunError, RunKeyError
    ParameterError
        It is one run.
    """
    runs, _, reasons = _between(house, a, b)
    left, right = (run[symbol] for run in runs)
    return _apart(runs, Pair(left.instrument, left, right), reasons, trades, first)


def _between(house: House, a: str, b: str) -> tuple[tuple[Run, Run], list[Setting], list[Reason]]:
    """Return two runs, the settings they differ in, and what else; raise ParameterError where it is one run."""
    if a == b:
        raise ParameterError(name="B", value=b, bound="another run than A. List them: tapehead runs")
    runs = kept_run(house, a), kept_run(house, b)
    for run in runs:
        if run.spec.grid is not None:
            bound = f"a backtest, and this is a sweep. See its sets: tapehead show {run.short}"
            raise ParameterError(name="run", value=run.short, bound=bound)
    one, other = runs[0].record, runs[1].record
    settings = settings_apart(short_spec(one.spec), short_spec(other.spec))
    return runs, settings, reasons_apart(one.key, other.key, settings)


def _apart(runs: tuple[Run, Run], pair: Pair, between: Sequence[Reason], most: int, first: int = 0) -> TradesApart:
    """Return the trades of one instrument that differ."""
    left, right = (run[pair.instrument] for run in runs)
    a, b = left.trades or no_trades(), right.trades or no_trades()
    found = trades_apart(a, runs[0].times(pair.instrument), b, runs[1].times(pair.instrument))
    listed, more = tuple(found[first : first + most]), max(len(found) - first - most, 0)
    return TradesApart(pair.instrument, tuple(reasons_of(pair, between)), listed, more)
