"""RowDigest: what rows hash to, whichever database they come from."""

import hashlib
import struct

from tapehead.ports.holdings import Row, Value


class RowDigest:
    """SHA-256 over rows in their order.

    Parameters
    ----------
    named : bool
        Whether to remember the first values of rows.

    Attributes
    ----------
    rows : int
        That were added.
    names : set
        Their first values, where they are remembered.
    """

    def __init__(self, *, named: bool = False) -> None:
        self.rows = 0
        self.names: set[Value] = set()
        self._named = named
        self._hash = hashlib.sha256()

    def add(self, row: Row) -> None:
        """Add a row."""
        self.rows += 1
        if self._named:
            self.names.add(row[0])
        self._hash.update(str(len(row)).encode())
        for value in row:
            kind, content = _written(value)
            self._hash.update(b"%b%d:" % (kind, len(content)))
            self._hash.update(content)

    def equals(self, other: "RowDigest") -> bool:
        """Say whether the rows are equal."""
        return (self.rows, str(self)) == (other.rows, str(other))

    def __str__(self) -> str:
        """Return it in hexadecimal digits."""
        return self._hash.hexdigest()


def plain(row: Row) -> tuple[Value, ...]:
    """Return a row as any database keeps it: PostgreSQL's text cannot hold the sign NUL, its picture stands for it."""
    return tuple(value.replace("\0", "\u2400") if isinstance(value, str) else value for value in row)


def _written(value: Value) -> tuple[bytes, bytes]:
    """Return what kind a value is, and its bytes."""
    if value is None:
        return b"n", b""
    if isinstance(value, int):
        return b"i", str(value).encode()
    if isinstance(value, float):
        return b"f", struct.pack("<d", value)
    if isinstance(value, str):
        return b"s", value.encode()
    return b"b", bytes(value)
