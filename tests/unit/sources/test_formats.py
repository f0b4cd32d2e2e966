"""What other programs write: LEAN, freqtrade, archives of exchanges, quotes of brokers; by hand, with known bars."""

import io
import json
import random
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tapehead.errors import AmbiguousFileError, FileFormatError, ParameterError
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.sources.recognise import recognise
from tapehead.sources.zones import WallClock

MINUTE = 60_000_000


def us(*parts: int, tz: str = "UTC") -> int:
    moment = datetime(*parts, tzinfo=ZoneInfo(tz))  # type: ignore[arg-type]  # five numbers
    return int(moment.astimezone(UTC).timestamp()) * 1_000_000


def put(path: Path, text: str | bytes, member: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    if member:
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            archive.writestr(member, data)
        data = sink.getvalue()
    path.write_bytes(data)
    return path


def batches(path: Path, **hints: object) -> list[RawBatch]:
    return list(recognise(str(path)).batches(Origin(str(path)), Hints(**hints)))  # type: ignore[arg-type]  # texts


def bars(path: Path, **hints: object) -> list[tuple[int, float, float, float, float, float | None]]:
    rows = []
    for batch in batches(path, **hints):
        for place in range(len(batch.ts)):
            volume = None if batch.volume is None else float(batch.volume[place])
            prices = (batch.open, batch.high, batch.low, batch.close)
            rows.append((int(batch.ts[place]), *(float(one[place]) for one in prices), volume))
    return rows


def told(path: Path, **hints: object) -> str:
    return "; ".join(guess for batch in batches(path, **hints) for guess in batch.guesses)


def test_lean_shares_are_scaled_and_on_the_clock_of_new_york(tmp_path: Path) -> None:
    folder = tmp_path / "equity" / "usa"
    daily = put(folder / "daily" / "aapl.zip", "19980102 00:00,136300,162500,135000,162500,6315000\n", "aapl.csv")
    assert bars(daily) == [(us(1998, 1, 2), 13.63, 16.25, 13.5, 16.25, 6_315_000.0)]
    hourly = put(folder / "hour" / "aapl.zip", "20130705 09:00,1,2,1,2,5\n20131205 09:00,1,2,1,2,5\n", "aapl.csv")
    assert [row[0] for row in bars(hourly)] == [us(2013, 7, 5, 13), us(2013, 12, 5, 14)]
    minute = put(
        folder / "minute" / "spy" / "20131004_trade.zip", "34200000,1674200,1675800,1674200,1675600,9\n", "a.csv"
    )
    assert bars(minute) == [(us(2013, 10, 4, 13, 30), 167.42, 167.58, 167.42, 167.56, 9.0)]
    (batch,) = batches(minute)
    assert (batch.names, batch.interval, batch.basis, batch.kind) == (("SPY",), "1m", "raw", "equity")


@pytest.mark.parametrize(
    ("folders", "first"),
    [
        ("equity/india/minute/yesbank", us(2014, 5, 2, 0, 1, tz="Asia/Kolkata")),
        ("forex/fxcm/minute/eurusd", us(2014, 5, 2, 5, 1)),
        ("forex/oanda/minute/eurusd", us(2014, 5, 2, 0, 1)),
        ("crypto/coinbase/minute/btcusd", us(2014, 5, 2, 0, 1)),
        ("index/usa/minute/spx", us(2014, 5, 2, 0, 1, tz="America/Chicago")),
    ],
)
def test_lean_files_show_the_clock_of_their_market(tmp_path: Path, folders: str, first: int) -> None:
    path = put(tmp_path / folders / "20140502_trade.zip", "60000,10000,10000,10000,10000,1\n", "a.csv")
    ((ts, price, *_),) = bars(path)
    assert (ts, price) == (first, 1.0 if "equity" in folders else 10_000.0)
    assert bars(path, tz="Asia/Tokyo")[0][0] == us(2014, 5, 2, 0, 1, tz="Asia/Tokyo")


def test_fxcm_knows_no_summer_time(tmp_path: Path) -> None:
    row = "20140502 00:00,1,1,1,1,0,1,1,1,1,0\n20140102 00:00,1,1,1,1,0,1,1,1,1,0\n20140102 01:00,1,1,1,1,0,1,1,1,1,0\n"
    path = put(tmp_path / "forex" / "fxcm" / "hour" / "eurusd.zip", row, "eurusd.csv")
    assert [row[0] for row in bars(path)] == [us(2014, 5, 2, 5), us(2014, 1, 2, 5), us(2014, 1, 2, 6)]


def test_two_sides_give_their_middle_or_the_one_named(tmp_path: Path) -> None:
    row = "60000,1.16587,1.2,1.1,1.16,0,1.16597,1.3,1.2,1.17,0\n120000,,,,,,1.1,1.1,1.1,1.1,5\n"
    path = put(tmp_path / "forex" / "oanda" / "minute" / "eurusd" / "20140502_quote.zip", row, "a.csv")
    first, second = bars(path)
    assert first[1:] == (1.16592, 1.25, 1.15, 1.165, None)
    assert np.isnan(second[1])
    assert bars(path, price="bid")[0][1:5] == (1.16587, 1.2, 1.1, 1.16)
    assert bars(path, price="ask")[0][1:5] == (1.16597, 1.3, 1.2, 1.17)
    assert "the middle of bid and ask (--price mid, bid or ask)" in told(path)
    with pytest.raises(ParameterError, match="price=last: price must be one of mid, bid, ask"):
        bars(path, price="last")


def test_brokers_columns_of_two_sides(tmp_path: Path) -> None:
    header = "DateTime,BidOpen,BidHigh,BidLow,BidClose,AskOpen,AskHigh,AskLow,AskClose,TotalTicks\n"
    path = put(tmp_path / "EURUSD-h1.csv", header + "2024-01-02 00:00:00,1,2,1,2,2,3,2,3,77\n")
    assert bars(path, tz="UTC", price="ask")[0][1:] == (2.0, 3.0, 2.0, 3.0, None)


@pytest.mark.parametrize("name", ["option", "indexoption", "future", "futureoption"])
def test_lean_chains_are_refused(tmp_path: Path, name: str) -> None:
    path = put(tmp_path / name / "usa" / "minute" / "aapl" / "20140606_trade.zip", "60000,1,1,1,1,1\n", "a.csv")
    with pytest.raises(FileFormatError, match=f"LEAN's {name} contracts.*come with a later step"):
        bars(path)


def test_open_interest_and_days_that_are_none_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "equity" / "usa" / "minute" / "aapl"
    with pytest.raises(FileFormatError, match="open interest"):
        bars(put(folder / "20140606_openinterest.zip", "60000,1\n", "a.csv"))
    with pytest.raises(FileFormatError, match="the day 20140231, which is none"):
        bars(put(folder / "20140231_trade.zip", "60000,1,1,1,1,1\n", "a.csv"))
    with pytest.raises(FileFormatError, match="its rows have 7 fields"):
        bars(put(folder / "20140606_trade.zip", "60000,1,1,1,1,1,1\n", "a.csv"))


def test_lean_without_its_folders_asks_what_it_is(tmp_path: Path) -> None:
    path = put(tmp_path / "aapl.zip", "19980102 00:00,136300,162500,135000,162500,6315000\n", "aapl.csv")
    with pytest.raises(AmbiguousFileError, match=r"'136300' may be 136300 .* or, of a share, 13.63.*--kind equity"):
        bars(path)
    assert bars(path, kind="equity")[0][4] == 16.25
    assert bars(path, kind="crypto")[0][4] == 162_500.0
    alone = put(
        tmp_path / "20131004_trade.zip", "34200000,1674200,1675800,1674200,1675600,9\n", "20131004_spy_minute_trade.csv"
    )
    with pytest.raises(AmbiguousFileError, match=r"nothing says of which zone.*--tz ZONE"):
        bars(alone, kind="equity")
    assert bars(alone, kind="equity", tz="America/New_York")[0][:2] == (us(2013, 10, 4, 13, 30), 167.42)


def test_ticks_that_are_suspicious_are_left_out_and_told(tmp_path: Path) -> None:
    rows = (
        "34200000,1815200,283,P,0,0\n34200500,9815200,500,P,0,1\n34259999,1815300,1,P,0,0\n34260000,1815100,2,P,0,0\n"
    )
    path = put(tmp_path / "equity" / "usa" / "tick" / "ibm" / "20131007_trade.zip", rows, "a.csv")
    with pytest.raises(AmbiguousFileError, match=r"it holds trades \(price, amount\).*--interval 1m"):
        bars(path)
    opened = us(2013, 10, 7, 13, 30)
    assert bars(path, interval="1m") == [
        (opened, 181.52, 181.53, 181.52, 181.53, 284.0),
        (opened + MINUTE, 181.51, 181.51, 181.51, 181.51, 2.0),
    ]
    assert "1 trades that the file itself calls suspicious are left out" in told(path, interval="1m")


def test_exactly_equal_trades_are_all_counted(tmp_path: Path) -> None:
    path = put(tmp_path / "BTCUSDT.csv", "time,price,qty\n" + "1704067200,2.5,0.1\n" * 10)
    assert bars(path, interval="1m") == [(us(2024, 1, 1), 2.5, 2.5, 2.5, 2.5, 1.0)]


def plain_bars(trades: list[tuple[int, float, float]], step: int) -> list[tuple[float, ...]]:
    """The slow way: one trade after the other, in order of time."""
    found: dict[int, list[tuple[int, float, float]]] = {}
    for trade in sorted(trades, key=lambda each: each[0]):
        found.setdefault(trade[0] // step * step, []).append(trade)
    result = []
    for opened, group in sorted(found.items()):
        prices = [price for _, price, _ in group]
        result.append((opened, prices[0], max(prices), min(prices), prices[-1]))
    return result


@pytest.mark.parametrize("order", ["rising", "falling"])
def test_ticks_of_many_batches_in_either_order(tmp_path: Path, order: str) -> None:
    draw = random.Random(5)
    at, trades = 1_704_067_200_000, []
    for place in range(150_000):
        at += draw.choice((0, 1, 7, 900, 130_000))
        # Equal times would leave open which trade was first in a file that runs backwards.
        trades.append((at * 1_000 + place % 1_000, draw.randint(100, 200) / 8, draw.randint(1, 9) / 10))
    trades = list({trade[0]: trade for trade in trades}.values())
    rows = [{"timestamp": ts, "price": price, "amount": size} for ts, price, size in trades]
    path = put(tmp_path / "BTCUSDT.json", json.dumps(rows if order == "rising" else rows[::-1]))
    made = sorted(bars(path, interval="5m"))
    assert [row[:5] for row in made] == plain_bars(trades, 5 * MINUTE)
    total = sum(round(size * 10) for _, _, size in trades)
    assert round(sum(row[5] or 0 for row in made) * 10) == total
    assert all(batch.gapless for batch in batches(path, interval="5m") if len(batch.ts))


def test_ticks_that_go_back_behind_a_bar_that_is_done_are_refused(tmp_path: Path) -> None:
    rows = [[1_704_067_200_000 + 1_000 * place, "1", None, "buy", 1.0, 1.0, 1.0] for place in range(40_000)]
    path = put(tmp_path / "BTCUSDT.json", json.dumps([*rows, rows[0]]))
    with pytest.raises(FileFormatError, match=r"in no order of time.*Sort the file by time"):
        bars(path, interval="1m")


def test_ticks_that_cannot_be_read_are_rows_set_aside(tmp_path: Path) -> None:
    text = "time,price,qty\n1704067200,1,1\n1704067201,,1\nnever,1,1\n1704067203,2,x\n" + "1704067204,3,1\n" * 9
    found = batches(put(tmp_path / "BTCUSDT.csv", text), interval="1m")
    assert [batch.text(0) for batch in found if batch.reason] == [
        "time=1704067201 price=None qty=1",
        "time=never price=1 qty=1",
        "time=1704067203 price=2 qty=x",
    ]
    assert bars(tmp_path / "BTCUSDT.csv", interval="1m")[0][1:5] == (1.0, 3.0, 1.0, 3.0)
    with pytest.raises(ParameterError, match="a part of a day"):
        batches(tmp_path / "BTCUSDT.csv", interval="1w")


KLINE = "{},42283.58,42554.57,42261.02,42475.23,1271.68,{},53957248.9,47134,682.57,28957416.8,0\n"


@pytest.mark.parametrize(("scale", "word"), [(1_000, "milliseconds"), (1_000_000, "microseconds")])
@pytest.mark.parametrize("header", ["", "open_time,open,high,low,close,volume,close_time,qv,count,tbv,tqv,ignore\n"])
def test_archives_of_binance_in_either_unit(tmp_path: Path, scale: int, word: str, header: str) -> None:
    text = header + "".join(
        KLINE.format(second * scale, (second + 59) * scale) for second in (1_735_689_600, 1_735_689_660)
    )
    path = put(tmp_path / "BTCUSDT-1m-2025-01.zip", text, "BTCUSDT-1m-2025-01.csv")
    assert [row[0] for row in bars(path)] == [us(2025, 1, 1), us(2025, 1, 1, 0, 1)]
    assert batches(path)[0].names == ("BTCUSDT",)
    assert f"times are {word}" in told(path)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("trades", ("1,42000.5,0.25,10500.1,1704067200000,True,True", "2,42001,1,42001,1704067200500,False,True")),
        ("aggTrades", ("1,42000.5,0.25,1,1,1704067200000,true", "2,42001,1,2,2,1704067200500,false")),
        ("trades", ("1704067200,42000.5,0.25", "1704067200.5,42001,0.5", "1704067259.9,42001,0.5")),
    ],
    ids=["trades", "aggregated", "kraken"],
)
def test_archives_of_trades_without_a_header(tmp_path: Path, name: str, rows: tuple[str, ...]) -> None:
    path = put(tmp_path / f"BTCUSDT-{name}-2024-01.csv", "\n".join(rows) + "\n")
    assert bars(path, interval="1m") == [(us(2024, 1, 1), 42000.5, 42001.0, 42000.5, 42001.0, 1.25)]
    assert batches(path, interval="1m")[1].names == ("BTCUSDT",)
    assert "no header: " in told(path, interval="1m")


