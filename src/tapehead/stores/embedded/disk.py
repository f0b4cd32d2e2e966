"""The one room of the writer's file calls: what changes a file is done here, what SQLite does is told here."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

FileVerb = Literal[
    "write", "note", "sync", "rename", "sync folder", "unlink", "make folder", "begin", "commit", "rollback"
]


class FileCall(NamedTuple):
    """One call: what is done to `path`; `target` is the new name of a rename, `content` the bytes of a write.

    `begin`, `commit` and `rollback` are SQLite's, of the database at `path`; its own writes and checkpoints happen
    inside them and when a connection closes.
    """

    verb: FileVerb
    path: Path
    target: Path | None = None
    content: bytes = b""


Watcher = Callable[[FileCall, Literal["before", "after"]], None]
"""Told of each call before it happens, and after it has succeeded, from the thread that makes it."""

_watcher: Watcher | None = None


def watch(watcher: Watcher | None) -> None:
    """Have somebody told of every call of this process, for tests that kill a writer or note what it did."""
    global _watcher  # noqa: PLW0603 - one process, one room
    _watcher = watcher


@contextmanager
def announced(verb: FileVerb, path: Path, target: Path | None = None, content: bytes = b"") -> Iterator[None]:
    """Tell the watcher of a call that the caller makes inside."""
    watcher = _watcher
    if watcher is None:
        yield
        return
    call = FileCall(verb, path, target, content)
    watcher(call, "before")
    yield
    watcher(call, "after")


def is_full(error: OSError) -> bool:
    """Say whether an error means that the disk or the quota is full."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def write_file(path: Path, content: bytes) -> None:
    """Make a file of these bytes, or give an existing one these bytes; nothing is durable before `sync_file`."""
    with announced("write", path, content=content):
        path.write_bytes(content)


def sync_file(path: Path) -> None:
    """Make the bytes of a file survive a power cut, whoever wrote them."""
    with announced("sync", path):
        _sync(path, os.O_RDONLY)


def rename_file(path: Path, target: Path) -> None:
    """Give a file another name in the same folder, in one step, in place of a file of that name."""
    with announced("rename", path, target):
        path.rename(target)


def unlink_file(path: Path) -> None:
    """Remove a file, if it is there."""
    with announced("unlink", path):
        path.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    with announced("sync folder", path):
        _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def make_folder(path: Path) -> None:
    """Make one folder if it is not there; its name is not durable before `sync_folder` of the one above."""
    if not path.is_dir():
        with announced("make folder", path):
            path.mkdir(exist_ok=True)


def make_folders(path: Path) -> None:
    """Make a folder with those above it, each durable before the next: else a power cut may take a whole new store."""
    missing = [one for one in (path, *path.parents) if not one.is_dir()]
    for folder in reversed(missing):
        make_folder(folder)
        # Some folders may be written to but not listed; a store in one is better than none.
        with suppress(PermissionError):
            sync_folder(folder.parent)


def open_note(path: Path) -> int:
    """Return the descriptor of a small file that many processes share, made when absent."""
    with announced("write", path):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def write_note(descriptor: int, path: Path, content: bytes) -> None:
    """Give such a file these bytes; a note tells of living processes, so it need not survive a power cut."""
    with announced("note", path, content=content):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)


def make_private(path: Path) -> None:
    """Make an empty file for its owner alone, unless one is there; two who come at once are both right."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def _sync(path: Path, flags: int) -> None:
    """Open, fsync, close."""
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
