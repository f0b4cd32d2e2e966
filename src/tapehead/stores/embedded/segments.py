"""SegmentFiles: the immutable files of segments, named by the hash of their columns."""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

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
_OURS = re.compile(r"\.?(?P<data>[0-9a-f]{64})\.parquet(?P<half>\.partial)?")
"""Names that are given here; a file of another name is a stranger's, and left alone."""


class SegmentFiles:
    """Files `ab/<data hash>.parquet` under one folder. Safe from many threads and processes: no file ever changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, data: Digest) -> Path:
        """Return the place of a segment."""
        name = data.hex()
        return self.folder / name[:2] / f"{name}.parquet"

    def place(self, data: Digest) -> str:
        """Return the place of a segment as seen from the folder of the store."""
        return str(self.path(data).relative_to(self.folder.parent))

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

    def sizes(self, of: Collection[Digest] | None = None) -> Mapping[Digest, int]:
        """Return the bytes of each segment that is there, by default of all."""
        if of is None:
            return dict(self._iter_sizes())
        found = {}
        for data in of:
            with suppress(FileNotFoundError):
                found[data] = self.path(data).stat().st_size
        return found

    def _iter_sizes(self) -> Iterator[tuple[Digest, int]]:
        """Yield every segment; one look a folder, as there may be many thousands."""
        with os.scandir(self.folder) as parts:
            for part in [each for each in parts if each.is_dir()]:
                with os.scandir(part.path) as entries:
                    for entry in entries:
                        match = _OURS.fullmatch(entry.name)
                        if match is not None and not match["half"]:
                            with suppress(FileNotFoundError):
                                yield bytes.fromhex(match["data"]), entry.stat().st_size

    def drop(self, every: Iterable[Digest]) -> None:
        """Remove the files of segments that nothing names any more."""
        for data in every:
            unlink_file(self.path(data))

    def orphans(self, named: Collection[Digest]) -> Iterator[tuple[Path, str, int]]:
        """Yield each file that is not of `named`, half-written ones too: its path, its place and its size in bytes."""
        for folder in sorted(self.folder.iterdir()):
            if not folder.is_dir():
                continue
            for path in sorted(folder.iterdir()):
                match = _OURS.fullmatch(path.name)
                if match is not None and (match["half"] or bytes.fromhex(match["data"]) not in named):
                    # A writer beside this look may be done with it by now.
                    with suppress(FileNotFoundError):
                        status = path.stat()
                        if S_ISREG(status.st_mode):
                            yield path, str(path.relative_to(self.folder.parent)), status.st_size

    def remove(self, key: Path) -> None:
        """Remove an orphan by its path."""
        unlink_file(key)

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
            segment=self.place(ref.data),
            series=f"{series.instrument} {series.interval}",
            symbol=series.symbol,
            cause=cause,
        )