def test_parts_of_a_second_count(tmp_path: Path) -> None:
    text = "time,price,qty\n1704067199.999999,1,1\n1704067200.000001,2,1\n1704067200.5,3,1\n"
    assert [row[:2] for row in bars(put(tmp_path / "BTCUSDT.csv", text), interval="1s")] == [
        (us(2023, 12, 31, 23, 59, 59), 1.0),
        (us(2024, 1, 1), 2.0),
    ]


def test_bars_without_a_header_are_known_by_their_prices(tmp_path: Path) -> None:
    text = "1704067200,10,12,9,11,5\n1704067260,11,11,10,10,5\n"
    assert bars(put(tmp_path / "BTCUSDT.csv", text))[0] == (us(2024, 1, 1), 10.0, 12.0, 9.0, 11.0, 5.0)
    assert "no high lies below, no low above" in told(tmp_path / "BTCUSDT.csv")
    quotes = put(
        tmp_path / "DAT_ASCII_EURUSD.csv", "20200101 170000065,1.1212,1.12172,0\n20200101 170010447,1.1212,1.1219,0\n"
    )
    found = bars(quotes, interval="1m", tz="Etc/GMT+5", symbol="EURUSD")
    assert [row[0] for row in found] == [us(2020, 1, 1, 22)]
    assert found[0][5] is None


