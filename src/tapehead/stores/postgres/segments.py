"""SegmentRows: the bytes of segments in a table; they come and go with the transaction of the writer."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping

from tapehead.errors import DamagedSegmentError
from tapehead.model.segment import Digest, SegmentRef
from tapehead.stores.postgres.database import PostgresDatabase


class SegmentRows:
    """`stores.tables.database.SegmentBytes` in the table `segment_bytes`.

    Writing goes on in the one transaction of a commit, so that bytes which no commit names are there only while a store
    is promoted, before the rows that name them.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def place(self, data: Digest) -> str:
        """Return what findings call a segment."""
        return f"segment_bytes {data.hex()[:16]}"

    def has(self, data: Digest, file: Digest) -> bool:
        """Say whether the bytes are there and have the hash `file`; the server reckons it."""
        row = self._database.execute("has_bytes", (file, data)).fetchone()
        return row is not None and bool(row[0])

    def write(self, data: Digest, content: bytes) -> None:
        """Write the bytes, over what is there."""
        self._database.execute("write_bytes", (data, content))

    def publish(self, written: Iterable[Digest]) -> None:
        """Do nothing: COMMIT does it."""

    def discard(self, written: Iterable[Digest]) -> None:
        """Do nothing: ROLLBACK does it."""

    def read(self, ref: SegmentRef) -> bytes:
        """Return the bytes of a segment; raise DamagedSegmentError."""
        row = self._database.execute("read_bytes", (ref.data,)).fetchone()
        return self.checked(ref, None if row is None else row[0])

    def sizes(self, of: Collection[Digest] | None = None) -> Mapping[Digest, int]:
        """Return the bytes of each segment that is there, by default of all."""
        rows = self._database.execute("sizes") if of is None else self._database.execute("sizes_of", (list(of),))
        return dict(rows)

    def drop(self, every: Iterable[Digest]) -> None:
        """Remove the bytes of segments that nothing names any more."""
        self._database.execute_many("drop_bytes", [(data,) for data in every])

    def orphans(self, named: Collection[Digest]) -> Iterator[tuple[Digest, str, int]]:
        """Yield rows that are not of `named`: somebody else put them there."""
        for data, size in self.sizes().items():
            if data not in named:
                yield data, self.place(data), size

    def remove(self, key: Digest) -> None:
        """Remove such a row."""
        self._database.execute("drop_bytes", (key,))

    def checked(self, ref: SegmentRef, content: bytes | None) -> bytes:
        """Return the bytes of a segment if they are those of the commit; raise DamagedSegmentError."""
        cause = ""
        if content is None:
            cause = "its row is gone"
        elif hashlib.sha256(content).digest() != ref.file:
            cause = f"its {len(content)} bytes do not have the hash that was committed"
        if content is None or cause:
            series = ref.series
            raise DamagedSegmentError(
                segment=self.place(ref.data),
                series=f"{series.instrument} {series.interval}",
                symbol=series.symbol,
                cause=cause,
            )
        return content
