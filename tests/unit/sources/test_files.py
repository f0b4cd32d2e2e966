"""Files on disk: formats by content, cut and mislabelled ones, exact numbers, bounded batches."""

import gzip
import io
import os
import random
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc
import pyarrow.parquet as parquet
import pytest

from tapehead.errors import FileFormatError, MissingColumnError
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.sources.filenames import interval_of, symbol_of
from tapehead.sources.numbers import to_float64
from tapehead.sources.recognise import recognise

HEADER = "date,open,high,low,close,volume"
ROW = "2024-01-01 00:00:00,1,2,0.5,1.5,7"
CSV = f"{HEADER}\n{ROW}\n2024-01-01 01:00:00,1.5,2,1,1.25,8\n"
TABLE = pa.table(
    {
        "date": pa.array([0, 3_600_000], pa.int64()).cast(pa.timestamp("ms")),
        "open": [1.0, 1.5],
        "high": [2.0, 2.0],
        "low": [0.5, 1.0],
        "close": [1.5, 1.25],
        "volume": [7.0, 8.0],
    }
)


def rows_of(path: Path, hints: Hints | None = None) -> list[RawBatch]:
    return list(recognise(str(path)).batches(Origin(str(path)), hints or Hints(kind="crypto")))


def closes(batches: Sequence[RawBatch]) -> list[float]:
    return [float(value) for batch in batches for value in batch.close]