def test_freqtrade_rows_and_objects(tmp_path: Path) -> None:
    path = put(
        tmp_path / "BTC_USDT-1h.json", "[[1704067200000, 1, 2.5, 0.5, 2, null],\n [1704070800000,2,3,1,1e0,7]]\n"
    )
    first, second = bars(path)
    assert first[:5] == (us(2024, 1, 1), 1.0, 2.5, 0.5, 2.0)
    assert np.isnan(first[5])
    assert second == (us(2024, 1, 1, 1), 2.0, 3.0, 1.0, 1.0, 7.0)
    named = put(tmp_path / "ETHUSDT.json", '[{"t": 1704067200000, "o": "1.5", "h": "2", "l": "1", "c": "2", "v": "9"}]')
    assert bars(named) == [(us(2024, 1, 1), 1.5, 2.0, 1.0, 2.0, 9.0)]


def test_a_factor_file_holds_until_and_with_its_day(tmp_path: Path) -> None:
    text = "20040819,0.8,0.5,1\n20050225,0.8,0.5,88.97\n20140606,0.9,1,645\n20501231,1,1,0\n"
    path = put(tmp_path / "factor_files" / "aapl.csv", text)
    with pytest.raises(AmbiguousFileError, match=r"split and dividend factors of AAPL.*--venue NAME"):
        batches(path)
    (batch,) = batches(path, venue="usa")
    (factors,) = batch.factors
    assert (factors.instrument, batch.basis, len(batch.ts)) == ("usa:AAPL", "raw", 0)
    assert factors.ts.tolist() == [us(2004, 8, 19), us(2004, 8, 20), us(2005, 2, 26), us(2014, 6, 7)]
    assert factors.split.tolist() == [0.5, 0.5, 1.0, 1.0]
    assert factors.dividend.tolist() == [0.8, 0.8, 0.9, 1.0]
    wrong = put(tmp_path / "factor_files" / "ibm.csv", "20140606,0.9,1,645\n20040819,0.8,0,1\n20501231,1,1,0\n")
    with pytest.raises(FileFormatError, match="its days do not rise, or one of its factors is not above 0"):
        batches(wrong, venue="usa")


