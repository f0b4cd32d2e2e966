"""own_disk: a file system that this process alone sees, of a size, or read-only, where the machine allows it."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 32, 4096, 16384, 1 << 18
_libc = ctypes.CDLL(None, use_errno=True)


def may_mount() -> bool:
    """Say whether a process here may mount a file system for itself; asked in a child, since it cannot be undone."""
    child = os.fork()
    if child == 0:
        try:
            enter()
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def enter() -> None:
    """Give this process mounts of its own; raise OSError where that is not allowed."""
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(_NEWNS | _NEWUSER) == 0:
        identify(user, user, group, group)
    elif _libc.unshare(_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    _mount("none", "/", "", _REC | _PRIVATE)


def identify(user: int, true_user: int, group: int, true_group: int) -> None:
    """Say who this process is, in the namespace of users that it has just entered."""
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {true_user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {true_group} 1", encoding="ascii")


def small_disk(folder: Path, size_bytes: int) -> None:
    """Mount an empty file system of this size on a folder."""
    _mount("tmpfs", str(folder), "tmpfs", 0, f"size={size_bytes}")


def grow(folder: Path, size_bytes: int) -> None:
    """Give that file system another size."""
    _mount("tmpfs", str(folder), "tmpfs", _REMOUNT, f"size={size_bytes}")


def write_protect(folder: Path) -> None:
    """Make a folder read-only, for root too."""
    _mount(str(folder), str(folder), "", _BIND | _REC)
    _mount("none", str(folder), "", _BIND | _REMOUNT | _RDONLY)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Call mount(2)."""
    given = [one.encode() for one in (source, target, kind)]
    if _libc.mount(*given, ctypes.c_ulong(flags), options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)
