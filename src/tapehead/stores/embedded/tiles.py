"""Tiles in runs.db: some columns of one, and the results that its event stands for."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from tapehead.model.tile import TileHead

_FIRST = 4096
"""Bytes read at once: a head, mostly."""


def read_columns(connection: sqlite3.Connection, place: int, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return columns of the tile of a row; of the others no page is read."""
    with connection.blobopen("tiles", "columns", place, readonly=True) as blob:
        begin = blob.read(_FIRST)
        size = TileHead.size(begin)
        head = TileHead.read(begin if len(begin) >= size else begin + blob.read(size - len(begin)))
        found = {}
        for name in names:
            first, end = head.span(name)
            blob.seek(first)
            found[name] = head.column(name, blob.read(end - first))
        return found
