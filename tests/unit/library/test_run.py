"""Store and Run: the Python door, live and kept."""

import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapehead.cli.main import main
from tapehead.errors import ParameterError, RunKeyError, StrategyError, UnknownRunError
from tapehead.layout.columns import TRADE_DTYPES
from tapehead.library.run import Run
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.library.verify import VerificationError
from tapehead.model.instrument import Instrument
from tests.unit.library.market import columns_of, house_of, open_market, put, write_strategy


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=4, rows=800) as store:
        yield store


def test_a_run_begins_when_it_is_read(store: Store) -> None:
    run = store.backtest("SmaCross", universe="crypto")
    assert store.runs() == []
    assert run.id == store.runs()[0].run
    assert store.runs()[0].state == "running"
    assert run.wait().record.state == "completed"
    assert run.short == run.id[: len(run.short)]
    assert set(run.timings) >= {"plan", "read", "signals", "walk", "metrics", "persist"}
    assert run.memory["read"] == 800 * 49
    kept = store.run(run.id)
    assert kept.timings.items() >= {**run.timings, "persist": kept.timings["persist"]}.items()
    assert kept.memory == run.memory


def test_memory_by_stage_is_what_the_arrays_of_one_instrument_take(store: Store, tmp_path: Path) -> None:
    body = """
    line = np.full(len(bars), 1.0)
    return Signals(enter=bars.close > bars.open, leave=bars.close < bars.open, size=line, stop_loss_at=line)
    """
    named = write_strategy(tmp_path / "mine.py", body)
    run = store.backtest(named, symbols=["S01"], sizing="units").wait()
    # Two conditions, and the line that is said twice.
    assert run.memory["signals"] == 800 * (1 + 1 + 8)
    assert run.memory["metrics"] == run["S01"].equity.nbytes
    trades = run["S01"].trades
    assert trades is not None
    assert run.memory["walk"] > len(trades) * sum(getattr(trades, name).itemsize for name in TRADE_DTYPES) > 0


def test_a_run_that_ended_early_keeps_its_stages_too(store: Store) -> None:
    run = store.backtest("SmaCross", universe="crypto", workers=1)
    next(iter(run))
    run.close()
    kept = store.run(run.id)
    assert kept.record.state == "cancelled"
    assert {"plan", "read", "walk"} <= kept.timings.keys()
    assert kept.memory["read"] == 800 * 49


