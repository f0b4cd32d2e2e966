"""Expanding: the paths that a user names to the files that are imported, and what a file must be."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tapehead.errors import FileFormatError, ParameterError
from tapehead.ports.bars import IMPORT_SUFFIXES

_STEP = "Name a file or a folder that has some: tapehead import PATH"
_READABLE = "Ask for the right to read it, or name another: tapehead import PATH"


@dataclass(frozen=True, slots=True)
class Expanded:
    """Files in the order of the import, and how many files of folders were passed over, by reason."""

    files: tuple[str, ...]
    skipped: Counter[str] = field(default_factory=Counter)


def expand(paths: Sequence[str]) -> Expanded:
    """Return the files that paths stand for, in the order given.

    Parameters
    ----------
    paths : sequence of str
        Files, or folders; a folder stands for its files with a known suffix and those of the folders in it, by name.
        What is hidden (`.name`) and what has another suffix is passed over and counted.

    Raises
    ------
    ParameterError
        A path is empty.
    FileFormatError
        A file or folder is a symbolic link, a device, a pipe or a socket; a folder cannot be read, or holds no file.
    """
    files: list[str] = []
    skipped: Counter[str] = Counter()
    for path in paths:
        if not path.strip():
            # Path("") is the working folder, and nobody who leaves a variable empty means all of it.
            raise ParameterError(name="PATH", value="''", bound="a file or a folder, such as bars.csv; it is empty")
        _check_link(path)
        # Path.is_dir raises where a folder above may not be searched; os.path.isdir says no, and reading tells why.
        if not os.path.isdir(path):  # noqa: PTH112 - as said
            files.append(path)
            continue
        inside = list(_iter_folder(path, skipped))
        if not inside:
            known = " ".join(IMPORT_SUFFIXES)
            raise FileFormatError(path=path, cause=f"the folder holds no file ending in {known}", step=_STEP)
        files.extend(inside)
    return Expanded(tuple(dict.fromkeys(files)), skipped)


def _iter_folder(path: str, skipped: Counter[str]) -> Iterator[str]:
    """Yield the files of a folder, then those of each folder in it, by name."""
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as cause:
        said = cause.strerror or str(cause)
        raise FileFormatError(path=path, cause=f"the folder cannot be read ({said})", step=_READABLE) from cause
    folders: list[str] = []
    for entry in entries:
        is_known = Path(entry.name).suffix.lower() in IMPORT_SUFFIXES
        if entry.name.startswith("."):
            skipped["hidden"] += 1
        elif entry.is_dir():
            _check_link(entry.path)
            folders.append(entry.path)
        elif not is_known:
            skipped[f"ending in {Path(entry.name).suffix.lower() or 'nothing'}"] += 1
        else:
            check_file(entry.path)
            yield entry.path
    for folder in folders:
        yield from _iter_folder(folder, skipped)


def check_file(path: str) -> None:
    """Raise FileFormatError unless a path names a file itself: no link, no device, pipe or socket.

    A link may point elsewhere from one moment to the next, so the bytes that were looked at need not be those that are
    read. One in the folders above is the user's own affair.
    """
    _check_link(path)
    try:
        mode = Path(path).stat().st_mode
    except OSError as cause:
        if isinstance(cause, FileNotFoundError):
            step = "Name a file or a folder that is there: tapehead import PATH"
            raise FileFormatError(path=path, cause="there is no such file", step=step) from None
        said = cause.strerror or str(cause)
        raise FileFormatError(path=path, cause=f"the file cannot be opened ({said})", step=_READABLE) from cause
    if not stat.S_ISREG(mode):
        step = "Save what it gives as a file, then: tapehead import PATH"
        raise FileFormatError(path=path, cause="it is a device or a pipe, and not a file", step=step)


def _check_link(path: str) -> None:
    """Raise FileFormatError for a symbolic link, with what it points to."""
    named = path.rstrip("/") or path
    if not os.path.islink(named):  # noqa: PTH114 - as above
        return
    target = os.path.join(Path(named).parent, os.readlink(named))  # noqa: PTH115, PTH118 - as it is written there
    raise FileFormatError(
        path=path, cause=f"it is a symbolic link, to {target}", step=f"Name that itself: tapehead import {target}"
    )


@contextmanager
def unchanged(path: str) -> Iterator[None]:
    """Check on leaving that a file is still the one that was there, with the size and the time of change it had.

    Raises
    ------
    FileFormatError
        It changed, or another one took its place, while it was read.
    """
    before = _identity(path)
    yield
    if _identity(path) != before:
        cause = "the file changed while it was read; nothing was written"
        step = "Import it again when it is whole: tapehead import PATH"
        raise FileFormatError(path=path, cause=cause, step=step)


def _identity(path: str) -> tuple[int, ...] | None:
    """Return what a file is known by, None where there is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
