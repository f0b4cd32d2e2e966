"""Importing into a store in memory: what is kept, flagged, set aside, refused, and written once."""

from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from tapehead.errors import AmbiguousFileError, FileFormatError, ImportConflictError, ParameterError
from tapehead.jobs.ingest import ingest
from tapehead.layout.columns import AFTER_HOLE, PARTIAL, SUSPECT, TRADED
from tapehead.model.quality import FileReport, ImportReport
from tapehead.ports.bars import Hints
from tapehead.sources.buckets import SpillingBuckets
from tapehead.sources.recognise import recognise
from tests.unit.jobs.memory_store import MemoryStore

HOUR = 3_600_000_000
START = 1_704_067_200_000_000  # 2024-01-01
BAD_QUOTES = [Hints(quote=text) for text in ("", "US", "dollar", "U$D", "USD\n")]
PRICES = ("open", "high", "low", "close")
HEADER = "date,open,high,low,close,volume"

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(*lines: str, name: str = "BTCUSDT_1h.csv", header: str = HEADER) -> str:
        path = tmp_path / "binance" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join((header, *lines)) + "\n")
        return str(path)

    return make


def line(hour: int, close: float | str = 10.0, volume: float | str = 1.0, high: float = 1e6, low: float = 0.001) -> str:
    return f"{stamp(hour)},10.0,{high},{low},{close},{volume}"


def stamp(hour: int) -> str:
    return str(np.datetime64(START + hour * HOUR, "us"))[:19].replace("T", " ")


def hours(*numbers: int) -> list[str]:
    return [line(number) for number in numbers]


def take(store: MemoryStore, *paths: str, hints: Hints | None = None, **options: Any) -> ImportReport:
    return ingest(paths, hints or Hints(), store, store.codec, recognise, buckets, **options)


def buckets() -> SpillingBuckets:
    return SpillingBuckets(Path(gettempdir()))


def only(report: ImportReport) -> FileReport:
    assert len(report.files) == 1
    return report.files[0]


def test_a_file_becomes_bars_of_one_series(write: Write) -> None:
    store = MemoryStore()
    report = only(take(store, write(*hours(0, 1, 2, 3))))
    assert (report.rows, report.kept, report.added, report.symbols, report.snapshot) == (4, 4, 4, 1, 1)
    bars = store.bars("binance:BTCUSDT")
    assert bars.series.interval.text == "1h"
    assert bars.ts.tolist() == [START + hour * HOUR for hour in range(4)]
    assert bars.flags.tolist() == [TRADED] * 4
    instrument = store.known["binance:BTCUSDT"]
    assert (instrument.kind, instrument.quote, instrument.calendar) == ("crypto", "USDT", "24/7")
    assert instrument.has_volume


def test_each_guess_is_told_with_its_evidence(write: Write) -> None:
    report = only(take(MemoryStore(), write(*hours(0, 1, 2, 4))))
    assert report.guesses == (
        "symbol BTCUSDT: from the file's name",
        "times without zone are read as UTC (crypto)",
        "interval 1h: 66.67 % of steps",
        "kind crypto: BTCUSDT ends in a quote currency (USDT)",
        "venue binance: the name of the file's folder",
    )


def test_a_hole_is_counted_and_flagged_on_the_bar_after_it(write: Write) -> None:
    store = MemoryStore()
    report = only(take(store, write(*hours(0, 1, 2, 5, 6, 8))))
    assert (report.gaps, report.missing) == (2, 3)
    assert (store.bars("binance:BTCUSDT").flags & AFTER_HOLE > 0).tolist() == [False] * 3 + [True, False, True]


def test_a_hole_that_a_later_file_fills_loses_its_flag(write: Write) -> None:
    store = MemoryStore()
    take(store, write(*hours(0, 1, 2, 5, 6)))
    take(store, write(*hours(3, 4), name="BTCUSDT_1h_more.csv"))
    assert not np.any(store.bars("binance:BTCUSDT").flags & AFTER_HOLE)


