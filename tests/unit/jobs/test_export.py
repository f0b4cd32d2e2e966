"""Exports: what comes out is imported to equal bars, and nothing half-written is left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapehead.errors import EmptyRangeError, NoBarsError, ParameterError
from tapehead.layout.columns import PARTIAL
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft
from tests.unit.library.market import columns_of, house_of, put

BTC, ODD = Instrument("binance", "BTCUSDT"), Instrument("o.tc", 'BRK.B,"A', kind="equity", calendar="XNYS")
FORMS = [
    ("parquet", "zstd"),
    ("parquet", "gzip"),
    ("feather", "lz4"),
    ("feather", "none"),
    ("csv", "none"),
    ("csv", "gzip"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Bars over a turn of the year with odd doubles, and an instrument whose name needs quotes."""
    held = open_store(tmp_path / "home")
    odd = columns_of(300, first=8_600, seed=1)
    odd["close"] = odd["high"] = np.nextafter(odd["high"], np.inf)
    odd["volume"][3:5] = [1e-300, 2**60 + 0.0]
    put(house_of(held), [(BTC, odd), (ODD, columns_of(100, seed=2))])
    yield held
    held.close()


def blocks(store: Store) -> dict[str, list[tuple[int, bytes]]]:
    bars = house_of(store).bars
    refs = bars.manifest(bars.series(), -(2**62), 2**62).refs
    return {f"{one.instrument} {one.interval}": [(ref.period, ref.data) for ref in held] for one, held in refs.items()}


@pytest.mark.parametrize(("form", "compression"), FORMS)
def test_what_is_exported_is_imported_bit_for_bit(store: Store, tmp_path: Path, form: str, compression: str) -> None:
    report = store.export(tmp_path / "out", format=form, compression=compression)
    assert (report.rows, len(report.files), report.empty) == (400, 2, ())
    assert report.size_bytes == sum(Path(one.path).stat().st_size for one in report.files)
    with open_store(tmp_path / "other") as other:
        other.import_files(tmp_path / "out" / "binance")
        other.import_files(tmp_path / "out" / "o.tc", kind="equity")
        assert blocks(other) == blocks(store)
        assert [row.instrument.name for row in other.instruments()] == [BTC.name, ODD.name]


@pytest.mark.parametrize(("form", "compression"), FORMS)
def test_equal_bars_make_equal_files(store: Store, tmp_path: Path, form: str, compression: str) -> None:
    first, second = (store.export(tmp_path / name, format=form, compression=compression) for name in ("a", "b"))
    for one, other in zip(first.files, second.files, strict=True):
        assert Path(one.path).read_bytes() == Path(other.path).read_bytes()


@pytest.mark.parametrize("symbol", ["株" * 63, "ab%é" * 15])
def test_a_name_that_no_file_may_have_is_shortened_and_comes_back(tmp_path: Path, symbol: str) -> None:
    with open_store(tmp_path / "home") as held, open_store(tmp_path / "other") as other:
        names = [Instrument("ö" * 100, f"{symbol}{end}", kind="equity", calendar="XNYS") for end in "XY"]
        put(house_of(held), [(one, columns_of(20, seed=seed)) for seed, one in enumerate(names)])
        report = held.export(tmp_path / "out")
        assert len({one.path for one in report.files}) == 2
        other.import_files(Path(report.files[0].path).parent, kind="equity", venue=names[0].venue)
        assert blocks(other) == blocks(held)


def test_a_csv_is_what_any_program_reads(store: Store, tmp_path: Path) -> None:
    store.export(tmp_path, format="csv", symbols="BTCUSDT", start="2021-12-25T08:00", end="2021-12-25T10:00")
    title, *lines = (tmp_path / "binance" / "BTCUSDT-1h.csv").read_text().splitlines()
    assert title == "ts,open,high,low,close,volume"
    assert [line.split(",")[0] for line in lines] == ["2021-12-25T08:00:00Z", "2021-12-25T09:00:00Z"]


def test_unfinished_bars_stay_out_and_are_counted(store: Store, tmp_path: Path) -> None:
    columns = columns_of(10)
    columns["flags"][-1] |= PARTIAL
    alone = columns_of(1)
    alone["flags"][0] |= PARTIAL
    drafts = [
        Draft(Series("x", name, Interval.parse("1h")), 2021, each) for name, each in (("A", columns), ("B", alone))
    ]
    house_of(store).bars.commit(drafts, note="partial")
    report = store.export(tmp_path / "out", symbols=None, start="2021-01-01", end="2021-01-02")
    found = {one.series.symbol: (one.rows, one.unfinished) for one in report.files}
    assert found["A"] == (9, 1)
    assert "B" not in found
    assert {one.symbol for one in report.empty} >= {"B"}


def test_files_that_are_there_are_not_written_over_unless_asked(store: Store, tmp_path: Path) -> None:
    place = tmp_path / "out" / "binance" / "BTCUSDT-1h.parquet"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"mine")
    with pytest.raises(ParameterError, match=r"BTCUSDT-1h.parquet is there already; nothing was written.*--force"):
        store.export(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == [place.name]
    assert place.read_bytes() == b"mine"
    store.export(tmp_path / "out", force=True)
    assert place.read_bytes().startswith(b"PAR1")


def test_a_stop_in_the_middle_leaves_whole_files_only(store: Store, tmp_path: Path) -> None:
    def stop(what: str, *_counts: int) -> None:
        if "BRK" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.export(tmp_path / "out", progress=stop)
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["BTCUSDT-1h.parquet"]
    seen: list[int] = []

    def stop_later(what: str, done: int, _total: int) -> None:
        if "BTC" in what and done:
            seen.append(done)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.export(tmp_path / "two", progress=stop_later)
    assert seen
    assert not [path for path in (tmp_path / "two").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"format": "xlsx"}, ParameterError),
        ({"start": "2021-01-02", "end": "2021-01-01"}, EmptyRangeError),
        ({"format": "csv", "compression": "lz4"}, ParameterError),
        ({"format": "feather", "compression": "gzip"}, ParameterError),
        ({"interval": "never"}, ParameterError),
        ({"snapshot": 7}, ParameterError),
        ({"interval": "1d"}, NoBarsError),
        ({"start": "1999-01-01", "end": "1999-02-01"}, NoBarsError),
    ],
)
def test_what_cannot_be_exported_is_refused_before_a_folder_is_made(
    store: Store, tmp_path: Path, given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        store.export(tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()


def test_real_files_come_back_with_equal_hashes(shared_data: Any, tmp_path: Path) -> None:
    sources = ["crypto/binance_usdm_1d_2024-2026.parquet", "equities/sp500_yahoo_adjclose_2015-2020.parquet"]
    with open_store(tmp_path / "home") as store, open_store(tmp_path / "other") as other:
        for name, kind in zip(sources, ("crypto", "equity"), strict=True):
            store.import_files(shared_data(name), kind=kind, venue=kind)
        report = store.export(tmp_path / "out")
        assert report.ratio > 1.5
        for kind in ("crypto", "equity"):
            other.import_files(tmp_path / "out" / kind, kind=kind)
        assert blocks(other) == blocks(store)
