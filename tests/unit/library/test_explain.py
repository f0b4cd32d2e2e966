"""A trade explained: both moneys are those of runs with a fixed path; the band is those two runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import ParameterError, RunKeyError
from tapehead.library.store import Store
from tests.unit.library.market import open_market

TIGHT = {"stop_loss": "0.2%", "take_profit": "0.2%", "fee": "5bps", "slippage": "2bps"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=2, rows=900) as store:
        yield store


def backtest(store: Store, **settings: Any) -> Any:
    """A run of SmaCross with a stop and a target that often lie in one bar."""
    return store.backtest("SmaCross", universe="crypto", fast=3, slow=8, **{**TIGHT, **settings}).wait()


def test_both_moneys_are_those_of_two_runs(store: Store) -> None:
    asked = backtest(store)
    fixed = {path: backtest(store, path=path) for path in ("pessimistic", "optimistic")}
    ambiguous = 0
    for result in asked:
        rows = list(result.trades.rows())
        ambiguous += sum(row["ambiguous"] for row in rows)
        for number in (1, len(rows) // 2, len(rows)):
            told = asked.explain(result.instrument, number)
            assert told["trade"]["profit"] == rows[number - 1]["profit"]
            for path, run in fixed.items():
                other = run[result.instrument]
                assert told["paths"][path]["final_equity"] == other.final_equity
                same = [row for row in other.trades.rows() if row["decision_bar"] == rows[number - 1]["decision_bar"]]
                made = told["paths"][path]["trade"]
                assert (made is None) == (not same)
                if same:
                    assert {name: same[0][name] for name in made} == made
    assert ambiguous > 5


def test_an_ambiguous_trade_names_the_other_level(store: Store) -> None:
    run = backtest(store)
    result = next(iter(run))
    number = next(n for n, row in enumerate(result.trades.rows(), 1) if row["ambiguous"])
    told = run.explain(result.instrument, number)
    assert told["exit"]["levels"]["other_price"] is not None
    assert told["paths"]["pessimistic"]["trade"]["profit"] < told["paths"]["optimistic"]["trade"]["profit"]
    assert {"stop", "target"} == {told["paths"][path]["trade"]["reason"] for path in told["paths"]}


def test_the_decision_shows_what_was_compared(store: Store) -> None:
    run = backtest(store)
    told = run.explain("S00", 1)
    enter = next(one for one in told["decision"]["signals"] if one["signal"] == "enter")
    assert enter["held"]
    assert enter["a"] > enter["b"]
    assert enter["a_before"] <= enter["b_before"]
    lines = {one["name"]: one["value"] for one in told["decision"]["indicators"]}
    assert lines == {"sma(3)": enter["a"], "sma(8)": enter["b"]}
    decided, entered = told["decision"]["bar"], told["entry"]["bar"]
    assert entered == decided + 1
    statuses = [one["status"] for one in told["orders"] if one["trade"] == 0]
    assert statuses == ["filled", "filled"]


def test_a_band_is_the_two_runs(store: Store) -> None:
    both, best, worst = (backtest(store, path=path) for path in ("both", "optimistic", "pessimistic"))
    moved = 0
    for result in both:
        one, other = worst[result.instrument], best[result.instrument]
        assert result.metrics["total_return"] == one.metrics["total_return"]
        assert result.metrics["total_return_optimistic"] == other.metrics["total_return"]
        assert result.metrics["max_drawdown_optimistic"] == other.metrics["max_drawdown"]
        trades = list(result.trades.rows())
        unknown = [abs(row["profit"]) for row in trades if row["ambiguous"]]
        assert result.metrics["ambiguous_trades"] == len(unknown)
        share = sum(unknown) / sum(abs(row["profit"]) for row in trades)
        assert result.metrics["ambiguous_profit"] == pytest.approx(share, rel=1e-12)
        moved += result.metrics["total_return_optimistic"] > result.metrics["total_return"]
    assert moved == 2


def test_a_trade_that_is_not_there(store: Store) -> None:
    run = backtest(store)
    with pytest.raises(ParameterError, match=r"trade=0: trade must be a number from 1 to"):
        run.explain("S00", 0)
    with pytest.raises(RunKeyError):
        run.explain("NONE", 1)


def test_orders_are_made_again(store: Store) -> None:
    run = backtest(store)
    rows = list(run.orders("S00").rows())
    trades = list(run["S00"].trades.rows())
    filled = [row for row in rows if row["status"] == "filled" and 0 <= row["trade"] < len(trades)]
    assert len(filled) == 2 * len(trades)
    for place, trade in enumerate(trades):
        entry, leave = (row for row in filled if row["trade"] == place)
        assert (entry["opens"], entry["bar"], entry["price"]) == (True, trade["entry_bar"], trade["entry_price"])
        assert (leave["opens"], leave["bar"], leave["reason"]) == (False, trade["exit_bar"], trade["reason"])


def test_the_curve_of_costs_is_that_of_runs(store: Store) -> None:
    run = backtest(store)
    for fee, gain in run.costs("S00")[::3]:
        other = backtest(store, fee=fee)["S00"]
        assert gain == pytest.approx(other.metrics["total_return"], rel=1e-9)
    assert backtest(store, leverage=2).costs("S00") == []


BY_BAR = """
from tapehead import bar_strategy, sma


@bar_strategy(compiled=False)
class Dip:
    def lines(self, bars):
        return {"mean": sma(bars.close, 5)}

    def on_bar(self, bar, position, orders):
        if position.side == 0 and bar.index > 5 and bar.close[-1] < bar.mean[-1]:
            orders.buy(limit=bar.close[-1] * 1.5, stop_loss=0.5, valid=3, tag=7)
        elif position.bars > 4:
            orders.close()
"""


def test_what_a_strategy_said_bar_by_bar_is_told(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "dip.py"
    source.write_text(BY_BAR)
    told = store.backtest(f"{source}:Dip", universe="crypto").wait().explain("S00", 1)
    close = told["decision"]["close"]
    assert told["decision"]["order"] == {"call": "buy", "limit": close * 1.5, "stop_loss": 0.5, "valid": 3, "tag": 7}
    assert close < told["decision"]["lines"]["mean"]
    assert told["exit"]["decision"]["order"] == {"call": "close"}
    assert told["exit"]["decision"]["bar"] == told["exit"]["bar"] - 1
    assert told["entry"]["rule"].endswith("the open was there already: filled at the open")


def test_one_entry_sold_in_parts_is_one_entry(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "parts.py"
    source.write_text(BY_BAR.replace("orders.close()", "orders.close(part=0.5 if position.bars < 6 else 1.0)"))
    told = store.backtest(f"{source}:Dip", universe="crypto").wait().explain("S00", 1)
    assert told["trade"]["fills"] == 3
    assert told["entry"]["rule"].startswith("resting limit order at ")


def test_an_exit_by_a_level_was_not_decided(store: Store) -> None:
    run = backtest(store)
    reasons = [row["reason"] for row in run["S00"].trades.rows()]
    assert run.explain("S00", reasons.index("stop") + 1)["exit"]["decision"] is None
    signal = backtest(store, stop_loss="90%", take_profit=None).explain("S00", 1)["exit"]["decision"]
    assert next(one for one in signal["signals"] if one["signal"] == "leave")["held"]
