"""The codec: every bit of every double, and decimals only where they are exact."""

import hashlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tapehead.errors import ParameterError
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES
from tapehead.stores.codec import ParquetCodec, data_hash, encode_block, join_blocks
from tapehead.testing.samples import Columns, sample_columns
from tests.unit.stores.processes import finish, start

DOUBLES = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True, width=64)
DECIMALS = st.tuples(st.integers(-(2**55), 2**55), st.integers(0, 12)).map(lambda pair: pair[0] / 10 ** pair[1])


def there_and_back(columns: Columns) -> bytes:
    data, named, _ = ParquetCodec().encode(columns)
    assert named == data_hash(columns)
    rows = len(columns["ts"])
    into = {name: np.empty(rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
    ParquetCodec().decode(data, BAR_COLUMNS, into)
    for name in BAR_COLUMNS:
        assert into[name].tobytes() == columns[name].tobytes(), name
    return data


def block_and_back(columns: Columns) -> bytes:
    data, named, file = encode_block(columns)
    assert named == data_hash(columns)
    assert file == hashlib.sha256(data).digest()
    into = {name: np.empty(len(columns["ts"]), BAR_DTYPES[name]) for name in BAR_COLUMNS}
    ParquetCodec().decode(data, BAR_COLUMNS, into)
    for name in BAR_COLUMNS:
        assert into[name].tobytes() == columns[name].tobytes(), name
    return data


def kind(data: bytes, column: str) -> str:
    return str(pq.ParquetFile(pa.BufferReader(data)).schema_arrow.field(column).type)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_columns_survive_bit_for_bit(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 40))
    values = data.draw(st.sampled_from([DOUBLES, DECIMALS, st.one_of(DOUBLES, DECIMALS)]))
    columns: Columns = {}
    for name in BAR_COLUMNS:
        elements = values if BAR_DTYPES[name] == "<f8" else None
        columns[name] = data.draw(arrays.arrays(np.dtype(BAR_DTYPES[name]), rows, elements=elements))
    there_and_back(columns)
    block_and_back(columns)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, -5.0, 2.0**53, 0.0], "decimal64(18, 0)"),
        ([0.07, 1234.5, -0.01], "decimal64(18, 2)"),
        ([1e-10, 2e-10], "decimal64(18, 10)"),
        ([900719925474099.2, -900719925474099.2], "decimal64(18, 1)"),
        ([1.0, -0.0], "double"),
        ([1.0, np.inf], "double"),
        ([-np.inf, 1.0], "double"),
        ([1.0, np.nan], "double"),
        ([2.0**53 + 2, 1.0], "double"),
        ([1e-11, 1.0], "double"),
        ([1 / 3, 0.5], "double"),
        ([5e-324, 1.0], "double"),
        ([1.7976931348623157e308, 1.0], "double"),
        ([900719925474099.2, 0.01], "double"),
        ([1.0] * 100 + [1 / 3], "double"),
        ([1.0] * 100 + [0.25], "decimal64(18, 2)"),
    ],
)
def test_a_column_is_decimal_only_where_the_division_is_exact(values: list[float], expected: str) -> None:
    columns = sample_columns(len(values))
    columns["volume"] = np.array(values)
    assert kind(there_and_back(columns), "volume") == expected


def test_other_readers_see_decimals_and_times() -> None:
    columns = sample_columns(3)
    columns["close"] = np.array([0.07, 12.5, -3.0])
    table = pq.read_table(pa.BufferReader(there_and_back(columns)))
    assert [str(value) for value in table["close"].to_pylist()] == ["0.07", "12.50", "-3.00"]
    assert table.schema.field("ts").type == pa.timestamp("us", "UTC")
    assert table["ts"][0].as_py().isoformat() == "2021-01-01T00:00:00+00:00"
    assert table["flags"].to_pylist() == columns["flags"].tolist()


def test_decimals_are_int64_packed_by_difference() -> None:
    data = there_and_back(sample_columns(500))
    group = pq.ParquetFile(pa.BufferReader(data)).metadata.row_group(0)
    written = {group.column(i).path_in_schema: group.column(i) for i in range(len(BAR_COLUMNS))}
    for name in ("ts", "open", "high", "low", "close", "volume"):
        assert written[name].physical_type == "INT64"
        assert "DELTA_BINARY_PACKED" in written[name].encodings
        assert written[name].compression == "LZ4"


def test_chosen_columns_are_decoded_alone() -> None:
    columns = sample_columns(100)
    data = ParquetCodec().encode(columns)[0]
    into = {"flags": np.empty(100, np.uint8), "close": np.empty(100)}
    ParquetCodec().decode(data, ["flags", "close"], into)
    assert into["close"].tobytes() == columns["close"].tobytes()
    assert into["flags"].tobytes() == columns["flags"].tobytes()


