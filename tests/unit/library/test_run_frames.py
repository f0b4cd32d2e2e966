"""A run as a table of Arrow, its equity, and what a notebook shows of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import tapehead as th
from tapehead.errors import RunKeyError
from tapehead.library.store import Store
from tapehead.model.instrument import Instrument
from tests.unit.library.market import columns_of, house_of, open_market, put


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=4, rows=800) as store:
        yield store


def test_a_run_is_a_table_of_its_results(store: Store) -> None:
    run = store.backtest("SmaCross", universe="crypto", fast=5, fee="10bps")
    found = pa.table(run)
    results = run.results()
    assert found["instrument"].to_pylist() == [each.instrument for each in results]
    for name in results[0].metrics:
        assert found[name].to_pylist() == [each.metrics[name] for each in results]
        assert found.schema.field(name).type == pa.float64()
    assert found["parameters"].to_pylist()[0] == '{"fast": 5, "slow": 30}'
    assert found["final_equity"].to_pylist() == [each.final_equity for each in results]
    assert found["first"].cast(pa.int64()).to_pylist() == [each.first for each in results]
    assert found.schema.field("last").type == pa.timestamp("us", "UTC")
    assert found.schema.metadata == {b"run": run.id.encode()}
    assert pa.table(store.run(run.id)).equals(found)


def test_the_equity_of_every_bar_ends_as_the_run_did(store: Store) -> None:
    run = store.backtest("SmaCross", universe="crypto", fee="10bps").wait()
    line = run.equity("S01")
    assert line.rows == run["S01"].bars
    assert line.equity[-1] == pytest.approx(run["S01"].final_equity)
    np.testing.assert_array_equal(line.ts, run.times("S01"))
    assert pa.table(line).column_names == ["ts", "equity"]
    with pytest.raises(RunKeyError, match="no result for 'S09'"):
        run.equity("S09")


def test_a_notebook_shows_a_run_without_beginning_it(store: Store) -> None:
    put(house_of(store), [(Instrument("test", "<script>x</script>"), columns_of(300, seed=3))])
    run = store.backtest("SmaCross", universe="all")
    assert "not begun" in run._repr_html_()
    assert store.runs() == []
    run.wait()
    shown = run._repr_html_()
    assert shown == store.run(run.id)._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;x&lt;/script&gt;" in shown
    assert shown.count("<tr>") == 1 + 5
    assert "5 results" in shown


def test_a_simulation_shows_and_gives_its_equity() -> None:
    close = 100 + np.sin(np.arange(300) / 9)
    ts = 1_600_000_000_000_000 + 3_600_000_000 * np.arange(300)
    bars = th.Bars.from_arrays(ts, close, close + 1, close - 1, close, interval="1h")
    fast, slow = th.sma(bars.close, 3), th.sma(bars.close, 9)
    made = th.simulate(bars, th.Signals(enter=th.crossed_above(fast, slow), leave=th.crossed_below(fast, slow)))
    assert made.equity.rows == 300
    assert pa.table(made.equity)["equity"].to_pylist()[-1] == pytest.approx(made.final_equity)
    shown = made._repr_html_()
    assert f"{len(made.trades):,} trades" in shown
    assert "total_return" in shown
    assert "<svg" in shown
