"""Files made to hurt: every one ends in a sentence, soon and in bounded memory."""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as parquet
import pytest

from tapehead.errors import TapeheadError
from tapehead.ports.bars import Hints, Origin
from tapehead.sources.recognise import recognise
from tests.fuzz_files.seeds import seeds, write_seeds

PRICES = ("open", "high", "low", "close")
ROOT = Path(__file__).resolve().parents[3]
HEADER = b"date,open,high,low,close,volume\n"
ROW = b"2024-01-01 00:00:00,1,2,0.5,1.5,7\n"
MOST_MB = 500
READER = r"""
import pathlib, re, sys
from tapehead.errors import TapeheadError
from tapehead.ports.bars import Hints, Origin
from tapehead.wiring.readers import source_of
rows = 0
try:
    for batch in source_of(sys.argv[1]).batches(Origin(sys.argv[1]), Hints(kind="crypto", interval="1m")):
        rows += len(batch.ts)
    print(f"took {rows} rows")
except TapeheadError as error:
    print(str(error).replace(sys.argv[1], "FILE"))
# Not ru_maxrss: it begins with that of the process that started this one.
print(int(re.search(r"VmHWM:\s*(\d+)", pathlib.Path("/proc/self/status").read_text())[1]) // 1024)
"""


def said_of(path: Path, most_mb: int = MOST_MB) -> str:
    """Read a file in a process of its own; return what is said, once memory was within bounds."""
    command = [sys.executable, "-W", "error", "-c", READER, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    *said, peak_mb = done.stdout.splitlines()
    assert int(peak_mb) < most_mb, done.stdout
    return " ".join(said)


def refusal(path: Path, hints: Hints | None = None) -> str:
    with pytest.raises(TapeheadError) as error:
        for _ in recognise(str(path)).batches(Origin(str(path)), hints or Hints(kind="crypto")):
            pass
    return str(error.value)


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue()


def repeated(path: Path, start: bytes, piece: bytes, times: int, pack: Any = None) -> Path:
    """Write a piece many times without holding it many times."""
    with path.open("wb") as file, pack(file) if pack else file as sink:
        sink.write(start)
        for _ in range(times):
            sink.write(piece)
    return path


def gzipped(file: Any) -> Any:
    return gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0)


class InZip:
    """One member of a zip, written in pieces."""

    def __init__(self, file: Any) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._member = self._archive.open("bars.csv", "w", force_zip64=True)

    def __enter__(self) -> Any:
        return self._member

    def __exit__(self, *_: object) -> None:
        self._member.close()
        self._archive.close()


@pytest.mark.parametrize(("name", "pack"), [("bomb.csv.gz", gzipped), ("bomb.zip", InZip)])
def test_a_bomb_is_left_alone_after_64_megabytes(tmp_path: Path, name: str, pack: Any) -> None:
    path = repeated(tmp_path / name, HEADER, ROW * 30_000, 75, pack)
    assert path.stat().st_size < 1_000_000
    assert "unpacks to more than 300 times its size" in said_of(path)


def test_a_line_of_a_hundred_megabytes(tmp_path: Path) -> None:
    path = repeated(tmp_path / "line.csv", HEADER + ROW, b"1" * (1 << 20), 100)
    assert "line 3 is longer than 4,194,304 bytes" in said_of(path)
    path = repeated(tmp_path / "first.csv", b"date,", b"open" * (1 << 18), 100)
    assert "its first line is longer than 65,536 bytes" in said_of(path)


def test_a_quote_that_never_ends(tmp_path: Path) -> None:
    path = repeated(tmp_path / "quote.csv", HEADER + b'"', ROW * 30_000, 50)
    assert "a quote opens in one line and closes in another, or never" in said_of(path)


@pytest.mark.parametrize("last", ['"7', '"7\n2024-01-01 01:00:00,1,2,0.5,1.5,"8'])
def test_a_quote_around_the_end_of_a_line_loses_no_row_in_silence(tmp_path: Path, last: str) -> None:
    text = HEADER.decode() + f"2024-01-01 00:00:00,1,2,0.5,1.5,{last}\n2024-01-01 02:00:00,1,2,0.5,1.5,9\n"
    assert "a quote opens in one line" in refusal(put(tmp_path / "a.csv", text.encode()))
    within = text.replace(last, '"7"').replace("2024-01-01 00", '"2024-01-01" 00').replace('" 00:00:00', ' 00:00:00"')
    path = put(tmp_path / "b.csv", within.encode())
    assert sum(len(batch.ts) for batch in recognise(str(path)).batches(Origin(str(path)), Hints(kind="crypto"))) == 2


def test_json_that_never_ends_a_row(tmp_path: Path) -> None:
    assert "no list of rows" in said_of(repeated(tmp_path / "deep.json", b"", b"[" * (1 << 20), 100))
    assert "no list of rows" in said_of(repeated(tmp_path / "long.json", b"[[1,2,3,4,5,", b"1" * (1 << 20), 100))


