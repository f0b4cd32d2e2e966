"""Tiles in runs.db: some columns of one."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from tapehead.model.tile import TileHead
from tapehead.stores.embedded.database import Database

_FIRST = 4096
"""Bytes read at once: a head, mostly."""


def read_columns(database: Database, place: int, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return columns of the tile of a row; of the others no page is read."""
    with database.connection().blobopen("tiles", "columns", place, readonly=True) as blob:
        begin = blob.read(_FIRST)
        size = TileHead.size(begin)
        head = TileHead.read(begin if len(begin) >= size else begin + blob.read(size - len(begin)))
        found = {}
        for name in names:
            first, end = head.span(name)
            blob.seek(first)
            found[name] = head.column(name, blob.read(end - first))
        return found
