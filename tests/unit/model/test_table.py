"""Table: columns by name, locked, and the same memory as Arrow."""

import copy

import numpy as np
import pyarrow as pa
import pytest

from tapehead.model.bars import Bars
from tapehead.model.table import Table


def test_columns_are_items_and_attributes() -> None:
    table = Table({"ts": np.array([1, 2]), "close": np.array([1.5, 2.5])})
    assert (list(table), len(table), table.rows) == (["ts", "close"], 2, 2)
    assert table.close is table["close"]
    assert repr(table) == "Table(2 rows: ts, close)"
    with pytest.raises(ValueError, match="read-only"):
        table.close[0] = 3
    with pytest.raises(AttributeError, match="no 'volume'"):
        _ = table.volume
    assert copy.deepcopy(table).ts.tolist() == [1, 2]


def test_bars_and_tables_become_arrow_without_a_copy() -> None:
    bars = Bars.from_arrays([0, 60_000_000], [1, 2], [2, 3], [0.5, 1], [1.5, 2.5], interval="1m", symbol="S", venue="v")
    found = bars.to_arrow()
    assert found.schema.field("ts").type == pa.timestamp("us", "UTC")
    assert found.schema.metadata == {b"venue": b"v", b"symbol": b"S", b"interval": b"1m"}
    assert found["close"].to_pylist() == [1.5, 2.5]
    assert found["close"].chunk(0).buffers()[1].address == bars.close.ctypes.data
    assert found["ts"].chunk(0).buffers()[1].address == bars.ts.ctypes.data
    assert pa.table(bars).equals(found)
    named = Table({"instrument": np.array(["v:S"]), "ts": np.array([5])})
    assert pa.table(named)["instrument"].to_pylist() == ["v:S"]
