"""Tile: columns that come back from their bytes, one or all of them."""

import numpy as np
import pytest

from tapehead.errors import DamagedTileError
from tapehead.model.tile import Tile, TileHead, no_cells
from tapehead.testing.run_store import sample_tile


def test_a_tile_comes_back_from_its_bytes() -> None:
    tile = sample_tile("0" * 26, cells=5)
    data = tile.to_bytes()
    found = Tile.from_bytes(data)
    assert found.to_bytes() == data
    for name in Tile.__slots__:
        a, b = getattr(tile, name), getattr(found, name)
        assert (a.tobytes() == b.tobytes() and a.shape == b.shape) if isinstance(a, np.ndarray) else a == b, name
    assert not found.values.flags.writeable
    head = TileHead.read(data)
    for name in ("points", "blocks", "values.sharpe"):
        first, end = head.span(name)
        whole = tile.column("sharpe") if name == "values.sharpe" else getattr(tile, name)
        assert head.column(name, data[first:end]).tobytes() == whole.tobytes()
    assert data[:8] == b"tile\x01\x00\x00\x00"


def test_a_tile_without_a_cell_says_how_many_failed() -> None:
    empty = Tile.from_bytes(no_cells("0" * 26, "test:AAA", "1h", 4, 9, 5).to_bytes())
    assert (len(empty), empty.lo, empty.hi, empty.failed) == (0, 4, 9, 5)
    head = TileHead.read(empty.to_bytes())
    assert head.column("values.sharpe", b"").shape == (0,)


def test_bytes_that_are_no_tile_are_refused() -> None:
    data = sample_tile("0" * 26, cells=3).to_bytes()
    for wrong in (b"", data[:11], b"elit" + data[4:], data[:4] + b"\x02" + data[5:], data[:40]):
        with pytest.raises(DamagedTileError):
            Tile.from_bytes(wrong)
    with pytest.raises(DamagedTileError, match="has 8"):
        TileHead.read(data).column("points", data[:8])
    with pytest.raises(DamagedTileError, match="no column"):
        TileHead.read(data).span("luck")


def test_a_metric_that_came_later_is_unknown_of_every_cell() -> None:
    data = sample_tile("0" * 26, cells=3).to_bytes()
    head = TileHead.read(data)
    first, end = head.span("values.luck")
    assert np.array_equal(head.column("values.luck", data[first:end]), [np.nan] * 3, equal_nan=True)