def test_a_hole_over_the_border_of_a_year_is_flagged(write: Write) -> None:
    store = MemoryStore()
    take(store, write(*hours(-4, -3, -2, 1, 2)))
    assert len(store.refs) == 2
    assert (store.bars("binance:BTCUSDT").flags & AFTER_HOLE > 0).tolist() == [False] * 3 + [True, False]


@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_price_that_is_no_finite_number_is_never_a_bar(write: Write, tmp_path: Path, column: int, value: str) -> None:
    prices = ["10.0"] * 4
    prices[column] = value
    text = write(*hours(0, 1), f"{stamp(2)},{','.join(prices)},1.0", *hours(3, 4))
    table = csv.read_csv(text, convert_options=csv.ConvertOptions(column_types=dict.fromkeys(PRICES, pa.float64())))
    parquet.write_table(table, tmp_path / "binance" / "ETHUSDT_1h.parquet")
    for path, symbol in ((text, "BTCUSDT"), (str(tmp_path / "binance" / "ETHUSDT_1h.parquet"), "ETHUSDT")):
        store = MemoryStore()
        report = only(take(store, path))
        assert (report.rows, report.kept, report.nulls, report.quarantined, report.missing) == (5, 4, 1, 1, 1)
        assert store.bars(f"binance:{symbol}").ts.tolist() == [START + hour * HOUR for hour in (0, 1, 3, 4)]
        assert [one.ts for one in store.aside] == [START + 2 * HOUR]


def test_duplicates_conflicts_nulls_and_order_are_counted_and_set_aside(write: Write) -> None:
    store = MemoryStore()
    lines = [line(0), line(2), line(1), line(2), line(3, 11.0), line(3, 12.0), line(4, ""), line(5, "n/a"), line(6)]
    report = only(take(store, write(*lines, "yesterday,1,1,1,1,1")))
    assert (report.rows, report.kept, report.duplicates, report.conflicting) == (10, 5, 1, 1)
    assert (report.nulls, report.out_of_order, report.quarantined) == (3, 1, 5)
    assert report.rows == report.kept + report.duplicates + report.conflicting + report.nulls
    assert store.bars("binance:BTCUSDT").close.tolist() == [10.0, 10.0, 10.0, 12.0, 10.0]
    reasons = [(one.row, one.reason.split()[0]) for one in store.aside]
    assert reasons == [(5, "another"), (6, "kept,"), (7, "a"), (8, "a"), (10, "the")]
    assert store.aside[3].values == f"date={stamp(5)} open=10.0 high=1000000.0 low=0.001 close=n/a volume=1.0"
    assert store.aside[0].ts == START + 3 * HOUR
    assert store.aside[4].ts is None


def test_a_line_of_another_length_is_a_row_that_is_set_aside(write: Write) -> None:
    store = MemoryStore()
    report = only(take(store, write(line(0), "2024-01-01 01:00,10,11", line(2), line(3, ""), line(4), line(5))))
    assert (report.rows, report.kept, report.nulls, report.quarantined) == (6, 4, 2, 2)
    assert [(one.row, one.values[:10]) for one in store.aside] == [(2, "2024-01-01"), (4, "date=2024-")]


def test_an_ohlc_violation_is_kept_and_flagged(write: Write) -> None:
    store = MemoryStore()
    report = only(take(store, write(line(0), line(1, high=9.0), line(2))))
    assert report.ohlc_violations == 1
    assert store.bars("binance:BTCUSDT").flags.tolist() == [TRADED, TRADED | SUSPECT, TRADED]


def test_a_bar_without_volume_has_not_traded_where_others_have(write: Write) -> None:
    store = MemoryStore()
    report = only(take(store, write(line(0), line(1, volume=0), line(2))))
    assert report.zero_volume == 1
    assert store.bars("binance:BTCUSDT").flags.tolist() == [TRADED, 0, TRADED]


@pytest.mark.parametrize("header", [HEADER, HEADER.removesuffix(",volume")])
def test_a_series_without_any_volume_has_traded_in_every_bar(write: Write, header: str) -> None:
    store = MemoryStore()
    lines = [line(hour, volume=0) for hour in range(3)]
    if header != HEADER:
        lines = [text.rpartition(",")[0] for text in lines]
    take(store, write(*lines, header=header))
    assert store.bars("binance:BTCUSDT").flags.tolist() == [TRADED] * 3
    assert not store.known["binance:BTCUSDT"].has_volume


