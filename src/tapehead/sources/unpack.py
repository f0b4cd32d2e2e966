"""Files inside files: gzip streams and the members of a zip, read in pieces and never farther than they may grow."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapehead.errors import FileFormatError

# Bars as text pack to a tenth or, where nothing trades, to a fiftieth of their size; deflate's own bound is 1,032.
_MOST_RATIO = 300
_FREE_BYTES = 64 << 20
_MOST_BYTES = 256 << 30
_MOST_MEMBERS = 10_000
_MOST_READ = 4 << 20
_PIECE = 1 << 20
_ENCRYPTED = 1
_DEFLATED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_JUNK = (".DS_Store", "Thumbs.db")
_ARCHIVES = (".zip", ".gz", ".parquet", ".feather", ".arrow", ".7z", ".rar", ".xz", ".bz2", ".zst")
_CHECKSUMS = (".checksum", ".md5", ".sha256")
_FETCH = "Nothing was written. Fetch it again, then: tapehead import PATH"
_UNPACK = "Unpack it, then: tapehead import FOLDER"


@dataclass(frozen=True, slots=True)
class Member:
    """One stream of bytes: a plain file, what a gzip file holds, or a file of a zip.

    Attributes
    ----------
    path : str
        The file on disk, for sentences.
    name : str
        What names symbol and interval: the path, or the member of an archive that has several.
    inside : str
        The member's own name in an archive, else empty.
    open : callable
        A context manager of a stream with `read(n)`; each call begins anew.
    """

    path: str
    name: str
    inside: str
    open: Callable[[], AbstractContextManager[Any]]


class _Meter:
    """How much has come out of one packed file, over all its members, each counted once."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._size_bytes = Path(path).stat().st_size
        self._given: dict[int, int] = {}

    def count(self, member: int, given: int, consumed: int) -> None:
        """Note that a member gave so many bytes in all; raise FileFormatError beyond all reason."""
        if given <= self._given.get(member, 0):
            return
        self._given[member] = given
        total = sum(self._given.values())
        step = "Nothing was written. Look at what it holds, and import the files of bars in it."
        if total > _MOST_BYTES:
            raise FileFormatError(path=self._path, cause=f"it unpacks to more than {_MOST_BYTES >> 30} GiB", step=step)
        packed = max(min(consumed, self._size_bytes), 1)
        if given > max(_FREE_BYTES, _MOST_RATIO * packed) or total > max(_FREE_BYTES, _MOST_RATIO * self._size_bytes):
            cause = f"it unpacks to more than {_MOST_RATIO} times its size, as no file of bars does"
            raise FileFormatError(path=self._path, cause=cause, step=step)


class _Bounded(io.RawIOBase):
    """A packed stream that is metered."""

    def __init__(self, stream: Any, count: Callable[[int], None]) -> None:
        self._stream, self._count = stream, count
        self._given = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, fewer only at the end; all of them for a size below 0."""
        pieces = bytearray()
        while size < 0 or len(pieces) < size:
            piece = self._stream.read(_PIECE if size < 0 else min(_PIECE, size - len(pieces)))
            if not piece:
                break
            pieces += piece
            self._given += len(piece)
            self._count(self._given)
        return bytes(pieces)


def iter_members(path: str, form: str) -> Iterator[Member]:
    """Yield the streams of a file.

    Parameters
    ----------
    path : str
    form : str
        `text`, `gzip` or `zip`, by the file's first bytes.

    Raises
    ------
    FileFormatError
        The archive is damaged, encrypted, packed in a way that cannot be bounded, or holds other archives.
    """
    if form == "zip":
        yield from _zip_members(path)
        return
    yield Member(path, path, "", (lambda: _open_gzip(path)) if form == "gzip" else (lambda: _open_plain(path)))


@contextmanager
def _open_plain(path: str) -> Iterator[Any]:
    """Open a file as it is."""
    import pyarrow as pa

    with pa.OSFile(path) as file:
        yield file


@contextmanager
def _open_gzip(path: str) -> Iterator[Any]:
    """Open what a gzip file holds."""
    import pyarrow as pa

    meter = _Meter(path)
    with pa.OSFile(path) as file, pa.CompressedInputStream(file, "gzip") as stream:
        # Arrow reads ahead by at most 64 kB, so its place in the file is what it used.
        yield _Bounded(stream, lambda given: meter.count(0, given, file.tell()))


class _Narrow(io.FileIO):
    """A file that refuses reads so long that only a forged directory of an archive asks for them."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes, all that are left for a size below 0."""
        if size is None or size < 0:
            at = self.tell()
            size = self.seek(0, io.SEEK_END) - at
            self.seek(at)
        if size > _MOST_READ:
            raise zipfile.BadZipFile(f"its directory says that {size:,} bytes belong together")
        return super().read(size) or b""


def _zip_members(path: str) -> Iterator[Member]:
    """Yield the files of a zip that may be bars."""
    meter = _Meter(path)
    with _sentences(path), _Narrow(path) as file, zipfile.ZipFile(file) as archive:
        members = [info for info in archive.infolist() if not _is_junk(info)]
        _check_archive(path, members)
        alone = len(members) == 1

        def opener(place: int, info: zipfile.ZipInfo) -> Callable[[], AbstractContextManager[Any]]:
            @contextmanager
            def open_member() -> Iterator[Any]:
                with _sentences(path), archive.open(info) as stream:
                    yield _Bounded(stream, lambda given: meter.count(place, given, info.compress_size))

            return open_member

        for place, info in enumerate(members):
            inside = Path(info.filename.replace("\\", "/")).name
            yield Member(path, path if alone else inside, inside, opener(place, info))


@contextmanager
def _sentences(path: str) -> Iterator[None]:
    """Turn what zipfile and zlib raise into sentences."""
    try:
        yield
    except FileFormatError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, struct.error) as cause:
        text = str(cause).strip() or "it ends too early"
        raise FileFormatError(path=path, cause=f"the archive is cut or damaged ({text})", step=_FETCH) from cause


def _is_junk(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder or what file managers and exchanges lay beside the files that were meant."""
    name = info.filename
    return (
        not name
        or name.endswith("/")
        or name.startswith("__MACOSX/")
        or name.endswith(_JUNK)
        or name.lower().endswith(_CHECKSUMS)
    )


def _check_archive(path: str, members: list[zipfile.ZipInfo]) -> None:
    """Raise when an archive cannot be read within bounds."""
    cause = ""
    packed = [info.filename for info in members if info.filename.lower().endswith(_ARCHIVES)]
    if not members:
        cause = "the archive holds no file"
    elif len(members) > _MOST_MEMBERS:
        cause = f"the archive holds {len(members):,} files; at most {_MOST_MEMBERS:,} are read at once"
    elif any(info.flag_bits & _ENCRYPTED for info in members):
        cause = "the archive is encrypted"
    elif any(info.compress_type not in _DEFLATED for info in members):
        cause = "the archive is packed by another method than deflate"
    elif packed:
        cause = f"the archive holds another packed file, {Path(packed[0]).name[:80]}"
    if cause:
        raise FileFormatError(path=path, cause=cause, step=_UNPACK)