def test_a_file_of_several_row_groups_is_read_whole() -> None:
    columns = sample_columns(1000)
    table = pq.read_table(pa.BufferReader(ParquetCodec().encode(columns)[0]))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=300, store_decimal_as_integer=True)
    into = {name: np.empty(1000, BAR_DTYPES[name]) for name in BAR_COLUMNS}
    ParquetCodec().decode(sink.getvalue().to_pybytes(), BAR_COLUMNS, into)
    assert all(into[name].tobytes() == columns[name].tobytes() for name in BAR_COLUMNS)


def test_the_data_hash_is_of_the_columns_alone() -> None:
    columns = sample_columns(10)
    before = data_hash(columns)
    assert data_hash({name: columns[name].copy() for name in reversed(BAR_COLUMNS)}) == before
    for name in BAR_COLUMNS:
        other = {**columns, name: columns[name].copy()}
        other[name].view(np.uint8)[0] ^= 1
        assert data_hash(other) != before
    swapped = {**columns, "high": columns["low"], "low": columns["high"]}
    assert data_hash(swapped) != before


def test_the_data_hash_never_changes() -> None:
    columns: Columns = {name: np.arange(1, 4).astype(BAR_DTYPES[name]) for name in BAR_COLUMNS}
    assert data_hash(columns).hex() == "0f1c74fbd2a943bc76715e7cad7ca6e93f10d8acd1d272edd3121bcef59daba6"


def test_arrays_of_another_length_are_refused() -> None:
    data = ParquetCodec().encode(sample_columns(10))[0]
    with pytest.raises(ParameterError, match=r"\(10,\)"):
        ParquetCodec().decode(data, ["close"], {"close": np.empty(11)})


def test_an_encoding_that_loses_a_bit_is_never_handed_out() -> None:
    class Forgetful(ParquetCodec):
        def decode(self, data: bytes, columns: object, into: object) -> None:
            super().decode(data, columns, into)
            into["close"][0] += 1

    with pytest.raises(RuntimeError, match="close"):
        Forgetful().encode(sample_columns(10))


def test_real_bars_take_at_most_ten_bytes(shared_data: Callable[[str], Path]) -> None:
    table = pq.read_table(shared_data("crypto/binance_spot_1h_panel_2021-2023.parquet"))
    rows = size = 0
    order = table.sort_by([("ticker", "ascending"), ("date", "ascending")])
    ticker = order["ticker"].to_numpy()
    cuts = [0, *(np.flatnonzero(ticker[1:] != ticker[:-1]) + 1).tolist(), order.num_rows]
    for lo, hi in list(pairwise(cuts))[::4]:
        part = order.slice(lo, hi - lo)
        columns: Columns = {name: part[name].to_numpy() for name in ("open", "high", "low", "close", "volume")}
        columns["ts"] = part["date"].cast(pa.timestamp("us")).to_numpy().astype(np.int64)
        columns["flags"] = np.ones(part.num_rows, np.uint8)
        size += len(there_and_back(columns))
        rows += part.num_rows
    assert rows > 300_000
    assert size / rows <= 10


def test_a_block_of_the_tail_is_raw_and_gives_the_columns_asked_for() -> None:
    columns = sample_columns(3)
    data = block_and_back(columns)
    assert len(data) == 16 + 3 * (6 * 8 + 1)
    assert data[16:40] == columns["ts"].tobytes()
    into = {"close": np.empty(3), "flags": np.empty(3, np.uint8)}
    ParquetCodec().decode(data, ["flags", "close"], into)
    assert into["close"].tolist() == columns["close"].tolist()
    assert into["flags"].tolist() == columns["flags"].tolist()
    with pytest.raises(ParameterError, match=r"\(3,\)"):
        ParquetCodec().decode(data, ["close"], {"close": np.empty(2)})


def test_blocks_are_joined_column_by_column() -> None:
    parts = [sample_columns(rows, seed=rows) for rows in (3, 0, 1, 20)]
    joined = join_blocks([encode_block(part)[0] for part in parts])
    for name in BAR_COLUMNS:
        assert joined[name].tobytes() == b"".join(part[name].tobytes() for part in parts)
        assert joined[name].dtype == np.dtype(BAR_DTYPES[name])


def test_a_block_of_a_later_format_is_refused() -> None:
    data = bytearray(block_and_back(sample_columns(3)))
    data[8] += 1
    with pytest.raises(ParameterError, match="format of a block=2"):
        ParquetCodec().decode(bytes(data), ["close"], {"close": np.empty(3)})


def test_a_block_is_read_without_pyarrow() -> None:
    code = """
    import sys
    import numpy as np
    from tapehead.stores.codec import ParquetCodec, encode_block
    from tapehead.testing.samples import sample_columns
    ParquetCodec().decode(encode_block(sample_columns(3))[0], ["close"], {"close": np.empty(3)})
    print("pyarrow" in sys.modules)
    """
    assert finish(start(code)) == "False\n"