def put(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def zipped(*members: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for member in members:
            archive.writestr(member, CSV)
    return sink.getvalue()


def stored(kind: str) -> bytes:
    sink = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(TABLE, sink)
    elif kind == "feather":
        feather.write_feather(TABLE, sink, compression="lz4")
    else:
        with ipc.new_stream(sink, TABLE.schema) as writer:
            writer.write_table(TABLE)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", CSV.encode()),
        ("a.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("a.csv", CSV.replace("\n", "\r\n").encode()),
        ("a.csv", CSV.replace(",", ";").encode()),
        ("a.tsv", CSV.replace(",", "\t").encode()),
        ("a", CSV.rstrip().encode()),
        ("a.csv.gz", gzip.compress(CSV.encode())),
        ("a.zip", zipped("a.csv")),
        ("a.parquet", stored("parquet")),
        ("a.feather", stored("feather")),
        ("a.arrow", stored("stream")),
        ("a", stored("parquet")),
    ],
)
def test_each_format_gives_the_same_rows(tmp_path: Path, name: str, data: bytes) -> None:
    batches = rows_of(put(tmp_path / name, data))
    assert closes(batches) == [1.5, 1.25]
    assert [float(value) for batch in batches for value in batch.volume] == [7.0, 8.0]
    assert int(np.diff(batches[0].ts)[0]) == 3_600_000_000
    assert batches[0].names == ("A",)
    assert batches[0].row == 1


@pytest.mark.parametrize(
    ("name", "data", "said", "held"),
    [
        ("a.parquet", CSV.encode(), "Parquet", "text"),
        ("a.csv", stored("parquet"), "text", "Parquet"),
        ("a.csv", gzip.compress(CSV.encode()), "text", "gzipped data"),
        ("a.csv.gz", CSV.encode(), "gzipped data", "text"),
        ("a.feather", stored("parquet"), "Arrow data", "Parquet"),
        ("a.zip", CSV.encode(), "a zip archive", "text"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, data: bytes, said: str, held: str) -> None:
    with pytest.raises(FileFormatError, match=f"the name says {said}, but the file holds {held}.*tapehead import a"):
        recognise(str(put(tmp_path / name, data)))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.parquet", stored("parquet")),
        ("a.feather", stored("feather")),
        ("a.csv.gz", gzip.compress((CSV * 5_000).encode())),
        ("a.zip", zipped("a.csv")),
    ],
)
@pytest.mark.parametrize("share", [0.3, 0.95])
def test_a_cut_file_is_a_sentence(tmp_path: Path, name: str, data: bytes, share: float) -> None:
    path = put(tmp_path / name, data[: int(len(data) * share)])
    with pytest.raises(FileFormatError, match=r"Nothing was written. Fetch it again, then: tapehead import PATH"):
        rows_of(path)


def test_a_parquet_file_with_damaged_pages_is_a_sentence(tmp_path: Path) -> None:
    sink = io.BytesIO()
    rows = 50_000
    noise = np.random.default_rng(1).random(rows)
    table = pa.table({"date": pa.array(np.arange(rows) * 1_000_000_000).cast(pa.timestamp("ns")), "open": noise})
    for name in ("high", "low", "close"):
        table = table.append_column(name, pa.array(noise))
    parquet.write_table(table, sink, compression="zstd")
    data = bytearray(sink.getvalue())
    data[5_000:300_000] = bytes(295_000)
    with pytest.raises(FileFormatError, match="cut or damaged"):
        rows_of(put(tmp_path / "a.parquet", bytes(data)))


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"[[1,2,3]]", "JSON"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (CSV.encode("utf-16"), "UTF-16"),
        (b"MZ\x00\x01" * 40, "no text, Parquet or Arrow"),
        (b"FEA1" + bytes(40), "Feather 1"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path: Path, data: bytes, cause: str) -> None:
    with pytest.raises(FileFormatError, match=cause):
        rows_of(put(tmp_path / "a", data))


def test_bytes_of_no_format_are_not_called_text(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT.parquet"
    path.write_bytes(bytes(range(200)))
    with pytest.raises(FileFormatError, match="the name says Parquet, but the file holds bytes of no format"):
        recognise(str(path))


def test_a_device_is_never_read(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="a device or a pipe"):
        recognise("/dev/zero")
    pipe = tmp_path / "bars.csv"
    os.mkfifo(pipe)
    with pytest.raises(FileFormatError, match="a device or a pipe"):
        recognise(str(pipe))


def test_an_absent_file_and_a_folder_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="there is no such file"):
        recognise(str(tmp_path / "absent.csv"))
    with pytest.raises(FileFormatError, match="cannot be opened"):
        recognise(str(tmp_path))


def test_text_becomes_the_double_that_python_reads() -> None:
    draw = random.Random(7)
    texts = ["0.07000000", "1e-5", "-.5", "5.", " 1.25 ", "1,234.5", "-12,345", "null", "", "n/a", "abc", "1_0", "inf"]
    texts += [f"{draw.random() * 10 ** draw.randint(-8, 8):.{draw.randint(1, 17)}f}" for _ in range(5_000)]
    texts += [repr(draw.random() * 10.0 ** draw.randint(-300, 300)) for _ in range(5_000)]

    def expected(text: str) -> float:
        try:
            return float(text.replace(",", "")) if "_" not in text else float("nan")
        except ValueError:
            return float("nan")

    found = to_float64(pa.array(texts))
    assert np.array_equal(found, np.array([expected(text) for text in texts]), equal_nan=True)


def test_other_types_become_doubles() -> None:
    assert to_float64(pa.array([1, None, 3])).tolist()[::2] == [1.0, 3.0]
    assert to_float64(pa.array([Decimal("0.07"), Decimal("12345678901.12345678")])).tolist() == [
        0.07,
        12345678901.12345678,
    ]
    assert to_float64(pa.array([0.1], pa.float32())).tolist() == [float(np.float32(0.1))]
    assert np.isnan(to_float64(pa.nulls(2))).all()
    assert to_float64(pa.array(["0.1", "0.1"]).dictionary_encode()).tolist() == [0.1, 0.1]


def test_a_decimal_panel_with_dictionary_symbols(tmp_path: Path) -> None:
    table = TABLE.append_column("symbol", pa.array(["BTC/USDT", None]).dictionary_encode())
    for name in ("open", "high", "low", "close"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].cast(pa.decimal128(20, 8)))
    parquet.write_table(table, tmp_path / "p.parquet")
    (batch,) = rows_of(tmp_path / "p.parquet")
    assert batch.names == ("BTCUSDT",)
    assert batch.codes.tolist() == [0, -1]
    assert batch.close.tolist() == [1.5, 1.25]


def test_a_large_text_comes_in_batches_whose_rows_are_numbered(tmp_path: Path) -> None:
    count = 200_000
    lines = (f"{1_600_000_000 + 60 * row},1,1,1,1,1" for row in range(count))
    batches = rows_of(put(tmp_path / "big.csv", HEADER + "\n" + "\n".join(lines)))
    assert len(batches) > 1
    assert sum(len(batch.ts) for batch in batches) == count
    starts = np.cumsum([1] + [len(batch.ts) for batch in batches[:-1]])
    assert [batch.row for batch in batches] == starts.tolist()


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    odd = put(tmp_path / "aapl.csv", "19980102 00:00,136300,162500,135000,162500,6315000,7,8\n")
    with pytest.raises(MissingColumnError, match="it has: 1, 2, 3, 4, 5, 6, 7, 8"):
        rows_of(odd)
    named = dict(zip(("ts", "open", "high", "low", "close", "volume"), "123456", strict=True))
    batches = rows_of(odd, Hints(columns=named))
    assert closes(batches) == [162_500.0]
    assert batches[0].guesses[0] == "no header: columns are called 1, 2, 3, 4, 5, 6, 7, 8"


