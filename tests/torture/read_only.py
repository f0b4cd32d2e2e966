"""protect: a store on a disk that can only be read gives everything it holds, refuses to write, and stays as it is."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tapehead.errors import UnwritableHomeError
from tests.torture import mounts
from tests.torture.market import Step, make_plan
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, ask
from tests.torture.verdict import differences, expect
from tests.torture.writer import open_store, write_bars


def protect(point: Point, bench: Bench) -> list[str]:
    """Take the right to write away, by a mount or, for a plain user, by the modes of the folders, and read.

    The store was closed in order, or its writer was killed and the log lies beside the database.
    """
    plan = point.plan
    recording = bench.recording(plan)
    with bench.folder() as folder:
        home = folder / "home"
        shutil.copytree(recording.home, home)
        if point.chance.random() < 0.5:
            Child(lambda _: open_store(home).close()).wait()
        by_mount = mounts.may_mount()
        if not by_mount and os.geteuid() == 0:
            return ["root without the right to mount cannot be kept from writing"]
        try:
            return ask(lambda: _read(home, plan, recording.heads, by_mount=by_mount))
        finally:
            _chmod(home, 0o700)


def _read(home: Path, plan: Sequence[Step], heads: Sequence[int], *, by_mount: bool) -> list[str]:
    """Do the whole of it in one child, which alone sees the mount."""
    before = _fingerprint(home)
    if by_mount:
        mounts.enter()
        mounts.write_protect(home)
    else:
        _chmod(home, 0o500)
    store = open_store(home)
    faults = list(differences(store, expect(plan, heads, heads[-1])))
    with store.lease(store.head(), 60):
        faults += [f"check: {one.text}" for one in store.check(rows=True) if one.what != "orphan"]
    try:
        write_bars(store, make_plan("one more", 1)[0], "one more")
        faults.append("a commit was acknowledged")
    except UnwritableHomeError:
        pass
    store.close()
    return faults if _fingerprint(home) == before else [*faults, "a file has changed"]


def _chmod(home: Path, mode: int) -> None:
    """Give a mode to every folder of a store."""
    for path in [home, *home.glob("segments"), *home.glob("segments/*")]:
        path.chmod(mode)


def _fingerprint(home: Path) -> dict[str, str]:
    """Return the hash of every file by its name."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