def test_a_bar_that_ends_after_now_is_partial_and_one_that_has_ended_is_not(write: Write) -> None:
    store = MemoryStore()
    path = write(*hours(0, 1, 2))
    assert only(take(store, path, now=START + 3 * HOUR - 1)).partial == 1
    assert (store.bars("binance:BTCUSDT").flags & PARTIAL > 0).tolist() == [False, False, True]
    assert only(take(store, path, now=START + 3 * HOUR)).partial == 0
    assert not np.any(store.bars("binance:BTCUSDT").flags & PARTIAL)


def test_the_same_file_again_changes_nothing(write: Write) -> None:
    store = MemoryStore()
    path = write(*hours(0, 1, 2), line(3, ""))
    take(store, path)
    report = only(take(store, path))
    assert (report.added, report.unchanged, report.superseded, report.snapshot) == (0, 3, 0, 1)
    assert store.notes == ["import BTCUSDT_1h.csv"]
    assert len(store.aside) == 1


def test_later_bars_are_added_and_the_last_one_held_may_change(write: Write) -> None:
    store = MemoryStore()
    take(store, write(*hours(0, 1, 2)))
    report = only(take(store, write(line(2, 11.0), *hours(3, 4), name="BTCUSDT_1h_next.csv")))
    assert (report.added, report.unchanged, report.superseded) == (2, 0, 1)
    assert store.bars("binance:BTCUSDT").close.tolist() == [10.0, 10.0, 11.0, 10.0, 10.0]


def test_a_folder_with_a_colon_is_no_venue_and_the_way_out_names_one(write: Write, tmp_path: Path) -> None:
    path = Path(write(*hours(0, 1, 2)))
    odd = tmp_path / "my:own venue" / path.name
    odd.parent.mkdir()
    path.rename(odd)
    store = MemoryStore()
    with pytest.raises(AmbiguousFileError, match="a venue has no colon") as error:
        take(store, str(odd))
    assert str(error.value).endswith(f"Decide it: tapehead import {odd} --venue 'my-own venue'")
    take(store, str(odd), hints=Hints(venue="my-own venue"))
    assert store.bars("my-own venue:BTCUSDT").ts.size == 3


def test_more_than_one_differing_bar_in_a_hundred_is_refused_with_two_ways_out(write: Write) -> None:
    store = MemoryStore()
    take(store, write(*hours(*range(200))))
    changed = [line(hour, 11.0 if hour in {5, 6, 7} else 10.0) for hour in range(200)]
    path = write(*changed, name="BTCUSDT_1h_other.csv")
    with pytest.raises(ImportConflictError, match=r"3 of 200 overlapping bars of binance:BTCUSDT 1h differ") as error:
        take(store, path)
    assert f"tapehead import {path} --venue NAME" in str(error.value)
    assert f"tapehead import {path} --supersede" in str(error.value)
    assert store.number == 1
    assert only(take(store, path, supersede=True)).superseded == 3
    assert store.bars("binance:BTCUSDT").close[5] == 11.0


def test_one_differing_bar_in_a_hundred_passes(write: Write) -> None:
    store = MemoryStore()
    take(store, write(*hours(*range(200))))
    changed = [line(hour, 11.0 if hour in {5, 6} else 10.0) for hour in range(200)]
    assert only(take(store, write(*changed, name="BTCUSDT_1h_b.csv"))).superseded == 2


def test_another_price_level_is_refused_even_where_one_bar_overlaps(write: Write) -> None:
    store = MemoryStore()
    take(store, write(*hours(0, 1, 2)))
    with pytest.raises(ImportConflictError, match=r"median close ratio 2.1"):
        take(store, write(line(2, 21.0), line(3), name="BTCUSDT_1h_b.csv"))
    assert store.number == 1


def test_two_files_of_one_import_that_contradict_each_other_are_refused(write: Write) -> None:
    store = MemoryStore()
    first = write(*hours(0, 1, 2, 3), name="BTCUSDT_1h.csv")
    second = write(*(line(hour, 11.0) for hour in range(4)), name="BTC_USDT-1h.csv")
    with pytest.raises(ImportConflictError):
        take(store, first, second)
    assert (store.number, store.known, store.aside) == (0, {}, [])


