"""listen: the file calls of SQLite itself, told as they happen, by a layer over its own file system.

The layer is a copy of SQLite's default VFS whose open and delete, and the write, truncate and sync of each file, go
through Python. So a kill can fall between two page writes, and a power cut can take what SQLite did not fsync.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

_POINTERS = [
    "xClose", "xRead", "xWrite", "xTruncate", "xSync", "xFileSize",
    "xLock", "xUnlock", "xCheckReservedLock", "xFileControl", "xSectorSize", "xDeviceCharacteristics",
    "xShmMap", "xShmLock", "xShmBarrier", "xShmUnmap", "xFetch", "xUnfetch",
]  # fmt: skip
_OPENS_LOG = 0x00080000 | 0x00000800  # SQLITE_OPEN_WAL, SQLITE_OPEN_MAIN_JOURNAL
_TEMPORARY = 0x00000008 | 0x00000200 | 0x00000400 | 0x00001000 | 0x00002000


class SqliteCall(NamedTuple):
    """What SQLite does to a file; `content` the bytes of a write at `offset`, `offset` the size of a truncate."""

    verb: str  # create, write, truncate, sync, sync folder, unlink
    path: Path
    offset: int = 0
    content: bytes = b""


Told = Callable[[SqliteCall, str, Callable[[bytes], None]], None]
"""Told of a call, of its moment (before, after), and how to write other bytes in its place."""


class _Methods(ctypes.Structure):
    _fields_ = (("iVersion", ctypes.c_int), *((name, ctypes.c_void_p) for name in _POINTERS))


class _File(ctypes.Structure):
    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        ("xOpen", ctypes.c_void_p),
        ("xDelete", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 14),
    )


_int, _pointer = ctypes.c_int, ctypes.c_void_p
_WRITE = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(_int, _pointer, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(_int, _pointer, _int)
# The name stays a bare pointer: SQLite keeps it as long as the file is open.
_OPEN = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _pointer, _int, _pointer)
_DELETE = ctypes.CFUNCTYPE(_int, _pointer, ctypes.c_char_p, _int)


class _Layer:
    """The copy of the default VFS, with the functions that stand in its place."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.paths: dict[int, Path] = {}
        self.fresh_logs: set[int] = set()
        self.methods: dict[int, _Methods] = {}
        self.kept: list[Any] = []
        # Where sqlite3 is built into the interpreter, its names are the interpreter's.
        library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        library.sqlite3_vfs_register.argtypes = [ctypes.POINTER(_Vfs), _int]
        self.plain = library.sqlite3_vfs_find(None)
        self.vfs = _Vfs.from_buffer_copy(self.plain.contents)
        self.vfs.zName = b"torture"
        self.vfs.xOpen = self.keep(_OPEN(self.open))
        self.vfs.xDelete = self.keep(_DELETE(self.delete))
        self.plain_open = _OPEN(self.plain.contents.xOpen)
        self.plain_delete = _DELETE(self.plain.contents.xDelete)
        if library.sqlite3_vfs_register(ctypes.byref(self.vfs), 1):
            raise OSError("SQLite refuses another VFS")

    def keep(self, function: Any) -> int:
        """Keep a callback alive and return its address."""
        self.kept.append(function)
        address = ctypes.cast(function, ctypes.c_void_p).value
        assert address is not None
        return address

    def call(self, call: SqliteCall, work: Callable[[], int], instead: Callable[[bytes], None] = lambda _: None) -> int:
        """Tell before, do it, tell after if it went well."""
        self.told(call, "before", instead)
        code = work()
        if code == 0:
            self.told(call, "after", instead)
        return code

    def open(self, _vfs: Any, name: int | None, file: int, flags: int, out: Any) -> int:
        """Open a file; one with a name gets the methods that tell."""

        def plain() -> int:
            return int(self.plain_open(ctypes.addressof(self.plain.contents), name, file, flags, out))

        if name is None or flags & _TEMPORARY:
            return plain()
        path = Path(ctypes.string_at(name).decode())
        code = plain() if path.exists() else self.call(SqliteCall("create", path), plain)
        held = ctypes.cast(file, ctypes.POINTER(_File)).contents
        if code == 0 and held.methods:
            self.paths[file] = path
            # The first sync of a log also syncs its folder: unix.c, UNIXFILE_DIRSYNC.
            (self.fresh_logs.add if flags & _OPENS_LOG else self.fresh_logs.discard)(file)
            held.methods = ctypes.pointer(self.telling(held.methods.contents))
        return code

    def telling(self, methods: _Methods) -> _Methods:
        """Return the methods of a kind of file with write, truncate and sync in our place."""
        address = ctypes.addressof(methods)
        if address not in self.methods:
            write, truncate, sync = _WRITE(methods.xWrite), _TRUNCATE(methods.xTruncate), _SYNC(methods.xSync)
            copy = _Methods.from_buffer_copy(methods)
            copy.xWrite = self.keep(_WRITE(lambda *given: self.write(write, *given)))
            copy.xTruncate = self.keep(_TRUNCATE(lambda *given: self.truncate(truncate, *given)))
            copy.xSync = self.keep(_SYNC(lambda *given: self.sync(sync, *given)))
            self.methods[address] = copy
            self.methods[ctypes.addressof(copy)] = copy
        return self.methods[address]

    def write(self, plain: Any, file: int, source: int, size: int, offset: int) -> int:
        """Write bytes at a place."""

        def instead(other: bytes) -> None:
            plain(file, ctypes.cast(ctypes.c_char_p(other), ctypes.c_void_p), len(other), offset)

        call = SqliteCall("write", self.paths[file], offset, ctypes.string_at(source, size))
        return self.call(call, lambda: int(plain(file, source, size, offset)), instead)

    def truncate(self, plain: Any, file: int, size: int) -> int:
        """Cut or lengthen a file."""
        return self.call(SqliteCall("truncate", self.paths[file], size), lambda: int(plain(file, size)))

    def sync(self, plain: Any, file: int, flags: int) -> int:
        """Make a file durable, and with the first sync of a log the names beside it."""
        path = self.paths[file]
        code = self.call(SqliteCall("sync", path), lambda: int(plain(file, flags)))
        if code == 0 and file in self.fresh_logs:
            self.fresh_logs.discard(file)
            self.told(SqliteCall("sync folder", path.parent), "after", lambda _: None)
        return code

    def delete(self, _vfs: Any, name: bytes, durable: int) -> int:
        """Remove a file."""
        path, plain = Path(name.decode()), ctypes.addressof(self.plain.contents)
        code = self.call(SqliteCall("unlink", path), lambda: int(self.plain_delete(plain, name, durable)))
        if code == 0 and durable:
            self.told(SqliteCall("sync folder", path.parent), "after", lambda _: None)
        return code


_layers: list[_Layer] = []


def listen(told: Told) -> None:
    """Have every connection that this process opens from now on tell of its file calls; there is no way back."""
    if _layers:
        _layers[0].told = told
    else:
        _layers.append(_Layer(told))
