"""SegmentFiles: the immutable files of segments, named by the hash of their columns."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tapehead.errors import DamagedSegmentError, DiskFullError
from tapehead.model.segment import Digest, SegmentRef
from tapehead.stores.embedded.disk import is_full, sync_folder, write_durably
from tapehead.stores.embedded.home import unwritable


class SegmentFiles:
    """Files `ab/<data hash>.parquet` under one folder. Safe from many threads and processes: no file ever changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, data: Digest) -> Path:
        """Return the place of a segment."""
        name = data.hex()
        return self.folder / name[:2] / f"{name}.parquet"

    def has(self, data: Digest, file: Digest) -> bool:
        """Say whether the file is there with exactly the bytes of hash `file`."""
        try:
            return hashlib.sha256(self.path(data).read_bytes()).digest() == file
        except FileNotFoundError:
            return False

    def write(self, data: Digest, content: bytes) -> None:
        """Put a file in place, fsynced; its folder still wants `sync`.

        Raises
        ------
        DiskFullError, UnwritableHomeError
            Nothing was left behind.
        """
        path = self.path(data)
        try:
            path.parent.mkdir(exist_ok=True)
            write_durably(path, content)
        except OSError as error:
            if is_full(error):
                raise DiskFullError(path=self.folder.parent, what=f"segment {path.name}") from error
            raise unwritable(self.folder.parent, error.strerror or str(error)) from error

    def sync(self, written: Iterable[Digest]) -> None:
        """Make the names of written files durable, one fsync a folder."""
        folders = {self.path(data).parent for data in written}
        for folder in folders:
            sync_folder(folder)
        if folders:
            sync_folder(self.folder)

    def read(self, ref: SegmentRef) -> bytes:
        """Return the bytes of a segment; raise DamagedSegmentError when they are gone or not those of the commit."""
        path = self.path(ref.data)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise self._damaged(ref, "its file is gone") from None
        except OSError as error:
            raise self._damaged(ref, error.strerror or str(error)) from error
        if hashlib.sha256(content).digest() != ref.file:
            raise self._damaged(ref, f"its {len(content)} bytes do not have the hash that was committed")
        return content

    def _damaged(self, ref: SegmentRef, cause: str) -> DamagedSegmentError:
        """Name the file and the series."""
        series = ref.series
        return DamagedSegmentError(
            segment=self.path(ref.data).relative_to(self.folder.parent),
            series=f"{series.instrument} {series.interval}",
            symbol=series.symbol,
            cause=cause,
        )