def test_two_files_that_continue_each_other_are_one_commit(write: Write) -> None:
    store = MemoryStore()
    report = take(store, write(*hours(0, 1)), write(*hours(1, 2, 3), name="BTC_USDT-1h.csv"))
    assert [(file.added, file.unchanged) for file in report.files] == [(2, 0), (2, 1)]
    assert report.symbols == ("binance:BTCUSDT",)
    assert report.total.symbols == 1
    assert store.number == 1


def test_an_error_in_the_second_file_leaves_nothing_of_the_first(write: Write) -> None:
    store = MemoryStore()
    with pytest.raises(FileFormatError):
        take(store, write(*hours(0, 1)), write("x,1,1,1,1,1", name="ETHUSDT_1h.csv"))
    assert (store.number, store.known) == (0, {})


def test_a_panel_is_split_by_symbol(write: Write) -> None:
    store = MemoryStore()
    rows = [
        f"{line(hour, price)},{symbol}" for hour in (0, 1) for symbol, price in (("BTC/USDT", 10), ("ETH-USDT", 20))
    ]
    report = only(take(store, write(*rows, f"{line(2)},", header=HEADER + ",pair", name="panel.csv")))
    assert (report.symbols, report.kept, report.nulls, report.quarantined) == (2, 4, 1, 1)
    assert store.bars("binance:ETHUSDT").close.tolist() == [20.0, 20.0]
    assert store.aside[0].reason == "the row names no symbol"
    assert store.aside[0].series.symbol == ""


def test_a_named_symbol_for_a_panel_is_refused(write: Write) -> None:
    rows = [f"{line(0)},BTCUSDT", f"{line(0)},ETHUSDT"]
    with pytest.raises(ParameterError, match="several symbols"):
        take(MemoryStore(), write(*rows, header=HEADER + ",symbol"), hints=Hints(symbol="X"))


def test_dry_run_reports_and_writes_nothing(write: Write) -> None:
    store = MemoryStore()
    report = take(store, write(*hours(0, 1, 2)), dry_run=True)
    assert (report.dry_run, only(report).added, report.snapshot) == (True, 3, 0)
    assert (store.number, store.known) == (0, {})


def test_strict_refuses_what_is_set_aside_or_looks_wrong_and_takes_the_rest(write: Write) -> None:
    store = MemoryStore()
    with pytest.raises(ImportConflictError, match="1 row would be set aside"):
        take(store, write(*hours(0, 1), line(2, "")), strict=True)
    with pytest.raises(ImportConflictError, match="2 bars missing"):
        take(store, write(*hours(0, 1, 4, 5, 6)), strict=True)
    with pytest.raises(ImportConflictError, match="1 exact duplicate; 1 row out of order"):
        take(store, write(*hours(0, 1, 2, 1, 3)), strict=True)
    with pytest.raises(ImportConflictError, match="at or below 0"):
        take(store, write(line(0, -1.0), line(1), name="ETHUSDT.csv"), strict=True)
    assert store.number == 0
    take(store, write(*hours(0, 1, 2)), strict=True)
    assert store.number == 1


def test_what_looks_wrong_is_told_and_kept(write: Write) -> None:
    store = MemoryStore()
    jump = [line(hour, 0.1 if hour == 5 else 10.0) for hour in range(10)]
    report = only(take(store, write(*jump)))
    assert report.jumps == 1
    assert report.looks_wrong == ("close jumps about 100 times and comes back within 5 bars: BTCUSDT",)
    still = [f"{stamp(hour)},5,5,5,5,1" for hour in range(100)]
    report = only(take(store, write(*still, name="UST_USDT.csv")))
    assert report.looks_wrong == ("the price stands still for 100 bars or more: USTUSDT",)
    report = only(take(store, write(*still[:99], name="DAI_USDT.csv")))
    assert report.looks_wrong == ()