def test_a_few_broken_rows_do_not_hide_what_a_file_without_a_header_holds(tmp_path: Path) -> None:
    lines = [f"{1_600_000_000 + 60 * row},10,12,9,11,5" for row in range(40)]
    lines[3:3] = ["1600000100,10,,9,11,5", "soon,10,12,9,11,5"]
    lines[20] = "1600001080,10,9,12,11,5"
    (batch,) = rows_of(put(tmp_path / "BTCUSDT.csv", "\n".join(lines) + "\n"))
    assert (len(batch.ts), int(batch.ts_valid.sum())) == (42, 41)
    assert np.isnan(batch.high).sum() == 1
    turned = [f"{1_600_000_000 + 60 * row},10,11,12,9,5" for row in range(40)]
    with pytest.raises(MissingColumnError):
        rows_of(put(tmp_path / "ETHUSDT.csv", "\n".join(turned) + "\n"))


def test_an_archive_line_of_binance_is_known_by_its_twelve_fields(tmp_path: Path) -> None:
    line = (
        "1704067200000,42283.58,42554.57,42261.02,42475.23,1271.68,1704070799999,53957248.9,47134,682.57,28957416.8,0\n"
    )
    (batch,) = rows_of(put(tmp_path / "BTCUSDT-1h-2024-01.csv", line))
    assert (batch.names, batch.interval) == (("BTCUSDT",), "1h")
    assert batch.ts.tolist() == [1_704_067_200_000_000]
    assert batch.close.tolist() == [42475.23]


def test_a_row_number_is_no_time(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match="the time of a bar"):
        rows_of(put(tmp_path / "a.csv", ",open,high,low,close\n0,1,1,1,1\n1,1,1,1,1\n"))
    assert closes(rows_of(put(tmp_path / "b.csv", ",open,high,low,close\n2024-01-01,1,1,1,1\n"))) == [1.0]


def test_lines_of_another_length_come_last_with_their_number(tmp_path: Path) -> None:
    batches = rows_of(put(tmp_path / "a.csv", f"{HEADER}\n{ROW}\n1,2\n{ROW}\n"))
    assert [(batch.row, batch.reason != "", len(batch.ts)) for batch in batches] == [(1, False, 2), (2, True, 1)]
    assert batches[1].text(0) == "1,2"
    many = "\n".join(["1,2"] * 1_001)
    with pytest.raises(FileFormatError, match="1,000 lines do not have the 6 fields of the first"):
        rows_of(put(tmp_path / "b.csv", f"{HEADER}\n{ROW}\n{many}\n"))


@pytest.mark.parametrize(
    ("path", "symbol", "interval"),
    [
        ("d/BTCUSDT_1h.csv.gz", "BTCUSDT", "1h"),
        ("BTC_USDT-1h.feather", "BTCUSDT", "1h"),
        ("BTC_USDT_USDT-1h-futures.parquet", "BTCUSDT", "1h"),
        ("AAPL_data.csv.gz", "AAPL", None),
        ("aapl.zip", "AAPL", None),
        ("AV-L-1wk-bad-stock-split.csv.gz", "AV-L", "7d"),
        ("EURUSD_daily.csv", "EURUSD", "1d"),
        ("6EH4.XCME_1min_bars.csv", "6EH4.XCME", "1m"),
        ("NIFTY_2024.csv.gz", "NIFTY_2024", None),
        ("1h.csv", "1H", "1h"),
    ],
)
def test_what_the_name_of_a_file_says(path: str, symbol: str, interval: str | None) -> None:
    assert (symbol_of(path), interval_of(path)) == (symbol, interval)


def test_nothing_is_dropped_and_text_is_kept(tmp_path: Path) -> None:
    (batch,) = rows_of(put(tmp_path / "a.csv", f"{HEADER}\n{ROW}\n,x,2,,1,\n"))
    assert batch.ts_valid.tolist() == [True, False]
    values: list[Any] = [batch.open[1], batch.low[1]]
    assert np.isnan(values).all()
    assert batch.text(1) == "date=None open=x high=2 low=None close=1 volume=None"
