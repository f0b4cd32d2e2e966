"""Bars that come one by one, and bars given from Python: durable on return, nothing lost silently."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import tapehead as th
from tapehead.errors import ParameterError, StoreLockedError
from tapehead.library.store import Store
from tapehead.stores.embedded.lock import WriterLock
from tapehead.testing.samples import YEAR_2021
from tests.unit.library.market import HOUR_US, columns_of, house_of, open_market
from tests.unit.stores.processes import rest_of, start

MINUTE_US = 60_000_000
NOON = datetime(2021, 1, 1, 12, tzinfo=UTC)
NOON_US = 1_609_502_400_000_000


def closes(store: Store, symbol: str = "BTCUSDT") -> list[float]:
    return store.bars(f"binance:{symbol}", "1m").close.tolist()


def rows(store: Store) -> int:
    return sum(interval[3] for each in store.instruments() for interval in each.intervals)


def test_bars_are_appended_and_found_again(tmp_path: Path) -> None:
    ts = NOON_US + np.arange(5) * MINUTE_US
    close = np.linspace(10, 11, 5)
    made = [
        th.Bars.from_arrays(ts, close, close, close, close, interval="1m", symbol=symbol, venue="binance")
        for symbol in ("BTCUSDT", "ETHUSDT")
    ]
    with th.open(tmp_path) as store:
        assert store.append(made).segments == 2
        assert store.append(made[0]).segments == 0
    with th.open(tmp_path) as store:
        assert closes(store) == closes(store, "ETHUSDT") == close.tolist()
        assert [each.instrument.name for each in store.instruments()] == ["binance:BTCUSDT", "binance:ETHUSDT"]


def test_rows_and_frames_are_appended_as_bars_are(tmp_path: Path) -> None:
    names = {"venue": "binance", "symbol": "BTCUSDT", "interval": "1m"}
    rows = [{"ts": NOON + timedelta(minutes=at), "open": 1, "high": 2, "low": 0.5, "close": 1 + at} for at in range(3)]
    with th.open(tmp_path) as store:
        assert store.append(rows, **names).segments == 1
        frame = {name: np.array([row[name] for row in rows], float) for name in ("open", "high", "low", "close")}
        times = NOON_US + np.arange(3) * MINUTE_US
        assert store.append({"ts": times, **frame}, **names).segments == 0
        assert store.append({"ts": times + 3 * MINUTE_US, **frame}, **names).segments == 1
        assert closes(store) == [1, 2, 3, 1, 2, 3]
        for wrong, said in (([*rows, {"ts": NOON}], "row 4"), ([1], "int at 1")):
            with pytest.raises(ParameterError, match=said):
                store.append(wrong, **names)
        with pytest.raises(ParameterError, match="venue=x"):
            store.append(store.bars("BTCUSDT"), venue="x")
        assert len(closes(store)) == 6


def test_a_group_is_appended_when_it_is_full_and_on_leaving(tmp_path: Path) -> None:
    with th.open(tmp_path) as store:
        with store.writer("binance", "BTCUSDT", "1m", rows=3, seconds=1e9) as writer:
            for at in range(7):
                writer.write(NOON + timedelta(minutes=at), 1, 2, 0.5, 1 + at, volume=3)
                assert rows(store) == (at + 1) // 3 * 3
            assert len(writer) == 1
        assert closes(store) == [1, 2, 3, 4, 5, 6, 7]
        assert len(writer) == 0
        assert writer.flush() is None


def test_a_group_is_appended_by_the_next_write_when_it_is_old(tmp_path: Path) -> None:
    with th.open(tmp_path) as store, store.writer("binance", "BTCUSDT", "1m", seconds=0) as writer:
        for at in range(3):
            writer.write(NOON_US + at * MINUTE_US, 1, 1, 1, 1)
            assert rows(store) == at + 1


def test_an_error_in_the_block_loses_no_bar(tmp_path: Path) -> None:
    with th.open(tmp_path) as store:

        def feed() -> None:
            with store.writer("binance", "BTCUSDT", "1m") as writer:
                writer.write("2021-01-01T12:00Z", 1, 1, 1, 1)
                raise RuntimeError("the feed is gone")

        with pytest.raises(RuntimeError, match="the feed is gone"):
            feed()
        assert rows(store) == 1


def test_of_bars_of_one_time_the_last_counts_and_order_does_not_matter(tmp_path: Path) -> None:
    with th.open(tmp_path) as store:
        with store.writer("binance", "BTCUSDT", "1m") as writer:
            for at, close in ((2, 3.0), (0, 1.0), (1, 9.0), (1, 2.0)):
                writer.write(np.int64(NOON_US + at * MINUTE_US), close, close, close, close)
        assert closes(store) == [1, 2, 3]


def test_a_bar_that_is_none_is_refused_and_the_others_stay(tmp_path: Path) -> None:
    with th.open(tmp_path) as store:
        with store.writer("binance", "BTCUSDT", "1m") as writer:
            writer.write(NOON, 1, 1, 1, 1)
            for bad in ((NOON, float("nan"), 1, 1, 1), (None, 1, 1, 1, 1), ("noon", 1, 1, 1, 1)):
                with pytest.raises(ParameterError):
                    writer.write(*bad)
        assert closes(store) == [1]
        for setting in ({"rows": 0}, {"seconds": -1.0}):
            with pytest.raises(ParameterError, match=next(iter(setting))):
                store.writer("binance", "BTCUSDT", "1m", **setting)


def test_a_bar_that_would_keep_its_group_from_being_appended_is_refused_at_once(tmp_path: Path) -> None:
    with th.open(tmp_path) as store:
        with store.writer("binance", "BTCUSDT", "1h") as writer:
            for minutes in (0, 30, 120, 59, 60, 119, 180):
                moment = NOON_US + minutes * MINUTE_US
                if minutes in (30, 60, 119):
                    with pytest.raises(ParameterError, match="at least 1h from the bars that wait beside it"):
                        writer.write(moment, 1, 1, 1, 1)
                else:
                    writer.write(moment, minutes, minutes, minutes, minutes)
        # One of three steps is short, as a change of the clock makes one: that is no other interval.
        assert store.bars("binance:BTCUSDT", "1h").close.tolist() == [0, 59, 120, 180]
        with pytest.raises(ParameterError, match="kind='equity'"):
            store.writer("nyse", "AAPL", "1m")
        with store.writer("nyse", "AAPL", "1m", kind="equity") as writer:
            writer.write(NOON, 1, 1, 1, 1)
        store.writer("nyse", "AAPL", "1m").flush()


def test_a_group_that_could_not_be_appended_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with th.open(tmp_path) as store:
        writer = store.writer("binance", "BTCUSDT", "1m", rows=2)
        writer.write(NOON, 1, 1, 1, 1)
        with WriterLock(tmp_path / "writer.lock").held():
            monkeypatch.setattr(store._house.bars.lock, "wait_s", 0)
            with pytest.raises(StoreLockedError):
                writer.write(NOON + timedelta(minutes=1), 2, 2, 2, 2)
        assert len(writer) == 2
        writer.flush()
        assert closes(store) == [1, 2]


def test_bars_that_nobody_flushed_are_told_of(tmp_path: Path) -> None:
    with th.open(tmp_path) as store:
        writers = [store.writer("binance", "BTCUSDT", "1m")]
        writers[0].write(NOON, 1, 1, 1, 1)
        with pytest.warns(ResourceWarning, match="1 bars of binance:BTCUSDT were written and never flushed"):
            writers.clear()


def test_what_was_appended_outlives_a_kill(tmp_path: Path) -> None:
    code = """
    import os, sys
    import tapehead as th
    store = th.open(sys.argv[1])
    with store.writer("binance", "BTCUSDT", "1m", rows=1) as writer:
        for at in range(100):
            writer.write(1_609_502_400_000_000 + at * 60_000_000, 1, 1, 1, 1 + at)
            print(at, flush=True)
    """
    process = start(code, tmp_path)
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(10)]
    process.kill()
    said = [*seen, *rest_of(process)[0].splitlines()]
    with th.open(tmp_path) as store:
        held = closes(store)
        assert len(held) >= len(said)
        assert held == [1.0 + at for at in range(len(held))]


def test_a_run_over_segment_and_tail_is_that_over_the_folded_bars(tmp_path: Path) -> None:
    with open_market(tmp_path, symbols=2, rows=900) as store:
        later = columns_of(60, first=880, seed=7)
        values = [later[name] for name in ("ts", "open", "high", "low", "close", "volume")]
        store.append(th.Bars.from_arrays(*values, interval="1h", symbol="S00", venue="test"))
        before = store.bars("S00", "1h")
        assert before.ts.tolist() == [YEAR_2021 + at * HOUR_US for at in range(940)]
        assert before.close[880:].tolist() == later["close"].tolist()
        laid = store.backtest("RsiReversion", symbols=["S00", "S01"], interval="1h")
        list(laid)
        first = laid.verify()
        assert (first.verdict, first.compared) == ("identical", 2)
        house_of(store).bars.fold(whole=True)
        folded = store.backtest("RsiReversion", symbols=["S00", "S01"], interval="1h")
        list(folded)
        assert folded.verify().digest == first.digest
        assert store.bars("S00", "1h").close.tobytes() == before.close.tobytes()