def test_a_large_json_is_read_in_pieces(tmp_path: Path) -> None:
    rows = b"".join(b"[%d,1.5,2.5,0.5,1.75,10.0]," % (1_600_000_000_000 + 60_000 * place) for place in range(20_000))
    path = repeated(tmp_path / "BTC_USDT-1m.json", b"[", rows, 30)
    with path.open("ab") as file:
        file.write(b"[1700000000000,1,1,1,1,1]]")
    assert said_of(path, most_mb=250) == "took 600001 rows"


def test_a_million_columns(tmp_path: Path) -> None:
    names = b",".join(b"c%d" % place for place in range(1_000_000))
    assert "its first line is longer" in said_of(put(tmp_path / "wide.csv", names + b"\n" + names + b"\n"))
    assert "5,000 columns, and at most 4,096" in refusal(
        put(tmp_path / "narrow.csv", b",".join([b"c"] * 5_000) + b"\n1\n")
    )
    schema = pa.schema([(f"c{place}", pa.int8()) for place in range(6_000)])
    parquet.write_table(schema.empty_table(), tmp_path / "wide.parquet")
    assert "6,000 columns, and at most 4,096" in said_of(tmp_path / "wide.parquet")


def test_a_footer_longer_than_that_of_any_file_of_bars(tmp_path: Path) -> None:
    data = b"PAR1" + bytes(1 << 20) + (1 << 30).to_bytes(4, "little") + b"PAR1"
    assert "its footer is 1,073,741,824 bytes long" in refusal(put(tmp_path / "a.parquet", data))


def test_a_batch_that_unpacks_to_more_than_is_read(tmp_path: Path) -> None:
    """Zeros in eight bytes each, packed a thousandfold: as Arrow, as a stream, and as Parquet."""
    table = pa.table(dict.fromkeys(("date", *PRICES), pa.repeat(pa.scalar(0.0), 7_000_000)))
    narrow = {name: pa.repeat(pa.scalar(0, pa.int8()), 40_000_000) for name in PRICES}
    long = pa.table({"date": pa.repeat(pa.scalar(0.0), 40_000_000), **narrow})
    options = ipc.IpcWriteOptions(compression="zstd")
    with ipc.new_file(tmp_path / "a.arrow", table.schema, options=options) as writer:
        writer.write_table(table)
    with ipc.new_stream(tmp_path / "b.arrow", table.schema, options=options) as writer:
        writer.write_table(table)
    for name in ("a.arrow", "b.arrow"):
        assert "one batch of it unpacks to 280,000,000 bytes" in said_of(tmp_path / name)
    parquet.write_table(
        long, tmp_path / "c.parquet", compression="zstd", use_dictionary=False, row_group_size=40_000_000
    )
    assert "a column of it unpacks to more than 300 times its size" in said_of(tmp_path / "c.parquet")
    parquet.write_table(long.slice(0, 12_000_000), tmp_path / "d.parquet")
    assert "its footer says 12,000,000 rows" in said_of(tmp_path / "d.parquet")


def test_a_forged_message_is_a_sentence(tmp_path: Path) -> None:
    sink = io.BytesIO()
    table = pa.table({"date": [1_704_067_200], **{name: [1.0] for name in PRICES}})
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data = sink.getvalue()
    long = data[:4] + (1 << 30).to_bytes(4, "little") + data[8:]
    assert "1,073,741,824 bytes of metadata" in refusal(put(tmp_path / "a.arrow", long))
    assert "cannot be read as Arrow" in refusal(put(tmp_path / "b.arrow", data[:-40]))


def test_nested_columns_are_no_numbers(tmp_path: Path) -> None:
    nested = pa.array([[1.0, 2.0]])
    table = pa.table({"date": [1_704_067_200], **dict.fromkeys(PRICES, nested)})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert "column 'open' is of type list" in refusal(tmp_path / "a.parquet")
    table = pa.table({"date": [{"a": 1}], **{name: [1.0] for name in PRICES}})
    parquet.write_table(table, tmp_path / "b.parquet")
    assert "is of type struct" in refusal(tmp_path / "b.parquet")
    named = pa.table({"date": [1_704_067_200], "symbol": [[1]], **{name: [1.0] for name in PRICES}})
    parquet.write_table(named, tmp_path / "c.parquet")
    assert "which is no symbol" in refusal(tmp_path / "c.parquet")


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    columns = [pa.array([1_704_067_200]), *[pa.array([1.0])] * 4, pa.array([1_704_067_200])]
    table = pa.Table.from_arrays(columns, names=["date", "open", "high", "low", "close", "date"])
    parquet.write_table(table, tmp_path / "a.parquet")
    assert "2 columns are called 'date'" in refusal(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "holds no file"),
        ({"inner.zip": b"PK\x05\x06" + bytes(18)}, "holds another packed file, inner.zip"),
        ({"a.csv": HEADER + ROW, "b.csv": b"date,price,amount\n1704067200,1,2\n"}, "files of different kinds"),
        ({"a.csv": HEADER + ROW, "readme.txt": b"thanks\n"}, "files of different kinds"),
        ({f"{place}.csv": b"" for place in range(10_001)}, "holds 10,001 files; at most 10,000"),
    ],
    ids=["none", "nested", "kinds", "readme", "many"],
)
def test_archives_that_are_refused(tmp_path: Path, members: dict[str, bytes], said: str) -> None:
    data = zip_of(members)
    path = put(tmp_path / "a.zip", data if members else b"PK\x03\x04" + data)
    assert said in refusal(path)