def test_a_price_level_far_from_what_is_held_is_told(write: Write) -> None:
    store = MemoryStore()
    take(store, write(*hours(0, 1, 2)))
    report = only(take(store, write(line(5, 250.0), line(6, 250.0), name="BTCUSDT_1h_b.csv")))
    assert report.looks_wrong == ("the median close is 20 times off what is held: BTCUSDT",)


def test_the_same_bars_under_two_symbols_are_told_in_one_import_and_against_the_store(write: Write) -> None:
    store = MemoryStore()
    lines = [line(hour, 10 + hour) for hour in range(9)]
    report = take(store, write(*lines, name="BTCUSDT.csv"), write(*lines, name="ETHUSDT.csv"))
    assert report.files[0].looks_wrong == ()
    assert report.files[1].looks_wrong == ("the same bars as binance:BTCUSDT: ETHUSDT",)
    report = take(store, write(*lines, name="LTCUSDT.csv"))
    assert report.files[0].looks_wrong == ("the same bars as binance:BTCUSDT: LTCUSDT",)
    lines[4] = line(4, 10.5)
    assert only(take(store, write(*lines, name="XRPUSDT.csv"))).looks_wrong == ()


def test_facts_of_an_instrument_that_is_held_are_kept(write: Write) -> None:
    from dataclasses import replace

    store = MemoryStore()
    take(store, write(*hours(0, 1, 2)))
    told = replace(store.known["binance:BTCUSDT"], tick=0.01, lot=0.001, delisted_at=START + 10 * HOUR)
    store.known[told.name] = told
    take(store, write(*hours(3, 4), name="BTCUSDT_1h_b.csv"))
    assert store.known[told.name] == told


def test_intraday_bars_of_an_unknown_kind_ask_for_it(write: Write) -> None:
    path = write(*hours(0, 1, 2), name="NIFTY.csv")
    with pytest.raises(AmbiguousFileError, match="--tz ZONE"):
        take(MemoryStore(), path)
    with pytest.raises(AmbiguousFileError, match=f"tapehead import {path} --kind equity"):
        take(MemoryStore(), path, hints=Hints(tz="Asia/Kolkata"))
    store = MemoryStore()
    take(store, path, hints=Hints(tz="Asia/Kolkata", kind="index"))
    assert store.known["binance:NIFTY"].calendar == "NSE"
    assert store.bars("binance:NIFTY").ts[0] == START - 5 * HOUR - HOUR // 2


def test_daily_bars_of_no_currency_are_shares_and_say_so(write: Write) -> None:
    store = MemoryStore()
    days = [f"2024-01-0{day},1,2,1,2,5" for day in (2, 3, 4, 5)]
    report = only(take(store, write(*days, name="AAPL.csv")))
    assert "kind equity: daily bars, and AAPL ends in no quote currency" in report.guesses
    assert store.known["binance:AAPL"].calendar == "XNYS"
    assert (report.gaps, report.missing) == (0, 0)


def test_a_currency_that_is_named_is_that_of_symbols_that_say_none(write: Write) -> None:
    days = [f"2024-01-0{day},1,2,1,2,5" for day in (2, 3, 4, 5)]
    share, pair = write(*days, name="AAPL.csv"), write(*hours(0, 1))
    store = MemoryStore()
    take(store, share)
    bars, number = store.bars("binance:AAPL"), store.number
    assert store.known["binance:AAPL"].quote == ""
    for quote in ("eur", "USD"):
        report = take(store, share, hints=Hints(quote=quote))
        told = store.known["binance:AAPL"]
        assert (told.quote, told.settle, told.kind, told.calendar) == (quote.upper(), quote.upper(), "equity", "XNYS")
        assert (report.committed, only(report).added, only(report).unchanged) == (True, 0, 4)
    assert store.bars("binance:AAPL").ts.tolist() == bars.ts.tolist()
    assert not take(store, share, hints=Hints(quote="USD")).committed
    assert not take(store, share).committed
    assert store.number == number + 2
    for _ in range(2):
        with pytest.raises(ParameterError, match=r"quote=USD: quote must be USDT, as the symbol BTCUSDT says"):
            take(store, pair, hints=Hints(quote="USD"))
        take(store, pair, hints=Hints(quote="usdt"))
    assert store.known["binance:BTCUSDT"].settle == "USDT"
    take(store, write(*days, name="ABUSD.csv"), hints=Hints(kind="equity", quote="GBP"))
    assert store.known["binance:ABUSD"].quote == "GBP"


