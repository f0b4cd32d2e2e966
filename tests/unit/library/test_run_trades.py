"""All trades of a run as one table are those of its results, one after another."""

from pathlib import Path

import numpy as np

from tests.unit.library.market import open_market


def test_a_table_holds_the_trades_of_every_result(tmp_path: Path) -> None:
    with open_market(tmp_path / "home", symbols=3) as store:
        run = store.backtest("RsiReversion", universe="crypto").wait()
        table = run.trades()
        results = [run[name] for name in sorted(one.instrument for one in run.results())]
        own = [(one.instrument, one.trades) for one in results if one.trades is not None]
        assert table.rows == sum(len(trades) for _, trades in own) > 3
        assert table.instrument.tolist() == [name for name, trades in own for _ in range(len(trades))]
        for name in ("entry_bar", "profit", "reason"):
            assert np.array_equal(table[name], np.concatenate([trades.columns()[name] for _, trades in own]))
        nothing = store.run(store.backtest("BuyAndHold", symbols="S00").wait().id).trades()
        assert (nothing.rows, nothing.instrument.dtype.kind) == (0, "U")