def test_adjusted_closes_are_a_factor_and_say_the_basis(tmp_path: Path) -> None:
    text = (
        "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,1,2,1,2,1.5,5\n"
        "2024-01-03,1,2,1,2,,5\n2024-01-04,1,2,1,2,0,5\n"
    )
    (batch,) = batches(put(tmp_path / "AAPL.csv", text))
    assert batch.factor is not None
    assert (batch.factor[0], batch.basis) == (0.75, "split")
    assert np.isnan(batch.factor[1:]).all()
    raw = text.replace("Adj Close", "adj_close").replace("Volume", "adj_open,adj_high,adj_low,split_ratio")
    raw = raw.replace(",5\n", ",1,2,1,1.0\n")
    (batch,) = batches(put(tmp_path / "raw.csv", raw))
    assert batch.basis == "raw"
    kaggle = "date,open,high,low,close,volume,Name\n2024-01-02,1,2,1,2,5,AAPL\n"
    assert batches(put(tmp_path / "all.csv", kaggle))[0].basis == "split"
    assert batches(put(tmp_path / "other.csv", kaggle.replace("Name", "sym")))[0].basis is None


def test_a_header_that_forgets_the_time_of_day(tmp_path: Path) -> None:
    text = (
        "Date,Open,High,Low,Close,Volume\n2006-01-02,09:01:00,3602,3603,3597,3599,5699\n2006-01-02,09:02:00,3,3,3,3,1\n"
    )
    assert bars(put(tmp_path / "FESX.csv", text), tz="Europe/Berlin")[0][:2] == (us(2006, 1, 2, 8, 1), 3602.0)
    assert "'09:01:00' behind the date is read as the time of day" in told(tmp_path / "FESX.csv", tz="Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "header", "row", "said"),
    [
        ("BTC-funding_rate.csv", "date,open,high,low,close", "2024-01-02,1,1,1,1", "funding rates"),
        ("a.csv", "timestamp,symbol,funding_rate", "1,A,0.1", "funding rates"),
        ("a.csv", "timestamp,symbol,sum_open_interest", "1,A,0.1", "open interest"),
        ("a.csv", "Symbol,Expiry,Strike,CE_LTP", "NIFTY,2026-01-27,23500,1", "option chain"),
        ("a.csv", "TradDt,XpryDt,StrkPric,OptnTp,Opn", "x,y,1,CE,1", "option chain"),
        ("goog.csv", "20140327,goocv,Q", "20501231,goog,Q", "LEAN's map file"),
        ("a.csv", "Date,Dividends", "DIVIDEND,20140403", "dividends and splits"),
    ],
)
def test_what_holds_no_bars_says_what_it_holds(tmp_path: Path, name: str, header: str, row: str, said: str) -> None:
    with pytest.raises(FileFormatError, match=f"{said}.*tapehead import PATH"):
        batches(put(tmp_path / name, f"{header}\n{row}\n"))


