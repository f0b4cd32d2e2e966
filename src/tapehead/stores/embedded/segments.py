"""SegmentFiles: the immutable files of segments, named by the hash of their columns."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tapehead.errors import DamagedSegmentError, DiskFullError
from tapehead.model.segment import Digest, SegmentRef
from tapehead.stores.embedded.disk import (
    is_full,
    make_folder,
    rename_file,
    sync_file,
    sync_folder,
    unlink_file,
    write_file,
)
from tapehead.stores.embedded.home import unwritable

_SYNCS = 8


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
        """Write a temporary file beside the place of a segment; `publish` makes it durable and puts it there.

        Raises
        ------
        DiskFullError, UnwritableHomeError
        """
        partial = self._partial(data)
        with self._explained(f"segment {self.path(data).name}"):
            make_folder(partial.parent)
            write_file(partial, content)

    def publish(self, written: Iterable[Digest]) -> None:
        """Make written files durable, then rename them, then make their names durable.

        Side by side: a file system writes its journal once for all who wait (206 files: 0.3-1.0 s became 0.1).
        """
        # Not at the top: it imports logging, which a process that only reads should not wait for.
        from concurrent.futures import ThreadPoolExecutor

        every = list(dict.fromkeys(written))
        if not every:
            return
        folders = {self.path(data).parent for data in every}
        with self._explained("segments"), ThreadPoolExecutor(_SYNCS) as pool:
            list(pool.map(sync_file, map(self._partial, every)))
            for data in every:
                rename_file(self._partial(data), self.path(data))
            list(pool.map(sync_folder, [*folders, self.folder]))

    def discard(self, written: Iterable[Digest]) -> None:
        """Remove the temporary files of a commit that came to nothing."""
        for data in written:
            with suppress(OSError):
                unlink_file(self._partial(data))

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

    def _partial(self, data: Digest) -> Path:
        """Return the place of a file that is being written; the one writer's, so one name is enough."""
        place = self.path(data)
        return place.with_name(f".{place.name}.partial")

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn an error of the file system into one of the surroundings."""
        try:
            yield
        except OSError as error:
            if is_full(error):
                raise DiskFullError(path=self.folder.parent, what=what) from error
            raise unwritable(self.folder.parent, error.strerror or str(error)) from error

    def _damaged(self, ref: SegmentRef, cause: str) -> DamagedSegmentError:
        """Name the file and the series."""
        series = ref.series
        return DamagedSegmentError(
            segment=self.path(ref.data).relative_to(self.folder.parent),
            series=f"{series.instrument} {series.interval}",
            symbol=series.symbol,
            cause=cause,
        )