def test_results_that_were_let_go_come_again_as_they_were(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    told = list(store.backtest("SmaCross", universe="crypto", fresh=True, workers=1))
    monkeypatch.setattr("tapehead.library.seen.HELD", 1)
    run = store.backtest("SmaCross", universe="crypto", fresh=True, workers=1)
    first, again = list(run), list(run)
    assert [each.instrument for each in again] == [each.instrument for each in first]
    assert [one is other for one, other in zip(first, again, strict=True)] == [True, False, False, False]
    for one, other in zip(sorted(told, key=lambda each: each.instrument), again, strict=True):
        assert one.metrics == other.metrics
        assert one.trades is not None
        assert other.trades is not None
        assert one.trades.digest() == other.trades.digest()
        assert run[one.instrument].line() == run[one.instrument.split(":")[1]].line() == one.line()
    store.delete_run(run.id)
    with pytest.raises(RunKeyError, match="no result for 'test:S01'"):
        list(run)


def test_results_by_symbol_wait_for_the_run(store: Store) -> None:
    put(house_of(store), [(Instrument("other", "S00"), columns_of(800, seed=9))])
    run = store.backtest("SmaCross", universe="crypto")
    assert run["S01"].instrument == "test:S01"
    assert run["S01"].trades is not None
    assert run["test:S00"].instrument == "test:S00"
    kept = store.run(run.id)
    for each in (run, kept):
        with pytest.raises(RunKeyError, match=r"no result for 'S00'\. It has .*; name one"):
            each["S00"]
        with pytest.raises(RunKeyError, match="no result for 'S09'"):
            each["S09"]
    assert kept["S01"].trades is not None
    assert kept["S01"].decisions == run["S01"].decisions


def test_a_kept_run_is_read_like_a_live_one(store: Store) -> None:
    live = store.backtest("SmaCross", universe="crypto", fast=5, fee="10bps")
    said = {result.instrument: result for result in live}
    kept = store.run(live.id[:12].lower())
    again = {result.instrument: result for result in kept}
    assert sorted(again) == sorted(said) == [f"test:S{k:02}" for k in range(4)]
    for name, result in again.items():
        assert result.metrics == said[name].metrics
        assert result.trades is not None
        assert result.trades.to_bytes() == said[name].trades.to_bytes()
        assert result.metrics.total_return == said[name].metrics["total_return"]
    assert kept.spec == live.spec
    assert kept.header.strategy == live.header.strategy == "SmaCross 5/30"
    assert (kept.header.first, kept.header.last, kept.header.bars) == (
        live.header.first,
        live.header.last,
        live.header.bars,
    )
    assert kept.receipt == live.receipt
    assert list(kept.events()) == []


def test_pages_of_results_are_whole_and_sorted(store: Store) -> None:
    run = store.backtest("SmaCross", universe="crypto").wait()
    rows = run.results()
    returns = [row.metrics["total_return"] or 0.0 for row in rows]
    assert returns == sorted(returns, reverse=True)
    assert [row.instrument for row in run.results("instrument", 2)] == ["test:S00", "test:S01"]
    with pytest.raises(ParameterError, match="total_return"):
        run.results("luck")


def test_runs_are_found_shown_and_deleted(store: Store) -> None:
    one = store.backtest("SmaCross", universe="crypto").wait()
    two = store.backtest("BuyAndHold", universe="crypto").wait()
    assert [record.run for record in store.runs()] == [two.id, one.id]
    store.delete_run(one.short)
    assert [record.run for record in store.runs()] == [two.id]
    for prefix in (one.id, "ZZ", ""):
        with pytest.raises(UnknownRunError):
            store.run(prefix)
    fresh = store.backtest("SmaCross", universe="crypto").wait()
    assert fresh.id != one.id


def test_instruments_are_found_by_part_kind_and_venue(store: Store) -> None:
    put(house_of(store), [(Instrument("xnys", "SPY", kind="equity"), columns_of(40))])
    assert [row.instrument.name for row in store.instruments("s0")] == [f"test:S{k:02}" for k in range(4)]
    assert [row.instrument.name for row in store.instruments(kind="equity")] == ["xnys:SPY"]
    assert [row.instrument.name for row in store.instruments(venue="xnys")] == ["xnys:SPY"]
    assert len(store.instruments(universe="crypto")) == 4
    assert store.instruments("SPY")[0].intervals[0][3] == 40


def test_strategies_with_their_parameters(store: Store, tmp_path: Path) -> None:
    held = {info.name: info for info in store.strategies()}
    assert [param.name for param in held["SmaCross"].params] == ["fast", "slow"]
    assert held["SmaCross"].doc.startswith("Buy when the fast average")
    write_strategy(tmp_path / "mine.py", "return Signals()\n")
    mine = store.strategies(str(tmp_path / "mine.py"))
    assert [(info.name, info.origin) for info in mine] == [("Mine", str(tmp_path / "mine.py"))]


def test_a_strategy_that_never_enters_is_a_result_too(store: Store, tmp_path: Path) -> None:
    named = write_strategy(tmp_path / "mine.py", "return Signals()\n")
    for result in store.backtest(named, universe="crypto"):
        assert (result.metrics["trades"], result.final_equity) == (0.0, 10_000.0)
        assert result.metrics["win_rate"] is None
        assert result.why["win_rate"]


def test_the_doctor_finds_a_good_home_good(store: Store) -> None:
    checks = {check.name: check for check in store.doctor()}
    assert [name for name, check in checks.items() if check.ok is False] == []
    assert "3,200 bars of 4 instruments, snapshot 1" in checks["bars"].text


def test_the_package_hands_out_what_the_contract_names() -> None:
    import tapehead as th

    assert th.open is not None
    for name in ("Bars", "Signals", "simulate", "strategy", "param", "rsi", "sma", "crossed_above", "crossed_below"):
        assert callable(getattr(th, name))


def test_simulate_needs_no_store() -> None:
    import numpy as np

    import tapehead as th

    columns = columns_of(50)
    prices = [columns[name] for name in ("open", "high", "low", "close")]
    bars = th.Bars.from_arrays(columns["ts"], *prices, interval="1h")
    place = np.arange(50)
    done = th.simulate(bars, th.Signals(enter=place == 3, leave=place == 9), fee="10bps", cash=1_000)
    quantity = 1_000.0 / (columns["open"][4] * 1.001)
    fees = quantity * columns["open"][4] * 0.001 + quantity * columns["open"][10] * 0.001
    row = next(done.trades.rows())
    assert (row["entry_bar"], row["exit_bar"], row["reason"]) == (4, 10, "signal")
    assert (row["quantity"], row["fees"]) == (quantity, pytest.approx(fees, rel=1e-15))
    assert done.final_equity == pytest.approx(1_000.0 + row["profit"], rel=1e-15)
    with pytest.raises(ParameterError, match=r"stop_lose.*one of fee.*did you mean stop_loss"):
        th.simulate(bars, th.Signals(), stop_lose=0.05)


def test_the_return_of_a_trade_counts_the_money_a_point(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of a contract of 50 a point, as the metrics say it."""
    with open_store(tmp_path / "home") as store:
        put(house_of(store), [(Instrument("test", "ES", kind="future", multiplier=50.0), columns_of(2_000, seed=1))])
        # An instrument whose name holds that of the other is not taken for it.
        put(house_of(store), [(Instrument("test", "ES2"), columns_of(2_000, seed=2))])
        run = store.backtest("RsiReversion", symbols="ES", cash=10_000_000).wait()
        metrics, ident = run.metrics("ES"), run.id
    assert main(("--home", str(tmp_path / "home"), "--json", "show", ident, "ES", "--trades")) == 0
    returns = [trade["return"] for trade in json.loads(capfd.readouterr().out)["trades"]]
    assert len(returns) > 3
    assert (max(returns), min(returns)) == pytest.approx((metrics.best_trade_return, metrics.worst_trade_return))


def test_a_simulation_goes_to_another_process_and_comes_back() -> None:
    import numpy as np

    import tapehead as th

    columns = columns_of(50)
    bars = th.Bars.from_arrays(*(columns[name] for name in ("ts", "open", "high", "low", "close")), interval="1h")
    place = np.arange(50)
    done = th.simulate(bars, th.Signals(enter=place == 3, leave=place == 9), fee="10bps", orders=True)
    for _ in range(2):
        back = pickle.loads(pickle.dumps(done))  # noqa: S301 - our own bytes
        assert back.curve.equity.tobytes() == done.curve.equity.tobytes()
        assert back.curve.ts.tobytes() == done.curve.ts.tobytes()
        assert (back.metrics, back.why, back.final_equity) == (done.metrics, done.why, done.final_equity)
        assert back.trades.digest() == done.trades.digest()
        assert repr(back.orders) == repr(done.orders)
        done = back


@pytest.mark.parametrize("package", ["polars", "pandas"])
def test_a_table_of_a_package_that_is_not_there_says_so(
    store: Store, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    trades = store.backtest("RsiReversion", symbols="S00")["S00"].trades
    assert trades is not None
    with pytest.raises(ModuleNotFoundError, match=rf"^to_{package}\(\) needs {package}, .*: pip install {package}$"):
        getattr(trades, f"to_{package}")()
    assert repr(trades) == f"Trades({len(trades)})"


def test_a_run_that_failed_raises_where_it_is_read(store: Store, tmp_path: Path) -> None:
    mine = write_strategy(tmp_path / "mine.py", "return 1 / 0")
    for read in (list, Run.wait, lambda run: run["S00"]):
        with pytest.raises(StrategyError, match=r"mine\.py, line \d+: ZeroDivisionError") as raised:
            read(store.backtest(mine, universe="crypto"))
        assert raised.value.code == "strategy.failed"


def test_a_class_is_no_strategy_to_keep(store: Store) -> None:
    with pytest.raises(ParameterError, match=r"strategy=.*my\.py:Mine; a class lives in a file"):
        store.backtest(Run, universe="crypto")  # type: ignore[arg-type]  # any class a user may hand over


def test_a_cancelled_run_is_not_verified_and_says_why(store: Store) -> None:
    run = store.backtest("RsiReversion", universe="crypto", executor="serial")
    for _ in run:
        run.cancel()
    with pytest.raises(VerificationError) as raised:
        run.verify()
    assert str(raised.value).startswith(f"Run {run.id} could not be verified: it is cancelled, and only a completed")
    assert str(raised.value).endswith(f" show {run.id}`.")