def test_steps_without_a_common_length_ask_for_the_interval(write: Write) -> None:
    path = write(*hours(0, 1, 3, 6, 10, 15))
    with pytest.raises(AmbiguousFileError, match="--interval 1h"):
        take(MemoryStore(), path)
    assert only(take(MemoryStore(), path, hints=Hints(interval="1h"))).missing == 10


def test_one_bar_takes_the_interval_of_its_file_name_or_asks(write: Write) -> None:
    report = only(take(MemoryStore(), write(line(0), name="BTCUSDT_4h.csv")))
    assert "interval 4h: from the file's name" in report.guesses
    with pytest.raises(AmbiguousFileError, match="--interval"):
        take(MemoryStore(), write(line(0), name="BTCUSDT.csv"))


@pytest.mark.parametrize(
    "hints", [Hints(kind="stock"), Hints(interval="1x"), Hints(tz="Mars"), Hints(unit="m"), *BAD_QUOTES]
)
def test_a_hint_out_of_bounds_is_refused(write: Write, hints: Hints) -> None:
    store = MemoryStore()
    with pytest.raises(ParameterError):
        take(store, write(*hours(0, 1)), hints=hints)
    assert store.number == 0


def test_a_file_without_a_usable_row_is_refused(write: Write) -> None:
    with pytest.raises(FileFormatError, match=r"none of its 2 rows is a bar: 2 with a price .*; one reads .*close=N"):
        take(MemoryStore(), write(line(0, ""), line(1, "")))
    with pytest.raises(FileFormatError, match=r"1 with a price .*, 1 with another number of fields"):
        take(MemoryStore(), write(line(0, ""), "2024-01-01 01:00:00,1"))
    with pytest.raises(FileFormatError, match="no row"):
        take(MemoryStore(), write())


def test_volumes_below_zero_are_told(write: Write) -> None:
    report = only(take(MemoryStore(), write(line(0), line(1, volume=-1.0), line(2))))
    assert report.looks_wrong == ("volumes below 0: BTCUSDT",)


def test_progress_is_told_as_rows_are_read(write: Write) -> None:
    told: list[tuple[str, int]] = []
    path = write(*hours(0, 1, 2))
    take(MemoryStore(), path, progress=lambda what, rows: told.append((what, rows)))
    assert told == [(f"reading {path}", 3), ("writing", 3)]


def test_another_import_that_commits_first_is_not_undone(write: Write) -> None:
    store = MemoryStore()
    late = write(*hours(2, 3), name="BTCUSDT_late.csv")
    turns: list[str] = []

    def other(what: str, _rows: int) -> None:
        turns.append(what)
        if len(turns) == 1:
            take(store, write(*hours(0, 1), name="BTCUSDT_early.csv"), hints=Hints(symbol="BTCUSDT"))

    report = only(take(store, late, hints=Hints(symbol="BTCUSDT"), progress=other))
    assert (report.added, report.snapshot) == (2, 2)
    assert [one.rows for one in store.coverage()] == [4]


def test_imports_that_come_in_between_are_neither_undone_nor_in_the_way(write: Write) -> None:
    store = MemoryStore()
    path = write(*hours(0, 1))

    def other(what: str, _rows: int) -> None:
        if what.startswith("reading"):
            take(store, write(line(store.number), line(store.number + 1), name="ETHUSDT_1h.csv"))

    report = only(take(store, path, progress=other))
    assert (report.added, report.snapshot) == (2, 2)
    assert {one.series.symbol for one in store.coverage()} == {"BTCUSDT", "ETHUSDT"}


def test_what_another_import_says_of_an_instrument_meanwhile_counts(write: Write) -> None:
    store = MemoryStore()
    path = write(*hours(0, 1))

    def other(what: str, _rows: int) -> None:
        if what.startswith("reading"):
            take(store, path, hints=Hints(kind="future", tz="UTC"))

    take(store, path, progress=other)
    assert store.known["binance:BTCUSDT"].kind == "future"
