"""Trades of other programs kept as runs: rows, tables, open positions; what is wrong is refused with its row."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest

from tapehead.errors import ParameterError, UnknownSymbolError
from tapehead.library.store import Store
from tapehead.library.verify import VerificationError
from tapehead.model.result import RunResult
from tests.unit.library.market import open_market

START = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_market(tmp_path / "home", symbols=3) as store:
        yield store


def rows_of(store: Store) -> list[dict[str, Any]]:
    """Make trades on the closes of S00 and S02, the last one open."""
    found = []
    for symbol, shift in (("S00", 0), ("S02", 3)):
        close = store.bars(symbol, "1h").close
        for number in range(20):
            a, b = 40 * number + shift, 40 * number + 17 + shift
            trade = {"symbol": symbol, "side": "short" if number % 3 else "long", "quantity": 1.5, "fee": 0.25}
            trade |= {"entry_time": START + timedelta(hours=a, minutes=59), "entry_price": float(close[a])}
            trade |= {"exit_time": START + timedelta(hours=b, minutes=59), "exit_price": float(close[b])}
            found.append(trade)
    for name in ("exit_time", "exit_price"):
        found[-1][name] = None
    return found


def by_hand(store: Store, rows: list[dict[str, Any]], symbol: str, cash: float) -> tuple[float, float, list[float]]:
    """Reckon final equity, the worst drawdown at closes and the profits of an instrument, bar by bar."""
    close = store.bars(symbol, "1h").close.tolist()
    mine = [row for row in rows if row["symbol"] == symbol]

    def at(row: dict[str, Any], name: str) -> int | None:
        return None if row[name] is None else int((row[name] - START) / timedelta(hours=1))

    first = min(at(row, "entry_time") or 0 for row in mine)
    peak = cash
    equity, worst = cash, 0.0
    for bar in range(first, len(close)):
        equity = cash
        for row in mine:
            entry, exit_, sign = at(row, "entry_time") or 0, at(row, "exit_time"), 1 if row["side"] == "long" else -1
            if entry > bar:
                continue
            price = close[bar] if exit_ is None or exit_ > bar else row["exit_price"]
            fee = row["fee"] if exit_ is None or exit_ <= bar else 0.0
            equity += sign * row["quantity"] * (price - row["entry_price"]) - fee
        peak = max(peak, equity)
        worst = min(worst, equity / peak - 1)
    profits = []
    for row in mine:
        if row["exit_time"] is not None:
            sign = 1 if row["side"] == "long" else -1
            profits.append(sign * row["quantity"] * (row["exit_price"] - row["entry_price"]) - row["fee"])
    return equity, worst, profits


def kept(store: Store, run: str, symbol: str) -> RunResult:
    found = store.house.runs.result(run, f"test:{symbol}")
    assert found is not None
    return found


def test_trades_are_kept_as_a_run_that_agrees_with_pen_and_paper(store: Store) -> None:
    rows = rows_of(store)
    run = store.keep_trades(rows, interval="1h", name="freqtrade 2026", cash=50_000)
    assert store.run(run).record.state == "completed"
    for symbol in ("S00", "S02"):
        result = kept(store, run, symbol)
        equity, worst, profits = by_hand(store, rows, symbol, 50_000.0)
        assert math.isclose(result.final_equity, equity, rel_tol=1e-12)
        assert math.isclose(result.metrics["max_drawdown"] or 0.0, worst, rel_tol=1e-9)
        assert result.trades is not None
        np.testing.assert_allclose(result.trades.profit, profits, rtol=1e-12)
        assert result.metrics["trades"] == len(profits)
        assert result.metrics["fees_paid"] == 0.25 * 20
    assert ("open_at_end" in kept(store, run, "S02").flags, "open_at_end" in kept(store, run, "S00").flags) == (
        True,
        False,
    )
    assert kept(store, run, "S02").metrics["open_profit"] is not None
    assert store.run(run).spec.strategy == "freqtrade 2026"


@pytest.mark.parametrize("made_by", ["arrow", "arrays", "rows"])
def test_every_table_of_equal_trades_is_one_run(store: Store, made_by: str) -> None:
    rows = rows_of(store)[:-1]
    wanted = store.keep_trades(rows)
    arrays = {name: np.array([row[name] for row in rows]) for name in ("symbol", "side", "quantity", "fee")}
    arrays |= {name: np.array([row[name] for row in rows]) for name in ("entry_price", "exit_price")}
    for name in ("entry_time", "exit_time"):
        arrays[name] = np.array([row[name].replace(tzinfo=None) for row in rows], "datetime64[us]")
    tables: dict[str, Callable[[], Any]] = {
        "arrow": lambda: pyarrow.table(arrays),
        "arrays": lambda: arrays,
        "rows": lambda: tuple({**row, "instrument": f"test:{row['symbol']}"} for row in rows),
    }
    given = tables[made_by]()
    if made_by == "rows":
        given = [{name: value for name, value in row.items() if name != "symbol"} for row in given]
    assert store.keep_trades(given) == wanted
    assert len(store.runs()) == 1


def test_what_reads_runs_reads_them(store: Store, tmp_path: Path) -> None:
    rows = rows_of(store)
    run = store.keep_trades(rows, name="other")
    mine = store.backtest("RsiReversion", symbols=["S00", "S02"]).wait()
    assert {one.instrument for one in store.run(run)} == {"test:S00", "test:S02"}
    assert store.compare(mine.id, run)
    assert [each.run for each in store.runs()] == [mine.id, run]
    with pytest.raises(VerificationError, match="made elsewhere"):
        store.verify(run, apart=False)
    store.delete_run(run)
    assert len(store.runs()) == 1


def test_times_of_trades_are_those_that_were_given(store: Store) -> None:
    # S02 begins three hours after S00, and this much later still.
    rows = [row for row in rows_of(store) if row["symbol"] == "S00" or row["entry_time"] > START + timedelta(hours=90)]
    run = store.run(store.keep_trades(rows, interval="1h"))
    for symbol in ("S00", "S02"):
        given = [row["entry_time"] for row in rows if row["symbol"] == symbol and row["exit_time"]]
        trades, times = run[symbol].trades, run.times(symbol)
        assert trades is not None
        assert times.size == run[symbol].bars
        found = [datetime.fromtimestamp(at / 1e6, UTC) for at in times[trades.entry_bar].tolist()]
        assert found == [each.replace(minute=0) for each in given]


def test_bars_that_would_have_to_be_made_are_refused(store: Store) -> None:
    with pytest.raises(ParameterError, match="interval=1d: interval must be one that is held of S00, such as 1h"):
        store.keep_trades(rows_of(store), interval="1d")
    assert store.runs() == []


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "side": ({"side": "up"}, ParameterError, "'up' in row 2"),
    "no time": ({"entry_time": None}, ParameterError, "none in row 2"),
    "backwards": ({"exit_time": START}, ParameterError, "exit_time.*row 2.*not before the entry"),
    "no price": ({"entry_price": math.nan}, ParameterError, "entry_price.*row 2"),
    "a word": ({"entry_price": "dear"}, ParameterError, "numbers"),
    "nothing bought": ({"quantity": 0}, ParameterError, "quantity.*row 2"),
    "exit without a price": ({"exit_price": None}, ParameterError, "exit_price.*row 2"),
    "price without an exit": ({"exit_time": None}, ParameterError, "exit_time.*none in row 2"),
    "no bar": ({"exit_time": START + timedelta(days=900)}, ParameterError, "row 2.*within a bar of test:S00 1h"),
    "unknown": ({"symbol": "NOPE"}, UnknownSymbolError, "NOPE"),
    "reason": ({"reason": "whim"}, ParameterError, "'whim' in row 2"),
    "too dear": ({"quantity": 1e9}, ParameterError, "cash=10000.0.*its equity falls to"),
}


@pytest.mark.parametrize("wrong", list(WRONG))
def test_what_is_no_trade_is_refused_and_nothing_is_kept(store: Store, wrong: str) -> None:
    change, error, said = WRONG[wrong]
    rows = rows_of(store)[:4]
    rows[1] = {**rows[1], **change}
    with pytest.raises(error, match=said):
        store.keep_trades(rows)
    assert store.runs() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "no row"),
        ([1], "int at 1"),
        ([{"side": 1}], "no column instrument"),
        ("text", "a str"),
        ({"side": [1], "direction": [1]}, "one for side"),
    ],
    ids=["empty", "number", "columns", "text", "twice"],
)
def test_what_is_no_table_of_trades_is_refused(store: Store, given: Any, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        store.keep_trades(given)


@pytest.mark.parametrize("name", ["", "a\nb", "9", 7])
def test_a_name_that_could_not_be_listed_is_refused(store: Store, name: Any) -> None:
    with pytest.raises(ParameterError, match="name"):
        store.keep_trades(rows_of(store), name=name)


def test_fills_beyond_their_bars_are_told(store: Store) -> None:
    rows = rows_of(store)[:3]
    rows[0]["entry_price"] *= 3
    run = store.keep_trades(rows, cash=1e6)
    log = b"".join(data for _, data in store.house.log.read(run, 0, 100))
    assert b"1 of 6 fills lie outside" in log
