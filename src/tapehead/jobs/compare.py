"""compare: two kept runs side by side, and why their trades differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from tapehead.model.bars import I64
from tapehead.model.result import RunResult
from tapehead.model.spec import RULE_KEYS, RunKey, iso
from tapehead.model.trades import Trades

Reason = Literal["data", "costs", "spec", "code", "engine", "unknown"]
COSTS: Final = frozenset({"fee", "slippage", "slippage_kind", "borrow", "cash_rate"})
"""Settings that only change what trading costs."""
_WHICH: Final = ("strategy", "interval", "universe", "symbols", "start", "end", *RULE_KEYS, "adjust")
_SPOTS: Final = ("entry_bar", "exit_bar", "decision_bar")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that two runs have different values of; None where a run has the default."""

    name: str
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class Pair:
    """Results of one instrument in both runs, None where a run has none of it."""

    instrument: str
    a: RunResult | None
    b: RunResult | None

    @property
    def same_trades(self) -> bool | None:
        """Whether the decisions are equal bit for bit; None where a run has no result."""
        return None if self.a is None or self.b is None else self.a.decisions == self.b.decisions


@dataclass(frozen=True, slots=True)
class TradePair:
    """A trade that only one run has, or that both have with other numbers in `differing`; plain values."""

    side: int
    entry_time: str
    a: Mapping[str, Any] | None
    b: Mapping[str, Any] | None
    differing: tuple[str, ...] = ()


def settings_apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Setting]:
    """Return what two specs, in their canonical forms, differ in; a parameter is named `parameters.NAME`."""
    flat = [
        {
            **{name: value for name, value in spec.items() if name != "parameters"},
            **{f"parameters.{name}": value for name, value in spec.get("parameters", {}).items()},
        }
        for spec in (a, b)
    ]
    named = {*flat[0], *flat[1]}
    order = {name: place for place, name in enumerate(_WHICH)}
    ranked = sorted(named, key=lambda name: (order.get(name, 1 if name.startswith("parameters.") else 99), name))
    return [
        Setting(name, flat[0].get(name), flat[1].get(name)) for name in ranked if flat[0].get(name) != flat[1].get(name)
    ]


def reasons_apart(a: RunKey, b: RunKey, settings: Sequence[Setting]) -> list[Reason]:
    """Return which of data, costs, other settings, the strategy's code and the engine two runs differ in."""
    found: list[Reason] = ["data"] if a.data != b.data else []
    if any(setting.name in COSTS for setting in settings):
        found.append("costs")
    if any(setting.name not in COSTS for setting in settings):
        found.append("spec")
    if a.strategy != b.strategy:
        found.append("code")
    return [*found, "engine"] if a.engine != b.engine else found


def reasons_of(pair: Pair, between: Sequence[Reason]) -> list[Reason]:
    """Return the reasons that may hold for one instrument: other data is one only where its own segments differ."""
    left, right = (() if one is None else one.segments for one in (pair.a, pair.b))
    found = [reason for reason in between if reason != "data" or left != right]
    return found or ["unknown"]


def pairs(a: Sequence[RunResult], b: Sequence[RunResult]) -> list[Pair]:
    """Return the results of both runs by name."""
    left, right = ({each.instrument: each for each in results} for results in (a, b))
    return [Pair(name, left.get(name), right.get(name)) for name in sorted({*left, *right})]


def trades_apart(a: Trades, a_times: I64, b: Trades, b_times: I64) -> list[TradePair]:
    """Return the trades that differ, by entry.

    Parameters
    ----------
    a, b : Trades
        Of one instrument in both runs.
    a_times, b_times : int64 array
        Open times (us UTC) of the bars that each run counts from 0. Trades of one side that enter at one time are the
        same one: bars are counted from a run's own start, so their numbers are not compared.
    """
    left, right = dict(_named(a, a_times)), dict(_named(b, b_times))
    found = []
    for key in sorted({*left, *right}):
        one, other = left.get(key), right.get(key)
        differing: tuple[str, ...] = ()
        if one is not None and other is not None:
            differing = tuple(name for name in one if name not in _SPOTS and one[name] != other[name])
            if not differing:
                continue
        found.append(TradePair(key[1], key[0], one, other, differing))
    return found


def _named(trades: Trades, times: I64) -> Iterator[tuple[tuple[str, int, int], dict[str, Any]]]:
    """Yield each trade as plain values by entry time, side and how many of them there were before."""
    seen: dict[tuple[str, int], int] = {}
    for row in trades.rows():
        entry, side = iso(int(times[row["entry_bar"]])), int(row["side"])
        turn = seen[entry, side] = seen.get((entry, side), -1) + 1
        plain = {name: None if value != value else value for name, value in row.items()}
        yield (entry, side, turn), {"entry_time": entry, "exit_time": iso(int(times[row["exit_bar"]])), **plain}
