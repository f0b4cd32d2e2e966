"""Every symbol of the real panel: trades and equity of both strategies equal a plain twin that shares no code."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tapehead.library.simulate import simulate
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars
from tapehead.model.result import RunResult
from tapehead.strategies.rsi_reversion import RsiReversion
from tapehead.strategies.sma_cross import SmaCross
from tests.oracles import metrics
from tests.oracles.indicators import crossed_above, crossed_below, rsi_sums
from tests.oracles.simulate import Outcome, Settings, Table, simulate_oracle
from tests.parity.markets import HOUR_US

PANEL = "crypto/binance_spot_1h_panel_2021-2023.parquet"
SYMBOLS = 72
SCALE = 10**8


class Listing(NamedTuple):
    """One symbol: its bars for the engine and for the twin."""

    symbol: str
    bars: Bars
    table: Table


def listings(path: Path) -> Iterator[Listing]:
    """Bars of each symbol in order of time."""
    panel = pq.read_table(path).sort_by([("ticker", "ascending"), ("date", "ascending")])
    times = panel["date"].cast("timestamp[us]").cast("int64").to_numpy()
    columns = {name: panel[name].to_numpy() for name in ("open", "high", "low", "close", "volume")}
    symbols = pc.dictionary_encode(panel["ticker"].combine_chunks())
    names, codes = symbols.dictionary.to_pylist(), symbols.indices.to_numpy()
    for code, name in enumerate(names):
        at = slice(*np.searchsorted(codes, [code, code + 1]))
        cut = {column: values[at] for column, values in columns.items()}
        ts = times[at]
        bars = Bars.from_arrays(ts, *cut.values(), interval="1h", symbol=name)
        lists = {column: cut[column].tolist() for column in ("open", "high", "low", "close")}
        stamps = ts.tolist()
        table = Table(stamps, **lists, traded=(cut["volume"] > 0).tolist(), step=[t // HOUR_US for t in stamps])
        yield Listing(name, bars, table)


@pytest.fixture(scope="module")
def panel(shared_data: Callable[[str], Path]) -> list[Listing]:
    found = list(listings(shared_data(PANEL)))
    assert len(found) == SYMBOLS
    return found


def side_of_means(close: list[float], fast: int, slow: int) -> list[float]:
    """Slow x (sum of the last fast) - fast x (sum of the last slow), in integers of 8 decimals; 0 means equal."""
    integers = [round(value * SCALE) for value in close]
    assert all(integer / SCALE == value for integer, value in zip(integers, close, strict=True))
    sums = [0, *accumulate(integers)]
    known = range(slow, len(sums))
    gaps = [slow * (sums[t] - sums[t - fast]) - fast * (sums[t] - sums[t - slow]) for t in known]
    return [float("nan")] * min(slow - 1, len(close)) + [float((gap > 0) - (gap < 0)) for gap in gaps]


def wishes(table: Table, name: str) -> tuple[list[bool], list[bool]]:
    """What the strategy of that name wishes, bar after bar: enter, leave."""
    n = len(table.ts)
    if name == "RsiReversion":
        strength = rsi_sums(table.close, 14)
        return crossed_above(strength, [30.0] * n), crossed_below(strength, [70.0] * n)
    side, zero = side_of_means(table.close, 10, 30), [0.0] * n
    return crossed_above(side, zero), crossed_below(side, zero)


def check(listing: Listing, strategy: SmaCross | RsiReversion, want: Outcome, settings: Settings) -> None:
    """In memory: same trades, same equity."""
    got = simulate(listing.bars, strategy.signals(listing.bars), **vars(settings))
    assert list(got.trades.rows()) == want.trades, listing.symbol
    assert got.curve.equity.tolist() == want.equity, listing.symbol
    assert got.metrics["fees_paid"] == want.fees_paid, listing.symbol
    assert got.metrics["max_drawdown"] == metrics.drawdown(want.equity, settings.cash), listing.symbol


def check_kept(result: RunResult, want: Outcome, symbol: str) -> None:
    """Through import and store: the same."""
    assert result.trades is not None
    assert list(result.trades.rows()) == want.trades, symbol
    assert result.final_equity == want.equity[-1], symbol
    assert result.metrics["total_return"] == want.equity[-1] / 10_000 - 1, symbol
    assert result.metrics["fees_paid"] == want.fees_paid, symbol


@pytest.fixture(scope="module")
def store(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("panel") / "home") as opened:
        opened.import_files(shared_data(PANEL))
        yield opened


def cut(table: Table, start: int, end: int, warm: int) -> Table:
    """The bars of a range, `warm` of them before its start."""
    lo, hi = bisect_left(table.ts, start), bisect_left(table.ts, end)
    first = max(lo - warm, 0)
    names = ("ts", "open", "high", "low", "close", "traded", "step")
    return Table(**{name: getattr(table, name)[first:hi] for name in names}, warm=min(lo - first, hi - first))


def is_delisted(table: Table, end: int) -> bool:
    """Its last bar ends more than 30 days before the end asked for, or else before the latest bar of the universe."""
    return end - (table.ts[-1] + HOUR_US) > 30 * 24 * HOUR_US


@pytest.mark.parametrize(
    ("strategy", "most"), [(RsiReversion(period=14), 5_000), (SmaCross(fast=10, slow=30), 30_000)], ids=["rsi", "sma"]
)
def test_the_whole_range_in_memory_and_through_the_store(
    panel: list[Listing], store: Store, strategy: SmaCross | RsiReversion, most: int
) -> None:
    """One walk of the twin, which takes the time, for both ways."""
    name = type(strategy).__name__
    run = store.backtest(name, universe="crypto", fee="10bps", slippage="2bps").wait()
    latest = max(listing.table.ts[-1] for listing in panel) + HOUR_US
    trades = delisted = 0
    for listing in panel:
        gone = is_delisted(listing.table, latest)
        settings = Settings(fee=0.001, slippage=0.0002, delisted=gone)
        want = simulate_oracle(listing.table, *wishes(listing.table, name), settings)
        check(listing, strategy, want, settings)
        check_kept(run[listing.symbol], want, listing.symbol)
        trades += len(want.trades)
        delisted += gone
    assert trades > most
    assert delisted >= 3


@pytest.mark.parametrize("name", ["RsiReversion", "SmaCross"])
def test_one_year_with_the_warm_up_before_it(panel: list[Listing], store: Store, name: str) -> None:
    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 for year in (2022, 2023))
    run = store.backtest(name, universe="crypto", fee="10bps", start="2022-01-01", end="2023-01-01").wait()
    delisted = 0
    for listing in panel:
        table = cut(listing.table, start, end, 5 * (14 if name == "RsiReversion" else 30))
        if len(table.ts) == table.warm:
            continue
        gone = is_delisted(table, end)
        want = simulate_oracle(table, *wishes(table, name), Settings(fee=0.001, delisted=gone))
        check_kept(run[listing.symbol], want, listing.symbol)
        delisted += gone
    assert delisted >= 3