def test_an_archive_is_packed_by_deflate_and_not_encrypted(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "another method than deflate" in refusal(
            put(tmp_path / "a.zip", zip_of({"a.csv": HEADER + ROW}, method))
        )
    data = bytearray(zip_of({"a.csv": HEADER + ROW}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "the archive is encrypted" in refusal(put(tmp_path / "b.zip", bytes(data)))


def test_a_directory_that_says_it_is_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    data = bytearray(repeated(tmp_path / "a.zip", b"PK\x03\x04", bytes(1 << 20), 64).read_bytes())
    data += b"PK\x05\x06" + bytes(8) + (60 << 20).to_bytes(4, "little") + (4).to_bytes(4, "little") + bytes(2)
    assert "its directory says" in refusal(put(tmp_path / "a.zip", bytes(data)))


def test_members_that_overlap_count_together(tmp_path: Path) -> None:
    """Many members over one piece of packed data: no zipfile of Python writes it, so the directory is made by hand."""
    inner = zip_of({"a.csv": HEADER + ROW * 1_500_000})
    start, entry_at = inner.index(b"PK\x03\x04"), inner.index(b"PK\x01\x02")
    end_at = inner.index(b"PK\x05\x06")
    entry, count = inner[entry_at:end_at], 40
    tail = b"PK\x05\x06" + bytes(4) + count.to_bytes(2, "little") * 2 + (len(entry) * count).to_bytes(4, "little")
    data = inner[start:entry_at] + entry * count + tail + entry_at.to_bytes(4, "little") + bytes(2)
    said = said_of(put(tmp_path / "a.zip", data))
    assert "times its size" in said or "cut or damaged" in said


def test_members_of_one_kind_come_one_after_the_other(tmp_path: Path) -> None:
    members = {
        "../../up/BTCUSDT.csv": HEADER + ROW * 2,
        "__MACOSX/._x": b"x",
        "ETHUSDT.csv": HEADER + ROW,
        "c.CHECKSUM": b"1",
    }
    path = put(tmp_path / "a.zip", zip_of(members))
    batches = list(recognise(str(path)).batches(Origin(str(path)), Hints()))
    assert [(batch.names, batch.row, len(batch.ts)) for batch in batches] == [
        (("BTCUSDT",), 1, 2),
        (("ETHUSDT",), 3, 1),
    ]
    assert not (tmp_path.parent / "up").exists()


@pytest.mark.parametrize("size", range(17))
def test_files_of_a_few_bytes(tmp_path: Path, size: int) -> None:
    for start in (b"", b"PAR1", b"ARROW1", b"\x1f\x8b", b"PK\x03\x04", b"\xff\xff\xff\xff", b"[", b'{"', b"a,b\n"):
        for fill in (b"\x00", b"1", b"\n", b"\xff"):
            assert "a" in refusal(put(tmp_path / "a", (start + fill * 17)[:size]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (HEADER + ROW + b"\x00" * 40 + b"\n", "bytes that are no text"),
        (HEADER + ROW + "Zürich,1,1,1,1,1\n".encode("latin-1"), "not UTF-8: byte 0xfc in line 3"),
        (HEADER + ROW * 3_000 + "é,1\n".encode("latin-1"), "not UTF-8: byte 0xe9 in line 3,002"),
        (b'"date,open\n', "no column for"),
        (b"[]", "holds no row"),
        (b"[[1,2,3,4,5,6],[1,2", "is cut"),
        (b"[[1,2,3,4,5,6],[1,2]]", "not every row has 6 fields"),
        (b'{"a": 1}', "no list of rows"),
        (json.dumps([[[1]] * 6]).encode(), "holds no time"),
    ],
)
def test_text_that_is_none(tmp_path: Path, data: bytes, said: str) -> None:
    assert said in refusal(put(tmp_path / "a", data))


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("valid")
    write_seeds(folder)
    return folder


@pytest.mark.parametrize("name", list(seeds()))
def test_the_files_that_are_damaged_are_whole_before(valid: Path, name: str) -> None:
    hints = Hints(interval="1m", venue="v", tz="UTC")
    batches = list(recognise(str(valid / name)).batches(Origin(str(valid / name)), hints))
    assert sum(len(batch.ts) for batch in batches) or batches[0].factors


def test_damaged_files_are_taken_or_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz_files", "--cases", "300", "--seed", "suite"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 faults" in done.stdout
    assert "Traceback" not in done.stderr
