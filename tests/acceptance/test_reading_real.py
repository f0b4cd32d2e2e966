"""Real bars at coarser intervals and as ledgers: equal to what the exchange itself published, and to known facts."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from tapehead.layout.columns import AFTER_HOLE, PARTIAL
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.bars import Bars

Find = Callable[[str], Path]
HOUR_US = 3_600_000_000
KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        yield opened


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def test_five_minutes_of_one_minute_candles_are_the_exchange_s_own(store: Store, shared_data: Find) -> None:
    folder = shared_data("intraday/freqtrade")
    store.import_files(folder / "XRP_ETH-1m.feather", venue="exchange", kind="crypto")
    own = feather.read_table(folder / "XRP_ETH-5m.feather")
    made = store.bars("XRPETH", "5m")
    assert np.array_equal(made.ts, own["date"].to_numpy().astype("datetime64[us]").astype(np.int64))
    assert len(made) == 706
    for name in ("open", "high", "low", "close", "volume"):
        assert getattr(made, name).tobytes() == own[name].to_numpy().astype(np.float64).tobytes(), name
    held = np.bincount((store.bars("XRPETH").ts - made.ts[0]) // (300 * 1_000_000))
    assert np.array_equal((made.flags & PARTIAL) == 0, held[held > 0] == 5)
    assert np.array_equal(np.flatnonzero(made.flags & AFTER_HOLE), np.flatnonzero(np.diff(made.ts) > 3e8) + 1)


def test_sessions_of_india_are_days_special_ones_too(store: Store, shared_data: Find) -> None:
    path = shared_data("intraday/nse_index_1m/NIFTY_2024.csv.gz")
    store.import_files(path, kind="index", tz="Asia/Kolkata")
    minutes = store.bars("NIFTY")
    found = store.look_up(["NIFTY"], "1d")[0]
    by_day: dict[datetime, list[int]] = {}
    for place, ts in enumerate(minutes.ts.tolist()):
        at = datetime.fromtimestamp(ts / 1e6, KOLKATA)
        # Saturday 20 January: a regular session; the file goes on to 18:16 with an evening that no calendar has.
        if time(9, 15) <= at.time() < time(15, 30):
            by_day.setdefault(at.replace(hour=9, minute=15), []).append(place)
    assert found.outside == len(minutes) - sum(map(len, by_day.values())) == 167
    days = found.bars
    assert [datetime.fromtimestamp(ts / 1e6, KOLKATA) for ts in days.ts.tolist()] == list(by_day)
    assert len(days) == 156
    for place, rows in enumerate(by_day.values()):
        assert days.open[place] == minutes.open[rows[0]]
        assert days.high[place] == max(minutes.high[rows])
        assert days.low[place] == min(minutes.low[rows])
        assert days.close[place] == minutes.close[rows[-1]]
    special = {"2024-01-20": 375, "2024-03-02": 105, "2024-05-18": 105}
    assert all(len(rows) == special.get(at.date().isoformat(), 375) for at, rows in by_day.items())
    assert not (days.flags & PARTIAL).any()


def test_hours_of_the_panel_are_days_from_midnight_but_for_its_outages(store: Store, shared_data: Find) -> None:
    path = shared_data("crypto/binance_spot_1h_panel_2021-2023.parquet")
    store.import_files(path)
    names = [row.instrument.name for row in store.instruments()]
    days = store.bars(names, "1d")
    assert len(days) == 72
    hours = store.bars("ETHUSDT")
    check_days(days["crypto:ETHUSDT"], hours)
    whole = {
        ts
        for ts in days["crypto:ETHUSDT"].ts.tolist()
        if np.sum(hours.ts // (24 * HOUR_US) * (24 * HOUR_US) == ts) == 24
    }
    unfinished = days["crypto:ETHUSDT"].flags & PARTIAL != 0
    assert [ts in whole for ts in days["crypto:ETHUSDT"].ts.tolist()] == (~unfinished).tolist()

    covered = {one.series.instrument: one for one in store.coverage(runs=True).ledgers}
    outages = [
        (us("2021-04-20T02"), us("2021-04-20T04"), 2),
        (us("2021-04-25T05"), us("2021-04-25T08"), 3),
        (us("2021-08-13T02"), us("2021-08-13T06"), 4),
        (us("2021-09-29T07"), us("2021-09-29T09"), 2),
        (us("2023-03-24T13"), us("2023-03-24T14"), 1),
    ]
    live = [one for one in covered.values() if one.bars == 23_988]
    assert len(live) >= 60
    assert all([run[:3] for run in one.runs] == outages and (one.gaps, one.missing) == (5, 12) for one in live)
    assert sum(one.bars for one in covered.values()) == 1_598_941
    assert sum(one.untraded for one in covered.values()) == 78

    at = "2022-05-13T12:30Z"
    table = parquet.read_table(path, columns=["date", "close", "ticker"])
    before = table.filter(pc.less_equal(table["date"], np.datetime64("2022-05-13T12:30", "ns")))
    last = before.group_by("ticker").aggregate([("date", "max")])
    found = store.latest(symbols=names, at=at)
    assert dict(zip(found.instrument.tolist(), found.ts.tolist(), strict=True)) == {
        f"crypto:{ticker}": us(str(date))
        for ticker, date in zip(*(last[c].to_pylist() for c in ("ticker", "date_max")), strict=True)
    }


def check_days(days: Bars, hours: Bars) -> None:
    """Days are first, highest, lowest, last and sum of the hours from midnight."""
    starts = days.ts.tolist()
    assert all(ts % (24 * HOUR_US) == 0 for ts in starts)
    for place in range(0, len(starts), 37):
        own = (hours.ts >= starts[place]) & (hours.ts < starts[place] + 24 * HOUR_US)
        assert days.open[place] == hours.open[own][0]
        assert days.close[place] == hours.close[own][-1]
        assert days.high[place] == hours.high[own].max()
        assert days.low[place] == hours.low[own].min()
        assert days.volume[place] == pytest.approx(hours.volume[own].sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("path", "symbol", "gaps"),
    [
        ("intraday/freqtrade/UNITTEST_BTC-1m.feather", "UNITTESTBTC", 538),
        ("intraday/freqtrade/XRP_ETH-1m.feather", "XRPETH", 676),
        ("crypto/binance_spot_1h_2018-2026/BTC_USDT-1h.feather", "BTCUSDT", 27),
    ],
)
def test_the_gaps_of_known_files_are_found(store: Store, shared_data: Find, path: str, symbol: str, gaps: int) -> None:
    store.import_files(shared_data(path), venue="known", kind="crypto")
    (one,) = store.coverage([symbol], runs=True).ledgers
    step = one.series.interval.us
    times = store.bars(symbol).ts
    after = np.flatnonzero(np.diff(times) > step)
    assert one.gaps == len(one.runs) == len(after) == gaps
    assert [run.start for run in one.runs] == (times[after] + step).tolist()
    assert [run.end for run in one.runs] == times[after + 1].tolist()
    assert one.missing == int(np.sum(np.diff(times) // step - 1))


def test_weeks_of_shares_bear_the_date_of_their_first_session(store: Store, shared_data: Find) -> None:
    store.import_files(shared_data("equities/sp500_all_stocks_5yr_2013-2018.csv.gz"))
    days, weeks = store.bars("AAPL"), store.bars("AAPL", "1w")
    dates = [datetime.fromtimestamp(ts / 1e6, ZoneInfo("UTC")).date() for ts in days.ts.tolist()]
    mondays = sorted({day - timedelta(days=day.weekday()) for day in dates})
    assert len(weeks) == len(mondays)
    named = [datetime.fromtimestamp(ts / 1e6, ZoneInfo("UTC")).date() for ts in weeks.ts.tolist()]
    firsts = [min(day for day in dates if monday <= day < monday + timedelta(days=7)) for monday in mondays]
    # The file begins on a Friday; every other week bears the date of its first session.
    assert named[1:] == firsts[1:]
    assert named[0] == mondays[0]
    assert [bool(flags & PARTIAL) for flags in weeks.flags] == [True, *[False] * (len(weeks) - 2), True]
