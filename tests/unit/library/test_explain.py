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
