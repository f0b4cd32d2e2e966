"""rebuild: a folder as it may lie on the disk after the power went at some point of a write log."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.torture.writelog import Event

_SECTOR = 512
_PAGE = 4096


class _Write(NamedTuple):
    """Bytes at a place, or with `content` None a new size."""

    offset: int
    content: bytes | None


class _File:
    """One file: what is safe, and what was done since its last fsync."""

    def __init__(self) -> None:
        self.safe = b""
        self.pending: list[_Write] = []

    def sync(self) -> None:
        """Everything so far is safe."""
        self.safe = _apply(self.safe, self.pending)
        self.pending = []


class _Name(NamedTuple):
    """A change of names in one folder: `name` comes to mean a file, a folder (None), or nothing (`gone`)."""

    name: str
    file: _File | None
    gone: str = ""  # a name that ends in the same step
    ends: bool = False


class _Folder:
    """One folder: the names that are safe, and the changes since its last fsync."""

    def __init__(self) -> None:
        self.safe: dict[str, _File | None] = {}
        self.now: dict[str, _File | None] = {}
        self.pending: list[_Name] = []

    def change(self, change: _Name) -> None:
        """Change a name."""
        self.pending.append(change)
        _rename(self.now, change)

    def sync(self) -> None:
        """Every name so far is safe."""
        self.safe, self.pending = dict(self.now), []


class Disk:
    """Folders and files as a write log makes them, from one folder that is there at the start."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folders: dict[Path, _Folder] = {root: _Folder()}

    def take(self, event: Event) -> None:
        """Do one event."""
        path = Path(event.path)
        if event.verb == "done":
            return
        if event.verb == "sync folder":
            # Folders above the root were there before.
            if path in self.folders:
                self.folders[path].sync()
            return
        folder = self.folders[path.parent]
        if event.verb == "make folder":
            folder.change(_Name(path.name, None))
            self.folders[path] = _Folder()
        elif event.verb == "unlink":
            folder.change(_Name(path.name, None, ends=True))
        elif event.verb == "rename":
            folder.change(_Name(Path(event.target).name, folder.now[path.name], gone=path.name))
        else:
            self._take_content(event, folder, path.name)

    def _take_content(self, event: Event, folder: _Folder, name: str) -> None:
        """Do an event that changes a file."""
        file = folder.now.get(name)
        if file is None:
            file = _File()
            folder.change(_Name(name, file))
        if event.verb == "sync":
            file.sync()
        elif event.verb == "replace":
            file.pending += [_Write(0, None), _Write(0, event.content)]
        elif event.verb == "truncate":
            file.pending.append(_Write(event.offset, None))
        elif event.verb == "write":
            file.pending.append(_Write(event.offset, event.content))

    def lay_down(self, chance: random.Random, target: Path) -> None:
        """Write what may be there after a power cut now below `target`, which takes the place of the root.

        How much of what is not safe survives is drawn for names and for bytes apart: nothing, everything, or each
        change by itself; a write that survives may do so in part.
        """
        names, content = (chance.choice((0.0, 1.0, 0.5, chance.random())) for _ in range(2))
        torn = chance.choice((0.0, 0.0, 0.5))
        self._lay_folder(chance, self.root, target, names, content, torn)

    def _lay_folder(
        self, chance: random.Random, path: Path, target: Path, names: float, content: float, torn: float
    ) -> None:
        """Write one folder and those below."""
        folder = self.folders[path]
        held = dict(folder.safe)
        for change in folder.pending:
            if chance.random() < names:
                _rename(held, change)
        target.mkdir(exist_ok=True)
        for name, file in held.items():
            if file is None:
                self._lay_folder(chance, path / name, target / name, names, content, torn)
            else:
                kept = [_tear(chance, one, torn) for one in file.pending if chance.random() < content]
                (target / name).write_bytes(_apply(file.safe, [part for parts in kept for part in parts]))


def rebuild(events: Sequence[Event], root: Path, chance: random.Random, target: Path) -> list[int]:
    """Lay down the disk after these events; return the heads that were acknowledged by then."""
    disk = Disk(root)
    for event in events:
        disk.take(event)
    disk.lay_down(chance, target)
    return [event.offset for event in events if event.verb == "done"]


def _rename(names: dict[str, _File | None], change: _Name) -> None:
    """Do a change of names."""
    names.pop(change.gone, None)
    if change.ends:
        names.pop(change.name, None)
    else:
        names[change.name] = change.file


def _apply(content: bytes, writes: Sequence[_Write]) -> bytes:
    """Return bytes after writes; what lies between the old end and a write is zero."""
    held = bytearray(content)
    for offset, part in writes:
        size = offset if part is None else max(len(held), offset + len(part))
        if len(held) < size:
            held.extend(bytes(size - len(held)))
        if part is None:
            del held[offset:]
        else:
            held[offset : offset + len(part)] = part
    return bytes(held)


def _tear(chance: random.Random, write: _Write, torn: float) -> list[_Write]:
    """Return what survives of a write: all of it, its beginning, or some sectors (others stay, or turn zero)."""
    if write.content is None or chance.random() >= torn:
        return [write]
    size = len(write.content)
    if chance.random() < 0.3:
        return [_Write(write.offset, write.content[: chance.randint(0, size)])]
    unit = chance.choice((_SECTOR, _PAGE))
    first = write.offset - write.offset % unit
    parts: list[_Write] = []
    for start in range(first, write.offset + size, unit):
        lo, hi = max(start, write.offset), min(start + unit, write.offset + size)
        fate = chance.random()
        if fate < 0.6:
            parts.append(_Write(lo, write.content[lo - write.offset : hi - write.offset]))
        elif fate < 0.75:
            parts.append(_Write(lo, bytes(hi - lo)))
    return parts
