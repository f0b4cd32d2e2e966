"""Curves of kept results, made again: those of the run, or a sentence why not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tapehead.errors import ChangedRunError, ParameterError, RunKeyError, StrategyFileError, TapeheadError
from tapehead.layout.formats import EQUITY_POINTS
from tapehead.library.curves import accounts_of, equity_of
from tapehead.library.store import Store
from tapehead.metrics.account import Account
from tapehead.metrics.tail import TAIL_METRICS
from tests.unit.library.market import house_of, open_market, write_strategy


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=3, rows=800) as store:
        yield store


CROSS = "line = sma(bars.close, {})\nreturn Signals(crossed_above(bars.close, line), crossed_below(bars.close, line))"


def points(account: Account) -> list[float]:
    """As many points of a curve as a result keeps."""
    n = len(account.bars)
    return account.equity[np.arange(EQUITY_POINTS) * (n - 1) // (EQUITY_POINTS - 1)].tolist()


@pytest.mark.parametrize("settings", [{}, {"fee": "10bps", "start": "2021-01-10"}, {"fill": "close", "fast": 5}])
def test_a_curve_is_the_run_s_own(store: Store, settings: dict[str, object]) -> None:
    live = store.backtest("SmaCross", universe="crypto", **settings).wait()
    for run in (live, store.run(live.id)):
        for result in run:
            account = run.account(result)
            assert points(account) == result.equity.tolist()
            assert account.equity[-1] == result.final_equity
            assert len(account.bars) == len(account.units) == result.bars
            assert (int(account.bars.ts[0]), int(account.bars.ts[-1])) == (result.first, result.last)
            assert account.fees_paid == result.metrics["fees_paid"]
            held = account.units != 0
            assert held.any()
            assert (account.opened is not None) == held[-1]
            money = account.equity - account.units * account.bars.close
            still = ~held
            assert money[still].tolist() == account.equity[still].tolist()
            # Cash changes only where units do.
            same = np.diff(account.units) == 0
            assert np.allclose(np.diff(money)[same], 0.0, atol=1e-8)


def test_every_metric_of_a_result(store: Store) -> None:
    run = store.backtest("SmaCross", universe="crypto").wait()
    found = run.metrics("S01")
    kept = run["S01"]
    assert list(found) == [*kept.metrics, *TAIL_METRICS]
    assert {name: found[name] for name in kept.metrics} == kept.metrics
    assert {name for name, value in found.items() if value is None} == set(found.why)
    assert found.ulcer == found["ulcer"]
    free = run.metrics("S01", rf="5%")
    assert free.sharpe is not None
    assert kept.metrics.sharpe is not None
    assert free.sharpe < kept.metrics.sharpe
    assert free.win_rate == found.win_rate
    with pytest.raises(ParameterError, match=r"rf="):
        run.metrics("S01", rf="-100%")
    with pytest.raises(RunKeyError):
        run.metrics("S09")


def test_the_table_of_another_tool(store: Store) -> None:
    run = store.backtest("SmaCross", universe="crypto").wait()
    assert run.compat("S01", "vectorbt")["Total Closed Trades"] == run["S01"].metrics.trades
    with pytest.raises(ParameterError, match="compat=pyfolio"):
        run.compat("S01", "pyfolio")


def test_many_curves_of_one_run(store: Store) -> None:
    run = store.backtest("SmaCross", universe="crypto").wait()
    results = [run[symbol] for symbol in ("S02", "S00")]
    made = list(accounts_of(house_of(store), run.record, results))
    assert [result.instrument for result, _ in made] == ["test:S02", "test:S00"]
    for result, account in made:
        assert isinstance(account, Account)
        assert points(account) == result.equity.tolist()
        assert equity_of(house_of(store), run.record, result).equity.tolist() == account.equity.tolist()


def test_a_changed_strategy_has_no_curve(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    run = store.backtest(write_strategy(path, CROSS.format(10)), universe="crypto").wait()
    result = run["S01"]
    assert points(run.account(result)) == result.equity.tolist()
    write_strategy(path, CROSS.format(12))
    kept = store.run(run.id)
    with pytest.raises(ChangedRunError, match=rf"verify {run.id}"):
        kept.account("S01")
    path.unlink()
    again = store.run(run.id)
    with pytest.raises(StrategyFileError):
        again.account("S01")
    made = list(accounts_of(house_of(store), run.record, [result, result]))
    assert len(made) == 2
    assert all(isinstance(error, TapeheadError) for _, error in made)