def test_one_price_a_row_can_stand_for_all_four(tmp_path: Path) -> None:
    path = put(tmp_path / "closes.csv", "Date,AAPL,MSFT\n2024-01-02,1.5,2\n2024-01-03,1.75,\n")
    flag = "--columns 'open=AAPL,high=AAPL,low=AAPL,close=AAPL' --symbol 'AAPL'"
    with pytest.raises(AmbiguousFileError, match=r"one price a row in 2 columns \(AAPL, MSFT\)") as error:
        batches(path)
    assert error.value.facts["flag"] == flag
    columns = dict.fromkeys(("open", "high", "low", "close"), "AAPL")
    assert bars(path, columns=columns, symbol="AAPL")[1] == (us(2024, 1, 3), 1.75, 1.75, 1.75, 1.75, None)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Etc/GMT+5"])
def test_a_clock_that_looks_at_whole_days_is_the_one_of_every_hour(zone: str) -> None:
    """Against zoneinfo, hour by hour through a year; skipped hours are none, repeated ones the earlier."""
    wall = us(2024, 1, 1) + 30 * MINUTE * np.arange(2 * 24 * 366)
    utc, exists = WallClock(zone).to_utc(wall, np.zeros(len(wall), np.int32))
    for place in range(len(wall)):
        naive = datetime.fromtimestamp(int(wall[place]) // 1_000_000, UTC).replace(tzinfo=None)
        moment = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        there = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert bool(exists[place]) == (there == naive)
        if exists[place]:
            assert utc[place] == int(moment.timestamp()) * 1_000_000
